"""What differs between the Transformer of 2017 and the three of this chapter."""

from pathlib import Path
from urllib.parse import quote

code = {
    "encoder": Path("snippets/from_scratch/encoder.py").read_text("utf-8"),
    "decoder": Path("snippets/from_scratch/decoder.py").read_text("utf-8"),
    "both": Path("snippets/from_scratch/encoder_decoder.py").read_text("utf-8"),
}


def cell(words, file, piece):
    """The words, and a link to the one line of the file in which the piece stands."""
    lines = code[file].splitlines()
    (number,) = [n for n, line in enumerate(lines, 1) if piece in line]
    text = quote(lines[number - 1].strip(), safe="").replace("-", "%2D")
    return f"{words}, [line {number}](#{file}:~:text={text})"


rows = {
    "norm, place": ["after", ("after", "# post-norm"), ("before", "# pre-norm:"),
                    ("before", "+ sublayer(norm(x)")],
    "norm, kind": ["layer norm", ("layer norm", "class LayerNorm"),
                   ("RMS", "class RMSNorm"), ("layer norm", "self.final_layer_norm =")],
    "positions": ["sinusoids, added", ("learned, added", "self.positions ="),
                  ("rotary", "def rotate"),
                  ("sinusoids in its encoder, learned in its decoder, added",
                   "1, 2) + self.embed")],
    "activation": ["ReLU", ("GELU", "# GELU("), ("SwiGLU", "torch.sigmoid(gate)"),
                   ("GELU", '"activation_function": "gelu"')],
    "tied table": ["yes", ("no logits", "return states, maps"), ("yes", "(tied)"),
                   ("yes", "# section 3.4: the same")],
    "biases": ["in the feed-forward network; else not stated", ("yes", "# W_i^K"),
               ("none", "# W^K"), ("not in keys", '"key_bias": F')],
    "heads": ["8", ("12", "self.heads = heads"), ("9, sharing 3", "query.unflatten"),
              ("6", "self.heads = config")],
    "cache": ["not described", ("not needed", "def attention"), ("yes", "# the KV"),
              ("left out here", "logits = model.decode")],
}  # fmt: skip
print("| | the paper | MiniLM | SmolLM2 | Whisper |\n| --- | --- | --- | --- | --- |")
for name, (paper, *models) in rows.items():
    cells = [cell(words, f, p) for f, (words, p) in zip(code, models)]
    print(f"| {name} | {paper} | {' | '.join(cells)} |")
