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


def error(weight, size, others):
    """The error of these numbers at 4 bits, as a share of their length."""
    new = rounded(weight, 4, size)
    return ((new - weight)[:, others].norm() / weight[:, others].norm()).item()


place = 100  # of the number that becomes large, in the fourth block of its row
others = torch.arange(384) != place
same_block = others & (torch.arange(384) // 32 == place // 32)
other_blocks = torch.arange(384) // 32 != place // 32
large, exchanged = weight.clone(), weight.clone()
large[:, place] = 10 * weight.abs().amax(dim=1)  # one outlier in each row
exchanged[:, place] = weight[:, 200]  # the control
cases = {"as it is": weight, "one exchanged": exchanged, "one made large": large}
print("| numbers | whole row | other blocks | the same block |")
print("|---|--:|--:|--:|")
found = []
for name, matrix in cases.items():
    blocks = error(matrix, 32, other_blocks), error(matrix, 32, same_block)
    found.append((error(matrix, 384, others), *blocks))
    print("| {} | {:.1%} | {:.1%} | {:.1%} |".format(name, *found[-1]))
(row, block, _), _, (row_large, block_large, same_large) = found
