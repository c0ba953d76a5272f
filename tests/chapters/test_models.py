"""The page of models: what it says about packages, files and licenses, read from what is there."""

import re
from pathlib import Path

from scripts.base import ROOT


def test_where_the_bytes_come_from(book, values, says):
    says(
        "Their bytes come from {{ models/cards.packages }} packages, one of which holds no model but sentences "
        "to train and test with; all are pinned in a lock file: together {{ models/cards.megabytes:.0f}} MB to download.",
        "All of them are small enough for a laptop without a graphics card.",
        "You can make one model alone, or all of them, with one command:",
    )
    fetched = {name: entry for name, entry in book.lock.items() if "package" in entry}
    packages = {}
    for name, entry in fetched.items():
        packages.setdefault(entry["package"], []).append(name)
    assert len(packages) == values("models/cards").packages
    holding = {one for one, names in packages.items() if any(book.lock[name].get("parameters") for name in names)}
    assert set(packages) - holding == {"vaderSentiment"}
    sizes = [entry["bytes"] for entry in {entry["wheel"]: entry for entry in fetched.values()}.values()]
    assert round(sum(sizes) / 1e6) == round(values("models/cards").megabytes)
    assert max(entry["made_bytes"] for entry in fetched.values()) < 1e9, "for a laptop's memory"


def test_weights_are_safetensors_and_no_pickle_runs(book, says):
    says("Weights are stored as safetensors. No code from a pickle is run, and no account is needed.")
    for name, entry in book.lock.items():
        if entry.get("parameters"):
            assert "model.safetensors" in [file.name for file in (ROOT / "models" / name).iterdir()], name
    loading = [path for path in Path("scripts/models").glob("*.py") if "torch.load(" in path.read_text("utf-8")]
    for path in loading:
        text = path.read_text("utf-8")
        assert text.count("torch.load(") == text.count("weights_only=True"), path
    assert loading and not [
        path for path in Path("scripts/models").glob("*.py") if re.search(r"\bpickle\.|import pickle", path.read_text())
    ]


def test_how_many_bits_their_weights_had(book, says):
    says("Some weights were stored in 4, 8 or 16 bits, as the notes below say")
    notes = " ".join(entry.get("note", "") for entry in book.lock.values())
    assert all(words in notes for words in ("4 bits", "8 bits", "float16"))


def test_what_the_book_trained_and_what_it_learned_from(book, says):
    says(
        "Two models were trained by this book, from MiniLM. The license that stands beside them is MiniLM's. "
        "Of the sentences that they learned from, some are reviews, news and tweets, and belong to their writers; "
        "the others were made from templates of this book. The [tiny experts](#tiny-experts) began at random, "
        "and learned from the rated sentences.",
    )
    trained = {name: entry for name, entry in book.lock.items() if "snippet" in entry and entry.get("parameters")}
    assert set(trained) == {"minilm-sentiment", "minilm-ner"}
    for name, entry in trained.items():
        assert entry["licence"] == book.lock["minilm"]["licence"] and "all-MiniLM-L6-v2" in entry["author"], name
    learned = {name: book.snippet(entry["snippet"]).models for name, entry in trained.items()}
    assert "rated-sentences" in learned["minilm-sentiment"]
    assert {"made-sentences", "found-sentences"} <= set(learned["minilm-ner"])
    for name in ("rated-sentences", "found-sentences"):
        assert "the sentences are their writers'" in book.lock[name]["licence"]
    trainer = book.snippet(book.lock["tiny-experts"]["snippet"])
    assert list(trainer.models) == ["rated-sentences"]
    assert book.lock["made-sentences"]["licence"] == "as this book"
