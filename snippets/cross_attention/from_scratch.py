"""One head of the translator's cross-attention from its own weights, and its map."""

import torch
from transformers import AutoTokenizer

from snippets import plots
from snippets.shared.translator import Translator

tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
model = Translator.from_pretrained("models/en-pt", attn_implementation="eager")
english = "The robot watered the sunflowers because they were thirsty."
batch = tokenizer(english, return_tensors="pt", return_token_type_ids=False)
attention = model.model.decoder.layers[1].encoder_attn  # layer 2: the last one
arrived = {}
attention.register_forward_hook(
    lambda module, inputs, output: arrived.update(target=inputs[0], result=output[0])
)
with torch.no_grad():
    portuguese = model.generate(**batch, num_beams=1, max_new_tokens=40)
    outputs = model(
        **batch, decoder_input_ids=portuguese[:, :-1], output_attentions=True
    )
    target = arrived["target"][0]  # (target, 256): what has been written so far
    source = outputs.encoder_last_hidden_state[0]  # (source, 256): what was read
    query = attention.q_proj(target).view(-1, 8, 32).transpose(0, 1)  # (8, target, 32)
    key = attention.k_proj(source).view(-1, 8, 32).transpose(0, 1)  # (8, source, 32)
    value = attention.v_proj(source).view(-1, 8, 32).transpose(0, 1)  # (8, source, 32)
    scores = query @ key.transpose(1, 2) / 32**0.5  # (8, target, source)
    weights = scores.softmax(dim=-1)  # (8, target, source): no causal mask
    mixed = (weights @ value).transpose(0, 1).flatten(1)  # (target, 256)
    result = attention.out_proj(mixed)  # (target, 256): W_O joins the heads

for name in ("query", "key", "value", "weights", "mixed", "result"):
    print(f"{name:8}", tuple(locals()[name].shape))
library = outputs.cross_attentions[1][0]
difference = (weights - library).abs().max().item()
apart = (result - arrived["result"][0]).abs().max().item()
print(f"largest difference of the weights from the model's: {difference:.0e}")
print(f"largest difference of the result: {apart:.0e}")
read = tokenizer.convert_ids_to_tokens(batch.input_ids[0])
written = tokenizer.convert_ids_to_tokens(portuguese[0, 1:])
plots.heatmap(weights[0], written, read, "Each piece looks at its origin", top=1)
