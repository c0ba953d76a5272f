"""Our translator and the library's write the same: twelve sentences there and back."""

from pathlib import Path

import torch
from transformers import AutoTokenizer

from snippets.from_scratch.encoder_decoder import EVERYTHING, generate
from snippets.shared.from_scratch_translator import load_translator
from snippets.shared.translator import Translator

torch.set_grad_enabled(False)
lines = Path("snippets/from_scratch/sentences.txt").read_text("utf-8").splitlines()
sentences, same, count, largest = lines[:1] + lines[9:20], 0, 0, 0.0

for direction in ("en-pt", "pt-en"):
    folder = f"models/{direction}"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ours = load_translator(folder)
    library = Translator.from_pretrained(folder, attn_implementation="eager")
    start, end = library.config.decoder_start_token_id, library.config.eos_token_id
    translations = []
    for sentence in sentences:
        source = tokenizer(sentence, return_tensors="pt").input_ids
        mine = generate(ours, source, [start], end)
        theirs = library.generate(source, max_new_tokens=99, do_sample=False)
        same += torch.equal(mine, theirs)
        count += 1
        ours.decode(mine, ours.encoder(source, EVERYTHING))
        real = library(source, decoder_input_ids=mine, output_attentions=True)
        for layer, right in enumerate(real.cross_attentions):
            difference = ours.decoder.layers[layer].encoder_attn.map - right
            largest = max(largest, difference.abs().max().item())
        translations.append(tokenizer.decode(mine[0], skip_special_tokens=True))
    print(f"{sentences[0]}\n→ {translations[0]}")
    sentences = translations
print(f"{same} of {count} the same; cross-attention differs by at most {largest:.1e}")
