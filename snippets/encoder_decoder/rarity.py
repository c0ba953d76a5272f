"""Draw the five kinds equally often, and see again which are learned late."""

import re

from snippets.shared import rewriter, styles

kind_of = {low: kind for kind, made in styles.sentences().items() for low, _ in made}
train, test = styles.split()
groups = {kind: [] for kind in dict.fromkeys(kind_of.values())}
for low, high in train:
    groups[kind_of[re.sub("^hey [a-z]+ , ", "", low)]].append((low, high))
most = max(map(len, groups.values()))
plans_per_get = len(groups["plan"]) / len(groups["get"])
equal = [pair for group in groups.values() for pair in (group * most)[:most]]
kinds = [kind for kind, _ in test[::3]]  # without greetings
held_out = [(f"to-formal: {low}", high) for _, (low, high) in test[::3]]
columns = []  # for each seed: (share after 100 steps, after 200) of each kind
for seed in range(3):
    shares = []
    for step, (model, _) in enumerate(
        rewriter.train(rewriter.both_ways(equal), 200, seed), start=1
    ):
        if step % 100 == 0:
            written = rewriter.rewrite(model, [source for source, _ in held_out])
            right = [text == wanted for text, (_, wanted) in zip(written, held_out)]
            of_kind = {kind: [ok for ok, its in zip(right, kinds) if its == kind]
                       for kind in groups}  # fmt: skip
            shares.append({kind: sum(oks) / len(oks) for kind, oks in of_kind.items()})
    columns.append(shares)
print("after 100, 200 steps" + "".join(f"\n{kind:<8}" + "".join(
    f"{first[kind]:6.0%},{second[kind]:4.0%}" for first, second in columns
) for kind in groups))  # fmt: skip
lowest = min(min(second.values()) for _, second in columns)
leaders = ", ".join(sorted({max(first, key=first.get) for first, _ in columns}))
