"""SmolLM2 with one layer left out: for the first token alone, or for all the others."""

import matplotlib.pyplot as plt
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets import plots

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/smollm2", pad_token="<|endoftext|>")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
lines = open("snippets/decoder/beginnings.txt", encoding="utf-8").read().splitlines()
texts = ["<|endoftext|>" + " ".join(line.split()[:6]) for line in lines[::2]]
batch = tokenizer(texts, padding=True, padding_side="right", return_tensors="pt")
ids, mask = batch.input_ids, batch.attention_mask  # (texts, tokens)


def perplexity(logits):
    log_p = logits[:, :-1].log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0]
    return (-(log_p * mask[:, 1:]).sum() / mask[:, 1:].sum()).exp().item()


output, layers = model(**batch, output_hidden_states=True), model.model.layers
states, whole = output.hidden_states, perplexity(output.logits)


def left_out(layer, places):
    """How many times the perplexity, if this layer changes nothing at these places."""
    mixed = states[layer + 1].clone()  # (texts, tokens, 576)
    mixed[:, places] = states[layer][:, places]
    model.model.layers = layers[layer + 1 :]
    logits = model(inputs_embeds=mixed, attention_mask=mask, use_cache=False).logits
    return perplexity(logits) / whole


where = {"first token": slice(0, 1), "all others": slice(1, None)}
# The last state comes after the last norm, so the last layer is not asked.
first, others = ([left_out(n, at) for n in range(29)] for at in where.values())
print(f"perplexity {whole:.0f}; times as much without layer …")
print("layer       ", *(f"{n:6}" for n in (1, 2, 3, 10, 11, 12, 20)))
for name, row in zip(where, (first, others)):
    print(f"{name:12}", *(f"{row[n]:6.1f}" for n in (1, 2, 3, 10, 11, 12, 20)))
before, after = states[11][0, 0], states[12][0, 0]  # of layer 11
short, long = before.norm().item(), after.norm().item()
in_one = (after.square().max() / after.square().sum()).item()
usual = states[12][mask.bool()].norm(dim=-1).median().item()  # of all tokens
print(f"the first token's length: {short:.0f} before layer 11, {long:,.0f} after it")
first_2, first_11, others_2, others_11 = first[2], first[11], others[2], others[11]
others_0, others_28, next_first = others[0], others[28], sorted(first)[-3]
middle = sorted(others[2:27])
middle_low, middle_median, middle_high = middle[0], middle[12], middle[-1]
count, width, times_longer = len(texts), len(after), long / short
plt.plot(first, "o-", ms=3, color=plots.WARM, label="first token")
plt.plot(others, "s--", ms=3, color=plots.COOL, label="all others")
plt.yscale("log"), plt.yticks([1, 10, 100], ["1", "10", "100"])
plt.xlabel("layer"), plt.ylabel("perplexity, times"), plt.legend(title="left out for")
plt.title("For the first token, two layers stand out")
