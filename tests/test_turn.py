"""A build's turn: what was built gets to its place, whatever that is."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from scripts.base.turn import Turn


def turned(wanted: Path, built: Path, page: str) -> None:
    turn = Turn()
    folder = Path(turn.take(str(wanted), built, lambda line: None))
    folder.mkdir()
    (folder / "index.html").write_text(page, "utf-8")
    assert turn.end(str(folder), True) == str(wanted)


def test_a_place_in_folders_that_are_not_there(tmp_path):
    wanted = tmp_path / "public" / "book" / "site"
    for page in ("first", "second"):
        turned(wanted, tmp_path / "built", page)
        assert (wanted / "index.html").read_text("utf-8") == page
    assert not [*tmp_path.glob("built*/*"), *tmp_path.rglob("*.old")]


def test_a_place_on_another_disk(tmp_path):
    if not Path("/dev/shm").is_dir() or os.stat("/dev/shm").st_dev == tmp_path.stat().st_dev:
        pytest.skip("this machine has no second disk")
    other = Path(tempfile.mkdtemp(dir="/dev/shm"))
    try:
        for page in ("first", "second"):
            turned(other / "site", tmp_path / "built", page)
            assert (other / "site" / "index.html").read_text("utf-8") == page
        assert [one.name for one in other.iterdir()] == ["site"]
    finally:
        shutil.rmtree(other)


def test_a_copy_that_breaks_off_leaves_the_last_site(tmp_path, monkeypatch):
    """As on a disk that fills up while the new site is copied to it."""
    if not Path("/dev/shm").is_dir() or os.stat("/dev/shm").st_dev == tmp_path.stat().st_dev:
        pytest.skip("this machine has no second disk")

    copy, other = shutil.copytree, Path(tempfile.mkdtemp(dir="/dev/shm"))

    def full(source, target, **more):
        if str(target).startswith(str(other)):
            raise OSError(28, "No space left on device")
        return copy(source, target, **more)

    try:
        turned(other / "site", tmp_path / "built", "first")
        monkeypatch.setattr(shutil, "copytree", full)
        with pytest.raises(OSError, match="No space"):
            turned(other / "site", tmp_path / "built", "second")
        assert (other / "site" / "index.html").read_text("utf-8") == "first"
    finally:
        shutil.rmtree(other)
