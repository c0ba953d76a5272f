"""Typical wrong answers of the lab, and what its checks must say to each."""

WRONG = {
    "duel": [
        ('for_wordpiece, for_bpe = "=" * 40, "31415926535 27182818284"', "swap the two lines"),
        ('for_wordpiece, for_bpe = "robots like the sun", "=" * 40', "and you need 10"),
        ('for_wordpiece, for_bpe = "1234567890" * 5, "=" * 40', "has 50 characters"),
        ('for_wordpiece, for_bpe = "1234567890" * 3, "向日葵"', "not ASCII"),
        ("for_wordpiece, for_bpe = 17, 3", "must be a string"),
    ],
    "spell": [
        ("ids = bpe(text).input_ids", "do with a whole word"),
        ("ids = bpe.convert_tokens_to_ids(list(text))", "happened to the spaces"),
        ('ids = [bpe(c).input_ids[0] for c in text.replace(" ", "")]', "to the spaces"),
        ('ids = bpe(" ".join(text)).input_ids', "spaces which the text does not have"),
        ("ids = [bpe(character).input_ids for character in text]", "contains lists"),
        ("ids = list(text)", "Which number does the model read"),
        ("ids = [bpe(character).input_ids[0] for character in text]", "can one character need"),
        ("ids = [ord(character) for character in text]", "Your ids read"),
    ],
    "join": [
        (
            """
joined = list(pieces)
for i in range(len(joined) - 1):
    if tuple(joined[i : i + 2]) == pair:
        joined[i : i + 2] = [joined[i] + joined[i + 1]]
        break
""",
            "stop after the first",
        ),
        (
            """
joined = []
for i in range(len(pieces) - 1):
    if (pieces[i], pieces[i + 1]) == pair:
        joined.append(pieces[i] + pieces[i + 1])
    else:
        joined.append(pieces[i])
""",
            "something is doubled",
        ),
        (
            """
joined, i = [], 0
while i < len(pieces) - 1:
    if (pieces[i], pieces[i + 1]) == pair:
        joined.append(pieces[i] + pieces[i + 1])
        i += 2
    else:
        i += 1
""",
            "something is lost",
        ),
        (
            """
joined, i = [], 0
while i < len(pieces):
    if "".join(pieces[i : i + 2]) == "".join(pair):
        joined.append("".join(pair))
        i += 2
    else:
        joined.append(pieces[i])
        i += 1
""",
            "compare letters or pieces",
        ),
        (
            """
joined = pieces
i = 0
while i < len(joined) - 1:
    if (joined[i], joined[i + 1]) == pair:
        joined[i : i + 2] = [joined[i] + joined[i + 1]]
    i += 1
""",
            "changed the list that it was given",
        ),
        (
            """
joined, i = [], len(pieces) - 1
while i >= 0:
    if i > 0 and (pieces[i - 1], pieces[i]) == pair:
        joined.insert(0, pieces[i - 1] + pieces[i])
        i -= 2
    else:
        joined.insert(0, pieces[i])
        i -= 1
""",
            "from left to right",
        ),
        (
            """
joined, i = [], 0
while i < len(pieces):
    if pieces[i : i + 2] == pair:
        joined.append(pieces[i] + pieces[i + 1])
        i += 2
    else:
        joined.append(pieces[i])
        i += 1
""",
            "joins nothing",
        ),
        (
            """
joined, skip = [], False
for one, other in zip(pieces, pieces[1:]):
    if skip:
        skip = False
    elif (one, other) == pair:
        joined.append(one + other)
        skip = True
    else:
        joined.append(one)
""",
            "What happens to the last piece",
        ),
        (
            'joined = " ".join(pieces).replace(" ".join(pair), "".join(pair)).split()',
            "or only in a letter",
        ),
        ('joined = " ".join(pieces)', "must return a list"),
    ],
    "analogy": [
        (
            """
wanted = vector(a) - vector(b) + vector(c)
found = words(F.cosine_similarity(rows, wanted, dim=-1).topk(5).indices.tolist())
""",
            "Which step leads from a to b",
        ),
        (
            """
wanted = vector(a) - vector(c) + vector(b)
found = words(F.cosine_similarity(rows, wanted, dim=-1).topk(5).indices.tolist())
""",
            "Whose place does c take",
        ),
        (
            """
wanted = vector(a) + vector(b) + vector(c)
found = words(F.cosine_similarity(rows, wanted, dim=-1).topk(5).indices.tolist())
""",
            "must be taken away",
        ),
        (
            """
wanted = vector(b) - vector(a) + vector(c)
found = words((rows @ wanted).topk(5).indices.tolist())
""",
            "What does a cosine divide by",
        ),
        (
            """
wanted = vector(b) - vector(a) + vector(c)
found = words(F.cosine_similarity(rows, wanted, dim=-1).argsort()[-5:].tolist())
""",
            "Which end comes first",
        ),
        (
            """
wanted = vector(b) - vector(a) + vector(c)
cosines = F.cosine_similarity(rows, wanted, dim=-1)
found = [w for w in words(cosines.topk(9).indices.tolist()) if w not in (a, b, c)][:5]
""",
            "You leave out the words of the question",
        ),
        (
            """
wanted = vector(b) - vector(a) + vector(c)
found = F.cosine_similarity(rows, wanted, dim=-1).topk(5).indices
""",
            "turns ids into words",
        ),
        (
            """
wanted = vector(b) - vector(a) + vector(c)
found = words([F.cosine_similarity(rows, wanted, dim=-1).argmax().item()])
""",
            "five are wanted",
        ),
    ],
    "unevenness": [
        (
            "products = table @ table.T\nworst = products.max() - products.min()",
            "Which pairs do you put side by side",
        ),
        (
            "diagonal = (table @ table.T).diagonal()\nworst = diagonal.max() - diagonal.min()",
            "Which distances does your answer look at",
        ),
        (
            """
products = table @ table.T
worst = 0.0
for distance in range(1, len(table)):
    diagonal = products.diagonal(distance)
    worst = max(worst, (diagonal.max() - diagonal.min()).item())
""",
            "Is distance 0 among yours",
        ),
        (
            """
products = table @ table.T
for distance in range(len(table)):
    diagonal = products.diagonal(distance)
    worst = diagonal.max() - diagonal.min()
""",
            "Which distances does your answer look at",
        ),
        (
            """
products = table @ table.T
worst = max(products.diagonal(d).std(correction=0).item() for d in range(len(table)))
""",
            "What is the largest minus the smallest",
        ),
        (
            "products = table @ table.T\nworst = (products - products.T).diagonal()",
            "One number is wanted",
        ),
        (
            """
diagonals = [(table @ table.T).diagonal(d) for d in range(len(table))]
worst = [diagonal.max() - diagonal.min() for diagonal in diagonals]
""",
            "a list of",
        ),
    ],
    "unshuffle": [
        ("positions, back = in_order, order.argsort()", "Where did it stand in the sentence"),
        ("positions, back = order.argsort(), order", "What does order["),
        ("positions, back = order, order", "Where in the shuffled list is it"),
        ("positions, back = order, in_order", "Where in the shuffled list is it"),
        ("positions, back = order.tolist(), order.argsort()", "must be a tensor"),
        ("positions, back = order + 1, order.argsort()", "each place from 0 to"),
    ],
    "pool": [
        ("average = states.mean(dim=1)", "How does the padding get into your average"),
        ("average = (states * mask[:, :, None]).mean(dim=1)", "but you still count it"),
        ("average = (states * mask[:, :, None]).sum(dim=1)", "By what do you divide"),
        ("average = (states * mask[:, :, None]).mean(dim=-1)", "Over which dimension"),
        (
            "average = states.sum(dim=1) / mask.sum(dim=1, keepdim=True)",
            "How does the padding get into your average",
        ),
    ],
}
