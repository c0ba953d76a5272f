"""Labs → pages of the site, by mkdocs-jupyter with the book's own template.

mkdocs-jupyter finds the executed notebooks, converts them and makes their tables of
contents. Its template puts the style sheet of JupyterLab into every page (over 600 kB); the
one in `scripts/labs` writes what a chapter's page is made of, with the filters below.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import logging
import posixpath
import re
from pathlib import Path

from markdown import Markdown
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

from scripts.labs import run as labs
from scripts.models.lock import load_lock
from scripts.pages import printed

log = logging.getLogger("mkdocs.hooks")
LINK = re.compile(r"(\]\()(?!\w+:|#)([^)#\s]+)")
PACKED = re.compile(r'^(SCRIPTS = )".*"$', re.M)
COLAB = "https://colab.research.google.com/"


def is_lab(page: Page) -> bool:
    """Whether a page is made from a notebook."""
    return page.file.src_uri.startswith("labs/")


def source(page: Page) -> str:
    """The file that a page is written in, from `docs`."""
    return page.file.src_uri.replace(".ipynb", ".py") if is_lab(page) else page.file.src_uri


def add(root: Path, files: Files, config: MkDocsConfig) -> None:
    """Add to the site each lab's notebook as a page, its figures, and its download."""
    found = labs.names(root)
    if not found:
        return
    for name in found:
        path = labs.executed(root, name)
        if not path.exists():
            continue
        # Not `generated`: mkdocs-jupyter wants to know the folder that a file lies in.
        where, options = str(path.parents[1]), (config.site_dir, config.use_directory_urls)
        files.append(File(f"labs/{name}.ipynb", where, *options))
        content = labs.download(name, config.site_url or "", root)
        files.append(File.generated(config, _notebook(name), content=content))
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            for output in cell.get("outputs", []):
                if image := output.get("data", {}).get("image/png"):
                    uri, content = _image(image), base64.b64decode(image)
                    if files.get_file_from_path(uri) is None:
                        files.append(File.generated(config, uri, content=content))
    _use_template(files, config)


def before(page: Page) -> None:
    """Tell the filters which page is being made; give the page its description."""
    global current
    current = page
    if page.edit_url:
        page.edit_url = page.edit_url.replace(".ipynb", ".py")
    page.meta["description"] = labs.description(Path(page.file.src_uri).stem)


def finish(root: Path, page: Page, config: MkDocsConfig, content: str) -> str:
    """Drop the style sheets that mkdocs-jupyter adds; say what the lab needs."""
    content = content.rpartition("<style>")[0] or content
    path = labs.executed(root, Path(page.file.src_uri).stem)
    cells = json.loads(path.read_text("utf-8"))["cells"]
    promised, shown = sum("alt" in cell["metadata"] for cell in cells), content.count("<img ")
    if shown < promised:
        log.warning(f"{page.file.src_uri} promises {promised} figures and shows {shown}")
    return content.replace("</p>", "</p>\n" + _needs(root, page, config), 1)


# -------------------------------------------------------------------------------- filters

current: Page | None = None  # the page whose notebook is being converted


def _use_template(files: Files, config: MkDocsConfig) -> None:
    """Let mkdocs-jupyter use the book's template, Markdown and links."""
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
        return found[1] + get_relative_url(target.url, current.url)

    def code(cell: dict) -> str:
        said = cell["metadata"]
        folded = "setup" in said or "check" in said
        source = PACKED.sub(r'\1"…"  # some thousand characters', cell["source"])
        source = source.removeprefix("# @title Check your answer\n")
        title = ' title="Your turn"' if "task" in said else ""
        made = convert(printed.fence(source, f"{{ .python{title} }}"))
        if not folded:
            return f'<div class="task">{made}</div>' if "task" in said else made
        what = "The first cell: gets the models" if "setup" in said else "The check"
        return f'<details class="cell"><summary>{what}</summary>\n{made}</details>'

    def figure(output: dict, cell: dict) -> str:
        size = output["metadata"].get("image/png", {})
        where = get_relative_url(_image(output["data"]["image/png"]), current.url)
        return (
            f'<figure class="drawn"><img src="{where}" loading="lazy"'
            f' alt="{html.escape(labs.told(cell))}"'
            f' width="{size.get("width", 640)}" height="{size.get("height", 480)}"></figure>'
        )

    settings.templates_dir = str(labs.PARTS)
    default_filters["book_markdown"] = lambda text: convert(LINK.sub(resolve, text))
    default_filters["book_code"] = code
    default_filters["book_figure"] = figure


def _notebook(name: str) -> str:
    return f"labs/notebooks/{name}.ipynb"


def _image(encoded: str) -> str:
    """Where a figure lies in the site, by its content."""
    return f"labs/figures/{hashlib.sha256(encoded.encode()).hexdigest()[:12]}.png"


def _needs(root: Path, page: Page, config: MkDocsConfig) -> str:
    """What the lab needs, as measured, and the ways to open it."""
    name = Path(page.file.src_uri).stem
    seconds, memory = labs.cost(root, name)
    lock = load_lock(root / "snippets" / "models.toml")
    fetched = {lock[m]["wheel"]: lock[m]["bytes"] for m in labs.wanted(name, root)}
    github = re.fullmatch(r"https://github\.com/([\w.-]+/[\w.-]+?)/?", config.repo_url or "")
    if github:
        # The workflow that publishes the site keeps the notebooks in a branch of their own.
        colab = f'<a href="{COLAB}github/{github[1]}/blob/labs/{name}.ipynb">Open in Colab</a>'
    else:
        colab = f'open it in <a href="{COLAB}">Colab</a> by File, Upload notebook'
    where = get_relative_url(_notebook(name), page.url)
    return (
        '<p class="lab-needs"><strong>Take it along:</strong> '
        f'<a href="{where}" download>download the notebook</a> (.ipynb), or {colab}. '
        f"It fetches {sum(fetched.values()) / 1e6:.0f} MB of models by pip, needs"
        f" {memory / 1e9:.1f} GB of memory, and here all its cells took"
        f" {max(1, seconds / 60):.0f} minute{'s'[: seconds > 90]} of one processor core."
        " Below, it was run as you get it: the tasks are open.</p>"
    )
