"""Text that a program printed or named → Markdown that shows this text, whatever is in it.

A program may print a fence, a heading, an element of HTML, a bar: on a page all of it is text.
Knows Markdown, and nothing of snippets or of the site generator.
"""

from __future__ import annotations

import html
import re
import textwrap

# What acts in the middle of a line. As a number, "&#42;", it is a letter like any other, in
# Markdown and in the HTML that is made of it.
ACTS = re.compile(r"[\\`*{\[\]<>&|$]|(?<![^\W_])_|_(?![^\W_])")
# … and what acts at a line's start, marks of blocks, the number of a list, the space before
# code, or at the end of a heading.
STARTS = re.compile(r"^(?:[#>+\-=:!?~/]|\d(?=\d*[.)])|[ \t])|#(?=#*\s*$)")
# A span of code by backticks cannot hold these, in a table and out of it.
HARD = re.compile(r"^$|^\s|\s$|[`|]|<[!?/]|^#!")
SPAN = r"(?<![\\`])(?P<ticks>`+)(?!`)(?P<span>(?:(?!\n[ \t]*\n).)+?)(?<!`)(?P=ticks)(?!`)"
MARKED = re.compile(
    rf"{SPAN}|(?<![\w*])(?P<stars>\*\*?)(?=[^\s*])(?P<stressed>.+?)(?<=[^\s*])(?P=stars)(?![\w*])"
    r"|\[(?P<words>[^\[\]]+)\]\((?P<address>(?:#|https?://)[^\s()<>]+)\)"
)
BAR = re.compile(r"(?<!\\)\|")
RULE = re.compile(r"\|(?:[ \t]*:?-+:?[ \t]*\|)+")  # under the head of a table
NAMED = re.compile(r"(#{2,6} )(.+)( \{ #[\w-]+ \})")  # a heading with a name of its own


class PrintedError(Exception):
    """What was printed is no table that can be shown: the end of a sentence that says why."""


def prose(text: str) -> str:
    """The text in a sentence, a heading, a table or an attribute, on one line."""
    text = ACTS.sub(_number, re.sub(r"\s*\n\s*", " ", text)).replace('"', "&quot;")
    return STARTS.sub(_number, text)


def code(text: str) -> str:
    """The text as a span of code."""
    text = re.sub(r"\s*\n\s*", " ", text)
    return f"<code>{ACTS.sub(_number, text)}</code>" if HARD.search(text) else f"`{text}`"


def fence(text: str, info: str, indent: str = "", mark: str = "```") -> str:
    """The text in a fence that no line of it can end.

    Args:
        text: what stands between, with its indent.
        info: what follows the opening mark: "python", "{ .text .output }".
        mark: the shortest that may be used.
    """
    runs = re.findall(re.escape(mark[0]) + "+", text)
    mark = mark[0] * max(len(mark), *(len(run) + 1 for run in runs)) if runs else mark
    return f"{indent}{mark}{info}\n{text}\n{indent}{mark}"


def blocks(text: str) -> str:
    """Printed Markdown as Markdown: tables, headings that bear a name, and paragraphs of text.

    In them backticks make code, asterisks stress, `[words](#section)` or with an address in
    place of the section is a link, `\\|` is a bar, and a line of text that ends with two spaces
    ends there on the page too. Nothing else acts, and no HTML.

    Raises:
        PrintedError: there is no table in it, or a row has more or fewer cells than its head.
    """
    made, head, tables = [], 0, 0
    lines = text.rstrip("\n").split("\n")
    for number, line in enumerate(lines, 1):
        line, ends = line.rstrip(), line.endswith("  ")
        if not line.startswith("|"):
            if head and line:
                raise PrintedError(f"line {number} goes on with a row of a table: {_cut(line)}")
            head = 0
            named = NAMED.fullmatch(line)
            text = STARTS.sub(_number, marked(line)) + "  " * (ends and bool(line))
            made.append(named[1] + marked(named[2]) + named[3] if named else text)
            continue
        cells = BAR.split(line)
        if len(cells) < 3 or cells[-1]:
            raise PrintedError(f"line {number} is a row without a bar at its end: {_cut(line)}")
        if not head:
            head, ruled = len(cells), number + 1
            tables += 1
            if number == len(lines) or not RULE.fullmatch(lines[number].rstrip()):
                raise PrintedError(f"line {number + 1} is not |---| under a head: {_cut(line)}")
        if len(cells) != head:
            raise PrintedError(
                f"line {number} has {len(cells) - 2} cells where its head has {head - 2}; a bar"
                f" in a cell is printed as \\|, a line end as a space: {_cut(line)}"
            )
        shown = [marked(cell.replace("\\|", "|")) for cell in cells]
        made.append(line if number == ruled else "|".join(shown))
    if not tables:
        raise PrintedError("there is no table in it: include it in a `text` fence")
    return "\n".join(made)


def marked(text: str) -> str:
    """A line of printed Markdown, of which only the marks that `blocks` tells act."""
    made, end = [], 0
    for found in MARKED.finditer(text):
        made.append(ACTS.sub(_number, text[end : found.start()]))
        if stars := found["stars"]:
            made.append(stars + marked(found["stressed"]) + stars)
        elif found["words"]:
            words, address = marked(found["words"]), found["address"]
            # mkdocs looks for what a link of Markdown leads to, and knows no words on a page.
            to_words = ":~:" in address
            link = f'<a href="{html.escape(address)}">{words}</a>' if to_words else f"[{words}]({address})"
            made.append(link)
        else:
            made.append(code(found["span"].strip() or found["span"]))
        end = found.end()
    return "".join([*made, ACTS.sub(_number, text[end:])])


def _number(found: re.Match) -> str:
    return f"&#{ord(found[0])};"


def _cut(line: str) -> str:
    return textwrap.shorten(line, 60, placeholder=" …")
