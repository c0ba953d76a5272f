"""Begin a translation, and keep up with its original.

    python -m scripts translations                              what originals have changed since
    python -m scripts translations --begin pt/decoding          a page to translate, its headings named
    python -m scripts translations --record all pt/decoding     its sections are as the original's now
"""

from __future__ import annotations

import click

from scripts.base import ROOT, BookError
from scripts.base.files import put
from scripts.pages import asked, tongues
from scripts.pages.patterns import FRONT
from scripts.pages.translations import KEPT, behind, digest, kept, original, sections


@click.command()
@click.argument("page", required=False)
@click.option("--begin", is_flag=True, help="Make PAGE, a copy of the original to translate.")
@click.option("--record", metavar="SECTION", help="Say that this section of PAGE, or `all`, is up to date.")
def main(page: str | None, begin: bool, record: str | None) -> int:
    """Say, by section, what originals have changed since they were translated: PAGE is "pt/decoding"."""
    docs = ROOT / "docs"
    if begin or record:
        path = docs / f"{page}.md"
        if not page or not (source := original(path, docs)):
            raise BookError("name a page in the folder of a language that has a phrases.toml: pt/decoding")
        english = source.read_text("utf-8")
        if begin and path.exists():
            raise BookError(f"docs/{page}.md is there already")
        text = begun(english) if begin else recorded(english, path.read_text("utf-8"), record)
        put(path, text.encode())
        return 0
    found = 0
    for path in sorted(docs.glob(f"*/{tongues.FILE}")):
        for one in sorted(path.parent.glob("*.md")):
            late = behind((docs / one.name).read_text("utf-8"), one.read_text("utf-8"), one.name)
            found += len(late)
            for anchor in late if page in (None, f"{path.parent.name}/{one.stem}") else []:
                print(f"docs/{path.parent.name}/{one.name}: #{anchor} is not as docs/{one.name} has it now")
    return int(bool(found))


def begun(english: str) -> str:
    """A page to translate: the original, whose headings carry their anchors."""
    body_at = len(FRONT.match(english)[0]) if FRONT.match(english) else 0
    body = english[body_at:]
    for anchor, _, end in reversed(list(asked.headings(body))):
        if not asked.ANCHOR.search(body[:end].rpartition("\n")[2]):
            body = f"{body[:end]} {{#{anchor}}}{body[end:]}"
    return english[:body_at] + body


def recorded(english: str, translation: str, section: str) -> str:
    """A translation that says of this section, or of all, that it is as the original is now.

    Raises:
        BookError: there is no such section.
    """
    now, has, was = sections(english), sections(translation), kept(translation)
    done = [one for one in now if one in has and section in (one, "all")]
    if not done:
        raise BookError(f"there is no section #{section} in both; there are {', '.join(now)}")
    was |= {one: digest(now[one]) for one in done}
    lines = "".join(f"  {one}: {was[one]}\n" for one in now if one in was)
    front = FRONT.match(translation)
    if not front:
        raise BookError("the page begins with its description: ---, description: …, ---")
    head = KEPT.sub("", front[0]).removesuffix("---\n") + f"translates:\n{lines}---\n"
    return head + translation[len(front[0]) :]
