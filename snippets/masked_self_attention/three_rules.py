"""SmolLM2 with its mask, with zeros after softmax, and with no mask at all."""

import torch
from transformers import AttentionInterface, AutoModelForCausalLM, AutoTokenizer


def attention(
    module, query, key, value, attention_mask, scaling, dropout,
    position_ids, use_cache, output_hidden_states=False,
):  # fmt: skip
    key, value = (x.repeat_interleave(3, dim=1) for x in (key, value))
    scores = query @ key.transpose(-2, -1) * scaling  # (1, heads, tokens, tokens)
    future = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(diagonal=1)
    if rule == "−∞ before softmax":
        weights = scores.masked_fill(future, float("-inf")).softmax(dim=-1)
    elif rule == "0 after softmax":
        weights = scores.softmax(dim=-1).masked_fill(future, 0)
    else:
        weights = scores.softmax(dim=-1)
    return (weights @ value).transpose(1, 2), weights


AttentionInterface.register("ours", attention)
tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained(
    "models/smollm2", attn_implementation="ours"
)
sentence = "The robot watered the sunflowers because they were"


def run(text):
    with torch.no_grad():
        return model(**tokenizer(text, return_tensors="pt"), output_hidden_states=True)


print("| rule | earlier states change by | “The capital of France is” continues with |")
print("|---|--:|---|")
change = {}
for rule in ("−∞ before softmax", "0 after softmax", "no mask"):
    one = run(f"{sentence} thirsty").hidden_states[-1][0, :-1]  # (tokens − 1, 576)
    other = run(f"{sentence} broken").hidden_states[-1][0, :-1]
    change[rule] = ((one - other).norm(dim=-1) / one.norm(dim=-1)).mean().item()
    best = run("The capital of France is").logits[0, -1].topk(3).indices
    words = ", ".join(f"“{tokenizer.decode(token)}”" for token in best)
    words = words.replace(" ", "").replace("\n", "⏎").replace(",", ", ")
    print(f"| {rule} | {change[rule]:.1%} | {words} |")
before, after, none = change.values()
