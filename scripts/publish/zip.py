"""The built site as one file that opens from a folder.

    python -m scripts zip       .cache/the_executable_transformer.zip

Build the site first: mkdocs build. Its index.html opens without a server and without a network;
the search and the questions work there too. The models in the pages need a server, which the
zip's own note tells how to start; all their bytes are inside.
"""

from __future__ import annotations

import json
import posixpath
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click

from scripts.base import ROOT, BookError

SITE = ROOT / "site"
FOLDER = Path(__file__).with_name("folder.js")
NAME = "the_executable_transformer"
LINK = re.compile(r'(\b(?:href|src)=")([^"]*)(")')
WHEN = (1980, 1, 1, 0, 0, 0)  # of every file in the zip: the same bytes each time
# In the zip. A page from a folder may run scripts, but no modules and no worker.
BUNDLE = re.compile(r'<script src="([^"]*assets/)javascripts/bundle')
QUESTIONS = re.compile(r'(<script src="[^"]*assets/questions\.js") type="module"')
NOTE = """The Executable Transformer

Open index.html to read. A browser lets pages from a folder do little: for the models in the pages
and to save a figure as PNG, start a server in this folder, with Python or any other, and open the
address that it prints:

    python3 -m http.server

Firefox keeps light or dark, and what you have answered, for each page of a folder alone. With a
server it keeps them for the whole book.
"""


def opened_from_a_folder(text: str, page: str, site: Path) -> str:
    """A page whose links lead to files, and whose scripts run without a server.

    To a server a folder is a page; without one, the page is the folder's index.html.

    Args:
        page: its address from the root of the site: "", "decoding/".
    """

    def lead(found: re.Match) -> str:
        parts = urlsplit(found[2])
        if parts.scheme or parts.netloc or not parts.path:
            return found[0]
        if not (site / page / unquote(parts.path)).is_dir():
            return found[0]
        path = posixpath.join(parts.path, "index.html")
        return found[1] + parts._replace(path=path).geturl() + found[3]

    text = BUNDLE.sub(r'<script src="\1folder.js"></script>\g<0>', LINK.sub(lead, text))
    return QUESTIONS.sub(r"\1 defer", text)


def without_module(program: str) -> str:
    """A module that imports nothing, as a plain script."""
    program = program.replace("import.meta.url", "document.currentScript.src")
    program = re.sub(r"(^|[;}])export (?=function )", r"\1", program, flags=re.M)
    return f'(() => {{\n"use strict";\n{program}}})();\n'


def index_as_script(index: str) -> str:
    """The search's index, as the theme reads it where nothing can be fetched."""
    found = json.loads(index)
    for one in found["docs"]:
        page, mark, place = one["location"].partition("#")
        one["location"] = f"{page}index.html{mark}{place}"
    return f"var __index = {json.dumps(found, ensure_ascii=False)};\n"


def make_zip(site: Path, into: Path) -> None:
    """Every file of the site in one archive, in the order of their names.

    But 404.html: a folder has nobody who could answer with it.
    """
    into.parent.mkdir(parents=True, exist_ok=True)
    beside = into.with_name(f".{into.name}.new")
    with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:

        def add(name: str, data: bytes) -> None:
            archive.writestr(zipfile.ZipInfo(f"{NAME}/{name}", WHEN), data, zipfile.ZIP_DEFLATED)

        add("README.txt", NOTE.encode())
        add("assets/folder.js", FOLDER.read_bytes())
        for path in sorted(path for path in site.rglob("*") if path.is_file()):
            name, data = path.relative_to(site).as_posix(), path.read_bytes()
            if name == "404.html":
                continue
            if name.endswith("index.html"):
                page = name.removesuffix("index.html")
                data = opened_from_a_folder(data.decode(), page, site).encode()
            elif name == "assets/questions.js":
                data = without_module(data.decode()).encode()
            elif name.endswith("search/search_index.json"):  # one for each language
                add(name.removesuffix("on"), index_as_script(data.decode()).encode())
            add(name, data)
    beside.replace(into)


def into_file(kind: str, make: Callable[[Path, Path], None], part: str = "") -> None:
    """Make the file of the book of that kind from the built site, and say how large it is.

    Args:
        part: what stands in the file's name, where it is not the whole book.
    """
    if not (SITE / "index.html").exists():
        raise BookError("there is no site: run `mkdocs build`, then this again")
    into = ROOT / ".cache" / f"{NAME}{f'-{part}' * bool(part)}.{kind}"
    make(SITE, into)
    print(f"{into.relative_to(ROOT)}: {into.stat().st_size / 1e6:.1f} MB")


@click.command()
def main() -> None:
    """Pack the built site into one file that opens from a folder, with search and questions."""
    into_file("zip", make_zip)
