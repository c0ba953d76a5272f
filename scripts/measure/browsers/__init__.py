"""Three browsers behind one small interface, from the packages that Debian has.

    chromium   chromium-headless-shell or chromium, by playwright
    firefox    firefox-esr, by Marionette, which is in it
    webkit     webkit2gtk-driver, gir1.2-webkit2-4.1, python3-gi and xvfb, by WebDriver

One browser has one window and keeps its data until it is closed. What it asks a site for is
best read where the site is served (`serving.py`): that is the same for all three.
"""

from __future__ import annotations

import contextlib
import importlib
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ENGINES = ("chromium", "firefox", "webkit")
PATIENCE = 120  # seconds for a program in a page: axe on a long one, on a busy machine
# Keys that write no letter, as WebDriver numbers them.
KEYS = {
    "Backspace": "\ue003", "Tab": "\ue004", "Enter": "\ue007", "Shift": "\ue008",
    "Control": "\ue009", "Escape": "\ue00c", "End": "\ue010", "Home": "\ue011",
    "ArrowLeft": "\ue012", "ArrowUp": "\ue013", "ArrowRight": "\ue014",
    "ArrowDown": "\ue015", "Delete": "\ue017",
}  # fmt: skip
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # how WebDriver spells "this is an element"
# The middle of the element, and whether it can be pressed there.
PLACE = """
const [selector, text] = arguments;
const one = [...document.querySelectorAll(selector)].find((one) =>
  one.checkVisibility({visibilityProperty: true}) && one.textContent.includes(text));
if (!one) return null;
const seen = () => {
  const {left, top, bottom, width, height} = one.getBoundingClientRect();
  const [x, y] = [Math.round(left + width / 2), Math.round(top + height / 2)];
  const hit = document.elementFromPoint(x, y);
  const free = !!hit && (one.contains(hit) || hit.contains(one));
  return {x, y, free, well: free && top >= 80 && bottom <= innerHeight - 20};
};
if (!seen().well) one.scrollIntoView({block: "center", behavior: "instant"});
return seen();
"""


class BrowserError(Exception):
    """One clear sentence: what the browser could not do."""


class Browser(ABC):
    """A window of one engine. All addresses are whole; sizes are CSS pixels."""

    name: str
    version: str

    @abstractmethod
    def open(self, url: str) -> None:
        """Go to an address and wait until the page and what it includes have come."""

    @abstractmethod
    def js(self, code: str, *args: Any) -> Any:
        """Run the body of a function in the page; a promise that it returns is waited for."""

    @abstractmethod
    def press(self, *keys: str) -> None:
        """Press keys one after the other: "a", "Tab", "Shift+Tab", "Control+a"."""

    @abstractmethod
    def size(self, width: int, height: int) -> None:
        """Give the page that much room."""

    @abstractmethod
    def scheme(self, name: str) -> None:
        """What the system prefers: "light" or "dark"."""

    @abstractmethod
    def screenshot(self) -> bytes:
        """What the window shows, as a PNG."""

    @abstractmethod
    def pdf(self) -> bytes:
        """The page as it is printed."""

    @abstractmethod
    def said(self) -> list[str]:
        """Errors and warnings of the pages since the last call; an error begins so."""

    @abstractmethod
    def named(self, selector: str) -> list[tuple[str, str]]:
        """(role, name) of each element, as the engine tells it to a screen reader."""

    @abstractmethod
    def processes(self) -> list[int]:
        """The ids of the processes that hold a page."""

    @abstractmethod
    def close(self) -> None:
        """End every process that was started."""

    @abstractmethod
    def _click_at(self, x: int, y: int) -> None: ...

    def wait(self, code: str, *args: Any, seconds: float = 60) -> Any:
        """What the code returns, as soon as it is true.

        Raises:
            BrowserError: If it does not become true in that time.
        """
        end, why = time.monotonic() + seconds, ""
        while True:
            try:
                if found := self.js(code, *args):
                    return found
            except BrowserError as error:  # the page was left while it was asked
                why = f": {error}"
            if time.monotonic() > end:
                said = f"{self.name}: waited {seconds:.0f} s for {code} {args or ''}{why}"
                raise BrowserError(said)
            time.sleep(0.05)

    def click(self, selector: str, text: str = "", seconds: float = 60) -> None:
        """Press the first visible element that matches and has the text in it."""
        end, before = time.monotonic() + seconds, None
        while True:
            place = self.js(PLACE, selector, text)
            # What comes near the screen is laid out late, so a page may move after it was scrolled.
            if place and place["free"] and place == before:
                return self._click_at(place["x"], place["y"])
            before = place
            if time.monotonic() > end:
                why = "something lies over it" if place else "it is not there"
                raise BrowserError(f"{self.name}: cannot press {selector} “{text}”: {why}")
            time.sleep(0.1)

    def memory(self) -> float:
        """Megabytes of the process that holds the page: its own, and its part of what is shared."""
        held = []
        for process in self.processes():
            with contextlib.suppress(OSError):
                text = Path(f"/proc/{process}/smaps_rollup").read_text()
                held.append(int(text.split("\nPss:")[1].split()[0]) / 1000)
        return max(held, default=0)


def actions(keys: tuple[str, ...]) -> list[dict]:
    """Keys as WebDriver wants to have them."""
    steps = []
    for chord in keys:
        parts = [chord] if len(chord) == 1 else chord.split("+")
        codes = [KEYS.get(part, part) for part in parts]
        steps += [{"type": "keyDown", "value": code} for code in codes]
        steps += [{"type": "keyUp", "value": code} for code in reversed(codes)]
    return [{"type": "key", "id": "keys", "actions": steps}]


def click_actions(x: int, y: int) -> list[dict]:
    """A press of the mouse as WebDriver wants to have it."""
    steps = [
        {"type": "pointerMove", "x": x, "y": y, "duration": 0, "origin": "viewport"},
        {"type": "pointerDown", "button": 0},
        {"type": "pointerUp", "button": 0},
    ]
    return [{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"},
             "actions": steps}]  # fmt: skip


def children(of: int) -> Iterator[tuple[int, str]]:
    """(id, command line) of each process that this one started, and of those that they did."""
    parents: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = int(place.read_text().rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(place.parent.name))
    left = list(parents.get(of, []))
    while left:
        one = left.pop()
        left += parents.get(one, [])
        with contextlib.suppress(OSError):
            yield one, Path(f"/proc/{one}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def missing(engine: str) -> str:
    """Why this engine cannot be started here, in one sentence; "" if it can."""
    return _module(engine).missing()


def start(engine: str, running: Any = None) -> Browser:
    """A new browser with nothing in it.

    Args:
        engine: One of `ENGINES`.
        running: A Chromium that playwright has started here already: it can only be done once.

    Raises:
        BrowserError: If it is not on this machine, or does not start.
    """
    if why := missing(engine):
        raise BrowserError(why)
    return _module(engine).start(*([running] if running else []))


def _module(engine: str):
    return importlib.import_module(f"{__name__}.{engine}")
