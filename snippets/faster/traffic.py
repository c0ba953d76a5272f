"""Bytes that one head moves between slow and fast memory, at once and in pieces."""

WIDTH, SIZE, SUM = 64, 2, 4  # numbers in a vector, bytes in a number and in a sum
FAST = 100_000  # bytes of the fast memory
ROWS = FAST // 2 // (WIDTH * (SIZE + SUM))  # in half of it: queries and their sums


def in_pieces(queries, keys):
    """Some queries stay while all keys and values pass; no score leaves."""
    rounds = -(-queries // ROWS)  # how often keys and values are read
    return SIZE * (2 * queries * WIDTH + rounds * 2 * keys * WIDTH)


def at_once(queries, keys):
    """The same two products, but scores and weights are written, and read again."""
    square = queries * keys  # once more where a row is too long: not counted
    return in_pieces(queries, keys) + SIZE * 4 * square


print("| tokens | at once | in pieces | times as many | multiply-adds per byte |")
print("|--:|--:|--:|--:|--:|")
times = {}
for n in (128, 1024, 8192, 65536):
    work, whole, pieces = 2 * n * n * WIDTH, at_once(n, n), in_pieces(n, n)
    times[n] = whole / pieces
    print(
        f"| {n:,} | {whole / 1e6:,.1f} MB | {pieces / 1e6:,.1f} MB |"
        f" {times[n]:.1f} | {work / whole:.0f} and {work / pieces:.0f} |"
    )
least, most = min(times.values()), max(times.values())
one_query = at_once(1, n) / in_pieces(1, n)  # as in a decode pass
print(f"\none query, {n:,} keys: {one_query:.2f} times as many bytes at once")
square_gb = SIZE * n**2 / 1e9
