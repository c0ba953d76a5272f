"""The bridge to mkdocs, and the only file that knows it: each event is handed on to a room."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from jinja2 import Environment
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.nav import Link, Navigation
from mkdocs.structure.pages import Page
from mkdocs.utils import CountHandler

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [] if str(ROOT) in sys.path else [str(ROOT)]

from scripts.base.turn import Turn, sentence
from scripts.compute.book import Book
from scripts.labs import page as lab_pages
from scripts.live import make as live
from scripts.pages import abroad, build, figures, remember
from scripts.serve import whole
from scripts.serve.desk import Desk

log = logging.getLogger("mkdocs.hooks")
serving = later = False  # while pages are served; what is missing is computed meanwhile
turn, warnings = Turn(), CountHandler(level=logging.WARNING)
desk = Desk(ROOT, log.info, log.warning)
on_serve, on_shutdown = desk.serve, desk.end
on_post_template = lambda text, **_: build.ours(text)  # of an address that is not there


def on_startup(command: str, **_) -> None:
    global serving, later
    serving = command == "serve"  # which writes to a folder of its own already
    later = serving and "--no-livereload" not in sys.argv  # then no page would ask
    logging.getLogger("mkdocs").addHandler(warnings)


def on_config(config: MkDocsConfig) -> None:
    config.markdown_extensions.append(figures.Figures(lambda *said: pages.figure(*said)))
    config.markdown_extensions.append(abroad.Leading(lambda address: abroad.lead(pages.docs, address)))
    if serving:
        config.site_dir = desk.beside(config.site_dir)
    else:
        config.site_dir = turn.take(config.site_dir, ROOT / ".cache" / "site", log.info)


def on_pre_build(config: MkDocsConfig) -> None:
    global pages  # of this build
    docs, book = Path(config.docs_dir), Book(ROOT)
    pages = build.Pages(book, docs, config.site_name, config.site_url, not serving)
    known = desk.opened(book) if later else whole.make(book, serving, log.info)
    if book.pending:  # a link may lead to what is still to come
        config.validation.links.anchors = logging.DEBUG
    pages.check(known, log.warning, config.strict)


@event_priority(100)  # before mkdocs-jupyter looks for notebooks
def on_files(files: Files, config: MkDocsConfig) -> None:
    for uri, one in (*pages.files(), *lab_pages.files(ROOT, config.site_url or "", desk.missing)):
        if isinstance(one, Path):  # mkdocs-jupyter wants to know the folder that it lies in
            files.append(File(uri, str(one.parents[1]), config.site_dir, config.use_directory_urls))
        elif uri not in files.src_uris:  # two labs may show the same figure
            files.append(File.generated(config, uri, content=one))
    for file in files.documentation_pages():
        if file.src_uri.partition("/")[0] in pages.tongues:  # in the list of its own language
            file.inclusion = InclusionLevel.NOT_IN_NAV
    lab_pages.use_template(ROOT, files, config)
    remember.indexing(config.plugins.values() if serving else (), ("content", "title", "meta"))


def on_page_markdown(markdown: str, page: Page, files: Files, **_) -> str:
    pages.speak(page.file.src_uri)
    if lab_pages.is_lab(page):
        lab_pages.before(page)
    else:
        markdown = pages.markdown(markdown, page.file.src_uri, page.url)
    if serving and remember.same(page.url, pages.sources(markdown, files.src_uris), warnings.counts):
        page.content, page.render = "", lambda *_: None
    return markdown


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    if serving:
        content = remember.read(page, content, files.src_uris, warnings.counts)
    if lab_pages.is_lab(page):
        content = lab_pages.finish(ROOT, page, config, content)
    return build.ready(content)


def on_nav(nav: Navigation, **_) -> None:
    pages.navs[""] = nav


def on_env(env: Environment, files: Files, **_) -> None:
    read = [file.page for file in files.documentation_pages() if file.page and file.page.content]
    pages.draw({lab_pages.source(page): page.content for page in read}, log.error)
    for page in read:
        page.content, page.title = pages.lined(page.content), pages.worded(page.title)
        build.titled(page.toc, pages.worded)
    for file, late in pages.stale.items():
        if late:
            log.info("docs/%s: the original has changed since in #%s", file, ", #".join(late))
    pages.navigate({page.url: page for page in read}, Link)
    env.bytecode_cache = remember.templates if serving else None


@event_priority(-100)  # after the search has read the page
def on_page_context(context: dict, page: Page, config: MkDocsConfig, **_) -> dict:
    pages.speak(page.file.src_uri)
    page.content = pages.drawn(lab_pages.source(page), page.content)
    listed = [one for nav in pages.navs.values() for one in nav.pages]
    pages.listed = [(p.title, p.file.src_uri, p.meta.get("description", "")) for p in listed]
    context |= pages.abroad(config, page.url)
    return context | pages.context(page.file.src_uri, lab_pages.source(page), page.url)


def on_post_page(output: str, page: Page, **_) -> str:
    output = pages.finished(output, page.url)
    return desk.page(output, page.file.src_uri, page.url) if later else output


def on_post_build(config: MkDocsConfig) -> None:
    live.publish(Path(config.site_dir), ROOT, link=serving)
    pages.publish(Path(config.site_dir), config.site_description, log.warning)
    config.site_dir = turn.end(config.site_dir, not (config.strict and warnings.get_counts()))
    desk.built() if later else None


def on_build_error(error: Exception, **_) -> None:
    turn.close()
    if said := sentence(error):
        log.error(said)
        raise Abort("Aborted with a BuildError!") from None
