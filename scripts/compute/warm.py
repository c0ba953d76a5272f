"""What every snippet needs, done once: imported by the parent that the runs fork from.

Imports alone are not enough. Loading the first model and drawing the first figure import
much more, lazily, and each fork would repeat it.
"""

import io
import os
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402

import scripts.compute.figures  # noqa: E402, F401

# A parent that has started threads cannot be forked safely.
torch.set_num_threads(1)
transformers.utils.logging.disable_progress_bar()


def warm(folder: Path) -> None:
    """Run one sentence through the small model in `folder`, if there, and draw a figure."""
    if (folder / "config.json").exists():
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        model = transformers.AutoModel.from_pretrained(folder)
        with torch.no_grad():
            model(**tokenizer("warm", return_tensors="pt"))
    figure = plt.figure()
    figure.add_subplot().imshow([[0, 1]])
    figure.savefig(io.StringIO(), format="svg")
    plt.close(figure)


# Only the parent warms itself up. A spawned child (where there is no fork) imports this
# module too, and has its own work to do.
if root := os.environ.get("BOOK_WARM"):
    warm(Path(root) / "models" / "minilm")
