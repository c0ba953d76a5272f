"""One sentence goes into four models: what comes out, and in which shape."""

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
)

from snippets.shared.translator import Translator

torch.set_grad_enabled(False)
sentence = "The robot watered the sunflowers because they were thirsty."
print("| task | tokens in | shape of what comes out | that is |\n|---|---|---|---|")


def show(task, inputs, result, meaning):
    tokens = inputs.input_ids.shape[1]
    print(f"| {task} | {tokens} | {tuple(result.shape)} | {meaning} |")
    return tokens, result.shape[0]


def load(folder, kind):
    return AutoTokenizer.from_pretrained(folder), kind.from_pretrained(folder)


tokenizer, model = load("models/minilm-sentiment", AutoModelForSequenceClassification)
inputs = tokenizer(sentence, return_tensors="pt")
scores = model(**inputs).logits[0]  # (labels,)
_, labels = show("sentiment", inputs, scores, "a number for each label")

tokenizer, model = load("models/minilm-ner", AutoModelForTokenClassification)
inputs = tokenizer(sentence, return_tensors="pt")
scores = model(**inputs).logits[0]  # (tokens, tags)
tokens, rows = show("names", inputs, scores, "a row for each token")

tokenizer, model = load("models/en-pt", Translator)
inputs = tokenizer(sentence, return_tensors="pt", return_token_type_ids=False)
new = model.generate(**inputs, num_beams=1, max_new_tokens=40)[0]  # (new tokens,)
read, translated = show("translation", inputs, new[1:], "new tokens")

tokenizer, model = load("models/smollm2", AutoModelForCausalLM)
chat = [{"role": "user", "content": sentence}]
inputs = tokenizer.apply_chat_template(
    chat, add_generation_prompt=True, return_tensors="pt", return_dict=True
)
new = model.generate(**inputs, do_sample=False, max_new_tokens=20)[0]
reply = new[inputs.input_ids.shape[1] :]
asked, replied = show("chat", inputs, reply, "new tokens, stopped by us")
