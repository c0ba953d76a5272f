"""What the model gives at one step: a logit for every token, then softmax."""

from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")

prompt = "The robot watered the sunflowers because"
ids = tokenizer(prompt, return_tensors="pt").input_ids  # (1, tokens)
logits = model(ids).logits[0, -1].detach()  # (vocabulary,): after the last token
probabilities = logits.exp() / logits.exp().sum()  # softmax

top = probabilities.topk(8)
words = [tokenizer.decode(id) for id in top.indices]
print("token   logit  probability  log-probability")
for word, id, p in zip(words, top.indices, top.values):
    print(f"{word:6} {logits[id]:6.2f} {p:12.3f} {p.log():16.2f}")

vocabulary = len(logits)
top_share = top.values.sum().item()
first, second = words[0].strip(), words[1].strip()
first_share, second_share = top.values[0].item(), top.values[1].item()
print(f"these {len(words)} of {vocabulary:,} tokens hold {top_share:.3f}")

plots.bars(words, top.values, title="What may come after “because”", unit=".0%")
