"""The answers to the exercises, computed."""

# 1. Four guesses a round, each right with probability a and alike: tokens per pass.
right, guesses, cost = 0.8, 4, 0.1
per_pass = sum(right**n for n in range(guesses + 1))
gain = per_pass / (1 + guesses * cost)
even = (per_pass - 1) / guesses  # a draft as dear as this gains nothing
gain_once = (1 + right) / (1 + even)  # with one guess a round it does
print(f"{per_pass:.2f} tokens per pass, gain {gain:.2f}, even at a cost of {even:.2f}")

# 2. A row in two pieces: scores 0 and 1, then 2; values 6, 0 and 3.
first, second = 2.718281828459045**-1, 1.0  # behind the first piece, most is 1
total = (first + second) * first + 1  # most rises to 2, so what was summed shrinks
result = (first * 6 + second * 0) * first + 1 * 3
mixed = result / total
print(f"sum {total:.3f}, result {mixed:.3f}")

# 3. Llama 2 7B on two devices cut inside its layers: what one device sends per token.
layers, width, size = 32, 4096, 2
inside = 2 * layers * width * size
between = width * size
print(f"inside the layers {inside:,} bytes, between them {between:,}")
