"""Every piece of the decoder turns an input into the same output as the library's."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets.from_scratch import decoder

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
library = AutoModelForCausalLM.from_pretrained("models/smollm2").model
ours = decoder.load("models/smollm2")
text = "The robot watered the sunflowers because"
ids = tokenizer(text, return_tensors="pt").input_ids  # (batch, tokens)
positions = torch.arange(ids.shape[1])[:, None]
seen = positions >= positions.T  # (tokens, tokens)
angles = positions * ours.speeds  # (tokens, head width / 2)

x = library.embed_tokens(ids)  # (batch, tokens, width)
turns = library.rotary_emb(x, positions.T)
block, their_block = ours.layers[0], library.layers[0]
our_attention = block.self_attn(x, angles, seen, None)[0]
their_attention = their_block.self_attn(x, turns, None)[0]
hidden = library(ids).last_hidden_state
our_logits, cache = ours(ids)

pairs = {
    "embeddings": (ours.embed_tokens(ids), x),
    "RMSNorm": (block.input_layernorm(x), their_block.input_layernorm(x)),
    "grouped attention": (our_attention, their_attention),
    "SwiGLU": (block.mlp(x), their_block.mlp(x)),
    "one block": (
        block(x, angles, seen, None)[0],
        their_block(x, position_embeddings=turns),
    ),
    "logits": (our_logits, hidden @ library.embed_tokens.weight.T),
}
print("| piece | largest difference |\n| --- | ---: |")
differences = [(a - b).abs().max().item() for a, b in pairs.values()]
for piece, difference in zip(pairs, differences):
    print(f"| {piece} | {difference:.2g} |")
worst_piece, worst_logit = max(differences[:-1]), differences[-1]
key_heads, query_heads = cache[0][0].shape[1], library.config.num_attention_heads
