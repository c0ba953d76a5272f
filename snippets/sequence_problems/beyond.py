"""Sequences that are not language: sounds are written down, a molecule is completed."""

import wave

import numpy as np
import torch
from transformers import (
    AutoFeatureExtractor,
    AutoModelForMaskedLM,
    AutoModelForSpeechSeq2Seq,
    AutoTokenizer,
)

torch.set_grad_enabled(False)
print("| sequence | in → out | answer |\n|---|---|---|")
extractor = AutoFeatureExtractor.from_pretrained("models/whisper")
tokenizer = AutoTokenizer.from_pretrained("models/whisper")
model = AutoModelForSpeechSeq2Seq.from_pretrained("models/whisper")
heard, trust = [], []
for clip in ("snippets/audio/open_the_window.wav", "snippets/audio/train_at_seven.wav"):
    with wave.open(clip) as file:
        sound = np.frombuffer(file.readframes(file.getnframes()), "int16") / 32768
    sound = extractor(sound, sampling_rate=16000, return_tensors="pt").input_features
    moments = model.model.encoder(sound).last_hidden_state.shape[1]
    out = model.generate(sound, return_dict_in_generate=True, output_scores=True)
    ids = out.sequences[0, -len(out.scores) :]  # the new tokens, the last one ends
    chosen = [row[0].softmax(dim=-1)[token] for row, token in zip(out.scores, ids)]
    trust.append(torch.stack(chosen).mean().item())
    heard.append(tokenizer.decode(ids, skip_special_tokens=True).strip())
    flow = f"{moments:,} moments → {len(ids)} tokens"
    print(f"| speech | {flow} | {heard[-1]} {trust[-1]:.0%} sure |")
window, train = heard
sure_window, sure_train = trust

tokenizer = AutoTokenizer.from_pretrained("models/rxnmapper")
model = AutoModelForMaskedLM.from_pretrained("models/rxnmapper")
molecule = "CC(=O)Nc1ccc(O)cc1"  # paracetamol
batch = tokenizer(molecule, return_tensors="pt")
hidden = batch.input_ids[0].tolist().index(tokenizer.convert_tokens_to_ids("N"))
batch.input_ids[0, hidden] = tokenizer.mask_token_id
probabilities = model(**batch).logits[0].softmax(dim=-1)  # (tokens, vocabulary)
sure, best = probabilities[hidden].max(dim=-1)
guess = tokenizer.convert_ids_to_tokens(best.item())
atoms, sure = batch.input_ids.shape[1], sure.item()
asked = molecule.replace("N", " ? ")
print(f"| `{asked}` | {atoms} tokens → {atoms} rows | `{guess}`, {sure:.0%} sure |")
