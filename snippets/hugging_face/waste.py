"""Texts of 4, 6 and 20 tokens: how many rows of their batches are padding?"""


def padding(lengths):
    return sum(max(lengths) - length for length in lengths)


one_batch = padding([4, 6, 20])
two_batches = padding([4, 6]) + padding([20])
print(f"one batch: {one_batch} of {3 * 20} rows")
print(f"two batches: {two_batches} of {2 * 6 + 20} rows")
