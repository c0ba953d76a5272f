"""The book as one file: what opens from a folder, and all pages as one."""

import posixpath
import zipfile
from urllib.parse import unquote, urlsplit

import pytest

from scripts import audit, take_along
from scripts.runner import ROOT

pytest_plugins = ["browser"]


@pytest.fixture
def site(tmp_path):
    """Two pages, each with a link to the other, and a file."""
    for page, body in (
        ("", '<a href="a/">x</a><a href="a/?b=1#c">y</a><link href="assets/s.css">'),
        ("a/", '<a href="..">x</a><a href="../#c">y</a><a href="#c">z</a><a href="https://a.b/">w</a>'),
    ):
        (tmp_path / page).mkdir(exist_ok=True)
        (tmp_path / page / "index.html").write_text(body)
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "s.css").write_text("")
    return tmp_path


def test_links_lead_to_files(site, tmp_path_factory):
    into = tmp_path_factory.mktemp("zip") / "book.zip"
    take_along.make_zip(site, into)
    with zipfile.ZipFile(into) as archive:
        first, second = (archive.read(f"{take_along.NAME}/{page}index.html").decode()
                         for page in ("", "a/"))  # fmt: skip
        assert f"{take_along.NAME}/assets/s.css" in archive.namelist()
    assert first == ('<a href="a/index.html">x</a><a href="a/index.html?b=1#c">y</a>'
                     '<link href="assets/s.css">')  # fmt: skip
    assert second == ('<a href="../index.html">x</a><a href="../index.html#c">y</a>'
                      '<a href="#c">z</a><a href="https://a.b/">w</a>')  # fmt: skip
    before = into.read_bytes()
    take_along.make_zip(site, into)
    assert into.read_bytes() == before, "the same bytes each time"


def test_every_page_opens_from_a_folder(built):
    site = ROOT / "site"
    for page in audit.addresses(site):
        text = (site / page / "index.html").read_text("utf-8")
        for link in audit.Reader(take_along.opened_from_a_folder(text, page, site)).links:
            parts = urlsplit(link)
            if not parts.scheme and not parts.netloc and parts.path:
                place = posixpath.normpath(posixpath.join(page, unquote(parts.path)))
                assert (site / place).is_file(), f"{page}: {link}"


def test_all_pages_as_one(built):
    pages = take_along.in_order(ROOT / "site")
    assert set(pages) == set(audit.addresses(ROOT / "site")), "each is reached"
    assert pages[:2] == ["", "why_transformers/"]
    whole = audit.Reader(take_along.one_page(ROOT / "site"))
    assert not [one for one in whole.links if one.startswith("#") and one[1:] not in whole.ids]
    assert len(set(whole.ids)) == len(whole.ids)
    assert sum(level == 1 for level in whole.headings) == len(pages)
