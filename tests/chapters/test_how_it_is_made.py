"""How it is made: what the page says about stamps, bytes, checks and times."""

import json
import re
from importlib import metadata

from scripts.base import ROOT


def test_only_what_decides_the_outcome_runs_a_snippet_again(printed, values, says):
    says(
        "The answer must not come from the dates of files",
        "{{ how_it_is_made/stamp.again }} of {{ how_it_is_made/stamp.tried }} "
        "changes run it again.",
        "A sentence on its page does not, so writing costs nothing.",
    )
    rows = re.findall(r"^\| (.+) \| (yes|no) \|$", printed("how_it_is_made/stamp"), re.M)
    assert rows == [
        ("a sentence of its page", "no"),
        ("the file, saved without a change", "no"),
        ("another snippet", "no"),
        ("a comment in it", "yes"),
        ("a shared module", "yes"),
        ("the style of the figures", "yes"),
    ]
    left = values("how_it_is_made/stamp")
    assert (left.again, left.tried) == (3, 6)


def test_a_figure_drawn_twice_has_the_same_bytes(values, printed, says):
    says(
        "Here one attention map is computed and drawn twice.",
        "The two digests are the same, so the two files are.",
    )
    assert values("how_it_is_made/same").same is True
    first, second, _ = printed("how_it_is_made/same").splitlines()
    assert first == second


def test_each_mistake_gets_its_sentence(printed, values, says):
    says(
        "That is {{ how_it_is_made/checked.found }} sentences, each with the place "
        "and what would be right.",
    )
    said = " ".join(printed("how_it_is_made/checked").split())
    for mistake in (
        "line 1: a page begins with three lines",
        "line 2: “0.94” looks measured",
        "line 3: snippets/chapter/idea.py leaves no value spred; did you mean spread?",
        "line 4: snippets/chapter/idea.py leaves no figure open",
        "line 4: this figure's alt text",
        "line 5: Python is included from snippets/",
        "line 8: there is no snippet chapter/idee; did you mean chapter/idea?",
        "forgotten.py is on no page",
    ):
        assert mistake in said
    assert values("how_it_is_made/checked").found == 8


def test_every_package_has_its_version_reason_and_license(printed, values, says):
    says(
        "These are the {{ how_it_is_made/packages.packages}} packages that the book "
        "asks for, each in one version.",
        "They bring others, {{ how_it_is_made/packages.locked}} in all.",
    )
    rows = re.findall(r"^\| ([\w-]+) \| ([\w.]+) \| (.+) \| (.+) \|$", printed("how_it_is_made/packages"), re.M)
    rows = [row for row in rows if row[0] != "package"]
    asked = (ROOT / "requirements.txt").read_text("utf-8").count("==")
    assert len(rows) == asked == values("how_it_is_made/packages").packages
    for name, version, _, allowed in rows:
        assert metadata.version(name).split("+")[0] == version
        assert re.search(r"MIT|BSD|Apache|Python Software|MPL|LGPL", allowed), (name, allowed)
    assert values("how_it_is_made/packages").locked > 100
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert values("how_it_is_made/packages").locked == len(re.findall(r"^[\w.-]+==", lock, re.M))


def test_the_recorded_ratios_keep_their_bounds():
    path = ROOT / "snippets" / "how_it_is_made" / "benchmark.json"
    table = json.loads(path.read_text("utf-8"))["table"]
    found = [re.search(r"([\d.]+)( s more)?, at most ([\d.]+)", row) for row in table[2:]]
    assert len(found) == 6 and all(found)
    for row, one in zip(table[2:], found):
        assert float(one[1]) <= float(one[3]), row


def test_the_file_of_models_names_package_and_digest(book, says):
    says("A file lists every pretrained model, the package that carries it, and a digest")
    for name, entry in book.lock.items():
        if "snippet" not in entry:  # trained by the book itself
            assert entry["package"] and re.fullmatch("[0-9a-f]{64}", entry["sha256"]), name
