"""An encoder–decoder learns both styles: its score on held-out pairs, its limits."""

import matplotlib.pyplot as plt

from snippets import plots
from snippets.shared import rewriter, styles

train, test = styles.split()
exercises = rewriter.both_ways(train)
held_out = rewriter.both_ways([pair for _, pair in test])
kinds = [kind for kind, _ in test] * 2
curves = {kind: [0] for kind in kinds}
STEPS, EVERY = 400, 50
for step, (model, loss) in enumerate(rewriter.train(exercises, STEPS), start=1):
    if step % EVERY == 0:
        written = rewriter.rewrite(model, [source for source, _ in held_out])
        right = [text == wanted for text, (_, wanted) in zip(written, held_out)]
        for kind, curve in curves.items():
            of_kind = [ok for ok, its in zip(right, kinds) if its == kind]
            curve.append(sum(of_kind) / len(of_kind))
to_formal = sum(right[: len(test)]) / len(test)
to_informal = sum(right[len(test) :]) / len(test)
parameters = sum(p.numel() for p in model.parameters())
plan_100, get_100, a_lot_100 = (curves[kind][2] for kind in ("plan", "get", "a lot"))
print(f"parameters: {parameters:,}, loss after {STEPS} steps: {loss:.3f}")
print(f"held-out exact match: {to_formal:.1%} to formal, {to_informal:.1%} to informal")
new = ["hey tom , the boss doesn't get the joke .", "the boss doesn't get the money .",
       "the kids are late , sorry .", "the kids are late , yay !"]  # fmt: skip
outside = ["the kids are not late .", "the boss is gonna fix the plan .",
           "can you fix the car , sorry ?", "the boss is late . the kids are mad .",
           "hey maria , the boss is late .", "wanna grab a coffee ?"]  # fmt: skip
for title, texts in (("in its grammar", new), ("outside", outside)):
    print(f"\n{title}")
    for text in texts:
        print(f"  {text}\n    {rewriter.rewrite(model, [f'to-formal: {text}'])[0]}")
ax = plt.figure(figsize=(4.4, 2.9)).add_subplot()
colors = plots.MUTED, plots.INK, plots.WARM, plots.COOL, plots.BLUE
looks = zip(curves.items(), colors, ("-", ":", "--", "-.", "-"), "sovD^")
steps = range(0, STEPS + 1, EVERY)
for (kind, curve), color, line, mark in looks:
    ax.plot(steps, curve, line, c=color, marker=mark, ms=4, label=kind)
ax.set(xlabel="training steps", ylabel="exact match, held out", ylim=(-0.03, 1.05))
ax.set_title("The rare kinds come last")
ax.legend(loc="lower right")
