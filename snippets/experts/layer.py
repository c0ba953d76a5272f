"""A layer of SmolLM2 as the only expert, and as eight experts that are alike."""

import torch
from transformers import AutoModel, AutoTokenizer

from snippets.shared.mixture import mixture, off

torch.set_grad_enabled(False)
torch.manual_seed(0)
model = AutoModel.from_pretrained("models/smollm2")
tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
text = "<|endoftext|>The robot watered the sunflowers because they were thirsty."
mlp, states = model.layers[9].mlp, []
mlp.register_forward_hook(lambda _, given, made: states.extend((*given, made)))
ids = tokenizer(text, return_tensors="pt").input_ids
model(ids)
x, dense = states[0][0], states[1][0]  # what goes in and what comes out, (tokens, 576)

up, down = torch.cat([mlp.gate_proj.weight, mlp.up_proj.weight]), mlp.down_proj.weight
router = torch.randn(8, 576) / 6  # small enough that no expert gets nearly all
alike = router, up.expand(8, -1, -1), down.expand(8, -1, -1)
one = off(mixture(x, router[:1], up[None], down[None], 1, False), dense)
same = off(mixture(x, *alike, 2, True), dense)
smaller = off(mixture(x, *alike, 2, False), dense)
print(f"one expert: off by {one:.1g}")
print(f"eight that are alike, two used: off by {same:.1g}")
print(f"the same, not divided by the sum: off by {smaller:.2g}\n")

kept, chosen = (x @ router.T).softmax(-1).topk(2)  # (tokens, 2), both
sums = kept.sum(-1)
divided = kept / sums[:, None]
print("    token  chosen   probabilities  divided")
for token, experts, *pairs in list(zip(ids[0], chosen + 1, kept, divided))[1:7]:
    names = " and ".join(map(str, experts.tolist()))
    told = "  ".join("{:.2f} and {:.2f}".format(*pair) for pair in pairs)
    print(f"{tokenizer.decode(token):>9}  {names}  {told}")
first, second = kept[1].tolist()
both = sums[1].item()
place = dense.abs().amax(-1).argmax().item()  # the token of the largest number
largest_sum = sums[place].item()
