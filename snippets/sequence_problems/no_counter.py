"""Does the model count? The probability of ending, each sentence once at each place."""

import copy

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets import plots

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
text = """Light from the sun holds all the colors together. It looks white before it
reaches the air. The air is full of very small molecules. They send light away in every
direction around them. Blue light is sent away more often than red. So blue light comes
to us from everywhere above. Red light goes on in a nearly straight line. We see it when
we look toward the sun. In the evening the path is much longer then. Most of the blue is
lost along the way. What is left over is orange and deep red. That is why the evening
sky looks so warm.""".replace("\n", " ")
sentences = [sentence + "." for sentence in text.removesuffix(".").split(". ")]
twelve, full_stop = len(sentences), tokenizer.convert_tokens_to_ids(".")
# In the order that begins with sentence i, place j holds sentence i + 5j: at each place
# each sentence stands once, so the means of two places are over the same sentences.
orders = [[(i + 5 * j) % twelve for j in range(twelve)] for i in range(twelve)]
asked = [10, 20, 50, 100]
ends = torch.zeros(len(asked), twelve, twelve)  # (requests, sentences, places)
for row, length in enumerate(asked):
    question = f"In exactly {length} words, explain why the sky is blue."
    chat = [{"role": "user", "content": question}]
    options = {"tokenize": False, "add_generation_prompt": True}
    prompt = tokenizer.apply_chat_template(chat, **options)
    read = model(tokenizer(prompt, return_tensors="pt").input_ids).cache  # once
    for order in orders:
        told = " ".join(sentences[i] for i in order)
        ids = tokenizer(told, return_tensors="pt").input_ids
        stops = (ids[0] == full_stop).nonzero()[:, 0]
        # Behind the prompt, at these places only.
        logits = model(ids, cache=copy.deepcopy(read), logits_to_keep=stops).logits[0]
        ends[row, order, range(twelve)] = logits.softmax(-1)[:, tokenizer.eos_token_id]

table, by_sentence = ends.mean(dim=1), ends.mean(dim=2)  # means over sentences, places
words = [round(len(text.split()) * (place + 1) / twelve) for place in range(twelve)]
print("| asked | first sentence | highest | last | by sentence |\n|" + "---|" * 5)
for length, row, of_each in zip(asked, table, by_sentence):
    first, best, last = row[0], row.argmax(), row[-1]
    print(f"| {length} | {first:.1%} | {row[best]:.1%}, word {words[best]}", end=" | ")
    print(f"{last:.1%} | {of_each.min():.0%} to {of_each.max():.0%} |")
likely_end = " / ".join({sentences[i] for i in by_sentence.argmax(dim=1)})
first_ten, _, first_fifty, first_hundred = table[:, 0].tolist()
best_fifty = table[2].max().item()
best_hundred, last_hundred = table[3].max().item(), table[3, -1].item()
requests = [f"asked {length}" for length in asked]
plots.heatmap(table, requests, words, "A small number brings the end on")
