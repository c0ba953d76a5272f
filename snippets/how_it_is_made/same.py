"""One figure drawn twice: are the two files the same, byte for byte?"""

import hashlib
import io

import matplotlib.pyplot as plt
import torch
from transformers import AutoModel, AutoTokenizer

from scripts.compute import figures
from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
digests, alone = [], set()
for _ in range(2):
    inputs = tokenizer("The robot watered the sunflowers.", return_tensors="pt")
    tokens = tokenizer.convert_ids_to_tokens(inputs.input_ids[0])
    with torch.no_grad():
        maps = model(**inputs, output_attentions=True).attentions
    plots.heatmap(maps[0][0, 2], tokens, tokens, title="Drawn twice")
    svg = figures.to_svg(plt.gcf(), "how_it_is_made/same")
    left_alone = io.StringIO()
    plt.gcf().canvas.print_figure(left_alone, format="svg")
    alone.add(left_alone.getvalue())
    plt.close()
    digests.append(hashlib.sha256(svg.encode()).hexdigest())
    print(digests[-1][:16], f"{len(svg):,} bytes")
same = digests[0] == digests[1]
same_alone = len(alone) == 1
print("the same bytes:", same)
print("and left alone:", same_alone)
