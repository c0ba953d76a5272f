"""SmolLM2 learns to answer: the loss on the answer alone, and on the question too."""

import matplotlib.pyplot as plt
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets.plots import COOL, WARM
from snippets.shared.film_questions import FilmQuestions
from snippets.shared.last_layers import LastLayers

tokenizer = AutoTokenizer.from_pretrained("models/smollm2", pad_token="<|endoftext|>")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
films = FilmQuestions(model, tokenizer)
kinds = {"the answer": films.answer, "question too": films.whole}
found, TESTED, untrained = {}, (0, 2, 4, 7, 10), films.test(LastLayers(model))
for name, labels in kinds.items():
    for seed in range(2):
        torch.manual_seed(seed)
        top = LastLayers(model)
        optimizer = torch.optim.AdamW(top.layers.parameters(), lr=3e-4, fused=True)
        found[name, seed, 0] = untrained
        for step in range(10):
            if step % 8 == 0:
                order = torch.randperm(48)
            part = order[step % 8 * 6 :][:6]
            loss, _ = films.loss_of(top, part, labels)
            optimizer.zero_grad(), loss.backward(), optimizer.step()
            if step + 1 in TESTED:
                found[name, seed, step + 1] = films.test(top)
        curve = [found[name, seed, step][0] for step in TESTED]
        style = dict(color=WARM, ls="--") if "too" in name else dict(color=COOL)
        plt.plot(TESTED, curve, label=None if seed else name, **style)

print("| steps | loss counts on | loss of new answers | right of 48 | no label |")
print("|--:|---|--:|--:|--:|")
for step in (0, 4, 10):
    for name in kinds:
        runs = zip(found[name, 0, step], found[name, 1, step], (".2f", "", ""))
        cells = " | ".join(f"{one:{form}}, {two:{form}}" for one, two, form in runs)
        print(f"| {step} | {name} | {cells} |")
before = found["the answer", 0, 0][0]
losses = {key: loss for key, (loss, *_) in found.items()}
half, end = (max(losses["the answer", s, k] for s in (0, 1)) for k in (4, 10))
all_half, all_end = (min(losses["question too", s, k] for s in (0, 1)) for k in (4, 10))
plt.title("Lower loss if the answer alone counts"), plt.legend(title="the loss counts")
plt.xlabel("steps of training"), plt.ylabel("loss on 48 new answers")
