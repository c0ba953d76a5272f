"""The snippets of the book: what each depends on, what its last run left, and if that is stale."""

from __future__ import annotations

import ast
import functools
import hashlib
import json
import re
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from scripts.base import ROOT, BookError, kept, seals, versions
from scripts.base.files import put
from scripts.compute.parts import tree, used
from scripts.models.lock import digest, load_lock

FORMAT = 4  # raise it when the outputs of an unchanged snippet would change
STYLE_COMMENT = re.compile(rb"^[ \t]*(?:#[^\n]*)?\n|[ \t]+#[^\n]*", re.M)
KINDS = ("time", "txt", "svg", "json")  # of outputs; the last one says what all are of
ANY = ("utf-8", "surrogateescape")  # what a program prints may be any bytes
LIBRARIES = ("torch", "transformers", "tokenizers", "numpy", "matplotlib")


class RunnerError(BookError):
    """One clear sentence: which file, what is wrong, which command helps."""


@dataclass
class Snippet:
    """One program of the book and what its outcome depends on."""

    name: str  # "chapter/idea"
    path: Path
    files: list[Path]  # shared modules and data files, sorted
    models: list[str]  # names in the lock file, sorted
    modules: list[Path] = field(default_factory=list)  # files of which only the syntax counts


@dataclass
class Outcome:
    """What a run left. `error` is None when it went well."""

    stamp: str
    values: dict[str, int | float | str | bool] = field(default_factory=dict)
    maps: list[dict] = field(default_factory=list)
    models: list[str] = field(default_factory=list)  # from which files were opened
    slider: dict = field(default_factory=dict)  # its other drawings, if it has more than one
    error: str | None = None
    seal: str = ""  # a digest of all the outputs, so that a damaged one is seen


class Book:
    """The snippets under one root folder, and the cache of their outcomes."""

    def __init__(self, root: Path = ROOT):
        self.root = root
        self.snippets_dir = root / "snippets"
        self.cache = root / ".cache" / "snippets"
        self.pending: frozenset[str] = frozenset()  # whose outputs are not there yet; see `serve`
        self._outcomes: dict[str, tuple[tuple[int, int], Outcome]] = {}

    def names(self) -> list[str]:
        """Every snippet, "chapter/idea", sorted; in `shared` are modules that they import."""
        found = set(self.snippets_dir.glob("*/*.py")) - set(self.snippets_dir.glob("shared/*.py"))
        return sorted(path.relative_to(self.snippets_dir).with_suffix("").as_posix()
                      for path in found if path.name != "__init__.py")  # fmt: skip

    @cached_property
    def lock(self) -> dict[str, dict]:
        """The lock file of the models, read once a `Book`."""
        path = self.snippets_dir / "models.toml"
        return load_lock(path) if path.exists() else {}

    @cached_property
    def _versions(self) -> str:
        found = [f"{name} {versions.of(name)}" for name in LIBRARIES]
        return " ".join([*found, "python {}.{}".format(*sys.version_info), str(FORMAT)])

    # ---------------------------------------------------------------- what it depends on

    def snippet(self, name: str) -> Snippet:
        """Read one snippet and find what it depends on, by its imports and its paths.

        A literal path under `snippets/` is a data file, and so are the two lists of packages;
        `scripts/` is every program below it; one under `models/` is a model. If the name is
        put together (f"models/{name}"), any model from a package may be meant; a trained
        model must be written out.
        """
        path = self.snippets_dir / f"{name}.py"
        files, found, waiting = set(), set(), [path]
        modules, read = set(), set()
        fetched = {m for m, entry in self.lock.items() if "snippet" not in entry}
        while waiting:
            for kind, what in _mentions(waiting.pop()):
                if kind == "model":
                    found |= {what} & set(self.lock) if what else fetched
                    continue
                what = self.root / what
                (modules.add if kind == "module" else read.add)(what)
                if what.is_dir():
                    files.update(what.rglob("*.py"))
                elif what not in files and what != path and what.is_file():
                    files.add(what)
                    if kind == "module":
                        waiting.append(what)
        style = self.snippets_dir / "house.mplstyle"
        files |= {style} if style.exists() else set()
        trained = {m for m in found if self.lock[m].get("snippet") == name}
        only = sorted(modules & files - read)
        return Snippet(name, path, sorted(files), sorted(found - trained), only)

    def stamp(self, snippet: Snippet, _above: tuple[str, ...] = ()) -> str:
        """A digest of all that decides the outcome: contents and versions, never times.

        Of a module that is only imported, what the snippet uses counts; see `parts`.
        """
        if snippet.name in _above:
            circle = " → ".join([*_above, snippet.name])
            raise RunnerError(f"snippets wait for each other in a circle: {circle}")
        parts = [self._versions]
        data = {path: _plain(path) for path in (snippet.path, *snippet.files)}
        syntax = used(data[snippet.path], [data[path] for path in snippet.modules])
        for path, text in zip(snippet.modules, syntax or ()):
            data[path] = text.encode()
        for path, text in data.items():
            parts.append(f"{path.relative_to(self.root).as_posix()} {_sha256(text)}")
        for name in snippet.models:
            trainer = self.lock[name].get("snippet")
            if trainer:
                above = (*_above, snippet.name)
                made = self.stamp(self.snippet(trainer), above)
            else:
                made = digest(self.lock[name])
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
        return (
            not self._left_as(name, self.trained(name))
            or any(not (self.root / "models" / m).exists() for m in self.trains(name))
            or not (self.outcome(name).error or self._still_trained(name, self.outcome(name).stamp))
        )

    def recorded(self, name: str) -> bool:
        """Whether a page can show what lies there: it is what the program, as it is, has left.

        A model that it trained may be gone meanwhile. Whoever loads it needs it, and no page does.
        """
        return self._left_as(name, self.trained(name)) or (
            bool(self.trains(name)) and self._left_as(name, self._once_trained(name))
        )

    def _left_as(self, name: str, trained: dict[str, bytes]) -> bool:
        """Whether the outputs are whole and of this program, if it trained these models."""
        left = self.outcome(name)
        return (
            left is not None
            and left.stamp == self.stamp(self.snippet(name))
            and left.seal == seal(left, self._outputs(name) | trained)
            and not (self.output(name, "time").exists() and self.took(name) is None)
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

    def _once_trained(self, name: str) -> dict[str, bytes]:
        """What `trained` gave when the snippet had ended."""
        sizes = [list(pair) for pair in seals.sizes(self.output(name, "made"))]
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

    def put(self, name: str, outputs: dict[str, bytes]) -> None:
        """Write beside the old outputs, then swap; the stamp goes last. Raises OSError.

        Unchanged bytes are left alone. An interruption between two swaps leaves an old
        stamp, so the next build runs the snippet again. What lay there is kept for when its
        text comes back.
        """
        left = self.outcome(name)
        if left and not left.error and not self.trains(name):  # a model would be too large to keep
            old = {kind: self.output(name, kind) for kind in KINDS}
            old = {kind: path.read_bytes() for kind, path in old.items() if path.exists()}
            if left.seal == seal(left, old) and self.took(name) is not None:
                texts = {kind: data.decode(*ANY) for kind, data in old.items()}
                kept.keep(self._kept(name), left.stamp, json.dumps(texts).encode())
        for kind in KINDS:
            path = self.output(name, kind)
            if kind not in outputs:
                path.unlink(missing_ok=True)
            elif not path.exists() or path.read_bytes() != outputs[kind]:
                put(path, outputs[kind])

    def recall(self, name: str) -> bool:
        """Put back what the snippet's present text has left before, if that is kept.

        Another build may be at work: it must be held off.
        """
        if self.trains(name) or not (self.snippets_dir / f"{name}.py").is_file():
            return False
        left, stamp = self.outcome(name), self.stamp(self.snippet(name))
        if left and left.stamp == stamp:  # damaged, or it failed
            return False
        if found := self._once(name, stamp):
            self.put(name, found)
        return found is not None

    def under(self, name: str, stamp: str) -> dict[str, bytes] | None:
        """The outputs that a snippet has left under a stamp, last or before; None if not kept."""
        left = self.outcome(name)
        if left is None or left.stamp != stamp:
            return self._once(name, stamp)
        paths = {kind: self.output(name, kind) for kind in KINDS}
        return {kind: path.read_bytes() for kind, path in paths.items() if path.exists()}

    def _once(self, name: str, stamp: str) -> dict[str, bytes] | None:
        found = kept.recall(self._kept(name), stamp)
        texts = json.loads(found) if found else None
        return texts and {kind: text.encode(*ANY) for kind, text in texts.items()}

    def _kept(self, name: str) -> Path:
        return self.cache.with_name("kept") / name

    def sweep(self) -> None:
        """Remove the outputs of snippets that are gone."""
        names = set(self.names())
        for path in self.cache.with_name("kept").glob("*/*/*"):
            if path.parent.relative_to(self.cache.with_name("kept")).as_posix() not in names:
                path.unlink(missing_ok=True)
        for path in self.cache.glob("*/*.*"):
            if path.relative_to(self.cache).with_suffix("").as_posix() not in names:
                path.unlink(missing_ok=True)

    def took(self, name: str) -> float | None:
        """Processor seconds of the last run of a snippet here, if it ended well."""
        try:
            line = self.output(name, "time").read_text("utf-8")
            # A line of a time before they were sealed is a number alone.
            whole = line == timed(line.split()[0]) or line == f"{float(line):.2f}\n"
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


def timed(seconds: str) -> str:
    """The line that keeps what a run took, with a few letters by which a damaged one is seen."""
    return f"{seconds} {_sha256(seconds.encode())[:8]}\n"


def _plain(path: Path) -> bytes:
    """The text of a file with plain line ends; of a style file without its comments."""
    text = path.read_bytes().replace(b"\r\n", b"\n")
    return STYLE_COMMENT.sub(b"", text) if path.suffix == ".mplstyle" else text


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
        nodes = ast.walk(tree(source))
    except (SyntaxError, ValueError):
        return []  # its own run will say so, with line and reason
    found = []
    for node in nodes:
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
            elif node.value.startswith(("snippets/", "requirements.")) or node.value == "scripts/":
                found.append(("file", node.value))
    return found


def asdict(outcome: Outcome) -> dict:
    """The outcome as plain data, in a fixed order; empty parts are left out."""
    return {k: v for k, v in vars(outcome).items() if v or k == "stamp"}
