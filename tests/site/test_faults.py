"""What goes wrong on real machines, each thing provoked for real on a small book."""

import cProfile
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
from small_site import BUILD, SNIPPET, SmallSite

from scripts.base import ROOT
from scripts.base.files import put
from scripts.compute import runner
from scripts.compute.book import Outcome, asdict, seal


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A small book, built once without any fault: `site.good` is what came out."""
    made = SmallSite(tmp_path_factory.mktemp("une année"))
    done = made("--strict")
    assert done.returncode == 0, done.stderr
    made.good = made.made()
    return made


def right(site, **more) -> str:
    """A strict build goes well and gives what the faultless one gave; returns what it said."""
    done = site("--strict", **more)
    assert done.returncode == 0, done.stderr
    assert differing(site.made(), site.good) == []
    return done.stderr


def differing(one: dict[str, bytes], two: dict[str, bytes]) -> list[str]:
    return [name for name in sorted(one.keys() | two.keys()) if one.get(name) != two.get(name)]


def pages(made: dict[str, bytes]) -> dict[str, bytes]:
    """What a reader would get."""
    return {name: data for name, data in made.items() if name.startswith("site/")}


# ------------------------------------------------------------------------- ended halfway


# A build that kills itself when it comes, so many times, to what Python's audit tells of: an event
# with these words. In the run of a program that is as soon as there is something of it.
KILLED = """
import os, pathlib, runpy, signal, sys, threading, time

event, words, times, build = sys.argv[1], sys.argv[2], int(sys.argv[3]), os.getpid()
sys.argv[1:] = ["build", "--strict"]

def when(path):
    while not path.exists():
        time.sleep(0.001)
    os.kill(build, signal.SIGKILL)

def heard(name, given):
    global times
    if name != event or os.getpid() != build or words not in " to ".join(map(str, given)):
        return
    times -= 1
    if times:
        return
    if event == "os.mkdir":
        threading.Thread(target=when, args=[pathlib.Path(given[0], "text")], daemon=True).start()
    elif event == "os.rename" and os.path.isfile(given[0]):
        os.truncate(given[0], os.path.getsize(given[0]) // 2)
        os.kill(build, signal.SIGKILL)
    else:
        os.kill(build, signal.SIGKILL)

sys.addaudithook(heard)
runpy.run_module("mkdocs", run_name="__main__", alter_sys=True)
"""
# In the order in which a build comes to them: so each build starts with what the one before left,
# and has to get further.
STAGES = {
    "its program runs": ("os.mkdir", f".cache/run/{SNIPPET} ", 1),
    "a figure is half written": ("os.rename", f"{SNIPPET}.svg ", 1),
    "the stamp is half written": ("os.rename", f"{SNIPPET}.json ", 1),
    "the first page was written": ("open", "/index.html to w", 2),
    "the last site is away": ("os.rename", "/.cache/site to ", 1),
    "the last site is to be removed": ("shutil.rmtree", "/.cache/site.old", 2),
}


def test_killed_at_each_stage(site):
    site.forget()
    for stage, (event, words, times) in STAGES.items():
        command = [sys.executable, "-c", KILLED, event, words, str(times)]
        with open(site.folder / "said.log", "w+") as log:  # no pipe: the next does not wait for its runs
            ended = subprocess.run(command, cwd=site.folder, stdout=log, stderr=log).returncode
            log.seek(0)
            assert ended == -signal.SIGKILL, f"{stage}: it ended by itself\n{log.read()}"
        if stage == "the last site is away":
            assert not site.html.parent.parent.exists(), "not a part of it"
        else:
            assert pages(site.made()) == pages(site.good), stage
    right(site)


def test_two_builds_at_once(site):
    site.cold()
    both = [site.start(), site.start()]
    said = [build.communicate()[0] for build in both]
    assert [build.returncode for build in both] == [0, 0], said
    assert sum("another build is at work" in text for text in said) == 1
    assert sum("1 snippet to run" in text for text in said) == 1
    assert differing(site.made(), site.good) == []


# --------------------------------------------------------------------------- the machine


def mounted(site, mount: str) -> subprocess.CompletedProcess:
    """A strict build where the shell line `mount` was run before, for nobody else to see."""
    alone = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    if shutil.which("unshare") is None or subprocess.run([*alone, "true"]).returncode:
        pytest.skip("this machine lets nobody mount anything")
    return subprocess.run(
        [*alone, f'set -e; {mount}; exec "$@"', "sh", *BUILD],
        cwd=site.folder, capture_output=True, text=True,
    )  # fmt: skip


@pytest.mark.parametrize("folder", [".cache/snippets", ".cache/run", ".cache/site", "models"])
def test_a_full_disk_is_one_sentence(site, folder):
    """A disk of 4 kB, filled, where the build writes; the last site stays as it was."""
    old = site.snippet.read_text("utf-8")
    site.snippet.write_text(old + "\n", "utf-8")  # something to run
    try:
        done = mounted(site, f"""mkdir -p {folder}; mount -t tmpfs -o size=4k none {folder}
            head -c 4096 /dev/zero > {folder}/full || true""")
    finally:
        site.snippet.write_text(old, "utf-8")
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert "room" in last and "run" in last, done.stderr
    assert differing(pages(site.made()), pages(site.good)) == []


def test_after_a_full_disk_all_is_well_again(site):
    right(site)


def test_models_that_cannot_be_written(site):
    """Enough where every model is there; one sentence where one is missing."""
    site.cold()
    done = mounted(site, f"mount --bind {ROOT}/models {ROOT}/models;"
                         f"mount -o remount,bind,ro {ROOT}/models")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert differing(site.made(), site.good) == []
    done = mounted(site, f"mount -t tmpfs none {ROOT}/models;"
                         f"mount -o remount,ro {ROOT}/models")  # fmt: skip
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert re.search(r"ERROR .*models.* cannot be used \(Read-only file system\)", done.stderr)
    assert differing(pages(site.made()), pages(site.good)) == []


def test_a_clock_that_was_set_back(site):
    """All files are from the future: nothing is run for it, and an edit still is."""
    when = time.mktime((2100, 1, 1, 0, 0, 0, 0, 0, 0))
    for part in ("docs", "snippets", "scripts", ".cache/snippets", "site"):
        for path in (site.folder / part).rglob("*"):
            os.utime(path, (when, when))
    assert "to run" not in right(site)
    old = site.snippet.read_text("utf-8")
    site.snippet.write_text(old.replace("print(", "print('edited',", 1), "utf-8")
    os.utime(site.snippet, (when, when))
    done = site("--strict")
    site.snippet.write_text(old, "utf-8")
    assert "1 snippet to run" in done.stderr and "edited" in site.html.read_text("utf-8")
    assert "to run" not in right(site), "the outcome of the old text was kept"
    assert "edited" not in site.html.read_text("utf-8")


def test_a_locale_that_knows_ascii_only(site):
    """Cold, with the settings of a bare container: C, and no UTF-8 mode."""
    site.cold()
    locale = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    right(site, env=locale)


def test_no_git(site):
    right(site, env={"PATH": ""})


def test_windows_line_endings(site):
    """In the snippet and in the page, as git makes them there: the same site, no run."""
    both = [site.snippet, site.page]
    old = [path.read_bytes() for path in both]
    for path, data in zip(both, old, strict=True):
        path.write_bytes(data.replace(b"\n", b"\r\n"))
    try:
        assert "to run" not in right(site)
    finally:
        for path, data in zip(both, old, strict=True):
            path.write_bytes(data)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores cannot be chosen")
def test_one_core_gives_the_same_bytes(site):
    """The faultless build had all of them."""
    site.cold()
    one = {min(os.sched_getaffinity(0))}
    right(site, preexec_fn=lambda: os.sched_setaffinity(0, one))


# ---------------------------------------------------------------------------- many of it


def test_work_grows_with_the_number_of_snippets_and_no_faster(tmp_path):
    """Calls of functions, counted: a thousand snippets take ten times those of a hundred."""

    def calls(count: int) -> int:
        root = tmp_path / str(count)
        book = runner.Book(root)
        for number in range(count):
            path = book.snippets_dir / f"chapter_{number % 20}" / f"idea_{number}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"import torch\nnumber = {number}\nprint(number)\n", "utf-8")
            name = path.relative_to(book.snippets_dir).with_suffix("").as_posix()
            left = Outcome(book.stamp(book.snippet(name)), {"number": number})
            outputs = {"txt": f"{number}\n".encode()}
            left.seal = seal(left, outputs)
            outputs["json"] = json.dumps(asdict(left)).encode()
            for kind, data in outputs.items():
                put(book.output(name, kind), data)
        profile = cProfile.Profile()
        fresh = runner.Book(root)
        profile.runcall(runner.run, fresh, say=lambda line: pytest.fail(line))
        assert len(fresh.names()) == count
        return sum(entry.callcount for entry in profile.getstats())

    assert calls(1000) < 10.5 * calls(100)
