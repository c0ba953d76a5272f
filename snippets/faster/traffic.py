"""Bytes that one head moves between slow and fast memory, at once and in pieces."""

WIDTH, SIZE = 64, 2  # numbers in a vector, bytes in a number
FAST = 100_000  # bytes of the fast memory


def at_once(n):
    """Scores and weights are written to the slow memory and read from it again."""
    vectors, square = n * WIDTH, n * n
    scores = 2 * vectors + square  # read queries and keys, write the scores
    softmax = square + square
    mix = square + vectors + vectors  # read weights and values, write the result
    return SIZE * (scores + softmax + mix)


def in_pieces(n):
    """Some queries stay while all keys and values pass; no score leaves."""
    rows = min(n, FAST // SIZE // (4 * WIDTH))  # half: queries, sums
    rounds = -(-n // rows)  # how often keys and values are read
    return SIZE * (2 * n * WIDTH + rounds * 2 * n * WIDTH)


print("| tokens | at once | in pieces | times as many | multiply-adds per byte |")
print("|--:|--:|--:|--:|--:|")
times = {}
for n in (128, 1024, 8192, 65536):
    work = 2 * n * n * WIDTH
    times[n] = at_once(n) / in_pieces(n)
    print(
        f"| {n:,} | {at_once(n) / 1e6:,.1f} MB | {in_pieces(n) / 1e6:,.1f} MB |"
        f" {times[n]:.1f} | {work / at_once(n):.0f} and {work / in_pieces(n):.0f} |"
    )
least, most = times[128], times[65536]
# A decode pass has one query: queries, result and scores are a vector, a vector, a row.
n = 65536
row_at_once = SIZE * (2 * WIDTH + 2 * n * WIDTH + 4 * n)
row_in_pieces = SIZE * (2 * WIDTH + 2 * n * WIDTH)
one_query = row_at_once / row_in_pieces
print(f"\none query, {n:,} keys: {one_query:.2f} times as many bytes at once")
square_gb = SIZE * 65536**2 / 1e9
rows = FAST // SIZE // (4 * WIDTH)
