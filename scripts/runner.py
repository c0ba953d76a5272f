"""Snippet → text, figure, values. Knows nothing of pages or of the site generator.

    python scripts/runner.py                      run what is stale
    python scripts/runner.py decoding             … of one chapter
    python scripts/runner.py decoding/beam        … one snippet, even if its last run failed
    python scripts/runner.py --force decoding     … even if it is fresh

Each run leaves `.cache/snippets/<chapter>/<idea>.txt` (what was printed), `.svg` (what was
drawn), `.json` (the stamp, the values, the numbers behind maps) and `.time` (processor seconds).
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import difflib
import errno
import functools
import hashlib
import importlib.machinery
import importlib.metadata
import json
import multiprocessing
import multiprocessing.connection
import numbers
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import CodeType
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # started as a plain file: find `scripts` and `snippets`
    sys.path.insert(0, str(ROOT))

from scripts import console, models, seals  # noqa: E402
from scripts.exclusive import take  # noqa: E402

FORMAT = 4  # raise it when the outputs of an unchanged snippet would change
LIBRARIES = ("torch", "transformers", "tokenizers", "numpy", "matplotlib")
TIMEOUT = 1800.0  # seconds; the longest trains a model, perhaps on a busy machine
MEMORY_A_RUN = 2.5e9  # bytes that one run may need; bounds how many run at once
PAYS_FROM = 4  # snippets; for fewer, the parent's warm-up costs more than it saves
NO_ROOM = 74  # the exit code of a run for which the disk was too full
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


class RunnerError(Exception):
    """One clear sentence: which file, what is wrong, which command helps."""


@dataclass
class Snippet:
    """One program of the book and what its outcome depends on."""

    name: str  # "chapter/idea"
    path: Path
    files: list[Path]  # shared modules and data files, sorted
    models: list[str]  # names in the lock file, sorted


@dataclass
class Outcome:
    """What a run left. `error` is None when it went well."""

    stamp: str
    values: dict[str, int | float | str | bool] = field(default_factory=dict)
    maps: list[dict] = field(default_factory=list)
    models: list[str] = field(default_factory=list)  # from which files were opened
    error: str | None = None
    seal: str = ""  # a digest of all the outputs, so that a damaged one is seen


class Book:
    """The snippets under one root folder, and the cache of their outcomes."""

    def __init__(self, root: Path = ROOT):
        self.root = root
        self.snippets_dir = root / "snippets"
        self.cache = root / ".cache" / "snippets"
        self._outcomes: dict[str, tuple[tuple[int, int], Outcome]] = {}

    def names(self) -> list[str]:
        """Every snippet, "chapter/idea", sorted."""
        found = self.snippets_dir.glob("*/*.py")
        return sorted(path.relative_to(self.snippets_dir).with_suffix("").as_posix()
                      for path in found if path.name != "__init__.py")  # fmt: skip

    @cached_property
    def lock(self) -> dict[str, dict]:
        """The lock file of the models, read once a `Book`."""
        path = self.snippets_dir / "models.toml"
        return models.load_lock(path) if path.exists() else {}

    @cached_property
    def _versions(self) -> str:
        found = [f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES]
        return " ".join([*found, "python {}.{}".format(*sys.version_info), str(FORMAT)])

    # ---------------------------------------------------------------- what it depends on

    def snippet(self, name: str) -> Snippet:
        """Read one snippet and find what it depends on, by its imports and its paths.

        A literal path under `snippets/` is a data file, and so are the two lists of packages;
        one under `models/` is a model. If
        the name is put together (f"models/{name}"), any model from a package may be meant;
        a trained model must be written out.
        """
        path = self.snippets_dir / f"{name}.py"
        files, found, waiting = set(), set(), [path]
        fetched = {m for m, entry in self.lock.items() if "snippet" not in entry}
        while waiting:
            for kind, what in _mentions(waiting.pop()):
                if kind == "model":
                    found |= {what} & set(self.lock) if what else fetched
                    continue
                what = self.root / what
                if what not in files and what != path and what.is_file():
                    files.add(what)
                    if kind == "module":
                        waiting.append(what)
        style = self.snippets_dir / "house.mplstyle"
        files |= {style} if style.exists() else set()
        trained = {m for m in found if self.lock[m].get("snippet") == name}
        return Snippet(name, path, sorted(files), sorted(found - trained))

    def stamp(self, snippet: Snippet, _above: tuple[str, ...] = ()) -> str:
        """A digest of all that decides the outcome: contents and versions, never times."""
        if snippet.name in _above:
            circle = " → ".join([*_above, snippet.name])
            raise RunnerError(f"snippets wait for each other in a circle: {circle}")
        parts = [self._versions]
        for path in (snippet.path, *snippet.files):
            data = path.read_bytes().replace(b"\r\n", b"\n")
            parts.append(f"{path.relative_to(self.root).as_posix()} {_sha256(data)}")
        for name in snippet.models:
            trainer = self.lock[name].get("snippet")
            if trainer:
                above = (*_above, snippet.name)
                made = self.stamp(self.snippet(trainer), above)
            else:
                made = models.digest(self.lock[name])
            parts.append(f"{name} {made}")
        return _sha256("\n".join(parts).encode())

    # ------------------------------------------------------------------------- outcomes

    def output(self, name: str, kind: str) -> Path:
        """Where the `kind` (txt, svg, json, time) of a snippet lies, made or not."""
        return self.cache / f"{name}.{kind}"

    def outcome(self, name: str) -> Outcome | None:
        """What the last run left, or None if there was none or its file is damaged."""
        path = self.output(name, "json")
        try:
            status = path.stat()
            key = (status.st_mtime_ns, status.st_ino)
            if name not in self._outcomes or self._outcomes[name][0] != key:
                self._outcomes[name] = key, Outcome(**json.loads(path.read_text("utf-8")))
            return self._outcomes[name][1]
        except (OSError, ValueError, TypeError):
            return None

    def stale(self, name: str) -> bool:
        """Whether anything that decides the outcome, or the outcome itself, has changed."""
        left = self.outcome(name)
        return (
            left is None
            or left.stamp != self.stamp(self.snippet(name))
            or left.seal != seal(left, self._outputs(name) | self.trained(name))
            or any(not (self.root / "models" / m).exists() for m in self.trains(name))
            or not (left.error or self._still_trained(name, left.stamp))
            or (self.output(name, "time").exists() and self.took(name) is None)
        )

    def _outputs(self, name: str) -> dict[str, bytes]:
        """The text and the figure that lie there."""
        paths = {kind: self.output(name, kind) for kind in ("txt", "svg")}
        return {kind: path.read_bytes() for kind, path in paths.items() if path.exists()}

    def trains(self, name: str) -> list[str]:
        """The models that a snippet makes."""
        return [m for m, entry in self.lock.items() if entry.get("snippet") == name]

    def trained(self, name: str) -> dict[str, bytes]:
        """The files of these models with their sizes, for the seal; nothing if there are none."""
        folders = [self.root / "models" / m for m in self.trains(name)]
        files = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
        sizes = [(path.relative_to(self.root).as_posix(), path.stat().st_size) for path in files]
        return {"models": json.dumps(sizes).encode()} if sizes else {}

    def _still_trained(self, name: str, stamp: str) -> bool:
        """Whether the models that a snippet has made are so to the last byte."""
        if not self.trains(name):
            return True
        path = self.output(name, "made")
        if not path.exists():  # of a time when only sizes were kept, and they are right
            self.seal_models(name, stamp)
        return seals.holds(path, stamp, self.root)

    def seal_models(self, name: str, stamp: str) -> None:
        """Keep what the models are that a snippet has just made."""
        folders = [self.root / "models" / m for m in self.trains(name)]
        made = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        if made:
            seals.write(self.output(name, "made"), stamp, self.root, made)

    def waits_for(self, snippet: Snippet) -> set[str]:
        """The snippets that must have run before, because they train its models."""
        return {t for m in snippet.models if (t := self.lock[m].get("snippet"))}

    def figure(self, name: str) -> Path | None:
        """The snippet's figure, if it drew one."""
        path = self.output(name, "svg")
        return path if path.exists() else None

    def sweep(self) -> None:
        """Remove the outputs of snippets that are gone."""
        names = set(self.names())
        for path in self.cache.glob("*/*.*"):
            if path.relative_to(self.cache).with_suffix("").as_posix() not in names:
                path.unlink(missing_ok=True)

    def took(self, name: str) -> float | None:
        """Processor seconds of the last run of a snippet here, if it ended well."""
        try:
            line = self.output(name, "time").read_text("utf-8")
            # A line of a time before they were sealed is a number alone.
            whole = line == _timed(line.split()[0]) or line == f"{float(line):.2f}\n"
            return float(line.split()[0]) if whole else None
        except (OSError, ValueError, IndexError):
            return None

    def seconds(self) -> dict[str, float]:
        """What each snippet `took`, for those that have run."""
        taken = {name: self.took(name) for name in self.names()}
        return {name: seconds for name, seconds in taken.items() if seconds is not None}


def seal(outcome: Outcome, outputs: dict[str, bytes]) -> str:
    """A digest of what a run left: its outcome, its text, its figure, the models that it made."""
    parts = [{k: v for k, v in asdict(outcome).items() if k != "seal"}]
    parts += [_sha256(outputs.get(kind, b"")) for kind in ("txt", "svg")]
    if "models" in outputs:
        parts.append(_sha256(outputs["models"]))
    return _sha256(json.dumps(parts).encode())


def _timed(seconds: str) -> str:
    """The line that keeps what a run took, with a few letters by which a damaged one is seen."""
    return f"{seconds} {_sha256(seconds.encode())[:8]}\n"


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _mentions(path: Path) -> list[tuple[str, str]]:
    """What a source file imports and names; shared modules are parsed once a build."""
    try:
        return _mentioned(path.read_bytes())
    except OSError:
        return []


@functools.lru_cache(maxsize=None)
def _mentioned(source: bytes) -> list[tuple[str, str]]:
    """What a source text imports from the book and which paths it writes out.

    Returns:
        Pairs of ("module" | "file", path from the root) or ("model", name); an empty
        name means that the name is put together.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return []  # its own run will say so, with line and reason
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules = [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
        else:
            modules = []
        for module in modules:
            if module.startswith(("snippets.", "scripts.")):
                found.append(("module", module.replace(".", "/") + ".py"))
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value.startswith("models/"):
                found.append(("model", node.value.split("/")[1]))
            elif node.value.startswith(("snippets/", "requirements.")):
                found.append(("file", node.value))
    return found


# ------------------------------------------------------------------------------- one run


def _child(root: Path, name: str, into: Path) -> None:
    """Execute one snippet in this process and leave its outputs in the folder `into`.

    What is printed goes to `text`, what goes to the error stream to `stderr`. The figure
    and the values follow when the program has ended well.
    """
    # First of all, so that a crash below Python is recorded too.
    for number, stream in ((1, "text"), (2, "stderr")):
        file = os.open(into / stream, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, number)
    sys.stdout = open(1, "w", encoding="utf-8", newline="\n", closefd=False)
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)
    threading.Thread(target=_end_with_the_build, daemon=True).start()
    os.chdir(root)
    sys.path[:] = [str(root), *(p for p in sys.path if p != str(root))]
    sys.dont_write_bytecode = True  # the snippets folder is watched
    _import_anew(root / "snippets")
    import runpy

    import matplotlib
    import matplotlib.pyplot as plt

    from scripts import figures

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
        opened = plt.get_fignums()
        if len(opened) > 1:
            raise RunnerError(f"{path} leaves {len(opened)} figures open: one at most")
        result = {"maps": []}
        if opened:
            figure = plt.figure(opened[0])
            (into / "svg").write_text(figures.to_svg(figure, name), "utf-8", newline="\n")
            result["maps"] = figures.maps(figure)
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
    for name in [one for one in sys.modules if f"{one}.".startswith(("snippets.", "scripts.figures."))]:
        del sys.modules[name]
    vars(sys.modules["scripts"]).pop("figures", None)

    def finder(path: str) -> importlib.machinery.FileFinder:
        if not f"{path}{os.sep}".startswith(f"{folder}{os.sep}"):
            raise ImportError(path)
        return importlib.machinery.FileFinder(path, (_AsWritten, [".py"]))

    sys.path_hooks.insert(0, finder)
    sys.path_importer_cache.clear()


def _end_with_the_build() -> None:
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


def _child_is_ready() -> None:
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
    context.set_forkserver_preload(["__main__", "scripts.warm" if warm else "scripts.figures"])
    # The parent finds `scripts` here and its warm-up model in `root`.
    only_parent = {"BOOK_WARM": str(root) * warm, "PYTHONPATH": str(ROOT)}
    with _environment(ENVIRONMENT | only_parent):
        forkserver.ensure_running()
        # It imports for some seconds. Wait here, so that no run's time limit includes it.
        first = context.Process(target=_child_is_ready)
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
                    lock.close()
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

    def __init__(self, book: Book, snippet: Snippet, context, timeout: float, lock: IO):
        self.book, self.snippet, self.name = book, snippet, snippet.name
        self.timeout, self.lock = timeout, lock
        # Taken before the run: an edit during it makes the outcome stale, as it should.
        self.stamp = book.stamp(snippet)
        self.folder = book.cache.parent / "run" / self.name
        shutil.rmtree(self.folder, ignore_errors=True)  # of a run that was killed
        self.folder.mkdir(parents=True)
        self.process = context.Process(
            target=_child, args=(book.root, self.name, self.folder)
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
        if self.process.exitcode == NO_ROOM:  # no outcome: the same program will do elsewhere
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
            outputs["time"] = _timed(f"{result['cpu']:.2f}").encode()
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
        self.lock.close()

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


def asdict(outcome: Outcome) -> dict:
    """The outcome as plain data, in a fixed order; empty parts are left out."""
    return {k: v for k, v in vars(outcome).items() if v or k == "stamp"}


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit code."""
    console.any_letter()
    parser = argparse.ArgumentParser(
        prog="python scripts/runner.py",
        description="Run snippets; keep what they print, draw and name in .cache/snippets.",
    )
    parser.add_argument("names", nargs="*", help="chapters or snippets; default: all stale")
    parser.add_argument("--force", action="store_true", help="run fresh ones too")
    parser.add_argument("--jobs", type=int, help="how many at once")
    parser.add_argument("--timeout", type=float, default=TIMEOUT, help="seconds a snippet")
    options = parser.parse_args(arguments)
    book, started = Book(), time.monotonic()
    try:
        models.ensure()
        failed = run(
            book, options.names, force=options.force, jobs=options.jobs,
            timeout=options.timeout,
        )  # fmt: skip
    except (RunnerError, models.ModelError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; what is done is kept, the same command goes on", file=sys.stderr)
        return 130
    for name, sentence in failed.items():
        print(f"✗ {name}: {sentence}", file=sys.stderr)
    names = choose(book, options.names)
    print(
        f"{len(names) - len(failed)} of {len(names)} snippets are fresh"
        f" after {_duration(time.monotonic() - started)}; outputs are in .cache/snippets"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
