"""One block of the encoder, with the shapes and parameter counts of the real one."""

import matplotlib.pyplot as plt
from matplotlib.patches import FancyBboxPatch
from transformers import AutoModel

from snippets import plots

encoder = AutoModel.from_pretrained("models/minilm")
block = encoder.encoder.layer[0]
count = lambda part: sum(weight.numel() for weight in part.parameters())
attention = count(block.attention) - count(block.attention.output.LayerNorm)
norms = count(block.attention.output.LayerNorm) + count(block.output.LayerNorm)
feed_forward = count(block) - attention - norms
per_block, blocks = count(block), len(encoder.encoder.layer)
embeddings, pooler = count(encoder.embeddings), count(encoder.pooler)
total = encoder.num_parameters()

boxes = [
    (0.0, "one vector per token: (tokens, 384)", plots.MUTED),
    (1.4, f"12 heads, no causal mask\n{attention:,} parameters", plots.BLUE),
    (3.0, f"add the input, then layer norm\n{norms // 2:,} parameters", plots.COOL),
    (4.6, f"feed-forward, 384 → 1536 → 384\n{feed_forward:,} parameters", plots.WARM),
    (6.2, f"add the input, then layer norm\n{norms // 2:,} parameters", plots.COOL),
    (7.6, "one vector per token: (tokens, 384)", plots.MUTED),
]
arrow = {"arrowstyle": "->", "color": plots.MUTED, "lw": 1.2}
ax = plt.figure(figsize=(4.4, 4.4)).add_subplot()
for (y, text, color), above in zip(boxes, [*boxes[1:], None]):
    high = 0.5 if color == plots.MUTED else 0.95
    place = (0.8, y - high / 2)
    shape = FancyBboxPatch(
        place, 6.4, high, "round,pad=0.08", fc="none", ec=color, lw=1.6
    )
    ax.add_patch(shape)
    ax.text(4.0, y, text, ha="center", va="center", fontsize=8.5)
    if above:
        top = above[0] - (0.33 if above[2] == plots.MUTED else 0.56)
        ax.annotate("", (4.0, top), (4.0, y + high / 2 + 0.08), arrowprops=arrow)
for start, end in ((0.68, 3.0), (3.82, 6.2)):  # the residual connections
    ax.plot([4.0, 7.9, 7.9], [start, start, end], color=plots.MUTED, lw=1.2)
    ax.annotate("", (7.28, end), (7.9, end), arrowprops=arrow)
ax.set(xlim=(0.4, 8.3), ylim=(-0.5, 8.1)), ax.set_axis_off()
ax.set_title("One of six equal blocks")
