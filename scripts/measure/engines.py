"""The built site in three engines: Chromium, Firefox and WebKit, as readers meet it.

    python -m scripts engines                     all pages, all checks: build first, mkdocs build
    python -m scripts engines decoding labs       pages whose address begins so
    python -m scripts engines --engine webkit     one engine; may be said several times
    python -m scripts engines --check widgets     one check; may be said several times
    python -m scripts engines --names names.md    the table of all names, for eyes, into a file

Prints a table, an engine a column, then each fault in a line; exits with 1 if there is one. All
of it takes a quarter of an hour. The first engine says what the widgets must answer in the others.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from http.server import ThreadingHTTPServer
from pathlib import Path

import click

from scripts.measure import audit, axe, browsers
from scripts.measure.browsers import keys, looking, naming, widgets
from scripts.measure.browsers.serving import SITE, Published, serving

ON_PAPER = ("self_attention/", "decoding/", "labs/decoder/")


class Round:
    """One engine's way through all checks."""

    def __init__(self, browser: browsers.Browser, server: ThreadingHTTPServer, pages: list[str],
                 said_first: dict[str, list[str]]):  # fmt: skip
        self.browser, self.server, self.pages = browser, server, pages
        self.said_first = said_first  # what the first engine's widgets answered
        self.names: list[naming.Named] = []

    def over(self, pages: Iterable[str], check: Callable, *more) -> list[str]:
        """The faults of a check on some pages; a page on which it breaks off is one too."""
        found = []
        for page in pages:
            try:
                found += check(self.browser, self.server, page, *more)
            except browsers.BrowserError as error:
                found.append(f"{page}: {error}")
        return found

    def with_a(self, text: str) -> list[str]:
        """The pages that have this text in their source."""
        return [page for page in self.pages if text in (SITE / page / "index.html").read_text("utf-8")]

    def open(self) -> tuple[str, list[str]]:
        """Each page: no error, no failed request, no sideways scroll; two widths, two schemes."""
        return f"{len(self.pages)} pages, 4 views each", self.over(self.pages, looking.look)

    def axe(self) -> tuple[str, list[str]]:
        """axe-core on each page, light and dark."""
        return f"{len(self.pages)} pages", self.over(self.pages, looking.axe, axe.source())

    def formulas(self) -> tuple[str, list[str]]:
        """Bars, roots, fences and colors of all formulas, from the picture."""
        measured = self.over(self.with_a("<math"), looking.formulas)
        return f"{len(measured)} formulas", [one for one in measured if one]

    def search(self) -> tuple[str, list[str]]:
        """The search finds, and marks what was asked for on the page that it leads to."""
        faults = list(looking.search(self.browser, self.server))
        return "found and marked", faults

    def tab(self) -> tuple[str, list[str]]:
        """Tab leads past the search box into the text."""
        return "past the search box", list(keys.past_the_search(self.browser, self.server))

    def questions(self) -> tuple[str, list[str]]:
        """One question of each kind on each page that has some."""
        pages = self.with_a('class="question"')
        return f"{len(pages)} pages", self.over(pages, looking.questions)

    def sliders(self) -> tuple[str, list[str]]:
        """Each slider under a figure by a key: another value, drawing and announcement, no other size."""
        pages = self.with_a('<p class="slider"')
        return f"{len(pages)} pages", self.over(pages, looking.sliders)

    def widgets(self) -> tuple[str, list[str]]:
        """What the widgets answer, and whether it is what the first engine said."""
        said = widgets.answers(self.browser, self.server)
        faults = [f"{name}: {one} instead of {other}" for name in said if self.said_first
                  for one, other in zip(said[name], self.said_first[name]) if one != other]  # fmt: skip
        faults += [f"{name}: {len(said[name])} answers instead of {len(self.said_first[name])}"
                   for name in said if self.said_first and len(said[name]) != len(self.said_first[name])]  # fmt: skip
        if not self.said_first:
            self.said_first |= said
        faults += widgets.unpainted(self.browser)
        faults += looking.errors(self.browser, self.server)
        return f"{sum(map(len, said.values()))} answers the same", faults

    def again(self) -> tuple[str, list[str]]:
        """The widgets a second time: nothing is asked of the site."""
        return "no request", list(widgets.again(self.browser, self.server))

    def memory(self) -> tuple[str, list[str]]:
        """What a tour of the widgets takes, in a browser that has seen nothing else."""
        # Of the pages that it has shown an engine keeps much. And Playwright wants a thread each.
        with ThreadPoolExecutor(1) as thread:
            page, tour, most = thread.submit(self._held).result()
        says = f"{page:.0f} MB, after a tour {tour:.0f}"
        return says, [f"{says}: {most:.0f} more would be enough"] if tour - page > most else []

    def _held(self) -> tuple[float, float, float]:
        fresh = browsers.start(self.browser.name)
        try:
            return widgets.held(fresh, self.server)
        finally:
            fresh.close()

    def keys(self) -> tuple[str, list[str]]:
        """Each widget by keyboard alone."""
        return f"{len(keys.KEYS)} widgets", list(keys.by_keys(self.browser, self.server))

    def paper(self) -> tuple[str, list[str]]:
        """Headings, code, figures, captions and formulas are on paper."""
        pages = [page for page in ON_PAPER if page in self.pages]
        return f"{len(pages)} pages", self.over(pages, looking.paper)

    def name(self) -> tuple[str, list[str]]:
        """Each formula, figure and control has a name in words."""
        self.names = self.over(self.pages, naming.names)
        broken = [one for one in self.names if isinstance(one, str)]
        self.names = [one for one in self.names if not isinstance(one, str)]
        faults = filter(None, map(naming.unnamed, self.names))
        return f"{len(self.names)} names", [*broken, *faults]


CHECKS = ("open", "formulas", "search", "tab", "questions", "sliders", "widgets", "again", "memory", "keys",
          "paper", "name", "axe")  # fmt: skip


def names_table(rounds: list[Round]) -> str:
    """A Markdown table: page, kind, name, and the role that each engine gives it."""
    rows: dict[tuple[str, str, str], dict[str, Counter]] = {}
    for one in rounds:
        for row in one.names:
            key = (row.page or "(first)", row.kind, row.name.replace("|", "\\|"))
            roles = rows.setdefault(key, {}).setdefault(one.browser.name, Counter())
            roles[row.role] += 1
    engines = [one.browser.name for one in rounds]
    lines = [f"| page | kind | name | {' | '.join(engines)} |", "|---" * (3 + len(engines)) + "|"]
    for key, roles in rows.items():
        cells = [", ".join(f"{role} × {count}" if count > 1 else role
                           for role, count in roles.get(name, {}).items()) for name in engines]  # fmt: skip
        lines.append(f"| {' | '.join([*key, *cells])} |")
    return "\n".join(lines) + "\n"


TOLD = "\n".join(f"{check}: {getattr(Round, check).__doc__}" for check in CHECKS)


@click.command(epilog=f"\b\nChecks:\n{TOLD}")
@click.argument("pages", nargs=-1)
@click.option("--engine", "engines", multiple=True, type=click.Choice(list(browsers.ENGINES)))
@click.option("--check", "checks", multiple=True, type=click.Choice(CHECKS))
@click.option("--names", type=click.Path(path_type=Path), help="Where the table of names goes.")
def main(pages: tuple[str, ...], engines: tuple[str, ...], checks: tuple[str, ...],
         names: Path | None) -> int:  # fmt: skip
    """Drive the built site in three engines, all of it or PAGES whose addresses begin so."""
    if not (SITE / "index.html").exists():
        print("there is no site: run `mkdocs build`, then this again", file=sys.stderr)
        return 1
    engines, checks = engines or tuple(browsers.ENGINES), checks or CHECKS
    for why in filter(None, map(browsers.missing, engines)):
        print(why, file=sys.stderr)
        return 1
    pages = audit.addresses(SITE, pages or ("",))
    rounds, faults, cells, said_first = [], [], {}, {}
    with serving(Published) as server:
        for engine in engines:
            browser = browsers.start(engine)
            one = Round(browser, server, pages, said_first)
            rounds.append(one)
            try:
                for check in checks:
                    began = time.monotonic()
                    try:
                        says, found = getattr(one, check)()
                    except browsers.BrowserError as error:
                        says, found = "broke off", [str(error)]
                    cells[check, engine] = f"{len(found)} faults" if found else f"✓ {says}"
                    faults += [f"{engine} {browser.version}, {check}: {fault}" for fault in found]
                    told = f"{engine}: {check}: {cells[check, engine]}"
                    print(f"{told}, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
            finally:
                browser.close()
    print(f"| check | {' | '.join(f'{r.browser.name} {r.browser.version}' for r in rounds)} |")
    print("|---" * (1 + len(rounds)) + "|")
    for check in checks:
        print(f"| {check} | {' | '.join(cells[check, engine] for engine in engines)} |")
    if names:
        names.write_text(names_table(rounds), "utf-8")
    print("\n".join(["", *dict.fromkeys(faults)]))
    return int(bool(faults))
