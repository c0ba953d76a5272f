"""The words after "bat" change its vector in an encoder, and cannot in a decoder."""

import torch
from transformers import AutoModel, AutoTokenizer

sentences = ["The bat slept in a dark cave.", "The bat broke when he hit the ball."]
for name in ("models/minilm", "models/smollm2"):
    tokenizer = AutoTokenizer.from_pretrained(name)
    model = AutoModel.from_pretrained(name)
    start = "<|endoftext|>" if name == "models/smollm2" else ""  # as it was trained
    vectors, last = [], []
    for sentence in sentences:
        inputs = tokenizer(start + sentence, return_tensors="pt")
        place = [token.strip("Ġ") for token in inputs.tokens()].index("bat")
        with torch.no_grad():
            hidden = model(**inputs).last_hidden_state[0]  # (tokens, width)
        vectors.append(hidden[place])
        last.append(hidden[-1])
    cosine = torch.cosine_similarity(*vectors, dim=0)
    at_the_end = torch.cosine_similarity(*last, dim=0)
    print(f"{name[7:]:<8} cosine of the two vectors of bat: {cosine:.4f}")
    if name == "models/minilm":
        encoder_cosine = cosine
decoder_cosine = cosine
print(f"{name[7:]:<8} of the two last tokens: {at_the_end:.4f}")
