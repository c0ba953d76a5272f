"""Every piece of the encoder turns an input into the same output as the library."""

import torch
from transformers import AutoModel, AutoTokenizer

from snippets.from_scratch import encoder

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/minilm")
library = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
ours = encoder.load("models/minilm")
text = "The robot watered the sunflowers because they were thirsty."
batch = tokenizer(text, return_tensors="pt")
ids, mask = batch.input_ids, batch.attention_mask
seen = mask.bool()[:, None, None, :]  # (batch, 1, 1, tokens)

x = library.embeddings(ids)  # (batch, tokens, width)
block, their_block = ours.blocks[0], library.encoder.layer[0]
after_attention = their_block.attention(x)[0]  # (batch, tokens, width)
wide = their_block.intermediate(after_attention)  # (batch, tokens, inner)
our_change, our_map = block.attention(x, seen)
their_map = their_block.attention.self(x)[1]
states, maps = ours(ids, mask)

pairs = {
    "embeddings": (states[0], x),
    "norm": (ours.norm(x), library.embeddings.LayerNorm(x)),
    "attention maps": (our_map, their_map),
    "attention, added, norm": (block.attention_norm(x + our_change), after_attention),
    "feed-forward": (
        block.feed_forward(after_attention),
        their_block.output.dense(wide),
    ),
    "one block": (block(x, seen)[0], their_block(x)),
    "the stack of six": (states[-1], library(**batch).last_hidden_state),
}
print("| piece | largest difference |\n| --- | ---: |")
differences = [(a - b).abs().max().item() for a, b in pairs.values()]
for piece, difference in zip(pairs, differences):
    print(f"| {piece} | {difference:.1e} |")
worst = max(differences)
