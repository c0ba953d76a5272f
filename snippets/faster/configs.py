"""What one token leaves in the cache of published models, from their configurations."""

SIZE = 2  # bytes in a number
# model: (attention, layers, query heads, key heads, width of a head)
shared = {
    "Llama 2 7B": ("multi-head", 32, 32, 32, 128),
    "Llama 3 8B": ("grouped", 32, 32, 8, 128),
    "Falcon 7B": ("multi-query", 32, 71, 1, 64),
}
# model: (layers, heads, width of a head, latent, width of the key that is turned)
latent = {
    "DeepSeek-V2": (60, 128, 128, 512, 64),
    "DeepSeek-V3": (61, 128, 128, 512, 64),
}

print("| model | attention | numbers in a layer | bytes per token | of multi-head |")
print("|---|---|--:|--:|--:|")
per_token, rows = {}, []
for model, (kind, layers, heads, kept, width) in shared.items():
    rows.append((model, kind, layers, 2 * kept * width, 2 * heads * width))
for model, (layers, heads, width, short, turned) in latent.items():
    rows.append((model, "latent", layers, short + turned, 2 * heads * width))
for model, kind, layers, kept, full in rows:
    per_token[model] = SIZE * layers * kept
    print(f"| {model} | {kind} | {kept:,} | {per_token[model]:,} | {kept / full:.1%} |")
llama2, llama3, falcon, deepseek2, deepseek3 = per_token.values()
# Products of a head for a pair of tokens: with latents, and with a key and a value.
pair = (2 * short + turned) / (2 * width + turned)

# A window bounds what is kept. Mistral 7B: 32 layers, 8 key heads of width 128.
WINDOW, TEXT = 4096, 32768
each = SIZE * 32 * 2 * 8 * 128
full_gb, window_gb = TEXT * each / 1e9, WINDOW * each / 1e9
times = TEXT // WINDOW
print(
    f"\nMistral 7B, {TEXT:,} tokens: {full_gb:.2f} GB, with the window {window_gb:.2f}"
)
