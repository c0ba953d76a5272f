"""Claims and what holds them: sentences that an outcome could contradict, and the tests that quote them.

    python -m scripts claims               a table: for each page the claims, and the share held
    python -m scripts claims decoding      … and the sentences of one page that nothing holds
    python -m scripts claims --record      keep the shares, below which none may fall: a test

A test holds a sentence if it quotes it, `says("…")`, beside the outcome that it rests on: then
neither can change without the other. What looks like a claim is told by its words, so the list
is a place to look and no verdict.

A page is a chapter, `decoding`, or a lab, `labs/decoding`: of a lab its text cells, its hints and
what its figures are told to show.
"""

from __future__ import annotations

import ast
import difflib
import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from scripts.base import ROOT, BookError
from scripts.base.files import put

# What makes a sentence a claim, by its words; the first that fits names it.
KINDS = {
    "cause": r"because|therefore|the reason|that is why|this is why|so that|thanks to|due to|causes?",
    "universal": r"every|always|never|none|nobody|nothing|no one|whatever|cannot|all (?:the|of|its)|only",
    "time": r"faster|slower|speed|seconds?|milliseconds?",
    "comparison": r"than|as (?:much|many|well|good|long|large|small|often|far) as|better|worse|best"
    r"|worst|most|least|fewe(?:r|st)|times|twice|half|equal|the same|nearly|almost|hardly",
    "value": r"\{\{[^{}]+\.[^{}]+\}\}",
}
LOOKS = {kind: re.compile(rf"(?<![\w`])(?:{words})(?![\w`])", re.I) for kind, words in KINDS.items()}
CODE = re.compile(r"^([ \t]*)(`{3,}).*?^\1\2[ \t]*$|<!--.*?-->|\$\$.*?\$\$", re.M | re.S)
DRAWING = re.compile(r"<svg\b.*?</svg>|</?fig\w+[^>]*>", re.S)  # of which its title is read
SHELL = re.compile(r"^[ \t]*</?div\b[^>\n]*>(?:</div>)?[ \t]*$", re.M)  # around what comes alive
TITLE = re.compile(r"<title\b[^>]*>(.*?)</title>", re.S)
FRONT = re.compile(r"\A---\n.*?\n---\n", re.S)
PICTURE = re.compile(r"!\[([^\]]*)\]\([^)\s]*(?:\s+\"([^\"]*)\")?\)")
MARK = re.compile(r"^[ \t]*(?:#{1,6}|[-*]|\d+\.|\?{3}\+?|!{3}|>)[ \t]+(?:\[[ xX]\][ \t]+)?")
BOX = re.compile(r'^([ \t]*[?!]{3}\+?[ \t]+)\w+[ \t]+"(.*)"[ \t]*$', re.M)  # a question, a note
RECORD = ROOT / "tests" / "chapters" / "held.json"
NOTE = re.compile(r"^\[\^[\w-]+\]:|^[ \t]*(?:\||-+8<-+|→|\[[\w-]+\]:)")
END = re.compile(r"(?<=[.!?:])(?:\*\*|[”)])?(?:\[\^[\w-]+\])*\s+(?=[\"“*(\[A-Z0-9{`$])")


RELATION = re.compile(r"[ \t]*<!-- *holds:.*?-->", re.S)  # see scripts/pages/relations.py
CELL = re.compile(r"^# %% ?(\[markdown\])?.*$", re.M)
ALT = re.compile(r'\balt(?:_when_right)?="([^"]*)"')


@dataclass(frozen=True)
class Claim:
    """A sentence that looks like a claim: where it stands, and by what it looks so."""

    line: int
    kind: str
    text: str


def pages(root: Path = ROOT) -> dict[str, str]:
    """Each page → its file, from the book's folder: the chapters, then the labs."""
    docs = root / "docs"
    found = [*sorted(docs.glob("*.md")), *sorted(docs.glob("labs/*.py"))]
    return {
        path.relative_to(docs).with_suffix("").as_posix(): path.relative_to(root).as_posix()
        for path in found
    }


def page_of(test: str) -> str:
    """The page that a file of tests is about: test_decoding.py or, of a lab, test_lab_decoding.py."""
    name = Path(test).stem.removeprefix("test_")
    return "labs/" + name.removeprefix("lab_") if name.startswith("lab_") else name


@functools.lru_cache(maxsize=64)
def source(file: Path) -> str:
    """A page's Markdown, line for line as in its file; without relations, of a lab without code."""
    text = file.read_text("utf-8")
    return _lab(text) if file.suffix == ".py" else RELATION.sub(lambda one: "\n" * one[0].count("\n"), text)


def _lab(program: str) -> str:
    """The text of a lab's cells as Markdown; a figure's alt text stands where its cell begins."""
    made, prose = [], False
    for line in program.split("\n"):
        if cell := CELL.match(line):
            prose = bool(cell[1])
            told = ALT.search(line)
            made.append(f"![{told[1]}](figure)" if told else "")
        else:
            made.append(re.sub(r"^# ?", "", line) if prose else "")
    return "\n".join(made)


def place(page: str, sentence: str) -> int | None:
    """The line of a page's text at which a sentence begins, however its lines are cut, or None."""
    lines = [" ".join(line.split()) for line in page.split("\n")]
    starts, text = [], ""
    for number, line in enumerate(lines, 1):
        if line:
            text += " " if text else ""
            starts.append((len(text), number))
            text += line
    at = text.find(" ".join(sentence.split()))
    return max(number for start, number in starts if start <= at) if at >= 0 else None


def nearest(page: str, sentence: str) -> tuple[int, str] | None:
    """The line and the words of the sentence that is most like one that a page has no more."""
    said = {text: line for line, block in blocks(page) for text in END.split(block)}
    near = difflib.get_close_matches(sentence, said, 1, 0.4)
    return (said[near[0]], near[0]) if near else None


def missing(file: Path, sentence: str, root: Path = ROOT) -> str:
    """What to say of a sentence that a page should have; empty if it has it."""
    page = source(file)
    if place(page, sentence):
        return ""
    name, near = file.relative_to(root).as_posix(), nearest(page, sentence)
    said = f"; line {near[0]} says: {near[1]}" if near else ""
    return f"{name} no longer says: {sentence}{said}"


def blocks(page: str) -> Iterator[tuple[int, str]]:
    """The prose of a page: line and text of each paragraph, item, heading, cell, alt and caption."""

    def blank(found: re.Match) -> str:
        return "\n" * found[0].count("\n")

    def titled(found: re.Match) -> str:
        told = " ".join(" ".join(TITLE.findall(found[0])).split())
        return told + blank(found)

    text = DRAWING.sub(titled, CODE.sub(blank, FRONT.sub(blank, SHELL.sub("", BOX.sub(r"\1\2", page)))))
    begun, block = 0, []
    for number, line in enumerate([*text.split("\n"), ""], 1):
        fresh = not line.strip() or MARK.match(line) or NOTE.match(line) or "![" in line
        if fresh and block:
            yield begun, " ".join(block)
            block = []
        for told in PICTURE.findall(line):
            yield from ((number, said) for said in told if said)
        if line.lstrip().startswith("|"):
            yield from ((number, cell.strip()) for cell in re.split(r"(?<!\\)\|", line) if cell.strip())
        elif line.strip() and not NOTE.match(line) and "![" not in line:
            begun = begun if block else number
            block.append(MARK.sub("", line).strip())


def claims(page: str) -> Iterator[Claim]:
    """The sentences of a page, in Markdown, that look like claims."""
    for line, block in blocks(page):
        for sentence in END.split(block):
            kind = next((kind for kind, looks in LOOKS.items() if looks.search(sentence)), None)
            if kind and len(sentence.split()) > 3 and not sentence.rstrip("*").endswith("?"):
                yield Claim(line, kind, " ".join(sentence.split()))


def quoted(tests: str) -> list[tuple[str, str]]:
    """What a program of tests quotes: the page, if it names one, and the sentence.

    A test quotes by `says("…")`, and by `says("…", page="labs/decoding")` from another page.
    """
    found = []
    for node in ast.walk(ast.parse(tests)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "says":
            named = [one.value for one in node.keywords if one.arg == "page"]
            page = named[0].value if named and isinstance(named[0], ast.Constant) else ""
            found += [(page, one.value) for one in node.args if isinstance(one, ast.Constant)]
    return [(page, " ".join(one.split())) for page, one in found if isinstance(one, str)]


def held(claim: Claim, quotes: list[str]) -> bool:
    """Whether a test quotes the sentence, or a part of it."""
    return any(quote in claim.text or claim.text in quote for quote in quotes)


def shares(root: Path = ROOT) -> dict[str, tuple[list[Claim], list[Claim]]]:
    """Each page → its claims, and those of them that are held."""
    quotes: dict[str, list[str]] = {}
    for tests in sorted((root / "tests").rglob("test_*.py")):
        text = tests.read_text("utf-8")
        for page, sentence in quoted(text) if "says(" in text else ():
            quotes.setdefault(page or page_of(tests.name), []).append(sentence)
    found = {}
    for name, file in pages(root).items():
        said = list(claims(source(root / file)))
        found[name] = said, [one for one in said if held(one, quotes.get(name, []))]
    return found


@click.command()
@click.argument("names", nargs=-1)
@click.option("--record", "recorded", is_flag=True, help="Keep the shares for the test.")
def main(names: tuple[str, ...], recorded: bool) -> None:
    """Say how many claims of each page a test holds; of NAMES, which ones none does."""
    found = shares()
    if recorded:
        counts = {name: [len(kept), len(said)] for name, (said, kept) in found.items()}
        rows = ",\n".join(f'  "{name}": {json.dumps(share)}' for name, share in counts.items())
        put(RECORD, f"{{\n{rows}\n}}\n".encode())
    if unknown := set(names) - found.keys():
        raise BookError(f"there is no page {', '.join(unknown)}; there are {', '.join(found)}")
    print("| page | sentences that look like claims | held by a test that quotes them | share |")
    print("|---|---:|---:|---:|")
    whole = [0, 0]
    for name in names or found:
        said, kept = map(len, found[name])
        whole = [whole[0] + said, whole[1] + kept]
        print(f"| {name} | {said} | {kept} | {kept / max(said, 1):.0%} |")
    if len(names or found) > 1:
        print(f"| together | {whole[0]} | {whole[1]} | {whole[1] / max(whole[0], 1):.0%} |")
    for name in names:
        print(f"\n{name}: held by nothing")
        for claim in found[name][0]:
            if claim not in found[name][1]:
                print(f"  {pages()[name]}, line {claim.line}, {claim.kind}: {claim.text}")
