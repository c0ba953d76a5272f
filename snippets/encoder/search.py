"""Search by meaning: embed the passages once, then compare each question with all."""

import torch
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
encoder = AutoModel.from_pretrained("models/minilm")
passages = [
    "To get your money back, bring the receipt within thirty days.",
    "The library opens at nine and closes at eight.",
    "Dogs must be kept on a lead in the park.",
    "Water the plants in the evening, when the soil is cool.",
    "Press and hold the power button to restart the phone.",
    "The last bus to the harbor leaves at midnight.",
]


def embed(text):
    with torch.no_grad():
        hidden = encoder(**tokenizer(text, return_tensors="pt")).last_hidden_state[0]
    return torch.nn.functional.normalize(hidden.mean(0), dim=0)


index = torch.stack([embed(passage) for passage in passages])  # (passages, width)
questions = [
    "How do I get a refund?",
    "my mobile is frozen",
    "Can I bring my pet?",
    "How can I travel home late at night?",
    "When can I borrow a book?",
    "Who won the match?",
]
for question in questions:
    scores = index @ embed(question)  # (passages,)
    best = scores.argmax()
    print(f"{question}\n    {scores[best]:.2f}  {passages[best]}")
unanswerable = scores.max()
