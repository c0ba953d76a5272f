"""A chat model remembers what is sent again: the right word with and without it."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
torch.set_grad_enabled(False)


def render(*turns):
    roles = ("user", "assistant", "user")[-len(turns) :]
    chat = [{"role": role, "content": text} for role, text in zip(roles, turns)]
    return tokenizer.apply_chat_template(
        chat, tokenize=False, add_generation_prompt=True
    )


def probability(text, word):
    ids = tokenizer(text, return_tensors="pt").input_ids
    return model(ids).logits[0, -1].softmax(-1)[tokenizer(word).input_ids[0]].item()


talks = [
    ("I have a robot. Its name is Tilly.", "What a lovely name!",
     "What is my robot called?", "Your robot is called", " Tilly"),
    ("My name is Ada.", "Nice to meet you, Ada!", "What is my name?",
     "Your name is", " Ada"),
    ("I live in Lisbon.", "Lisbon is beautiful.", "Which city do I live in?",
     "You live in", " Lisbon"),
]  # fmt: skip
print("| answer | whole chat sent | last question only |")
print("|---|--:|--:|")
sent, alone = [], []
for *turns, start, word in talks:
    sent.append(probability(render(*turns) + start, word))
    alone.append(probability(render(turns[-1]) + start, word))
    print(f"| {start} … **{word.strip()}** | {sent[-1]:.1%} | {alone[-1]:.3%} |")
lowest_sent, highest_alone = min(sent), max(alone)

replies = []  # if it may answer freely
for *turns, _, _ in talks:
    batch = tokenizer(render(*turns), return_tensors="pt")
    ids = model.generate(**batch, max_new_tokens=12)[0, batch.input_ids.shape[1] :]
    replies.append(tokenizer.decode(ids, skip_special_tokens=True))
robot_reply, reply, city_reply = replies
