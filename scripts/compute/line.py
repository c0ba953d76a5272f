"""The line of the snippets that are to run: which are in it, which comes next, how long it takes."""

from __future__ import annotations

import time
from collections.abc import Callable

from filelock import BaseFileLock

from scripts.compute.book import Book, Snippet
from scripts.compute.job import Job, duration

GUESS, TRAINING = 2.5, 90.0  # seconds a snippet, and one that trains, until it is timed here
PRIOR = 5.0  # seconds of work, until the guesses are measured by what has been done


class Line:
    """The line of one build: made once, in the order that ends first.

    While serving, another one follows what is read and edited, see `scripts.serve.line`.

    Args:
        snippets: those that are to run, by their names.
        stale: whether one must still be run, asked when its turn has come.
        timeout: seconds after which a run is ended.
        say: receives one line of progress at a time.
        later: seconds of work that comes after the snippets, as expected.
    """

    anew = False  # whether even what has run before is run

    def __init__(
        self, book: Book, snippets: dict[str, Snippet], stale: Callable[[str], bool],
        timeout: float, say: Callable[[str], None], later: float = 0.0,
    ):  # fmt: skip
        self.book, self.stale, self.timeout, self.say = book, stale, timeout, say
        known = book.seconds()
        trains = {entry.get("snippet") for entry in book.lock.values() if "parameters" in entry}
        guess = {name: TRAINING if name in trains else GUESS for name in snippets}
        self.expected = {name: known.get(name, guess[name]) for name in snippets}
        self.later, self.began = later, {}
        self.planned = self.spent = PRIOR  # seconds of what is done, as expected and as it came
        # Trainings first, since others wait for them; then the longest, so that none is left
        # alone at the end.
        order = sorted(snippets, key=lambda name: (not book.trains(name), -self.expected[name]))
        self.waiting = {name: snippets[name] for name in order}
        self.total, self.count, self.jobs = len(snippets), 0, 1

    def begin(self, jobs: int) -> None:
        """Tell how long it will take with so many at once."""
        self.jobs = jobs
        self.say(
            f"{self.total} snippet{'s'[: self.total > 1]}{', then labs,' * bool(self.later)} to run,"
            f" {jobs} at a time: about {duration(self._left(list(self.waiting)) + 5)}"
        )

    def _left(self, names: list[str]) -> float:
        """Seconds until these and what comes later are done, as fast as it has gone until now."""
        expected = [self.expected[name] for name in names]
        longest = max(expected, default=0.0)  # which nothing can share
        work = max(sum(expected) / self.jobs, longest) + self.later / self.jobs
        return work * self.spent / self.planned

    def look(self) -> bool:
        """Whether any are waiting; asked each time before one is taken."""
        return bool(self.waiting)

    def ready(self, running: set[str]) -> list[str]:
        """Those that may start, the next one first: the models that they load are trained."""
        held = self.waiting.keys() | running
        return [name for name, one in self.waiting.items() if not self.book.waits_for(one) & held]

    def looked_at(self, name: str) -> bool:
        """Whether somebody waits for this one, so that others rest for it. In a build nobody does."""
        return False

    @property
    def stuck(self) -> str | None:
        """Why nothing will ever be ready, when nothing is and nothing runs."""
        return f"snippets wait for each other: {', '.join(self.waiting)}"

    def start(self, name: str, context, lock: BaseFileLock) -> Job:
        """Take one out of the line and run it."""
        self.began[name] = time.monotonic()
        return Job(self.book, self.waiting.pop(name), context, self.timeout, lock)

    def back(self, name: str) -> None:
        """Put one in again, whose text has changed while it ran; not if it is gone."""
        if (self.book.snippets_dir / f"{name}.py").is_file():
            self.waiting[name] = self.book.snippet(name)
            self.say(f"  {name} has changed while it ran, and is run anew")

    def done(self, name: str, running: set[str], how: str, error: str | None = None) -> None:
        """Tell that one is done, and how much is left."""
        self.count += 1
        left = [*self.waiting, *running]
        if name in self.began:
            self.planned += self.expected[name]
            self.spent += time.monotonic() - self.began.pop(name)
        more = f" · about {duration(self._left(left))} left" if left or self.later else ""
        self.say(f"  {'✗' if error else '✓'} {self.count}/{self.total} {name}, {how}{more}")
        if error:
            self.say(f"    {error}")
