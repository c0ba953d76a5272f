"""What of a shared module decides a stamp: what the program uses of it, and no more."""

import pytest

from scripts.compute.book import Book

TOOL = '''"""Tools."""
import math

WIDTH = 3


def helper(x):
    """Half."""
    return x / 2  # exactly


def draw(x):
    return helper(x) * WIDTH


def other(x):
    return math.sqrt(x)


class Unused:
    size = 1


@print
def registered():
    pass
'''


@pytest.fixture
def stamp(tmp_path):
    """stamp(program, tool) → the stamp of a snippet that stands beside this module."""
    (tmp_path / "snippets" / "a").mkdir(parents=True)

    def write(program: str, tool: str) -> str:
        (tmp_path / "snippets" / "a" / "x.py").write_text(program)
        (tmp_path / "snippets" / "tool.py").write_text(tool)
        book = Book(tmp_path)
        return book.stamp(book.snippet("a/x"))

    return write


IMPORT = "from snippets.tool import draw\nprint(draw(1))"
MODULE = "from snippets import tool\nprint(tool.draw(1))"


@pytest.mark.parametrize("program", [IMPORT, MODULE])
@pytest.mark.parametrize(
    "change",
    [
        ("  # exactly", "  # nearly"),
        ('"""Half."""', '"""One half."""'),
        ('"""Tools."""', '"""My tools."""'),
        ("math.sqrt(x)", "math.cbrt(x)"),
        ("size = 1", "size = 2"),
        ("\n\n\n", "\n\n"),
    ],
)
def test_what_a_program_does_not_use_is_no_change(stamp, program, change, says):
    says(
        "Of a module that it only imports, comments and functions that it does not name do not count.",
        page="how_it_is_made",
    )
    assert change[0] in TOOL
    assert stamp(program, TOOL) == stamp(program, TOOL.replace(*change))


@pytest.mark.parametrize("program", [IMPORT, MODULE])
@pytest.mark.parametrize(
    "change",
    [
        ("x / 2", "x / 3"),
        ("WIDTH = 3", "WIDTH = 4"),
        ("helper(x) * WIDTH", "WIDTH * helper(x)"),
        ("@print\n", "@repr\n"),
        ("import math", "import cmath as math"),
    ],
)
def test_what_it_uses_is_one_however_far_away(stamp, program, change):
    assert change[0] in TOOL
    assert stamp(program, TOOL) != stamp(program, TOOL.replace(*change))


@pytest.mark.parametrize(
    "program",
    [
        "from snippets.tool import *\nother(4)",
        "from snippets import tool\nprint(vars(tool)['oth' + 'er'](4))",
        "from snippets import tool\nprint(open('snippets/tool.py').read())",
        "import inspect\nfrom snippets import tool\nprint(inspect.getsource(tool))",
        "from snippets import tool\nprint(tool.__doc__)",
        "from snippets import tool\nprint(getattr(tool, 'other')(4))",
        "import snippets.tool as t\nprint(t.other(4))",
    ],
)
def test_a_program_that_may_see_more_hangs_on_more(stamp, program):
    assert stamp(program, TOOL) != stamp(program, TOOL.replace("sqrt", "cbrt"))


def test_a_function_may_be_handed_from_module_to_module(stamp, tmp_path):
    (tmp_path / "snippets" / "inner.py").write_text("def one():\n    return 1\n")
    tool = "from snippets.inner import one\n\ndef draw(x):\n    return one() + x\n"
    before = stamp(IMPORT, tool)
    (tmp_path / "snippets" / "inner.py").write_text("def one():\n    return 2\n")
    assert stamp(IMPORT, tool) != before


def test_a_module_that_cannot_be_read_counts_whole(stamp):
    assert stamp(IMPORT, "def draw(:") != stamp(IMPORT, "def draw(;")


def test_a_comment_in_the_style_is_no_change(stamp, tmp_path):
    style = tmp_path / "snippets" / "house.mplstyle"
    style.write_text("# Small.\nfont.size: 9  # points\naxes.edgecolor: 5f6b79\n")
    before = stamp(IMPORT, TOOL)
    style.write_text("font.size: 9\n\n# Gray.\naxes.edgecolor: 5f6b79\n")
    assert stamp(IMPORT, TOOL) == before
    style.write_text("font.size: 8\naxes.edgecolor: 5f6b79\n")
    assert stamp(IMPORT, TOOL) != before
