"""Capitals of four real and four invented countries: SmolLM2 names one for most."""

from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2", padding_side="left")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")

real = ["France", "Italy", "Egypt", "Peru"]
invented = ["Veltania", "Brumovia", "Sorland", "Quenta"]
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
for country, text, probability in zip(real + invented, answers, first):
    print(f"| {country} | {text.strip()} | {probability:.0%} |")
answered = sum(bool(text.strip()) for text in answers[4:])
real_mean, invented_mean = first[:4].mean().item(), first[4:].mean().item()
real_lowest, invented_highest = first[:4].min().item(), first[4:].max().item()
