"""Short sentences about films, of two kinds; and each as a question with its answer."""

import torch
from torch.nn.functional import cross_entropy

from snippets.shared.last_layers import states_below

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


class FilmQuestions:
    """96 questions with their answers, half of them praise; the labels of two losses."""

    def __init__(self, model, tokenizer):
        clear = clear_reviews(tokenizer)
        texts = [
            f"<|endoftext|>{text}\nPraise or blame? Answer: {label}<|im_end|>"
            for two in list(zip(*clear.values()))[:48]
            for text, label in zip(two, clear)
        ]
        batch = tokenizer(
            texts, padding=True, padding_side="right", return_tensors="pt"
        )
        lengths = batch.attention_mask.sum(1, keepdim=True)  # (texts, 1)
        places = torch.arange(batch.input_ids.shape[1])
        answer = (places >= lengths - 2) & (places < lengths)  # the word, and the end
        self.answer = batch.input_ids.where(answer, -100)
        self.whole = batch.input_ids.where(places < lengths, -100)
        self.states = states_below(model, batch)

    def loss_of(self, top, part, labels):
        """The mean loss where a label stands, and the first choices there."""
        labels = labels[part][:, 1:]
        counts = labels != -100  # (texts, tokens - 1)
        logits = top.head(top(self.states[part, :-1], counts))
        return cross_entropy(logits, labels[counts]), logits.argmax(-1)

    def test(self, top):
        """The loss on the new answers, how many words are right, how many are no label."""
        with torch.no_grad():
            loss, first = self.loss_of(top, TEST, self.answer)
        labels = self.answer[TEST]
        words, first = labels[labels != -100][::2], first[::2]  # without the ends
        no_label = (~torch.isin(first, words)).sum().item()
        return loss.item(), (first == words).sum().item(), no_label
