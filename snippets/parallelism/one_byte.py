"""The tokens in a pass that keep an A100 busy, by the bytes of a weight."""

bytes_a_second = 2039e9
operations_a_second = 312e12
for bytes_of_a_weight in (2, 1):
    fetching = bytes_of_a_weight / bytes_a_second
    computing = 2 / operations_a_second  # for each token: multiply, add
    busy = fetching / computing
    print(f"bytes a weight: {bytes_of_a_weight}, tokens: {busy:.1f}")
