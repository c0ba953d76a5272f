"""Our Whisper and the library's hear the same words, and look at the same moments."""

import wave

import numpy as np
import torch
from transformers import AutoTokenizer, WhisperFeatureExtractor
from transformers import WhisperForConditionalGeneration as Whisper

from snippets import plots
from snippets.from_scratch.encoder_decoder import EVERYTHING, generate, load

torch.set_grad_enabled(False)
library = Whisper.from_pretrained("models/whisper", attn_implementation="eager")
extractor = WhisperFeatureExtractor.from_pretrained("models/whisper")
tokenizer = AutoTokenizer.from_pretrained("models/whisper")
ours, rules = load("models/whisper"), library.generation_config
start = [rules.decoder_start_token_id, rules.no_timestamps_token_id]
never, not_first = rules.suppress_tokens, rules.begin_suppress_tokens
clips = ["snippets/audio/train_at_seven.wav", "snippets/audio/open_the_window.wav"]

texts, same, differences = [], True, []
for clip in clips:
    with wave.open(clip) as file:
        sound = np.frombuffer(file.readframes(-1), dtype="int16") / 32768
    features = extractor(sound, sampling_rate=16000, return_tensors="pt").input_features
    ids = generate(ours, features, start, rules.eos_token_id, never, not_first)
    theirs = library.generate(features, do_sample=False)
    same = same and tokenizer.decode(theirs[0], True) == tokenizer.decode(ids[0], True)
    texts.append(tokenizer.decode(ids[0], True).strip())
    logits = ours.decode(ids, ours.encoder(features, EVERYTHING))
    maps = torch.stack([layer.encoder_attn.map[0] for layer in ours.decoder.layers])
    heard = library.model.encoder(features)  # the library's own, from the same sound
    real = library(encoder_outputs=heard, decoder_input_ids=ids, output_attentions=True)
    differences.append((maps - torch.stack(real.cross_attentions)[:, 0]).abs().max())
in_maps, compared = max(differences).item(), maps.numel()
for text in texts:
    print(text)
print(f"as the library: {same}; cross-attention differs by at most {in_maps:.2g}")

aligned = torch.stack([maps[layer, head] for layer, head in rules.alignment_heads])
fifths = len(sound) // 3200  # of a second: ten of the encoder's states each
weights = aligned.mean(dim=0)[1:-1, : fifths * 10].unflatten(1, (-1, 10)).sum(dim=-1)
words = [tokenizer.decode(token).strip() for token in ids[0, 2:]]
places = [f"{n / 5:.0f} s" if n % 5 == 0 else "" for n in range(fifths)]
plots.heatmap(weights, words, places, "Word after word, the sound goes by")
