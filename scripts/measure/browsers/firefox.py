"""Firefox, driven by Marionette, the server for tests that is built into it.

Debian has no geckodriver, which would speak WebDriver for it; the commands are the same, over a
socket instead of HTTP.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
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

NAMES = ("firefox-esr", "firefox")
PREFERENCES = {
    "marionette.port": 0,  # any that is free
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "app.update.auto": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "ui.prefersReducedMotion": 1,
    # A mouse, as a reader has one: without it the page believes that it is touched.
    "ui.primaryPointerCapabilities": 6,
    "ui.allPointerCapabilities": 6,
}
# Errors and warnings that come from a page, and then nothing is left to be told twice. If a page
# arrives in pieces, Firefox lays out a formula whose end is still on its way and says that it has
# too few children. Whether one has, of the whole page, tests/pages/test_formulas.py asks.
SAID = """
const said = Services.console.getMessageArray()
  .filter((one) => one instanceof Ci.nsIScriptError && !one.isFromChromeContext)
  .filter((one) => !one.errorMessage.startsWith("Invalid markup: Incorrect number of children"))
  .filter((one) => /:\\/\\//.test(one.sourceName) && !/^(chrome|resource):/.test(one.sourceName))
  .map((one) => `${one.flags & 1 ? "warning" : "error"}: ${one.errorMessage} @ ${one.sourceName}`);
Services.console.reset();
return said;
"""


def missing() -> str:
    """Why it cannot be started here; "" if it can."""
    found = any(map(shutil.which, NAMES))
    return "" if found else "firefox-esr is not on this machine: install it, then run this again"


def start() -> Browser:
    """A new browser with nothing in it."""
    return Firefox()


class Firefox(Browser):
    name = "firefox"

    def __init__(self):
        self.home = Path(tempfile.mkdtemp(prefix="firefox-"))
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in PREFERENCES.items()]
        (self.home / "user.js").write_text("\n".join(lines))
        self.process = subprocess.Popen(
            [next(filter(None, map(shutil.which, NAMES))), "--headless", "--marionette",
             "-remote-allow-system-access", "--no-remote", "--profile", str(self.home)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "MOZ_CRASHREPORTER_DISABLE": "1"},
        )  # fmt: skip
        self.count, self.buffer = 0, b""
        try:
            self.socket = socket.create_connection(("127.0.0.1", self._port()), timeout=300)
            self._read()  # it says who it is
            told = self("WebDriver:NewSession", capabilities={})
            self.version = told["capabilities"]["browserVersion"]
            self("WebDriver:SetTimeouts", script=1000 * PATIENCE)
            self._chrome("document.documentElement.style.setProperty('min-width', '0', 'important')")
            # Marionette turns this off; then pages from a folder could do more than a reader's.
            self._chrome('Services.prefs.setBoolPref("security.fileuri.strict_origin_policy", true)')
        except BaseException:
            self.close()
            raise

    def _port(self) -> int:
        """Where it listens, which it writes into a file once it does."""
        said, end = self.home / "MarionetteActivePort", time.monotonic() + 120
        while not (said.exists() and said.read_text().strip()):
            if self.process.poll() is not None or time.monotonic() > end:
                raise BrowserError("firefox does not start")
            time.sleep(0.05)
        return int(said.read_text())

    def _read(self) -> Any:
        """One message: its length, a colon, and that many bytes of JSON."""
        while b":" not in self.buffer:
            self.buffer += self._more()
        size, _, rest = self.buffer.partition(b":")
        while len(rest) < int(size):
            rest += self._more()
        self.buffer = rest[int(size) :]
        return json.loads(rest[: int(size)])

    def _more(self) -> bytes:
        if not (data := self.socket.recv(1 << 20)):
            raise BrowserError("firefox has gone away")
        return data

    def __call__(self, command: str, **args: Any) -> Any:
        """One command of Marionette; its value."""
        self.count += 1
        data = json.dumps([0, self.count, command, args]).encode()
        self.socket.sendall(b"%d:%s" % (len(data), data))
        _, _, error, result = self._read()
        if error:
            raise BrowserError(f"firefox: {error['error']}: {error['message']}")
        return result.get("value", result) if isinstance(result, dict) else result

    def _chrome(self, code: str, *args: Any) -> Any:
        """Run code with the rights of the browser itself."""
        self("Marionette:SetContext", value="chrome")
        try:
            return self("WebDriver:ExecuteScript", script=code, args=list(args))
        finally:
            self("Marionette:SetContext", value="content")

    def open(self, url: str) -> None:
        self("WebDriver:Navigate", url=url)

    def js(self, code: str, *args: Any) -> Any:
        return self("WebDriver:ExecuteScript", script=code, args=list(args), sandbox=None)

    def press(self, *keys: str) -> None:
        self("WebDriver:PerformActions", actions=actions(keys))

    def size(self, width: int, height: int) -> None:
        for _ in range(2):  # the first time its own bars take some of it
            have = self.js("return [outerWidth - innerWidth, outerHeight - innerHeight]")
            self("WebDriver:SetWindowRect", width=width + have[0], height=height + have[1])
        self.wait("return innerWidth === arguments[0]", width)

    def scheme(self, name: str) -> None:
        self._chrome(
            'Services.prefs.setIntPref("layout.css.prefers-color-scheme.content-override",'
            " arguments[0])", ["dark", "light"].index(name),
        )  # fmt: skip
        query = f"(prefers-color-scheme: {name})"
        self.wait("return matchMedia(arguments[0]).matches", query)

    def screenshot(self) -> bytes:
        return base64.b64decode(self("WebDriver:TakeScreenshot", full=False, hash=False))

    def pdf(self) -> bytes:
        return base64.b64decode(self("WebDriver:Print", background=True))

    def said(self) -> list[str]:
        return self._chrome(SAID)

    def named(self, selector: str) -> list[tuple[str, str]]:
        found = self("WebDriver:FindElements", using="css selector", value=selector)
        ids = [one[ELEMENT] for one in found]
        return [(self("WebDriver:GetComputedRole", id=one),
                 self("WebDriver:GetComputedLabel", id=one)) for one in ids]  # fmt: skip

    def processes(self) -> list[int]:
        return [one for one, command in children(os.getpid())
                if "-contentproc" in command and " tab" in command]  # fmt: skip

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if hasattr(self, "socket"):
            self.socket.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def _click_at(self, x: int, y: int) -> None:
        self("WebDriver:PerformActions", actions=click_actions(x, y))
