"""Twelve invented facts, questions about them in two wordings, and how they are asked."""

from os.path import commonprefix  # of any lists, not of paths alone

import torch

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
    tokenizer.padding_side = "left"
    together = [prompt for prompts, _ in sets for prompt in prompts]
    each = [tokenizer(text).input_ids for text in chats(tokenizer, together)]
    start = commonprefix(each)  # the tokens that all begin with are computed once
    with torch.no_grad():
        cache = model(torch.tensor([start]), logits_to_keep=1).cache
    cache.batch_repeat_interleave(len(each))
    rest = tokenizer.pad({"input_ids": [ids[len(start) :] for ids in each]}, return_tensors="pt")
    shared = torch.tensor([start] * len(each))
    batch = {
        "input_ids": torch.cat([shared, rest.input_ids], 1),
        "attention_mask": torch.cat([torch.ones_like(shared), rest.attention_mask], 1),
    }
    ids = model.generate(**batch, cache=cache, max_new_tokens=20, do_sample=False)
    new = ids[:, batch["input_ids"].shape[1] :]
    texts = iter(tokenizer.batch_decode(new, skip_special_tokens=True))
    lengths, found = iter(map(len, each)), []
    for prompts, right in sets:
        said = [next(texts) for _ in prompts]
        good = sum(word.lower() in text.lower() for word, text in zip(right, said))
        read = sum(next(lengths) for _ in prompts) / len(prompts)
        found.append((good, read, [" ".join(text.split()) for text in said]))
    return found
