"""The lock file: every package by its digest, in the version that requirements.txt names."""

import ast
import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

from scripts.publish import lock

OWN = {"scripts", "snippets"} | {path.stem for path in lock.ROOT.glob("tests/**/*.py")}
APART = {  # what is imported and not asked for, and why
    "IPython": "a lab's check asks for it, and whatever runs a notebook has it",
    "gi": "WebKit's window runs in the system's Python, which brings it",
    "onnx": "`peers` compares with what the book does not need, and names the command",
}


def imported(file: Path) -> set[str]:
    """The packages that a program imports, wherever in it; none of Python's own or of the book's."""
    found = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            found |= {one.name.split(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module.split(".")[0])
    return found - sys.stdlib_module_names - OWN


def test_all_that_is_imported_is_asked_for():
    """By its own name: what another package happens to bring may be gone with its next version."""
    asked = {name.lower() for name in re.findall(r"^([\w-]+)==", lock.REQUIREMENTS.read_text("utf-8"), re.M)}
    brings = importlib.metadata.packages_distributions()
    missing, found = {}, set()
    for room in ("scripts", "snippets", "tests", "docs/labs"):
        for file in sorted((lock.ROOT / room).rglob("*.py")):
            found |= (names := imported(file))
            for name in names - APART.keys():
                if not asked & {one.lower() for one in brings.get(name, [name])}:
                    missing.setdefault(name, file.relative_to(lock.ROOT).as_posix())
    assert not missing, f"requirements.txt does not name what these import: {missing}"
    assert len(found) > 20 and APART.keys() <= found


def test_prose_is_written_with_the_same_versions():
    prose = (lock.ROOT / "requirements-prose.txt").read_text("utf-8").splitlines()
    asked = lock.REQUIREMENTS.read_text("utf-8").splitlines()
    assert [line for line in prose if line[:1] != "#" and line not in asked] == []


def test_all_that_the_book_asks_for_is_locked():
    text = lock.REQUIREMENTS.read_text("utf-8")
    asked = re.findall(r"^([\w-]+==[\w.]+)", text, re.M)
    assert len(asked) == len([line for line in text.splitlines() if line[:1] not in ("", "#")])
    locked = {name.split(" ;")[0].lower() for name in lock.entries(lock.LOCK.read_text("utf-8"))}
    assert [one for one in asked if one.lower() not in locked] == [
        one for one in asked if one.startswith("torch==")
    ]


def test_every_entry_has_a_digest_and_names_no_place():
    text = lock.LOCK.read_text("utf-8")
    for name, part in lock.entries(text).items():
        assert re.match(r"[\w.-]+==[\w.]+( ; .*)?$", name)
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", part), name
        assert not lock.LEFT_OUT.match(name)
    assert "://" not in text and "--index" not in text and "--find" not in text


def test_the_check_installs_by_digest(tmp_path):
    """And the shares into which it deals the list hold each package once."""
    run = (lock.ROOT / ".ci" / "run").read_text("utf-8")
    assert '--require-hashes --no-deps --requirement "$share"' in run
    deal = re.search(r"^ *(awk .*requirements\.lock)$", run, re.M)[1]
    with_parts = os.environ | {"parts": str(tmp_path)}
    subprocess.run(["bash", "-c", deal], cwd=lock.ROOT, env=with_parts, check=True)
    dealt = [lock.entries(share.read_text("utf-8")) for share in sorted(tmp_path.iterdir())]
    whole = lock.entries(lock.LOCK.read_text("utf-8"))
    assert len(dealt) == 3 and sum(map(len, dealt)) == len(whole)
    assert {name: part for share in dealt for name, part in share.items()} == whole
