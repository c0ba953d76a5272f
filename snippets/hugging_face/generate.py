"""Translation and question answering without a pipeline: `generate` does both."""

from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets.shared.translator import Translator

tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
translator = Translator.from_pretrained("models/en-pt")
sentence = "The robot watered the sunflowers because they were thirsty."
inputs = tokenizer(sentence, return_tensors="pt")
ids = translator.generate(**inputs, max_new_tokens=40)
translation = tokenizer.decode(ids[0], skip_special_tokens=True)
print("translation:", translation)

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
chat = AutoModelForCausalLM.from_pretrained("models/smollm2")
question = f"{sentence} What did the robot water?"
inputs = tokenizer.apply_chat_template(
    [{"role": "user", "content": question}],
    add_generation_prompt=True,
    return_tensors="pt",
    return_dict=True,
)
ids = chat.generate(**inputs, max_new_tokens=25, do_sample=False)
given = inputs.input_ids.shape[1]
new = ids[0, given:]  # generate gives back the prompt too
answer = tokenizer.decode(new, skip_special_tokens=True)
print("answer:", answer)
