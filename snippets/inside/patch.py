"""One state carried from one run of SmolLM2 into another, and into a wrong place."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
torch.set_grad_enabled(False)
capitals = {"France": "Paris", "Italy": "Rome", "Spain": "Madrid", "Japan": "Tokyo",
            "Germany": "Berlin", "Russia": "Moscow", "Egypt": "Cairo",
            "Greece": "Athens", "England": "London", "China": "Beijing",
            "Poland": "Warsaw"}  # fmt: skip
prompts = [f"<|endoftext|>The capital of {x} is the city of" for x in capitals]
ids = torch.tensor(tokenizer(prompts).input_ids)  # (texts, 9): a country is one token
answers = torch.tensor([tokenizer(f" {x}").input_ids[0] for x in capitals.values()])
CAPITAL, COUNTRY, IS, THE, CITY, LAST = 2, *range(4, 9)


# Before each layer, (texts, 9, 576): what lies below a patch need not run again.
states = model.model(ids, output_hidden_states=True).hidden_states
every = model.model.layers


def answer(layer, *pairs):
    """The first choice, where each target got the source's state of the next text."""
    patched = states[layer].repeat(len(pairs) or 1, 1, 1, 1)  # one copy for each pair
    for copy, (source, target) in zip(patched, pairs):
        copy[:, target] = copy[:, source].roll(-1, dims=0)
    model.model.layers = every[layer:]
    out = model.model(inputs_embeds=patched.flatten(0, 1), use_cache=False)
    logits = model.lm_head(out.last_hidden_state[:, LAST])
    return logits.argmax(dim=-1).view(-1, len(ids))  # (pairs, texts)


right, countries = (answer(0) == answers).sum().item(), len(capitals)
layers = list(range(0, 30, 4))
ways = {"country → country": (COUNTRY, COUNTRY), "last → last": (LAST, LAST),
        "is → is": (IS, IS), "the → the": (THE, THE), "city → city": (CITY, CITY),
        "country → capital": (COUNTRY, CAPITAL)}  # fmt: skip
other = answers.roll(-1)  # the capital of the next text's country
shares = [(answer(n, *ways.values()) == other).float().mean(1) for n in layers]
moved = torch.stack(shares, dim=1).tolist()  # (ways, layers)
print(f"without a patch {right} of {countries} right")
print("before layer", " " * 5, " ".join(f"{layer:4}" for layer in layers))
for name, row in zip(ways, moved):
    print(f"{name:18}", " ".join(f"{share:4.0%}" for share in row))
lowest_early, late = min(moved[0][:4]), moved[0][-1]  # of the country
last_early, last_late = max(moved[1][:5]), moved[1][-1]
most_between, most_wrong = max(map(max, moved[2:5])), max(moved[5])
given = answer(layers[-1], (LAST, LAST))[0]  # where it did not become that capital:
missed = " and ".join(tokenizer.decode(x).strip() for x in given[given != other])
wrong, turned = (round(countries * x) for x in (most_wrong, last_late))  # prompts
plots.heatmap(moved, list(ways), layers, "The difference moves to the end", top=1)
