"""Consoles that have not every letter: what is printed there is read, and ends nothing."""

import ast
import os
import shutil
import subprocess
import sys

import pytest

from scripts.__main__ import VERBS
from scripts.base import ROOT

ENCODINGS = ("cp1252", "latin-1", "cp437", "ascii")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A book of one snippet that goes well and one that does not."""
    folder = tmp_path_factory.mktemp("book")
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=ignore)
    (folder / "snippets" / "a").mkdir(parents=True)
    shutil.copy(ROOT / "snippets" / "plots.py", folder / "snippets")
    (folder / "snippets" / "models.toml").write_text("")
    (folder / "snippets" / "a" / "good.py").write_text("print('→ ✓ 向日葵')\n", "utf-8")
    (folder / "snippets" / "a" / "bad.py").write_text("raise ValueError('✗ 向日葵 …')\n", "utf-8")
    return folder


def said(folder, encoding: str, *command: str) -> tuple[int, str]:
    """The exit code of a script on such a console, and all that it printed."""
    settings = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=os.environ | settings,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return done.returncode, done.stdout.decode(encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_runner_tells_what_went_well_and_what_did_not(small, encoding):
    code, text = said(small, encoding, "-m", "scripts", "run", "--force")
    assert code == 1, text
    assert "+ " in text and "a/good" in text and "x a/bad: snippets/a/bad.py, line 1" in text
    assert "1 of 2 snippets are fresh" in text
    assert (small / ".cache/snippets/a/good.txt").read_text("utf-8") == "→ ✓ 向日葵\n"


def test_the_door_sees_to_it_first():
    """Every verb goes through it, so each prints anywhere."""
    (main,) = (
        one for one in ast.parse((ROOT / "scripts" / "__main__.py").read_text("utf-8")).body
        if isinstance(one, ast.FunctionDef) and one.name == "main"
    )  # fmt: skip
    assert ast.unparse(main.body[1]) == "console.any_letter()"


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_is_printed_anywhere(small, verb):
    code, text = said(small, "ascii", "-m", "scripts", verb, "--help")
    assert code == 0 and f"Usage: python -m scripts {verb}" in text, text
