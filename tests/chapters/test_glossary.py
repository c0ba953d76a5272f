"""The glossary: the words that a reader of this field looks up are there, each with the place that shows it."""

import math
import re
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, trainers
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForTokenClassification,
    AutoTokenizer,
    MinPLogitsWarper,
    PrefixConstrainedLogitsProcessor,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

pytest_plugins = ["browser"]

# What a reader looks up → the entry that says it.
WORDS = {
    word: entry.strip() or word
    for word, _, entry in (
        line.partition(":")
        for line in """
autoregressive
bidirectional
checkpoint
normalization: stages of a tokenizer
pre-tokenization: stages of a tokenizer
post-processing: stages of a tokenizer
WordPiece
Unigram
batch norm
layer norm
pre-training objective
masked language model
next token: language model
spans: pre-training objective
transfer learning
zero-shot
few-shot: few-shot prompting
exposure bias
label smoothing
dropout
warm-up
warmup: warm-up
gradient accumulation
mixed precision
gradient checkpointing
activation
inductive bias
tied weights
absolute position: absolute and relative positions
relative position: absolute and relative positions
position interpolation
context window
prompt
system text
system prompt: system text
generation prompt
hallucination
calibration
greedy: greedy decoding
exhaustive search
length normalization
coverage
presence penalty: presence and frequency penalty
frequency penalty: presence and frequency penalty
min-p
grammar-constrained decoding
stop condition
latency
throughput
memory-bound
arithmetic intensity
prefill
decode
continuous batching
speculative decoding
mixture of experts
router
load balancing
capacity factor
active parameters
multi-query attention
latent attention
sliding window
online softmax
data parallelism: data, tensor and pipeline parallelism
tensor parallelism: data, tensor and pipeline parallelism
pipeline parallelism: data, tensor and pipeline parallelism
ablation
control
probe
induction head
residual stream
superposition
quantization
outlier
distillation
pruning
LoRA
adapter
reward
preference
instruction tuning
direct preference optimization
embedding search
reranker
contrastive training
cross-encoder
zero padding
padding mask
patch
modality
SDPA
state-space model
Viterbi: Viterbi algorithm
""".strip().splitlines()
    )
}
ENTRY = re.compile(r"^### (.+)\n((?:[^#\n→].*\n)+)→ \[[^\]]+\]\(([\w-]+)\.md", re.M)
PAGE = Path("docs/glossary.md")


@pytest.fixture(scope="module")
def entries() -> dict[str, tuple[str, str]]:
    """Each term → what is said of it, and the page that shows it."""
    return {term: (said.strip(), page) for term, said, page in ENTRY.findall(PAGE.read_text("utf-8"))}


@pytest.mark.parametrize("word", WORDS)
def test_a_word_that_is_looked_up_has_an_entry(entries, word):
    """With a sentence, and with the word in it or as its name."""
    term = WORDS[word]
    assert term in entries, f"docs/glossary.md has no entry for {word}"
    said, _ = entries[term]
    assert said.endswith((".", ".)", "]")) and len(said.split()) >= 7, said
    known = f"{term} {said}".lower()
    assert all(part in known for part in re.split(r"[\s-]", word.lower())), f"{word} is not in its entry"


def test_a_word_that_is_looked_up_is_found(entries, searched):
    """By the search of the built site: the glossary or the page that shows it is among the first four."""
    found = searched(WORDS)
    lost = {
        word: found[word][:4]
        for word, term in WORDS.items()
        if not {f"{entries[term][1]}/", "glossary/"} & set(found[word][:4])
    }
    assert not lost, lost
    shown = [word for word, term in WORDS.items() if f"{entries[term][1]}/" in found[word][:4]]
    assert len(shown) > 0.9 * len(WORDS), set(WORDS) - set(shown)


def test_what_is_no_word_of_ours_is_not_found(searched):
    assert not any(searched(["transmogrification", "zygomatic"]).values())


# ------------------------------------------------------ definitions that a few lines can check


def test_tokens_and_pieces(says):
    says(
        "One step of the sequence that a model reads: a word, a piece of a word, a character, or whatever else",
        "The text of a token when it is only part of a word, such as `##ization`.",
        "First *normalization* makes letters equal, for example small ones of all.",
        "Tokens without meaning at the end (or the start) of the shorter texts of a batch, so that all have one length.",
        "The model sees ids, and not the letters that stand for them.",
    )
    tokenizer = AutoTokenizer.from_pretrained("models/minilm")
    assert "##ization" in tokenizer.get_vocab() and tokenizer.tokenize("The a") == ["the", "a"]
    batch = tokenizer(["robots", "A much longer text."], padding=True)
    assert len({len(ids) for ids in batch.input_ids}) == 1 and batch.attention_mask[0][-1] == 0
    assert all(isinstance(one, int) for one in batch.input_ids[0])


def test_how_pieces_are_chosen(says):
    """Merges of a tiny corpus; and of all ways to cut a word the best, kept place by place."""
    says(
        "It starts from single characters or bytes and joins the most frequent pair of neighbors, again and again.",
        "A way to find the best path through very many without trying them all.",
        "It keeps, for each place, only the best way to get there.",
    )
    byte_pairs = Tokenizer(models.BPE())
    byte_pairs.train_from_iterator(["abab", "abab", "abc"], trainers.BpeTrainer(vocab_size=5, show_progress=False))
    assert set(byte_pairs.get_vocab()) == {"a", "b", "c", "ab", "abab"}
    scores = {"a": -1.0, "b": -1.0, "c": -1.5, "ab": -1.2, "bc": -1.1, "abc": -3.0}
    best: list[tuple[float, list[str]]] = [(0.0, [])]
    for end in range(1, 4):
        ways = [(best[at][0] + scores["abc"[at:end]], [*best[at][1], "abc"[at:end]])
                for at in range(end) if "abc"[at:end] in scores]  # fmt: skip
        best.append(max(ways))
    unigram = Tokenizer(models.Unigram([("<unk>", -9.0), *scores.items()], unk_id=0, byte_fallback=False))
    assert unigram.encode("abc").tokens == best[-1][1] == ["a", "bc"]


def test_zeros_are_numbers(says):
    says(
        "A zero is a number like any other: a mean or a softmax counts it, and only a mask leaves it out.",
        "Their scores are set to minus infinity before softmax, so that their weights are zero.",
    )
    scores = torch.tensor([1.0, 2.0, 0.0])
    assert scores.softmax(0)[2] > 0.05 and scores.mean() < scores[:2].mean()
    masked = torch.tensor([1.0, 2.0, -torch.inf]).softmax(0)
    assert masked[2] == 0 and torch.allclose(masked[:2], scores[:2].softmax(0))


def test_rotation_knows_the_distance(says):
    says("so that their dot product depends on the distance between the two.")

    def turned(vector: torch.Tensor, position: int) -> torch.Tensor:
        angle = torch.tensor(0.3 * position)
        return torch.stack([vector[0] * angle.cos() - vector[1] * angle.sin(),
                            vector[0] * angle.sin() + vector[1] * angle.cos()])  # fmt: skip

    query, key = torch.tensor([1.0, 2.0]), torch.tensor([0.5, -1.0])
    near = turned(query, 7) @ turned(key, 5)
    assert torch.isclose(near, turned(query, 107) @ turned(key, 105), atol=1e-4)
    assert not torch.isclose(near, turned(query, 7) @ turned(key, 3), atol=1e-2)


def test_entropy_and_cosine(says):
    says(
        "How evenly probabilities are spread, in bits: zero when one outcome has everything, largest when all are equal.",
        "Two equal outcomes have one bit, and each doubling adds one.",
        "one for the same direction, zero for a right angle, minus one for opposite directions.",
    )

    def bits(p: torch.Tensor) -> float:
        return -torch.special.xlogy(p, p).sum().item() / math.log(2)

    assert [bits(torch.full((n,), 1 / n)) for n in (1, 2, 4, 8)] == pytest.approx([0, 1, 2, 3])
    assert bits(torch.tensor([0.7, 0.3])) < 1 and bits(torch.tensor([1.0, 0.0])) == 0
    one = torch.tensor([3.0, 4.0])
    others = one * 2, torch.tensor([-4.0, 3.0]), -one
    assert [functional.cosine_similarity(one, other, 0).item() for other in others] == pytest.approx([1, 0, -1])


def test_what_is_drawn_from(says):
    """The library's filters on one row of probabilities."""
    says(
        "Always taking the most probable next token.",
        "Drawing the next token from the k most probable ones only.",
        "Drawing the next token from the nucleus only.",
        "The smallest set of tokens whose probabilities sum to at least p.",
        "Drawing the next token from those only that have at least a given share of the most probable token's probability.",
    )
    p = torch.tensor([[0.4, 0.3, 0.15, 0.1, 0.05]])

    def kept(warper) -> list[int]:
        return warper(None, p.log())[0].isfinite().nonzero().flatten().tolist()

    assert kept(TopKLogitsWarper(2)) == [0, 1]
    assert kept(TopPLogitsWarper(0.8)) == [0, 1, 2], "0.7 is too little"
    assert kept(MinPLogitsWarper(0.3)) == [0, 1, 2], "0.12 at least"
    assert kept(TopKLogitsWarper(1)) == [p.argmax().item()]


def test_searches_of_a_small_tree(says):
    """All texts of two tokens, the kept two of each step, and the best token of each step."""
    says(
        "Scoring every text that is possible, and taking the best.",
        "Keeping the several best unfinished texts at each step, and extending them all.",
        "because a sum of logarithms favors short texts.",
    )
    first, second = torch.tensor([0.5, 0.4, 0.1]), torch.tensor([[0.4, 0.3, 0.3], [0.9, 0.05, 0.05], [0.8, 0.1, 0.1]])
    whole = first[:, None] * second
    assert divmod(whole.argmax().item(), 3) == (1, 0), "exhaustive"
    kept = first.topk(2).indices
    assert divmod(whole[kept].argmax().item(), 3) == (1, 0), "with two beams"
    assert second[first.argmax()].max() * first.max() < whole.max(), "greedy loses"
    assert first.log().max() > whole.log().max(), "the shorter text has the larger sum"


def test_penalties_that_subtract(says):
    says(
        "a *presence penalty* once for each such token, a *frequency penalty* as many times as the token stands there.[^penalties]",
    )
    written = torch.tensor([2, 0, 1]).float()  # how often each of three tokens stands in the text
    logits = torch.zeros(3)
    assert (logits - 0.5 * (written > 0)).tolist() == [-0.5, 0.0, -0.5]
    assert (logits - 0.5 * written).tolist() == [-1.0, 0.0, -0.5]


def test_training_words(says):
    says(
        "Setting a random share of the numbers to zero during training",
        "the right token gets most of the probability that is aimed at, and all others share the rest.",
        "Training a pretrained model further, on fewer examples, of what it shall do.",
    )
    torch.manual_seed(0)
    drop, ones = nn.Dropout(0.25), torch.ones(4000)
    assert 0.2 < (drop.train()(ones) == 0).float().mean() < 0.3 and torch.equal(drop.eval()(ones), ones)
    logits, right = torch.randn(1, 5), torch.tensor([2])
    aimed = torch.full((5,), 0.1 / 5)
    aimed[2] += 0.9
    smoothed = -(aimed * logits.log_softmax(-1)[0]).sum()
    assert torch.isclose(functional.cross_entropy(logits, right, label_smoothing=0.1), smoothed)


def test_what_attention_is(says):
    says(
        "The weights say how much each position takes from every position, and they are computed from queries and keys.",
        "A score after softmax: between zero and one, and each query's weights sum to one.",
        "A stack of layers in which every position sees every other.",
        "A stack of layers in which no position sees a later one.",
        "Parameters stay the same from text to text, activations do not.",
    )
    for name, kind, later in (("minilm", AutoModel, True), ("smollm2", AutoModelForCausalLM, False)):
        tokenizer = AutoTokenizer.from_pretrained(f"models/{name}")
        model = kind.from_pretrained(f"models/{name}", attn_implementation="eager")
        with torch.no_grad():
            one, other = (model(**tokenizer(text, return_tensors="pt"), output_attentions=True, output_hidden_states=True)
                          for text in ("Robots dance.", "Robots sleep."))  # fmt: skip
        for weights in one.attentions:
            assert torch.allclose(weights.sum(-1), torch.ones(()), atol=1e-4)
            assert (weights.triu(1) > 0).any() == later
        assert not torch.allclose(one.hidden_states[-1], other.hidden_states[-1])


def test_one_sequence_and_a_first_token(says):
    """What queries, keys and values of MiniLM are computed from; where SmolLM2's heads look, of three beginnings."""
    says(
        "Attention in which queries, keys and values all come from the same sequence.",
        "A token, often the first, that gets much of the weight of many heads, whatever it says.",
    )
    tokenizer, model = AutoTokenizer.from_pretrained("models/minilm"), AutoModel.from_pretrained("models/minilm")
    read, part = [], model.encoder.layer[2].attention.self
    for linear in (part.query, part.key, part.value):
        linear.register_forward_hook(lambda _, given, __: read.append(given[0]))
    with torch.no_grad():
        model(**tokenizer("Robots dance.", return_tensors="pt"))
    assert len(read) == 3 and all(torch.equal(read[0], one) for one in read)
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    model = AutoModel.from_pretrained("models/smollm2", attn_implementation="eager")
    firsts = set()
    for text in ("Robots dance on the table.", "Never trust a quiet cat.", "Seven old ships came home."):
        batch = tokenizer(text, return_tensors="pt")
        with torch.no_grad():
            maps = torch.stack(model(**batch, output_attentions=True).attentions)[:, 0]
        # From the third token on: for the second one, the first is also the one before.
        assert (maps[:, :, 2:, 0].mean(-1) > 0.5).float().mean() > 1 / 3, text
        firsts.add(batch.input_ids[0, 0].item())
    assert len(firsts) == 3


def test_more_directions_than_numbers(says):
    """200 features in 64 numbers: some overlap, and each alone can still be told."""
    says("more features than they have numbers, as directions that overlap.")
    torch.manual_seed(0)
    features = functional.normalize(torch.randn(200, 64), dim=-1)
    cosines = features @ features.T
    assert torch.linalg.matrix_rank(cosines) == 64
    assert cosines.fill_diagonal_(0).abs().max() > 0.2, "200 right angles have no room"
    assert torch.equal((features @ features.T).argmax(-1), torch.arange(200))


def test_the_same_everywhere(says):
    says("A learned mix of neighboring positions, the same everywhere.")
    torch.manual_seed(0)
    mix, row = nn.Conv1d(4, 4, 3), torch.randn(1, 4, 12)
    assert torch.allclose(mix(row)[..., 3:], mix(row[..., 3:]), atol=1e-6)
    far = row.clone()
    far[..., 5:] = 0
    assert torch.allclose(mix(far)[..., :3], mix(row)[..., :3], atol=1e-6), "neighbors alone"


def test_what_a_training_keeps(says):
    """Of one layer: how often it is computed, what is kept for the gradient, and numbers of how many bytes."""
    says(
        "To keep only what enters each layer during training, and to compute the rest a second time when the gradient needs it.",
        "To compute most products of a training with numbers of fewer bytes, usually two, and to keep the parameters in four.",
    )
    torch.manual_seed(0)
    layer = nn.Sequential(nn.Linear(8, 32), nn.GELU(), nn.Linear(32, 8))
    entering, computed = torch.randn(5, 8, requires_grad=True), []
    layer.register_forward_pre_hook(lambda *_: computed.append(1))

    def step(*through) -> tuple[list[torch.Tensor], torch.Tensor]:
        kept: list[torch.Tensor] = []
        with torch.autograd.graph.saved_tensors_hooks(lambda one: kept.append(one) or one, lambda one: one):
            out = through[0](*through[1:])
        layer.zero_grad()
        out.sum().backward()
        return kept, layer[0].weight.grad.clone()

    plain, gradient = step(layer, entering)
    assert len(computed) == 1 and any(one.shape == (5, 32) for one in plain)
    kept, again = step(lambda given: checkpoint(layer, given, use_reentrant=False), entering)
    assert len(computed) == 3 and torch.allclose(again, gradient)
    assert not any(one.shape == (5, 32) for one in kept), "nothing from inside the layer"
    with torch.autocast("cpu", torch.bfloat16):
        assert layer(entering).dtype == torch.bfloat16
    assert layer[0].weight.dtype == torch.float32


def test_a_norm_of_the_batch(says):
    """One text beside two companions: in training, and when the model is used."""
    says(
        "So in training, a text's result depends on the texts beside it; later, stored averages take their place. "
        "The norm of a Transformer looks at one vector alone."
    )
    torch.manual_seed(0)
    text, near, far = torch.randn(3, 4)
    batch, layer = nn.BatchNorm1d(4), nn.LayerNorm(4)
    batch(torch.randn(32, 4))  # from here on it has averages
    for norm, training, differs in ((batch, True, True), (batch, False, False), (layer, True, False)):
        norm.train(training)
        one, other = (norm(torch.stack([text, beside]))[0] for beside in (near, far))
        assert torch.allclose(one, other) != differs


def test_how_much_a_gate_lets_through(says):
    says("In SwiGLU, its factor can be above 1 or below 0.")
    scores = torch.linspace(-6, 6, 25)
    assert 0 < scores.sigmoid().min() < scores.sigmoid().max() < 1
    assert functional.silu(scores).min() < 0 < 1 < functional.silu(scores).max()


def test_only_what_a_grammar_allows(says):
    """A grammar of one number in brackets, over six tokens."""
    says(
        "Choosing only among tokens with which the text can still become right in a given grammar,",
        "The others get the probability zero.[^grammar]",
    )
    tokens = ["[", "]", "1", "2", "cat", "."]
    whole = re.compile(r"\[\d\]")

    def can_follow(_, ids: torch.Tensor) -> list[int]:
        text = "".join(tokens[one] for one in ids)
        return [new for new, one in enumerate(tokens)
                if any(whole.fullmatch(text + one + rest) for rest in ("", "]", "1]"))]  # fmt: skip

    only = PrefixConstrainedLogitsProcessor(can_follow, num_beams=1)
    for ids, allowed in (([], {"["}), ([0], {"1", "2"}), ([0, 3], {"]"})):
        p = only(torch.tensor([ids], dtype=torch.long), torch.zeros(1, 6)).softmax(-1)[0]
        assert {tokens[one] for one in p.nonzero().flatten()} == allowed and p.sum() == 1


def test_what_a_chat_template_writes(says):
    says(
        "If you write none, the chat template of SmolLM2 does.",
        "The last marks that a chat template writes: they begin the assistant's turn,",
    )
    tokenizer, chat = AutoTokenizer.from_pretrained("models/smollm2"), [{"role": "user", "content": "Hello."}]
    without, begun = (tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=add)
                      for add in (False, True))  # fmt: skip
    assert begun == without + "<|im_start|>assistant\n"
    assert without.startswith("<|im_start|>system\n") and without.count("<|im_start|>") == 2
    own = tokenizer.apply_chat_template([{"role": "system", "content": "Be brief."}, *chat], tokenize=False)
    assert own.startswith("<|im_start|>system\nBe brief.<|im_end|>") and own.count("system") == 1


def test_a_label_for_each_token(says):
    says("One label for each token, such as person, place or none.")
    model = AutoModelForTokenClassification.from_pretrained("models/minilm-ner")
    batch = AutoTokenizer.from_pretrained("models/minilm-ner")("Robots dance in Paris.", return_tensors="pt")
    with torch.no_grad():
        assert model(**batch).logits.shape == (1, batch.input_ids.shape[1], len(model.config.id2label))
    assert {"O", "B-PER", "B-LOC"} <= set(model.config.id2label.values())


def test_what_words_promise_of_other_pages(says):
    """An entry that tells what a chapter shows: the chapter says it, too, in its own words."""
    says(
        "each takes other texts (data), a part of every matrix (tensor), or some of the layers (pipeline).",
        "at each step its state is only multiplied and added to, and such steps can be merged in training.",
        "Pressing the positions of a long text together, so that they fit into the range that was trained, "
        "and then training a little more.",
        "such as 4 bits for each weight in place of 32.",
        "Putting a new text into a place of the batch as soon as another text has ended",
    )
    says("*data parallelism*: each device holds the whole model and takes other texts;", page="parallelism")
    says("Servers put a new text into a place as soon as it is free ([continuous batching](glossary.md#continuous-batching)).[^orca]", page="parallelism")
    says("the old state is only multiplied and added to. Steps of that kind can be merged", page="why_transformers")
    says("*Position interpolation* presses the positions together on purpose", page="input_representation")
    says("4 bits for most weights, and [two numbers for each 32](smaller.md) of them; this book turns it into 32-bit numbers.", page="hugging_face")


def test_the_better_text_is_to_move_up_more(says):
    says(
        "by which the better text is to rise more, or to fall less, than the worse one, each from where it was.",
    )
    loss = lambda better, worse: -torch.nn.functional.logsigmoid(torch.tensor(0.1 * (better - worse)))
    assert loss(1.0, 1.0) == loss(-5.0, -5.0), "both moves alike, wherever they lead"
    assert loss(2.0, 1.0) < loss(1.0, 1.0) < loss(1.0, 2.0)
    assert loss(-1.0, -3.0) == loss(3.0, 1.0), "no move up is asked for, only the larger one"
