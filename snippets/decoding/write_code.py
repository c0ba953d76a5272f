"""How many of the function bodies that the model writes are right, by method."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2", padding_side="left")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")

right = {
    "def add(a, b):\n    return": ["a + b"],
    "def square(x):\n    return": ["x * x", "x ** 2", "x**2"],
    "def is_even(n):\n    return": ["n % 2 == 0", "(n % 2 == 0)"],
    "def largest(numbers):\n    return": ["max(numbers)"],
    "def area(width, height):\n    return": ["width * height", "height * width"],
    "def first_word(text):\n    return": ["text.split()[0]", "text.split(' ')[0]"],
}
inputs = tokenizer(list(right), return_tensors="pt", padding=True)
start = inputs.input_ids.shape[1]
draw = {"do_sample": True, "num_return_sequences": 4, "top_k": 0}
shares = []
for name, settings in {
    "greedy": {},
    "T = 0.5": draw | {"temperature": 0.5},
    "T = 1": draw,
    "T = 1.5": draw | {"temperature": 1.5},
}.items():
    torch.manual_seed(0)
    ids = model.generate(**inputs, max_new_tokens=9, **settings)[:, start:]
    bodies = [tokenizer.decode(row).split("\n")[0].strip() for row in ids]
    each = len(bodies) // len(right)  # answers for each function, one after another
    answers = [right[f] for f in right for _ in range(each)]
    good = sum(body in known for body, known in zip(bodies, answers))
    shares.append(good / len(bodies))
    print(f"{name:8} {good:2} of {len(bodies):2} right: {bodies[0]} · {bodies[each]}")
greedy_share, cool_share, one_share, hot_share = shares
