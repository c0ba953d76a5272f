"""What a translation owes its original: the same parts in the same order, section by section.

A translated heading carries the anchor of the original's, `## À mão {#by-hand}`, so links and
questions fit. At its head the page keeps a digest of each section that it was made from; a section
with another one has changed since, and says so to readers. `translating` writes them.

Knows Markdown text, and nothing of the site generator.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from pathlib import Path

from scripts.pages import asked, tongues
from scripts.pages.patterns import FENCE, FIGURE, FRONT, INCLUDE, TAG, VALUE

PARTLY = ("glossary.md",)  # of these a translation has what its chapters need
NOTES = re.compile(r"^\[\^[^\]]+\]: .*\n?", re.M)
DESCRIPTION = re.compile(r"^description: .*$", re.M)
KEPT = re.compile(r"^translates:\n((?:  [\w-]+: \w+\n)*)", re.M)
# What stands in both languages in the same order.
PARTS = re.compile(
    rf"{INCLUDE.pattern}|(?P<value>{VALUE.pattern})|{FIGURE.pattern}|(?P<note>\[\^[\w-]+\])"
    r"|(?P<formula>\$\$.*?\$\$|\$[^$\n]+\$)|(?P<question>^!!! question|^ {4}- \[[ xX]\]|^ {4}`=[^`]*`)"
    r"|(?P<live>data-(?:live|layer|head|token)=\"[^\"]*\")|(?P<drawing><svg.*?</svg>)"
    r"|(?P<fold>^\?\?\? \w+)",
    re.M | re.S,
)
# … and what does in any: grammar moves it within a section.
LINK = re.compile(r"\]\(([^)\s]+)[^)]*\)")
CODE = re.compile(r"`[^`\n]+`")
DIGITS = re.compile(r"\d+(?:[.,\u00a0\u202f]\d+)*")


def original(path: Path, docs: Path) -> Path | None:
    """The English page of a translation, which lies in the folder of a language; None of any other."""
    folder = path.parent
    if folder.parent != docs or not (folder / tongues.FILE).is_file():
        return None
    return docs / path.name if (docs / path.name).is_file() else None


def sections(page: str) -> dict[str, str]:
    """A page cut at its headings: anchor → Markdown. What is above the first belongs to it."""
    body = FRONT.sub("", page)
    said = "".join(found[0] + "\n" for found in DESCRIPTION.finditer(page[: len(page) - len(body)]))
    notes = "".join(NOTES.findall(body))
    body = NOTES.sub("", body)
    heads = list(asked.headings(body))
    ends = [start for _, start, _ in heads[1:]] + [len(body)]
    cut = {anchor: body[start:end] for (anchor, start, _), end in zip(heads, ends)}
    if heads:
        cut[heads[0][0]] = said + body[: heads[0][1]] + cut[heads[0][0]]
    return cut | ({"footnotes": notes} if notes else {})


def digest(section: str) -> str:
    """Twelve letters that change with any word of a section, and with no line end."""
    return "d" + hashlib.sha256(" ".join(section.split()).encode()).hexdigest()[:11]


def kept(translation: str) -> dict[str, str]:
    """The digests of the original's sections that a translation was made from."""
    front = FRONT.match(translation)
    found = KEPT.search(front[0]) if front else None
    return dict(re.findall(r"([\w-]+): (\w+)", found[1])) if found else {}


def behind(english: str, translation: str, name: str) -> list[str]:
    """The sections of the original that a translation does not have as they are now, by anchor."""
    was, has = kept(translation), sections(translation)
    now = sections(english)
    wanted = [one for one in now if one in has or name not in PARTLY]
    return [one for one in wanted if one not in has or was.get(one) != digest(now[one])]


def noticed(body: str, late: list[str], name: str) -> str:
    """A translation with a line under each heading whose section is `behind`.

    Args:
        body: its Markdown, without what stands at the head of the file.
        name: the file of the original.
    """
    said = tongues.phrase("The English original of this section has changed since it was translated.")
    for anchor, _, end in reversed(list(asked.headings(body))):
        if anchor in late:
            link = f"[{tongues.phrase('Read it there')}](../{name}#{anchor})"
            line = f'\n<p class="changed-since" data-search-exclude markdown="1">{said} {link}.</p>\n'
            body = f"{body[:end]}\n{line}{body[end:]}"
    return body


def wrong(english: str, translation: str, where: str) -> list[str]:
    """Where a translation says what its original does not, in the sections that are up to date.

    Args:
        where: the path of the translation, "docs/pt/decoding.md".
    """
    name = where.rpartition("/")[2]
    theirs, ours = sections(english), sections(translation)
    late = behind(english, translation, name)
    problems = []
    for anchor in ours:
        if anchor not in theirs:
            problems.append(f"{where}: the original has no section #{anchor}")
        elif anchor not in late and not (name in PARTLY and anchor == next(iter(theirs))):
            for what, said, wanted in _compared(ours[anchor], theirs[anchor]):
                problems.append(f"{where}, section #{anchor}: {what} {said}, and the original has {wanted}")
    order = [one for one in theirs if one in ours]
    if [one for one in ours if one in theirs] != order:
        problems.append(f"{where}: its sections stand in another order than the original's")
    return problems


def _compared(ours: str, theirs: str) -> list[tuple[str, str, str]]:
    """What is different between two sections: what kind of part, here, there."""
    found = []
    if (here := parts(ours)) != (there := parts(theirs)):
        pairs = zip([*here, "nothing"], [*there, "nothing"])
        first = next(((a, b) for a, b in pairs if a != b), ("other parts", "these"))
        found.append(("here stands", *first))
    for what, here, there in (
        ("links", _links(ours), _links(theirs)),
        ("code", _code(ours), _code(theirs)),
        ("numbers", numbers(ours, english=False), numbers(theirs)),
    ):
        more, fewer = (", ".join((one - other).elements()) for one, other in ((here, there), (there, here)))
        if more or fewer:
            found.append((f"of {what}, here stand", more or "fewer", fewer or "fewer"))
    return found


def parts(section: str) -> list[str]:
    """The values, includes, figures, formulas, notes and questions of a section, in their order."""
    made = []
    for found in PARTS.finditer(section):
        said = found[0]
        if found["drawing"]:  # without its words
            said = re.sub(r">[^<]+<", "><", said)
        elif said.startswith("!["):
            said = said[said.rindex("](") :].partition(" ")[0].rstrip(")")
        made.append(said.replace("{,}", ".").strip())
    return made


def _links(section: str) -> Counter[str]:
    return Counter(LINK.findall(FIGURE.sub("", section)))


def _code(section: str) -> Counter[str]:
    return Counter(CODE.findall(FENCE.sub("", section)))


def numbers(section: str, english: bool = True) -> Counter[str]:
    """The numbers that an author has typed in a section, as a program would write them."""
    text = FIGURE.sub(lambda found: found[1] + found[3], FENCE.sub("", section))
    text = re.sub(r"<svg.*?</svg>", lambda found: TAG.sub(" ", found[0]), text, flags=re.S)
    for gone in (VALUE, re.compile(r"\$\$.*?\$\$|\$[^$\n]+\$", re.S), CODE, LINK, TAG, asked.ANCHOR):
        text = gone.sub(" ", text)
    text = re.sub(r"\[\^[\w-]+\]|https?://\S+", " ", text)
    found = (re.sub(r"[\u00a0\u202f]", "", one) for one in DIGITS.findall(text))
    return Counter(one.replace(",", "" if english else ".") for one in found)
