"""What every snippet needs, done once: imported by the parent that the runs fork from.

Imports alone are not enough. Loading the first model and drawing the first figure import
much more, lazily, and each fork would repeat it.
"""

import gc
import io
import os
import tempfile
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402
import tokenizers  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402

import scripts.compute.figures  # noqa: E402, F401

# A parent that has started threads cannot be forked safely.
torch.set_num_threads(1)
transformers.utils.logging.disable_progress_bar()


def warm(folder: Path) -> None:
    """Run one sentence through the small model in `folder`, and draw a figure.

    Where it has not been fetched yet, one is made that is smaller still.
    """
    with tempfile.TemporaryDirectory() as space:
        if not (folder / "config.json").exists():
            folder = _smallest(space)
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        model = transformers.AutoModel.from_pretrained(folder)
        with torch.no_grad():
            model(**tokenizer("warm", return_tensors="pt"))
    figure = plt.figure()
    figure.add_subplot().imshow([[0, 1]])
    figure.savefig(io.StringIO(), format="svg")
    plt.close(figure)
    # What is kept by now stays. Or each run would look through all of it for what can be freed,
    # a quarter of a second each time, and copy the memory that it marks while it looks.
    gc.collect()
    gc.freeze()


def _smallest(folder: str) -> str:
    """Write an encoder that knows one word into `folder`."""
    words = tokenizers.models.WordLevel({"warm": 0}, unk_token="warm")
    tokenizer = tokenizers.Tokenizer(words)
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(folder)
    with torch.random.fork_rng():
        transformers.BertModel(
            transformers.BertConfig(
                vocab_size=1, hidden_size=2, num_hidden_layers=1, num_attention_heads=1,
                intermediate_size=2, max_position_embeddings=2,
            )
        ).save_pretrained(folder)  # fmt: skip
    return folder


# Only the parent warms itself up. A spawned child (where there is no fork) imports this
# module too, and has its own work to do.
if root := os.environ.get("BOOK_WARM"):
    warm(Path(root) / "models" / "minilm")
