"""The exercises: a loss by hand, work without a cache, the memory of a cache."""

from math import log

probabilities = [0.5, 0.25, 0.125]
losses = [-log(p) for p in probabilities]
loss = sum(losses) / 3
perplexity = 2.718281828459045**loss
print("1. losses:", [round(x, 3) for x in losses],
      f"mean {loss:.3f}, perplexity {perplexity:.2f}")  # fmt: skip

prompt, new = 100, 50
with_cache = prompt + new - 1  # the last token is written, never read
without_cache = sum(prompt + step for step in range(new))
work_ratio = without_cache / with_cache
print(f"2. positions: {with_cache} with a cache, {without_cache:,} without")

layers, key_heads, width, bytes_each = 32, 8, 128, 2
cache_token = 2 * layers * key_heads * width * bytes_each
text_gigabytes = cache_token * 8_000 / 1e9
users = int(40e9 // (cache_token * 8_000))
print(f"3. {cache_token:,} bytes per token,"
      f" {text_gigabytes:.2f} GB per text, {users} texts")  # fmt: skip

vocabulary = 49_152
blind_loss = log(vocabulary)
print(f"4. perplexity {vocabulary:,}, loss {blind_loss:.2f}")
