"""What a chat model reads: one text, with special tokens that mark whose turn it is."""

from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")

chat = [{"role": "user", "content": "What is the capital of France?"}]
seen = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
print(seen)


def answer(text):
    batch = tokenizer(text, return_tensors="pt")
    ids = model.generate(**batch, max_new_tokens=24, do_sample=False)[0]
    return ids[batch.input_ids.shape[1] :]


templated, plain = answer(seen), answer(chat[0]["content"])
stop = tokenizer.convert_ids_to_tokens(templated[-1].item())
reply = tokenizer.decode(templated, skip_special_tokens=True)
raw = tokenizer.decode(plain).replace("\n", "⏎")
print("--- with the template:", reply, stop)
print("--- without it:", raw)
marks = ["<|im_start|>", "<|im_end|>"]
mark_ids = tokenizer.convert_tokens_to_ids(marks)
print("---", dict(zip(marks, mark_ids)))
tokens = len(tokenizer(seen).input_ids)
question_tokens = len(tokenizer(chat[0]["content"]).input_ids)
