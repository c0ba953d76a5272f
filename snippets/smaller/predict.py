"""SmolLM2's weights have 16 levels a block. Rounded again, to 32: what changes?"""

from transformers import AutoModelForCausalLM

model = AutoModelForCausalLM.from_pretrained("models/smollm2")
blocks = model.model.layers[0].mlp.down_proj.weight.data.reshape(-1, 32)

least, most = blocks.aminmax(dim=1, keepdim=True)
for levels in (16, 32):
    scale = (most - least) / (levels - 1)
    new = least + scale * ((blocks - least) / scale).round()
    moved = ((new - blocks).abs() > 0.01 * scale).float().mean().item()
    print(f"{levels} levels: {moved:.0%} of the weights move")
