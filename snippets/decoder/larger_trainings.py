"""Gradients in pieces, with fewer kept numbers, and with numbers of two bytes."""

import torch
from transformers import AutoConfig, AutoModelForCausalLM

torch.manual_seed(0)
small = {"num_hidden_layers": 4, "vocab_size": 1000}
config = AutoConfig.from_pretrained("models/smollm2", **small)
model = AutoModelForCausalLM.from_config(config).train()  # of random numbers
own = {parameter.data_ptr() for parameter in model.parameters()}
ids = torch.randint(1000, (32, 32))  # (texts, tokens)


def gradient(texts=8, parts=1, half=False):
    """The gradient of one step, and the megabytes kept for its backward pass."""
    model.zero_grad()
    sizes = {}

    def count(tensor):
        if tensor.data_ptr() not in own:  # an activation, no parameter
            place = tensor.untyped_storage()
            sizes[place.data_ptr()] = place.nbytes()  # each place counts once
        return tensor

    for part in ids[:texts].chunk(parts):
        sizes.clear()
        with (torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor),
              torch.autocast("cpu", torch.bfloat16, enabled=half)):  # fmt: skip
            loss = model(part, labels=part).loss / parts
        kept = sum(sizes.values()) / 1e6
        loss.backward()  # adds to the gradient that is there
    return torch.cat([p.grad.flatten() for p in model.parameters()]), kept


whole, whole_kept = gradient()
pieces, pieces_kept = gradient(parts=4)
model.activation_checkpointing_enable()
again, again_kept = gradient()
model.activation_checkpointing_disable()
half, half_kept = gradient(half=True)
names = ["all at once", "four pieces", "checkpointing", "bfloat16"]
kept = whole_kept, pieces_kept, again_kept, half_kept
found = whole, pieces, again, half
errors = [((one - whole).norm() / whole.norm()).item() for one in found]
for name, held, error in zip(names, kept, errors):
    told = f"off by {error:.0e}" if error else "the same"
    print(f"{name:14} kept {held:4.0f} MB   gradient {told}")
many_kept, many_half = gradient(32)[1], gradient(32, half=True)[1]
print(f"for 32 texts:  kept {many_kept:4.0f} MB, with bfloat16 {many_half:.0f} MB")
_, pieces_error, again_error, half_error = errors
fewer, quarter = whole_kept / again_kept, pieces_kept / whole_kept
fixed = (4 * half_kept - many_half) / 3  # what does not grow with the texts
