"""The answers to the exercises, computed."""

import math

# 1. LoRA of rank 4 beside a matrix that takes 576 numbers to 1,536.
thin, whole = 4 * (576 + 1536), 576 * 1536
share = thin / whole
more = whole // (576 + 1536) + 1  # the first rank that has more
asked = 2 * (100 + 300)  # of the question with rank 2
print(f"thin: {thin:,} of {whole:,}, {share:.2%}; more from rank {more} on")

# 2. Where DPO ends, for three values of beta. The reference says 75 %.
ends = {}
for beta in (0.1, 0.5, 2.0):
    odds = math.log(0.75 / 0.25) + math.log(0.8 / 0.2) / beta
    ends[beta] = 1 / (1 + math.exp(-odds))
    print(f"beta {beta}: {ends[beta]:.6%}")
low, _, high = ends.values()

# 3. The loss of a pair that has moved by 2 in the right way, and in the wrong one.
right, wrong = (math.log(1 + math.exp(-0.5 * move)) for move in (2, -2))
print(f"loss {right:.2f} and {wrong:.2f}, at the start {math.log(2):.2f}")

# What the leash takes from a text that has become ten times as probable.
price = 0.1 * math.log(10)
print(f"the leash takes {price:.2f}")
