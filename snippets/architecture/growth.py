"""How long a token's vector is after each layer, under post-norm and pre-norm."""

import wave

import matplotlib.pyplot as plt
import numpy as np
import torch
from transformers import AutoFeatureExtractor, AutoModel, AutoTokenizer

from snippets import plots

torch.set_grad_enabled(False)
robot = "The robot watered the sunflowers because they were thirsty."
lines = open("models/rated-sentences/news.tsv", encoding="utf-8").read().splitlines()
texts = [robot, *(line.split("\t")[1] for line in lines[:400:10])]


def median_length(model, inputs):
    """At each depth: the median length of a token's vector."""
    states = model(**inputs, output_hidden_states=True).hidden_states
    return torch.cat(states).norm(dim=-1).median(dim=-1).values  # (layers + 1,)


def lengths(folder, start=""):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder)
    batches = (tokenizer(start + text, return_tensors="pt") for text in texts)
    return torch.stack([median_length(model, batch) for batch in batches])


post = lengths("models/minilm")
pre = lengths("models/smollm2", "<|endoftext|>")[:, :-1]  # the last is after a norm
with wave.open("snippets/audio/open_the_window.wav") as file:
    sound = np.frombuffer(file.readframes(file.getnframes()), "int16") / 32768
extract = AutoFeatureExtractor.from_pretrained("models/whisper")
heard = extract(sound, sampling_rate=16000, return_tensors="pt")
whisper = AutoModel.from_pretrained("models/whisper").encoder
speech = median_length(whisper, heard)[:-1]  # (layers,)
post_growth, *post_news = (post[:, -1] / post[:, 0]).tolist()
pre_growth, *pre_news = (pre[:, -1] / pre[:, 0]).tolist()
count, pre_lowest, pre_highest = len(pre_news), min(pre_news), max(pre_news)
post_lowest, post_highest = min(post_news), max(post_news)
first_layer = (pre[0, 1] / pre[0, 0]).item()
speech_growth = (speech[-1] / speech[0]).item()
names = "MiniLM, post-norm", "SmolLM2, pre-norm", "Whisper, pre-norm"
for name, row in zip(names, (post[0], pre[0], speech)):
    print(f"{name}: from {row[0]:.1f} to {row[-1]:.1f}")
plt.plot(pre[0] / pre[0, 0], color=plots.WARM, label="SmolLM2 (pre-norm)")
plt.plot(speech / speech[0], ":", color=plots.BLUE, label="Whisper (pre-norm)")
plt.plot(post[0] / post[0, 0], "--", color=plots.COOL, label="MiniLM (post-norm)")
plt.gca().set(yscale="log", title="SmolLM2's vectors grow, MiniLM's do not",
              xlabel="layers passed", ylabel="length, first = 1")  # fmt: skip
plt.yticks([1, 10, 100], ["1", "10", "100"])
plt.legend()
