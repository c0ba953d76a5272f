"""SmolLM2 learns to answer: the loss on the answer alone, and on the question too."""

import matplotlib.pyplot as plt
import torch
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets.plots import COOL, WARM
from snippets.shared.film_questions import TEST, film_questions
from snippets.shared.last_layers import LastLayers, states_below

tokenizer = AutoTokenizer.from_pretrained("models/smollm2", pad_token="<|endoftext|>")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
batch, answer = film_questions(tokenizer)  # labels: -100 but at the answer
states = states_below(model, batch)
whole = batch.input_ids.where(batch.attention_mask.bool(), -100)


def loss_of(top, part, labels):
    """The mean loss where a label stands, and the first choices there."""
    hidden, labels = top(states[part])[:, :-1], labels[part][:, 1:]
    counts = labels != -100  # (texts, tokens - 1)
    logits = top.head(hidden[counts])
    return cross_entropy(logits, labels[counts]), logits.argmax(-1)


words = answer[TEST][answer[TEST] != -100][::2]  # without the ends
found = {}
for name, labels in {"the answer": answer, "question too": whole}.items():
    for seed in range(2):
        torch.manual_seed(seed)
        top = LastLayers(model)
        optimizer = torch.optim.AdamW(top.layers.parameters(), lr=3e-4)
        for step in range(11):
            if step % 2 == 0:
                with torch.no_grad():
                    loss, first = loss_of(top, TEST, answer)
                right = (first[::2] == words).sum().item()
                other = (~torch.isin(first[::2], words)).sum().item()
                found[name, seed, step] = loss.item(), right, other
            if step % 8 == 0:
                order = torch.randperm(48)
            loss, _ = loss_of(top, order[step % 8 * 6 :][:6], labels)
            optimizer.zero_grad(), loss.backward(), optimizer.step()
        curve = [found[name, seed, step][0] for step in range(0, 11, 2)]
        style = {"color": COOL} if labels is answer else {"color": WARM, "ls": "--"}
        plt.plot(range(0, 11, 2), curve, label=None if seed else name, **style)

print("| steps | loss counts on | loss of new answers | right of 48 | no label |")
print("|--:|---|--:|--:|--:|")
for step in (0, 4, 10):
    for name in ("the answer", "question too"):
        runs = list(zip(*(found[name, seed, step] for seed in range(2))))
        cells = (", ".join(f"{x:{f}}" for x in r) for r, f in zip(runs, (".2f", "", "")))
        print(f"| {step} | {name} | {' | '.join(cells)} |")
before = found["the answer", 0, 0][0]
half, end = (max(found["the answer", seed, step][0] for seed in (0, 1)) for step in (4, 10))
all_half, all_end = (
    min(found["question too", seed, step][0] for seed in (0, 1)) for step in (4, 10)
)
right_half = min(found["the answer", seed, 4][1] for seed in (0, 1))
all_right_half = max(found["question too", seed, 4][1] for seed in (0, 1))
plt.title("The question takes steps")
plt.xlabel("steps of training"), plt.ylabel("loss on 48 new answers"), plt.legend()
