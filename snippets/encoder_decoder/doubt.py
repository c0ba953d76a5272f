"""How sure is our model of what it writes? The least sure word of each sentence."""

import torch

from snippets.shared import rewriter, styles

train, test = styles.split()
for model, _ in rewriter.train(rewriter.both_ways(train), 400):  # the first of three
    pass


@torch.no_grad()
def answers(texts):
    """Each formal sentence, with the probability of its least sure word."""
    sources = [f"to-formal: {text}" for text in texts]
    written = rewriter.rewrite(model, sources)
    target = rewriter.ids([f"{rewriter.START} {w} {rewriter.END}" for w in written])
    given, wanted = target[:, :-1], target[:, 1:, None]
    sure = model(rewriter.ids(sources), given).softmax(-1).gather(2, wanted)
    sure[wanted == 0] = 1  # the padding is no word
    return [*zip(written, sure.amin(dim=(1, 2)).tolist())]  # (texts)


outside = ["the kids are not late .", "the boss is gonna fix the plan .",
           "can you fix the car , sorry ?", "the boss is late . the kids are mad .",
           "hey maria , the boss is late .", "wanna grab a coffee ?"]  # fmt: skip
said = answers(outside)
for written, least in said:
    print(f"{least:.2f}  {written}")
money, equipment = said[0][1], said[1][1]
right = [least for _, least in answers([low for _, (low, _) in test])]
held_out, lowest = len(right), min(right)
print(f"{held_out} held-out sentences: {lowest:.2f} or more")
