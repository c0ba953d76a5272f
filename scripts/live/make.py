"""What the model in the page needs: made once from the book's own models, then published.

    python -m scripts live       make what is missing or stale in .cache/live

    tokenizers.min.mjs     the tokenizers in JavaScript, from a lock file with digests
    *.wasm                 from the texts docs/assets/live/engine/*.wat; *.fused.wasm are the
                           same for browsers that multiply and add in one instruction
    tokenizers/*.json      each family's tokenizer, as the library saved it; of a family that
                           writes and reads no text, the pieces alone
    weights.json           what the weights are: format, config, parts with their digests
    weights/*.bin          the weights, in parts that every host serves
    sounds/*.wav           the book's clips, for the model that hears
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from scripts.base import ROOT, BookError, node, seals
from scripts.base.files import exclusive, put
from scripts.models.lock import digest as entry_digest
from scripts.models.lock import load_lock
from scripts.models.make import ensure, missing

PART = 24 * 2**20  # bytes; some hosts refuse files from 25 MiB on
TOKENIZERS = ("minilm", "smollm2", "en-pt", "pt-en")
WRITERS = ("whisper",)  # they are given no text
# What the page calls a model → where its configuration and where its weights lie.
WEIGHTS = {
    "minilm": ("minilm", "minilm-half/model.safetensors"),
    "smollm2": ("smollm2", "smollm2-gguf/model.gguf"),
    "en-pt": ("en-pt", "en-pt-marian/model.bin"),
    "pt-en": ("pt-en", "pt-en-marian/model.bin"),
    "whisper": ("whisper", "whisper-8bit/model.gguf"),
}
# Every model folder that is read here.
NEEDED = (*TOKENIZERS, *WRITERS, *(where.split("/")[0] for _, where in WEIGHTS.values()))
# python -c NODE SCRIPT …: with the Node that pip has brought


class LiveError(BookError):
    """One clear sentence: what is missing or wrong, which command helps."""


def make(root: Path = ROOT, say: Callable[[str], None] = print) -> Path:
    """Make each part that is absent or whose sources have changed; else do nothing.

    Args:
        root: The book's folder.
        say: Where progress goes.

    Returns:
        The folder that holds all of it.

    Raises:
        LiveError: In one sentence, what stopped it. What was finished before stays.
    """
    folder = root / ".cache" / "live"
    if not _kernels(root):
        return folder  # a book without a model in its pages
    with exclusive(root / ".cache" / "live.lock", say):
        for name, step in STEPS.items():
            seal, wanted = folder / f".{name}", _digest(root, name)
            if seals.holds(seal, wanted, folder):
                continue
            say(f"making the {name.replace('-', ' ')} for the model in the page")
            try:
                folder.mkdir(parents=True, exist_ok=True)
                seals.write(seal, wanted, folder, step(root, folder))
            except OSError as error:
                raise LiveError(
                    f".cache/live cannot be written: {error.strerror}; make room or allow"
                    " writing, then run the same command again"
                ) from None
    return folder


def lacks(root: Path = ROOT) -> bool:
    """Whether anything is still to be made, or made anew."""
    folder = root / ".cache" / "live"
    return bool(_kernels(root)) and not all(
        seals.holds(folder / f".{name}", _digest(root, name), folder) for name in STEPS
    )


def publish(site: Path, root: Path = ROOT, link: bool = False) -> None:
    """Copy what `make` made into the site.

    Copies, not links: who changes a file of the site must not change what the next build trusts.
    Only the site of a server, which nobody sees and which is made again and again, may `link`.
    """
    folder = root / ".cache" / "live"
    if not _kernels(root):
        return
    for name in STEPS:
        for inside in seals.listed(folder / f".{name}"):
            target = site / "assets" / "live" / inside
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            try:
                if not link:
                    raise OSError
                target.symlink_to((folder / inside).resolve())
            except OSError:  # Windows lets not everybody make one
                shutil.copyfile(folder / inside, target)


def _digest(root: Path, step: str) -> str:
    """A digest of all that a step reads, and of this file, which says how."""
    digest = hashlib.sha256(Path(__file__).read_bytes().replace(b"\r\n", b"\n"))
    if step == "kernel":
        for source in _kernels(root):
            digest.update(source.read_bytes())
    elif step == "sounds":
        for clip in _clips(root):
            digest.update(clip.read_bytes())
    elif step == "tokenizer-script":
        digest.update((root / "scripts/node/package-lock.json").read_bytes())
    else:
        lock = load_lock(root / "snippets" / "models.toml")
        for name in NEEDED:
            digest.update(entry_digest(lock[name]).encode())
    return digest.hexdigest()


def _kernels(root: Path) -> list[Path]:
    return sorted((root / "docs" / "assets" / "live" / "engine").glob("*.wat"))


def _clips(root: Path) -> list[Path]:
    return sorted((root / "snippets" / "audio").glob("*.wav"))


def _sounds(root: Path, folder: Path) -> list[Path]:
    """The clips of the book, as they are."""
    for clip in _clips(root):
        put(folder / "sounds" / clip.name, clip.read_bytes())
    return [folder / "sounds" / clip.name for clip in _clips(root)]


def _script(root: Path, folder: Path) -> list[Path]:
    """The page's one script of others: the tokenizers, with their license."""
    made = {"tokenizers.min.mjs": "dist/tokenizers.min.mjs", "tokenizers.license.txt": "LICENSE"}
    with node.packages(root, folder / ".node", "--omit=dev") as there:
        for name, source in made.items():
            put(folder / name, (there / "@huggingface" / "tokenizers" / source).read_bytes())
    return [folder / name for name in made]


def _kernel(root: Path, folder: Path) -> list[Path]:
    """Turn the kernel's texts into the bytes that a browser runs."""
    all_made = _compiled(_kernels(root), folder, root)
    for old in set(folder.glob("*.wasm")).difference(all_made):
        old.unlink()
    return all_made


def _compiled(sources: list[Path], folder: Path, root: Path) -> list[Path]:
    import wasmtime

    all_made = []
    for source in sources:
        try:
            text = source.read_text("utf-8")
            made = {"": wasmtime.wat2wasm(text), ".fused": wasmtime.wat2wasm(fused(text))}
        except wasmtime.WasmtimeError as error:
            where = source.relative_to(root).as_posix()
            raise LiveError(f"{where} cannot be compiled: {error}") from None
        for kind, binary in made.items():
            all_made.append(folder / f"{source.stem}{kind}.wasm")
            put(all_made[-1], bytes(binary))
    return all_made


def fused(text: str) -> str:
    """The same kernel with each a + b · c, also in a nest of them, as one instruction.

    It rounds once instead of twice. Not every browser knows it ("relaxed SIMD").
    """
    words = iter(re.findall(r'"[^"]*"|[()]|[^\s()"]+', re.sub(r";;.*", "", text)))

    def read() -> list:
        items = []
        for word in words:
            if word == ")":
                break
            items.append(read() if word == "(" else word)
        if items[:1] == ["f32x4.add"]:
            for product, other in ((items[2], items[1]), (items[1], items[2])):
                if product[0] == "f32x4.mul":
                    return ["f32x4.relaxed_madd", *product[1:], other]
        return items

    def write(item: str | list) -> str:
        return item if isinstance(item, str) else f"({' '.join(map(write, item))})"

    return write(read()[0])


def _models(root: Path, folder: Path) -> list[Path]:
    """Tokenizers written compactly, weights cut into parts, and the list of them all."""
    lack = missing(NEEDED, root)
    if lack:
        raise LiveError(
            f"models/{lack[0]} is missing: run `python -m scripts models`, then the same"
            " again"
        )
    used = {folder / "weights.json"}
    for name in (*TOKENIZERS, *WRITERS):
        for kind, short in (("tokenizer", name), ("tokenizer_config", f"{name}.config")):
            data = json.loads((root / "models" / name / f"{kind}.json").read_bytes())
            if name in WRITERS and kind == "tokenizer":
                data["model"]["merges"] = data["added_tokens"] = []
                data["post_processor"] = None
            used.add(folder / "tokenizers" / f"{short}.json")
            put(folder / "tokenizers" / f"{short}.json", _compact(data))
    listed = {}
    for name, (config, where) in WEIGHTS.items():
        path = root / "models" / where
        settings = root / "models" / config
        entry = {
            "format": path.suffix[1:],
            "bytes": path.stat().st_size,
            "config": json.loads((settings / "config.json").read_bytes()),
            "parts": [],
        }
        told = json.loads((settings / "tokenizer_config.json").read_bytes())
        if "chat_template" in told:
            entry["chat_template"] = told["chat_template"]
        if name in WRITERS:  # which tokens it begins with, and which it may not write
            entry["config"] |= json.loads((settings / "generation_config.json").read_bytes())
        for number, part in enumerate(_parts(path)):
            sha256 = hashlib.sha256(part).hexdigest()
            # The digest in the name: a browser never takes an old part for a new one.
            place = f"weights/{name}-{number}-{sha256[:8]}.bin"
            put(folder / place, part)
            used.add(folder / place)
            entry["parts"].append({"path": place, "bytes": len(part), "sha256": sha256})
        listed[name] = entry
    put(folder / "weights.json", _compact(listed))
    for path in set((folder / "weights").glob("*")) - used:
        path.unlink()
    return sorted(used)


STEPS = {
    "tokenizer-script": _script,
    "models": _models,
    "kernel": _kernel,
    "sounds": _sounds,
}


def _parts(path: Path) -> Iterator[bytes]:
    """The file in pieces of at most `PART` bytes."""
    with open(path, "rb") as file:
        while part := file.read(PART):
            yield part


def _compact(data: dict) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


@click.command()
@click.option("--compile", "texts", type=click.Path(path_type=Path), help="Of that folder the .wat files alone, beside them.")
def main(texts: Path | None) -> None:
    """Make what the model in the page needs, in .cache/live."""
    if texts:
        _compiled(sorted(texts.glob("*.wat")), texts, ROOT)
        return
    ensure(NEEDED)
    folder = make()
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"The model for the page is in .cache/live: {size / 1e6:.0f} MB.")
