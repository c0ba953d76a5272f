"""Capital cities by continuation: alone, after three other pairs, after examples."""

from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2", padding_side="left")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")

start = "<|endoftext|>"  # as the model was trained to begin
others = "grass: green\nsnow: white\nblood: red\n"
examples = "France: Paris\nItaly: Rome\nJapan: Tokyo\n"
capitals = {
    "Spain": "Madrid", "Germany": "Berlin", "Egypt": "Cairo", "Peru": "Lima",
    "Norway": "Oslo", "Kenya": "Nairobi", "Cuba": "Havana", "Greece": "Athens",
}  # fmt: skip


def complete(prompts):
    batch = tokenizer([start + p for p in prompts], padding=True, return_tensors="pt")
    ids = model.generate(**batch, max_new_tokens=4, do_sample=False)
    new = tokenizer.batch_decode(ids[:, batch.input_ids.shape[1] :])
    return [text.strip().split("\n")[0] for text in new]


alone = complete([f"{country}:" for country in capitals])
after_others = complete([f"{others}{country}:" for country in capitals])
shown = complete([f"{examples}{country}:" for country in capitals])
print("| prompt | alone | after three colors | after three capitals | right |")
print("|---|---|---|---|---|")
for country, *texts, capital in zip(
    capitals, alone, after_others, shown, capitals.values()
):
    cells = [f"`{country}:`", *(f"`` {text} ``" for text in texts), capital]
    print("|", " | ".join(cells), "|")
questions = len(capitals)
alone_right, others_right, shown_right = (
    sum(text == right for text, right in zip(found, capitals.values()))
    for found in (alone, after_others, shown)
)
spain = shown[0]
