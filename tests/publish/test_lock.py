"""The lock file: every package by its digest, in the version that requirements.txt names."""

import os
import re
import subprocess

from scripts.publish import lock


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


def test_the_check_installs_by_digest(tmp_path):
    """And the shares into which it deals the list hold each package once."""
    run = (lock.ROOT / ".ci" / "run").read_text("utf-8")
    assert '--require-hashes --no-deps --requirement "$share"' in run
    deal = re.search(r"^ *(awk .*requirements\.lock)$", run, re.M)[1]
    with_parts = os.environ | {"parts": str(tmp_path)}
    subprocess.run(["bash", "-c", deal], cwd=lock.ROOT, env=with_parts, check=True)
    dealt = [lock.entries(share.read_text("utf-8")) for share in sorted(tmp_path.iterdir())]
    whole = lock.entries(lock.LOCK.read_text("utf-8"))
    assert len(dealt) == 3 and sum(map(len, dealt)) == len(whole)
    assert {name: part for share in dealt for name, part in share.items()} == whole
