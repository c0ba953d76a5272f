"""The house: who may know whom, how large a room's files are, who knows the site generator."""

import ast
import re
from collections.abc import Iterator

import pytest

from scripts.base import ROOT
from scripts.measure import house

MAY_KNOW = {  # room → the rooms that it may import
    "base": "",
    "models": "base",
    "compute": "base models",
    "live": "base models",
    "pages": "base compute",
    "labs": "base models compute pages",
    "measure": "base compute pages labs",  # `newest` runs snippets and labs, `review` fills pages
    "publish": "base measure",
    "serve": "base models compute pages labs live",
    "__main__": "base",  # each verb is loaded when it is called
    "hooks": "base compute live pages labs serve",
}
KNOW_MKDOCS = {"scripts.hooks"}  # the bridge to it; all others know nothing of it
LINES = 400


def test_every_arrow_is_allowed(says):
    says("A room knows rooms below it and no others", page="contributing")
    known = house.rooms(ROOT)
    assert known.keys() == MAY_KNOW.keys()
    wrong = {room: known[room] - set(allowed.split()) for room, allowed in MAY_KNOW.items()}
    assert not any(wrong.values()), {room: names for room, names in wrong.items() if names}


def test_no_module_leads_back_to_itself():
    assert house.circle(house.imports(ROOT)) == []
    assert house.circle({room: set(known.split()) for room, known in MAY_KNOW.items()}) == []


def test_no_file_is_long(says):
    says("and on a file under `scripts/` with more than 400 lines.", page="contributing")
    assert LINES == 400
    lines = {
        path.relative_to(ROOT).as_posix(): len(path.read_bytes().splitlines())
        for path in (ROOT / "scripts").rglob("*.py")
    }
    assert not (long := {name: n for name, n in lines.items() if n > LINES}), long


def test_the_tests_stand_as_the_house_does(says):
    says(
        "The tests stand in folders of the same names, beside `chapters`, what each page claims, and `site`, what a reader gets.",
        page="contributing",
    )
    folders = {path.parent.name for path in (ROOT / "tests").glob("*/test_*.py")}
    assert folders - {"chapters", "site"} == MAY_KNOW.keys() - {"base", "__main__", "hooks"}
    assert {"chapters", "site"} < folders


def test_one_file_knows_mkdocs(says):
    says("only `scripts/hooks.py` knows the site generator", page="contributing")
    found = {
        module
        for module, names in house.imports(ROOT).items()
        if any(f"{name}.".startswith("mkdocs.") for name in names)
    }
    assert found == KNOW_MKDOCS


NOT_ON_WINDOWS = {"curses", "fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog",
                  "termios", "tty", "SIGHUP", "SIGKILL", "SIGUSR1", "fork", "geteuid", "getuid",
                  "sched_getaffinity"}  # fmt: skip


def at_once(node: ast.AST) -> Iterator[ast.AST]:
    """All that a program does when it is imported: everything but what its functions do when called."""
    for one in ast.iter_child_nodes(node):
        if isinstance(one, ast.FunctionDef | ast.Lambda):
            for part in [*getattr(one, "decorator_list", []), *one.args.defaults]:
                yield from at_once(ast.Expression(part))
        elif not (isinstance(one, ast.Call) and getattr(one.func, "id", "") == "hasattr"):
            yield from (one, *at_once(one))


def named(node: ast.AST) -> set[str]:
    """The modules or the attribute that a node names."""
    if isinstance(node, ast.Import):
        return {one.name for one in node.names}
    return {getattr(node, "module", None) or getattr(node, "attr", "")}


@pytest.mark.parametrize("room", ["scripts", "snippets", "tests", "docs/labs"])
def test_every_program_can_be_imported_on_every_system(room):
    """One that cannot fails the build there, and one in `tests` ends all tests before the first."""
    wrong = {
        f"{path.relative_to(ROOT)}, line {node.lineno}: {', '.join(found)}"
        for path in sorted((ROOT / room).rglob("*.py"))
        for node in at_once(ast.parse(path.read_bytes()))
        if (found := named(node) & NOT_ON_WINDOWS)
    }
    assert not wrong


def test_the_drawing_shows_the_rooms(printed):
    """And each arrow that the imports have: the page is not behind the house."""
    rows = [row.split(" | ") for row in printed("how_it_is_made/house").splitlines()[2:]]
    shown = {row[0].strip("| `"): set(row[2].strip("| ").replace("`", "").split(", ")) for row in rows}
    known = house.rooms(ROOT)
    del known["__main__"]
    assert shown == {room: names or {"no room"} for room, names in known.items()}


def test_the_page_names_rooms_and_files_that_are_there():
    page = (ROOT / "docs" / "contributing.md").read_text("utf-8")
    seen = re.search(r"!\[(.+?)\]\(figures/how_it_is_made/house.svg", page)[1].lower()
    assert [room for room in MAY_KNOW if room not in seen] == ["__main__"]
    table = re.search(r"^\| to change \|.*?(?=\n\n)", page, re.M | re.S)[0]
    examples = {"chapter": "decoding", "idea": "beam", "topic": "encoder", "room": "pages"}
    paths = re.findall(r"`((?:docs|snippets|scripts|tests)/[^`]*)`", table)
    paths = [re.sub(r"<(\w+)>", lambda found: examples[found[1]], path) for path in paths]
    assert len(paths) > 20 and [path for path in paths if not (ROOT / path).exists()] == []


# ----------------------------------------------------------------------- the reader itself


@pytest.fixture
def small(tmp_path):
    """small(file, text): writes a module below scripts, in a house of its own."""

    def write(name: str, text: str):
        path = tmp_path / "scripts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    write("__init__.py", "")
    write("base/__init__.py", "ROOT = 1")
    write("base/files.py", "import os.path")
    return tmp_path, write


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("from scripts.base import ROOT", "scripts.base"),
        ("from scripts.base import files as f", "scripts.base.files"),
        ("import scripts.base.files", "scripts.base.files"),
        ("from ..base.files import put", "scripts.base.files"),
        ("def late():\n    from scripts.base.files import put", "scripts.base.files"),
        ("if TYPE_CHECKING:\n    from scripts.base.files import put", "scripts.base.files"),
        ("from mkdocs.structure.files import File", "mkdocs.structure.files.File"),
        ("text = 'from scripts.base import ROOT'", None),
    ],
)
def test_imports_are_found_wherever_they_stand(small, text, known):
    root, write = small
    write("labs/page.py", text)
    assert house.imports(root)["scripts.labs.page"] == ({known} if known else set())
    rooms = house.rooms(root)
    assert rooms.keys() == {"base", "labs"} and rooms["base"] == set()
    assert rooms["labs"] == ({"base"} if known and known.startswith("scripts") else set())


def test_a_circle_is_named(small):
    root, write = small
    write("labs/page.py", "from scripts.labs import run")
    write("labs/run.py", "def late():\n    from scripts.labs.source import names")
    write("labs/source.py", "from scripts.base import files")
    assert house.circle(house.imports(root)) == []
    write("labs/source.py", "from scripts.base import files\nfrom scripts.labs import page")
    names = [f"scripts.labs.{name}" for name in ("page", "run", "source", "page")]
    assert house.circle(house.imports(root)) == names
