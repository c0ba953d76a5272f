"""Snippet → text, figure, values. Knows nothing of pages or of the site generator.

    python -m scripts run                      run what is stale
    python -m scripts run decoding             … of one chapter
    python -m scripts run decoding/beam        … one snippet, even if its last run failed
    python -m scripts run --force decoding     … even if it is fresh

Each run leaves `.cache/snippets/<chapter>/<idea>.txt` (what was printed), `.svg` (what was
drawn), `.json` (the stamp, the values, the numbers behind maps) and `.time` (processor seconds).
"""

from __future__ import annotations

import contextlib
import difflib
import errno
import json
import multiprocessing
import multiprocessing.connection
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click
from filelock import BaseFileLock

from scripts.base import ROOT
from scripts.base.files import take
from scripts.compute import child
from scripts.compute.book import Book, Outcome, RunnerError, Snippet, asdict, seal, timed
from scripts.models.make import ensure

TIMEOUT = 1800.0  # seconds; the longest trains a model, perhaps on a busy machine
MEMORY_A_RUN = 2.5e9  # bytes that one run may need; bounds how many run at once
PAYS_FROM = 4  # snippets; for fewer, the parent's warm-up costs more than it saves
GUESS = 6.0  # seconds a snippet, until it has been timed here
ENVIRONMENT = {  # of every run, of snippets and of labs
    "OMP_NUM_THREADS": "1",  # a parent with threads cannot be forked; see warm.py
    "CUDA_VISIBLE_DEVICES": "",  # the book's numbers are a processor's, everywhere
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "MPLBACKEND": "Agg",
}


@contextlib.contextmanager
def _environment(more: dict[str, str]) -> Iterator[None]:
    """What starts meanwhile finds these variables. Afterwards all are as they were.

    What this process starts later, such as the kernels of the labs, has its own.
    """
    before = {name: os.environ.get(name) for name in more}
    os.environ.update(more)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


def _context(root: Path, warm: bool) -> multiprocessing.context.BaseContext:
    """Processes that fork from one parent, or start anew where there is no fork.

    The parent is the standard library's fork server. It starts when the first snippet
    is run and ends with this process. If `warm`, it imports `scripts.warm`, which loads a
    model of those in `root` and draws a figure, so that no run has to import what that
    needs; if not, each run imports what it needs and no more.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    from multiprocessing import forkserver

    context = multiprocessing.get_context("forkserver")
    # "__main__" is imported in the parent too, or every fork would do it again.
    context.set_forkserver_preload(["__main__", "scripts.compute.warm" if warm else "scripts.compute.figures"])
    # The parent finds `scripts` here and its warm-up model in `root`.
    only_parent = {"BOOK_WARM": str(root) * warm, "PYTHONPATH": str(ROOT)}
    with _environment(ENVIRONMENT | only_parent):
        forkserver.ensure_running()
        # It imports for some seconds. Wait here, so that no run's time limit includes it.
        first = context.Process(target=child.is_ready)
        first.start()
        first.join()
    return context


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
    if snippets:
        try:
            context = _context(book.root, stays or len(snippets) >= PAYS_FROM)
            _run_all(book, snippets, pending, timeout, jobs or parallel(), context, say)
        except OSError as error:
            raise RunnerError(
                f".cache cannot be written: {error.strerror}; make room or allow writing,"
                " then run the same command again"
            ) from None
    if not wanted:
        book.sweep()
    failed = {}
    for name in names:
        left = book.outcome(name)
        if left and left.error:
            failed[name] = left.error
    return failed


def _run_all(book, snippets, pending, timeout, jobs, context, say) -> None:
    """Start, watch and collect; a snippet starts when its trained models are there.

    Another build in the same folder may be at work: each snippet is run by whoever takes
    its lock first, and by nobody else.
    """
    known = book.seconds()
    expected = {name: known.get(name, GUESS) for name in snippets}
    total, jobs = len(snippets), min(jobs, len(snippets))
    say(
        f"{total} snippet{'s'[: total > 1]} to run, {jobs} at a time:"
        f" about {_duration(sum(expected.values()) / jobs + 5)}"
    )
    book.cache.mkdir(parents=True, exist_ok=True)
    # Trainings first, since others wait for them; then the longest, so that none is left
    # alone at the end.
    waiting = sorted(snippets, key=lambda name: (not book.trains(name), -expected[name]))
    running: dict[int, _Job] = {}
    done, waits = 0, False

    def count(name: str, mark: str, how: str) -> None:
        nonlocal done
        done += 1
        left = [*waiting, *(job.name for job in running.values())]
        about = _duration(sum(expected[one] for one in left) / jobs)
        more = f" · about {about} left" if left else ""
        say(f"  {mark} {done}/{total} {name}, {how}{more}")

    try:
        while waiting or running:
            held = {*waiting, *(job.name for job in running.values())}
            ready = [n for n in waiting if not book.waits_for(snippets[n]) & held]
            if not ready and not running:
                raise RunnerError(f"snippets wait for each other: {', '.join(waiting)}")
            elsewhere = []
            for name in ready:
                if len(running) == jobs:
                    break
                lock = take(book.cache.parent / "run" / f"{name}.lock")
                if lock is None:
                    elsewhere.append(name)
                    continue
                waiting.remove(name)
                if pending(name):
                    job = _Job(book, snippets[name], context, timeout, lock)
                    running[job.process.sentinel] = job
                else:
                    lock.release()
                    count(name, "✓", "run by another build")
            if elsewhere and not running:
                if not waits:
                    say(f"  another build is running {elsewhere[0]}; waiting for it")
                waits = True
                time.sleep(0.2)
            if not running:
                continue
            soonest = min(job.deadline for job in running.values()) - time.monotonic()
            patience = max(0.0, min(soonest, 0.5) if elsewhere else soonest)
            ended = multiprocessing.connection.wait(list(running), timeout=patience)
            now = time.monotonic()
            late = [s for s, job in running.items() if job.deadline <= now]
            for sentinel in {*ended, *late}:
                job = running.pop(sentinel)
                error = job.finish(late=sentinel not in ended)
                count(job.name, "✗" if error else "✓", _duration(job.seconds))
                if error:
                    say(f"    {error}")
    finally:
        for job in running.values():  # interrupted: leave nothing half-made
            job.process.kill()
            job.process.join()
            job.close()


class _Job:
    """One snippet being run."""

    def __init__(self, book: Book, snippet: Snippet, context, timeout: float, lock: BaseFileLock):
        self.book, self.snippet, self.name = book, snippet, snippet.name
        self.timeout, self.lock = timeout, lock
        # Taken before the run: an edit during it makes the outcome stale, as it should.
        self.stamp = book.stamp(snippet)
        self.folder = book.cache.parent / "run" / self.name
        shutil.rmtree(self.folder, ignore_errors=True)  # of a run that was killed
        self.folder.mkdir(parents=True)
        self.process = context.Process(
            target=child.execute, args=(book.root, self.name, self.folder)
        )
        self.started = time.monotonic()
        self.deadline = self.started + timeout
        with _environment(ENVIRONMENT):  # where each run starts anew
            self.process.start()

    def finish(self, late: bool) -> str | None:
        """Move the outputs into the cache and return the sentence of a failure, if any."""
        if late:
            self.process.kill()
        self.process.join()
        self.seconds = time.monotonic() - self.started
        outcome = Outcome(self.stamp)
        outputs = {}
        if self.process.exitcode == child.NO_ROOM:  # no outcome: the same program will do elsewhere
            self.close()
            raise self._unwritten(os.strerror(errno.ENOSPC))
        if not late and (self.folder / "result").exists():
            result = json.loads((self.folder / "result").read_text("utf-8"))
            outcome.values, outcome.maps = result["values"], result["maps"]
            made = self.book.trains(self.name)  # what it made itself is not what it loaded
            outcome.models = [m for m in result["models"] if m in self.book.lock.keys() - made]
            self.seconds = result["seconds"]
            outputs["txt"] = (self.folder / "text").read_bytes()
            if (self.folder / "svg").exists():
                outputs["svg"] = (self.folder / "svg").read_bytes()
            # Of the processor: it says the same whatever else the machine is doing.
            outputs["time"] = timed(f"{result['cpu']:.2f}").encode()
            self.cpu, self.memory = result["cpu"], result["memory"]
        else:
            outcome.error, text = self._why(late)
            outputs["txt"] = text.encode()
        outcome.seal = seal(outcome, outputs | self.book.trained(self.name))
        outputs["json"] = (json.dumps(asdict(outcome), ensure_ascii=False) + "\n").encode()
        try:
            self._move_in(outputs)
            if outcome.error is None:
                self.book.seal_models(self.name, self.stamp)
        except OSError as error:
            raise self._unwritten(error.strerror) from None
        finally:
            self.close()
        return outcome.error

    def _unwritten(self, why: str) -> RunnerError:
        place = self.book.cache.parent.relative_to(self.book.root)
        return RunnerError(
            f"the outputs of snippets/{self.name}.py cannot be kept in {place}: {why};"
            " make room or allow writing, then run the same command again"
        )

    def close(self) -> None:
        """Leave nothing behind, and let another build have it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.lock.release()

    def _move_in(self, outputs: dict[str, bytes]) -> None:
        """Write beside the old outputs, then swap; the stamp goes last.

        Unchanged bytes are left alone. An interruption between two swaps leaves an old
        stamp, so the next build runs the snippet again.
        """
        for kind in ("time", "txt", "svg", "json"):
            path = self.book.output(self.name, kind)
            if kind not in outputs:
                path.unlink(missing_ok=True)
            elif not path.exists() or path.read_bytes() != outputs[kind]:
                path.parent.mkdir(parents=True, exist_ok=True)
                beside = path.with_name(path.name + ".new")
                beside.write_bytes(outputs[kind])
                os.replace(beside, path)

    def _why(self, late: bool) -> tuple[str, str]:
        """The sentence and the text for the page of a run that did not end well."""
        path, command = f"snippets/{self.name}.py", f"python -m snippets.{self.name}"
        command = command.replace("/", ".")
        if late:
            sentence = (
                f"{path} did not end within {_duration(self.timeout)} and was stopped;"
                f" look for an endless loop, or try it alone: {command}"
            )
            return sentence, sentence + "\n"
        with contextlib.suppress(OSError, ValueError):
            error = json.loads((self.folder / "error").read_text("utf-8"))
            return error["sentence"], error["traceback"]
        code = self.process.exitcode or 0
        how = f"ended the process (exit code {code}) without a traceback"
        if code < 0:
            name = signal.Signals(-code).name
            how = f"was killed by signal {name}"
            if name == "SIGKILL":
                how += ", most likely because the machine ran out of memory"
        sentence = f"{path} {how}; try it alone: {command}"
        with contextlib.suppress(OSError):
            last = (self.folder / "stderr").read_text("utf-8", "replace").strip()
            return sentence, sentence + "\n" + last + "\n" * bool(last)
        return sentence, sentence + "\n"


def _duration(seconds: float) -> str:
    """Seconds as a reader says them: "0.4 s", "12 s", "3 min 20 s"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


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
        f" after {_duration(time.monotonic() - started)}; outputs are in .cache/snippets"
    )
    return 1 if failed else 0
