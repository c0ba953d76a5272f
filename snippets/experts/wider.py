"""The same comparison in another setting: states twice as wide, fewer steps."""

from snippets.shared.tiny_experts import read, test, train

letters, learn, held_out = read()
WIDTH, INNER, STEPS = 64, 64, 300
print("| seed | dense | experts | gain |\n|--:|--:|--:|--:|")
losses, gains = {1: [], 8: []}, []
for seed in range(3):
    for count, inner in ((1, INNER + 4), (8, INNER)):
        model = train(learn, len(letters), count, inner, seed, steps=STEPS, width=WIDTH)
        losses[count].append(test(model, held_out)[0])
    gains.append(losses[1][-1] - losses[8][-1])
    print(f"| {seed} | {losses[1][-1]:.3f} | {losses[8][-1]:.3f} | {gains[-1]:+.3f} |")
(least_gain, middle_gain, most_gain), mean_gain = sorted(gains), sum(gains) / 3
spread = max(max(found) - min(found) for found in losses.values())
