"""A layer of MiniLM and an RNN of the same width and work: products and time."""

import time

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoModel

torch.set_grad_enabled(False)
torch.manual_seed(0)
eager = {"attn_implementation": "eager"}
layer = AutoModel.from_pretrained("models/minilm", **eager).encoder.layer[0]
rnn = torch.nn.GRU(384, 384, num_layers=2, batch_first=True)


class Products(TorchDispatchMode):  # sees every operation that PyTorch carries out
    def __torch_dispatch__(self, call, types, args=(), kwargs=None):
        self.count += call.name() in ("aten::mm", "aten::addmm", "aten::bmm")
        return call(*args, **kwargs or {})


def measure(model, x):
    with FlopCounterMode(display=False) as counter, Products() as products:
        products.count = 0
        model(x)
    runs_seconds = []
    for _ in range(6):
        start_seconds = time.process_time()
        model(x)
        runs_seconds.append(time.process_time() - start_seconds)
    return counter.get_total_flops() // 2, products.count, min(runs_seconds)


print("| texts × n | layer | RNN | work | time |")
print("|---:|---:|---:|---:|---:|")
rows = []
for texts, n in ((1, 16), (1, 64), (1, 256), (32, 64)):
    x = torch.randn(texts, n, 384)  # (texts, positions, width)
    work, products, layer_seconds = measure(layer, x)
    rnn_work, rnn_products, rnn_seconds = measure(rnn, x)
    rows.append((rnn_work / work, products, rnn_products, rnn_seconds / layer_seconds))
    print(f"| {texts} × {n} | {products} | {rnn_products}"
          f" | {rows[-1][0]:.2f} | {rows[-1][3]:.1f} |")  # fmt: skip

less_work, layer_products, rnn_products, long_ratio_seconds = rows[2]
batch_products, batch_ratio_seconds = rows[3][2:]
