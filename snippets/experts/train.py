"""One network, eight experts, and one network as large as all: from three seeds."""

from pathlib import Path

from safetensors.torch import save_file

from snippets.shared.tiny_experts import read, test, train

letters, learn, held_out = read()
COUNT, INNER, WIDTH, SEEDS, STEPS = 8, 32, 32, 3, 700
models = {  # name: (how many networks, inner numbers of each)
    "dense": (1, INNER + COUNT // 2),  # what the router multiplies, it multiplies too
    "experts": (COUNT, INNER),
    "large": (1, COUNT * INNER + COUNT // 2),
}
Path("models/tiny-experts").mkdir(exist_ok=True)
losses = {name: [] for name in models}
weights, used = {}, {}
for seed in range(SEEDS):
    for name, (count, inner) in models.items():
        model = train(learn, len(letters), count, inner, seed, steps=STEPS)
        losses[name].append(test(model, held_out)[0])
        weights[name] = sum(weight.numel() for weight in model.network.parameters())
        used[name] = weights[name] - 2 * WIDTH * inner * (count - 1)
        if count > 1:
            save_file(model.state_dict(), f"models/tiny-experts/{seed}.safetensors")

print("| network | weights | used for a token | seed 0 | seed 1 | seed 2 | mean |")
print("|---|--:|--:|--:|--:|--:|--:|")
means = {name: sum(found) / SEEDS for name, found in losses.items()}
for name, found in losses.items():
    cells = " | ".join(f"{loss:.3f}" for loss in (*found, means[name]))
    print(f"| {name} | {weights[name]:,} | {used[name]:,} | {cells} |")
dense, experts, large = means.values()
gains = [a - b for a, b in zip(losses["dense"], losses["experts"])]
least_gain, most_gain = min(gains), max(gains)
seed_spread = max(max(found) - min(found) for found in losses.values())
way = (dense - experts) / (dense - large)
dense_used, experts_used, large_used = used.values()
dense_inner, times = INNER + COUNT // 2, large_used / experts_used
dense_weights, experts_weights, large_weights = weights.values()
print(f"\nExperts gain {least_gain:.3f} to {most_gain:.3f} from the same seed.")
print(f"Within a row the losses differ by {seed_spread:.3f} at most.")
