"""The wide pair reads 512 tokens as one text and as eight texts: the time of a step."""

import time

import torch
from torch import nn

layers = {"LSTM": nn.LSTM(512, 667, batch_first=True),
          "Transformer": nn.TransformerEncoderLayer(
              512, 4, 2048, 0.0, batch_first=True)}  # fmt: skip


def step_seconds(layer, text):
    """Processor seconds of one forward and backward pass."""
    mask = nn.Transformer.generate_square_subsequent_mask(text.shape[1])
    start_seconds = time.process_time()
    if isinstance(layer, nn.LSTM):
        states, _ = layer(text)
    else:
        states = layer(text, src_mask=mask, is_causal=True)
    states.sum().backward()
    return time.process_time() - start_seconds


one, eight = torch.randn(1, 512, 512), torch.randn(8, 64, 512)  # (texts, tokens, width)
shares_seconds = []
for name, layer in layers.items():
    rounds_seconds = [(step_seconds(layer, one), step_seconds(layer, eight))
                      for _ in range(5)]  # fmt: skip
    one_seconds, eight_seconds = map(min, zip(*rounds_seconds))
    shares_seconds.append(eight_seconds / one_seconds)
    print(f"{name:11} eight texts / one: {shares_seconds[-1]:.2f}")
lstm_ratio_seconds, layer_ratio_seconds = shares_seconds
