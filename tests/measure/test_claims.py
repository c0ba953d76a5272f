"""Claims and what holds them: what looks like one, what a test holds, and that no share falls."""

import json
import os
import subprocess
import sys

import pytest

from scripts.base import ROOT
from scripts.measure import claims

PAGE = """---
description: Every figure is computed.
---

# A page

The mask cuts. It cuts because
the row must sum to one. Nobody knows why it is so!
Is every row the same as before?

```python
every = always = "never"
```

- [x] The first of all the heads wins.
- One of them wins.

![All rows sum to one.](figures/a/b.svg "A map of every head. It is small.")

The share is {{ a/b.share:.0%}} here. See `never` and `{{ a/b.share }}` there.

<figure><svg><title id="t">Every box is
a link.</title><text>never in a drawing</text></svg>
<figcaption>Every box leads to a page.</figcaption></figure>

| what | how often |
|---|---|
| a mask | it always cuts, \\| never |

!!! question "Why does every row sum to one?"

    - [ ] The mask divides every row.
        It only hides: no mask divides.

## Remember

- Every row sums to one.

??? note "Every program of the page"

    Answer: all of them end.

[^note]: Somebody, *Every Claim*, 2020.

<div class="live" data-live="bits" data-bytes="{{ a/b.bytes }}" data-offer="Round every one yourself"></div>
"""


def test_what_looks_like_a_claim():
    found = [(one.line, one.kind, one.text) for one in claims.claims(PAGE)]
    assert found == [
        (7, "cause", "It cuts because the row must sum to one."),
        (7, "universal", "Nobody knows why it is so!"),
        (15, "universal", "The first of all the heads wins."),
        (18, "universal", "A map of every head."),
        (20, "value", "The share is {{ a/b.share:.0%}} here."),
        (22, "universal", "Every box is a link."),
        (24, "universal", "Every box leads to a page."),
        (28, "universal", "it always cuts, \\| never"),
        (32, "universal", "The mask divides every row."),
        (32, "universal", "It only hides: no mask divides."),
        (37, "universal", "Every row sums to one."),
        (39, "universal", "Every program of the page"),
        (41, "universal", "Answer: all of them end."),
    ]


LAB = '''# ---
# description: Every head.
# ---

# %% [markdown]
# # A lab
#
# Each head always looks
# back.

# %% alt="All of the rows fall."
# every comment = "never"
print("every line")

# %% [markdown] hints="task"
# It never is.
#
# ---
#
# Nothing helps.
'''


@pytest.fixture
def small(tmp_path):
    """A book of one chapter and one lab, with the tests that the book has for its own."""
    (tmp_path / "docs" / "labs").mkdir(parents=True)
    (tmp_path / "docs" / "one.md").write_text("# One\n\nFirst. Every row\nsums to one. Half of all fall.\n")
    (tmp_path / "docs" / "labs" / "one.py").write_text(LAB)
    for folder in ("chapters", "labs"):
        (tmp_path / "tests" / folder).mkdir(parents=True)
    return tmp_path


def test_of_a_lab_its_text_and_what_its_figures_show_are_read(small):
    lab = claims.source(small / claims.pages(small)["labs/one"])
    assert [(one.line, one.text) for one in claims.claims(lab)] == [
        (8, "Each head always looks back."),
        (11, "All of the rows fall."),
    ], "shorter ones have too few words to be told"
    assert claims.place(lab, "Nothing helps.") == 20
    assert claims.place(lab, "Each head always looks back.") == 8
    assert claims.place(lab, "every line") is None, "what code prints is not written there"


def test_a_sentence_is_held_on_the_page_that_its_test_names(small):
    (small / "tests" / "chapters" / "test_one.py").write_text(
        'def test_it(says):\n    says("Every row sums to one.")\n'
        '    says("Each head always looks back.", page="labs/one")\n'
    )
    (small / "tests" / "labs" / "test_lab_one.py").write_text('def test_it(says): says("All of the rows fall.")')
    found = claims.shares(small)
    assert {name: [one.text for one in kept] for name, (_, kept) in found.items()} == {
        "one": ["Every row sums to one."],
        "labs/one": ["Each head always looks back.", "All of the rows fall."],
    }


def test_a_test_that_fails_names_page_line_and_sentence(small):
    """Both when the outcome no longer holds and when the page no longer says so."""
    conftest = (ROOT / "tests" / "conftest.py").read_text("utf-8")
    root = "ROOT = Path(__file__).resolve().parent.parent"
    assert root in conftest
    (small / "tests" / "conftest.py").write_text(conftest)
    for name in ("scripts", "snippets"):
        (small / name).symlink_to(ROOT / name)
    (small / "tests" / "chapters" / "test_one.py").write_text(
        "def test_outcome(says):\n"
        '    says("Every row  sums to one.")\n'
        "    assert 1 + 1 == 3\n"
        '    says("always looks back", page="labs/one")\n'
        "def test_gone(says):\n"
        '    says("Every row sums to two.")\n'
        "def test_good(says):\n"
        '    says("Half of all fall.")\n'
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    put = {"PYTHONPATH": f"{small}{os.pathsep}{small / 'tests'}"}
    ran = subprocess.run(command, cwd=small, env=os.environ | put, capture_output=True, text=True)
    said = ran.stdout
    outcome, gone = said.split("test_outcome _")[1].split("test_gone _")
    assert "docs/one.md:3: Every row sums to one.\n" in outcome, said + ran.stderr
    assert "docs/labs/one.py:8: always looks back\n" in outcome
    assert "docs/one.md no longer says: Every row sums to two.; line 3 says: Every row" in gone
    assert "docs/one.md:gone: Every row sums to two." in gone
    assert "Half of all fall" not in said and "2 failed, 1 passed" in said


def test_every_page_is_recorded(found):
    assert found.keys() == json.loads(claims.RECORD.read_text("utf-8")).keys()


def test_a_quotation_holds_its_sentence():
    tests = '''
def test_one(says):
    says("because the row  must sum", "no such sentence")
    print("Nobody knows why it is so!")
'''
    found = claims.quoted(tests)
    assert found == [("", "because the row must sum"), ("", "no such sentence")]
    quotes = [sentence for _, sentence in found]
    held = [one.text for one in claims.claims(PAGE) if claims.held(one, quotes)]
    assert held == ["It cuts because the row must sum to one."], "printed is not held"


@pytest.fixture(scope="module")
def found():
    return claims.shares()


@pytest.mark.parametrize("name", json.loads(claims.RECORD.read_text("utf-8")))
def test_no_share_falls(found, name, says):
    says("and the share that is held may not fall.", page="contributing")
    said, kept = found[name]
    held, of = json.loads(claims.RECORD.read_text("utf-8"))[name]
    file = claims.pages()[name]
    assert len(kept) * of >= held * len(said), (
        f"{file} has {len(said)} sentences that look like claims, {len(kept)} of them held by a"
        f" test; it was {held} of {of}. Quote the new one in a test beside its outcome, or say it"
        f" so that it is no claim; `python -m scripts claims {name}` lists them"
    )
