"""The built site in three engines: Chromium, Firefox and WebKit, as readers meet it.

    python scripts/engines.py                     all pages, all checks: build first, mkdocs build
    python scripts/engines.py decoding labs       pages whose address begins so
    python scripts/engines.py --engine webkit     one engine; may be said several times
    python scripts/engines.py --check widgets     one check; may be said several times
    python scripts/engines.py --names names.md    the table of all names, for eyes, into a file

Prints a table, an engine a column, then each fault in a line; exits with 1 if there is one. All
of it takes a quarter of an hour. The first engine says what the widgets must answer in the others.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from http.server import ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from scripts import audit, browsers, console, live  # noqa: E402
from scripts.browsers import looking, naming, widgets  # noqa: E402
from scripts.browsers.serving import SITE, Published, serving  # noqa: E402

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
        return f"{len(self.pages)} pages", self.over(self.pages, looking.axe, live.checker(ROOT))

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
        return "past the search box", list(widgets.past_the_search(self.browser, self.server))

    def questions(self) -> tuple[str, list[str]]:
        """One question of each kind on each page that has some."""
        pages = self.with_a('class="question"')
        return f"{len(pages)} pages", self.over(pages, looking.questions)

    def widgets(self) -> tuple[str, list[str]]:
        """What the six widgets answer, and whether it is what the first engine said."""
        said = widgets.answers(self.browser, self.server)
        faults = [f"{name}: {one} instead of {other}" for name in said if self.said_first
                  for one, other in zip(said[name], self.said_first[name]) if one != other]  # fmt: skip
        faults += [f"{name}: {len(said[name])} answers instead of {len(self.said_first[name])}"
                   for name in said if self.said_first and len(said[name]) != len(self.said_first[name])]  # fmt: skip
        if not self.said_first:
            self.said_first |= said
        faults += widgets.unpainted(self.browser)
        faults += looking.errors(self.browser, self.server)
        self.memory = self.browser.memory()
        return f"{sum(map(len, said.values()))} answers the same", faults

    def again(self) -> tuple[str, list[str]]:
        """The widgets a second time: nothing is asked of the site."""
        return "no request", list(widgets.again(self.browser, self.server))

    def keys(self) -> tuple[str, list[str]]:
        """Each widget by keyboard alone."""
        return f"{len(widgets.KEYS)} widgets", list(widgets.by_keys(self.browser, self.server))

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


CHECKS = ("open", "formulas", "search", "tab", "questions", "widgets", "again", "keys", "paper",
          "name", "axe")  # fmt: skip


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


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit code."""
    console.any_letter()
    parser = argparse.ArgumentParser(
        prog="python scripts/engines.py", description=__doc__.split("\n")[0],
        epilog="checks: " + "; ".join(f"{c}: {getattr(Round, c).__doc__}" for c in CHECKS),
    )  # fmt: skip
    parser.add_argument("pages", nargs="*", default=[""], help="how their addresses begin")
    parser.add_argument("--engine", action="append", choices=browsers.ENGINES)
    parser.add_argument("--check", action="append", choices=CHECKS)
    parser.add_argument("--names", type=Path, metavar="FILE", help="where the table of names goes")
    asked = parser.parse_args(arguments)
    if not (SITE / "index.html").exists():
        print("there is no site: run `mkdocs build`, then this again", file=sys.stderr)
        return 1
    engines = asked.engine or list(browsers.ENGINES)
    for why in filter(None, map(browsers.missing, engines)):
        print(why, file=sys.stderr)
        return 1
    pages = audit.addresses(SITE, tuple(asked.pages or [""]))
    rounds, faults, cells, said_first = [], [], {}, {}
    with serving(Published) as server:
        for engine in engines:
            browser = browsers.start(engine)
            one = Round(browser, server, pages, said_first)
            rounds.append(one)
            try:
                for check in asked.check or CHECKS:
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
    for check in asked.check or CHECKS:
        print(f"| {check} | {' | '.join(cells[check, engine] for engine in engines)} |")
    if all(hasattr(one, "memory") for one in rounds):
        print(f"| MB after a tour | {' | '.join(f'{one.memory:.0f}' for one in rounds)} |")
    if asked.names:
        asked.names.write_text(names_table(rounds), "utf-8")
    print("\n".join(["", *dict.fromkeys(faults)]))
    return int(bool(faults))


if __name__ == "__main__":
    raise SystemExit(main())
