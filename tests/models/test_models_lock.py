"""The lock file: what it tells, what it decides, and what is said when it is wrong."""

import re

import pytest

from scripts.models.lock import digest, load_lock
from scripts.models.make import missing

LOCK = load_lock()


@pytest.mark.parametrize("name", LOCK)
def test_readers_are_told_what_it_is(name):
    fields = ["title", "about", "author", "licence"]
    for field in fields + ["hub"] * ("wheel" in LOCK[name]):
        assert LOCK[name].get(field), field
    assert LOCK[name]["about"].endswith(".")


def test_rampart_carries_the_attribution_that_its_notice_asks_for():
    attribution = LOCK["pii"]["attribution"]
    for words in (
        "Rampart",
        "National Design Studio",
        "Copyright 2026",
        "https://creativecommons.org/licenses/by/4.0/",
        "https://huggingface.co/nationaldesignstudio/rampart",
        "Changed here",
    ):
        assert words in attribution


def test_digest_hears_facts_and_not_words():
    entry = LOCK["minilm"]
    backwards = dict(reversed(entry.items()))
    assert digest(entry) == digest(backwards | {"about": "Other words."})
    for field in ("sha256", "recipe", "version", "files", "members"):
        assert digest(entry) != digest(entry | {field: "other"})


def test_models_that_snippets_train_are_left_to_the_runner(book):
    text = book.lock.read_text()
    words = "".join(f'{field} = "Moods"\n' for field in ("title", "about", "author", "licence"))
    book.lock.write_text(f'{text}\n[moods]\n{words}snippet = "moods/train"\n')
    assert load_lock(book.lock)["moods"]["snippet"] == "moods/train"
    assert missing(root=book.root) == ["tiny"]
    assert book.ensure(["moods"]) == ([], [])


def test_unknown_name(book, fails):
    told = fails("tinny")
    assert "no model `tinny`" in told and "`tiny`" in told and "--list" in told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text + "\n[", "not valid TOML"),
        (lambda text: text.replace("sha256", "sha"), "`sha256` is missing"),
        (lambda text: text.replace('"safetensors"', '"magic"'), "`magic` is unknown"),
        (lambda text: text.replace('"config" =', '"cofig" ='), "`members` must name"),
        (lambda text: text.replace("[tiny]", '["../tiny"]'), "small letters"),
        (lambda text: text.replace("tiny_model-1.0-", "../x-1.0-"), "name of a wheel"),
        (lambda text: text.replace("tiny_model-1.0-", "tiny_model-1.1-"), "not of tiny_model 1.0"),
        (lambda text: re.sub("about = .*", "", text), "`about` is missing"),
        (lambda text: re.sub("about = .*", 'about = ""', text), "`about` is missing"),
        (lambda text: text.replace("licence", "license"), "did you mean `licence`?"),
        (lambda text: re.sub("made_bytes = .*", "made_bytes = -1", text), "`made_bytes` must be"),
        (lambda text: re.sub("made_bytes = .*", "made_bytes = true", text), "`made_bytes` is"),
        (lambda text: re.sub('sha256 = "..', 'sha256 = "', text), "`sha256` has not 64"),
        (lambda text: re.sub('"config.json" = "..', '"config.json" = "', text), "of `config.json`"),
        (lambda text: text + '\nparameters = "many"', "`parameters` is missing or is not a int"),
        (lambda text: text + '\nnote = 1', "`note` is missing or is not a str"),
        (lambda text: text + '\n[x]\nsnippet = "x"', "`snippet` must be “chapter/idea”"),
        (lambda text: text + '\n[x]\nsnippet = "x/y"', "`about` is missing or is not a str, `author`"),
        (lambda text: text + '\nsnippet = "x/y"', "`recipe` is no field of a model"),
    ],
)
def test_broken_lock_file(book, fails, change, told):
    book.lock.write_text(change(book.lock.read_text()))
    sentence = fails()
    assert "models.toml" in sentence and told in sentence


def test_all_faults_are_told_at_once(book, fails):
    text = re.sub("^(about|hub|bytes) = .*", "", book.lock.read_text(), flags=re.M)
    book.lock.write_text(text.replace('"config" =', '"cofig" ='))
    told = fails()
    for part in ("[tiny]", "`about` is", "`hub` is", "`bytes` is", "`members` must name exactly"):
        assert part in told


def test_no_lock_file(book, fails):
    book.lock.unlink()
    assert "is not there" in fails()
