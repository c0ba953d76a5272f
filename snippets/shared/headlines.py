"""Headlines that SmolLM2 drafts, two to a request, each with a number of words asked for."""

from os.path import commonprefix  # of any lists, not of paths alone

import torch
from torch.nn.functional import cross_entropy, pad

from snippets.shared.last_layers import states_below

NUMBERS = {3: "three", 4: "four", 5: "five", 6: "six", 8: "eight", 12: "twelve"}
TOPICS = """rain snow wind sea river lake forest garden dog cat horse bird fish train ship
bridge road house school market library kitchen farm bread tea soup music dance""".split()
# Each number and each topic is one token, so all requests are equally long: no padding.
LEARN = [(n, topic) for topic, *two in zip(TOPICS, 5 * [3, 4, 6, 3], 20 * [8]) for n in two]
TEST = [(number, topic) for number in (5, 12) for topic in TOPICS[20:]]  # both are new
END, LONGEST = 2, 20  # the id of <|im_end|>; the tokens of a draft, at most


@torch.no_grad()
def draw(model, cache, last) -> tuple[torch.Tensor, torch.Tensor]:
    """Drafts, (texts, LONGEST), and what the last two layers read for each of their tokens.

    `last` is what each text ends with, (texts, 1); `cache` has what stands before it.
    """
    size = model.config.vocab_size
    ids, going = torch.full((len(last), LONGEST), END), torch.arange(len(last))
    states = torch.zeros(*ids.shape, model.config.hidden_size)
    for place in range(LONGEST):
        # As torch.multinomial draws: the largest of p / noise. Texts that have ended
        # are not run on, but there is noise for them too: they change no other draw.
        noise = torch.empty(len(ids), size).exponential_()[going]
        run = model(last, cache=cache, output_hidden_states=True)
        states[going, place] = run.hidden_states[-3][:, 0]
        new = ((run.logits[:, 0] / 0.7).softmax(-1) / noise).argmax(-1)
        ids[going, place] = new
        if (more := (new != END).nonzero()[:, 0]).numel() < len(new):
            cache.batch_select_indices(more)
        going, last = going[more], new[more, None]
        if not len(going):
            break
    return ids, states


class Headlines:
    """Two drafts to each request (number, topic), and how far off their lengths are."""

    def __init__(self, model, tokenizer, requests, seed):
        torch.manual_seed(seed)
        texts = [
            f"<|im_start|>user\nWrite a headline of {NUMBERS[number]} words about the "
            f"{topic}.<|im_end|>\n<|im_start|>assistant\n"
            for number, topic in requests
        ]
        ids = torch.tensor(tokenizer(texts).input_ids)  # (requests, 19)
        alike = len(commonprefix(ids.tolist()))  # all requests begin with these tokens
        with torch.no_grad():  # these are read once, a request once for both of its drafts
            first = model.model(ids[:1, :alike], output_hidden_states=True)
            first.cache.batch_repeat_interleave(len(ids))
            read = model.model(ids[:, alike:-1], cache=first.cache, output_hidden_states=True)
        read.cache.batch_repeat_interleave(2)
        self.start = ids.shape[1] - 1
        self.ids, after = draw(model, read.cache, ids[:, -1:].repeat_interleave(2, 0))
        self.counts = (self.ids == END).cumsum(1) - (self.ids == END).long() == 0
        # What the last two layers read, (texts, tokens, 576), was computed on the way.
        before = first.hidden_states[-3].expand(len(self.ids), -1, -1)
        request = read.hidden_states[-3].repeat_interleave(2, 0)
        self.states = torch.cat([before, request, after], 1)
        drafts = tokenizer.batch_decode(self.ids, skip_special_tokens=True)
        texts = [draft.lower().split() for draft in drafts]
        self.words = torch.tensor([len(text) for text in texts]).view(-1, 2)
        self.asked = torch.tensor([number for number, _ in requests])[:, None]
        self.off = (self.words - self.asked).abs()  # words too many or too few
        # 1 where the first draft is nearer to the number, −1 where the second, 0 if none.
        self.nearer = (self.off[:, 1] - self.off[:, 0]).sign()
        self.distinct = len({*sum(texts, [])}) / self.words.sum().item()

    def lengths(self) -> list[float]:
        """Of each half of the requests: words, and the part by which they are off."""
        halves = zip(*(x.chunk(2) for x in (self.words, self.off / self.asked)))
        return [part.float().mean().item() for two in halves for part in two]

    def logs(self, top, pairs) -> torch.Tensor:
        """The log-probability of both drafts of these requests, (pairs, 2)."""
        rows = torch.stack([2 * pairs, 2 * pairs + 1], 1).flatten()
        places = self.counts[rows]
        hidden = top(self.states[rows], pad(places, (self.start, 0)))  # (tokens, 576)
        every = top.head(hidden).log_softmax(-1)  # (tokens, 49152)
        own = every.gather(1, self.ids[rows][places][:, None])
        logs = torch.zeros(places.shape).masked_scatter(places, own)
        return logs.sum(1).reshape(-1, 2)


def loss_on_news(model, tokenizer):
    """A function: the last layers → their loss on ten sentences of the news."""
    lines = open("models/rated-sentences/news.tsv", encoding="utf-8").read().splitlines()
    news = ["<|endoftext|>" + line.split("\t")[1] for line in lines[:400:40]]
    batch = tokenizer(news, padding=True, padding_side="right", return_tensors="pt")
    states, seen = states_below(model, batch), batch.attention_mask[:, 1:].bool()
    targets = batch.input_ids[:, 1:][seen]
    return lambda top: cross_entropy(top.head(top(states[:, :-1], seen)), targets).item()
