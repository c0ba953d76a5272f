"""The scripts of a published site: short, the same programs, and beside them as they were written."""

import gzip
import re

import pytest

from scripts.base import ROOT, BookError, node
from scripts.pages import shipped

pytest_plugins = ["browser"]
TOKENIZERS = "assets/live/tokenizers.min.mjs"
SCRIPT = """// Why.

/** What it gives. @param {number} x */
export function twice(x) {
  // and how
  const text = `a  //b
  c`;
  return x * 2 + text.length; /* no more */
}

export const half = (x) => x / 2;
"""


@pytest.fixture
def docs(tmp_path):
    """Two scripts of a book, one of them in a folder of its own."""
    for name in ("assets/book.js", "assets/live/engine/engine.js"):
        (tmp_path / "docs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "docs" / name).write_text(SCRIPT, "utf-8")
    return tmp_path / "docs"


def test_comments_and_spaces_go_and_names_and_texts_stay(docs, cache, tmp_path):
    shipped.shorten(tmp_path, docs, cache)
    first, _, text = (tmp_path / "assets/live/engine/engine.js").read_text("utf-8").partition("\n")
    assert first == "// MIT. Readable: ../../../source/live/engine/engine.js"
    assert "export function twice(x){const text=`a  //b\\n  c`\nreturn x*2+text.length}" in text
    assert not re.search(r"Why|and how|no more|@param", text)
    assert (tmp_path / "assets/book.js").read_text("utf-8").partition("\n")[2] == text
    assert dict(shipped.sources(docs))["source/live/engine/engine.js"] == SCRIPT


def test_the_same_bytes_each_time_and_node_runs_once(docs, cache, tmp_path, monkeypatch):
    first = shipped.short(docs, cache)
    asked, run = [], node.run
    monkeypatch.setattr(node, "run", lambda *given, **more: asked.append(1) or run(*given, **more))
    assert shipped.short(docs, cache) == first and not asked
    for kept in (cache / "scripts").iterdir():
        kept.unlink()
    assert shipped.short(docs, cache) == first and len(asked) == 1
    (docs / "assets/book.js").write_text("export const one = 1;", "utf-8")
    assert shipped.short(docs, cache)["assets/book.js"] == "export const one=1" and len(asked) == 2


def test_a_script_that_cannot_be_read_is_named_with_its_line(docs, cache, tmp_path, says):
    says("A script that cannot be read ends the build, with its file and line.", page="contributing")
    (docs / "assets/book.js").write_text(SCRIPT + "const = 1;\n", "utf-8")
    for _ in range(2):  # also when it is known already
        with pytest.raises(BookError, match=r"^docs/assets/book\.js, line 12: Name expected; the last site"):
            shipped.shorten(tmp_path, docs, cache)


def test_each_script_of_the_site_leads_to_its_source(built, says):
    says(
        "A published site has each script twice: without comments and spaces, for the pages, and as it was written, "
        "in `source/`; the first line of the short one leads there.",
        page="contributing",
    )
    says("Terser takes comments and spaces out of the scripts that pages load; the whole ones are beside them.",
         page="how_it_is_made")  # fmt: skip
    site, docs = ROOT / "site", ROOT / "docs"
    paths = sorted((docs / "assets").rglob("*.js"))
    assert len(paths) > 70
    for path in paths:
        there = site / path.relative_to(docs)
        first, _, text = there.read_text("utf-8").partition("\n")
        source = there.parent / re.fullmatch(r"// MIT\. Readable: (\S+)", first)[1]
        assert source.read_bytes() == path.read_bytes()
        assert "/**" not in text and len(text) < len(path.read_text("utf-8"))


def test_what_a_reader_loads_stays_small(built):
    """The scripts of the book; and those of the models, with the tokenizers, which are others'."""
    sizes = {name: len(gzip.compress((ROOT / "site" / name).read_bytes()))
             for name in [name for name, _ in shipped.scripts(ROOT / "docs")] + [TOKENIZERS]}  # fmt: skip
    live = {name: size for name, size in sizes.items() if "/live/" in name}
    assert len(sizes) > len(live) > 60
    assert sum(sizes.values()) - sizes[TOKENIZERS] < 110_000
    assert sum(live.values()) < 110_000
