"""Self-attention on three tokens in plain Python, with numbers for pencil and paper."""

from math import exp, sqrt

words = ["robot", "watered", "flowers"]
queries = [(2, 2, 0, 0), (0, 2, 2, 0), (0, 0, 0, 2)]
keys = [(1, 1, 0, 0), (0, 1, 1, 0), (0, 0, 1, 1)]
values = [(10, 0), (0, 10), (10, 10)]
d_k = 4  # the width of a query and of a key

for word, query in zip(words, queries):
    print(f"{word} asks with {query}")
    print("  key of       q·k   /√4    exp   weight")
    dots = [sum(q * k for q, k in zip(query, key)) for key in keys]
    scores = [dot / sqrt(d_k) for dot in dots]
    exps = [exp(score) for score in scores]
    weights = [e / sum(exps) for e in exps]  # softmax
    for row in zip(words, dots, scores, exps, weights):
        print("  {:<10} {:5d} {:5.0f} {:6.2f} {:8.2f}".format(*row))
    first = sum(w * v[0] for w, v in zip(weights, values))
    second = sum(w * v[1] for w, v in zip(weights, values))
    print(f"  sum of exp {sum(exps):18.2f}")
    print(f"  output: ({first:.2f}, {second:.2f})\n")
    if word == "robot":
        robot_weight, robot_first, robot_second = weights[0], first, second
