"""A product with the blocks as they lie in the file, and with the weights unpacked."""

import numpy as np
from gguf import GGUFReader, dequantize

tensors = {t.name: t for t in GGUFReader("models/smollm2-gguf/model.gguf").tensors}
tensor = tensors["blk.0.ffn_gate.weight"]  # (1536, 360) bytes, for (1536, 576) numbers
x = np.random.default_rng(0).normal(size=576)  # a vector that meets the rows

blocks = tensor.data.reshape(1536, 18, 20)  # (rows, blocks, bytes)
scale, least = np.moveaxis(blocks[..., :4].copy().view(np.float16).astype(float), -1, 0)
steps = np.concatenate(
    [blocks[..., 4:] & 15, blocks[..., 4:] >> 4], axis=-1
)  # (rows, blocks, 32)

# A weight is least + scale · step. So a block's share of the product is
# least · (sum of x) + scale · (sum of step · x), and the sum of x serves every row.
parts = x.reshape(18, 32)  # (blocks, 32)
as_it_lies = least @ parts.sum(-1) + (scale * (steps * parts).sum(-1)).sum(
    -1
)  # (rows,)
unpacked = dequantize(tensor.data, tensor.tensor_type).astype(float) @ x  # (rows,)

same = np.allclose(as_it_lies, unpacked, rtol=1e-9, atol=1e-9)
print("the same but for rounding:", same)
read, as_floats = tensor.data.nbytes, 4 * 1536 * 576
times = as_floats / read
print(
    f"bytes read: {read:,} as they lie, {as_floats:,} as float32,"
    f" {times:.1f} times as many"
)
