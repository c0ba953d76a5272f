"""The bridge to mkdocs: refresh the outputs, add them to the site, fill the pages."""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import html
import logging
import math
import os
import re
import shutil
import sys
from pathlib import Path

from jinja2 import Environment
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page
from mkdocs.utils import CountHandler, get_relative_url

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from scripts.base import BookError
from scripts.base.files import exclusive, put
from scripts.compute import runner
from scripts.compute.book import Book
from scripts.labs import page as lab_pages
from scripts.labs import run as labs
from scripts.labs import source as lab_source
from scripts.live import make as live
from scripts.models.make import ensure
from scripts.pages import cells, copies, formulas, promises, questions, remember, styles, tables
from scripts.pages import chapter as pages
from scripts.pages import search as finding

log = logging.getLogger("mkdocs.hooks")
FIGURE = re.compile(
    r'<p>\s*<img alt="([^"]*)" src="[^"]*?figures/([\w-]+/[\w-]+)\.svg"'
    r'(?: title="([^"]*)")?\s*/?>\s*</p>'
)
SIZE = re.compile(r'<svg\b[^>]*\swidth="([\d.]+)" height="([\d.]+)"')
DRAWN = re.compile(r'<svg data-drawn="([^"]*)" aria-label="([^"]*)"></svg>')
NUMBERS = re.compile(r'<span data-numbers="([^"]*)"></span>')
BOX = re.compile(
    r'<div\b([^>]*\bclass="(?:[^"]*\s)?highlight\b[^>]*)>(?=(<span class="filename">)?.*?<code\b[^>]*>(.*?)</code>)',
    re.S,
)
CODE = re.compile(r"(<pre[^>]*>(?:<span></span>)?)<code>(.*?)</code>(?=</pre>)", re.S)
# Code by its look, see "code" in book.css: names and space look like plain text.
UNCOLORED = re.compile(r'<span class="(?:n|na|ne|nn|vm|kc|sa|w)">([^<]*)</span>')
RUNS = [  # neighbors of one color need one element
    (re.compile(r'<span class="[op]">[^<]*</span>(?:\s*<span class="[op]">[^<]*</span>)+'), "p"),
    (re.compile(r'<span class="s[12bi]">[^<]*</span>(?:<span class="s[12bi]">[^<]*</span>)+'), "s2"),
]
TAG = re.compile(r"<[^>]*>")
LEFT_OUT = ' data-search-exclude="data-search-exclude"'
OURS = {  # what the theme writes → what stands there in the book
    ' tabindex=""': "",  # no number, and so no HTML
    ' id="__drawer" autocomplete="off"': ' id="__drawer"',  # nor that, of a box to tick:
    ' id="__search" autocomplete="off"': ' id="__search"',  # see early.js
    'data-md-component="palette"': "data-palette",  # for palette.js, not the theme's script
}
SHORT_CODE = re.compile(r"(?<!</span>)(?<!<pre>)<code>([^<\n]{2,28})</code>")  # fits a phone
PLAIN_CODE = re.compile(r'<code data-colored="(\w+)">.*?</code>(?=</pre>)', re.S)
UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)
TABLE_CELLS = 600  # a map with more numbers is offered as a file, not as a table
TABLE_COLUMNS = 20  # a map with more columns becomes several tables, each as wide as a sheet

book = Book(ROOT)
order: list[Page] = []  # the pages of the book, from the first to the last
copied: dict[str, str] = {}  # a page's file → its text for machines
changed: dict[str, str] = {}  # a page's file → the day of its last change
feed = b""  # the last changes, where there is an address and a history
drawn: formulas.Drawn = {}  # the formulas of all pages
undrawn: dict[str, str] = {}  # a page's file → its HTML with formulas as TeX, until it is indexed
colored: dict[str, str] = {}  # code with its colors, by digest, until the page is finished
serving = False
turn = contextlib.ExitStack()  # held by a build from its start to its end
warnings = CountHandler()
warnings.setLevel(logging.WARNING)


def on_startup(command: str, **_) -> None:
    """Remember whether this is `serve`: it writes to a folder of its own already."""
    global serving
    serving = command == "serve"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Build beside the last site, so that an unfinished build never replaces a good one."""
    if not serving:
        try:
            turn.enter_context(exclusive(ROOT / ".cache" / "site.lock", log.info))
        except OSError as error:
            raise PluginError(
                f".cache cannot be written: {error.strerror}; make room or allow writing,"
                " then run the same command again"
            ) from None
        config.extra["site_dir"] = config.site_dir
        config.site_dir = str(ROOT / ".cache" / "site")
    return config


def on_pre_build(config: MkDocsConfig) -> None:
    """Make what is missing and run what is stale. Name every problem; stop if strict."""
    global book, feed
    book = Book(ROOT)
    logging.getLogger("mkdocs").addHandler(warnings)
    warnings.counts.clear()
    try:
        ensure(say=log.info)
        failed = runner.run(book, stays=serving, say=log.info)
        live.make(ROOT, say=log.info)
        wrong_labs = labs.make(ROOT, say=log.info)
    except BookError as error:
        raise PluginError(str(error)) from None
    changed.update(copies.changed(ROOT))
    feed = copies.feed(ROOT, config.site_name, config.site_url) if config.site_url else b""
    problems = [*failed.values(), *wrong_labs, *pages.check(book, Path(config.docs_dir))]
    for problem in problems:
        log.warning(problem)
    if problems and config.strict:
        raise PluginError(
            f"{len(problems)} problem{'s'[: len(problems) > 1]} between pages and snippets,"
            " named above; the last site stays as it was"
        )


@event_priority(100)  # before mkdocs-jupyter looks for notebooks
def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add each snippet's source, figure and map numbers to the site, and the labs."""
    for name in book.names():
        path = book.snippets_dir / f"{name}.py"
        program = path.read_text("utf-8", "replace")  # with plain line ends, always
        files.append(File.generated(config, f"source/{name}.py", content=program))
        if figure := book.figure(name):
            drawing = cells.legible(figure.read_text("utf-8"))
            files.append(File.generated(config, f"figures/{name}.svg", content=drawing))
        if numbers := _numbers(name):
            uri = f"figures/{name}.csv"
            files.append(File.generated(config, uri, content=numbers))
    for uri, content in lab_pages.files(ROOT, config.site_url or ""):
        if isinstance(content, Path):
            # Not `generated`: mkdocs-jupyter wants to know the folder that a file lies in.
            where = str(content.parents[1]), config.site_dir, config.use_directory_urls
            files.append(File(uri, *where))
        elif files.get_file_from_path(uri) is None:  # two labs may show the same figure
            files.append(File.generated(config, uri, content=content))
    lab_pages.use_template(ROOT, files, config)
    if serving:
        remember.indexing(config)
    return files


def on_env(env: Environment, config: MkDocsConfig, files: Files) -> Environment:
    """Draw the formulas of all pages; keep what can be kept between two builds of a process."""
    read = [file.page for file in files.documentation_pages() if file.page and file.page.content]
    _draw_formulas(read, Path(config.docs_dir))
    if serving:
        remember.templates(env)
    return env


def on_page_markdown(markdown: str, page: Page, files: Files, **_) -> str:
    """Write in the values, mark the outputs, and say under printed text who printed it."""
    if lab_pages.is_lab(page):
        lab_pages.before(page)
    else:
        markdown = _filled(markdown, page)
    if serving:
        key = remember.digest(markdown, *sorted(f.src_uri for f in files))
        remember.rendering(page, key, warnings.get_counts)
    return markdown


def _filled(markdown: str, page: Page) -> str:
    """A chapter's text with questions, captions and values in place."""
    if not serving:
        copied[page.file.src_uri] = copies.markdown(book, markdown)
    markdown = questions.render(markdown)
    for name, end in sorted(pages.captioned(markdown), key=lambda pair: -pair[1]):
        line = f'\n\n<p class="computed-by" data-search-exclude>{_made_by(name, page)}</p>\n'
        markdown = markdown[:end] + line + markdown[end:]
    return pages.fill(book, markdown)


def on_page_content(content: str, page: Page, config: MkDocsConfig, **_) -> str:
    """Give each figure its place and caption, and make ready what else is in the page."""
    if lab_pages.is_lab(page):
        content = lab_pages.finish(ROOT, page, config, content)
    content = FIGURE.sub(lambda found: _figure(page, *found.groups()), content)
    return _made_ready(content)


@functools.lru_cache(maxsize=64)  # while serving, most pages are as they were
def _made_ready(content: str) -> str:
    # A footnote's number stays out of the search, or "attention" becomes "attention10" there.
    content = content.replace('<sup id="fnref', '<sup data-search-exclude id="fnref')
    content = BOX.sub(_with_size, content)
    return CODE.sub(_plain, content)


def _draw_formulas(read: list[Page], docs: Path) -> None:
    """Draw the formulas of all pages in one go. The search reads a line of text for each.

    A formula's letters without their places are nothing to read: 10⁹ would be 109.
    """
    global drawn
    found = [(page, one) for page in read for one in dict.fromkeys(formulas.find(page.content))]
    try:
        drawn = formulas.draw({one for _, one in found}, ROOT)
    except BookError as error:
        raise PluginError(str(error)) from None
    wrong = [_wrong_formula(page, one, docs) for page, one in found if "error" in drawn[one]]
    for sentence in wrong:
        log.error(sentence)
    if wrong:
        raise PluginError(
            f"{len(wrong)} formula{'s'[: len(wrong) > 1]} cannot be read, named above; the last"
            " site stays as it was"
        )
    for page in read:
        # By then the search knows what to leave out, and would have taken the words away.
        undrawn[page.file.src_uri] = page.content.replace(LEFT_OUT, "")
        page.content = formulas.place(page.content, drawn, "line")
        page.title = formulas.title(page.title, drawn)
        headings = list(page.toc)
        for heading in headings:
            heading.title = formulas.title(heading.title, drawn)
            headings += heading.children


def _wrong_formula(page: Page, formula: formulas.Formula, docs: Path) -> str:
    """Where, in the source of its page, a formula stands that cannot be read, and why."""
    place, tex = lab_pages.source(page), formula[0].strip()
    lines = pages.quoted(book, (docs / place).read_text("utf-8", "replace")).splitlines()
    wanted = (f"${tex}$", tex.partition("\n")[0])
    found = [n for part in wanted for n, line in enumerate(lines, 1) if part in line]
    where = f"docs/{place}, line {found[0] if found else '?'}"
    return f"{where}: cannot read “{tex}”: {drawn[formula]['error']}"


def _with_size(found: re.Match) -> str:
    """A box of code that says how high it will be, in lines, and how wide, in letters.

    So its place is kept free before it is laid out; see "code" in book.css and book.js.
    """
    named = 1.6 if found[2] else 0  # the name above the code, and the space around it
    lines = html.unescape(TAG.sub("", found[3])).rstrip("\n").split("\n")
    size = f"--lines:{len(lines) + named:g};--letters:{max(map(len, lines))}"
    return f'<div{found[1]} style="{size}">'


def on_post_page(output: str, **_) -> str:
    """Draw figures and their numbers into the finished page, and color the code.

    Not before: the search plugin parses what it finds in a page, and took longer over the
    lines of the figures and the colors of the code than over all the text.
    """
    output = SHORT_CODE.sub(r'<code class="whole">\1</code>', _ours(output))
    output = PLAIN_CODE.sub(lambda found: f"<code>{colored[found[1]]}</code>", output)
    output = output.replace("→ <a", "→&nbsp;<a")  # or an arrow ends a line, and points at nothing
    output = DRAWN.sub(lambda found: _drawn(*found.groups()), output)
    return tables.headed(NUMBERS.sub(lambda found: _tables(found[1]), output))


def on_post_template(output_content: str, **_) -> str:
    """The page for an address that is not there comes from a template of the theme."""
    return _ours(output_content)


def _ours(output: str) -> str:
    """A page of the theme, with the few words that this book wants otherwise."""
    for theirs, ours in OURS.items():
        output = output.replace(theirs, ours)
    return output


def on_post_build(config: MkDocsConfig) -> None:
    """Swap the finished site in, unless strict finds fault with it."""
    live.publish(Path(config.site_dir), ROOT)
    finding.more(Path(config.site_dir), Path(config.docs_dir))
    if not serving:
        _for_machines(config)
        for problem in promises.broken(Path(config.site_dir)):
            log.warning(problem)
    logging.getLogger("mkdocs").removeHandler(warnings)
    if serving:
        return
    try:
        styles.inline(Path(config.site_dir), ROOT / ".cache" / "styles")
    except BookError as error:
        raise PluginError(str(error)) from None
    built, wanted = Path(config.site_dir), Path(config.extra["site_dir"])
    config.site_dir = str(wanted)
    if config.strict and warnings.get_counts():
        turn.close()
        return  # mkdocs ends the build with the count; the last site stays
    old = built.with_name("site.old")
    shutil.rmtree(old, ignore_errors=True)
    if wanted.exists():
        os.replace(wanted, old)
    os.replace(built, wanted)
    shutil.rmtree(old, ignore_errors=True)
    turn.close()


def on_nav(nav: Navigation, **_) -> Navigation:
    """Remember the order of the pages."""
    order[:] = nav.pages
    return nav


@event_priority(-100)  # after the search has read the page
def on_page_context(context: dict, page: Page, **_) -> dict:
    """Tell the template when the page was last changed, and where its copy is, if made.

    The formulas are drawn by now, and stand where the search has read their lines.
    """
    if written := undrawn.get(page.file.src_uri):
        page.content = formulas.place(written, drawn)
    source = f"docs/{lab_pages.source(page)}"
    context["changed"] = changed.get(source, "")
    context["feed"] = bool(feed)
    copy = page.file.src_uri in copied
    context["copy"] = get_relative_url(page.file.src_uri, page.url) if copy else ""
    return context


def _for_machines(config: MkDocsConfig) -> None:
    """Write the copies, their list, and the feed of changes where there is an address."""
    listed = []
    for page in order:
        if lab_pages.is_lab(page):
            name = Path(page.file.src_uri).stem
            what = lab_source.description(name, ROOT)
            listed.append((page.title, f"labs/notebooks/{name}.ipynb", what, ""))
        else:
            what = page.meta.get("description", "")
            place = page.file.src_uri  # as in docs, so that its links lead where they should
            listed.append((page.title, place, what, copied[place]))
    copies.write(Path(config.site_dir), config.site_name, config.site_description, listed)
    if feed:
        put(Path(config.site_dir) / "changes.xml", feed)


def on_build_error(error: Exception, **_) -> None:
    """Let the next build have its turn; a disk that cannot be written is one sentence."""
    logging.getLogger("mkdocs").removeHandler(warnings)
    turn.close()
    if isinstance(error, OSError) and error.errno in UNWRITABLE:
        raise PluginError(
            f"{error.filename or 'the site'} cannot be written: {error.strerror}; make room or"
            " allow writing, then run the same command again; the last site stays as it was"
        ) from None


# ------------------------------------------------------------------------ parts of pages


def _made_by(name: str, page: Page, figure: bool = False, caption: str = "") -> str:
    """The line under an output: which model, where, how long, and the links.

    Of several models, those alone that the caption of a figure names, if it names any.
    """
    outcome = book.outcome(name)
    loaded = [book.lock[model] for model in outcome.models] if outcome else []
    titles = [html.escape(entry.get("short", entry["title"])) for entry in loaded]
    titles = [title for title in titles if title in caption] or titles
    parts = [", ".join(titles), "CPU"] if titles else ["CPU"]
    if (seconds := book.took(name)) is not None:
        parts.append(f'<span class="measured">{seconds:.1f} s</span>')

    def link(uri: str, text: str, what: str) -> str:
        url = get_relative_url(uri, page.url)
        return f'<a href="{url}" aria-label="{what} of {name}">{text}</a>'

    parts.append(link(f"source/{name}.py", "source", "Source"))
    if figure:
        parts.append(link(f"figures/{name}.svg", "SVG", "SVG file"))
        if _numbers(name):
            parts.append(link(f"figures/{name}.csv", "CSV", "Numbers as CSV"))
    return " · ".join(parts)


def _figure(page: Page, alt: str, name: str, caption: str | None) -> str:
    """The place of a figure, its caption and its numbers; `on_post_page` draws them."""
    if book.figure(name) is None:
        return f'<p class="computed-by">{html.escape(name)} has drawn no figure.</p>'
    caption = formulas.BARE.sub(r'<span class="arithmatex">\g<0></span>', caption or "")
    says = f"<p>{caption}</p>" if caption else ""
    made = f'<p class="made-by" data-search-exclude>{_made_by(name, page, True, caption)}</p>'
    wide, high = SIZE.search(book.figure(name).read_text("utf-8")).groups()
    return (
        f'<figure class="computed" id="{name.replace("/", "-")}"'
        f' style="--wide:{wide};--high:{high}">'
        f'<svg data-drawn="{name}" aria-label="{alt}"></svg>'
        f'<figcaption>{says}{made}<span data-numbers="{name}"></span></figcaption></figure>'
    )


def _plain(found: re.Match) -> str:
    """Code without its colors, which are kept for `on_post_page`."""
    if "<span" not in found[2]:
        return found[0]
    key = hashlib.sha256(found[2].encode()).hexdigest()[:16]
    colored[key] = _fewer(found[2])
    return f'{found[1]}<code data-colored="{key}">{TAG.sub("", found[2])}</code>'


def _fewer(code: str) -> str:
    """Colored code in half as many elements: a page of code is made of little else."""
    code = UNCOLORED.sub(r"\1", code)
    for run, kind in RUNS:
        code = run.sub(lambda found: f'<span class="{kind}">{TAG.sub("", found[0])}</span>', code)
    return code


def _drawn(name: str, label: str) -> str:
    """The figure as SVG inside the page, so that it follows light and dark."""
    svg = cells.legible(book.figure(name).read_text("utf-8"))
    return svg.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)


def _tables(name: str) -> str:
    """The numbers behind the maps of a figure, folded."""
    maps = book.outcome(name).maps
    cells = sum(len(m["rows"]) * len(m["columns"]) for m in maps)
    if not maps or cells > TABLE_CELLS:
        return ""
    made = []
    for one in maps:
        parts = math.ceil(len(one["columns"]) / TABLE_COLUMNS) or 1
        wide = math.ceil(len(one["columns"]) / parts)
        for start in range(0, len(one["columns"]), wide):
            made.append(_table(one, start, start + wide))
    return (
        '<details class="numbers"><summary>The numbers</summary>'
        f"{''.join(made)}</details>"
    )


def _table(one: dict, start: int, end: int) -> str:
    """Some columns of a map, and how much room they need: see "print" in book.css."""

    def named(name: str) -> str:
        return "␣" if name == " " else html.escape(name)

    cells = [["" if v is None else f"{v:.2f}" for v in row[start:end]] for row in one["values"]]
    columns = one["columns"][start:end]
    # On paper these names stand upright.
    head = "".join(f'<th scope="col"><span>{named(name)}</span></th>' for name in columns)
    rows = "".join(
        f'<tr><th scope="row">{named(name)}</th>{"".join(f"<td>{v}</td>" for v in row)}</tr>'
        for name, row in zip(one["rows"], cells)
    )
    title = html.escape(one["title"])
    if len(columns) < len(one["columns"]):
        part = f"columns {start + 1} to {start + len(columns)}"
        title = f"{title}: {part}" if title else part.capitalize()
    caption = f"<caption>{title}</caption>" if title else ""
    digits = max((len(v) for row in cells for v in row), default=0)
    letters = max(map(len, one["rows"]), default=0)
    size = f"--columns:{len(columns)};--digits:{digits};--letters:{letters}"
    return (
        '<div class="md-typeset__scrollwrap" tabindex="0" role="group"'
        f' aria-label="Table of numbers"><table class="numbers" style="{size}">{caption}'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _numbers(name: str) -> str:
    """The numbers behind the maps of a figure as CSV: map, row, column, value."""
    outcome = book.outcome(name)
    if not outcome or not outcome.maps:
        return ""
    return _csv(name, outcome.stamp)


@functools.lru_cache(maxsize=None)
def _csv(name: str, stamp: str) -> str:
    """The numbers of one outcome; the same stamp, the same numbers."""
    outcome = book.outcome(name)

    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    lines = ["map,row,column,value"]
    for one in outcome.maps:
        for row, values in zip(one["rows"], one["values"]):
            for column, number in zip(one["columns"], values):
                shown = "" if number is None else number
                lines.append(f"{cell(one['title'])},{cell(row)},{cell(column)},{shown}")
    return "\n".join(lines) + "\n"
