"""The book as an e-book: what a reader of e-books opens, finds and can follow."""

import re
import subprocess
import sys
import zipfile
from pathlib import PurePosixPath
from xml.etree import ElementTree

import pytest

from scripts.base import ROOT
from scripts.publish.pdf import in_order

pytest_plugins = ["browser"]

HTML = "{http://www.w3.org/1999/xhtml}"
OPF = "{http://www.idpf.org/2007/opf}"


# A process of its own: a browser that the tests have open lets no second one be driven in theirs.
MAKE = "import sys, pathlib; from scripts.publish import epub; epub.make_epub(*map(pathlib.Path, sys.argv[1:]))"


def make(site, into) -> str:
    """Make the e-book; what went wrong, or nothing."""
    command = [sys.executable, "-c", MAKE, str(site), str(into)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8").stderr


@pytest.fixture(scope="module")
def packed(built, tmp_path_factory):
    """The names and bytes of the e-book's files, in their order."""
    into = tmp_path_factory.mktemp("epub") / "book.epub"
    assert not make(ROOT / "site", into)
    assert not list(into.parent.glob(".*")), "nothing half-written stays"
    with zipfile.ZipFile(into) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def chapters(packed):
    """The tree of each chapter, read as XML."""
    names = [name for name in packed if name.endswith(".xhtml")]
    return {PurePosixPath(name).name: ElementTree.fromstring(packed[name]) for name in names}


def test_every_file_is_told_and_every_page_is_there(packed, chapters):
    assert packed["mimetype"] == b"application/epub+zip"
    package = ElementTree.fromstring(packed["book/package.opf"])
    items = {item.get("id"): item for item in package.iter(f"{OPF}item")}
    told = {f"book/{item.get('href')}" for item in items.values()}
    assert told | {"mimetype", "META-INF/container.xml", "book/package.opf"} == set(packed)
    order = [items[one.get("idref")].get("href") for one in package.iter(f"{OPF}itemref")]
    assert order[:2] == ["cover.xhtml", "contents.xhtml"]
    assert len(order) == 2 + len(in_order(ROOT / "site")) == len(chapters)
    for item in items.values():
        tree = chapters.get(item.get("href"))
        if tree is not None:
            holds = (item.get("properties") or "").split()
            names = {one.tag for one in tree.iter()}
            assert ("mathml" in holds) == ("{http://www.w3.org/1998/Math/MathML}math" in names)
            assert ("svg" in holds) == ("{http://www.w3.org/2000/svg}svg" in names)


def test_links_lead_to_what_is_there_and_no_id_stands_twice(packed, chapters):
    ids = {}
    for name, tree in chapters.items():
        found = [one.get("id") for one in tree.iter() if one.get("id")]
        assert len(found) == len(set(found)), name
        ids[name] = set(found)
    links = 0
    for name, tree in chapters.items():
        for link in tree.iter(f"{HTML}a"):
            place, _, mark = link.get("href").partition("#")
            if re.match(r"\w+:", place):
                continue
            links += 1
            assert (place or name) in ids, (name, link.get("href"))
            assert not mark or mark in ids[place or name], (name, link.get("href"))
        for picture in tree.iter(f"{HTML}img"):
            assert picture.get("alt") and f"book/{picture.get('src')}" in packed
    assert links > 2000


def test_answers_wait_at_the_end(chapters):
    body = chapters["self_attention.xhtml"].find(f"{HTML}body")
    before, after = ElementTree.tostring(body, "unicode").split('id="answers"')
    assert "Why are the scores divided" in before and "Why are the scores divided" not in after
    assert "Not right." not in before and after.count("Not right.") > 5
    asked = re.findall(r'href="#answer-(\d+)"', before)
    assert asked == re.findall(r'id="answer-(\d+)"', after) and len(asked) > 10
    assert not any(one.tag in (f"{HTML}details", f"{HTML}script") for one in body.iter())


def test_a_figure_has_words_and_its_colors(packed, chapters):
    drawn = 0
    for name, tree in chapters.items():
        for one in tree.iter("{http://www.w3.org/2000/svg}svg"):
            drawn += 1
            assert one.get("aria-label") or one.get("aria-labelledby"), name
    assert drawn > 100
    assert not re.search(rb"var\(--fig-[\w-]+,", b"".join(packed.values())), "few e-readers know variables"


PAGE = (
    '<h1>{}</h1><article><h2 id="x">X</h2><a href="{}">y</a></article>'
    '<a href="{}" class="md-footer__link md-footer__link--{}">n</a>'
)


def two_pages(site, link: str):
    """A site of two pages; the second has that link."""
    (site / "a").mkdir()
    (site / "index.html").write_text(PAGE.format("Book", "a/#x", "a/", "next"), "utf-8")
    (site / "a" / "index.html").write_text(PAGE.format("A", link, "..", "prev"), "utf-8")
    return site


def test_the_same_site_gives_the_same_bytes(tmp_path):
    site = two_pages(tmp_path, "../#x")
    assert not make(site, site / "one.epub") + make(site, site / "two.epub")
    assert (site / "one.epub").read_bytes() == (site / "two.epub").read_bytes()


def test_a_link_to_nowhere_is_named(tmp_path):
    site = two_pages(tmp_path, "../#gone")
    assert "links of the e-book lead nowhere: a.xhtml → first.xhtml#gone" in make(site, site / "book.epub")
    assert not (site / "book.epub").exists()
