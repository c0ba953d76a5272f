"""The book as it was: its texts from git, its outputs from what is kept, what its site weighed.

A base is a commit, or the folder of another clone. Of a commit git has the texts. Its outputs come
from a file of `outputs save`, or else from this clone, which keeps the last outcomes of a program
by their stamps. What is nowhere is told in a sentence.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import subprocess
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from scripts.base import BookError
from scripts.base.files import put
from scripts.compute import archive
from scripts.compute.book import LIBRARIES, Book
from scripts.labs import run as lab_runs
from scripts.labs import source

OUTPUTS, SIZES = "outputs.zip", "sizes.json"  # what a later review needs of a state
TEXT = (".html", ".css", ".js", ".mjs", ".json", ".svg", ".xml", ".txt", ".md", ".csv", ".py")
MEASURED = re.compile(rb'<span class="measured">[^<]*</span>')  # a time, other on each run
EACH_BUILD = ("sitemap.xml", "sitemap.xml.gz")  # tell the day of the build
BRANCH = "main"


class ReviewError(BookError):
    """One clear sentence: what is wrong, which command helps."""


@dataclass
class State:
    """One state of the book."""

    book: Book
    title: str  # how the report calls it
    sizes: dict[str, int] | None = None  # file of its site → bytes that are sent; see `sizes`
    notes: list[str] = field(default_factory=list)  # what of it is not there, in sentences
    stale: frozenset[str] = frozenset()  # programs and labs that have not run as they are now

    @property
    def programs(self) -> set[str]:
        """All programs."""
        return set(self.book.names())

    @property
    def known(self) -> set[str]:
        """Those whose outputs are there."""
        return {name for name in self.programs - self.stale if self.book.outcome(name)}

    @property
    def labs(self) -> set[str]:
        """All labs, "labs/topic"."""
        return {f"labs/{name}" for name in source.names(self.book.root)}


def here(root: Path) -> State:
    """The book as it is in this folder."""
    site = root / "site"
    state = State(Book(root), "this folder", sizes(site) if site.exists() else None)
    if state.sizes is None:
        state.notes.append("There is no site here, so no page is weighed: run `mkdocs build` first.")
    old = [name for name in state.book.names() if not state.book.recorded(name)]
    old += [f"labs/{n}" for n in source.names(root) if lab_runs.under(root, n, root) is None]
    if old:
        state.stale = frozenset(old)
        state.notes.append(
            f"Not run yet as they are now: {_named(old)}. What changes there is not known: run"
            " `python -m scripts run` and `python -m scripts labs`, then this again."
        )
    return state


def folder(root: Path) -> State:
    """The book as it is in another folder, built there.

    Raises:
        ReviewError: no book is there.
    """
    if not (root / "snippets").is_dir():
        raise ReviewError(f"{root} is no folder of the book: it has no snippets")
    site = root / "site"
    state = State(Book(root), str(root), sizes(site) if site.exists() else None)
    if not state.book.cache.exists():
        state.notes.append(f"{root} has no outputs: run `python -m scripts run` there.")
    return state


def commit(root: Path, name: str, into: Path, kept: Path | None = None) -> State:
    """The book as it was at a commit, its texts and outputs written into the empty folder `into`.

    Args:
        root: this clone.
        name: of the commit, as git knows it; empty for the one at which this branch left main.
        kept: what `keep` has written of that state, or a file of `outputs save`; without it the
            outputs are those that this clone still keeps.

    Raises:
        ReviewError: git does not know it.
    """
    name = name or _parting(root)
    said = _git(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").decode().strip()
    packed = _git(root, "archive", "--format=tar", said)
    with tarfile.open(fileobj=io.BytesIO(packed)) as texts:
        texts.extractall(into, filter="data")
    title = said[:10] if said.startswith(name) else f"{name} ({said[:10]})"
    state = State(Book(into), title)
    if kept is None:
        _recall(state, Book(root))
    else:
        _unpack(state, kept)
    return state


def _parting(root: Path) -> str:
    """Where this branch left main; on main itself its last commit."""
    for name in (f"origin/{BRANCH}", BRANCH):
        try:
            return _git(root, "merge-base", "HEAD", name).decode().strip()
        except ReviewError:
            continue
    return "HEAD"


def _git(root: Path, *command: str) -> bytes:
    try:
        done = subprocess.run(["git", *command], cwd=root, capture_output=True)
    except OSError:
        raise ReviewError("git is not on this machine: name a folder with the book as it was") from None
    if done.returncode:
        why = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ReviewError(
            f"git has nothing for `git {' '.join(command)}`{f': {why[0]}' if why else ''}; name a"
            " commit that is here, or a folder with the book as it was"
        )
    return done.stdout


def _recall(state: State, here: Book) -> None:
    """Bring what this clone keeps of a state's outputs, by their stamps."""
    book, lost = state.book, []
    for name in book.names():
        if found := here.under(name, book.stamp(book.snippet(name))):
            book.put(name, found)
        else:
            lost.append(name)
    for name in source.names(book.root):
        if left := lab_runs.under(here.root, name, book.root):
            put(book.root / ".cache" / "labs" / f"{name}.json", json.dumps(left).encode())
        else:
            lost.append(f"labs/{name}")
    if lost:
        state.notes.append(
            f"Of {state.title} nothing is kept here that these have left: {_named(lost)}. What changes"
            " there is not known: name with `--kept` a file of its outputs, or a folder where it is built."
        )
    state.notes.append(
        f"What the site of {state.title} weighed is not known here: there,"
        " `python -m scripts review --keep FOLDER` would write it down for `--kept FOLDER`."
    )


def _unpack(state: State, kept: Path) -> None:
    """Take a state's outputs, and what its site weighed, from where they were kept."""
    book, cache = state.book, state.book.root / ".cache"
    told = archive.unpack(kept / OUTPUTS if kept.is_dir() else kept, cache)
    try:
        state.sizes = json.loads((kept / SIZES).read_text("utf-8")) if kept.is_dir() else None
    except (OSError, ValueError):
        state.notes.append(f"{kept} does not tell what the site weighed.")
    if lost := sorted(state.programs - state.known):
        state.notes.append(f"Of {state.title} {kept.name} has no outputs of {_named(lost)}.")
    asked = dict(re.findall(r"^([\w-]+)==(\S+)", (book.root / "requirements.txt").read_text("utf-8"), re.M))
    other = {one: told[one] for one in LIBRARIES if told.get(one, "").split("+")[0] != asked.get(one)}
    if told and other:
        with_these = ", ".join(f"{one} {version}" for one, version in other.items())
        state.notes.append(f"The outputs of {state.title} were made with {with_these}.")


def keep(root: Path, into: Path) -> None:
    """Write down what a later review needs of this state: outputs, and what the site weighs.

    Raises:
        ReviewError: there is no site.
        ArchiveError: there are no outputs.
    """
    if not (root / "site" / "index.html").exists():
        raise ReviewError("there is no site: run `mkdocs build`, then this again")
    into.mkdir(parents=True, exist_ok=True)
    archive.save(root, into / OUTPUTS)
    put(into / SIZES, json.dumps(sizes(root / "site"), indent=0).encode())


def sizes(site: Path) -> dict[str, int]:
    """Each file of a built site → the bytes that a host sends: text is compressed.

    Times that pages tell do not count, nor files that tell the day.
    """
    found = {}
    for path in sorted(site.rglob("*")):
        name = path.relative_to(site).as_posix()
        if not path.is_file() or name in EACH_BUILD:
            continue
        if path.suffix in TEXT:
            found[name] = len(gzip.compress(MEASURED.sub(b"", path.read_bytes()), 6, mtime=0))
        else:
            found[name] = path.stat().st_size
    return found


def _named(names: Iterable[str]) -> str:
    """The first few names, and how many more there are."""
    names = list(names)
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(f"`{name}`" for name in names[:5]) + more
