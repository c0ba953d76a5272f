"""What happens inside a run: one snippet in a process of its own. See run.py, which starts it."""

from __future__ import annotations

import contextlib
import errno
import importlib.machinery
import json
import multiprocessing
import numbers
import os
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path
from types import CodeType

from scripts.base import ROOT
from scripts.compute import unknown
from scripts.compute.book import RunnerError

NO_ROOM = 74  # the exit code of a run for which the disk was too full


def execute(root: Path, name: str, into: Path) -> None:
    """Execute one snippet in this process and leave its outputs in the folder `into`.

    What is printed goes to `text`, what goes to the error stream to `stderr`. The figure
    and the values follow when the program has ended well.
    """
    # First of all, so that a crash below Python is recorded too.
    for number, stream in ((1, "text"), (2, "stderr")):
        file = os.open(into / stream, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, number)
    # A line at a time, so that what was printed is there if the run must be stopped.
    sys.stdout = open(1, "w", 1, encoding="utf-8", newline="\n", closefd=False)
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)
    threading.Thread(target=end_with_the_build, daemon=True).start()
    os.chdir(root)
    sys.path[:] = [str(root), *(p for p in sys.path if p != str(root))]
    sys.dont_write_bytecode = True  # the snippets folder is watched
    _import_anew(root / "snippets")
    import runpy

    import matplotlib
    import matplotlib.pyplot as plt

    from scripts.compute import figures

    if "torch" in sys.modules:
        # The first use after a fork renews torch's pool of threads, and not safely when two
        # threads that load a model come first at once: "Invalid thread pool!".
        sys.modules["torch"].set_num_threads(1)
    matplotlib.rcdefaults()  # whatever this machine's own settings say
    if (root / "snippets" / "house.mplstyle").exists():
        plt.style.use(root / "snippets" / "house.mplstyle")
    loaded = _watch_models(root / "models")
    started, used = time.perf_counter(), time.process_time()
    path = f"snippets/{name}.py"
    try:
        names = runpy.run_path(path, run_name="__main__")
        result = {"maps": []}
        if opened := [plt.figure(number) for number in plt.get_fignums()]:
            try:
                result |= figures.left(opened, name, names.get("shown"))
            except figures.FigureError as error:
                raise RunnerError(f"{path} leaves {error}") from None
            (into / "svg").write_text(result.pop("svg"), "utf-8", newline="\n")
        result["values"] = {k: v for k in names if (v := _plain(k, names[k])) is not None}
        result["models"] = sorted(loaded)
        result["seconds"] = time.perf_counter() - started
        result["cpu"] = time.process_time() - used
        result["memory"] = peak_memory()
        sys.stdout.flush()
        (into / "result").write_text(json.dumps(result), "utf-8")
    except BaseException as error:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            if getattr(error, "errno", None) != errno.ENOSPC:
                if told := unknown.sentence(error, root):
                    error = OSError(told).with_traceback(error.__traceback__)
                _report(error, path, into / "error")
                raise SystemExit(1) from None
        os._exit(NO_ROOM)  # what it was cannot even be written down


class _AsWritten(importlib.machinery.SourceFileLoader):
    """Imports a module as it is written now, whatever was compiled from it before."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def _import_anew(folder: Path) -> None:
    """Forget the modules in `folder`, which the parent of the runs may have had in an older text.

    A compiled one counts as right if size and time of its source are the old ones. Here the
    text decides, as it does for the stamp.
    """
    for name in [one for one in sys.modules if f"{one}.".startswith(("snippets.", "scripts.compute.figures."))]:
        del sys.modules[name]
    vars(sys.modules["scripts.compute"]).pop("figures", None)

    def finder(path: str) -> importlib.machinery.FileFinder:
        if not f"{path}{os.sep}".startswith(f"{folder}{os.sep}"):
            raise ImportError(path)
        return importlib.machinery.FileFinder(path, (_AsWritten, [".py"]))

    sys.path_hooks.insert(0, finder)
    sys.path_importer_cache.clear()


def end_with_the_build() -> None:
    """Wait for the end of the build, then end this run: nobody would take its outputs."""
    multiprocessing.connection.wait([multiprocessing.parent_process().sentinel])
    os._exit(1)


def _watch_models(folder: Path) -> set[str]:
    """A set that fills with the name of each model from which a file is opened."""
    loaded, prefix = set(), str(folder) + os.sep

    def watch(event: str, arguments: tuple) -> None:
        if event == "open" and isinstance(arguments[0], str | os.PathLike):
            path = os.path.abspath(arguments[0])
            if path.startswith(prefix):
                loaded.add(path[len(prefix) :].split(os.sep)[0])

    sys.addaudithook(watch)
    return loaded


def is_ready() -> None:
    """Nothing: that it ends says that the parent is warm."""


def _plain(name: str, value: object) -> int | float | str | bool | None:
    """The value if it can be quoted on a page: a public number, string or boolean."""
    if name.startswith("_"):
        return None
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        value = value.item()  # a number of numpy or torch
    if isinstance(value, str) and value.startswith(tempfile.gettempdir()):
        return None  # a scratch folder has another name each time
    real = isinstance(value, numbers.Real | str)
    return value if real else None


def _report(error: BaseException, path: str, into: Path) -> None:
    """Write the sentence and the traceback of a failed snippet, its own frames only."""
    frames = traceback.extract_tb(error.__traceback__)
    inside = [i for i, frame in enumerate(frames) if frame.filename == path]
    line = frames[inside[-1]].lineno if inside else getattr(error, "lineno", None)
    shown = traceback.TracebackException.from_exception(error, capture_locals=False)
    shown.stack = traceback.StackSummary.from_list(frames[inside[0] if inside else -1 :])
    shown.__context__ = shown.__cause__ = None
    where = f"{path}, line {line}" if line else path
    what = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
    if isinstance(error, RunnerError):
        where, what = "", str(error)
    sentence = f"{where}: {what}" if where else what
    text = "".join(shown.format()).replace(str(ROOT) + os.sep, "")
    into.write_text(json.dumps({"sentence": sentence, "traceback": text}), "utf-8")


def peak_memory() -> int:
    """Bytes of memory that this process has held at most; 0 where it cannot be asked."""
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


# ------------------------------------------------------------------------------ all runs
