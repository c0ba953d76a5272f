"""Where the norms stand: what runs first and last in one block of each real model."""

import torch
from transformers import AutoModel

from snippets.shared.translator import Translator


def order(stack, block, inputs):
    """Run the stack, and write down which parts of this block run, in turn."""
    ran = []
    for name, module in block.named_modules():
        if "Norm" in type(module).__name__:
            part = "norm"
        elif name.startswith(("intermediate", "output", "ffn", "fc", "mlp")):
            part = "feed-forward"
        elif isinstance(module, torch.nn.Linear):
            part = "attention"
        else:
            continue
        module.register_forward_hook(lambda a, b, c, part=part: ran.append(part))
    with torch.no_grad():
        stack(inputs)
    return [part for i, part in enumerate(ran) if ran[i - 1 : i] != [part]]


ids = torch.tensor([[5, 6, 7]])
sound = torch.zeros(1, 80, 3000)  # 30 seconds of silence
load = AutoModel.from_pretrained
bert, albert = load("models/minilm"), load("models/rxnmapper")
llama, whisper = load("models/smollm2"), load("models/whisper").encoder
marian = Translator.from_pretrained("models/en-pt").get_encoder()
one_group = albert.encoder.albert_layer_groups[0].albert_layers[0]
cases = {  # what is run, one block of it, what holds the blocks, what it reads
    "MiniLM (BERT)": (bert, bert.encoder.layer[5], bert.encoder, ids),
    "RXNMapper (ALBERT)": (albert, one_group, albert.encoder, ids),
    "en-pt (Marian), encoder": (marian, marian.layers[5], marian, ids),
    "Whisper, encoder": (whisper, whisper.layers[3], whisper, sound),
    "SmolLM2 (Llama)": (llama, llama.layers[29], llama, ids),
}
post = pre = 0
print("| model | one block, in order | a last norm? | so it is |\n|---|---|---|---|")
for name, (model, block, stack, inputs) in cases.items():
    parts = order(model, block, inputs)[:4]
    last = any("Norm" in type(child).__name__ for child in stack.children())
    kind = "pre-norm" if parts[0] == "norm" else "post-norm"
    pre, post = pre + (kind == "pre-norm"), post + (kind == "post-norm")
    print(f"| {name} | {' → '.join(parts)} | {'yes' if last else 'no'} | {kind} |")
