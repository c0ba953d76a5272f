"""Tables as everybody can read them: what is no heading is no `<th>`, what names a row is one.

Markdown writes the first row of a table as headings, also the empty corner above names of rows;
a map of numbers has columns without a name. An empty heading says nothing to those who hear a
page. Reads HTML by its tags, so it does not matter where a table stands or how it is written.

What a table needs on a phone, it says itself; see tables.css. One of numbers is read down its columns,
so if smaller letters are enough to show them side by side, they are small there. What no phone can show
so becomes cards: a card for each row, a line for each cell, which says what it is. Scrolled to
the side, it would hide the very column that the text is about. With another `display`, browsers drop
what a table means for those who hear it; so its parts also say what they are by their roles.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from html.parser import HTMLParser

TABLE = re.compile(r"<(/?)table\b", re.I)
NAMED = ("img", "svg", "math", "input")  # says something without a text
PHONE = 38  # letters that stand side by side in a table on a screen of 360 px
CLOSE = 49  # the same, of small letters
COLUMN = 10  # letters that a column of sentences needs, to have more than a word a line
LONG = re.compile(r"[^\s<>]{20,}(?=[^<>]*<)")  # a name in a cell, wider than a card, as in code
# Where such a name may break: not near its start, which a line of its own may make needless.
FOLDER = re.compile(r"(?<=.{11}/)(?=\w)")
JOINT = re.compile(rf"(?<=.{{12}})(?<=[a-z\d])(?=[A-Z])|{FOLDER.pattern}")  # in a card
MINUS = re.compile(r"(<t[dh]\b[^>]*>(?:<strong>)?)-(?=[\d.])")
LINES = 3  # a table whose rows need more lines than this, side by side, is easier read as cards


class _Cells(HTMLParser):
    """Where the cells of one table stand: tag, start, end of the opening, end, whether empty, text."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.rows: list[tuple[bool, list[list]]] = []  # in the head?, cells
        self.around: list[tuple[int, str]] = []  # behind the name of each <tr>, <tbody> …: its role
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]
        self._depth, self._head, self._open = 0, False, None
        self.feed(text)
        self.close()

    def _around(self, tag: str, role: str) -> None:
        self.around.append((self._place() + 1 + len(tag), f' role="{role}"'))

    def _place(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._depth += tag == "table"
        if self._depth != 1:
            if self._open:
                self._open[4] = False  # a table in a cell
        elif tag in ("thead", "tbody", "tfoot"):
            self._head = tag == "thead"
            self._around(tag, "rowgroup")
        elif tag == "tr":
            self._end()
            self._around(tag, "row")
            self.rows.append((self._head, []))
        elif tag in ("th", "td") and self.rows:
            self._end()
            start = self._place()
            self._open = [tag, start, start + len(self.get_starttag_text()), None, True, ""]
            self.rows[-1][1].append(self._open)
        elif self._open and tag in NAMED:
            self._open[4] = False

    def handle_endtag(self, tag: str) -> None:
        if self._depth == 1 and tag in ("th", "td", "tr", "thead", "tbody", "table"):
            self._end()
        self._depth -= tag == "table"

    def handle_data(self, data: str) -> None:
        if self._open and data.strip():
            self._open[4] = False
        if self._open:
            self._open[5] += data

    def _end(self) -> None:
        if self._open:
            self._open[3] = self._place()
            self._open = None


def headed(text: str) -> str:
    """HTML with the headings of its tables put right."""
    return each(text, _table)


def each(text: str, change: Callable[[str], str]) -> str:
    """HTML with each of its tables changed; one in a cell of another belongs to that."""
    parts, done, depth, start = [], 0, 0, 0
    for found in TABLE.finditer(text):
        if not found[1]:
            start = start if depth else found.start()
            depth += 1
        elif depth:
            depth -= 1
            end = text.find(">", found.end()) + 1
            if not depth:
                parts += [text[done:start], change(text[start:end])]
                done = end
    return "".join([*parts, text[done:]])


def _table(text: str) -> str:
    """One table: an empty heading becomes a cell; under an empty corner, a row gets its name.

    If it is too wide for a phone, its cells get the names of their columns, and all parts roles. Long
    names get places to break. A number below zero has a minus, as in a sentence, and no hyphen.
    """
    cells_of = _Cells(text)
    rows = cells_of.rows
    needs, whole = _letters(text, rows) if text.startswith("<table>") else (0, 0)
    close = PHONE < needs <= CLOSE and whole <= CLOSE
    stacked = not close and (needs > PHONE or whole > LINES * PHONE)
    heads = [" ".join(cell[5].split()) for cell in rows[0][1]] if stacked else []
    cornered = any(head and cells and cells[0][4] for head, cells in rows)
    changes = [(at, at, role) for at, role in cells_of.around if stacked]  # from, to, instead
    for head, cells in rows:
        for number, (tag, start, inside, end, empty, _) in enumerate(cells):
            names = cornered and not head and number == 0 and not empty
            wanted = "td" if empty else "th" if names else tag
            given = text[start + 3 : inside]
            if not head and heads[number : number + 1] > [""]:
                given = f' data-label="{html.escape(heads[number])}"{given}'
            elif wanted == tag and not stacked:
                continue
            if wanted == "td" != tag:
                given = re.sub(r'\s*\bscope="[^"]*"', "", given)
            elif wanted != tag:
                given = ' scope="row"' + given
            if stacked:
                role = "cell" if wanted == "td" else "columnheader" if head else "rowheader"
                given = f' role="{role}"{given}'
            changes.append((start, inside, f"<{wanted}{given}"))
            if wanted != tag and text.startswith(f"</{tag}>", end):  # it may be left out
                changes.append((end, end + len(tag) + 3, f"</{wanted}>"))
    for start, end, instead in sorted(changes, reverse=True):
        text = text[:start] + instead + text[end:]
    if text.startswith("<table>"):  # of a sentence's kind: what has a class is for machines too
        text = MINUS.sub(r"\1−", text)
    if close:
        return text.replace("<table>", "<table data-close>", 1)
    if text.startswith("<table>"):
        joint = JOINT if stacked else FOLDER
        text = LONG.sub(lambda name: joint.sub("<wbr>", name[0]), text)
    if not stacked:
        return text
    return text.replace("<table>", '<table data-stacked role="table">', 1)


def _letters(text: str, rows: list[tuple[bool, list[list]]]) -> tuple[int, int]:
    """How many letters the columns of a table need side by side, and how many rows on one line have.

    A number stands on one line, other text may break between words. Two columns always fit.
    """
    if not rows or not rows[0][0] or len(rows[0][1]) < 3:
        return 0, 0
    columns = zip(*(cells for _, cells in rows if len(cells) == len(rows[0][1])), strict=True)
    needs = whole = 0
    for column in columns:
        longest = widest = 0
        for tag, start, inside, _, _, says in column:
            number = tag == "td" and "right" in text[start:inside]
            words = [says.strip()] if number else re.sub("[-–]", "- ", says).split()
            longest = max([longest, *map(len, words)])
            if tag == "td":
                widest = max(widest, len(says.strip()))
        needs += max(longest, min(widest, COLUMN)) + 1
        whole += widest
    return needs, whole
