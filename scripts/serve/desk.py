"""What the server of `mkdocs serve` does beside serving: it starts the worker, and answers pages.

A page says that it is in front and asks how far its outputs are, at `/livereload/line`, below the
address that mkdocs has for itself; the answer comes when there is something new. When an output of
a page that asks is there, the site is built anew; that such a build is no reason to load a page
again, only this file knows: the page takes what it lacks out of the new one and stays where it is.
"""

from __future__ import annotations

import hashlib
import html
import json
import logging
import shutil
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from scripts.base import BookError, versions
from scripts.base.files import put
from scripts.compute.book import Book
from scripts.labs import run as labs
from scripts.labs import source
from scripts.live import make as live
from scripts.pages import formulas
from scripts.serve import needs

ADDRESS = "/livereload/line"
HERE = Path(__file__).parent
LOCAL = ("127.", "::1", "::ffff:127.")
PAGES = 20  # so many pages that were in front come before the rest
EVERY = 15.0  # seconds between two lines about how far the whole is
REST = 3.0  # between two builds for new outputs, times what the last one took
SOON = 5.0  # seconds that a build waits for runs which will end meanwhile
FEW, GUESS = 4, 3.0  # it waits for no more runs than this; seconds of one that was never timed
PROSE = "Not computed here: there is no PyTorch. “pip install -r requirements.txt” brings it."
HOLD = 25.0  # seconds until an answer is given that says nothing new
HELD, LATER = 4, 5.0  # pages that wait for an answer; seconds until others ask again


class Desk:
    """One for each server."""

    def __init__(self, root: Path, say: Callable[[str], None], warn: Callable[[str], None]):
        self.root, self.folder, self.say, self.warn = root, root / ".cache" / "serve", say, warn
        self.build = self.loud = 0  # builds so far; the last one after somebody has saved a file
        self.waits: dict[str, list[str]] = {}  # a page's address → what it has boxes for
        self.files: dict[str, str] = {}  # a page's address → its file, from `docs`
        self.making: tuple[dict, dict] = {}, {}  # both, of the build that is being made
        self.book: Book | None = None  # of the last build
        self.missing: frozenset[str] = frozenset()  # for any page of it
        self.worker: subprocess.Popen | None = None
        self.news = threading.Condition()  # notified when pages may be told more than before
        self.held = 0  # pages that wait for that
        self.undrawn = self.drawn = False  # the pages have their formulas as written; until a build
        self.shown = self.place = ""  # the folder of the site that is served; that of the last build
        self.seen: dict | None = None  # the files of the last build
        self.took, self.ended, self.wrong = 0.0, 0.0, ""

    def beside(self, folder: str) -> str:
        """Where a build goes: never where the site lies that is being served meanwhile."""
        self.place = f"{folder}-next" if self.shown == folder else folder
        return self.place

    # ------------------------------------------------------------------------- what is missing

    def opened(self, book: Book) -> list[str]:
        """Find what is not there, for the pages of a build that begins.

        Returns:
            Why snippets and labs have failed, a sentence each.
        """
        self.book, self.making = book, ({}, {})
        self.undrawn = formulas.lacks(self.root)
        if self.undrawn:
            self.say("what draws the formulas is being fetched; until then they are as written")
        try:
            names = set(book.names())
            book.pending = frozenset(name for name in names if not self._there(name))
            self.needs = needs.of_pages(self.root, names)
        except BookError as error:  # in the lock file of the models; the pages can be read
            self.warn(str(error))
            book.lock, book.pending = {}, frozenset(names)
            self.needs = {}
        self.missing = book.pending | {needs.lab(name) for name in labs.outdated(self.root)}
        self.missing |= {needs.LIVE} if live.lacks(self.root) else set()
        left = [book.outcome(name) for name in sorted(names - book.pending)]
        failed = [labs.error(self.root, name) for name in source.names(self.root)]
        return [*(one.error for one in left if one.error), *filter(None, failed)]

    def _there(self, name: str) -> bool:
        """Whether a page can show something now."""
        if name == needs.LIVE:
            return not live.lacks(self.root)
        if name.startswith("labs/") and not (self.root / "snippets" / f"{name}.py").exists():
            return name.split("/")[1] not in labs.outdated(self.root)
        try:
            return self.book.recorded(name)
        except (BookError, OSError):
            return False

    def page(self, output: str, file: str, address: str) -> str:
        """A finished page with the script that tells about it and fills its boxes."""
        waits, files = self.making
        files[address] = file
        waits[address] = [one for one in self.needs.get(file, ()) if one in self.missing]
        if "</body>" not in output:
            return output
        told = {"page": address, "build": self.build + 1, "at": ADDRESS, "waits": waits[address]}
        style, script = ((HERE / f"page.{kind}").read_text("utf-8") for kind in ("css", "js"))
        told = json.dumps(told).replace("<", "\\u003c")
        more = f"<style>{style}</style><script>const SERVED = {told};\n{script}</script>"
        head, _, tail = output.rpartition("</body>")
        return f"{head}{more}</body>{tail}"

    def built(self) -> None:
        """After the first build, begin to compute."""
        if self.worker is None:
            self._show()
            self._begin()

    def _show(self) -> None:
        """From now on pages are told of the last build."""
        self.build, self.shown = self.build + 1, self.place
        self.waits, self.files = self.making

    # ----------------------------------------------------------------------------- the worker

    def _begin(self) -> None:
        command = [sys.executable, "-m", "scripts.serve.worker", str(self.root)]
        # Not in the group of this process, or ^C would stop it in the middle of a sentence.
        self.worker = subprocess.Popen(
            command, cwd=self.root, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            encoding="utf-8", errors="replace", start_new_session=True,
        )  # fmt: skip
        threading.Thread(target=self._listen, daemon=True).start()
        threading.Thread(target=self._tell, daemon=True).start()

    def _listen(self) -> None:
        """Hear the worker: an empty line says that its state has changed, another what is wrong."""
        for line in self.worker.stdout:
            if said := line.rstrip("\n"):
                self.warn(said)
            self._notify()

    def _tell(self) -> None:
        """Say how far the whole is: at the beginning, now and then, and at the end."""
        last, when = "", -EVERY
        if not versions.computes():
            self.say(f"what is recorded is shown. {PROSE}")
        while True:
            with self.news:
                self.news.wait(1)
            now = self.state().get("all")
            if now is None or now == last or (now and time.monotonic() < when + EVERY):
                continue
            if now or last:
                self.say(now or "everything is computed")
            last, when = now, time.monotonic()

    def _notify(self) -> None:
        with self.news:
            self.news.notify_all()

    def _wake(self) -> None:
        """Let the worker look now: at the files, and at what is in front."""
        try:
            self.worker.stdin.write("\n")
            self.worker.stdin.flush()
        except (OSError, ValueError):  # it has ended, or is ending
            pass

    def end(self) -> None:
        """End the worker with all that it has started, and wait until it has ended."""
        if self.worker:
            self.worker.stdin.close()
            try:
                self.worker.wait(5)
            except subprocess.TimeoutExpired:
                self.worker.kill()
        if self.place:  # mkdocs removes the other one
            shutil.rmtree(f"{self.place.removesuffix('-next')}-next", ignore_errors=True)

    def state(self) -> dict[str, Any]:
        """What the worker of this folder has told last."""
        try:
            return json.loads((self.folder / "state.json").read_text("utf-8"))
        except (OSError, ValueError):
            return {}

    # ----------------------------------------------------------------------------- the server

    def serve(self, server: Any, **_: Any) -> None:
        """Answer pages at `ADDRESS`, and know which builds are a reason to load a page again.

        While a build is made, the one before is served: no page waits for it.

        Args:
            server: mkdocs's, with its `builder`, its application, its epochs and its folder.
        """
        build, answer, inject = server.builder, server.get_app(), server._inject_js_into_html

        def builder() -> None:
            with server._epoch_cond:  # else mkdocs lets all requests wait until the build is there
                wanted, server._wanted_epoch = server._wanted_epoch, server._visible_epoch
                server._epoch_cond.notify_all()
            seen = needs.changes(self.root)
            saved = seen != self.seen or self.wrong
            loud, self.drawn = saved or self.drawn, False
            if saved:
                self._wake()
                if self.seen["programs"] != seen["programs"]:
                    self._settle()
            self.seen, self.wrong, began = seen, "", time.monotonic()
            errors, log = _Errors(), logging.getLogger("mkdocs")
            log.addHandler(errors)
            try:
                build()
                server.root = self.place
                self._show()
            except Exception as error:  # or no page would be served until it is mended
                traceback.print_exception(error) if not isinstance(error, SystemExit) else None
                self.wrong = "\n".join(errors.said) or str(error)
                self.build += 1
            finally:
                log.removeHandler(errors)
                server._wanted_epoch = wanted
            self.loud = self.build if loud else self.loud
            self.took, self.ended = time.monotonic() - began, time.monotonic()
            self._notify()

        def rebuild() -> None:
            with server._rebuild_cond:
                server._want_rebuild = True
                server._rebuild_cond.notify_all()

        def application(environ: dict, start: Callable) -> Iterable[bytes]:
            path = environ["PATH_INFO"]
            if path == ADDRESS:
                return self._answer(environ, start, rebuild)
            if self.wrong and path.endswith(("/", ".html")):
                start("500 Internal Server Error", [("Content-Type", "text/html; charset=utf-8")])
                says = f"<h1>⚠</h1><pre>{html.escape(self.wrong)}</pre>"
                return [inject(says.encode(), server._visible_epoch)]
            return answer(environ, start)

        # A page with our script needs none of mkdocs's: one request that waits is enough for both.
        server._inject_js_into_html = lambda content, epoch: (
            content if b"const SERVED = " in content else inject(content, epoch)
        )
        server.builder = builder
        server.error_handler = lambda code: self._instead(code)
        server.set_app(application)
        self.seen = needs.changes(self.root)

    def _instead(self, code: int) -> bytes | None:
        """The book's page of an address that is not there."""
        page = Path(self.shown, f"{code}.html")
        return page.read_bytes() if page.is_file() else None

    def _settle(self) -> None:
        """After a file was saved, wait for the runs that it asks for, if they are few and short.

        So one build shows a saved program and what came of it.
        """
        book = Book(self.root)
        if not versions.computes():
            return
        try:
            new = [n for n in book.names() if n not in self.missing and not book.recorded(n)]
        except (BookError, OSError):  # the build will say it
            return
        if len(new) > FEW or sum(book.took(name) or GUESS for name in new) > SOON:
            return
        until = time.monotonic() + SOON
        while (new := [n for n in new if not self._there(n)]) and time.monotonic() < until:
            with self.news:
                self.news.wait(0.5)

    def _answer(self, environ: dict, start: Callable, rebuild: Callable[[], None]) -> list[bytes]:
        """How far the outputs of a page are; a page that is in front is noted.

        A page that has been told this already waits until there is more to tell.
        """
        asked = parse_qs(environ.get("QUERY_STRING", ""))
        page, known = asked.get("page", [""])[0], asked.get("known", [""])[0]
        method = environ["REQUEST_METHOD"]
        if page not in self.files or method not in ("GET", "POST"):
            start("404 Not Found", [("Content-Type", "text/plain")])
            return [b"no page of this book\n"]
        if method == "POST":
            if not _ours(environ):
                start("403 Forbidden", [("Content-Type", "text/plain")])
                return [b"only a page of this book, on this machine\n"]
            self._in_front(self.files[page])
        until = time.monotonic() + HOLD
        with self.news:
            self.held += 1
            try:
                while (told := self._far(page, rebuild))["known"] == known:
                    if self.held > HELD or time.monotonic() > until:
                        break
                    self.news.wait(1)
            finally:
                self.held -= 1
            # A browser has few connections to a server; pages in many windows take turns.
            told["later"] = LATER * (self.held >= HELD)
        start("200 OK", [("Content-Type", "application/json"), ("Cache-Control", "no-store")])
        return [json.dumps(told).encode()]

    def _far(self, page: str, rebuild: Callable[[], None]) -> dict[str, Any]:
        """What a page is told; what it lacks and is there now, the next build will bring."""
        state, waits = self.state(), self.waits.get(page, [])
        says = state.get("says", {})
        left = [name for name in waits if name in says or not self._there(name)]
        rested = time.monotonic() > self.ended + REST * self.took
        if len(left) < len(waits) and (rested or not left):
            self.ended = time.monotonic() + 60  # asked for once
            rebuild()
        if self.undrawn and not formulas.lacks(self.root):
            self.undrawn, self.drawn = False, True
            rebuild()
        told = {"build": self.build, "loud": self.loud, "of": len(waits), "all": state.get("all", "")}
        first = "Is next." if versions.computes() else PROSE
        told["says"] = {name: says.get(name, first) for name in left}
        return told | {"known": hashlib.sha256(json.dumps(told).encode()).hexdigest()[:12]}

    def _in_front(self, file: str) -> None:
        path = self.folder / "front.json"
        try:
            before = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            before = []
        if before[:1] != [file]:
            put(path, json.dumps([file, *(one for one in before if one != file)][:PAGES]).encode())
            self._wake()


class _Errors(logging.Handler):
    """Keeps what is said of what is wrong while a build fails."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def _ours(environ: dict) -> bool:
    """Whether a page of this server asks, in a browser on this machine or through its forwarded port."""
    origin = environ.get("HTTP_ORIGIN")
    # Who forwards the port may name the page by the one and the machine by the other.
    own = environ.get("HTTP_HOST"), f"localhost:{environ.get('SERVER_PORT')}"
    same = origin is None or urlsplit(origin).netloc in own
    return same and environ.get("REMOTE_ADDR", "").startswith(LOCAL)
