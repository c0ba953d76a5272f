"""Other learning rates for both models: the choice of the rate does not decide."""

import torch

from snippets.shared.recall import Recurrent, Transformer, train

rates = [0.001, 0.02]  # the chapter's, 0.005, lies between
found = {}
print("| model, distance | " + " | ".join(map(str, rates)) + " |")
print("|:---|" + "---:|" * len(rates))
for name, reader, distance in [
    ("LSTM", Recurrent, 8), ("Transformer", Transformer, 64)
]:  # fmt: skip
    shares = []
    for rate in rates:
        torch.manual_seed(0)
        shares.append(train(reader(), distance, rate=rate))
    found[name] = shares
    row = " | ".join(f"{share:.0%}" for share in shares)
    print(f"| {name}, {distance} steps back | {row} |")

lstm_best = max(found["LSTM"])
transformer_worst = min(found["Transformer"])
