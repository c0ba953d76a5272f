"""Train two more models from other random starts; show them the same sentences."""

from snippets.shared import rewriter, styles

train, _ = styles.split()
outside = ["the kids are not late .", "the boss is gonna fix the plan .",
           "can you fix the car , sorry ?", "the boss is late . the kids are mad .",
           "hey maria , the boss is late .", "wanna grab a coffee ?"]  # fmt: skip
models = []
for seed in (1, 2):
    for model, loss in rewriter.train(rewriter.both_ways(train), 400, seed):
        pass
    models.append(model)
for text in outside:
    print(text)
    for model in models:
        written = rewriter.rewrite(model, [f"to-formal: {text}"])[0]
        print(f"  {written}")
