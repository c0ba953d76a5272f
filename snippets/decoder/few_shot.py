"""Capital cities by continuation: without examples in the prompt, and with three."""

from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2", padding_side="left")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")

examples = "France: Paris\nItaly: Rome\nJapan: Tokyo\n"
capitals = {
    "Spain": "Madrid", "Germany": "Berlin", "Egypt": "Cairo", "Peru": "Lima",
    "Norway": "Oslo", "Kenya": "Nairobi", "Cuba": "Havana", "Greece": "Athens",
}  # fmt: skip


def complete(prompts):
    batch = tokenizer(prompts, padding=True, return_tensors="pt")
    ids = model.generate(**batch, max_new_tokens=4, do_sample=False)
    new = tokenizer.batch_decode(ids[:, batch.input_ids.shape[1] :])
    return [text.strip().split("\n")[0] for text in new]


alone = complete([f"{country}:" for country in capitals])
shown = complete([f"{examples}{country}:" for country in capitals])
print("| prompt | alone | after three examples | right |")
print("|---|---|---|---|")
for (country, capital), one, other in zip(capitals.items(), alone, shown):
    print(f"| `{country}:` | `` {one} `` | `` {other} `` | {capital} |")
questions = len(capitals)
alone_right = sum(text == right for text, right in zip(alone, capitals.values()))
shown_right = sum(text == right for text, right in zip(shown, capitals.values()))
spain = shown[0]
