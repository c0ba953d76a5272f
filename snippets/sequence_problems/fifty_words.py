"""The chat model is asked for exactly 50 words; then it is told its count, twice."""

from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")


def reply(chat):
    batch = tokenizer.apply_chat_template(
        chat, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    ids = model.generate(**batch, do_sample=False, max_new_tokens=120)[0]
    ids = ids[batch.input_ids.shape[1] :]  # without the question
    return tokenizer.decode(ids, skip_special_tokens=True)


question = "In exactly 50 words, explain why the sky is blue."
chat = [{"role": "user", "content": question}]
counts = []
print("| we say | it writes | words |\n|---|---|---|")
for turn in range(3):
    text = reply(chat)
    counts.append(len(text.split()))
    print(f"| {question} | {text} | {counts[-1]} |")
    question = f"You wrote {counts[-1]} words. Write exactly 50 words."
    chat.append({"role": "assistant", "content": text})
    chat.append({"role": "user", "content": question})
first, second, third = counts
