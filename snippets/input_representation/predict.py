"""The longest piece that fits, then the same with the rest, and five pieces."""

vocabulary = ["sun", "suns", "set", "screen", "light"]
for word in ["sunlight", "sunset", "sunscreen", "setsun"]:
    pieces, rest = [], word
    while fitting := [piece for piece in vocabulary if rest.startswith(piece)]:
        pieces.append(max(fitting, key=len))
        rest = rest.removeprefix(pieces[-1])
    print(word, "[UNK]" if rest else pieces)
