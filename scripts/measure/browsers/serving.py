"""The built site as a careful host serves it, with a list of what was asked for.

Its policy allows no other host. The theme has a few inline scripts, which the policy names by
their digests, and the figures are drawings with inline styles. What breaks the policy is an
error in the console of the browser.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from scripts.base import ROOT

SITE = ROOT / "site"
# Data addresses are the theme's icons; downloads and forms need no permission. What has no line
# of its own is refused, but for the next page, which Firefox brings before it is asked for.
STRICT = (
    "default-src 'self'; script-src 'self'{scripts}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; "
    "frame-src 'none'; media-src 'none'; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
INLINE = re.compile(r"<script(?![^>]*(?:src=|application/json))[^>]*>(.*?)</script>", re.S)


class Quiet(SimpleHTTPRequestHandler):
    """Files with a policy, and no line for each request."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".mjs": "text/javascript"}
    policy = ""

    def answer(self, kind: str, text: str) -> None:
        """Send a text that is no file."""
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", self.policy)
        super().end_headers()

    def log_request(self, code="-", size="-") -> None:
        self.server.asked.append((int(code), self.path))

    def log_message(self, *_) -> None:
        pass


class Published(Quiet):
    """The built site as a host serves it: each file is fresh for ten minutes.

    Without `kernel` in its policy, WebAssembly is refused.
    """

    kernel = " 'wasm-unsafe-eval'"

    def __init__(self, *arguments):
        super().__init__(*arguments, directory=str(SITE))

    def do_GET(self) -> None:
        self.policy = STRICT.format(scripts=self.kernel)
        path = SITE / urlsplit(self.path).path.strip("/") / "index.html"
        with contextlib.suppress(ConnectionError):  # the page was left meanwhile
            if not path.exists():
                return super().do_GET()
            text = path.read_text("utf-8")
            digests = [hashlib.sha256(one.encode()).digest() for one in INLINE.findall(text)]
            named = "".join(f" 'sha256-{base64.b64encode(one).decode()}'" for one in digests)
            self.policy = STRICT.format(scripts=named + self.kernel)
            self.answer("text/html", text)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "max-age=600")
        super().end_headers()


@contextlib.contextmanager
def serving(handler: type[Quiet]) -> Iterator[ThreadingHTTPServer]:
    """A server until the end of the block; then nobody answers at its address.

    Its `url` is where it is; its `asked` is (status, path) of each request so far.
    """
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    httpd.site, httpd.url, httpd.asked = handler, f"http://127.0.0.1:{httpd.server_port}/", []
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    try:
        yield httpd
    finally:
        httpd.shutdown()
        httpd.server_close()
