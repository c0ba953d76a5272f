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
sharpest_head = entropy.argmin().item()
on_the_end = maps[:, :, -1].mean(dim=-1)  # weight on </s> of the source
most_on_the_end = on_the_end.max().item()
end_layer, end_head = (1 + n for n in divmod(on_the_end.argmax().item(), 8))
even = torch.tensor(maps.shape[-1]).log2().item()
strongest = maps.argmax(dim=-1)  # (16, target)
after = (strongest[:, 1:-1] == strongest[8, :-2]).float().mean(dim=-1)
after[8:] = 0  # a head of layer 1 that looks where the guided head looked a step before
late_head, late_share = 1 + after.argmax().item(), after.max().item()
read = tokenizer.convert_ids_to_tokens(batch.input_ids[0])
written = tokenizer.convert_ids_to_tokens(ids[0, 1:])
read, written = ([piece.strip("▁") for piece in side] for side in (read, written))
print(tokenizer.decode(ids[0], skip_special_tokens=True))
print(f"layer 1, head {late_head} looks where layer 2, head 1 looked one step before:"
      f" {late_share:.0%} of the pieces")
print(f"entropy: sharpest head {sharpest:.2f} bits, flattest {flattest:.2f},"
      f" an even spread {even:.2f}")
titles = [f"L{1 + number // 8} H{1 + number % 8}" for number in range(16)]
plots.heatmaps(maps, titles, written, read, across=4)
