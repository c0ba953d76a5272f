"""Claims and what holds them: sentences that an outcome could contradict, and the tests that quote them.

    python -m scripts claims               a table: for each chapter the claims, and the share held
    python -m scripts claims decoding      … and the sentences of one chapter that nothing holds
    python -m scripts claims --record      keep the shares, below which none may fall: a test

A test holds a sentence if it quotes it, `says("…")`, beside the outcome that it rests on: then
neither can change without the other. What looks like a claim is told by its words, so the list
is a place to look and no verdict.
"""

from __future__ import annotations

import ast
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
    "value": r"\{\{[^{}]+\}\}",
}
LOOKS = {kind: re.compile(rf"(?<![\w`])(?:{words})(?![\w`])", re.I) for kind, words in KINDS.items()}
CODE = re.compile(
    r"^([ \t]*)(`{3,}).*?^\1\2[ \t]*$|<!--.*?-->|\$\$.*?\$\$|<(figure|svg)\b.*?</\3>", re.M | re.S
)
FRONT = re.compile(r"\A---\n.*?\n---\n", re.S)
PICTURE = re.compile(r"!\[([^\]]*)\]\([^)\s]*(?:\s+\"([^\"]*)\")?\)")
MARK = re.compile(r"^[ \t]*(?:#{1,6}|[-*]|\d+\.|\?{3}\+?|!{3}|>)[ \t]+(?:\[[ xX]\][ \t]+)?")
RECORD = ROOT / "tests" / "chapters" / "held.json"
NOTE = re.compile(r"^\[\^[\w-]+\]:|^[ \t]*(?:\||-+8<-+|→|\[[\w-]+\]:)")
END = re.compile(r"(?<=[.!?:])(?:\*\*|[”)])?(?:\[\^[\w-]+\])*\s+(?=[\"“*(\[A-Z0-9{`$])")


@dataclass(frozen=True)
class Claim:
    """A sentence that looks like a claim: where it stands, and by what it looks so."""

    line: int
    kind: str
    text: str


def blocks(page: str) -> Iterator[tuple[int, str]]:
    """The prose of a page: line and text of each paragraph, item, heading, alt text and caption."""

    def blank(found: re.Match) -> str:
        return "\n" * found[0].count("\n")

    lines, begun, block = CODE.sub(blank, FRONT.sub(blank, page)).split("\n"), 0, []
    for number, line in enumerate([*lines, ""], 1):
        fresh = not line.strip() or MARK.match(line) or NOTE.match(line) or "![" in line
        if fresh and block:
            yield begun, " ".join(block)
            block = []
        for told in PICTURE.findall(line):
            yield from ((number, said) for said in told if said)
        if line.strip() and not NOTE.match(line) and "![" not in line:
            begun = begun if block else number
            block.append(MARK.sub("", line).strip())


def claims(page: str) -> Iterator[Claim]:
    """The sentences of a page, in Markdown, that look like claims."""
    for line, block in blocks(page):
        for sentence in END.split(block):
            kind = next((kind for kind, looks in LOOKS.items() if looks.search(sentence)), None)
            if kind and len(sentence.split()) > 3 and not sentence.rstrip("*").endswith("?"):
                yield Claim(line, kind, " ".join(sentence.split()))


def quoted(tests: str) -> list[str]:
    """The sentences that a program of tests quotes: the strings that `says` is called with."""
    found = []
    for node in ast.walk(ast.parse(tests)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "says":
            found += [one.value for one in node.args if isinstance(one, ast.Constant)]
    return [" ".join(one.split()) for one in found if isinstance(one, str)]


def held(claim: Claim, quotes: list[str]) -> bool:
    """Whether a test quotes the sentence, or a part of it."""
    return any(quote in claim.text or claim.text in quote for quote in quotes)


def chapters(root: Path = ROOT) -> dict[str, tuple[list[Claim], list[Claim]]]:
    """Each chapter that has tests → its claims, and those of them that are held."""
    found = {}
    for tests in sorted((root / "tests" / "chapters").glob("test_*.py")):
        name = tests.stem.removeprefix("test_")
        all_claims = list(claims((root / "docs" / f"{name}.md").read_text("utf-8")))
        quotes = quoted(tests.read_text("utf-8"))
        found[name] = all_claims, [claim for claim in all_claims if held(claim, quotes)]
    return found


@click.command()
@click.argument("names", nargs=-1)
@click.option("--record", "recorded", is_flag=True, help="Keep the shares for the test.")
def main(names: tuple[str, ...], recorded: bool) -> None:
    """Say how many claims of each chapter a test holds; of NAMES, which ones none does."""
    found = chapters()
    if recorded:
        shares = {name: [len(kept), len(said)] for name, (said, kept) in found.items()}
        rows = ",\n".join(f'  "{name}": {json.dumps(share)}' for name, share in shares.items())
        put(RECORD, f"{{\n{rows}\n}}\n".encode())
    if unknown := set(names) - found.keys():
        raise BookError(f"there is no chapter {', '.join(unknown)}; there are {', '.join(found)}")
    print("| chapter | sentences that look like claims | held by a test that quotes them | share |")
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
                print(f"  docs/{name}.md, line {claim.line}, {claim.kind}: {claim.text}")
