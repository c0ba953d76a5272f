"""Locks between builds: one holds it, the others know; who dies lets go."""

import errno
import subprocess
import sys
import threading

import pytest

from scripts.base import ROOT
from scripts.base.files import exclusive, take

HOLD = """
import sys, time
from pathlib import Path
if sys.argv[2:]:
    import fcntl
    def flock(*_): raise OSError(38, "Function not implemented")
    fcntl.flock = flock
from scripts.base.files import take
lock = take(Path(sys.argv[1]))
print(lock is not None, flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """holder(…) → the lock file, and another process that holds it."""
    started = []

    def start(*more: str):
        command = [sys.executable, "-W", "ignore", "-c", HOLD, str(tmp_path / "a" / "lock"), *more]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout.readline() == "True\n"
        return tmp_path / "a" / "lock", process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_one_holds_it_until_it_dies(holder):
    path, process = holder()
    assert take(path) is None
    process.kill()
    process.wait()
    lock = take(path)
    assert lock is not None
    lock.release()


def test_who_waits_is_told_once(holder):
    path, process = holder()
    said = []

    def say(line: str):
        said.append(line)
        process.kill()

    with exclusive(path, say):
        assert take(path) is None
    assert len(said) == 1 and "another build is at work" in said[0]
    with exclusive(path, said.append):
        pass
    assert len(said) == 1


def test_another_thread_can_let_go(tmp_path):
    lock = take(tmp_path / "lock")
    thread = threading.Thread(target=lock.release)
    thread.start()
    thread.join()
    again = take(tmp_path / "lock")
    assert again is not None
    again.release()


def test_a_failure_lets_go(tmp_path):
    with pytest.raises(ValueError), exclusive(tmp_path / "lock"):
        raise ValueError
    again = take(tmp_path / "lock")
    assert again is not None
    again.release()


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "a").write_text("a file")
    with pytest.raises(OSError):
        take(tmp_path / "a" / "lock")


@pytest.mark.filterwarnings("ignore:flock not supported")
def test_a_disk_without_locks_has_them_too(holder, monkeypatch):
    """There a build once waited for itself, for ever."""
    fcntl = pytest.importorskip("fcntl")
    path, process = holder("without")

    def flock(*_):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", flock)
    assert take(path) is None
    process.kill()
    process.wait()
    lock = take(path, wait=True)
    assert lock is not None
    lock.release()
