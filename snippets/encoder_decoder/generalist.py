"""A small chat model and the translator, asked for the same two translations."""

from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets.shared.translator import Translator

chat_tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
chat_model = AutoModelForCausalLM.from_pretrained("models/smollm2")
tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
model = Translator.from_pretrained("models/en-pt")
for english in ("The old man reads a book.", "I am tired, but I have to work."):
    print(english)
    batch = tokenizer(english, return_tensors="pt", return_token_type_ids=False)
    ids = model.generate(**batch, num_beams=1, max_new_tokens=30)
    print("  translator:", tokenizer.decode(ids[0], skip_special_tokens=True))
    turn = [{"role": "user", "content": f"Translate into Portuguese: {english}"}]
    prompt = chat_tokenizer.apply_chat_template(
        turn, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    ids = chat_model.generate(**prompt, do_sample=False, max_new_tokens=30)
    answer = ids[0, prompt.input_ids.shape[1] :]
    print("  chat model:", chat_tokenizer.decode(answer, skip_special_tokens=True))
ratio = chat_model.num_parameters() / model.num_parameters()
