"""Five steps of beam search on the real model, drawn as a tree."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
torch.set_grad_enabled(False)

prompt = "The robot watered the sunflowers because"
beams, columns, history = 3, [], []
texts = tokenizer(prompt, return_tensors="pt").input_ids  # (1, tokens)
scores, greedy, greedy_cut = torch.zeros(1), texts, 0
for step in range(1, 6):
    log_p = model(texts).logits[:, -1].log_softmax(-1)  # (texts, vocabulary)
    best, places = (scores[:, None] + log_p).flatten().topk(2 * beams)
    parents, tokens = places // log_p.shape[1], places % log_p.shape[1]
    words = [tokenizer.decode(token).strip() for token in tokens]
    columns.append(
        [(parents[i].item(), f"{words[i]}\n{best[i]:.2f}", i < beams)
         for i in range(2 * beams)]
    )  # fmt: skip
    history.append((parents.tolist(), words))
    texts = torch.cat([texts[parents], tokens[:, None]], 1)[:beams]  # (beams, tokens)
    scores = best[:beams]
    greedy = torch.cat([greedy, model(greedy).logits[:, -1:].argmax(-1)], 1)
    if not greedy_cut and greedy[0].tolist() not in texts.tolist():
        greedy_cut = step  # the greedy text is no longer among the beams

winner = [0]  # from the best of the last step back to its first token
for parents, _ in reversed(history[1:]):
    winner.insert(0, parents[winner[0]])
path = " ".join(words[i] for (_, words), i in zip(history, winner))
first_step = [words[i] for (_, words), i in zip(history, winner)][0]
first_rank = winner[0] + 1
print("best after five steps:", path)
print("greedy's text leaves the beam at step", greedy_cut)

plots.tree(columns, winner, title="The greedy start is cut")
