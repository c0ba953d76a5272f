"""The answers of a page, at the end of its copy."""

import re

import pytest

from scripts.base import ROOT
from scripts.pages import answers, questions
from scripts.pages.questions import FENCE

PAGE = """# A

## Try it

**1. Count.** How many?

??? success "Answer"

    Three.

    ```text
    ??? success "no fold"
    ```

??? note "The code that computes these answers"

    ```python
    --8<-- "a/answers.py"
    ```

## Check yourself

!!! question "Which?"

    - [ ] This.
        No: it is
        too small.
    - [x] That.
        Yes.

!!! question "How much?"

    `= {{ a/b.c:.1f }} ± 0.1 GB`

    It was counted.

!!! question "Put in order."

    1. One.
    2. Two.
    3. Three.

    So it is.

!!! question "What is printed?"

    ```python
    --8<-- "a/b.py"
    ```

    ```text
    --8<-- "a/b.txt"
    ```

    Because.

## Next

Go on.[^x]

[^x]: Source.
"""
APART = """# A

## Try it

**1. Count.** How many?

*The answer is [at the end](#answers).*

## Check yourself

**Question 1.** Which?

- A. This.
- B. That.

**Question 2.** How much?

Your number, in GB:

**Question 3.** Put in order.

- One.
- Three.
- Two.

**Question 4.** What is printed?

```python
--8<-- "a/b.py"
```

## Next

Go on.[^x]

## Answers

**1. Count.**

Three.

```text
??? success "no fold"
```

**The code that computes these answers.**

```python
--8<-- "a/answers.py"
```

**Question 1.** B.

- A. No: it is
  too small.
- B. Yes.

**Question 2.** {{ a/b.c:.1f }} GB.

It was counted.

**Question 3.** The order:

1. One.
2. Two.
3. Three.

So it is.

**Question 4.** It printed:

```text
--8<-- "a/b.txt"
```

Because.

[^x]: Source.
"""


def test_answers_stand_at_the_end():
    assert answers.apart(PAGE) == APART


def test_a_page_without_answers_stays():
    assert answers.apart("# A\n\nText.\n") == "# A\n\nText.\n"


@pytest.mark.parametrize("path", sorted((ROOT / "docs").glob("*.md")), ids=lambda path: path.stem)
def test_no_answer_stands_before_the_section_of_answers(path):
    text = path.read_text("utf-8")
    before, _, after = answers.apart(text).partition("\n## Answers\n")
    asked = questions.parse(text)
    assert not re.search(
        r"^\?\?\? success|^!!! question|^    - \[[ x]\]", FENCE.sub("", before), re.M
    )
    assert len(re.findall(r"^\*\*Question \d+\.\*\*", after, re.M)) == len(asked)
    for option in (option for question in asked for option in question.options):
        assert option.reason.split("\n")[0] in after and option.reason not in before
    words = sorted(re.findall(r"\w+", re.sub(r"^(\?\?\?|!!!).*$", "", text, flags=re.M)))
    kept = re.findall(r"\w+", before + after)
    assert len(kept) >= len(words) - 3 * len(asked), "nothing is lost"
