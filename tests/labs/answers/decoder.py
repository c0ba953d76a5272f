"""Typical wrong answers of the lab, and what its checks must say to each."""

WRONG = {
    "bets": [
        ('bets = [{" blue": 0.9}, {" rain": 0.9}, {" water": 0.9}, {" books": 0.5}]', "your list has 4"),
        (
            'bets = [{"blue": 0.9}, {" rain": 0.9}, {" water": 0.9}, {" books": 0.5}, {" dry": 0.5}]',
            "What begins a new word?",
        ),
        (
            'bets = [{" blue": 0.9}, {" rain": 90}, {" water": 0.9}, {" books": 0.5}, {" dry": 0.5}]',
            "a share of one, or percent?",
        ),
        (
            'bets = [{" blue": 0.9}, {" rain": 0.9, " pour": 0.3}, {" water": 0.9}, {" books": 0.5}, {" dry": 0.5}]',
            "Round 2: you spent 1.20",
        ),
        (
            'bets = [{" blue": 1.0}, {" rain": 0.9}, {" water": 0.9}, {" books": 0.5}, {" dry": 0.5}]',
            "you kept nothing back",
        ),
        (
            'bets = [{" blue": 0.9}, {" rain": 0.9}, {" stapler": 0.9}, {" books": 0.5}, {" dry": 0.5}]',
            "Which comes first?",
        ),
        (
            'bets = [{" blue": 0}, {" rain": 0.9}, {" water": 0.9}, {" books": 0.5}, {" dry": 0.5}]',
            "Can a probability be that low?",
        ),
        ('bets = [" blue", " rain", " water", " books", " dry"]', "and not a dictionary"),
    ],
    "surprise": [
        ("bits = -logits.softmax(-1).gather(-1, ids[:, None])[:, 0].log2()", "priced every id"),
        (
            "bits = logits[:-1].log_softmax(-1).gather(-1, ids[1:, None])[:, 0] / math.log(2)",
            "Can a surprise be below zero?",
        ),
        ("bits = -logits[:-1].log_softmax(-1).gather(-1, ids[1:, None])[:, 0]", "how many coins"),
        ("bits = F.cross_entropy(logits[:-1], ids[1:]) / math.log(2)", "What did each token cost?"),
        (
            "bits = -logits[1:].softmax(-1).gather(-1, ids[1:, None])[:, 0].log2()",
            "has already read token 1",
        ),
        (
            "bits = -logits[:-1].softmax(-1).gather(-1, ids[:-1, None])[:, 0].log2()",
            "You ask row 0 about token 0",
        ),
        ("bits = -logits[:-1].gather(-1, ids[1:, None])[:, 0]", "Add 5 to all logits"),
        (
            "bits = -logits[:-1].softmax(0).gather(-1, ids[1:, None])[:, 0].log2()",
            "Along which dimension",
        ),
        ("bits = -logits[:-1].softmax(-1).log2()", "The prices of which tokens"),
        (
            "bits = -logits[:-1].gather(-1, ids[1:, None])[:, 0].log2()",
            "Of what do you take the logarithm?",
        ),
    ],
    "mask": [
        ("mask = torch.ones(length, length).tril() == 1", "True and False"),
        ("mask = torch.ones(length, length).triu(1) * -math.inf", "zero times infinity"),
        ("mask = torch.full((length, length), -math.inf).triu()", "not even itself"),
        ("mask = torch.full((length, length), -math.inf).tril(-1)", "Which index is the query?"),
        ("mask = torch.ones(length, length).tril()", "to make it exactly zero"),
        ("mask = torch.full((length, length), -math.inf).triu(2)", "May it look there?"),
        ("mask = torch.full((length,), -math.inf)", "must be a tensor of shape (4, 4)"),
        ("mask = torch.full((length, length), math.inf).triu(1)", "+∞"),
        (
            "mask = torch.full((length, length), -math.inf)\nmask = mask.triu(1) + mask.tril(-3).nan_to_num(neginf=-1e9)",
            "cannot see all earlier tokens",
        ),
    ],
    "write": [
        (
            "longer = ids\nfor _ in range(steps):\n    token = model(longer).logits[0, 0].argmax()\n"
            "    longer = torch.cat([longer, token.view(1, 1)], dim=1)\n    if token == stop:\n        break",
            "again and again",
        ),
        (
            "longer = ids\nfor _ in range(steps):\n    token = model(ids).logits[0, -1].argmax()\n"
            "    longer = torch.cat([longer, token.view(1, 1)], dim=1)\n    if token == stop:\n        break",
            "Does the model read what it has written?",
        ),
        (
            "longer = ids\nfor _ in range(steps):\n    token = model(longer).logits[0, -1].argmax()\n"
            "    longer = torch.cat([longer, token.view(1, 1)], dim=1)",
            "You write on after the full stop",
        ),
        (
            "longer = ids\nfor _ in range(steps):\n    token = model(longer).logits[0, -1].argmax()\n"
            "    if token == stop:\n        break\n    longer = torch.cat([longer, token.view(1, 1)], dim=1)",
            "You stop one token early",
        ),
        (
            "longer = ids\nfor _ in range(steps):\n    token = model(longer).logits[0, -1].argmax()\n"
            "    longer = torch.cat([longer, token.view(1, 1)], dim=1)\n    if token == stop:\n        break\n"
            "longer = longer[:, ids.shape[1]:]",
            "the new tokens only",
        ),
        (
            "longer = ids\nfor _ in range(steps):\n    token = model(longer).logits[0, -1].argmin()\n"
            "    longer = torch.cat([longer, token.view(1, 1)], dim=1)",
            "which entry is its favorite?",
        ),
        (
            "longer = ids\nfor _ in range(steps - 1):\n    token = model(longer).logits[0, -1].argmax()\n"
            "    longer = torch.cat([longer, token.view(1, 1)], dim=1)",
            "and 2 steps come",
        ),
    ],
    "cached": [
        (
            "longer = ids\nfor _ in range(steps):\n    new = model(longer).logits[:, -1].argmax(-1, keepdim=True)\n"
            "    longer = torch.cat([longer, new], dim=1)",
            "has the model read before?",
        ),
        (
            "longer, cache = ids, None\nfor _ in range(steps):\n    output = model(longer, cache=cache)\n"
            "    cache = output.cache\n    new = output.logits[:, -1].argmax(-1, keepdim=True)\n"
            "    longer = torch.cat([longer, new], dim=1)",
            "reads the old tokens twice",
        ),
        (
            "longer, new = ids, ids\nfor _ in range(steps):\n    new = model(new).logits[:, -1].argmax(-1, keepdim=True)\n"
            "    longer = torch.cat([longer, new], dim=1)",
            "Is the cache handed on?",
        ),
        (
            "longer, new, cache = ids, ids, None\nfor _ in range(steps):\n"
            "    output = model(new, cache=cache)\n    cache = output.cache\n"
            "    new = output.logits[:, -1].argmax(-1, keepdim=True)\n    longer = torch.cat([longer, new], dim=1)\n"
            "model(new, cache=cache)",
            "are enough",
        ),
        (
            "longer, new, cache = ids, ids, None\nfor _ in range(steps):\n"
            "    output = model(new, cache=cache)\n    cache = output.cache\n"
            "    new = output.logits[:, -1].argmax(-1, keepdim=True)\n    longer = torch.cat([longer, new], dim=1)\n"
            "    new = longer[:, -2:]",
            "What has each call read",
        ),
    ],
    "template": [
        (
            'text = ""\nfor turn in chat:\n    text += f"<|im_start|>{turn[\'role\']}\\n{turn[\'content\']}<|im_end|>\\n"\n'
            'text += "<|im_start|>assistant\\n"',
            "Who put it there?",
        ),
        (
            'text = f"<|im_start|>system\\n{SYSTEM}<|im_end|>\\n"\nfor turn in chat:\n'
            '    text += f"<|im_start|>{turn[\'role\']}\\n{turn[\'content\']}<|im_end|>\\n"',
            "Who should speak next",
        ),
        (
            'text = f"<|im_start|>system\\n{SYSTEM}<|im_end|>\\n"\nfor turn in chat:\n'
            '    text += f"<|im_start|>{turn[\'role\']}\\n{turn[\'content\']}<|im_end|>\\n"\n'
            'text += "<|im_start|>assistant\\n"',
            "two system turns",
        ),
        (
            'text = f"<|im_start|>system\\n{SYSTEM}<|im_end|>"\nfor turn in chat:\n'
            '    text += f"<|im_start|>{turn[\'role\']}\\n{turn[\'content\']}<|im_end|>"\n'
            'text += "<|im_start|>assistant"',
            "The new lines differ",
        ),
        (
            'text = f"<|im_start|>system\\n{SYSTEM}<|im_end|>\\n<|im_start|>user\\n{chat[-1][\'content\']}<|im_end|>\\n'
            '<|im_start|>assistant\\n"',
            "not all turns are in your text",
        ),
        (
            'text = f"<|im_start|>system\\n{SYSTEM}<|im_end|>\\n"\nfor turn in chat:\n'
            '    text += f"<|im_start|>user\\n{turn[\'content\']}<|im_end|>\\n"\ntext += "<|im_start|>assistant\\n"',
            "should stand twice",
        ),
        (
            'text = ""\nfor turn in chat:\n    text += f"<|im_start|>system\\n{SYSTEM}<|im_end|>\\n"\n'
            '    text += f"<|im_start|>{turn[\'role\']}\\n{turn[\'content\']}<|im_end|>\\n"\n'
            'text += "<|im_start|>assistant\\n"',
            "the system text stands 3 times",
        ),
        (
            'if chat[0]["role"] != "system":\n    chat.insert(0, {"role": "system", "content": SYSTEM})\n'
            'text = ""\nfor turn in chat:\n    text += f"<|im_start|>{turn[\'role\']}\\n{turn[\'content\']}<|im_end|>\\n"\n'
            'text += "<|im_start|>assistant\\n"',
            "Do you write into the list",
        ),
    ],
    "alarms": [
        (
            "cries = doubts > threshold\ncaught = (cries & wrong).sum() / len(wrong)\n"
            "false_alarms = (cries & ~wrong).sum() / len(wrong)",
            "You divide by all 10 answers",
        ),
        (
            "cries = doubts > threshold\ncaught = cries[wrong].float().mean()\n"
            "false_alarms = (~wrong)[cries].float().mean()",
            "But of how many right answers?",
        ),
        (
            "cries = doubts < threshold\ncaught = cries[wrong].float().mean()\n"
            "false_alarms = cries[~wrong].float().mean()",
            "when it is low?",
        ),
        (
            "cries = doubts > threshold\ncaught = cries[~wrong].float().mean()\n"
            "false_alarms = cries[wrong].float().mean()",
            "Which answers should make it cry",
        ),
        (
            "cries = doubts > threshold\ncaught = (cries & wrong).sum()\nfalse_alarms = (cries & ~wrong).sum()",
            "These are counts",
        ),
        (
            "cries = doubts > threshold\ncaught = cries[wrong].float().mean()\nfalse_alarms = 1 - caught",
            "a share of which answers?",
        ),
        (
            "cries = doubts > 2\ncaught = cries[wrong].float().mean()\nfalse_alarms = cries[~wrong].float().mean()",
            "get its threshold from",
        ),
        ("caught = (doubts > threshold).float()\nreturn caught.mean()", "Return two shares"),
        (
            "cries = doubts > threshold\ncaught = wrong[cries].float().mean()\n"
            "false_alarms = (~wrong)[cries].float().mean()",
            "You divide by its 5 cries",
        ),
    ],
}
