"""One step of a decoder: it reads a text and says how likely each token is next."""

from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")

text = "The robot watered the sunflowers because they were"
ids = tokenizer(text, return_tensors="pt").input_ids  # (1, tokens)
logits = model(ids).logits.detach()  # (1, tokens, vocabulary)
probabilities = logits[0, -1].softmax(-1)  # (vocabulary,): after the last token

top = probabilities.topk(8)
words = [tokenizer.decode(id) for id in top.indices]
thirsty = tokenizer(" thirsty").input_ids[0]
thirsty_probability = probabilities[thirsty].item()
rank = (probabilities > probabilities[thirsty]).sum().item() + 1
print("ids in:    ", tuple(ids.shape))
print("logits out:", tuple(logits.shape))
print(f"“ thirsty” has probability {thirsty_probability:.3f}, place {rank}")

first, first_probability = words[0].strip(), top.values[0].item()
vocabulary = logits.shape[-1]
plots.bars(words, top.values, title="What may come after “they were”", unit=".1%")
