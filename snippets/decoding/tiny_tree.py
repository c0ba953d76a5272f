"""Beam search by hand, on a tree of two steps with invented probabilities."""

from snippets import plots

after = {  # the next word and its probability, after each word
    "because": {"it": 0.5, "they": 0.4, "he": 0.1},
    "it": {"was": 0.4, "had": 0.3, "did": 0.3},
    "they": {"were": 0.9, "had": 0.1},
    "he": {"was": 0.6, "had": 0.4},
}

greedy, greedy_probability = ["because"], 1.0
for step in range(2):
    options = after[greedy[-1]]
    greedy.append(max(options, key=options.get))
    greedy_probability *= options[greedy[-1]]
print("greedy:", *greedy[1:], f"{greedy_probability:.2f}\n")

beams, columns = [(1.0, ["because"])], []
for step in range(2):
    candidates = [
        (probability * p, words + [word], parent)
        for parent, (probability, words) in enumerate(beams)
        for word, p in after[words[-1]].items()
    ]
    candidates.sort(reverse=True)
    for i, (probability, words, parent) in enumerate(candidates):
        print(f"{probability:.2f}", *words[1:], "" if i < 2 else "(cut)")
    print()
    columns.append(
        [(at, f"{w[-1]}\n{p:.2f}", i < 2) for i, (p, w, at) in enumerate(candidates)]
    )
    beams = [(probability, words) for probability, words, _ in candidates[:2]]

beam_probability, beam = beams[0]
beam_text, greedy_text = " ".join(beam[1:]), " ".join(greedy[1:])
winner = [1, 0]  # "they" stands second after one step, "they were" first after two
plots.tree(columns, winner, title="Two beams find what greedy misses")
