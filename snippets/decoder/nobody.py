"""Capitals of real and of invented countries: SmolLM2 names one for most."""

from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2", padding_side="left")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")

real = """France Italy Egypt Peru Spain Japan Norway Kenya Cuba Greece
Chad Laos Bhutan Suriname Brunei Tonga Gabon Moldova Eritrea Malta""".split()
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
real_mean, invented_mean = first[:20].mean().item(), first[20:].mean().item()
lima = first[3].item()
real_lowest, invented_highest = first[:20].min().item(), first[20:].max().item()
count = len(real)
overlap = (first[20:] > real_lowest).sum().item()  # invented ones above the lowest
