"""One snippet being run: it is started, watched, and what it leaves is moved into the cache."""

from __future__ import annotations

import contextlib
import errno
import json
import multiprocessing.process
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator

import psutil
from filelock import BaseFileLock

from scripts.compute import child
from scripts.compute.book import Book, Outcome, RunnerError, Snippet, asdict, seal, timed

KEPT = 10_000  # bytes of what a run printed that had to be stopped; it may have printed without end
# Held while what a run has left is kept. Who ends all runs and then itself takes it and never gives
# it back: or a run that was killed so would be kept as one that failed.
KEEPING = threading.Lock()
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
def environment(more: dict[str, str]) -> Iterator[None]:
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


class Resting:
    """A run that can be stopped where it stands, and goes on later: the time between is not its own."""

    process: multiprocessing.process.BaseProcess
    started: float
    deadline: float
    rests = 0.0  # since when; 0 while it runs

    def rest(self) -> None:
        """Leave the processor to another, until `go_on`."""
        self.rests = time.monotonic()
        for process in self._family():
            with contextlib.suppress(psutil.Error):
                process.suspend()

    def go_on(self) -> None:
        """Run again."""
        rested, self.rests = time.monotonic() - self.rests, 0.0
        self.started, self.deadline = self.started + rested, self.deadline + rested
        for process in self._family():
            with contextlib.suppress(psutil.Error):
                process.resume()

    def _family(self) -> list[psutil.Process]:
        try:
            first = psutil.Process(self.process.pid)
            return [first, *first.children(recursive=True)]
        except psutil.Error:  # it has just ended
            return []


class Job(Resting):
    """One snippet being run.

    Args:
        context: of multiprocessing; makes its process.
        timeout: seconds after which it is ended.
        lock: held until the run has ended, so that no other build runs the same.
    """

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
        with environment(ENVIRONMENT):  # where each run starts anew
            self.process.start()

    def outdated(self) -> bool:
        """Whether the program that runs here is not the one that is written now."""
        try:
            return self.book.stamp(self.book.snippet(self.name)) != self.stamp
        except OSError:  # it is gone, or is being written
            return True

    def stop(self) -> None:
        """End it at once; nothing of it is kept."""
        self.process.kill()
        self.process.join()
        self.close()

    def finish(self, late: bool) -> str | None:
        """Move the outputs into the cache and return the sentence of a failure, if any."""
        with KEEPING:
            return self._finish(late)

    def _finish(self, late: bool) -> str | None:
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
            outcome.slider = result.get("slider", {})
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
            self.book.put(self.name, outputs)
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

    def _why(self, late: bool) -> tuple[str, str]:
        """The sentence and the text for the page of a run that did not end well."""
        path, command = f"snippets/{self.name}.py", f"python -m snippets.{self.name}"
        command = command.replace("/", ".")
        if late:
            sentence = (
                f"{path} did not end within {duration(self.timeout)} and was stopped;"
                f" look for an endless loop, or try it alone: {command}"
            )
            return sentence, sentence + "\n" + self._printed()
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

    def _printed(self) -> str:
        """The end of what the run had printed when it was stopped, with a line before it."""
        try:
            with open(self.folder / "text", "rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - KEPT))
                printed = file.read().decode("utf-8", "replace")
        except OSError:
            return ""
        end = "the end of what it had printed" if size > KEPT else "what it had printed"
        return f"\n{end}:\n\n{printed.rstrip()}\n" if printed.strip() else ""


def duration(seconds: float) -> str:
    """Seconds as a reader says them: "0.4 s", "12 s", "3 min 20 s"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
