"""Twelve invented facts, questions about them in two wordings, and how they are asked."""

from snippets.shared.read_once import read_once

with open("snippets/adapting/facts.txt", encoding="utf-8") as file:
    FACTS, ASKED, REWORDED, ANSWERS = zip(*(row.strip().split("|") for row in file))
# Things that the model answers right, to see what a training leaves of them.
KNOWN = {
    "What is the capital of France?": "Paris",
    "What is the capital of Italy?": "Rome",
    "What is the capital of Spain?": "Madrid",
    "What is the capital of Germany?": "Berlin",
    "What is the capital of Japan?": "Tokyo",
    "What is the capital of Egypt?": "Cairo",
    "In which country is Rome?": "Italy",
    "In which country is Berlin?": "Germany",
    "What is the longest river in Africa?": "Nile",
    "What is the opposite of hot?": "cold",
    "What is the first month of the year?": "January",
    "Who discovered gravity?": "Newton",
}


def chats(tokenizer, prompts) -> list[str]:
    """The text of a chat for each prompt, up to where the answer begins."""
    return tokenizer.apply_chat_template(
        [
            [{"role": "user", "content": f"{prompt} Answer in a few words."}]
            for prompt in prompts
        ],
        tokenize=False,
        add_generation_prompt=True,
    )


def ask(model, tokenizer, sets) -> list[tuple[int, float, list[str]]]:
    """Of each set (prompts, right words): right answers, tokens read per question, answers.

    All sets are one batch, so ask together what is about as long: the rest is padding.
    """
    together = [prompt for prompts, _ in sets for prompt in prompts]
    batch = read_once(model, tokenizer, chats(tokenizer, together))
    ids = model.generate(**batch, max_new_tokens=20, do_sample=False)
    new = ids[:, batch["input_ids"].shape[1] :]
    texts = iter(tokenizer.batch_decode(new, skip_special_tokens=True))
    lengths, found = iter(batch["attention_mask"].sum(1).tolist()), []
    for prompts, right in sets:
        said = [next(texts) for _ in prompts]
        good = sum(word.lower() in text.lower() for word, text in zip(right, said))
        read = sum(next(lengths) for _ in prompts) / len(prompts)
        found.append((good, read, [" ".join(text.split()) for text in said]))
    return found
