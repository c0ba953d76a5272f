"""Typical wrong answers of the lab, and what its checks must say to each."""

WRONG = {
    "ranks": [
        ("places = (logits > logits.gather(1, ids[:, None])).sum(1)", "the best token has rank 0"),
        ("places = (logits <= logits.gather(1, ids[:, None])).sum(1)", "Which way round"),
        ("places = (logits < logits.gather(1, ids[:, None])).sum(1)", "Which way round"),
        (
            "places = logits.argsort(descending=True).gather(1, ids[:, None])[:, 0] + 1",
            "which token stands at a place",
        ),
        ("places = logits.argsort(1, True).gather(1, ids[:, None])[:, 0]", "token stands"),
        ("places = (logits > logits.gather(1, ids[:, None])).sum(0) + 1", "has the shape (5,)"),
        ("places = (logits > logits.gather(1, ids[:, None])).sum() + 1", "the shape ()"),
        ("places = logits.gather(1, ids[:, None])[:, 0] + 0.5", "A rank is a whole number"),
        ("places = (logits > logits[0, ids][:, None]).sum(1) + 1", "with its own row"),
        ("places = ids + 1", "How many logits are larger"),
    ],
    "verdict": [
        ('verdict = {"A": "greedy"}', "the five letters"),
        ('verdict = dict(zip("ABCDE", ["sampling", "greedy", "topk", "beam search", "top-p"]))',
         "none of the five names"),
        ('verdict = dict(zip("ABCDE", ["sampling", "greedy", "top-k", "greedy", "top-p"]))',
         "You accuse B and D of greedy"),
        ('verdict = dict(zip("ABCDE", ["greedy", "sampling", "top-k", "beam search", "top-p"]))',
         "Greedy cannot have written A"),
        ('verdict = dict(zip("ABCDE", ["top-k", "greedy", "sampling", "beam search", "top-p"]))',
         "Can top-k with k = 10 pick it"),
        ('verdict = dict(zip("ABCDE", ["top-p", "greedy", "top-k", "beam search", "sampling"]))',
         "Was it in the nucleus"),
        ('verdict = dict(zip("ABCDE", ["sampling", "greedy", "beam search", "top-k", "top-p"]))',
         "Which one did the search for high sums find"),
        ('verdict = dict(zip("ABCDE", ["sampling", "beam search", "top-k", "greedy", "top-p"]))',
         "The sum of B is"),
    ],
    "nucleus": [
        (
            """
ordered = logits.softmax(-1).sort(descending=True).values
kept = logits.masked_fill(ordered.cumsum(-1) > p, -torch.inf)
""",
            "not the best 2",
        ),
        (
            """
ordered, places = logits.softmax(-1).sort(descending=True)
cut = ordered.cumsum(-1) > p
cut = torch.zeros_like(cut).scatter(-1, places, cut)
kept = logits.masked_fill(cut, -torch.inf)
""",
            "the token that crosses the line",
        ),
        (
            """
ordered, places = logits.softmax(-1).sort(descending=True)
kept = logits.masked_fill(ordered.cumsum(-1) - ordered >= p, -torch.inf)
""",
            "still in sorted order",
        ),
        (
            """
ordered, places = logits.softmax(-1).sort(descending=True)
cut = ordered.cumsum(-1) - ordered >= p
cut = torch.zeros_like(cut).scatter(-1, places, cut)
kept = logits.masked_fill(cut, 0.0)
""",
            "to a logit of 0",
        ),
        (
            """
ordered, places = logits.softmax(-1).sort(descending=True)
cut = ordered.cumsum(-1) - ordered >= p
kept = ~torch.zeros_like(cut).scatter(-1, places, cut)
""",
            "You return a mask",
        ),
        (
            """
ordered, places = logits.softmax(-1).sort(descending=True)
before = ordered.cumsum(-1) - ordered
kept = logits[:, places[0][before[0] < p]]
""",
            "The shape must stay",
        ),
        ("kept = logits.masked_fill(logits.softmax(-1) < 1 - p, -torch.inf)", "crosses the line"),
        ("kept = logits.masked_fill(logits.softmax(-1) < 0.08, -torch.inf)", "a smaller set"),
        (
            """
ordered, places = logits[0].softmax(-1).sort(descending=True)
cut = ordered.cumsum(-1) - ordered >= p
cut = torch.zeros_like(cut).scatter(-1, places, cut)
kept = logits.masked_fill(cut, -torch.inf)
""",
            "Does each row have its own order",
        ),
        (
            """
ordered, places = logits.softmax(-1).sort(descending=True)
cut = ordered.cumsum(-1) - ordered >= p
cut = torch.zeros_like(cut).scatter(-1, places, cut)
kept = logits.softmax(-1).masked_fill(cut, -torch.inf)
""",
            "their logits have changed",
        ),
        ("kept = logits", "Nothing is cut"),
        ("kept = logits.sort().cumsum()", "Your code stopped"),
    ],
    "draw": [
        ("tokens = torch.multinomial((logits / temperature).softmax(-1), len(u), True)",
         "second source of chance"),
        ("tokens = torch.searchsorted(logits.softmax(-1).cumsum(-1), u)",
         "Where is the temperature"),
        ("tokens = torch.searchsorted((logits * temperature).softmax(-1).cumsum(-1), u)",
         "Do you divide, or multiply"),
        ("tokens = torch.searchsorted((logits.softmax(-1) / temperature).cumsum(-1), u)",
         "before softmax"),
        ("tokens = torch.searchsorted((logits / temperature).softmax(-1).cumsum(-1), u) + 1",
         "Which token owns it"),
        ("tokens = logits.argmax() + 0 * u.long()", "Always the same token"),
        ("tokens = torch.searchsorted((logits / temperature).softmax(-1), u)", "lies 0.60"),
        ("tokens = torch.searchsorted((logits / temperature).softmax(-1).cumsum(-1), u[:1])",
         "one token for each u"),
    ],
    "beam_step": [
        ("best, tokens = log_p.topk(beams)[0][0], log_p.topk(beams)[1][0]\nparents = tokens * 0",
         "the sum of all log-probabilities"),
        (
            """
best, places = log_p.flatten().topk(beams)
parents, tokens = places // log_p.shape[1], places % log_p.shape[1]
""",
            "Did you add the totals",
        ),
        (
            """
best, places = (totals[:, None] + log_p).flatten().topk(beams)
tokens, parents = places // log_p.shape[1], places % log_p.shape[1]
""",
            "what does the division by 4 give",
        ),
        (
            """
best, places = (totals[:, None] + log_p).flatten().topk(beams)
parents, tokens = places // beams, places % beams
""",
            "what does the division by 4 give",
        ),
        (
            """
best, tokens = (totals[:, None] + log_p).max(-1)
parents = torch.arange(len(totals))
""",
            "your shapes are",
        ),
        (
            """
best, tokens = (totals[:, None] + log_p).topk(2)
best, tokens = best.flatten()[:beams], tokens.flatten()[:beams]
parents = torch.tensor([0, 0, 1])
""",
            "Must each parent have a child",
        ),
        (
            """
best, places = (totals[:, None] + log_p).flatten().topk(beams, largest=False)
parents, tokens = places // log_p.shape[1], places % log_p.shape[1]
""",
            "Which order do you sort in",
        ),
        (
            """
best, places = (totals[:, None] + log_p).flatten().topk(beams)
parents, tokens = places // 4, places % 4
best = log_p[parents, tokens]
""",
            "the sum of all log-probabilities",
        ),
        (
            """
best, places = (totals[:, None] * log_p).flatten().topk(beams)
parents, tokens = places // log_p.shape[1], places % log_p.shape[1]
""",
            "no log-probability is above 0",
        ),
    ],
    "spoiled": [
        ('spoiled = ""', "at least one word"),
        ("spoiled = 42", "at least one word"),
        ('spoiled = "the robot " * 11', "has 22 words"),
        ('spoiled = "The robot watered the sunflowers because"', "the chapter's prompt"),
        ('spoiled = "The queen said "', "ends in a space"),
        ('spoiled = "1, 2, 3, 4, 5, 6, 7, 8, 9,"', "Both wrote the same text"),
        ('spoiled = "2 + 2 ="', "one text ended early"),
        ('spoiled = "She said that he said that"', "offer for copying"),
    ],
}
