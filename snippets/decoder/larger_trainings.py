"""Gradients in pieces, with fewer kept numbers, and with numbers of two bytes."""

import torch
from transformers import AutoConfig, AutoModelForCausalLM

torch.manual_seed(0)
small = {"num_hidden_layers": 4, "vocab_size": 1000}
config = AutoConfig.from_pretrained("models/smollm2", **small)
model = AutoModelForCausalLM.from_config(config).train()  # of random numbers
own = {parameter.data_ptr() for parameter in model.parameters()}
ids = torch.randint(1000, (8, 32))  # (texts, tokens)


def gradient(parts=1, half=False):
    """The gradient of one step on all texts, and the numbers that were kept for it."""
    model.zero_grad()
    kept = 0

    def count(tensor):
        nonlocal kept
        if tensor.data_ptr() not in own:  # an activation, no parameter
            kept += tensor.numel() * tensor.element_size()
        return tensor

    for part in ids.chunk(parts):
        kept = 0
        with (torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor),
              torch.autocast("cpu", torch.bfloat16, enabled=half)):  # fmt: skip
            loss = model(part, labels=part).loss / parts
        loss.backward()  # adds to the gradient that is there
    return torch.cat([p.grad.flatten() for p in model.parameters()]), kept


whole, whole_kept = gradient()
pieces, pieces_kept = gradient(parts=4)
model.gradient_checkpointing_enable()
again, again_kept = gradient()
model.gradient_checkpointing_disable()
half, half_kept = gradient(half=True)
names = ["all at once", "four pieces", "checkpointing", "bfloat16"]
kept = whole_kept, pieces_kept, again_kept, half_kept
results = zip((whole, pieces, again, half), kept)
for name, (found, kept) in zip(names, results):
    error = ((found - whole).norm() / whole.norm()).item()
    print(f"{name:14} kept {kept / 1e6:4.0f} MB   gradient off by {error:.0e}")
pieces_error = ((pieces - whole).norm() / whole.norm()).item()
again_error = ((again - whole).norm() / whole.norm()).item()
half_error = ((half - whole).norm() / whole.norm()).item()
fewer, quarter = whole_kept / again_kept, pieces_kept / whole_kept
