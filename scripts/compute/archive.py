"""All recorded outputs as one small file, for a class or for a first start without computing.

    python -m scripts outputs save FILE        what lies in .cache/snippets and .cache/labs
    python -m scripts outputs load FILE        … taken from there, where it fits

A file of others is data and nothing else: it holds texts, drawings and values. Each is used only
where it is what the program here, with these models and versions, has left.
"""

from __future__ import annotations

import json
import re
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import click

from scripts.base import ROOT, BookError, versions
from scripts.base.files import put
from scripts.compute.book import LIBRARIES, Book

KINDS = ("txt", "svg", "time", "made", "json")  # the outcome last: it says that all is there
SNIPPETS = re.compile(rf"snippets/(\w+/\w+)\.({'|'.join(KINDS)})")
LABS = re.compile(r"labs/(\w+)\.json")
VERSIONS = "versions.json"
LARGEST, MOST, FILES = 5_000_000, 100_000_000, 10_000  # bytes of a file, of all; how many
# What a drawing of matplotlib never holds, and a page must not: scripts, and files from elsewhere.
ACTIVE = re.compile(
    rb"<\s*(?:\w+:)?(?:script|foreignObject|iframe|style[^>]*>[^<]*(?:url|@import)|animate|set\b)"
    rb"|[\s/\"']on\w+\s*=|javascript:"
    rb"|href\s*=(?!\s*\"(?:#|data:image/png;base64,))",
    re.I,
)


class ArchiveError(BookError):
    """One clear sentence: which file, what is wrong, which command helps."""


def save(root: Path, file: Path) -> int:
    """Pack all recorded outputs. Returns how many files."""
    cache = root / ".cache"
    found = [
        (path, name)
        for path in sorted((*cache.glob("snippets/*/*.*"), *cache.glob("labs/*.json")))
        if _known(name := path.relative_to(cache).as_posix())
    ]
    if not found:
        raise ArchiveError("there are no outputs to save: run `mkdocs build` first")
    try:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            told = {name: versions.of(name) for name in LIBRARIES}
            _write(archive, VERSIONS, json.dumps(told).encode())
            for path, name in found:
                _write(archive, name, path.read_bytes())
    except OSError as error:
        raise ArchiveError(f"{file} cannot be written: {error.strerror}") from None
    return len(found)


def load(root: Path, file: Path) -> tuple[list[str], list[str]]:
    """Take the outputs that fit the snippets and are not there yet.

    Returns:
        The snippets and labs whose outputs came; those whose do not fit.

    Raises:
        ArchiveError: the file is no such archive, or holds what it may not; nothing is taken.
    """
    members = _read(file)
    if VERSIONS in members:
        put(root / ".cache" / "versions.json", members[VERSIONS])
    here, other = Book(root), []
    came = [name for name in here.names() if not _recorded(here, name)]
    with tempfile.TemporaryDirectory() as space:
        there = Book(root)
        there.cache = Path(space) / "snippets"
        for name, data in members.items():
            if SNIPPETS.fullmatch(name):
                put(Path(space) / name, data)
        named = {found[1] for name in members if (found := SNIPPETS.fullmatch(name))}
        other = [name for name in came if name in named and not _recorded(there, name)]
        came = [name for name in came if name in named and name not in other]
        for name in came:
            for kind in KINDS:
                here.output(name, kind).unlink(missing_ok=True)
                if (data := members.get(f"snippets/{name}.{kind}")) is not None:  # may be empty
                    put(here.output(name, kind), data)
    for name in members:  # each has its own stamp and seal, which `labs` asks
        if LABS.fullmatch(name) and not (root / ".cache" / name).exists():
            put(root / ".cache" / name, members[name])
            came.append(name.removesuffix(".json"))
    return came, other


def unpack(file: Path, cache: Path) -> dict[str, str]:
    """Put all that an archive holds into an empty folder, whatever it fits: to compare with it.

    Returns:
        The versions of the libraries that it was made with; nothing if it does not tell.

    Raises:
        ArchiveError: the file is no such archive, or holds what it may not; nothing is taken.
    """
    members = _read(file)
    told = _json(members.pop(VERSIONS, b"{}"))
    for name, data in members.items():
        put(cache / name, data)
    return told


def _recorded(book: Book, name: str) -> bool:
    """Whether what lies in a book's cache is what its program has left."""
    try:
        return book.recorded(name)
    except OSError:
        return False


def _known(name: str) -> bool:
    return bool(SNIPPETS.fullmatch(name) or LABS.fullmatch(name) or name == VERSIONS)


def _read(file: Path) -> dict[str, bytes]:
    """The members of an archive, each looked at."""
    try:
        with zipfile.ZipFile(file) as archive:
            listed = archive.infolist()
            if len(listed) > FILES or sum(one.file_size for one in listed) > MOST:
                raise ArchiveError(f"{file} is far larger than the outputs of a book")
            members = {}
            for one in listed:
                if not _known(one.filename) or one.file_size > LARGEST:
                    raise ArchiveError(
                        f"{file} holds {one.filename}, which is no output of a snippet or lab:"
                        " take a file that `python -m scripts outputs save` has made"
                    )
                members[one.filename] = archive.read(one)
    except (zipfile.BadZipFile, EOFError) as error:
        raise ArchiveError(f"{file} is damaged or no archive of outputs: {error}") from None
    except OSError as error:
        raise ArchiveError(f"{file} cannot be read: {error.strerror}") from None
    for name, data in members.items():
        wrong = ""
        if name.endswith(".svg") and ACTIVE.search(data) or name.endswith(".json") and _slides(data):
            wrong = "a drawing with a script or with a file from elsewhere"
        elif name.endswith(".json") and not isinstance(_json(data), dict):
            wrong = "no outcome"
        elif LABS.fullmatch(name) and re.search(rb'"(?:text/html|application/javascript|image/svg)', data):
            wrong = "a lab with active outputs"
        if wrong:
            raise ArchiveError(f"{file} holds {name}, which is {wrong}: it is not used")
    return members


def _slides(data: bytes) -> bool:
    """Whether an outcome has a slider in which a drawing does more than a drawing."""
    outcome = _json(data)
    slider = outcome.get("slider", {}) if isinstance(outcome, dict) else {}
    positions = slider.get("positions", []) if isinstance(slider, dict) else [slider]
    drawn = [one.get("svg", "") if isinstance(one, dict) else one for one in positions]
    return any(not isinstance(one, str) or ACTIVE.search(one.encode()) for one in drawn)


def _json(data: bytes) -> object:
    try:
        return json.loads(data)
    except ValueError:
        return None


def _write(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Always the same bytes for the same outputs: no times, no rights."""
    archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, 9)


@click.group()
def main() -> None:
    """Save all recorded outputs in one file, or load them from there."""


def _verb(do: Callable[[Path], None]) -> click.Command:
    file = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
    return main.command(do.__name__.strip("_"))(file(do))


@_verb
def _save(file: Path) -> None:
    """Pack what lies in .cache/snippets and .cache/labs into FILE."""
    count = save(ROOT, file)
    print(f"{file}: {count} files, {file.stat().st_size / 1e6:.2f} MB")


@_verb
def _load(file: Path) -> None:
    """Take from FILE what fits the programs here and is missing."""
    came, other = load(ROOT, file)
    print(f"{len(came)} snippets and labs have their outputs from {file}")
    if other:
        print(f"{len(other)} do not fit the programs here and will be run: {', '.join(other[:5])}")
