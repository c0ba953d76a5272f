"""How many experts some tokens need: counted in the tiny model, by lot in others."""

import torch
from safetensors.torch import load_file

from snippets.shared.tiny_experts import CONTEXT, Experts, Tiny, read, test

letters, _, held_out = read()
model = Tiny(len(letters), Experts(8, 32))
model.load_state_dict(load_file("models/tiny-experts/0.safetensors"))
test(model, held_out)
chosen = model.network.chosen.view(-1, CONTEXT)  # (texts, tokens)
torch.manual_seed(0)
shuffled = chosen[torch.randperm(len(chosen))]


def different(rows):
    """The mean number of different experts in a row."""
    return torch.nn.functional.one_hot(rows, 8).amax(1).sum(1).float().mean().item()


def by_lot(experts, top, tokens):
    """The same, if each token drew its experts."""
    return experts * (1 - (1 - top / experts) ** tokens)


print("| tokens | of one text | of as many texts | 1 of 8 | 4 of 32 | 8 of 256 |")
print("|--:|--:|--:|--:|--:|--:|")
found = {}
for tokens in (1, 2, 4, 8, 16, 32):
    one_text = different(chosen[:, :tokens])
    groups = shuffled[: len(chosen) // tokens * tokens].view(-1, tokens, CONTEXT)
    texts = different(groups.transpose(1, 2).flatten(0, 1))  # each place of each group
    lots = [by_lot(*sizes, tokens) for sizes in ((8, 1), (32, 4), (256, 8))]
    found[tokens] = one_text, texts, *lots
    small, (oss, deepseek) = lots[0], (f"{n:.0f}" for n in lots[1:])
    counted = f"{one_text:.1f} | {texts:.1f}"
    print(f"| {tokens} | {counted} | {small:.1f} | {oss} | {deepseek} |")
tiny_8, batch_8, lot_8, oss_8, deepseek_8 = found[8]
tiny_32, batch_32, lot_32, oss_32, deepseek_32 = found[32]
each_8, each_32 = deepseek_8 / 8, deepseek_32 / 32

# DeepSeek-V3: an expert has three matrices of 7,168 by 2,048, in 58 of the 61 layers.
# What else a token uses of 36.6 · 10⁹ weights is fetched once for all tokens.
chosen = 8 * 3 * 7168 * 2048 * 58 / 1e9
rest = 36.6 - chosen
share_8 = (rest / 8 + chosen * each_8 / 8) / (rest + chosen)
print(
    f"\nDeepSeek-V3: 8 tokens together fetch {share_8:.0%} of what they do one by one."
)
