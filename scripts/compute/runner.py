"""Snippet → text, figure, values. Knows nothing of pages or of the site generator.

    python -m scripts run                      run what is stale
    python -m scripts run decoding             … of one chapter
    python -m scripts run decoding/beam        … one snippet, even if its last run failed
    python -m scripts run --force decoding     … even if it is fresh

Each run leaves `.cache/snippets/<chapter>/<idea>.txt` (what was printed), `.svg` (what was
drawn), `.json` (the stamp, the values, the numbers behind maps) and `.time` (processor seconds).
"""

from __future__ import annotations

import difflib
import multiprocessing
import multiprocessing.connection
import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import click

from scripts.base import ROOT
from scripts.base.files import take
from scripts.compute import child
from scripts.compute.book import Book, RunnerError
from scripts.compute.job import ENVIRONMENT, Job, duration, environment
from scripts.compute.line import Line
from scripts.models.make import ensure

TIMEOUT = 1800.0  # seconds; the longest trains a model, perhaps on a busy machine
MEMORY_A_RUN = 2.5e9  # bytes that one run may need; bounds how many run at once
PAYS_FROM = 4  # snippets; for fewer, the parent's warm-up costs more than it saves
LOOKS = 1.0  # seconds between two looks whether a snippet has changed while it runs


def context(root: Path, warm: bool) -> multiprocessing.context.BaseContext:
    """Processes that fork from one parent, or start anew where there is no fork.

    The parent is the standard library's fork server. It starts when the first snippet
    is run and ends with this process. If `warm`, it imports `scripts.warm`, which loads a
    model of those in `root` and draws a figure, so that no run has to import what that
    needs; if not, each run imports what it needs and no more.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    from multiprocessing import forkserver

    made = multiprocessing.get_context("forkserver")
    # "__main__" is imported in the parent too, or every fork would do it again.
    made.set_forkserver_preload(["__main__", "scripts.compute.warm" if warm else "scripts.compute.figures"])
    # The parent finds `scripts` here and its warm-up model in `root`.
    only_parent = {"BOOK_WARM": str(root) * warm, "PYTHONPATH": str(ROOT)}
    with environment(ENVIRONMENT | only_parent):
        forkserver.ensure_running()
        # It imports for some seconds. Wait here, so that no run's time limit includes it.
        first = made.Process(target=child.is_ready)
        first.start()
        first.join()
    return made


def parallel() -> int:
    """How many runs at once: as the cores and the free memory allow."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (
        os.cpu_count() or 1)  # fmt: skip
    try:
        with open("/proc/meminfo") as info:
            free = next(int(x.split()[1]) * 1024 for x in info if "MemAvailable" in x)
    except (OSError, StopIteration):  # not Linux: trust the cores
        return cores
    return max(1, min(cores, int(free / MEMORY_A_RUN)))


def choose(book: Book, wanted: Iterable[str]) -> list[str]:
    """Turn chapters and snippet names into snippet names; nothing wanted means all."""
    names, chosen = book.names(), []
    for want in wanted:
        want = want.removeprefix("snippets/").removesuffix(".py").strip("/")
        found = [n for n in names if n == want or n.startswith(want + "/")]
        if not found:
            chapters = sorted({n.split("/")[0] for n in names})
            near = difflib.get_close_matches(want, [*names, *chapters], 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise RunnerError(f"there is no snippet or chapter {want}{hint}")
        chosen += found
    return list(dict.fromkeys(chosen)) if wanted else names


def run(
    book: Book,
    wanted: Iterable[str] = (),
    *,
    force: bool = False,
    timeout: float = TIMEOUT,
    jobs: int | None = None,
    stays: bool = False,
    later: float = 0.0,
    say: Callable[[str], None] = print,
) -> dict[str, str]:
    """Run what is stale, in parallel, each in a process of its own.

    Args:
        book: where the snippets are.
        wanted: chapters or snippets; all if empty. Named snippets whose last run failed
            are tried again, others wait until something changes.
        force: run fresh ones too.
        timeout: seconds after which a run is ended.
        jobs: how many at once; by default as `parallel` says.
        stays: more will be run from this process later, as under `mkdocs serve`.
        later: seconds of work that comes after the snippets, for the estimate of time.
        say: receives one line of progress at a time.

    Returns:
        The snippets whose outcome is a failure → the sentence that says why.
    """
    wanted = list(wanted)
    names = choose(book, wanted)

    def pending(name: str) -> bool:
        left = book.outcome(name)
        return force or book.stale(name) or bool(wanted and left and left.error)

    snippets = {name: book.snippet(name) for name in names if pending(name)}
    for snippet in list(snippets.values()):  # trainers that were not asked for
        for trainer in book.waits_for(snippet):
            if trainer not in snippets and book.stale(trainer):
                snippets[trainer] = book.snippet(trainer)
    for name in [] if force else list(snippets):
        if _recalled(book, name):
            del snippets[name]
    if snippets:
        processes = context(book.root, stays or len(snippets) >= PAYS_FROM)
        line = Line(book, snippets, pending, timeout, say, later)
        line.anew = force
        work_off(line, processes, jobs or parallel())
    if not wanted:
        book.sweep()
    failed = {}
    for name in names:
        left = book.outcome(name)
        if left and left.error:
            failed[name] = left.error
    return failed


def _recalled(book: Book, name: str) -> bool:
    """Whether what the snippet's present text has left before could be put back."""
    try:
        lock = take(book.cache.parent / "run" / f"{name}.lock")
        if lock is None:  # another build has it
            return False
        try:
            return book.recall(name)
        finally:
            lock.release()
    except OSError:  # `work_off` will say so
        return False


def work_off(line: Line, processes: multiprocessing.context.BaseContext, jobs: int) -> None:
    """Start, watch and collect, until nobody waits in the line.

    Another build in the same folder may be at work: each snippet is run by whoever takes
    its lock first, and by nobody else. A run whose program is changed meanwhile ends.

    Raises:
        RunnerError: snippets wait for each other, or the outputs cannot be written.
    """
    try:
        line.book.cache.mkdir(parents=True, exist_ok=True)
        _work_off(line, processes, min(jobs, len(line.waiting) or jobs))
    except OSError as error:
        raise RunnerError(
            f".cache cannot be written: {error.strerror}; make room or allow writing,"
            " then run the same command again"
        ) from None


def _work_off(line: Line, processes: multiprocessing.context.BaseContext, jobs: int) -> None:
    running: dict[int, Job] = {}
    waits = False
    line.begin(jobs)
    names = lambda: {job.name for job in running.values()}
    try:
        while line.look() or running:
            ready = line.ready(names())
            if not ready and not running:
                if line.stuck:
                    raise RunnerError(line.stuck)
                time.sleep(0.2)  # for a model that is being fetched
                continue
            elsewhere = []
            for name in ready:
                if not line.looked_at(name):
                    _go_on(line, running, jobs)
                if not _room(name, line, running, jobs):
                    break
                lock = take(line.book.cache.parent / "run" / f"{name}.lock")
                if lock is None:
                    elsewhere.append(name)
                elif line.stale(name) and (line.anew or not line.book.recall(name)):
                    job = line.start(name, processes, lock)
                    running[job.process.sentinel] = job
                else:
                    lock.release()
                    del line.waiting[name]
                    line.done(name, names(), "as it was before, or run by another build")
            _go_on(line, running, jobs)
            if elsewhere and not running:
                if not waits:
                    line.say(f"  another build is running {elsewhere[0]}; waiting for it")
                waits = True
                time.sleep(0.2)
            if not running:
                continue
            soonest = min(job.deadline for job in running.values() if not job.rests) - time.monotonic()
            patience = max(0.0, min(soonest, 0.5 if elsewhere else LOOKS))
            ended = multiprocessing.connection.wait(list(running), timeout=patience)
            now = time.monotonic()
            late = [s for s, job in running.items() if job.deadline <= now and not job.rests]
            for sentinel in {*ended, *late}:
                job = running.pop(sentinel)
                error = job.finish(late=sentinel not in ended)
                line.done(job.name, names(), duration(job.seconds), error)
            for sentinel in [s for s, job in running.items() if job.outdated()]:
                job = running.pop(sentinel)
                job.stop()
                line.back(job.name)
    finally:
        for job in running.values():  # interrupted: leave nothing half-made
            job.stop()


def _room(name: str, line: Line, running: dict[int, Job], jobs: int) -> bool:
    """Whether one may run now: if need be another rests for it that nobody looks at.

    So many rest at most as run, since each keeps its memory.
    """
    at_work = [job for job in running.values() if not job.rests]
    if len(at_work) < jobs:
        return True
    others = [job for job in at_work if not line.looked_at(job.name)]
    begun = any(job.name == name for job in running.values())
    if not others or not line.looked_at(name) or (len(running) == 2 * jobs and not begun):
        return False
    others[-1].rest()
    return True


def _go_on(line: Line, running: dict[int, Job], jobs: int) -> None:
    """Let those that rest go on where there is room, first those that somebody looks at."""
    resting = [job for job in running.values() if job.rests]
    for job in sorted(resting, key=lambda job: not line.looked_at(job.name)):
        if _room(job.name, line, running, jobs):
            job.go_on()


@click.command()
@click.argument("wanted", metavar="NAMES", nargs=-1)
@click.option("--force", is_flag=True, help="Run fresh ones too.")
@click.option("--jobs", type=click.IntRange(1), help="How many at once.")
@click.option("--timeout", default=TIMEOUT, show_default=True, help="Seconds a snippet.")
def main(wanted: tuple[str, ...], force: bool, jobs: int | None, timeout: float) -> int:
    """Run snippets, all that are stale or NAMES of chapters and snippets.

    What they print, draw and name is kept in .cache/snippets.
    """
    book, started = Book(), time.monotonic()
    ensure()
    failed = run(book, wanted, force=force, jobs=jobs, timeout=timeout)
    for name, sentence in failed.items():
        print(f"✗ {name}: {sentence}", file=sys.stderr)
    names = choose(book, wanted)
    print(
        f"{len(names) - len(failed)} of {len(names)} snippets are fresh"
        f" after {duration(time.monotonic() - started)}; outputs are in .cache/snippets"
    )
    return 1 if failed else 0
