"""WebKit, near to Safari's engine: WebKitGTK in a window of our own, driven by WebDriver.

The window (`window.py`) is there because the small browser that comes with the driver keeps no
data while it is driven and says nothing of its console.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from scripts.measure.browsers import (
    ELEMENT,
    PATIENCE,
    Browser,
    BrowserError,
    actions,
    children,
    click_actions,
)

WINDOW = Path(__file__).with_name("window.py")
PYTHON = "/usr/bin/python3"  # the one that Debian's python3-gi belongs to
HAS = "import gi; gi.require_version('WebKit2', '4.1'); from gi.repository import WebKit2"
# address:line:column: CONSOLE JS ERROR what it says
SAID = re.compile(r"(.*?):? ?CONSOLE (?:[A-Z]+ )*?(ERROR|WARN)(?:ING)? (.*)")
DOT = """
const dot = document.createElement("i");
dot.id = "dot-of-the-picture";
dot.style.cssText = `position: fixed; inset: 0 auto auto 0; width: 4px; height: 4px; z-index: 99999;
  background: ${arguments[0]}`;
document.documentElement.append(dot);
"""
PACKAGES = "webkit2gtk-driver, gir1.2-webkit2-4.1, python3-gi and xvfb"


def missing() -> str:
    """Why it cannot be started here; "" if it can."""
    found = all(map(shutil.which, ("WebKitWebDriver", "Xvfb", "stdbuf", PYTHON)))
    if found and not subprocess.run([PYTHON, "-c", HAS], capture_output=True).returncode:
        return ""
    return f"WebKit is not on this machine: install {PACKAGES}, then run this again"


def start() -> Browser:
    """A new browser with nothing in it."""
    return WebKit()


class WebKit(Browser):
    name = "webkit"

    def __init__(self):
        self.home = Path(tempfile.mkdtemp(prefix="webkit-"))
        self.told = self.shots = 0
        self.started: list[subprocess.Popen] = []
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        screen = subprocess.Popen(
            ["Xvfb", "-displayfd", "1", "-screen", "0", "1600x1400x24", "-nolisten", "tcp"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        self.started.append(screen)
        display = screen.stdout.readline().strip()
        os.mkfifo(self.home / "commands")
        environment = os.environ | {
            "DISPLAY": f":{display}", "HOME": str(self.home), "NO_AT_BRIDGE": "1",
            "GDK_BACKEND": "x11", "WEBKIT_DISABLE_DMABUF_RENDERER": "1",
        }  # fmt: skip
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.started.append(subprocess.Popen(
            ["WebKitWebDriver", f"--port={port}"], env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ))  # fmt: skip
        self.base = f"http://127.0.0.1:{port}"
        for _ in range(200):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            time.sleep(0.05)
        # Its lines are written at once, or an error would be heard a page later.
        window = {"binary": shutil.which("stdbuf"),
                  "args": ["-oL", PYTHON, str(WINDOW), str(self.home)]}  # fmt: skip
        made = self("POST", "/session", {"capabilities": {"alwaysMatch": {
            "webkitgtk:browserOptions": window}}})  # fmt: skip
        self.version = made["capabilities"]["browserVersion"]
        self.base += f"/session/{made['sessionId']}"
        self("POST", "/timeouts", {"script": 1000 * PATIENCE})

    def __call__(self, method: str, path: str, body: dict | None = None, seconds: float = 2 * PATIENCE):
        """One command of WebDriver; its value."""
        data = json.dumps(body or {}).encode() if method == "POST" else None
        kind = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.base + path, data, kind, method=method)
        try:
            with urllib.request.urlopen(request, timeout=seconds) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            told = json.load(error)["value"]
            raise BrowserError(f"webkit: {told['error']}: {told['message']}") from None
        except OSError as error:
            raise BrowserError(f"webkit: no answer to {path}: {error}") from None

    def _tell(self, *words: str) -> None:
        """A line to the window: what WebDriver has no command for."""
        with open(self.home / "commands", "w") as commands:
            commands.write(" ".join(words) + "\n")

    def open(self, url: str) -> None:
        self("POST", "/url", {"url": url})

    def js(self, code: str, *args: Any) -> Any:
        return self("POST", "/execute/sync", {"script": code, "args": list(args)})

    def press(self, *keys: str) -> None:
        self("POST", "/actions", {"actions": actions(keys)})

    def size(self, width: int, height: int) -> None:
        self("POST", "/window/rect", {"width": width, "height": height})
        self.wait("return innerWidth === arguments[0]", width)

    def scheme(self, name: str) -> None:
        self._tell("scheme", name)
        query = f"(prefers-color-scheme: {name})"
        self.wait("return matchMedia(arguments[0]).matches", query)

    def screenshot(self) -> bytes:
        """From the screen: its driver waits for the next frame, which may never come.

        A busy machine paints late. So a dot in the corner takes a new color first: once that is on
        the screen, so is all that was there before it.
        """
        from PIL import Image

        self.shots += 1
        color, end = (self.shots % 256, self.shots // 256 % 256, 255), time.monotonic() + 120
        self.js(DOT, f"rgb{color}")
        while time.monotonic() < end:
            data = self._made("picture", "picture.png", b"")
            # The very corner is round.
            if Image.open(io.BytesIO(data)).convert("RGB").getpixel((2, 2)) == color:
                self.js("document.getElementById('dot-of-the-picture').remove()")
                return data
            time.sleep(0.05)
        raise BrowserError("webkit: what the page has now does not come onto the screen")

    def pdf(self) -> bytes:
        return self._made("print", "printed.pdf", b"%%EOF")

    def _made(self, what: str, name: str, ends: bytes) -> bytes:
        """What the window writes into a file that it is asked for."""
        into, end = self.home / name, time.monotonic() + 120
        into.unlink(missing_ok=True)
        self._tell(what, str(into))
        while not (into.exists() and into.read_bytes().rstrip().endswith(ends)):
            if time.monotonic() > end:
                raise BrowserError(f"webkit: there is no {name}")
            time.sleep(0.05)
        return into.read_bytes()

    def said(self) -> list[str]:
        self.js("return 1")  # what a page has said until now comes before this
        lines = (self.home / "console.log").read_text("utf-8", "replace").splitlines()
        found = [SAID.match(line) for line in lines[self.told :]]
        self.told = len(lines)
        kinds = {"ERROR": "error", "WARN": "warning"}
        return [f"{kinds[one[2]]}: {one[3]} @ {one[1]}" for one in found if one]

    def named(self, selector: str) -> list[tuple[str, str]]:
        found = self("POST", "/elements", {"using": "css selector", "value": selector})
        paths = [f"/element/{one[ELEMENT]}/computed" for one in found]
        return [(self("GET", f"{one}role"), self("GET", f"{one}label")) for one in paths]

    def processes(self) -> list[int]:
        return [one for one, command in children(os.getpid()) if "WebKitWebProcess" in command]

    def close(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            os.kill(int((self.home / "pid").read_text()), signal.SIGTERM)
        for process in reversed(self.started):  # the driver does not end when it is asked to
            process.kill()
            process.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def _click_at(self, x: int, y: int) -> None:
        self("POST", "/actions", {"actions": click_actions(x, y)})
