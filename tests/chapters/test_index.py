"""The first page's claims: where “they” looks, and that it is not everybody's habit."""

import re
import threading
from pathlib import Path

import pytest

from scripts.base import ROOT
from scripts.measure import claims
from scripts.pages.outputs import Output
from scripts.serve import needs
from scripts.serve.line import Reading
from snippets.shared.translator import SSRU, Translator

FIGURE = re.compile(r"^!\[[^]]+\]\(figures/([\w/]+)\.svg", re.M)


def test_plots_and_measured_numbers_come_from_programs(book, printed, says):
    """Most of the plots from models that somebody else has trained, or the book from one of them."""
    says(
        "Plots and measured numbers on these pages were computed by the code shown with them, most of them "
        "on real pretrained models, on an ordinary processor.",
        "A few numbers come from elsewhere, and [most say so](how_it_is_made.md#where-the-promise-ends).",
    )
    says("**Facts from outside**", page="how_it_is_made")
    drawn = {
        name for page in ROOT.glob("docs/*.md") for name in FIGURE.findall(page.read_text("utf-8"))
    }
    drawn.discard("chapter/idea")  # how to write one, in the page for those who add to the book
    assert len(drawn) > 80 and drawn <= set(book.names())
    assert sum(bool(book.outcome(name).models) for name in drawn) > 0.7 * len(drawn)
    assert "“0.94” looks measured: name it in a snippet" in " ".join(
        printed("how_it_is_made/checked").split()
    )


def test_most_claims_of_the_chapters_are_held(says):
    says("They hold most of what the chapters claim to what the programs give.")
    says(
        "which hold most of what the chapters claim to what the programs give", page="contributing"
    )
    found = claims.shares()
    names = [path.stem.removeprefix("test_") for path in Path("tests/chapters").glob("test_*.py")]
    chapters = [found[name] for name in names if name in found]
    assert sum(len(held) for _, held in chapters) > 0.6 * sum(len(said) for said, _ in chapters)
    assert "which hold most of what the chapters claim" in Path("README.md").read_text("utf-8")


def test_chapters_are_named_as_they_call_themselves():
    listed = re.findall(
        r"^\[([^]]+)\]\((\w+)\.md\)$", Path("docs/index.md").read_text("utf-8"), re.M
    )
    assert len(listed) == 24
    for name, page in listed:
        heading = re.search("^# (.+)$", Path(f"docs/{page}.md").read_text("utf-8"), re.M)[1]
        assert heading.startswith(name), (name, heading)


def test_what_is_promised_of_other_pages(printed, says):
    says(
        "Three Transformers in plain PyTorch, each a file of 150 lines, compared with the library's on real weights.",
        "One lecture, a week or half a course: what to show in which order, slides, what to assign, and how to gather it.",
        "What changes when the sequence is a molecule, a sound or a picture, and what stays?",
    )
    for kind in ("encoder", "decoder", "encoder_decoder"):
        program = Path(f"snippets/from_scratch/{kind}.py").read_text("utf-8")
        assert len(program.splitlines()) == 150, kind
    assert "models/" in Path("snippets/from_scratch/same.py").read_text("utf-8")
    teaching = Path("docs/teaching.md").read_text("utf-8")
    assert all(
        f"\n## {one}" in teaching
        for one in ("One lecture", "A week", "Half a course", "What to assign")
    )
    creativity = Path("docs/creativity.md").read_text("utf-8")
    heads = ("A molecule is", "A sound is", "A picture is", "What changes, what stays")
    assert all(f"\n## {one}" in creativity for one in heads)


def test_how_to_read_it(book, says):
    says(
        "It brings the model into the page, so that you can change the sentence and watch.",
        "Under each output stands a line that says which model made it and how long it took. "
        "The same line links to the program, whole, ready to paste.",
        '??? note "The code that computed all of this"',
    )
    page = Path("docs/index.md").read_text("utf-8")
    assert 'data-live="attention"' in page and "data-offer" in page
    assert '"index/taste.py"' in page.split("The code that computed all of this")[1][:80]
    line = Output(book, "index/taste").made_by("", figure=True, caption="MiniLM")
    assert line.startswith("MiniLM · CPU · <span") and 'href="source/index/taste.py"' in line


ASKS = re.compile(
    r"\?|\b(?:find|compare|follow|guess|look|watch|write down|predict|read|see|count|expect)\b", re.I
)


def test_how_most_chapters_go(says):
    """Counted over the chapters: questions at the start, and before figures; answers with outcomes."""
    says(
        "Most chapters ask one question, show the smallest thing that can be seen happening, then the idea, "
        "then the real model, and then where it breaks.",
        "Read the words before a figure: mostly they ask something that it answers.",
        "At the end of each chapter are exercises, and most of their answers were computed too.",
    )
    listed = re.findall(r"^\[[^]]+\]\((\w+)\.md\)$", Path("docs/index.md").read_text("utf-8"), re.M)
    asking, before, answers = [], [], []
    for page in listed:
        text = Path(f"docs/{page}.md").read_text("utf-8")
        asking.append("?" in text.split("\n# ", 1)[1].split("\n## ")[0])
        parts = re.split(r"\n\s*\n", text)
        for place, part in enumerate(parts):
            if part.startswith("![") and "](figures/" in part:
                prose = [one for one in parts[:place] if re.match(r"[A-Z*\[(“]", one)]
                before.append(bool(ASKS.search(prose[-1])))
        found = re.findall(r'^\?\?\? success "Answer"\n((?:\n|    .*\n)+)', text, re.M)
        answers += ["{{ " in one or "--8<--" in one for one in found]
    assert sum(asking) > 0.8 * len(listed)
    assert len(before) > 80 and sum(before) > 0.6 * len(before)
    assert len(answers) > 40 and sum(answers) > 0.9 * len(answers)


def test_one_line_makes_all_of_it(book, says, tmp_path):
    says(
        "In the copy, this line installs the packages, serves the site on your own machine, "
        "makes the models and runs every snippet, those of the page in front of you first.",
        "The first time, the whole takes long: several hundred programs are run.",
        "The tests are another command.",
    )
    assert 250 < len(book.names()) < 1000
    line = re.search("^python3 .*$", Path("docs/index.md").read_text("utf-8"), re.M)[0]
    assert "pip install -r requirements.txt && " in line and line.endswith("mkdocs serve")
    # Of all snippets, as if none had run, those that the page in front shows stand first.
    for front in ("index.md", "decoder.md"):
        reading = Reading(ROOT, tmp_path, print, threading.Event())
        reading.book, reading.front = book, [front]
        reading.waiting = {name: book.snippet(name) for name in book.names()}
        reading.pages = needs.of_pages(ROOT, set(book.names()))
        reading._sort()
        assert set(reading._order) == {*book.names(), needs.LIVE}, "every one"
        own = reading.pages[front]
        assert len(own) > 3 and reading._order[: len(own)] == own


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
        "We picked this head because no other gives the sunflowers more on this sentence. In {{ index/taste.they_more }} of the "
        "{{ index/taste.heads }} heads a piece of them gets more than the robot, on average over the three. Now take the row "
        "of “because”, which stands for neither: there it is so in {{ index/taste.because_more }}.",
        "One map cannot tell.",
        "It has {{ index/taste.heads }} [heads](glossary.md#head), and each has a map of its own.",
        "A map shows where one head looks, and not why",
        "And in this head the second “the”, just before the word, gives the sunflowers even more than “they” does, "
        "{{ index/taste.before:.0%}}.",
    )
    taste = values("index/taste")
    assert taste.to_flowers > 5 * taste.to_robot
    assert taste.before > taste.to_flowers, "the page says so"
    assert taste.heads == 72 and taste.most == pytest.approx(taste.to_flowers)
    assert max(taste.they_more, taste.because_more) < taste.heads / 2, "no rule"
    assert abs(taste.they_more - taste.because_more) < 5, "and no more than in another row"
    (one,) = maps("index/taste")
    row = dict(zip(one["columns"], one["values"][one["rows"].index("they")]))
    darkest = sorted(row, key=row.get)[-2:]
    assert set(darkest) == {"##flower", "##s"}
    to_flowers = sum(row[piece] for piece in ("sun", "##flower", "##s"))
    assert to_flowers == pytest.approx(taste.to_flowers, abs=0.01)


def test_what_the_others_write(values, says):
    says(
        "A second model *continues* the beginning of the sentence, after [a start token]"
        "(decoder.md#what-stands-before-a-text): below is the first sentence that it wrote.",
        "The continuation knows nothing of thirst.",
        "A third *translates* the whole to Portuguese; in its decoder a [recurrent unit]"
        "(encoder_decoder.md#three-attentions) stands where a Transformer has self-attention.",
    )
    taste = values("index/taste")
    assert taste.continued.startswith("The robot watered the sunflowers because")
    assert taste.continued.endswith(".") and taste.continued.count(".") == 1
    assert "thirst" not in taste.continued
    assert 'text = "<|endoftext|>The robot' in Path("snippets/index/taste.py").read_text("utf-8")
    assert "girassóis" in taste.translated
    says("**Its second attention is missing.**", page="encoder_decoder")
    assert isinstance(
        Translator.from_pretrained("models/en-pt").model.decoder.layers[0].self_attn, SSRU
    )


def test_models_page_comes_from_the_lock_file(values, printed, book, says):
    says(
        "The models take {{ models/cards.disk_gigabytes:.1f}} GB of disk; those that the book trains add some more.",
    )
    cards = printed("models/cards")
    for name, entry in book.lock.items():
        assert f"`models/{name}`" in cards and entry["title"] in cards
    assert values("models/cards").models == len(book.lock)
    disk = sum(entry.get("made_bytes", 0) for entry in book.lock.values())
    assert values("models/cards").disk_gigabytes == pytest.approx(disk / 1e9)
