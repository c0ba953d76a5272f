"""Portuguese leaves the pronoun out; where does the English one come from?"""

import torch
from transformers import AutoTokenizer

from snippets import plots
from snippets.shared.translator import Translator

tokenizer = AutoTokenizer.from_pretrained("models/pt-en")
model = Translator.from_pretrained("models/pt-en", attn_implementation="eager")
for portuguese in ("Comprei um carro vermelho.", "Comprámos um carro vermelho."):
    batch = tokenizer(portuguese, return_tensors="pt", return_token_type_ids=False)
    with torch.no_grad():
        ids = model.generate(**batch, num_beams=1, max_new_tokens=40)
        outputs = model(**batch, decoder_input_ids=ids[:, :-1], output_attentions=True)
    print(portuguese, "→", tokenizer.decode(ids[0], skip_special_tokens=True))
weights = outputs.cross_attentions[1][0, 0]  # layer 2, head 1: (target, source)
read = tokenizer.convert_ids_to_tokens(batch.input_ids[0])
written = tokenizer.convert_ids_to_tokens(ids[0, 1:])
for piece, row in zip(written[:-1], weights):  # but for the end token
    print(f"{piece:8} ← {read[row.argmax()]}")
verb = sum(weights[0, i].item() for i in range(read.index("▁um")))  # its pieces
bought = written.index("▁bought")
first, second = weights[bought, :2].tolist()  # on ▁Comp and rá
plots.heatmap(weights, written, read, "“We” points at the verb's ending", top=1)
