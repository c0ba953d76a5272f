"""Every word of the pages' prose is spelled as in the dictionary, or as in `words.txt`.

American English. Left out are code, mathematics, addresses, what snippets fill in, and the names
of authors before the title that a footnote cites. `words.txt` has the book's terms and names;
`words_quoted.txt` has the Portuguese of its examples, which counts only where the text marks it
as an example (in italics, bold or quotes, or as a figure's text). One word a line, in order,
each in use. A listed word may also begin a sentence, or end in 's.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hunspell import Hunspell

from scripts.base import ROOT

DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.glob("*.md")), *sorted(DOCS.glob("labs/*.py"))]
NAMES = [page.relative_to(DOCS).as_posix() for page in PAGES]
NOT_PROSE = re.compile(
    r"^[ \t]*(`{3,}).*?^[ \t]*\1[ \t]*$"  # a long fence may hold short ones
    r'|^[ \t]*-+8<-+ ".*?"|<!--.*?-->|<[a-z/][^<>]*>'
    r"|\$\$.*?\$\$|\$[^$\n]+\$|(`+)[^`\n][^\n]*?\2"
    r"|\{\{.*?\}\}|\{ ?[:.#][^}\n]*\}"  # values, attributes
    r"|^[ \t]*(?:!!!|\?\?\?\+?) \w+|\[\^[\w-]+\]|&\w+;"
    r'|(?<=\]\()[^\s)]*|\[[\w.-]+/[\w./-]+\]|\b(?:arXiv:|doi )\S+|\w+\.\w\w[^\s\])]*',  # addresses
    re.M | re.S,
)
AUTHORS = re.compile(r'^\[\^[\w-]+\]:[^*“"\[\n]*', re.M)
EXAMPLE = re.compile(  # code stands here too, or an asterisk in it would begin an example
    r'`[^`\n]+`|(?<!\w)\*+(?=\w)[^*\n]+\*+|“[^”\n]+”|"[^"\n]+"|!\[[^\]]+\]|<text[^<]+'
)
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


def listed(name: str) -> list[str]:
    """The words of a list."""
    return Path(__file__).with_name(name).read_text("utf-8").split()


WORDS, QUOTED = listed("words.txt"), listed("words_quoted.txt")
dictionary = Hunspell("en_US")


def blank(found: re.Match) -> str:
    """Spaces in place of what was found, so that lines and places stay."""
    return re.sub(r"[^\n]", " ", found[0])


def markdown(lab: str) -> str:
    """The text cells of a lab, on their lines."""
    lines, text = [], False
    for line in lab.split("\n"):
        text = "[markdown]" in line if line.startswith("# %%") else text
        lines.append(line[2:] if text and not line.startswith("# %%") else "")
    return "\n".join(lines)


def prose(text: str) -> str:
    """What of a page's Markdown a reader reads as English, on its lines."""
    text = AUTHORS.sub(lambda found: re.sub(r"\b[^\Wa-z\d_][\w’'-]*", blank, found[0]), text)
    return NOT_PROSE.sub(blank, text)


def spelled(word: str, others: list[str]) -> bool:
    """Whether the dictionary or the other words have this one; else, whether all its parts."""
    word = word.replace("’", "'")
    bare = word.removesuffix("'s")
    if bare in others or bare[:1].lower() + bare[1:] in others:
        return True
    try:
        if dictionary.spell(word) or dictionary.spell(bare):
            return True
    except UnicodeEncodeError:  # a letter that no word of the dictionary has
        return False
    parts = word.split("-")
    return len(parts) > 1 and all(spelled(part, others) for part in parts)


def misspelled(text: str) -> Iterator[tuple[int, str]]:
    """The line and the word for each word of a text that nothing has."""
    quoted = [found.span() for found in EXAMPLE.finditer(text)]
    for found in WORD.finditer(prose(text)):
        example = any(start <= found.start() < end for start, end in quoted)
        if not spelled(found[0], WORDS + QUOTED if example else WORDS):
            yield text.count("\n", 0, found.start()) + 1, found[0]


@pytest.mark.parametrize("name", NAMES)
def test_every_word_is_spelled_right(name):
    text = (DOCS / name).read_text("utf-8")
    text = markdown(text) if name.endswith(".py") else text
    wrong = [f"docs/{name}, line {line}: {word}" for line, word in misspelled(text)]
    assert not wrong, "mend it, or put it into tests/pages/words.txt:\n" + "\n".join(wrong)


@pytest.mark.parametrize(
    "text, words",
    [
        ("A tokenizer's softmax: it doesn’t *gatos*. “Rio”, feed-forward, pre-norm.", []),
        ("`teh`, $teh$, <b class='teh'>a</b>, [a](teh.md 'teh one'), x.teh, [^teh]", ["teh"]),
        ("```text\nteh\n```\n\n````markdown\n```text\nteh\n```\nteh\n````\nteh", ["teh"]),
        ("[^1]: Ashish Teh-Teh and tha others, “Teh Title”, 2017", ["tha", "Teh"]),
        ("gatos, colour, self-atention, teh's", ["gatos", "colour", "self-atention", "teh's"]),
        ("![A strnge alt text](a.svg 'A captoin')", ["strnge", "captoin"]),
    ],
)
def test_misspellings_are_seen(text, words):
    assert [word for _, word in misspelled(text)] == words


def test_the_lists_hold_what_is_needed_and_no_more():
    text = "\n".join(
        markdown(page.read_text("utf-8")) if page.suffix == ".py" else page.read_text("utf-8")
        for page in PAGES
    )
    used = {part.lower() for word in WORD.findall(text) for part in [word, *word.split("-")]}
    used |= {re.sub("['’]s$", "", word) for word in used}
    for words in (WORDS, QUOTED):
        assert words == sorted(set(words), key=lambda word: (word.lower(), word))
        assert [word for word in words if word.lower() not in used] == []
        assert [word for word in words if spelled(word, [])] == []
