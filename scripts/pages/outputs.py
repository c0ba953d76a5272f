"""What one snippet gives to a page, as one object: code, text, figure, caption, numbers.

The page, its Markdown copy and the files beside them are made of it, each by a method here.
Knows the book's outcomes, and nothing of the site generator.
"""

from __future__ import annotations

import contextlib
import html
import os
import posixpath
import textwrap
from collections.abc import Iterator
from functools import cached_property

from scripts.compute.book import Book
from scripts.pages import formulas, images, numbers, pending, printed, slider
from scripts.pages.patterns import SIZE
from scripts.pages.tongues import digits, phrase


class Output:
    """A snippet as a page shows it; each part is read when it is asked for, and once.

    Args:
        name: "chapter/idea", of a snippet that may be missing or have failed.
    """

    def __init__(self, book: Book, name: str):
        self.book, self.name = book, name

    # ------------------------------------------------------------------------------ its parts

    @property
    def pending(self) -> bool:
        """Whether it is still being computed: then what lies there is old, and is not shown."""
        return self.name in self.book.pending

    @property
    def error(self) -> str | None:
        """The sentence about its failure, which the build has told already."""
        outcome = None if self.pending else self.book.outcome(self.name)
        return outcome.error if outcome else None

    @cached_property
    def code(self) -> str | None:
        """The program, with plain line ends; None if there is none."""
        return _text(os.path.join(self.book.snippets_dir, f"{self.name}.py"))

    @cached_property
    def text(self) -> str | None:
        """What it printed; None if it has not run."""
        return None if self.pending else _text(self.book.output(self.name, "txt"))

    @cached_property
    def figure(self) -> str | None:
        """Its drawing as SVG, its numbers in colors that can be read; None if it drew none."""
        path = None if self.pending else self.book.figure(self.name)
        return images.shown(path.read_text("utf-8")) if path else None

    @cached_property
    def csv(self) -> str:
        """The numbers behind the maps that it drew; empty if it drew none."""
        return numbers.csv(slider.all_maps(self.slider, self.maps) if self.slider else self.maps)

    @property
    def maps(self) -> list[dict]:
        """The maps that it drew; see `numbers`."""
        outcome = None if self.pending else self.book.outcome(self.name)
        return outcome.maps if outcome else []

    @property
    def slider(self) -> dict:
        """Its other drawings, if it has one for each position of a slider; see `slider`."""
        outcome = None if self.pending else self.book.outcome(self.name)
        return outcome.slider if outcome else {}

    def files(self) -> Iterator[tuple[str, str]]:
        """The files of it that readers can load: address from the root of the site, content."""
        yield f"source/{self.name}.py", self.code
        if self.pending:
            yield f"figures/{self.name}.svg", pending.drawing(self.name)
        if self.figure:
            yield f"figures/{self.name}.svg", self.figure
        if self.csv:
            yield f"figures/{self.name}.csv", self.csv
        for position, one in enumerate(self.slider.get("positions", [])):
            if "svg" in one:
                yield f"figures/{self.name}.{position}.svg", images.shown(one["svg"])

    # --------------------------------------------------------------------------- as Markdown

    def table(self, indent: str = "") -> str | None:
        """The text as the Markdown of tables; None if it is none, and so belongs in a fence."""
        with contextlib.suppress(printed.PrintedError):
            if self.text is not None and not self.error:
                return textwrap.indent(printed.blocks(self.text.rstrip("\n")), indent)
        return None

    # ------------------------------------------------------------------------------- as HTML

    def made_by(self, here: str, figure: bool = False, caption: str = "") -> str:
        """The line under an output: which model, where, how long, and the links.

        Of several models, those alone that the caption of a figure names, if it names any.

        Args:
            here: the address of the page, from the root of the site.
            figure: the output is the figure, so its files are linked too.
        """
        outcome = None if self.pending else self.book.outcome(self.name)
        loaded = [self.book.lock[model] for model in outcome.models] if outcome else []
        titles = [html.escape(entry.get("short", entry["title"])) for entry in loaded]
        titles = [title for title in titles if title in caption] or titles
        parts = [", ".join(titles), "CPU"] if titles else ["CPU"]
        if not self.pending and (seconds := self.book.took(self.name)) is not None:
            parts.append(f'<span class="measured">{digits(f"{seconds:.1f}")} s</span>')

        def link(address: str, text: str, what: str) -> str:
            return f'<a href="{relative(address, here)}" aria-label="{what}">{text}</a>'

        parts.append(link(f"source/{self.name}.py", phrase("source"), phrase("Source of {name}", name=self.name)))
        if figure:
            parts.append(link(f"figures/{self.name}.svg", "SVG", phrase("SVG file of {name}", name=self.name)))
            if self.csv:
                parts.append(link(f"figures/{self.name}.csv", "CSV", phrase("Numbers as CSV of {name}", name=self.name)))
        return " · ".join(parts)

    def under_text(self, here: str) -> str:
        """The line under printed text, as a block of its own in Markdown."""
        made = self.made_by(here)
        return f'\n\n<p class="computed-by" data-search-exclude>{made}</p>\n'

    def place(self, alt: str, caption: str, here: str) -> str:
        """The place of the figure, with its caption; `drawing` and `tables` go there in the end.

        Args:
            alt: what it shows, for an attribute.
            caption: HTML, with formulas as TeX between \\( and \\).
        """
        if self.figure is None and not self.pending:
            return f'<p class="computed-by">{html.escape(self.name)} has drawn no figure.</p>'
        caption = formulas.BARE.sub(r'<span class="arithmatex">\g<0></span>', caption)
        says = f"<p>{caption}</p>" if caption else ""
        made = f'<p class="made-by" data-search-exclude>{self.made_by(here, True, caption)}</p>'
        if self.pending:
            return pending.figure(self.book, self.name, says, made)
        wide, high = SIZE.search(self.figure).groups()
        maps, told = "", ""
        if self.maps:  # touch.js lets them answer, and tells the row there
            named = numbers.names(self.maps, caption)
            if self.slider:
                named = slider.names(self.slider, self.slider["shown"], self.maps)
            names = slider.joined(named)
            looks = " data-looks" if phrase("attention map") in alt.lower() else ""
            maps, told = f' data-maps="{html.escape(names)}"{looks}', '<p class="row-told"></p>'
        return (
            f'<figure class="computed" id="{self.name.replace("/", "-")}"'
            f' style="--wide:{wide};--high:{high}"{maps}>'
            f'<svg data-drawn="{self.name}" aria-label="{alt}"></svg>{slider.line(self.slider)}{told}'
            f'<figcaption>{says}{made}<span data-numbers="{self.name}"></span></figcaption></figure>'
        )

    def drawing(self, alt: str) -> str:
        """The figure as SVG inside the page, so that it follows light and dark."""
        return self.figure.replace("<svg ", f'<svg role="img" aria-label="{alt}" ', 1)

    def tables(self) -> str:
        """The numbers behind the maps of the figure, folded, and its other positions."""
        return numbers.tables(self.maps) + slider.templates(self.slider, images.shown)


def included(book: Book, name: str) -> str | None:
    """A file that a page includes, of a snippet or shared by several; None if it is not there."""
    if os.path.isabs(name) or os.path.normpath(name).startswith(os.pardir):
        return None
    if name.endswith(".txt") and name.removesuffix(".txt") in book.pending:
        return pending.sentence("text")
    for folder in (book.snippets_dir, book.cache):
        if (text := _text(os.path.join(folder, name))) is not None:
            return text.rstrip("\n")
    return None


def relative(address: str, here: str) -> str:
    """An address from the root of the site as a page names it that is at `here`."""
    return posixpath.relpath(address, posixpath.dirname(here) or ".")


def _text(path: str | os.PathLike) -> str | None:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return None
