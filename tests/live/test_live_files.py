"""The files of the model in the page: cut, digested, published, and named when wrong."""

import contextlib
import hashlib
import json
import os
import re
import shutil

import pytest

from scripts.base import ROOT, node
from scripts.base.seals import digest
from scripts.live import make as live
from scripts.measure import axe
from scripts.models.make import ensure


@pytest.fixture(scope="module")
def folder():
    ensure()
    return live.make(ROOT)


@pytest.fixture
def copy(tmp_path):
    """A book with nothing but what the page's model is made from."""
    for part in ("scripts/node", "docs/assets/live", "snippets/audio"):
        shutil.copytree(ROOT / part, tmp_path / part)
    shutil.copy(ROOT / "snippets" / "models.toml", tmp_path / "snippets")
    (tmp_path / "models").symlink_to(ROOT / "models")
    shutil.copytree(ROOT / ".cache" / "live", tmp_path / ".cache" / "live", copy_function=_link)
    return tmp_path


def _link(source, target):
    target = type(ROOT)(target)
    target.symlink_to(source) if target.suffix == ".bin" else shutil.copyfile(source, target)


@pytest.mark.parametrize("name", live.WEIGHTS)
def test_parts_are_the_file_and_fit_every_host(folder, name):
    entry = json.loads((folder / "weights.json").read_text())[name]
    whole = hashlib.sha256()
    for part in entry["parts"]:
        data = (folder / part["path"]).read_bytes()
        assert len(data) == part["bytes"] <= 24 * 2**20
        assert hashlib.sha256(data).hexdigest() == part["sha256"]
        whole.update(data)
    path = ROOT / "models" / live.WEIGHTS[name][1]
    assert whole.hexdigest() == digest(path)
    assert entry["bytes"] == path.stat().st_size


def test_half_precision_is_the_same_model_rounded(folder, says):
    """The page's MiniLM is the book's, rounded, without the pooler."""
    says("but for rounding: MiniLM's weights are in 16 bits here,", page="playground")
    import numpy as np
    from safetensors.numpy import load_file

    full = load_file(ROOT / "models/minilm/model.safetensors")
    half = load_file(ROOT / "models/minilm-half/model.safetensors")
    assert {k for k, v in full.items() if v.dtype == np.float32} - set(half) == {
        "pooler.dense.weight", "pooler.dense.bias"}  # fmt: skip
    for name, values in half.items():
        np.testing.assert_array_equal(values, full[name].astype(np.float16))


def test_widgets_are_used_by_widgets_alone(says):
    """And by what waits for a reader's button: it opens the frame, which opens the widget."""
    says(
        "`widgets/` has one file a widget and what only widgets use.",
        "`models/` has the four models with the names of `snippets/from_scratch/`",
        "The five `.wat` files are the exception: the build turns them into WebAssembly.",
        page="contributing",
    )
    assert len(live._kernels(ROOT)) == 5
    worker = (ROOT / "docs/assets/live/engine/worker.js").read_text("utf-8")
    assert set(re.findall(r"^import \{ (Encoder|Decoder|Translator) \}", worker, re.M)) == {"Encoder", "Decoder", "Translator"}
    assert "(await hearing()).Whisper" in worker
    scripts = {path: path.read_text("utf-8") for path in (ROOT / "docs/assets/live").rglob("*.js")}
    using = {path.name for path, text in scripts.items()
             if path.parent.name != "widgets" and "widgets/" in text}  # fmt: skip
    assert using == {"start.js"} and 'import("./widgets/frame.js")' in scripts[ROOT / "docs/assets/live/start.js"]
    pages = "".join(path.read_text("utf-8") for path in (ROOT / "docs").glob("*.md"))
    widgets = set(re.findall(r'<div class="live" data-live="(\w+)"', pages))
    assert len(widgets) >= 5 and widgets <= {path.stem for path in scripts if path.parent.name == "widgets"}


def test_a_second_time_does_nothing(folder):
    said = []
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    live.make(ROOT, said.append)
    assert said == []
    assert before == {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def damaged(good: bytes):
    """What may become of a file: a changed letter, a part, nothing, another file, none."""
    middle = len(good) // 2
    return good[:middle] + bytes([good[middle] ^ 1]) + good[middle + 1 :], good[:middle], b"", b"x", None


@pytest.mark.parametrize(
    "name",
    ["blocks.wasm", "bytes.fused.wasm", "tokenizers/minilm.json", "weights.json", "weights/*-0-*",
     "tokenizers.min.mjs", "tokenizers.license.txt", "sounds/train_at_seven.wav"],
)  # fmt: skip
def test_a_damaged_file_is_made_again(folder, copy, monkeypatch, name):
    """Also where its size and its time are those of the right one."""

    @contextlib.contextmanager
    def fetched(root, space, *options):
        made = space / "@huggingface" / "tokenizers"
        (made / "dist").mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / "tokenizers.min.mjs", made / "dist")
        shutil.copy(folder / "tokenizers.license.txt", made / "LICENSE")
        yield space
        shutil.rmtree(space)

    monkeypatch.setattr(node, "packages", fetched)
    path = next((copy / ".cache/live").glob(name))
    good = path.read_bytes()
    path.unlink()  # it may be a link
    path.write_bytes(good)
    live.make(copy, lambda line: None)
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    for bad in damaged(good):
        path.unlink()
        if bad is not None:
            path.write_bytes(bad)
            os.utime(path, ns=times)
        said = []
        live.make(copy, said.append)
        assert len(said) == 1 and path.read_bytes() == good
        live.make(copy, said.append)
        assert len(said) == 1


def test_who_changes_the_site_changes_nothing_that_the_next_build_trusts(folder, copy, tmp_path):
    """The site has copies, and of nothing but what was made."""
    (copy / ".cache/live/weights/stray.bin").write_bytes(b"no one made this")
    live.publish(tmp_path / "site", copy)
    there = tmp_path / "site" / "assets" / "live"
    assert not (there / "weights" / "stray.bin").exists()
    files = [path for path in there.rglob("*") if path.is_file()]
    assert len(files) > 10 and all(path.stat().st_nlink == 1 for path in files)
    assert not any(path.is_symlink() for path in files)
    (there / "weights.json").write_text("{}")
    said = []
    live.make(copy, said.append)
    assert said == [] and (copy / ".cache/live/weights.json").stat().st_size > 100


def test_a_damaged_checker_is_fetched_again(copy, monkeypatch):
    fetched = []

    @contextlib.contextmanager
    def packages(root, space, *options):
        fetched.append(space)
        (space / "axe-core").mkdir(parents=True)
        (space / "axe-core" / "axe.min.js").write_text("/* axe */")
        yield space
        shutil.rmtree(space)

    monkeypatch.setattr(node, "packages", packages)
    assert axe.source(copy) == axe.source(copy) == "/* axe */" and len(fetched) == 1
    next((copy / ".cache/checker").glob("*.js")).write_text("/* exa */")
    assert axe.source(copy) == "/* axe */" and len(fetched) == 2


def test_published_whole_and_without_working_files(folder, tmp_path):
    live.publish(tmp_path, ROOT)
    there = tmp_path / "assets" / "live"
    for name in ("blocks", "bytes", "exp", "products", "rows"):
        for kind in ("", ".fused"):
            assert (there / f"{name}{kind}.wasm").read_bytes()[:4] == b"\0asm"
    assert (there / "tokenizers.min.mjs").exists()
    assert {p.stem for p in (there / "tokenizers").iterdir()} >= set(live.TOKENIZERS)
    assert not [path for path in there.rglob(".*")]
    linked = [path for path in there.rglob("*") if path.is_symlink()]
    assert not linked, "who changes a file of the site changes nothing else"


@pytest.mark.skipif(os.name == "nt", reason="Windows lets not everybody make links")
def test_a_server_copies_nothing(folder, tmp_path):
    """Each build for new outputs would write all weights again."""
    for _ in range(2):
        live.publish(tmp_path, ROOT, link=True)
    files = [path for path in (tmp_path / "assets" / "live").rglob("*") if not path.is_dir()]
    assert len(files) > 20 and all(path.is_symlink() and path.is_file() for path in files)


def test_a_broken_kernel_is_named(folder, copy):
    kernel = copy / "docs/assets/live/engine/blocks.wat"
    kernel.write_text("(module (func (result i32) oops))")
    before = (copy / ".cache/live/blocks.wasm").read_bytes()
    with pytest.raises(live.LiveError, match=r"docs/assets/live/engine/blocks.wat cannot be"):
        live.make(copy, lambda line: None)
    assert (copy / ".cache/live/blocks.wasm").read_bytes() == before


def test_a_wrong_digest_of_the_tokenizers_is_named(folder, copy):
    lock = copy / "scripts/node/package-lock.json"
    text = lock.read_text()
    found = text.index("sha512-") + 7
    lock.write_text(text[:found] + "AAAA" + text[found + 4 :])
    with pytest.raises(node.NodeError, match="not those of scripts/node/package-lock"):
        live.make(copy, lambda line: None)


def test_a_folder_that_cannot_be_written_is_named(folder, copy):
    shutil.rmtree(copy / ".cache/live")
    (copy / ".cache/live").write_text("a file in the way")
    with pytest.raises(live.LiveError, match=r".cache/live cannot be written: File exists"):
        live.make(copy, lambda line: None)


def test_a_missing_model_is_named(folder, copy):
    (copy / "models").unlink()
    (copy / "models").mkdir()
    (copy / ".cache/live/.models").unlink()
    with pytest.raises(live.LiveError, match=r"python -m scripts models"):
        live.make(copy, lambda line: None)
