"""What the file of SmolLM2 keeps: how many numbers, and in how many bits each."""

from pathlib import Path

from gguf import GGUFReader

path = Path("models/smollm2-gguf/model.gguf")
groups = {"matrices of the layers": [], "token table": [], "scales of the norms": []}
for tensor in GGUFReader(path).tensors:
    norm, table = len(tensor.shape) == 1, tensor.name == "token_embd.weight"
    groups[list(groups)[2 if norm else 1 if table else 0]].append(tensor)

numbers = {
    name: sum(int(t.n_elements) for t in group) for name, group in groups.items()
}
sizes = {name: sum(int(t.n_bytes) for t in group) for name, group in groups.items()}
total, kept = sum(numbers.values()), sum(sizes.values())
print("| what | tensors | numbers | share | kept as | bits each |")
print("|---|--:|--:|--:|---|--:|")
for name, group in groups.items():
    (kind,) = {t.tensor_type.name for t in group}
    bits = 8 * sizes[name] / numbers[name]
    print(
        f"| {name} | {len(group)} | {numbers[name]:,} | {numbers[name] / total:.1%}"
        f" | {kind} | {bits:g} |"
    )
mean_bits = 8 * kept / total
print(
    f"| together | {sum(map(len, groups.values()))} | {total:,} | 100.0% | |"
    f" {mean_bits:.2f} |"
)
four_bytes, file_mb = 4 * total / 1e6, path.stat().st_size / 1e6
rest = file_mb - kept / 1e6
share_layers, share_table, _ = (count / total for count in numbers.values())
layer_bits, table_bits, _ = (8 * sizes[name] / numbers[name] for name in groups)
