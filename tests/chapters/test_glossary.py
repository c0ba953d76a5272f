"""The glossary: the words that a reader of this field looks up are there, each with the place that shows it."""

import re
from pathlib import Path

import pytest

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


def test_a_word_that_is_looked_up_is_found(entries, ask):
    """By the search of the built site: the glossary or the page that shows it is among the first four."""
    found = ask(WORDS)
    lost = {
        word: found[word][:4]
        for word, term in WORDS.items()
        if not {f"{entries[term][1]}/", "glossary/"} & set(found[word][:4])
    }
    assert not lost, lost
    shown = [word for word, term in WORDS.items() if f"{entries[term][1]}/" in found[word][:4]]
    assert len(shown) > 0.9 * len(WORDS), set(WORDS) - set(shown)


def test_what_is_no_word_of_ours_is_not_found(ask):
    assert not any(ask(["transmogrification", "zygomatic"]).values())
