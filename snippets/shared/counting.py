"""A small decoder that writes words on a topic, and is told a number that it ignores."""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

END, NUMBERS, TOPICS, WORDS = 0, 4, 4, 6  # six words to each topic
FIRST_TOPIC, FIRST_WORD = 1 + NUMBERS, 1 + NUMBERS + TOPICS
LONGEST = 7  # six words and the end


def requests(count: int, held_out: bool) -> torch.Tensor:
    """(count, 2): a topic and a number; one pair in four is held out."""
    pairs = [
        (FIRST_TOPIC + topic, number)
        for topic in range(TOPICS)
        for number in range(1, NUMBERS + 1)
        if ((topic + number) % 4 == 0) == held_out
    ]
    return torch.tensor(pairs)[torch.arange(count) % len(pairs)]


def texts(count: int) -> torch.Tensor:
    """Requests of all kinds, then one to six words of the topic, none twice, and the end."""
    asked = torch.stack(
        [
            torch.randint(FIRST_TOPIC, FIRST_WORD, (count,)),
            torch.randint(1, NUMBERS + 1, (count,)),
        ],
        dim=1,
    )
    words = FIRST_WORD + (asked[:, :1] - FIRST_TOPIC) * WORDS
    words = words + torch.rand(count, WORDS).argsort(1)
    length = torch.randint(1, WORDS + 1, (count, 1))  # whatever the number says
    words = words.masked_fill(torch.arange(WORDS) >= length, END)
    return torch.cat([asked, words, torch.zeros(count, 1, dtype=torch.long)], 1)


def counts(ids: torch.Tensor) -> torch.Tensor:
    """True for the tokens of a text up to its first end, (texts, LONGEST)."""
    return (ids == END).cumsum(1) - (ids == END).long() == 0


class Writer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(FIRST_WORD + TOPICS * WORDS, 64)
        self.position = nn.Embedding(2 + LONGEST, 64)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(64, 4, 128, 0.0, batch_first=True, norm_first=True)
            for _ in range(2)
        )
        self.head = nn.Linear(64, self.embed.num_embeddings)
        self.eval()  # there is no dropout; so PyTorch may take its fast way to draw

    def forward(self, ids):
        """Ids (texts, tokens) → log-probabilities of the next token at each place."""
        states = self.embed(ids) + self.position.weight[: ids.shape[1]]
        future = torch.ones(ids.shape[1], ids.shape[1], dtype=torch.bool).triu(1)
        for layer in self.layers:
            states = layer(states, src_mask=future)
        return self.head(states).log_softmax(-1)

    @torch.no_grad()
    def draw(self, asked):
        """Draw a text for each request → (texts, 2 + LONGEST)."""
        ids = torch.cat([asked, torch.full((len(asked), LONGEST), END)], 1)
        for place in range(2, 2 + LONGEST):
            # As torch.multinomial draws: the largest of p / noise. Texts that have ended
            # are not run on, but there is noise for them too: they change no other draw.
            noise = torch.empty(len(ids), self.head.out_features).exponential_()
            going = (ids[:, 2:place] != END).all(1).nonzero()[:, 0]
            if len(going):
                odds = self(ids[going, :place])[:, -1].exp() / noise[going]
                ids[going, place] = odds.argmax(1)
        return ids


def loss_of(writer, ids):
    """The mean loss of the tokens behind the request, up to the end."""
    places = counts(ids[:, 2:])
    return cross_entropy(writer(ids[:, :-1])[:, 1:][places], ids[:, 2:][places])


def pretrained(steps: int = 300) -> Writer:
    torch.manual_seed(0)
    writer = Writer()
    optimizer = torch.optim.Adam(writer.parameters(), lr=3e-3, foreach=True)
    for _ in range(steps):
        loss = loss_of(writer, texts(64))
        optimizer.zero_grad(), loss.backward(), optimizer.step()
    return writer
