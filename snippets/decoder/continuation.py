"""Five beginnings and what SmolLM2 writes next: the task is in the text."""

from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2", padding_side="left")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")

beginnings = [
    "Once upon a time, there was a little",
    "def add(a, b):\n    return",
    "1, 2, 4, 8, 16,",
    "Ingredients:\n- 2 eggs\n-",
    "Dear Sir or Madam,\n",
]
texts = ["<|endoftext|>" + beginning for beginning in beginnings]
batch = tokenizer(texts, padding=True, return_tensors="pt")
ids = model.generate(**batch, max_new_tokens=14, do_sample=False)
new = ids[:, batch.input_ids.shape[1] :]  # what came after the prompts
written = tokenizer.batch_decode(new, skip_special_tokens=True)
print("| beginning | continuation |")
print("|---|---|")
for beginning, text in zip(beginnings, written):
    print(f"| `{beginning}` | `{text.strip()}` |".replace("\n", " ⏎ "))
story, code, powers, recipe, letter = (text.strip() for text in written)
