"""A copy of the book with one page and one snippet: small enough to break it often."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.measure.build import copy_of_the_book

SNIPPET = "the_paper/schedule"  # it draws, and needs none of the large libraries
PAGE = f"""---
description: A page for tests alone.
---

# A page

The rate peaks at {{{{ {SNIPPET}.highest:.5f }}}}, with $\\sqrt{{d}}$ in the formula.

```python
--8<-- "{SNIPPET}.py"
```

```text
--8<-- "{SNIPPET}.txt"
```

![A curve that rises fast and falls slowly.](figures/{SNIPPET}.svg "A caption.")
"""
LABS = re.compile(r"^  - mkdocs-jupyter:\n(?:      .*\n)+", re.M)
BUILD = [sys.executable, "-m", "mkdocs", "build", "--strict"]


class SmallSite:
    """site(*options) builds it; `html` is its page, `snippet` its program."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.book = folder, copy_of_the_book(folder, keep=[SNIPPET])
        self.page = folder / "docs" / "the_paper-schedule.md"
        self.page.write_text(PAGE, "utf-8")
        # It has no labs. What shows them takes as long to be imported as all else together.
        settings = folder / "mkdocs.yml"
        text, count = LABS.subn("", settings.read_text("utf-8"))
        assert count == 1
        settings.write_text(text, "utf-8")
        self.html = folder / "site" / "the_paper-schedule" / "index.html"
        self.snippet = folder / "snippets" / f"{SNIPPET}.py"

    def __call__(self, *options: str, python: tuple[str, ...] = (), **more):
        command = [sys.executable, *python, "-m", "mkdocs", "build", *options]
        env = os.environ | {"NO_MKDOCS_2_WARNING": "1"} | more.pop("env", {})
        return subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, env=env, **more
        )

    def start(self) -> subprocess.Popen:
        """A strict build, running."""
        return subprocess.Popen(
            BUILD, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def cold(self) -> None:
        """As if nothing had been built here."""
        shutil.rmtree(self.folder / "site", ignore_errors=True)
        self.forget()

    def forget(self) -> None:
        """As if nothing had been computed here; the last site stays."""
        for path in (self.folder / ".cache").iterdir():
            if path.is_dir() and not path.is_symlink() and path.name != "live":
                shutil.rmtree(path)

    def made(self) -> dict[str, bytes]:
        """Every file of the site and every output, without the times that they tell."""
        found = {}
        for part in ("site", ".cache/snippets"):
            for path in sorted((self.folder / part).rglob("*")):
                if path.suffix == ".time" or path.name.startswith("sitemap.xml"):
                    continue  # processor seconds, and the day of the build
                if path.is_file():
                    times = rb'<span class="measured">[^<]*</span>'
                    name = path.relative_to(self.folder).as_posix()
                    found[name] = re.sub(times, b"", path.read_bytes())
        return found
