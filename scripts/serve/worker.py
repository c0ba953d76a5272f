"""The one process that computes while `mkdocs serve` runs: it ends when its server does.

    python -m scripts.serve.worker FOLDER      started by `desk`, with a pipe as its input

If another server's worker is at work in the same folder, it waits until that one has ended.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import psutil

from scripts.base import BookError, console, versions
from scripts.base.files import put, take
from scripts.compute import job, runner
from scripts.pages import formulas
from scripts.serve.line import AGAIN, LOOKS, Reading


def main(root: Path) -> None:
    """Work until the input is closed."""
    console.any_letter()
    woken = threading.Event()
    threading.Thread(target=_hear_the_server, args=(woken,), daemon=True).start()
    folder = root / ".cache" / "serve"
    while (lock := take(folder / "worker.lock")) is None:
        time.sleep(LOOKS)
    with lock:
        threading.Thread(target=_fetch_what_draws, args=(root,), daemon=True).start()
        if versions.computes():
            _work(Reading(root, folder, _say, woken))
        put(folder / "state.json", b"{}")  # for prose alone
        threading.Event().wait()


def _work(line: Reading) -> None:
    """Work off what is in the line, whenever something is."""
    threading.Thread(target=line.fetch_on, daemon=True).start()
    context, told = None, ""
    while True:
        try:
            if not line.look():
                line.woken.wait(LOOKS)
            else:
                context = context or runner.context(line.root, warm=True)
                runner.work_off(line, context, runner.parallel())
            told = ""
        except (BookError, OSError) as error:  # until a file is saved
            if str(error) != told:
                _say(f"✗ {error}")
            told = str(error)
            time.sleep(1)


def _fetch_what_draws(root: Path) -> None:
    """Bring the program that draws formulas, if it is not there: pages wait for it, no snippet."""
    told = ""
    while formulas.lacks(root):
        try:
            formulas.fetch(root)
        except (BookError, OSError) as error:
            if str(error) != told:
                _say(f"✗ {error}")
            told = str(error)
            time.sleep(AGAIN)
    _say("")


def _say(line: str) -> None:
    print(line, flush=True)


def _hear_the_server(woken: threading.Event) -> None:
    """Each line means: look now. When our input is closed, end all that we started."""
    while os.read(0, 1):
        woken.set()
    job.KEEPING.acquire()  # what ends now has not failed
    mine = psutil.Process().children(recursive=True)
    for process in mine:
        try:
            process.kill()
        except psutil.Error:
            pass
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
