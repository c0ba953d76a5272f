"""One sentence, three models: one reads it, one continues it, one translates it."""

import torch
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer

from snippets import plots
from snippets.shared.translator import Translator

sentence = "The robot watered the sunflowers because they were thirsty."

# An encoder reads. Which tokens does each token look at?
tokenizer = AutoTokenizer.from_pretrained("models/minilm")
encoder = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
inputs = tokenizer(sentence, return_tensors="pt")
tokens = inputs.tokens()
attentions = encoder(**inputs, output_attentions=True).attentions
weights = attentions[3][0, 1].detach()  # (tokens, tokens): layer 4, head 2

they = tokens.index("they")
flowers = tokens.index("sun")  # the word is three pieces: sun ##flower ##s
to_flowers_each = weights[:, flowers : flowers + 3].sum(dim=1)  # (tokens,)
to_flowers = to_flowers_each[they].item()
before = to_flowers_each[flowers - 1].item()  # the article before the word
robot, because = tokens.index("robot"), tokens.index("because")
to_robot = weights[they, robot].item()

# The other heads: how much do they give to the same pieces? And those of another row?
every = torch.cat(attentions).flatten(0, 1).detach()  # (heads, tokens, tokens)
to_pieces = every[..., flowers : flowers + 3]  # (heads, tokens, pieces)
heads, most = len(every), to_pieces[:, they].sum(dim=-1).max().item()
a_piece_more = (to_pieces.mean(dim=-1) > every[..., robot]).sum(dim=0)  # (tokens,)
they_more, because_more = a_piece_more[they].item(), a_piece_more[because].item()

# A decoder continues, one token after the other.
tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
decoder = AutoModelForCausalLM.from_pretrained("models/smollm2")
text = "<|endoftext|>The robot watered the sunflowers because"
ids = decoder.generate(**tokenizer(text, return_tensors="pt"), max_new_tokens=6)[0]
continued = tokenizer.decode(ids, skip_special_tokens=True)
print("continues:", continued, sep="\n")

# An encoder–decoder translates.
tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
translator = Translator.from_pretrained("models/en-pt")
ids = translator.generate(**tokenizer(sentence, return_tensors="pt"))[0]
translated = tokenizer.decode(ids, skip_special_tokens=True)
print("translates:", translated, sep="\n")

ax = plots.heatmap(weights, tokens, tokens, "“they” looks at the sunflowers")
ax.axhspan(they - 0.5, they + 0.5, fill=False, edgecolor=plots.WARM, linewidth=1.5)
