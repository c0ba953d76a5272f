"""The same comparison with fewer steps, and then with states twice as wide."""

from snippets.shared.tiny_experts import read, test, train

letters, learn, held_out = read()
STEPS, WIDE = 300, 64
print("| width of a state | seed | dense | experts | gain |\n|--:|--:|--:|--:|--:|")
losses, gains = {}, {}
for width in (WIDE // 2, WIDE):
    for seed in range(3):
        for count, inner in ((1, width + 4), (8, width)):  # inner numbers as before
            model = train(learn, len(letters), count, inner, seed, 0.01, STEPS, width)
            losses[width, count, seed] = test(model, held_out)[0]
        dense, experts = losses[width, 1, seed], losses[width, 8, seed]
        gains.setdefault(width, []).append(gain := dense - experts)
        print(f"| {width} | {seed} | {dense:.3f} | {experts:.3f} | {gain:+.3f} |")
narrow, wide = gains.values()
narrow_least, _, narrow_most = sorted(narrow)
least_gain, _, most_gain = sorted(wide)
