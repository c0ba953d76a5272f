"""What no pattern may match: pages that show what others mean."""

import re
from html import unescape

import pytest

from scripts.base import ROOT
from scripts.pages import build, chapter, copies, promises, styles, tables
from scripts.pages.figures import Figures

NAME = "self_attention/scaling"
FIGURE = f'![Two histograms, one wide and one narrow](figures/{NAME}.svg "A caption.")'


@pytest.fixture(scope="module")
def made(book, converter):
    """made(text) → a page as a browser gets it, without what the theme puts around."""
    pages = build.Pages(book, ROOT / "docs", "A book", None, whole=True)
    convert = converter(Figures(pages.figure))

    def finished(text: str) -> str:
        content = build.ready(convert(pages.markdown(text, "x.md", "x/")))
        pages.draw({"x.md": content}, print)
        return pages.finished(pages.drawn("x.md", pages.lined(content)))

    return finished


def shown(html: str) -> list[str]:
    """The texts of all code in a page."""
    return [unescape(re.sub("<[^>]*>", "", one)) for one in re.findall("<code.*?</code>", html, re.S)]


HTML = [
    f'<p><img alt="a" src="figures/{NAME}.svg"></p>',
    '<div class="highlight"><pre><span></span><code>a <span class="n">b</span></code></pre></div>',
    "<table><thead><tr><th></th></tr></thead></table>",
    '<sup id="fnref:1">1</sup>',
    f'<svg data-drawn="{NAME}" aria-label="a"></svg>',
    f'<span data-numbers="{NAME}"></span>',
    '<pre><code data-colored="0123">a</code></pre>',
    '<label for="a" tabindex="">a</label>',
    '<input id="__drawer" autocomplete="off">',
    '<form data-md-component="palette">',
    '<link rel="stylesheet" href="nowhere.css">',
]


@pytest.mark.parametrize("around", ["```html\n{}\n```", "`{}`", "- a list\n\n    ```\n    {}\n    ```"])
@pytest.mark.parametrize("line", HTML)
def test_code_that_shows_html_stays_as_it_is(made, line, around):
    assert shown(made(f"# A page\n\n{around.format(line)}\n")) == [line + "\n" * ("```" in around)]


@pytest.mark.parametrize("line", HTML)
def test_a_sentence_that_names_an_attribute_stays_as_it_is(made, line, tmp_path):
    """In a sentence, as in code there, quotes stand as they are."""
    said = line.split(">")[0][1:]
    page = made(f"# A page\n\n`{line}`, and {said} are said.\n")
    assert f", and {said} are said." in page and shown(page) == [line]
    (tmp_path / "index.html").write_text(page, "utf-8")
    assert promises.broken(tmp_path) == []


def test_a_figure_is_a_paragraph_and_nothing_else(made):
    drawn = made(f"# A page\n\n{FIGURE}\n\n??? note\n    {FIGURE}\n\n- a list\n\n    {FIGURE}\n")
    assert len(re.findall(rf'<figure class="computed" id="{NAME.replace("/", "-")}"', drawn)) == 3
    assert drawn.count("<figcaption><p>A caption.</p>") == 3 and drawn.count('<svg role="img"') == 3
    for other in (f"`{FIGURE}`", f"```\n{FIGURE}\n```", f"In a sentence: {FIGURE}", "![x](figures/x.svg)"):
        assert "<figure" not in made(f"# A page\n\n{other}\n"), other


def test_the_words_of_a_figure_are_text(made):
    said = '![A & B < C, *not* `code` &#42; &amp; $x^2$](figures/{}.svg "D & E < &#42; $x^2$")'
    drawn = made(f"# A page\n\n{said.format(NAME)}\n")
    label = re.search(r'aria-label="(A [^"]*)"', drawn)[1]
    assert unescape(label).startswith("A & B < C, *not* code * & ") and "<" not in label
    assert re.search("<figcaption><p>D &amp; E &lt; &#42; (?:<span[^>]*>)?<math", drawn)


def test_a_figure_that_is_shown_is_none(book, tmp_path):
    """Neither for the line under printed text, which a figure would carry, nor as a use of it."""
    text = f'---\ndescription: A page for tests alone.\n---\n# A\n\n```text\n--8<-- "{NAME}.txt"\n```\n\n```\n{FIGURE}\n![x](figures/no/no.svg)\n```\n'
    assert [name for name, _ in chapter.captioned(text)] == [NAME]
    (tmp_path / "x.md").write_text(text, "utf-8")
    seen = type(book)(book.root)
    seen.root = tmp_path
    assert not [one for one in chapter.check(seen, tmp_path) if "is on no page" not in one]


def test_two_footnotes_in_a_row_do_not_read_as_one_number(made):
    read = made("# A page\n\nOne,[^a][^b] two.[^c] And `</a></sup><sup id=\"fnref:`.\n\n[^a]: A.\n[^b]: B.\n[^c]: C.\n")
    said = unescape(re.sub("<[^>]*>", "", read.split("<p>", 1)[1].split("</p>")[0]))
    assert said == 'One,1, 2 two.3 And </a></sup><sup id="fnref:.'


@pytest.mark.parametrize("fold", ["??? note", "???+ note", '!!! note "A"'])
def test_a_table_inside_a_fold_is_a_table(made, fold):
    text = "|  | n |\n|---|---|\n| x | 1 |\n".replace("\n", "\n    ")
    read = made(f"# A page\n\n{fold}\n    {text}\n\nAfter.\n")
    assert re.search(r'<tr>\s*<td></td>\s*<th>n</th>', read) and '<th scope="row">x</th>' in read


def test_a_table_in_a_cell_goes_with_its_table():
    inner = '<table class="a"><tr><td>1</td></tr></table>'
    text = f"<details><table><tr><td>{inner}</td></tr></table></details><p>after</p>"
    boxed = tables.each(text, styles._boxed)
    assert boxed.endswith("</table></div></div></details><p>after</p>") and inner in boxed
    assert boxed.count("<div") == 2


def test_a_formula_in_a_heading(made):
    read = made(f"# A page\n\n## Why $x^2$ and `$y^2$`\n\n{FIGURE}\n\n```\n## $z^2$\n```\n")
    heading = re.search("<h2.*?</h2>", read)[0]
    assert "<msup><mi>x" in heading and ">$y^2$</code>" in heading
    assert shown(read)[1] == "## $z^2$\n" and read.count("<h2") == 1


def test_a_fence_inside_a_list(made, book):
    fences = f'```python\n--8<-- "{NAME}.py"\n```\n\n```text\n--8<-- "{NAME}.txt"\n```\n'
    text = f"- a list\n\n{fences}".replace("\n", "\n    ")
    read = made(f"# A page\n\n{text}\n- and on\n")
    code, printed = shown(read)
    assert code.rstrip() == (book.snippets_dir / f"{NAME}.py").read_text("utf-8").rstrip()
    assert printed.rstrip() == book.output(NAME, "txt").read_text("utf-8").rstrip()
    assert read.count("<ul>") == 1 and read.count("<li>") == 2 and "computed-by" not in read


BRACES = ["{{ x }}", "{{ a.b }}", "f'{{{x}}}'", "{% if x %}", "{{ '{{' }}", "{{a/b}}", "{ .text }"]


@pytest.mark.parametrize("braces", BRACES)
def test_braces_in_code_are_code(made, braces):
    assert shown(made(f"# A page\n\n`{braces}`\n\n```jinja\n{braces}\n```\n")) == [braces, f"{braces}\n"]


LITERAL = f"""````markdown
```{{ .python title="a.py" }}
;--8<-- "{NAME}.py"
```

``` {{ .text .output }}
{{{{ {NAME}.raw:.1f }}}}
```

{FIGURE}
````
"""


def test_what_is_shown_between_four_backticks_is_not_done(made, book):
    wanted = LITERAL.replace(";--8<--", "--8<--")
    assert copies.markdown(book, f"# A page\n\n{LITERAL}") == f"# A page\n\n{wanted}"
    read = made(f"# A page\n\n{LITERAL}")
    assert shown(read) == [wanted.removeprefix("````markdown\n").removesuffix("````\n")]
    assert "<figure" not in read and "computed-by" not in read
