"""How many tokens a pass gives with guesses out of the text, for two tasks."""

from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets.shared.read_once import read_once

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
lines = open("models/rated-sentences/news.tsv", encoding="utf-8").read().splitlines()
news = [line.split("\t")[1] for line in lines[::7]]
news = [text for text in news if 8 <= len(text.split()) <= 12][:20]
END = tokenizer.eos_token_id
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
        while guessed[right : right + 1] == ids[done + right : done + right + 1] != []:
            right += 1
        done, count = done + right + 1, count + 1  # the right ones, and one more
    return count


print("| what is asked | tokens | passes | tokens per pass: all | lowest | highest |")
print("|---|--:|--:|--:|--:|--:|")
options = {"add_generation_prompt": True, "tokenize": False}
gains, means = [], []
asked = [f"{task} {text}" for task in tasks for text in news]
chats = [[{"role": "user", "content": text}] for text in asked]
prompts = tokenizer.apply_chat_template(chats, **options)
batch = read_once(model, tokenizer, prompts)
rows = model.generate(**batch, max_new_tokens=24, do_sample=False)
for task, part in zip(tasks, (slice(0, len(news)), slice(len(news), None))):
    pairs = []  # of each text: tokens written, passes
    for row, mask in zip(rows[part], batch["attention_mask"][part].bool()):
        prompt, new = row[: len(mask)][mask].tolist(), row[len(mask) :].tolist()
        new = new[: (new + [END]).index(END) + 1]  # behind the end stands filling
        pairs.append((len(new), passes(prompt + new, len(prompt))))
    made, needed = map(sum, zip(*pairs))
    gains.append(sorted(a / b for a, b in pairs)), means.append(made / needed)
    row = task, made, needed, means[-1], gains[-1][0], gains[-1][-1]
    print("| {} | {} | {} | {:.2f} | {:.2f} | {:.2f} |".format(*row))
(again, about), texts = means, len(news)
lowest_again, highest_again, highest_about = gains[0][0], gains[0][-1], gains[1][-1]
