"""The line of `mkdocs serve`: what the page in front needs comes first, then all the rest.

Snippets and labs are worked off as in every build, by `runner.work_off`. Beside that the models
that they load are fetched, each as soon as something waits for it, and no others.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from filelock import BaseFileLock

from scripts.base import BookError
from scripts.base.files import put
from scripts.compute.book import Book, Snippet
from scripts.compute.job import Job, Resting, duration
from scripts.compute.line import Line
from scripts.labs import run as labs
from scripts.labs import source
from scripts.live import make as live
from scripts.models.fetch import amount
from scripts.models.make import ensure, missing
from scripts.serve import needs

GUESS, TRAINING, LAB = 3.0, 60.0, 25.0  # seconds, until it has been timed here
FLOOR, TIMES = 300.0, 10.0  # a run may take so many seconds, or so many times its last time
LONGEST = 1800.0  # seconds, of what trains a model; a third of it for all else never timed
RATE = 5e6  # bytes a second, until some have been fetched
LOOKS = 2.0  # seconds between two looks at what is in front, if nobody wakes us
AGAIN = 30.0  # seconds until a model is asked for again that could not be fetched


class Reading(Line):
    """The line while serving.

    Args:
        folder: keeps what page is in front, `front.json`, which the servers write, and how far
            the line is, `state.json`, which is written here and read by them.
        say: told what has failed, and "" when the state has changed.
        woken: set when somebody has saved a file, or looks at another page.
    """

    def __init__(
        self, root: Path, folder: Path, say: Callable[[str], None], woken: threading.Event
    ):
        self.woken = woken
        self.root, self.folder, self.say = root, folder, say
        self.lock = threading.RLock()  # the models are fetched in a thread of their own
        self.running: dict[str, Resting] = {}
        self.pages: dict[str, list[str]] = {}
        self.front: list[str] = []  # pages, the one in front first
        self.waiting, self.labs = {}, set()
        self.count, self.jobs, self.wrong = 0, 1, {}
        self.planned = self.spent = 0.0  # seconds of what is done, as expected and as it came
        self.fetching, self.fetched, self.refused = "", "", ""
        self.lacking: dict[str, int] = {}  # models that somebody waits for → bytes
        self.live = False  # whether the model in the page lacks something
        self._seen: dict | None = None
        self._looked = self._told = 0.0
        self._last: dict | None = None
        self._order: list[str] = []
        self._looked_at: set[str] = set()  # what the page in front needs

    # ------------------------------------------------------------ asked by `runner.work_off`

    def begin(self, jobs: int) -> None:
        self.jobs = jobs

    @property
    def stuck(self) -> str | None:
        return None if self.lacking else super().stuck

    def look(self) -> bool:
        """Whether any are waiting; the files are looked at again, if some time has passed."""
        woken = self.woken.is_set()
        if woken or self._seen is None or time.monotonic() > self._looked + LOOKS:
            self.woken.clear()
            self._looked = time.monotonic()
            with self.lock:
                seen = needs.changes(self.root) if woken or self._seen is None else self._seen
                if seen != self._seen:
                    if not self._seen or seen["programs"] != self._seen["programs"]:
                        self._renew()
                    self.pages = needs.of_pages(self.root, set(self.book.names()))
                    self._seen = seen
                    self._sort()
                if (front := self._read_front()) != self.front:
                    self.front = front
                    self._sort()
                self.tell()
        return bool(self.waiting)

    def looked_at(self, name: str) -> bool:
        with self.lock:
            return name in self._looked_at

    def stale(self, name: str) -> bool:
        if name in self.labs:
            return name.split("/")[1] in labs.outdated(self.root)
        return self.book.stale(name) if self.book.trains(name) else not self.book.recorded(name)

    def ready(self, running: set[str]) -> list[str]:
        with self.lock:
            held = self.waiting.keys() | running
            return [
                name for name in self._order
                if name in self.waiting and not self._lacks(name) and not self._after(name) & held
            ]  # fmt: skip

    def start(self, name: str, context, lock: BaseFileLock) -> Job:
        with self.lock:
            one = self.waiting.pop(name)
            if name in self.labs:
                job = LabJob(self.root, name, context, lock)
            else:
                job = Job(self.book, one, context, self._limit(name), lock)
            self.running[name] = job
            self.tell(now=True)
            return job

    def back(self, name: str) -> None:
        with self.lock:
            self.running.pop(name, None)
            self._seen = None  # what waits is found anew

    def done(self, name: str, running: set[str], how: str, error: str | None = None) -> None:
        with self.lock:
            self.count += 1
            if job := self.running.pop(name, None):
                self.planned += self._expected(name)
                self.spent += time.monotonic() - job.started
            if error:
                self.say(f"✗ {error}")
            self.tell(now=True)

    # -------------------------------------------------------------------- who stands in it

    def _renew(self) -> None:
        """Find anew what is missing, after somebody has saved a file."""
        self.book = Book(self.root)
        waiting, self.wrong = {}, {}
        for name in self.book.names():
            try:
                if not self.book.recorded(name):
                    waiting[name] = self.book.snippet(name)
            except (BookError, OSError) as error:
                self.wrong[name] = str(error)
        for one in list(waiting.values()):
            for trainer in self._trainers(one):
                waiting[trainer] = self.book.snippet(trainer)
        self.labs = {needs.lab(name) for name in labs.outdated(self.root)}
        for name in self.labs:  # a lab's models are fetched ones
            models = sorted(source.wanted(name.split("/")[1], self.root))
            waiting[name] = Snippet(name, source.written(self.root, name.split("/")[1]), [], models)
        self.waiting = {n: one for n, one in waiting.items() if n not in self.running}
        self.live = live.lacks(self.root)
        self.refused = ""

    def _trainers(self, snippet: Snippet) -> Iterable[str]:
        """The snippets that must train a model before, and what those wait for in their turn."""
        for trainer in self.book.waits_for(snippet):
            if (self.book.snippets_dir / f"{trainer}.py").is_file() and self.book.stale(trainer):
                yield from self._trainers(self.book.snippet(trainer))
                yield trainer

    def _sort(self) -> None:
        """Put what the pages in front need first, in the order of the page; then the longest."""
        order, self._looked_at = [], set()
        for page in self.front:
            for name in self.pages.get(page, ()):
                if one := self.waiting.get(name):
                    order += [*self._trainers(one), name]
                elif name == needs.LIVE or name in self.running:
                    order.append(name)
            if page == self.front[0]:
                self._looked_at = set(order)
        first = lambda name: (not self.book.trains(name), -self._expected(name))
        self._order = list(dict.fromkeys([*order, *sorted(self.waiting, key=first), needs.LIVE]))
        self._lack()

    def _lack(self) -> None:
        """Find which models are missing, the one first that is needed first."""
        wanted = []
        for name in self._order:
            if name == needs.LIVE and self.live:
                wanted += live.NEEDED
            elif one := self.waiting.get(name):
                wanted += one.models
        entries = self.book.lock
        absent = missing([m for m in dict.fromkeys(wanted) if m in entries], self.root)
        self.lacking = {model: entries[model]["bytes"] for model in absent}

    def _lacks(self, name: str) -> list[str]:
        """The models that something waits for."""
        models = live.NEEDED if name == needs.LIVE else self.waiting[name].models
        return [model for model in models if model in self.lacking]

    def _after(self, name: str) -> set[str]:
        return self.book.waits_for(self.waiting[name])

    def _read_front(self) -> list[str]:
        try:
            return [page for page in json.loads((self.folder / "front.json").read_text("utf-8"))]
        except (OSError, ValueError):
            return []

    # ----------------------------------------------------------------------- how long it takes

    def _expected(self, name: str) -> float:
        if name in self.labs:
            return labs.cost(self.root, name.split("/")[1])[0] or LAB
        return self.book.took(name) or (TRAINING if self.book.trains(name) else GUESS)

    def _limit(self, name: str) -> float:
        """Seconds after which a run is ended: by its last time, if it has one."""
        if took := self.book.took(name):
            return max(FLOOR, TIMES * took)
        return LONGEST if self.book.trains(name) else LONGEST / 3

    def left(self) -> float:
        """Seconds until all is there, by what the things done so far took."""
        slow = min(4.0, max(0.25, self.spent / self.planned)) if self.planned > 10 else 1.0
        now = time.monotonic()
        seconds = sum(self._expected(name) for name in self.waiting)
        for name, job in self.running.items():
            seconds += max(1.0, self._expected(name) - (job.rests or now) + job.started)
        return max(slow * seconds / max(1, self.jobs), sum(self.lacking.values()) / RATE)

    # --------------------------------------------------------------------------- what is told

    def tell(self, now: bool = False) -> None:
        """Write how far it is, for the servers and their pages."""
        if not now and time.monotonic() < self._told + 1:
            return
        self._told = time.monotonic()
        rests = "Begun; it rests while the page in front is computed."
        says = {n: rests if job.rests else "Being computed now." for n, job in self.running.items()}
        place = len(self.running)
        for name in self._order:
            if name in self.waiting or (name == needs.LIVE and self.live):
                place += 1
                says[name] = f"{self._why(name)} Number {place} in the line."
        says |= {name: f"⚠ {why}" for name, why in self.wrong.items()}
        told = {"says": says, "all": self._all(), "left": len(self.waiting) + len(self.running)}
        if told != self._last:
            put(self.folder / "state.json", json.dumps(told, ensure_ascii=False).encode())
            self.say("")
        self._last = told

    def _all(self) -> str:
        """How far the whole is, in one line; empty when all is there."""
        left = [*self.waiting, *self.running]
        of = len([name for name in left if name in self.labs])
        parts = [f"{len(left) - of} snippet{'s'[: len(left) - of != 1]}"] * (len(left) > of)
        parts += [f"{of} lab{'s'[: of > 1]}"] * bool(of)
        if self.lacking:
            models = f"{len(self.lacking)} model{'s'[: len(self.lacking) > 1]}"
            parts.append(f"{models} ({amount(sum(self.lacking.values()))})")
        elif self.live:
            parts.append("the model in the page")
        if not parts:
            return ""
        at_work = [name for name, job in self.running.items() if not job.rests]
        now = f", now {', '.join(at_work)}" if at_work else ""
        if self.refused and not self.running:
            return f"still to come: {', '.join(parts)}. {self.refused}"
        return f"still to come: {', '.join(parts)}; about {duration(max(5.0, self.left()))}{now}"

    def _why(self, name: str) -> str:
        """What something in the line waits for."""
        entries = self.book.lock
        for model in self._lacks(name):
            title = entries[model].get("short", entries[model]["title"])
            if model in self.fetching.split():
                return f"Waits for the model {title}, which is being fetched ({self.fetched})."
            if self.refused:
                return f"Waits for the model {title}. ⚠ {self.refused}"
            return f"Waits for the model {title} ({amount(entries[model]['bytes'])} to fetch)."
        if name == needs.LIVE:
            return "The model in the page is being made."
        for trainer in self._after(name) & (self.waiting.keys() | self.running.keys()):
            return f"Waits for {trainer}, which trains its model."
        return "Waits for its turn."

    # ---------------------------------------------------------------------------- the models

    def fetch_on(self) -> None:
        """Fetch what is waited for, the first thing first, and go on as long as this process lives."""
        while True:
            try:
                with self.lock:
                    group = self._next_models()
                    self.fetching, self.fetched = " ".join(group), "0 %"
                if group:
                    ensure(group, self._progress, self.root)
                elif self._seen and self.live:
                    live.make(self.root, say=lambda line: None)
                else:
                    time.sleep(1)
                    continue
                self.refused = ""
            except (BookError, OSError) as error:
                if str(error) != self.refused:
                    self.say(f"✗ {error}")
                with self.lock:
                    self.fetching, self.refused = "", str(error)
                    self.tell(now=True)
                time.sleep(AGAIN)
            with self.lock, contextlib.suppress(BookError):  # else the line itself will say it
                self.fetching, self.live = "", live.lacks(self.root)
                self._lack()
                self.tell(now=True)

    def _next_models(self) -> list[str]:
        """The model that is waited for first, and what else comes out of its package."""
        entries = self.book.lock if self._seen else {}
        first = next((entries[model]["sha256"] for model in self.lacking if model in entries), None)
        return [model for model in self.lacking if first and entries[model]["sha256"] == first]

    def _progress(self, line: str) -> None:
        """A line of what fetches: how many bytes came, or which model is being converted."""
        if line.startswith("  ") and " of " in line:
            self.fetched = line.strip()
        elif line.endswith("converting"):
            self.fetched = "there, being unpacked"


class LabJob(Resting):
    """One lab being run; to `runner.work_off` it is a job like any other."""

    def __init__(self, root: Path, name: str, context, lock: BaseFileLock):
        self.root, self.name, self.lab, self.lock = root, name, name.split("/")[1], lock
        self.written = source.written(root, self.lab).read_bytes()
        self.process = context.Process(target=labs.alone, args=(root, self.lab))
        self.started = time.monotonic()
        self.deadline = self.started + LONGEST
        self.process.start()

    def outdated(self) -> bool:
        try:
            return source.written(self.root, self.lab).read_bytes() != self.written
        except OSError:
            return True

    def finish(self, late: bool) -> str | None:
        if late:
            labs.end(self.process)
        self.process.join()
        self.seconds = time.monotonic() - self.started
        self.lock.release()
        return labs.error(self.root, self.lab)

    def stop(self) -> None:
        labs.end(self.process)
        self.lock.release()
