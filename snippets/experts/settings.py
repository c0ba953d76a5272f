"""The same comparison with fewer steps, and then with twice the learning rate."""

from snippets.shared.tiny_experts import read, test, train

letters, learn, held_out = read()
FEW, STEPS, RATE = 300, 700, 0.01
print("| steps | learning rate | seed | dense | experts | gain |")
print("|--:|--:|--:|--:|--:|--:|")
dense, gains = {}, {}
for steps, rate in ((FEW, RATE), (STEPS, 2 * RATE)):
    for seed in range(2):
        losses = []
        for count, inner in ((1, 36), (8, 32)):  # as above
            model = train(learn, len(letters), count, inner, seed, 0.01, steps, rate)
            losses.append(test(model, held_out)[0])
        gains.setdefault(steps, []).append(losses[0] - losses[1])
        dense.setdefault(steps, []).append(losses[0])
        numbers = "{:.3f} | {:.3f} | {:+.3f}".format(*losses, gains[steps][-1])
        print(f"| {steps} | {rate} | {seed} | {numbers} |")
few, fast = gains.values()
few_least, few_most, fast_least, fast_most = min(few), max(few), min(fast), max(fast)
fast_dense = sum(dense[STEPS]) / 2
