"""A decoder goes on from the last place, so prompts are padded on the left."""

from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
prompts = [
    "<|endoftext|>The capital of France is",  # behind the end of another text
    "<|endoftext|>The robot watered the sunflowers because they were thirsty, and then",
]


def go_on(texts, side):
    tokenizer.padding_side = side
    batch = tokenizer(texts, padding=True, return_tensors="pt")
    ids = model.generate(**batch, max_new_tokens=8, do_sample=False)
    new = ids[0, batch.input_ids.shape[1] :]  # what the first prompt got
    return tokenizer.decode(new, skip_special_tokens=True)


alone = go_on(prompts[:1], "left")
left, right = go_on(prompts, "left"), go_on(prompts, "right")
for how, text in (("alone", alone), ("left", left), ("right", right)):
    print(f"{how:6} {text!r}")
left_same, right_same = left == alone, right == alone
