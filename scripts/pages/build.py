"""The pages of one build, from an author's Markdown to what a browser gets.

A page comes through `markdown`, Markdown itself with `figures`, `ready`, `lined`, the search,
`drawn` and `finished`, in this order. Only plain values come in and go out: text, and addresses
from the root of the site.
"""

from __future__ import annotations

import functools
import posixpath
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from scripts.base import BookError, node
from scripts.base.files import put
from scripts.compute.book import Book
from scripts.pages import (
    abroad,
    chapter,
    code,
    copies,
    formulas,
    pending,
    promises,
    questions,
    search,
    shipped,
    styles,
    tables,
    tongues,
    translations,
)
from scripts.pages.outputs import Output, relative
from scripts.pages.patterns import (
    BETWEEN,
    DRAWN,
    FIGURE,
    FOOTNOTE,
    LEFT_OUT,
    NUMBERS,
    OURS,
    SHORT_CODE,
)


class Pages:
    """What a build knows of its pages.

    Args:
        docs: the folder of their Markdown.
        title, home: the site's name, and its address if it has one, with a slash at its end.
        whole: the site will be published, so all that is not for who writes a page is made, too.
    """

    def __init__(self, book: Book, docs: Path, title: str, home: str | None, whole: bool):
        self.book, self.docs, self.title, self.whole = book, docs, title, whole
        self.listed: list[tuple[str, str, str]] = []  # title, file, description, in their order
        self.here = ""  # the address of the page that is being made
        self.output = functools.cache(lambda name: Output(book, name))
        self.copied: dict[str, str] = {}  # a page's file → its text for machines
        self.formulas: formulas.Drawn = {}  # of all pages
        self.read: dict[str, str] = {}  # a page's file → its HTML with formulas as TeX
        self.changed = copies.changed(book.root)  # a page's file → the day of its last change
        self.feed = copies.feed(book.root, title, home) if home else b""
        self.version = copies.version(book.root)
        self.tongues = tongues.known(docs)  # the other languages, by their folders
        self.navs: dict[str, Any] = {}  # the list of pages in each language; "" is English
        self.addresses: set[str] = set()  # of all pages
        self.stale: dict[str, list[str]] = {}  # a translation → its sections that are behind

    def files(self) -> Iterator[tuple[str, str]]:
        """The files of all programs that readers can load: address, content."""
        for name in self.book.names():
            yield from self.output(name).files()
        yield from shipped.sources(self.docs)

    def check(self, known: list[str], say: Callable[[str], None], strict: bool) -> None:
        """Say everything that is wrong between the pages and the snippets.

        Args:
            known: what is wrong with the snippets themselves.

        Raises:
            BookError: something is, and the build is `strict`.
        """
        problems = [*known, *chapter.check(self.book, self.docs)]
        tell(problems, "problem{s} between pages and snippets", say, strict)

    # -------------------------------------------------------------------------- a page's way

    def speak(self, file: str) -> None:
        """From now on, a page is made in the language of this file."""
        tongues.speak(self.tongues.get(file.partition("/")[0], tongues.ENGLISH))

    def markdown(self, text: str, file: str, here: str) -> str:
        """A chapter's Markdown with questions, captions, values and outputs in place.

        Args:
            file: where it is written, from `docs`.
            here: its address.
        """
        self.here = here
        if original := translations.original(self.docs / file, self.docs):
            both = (path.read_text("utf-8") for path in (original, self.docs / file))
            self.stale[file] = translations.behind(*both, original.name)
            text = translations.noticed(text, self.stale[file], original.name)
        if self.whole:
            self.copied[file] = copies.markdown(self.book, text)
        text = questions.render(text, chapter.reading(self.book, text))
        for name, end in sorted(chapter.captioned(text), key=lambda pair: -pair[1]):
            text = text[:end] + self.output(name).under_text(here) + text[end:]
        return chapter.fill(self.book, text)

    def figure(self, name: str, alt: str, caption: str) -> str:
        """The place of a figure in the page that is being made."""
        return self.output(name).place(alt, caption, self.here)

    def sources(self, text: str, files: Iterable[str]) -> list[str]:
        """All that decides what a page's Markdown, as `markdown` gives it, will become.

        Args:
            files: those that it may lead to.
        """
        figures = [self.figure(found[2], "", "") for found in FIGURE.finditer(text)]
        return [text, *figures, *sorted(files), tongues.now().page]

    def draw(self, read: dict[str, str], say: Callable[[str], None]) -> None:
        """Draw the formulas of all pages in one go.

        Args:
            read: the file of each page, from `docs` → its HTML.

        Raises:
            BookError: formulas cannot be read, and the site will be published; `say` has been
                told which. While serving, each says so in its place.
        """
        self.read = read
        found = {file: dict.fromkeys(formulas.find(content)) for file, content in read.items()}
        wanted = {one for those in found.values() for one in those}
        if wanted and not self.whole and formulas.lacks(self.book.root):
            self.formulas = formulas.later(wanted)
            return
        try:
            self.formulas = formulas.draw(wanted, self.book.root)
        except node.NodeError as error:
            if self.whole:
                raise
            say(str(error))
            undrawn = dict.fromkeys(wanted, {"error": "formulas cannot be drawn yet"})
            self.formulas = undrawn | formulas.known
            return
        wrong = [
            self._wrong(file, one)
            for file, those in found.items()
            for one in those
            if "error" in self.formulas[one]
        ]
        tell(wrong, "formula{s} cannot be read", say, self.whole)

    def lined(self, content: str) -> str:
        """A page's HTML with a line of text for each formula, for the search.

        A formula's letters without their places are nothing to read: 10⁹ would be 109.
        """
        return formulas.place(content, self.formulas, "line")

    def drawn(self, file: str, lined: str) -> str:
        """A page's HTML with its formulas drawn, where the search has read their lines."""
        # The search would have taken away the words by which it knows what to leave out.
        if file not in self.read:
            return lined
        return formulas.place(LEFT_OUT.sub(r"\1", self.read[file]), self.formulas)

    def worded(self, title: str) -> str:
        """A heading as lists of headings show it, its formulas as text."""
        return formulas.title(title, self.formulas)

    def finished(self, page: str, here: str = "") -> str:
        """Draw figures and their numbers into the finished page, and color the code.

        Not before: the search plugin parses what it finds in a page, and took longer over the
        lines of the figures and the colors of the code than over all the text.
        """
        page = code.colored(SHORT_CODE.sub(r'<code class="whole">\1</code>', ours(page)))
        page = page.replace("→ <a", "→&nbsp;<a")  # or an arrow ends a line, and points at nothing
        page = DRAWN.sub(lambda found: self.output(found[1]).drawing(found[2]), page)
        page = NUMBERS.sub(lambda found: self.output(found[1]).tables(), page)
        return abroad.finished(pending.told(tables.headed(page)), here)

    # ----------------------------------------------------------------------------- beside it

    def navigate(self, pages: dict[str, Any], link: Callable[[str, str], Any]) -> None:
        """Make the list of pages of each language, see `abroad`; `pages` are there by their address."""
        self.addresses = {address.removeprefix("./") for address in pages}
        for name, tongue in self.tongues.items():
            tongues.speak(tongue)
            self.navs[name] = abroad.navigation(self.navs[""], pages, link)

    def abroad(self, config: Any, here: str) -> dict[str, Any]:
        """The list of pages and the settings for a page at this address, in its language."""
        switch = abroad.switch(here, self.tongues, self.addresses)
        return {"nav": self.navs[tongues.now().home[:-1]], "config": abroad.config(config, switch)}

    def context(self, file: str, source: str, here: str) -> dict[str, object]:
        """What the template tells of a page: its last change, where its copy is, its languages."""
        copy = relative(file, here) if file in self.copied else ""
        changed = self.changed.get(f"docs/{source}", "")
        told = {"changed": changed, "feed": bool(self.feed), "copy": copy, "version": self.version}
        here_only = [] if tongues.now().home else self.tongues.values()
        lacks = [one for one in here_only if not (self.docs / one.code / source).is_file()]
        return told | {"phrase": tongues.phrase, "phrases": tongues.scripts(), "lacks": lacks}

    def publish(self, site: Path, about: str, say: Callable[[str], None]) -> None:
        """Write what lies beside the pages of a built site, ask what they promise, style them.

        Args:
            about: what the site is about.
        """
        search.more(site, self.docs, self.tongues.values())
        if not self.whole:
            return
        # A page's copy lies as its file in `docs`, so that its links lead where they should.
        listed = []
        for title, file, what in self.listed:
            text = self.copied.get(file, "")
            folder, name = posixpath.split(file)
            place = file if text else f"{folder}/notebooks/{name}"
            listed.append((title, place, what, text))
        copies.write(site, self.title, about, listed)
        if self.feed:
            put(site / "changes.xml", self.feed)
        tell(promises.broken(site), "", say, stop=False)
        shipped.shorten(site, self.docs, cache := self.book.root / ".cache" / "styles")
        styles.inline(site, cache)

    def _wrong(self, file: str, formula: formulas.Formula) -> str:
        """Where, in the source of its page, a formula stands that cannot be read, and why."""
        tex = formula[0].strip()
        text = chapter.quoted(self.book, (self.docs / file).read_text("utf-8", "replace"))
        wanted = (f"${tex}$", tex.partition("\n")[0])
        lines = list(enumerate(text.splitlines(), 1))
        found = [n for part in wanted for n, line in lines if part in line]
        where = f"docs/{file}, line {found[0] if found else '?'}"
        return f"{where}: cannot read “{tex}”: {self.formulas[formula]['error']}"


@functools.lru_cache(maxsize=64)  # while serving, most pages are as they were
def ready(content: str) -> str:
    """A page's HTML with what the search and the browser must know, its code without colors."""
    content = BETWEEN.sub("<sup data-search-exclude>, </sup>", content)
    return code.ready(FOOTNOTE.sub("<sup data-search-exclude ", content))


def ours(page: str) -> str:
    """A page of the theme, with the few words that this book wants otherwise."""
    for theirs, book in OURS:
        page = theirs.sub(book, page)
    return page


def titled(contents: Iterable, word: Callable[[str], str]) -> None:
    """Change the titles in a table of contents, also of those below one, its `children`."""
    for heading in contents:
        heading.title = word(heading.title)
        titled(heading.children, word)


def tell(problems: list[str], what: str, say: Callable[[str], None], stop: bool = True) -> None:
    """Say every problem; then, if there is one, end the build with their number."""
    for problem in problems:
        say(problem)
    if problems and stop:
        what = what.format(s="s"[: len(problems) > 1])
        raise BookError(f"{len(problems)} {what}, named above; the last site stays as it was")
