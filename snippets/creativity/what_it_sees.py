"""From sound to the vectors that Whisper's encoder reads, one shape at a time."""

import wave

import matplotlib.pyplot as plt
import numpy as np
import torch
from transformers import AutoFeatureExtractor, AutoModelForSpeechSeq2Seq

from snippets import plots

with wave.open("snippets/audio/open_the_window.wav") as file:
    audio = np.frombuffer(file.readframes(file.getnframes()), dtype="int16") / 32768
extractor = AutoFeatureExtractor.from_pretrained("models/whisper")
encoder = AutoModelForSpeechSeq2Seq.from_pretrained("models/whisper").model.encoder
sound = extractor(audio, sampling_rate=16000, return_tensors="pt").input_features
with torch.no_grad():
    once = torch.nn.functional.gelu(encoder.conv1(sound))  # (1, 384, 3000)
    twice = torch.nn.functional.gelu(encoder.conv2(once))  # (1, 384, 1500)

seconds, samples = len(audio) / 16000, len(audio)
tokens, width = twice.shape[2], twice.shape[1]
token_ms = 30 / tokens * 1000
real = round(seconds * tokens / 30)
print(f"sound: {samples:,} samples, {seconds:.1f} seconds")
print("log-mel spectrogram:", tuple(sound.shape), "bands, frames")
print("after convolution 1:", tuple(once.shape))
print("after convolution 2:", tuple(twice.shape), "numbers, tokens")
print(f"a token: {token_ms:.0f} ms; with sound: {real} of {tokens}")
print("positions, a fixed table:", tuple(encoder.embed_positions.weight.shape))

figure, ax = plt.subplots(figsize=(4.4, 2.6))
picture = sound[0, :, : int(seconds * 100)]
ax.imshow(picture, origin="lower", aspect="auto", cmap=plots.WEIGHTS,
          extent=(0, seconds, 0, 80))  # fmt: skip
ax.set(xlabel="seconds", ylabel="band: low to high")
ax.set_title("What the model sees is a picture")
