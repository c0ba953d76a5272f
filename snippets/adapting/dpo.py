"""SmolLM2 learns by DPO to prefer headlines nearer to the number asked; and by lot."""

import copy

import torch
from torch.nn.functional import logsigmoid
from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets.shared.headlines import LEARN, TEST, Headlines, loss_on_news
from snippets.shared.last_layers import LastLayers

tokenizer = AutoTokenizer.from_pretrained("models/smollm2", pad_token="<|endoftext|>")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
learn, loss_of = Headlines(model, tokenizer, LEARN, 0), loss_on_news(model, tokenizer)
pairs = learn.nearer.nonzero()[:32, 0]  # without drafts that are equally far off
start, beta, found, first = LastLayers(model), 0.1, [], learn.nearer[pairs, None] > 0
before = learn.logs(start, pairs).detach()  # (32 pairs, 2 drafts)
print("| chosen | five | off | twelve | off | nearer | farther | loss |")
print("|---|--:|--:|--:|--:|--:|--:|--:|")
for name, seed in ("(before)", 0), ("nearer", 0), ("by lot", 0), ("by lot", 1):
    torch.manual_seed(seed)
    top, signs = copy.deepcopy(start), learn.nearer[pairs]
    if name == "by lot":
        signs[torch.randperm(32)[:16]] *= -1  # in half of the pairs the farther one
    for weight in top.layers.requires_grad_(False).parameters():
        weight.requires_grad_(weight.dim() == 1)  # the norms alone learn
    optimizer = torch.optim.AdamW(top.layers.parameters(), lr=5e-3)
    parts = torch.cat([torch.randperm(32), torch.randperm(32)]).view(16, 4)
    for part in parts[: 0 if name == "(before)" else 16]:
        moved = beta * (learn.logs(top, pairs[part]) - before[part])
        loss = -logsigmoid(signs[part] * (moved[:, 0] - moved[:, 1])).mean()
        optimizer.zero_grad(), loss.backward(), optimizer.step()
    now = before if name == "(before)" else learn.logs(top, pairs).detach()
    moved, news = now - before, loss_of(top)
    moved = moved.where(first, moved.flip(1))  # the nearer, the farther
    apart = (moved[:, 0] > moved[:, 1]).sum().item()
    model.model.layers[28], model.model.layers[29] = top.layers
    new = Headlines(model, tokenizer, TEST, 2)  # the first half asks for five words
    found.append((*new.lengths(), *moved.mean(0).tolist(), news))
    cells = "{:.1f} | {:.0%} | {:.1f} | {:.0%} | {:+.1f} | {:+.1f} | {:.2f}"
    print(f"| {name} | {cells.format(*found[-1])} |")
    found[-1] += apart, new.distinct
(five, five_off, twelve, twelve_off, *_, old_distinct), near, *lots = found
near_five, near_off, near_twelve, near_twelve_off, *_, apart, distinct = near
more_before, more_after, used = twelve - five, near_twelve - near_five, len(pairs)
news_change = near[6] - found[0][6]
(_, lot_off, *_, lot_apart, _), (_, other_off, *_, other_apart, _) = lots
asked_for, drafts, right = len(LEARN), 2 * len(LEARN), (learn.off == 0).sum().item()
shorter = (learn.words[pairs].diff().sign()[:, 0] == learn.nearer[pairs]).sum().item()
