"""Typical wrong answers of the lab, and what its checks must say to each."""

GOOD_TWINS = 'twins = "Doctors earn good money.", "Physicians are well paid."\n'
GOOD_STRANGERS = 'strangers = "Fire the man.", "The fire man."\n'
JOBS = """
total = {0}
for sentence in sentences:
    maps, tokens = read(sentence)
    wanted = torch.zeros(len(tokens), len(tokens))
    {1}
    total = total + share(maps, wanted)
found = divmod(total.argmax().item(), 12)
"""


def _job(line: str) -> str:
    """The head that does a job of its own best, as a student would compute it."""
    return JOBS.format("torch.zeros(6, 12)", line)


PROBE = """
weight, bias = torch.zeros(vectors.shape[1]), torch.zeros(())
for _ in range(steps):
    errors = torch.sigmoid(vectors @ weight + bias) - labels
    weight = weight - rate * vectors.T @ errors / len(labels)
    bias = bias - rate * errors.mean()
"""


def _probe(old: str, new: str) -> str:
    """The right probe with one line of it changed."""
    assert old in PROBE
    return PROBE.replace(old, new)


ALL = """
train, test = [], []
for number, (_, _, *parts) in enumerate(examples):
    hidden = sum(part in held_out for part in parts)
    if {0}:
        train.append({2})
    if {1}:
        test.append({2})
"""

WRONG = {
    "pairs": [
        (GOOD_STRANGERS + 'twins = "The kids are asleep.", "The children are sleeping."',
         "share 'are'"),
        (GOOD_STRANGERS + 'twins = "My car broke down.", "Our vehicle stopped working."',
         "Your twins have a cosine of"),
        (GOOD_STRANGERS + 'twins = "Hello there", "Hi"', "Can you find one with three"),
        (GOOD_STRANGERS + 'twins = "Doctors earn good money"', "must be two strings"),
        (GOOD_TWINS + 'strangers = "The dog chased the cat.", "The cat chased the dog."',
         "Which words mean something else"),
        (GOOD_TWINS + 'strangers = "The man runs away.", "The fire burns bright."',
         "do not have the same words"),
        (GOOD_TWINS + 'strangers = "The fire man fell.", "The fire man fell fell."',
         "look at 'fell'"),
        (GOOD_TWINS + 'strangers = "Fire the man.", "fire the man."', "change the order"),
    ],
    "attention": [
        ("weights = (query @ key.transpose(1, 2) / query.shape[-1] ** 0.5).softmax(-1)",
         "Where do you use the mask"),
        ("weights = (query @ key.transpose(1, 2)).masked_fill(mask[:, None, :] == 0, -1e9)"
         ".softmax(-1)", "not divided at all"),
        ("weights = (query @ key.transpose(1, 2) / query.shape[-1]).softmax(-1)",
         "Is there not a root in it"),
        ("weights = (query @ key.transpose(1, 2) / 32**0.5).softmax(-1)", "divide by √32"),
        ("weights = (query @ key.transpose(1, 2) / 384**0.5).softmax(-1)", "divide by √384"),
        ("weights = (query @ key.transpose(1, 2) / query.shape[-1] ** 0.5).softmax(1)",
         "The columns do"),
        ("weights = (query @ key.transpose(1, 2) / query.shape[-1] ** 0.5).exp()",
         "What does softmax divide by"),
        ("weights = (key @ query.transpose(1, 2) / query.shape[-1] ** 0.5).softmax(-1)",
         "mirrored at its diagonal"),
        ("""
scores = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5
weights = scores.masked_fill(mask[:, :, None] == 0, -torch.inf).softmax(-1)
""", "cut rows, or columns"),
        ("""
scores = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5
weights = scores.softmax(-1) * mask[:, None, :]
""", "after the softmax, who gets it"),
        ("""
scores = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5
weights = (scores * mask[:, None, :]).softmax(-1)
""", "Which score gives the weight 0"),
        ("""
scores = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5
weights = scores.masked_fill(mask == 0, -torch.inf).softmax(-1)
""", "two texts of different length"),
        ("""
scores = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5
weights = scores.masked_fill(mask[:1, None, :] == 0, -torch.inf).softmax(-1)
""", "its own row of the mask"),
        ("weights = query @ key.T", "Your code stopped"),
        ("weights = (query[0] @ key[0].T).softmax(-1)", "shape (1, 4, 4)"),
    ],
    "share": [
        ("scores = (maps * wanted).sum((-1, -2))", "How can it be more than 1"),
        ("scores = (maps * wanted).sum(-1).mean(-1)", "By how many rows do you divide"),
        ("scores = (maps * wanted).mean((-1, -2))", "all the cells"),
        ("scores = maps[:, :, wanted > 0].mean(-1)", "over cells, or over rows"),
        ("scores = (maps * wanted).sum(-2)[:, :, wanted.sum(-1) > 0].mean(-1)",
         "columns, or rows"),
        ("scores = (maps * wanted).sum(-2)[:, :, wanted.sum(-2) > 0].mean(-1)",
         "columns, or rows"),
        ("scores = (maps * wanted).sum(-1)[..., wanted.sum(-1) > 0].mean()",
         "must give the shape (1, 2)"),
        ("scores = (maps * wanted).sum(-1)[..., wanted.sum(-1) > 0].mean(-1)[:, [0, 0]]",
         "treat them alike"),
    ],
    "jobs": [
        ("before_head, separator_head = (1, 3), (3, 11)", "count layers and heads from 1"),
        ("before_head, separator_head = (2, 0), (3, 11)", "Which comes first, the layer"),
        ("before_head, separator_head = (0, 2), (4, 12)", "heads from 0 to 11"),
        ("before_head, separator_head = 2, 47", "must be a pair"),
        (_job("wanted[torch.arange(len(tokens) - 1), torch.arange(1, len(tokens))] = 1")
         + "before_head, separator_head = found, (3, 11)", "On which side do your ones"),
        (_job("wanted[1:-1, 0] = 1") + "before_head, separator_head = (0, 2), found",
         "In which column is [SEP]"),
        (_job("wanted[-1, :] = 1") + "before_head, separator_head = (0, 2), found",
         "another head gives it more"),
    ],
    "same_word": [
        ("wanted = torch.tensor([[float(a == b) for a in tokens] for b in tokens])",
         "Is that another place"),
        ("""
wanted = torch.tensor([[float(a == b) for a in tokens] for b in tokens])
wanted.fill_diagonal_(0)
""", "Are they words"),
        ("""
wanted = torch.tensor([[float(a == b and a.isalpha()) for a in tokens] for b in tokens])
wanted = wanted.tril(-1)
""", "look in one direction only"),
        ("""
wanted = torch.zeros(len(tokens), len(tokens))
for i, token in enumerate(tokens):
    if token.isalpha() and tokens.count(token) > 1:
        j = tokens.index(token, i + 1) if token in tokens[i + 1:] else tokens.index(token)
        wanted[i, j] = wanted[j, i] = 1
wanted[1, 7] = wanted[7, 1] = 0
""", "How many are there"),
        ("wanted = [[a == b for a in tokens] for b in tokens]", "need a tensor of shape"),
        ("wanted = torch.zeros(len(tokens), len(tokens))", "What do you compare"),
    ],
    "probe": [
        (_probe("weight - rate", "weight + rate"), "with the gradient or against it"),
        (_probe(" / len(labels)", ""), "Sum, or average"),
        (_probe("torch.sigmoid(vectors @ weight + bias)", "(vectors @ weight + bias)"),
         "What did you take for p"),
        (_probe("    bias = bias - rate * errors.mean()\n", ""), "the bias is still 0"),
        (_probe("bias - rate * errors.mean()", "bias + rate * errors.mean()"),
         "Sum or mean, plus or minus"),
        (_probe("    bias = bias - rate * errors.mean()\n",
                "    errors = torch.sigmoid(vectors @ weight + bias) - labels\n"
                "    bias = bias - rate * errors.mean()\n"), "after the weight had changed"),
        ("""
weight, bias = torch.zeros(vectors.shape[1]), torch.zeros(())
errors = torch.sigmoid(vectors @ weight + bias) - labels
for _ in range(steps):
    weight = weight - rate * vectors.T @ errors / len(labels)
    bias = bias - rate * errors.mean()
""", "compute the errors in each step"),
        ("""
for _ in range(steps):
    weight, bias = torch.zeros(vectors.shape[1]), torch.zeros(())
    errors = torch.sigmoid(vectors @ weight + bias) - labels
    weight = weight - rate * vectors.T @ errors / len(labels)
    bias = bias - rate * errors.mean()
""", "What does your loop run over"),
        (_probe("torch.zeros(vectors.shape[1])", "torch.ones(vectors.shape[1])"),
         "Where do you begin"),
        (_probe("    weight = weight - rate * vectors.T @ errors / len(labels)\n",
                "    weight = weight - rate * (vectors.T * errors) / len(labels)\n"),
         "Your code stopped"),
        ("weight, bias = torch.zeros(len(labels)), torch.zeros(())",
         "the weight must have the shape (2)"),
    ],
    "split": [
        (ALL.format("hidden == 0", "hidden > 0", "number"), "it is in test"),
        (ALL.format("hidden < 3", "hidden == 3", "number"), "it is in train"),
        (ALL.format("hidden == 3", "hidden == 0", "number"), "Which list is which"),
        (ALL.format("True", "hidden == 3", "number"), "is in both lists"),
        (ALL.format("hidden == 0", "hidden >= 2", "number"), "And, or or"),
        (ALL.format("hidden <= 1", "hidden == 3", "number"), "nothing held out; train is"),
        (ALL.format("hidden == 0", "hidden == 3", "examples[number]"),
         "Which numbers would find them"),
        (ALL.format("hidden == 0", "hidden == 4", "number"), "Your list test is empty"),
        (ALL.format("hidden == 0", "held_out == set(parts)", "number"), "Your list test is empty"),
    ],
}
