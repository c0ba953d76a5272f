"""Passages that do not hold the answer, or contradict what the model believes."""

from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2", padding_side="left")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")

robot = "The robot Tilly was built in Tartu. It waters sunflowers at night."
moved = "In 2031 France moved its capital. The capital of France is now Lyon."
asked = [
    (robot, "Who built the robot Tilly?"),
    (robot, "What color is the robot Tilly?"),
    (robot, "When was the robot Tilly built?"),
    (moved, "What is the capital of France?"),
]
rule = "Answer in a few words. If the passage does not say, answer: not stated."
chats = [[{"role": "user", "content": f"{p}\n\n{q} {rule}"}] for p, q in asked]
batch = tokenizer.apply_chat_template(
    chats, add_generation_prompt=True, padding=True,
    return_tensors="pt", return_dict=True,
)  # fmt: skip
ids = model.generate(**batch, max_new_tokens=20, do_sample=False)
new = ids[:, batch["input_ids"].shape[1] :]
answers = tokenizer.batch_decode(new, skip_special_tokens=True)
for (passage, question), text in zip(asked, answers):
    print(question, "→", text.replace("\n", " "))
refused = sum("not stated" in text.lower() for text in answers[:3])
capital = answers[3]
