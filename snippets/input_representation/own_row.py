"""Which row of SmolLM2's token table fits a row best? Seldom the row itself."""

from collections import Counter

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
table = model.get_input_embeddings().weight.detach()  # (vocabulary, width)
asked = torch.arange(0, len(table), 32)  # every 32nd token
count = len(asked)


def ask(name, rows):
    """How many rows have the largest product with themselves, and who wins most."""
    best = (rows[asked] @ rows.T).argmax(1)  # (asked,)
    own = (best == asked).float().mean().item()
    winner, wins = Counter(best.tolist()).most_common(1)[0]
    text = tokenizer.decode(winner).strip()
    print(f"{name:<30}{own:6.1%} are their own; {text!r} wins {wins / count:.0%}")
    return own, winner, wins / count


lengths = table.norm(dim=1, keepdim=True)
unit = table / lengths
by_product, winner, share_won = ask("as they are", table)
winner_text = tokenizer.decode(winner).strip()
torch.manual_seed(0)
shuffled, _, _ = ask("lengths shuffled", unit * lengths[torch.randperm(len(table))])
centered = torch.nn.functional.normalize(table - table.mean(0), dim=1)
without_mean, _, _ = ask("no common part, same lengths", centered * lengths)
longer = int((lengths > lengths[winner]).sum())  # than the winner
alike = (unit[asked] @ unit[asked].T).mean().item()
print(f"rows that are longer than the first winner's: {longer}")
print(f"mean cosine of two rows: {alike:.2f}")
