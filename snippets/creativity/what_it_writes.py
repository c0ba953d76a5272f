"""Whisper writes down two clips, then a voice in noise, backward, and silence."""

import re
import textwrap
import wave

import numpy as np
import torch
from transformers import AutoFeatureExtractor, AutoModelForSpeechSeq2Seq, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/whisper")
model = AutoModelForSpeechSeq2Seq.from_pretrained("models/whisper")
extractor = AutoFeatureExtractor.from_pretrained("models/whisper")
NO_SPEECH = tokenizer.convert_tokens_to_ids("<|nocaptions|>")


def read(name):
    with wave.open(name) as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype="int16") / 32768


def write(sound):
    """What is written, the probability of no speech, and the mean log-probability."""
    features = extractor(sound, sampling_rate=16000, return_tensors="pt").input_features
    written = model.generate(features, return_dict_in_generate=True).sequences[0]
    with torch.no_grad():
        logits = model(features, decoder_input_ids=written[None, :-1]).logits[0]
    sure = logits.log_softmax(dim=-1)  # (tokens, vocabulary)
    text = tokenizer.decode(written, skip_special_tokens=True).strip()
    mean = sure[1:].gather(1, written[2:, None]).mean().item()
    return text, sure[0, NO_SPEECH].exp().item(), mean


window = read("snippets/audio/open_the_window.wav")
hiss = np.random.default_rng(0).normal(size=len(window))
hiss *= np.sqrt((window**2).mean())  # as loud as the voice
clips = {
    "window": write(window),
    "train": write(read("snippets/audio/train_at_seven.wav")),
    "window, hiss": write(window + hiss / 2),
    "window, backward": write(window[::-1].copy()),
    "hiss alone": write(hiss),
    "silence": write(np.zeros(48000)),
}
said = "please open the window it is very hot today".split()
for name, (text, no_speech, mean) in clips.items():
    told = textwrap.wrap(f"{name} ({no_speech:.2f}, {mean:.2f}): {text}", 39)
    print("\n    ".join(told))
heard = re.findall(r"[a-z]+", clips["window, hiss"][0].lower())
in_hiss = [word for word in said if word in heard]
found_in_hiss, spoken, survivors = len(in_hiss), len(said), " and ".join(in_hiss)
in_train, (in_silence, silent, silence_mean) = clips["train"][0], clips["silence"]
hiss_silent, back_silent = clips["hiss alone"][1], clips["window, backward"][1]
speech_silent = max(clips[name][1] for name in ("window", "train", "window, hiss"))
