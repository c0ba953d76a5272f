"""A layer of MiniLM and an RNN of the same width and work: products and time."""

import time

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoModel

torch.set_grad_enabled(False)
torch.set_num_threads(1)
torch.manual_seed(0)
eager = {"attn_implementation": "eager"}
layer = AutoModel.from_pretrained("models/minilm", **eager).encoder.layer[0]
rnn = torch.nn.GRU(384, 384, num_layers=2, batch_first=True)


class Products(TorchDispatchMode):  # sees every operation that PyTorch carries out
    def __torch_dispatch__(self, call, types, args=(), kwargs=None):
        self.count += call.name() in ("aten::mm", "aten::addmm", "aten::bmm")
        return call(*args, **kwargs or {})


def count(model, x):
    with FlopCounterMode(display=False) as counter, Products() as products:
        products.count = 0
        model(x)
    return counter.get_total_flops() // 2, products.count


def ratio_seconds(one, other, x):
    """The least time of six rounds, that of `one` divided by that of `other`."""
    runs_seconds = {one: [], other: []}
    for _ in range(6):
        for run in (one, other):
            start_seconds = time.process_time()
            run(x)
            runs_seconds[run].append(time.process_time() - start_seconds)
    return min(runs_seconds[one]) / min(runs_seconds[other])


print("| texts × n | layer | RNN | work | time |")
print("|---:|---:|---:|---:|---:|")
rows = []
for texts, n in ((1, 16), (1, 64), (1, 256), (32, 64)):
    x = torch.randn(texts, n, 384)  # (texts, positions, width)
    (work, products), (rnn_work, rnn_products) = count(layer, x), count(rnn, x)
    rows.append((rnn_work / work, products, rnn_products, ratio_seconds(rnn, layer, x)))
    cells = f"{rows[-1][0]:.2f} | {rows[-1][3]:.1f}"
    print(f"| {texts} × {n} | {products} | {rnn_products} | {cells} |")

less_work, layer_products, rnn_products, long_ratio_seconds = rows[2]
batch_products, batch_ratio_seconds = rows[3][2:]
# No network: 256 products of one row against one product of 256 rows.
matrix, x = torch.randn(384, 3 * 384), torch.randn(256, 384)
apart_ratio_seconds = ratio_seconds(
    lambda x: [row @ matrix for row in x.split(1)], lambda x: x @ matrix, x
)
