"""Draw the five kinds equally often, and see again which are learned late."""

import re

from snippets import rewriter, styles

kind_of = {low: kind for kind, made in styles.sentences().items() for low, _ in made}
train, test = styles.split()
groups = {kind: [] for kind in dict.fromkeys(kind_of.values())}
for low, high in train:
    groups[kind_of[re.sub("^hey [a-z]+ , ", "", low)]].append((low, high))
most = max(map(len, groups.values()))
plans_per_get = len(groups["plan"]) / len(groups["get"])
equal = [pair for group in groups.values() for pair in (group * most)[:most]]
held_out = rewriter.both_ways([pair for _, pair in test[::3]])  # without greetings
kinds = [kind for kind, _ in test[::3]] * 2
print("exact match, held out  " + "".join(f"{kind:>9}" for kind in groups))
first, lowest = set(), 1.0
for seed in range(3):
    for step, (model, _) in enumerate(
        rewriter.train(rewriter.both_ways(equal), 200, seed), start=1
    ):
        if step % 100 == 0:
            written = rewriter.rewrite(model, [source for source, _ in held_out])
            shares = {}
            for kind in groups:
                right = [text == wanted for text, (_, wanted), its
                         in zip(written, held_out, kinds) if its == kind]  # fmt: skip
                shares[kind] = sum(right) / len(right)
            row = "".join(f"{share:9.0%}" for share in shares.values())
            print(f"seed {seed}, step {step:<10}{row}")
            if step == 100:
                first.add(max(shares, key=shares.get))
    lowest = min(lowest, *shares.values())
leaders = ", ".join(sorted(first))
