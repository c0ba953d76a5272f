"""Which row of SmolLM2's token table fits a row best? Seldom the row itself."""

from collections import Counter

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
table = model.get_input_embeddings().weight.detach()  # (vocabulary, width)
unit = torch.nn.functional.normalize(table, dim=1)
asked = torch.arange(0, len(table), 32)  # every 32nd token

shares, winners = [], []
for name, rows in (("dot product", table), ("cosine", unit)):
    best = (rows[asked] @ rows.T).argmax(1)  # (asked,)
    shares.append((best == asked).float().mean().item())
    winners += Counter(best.tolist()).most_common(1)
    print(f"{name}: {shares[-1]:.1%} of {len(asked):,} tokens fit themselves best")
winner, wins = winners[0]
winner_text, count = tokenizer.decode(winner).strip(), len(asked)
share_won = wins / count
print(f"by dot product, {winner_text!r} wins {wins:,} times")
by_product, by_cosine = shares
lengths = table.norm(dim=1)
longer = int((lengths > lengths[winner]).sum())  # than the winner
print(f"rows that are longer than the winner's: {longer}")
