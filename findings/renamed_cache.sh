#!/usr/bin/env bash
# transformers 5.24.0 hands the cache to the parts of a model as `cache`; 5.23.0 handed it over as
# `past_key_values`. Who calls a model by the old name is served, with a warning, until 5.40. Who
# *is called* is not: a layer of one's own that was put into a model, written as the library
# writes its own (a default of None, and **kwargs for the rest), gets no cache any more. There is
# no error and no warning. `generate` then hands over one token at a time to a layer that has
# forgotten all before it, and writes another text than without a cache.
#
# Here: a Marian of random numbers whose decoder averages its past in place of self-attention.
# Seen on Python 3.11 with torch 2.13.0 (CPU):
#     5.23.0  with and without a cache: the same text
#     5.24.0  with and without a cache: different texts, 0 warnings that name a cache
# Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 transformers==5.23.0
cat > "$folder/average.py" <<'PYTHON'
import sys
import warnings

import torch
import transformers
from transformers import MarianConfig, MarianMTModel


class Average(torch.nn.Module):
    """The mean of all that was written so far, in place of attention."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, hidden_states, past_key_values=None, attention_mask=None, **kwargs):
        states = hidden_states[:, None]  # (texts, 1, tokens, width)
        if past_key_values is not None:
            cache = past_key_values.self_attention_cache
            states, _ = cache.update(states, states, self.layer)
        sums = states.cumsum(dim=2) / torch.arange(1, states.shape[2] + 1)[:, None]
        return sums[:, 0, -hidden_states.shape[1] :], None


torch.manual_seed(0)
config = MarianConfig(
    vocab_size=60, d_model=32, encoder_layers=1, decoder_layers=2, encoder_attention_heads=2,
    decoder_attention_heads=2, encoder_ffn_dim=64, decoder_ffn_dim=64, pad_token_id=59,
    eos_token_id=58, decoder_start_token_id=59, init_std=1.0, max_position_embeddings=64,
)
model = MarianMTModel(config).eval()
for number, layer in enumerate(model.model.decoder.layers):
    layer.self_attn = Average(number)
source = torch.arange(10)[None]
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    texts = [
        model.generate(source, max_new_tokens=12, do_sample=False, num_beams=1, use_cache=kept)
        for kept in (True, False)
    ]
named = sum("cache" in str(one.message) or "past_key" in str(one.message) for one in told)
same = torch.equal(*texts)
print(f"{transformers.__version__}  the same text: {same}, warnings that name a cache: {named}")
print("       ", texts[0][0].tolist(), "\n       ", texts[1][0].tolist())
expected = {"5.23.0": (True, 0), "5.24.0": (False, 0)}[transformers.__version__]
sys.exit((same, named) != expected)
PYTHON
"$folder/venv/bin/python" "$folder/average.py"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check transformers==5.24.0
"$folder/venv/bin/python" "$folder/average.py"
echo "as seen"
