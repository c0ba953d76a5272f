"""Claims and what holds them: what looks like one, what a test holds, and that no share falls."""

import json

import pytest

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

<figure><svg><text>never in a drawing</text></svg></figure>

[^note]: Somebody, *Every Claim*, 2020.
"""


def test_what_looks_like_a_claim():
    found = [(one.line, one.kind, one.text) for one in claims.claims(PAGE)]
    assert found == [
        (7, "cause", "It cuts because the row must sum to one."),
        (7, "universal", "Nobody knows why it is so!"),
        (15, "universal", "The first of all the heads wins."),
        (18, "universal", "A map of every head."),
        (20, "value", "The share is {{ a/b.share:.0%}} here."),
    ]


def test_every_chapter_is_recorded(chapters):
    assert chapters.keys() == json.loads(claims.RECORD.read_text("utf-8")).keys()


def test_a_quotation_holds_its_sentence():
    tests = '''
def test_one(says):
    says("because the row  must sum", "no such sentence")
    print("Nobody knows why it is so!")
'''
    quotes = claims.quoted(tests)
    assert quotes == ["because the row must sum", "no such sentence"]
    held = [one.text for one in claims.claims(PAGE) if claims.held(one, quotes)]
    assert held == ["It cuts because the row must sum to one."], "printed is not held"


@pytest.fixture(scope="module")
def chapters():
    return claims.chapters()


@pytest.mark.parametrize("name", json.loads(claims.RECORD.read_text("utf-8")))
def test_no_share_falls(chapters, name):
    said, kept = chapters[name]
    held, of = json.loads(claims.RECORD.read_text("utf-8"))[name]
    assert len(kept) * of >= held * len(said), (
        f"docs/{name}.md has {len(said)} sentences that look like claims, {len(kept)} of them"
        f" held by a test; it was {held} of {of}. Quote the new one in"
        f" tests/chapters/test_{name}.py beside its outcome, or say it so that it is no claim;"
        f" `python -m scripts claims {name}` lists them"
    )
