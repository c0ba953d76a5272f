"""How strongly the last output of each model depends on the letter d steps back."""

import matplotlib.pyplot as plt
import torch
from torch.autograd.functional import jacobian

from snippets import plots
from snippets.shared.recall import LENGTH, LETTERS, Recurrent, Transformer

readers = {
    "Transformer": (Transformer, {}, plots.BLUE, "-"),
    "LSTM, forgets little at first": (Recurrent, {"remembering": 2.0}, plots.WARM, "-"),
    "LSTM, gates begin half open": (Recurrent, {"remembering": 0.0}, plots.WARM, ":"),
}
shown, texts = [0, 1, 8, 32, 64], 4
ax = plt.figure(figsize=(4.4, 3)).add_subplot()
norms, far = {}, {}
print("steps back" + "".join(f"{d:>9}" for d in shown))
for name, (reader, settings, color, line) in readers.items():
    torch.manual_seed(0)
    model = reader(**settings)  # not trained
    squares = torch.zeros(LENGTH)
    for _ in range(texts):
        vectors = model.embed(torch.randint(LETTERS, (1, LENGTH))).detach()
        slopes = jacobian(lambda x: model.read(x)[0, -1], vectors)[:, 0]
        squares += slopes.square().sum(dim=(0, 2))  # (LETTERS, steps, width) → (steps)
    size = (squares / texts).sqrt().flip(0)  # (steps back)
    norms[name], far[name] = size / size[0], size[64].item()  # 1 at the last letter
    ax.plot(norms[name], color=color, linestyle=line, label=name)
    print(name)
    print(" " * 10 + "".join(f"{norms[name][d]:9.0e}" for d in shown))
    print(f"  not divided: {size[0]:.2g} at 0 steps, {far[name]:.2g} at 64")

ax.set_yscale("log")
ax.set_yticks([1, 1e-5, 1e-10, 1e-15], ["1", "10⁻⁵", "10⁻¹⁰", "10⁻¹⁵"])
ax.minorticks_off()
ax.set(xlabel="steps back", ylabel="gradient (last letter: 1)")
ax.set_title("Half-open gates: the gradient vanishes")
ax.legend(loc="lower left")
far_look, far_gentle, _ = far.values()
look, gentle, plain = (norm[64].item() for norm in norms.values())
_, falling, _ = norms.values()
gentle_falls = (falling[1] / falling[64]).item()
level = norms["Transformer"][1:65]
look_level = (level.max() / level.min()).item()
