"""Which English piece each Portuguese piece came from, by the cross-attention."""

import torch
from transformers import AutoTokenizer

from snippets import plots
from snippets.shared.translator import Translator

tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
model = Translator.from_pretrained("models/en-pt", attn_implementation="eager")
english = "The agreement on the European Economic Area was signed in August 1992."
batch = tokenizer(english, return_tensors="pt", return_token_type_ids=False)
with torch.no_grad():
    portuguese = model.generate(**batch, num_beams=1, max_new_tokens=40)
    outputs = model(
        **batch, decoder_input_ids=portuguese[:, :-1], output_attentions=True
    )
weights = outputs.cross_attentions[1][0, 0]  # layer 2, head 1: (target, source)
read = tokenizer.convert_ids_to_tokens(batch.input_ids[0])
written = tokenizer.convert_ids_to_tokens(portuguese[0, 1:])
translation = tokenizer.decode(portuguese[0], skip_special_tokens=True)
print(translation)
for piece, row in zip(written, weights):
    place = row.argmax().item()
    print(f"{piece:12} ← {read[place]:12} {row[place]:.2f}")
espaco_area = weights[written.index("▁Espaço"), read.index("▁Area")].item()
top_of_end = weights[-1].max().item()  # the row of the end token, </s>
plots.heatmap(weights, written, read, "Three words in the opposite order", top=1)
