"""Formulas: what a browser needs in the MathML, and what must not pass in silence."""

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "scripts"))

from mathml import FormulaError, convert, render  # noqa: E402

ATTENTION = (
    r"\operatorname{softmax}\left(\frac{\textcolor{query}{Q}\textcolor{key}{K}^\top}"
    r"{\sqrt{d_k}}\right)\textcolor{value}{V}"
)


def tree(tex, display=False):
    return ElementTree.fromstring(convert(tex, display))


def texts(tex, display=False):
    return [e.text for e in tree(tex, display).iter() if e.text]


def test_a_page_keeps_all_but_its_formulas():
    page = (
        '<p>Let <span class="arithmatex">\\(a &lt; b\\)</span>, and</p>'
        '<div class="arithmatex">\\[\nx &amp; y\n\\]</div><code>\\(c\\)</code>'
    ).replace("x &amp; y", r"\begin{matrix} x &amp; y \end{matrix}")
    html = render(page)
    assert html.startswith('<p>Let <span class="nobreak"><math alttext="a &lt; b">')
    assert "</math>,</span> and</p>" in html
    assert html.endswith("</div><code>\\(c\\)</code>")
    assert "arithmatex" not in html
    assert html.count("<math") == 2


def test_display_formulas_scroll_in_a_box_that_the_keyboard_reaches():
    html = render('<div class="arithmatex">\\[x\\]</div>')
    box = '<div class="equation" tabindex="0" role="group" aria-label="equation">'
    assert html.startswith(box + '<math display="block"')


def test_the_attention_equation():
    math = tree(ATTENTION, display=True)
    assert [c.tag for c in math] == ["mi", "mrow", "mspace", "mrow"]
    assert math[0].text == "softmax"
    opening, fraction, closing = math[1]
    assert (opening.text, fraction.tag, closing.text) == ("(", "mfrac", ")")
    assert opening.get("stretchy") == closing.get("stretchy") == "true"
    classes = {e.get("class"): "".join(e.itertext()) for e in math.iter("mrow")}
    assert {"query": "Q", "key": "K", "value": "V"}.items() <= classes.items()
    assert math.get("alttext") == ATTENTION


def test_the_tex_source_stays_with_the_formula():
    assert tree(r"a < b \text{ if } c").get("alttext") == r"a < b \text{ if } c"


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"\mathbf{x}", "𝐱"),
        (r"\mathbf{W}", "𝐖"),
        (r"\mathbb{R}", "ℝ"),
        (r"\mathbb{E}", "𝔼"),
        (r"\mathcal{L}", "ℒ"),
        (r"\boldsymbol{\theta}", "𝜽"),
        (r"\boldsymbol{\gamma}", "𝜸"),
        (r"\bm{x}", "𝒙"),
        (r"\mathrm{model}", "model"),
        (r"\operatorname{softmax}", "softmax"),
        (r"\text{if } x", "if\xa0"),
        (r"\texttt{[MASK]}", "[MASK]"),
        (r"\not= x", "≠"),
        (r"x \not\in y", "∉"),
    ],
)
def test_letters(tex, text):
    assert text in texts(tex)
    assert "mathvariant" not in convert(tex)


def test_one_upright_letter_is_not_slanted():
    assert tree(r"\mathrm{d}x")[0].get("mathvariant") == "normal"


@pytest.mark.parametrize(
    ("tex", "tags"),
    [
        (r"\log p", ["mi", "mspace", "mi"]),
        (r"\log(p)", ["mi", "mo", "mi", "mo"]),
        (r"2\sin\theta", ["mn", "mspace", "mi", "mspace", "mi"]),
        (r"-\log p", ["mo", "mi", "mspace", "mi"]),
        (r"\log_2 p", ["msub", "mspace", "mi"]),
        (r"x'", ["mi", "mi"]),
        (r"x''", ["mi", "mi"]),
    ],
)
def test_space_around_names(tex, tags):
    assert [child.tag for child in tree(tex)] == tags


def test_limits_stand_below_in_display_only():
    tex = r"\max_i x_i"
    assert tree(tex, display=True)[0].tag == "munder"
    assert tree(tex)[0].tag == "msub"
    assert tree(r"\sum_{i=1}^n x_i", display=True)[0].tag == "munderover"
    assert tree(r"\operatorname*{arg\,max}_x f", display=True)[0].tag == "munder"
    assert tree(r"\frac{\max_i x_i}{2}", display=True).find(".//munder") is None


def test_brackets_belong_to_their_matrix():
    tex = r"A = \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix} B"
    row = tree(tex)[2]
    assert [child.tag for child in row] == ["mo", "mtable", "mo"]
    assert len(row[1]) == 2


def test_lines_align_by_classes():
    math = tree(r"\begin{aligned} a &= b \\ c &= d \end{aligned}", display=True)
    cells = [cell.get("class") for cell in math.iter("mtd")]
    assert cells == ["right", "left"] * 2
    cases = r"\begin{cases} 0 & \text{if } j \le i \\ -\infty & \text{else} \end{cases}"
    assert {c.get("class") for c in tree(cases).iter("mtd")} == {"left"}


def test_signs_norms_and_indices():
    minus = [mo for mo in tree("x = -1").iter("mo") if mo.text == "−"]
    assert minus[0].get("form") == "prefix"
    assert [mo.get("form") for mo in tree("x - 1").iter("mo")] == [None]
    bars = [mo.get("form") for mo in tree(r"2\lVert x \rVert_2").iter("mo")]
    assert bars == ["prefix", "postfix"]
    below = tree(r"w_{<t}").find(".//mo")
    assert (below.get("lspace"), below.get("rspace")) == ("0", "0")
    comma = tree("10{,}000").find("mo")
    assert comma.get("rspace") == "0"


@pytest.mark.parametrize(
    ("tex", "reason"),
    [
        (r"\sofmax x", r"unknown command \sofmax"),
        (r"\frac{a}{b", "without its }"),
        (r"a}", "without its {"),
        (r"\left( a", "Right"),
        (r"\begin{matrix} a", "End"),
        (r"x^2^3", "Double"),
        (r"\textcolor{red}{x}", "unknown color red"),
        (r"a & b", "outside of a matrix"),
        (r"\not\le", r"\not"),
        ("", "formula ''"),
    ],
)
def test_an_error_names_the_formula(tex, reason):
    with pytest.raises(FormulaError) as caught:
        convert(tex)
    assert repr(tex) in str(caught.value)
    assert reason in str(caught.value)


def test_a_broken_formula_stops_the_page():
    with pytest.raises(FormulaError, match="nosuch"):
        render('<p><span class="arithmatex">\\(\\nosuch{x}\\)</span></p>')


def test_no_entity_and_no_helper_attribute_is_left():
    sample = r"\hat{y} \ge \sum_{i} \log \lvert x_i \rvert, \ldots \le \binom{n}{k}"
    for display in (False, True):
        html = convert(sample, display)
        assert "function" not in html
        assert not re.search(r"&#x|\\\\|columnalign", html.split(">", 1)[1])
