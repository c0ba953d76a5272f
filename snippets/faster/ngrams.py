"""How many tokens a pass gives with guesses out of the text, for two tasks."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/smollm2", padding_side="left")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
lines = open("models/rated-sentences/news.tsv", encoding="utf-8").read().splitlines()
news = [line.split("\t")[1] for line in lines[::7]]
news = [text for text in news if 8 <= len(text.split()) <= 12][:20]
tasks = ["Write this sentence again:", "What is this about?"]


def passes(ids, done):
    """Passes until these tokens are written, of which the first `done` are there."""
    count = 0
    while done < len(ids):
        guessed, right = [], 0
        for size in (1, 2):  # two tokens count more than one, a later place more
            for end in range(size, done):
                if ids[end - size : end] == ids[done - size : done]:
                    guessed = ids[end : min(end + 4, done)]
        for guess, token in zip(guessed, ids[done:]):
            if guess != token:
                break
            right += 1
        done, count = done + right + 1, count + 1  # the right ones, and one more
    return count


print("| what is asked | tokens | passes | tokens per pass: all | lowest | highest |")
print("|---|--:|--:|--:|--:|--:|")
gains, means = [], []
for task in tasks:
    chats = [[{"role": "user", "content": f"{task} {text}"}] for text in news]
    batch = tokenizer.apply_chat_template(
        chats, add_generation_prompt=True, padding=True,
        return_tensors="pt", return_dict=True,
    )  # fmt: skip
    rows = model.generate(**batch, max_new_tokens=24, do_sample=False)
    pairs = []  # of each text: tokens written, passes
    for row, mask, start in zip(rows, batch.attention_mask, batch.attention_mask.sum(1)):
        ids = row[len(mask) - start :].tolist()
        ends = [n for n in range(start, len(ids)) if ids[n] == tokenizer.eos_token_id]
        ids = ids[: ends[0] + 1] if ends else ids
        pairs.append((len(ids) - start.item(), passes(ids, start.item())))
    made, needed = map(sum, zip(*pairs))
    gains.append(sorted(a / b for a, b in pairs)), means.append(made / needed)
    low, high = gains[-1][0], gains[-1][-1]
    print(f"| {task} | {made} | {needed} | {means[-1]:.2f} | {low:.2f} | {high:.2f} |")
again, about = means
lowest_again, highest_again = gains[0][0], gains[0][-1]
lowest_about, highest_about = gains[1][0], gains[1][-1]
texts = len(news)
