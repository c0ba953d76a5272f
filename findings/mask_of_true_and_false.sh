#!/usr/bin/env bash
# A mask of four dimensions (texts, heads, queries, keys) goes to the attention function as it is.
# transformers 5.24.0 with `attn_implementation="sdpa"` hides what is False in it, as PyTorch's fused
# function does. With "eager" the same mask is added to the scores: True counts as 1 and False as 0,
# so nothing is hidden, and every token sees the future. There is no error and no warning. With
# numbers, 0 and the least one of the type, both hide the same.
#
# Seen on Python 3.11 with torch 2.13.0 (CPU), a Llama of one layer with random weights. A later token
# is exchanged; how far do the logits of the tokens before it move?
#     sdpa   true and false: 0      numbers: 0
#     eager  true and false: moved  numbers: 0
# Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 transformers==5.24.0
cat > "$folder/hidden.py" <<'PYTHON'
import logging
import sys
import warnings

import torch
import transformers
from transformers import LlamaConfig, LlamaForCausalLM

lines = []  # what the library's own log says
transformers.logging.get_logger()  # it is set up
logging.getLogger("transformers").addFilter(lambda record: lines.append(record.getMessage()) or True)
torch.set_grad_enabled(False)
config = LlamaConfig(
    vocab_size=50, hidden_size=32, intermediate_size=64, num_hidden_layers=1,
    num_attention_heads=4, num_key_value_heads=4,
)  # fmt: skip
torch.manual_seed(0)
weights = LlamaForCausalLM(config).state_dict()
ids = torch.arange(8)[None]
other = ids.clone()
other[0, -1] = 40
seen = torch.ones(8, 8, dtype=torch.bool).tril()[None, None]  # True: may be seen
least = torch.finfo(torch.float32).min
masks = {"true and false": seen, "numbers": torch.zeros(1, 1, 8, 8).masked_fill(~seen, least)}
moved = {}
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    for kind in ("sdpa", "eager"):
        model = LlamaForCausalLM._from_config(config, attn_implementation=kind).eval()
        model.load_state_dict(weights)
        for name, mask in masks.items():
            logits = [model(text, attention_mask=mask).logits[0, :-1] for text in (ids, other)]
            moved[kind, name] = (logits[0] - logits[1]).abs().max().item()
            print(f"{kind:6} {name:15} {moved[kind, name]:.1e}")
print(transformers.__version__, torch.__version__, "warnings:", len(told) + len(lines))
open_ = {place for place, far in moved.items() if far > 1e-3}
still = all(far == 0 for place, far in moved.items() if place not in open_)
sys.exit(open_ != {("eager", "true and false")} or not still or bool(told or lines))
PYTHON
"$folder/venv/bin/python" "$folder/hidden.py"
echo "as seen"
