"""Whisper writes down two clips, then a voice in noise, backward, and silence."""

import re
import textwrap
import wave

import numpy as np
from transformers import AutoFeatureExtractor, AutoModelForSpeechSeq2Seq, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/whisper")
model = AutoModelForSpeechSeq2Seq.from_pretrained("models/whisper")
extractor = AutoFeatureExtractor.from_pretrained("models/whisper")


def read(name):
    with wave.open(name) as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype="int16") / 32768


def write(sound):
    features = extractor(sound, sampling_rate=16000, return_tensors="pt").input_features
    written = model.generate(features)[0]
    return tokenizer.decode(written, skip_special_tokens=True).strip()


def words(text):
    return re.findall(r"[a-z]+", text.lower())


window = read("snippets/audio/open_the_window.wav")
train = read("snippets/audio/train_at_seven.wav")
hiss = np.random.default_rng(0).normal(size=len(window))
loudness = np.sqrt((window**2).mean())
clips = {
    "window": write(window),
    "train": write(train),
    "window, hiss": write(window + loudness / 2 * hiss),
    "window, backward": write(window[::-1].copy()),
    "hiss alone": write(loudness * hiss),
    "silence": write(np.zeros(48000)),
}
said = words("Please open the window. It is very hot today.")
for name, text in clips.items():
    print(textwrap.fill(f"{name}: {text}", 80, subsequent_indent="    "))
window_right = words(clips["window"]) == said
found_in_hiss = len(set(said) & set(words(clips["window, hiss"])))
spoken = len(said)
in_train, in_silence = clips["train"], clips["silence"]
