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
others = (to_flowers_each.sum().item() - to_flowers) / (len(tokens) - 1)
robot = tokens.index("robot")
to_robot = weights[they, robot].item()

# The other heads: how much do they give to the same three pieces?
every = torch.stack(attentions)[:, 0, :, they].detach()  # (layers, heads, tokens)
each_head = every[..., flowers : flowers + 3].sum(dim=-1)  # (layers, heads)
heads, most = each_head.numel(), each_head.max().item()
more_to_flowers = (each_head > every[..., robot]).sum().item()

# A decoder continues, one token after the other.
tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
decoder = AutoModelForCausalLM.from_pretrained("models/smollm2")
inputs = tokenizer("The robot watered the sunflowers because", return_tensors="pt")
continued = tokenizer.decode(decoder.generate(**inputs, max_new_tokens=11)[0])
print("continues:", continued, sep="\n")

# An encoder–decoder translates.
tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
translator = Translator.from_pretrained("models/en-pt")
ids = translator.generate(**tokenizer(sentence, return_tensors="pt"))[0]
translated = tokenizer.decode(ids, skip_special_tokens=True)
print("translates:", translated, sep="\n")

plots.heatmap(weights, tokens, tokens, "“they” looks at the sunflowers")
