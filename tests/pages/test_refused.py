"""What a page may not hold is named with its line, and what is right is left alone."""

import pytest

from scripts.pages.refused import DESCRIPTION, UNSPOKEN, refused

HEAD = "---\ndescription: A page about what pages say.\n---\n# X\n\n"


def told(text: str) -> list[tuple[int, str]]:
    """Line and sentence of all that is refused in a page that begins as it should."""
    text = HEAD + text
    return [(text.count("\n", 0, at) + 1, said) for at, said in refused(text)]


@pytest.mark.parametrize(
    "braces",
    [
        "{{ count.x }}",
        "{{ a.b.c }}",
        "{{ a/b }}",
        "{{ chapter/idea.name | round }}",
        "{{ chapter/idea.name:.2f }",
        "{{ chapter/idea.name:.2f",
        "chapter/idea.name }}",
    ],
)
def test_braces_that_are_no_value_are_refused(braces):
    ((line, said),) = told(f"One.\n\nIt is {braces}\n")
    assert line == 8 and "is no value: write {{ chapter/idea.name }}" in said


@pytest.mark.parametrize("example", [example for _, _, example, _ in UNSPOKEN])
def test_markdown_that_the_site_does_not_know_is_refused(example, html):
    ((line, said),) = told(f"One.\n\n{example}\n")
    assert line == 8 and "is not known here: write " in said
    assert told(f"One `{example}`.\n\n````markdown\n{example}\n````\n\n```text\n{example}\n```\n") == []
    assert not any(tag in html(example) for tag in ("<mark", "<del", "<abbr", "tabbed", "checkbox"))


@pytest.mark.parametrize("mark", ["```mermaid", "```{ .mermaid }", "~~~ plantuml"])
def test_a_diagram_in_words_is_refused(mark):
    assert "draw the diagram as SVG" in told(f"{mark}\na --> b\n{mark[:3]}\n")[0][1]


FIGURE = '![A curve that rises fast and falls slowly.](figures/a/b.svg "A (small) caption.")'


def test_an_image_from_elsewhere_is_refused():
    for image in ("![A curve.](a.png)", "![A curve.](https://x.org/a.svg)", "![A curve][one]"):
        ((_, said),) = told(f"{image}\n")
        assert "has no form for the dark" in said


def test_a_figure_stands_alone():
    assert told(f"{FIGURE}\n\n    {FIGURE}\n") == []
    for line in (f"Look: {FIGURE}", f"{FIGURE} and so on", f"- {FIGURE}"):
        ((_, said),) = told(f"{line}\n")
        assert "on a line of its own" in said


@pytest.mark.parametrize(
    "text",
    [
        "It falls to {{ chapter/idea.spread:.1f }}, in `{{ chapter/idea.name }}`.",
        r"$\frac{a}{\sqrt{{b}}}$ and $$\underbrace{4d}_{\text{all}}$$",
        "<!-- {{ later }} -->",
        "At 12:30:45 or a::b, with a == b == c in words, a ~ b ~ c.",
        '!!! question "Which?"\n\n    - [ ] One.\n    - [x] Two.\n',
        "<svg><image></image></svg>",
    ],
)
def test_what_is_right_is_left_alone(text):
    assert told(text + "\n") == []


def test_a_page_says_what_it_is_about():
    least, most = DESCRIPTION
    for words, said in (("", "begins with three lines"), ("Few.", "letters"), ("x" * most, "letters")):
        front = f"---\ndescription: {words}\n---\n" if words else ""
        ((at, sentence),) = refused(f"{front}# X\n")
        assert said in sentence and at == (4 if words else 0)
    assert refused(f"---\ndescription: {'x' * (least + 1)}\n---\n# X\n") == []
