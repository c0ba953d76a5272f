"""Chromium, driven by playwright."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scripts.measure.browsers import KEYS, Browser, BrowserError, children

# The first has no windows, and is ready in a quarter of the time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
PLACES = (  # where systems put it to which no PATH leads
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    os.path.join(os.environ.get("PROGRAMFILES", ""), "Google", "Chrome", "Application", "chrome.exe"),
)
FLAGS = ("--no-sandbox", "--disable-gpu")


def installed() -> str | None:
    """Where a Chromium is on this machine, if there is one."""
    found = [path for path in map(shutil.which, NAMES) if path]
    return next(iter([*found, *filter(os.path.isfile, PLACES)]), None)


def missing() -> str:
    """Why it cannot be started here; "" if it can."""
    return "" if installed() else "chromium is not on this machine: install it, then run this again"


@contextmanager
def opened(*flags: str) -> Iterator[Any]:
    """Within: playwright's Chromium. Where there is none, the program ends with a sentence."""
    from playwright.sync_api import sync_playwright

    path = installed() or sys.exit(missing())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *flags])
        yield browser
        browser.close()


@contextmanager
def told() -> Iterator[None]:
    """What playwright could not do, a page that does not come in time among it, in one sentence.

    Raises:
        BrowserError: instead of playwright's own error.
    """
    from playwright.sync_api import Error

    try:
        yield
    except Error as error:
        raise BrowserError(f"chromium: {str(error).splitlines()[0]}") from None


def start(running: Any = None) -> Browser:
    """A new browser with nothing in it, or a new window of one that is running."""
    return Chromium(running)


class Chromium(Browser):
    name = "chromium"

    def __init__(self, running: Any = None):
        self.playwright = None
        self.browser = running or self._launch()
        self.version = self.browser.version
        self.page = self.browser.new_context(
            viewport={"width": 1280, "height": 900}, reduced_motion="reduce"
        ).new_page()
        self.heard: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.heard.append(f"error: {error}"))

    def _launch(self) -> Any:
        from playwright.sync_api import sync_playwright

        quiet = ["--disable-background-networking", "--disable-component-update"]
        self.playwright = sync_playwright().start()
        return self.playwright.chromium.launch(
            executable_path=installed(), args=[*FLAGS, *quiet]
        )

    def _hear(self, message) -> None:
        if message.type in ("error", "warning"):
            self.heard.append(f"{message.type}: {message.text}")

    def open(self, url: str) -> None:
        with told():
            self.page.goto(url, wait_until="load")

    def js(self, code: str, *args: Any) -> Any:
        with told():
            return self.page.evaluate(f"(given) => (function () {{{code}\n}})(...given)", list(args))

    def press(self, *keys: str) -> None:
        for key in keys:
            if key.split("+")[-1] in KEYS or key.startswith("Control+"):
                self.page.keyboard.press(key)
            else:
                self.page.keyboard.insert_text(key)

    def size(self, width: int, height: int) -> None:
        self.page.set_viewport_size({"width": width, "height": height})

    def scheme(self, name: str) -> None:
        self.page.emulate_media(color_scheme=name)

    def screenshot(self) -> bytes:
        return self.page.screenshot()

    def pdf(self) -> bytes:
        return self.page.pdf(format="A4", print_background=True)

    def said(self) -> list[str]:
        self.page.wait_for_timeout(1)  # what has come is heard
        said, self.heard[:] = list(self.heard), []
        return said

    def named(self, selector: str) -> list[tuple[str, str]]:
        session = self.page.context.new_cdp_session(self.page)
        try:
            session.send("Accessibility.enable")
            root = session.send("DOM.getDocument", {"depth": 0})["root"]["nodeId"]
            query = {"nodeId": root, "selector": selector}
            found = []
            for node in session.send("DOM.querySelectorAll", query)["nodeIds"]:
                one = session.send("Accessibility.getPartialAXTree",
                                   {"nodeId": node, "fetchRelatives": False})["nodes"][0]  # fmt: skip
                found.append(tuple(one.get(part, {}).get("value") or "" for part in ("role", "name")))
            return found
        finally:
            session.detach()

    def processes(self) -> list[int]:
        return [one for one, command in children(os.getpid()) if "--type=renderer" in command]

    def close(self) -> None:
        self.page.context.close()
        if self.playwright:
            self.browser.close()
            self.playwright.stop()

    def _click_at(self, x: int, y: int) -> None:
        self.page.mouse.click(x, y)
