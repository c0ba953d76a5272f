"""Answers: how fast a memory fades, and where the attention maps outgrow the cache."""

import math

steps_to_a_thousandth = math.ceil(math.log(1000) / math.log(2))
print(f"0.5 to the power of {steps_to_a_thousandth}: {0.5**steps_to_a_thousandth:.5f}")
share_a_step = 0.5 ** (1 / 1000)
print(f"half is left after 1,000 steps if a step keeps {share_a_step:.4f}")

cache_a_token = 30 * 2 * 3 * 64 * 4  # layers, key and value, heads, width, bytes
map_a_pair = 9 * 4  # heads, bytes
crossing = cache_a_token // map_a_pair  # 36 n² = 46,080 n
print(f"cache: {cache_a_token:,} bytes per token; maps: {map_a_pair} bytes per pair")
print(f"equal at {crossing:,} tokens")
state = 30 * 2 * 576 * 4  # layers, two vectors, width, bytes
cache_8000 = cache_a_token * 8000
times_larger = cache_8000 / state
print(f"at 8,000 tokens: {cache_8000 / 1e6:.0f} MB and {state / 1e6:.2f} MB")
cache_megabytes = cache_8000 / 1e6
