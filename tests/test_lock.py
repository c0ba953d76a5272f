"""The lock file: every package by its digest, in the version that requirements.txt names."""

import re

from scripts import lock


def test_all_that_the_book_asks_for_is_locked():
    text = lock.REQUIREMENTS.read_text("utf-8")
    asked = re.findall(r"^([\w-]+==[\w.]+)", text, re.M)
    assert len(asked) == len([line for line in text.splitlines() if line[:1] not in ("", "#")])
    locked = {name.split(" ;")[0].lower() for name in lock.entries(lock.LOCK.read_text("utf-8"))}
    assert [one for one in asked if one.lower() not in locked] == [
        one for one in asked if one.startswith("torch==")
    ]


def test_every_entry_has_a_digest_and_names_no_place():
    text = lock.LOCK.read_text("utf-8")
    for name, part in lock.entries(text).items():
        assert re.match(r"[\w.-]+==[\w.]+( ; .*)?$", name)
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", part), name
        assert not lock.LEFT_OUT.match(name)
    assert "://" not in text and "--index" not in text and "--find" not in text


def test_the_check_installs_by_digest():
    run = (lock.ROOT / ".ci" / "run").read_text("utf-8")
    assert "--require-hashes --no-deps --requirement requirements.lock" in run
