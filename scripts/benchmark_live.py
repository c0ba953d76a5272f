"""How fast the model in the page is: chromium is driven as a reader would use it.

    python scripts/benchmark_live.py       build the site first: mkdocs build

Prints one table. Times depend on the machine; the goals stand beside them.
"""

from __future__ import annotations

import functools
import gzip
import os
import shutil
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "site"
PAGE = "self_attention/"  # a chapter with a widget
SENTENCE = "The robot watered the sunflowers because they were thirsty."  # 14 tokens
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

# What each measurement runs in the page; `engine` is the page's own.
WITH = "const {engine} = await import(new URL('assets/live/engine.js', '%s'));"
READY = "const begun = performance.now(); await engine.load(name); return performance.now() - begun;"
ATTEND = """
await engine.attend(text);
const times = [];
for (let i = 0; i < 7; i++) {
  const begun = performance.now();
  await engine.attend(text);
  times.push(performance.now() - begun);
}
return times.sort((a, b) => a - b)[3];
"""
PROMPT = """
const {ids} = await engine.tokenize("smollm2", (text + " ").repeat(12));
const begun = performance.now();
await engine.next(ids.slice(0, 100));
return performance.now() - begun;
"""
WRITE = """
const {ids} = await engine.tokenize("smollm2", text);
let long = 0;
const watch = new PerformanceObserver((list) => {
  for (const {duration} of list.getEntries()) long = Math.max(long, duration);
});
watch.observe({type: "longtask"});
await engine.generate(ids, {method: "greedy", steps: 5}, {onStep() {}});
const begun = performance.now();
const made = await engine.generate(ids, {method: "greedy", steps: 60}, {onStep() {}});
const seconds = (performance.now() - begun) / 1000;
return {speed: made.ids.length / seconds, long};
"""


class Quiet(SimpleHTTPRequestHandler):
    """The built site, without a line for each request."""

    def log_message(self, *_):
        pass


def renderers() -> float:
    """The largest peak of memory among chromium's pages, in MB. Linux only."""
    peaks = [0.0]
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            command = (status.parent / "cmdline").read_bytes()
            if b"--type=renderer" in command:
                lines = status.read_text().splitlines()
                peak = next(line for line in lines if line.startswith("VmHWM"))
                peaks.append(int(peak.split()[1]) / 1000)
        except (OSError, StopIteration):
            continue
    return max(peaks)


def main() -> None:
    """Measure, and print one Markdown table."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        sys.exit("chromium is not on this machine: install it, then run this again")
    if not (SITE / PAGE / "index.html").exists():
        sys.exit(f"site/{PAGE} is missing: run `mkdocs build`, then this again")
    handler = functools.partial(Quiet, directory=str(SITE))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    home = f"http://127.0.0.1:{server.server_port}/"
    rows = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        context = browser.new_context()
        sent: dict[str, int] = {}

        def count(response):
            if "/assets/live/" in response.url and response.url.endswith("js"):
                sent[response.url] = len(gzip.compress(response.body()))

        page = context.new_page()
        page.on("response", count)
        page.goto(home + PAGE, wait_until="networkidle")
        rows.append(("our JavaScript before a click", f"{sum(sent.values()) / 1000:.1f} kB",
                     "60 kB"))  # fmt: skip
        files = [*(SITE / "assets/live").glob("*.*js"), *(SITE / "assets/live/widgets").glob("*.js")]
        whole = sum(len(gzip.compress(file.read_bytes())) for file in files)
        rows.append(("all of it, compressed, tokenizers too", f"{whole / 1000:.1f} kB", ""))

        def run(code: str, **arguments) -> float | dict:
            names = ", ".join(arguments)
            body = f"async ({{{names}}}) => {{ {WITH % home} {code} }}"
            return page.evaluate(body, arguments)

        for name in ("minilm", "smollm2"):
            first = run(READY, name=name)
            rows.append((f"{name}: first load from this machine", f"{first / 1000:.2f} s", ""))
        attend = run(ATTEND, text=SENTENCE)
        rows.append(("attention of a 14-token sentence", f"{attend:.0f} ms", "100 ms"))
        prompt = run(PROMPT, text=SENTENCE)
        rows.append(("reading 100 tokens", f"{prompt / 1000:.2f} s", "1 s"))
        written = run(WRITE, text="The robot watered the sunflowers because")
        rows.append(("writing", f"{written['speed']:.1f} tokens a second", ""))
        rows.append(("longest task beside the writing", f"{written['long']:.0f} ms", "50 ms"))
        rows.append(("peak memory of the page", f"{renderers():.0f} MB", ""))
        page.close()

        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(home + PAGE, wait_until="networkidle")
        for name in ("minilm", "smollm2"):
            again = run(READY, name=name)
            rows.append((f"{name}: ready on the second visit", f"{again / 1000:.2f} s", "1 s"))
        fetched = sum(".bin" in url for url in asked)
        rows.append(("parts fetched on the second visit", str(fetched), "0"))
        browser.close()
    server.shutdown()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print("| what | measured | goal, at most |\n|---|---|---|")
    print("\n".join(f"| {what} | {value} | {goal} |" for what, value, goal in rows))


if __name__ == "__main__":
    main()
