"""Short sentences about films, of two kinds; and each as a question with its answer."""

import torch

TRAIN, TEST = slice(0, 48), slice(48, 96)  # of the questions


def clear_reviews(tokenizer) -> dict[str, list[str]]:
    """Sentences of seven to nine tokens that people rated clearly as praise or blame."""
    with open("models/rated-sentences/films.tsv", encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    clear = {"praise": [], "blame": []}
    for score, text in rows:
        if abs(float(score)) > 2 and len(tokenizer(text).input_ids) in (7, 8, 9):
            clear["praise" if float(score) > 0 else "blame"].append(text)
    return clear


def film_questions(tokenizer):
    """A batch of 96 texts, half of them praise, and the ids of their answers, else -100."""
    clear = clear_reviews(tokenizer)
    texts = [
        f"<|endoftext|>{text}\nPraise or blame? Answer: {label}<|im_end|>"
        for two in list(zip(*clear.values()))[:48]
        for text, label in zip(two, clear)
    ]
    batch = tokenizer(texts, padding=True, padding_side="right", return_tensors="pt")
    lengths = batch.attention_mask.sum(1, keepdim=True)  # (texts, 1)
    places = torch.arange(batch.input_ids.shape[1])
    answer = (places >= lengths - 2) & (places < lengths)  # the word, and the end
    return batch, batch.input_ids.where(answer, -100)
