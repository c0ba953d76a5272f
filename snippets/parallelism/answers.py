"""The numbers of the exercises: passes, padding, cache bytes and a bound on speed."""

# 1. A prompt of 1,000 tokens, an answer of 200; the last token is never read.
prompt, answer = 1000, 200
transformer_passes = 1 + (answer - 1)
rnn_steps = prompt + answer - 1
training_passes = 1
print("passes:", transformer_passes, " RNN:", rnn_steps, " training:", training_passes)


# 2. Four texts in batches of two.
def wasted(batches):
    padded = sum(len(batch) * max(batch) for batch in batches)
    return 1 - sum(map(sum, batches)) / padded


mixed = wasted([(3, 12), (4, 13)])
sorted_by_length = wasted([(3, 4), (12, 13)])
print(f"padding: {mixed:.0%} mixed, {sorted_by_length:.0%} sorted")

# 3. OPT-13B: 40 layers, 40 heads of width 128, two bytes a number.
token_bytes = 2 * 40 * 40 * 128 * 2
text_gigabytes = 2048 * token_bytes / 1e9
free_gigabytes = 40 - 26
texts = int(free_gigabytes / text_gigabytes)
print(f"{token_bytes:,} bytes a token, {text_gigabytes:.2f} GB a text, {texts} texts")

# 4. Llama 2 7B on the A100 of the data sheet: a pass reads all weights once, but of
# the token table, 32,000 rows of 4,096 numbers, only one row.
bandwidth, weight_bytes = 2039e9, 13.477e9
table_gigabytes = 2 * 32_000 * 4096 / 1e9
single_bound = bandwidth / (weight_bytes - 1e9 * table_gigabytes)
four_bits_bound = 4 * single_bound
# What was published for it, on that GPU: a plain loop, then compiled.
plain_share, compiled_share = 25.5 / single_bound, 107.0 / single_bound
print(f"at most {single_bound:.0f} tokens a second, {four_bits_bound:.0f} in four bits")
print(f"published: {plain_share:.0%} of it, compiled {compiled_share:.0%}")
