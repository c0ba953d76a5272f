"""Labs → pages of the site, by mkdocs-jupyter with the book's own template.

mkdocs-jupyter finds the executed notebooks, converts them and makes their tables of
contents. Its template puts the style sheet of JupyterLab into every page (over 600 kB); the
one in `scripts/labs` writes what a chapter's page is made of, with the filters below.
"""

from __future__ import annotations

import base64
import hashlib
import html
import logging
import posixpath
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from nbformat import NotebookNode

from markdown import Markdown

from scripts.labs import handout, run
from scripts.labs import source as labs
from scripts.models.lock import load_lock
from scripts.pages import printed

log = logging.getLogger("mkdocs.hooks")
LINK = re.compile(r"(\]\()(?!\w+:|#)([^)#\s]+)")
COLAB = "https://colab.research.google.com/"


class Page(Protocol):
    """What a page of the site is asked for here; mkdocs has it."""

    file: Any
    url: str
    edit_url: str | None
    meta: dict[str, Any]


def is_lab(page: Page) -> bool:
    """Whether a page is made from a notebook."""
    return page.file.src_uri.startswith("labs/")


def source(page: Page) -> str:
    """The file that a page is written in, from `docs`."""
    return page.file.src_uri.replace(".ipynb", ".py") if is_lab(page) else page.file.src_uri


def files(
    root: Path, site: str, missing: Collection[str] = ()
) -> Iterator[tuple[str, Path | bytes | str]]:
    """What the site needs for each lab: the page's notebook, its figures, the download.

    Args:
        site: the address of the book; empty if it has none.
        missing: those that are still to be run, as "labs/decoding": their pages have no outputs.

    Yields:
        An address in the site, and what stands there: a file that lies in a folder as it is
        called in the site, or the content.
    """
    global waiting
    waiting = missing
    for name in labs.names(root):
        ran = labs.unrun(root, name) if f"labs/{name}" in missing else labs.executed(root, name)
        if not ran.exists():
            continue
        yield f"labs/{name}.ipynb", ran
        yield _notebook(name), handout.download(name, site, root, ran)
        if f"labs/{name}" in missing:
            continue
        for cell in _cells(root, name):
            for output in cell.get("outputs", []):
                if image := output.get("data", {}).get("image/png"):
                    yield _image(image), base64.b64decode(image)


def before(page: Page) -> None:
    """Tell the filters which page is being made; give the page its description."""
    global current
    current = page
    if page.edit_url:
        page.edit_url = page.edit_url.replace(".ipynb", ".py")
    page.meta["description"] = labs.description(_name(page))


def finish(root: Path, page: Page, config: Any, content: str) -> str:
    """Drop the style sheets that mkdocs-jupyter adds; say what the lab needs."""
    content = content.rpartition("<style>")[0] or content
    if f"labs/{_name(page)}" in waiting:
        return content.replace("</p>", "</p>\n" + _waits(page), 1)
    promised = sum("alt" in cell.metadata for cell in _cells(root, _name(page)))
    shown = content.count("<img ")
    if shown < promised:
        log.warning(f"{page.file.src_uri} promises {promised} figures and shows {shown}")
    return content.replace("</p>", "</p>\n" + _needs(root, page, config.repo_url or ""), 1)


# -------------------------------------------------------------------------------- filters

current: Page | None = None  # the page whose notebook is being converted
waiting: Collection[str] = ()  # labs that are still to be run


def use_template(root: Path, files: Any, config: Any) -> None:
    """Let mkdocs-jupyter use the book's template, Markdown and links.

    Args:
        files: mkdocs's files, to which the links of a lab lead.
        config: mkdocs's, for what the book wants of Markdown.
    """
    if not labs.names(root):
        return
    from mkdocs_jupyter.config import settings
    from nbconvert.exporters.templateexporter import default_filters

    markdown = Markdown(
        extensions=config.markdown_extensions, extension_configs=config.mdx_configs
    )

    def convert(text: str) -> str:
        return markdown.reset().convert(text)

    def resolve(found: re.Match) -> str:
        place = posixpath.join(posixpath.dirname(current.file.src_uri), found[2])
        target = files.get_file_from_path(posixpath.normpath(place))
        if target is None:
            log.warning(f"docs/{current.file.src_uri}: there is no page {found[2]}")
            return found[0]
        return found[1] + target.url_relative_to(current.file)

    def code(cell: dict) -> str:
        said = cell["metadata"]
        if "hint" in said:
            return ""  # on the page the hints are folded
        folded = "setup" in said or "check" in said
        source = labs.CARRIED.sub(r'\1"…"  # some thousand characters', cell["source"])
        source = source.removeprefix("# @title Check your answer\n")
        title = ' title="Your turn"' if "task" in said else ""
        made = convert(printed.fence(source, f"{{ .python{title} }}"))
        if not folded:
            return f'<div class="task">{made}</div>' if "task" in said else made
        what = "The first cell: gets the models" if "setup" in said else "The check"
        return f'<details class="cell"><summary>{what}</summary>\n{made}</details>'

    def figure(output: dict, cell: dict) -> str:
        size = output["metadata"].get("image/png", {})
        where = _from(current, _image(output["data"]["image/png"]))
        told = html.escape(labs.told(cell))
        return (  # who hears the page has the words once
            f'<figure class="drawn"><img src="{where}" loading="lazy" alt="{told}"'
            f' width="{size.get("width", 640)}" height="{size.get("height", 480)}">'
            f'<figcaption aria-hidden="true"><p>{told}</p></figcaption></figure>'
        )

    settings.templates_dir = str(labs.PARTS)
    default_filters["book_markdown"] = lambda text: convert(LINK.sub(resolve, text))
    default_filters["book_code"] = code
    default_filters["book_figure"] = figure


def _name(page: Page) -> str:
    return Path(page.file.src_uri).stem


def _cells(root: Path, name: str) -> list[NotebookNode]:
    """The cells of a lab as it was run."""
    import nbformat

    return nbformat.read(labs.executed(root, name), 4).cells


def _from(page: Page, address: str) -> str:
    """The way from a page to another address of the site."""
    return posixpath.relpath(address, posixpath.dirname(page.url))


def _notebook(name: str) -> str:
    return f"labs/notebooks/{name}.ipynb"


def _image(encoded: str) -> str:
    """Where a figure lies in the site, by its content."""
    return f"labs/figures/{hashlib.sha256(encoded.encode()).hexdigest()[:12]}.png"


def _waits(page: Page) -> str:
    """What a lab's page says until the lab has been run."""
    where = _from(page, _notebook(_name(page)))
    return (
        f'<p class="lab-needs pending" data-waits="labs/{_name(page)}"><strong>Take it along:'
        f'</strong> <a href="{where}" download>download the notebook</a> (.ipynb). <span'
        ' class="pending-says">This lab is being run, and its outputs will appear here.</span></p>'
    )


def _needs(root: Path, page: Page, repository: str) -> str:
    """What the lab needs, as measured, and the ways to open it."""
    name = _name(page)
    seconds, memory = run.cost(root, name)
    lock = load_lock(root / "snippets" / "models.toml")
    fetched = {lock[m]["wheel"]: lock[m]["bytes"] for m in labs.wanted(name, root)}
    github = re.fullmatch(r"https://github\.com/([\w.-]+/[\w.-]+?)/?", repository)
    if github:
        # The workflow that publishes the site keeps the notebooks in a branch of their own.
        colab = f'<a href="{COLAB}github/{github[1]}/blob/labs/{name}.ipynb">Open in Colab</a>'
    else:
        colab = f'open it in <a href="{COLAB}">Colab</a> by File, Upload notebook'
    where = _from(page, _notebook(name))
    return (
        '<p class="lab-needs"><strong>Take it along:</strong> '
        f'<a href="{where}" download>download the notebook</a> (.ipynb), or {colab}. '
        f"It fetches {sum(fetched.values()) / 1e6:.0f} MB of models by pip, needs"
        f" {memory / 1e9:.1f} GB of memory, and here all its cells took"
        f" {max(1, seconds / 60):.0f} minute{'s'[: seconds > 90]} of one processor core."
        " Below, it was run as you get it: the tasks are open.</p>"
    )
