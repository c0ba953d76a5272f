"""Twelve invented facts, questions about them in two wordings, and how they are asked."""

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


def ask(model, tokenizer, prompts, right) -> tuple[int, float, list[str]]:
    """How many answers hold the right word, tokens read per question, and the answers."""
    tokenizer.padding_side = "left"
    batch = tokenizer(chats(tokenizer, prompts), padding=True, return_tensors="pt")
    ids = model.generate(**batch, max_new_tokens=20, do_sample=False)
    new = ids[:, batch.input_ids.shape[1] :]
    said = tokenizer.batch_decode(new, skip_special_tokens=True)
    good = sum(word.lower() in text.lower() for word, text in zip(right, said))
    read = batch.attention_mask.sum().item() / len(prompts)
    return good, read, [" ".join(text.split()) for text in said]
