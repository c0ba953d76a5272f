"""Another language: its numbers, the book's own words in it, and what a translation owes its original."""

import re

import pytest

from scripts.base import ROOT, BookError
from scripts.pages import abroad, chapter, numbers, questions, tongues, translating, translations

DOCS = ROOT / "docs"
KNOWN = tongues.known(DOCS)
PAGES = [path for code in KNOWN for path in sorted((DOCS / code).glob("*.md"))]
IDS = [path.relative_to(DOCS).as_posix() for path in PAGES]
NARROW, FIXED = "\u202f", "\u00a0"


@pytest.fixture
def portuguese():
    tongues.speak(KNOWN["pt"])
    yield KNOWN["pt"]
    tongues.speak(tongues.ENGLISH)


# ------------------------------------------------------------------------------ its own words

SAID = {  # table of the list → where its phrases are asked for
    "page": [*(ROOT / "scripts").rglob("*.py"), *(DOCS / "overrides").rglob("*.html")],
    "scripts": [path for path in (DOCS / "assets").rglob("*.js")],
}
ASKED = re.compile(r"""\bphrase\(\s*(?:"([^"\n]*)"|'([^'\n]*)')""")
# What mkdocs.yml says, which tongues and abroad hand over by its name.
SETTINGS = {
    "The Executable Transformer", "Text CC BY 4.0, code MIT.", "Switch to light", "Switch to dark",
    "Follow the system", "The tour", "The blocks", "Under the hood", "Since the lecture", "Hands on",
    "Reference", "The answer is [at the end](#answers).",
}  # fmt: skip


def asked(table: str) -> set[str]:
    texts = (path.read_text("utf-8") for path in SAID[table])
    found = {one or other for text in texts for one, other in ASKED.findall(text)}
    return found | SETTINGS if table == "page" else found - {"."}


@pytest.mark.parametrize("code", KNOWN)
@pytest.mark.parametrize("table", SAID)
def test_the_list_of_phrases_is_whole(code, table):
    """Every word that a program asks for is there, and none that no program asks for."""
    wanted, has = asked(table), getattr(KNOWN[code], table)
    assert len(wanted) > 30
    assert wanted - has.keys() == set(), "not in the list"
    assert has.keys() - wanted == set(), "asked for by nobody"


def test_what_mkdocs_says_is_what_the_list_has():
    said = (ROOT / "mkdocs.yml").read_text("utf-8")
    from scripts.pages import answers

    assert {one for one in SETTINGS if one not in said} == {answers.BELOW}


@pytest.mark.parametrize("code", KNOWN)
def test_a_phrase_has_the_values_of_the_original(code):
    for table in SAID:
        for english, other in getattr(KNOWN[code], table).items():
            assert other.strip() == other != ""
            assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", other)), english


def test_a_page_speaks_its_own_language_and_the_next_one_english(portuguese):
    assert tongues.phrase("question {number}", number=3) == "pergunta 3"
    tongues.speak(tongues.ENGLISH)
    assert tongues.phrase("question {number}", number=3) == "question 3"
    assert tongues.scripts() == "" and tongues.mark() == ""


# -------------------------------------------------------------------------------- its numbers


@pytest.mark.parametrize(
    ("english", "written"),
    [
        ("0.53", "0,53"),
        ("53%", f"53{FIXED}%"),
        ("99.87%", f"99,87{FIXED}%"),
        ("1,024", "1024"),
        ("28,800", f"28{NARROW}800"),
        ("12,345,678.5", f"12{NARROW}345{NARROW}678,5"),
        ("36864", f"36{NARROW}864"),
        ("-2.5", "-2,5"),
        ("7", "7"),
        ("nan", "nan"),
    ],
)
def test_a_number_follows_the_language(portuguese, english, written):
    assert tongues.digits(english) == written
    tongues.speak(tongues.ENGLISH)
    assert tongues.digits(english) == english


def test_values_follow_the_language_in_prose_and_never_in_code(portuguese, book, says):
    says(
        "a value is written as that language writes numbers: `53%` becomes `53 %` and `0.5` becomes `0,5`.",
        page="contributing",
    )
    text = (
        "Cai para {{ self_attention/scaling.scaled:.2f }}, {{ self_attention/answers.counted:,}}"
        " e {{ self_attention/scaling.raw_top:.1%}}; `{{ self_attention/scaling.scaled:.2f }}`."
    )
    kept = {name: book.outcome(f"self_attention/{name}").values for name in ("scaling", "answers")}
    said = chapter.fill(book, text)
    assert f"{kept['scaling']['scaled']:.2f}".replace(".", ",") in said.partition("`")[0]
    assert f"{kept['answers']['counted']:,}".replace(",", NARROW) in said
    assert f"{kept['scaling']['raw_top']:.1%}".replace(".", ",").replace("%", f"{FIXED}%") in said
    assert f"`{kept['scaling']['scaled']:.2f}`" in said
    assert chapter._power("2.5", "-7") == r"$2{,}5 \cdot 10^{-7}$"
    assert chapter._power("1.0", "-7") == "$10^{-7}$"


def test_the_key_of_a_question_is_read_as_it_is_written(portuguese):
    asks = '!!! question "Quanto?"\n\n    `= {{ a/b.c:.2f }} ± 0.01 GB`\n\n    [Por isto](#x).\n'
    said = questions.render(f"## A {{#x}}\n\n{asks}")
    assert "conta como certo: mais ou menos 0,01 GB" in said and "<summary>Resposta</summary>" in said


def test_a_map_is_named_by_its_caption(portuguese):
    maps = [{"title": "Forward", "rows": [], "columns": [], "values": []}]
    assert numbers.names(maps, "MiniLM, camada 6, cabeça 12, autoatenção") == ["camada 6, cabeça 12"]


# --------------------------------------------------------------------- beside the English pages


@pytest.mark.parametrize(
    ("address", "leads"),
    [
        ("glossary.md#token", ("glossary.md#token", False)),
        ("masked_self_attention.md", ("../masked_self_attention.md", True)),
        ("encoder.md#what-comes-out", ("../encoder.md#what-comes-out", True)),
        ("labs/encoder.ipynb", ("../labs/encoder.ipynb", True)),
        ("figures/self_attention/look.svg", ("../figures/self_attention/look.svg", False)),
        ("#the-equation", ("#the-equation", False)),
        ("https://arxiv.org/abs/1706.03762", ("https://arxiv.org/abs/1706.03762", False)),
        ("../glossary.md", ("../glossary.md", True)),
    ],
)
def test_a_link_leads_to_the_translation_or_else_to_the_english_page(portuguese, address, leads):
    assert abroad.lead(DOCS, address) == leads
    tongues.speak(tongues.ENGLISH)
    assert abroad.lead(DOCS, address)[0] == address


def test_the_switch_leads_to_the_same_page_or_to_the_line_that_says_there_is_none(portuguese):
    pages = {"", "pt/", "self_attention/", "pt/self_attention/", "decoding/"}

    def links(here: str, tongue: tongues.Tongue) -> list[str]:
        tongues.speak(tongue)
        return [one["link"] for one in abroad.switch(here, KNOWN, pages)]

    assert links("pt/self_attention/", portuguese) == ["self_attention/", "pt/self_attention/"]
    assert links("self_attention/", tongues.ENGLISH) == ["self_attention/", "pt/self_attention/"]
    assert links("./", tongues.ENGLISH) == [".", "pt/"] == links("pt/", portuguese)
    assert links("decoding/", tongues.ENGLISH) == ["decoding/", "#pt"]


# ------------------------------------------------------------------ a translation, its original


@pytest.mark.parametrize("path", PAGES, ids=IDS)
def test_a_translation_has_the_parts_of_its_original(path, says):
    """Values, programs, figures, formulas, notes and questions in their order; links, code, numbers."""
    says(
        "Each value, program, figure, formula, footnote and question of the original stands in the"
        " translation, in the same order, and the numbers, links and code of a section are those of the"
        " original: what is not, is named with its section.",
        page="contributing",
    )
    english = (DOCS / path.name).read_text("utf-8")
    here = path.read_text("utf-8")
    assert translations.wrong(english, here, f"docs/{path.relative_to(DOCS).as_posix()}") == []
    has, theirs = translations.sections(here), translations.sections(english)
    assert has.keys() <= theirs.keys(), "each heading has the original's anchor"
    assert has.keys() == theirs.keys() or path.name in translations.PARTLY


ORIGINAL = """---
description: A page.
---

# One

Text with {{ a/b.c:.1f }} and 3 of 1,024 [tokens](glossary.md#token), $d_k$.[^n]

## Two

```python
--8<-- "a/b.py"
```

![It rises.](figures/a/b.svg "Layer 6.")

!!! question "Which? Choose two."

    - [x] `x`
        Because 2.5.
    - [ ] No.
        Never.

[^n]: A note.
"""
TRANSLATED = """---
description: Uma página.
---

# Um {#one}

Texto com {{ a/b.c:.1f }} e 3 de 1024 [tokens](glossary.md#token), $d_k$.[^n]

## Dois {#two}

```python
--8<-- "a/b.py"
```

![Sobe.](figures/a/b.svg "Camada 6.")

!!! question "Quais? Escolhe dois."

    - [x] `x`
        Porque 2,5.
    - [ ] Não.
        Nunca.

[^n]: Uma nota.
"""


@pytest.fixture
def translated():
    return translating.recorded(ORIGINAL, TRANSLATED, "all")


def test_a_faithful_translation_is_in_order(translated):
    assert translations.wrong(ORIGINAL, translated, "docs/pt/x.md") == []
    assert translations.behind(ORIGINAL, translated, "x.md") == []
    assert list(translations.kept(translated)) == ["one", "two", "footnotes"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{{ a/b.c:.1f }}", "1,7", "#one: here stands"),
        ("{{ a/b.c:.1f }}", "{{ a/b.d:.1f }}", "{{ a/b.d:.1f }}, and the original has {{ a/b.c:.1f }}"),
        ("3 de", "4 de", "of numbers, here stand 4, and the original has 3"),
        ("1024", "1,024", "of numbers, here stand 1.024, and the original has 1024"),
        ("Porque 2,5", "Porque 2,6", "of numbers, here stand 2.6, and the original has 2.5"),
        ("#token", "#piece", "of links, here stand glossary.md#piece"),
        ("$d_k$", "$d_v$", "$d_v$, and the original has $d_k$"),
        ("$d_k$.[^n]", "$d_k$.", "nothing, and the original has [^n]"),
        ("figures/a/b.svg", "figures/a/c.svg", "figures/a/c.svg"),
        ('"a/b.py"', '"a/c.py"', "a/c.py"),
        ("- [x] `x`", "- [ ] `x`", "- [ ], and the original has - [x]"),
        ("[x] `x`", "[x] `y`", "of code, here stand `y`"),
        ("{#two}", "{#dois}", "the original has no section #dois"),
    ],
)
def test_an_unfaithful_translation_is_named_with_its_section(translated, old, new, said):
    assert old in translated
    problems = translations.wrong(ORIGINAL, translated.replace(old, new), "docs/pt/x.md")
    assert len(problems) >= 1 and said in "\n".join(problems), problems


def test_one_changed_word_of_the_original_names_its_section(translated):
    changed = ORIGINAL.replace("It rises.", "It falls.")
    assert translations.behind(changed, translated, "x.md") == ["two"]
    body = translations.noticed(TRANSLATED, ["two"], "x.md")
    line = re.search(r"## Dois \{#two\}\n\n<p class=\"changed-since\".*</p>", body)
    assert line and "(../x.md#two)" in line[0] and body.count("changed-since") == 1
    assert translations.wrong(changed, translated, "docs/pt/x.md") == [], "a section behind is no fault"
    again = translating.recorded(changed, translated, "two")
    assert translations.behind(changed, again, "x.md") == []


def test_white_space_and_a_line_end_change_nothing(translated):
    assert translations.behind(ORIGINAL.replace("Text with", "Text\nwith"), translated, "x.md") == []


def test_a_new_section_of_the_original_is_missing_here(translated):
    longer = ORIGINAL.replace("## Two", "## Three\n\nMore.\n\n## Two")
    assert translations.behind(longer, translated, "x.md") == ["three"]
    assert translations.behind(longer, translated, "glossary.md") == [], "it has the terms that it needs"


def test_a_section_that_is_nowhere_cannot_be_recorded(translated):
    with pytest.raises(BookError, match="no section #four in both; there are one, two"):
        translating.recorded(ORIGINAL, translated, "four")


def test_a_begun_translation_names_each_heading_as_the_original_does():
    for path in sorted(DOCS.glob("*.md")):
        english = path.read_text("utf-8")
        begun = translating.begun(english)
        assert list(translations.sections(begun)) == list(translations.sections(english)), path.name
        assert translating.begun(begun) == begun


# --------------------------------------------------------------------------------- its glossary

TERM = re.compile(r"^### (.+?) \{#([\w-]+)\}$", re.M)
BRACKETS = re.compile(r" \(\*([^*]+)\*\)$")
LINKED = re.compile(r"\[([^\]]+)\]\(glossary\.md#([\w-]+)\)(?:,? ?\(?\*([^*]+)\*\))?")


@pytest.mark.parametrize("code", KNOWN)
def test_a_term_has_its_original_in_brackets_in_the_glossary_and_where_it_is_first_used(code):
    theirs = dict(
        (anchor, text.splitlines()[0].removeprefix("### "))
        for anchor, text in translations.sections((DOCS / "glossary.md").read_text("utf-8")).items()
    )
    terms = {}
    for named, anchor in TERM.findall((DOCS / code / "glossary.md").read_text("utf-8")):
        original = BRACKETS.search(named)
        assert (original[1] if original else named) == theirs[anchor], named
        terms[anchor] = BRACKETS.sub("", named)
    assert len(terms) > 20
    for path in sorted((DOCS / code).glob("*.md")):
        used = LINKED.findall(path.read_text("utf-8"))
        assert used or path.name == "glossary.md"
        for words, anchor, original in used:
            assert anchor in terms, f"{path.name} uses {words}"
            if terms[anchor] != theirs[anchor]:
                assert original.rstrip("s") == theirs[anchor], f"{path.name}: [{words}] (*{theirs[anchor]}*)"
