"""Whisper writes what it hears; its cross-attention says when each word was spoken."""

import wave

import matplotlib.pyplot as plt
import numpy as np
import torch
from transformers import AutoFeatureExtractor, AutoModelForSpeechSeq2Seq, AutoTokenizer

from snippets import plots

with wave.open("snippets/audio/open_the_window.wav") as file:
    audio = np.frombuffer(file.readframes(file.getnframes()), dtype="int16") / 32768
tokenizer = AutoTokenizer.from_pretrained("models/whisper")
model = AutoModelForSpeechSeq2Seq.from_pretrained(
    "models/whisper", attn_implementation="eager"
)
extractor = AutoFeatureExtractor.from_pretrained("models/whisper")
sound = extractor(audio, sampling_rate=16000, return_tensors="pt").input_features
with torch.no_grad():
    written = model.generate(sound)  # (1, words)
    ids = torch.cat([torch.tensor([[50257, 50362]]), written], dim=1)  # start, no times
    outputs = model(sound, decoder_input_ids=ids, output_attentions=True)
# 30 seconds of sound are 1500 states of the encoder.
maps = torch.cat(outputs.cross_attentions, dim=1)[0]  # (24 heads, words + 2, 1500)
aligned = [6 * layer + head for layer, head in model.generation_config.alignment_heads]
heads = len(maps)
weights = maps[aligned, 1:-1].mean(dim=0)  # the row that writes a word comes before it
tenths = len(audio) // 1600  # of a second: five of the encoder's 1500 states each
weights = weights[:, : tenths * 5].view(-1, tenths, 5).sum(dim=-1)  # (words, tenths)
last_on_the_clip = weights[-1].sum().item()  # of 1; the rest falls after the clip
words = [tokenizer.decode(token).strip() for token in written[0]]
seconds = [(place + 0.5) / 10 for place in weights.argmax(dim=1).tolist()]

print("\n".join(f"{word:8}{second:.2f}" for word, second in zip(words, seconds)))
hops = audio[: tenths * 1600].reshape(-1, 160)  # 10 ms each, of 160 samples
loud = np.abs(hops).max(axis=1).reshape(tenths, 10).max(axis=1) > 0.02
silent = [n / 10 for n in range(3, 30) if not loud[n]]
pause_from, pause_to = silent[0], silent[-1] + 0.1
print(f"the voice pauses from {pause_from:.1f} to {pause_to:.1f} seconds")

figure, (above, below) = plt.subplots(2, 1, figsize=(4.4, 4.6), height_ratios=(1, 1.6))
above.vlines(np.arange(len(hops)) / 100, hops.min(1), hops.max(1), plots.MUTED, lw=0.7)
for number, (word, second) in enumerate(zip(words, seconds)):
    height = 0.75 + 0.35 * (number % 2)
    if word.isalpha():
        above.vlines(second, -0.5, height, color=plots.BLUE, linewidth=0.8)
        above.text(second + 0.03, height, word, color=plots.BLUE, va="center")
above.set(xlim=(0, tenths / 10), ylim=(-0.75, 1.3), yticks=[], xlabel="seconds")
above.set(title="Each word points at a place in the sound", frame_on=False)
marks = [f"{n / 10:.1f} s" for n in range(tenths)]
plots.heatmap(weights, words, marks, ax=below).set(xticks=[], aspect="auto")
