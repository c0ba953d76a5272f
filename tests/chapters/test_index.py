"""The first page's claims: where “they” looks, and that it is not everybody's habit."""

from pathlib import Path

import pytest


def test_one_sentence_in_many_chapters(says):
    says(
        "one sentence that you will meet again in many chapters",
        "What a page cites from elsewhere, no test can check",
    )
    meet = 0
    for page in Path("docs").glob("*.md"):
        files = [page, *Path("snippets", page.stem).glob("*.py")]
        meet += any("robot watered the sunflowers" in f.read_text("utf-8") for f in files)
    assert meet >= 10


def test_they_looks_at_the_sunflowers(values, maps, says):
    says(
        "In this head, “they” gives {{ index/taste.to_flowers:.0%}} of its attention "
        "to them and {{ index/taste.to_robot:.0%}} to the robot.",
        "The others give the sunflowers {{ index/taste.others:.0%}} on average.",
        "But look at the second “the”, just before the word: it gives them {{ "
        "index/taste.before:.0%}}.",
    )
    taste = values("index/taste")
    assert taste.to_flowers > 5 * taste.to_robot
    assert taste.to_flowers > 2.5 * taste.others
    assert taste.before > taste.to_flowers, "the page says so"
    (one,) = maps("index/taste")
    row = dict(zip(one["columns"], one["values"][one["rows"].index("they")]))
    darkest = sorted(row, key=row.get)[-2:]
    assert set(darkest) == {"##flower", "##s"}
    to_flowers = sum(row[piece] for piece in ("sun", "##flower", "##s"))
    assert to_flowers == pytest.approx(taste.to_flowers, abs=0.01)


def test_what_the_others_write(values, says):
    says(
        "A second model *continues* the beginning of the sentence, and a third "
        "*translates* it to Portuguese.",
    )
    taste = values("index/taste")
    assert taste.continued.startswith("The robot watered the sunflowers because")
    assert "girassóis" in taste.translated


def test_models_page_comes_from_the_lock_file(values, printed, book, says):
    says(
        "The models take {{ models/cards.disk_gigabytes:.1f}} GB of disk",
    )
    cards = printed("models/cards")
    for name, entry in book.lock.items():
        assert f"`models/{name}`" in cards and entry["title"] in cards
    assert values("models/cards").models == len(book.lock)
    disk = sum(entry.get("made_bytes", 0) for entry in book.lock.values())
    assert values("models/cards").disk_gigabytes == pytest.approx(disk / 1e9)
