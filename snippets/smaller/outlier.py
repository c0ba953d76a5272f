"""One large number in a row, with one scale for the row and with blocks."""

import torch
from transformers import AutoModel

model = AutoModel.from_pretrained("models/minilm")
weight = model.encoder.layer[2].intermediate.dense.weight.data  # (1536, 384)


def rounded(weight, bits, size):
    blocks = weight.reshape(-1, size)
    least, most = blocks.aminmax(dim=1, keepdim=True)
    scale = (most - least) / (2**bits - 1)
    return (least + scale * ((blocks - least) / scale).round()).reshape(weight.shape)


def error(weight, size, others, bits=4):
    """The error of these numbers, as a share of their length."""
    new = rounded(weight, bits, size)
    return ((new - weight)[:, others].norm() / weight[:, others].norm()).item()


place = 100  # of the number that becomes large, in the fourth block of its row
others = torch.arange(384) != place
same_block = others & (torch.arange(384) // 32 == place // 32)
other_blocks = torch.arange(384) // 32 != place // 32
large, found = weight.clone(), []
large[:, place] = 10 * weight.abs().amax(dim=1)  # one outlier in each row
print("| numbers | whole row | row, 5 bits | other blocks | the same block |")
print("|---|--:|--:|--:|--:|")
for name, matrix in {"as it is": weight, "one made large": large}.items():
    blocks = error(matrix, 32, other_blocks), error(matrix, 32, same_block)
    rows = (error(matrix, 384, others, bits) for bits in (4, 5))
    found.append((*rows, *blocks))
    print("| {} | {:.1%} | {:.1%} | {:.1%} | {:.1%} |".format(name, *found[-1]))
(row, row_5, block, _), (row_large, row_5_large, block_large, same_large) = found
