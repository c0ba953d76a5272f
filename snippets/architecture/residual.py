"""MiniLM with its residual connections, and without them: all tokens turn one way."""

import matplotlib.pyplot as plt
import torch
from transformers import AutoModel, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm")
robot = "The robot watered the sunflowers because they were thirsty."
court = "The court postponed its ruling on the merger until next year."


def states(sentence):
    inputs = tokenizer(sentence, return_tensors="pt")
    with torch.no_grad():
        outputs = model(**inputs, output_hidden_states=True)
    return torch.cat(outputs.hidden_states)  # (layers + 1, tokens, 384)


def alike(vectors):
    """The average cosine between two different tokens, at each depth."""
    unit = torch.nn.functional.normalize(vectors, dim=-1)
    tokens = unit.shape[1]
    cosines = unit @ unit.transpose(-2, -1)  # (layers + 1, tokens, tokens)
    return (cosines.sum(dim=(1, 2)) - tokens) / (tokens**2 - tokens)


def two_texts():
    first, second = states(robot)[-1].mean(dim=0), states(court)[-1].mean(dim=0)
    return torch.cosine_similarity(first, second, dim=0).item()


with_them, texts_with = alike(states(robot)), two_texts()
for layer in model.encoder.layer:
    for part in (layer.attention.output, layer.output):  # was: norm(dense(new) + old)
        part.forward = lambda new, old, part=part: part.LayerNorm(part.dense(new))
without, texts_without = alike(states(robot)), two_texts()

last_with, last_without = with_them[-1].item(), without[-1].item()
print("| cosine between | with residuals | without |\n|---|---|---|")
print(f"| two tokens of one sentence | {last_with:.3f} | {last_without:.3f} |")
print(f"| two unrelated sentences | {texts_with:.3f} | {texts_without:.3f} |")
plt.plot(without, "o-", color=plots.WARM, label="without residuals")
plt.plot(with_them, "s--", color=plots.COOL, label="with residuals")
plt.gca().set(title="Without residuals all tokens turn one way", ylim=(0, 1.05))
plt.gca().set(xlabel="layers passed", ylabel="average cosine")
plt.legend()
