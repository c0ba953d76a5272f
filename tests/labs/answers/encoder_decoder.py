"""Typical wrong answers of the lab, and what its checks must say to each."""

WRONG = {
    "telephone": [
        # Only the sentence before is compared with.
        (
            "heard = [text]\n"
            "for trip in range(limit):\n"
            "    text = back(there(text))\n"
            "    if text == heard[-1]:\n"
            "        break\n"
            "    heard.append(text)",
            "your list has 9 texts. With which texts",
        ),
        # The first text is missing.
        (
            "heard = []\n"
            "for trip in range(limit):\n"
            "    text = back(there(text))\n"
            "    if text in heard:\n"
            "        break\n"
            "    heard.append(text)",
            "Who says 'tea'?",
        ),
        # Appended before it is looked for.
        (
            "heard = [text]\n"
            "for trip in range(limit):\n"
            "    text = back(there(text))\n"
            "    heard.append(text)\n"
            "    if text in heard[:-1]:\n"
            "        break",
            "'hen' stands in your list 2 times",
        ),
        # Both languages in one list.
        (
            "heard = [text]\n"
            "for trip in range(limit):\n"
            "    away = there(text)\n"
            "    text = back(away)\n"
            "    if text in heard:\n"
            "        break\n"
            "    heard += [away, text]",
            "texts of the other language",
        ),
        ("heard = [text, back(there(text))]", "What would 'ten' have become?"),
        # The limit is forgotten.
        (
            "heard = [text]\n"
            "while (text := back(there(text))) not in heard:\n"
            "    heard.append(text)",
            "the phone never stops ringing",
        ),
        # One trip too few.
        (
            "heard = [text]\n"
            "while len(heard) < limit and (text := back(there(text))) not in heard:\n"
            "    heard.append(text)",
            "your list has 5 texts. How many texts",
        ),
        ("heard = [text]\nheard.append(there(back(text)))", "`back` was given 'tea'"),
        ("heard = back(there(text))", "yours is of the type str"),
    ],
    "write": [
        # The encoder in the loop.
        (
            "written = torch.tensor([[START]])\n"
            "for step in range(limit):\n"
            "    best = decide(read(text), written)[-1].argmax()\n"
            "    written = torch.cat([written, best.view(1, 1)], dim=1)\n"
            "    if best == END:\n"
            "        break",
            "the encoder ran 11 times",
        ),
        # The first row of the logits.
        (
            "memory = read(text)\n"
            "written = torch.tensor([[START]])\n"
            "for step in range(limit):\n"
            "    best = decide(memory, written)[0].argmax()\n"
            "    written = torch.cat([written, best.view(1, 1)], dim=1)\n"
            "    if best == END:\n"
            "        break",
            "you read the same row of the logits",
        ),
        # No end.
        (
            "memory = read(text)\n"
            "written = torch.tensor([[START]])\n"
            "for step in range(limit):\n"
            "    best = decide(memory, written)[-1].argmax()\n"
            "    written = torch.cat([written, best.view(1, 1)], dim=1)",
            "After the end token you wrote",
        ),
        # The end token is thrown away.
        (
            "memory = read(text)\n"
            "written = torch.tensor([[START]])\n"
            "while (best := decide(memory, written)[-1].argmax()) != END:\n"
            "    written = torch.cat([written, best.view(1, 1)], dim=1)",
            "Which id says that the text ends?",
        ),
        # It begins with the end token.
        (
            "memory = read(text)\n"
            "written = torch.tensor([[END]])\n"
            "for step in range(limit):\n"
            "    best = decide(memory, written)[-1].argmax()\n"
            "    written = torch.cat([written, best.view(1, 1)], dim=1)\n"
            "    if best == END:\n"
            "        break",
            "Your ids begin with </s>",
        ),
        # A row in place of a matrix.
        ("written = decide(read(text), torch.tensor([[START]])).argmax(-1)", "yours: (1,)"),
        # The limit is forgotten.
        (
            "memory = read(text)\n"
            "written = torch.tensor([[START]])\n"
            "while written[0, -1] != END:\n"
            "    best = decide(memory, written)[-1].argmax()\n"
            "    written = torch.cat([written, best.view(1, 1)], dim=1)",
            "With limit=3 you return 12 ids",
        ),
    ],
    "cross_attention": [
        (
            "return (query @ key.transpose(1, 2) / query.shape[-1] ** 0.5).softmax(-1)",
            "Return two tensors",
        ),
        (
            "weights = (query @ key.transpose(1, 2)).softmax(-1)\nmixed = weights @ value",
            "too sharp",
        ),
        (
            "weights = (query @ key.transpose(1, 2) / query.shape[-1]).softmax(-1)\n"
            "mixed = weights @ value",
            "too flat",
        ),
        (
            "weights = (query @ key.transpose(1, 2) / query.shape[-1] ** 0.5).softmax(-2)\n"
            "mixed = weights @ value",
            "Your first row sums to",
        ),
        (
            "weights = (key @ query.transpose(1, 2) / query.shape[-1] ** 0.5).softmax(-1)\n"
            "mixed = weights.transpose(1, 2) @ value",
            "your weights are (2, 3, 2)",
        ),
        (
            "weights = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5\n"
            "mixed = weights @ value",
            "Which step makes shares out of scores?",
        ),
        # A causal mask, out of habit.
        (
            "scores = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5\n"
            "future = torch.ones(scores.shape[1:], dtype=torch.bool).triu(1)\n"
            "weights = scores.masked_fill(future, -torch.inf).softmax(-1)\n"
            "mixed = weights @ value",
            "so something is hidden",
        ),
        (
            "weights = (query @ key.transpose(1, 2) / query.shape[-1] ** 0.5).softmax(-1)\n"
            "mixed = weights @ key",
            "You mix the keys",
        ),
        (
            "weights = (query @ key.transpose(1, 2) / query.shape[-1] ** 0.5).softmax(-1)\n"
            "mixed = weights.transpose(1, 2) @ query",
            "How many vectors does the decoder wait for?",
        ),
        ("weights = query @ key\nmixed = weights @ value", "Your code stopped"),
    ],
    "memory": [
        ('unchanged = {"shuffle"}', "1 more of the six"),
        ("unchanged = set()", "2 more of the six"),
        ('unchanged = {"shuffle", "double", "words"}', "After 'words'"),
        ('unchanged = {"shuffle", "half", "double"}', "After 'half'"),
        ('unchanged = {"shuffle", "double", "no end"}', "After 'no end'"),
        ('unchanged = ["mean"]', "After 'mean'"),
        ('unchanged = "shuffle"', "Answer with a set"),
    ],
    "by_word": [
        # Summed over both.
        (
            "words = torch.zeros(int(target_words.max()) + 1, int(source_words.max()) + 1)\n"
            "for t in range(len(weights)):\n"
            "    for s in range(weights.shape[1]):\n"
            "        words[target_words[t], source_words[s]] += weights[t, s]",
            "A written word of two pieces gives 2.00 in all",
        ),
        # Averaged over both.
        (
            "words = torch.stack([torch.stack([\n"
            "    weights[target_words == t][:, source_words == s].mean()\n"
            "    for s in range(source_words.max() + 1)])\n"
            "    for t in range(target_words.max() + 1)])",
            "what does it receive",
        ),
        # Only the columns.
        (
            "words = torch.stack([weights[:, source_words == s].sum(1)\n"
            "                     for s in range(source_words.max() + 1)], dim=1)",
            "you made (3, 3)",
        ),
        # Only the rows.
        (
            "words = torch.stack([weights[target_words == t].mean(0)\n"
            "                     for t in range(target_words.max() + 1)])",
            "you made (2, 4)",
        ),
        # Only the first piece of each written word.
        (
            "columns = torch.stack([weights[:, source_words == s].sum(1)\n"
            "                       for s in range(source_words.max() + 1)], dim=1)\n"
            "words = torch.stack([columns[target_words == t][0]\n"
            "                     for t in range(target_words.max() + 1)])",
            "Your first row is 0.40 0.40 0.20",
        ),
        ("words = weights.T", "yours is (4, 3)"),
    ],
    "log_probability": [
        (
            "rows = decide(read(source), wanted).log_softmax(dim=-1)\n"
            "score = rows.gather(1, wanted[0][:, None]).sum().item()",
            "row t is given piece t",
        ),
        (
            "rows = decide(read(source), wanted[:, :-1]).log_softmax(dim=-1)\n"
            "score = rows.gather(1, wanted[0, 1:, None]).sum().item()",
            "After what does the first piece",
        ),
        (
            "given = torch.cat([torch.tensor([[START]]), wanted[:, :-1]], dim=1)\n"
            "rows = decide(read(source), given).log_softmax(dim=-1)\n"
            "score = rows.gather(1, wanted[0][:, None]).mean().item()",
            "is a mean over the pieces",
        ),
        (
            "given = torch.cat([torch.tensor([[START]]), wanted[:, :-1]], dim=1)\n"
            "score = decide(read(source), given).gather(1, wanted[0][:, None]).sum()",
            "These are logits",
        ),
        (
            "given = torch.cat([torch.tensor([[START]]), wanted[:, :-1]], dim=1)\n"
            "rows = decide(read(source), given).softmax(dim=-1)\n"
            "score = rows.gather(1, wanted[0][:, None]).sum()",
            "up from probabilities",
        ),
        (
            "given = torch.cat([torch.tensor([[START]]), wanted[:, :-1]], dim=1)\n"
            "rows = decide(read(source), given).softmax(dim=-1)\n"
            "score = rows.gather(1, wanted[0][:, None]).prod()",
            "is the probability itself",
        ),
        (
            "given = torch.cat([torch.tensor([[START]]), wanted[:, :-1]], dim=1)\n"
            "rows = decide(read(source), given).log_softmax(dim=-1)\n"
            "score = -rows.gather(1, wanted[0][:, None]).sum()",
            "Which sign does its logarithm have?",
        ),
        # The end token at the wrong side.
        (
            "given = torch.cat([torch.tensor([[END]]), wanted[:, :-1]], dim=1)\n"
            "rows = decide(read(source), given).log_softmax(dim=-1)\n"
            "score = rows.gather(1, wanted[0][:, None]).sum()",
            "what stands in its first place",
        ),
    ],
    "exposure": [
        ('more_letters, more_answers = "teacher", "teacher"', "right in all places with the"),
        ('more_letters, more_answers = "teacher", "alone"', "is right when written alone"),
        ('more_letters, more_answers = "same", "same"', "Whole answers, yes"),
        ('more_letters, more_answers = "alone", "same"', "Which of them is alone?"),
        ('more_letters, more_answers = "teacher", "equal"', "Answer with two of the words"),
    ],
}
