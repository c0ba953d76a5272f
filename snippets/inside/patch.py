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


def answer(layer=None, source=None, target=None):
    """The first choice, where the target got the source's state of the next text."""
    given = model.model.layers[layer or 0]

    def patch(module, inputs):
        if layer is not None:
            inputs[0][:, target] = inputs[0][:, source].roll(-1, dims=0)

    hook = given.register_forward_pre_hook(patch)
    logits = model.lm_head(model.model(ids).last_hidden_state[:, LAST])
    hook.remove()
    return logits.argmax(dim=-1)


right, countries = (answer() == answers).sum().item(), len(capitals)
layers = list(range(0, 30, 4))
ways = {"country → country": (COUNTRY, COUNTRY), "last → last": (LAST, LAST),
        "is → is": (IS, IS), "the → the": (THE, THE), "city → city": (CITY, CITY),
        "country → capital": (COUNTRY, CAPITAL)}  # fmt: skip
other = answers.roll(-1)  # the capital of the next text's country
moved = [
    [(answer(layer, *way) == other).float().mean().item() for layer in layers]
    for way in ways.values()
]
print(f"without a patch {right} of {countries} right")
print("before layer", " " * 5, " ".join(f"{layer:4}" for layer in layers))
for name, row in zip(ways, moved):
    print(f"{name:18}", " ".join(f"{share:4.0%}" for share in row))
lowest_early, late = min(moved[0][:4]), moved[0][-1]  # of the country
last_early, last_late = max(moved[1][:5]), moved[1][-1]
most_between, most_wrong = max(map(max, moved[2:5])), max(moved[5])
wrong, turned = (round(countries * x) for x in (most_wrong, last_late))  # prompts
plots.heatmap(moved, list(ways), layers, "The difference moves to the end", top=1)
