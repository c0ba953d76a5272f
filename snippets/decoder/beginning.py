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
print("| before the text | second token | later tokens | first token's vector |")
print("|---|--:|--:|--:|")
second, later, lengths = {}, {}, {}
for name, start in starts.items():
    begun, rows = len(tokenizer(start).input_ids), []
    for text in texts:
        ids = tokenizer(start + text, return_tensors="pt").input_ids  # (1, tokens)
        output = model(ids, output_hidden_states=True)
        log_p = output.logits[0, :-1].log_softmax(-1)  # (tokens − 1, vocabulary)
        losses = -log_p.gather(1, ids[0, 1:, None])[begun:, 0]  # from the second on
        length = output.hidden_states[24][0, begun].norm()  # after layer 24
        rows.append([losses[0].item(), losses[1:].mean().item(), length.item()])
    second[name], later[name], lengths[name] = zip(*rows)
    print(f"| {name} | {mean(second[name]):.1f} | {mean(later[name]):.1f}"
          f" | {median(lengths[name]):,.0f} |")  # fmt: skip

compared = ("nothing", "the end of a text", "the word *and*")
none, end, word = (second[name] for name in compared)
cheaper = [a - b for a, b in zip(none, end)]  # on the same sentences
saved, error = mean(cheaper), stdev(cheaper) / len(texts) ** 0.5
no_start, after_end, after_word = mean(none), mean(end), mean(word)
sentences, always = len(texts), sum(gap > 0 for gap in cheaper)
times = median(lengths["nothing"]) / median(lengths["the word *and*"])
