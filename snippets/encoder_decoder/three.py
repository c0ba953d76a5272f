"""The shapes of the three attentions in a translator and in a speech recognizer."""

import wave

import numpy as np
import torch
from transformers import AutoFeatureExtractor, AutoModelForSpeechSeq2Seq, AutoTokenizer

from snippets.shared.translator import Translator


def show(name, outputs):
    print(name)
    for kind in ("encoder_attentions", "decoder_attentions", "cross_attentions"):
        maps = [layer for layer in outputs[kind] if layer is not None]
        shape = tuple(maps[0].shape[1:]) if maps else "none"
        print(f"  {kind:18} {len(maps)} layers of {shape}")
    return [layer for layer in outputs.decoder_attentions if layer is not None]


tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
model = Translator.from_pretrained("models/en-pt", attn_implementation="eager")
batch = tokenizer("I miss you.", return_tensors="pt", return_token_type_ids=False)
with torch.no_grad():
    ids = model.generate(**batch, num_beams=1, max_new_tokens=20)
    outputs = model(**batch, decoder_input_ids=ids[:, :-1], output_attentions=True)
print(tokenizer.convert_ids_to_tokens(batch.input_ids[0]))
print(tokenizer.convert_ids_to_tokens(ids[0, :-1]))
own_past = len(show("translator", outputs))

with wave.open("snippets/audio/open_the_window.wav") as file:
    audio = np.frombuffer(file.readframes(file.getnframes()), dtype="int16") / 32768
extractor = AutoFeatureExtractor.from_pretrained("models/whisper")
model = AutoModelForSpeechSeq2Seq.from_pretrained(
    "models/whisper", attn_implementation="eager"
)
sound = extractor(audio, sampling_rate=16000, return_tensors="pt").input_features
with torch.no_grad():
    written = model.generate(sound, max_new_tokens=20)
    ids = torch.cat([torch.tensor([[50257, 50362]]), written], dim=1)  # start, no times
    outputs = model(sound, decoder_input_ids=ids, output_attentions=True)
masks = torch.cat(show("Whisper", outputs))  # (layers, heads, words, words)
above = masks.triu(diagonal=1).abs().max().item()
print(f"largest weight on a later word, in all of Whisper's decoder: {above}")
