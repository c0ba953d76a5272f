"""All sixteen cross-attention heads of the translator on one short sentence."""

import torch
from transformers import AutoTokenizer

from snippets import plots
from snippets.translator import Translator

tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
model = Translator.from_pretrained("models/en-pt", attn_implementation="eager")
english = "The black cat sleeps on the red chair."
batch = tokenizer(english, return_tensors="pt", return_token_type_ids=False)
with torch.no_grad():
    ids = model.generate(**batch, num_beams=1, max_new_tokens=40)
    outputs = model(**batch, decoder_input_ids=ids[:, :-1], output_attentions=True)
maps = torch.cat(outputs.cross_attentions, dim=1)[0]  # (16, target, source)

# Entropy in bits: 0 if all weight is on one piece, log2(source) if it is spread evenly.
entropy = -(maps * maps.clamp(min=1e-12).log2()).sum(dim=-1).mean(dim=-1)  # (16,)
sharpest, flattest = entropy.min().item(), entropy.max().item()
even = torch.tensor(maps.shape[-1]).log2().item()
read = tokenizer.convert_ids_to_tokens(batch.input_ids[0])
written = tokenizer.convert_ids_to_tokens(ids[0, 1:])
read, written = ([piece.strip("▁") for piece in side] for side in (read, written))
print(tokenizer.decode(ids[0], skip_special_tokens=True))
print(f"entropy: sharpest head {sharpest:.2f} bits, flattest {flattest:.2f},"
      f" an even spread {even:.2f}")
titles = [f"L{1 + number // 8} H{1 + number % 8}" for number in range(16)]
plots.heatmaps(maps, titles, written, read, across=4)
