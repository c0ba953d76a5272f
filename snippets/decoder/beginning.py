"""What stands before a text decides what its second token costs SmolLM2."""

from statistics import mean, median, stdev

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
torch.set_grad_enabled(False)

texts = open("snippets/decoder/beginnings.txt", encoding="utf-8").read().splitlines()
starts = {"nothing": "", "the end of a text": "<|endoftext|>", "a new line": "\n",
          "a period": ".", "the word *and*": " and"}  # fmt: skip
padded = {"padding": True, "padding_side": "right", "return_tensors": "pt"}
print("| before the text | second token | later tokens | first token's vector |")
print("|---|--:|--:|--:|")
second, later, lengths = {}, {}, {}
for name, start in starts.items():
    begun = len(tokenizer(start).input_ids)
    # Padding stands at the end, where no token of a text can see it.
    batch = tokenizer([start + text for text in texts], **padded)
    output = model(**batch, output_hidden_states=True)
    log_p = output.logits[:, :-1].log_softmax(-1)  # (texts, tokens − 1, vocabulary)
    losses = -log_p.gather(2, batch.input_ids[:, 1:, None])[..., 0]
    losses = losses[:, begun:]  # (texts, tokens): from the second on
    seen = batch.attention_mask[:, begun + 2 :]  # of the later ones
    second[name] = losses[:, 0].tolist()
    later[name] = ((losses[:, 1:] * seen).sum(1) / seen.sum(1)).tolist()
    lengths[name] = output.hidden_states[24][:, begun].norm(dim=1).tolist()  # layer 24
    print(f"| {name} | {mean(second[name]):.1f} | {mean(later[name]):.1f}"
          f" | {median(lengths[name]):,.0f} |")  # fmt: skip

compared = ("nothing", "the end of a text", "the word *and*")
none, end, word = (second[name] for name in compared)
cheaper = [a - b for a, b in zip(none, end)]  # on the same sentences
saved, error = mean(cheaper), stdev(cheaper) / len(texts) ** 0.5
no_start, after_end, after_word = mean(none), mean(end), mean(word)
sentences, always = len(texts), sum(gap > 0 for gap in cheaper)
times = median(lengths["nothing"]) / median(lengths["the word *and*"])
