"""One block of the file, read by hand: twenty bytes are thirty-two weights."""

import matplotlib.pyplot as plt
import numpy as np
from gguf import GGUFReader, dequantize

from snippets import plots

tensors = {t.name: t for t in GGUFReader("models/smollm2-gguf/model.gguf").tensors}
tensor = tensors["blk.0.ffn_down.weight"]  # (576, 960) bytes, for (576, 1536) numbers
block = np.array(tensor.data[0, :20])  # the first block of the first row
scale, least = block[:4].view(np.float16).astype(np.float32)
low, high = block[4:] & 15, block[4:] >> 4  # the two halves of each byte
steps = np.concatenate([low, high])  # (32,), each from 0 to 15
weights = least + scale * steps.astype(np.float32)  # (32,)

twenty = " ".join(map(str, block))
print("bytes ", twenty)
print(f"scale  {scale:.5f}, least value {least:.5f}")
print("steps ", *steps)
print("weight", *(f"{w:.3f}" for w in weights[:6]), "…")
library = dequantize(tensor.data, tensor.tensor_type)  # (576, 1536)
same = np.array_equal(library[0, :32], weights)
print("the library reads the same:", same)
bits = 8 * len(block) / len(weights)
lowest, highest, levels = weights.min().item(), weights.max().item(), 16
used = len(set(steps.tolist()))
first_byte, first_step, first = (x[0].item() for x in (block[4:], low, weights))
block_scale, block_least = scale.item(), least.item()
figure, ax = plt.subplots(figsize=(4.4, 3))
ax.hlines(least + scale * np.arange(16), -0.5, 31.5, color=plots.GRID, lw=0.8)
ax.plot(weights, "o", color=plots.BLUE)
ax.set(title="A block has sixteen levels", xlabel="place in the block", ylabel="weight")
