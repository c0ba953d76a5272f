"""How fast the book builds, as ratios measured in one run.

    python -m scripts benchmark            everything (half an hour: all snippets run twice)
    python -m scripts benchmark --quick    cold runs of every tenth snippet only, without
                                           the trained models; builds of the whole book
    python -m scripts benchmark --record   … and keep the table for the page that quotes it

Works on a copy of the book in a temporary folder; the models are linked, not copied.
CPU seconds of whole process trees are compared, because they suffer least from whatever
else the machine is doing.
"""

from __future__ import annotations

import contextlib
import ctypes
import datetime
import json
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from statistics import median

import click

from scripts.base import ROOT
from scripts.compute.book import Book

ENVIRONMENT = os.environ | {
    "OMP_NUM_THREADS": "1",
    "HF_HUB_OFFLINE": "1",
    "NO_MKDOCS_2_WARNING": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}

HEAD = "---\ndescription: A page to measure builds with.\n---\n\n"

# All snippets one after the other in one warm process, as bare as can be.
BARE = """
import os, runpy, sys, time
sys.path.insert(0, os.getcwd())
from scripts.compute import warm
warm.warm(warm.Path("models/minilm"))
started, cpu = time.perf_counter(), time.process_time()
for name in sys.argv[1:]:
    warm.torch.set_grad_enabled(True)  # what one snippet has set, the next must not feel
    warm.plt.style.use(["default", "snippets/house.mplstyle"])
    sys.stdout = open(os.devnull, "w")
    runpy.run_path(f"snippets/{name}.py", run_name="__main__")
    for number in warm.plt.get_fignums():
        warm.plt.figure(number).savefig(os.devnull, format="svg")
    warm.plt.close("all")
print(time.process_time() - cpu, time.perf_counter() - started, file=sys.__stdout__)
"""

# One snippet in a warm process of its own: its memory and its time.
ALONE = """
import os, resource, runpy, sys, time
sys.path.insert(0, os.getcwd())
from scripts.compute import warm
warm.warm(warm.Path("models/minilm"))
warm.plt.style.use(["default", "snippets/house.mplstyle"])
started = time.perf_counter()
sys.stdout = open(os.devnull, "w")
runpy.run_path(f"snippets/{sys.argv[1]}.py", run_name="__main__")
for number in warm.plt.get_fignums():
    warm.plt.figure(number).savefig(os.devnull, format="svg")
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(time.perf_counter() - started, peak, file=sys.__stdout__)
"""

# What a contributor would do without the runner: import, and run the one snippet.
COLD = """
import os, runpy, sys
sys.path.insert(0, os.getcwd())
import torch, transformers, matplotlib.pyplot as plt
plt.style.use("snippets/house.mplstyle")
runpy.run_path(f"snippets/{sys.argv[1]}.py", run_name="__main__")
for number in plt.get_fignums():
    plt.figure(number).savefig(os.devnull, format="svg")
"""


def adopt_orphans() -> None:
    """Make grandchildren ours when their parent ends, so that their CPU time counts.

    The parent that the runs fork from outlives the runner by a moment. Linux only; see
    prctl(2), PR_SET_CHILD_SUBREAPER.
    """
    if ctypes.CDLL(None).prctl(36, 1, 0, 0, 0):
        sys.exit("this machine cannot count the CPU time of grandchildren")


def measured(command: list[str], folder: Path) -> tuple[float, float, str]:
    """Run a command to its end, and to the end of every process that it has started.

    Returns:
        CPU seconds of it and all its children, wall seconds, and what it printed.
    """
    import resource  # which Windows has not; tests there import this module for its copy of the book

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env=ENVIRONMENT, text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    wall = time.perf_counter() - started
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, wall, done.stdout


def in_turn(*takes: Callable[[], float], rounds: int = 3) -> tuple[list[float], list[float]]:
    """Several things measured one after the other, and again: a machine changes its speed.

    Returns:
        The median of each, and the median of its ratio to the first of the same round.
    """
    found = [[take() for take in takes] for _ in range(rounds)]
    ratios = [[one / first for one in [first, *rest]] for first, *rest in found]
    return [median(column) for column in zip(*found)], [median(column) for column in zip(*ratios)]


def copy_of_the_book(into: Path, keep: list[str] | None) -> Book:
    """The book without its outputs; with `keep`, only these snippets and no chapters."""
    for name in ("docs", "scripts", "snippets"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, into / name, ignore=ignore)
    for name in ("mkdocs.yml", "requirements.txt", "requirements.lock"):
        shutil.copy(ROOT / name, into)
    (into / "models").symlink_to(ROOT / "models")
    (into / ".cache").mkdir()
    for name in ("live", "formulas", "styles"):  # the page's own model, libraries: made once
        if (ROOT / ".cache" / name).exists():
            (into / ".cache" / name).symlink_to(ROOT / ".cache" / name)
    if keep is not None:
        shutil.rmtree(into / "docs")
        shutil.copytree(ROOT / "docs" / "overrides", into / "docs" / "overrides")
        shutil.copytree(ROOT / "docs" / "assets", into / "docs" / "assets")
        for name in Book(into).names():
            if name not in keep:
                (into / "snippets" / f"{name}.py").unlink()
        for name in keep:
            page = into / "docs" / f"{name.replace('/', '-')}.md"
            page.write_text(f'{HEAD}# Page\n\nProse.\n\n```python\n--8<-- "{name}.py"\n```\n')
        (into / "docs" / "index.md").write_text(f"{HEAD}# Start\n")
        lines = (into / "mkdocs.yml").read_text("utf-8")
        lines = re.sub(r"^nav:\n(?:[ \-].*\n|\n)*", "", lines, flags=re.M)
        (into / "mkdocs.yml").write_text(lines, "utf-8")
    return Book(into)


def without_hooks(folder: Path) -> Path:
    """The same site with its outputs ready-made and nothing of ours running."""
    plain = folder.with_name("plain")
    shutil.copytree(folder / "docs", plain / "docs")
    shutil.copytree(folder / ".cache" / "snippets", plain / ".cache" / "snippets")
    shutil.copytree(folder / "snippets", plain / "snippets")
    for figure in (folder / ".cache" / "snippets").rglob("*.svg"):
        target = plain / "docs" / "figures" / figure.relative_to(
            folder / ".cache" / "snippets")  # fmt: skip
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(figure, target)
    text = (folder / "mkdocs.yml").read_text("utf-8")
    text = text.replace("hooks: [scripts/hooks.py]\n", "").rstrip()
    text += "\n  - pymdownx.snippets: {base_path: [snippets, .cache/snippets]}\n"
    (plain / "mkdocs.yml").write_text(text, "utf-8")
    return plain


def served(folder: Path, name: str) -> float:
    """Seconds from saving a snippet to the served page that shows the change."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = "127.0.0.1:{}".format(free.getsockname()[1])
    command = [sys.executable, "-m", "mkdocs", "serve", "-a", address]
    server = subprocess.Popen(
        command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    snippet = folder / "snippets" / f"{name}.py"
    page = f"http://{address}/source/{name}.py"

    def wait_for(text: str) -> float:
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if text in urllib.request.urlopen(page).read().decode():
                    return time.perf_counter()
            time.sleep(0.05)
        sys.exit(f"mkdocs serve did not show the change of {name} within 5 minutes")

    try:
        wait_for('"""')
        times = []
        for number in range(4):  # the first starts the parent of the runs
            mark = f"# edit {number}"
            source = snippet.read_text("utf-8")
            started = time.perf_counter()
            snippet.write_text(f"{source}\n{mark}\n", "utf-8")
            times.append(wait_for(mark) - started)
            snippet.write_text(source, "utf-8")
            time.sleep(4)
        return sorted(times[1:])[1]
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()


@click.command()
@click.option("--quick", is_flag=True, help="Every tenth snippet only.")
@click.option("--record", "recorded", is_flag=True, help="Keep it for the page that quotes it.")
def main(quick: bool, recorded: bool) -> None:
    """Measure the build against its bare parts, and print one Markdown table."""
    all_names = Book(ROOT).names()
    seconds = Book(ROOT).seconds()
    keep = None
    if quick:
        whole = Book(ROOT)
        apart = {n for n in all_names if whole.trains(n) or n.startswith("how_it")}
        apart |= {n for n in all_names if whole.waits_for(whole.snippet(n))}
        apart |= {n for n in all_names if any(
            f.suffix == ".py" and f.parent != whole.snippets_dir
            for f in whole.snippet(n).files)}  # fmt: skip
        keep = [n for n in all_names if n not in apart][::10]
    rows: list[tuple[str, str, str, str]] = []
    adopt_orphans()
    python, mkdocs = sys.executable, [sys.executable, "-m", "mkdocs", "build", "-q"]
    with tempfile.TemporaryDirectory() as space:
        folder = Path(space) / "book"
        folder.mkdir()
        book = copy_of_the_book(folder, keep)
        trainers = {e["snippet"] for e in book.lock.values() if "snippet" in e}
        names = [n for n in book.names() if n not in trainers]
        heavy = max(names, key=lambda n: seconds.get(n, 0))
        loading = [n for n in names if book.snippet(n).models and book.figure(n) is None]
        light = min(loading or names, key=lambda n: seconds.get(n, 99))
        for trainer in trainers & set(book.names()):  # trained once, counted nowhere
            run_alone = [python, "-m", "scripts", "run", trainer]
            measured(run_alone, folder)

        _, _, said = measured([python, "-c", BARE, *names], folder)
        bare = float(said.split()[-2])
        print(f"bare: {len(names)} snippets, {bare:.1f} CPU s", flush=True)

        watch = [python, "-m", "scripts", "run"]
        cold, cold_wall, said = measured(watch, folder)
        warm_up = measured([python, "-c", "from scripts.compute import warm; warm.warm("
                            "warm.Path('models/minilm'))"], folder)[0]  # fmt: skip
        rows.append((
            f"{'every tenth snippet' if quick else 'all snippets'}, cold"
            f" ({len(names)}, without the parent's start)",
            f"{cold - warm_up:.1f} CPU s, {cold_wall:.0f} s", f"{bare:.1f} CPU s",
            f"{(cold - warm_up) / bare:.2f}, at most 1.6",
        ))  # fmt: skip

        whole = folder
        if quick:  # the outputs are those that lie here
            whole = Path(space) / "whole"
            whole.mkdir()
            copy_of_the_book(whole, None)
            for kind in ("snippets", "labs"):
                shutil.copytree(ROOT / ".cache" / kind, whole / ".cache" / kind)
        measured(mkdocs, whole)
        plain = without_hooks(whole)
        pages = sorted((whole / "docs").glob("*.md"))

        def prose() -> float:
            with open(pages[-1], "a", encoding="utf-8") as page:
                page.write("\nOne more sentence.\n")
            cpu, _, said = measured([*mkdocs[:-1]], whole)
            assert "snippet" not in said, said
            return cpu

        (base, again, edited), ratios = in_turn(
            lambda: measured(mkdocs, plain)[0], lambda: measured(mkdocs, whole)[0], prose
        )
        rows.append((
            "build, nothing changed", f"{again:.2f} CPU s", f"{base:.2f} CPU s",
            f"{ratios[1]:.2f}, at most 1.3",
        ))  # fmt: skip
        rows.append((
            "build, prose edited (0 snippets run)", f"{edited:.2f} CPU s",
            f"{base:.2f} CPU s", f"{ratios[2]:.2f}, at most 1.3",
        ))  # fmt: skip

        alone, _ = measured([python, "-c", ALONE, light], folder)[2].split()[-2:]

        def command() -> float:
            path = folder / "snippets" / f"{light}.py"
            path.write_text(path.read_text("utf-8") + "\n# edited\n", "utf-8")
            return measured(watch, folder)[0]

        (bare_one, one), ratios = in_turn(
            lambda: measured([python, "-c", COLD, light], folder)[0], command
        )
        rows.append((
            f"one snippet edited, cold command ({light})", f"{one:.2f} CPU s",
            f"{bare_one:.2f} CPU s (import and run it bare)",
            f"{ratios[1]:.2f}, at most 1.5",
        ))  # fmt: skip
        seen = served(whole, light)
        rows.append((
            "one snippet edited under serve, until served", f"{seen:.2f} s",
            f"{float(alone):.2f} s (its own run)",
            f"{seen - float(alone):.2f} s more, at most 2.5 s",
        ))  # fmt: skip

        peak = float(measured([python, "-c", ALONE, heavy], folder)[2].split()[-1])
        peak_run = measured([python, "-c", PEAK, heavy], folder)[2].split()[-1]
        rows.append((
            f"memory of one run ({heavy})", f"{float(peak_run) / 2**20:.0f} MiB",
            f"{peak / 2**20:.0f} MiB (alone)",
            f"{float(peak_run) / peak:.2f}, at most 1.5",
        ))  # fmt: skip
    table = ["| what | ours | compared with | ratio |", "|---|---|---|---|"]
    table += ["| " + " | ".join(row) + " |" for row in rows]
    print(f"\n{len(names)} snippets, {os.cpu_count()} cores\n")
    print("\n".join(table))
    if recorded:
        record = {
            "date": datetime.date.today().isoformat(),
            "snippets": len(all_names),
            "cores": os.cpu_count(),
            "system": f"{platform.system()} {platform.machine()}, Python "
            + platform.python_version(),
            "table": table,
        }
        text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
        (ROOT / "snippets" / "how_it_is_made" / "benchmark.json").write_text(text, "utf-8")


# The peak memory that the runner's own child reports for one snippet.
PEAK = """
import sys
sys.path.insert(0, ".")
from scripts.compute import runner
jobs = []
finish = runner.Job.finish
runner.Job.finish = lambda job, late: (jobs.append(job), finish(job, late))[1]
if __name__ == "__main__":
    runner.run(runner.Book(), [sys.argv[1]], force=True)
    print(jobs[-1].memory)
"""
