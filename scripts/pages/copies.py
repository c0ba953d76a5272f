"""The pages for machines, and what has changed: Markdown copies, llms.txt, changes.xml.

A copy is a page as its author wrote it, with the values and the code written in. Knows
Markdown text, git and files, and nothing of the site generator.
"""

from __future__ import annotations

import html
import re
import subprocess
from pathlib import Path

from scripts.base.files import put
from scripts.compute.book import Book
from scripts.pages import answers, questions
from scripts.pages import chapter as pages
from scripts.pages.asked import ANCHOR
from scripts.pages.patterns import FRONT

VERSION = re.compile(r'^version: "([^"]+)"', re.M)
CHANGES = 30  # as many of the last changes are told


def markdown(book: Book, text: str) -> str:
    """A page's Markdown with its values, its code and what that printed in place.

    A fence says its language and, where the page names one, its file. Answers stand at the end.
    """
    goals = questions.goals(text, pages.reading(book, text), linked=False)
    text = questions.aimed(answers.apart(FRONT.sub("", text)), goals)
    return ANCHOR.sub("", pages.fill(book, text, dressed=False).lstrip("\n"))


def write(site: Path, title: str, about: str, listed: list[tuple[str, str, str, str]]) -> None:
    """Put the copies and their list, llms.txt (llmstxt.org), at the root of the site.

    Args:
        listed: title, address of the copy from the root, description and text of each page,
            in the order of the book; a page without a text is listed, not written.
    """
    lines = [f"# {title}", "", f"> {about}", "", "## Pages", ""]
    for name, place, what, text in listed:
        if text:
            put(site / place, text.encode())
        lines.append(f"- [{name}]({place}): {what}" if what else f"- [{name}]({place})")
    put(site / "llms.txt", ("\n".join(lines) + "\n").encode())


def changed(root: Path) -> dict[str, str]:
    """The day (2026-11-22) of the last change of each file under `docs`, as git tells it.

    Empty without git, and in a copy that is no repository.
    """
    days, day = {}, ""
    # From this folder on, which may lie inside another repository; names as they are, not quoted.
    told = _git(root, "log", "--relative", "-z", "--format=day %cs", "--name-only", "--", "docs")
    for part in told.split("\0"):
        part = part.lstrip("\n")
        if part.startswith("day "):
            day = part.removeprefix("day ").strip()
        elif part:
            days.setdefault(part, day)
    return days


def version(root: Path) -> str:
    """The version of the book as CITATION.cff names it, "2026.11"; empty without that file."""
    path = root / "CITATION.cff"
    found = VERSION.search(path.read_text("utf-8")) if path.is_file() else None
    return found[1] if found else ""


def feed(root: Path, title: str, home: str) -> bytes:
    """An Atom feed (RFC 4287) of the last changes of the pages, empty without git.

    Args:
        home: the address of the site, with a slash at its end.
    """
    entries, newest = [], ""
    told = _git(root, "log", f"-{CHANGES}", "--format=%H%x09%cI%x09%s", "--", "docs", "snippets")
    for line in told.splitlines():
        commit, when, what = line.split("\t", 2)
        newest = newest or when
        entries.append(
            f"<entry><id>{html.escape(home)}#{commit}</id><updated>{when}</updated>"
            f'<title>{html.escape(what)}</title><link href="{html.escape(home)}"/></entry>'
        )
    if not entries:
        return b""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<id>{html.escape(home)}</id><title>{html.escape(title)}: changes</title>"
        f"<updated>{newest}</updated><author><name>{html.escape(title)}</name></author>\n"
        + "\n".join(entries)
        + "\n</feed>\n"
    ).encode()


def _git(root: Path, *command: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-c", "log.showSignature=false", *command],
            cwd=root, capture_output=True, text=True, encoding="utf-8", errors="replace",
        )  # fmt: skip
    except OSError:  # no git here
        return ""
    return done.stdout if done.returncode == 0 else ""
