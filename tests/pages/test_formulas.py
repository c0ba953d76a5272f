"""Formulas: what a reader of the pages gets for TeX, and what must not pass in silence."""

import contextlib
import json
import re
import shutil
import subprocess
from functools import cache
from xml.etree import ElementTree

import pytest

from scripts.base import ROOT, node
from scripts.labs import source as labs
from scripts.pages import chapter, formulas, questions

pytest_plugins = ["browser"]

ATTENTION = (
    r"\operatorname{softmax}\!\left(\frac{\textcolor{query}{Q}\textcolor{key}{K}^\top}"
    r"{\sqrt{d_k}}\right)\textcolor{value}{V}"
)
LETTERS = {
    r"\mathbf{x}": "𝐱",
    r"\mathbb{R}": "ℝ",
    r"\mathcal{L}": "ℒ",
    r"\boldsymbol{\theta}": "𝜽",
    r"\bm{x}": "𝒙",
    r"\mathrm{model}": "model",
    r"\mathrm{bytes\ a\ second}": "bytes\xa0a\xa0second",
    r"\operatorname{softmax}": "softmax",
    r"\text{if } x": "if\xa0",
    r"\not= x": "≠",
    r"x \not\in y": "∉",
    "10{,}000": "10,000",
}
LINES = {
    r"12d^2": "12d^2",
    r"40 \cdot 10^{19}": "40⋅10^19",
    r"x_i^2": "x_i^2",
    r"\frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}": "(x−μ)/(√(σ^2+ϵ))",
    r"-2/\sqrt{6}": "−2/√6",
    r"H' = H''": "H′=H′′",
    r"\log p": "log p",
    r"\sum_{i=1}^n x_i": "∑_(i=1)^n x_i",
    r"\frac{1}{m} \sum_i m_i": "1/m∑_i m_i",
    r"\left(\frac{a}{b}\right)^{n-1}": "(a/b)^(n−1)",
    r"\sqrt[3]{x+y}": "√[3](x+y)",
    r"\underbrace{4d}_{\text{norms}}": "4d_norms",
    r"a < b \;\&\; \text{<b>}": "a<b & <b>",
}
WRONG = {
    r"\sofmax x": r"Unsupported function name: \sofmax",
    r"\frac{a}{b": "expected '}'",
    "a}": "got '}'",
    r"\left( a": r"Expected '\right'",
    r"\begin{matrix} a": "Expected &",
    "x^2^3": "Double superscript",
    r"\frac{1}": "expected '}'",
    r"\textcolor{red}{x}": "no style for red; the colors are query,key",
    r"\color{key} x": r"a color is written \textcolor{query}{Q}",
    r"\colorbox{key}{x}": r"a color is written \textcolor{query}{Q}",
    r"\class{md-nav}{x}": "no style for md-nav",
    r"\style{color:red}{x}": "not trusted",
    "a & b": "got '&'",
    "50 % of x": r"what follows a % is lost; write \%",
    r"\overline{x}": "no style for tml-overline",
    r"\href{javascript:alert(1)}{x}": r"Unsupported function name: \href",
    r"\includegraphics{x.png}": "not trusted",
}
ALL = (
    ATTENTION, *LETTERS, *LINES, *WRONG, r"\textcolor{query}{q}^2", r"\log_2 p", r"\max_i x_i",
    r"a\sum_i x_i = \sum_i y_i", r"w_{<t}", r"\hat{y} + \bar x + \vec v + x_i'",
    r"\text{a} + \text{b}", r"\frac{\sum_i m_i}{2}", r"f(x)\left[\frac{1}{2}\right]^2 W",
    r"A = \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix} B",
    r"\begin{aligned} a &= b \\ c &= d \end{aligned}",
)  # fmt: skip


@cache
def drawn():
    """All of this file in one run of Node, as a build does it."""
    return formulas.draw({(tex, block) for tex in ALL for block in (False, True)}, ROOT)


def tree(tex: str, block: bool = False) -> ElementTree.Element:
    return ElementTree.fromstring(drawn()[tex, block]["math"])


def page(tex: str, block: bool = False) -> str:
    """A formula as the Markdown extension leaves it."""
    written = tex.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if block:
        return f'<div class="arithmatex">\\[\n{written}\n\\]</div>'
    return f'<span class="arithmatex">\\({written}\\)</span>'


def finished(html: str) -> str:
    return formulas.place(html, formulas.draw(set(formulas.find(html)), ROOT))


# ------------------------------------------------------------------------ in a page


def test_a_page_keeps_all_but_its_formulas():
    html = finished(f"<p>Let {page('a < b')}, and</p>{page('x + y', True)}<code>\\(c\\)</code>")
    assert html.startswith('<p>Let <span class="nobreak"><math><mrow><mi>a</mi><mo>&lt;</mo>')
    assert "</math>,</span> and</p>" in html
    assert html.endswith("</div><code>\\(c\\)</code>")
    assert html.count("<math") == 2
    assert not re.search("arithmatex|alttext|<script", html)


def test_a_bracket_before_a_formula_does_not_end_a_line():
    made = '<span class="nobreak">(<math><mi>a</mi></math>),</span>'
    assert finished(f"<p>so ({page('a')}), it is</p>") == f"<p>so {made} it is</p>"
    assert finished(f"“{page('a')}, b").startswith('<span class="nobreak">“<math>')


def test_display_formulas_scroll_in_a_box_that_the_keyboard_reaches():
    box = '<div class="equation" tabindex="0" role="group" aria-label="equation">'
    assert re.match(f'{box}<math display="block"[^>]*><mi>x</mi>', finished(page("x", True)))


@pytest.mark.parametrize(("tex", "line"), LINES.items())
def test_a_line_of_text_stands_for_it_in_the_search_and_in_titles(tex, line):
    assert drawn()[tex, False]["line"] == line
    seen = formulas.place(page(tex), drawn(), "line")
    assert line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in seen
    written = tex.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert "\\" not in formulas.title(f"Why \\({written}\\)", drawn())


# ------------------------------------------------------------------------ the drawing


def test_the_attention_equation(says):
    says(
        "Temml draws the formulas while the book is built, as MathML: a page needs no script for them, "
        "and a screen reader is told their parts.",
        page="how_it_is_made",
    )
    math = tree(ATTENTION, block=True)
    assert math.get("alttext") is math.get("aria-label") is None, "it is read by its parts"
    fence = next(one for one in math.iter("mrow") if one.find("mfrac") is not None)
    assert [one.get("stretchy") for one in fence.findall("mo")] == ["true", "true"]
    assert "".join(fence.find("mfrac")[1].itertext()) == "dk"
    colors = {one.get("class"): one.text for one in math.iter("mi") if one.get("class")}
    assert colors == {"query": "Q", "key": "K", "value": "V"}
    assert not [one for one in math.iter() if "color" in one.get("style", "")]


@pytest.mark.parametrize(("tex", "text"), LETTERS.items())
def test_letters(tex, text):
    assert text in [one.text for one in tree(tex).iter()]


def test_no_space_is_set_twice_or_between_a_sum_and_its_index():
    """Firefox spaces what "log" is applied to by itself; WebKit splits sum and index."""
    assert "\u2061" not in drawn()[r"\log p", False]["math"]
    for tex in (r"a\sum_i x_i = \sum_i y_i", r"\frac{\sum_i m_i}{2}", r"\sum_{i=1}^n x_i"):
        sums = [mo for mo in tree(tex, block=True).iter("mo") if mo.text == "∑"]
        assert sums and {(mo.get("lspace"), mo.get("rspace")) for mo in sums} == {("0", "0")}
    inner = tree(r"\text{a} + \text{b}").find(".//mspace/../mo")
    assert inner.get("lspace") == inner.get("rspace") == "0"


def test_indices_are_tight():
    for tex in ("w_{<t}", r"\sum_{i=1}^n x_i"):
        inside = tree(tex, block=True).find(".//mrow/mo[@lspace='0'][@rspace='0']")
        assert inside.text in "<="


def test_limits_stand_below_in_display_only():
    assert tree(r"\max_i x_i", block=True).find(".//munder") is not None
    assert tree(r"\max_i x_i").find(".//munder") is None


def test_primes_are_as_high_as_they_are():
    assert tree("H' = H''").find(".//msup") is None
    assert [one.text for one in tree("H' = H''")[0]] == ["H", "′", "=", "H", "′", "′"]
    assert tree(r"\hat{y} + \bar x + \vec v + x_i'").find(".//msubsup") is None


def test_nothing_that_firefox_calls_deprecated():
    for block in (False, True):
        for brace in tree(r"\underbrace{4d}_{\text{norms}}", block).iter("munder"):
            if brace[1].tag == "mo":
                assert brace.get("accentunder") == "true"
        assert "thinmathspace" not in drawn()[ATTENTION, block]["math"]


PARTS = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3}


def test_every_part_of_every_formula_has_what_it_needs(built):
    found = {tag: [] for tag in PARTS}
    for page in (ROOT / "site").rglob("index.html"):
        for formula in re.findall(r"<math\b.*?</math>", page.read_text("utf-8"), re.S):
            for one in ElementTree.fromstring(re.sub(r"&(?!amp;|lt;|gt;|quot;|#)\w+;", "x", formula)).iter():
                tag = one.tag.rpartition("}")[2]
                if tag in found:
                    found[tag].append(len(one))
    assert all(set(found[tag]) <= {needed} for tag, needed in PARTS.items())
    assert len(found["msub"]) > 100 and found["munder"]


# ------------------------------------------------------------------------ what is wrong


@pytest.mark.parametrize(("tex", "reason"), WRONG.items())
def test_what_cannot_be_read_says_why(tex, reason, says):
    """In one line, without the marks that Temml sets under letters; test_site has the place."""
    says("The same goes for a formula that cannot be read", page="how_it_is_made")
    said = drawn()[tex, False]["error"]
    assert reason in said and "\u0332" not in said and "\n" not in said


def test_nothing_is_no_formula():
    assert formulas.draw({(" ", False)}, ROOT)[" ", False] == {"error": "it is empty"}


# ------------------------------------------------------------------------ what is kept


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A book's folder in which the library lies, in a process that has drawn nothing yet."""
    drawn()
    shutil.copytree(ROOT / "scripts" / "node", tmp_path / "scripts" / "node")
    shutil.copytree(ROOT / ".cache" / "formulas", tmp_path / ".cache" / "formulas")
    monkeypatch.setattr(formulas, "known", {})
    return tmp_path


def test_what_is_known_needs_no_node(root, monkeypatch):
    first = dict(formulas.draw({("x", False), ("a}", False)}, root))
    ran = []
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *a, **more: ran.append(a) or run(*a, **more))
    again = formulas.draw({("x", False)}, root)
    assert again["x", False] == first["x", False] and not ran
    assert "error" in formulas.draw({("a}", False)}, root)["a}", False], "told each time"
    formulas.draw({("x", False), ("y", False), ("z", True)}, root)
    assert len(ran) == 1, "all that is new in one run"


def test_a_damaged_library_is_fetched_again(root, monkeypatch):
    """A byte of what a build would run."""
    library = node.library("formulas", "temml/dist/temml.mjs", root)
    good = library.read_bytes()
    library.write_bytes(good.replace(b"mfrac", b"mfrad"))
    fetched = []

    @contextlib.contextmanager
    def packages(*_):
        fetched.append(root / "packages")
        made = fetched[-1] / "temml" / "dist"
        made.mkdir(parents=True)
        (made / "temml.mjs").write_bytes(good)
        yield fetched[-1]

    monkeypatch.setattr(node, "packages", packages)
    made = formulas.draw({(r"\frac12", False)}, root)
    assert "<mfrac>" in made[r"\frac12", False]["math"] and len(fetched) == 1
    assert library.read_bytes() == good


def test_a_library_that_does_not_run_is_one_sentence(root):
    script = root / "scripts" / "node" / "formulas.mjs"
    script.write_text("throw new Error('no such thing')", "utf-8")
    said = "no formula can be drawn .*such thing.*pip install"
    with pytest.raises(node.NodeError, match=said) as caught:
        formulas.draw({("x", False)}, root)
    assert "\n" not in str(caught.value)


# ------------------------------------------------------------------------ the built site

FENCE = re.compile(r"^[ \t]*```.*?^[ \t]*```", re.M | re.S)
CODE = re.compile(r"(`+)[^`].*?\1", re.S)
TEX = re.compile(r"\$\$(.+?)\$\$|(?<![\\$])\$(?![\s$])([^$\n]+?)(?<!\s)\$", re.S)
SEEN = re.compile(r"<(script|style|svg|pre|code)\b.*?</\1>|<[^>]*>", re.S)
VISIBLE = re.compile(r"\\(?:frac|sqrt|text\w*|math\w+|sum|left|right|cdot|[()\[\]])|\$[A-Za-z\\]")


def sources(book):
    """Each page's folder in the site → its text with its values, but without code."""
    for path in sorted((ROOT / "docs").glob("*.md")):
        text = questions.render(path.read_text("utf-8"))
        yield path.stem, CODE.sub("", FENCE.sub("", chapter.fill(book, text)))
    for name in labs.names(ROOT):
        cells = json.loads(labs.executed(ROOT, name).read_text("utf-8"))["cells"]
        said = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
        yield f"labs/{name}", CODE.sub("", FENCE.sub("", said))


def test_every_formula_of_the_sources_is_drawn_and_none_is_raw(book, built):
    wrong, count = [], 0
    for name, text in sources(book):
        html = (ROOT / "site" / ("" if name == "index" else name) / "index.html").read_text("utf-8")
        there, meant = html.count("</math>"), len(TEX.findall(text))
        count += there
        if there != meant:
            wrong.append(f"{name} has {meant} formulas, its page {there}")
        if raw := VISIBLE.search(SEEN.sub(" ", html)):
            wrong.append(f"{name} shows {raw[0]}")
        if bad := re.search("<merror|arithmatex|alttext=", html):
            wrong.append(f"{name} has {bad[0]}")
    assert not wrong and count > 300


def test_the_search_finds_lines_and_no_tex(built):
    index = (ROOT / "site" / "search" / "search_index.json").read_text("utf-8")
    texts = [SEEN.sub(" ", entry["text"] + entry["title"]) for entry in json.loads(index)["docs"]]
    assert not [found[0] for text in texts if (found := VISIBLE.search(text))]
    assert any("12d^2" in text for text in texts), "12d2 would be another number"


# A fraction has a bar between its parts, a root room for its sign, tall brackets are as tall as
# what they hold, a letter has the color of its class.
MEASURE = """() => {
  const box = (node) => node.getBoundingClientRect(), wrong = [], seen = {};
  const tell = (node, what) => wrong.push(what + ": " + node.closest("math").textContent);
  const each = (css, check) => { for (const node of document.querySelectorAll("math " + css)) {
    if (!box(node.closest("math")).width) continue;  // in a fold
    seen[css] = (seen[css] ?? 0) + 1; check(node); } };
  each("mfrac", (node) => {
    const [over, under] = node.children;
    if (box(under).top - box(over).bottom < 1) tell(node, "no bar"); });
  each("msqrt", (node) => {
    if (box(node.firstElementChild).left - box(node).left < 4) tell(node, "no sign"); });
  each("mo[stretchy=true]", (node) => {
    if (node.parentNode.localName !== "mrow") return;
    const held = [...node.parentNode.children].filter((one) => one.localName !== "mo");
    if (box(node).height < 0.8 * Math.max(...held.map((one) => box(one).height)))
      tell(node, "a low bracket"); });
  for (const name of ["query", "key", "value"]) each("." + name, (node) => {
    const probe = document.createElement("i");
    probe.style.color = `var(--fig-${name})`;
    document.body.append(probe);
    if (getComputedStyle(node).color !== getComputedStyle(probe).color) tell(node, "no color");
    probe.remove(); });
  for (const one of document.querySelectorAll("math"))
    if (getComputedStyle(one).whiteSpace !== "nowrap") tell(one, "may break, in Firefox");
  return [wrong, seen];
}"""


def test_formulas_measured(book, browser, site_server):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    tab, wrong, seen = context.new_page(), [], {}
    for name, text in sources(book):
        if TEX.search(text):
            tab.goto(f"{site_server.url}{name}/", wait_until="domcontentloaded")
            faults, counts = tab.evaluate(MEASURE)
            wrong += [f"{name}: {fault}" for fault in faults]
            seen = {css: counts.get(css, 0) + seen.get(css, 0) for css in counts | seen}
    context.close()
    assert not wrong
    assert min(seen.values()) >= 5 and len(seen) == 6, seen
