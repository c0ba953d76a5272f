"""What a program printed or named is text on a page, whatever is in it."""

import random
import re
from html.parser import HTMLParser

import markdown
import pytest

from scripts.compute import runner
from scripts.pages import chapter as pages
from scripts.pages import copies, printed

NASTY = 'a\n```python\nb\n```\n\n# c\n<b>d</b>\n````\n--8<-- "a/nasty.py"\n;--8<-- "a/nasty.txt"\n'
NASTY += "~~~\n{{ a/nasty.word }}\n$x$ </code></pre> &lt; <!-- e\n\n    f\n| g | h |\n"
PIECES = [
    "`", "``", "```", "````", "~~~", "\n", "\n\n", "|", "<b>", "</div>", "<!--", "-->", "<script>", "<",
    '\n--8<-- "a/nasty.txt"\n', ";--8<--", "{{ a/nasty.word }}", "$x$", "$$", "\\", "\\(", "*", "**", "_",
    "__", "[a](b)", "![x](y)", "\n# ", "    ", "&amp;", "&", "{: .c }", "{ .c }", "\n/// x\n", "!!! note",
    '\n??? "x"\n', "\n- ", "1. ", ":", "\n===", "\n---", "[^1]", "[TOC]", "é", " ", "\n> ", "word", "#!py ",
    "<http://a.b>", "'", '"', "<?php", "x_y", "\n: ", "\n[a]: b", "</p>", "</code>", "</td>", "<br>",
]  # fmt: skip


MANY = 100


class Read(HTMLParser):
    """The elements of a page, and the text of its first element of a kind."""

    def __init__(self, html: str, kind: str):
        super().__init__()
        self.elements, self.text, self.kind, self.depth, self.seen = [], "", kind, 0, False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.append(tag)
        inside = self.depth > 0 or (tag == self.kind and not self.seen)
        self.depth += inside and tag != "br"
        self.seen |= inside

    def handle_endtag(self, tag):
        self.depth -= self.depth > 0

    def handle_data(self, data):
        self.text += data if self.depth else ""


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A book whose programs print and name what is anything but plain."""
    book = runner.Book(tmp_path_factory.mktemp("book"))
    table = ["| what | it \\| says |", "|---|--:|", "| <i>a</i> | `b\\|c` and **d** |"]
    table += ["| *e* f_g_h 2*3*4 | [i](#j) [k](javascript:l) $5 and $6 |"]
    programs = {
        "nasty": f"text = {NASTY!r}\nprint(text, end='')\nword = '<s> *x* ```'\n",
        "named": "unk = '<unk>'\nbar = 'a|b'\nlong = 'one\\n\\ntwo'\nnumber = 1 / 3\nrule = '- x'\n",
        "table": f"for line in {table!r}:\n    print(line)\n",
        "bar": "print('| a | b |\\n|---|---|\\n| c | d|e |')\n",
        "cut": "print('| a | b |\\n|---|---|\\n| c\\nc | d |')\n",
        "plain": "print('# a\\n<b>b</b>')\n",
        "quiet": "",
        "source": 'text = """\n```\n--8<-- "a/nasty.txt"\n# no heading\n<b>{{ a/named.unk }}</b>\n"""\nprint(1)\n',
    }
    for name, source in programs.items():
        path = book.snippets_dir / "a" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, "utf-8")
    assert runner.run(book, say=lambda line: None) == {}
    return book


# ------------------------------------------------------------------------ programs, outputs

PAGE = '''# Page

Before.

{indent}```{kind}
{indent}--8<-- "a/{name}"
{indent}```

## After

<div>Last.</div>
'''


@pytest.mark.parametrize("indent", ["", "    "], ids=["alone", "in a list"])
@pytest.mark.parametrize(("kind", "name"), [("text", "nasty.txt"), ("python", "source.py")])
def test_what_stands_in_a_fence_is_text(small, html, kind, name, indent):
    page = PAGE.format(kind=kind, name=name, indent=indent)
    page = page.replace("Before.\n", "- Before.\n") if indent else page
    made = html(pages.fill(small, page))
    path = (small.cache if kind == "text" else small.snippets_dir) / "a" / name
    read = Read(made, "code")
    assert read.text.rstrip("\n") == path.read_text("utf-8").rstrip("\n")
    assert read.elements.count("h1") == 1 and read.elements.count("h2") == 1
    assert not {"b", "table", "math"} & set(read.elements)
    assert '<h2 id="after">' in made and "<div>Last.</div>" in made
    assert ('<span class="filename">a/source.py</span>' in made) == (kind == "python")


def test_a_copy_shows_it_as_text_too(small, html):
    """Also to who reads the copy as plain Markdown."""
    copy = copies.markdown(small, PAGE.format(kind="text", name="nasty.txt", indent=""))
    read = Read(markdown.markdown(copy, extensions=["fenced_code", "tables"]), "code")
    assert read.text.rstrip("\n") == NASTY.rstrip("\n") and read.elements.count("h2") == 1
    assert "\n`````text\na\n```python\n" in copy


def test_a_copy_keeps_the_names_of_files_that_a_page_names(small):
    page = '``` { .python #here title="of/mine.py" }\n--8<-- "a/source.py"\n```\n'
    assert copies.markdown(small, page).startswith('````python title="of/mine.py"\ntext = ')
    page = '```python\n--8<-- "a/quiet.py"\n```\n'
    assert copies.markdown(small, page) == "```python\n\n```\n"


# --------------------------------------------------------------------------------- tables


def test_a_printed_table_is_a_table_of_text(small, html):
    made = html(pages.fill(small, '# A\n\n--8<-- "a/table.txt"\n'))
    cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", made)
    assert cells == [
        "what", "it &#124; says",
        "&#60;i&#62;a&#60;/i&#62;", "<code>b&#124;c</code> and <strong>d</strong>",
        "<em>e</em> f_g_h 2&#42;3&#42;4",
        '<a href="#j">i</a> &#91;k&#93;(javascript:l) &#36;5 and &#36;6',
    ]  # fmt: skip
    copy = copies.markdown(small, '# A\n\n--8<-- "a/table.txt"\n')
    assert re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", html(copy)) == cells


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("bar", "line 3 has 3 cells where its head has 2; a bar in a cell is printed as \\|"),
        ("cut", "line 3 is a row without a bar at its end: | c"),
        ("plain", "there is no table in it: include it in a `text` fence"),
    ],
)
def test_what_is_no_table_is_named_and_shown_as_text(small, html, name, said, says):
    says("Only a printed Markdown table is included without the fence around it.", page="contributing")
    page = f'# A\n\n--8<-- "a/{name}.txt"\n\n## B\n'
    (problem,) = problems(small, page)
    assert problem.startswith(f"docs/x.md, line 3: snippets/a/{name}.py prints what cannot be")
    assert said in problem
    read = Read(html(pages.fill(small, page)), "code")
    assert read.text.strip() == small.output(f"a/{name}", "txt").read_text("utf-8").strip()
    assert read.elements.count("h1") == read.elements.count("h2") == 1


def test_a_printed_line_ends_where_two_spaces_say_so(html):
    """As in Markdown: below a table, lines that are no sentences would run into each other."""
    text = "| a |\n|---|\n| b |\n\n1 right: 5%  \n2 *wrong*: 6%  \nthe same\nline\n"
    made = html(printed.blocks(text))
    assert "<p>1 right: 5%<br />\n2 <em>wrong</em>: 6%<br />\nthe same\nline</p>" in made


def problems(book, text: str) -> list[str]:
    (book.root / "docs").mkdir(exist_ok=True)
    (book.root / "docs" / "x.md").write_text(text, "utf-8")
    found = pages.check(book, book.root / "docs")
    left_out = "is on no page", "a page begins with three lines"
    return [one for one in found if not any(words in one for words in left_out)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('```text\n--8<-- "a/quiet.txt"\n```', "a/quiet.py prints nothing, and the page shows"),
        ('```text\n--8<-- "a/none.dat"\n```', "there is no file snippets/a/none.dat"),
        ('--8<-- "a/source.py"', "a/source.py is code: include it in a fence"),
        ("--8<-- a/source.py", 'an include is a line of its own: --8<-- "chapter/idea.py"'),
        ('--8<-- "../../secret.txt"', "there is no file"),
    ],
)
def test_an_include_that_shows_nothing_is_named(small, text, said):
    found = problems(small, f"# A\n\n{text}\n")
    assert found and said in found[0], found


# --------------------------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("It is {{ a/nasty.word }} here.", "It is <s> *x* ``` here."),
        ("{{ a/named.rule }} and {{ a/named.number:.2f }}.", "- x and 0.33."),
        ("It is `{{ a/named.unk }}` and `{{ a/nasty.word }}`.", "It is <unk> and <s> *x* ```."),
        ("It is {{ a/named.long }}.", "It is one two."),
        ("*{{ a/named.bar }}* and [{{ a/nasty.word }}](#a)", "a|b and <s> *x* ```"),
    ],
)
def test_a_value_in_prose_is_text(small, html, text, shown):
    made = html(pages.fill(small, f"{text}\n\n# A\n"))
    read = Read(made, "p")
    assert read.text == shown and not {"s", "ul", "del"} & set(read.elements)
    assert "<h1" in made
    assert Read(html(copies.markdown(small, text)), "p").text == shown


def test_a_value_in_a_table_a_heading_and_an_attribute_is_text(small, html):
    page = "# On {{ a/nasty.word }}\n\n| a | b |\n|---|---|\n| {{ a/named.bar }} | `{{ a/named.bar }}` |\n\n"
    page += '<p title="{{ a/nasty.word }}">c</p>\n'
    made = html(pages.fill(small, page))
    assert Read(made, "td").text == "a|b" and "<code>a&#124;b</code>" in made
    assert Read(made, "h1").text.startswith("On <s> *x* ```")
    assert 'title="&#60;s&#62; &#42;x&#42; &#96;&#96;&#96;"' in made


def test_a_value_in_a_fence_is_shown_as_it_is(small, html):
    made = html(pages.fill(small, "# A\n\n```text\nhere: {{ a/nasty.word }}\n```\n\n## B\n"))
    assert Read(made, "code").text.strip() == "here: <s> *x* ```" and "<h2" in made


def test_a_page_with_its_values_alone_has_the_same_lines(small):
    page = PAGE.format(kind="text", name="nasty.txt", indent="") + "\n{{ a/named.long }}\n"
    assert pages.quoted(small, page) == page.replace("{{ a/named.long }}", "one two")


def test_what_four_backticks_show_is_not_filled(small):
    page = '````markdown\n;--8<-- "a/nasty.txt"\n{{ a/named.unk }}\n````\n'
    assert pages.fill(small, page) == page.replace(";--8<--", "--8<--")


# --------------------------------------------------------------------- anything whatsoever


def texts(seed: int):
    """Many texts of pieces that mean something to Markdown or HTML."""
    lots = random.Random(seed)
    for _ in range(MANY):
        yield "".join(lots.choices(PIECES, k=lots.randint(1, 7)))


def plain(text: str) -> str:
    """White space is shown as a space wherever a line may be broken."""
    return re.sub(r"\s+", " ", text).strip()


def test_any_text_in_a_fence(html):
    for text in texts(0):
        text = re.sub(r"(?m)[ \t]+$", "", text).strip("\n")  # what nobody sees
        made = html(f"# A\n\n{printed.fence(text, 'text')}\n\n## B\n")
        assert Read(made, "code").text.strip("\n") == text, text
        assert made.count("<h") == 2, text


@pytest.mark.parametrize("put", ["x {} y", "{}", "# {}", "- {}", "*{}*"])
def test_any_text_in_prose(html, put):
    for text in filter(str.strip, texts(1)):
        text = text.strip()
        made = html(f"{put.format(printed.prose(text))}\n\n## B\n").split("<h2")
        made = re.sub(r'<a class="headerlink".*?</a>', "", made[0])
        wanted = re.sub(r"^[#-] |\*", "", put).format(text)
        assert plain(Read(f"<q>{made}</q>", "q").text) == plain(wanted), (text, made)
        assert set(Read(made, "q").elements) <= {"p", "h1", "ul", "li", "em"}, text


def test_any_text_in_code(html):
    for text in texts(2):
        if text.strip():
            made = html(f"x {printed.code(text)} y\n\n## B\n")
            read = Read(made, "code")
            assert plain(read.text) == plain(text), (text, made)
            assert read.elements == ["p", "code", "h2", "a"], text


def test_any_text_in_a_cell(html):
    for text in texts(3):
        text = re.sub(r"[`*\[\]\\]", "", text)  # what a cell may use
        row = text.replace("\n", " ").replace("|", "\\|")
        made = html(printed.blocks(f"| a | b |\n|---|---|\n| {row} | c |") + "\n\n## B\n")
        read = Read(made, "td")
        assert plain(read.text) == plain(text), (text, made)
        assert read.elements.count("td") == 2 and "<h2" in made, text
