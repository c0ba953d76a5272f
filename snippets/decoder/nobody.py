"""Capitals of real and of invented countries: how sure SmolLM2 is of its answers."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2", padding_side="left")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")

real = """France Italy Egypt Peru Spain Japan Norway Kenya Cuba Greece
Chad Laos Bhutan Suriname Brunei Tonga Gabon Moldova Eritrea Malta""".split()
capitals = """Paris Rome Cairo Lima Madrid Tokyo Oslo Nairobi Havana Athens N'Djamena
Vientiane Thimphu Paramaribo Begawan Nukuʻalofa Libreville Chișinău Asmara
Valletta""".split()
invented = """Veltania Brumovia Sorland Quenta Maruvia Tolgaria Pelluria Nordavia
Zembara Halvenia Orinia Tasmuria Kelbia Dovaria Umbrekia Yasturia Fenlovia Grastan
Ilvaria Mokentia""".split()
texts = []
for country in real + invented:
    chat = [{"role": "user", "content": f"What is the capital of {country}?"}]
    turns = tokenizer.apply_chat_template(
        chat, tokenize=False, add_generation_prompt=True
    )
    texts.append(f"{turns}The capital of {country} is")
batch = tokenizer(texts, padding=True, return_tensors="pt")
output = model.generate(
    **batch, max_new_tokens=8, output_logits=True, return_dict_in_generate=True
)
first = output.logits[0].softmax(-1).max(-1).values  # (texts,): of the first new token
new = output.sequences[:, batch.input_ids.shape[1] :]
answers = tokenizer.batch_decode(new, skip_special_tokens=True)
print("| country | its capital is … | probability |")
print("|---|---|--:|")
asked = [*zip(real + invented, answers, first.tolist())]
for country, text, probability in asked[:4] + asked[20:24]:  # the first of each kind
    print(f"| {country} | {text.strip()} | {probability:.0%} |")
count = len(real)
right = torch.tensor([name in text for name, text in zip(capitals, answers)])
of_right, of_wrong, of_invented = first[:20][right], first[:20][~right], first[20:]
print()
for name, some in {"right": of_right, "wrong, of a real country": of_wrong,
                   "of an invented country": of_invented}.items():  # fmt: skip
    print(f"{len(some)} {name}: {some.mean():.0%} on average,"
          f" {some.min():.0%} to {some.max():.0%}  ")  # fmt: skip
right_count, lowest_right = right.sum().item(), of_right.min().item()
right_mean, wrong_mean, invented_mean = (
    some.mean().item() for some in (of_right, of_wrong, of_invented)
)
surest_wrong, surest_invented = of_wrong.max().item(), of_invented.max().item()
