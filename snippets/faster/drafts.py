"""Drafts for SmolLM2, itself with layers left out: how they agree, what they cost."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/smollm2", padding_side="left")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
texts = open("snippets/decoder/beginnings.txt", encoding="utf-8").read().splitlines()
begun = ["<|endoftext|>" + text for text in texts]
batch = tokenizer(begun, padding=True, return_tensors="pt")
NEW, GUESSES, found = 20, 4, {}
CELLS = "{:.0%} | {:.0%} | {:.0%} | {:.0%} | {:.2f} | {:.2f} | {:.2f} |"
keep = {"output_logits": True, "output_hidden_states": True, "max_new_tokens": NEW}
run = model.generate(**batch, do_sample=False, return_dict_in_generate=True, **keep)
mask = torch.cat([batch.attention_mask, torch.ones(len(texts), NEW - 1).long()], dim=1)
places = (mask.cumsum(1) - 1).clamp(min=0)
rest = {"attention_mask": mask, "position_ids": places, "use_cache": False}
written, layers = run.sequences[:, -NEW:], model.model.layers  # (texts, new)


def read(without):
    """The logits without these layers, read from their place: (texts, new, 49152)."""
    model.model.layers = layers[without.stop :]
    return model(inputs_embeds=states[without.start], **rest, logits_to_keep=NEW).logits


def rounds(agreed):
    """Passes of the target: each takes the right guesses, and one token of its own."""
    count, run = 0, 0
    for right in agreed:
        count, run = (count, run + 1) if right and run < GUESSES else (count + 1, 0)
    return count + (run > 0)


numbers, each = (sum(w.numel() for w in x.parameters()) for x in (model, layers[0]))
# What was computed while it wrote: before each layer, at all places but the last.
states = [torch.cat(steps, dim=1) for steps in zip(*run.hidden_states)]
target = torch.stack(run.logits, dim=1).softmax(-1)  # (texts, new, 49152)
print("| without | agree | lowest | highest | overlap | per pass | cost | read |")
print("|---|--:|--:|--:|--:|--:|--:|--:|")
sets = {"20": range(20, 21), "18 to 21": range(18, 22), "11": range(11, 12)}
for name, out in sets.items():
    logits = read(out)
    agreed = logits.argmax(-1) == written  # (texts, new)
    shares = [f(agreed.float().mean(1)).item() for f in (torch.mean, min, max)]
    overlap = torch.minimum(logits.softmax(-1), target).sum(-1).mean().item()
    tokens = written.numel() / sum(rounds(row) for row in agreed.tolist())
    cost = 1 - len(out) * each / numbers
    found[name] = *shares, overlap, tokens, cost, (1 + GUESSES * cost) / tokens
    print(f"| {name} |", CELLS.format(*found[name]))
agree_one, (tokens_one, _, read_one) = found["20"][0], found["20"][4:]
agree_sink, (tokens_four, cost_four, _) = found["11"][0], found["18 to 21"][4:]
even_four, count = (tokens_four - 1) / GUESSES, len(texts)
