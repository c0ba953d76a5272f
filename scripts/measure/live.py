"""How fast the models in the page are, and what they take: Chromium is driven as a reader would use it.

    python -m scripts benchmark-live       build the site first: mkdocs build

Prints tables; the goals stand beside what was measured. After `python -m scripts peers` it
compares the same work with the same weights: by other libraries, by our own engine of a week ago,
and the translator by the native engine of the package that ships it.
"""

from __future__ import annotations

import functools
import gzip
import json
import os
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import click

from scripts.base import ROOT
from scripts.measure import beside, sides
from scripts.measure.browsers.chromium import opened

SITE = ROOT / "site"
PAGE = "self_attention/"  # a chapter with a widget
SENTENCE = "The robot watered the sunflowers because they were thirsty."  # 14 tokens
START = "The robot watered the sunflowers because"
TEXTS = 40  # sentences that are translated
MEMORY = {"next_token": ("decoder", 350), "translate": ("translator", 120), "training": ("training", 150)}  # MB

# What each measurement runs in the page; `engine` is the page's own.
WITH = "const {engine} = await import(new URL('assets/live/engine/engine.js', '%s'));"
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
IDS = "return (await engine.tokenize(family, text)).ids;"
PROMPTS = """
const texts = [];
for (let i = 0; i < count; i++) texts.push(await engine.decode("smollm2", ids.slice(i, i + 100)));
return texts;
"""


class Quiet(SimpleHTTPRequestHandler):
    """The built site, without a line for each request, and the others under peers/."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".mjs": "text/javascript"}

    def translate_path(self, path):
        if path.startswith("/peers/"):
            return str(sides.PEERS / path.removeprefix("/peers/").split("?")[0])
        return super().translate_path(path)

    def log_message(self, *_):
        pass


def packed(data: bytes) -> float:
    """So many kB, compressed."""
    return len(gzip.compress(data)) / 1000


def loading(page: Any, home: str) -> list[tuple]:
    """Rows: our scripts, and how soon the models are ready."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(home)))
    page.goto(home + PAGE, wait_until="load")
    page.wait_for_timeout(1000)
    files = [path for path in (SITE / "assets").rglob("*.*js") if "javascripts" not in path.parts]
    sizes = {path.relative_to(SITE).as_posix(): packed(path.read_bytes()) for path in files}
    theirs = sizes.pop("assets/live/tokenizers.min.mjs")
    first = sum(size for name, size in sizes.items() if name in asked)
    says = f"all of it, compressed (the tokenizers, which are others', take {theirs:.1f} kB)"
    rows = [("our JavaScript before a click", f"{first:.1f} kB", "60 kB"), (says, f"{sum(sizes.values()):.1f} kB", "110 kB")]
    for name in ("minilm", "smollm2"):
        first = run(page, home, READY, name=name)
        rows.append((f"{name}: first load from this machine", f"{first / 1000:.2f} s", ""))
    attend = run(page, home, ATTEND, text=SENTENCE)
    return [*rows, ("attention of a 14-token sentence", f"{attend:.0f} ms", "100 ms")]


def again(page: Any, home: str) -> list[tuple]:
    """Rows: the second visit."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(home + PAGE, wait_until="load")
    rows = []
    for name in ("minilm", "smollm2"):
        took = run(page, home, READY, name=name)
        rows.append((f"{name}: ready on the second visit", f"{took / 1000:.2f} s", "1 s"))
    return [*rows, ("parts fetched on the second visit", str(sum(".bin" in url for url in asked)), "0")]


def run(page: Any, home: str, code: str, **arguments) -> Any:
    """What the code gives in a page, with the page's own engine."""
    body = f"async ({{{', '.join(arguments)}}}) => {{ {WITH % home} {code} }}"
    return page.evaluate(body, arguments)


def compared(browser: Any, page: Any, home: str) -> tuple[list[tuple], list[str]]:
    """Rows with our share of what others take, and a table of what each takes."""
    (sides.PEERS / "index.html").write_text("<!doctype html><title>Peers</title>")
    lines = (ROOT / "snippets/from_scratch/sentences.txt").read_text("utf-8").splitlines()[:TEXTS]
    # Text that does not repeat: of prompts that begin as an earlier one did, nothing would be read again.
    ids = run(page, home, IDS, family="smollm2", text=" ".join(lines))
    count = sides.COUNTS["prompt"] * sides.ROUNDS
    given = {
        "sentence": run(page, home, IDS, family="minilm", text=SENTENCE), "prompt": ids, "start": START,
        "token": run(page, home, IDS, family="smollm2", text=START),
        "prompts": run(page, home, PROMPTS, ids=ids, count=count),
    }  # fmt: skip
    told = sides.beside(browser.new_context(), home, SENTENCE, given)
    rows = []
    for kind, says, goals in (("token", "writing, SmolLM2", (0.25, 0.8)), ("prompt", "reading 100 tokens", (0.125, 0.7))):
        for other, goal in zip(("wllama", "ours before"), goals):
            if kind in told[other]:
                share = told["ours"][kind][1] / told[other][kind][1]
                rows.append((f"{says}: processor time, ours / {other}", f"{share:.2f}", goal))
    ours, native, counts = sides.translating(browser.new_context(), home, lines)
    says = f"translating {TEXTS} sentences: processor time, ours"
    config = json.loads((SITE / "assets/live/weights.json").read_bytes())["en-pt"]["config"]
    every, last = sides.products(config, *counts)
    rows.append((f"{says} ({every / 1e9:.1f} billion products, {last / 1e9:.1f} of them for the whole vocabulary)",
                 f"{ours:.2f} s", ""))  # fmt: skip
    if native:
        rows.append((f"{says} / the native engine's {native:.2f} s", f"{ours / native:.1f}", "2"))
    table = ["| side | work | ms | ms of the processor | memory |", "|---|---|---|---|---|"]
    for side, works in told.items():
        table += [f"| {side} | {kind} | {clock:.1f} | {spent:.1f} | {most:.0f} MB |" for kind, (clock, spent, most) in works.items()]
    return rows, table


@click.command()
def main() -> None:
    """Measure the models in the page, and print Markdown tables."""
    if not (SITE / PAGE / "index.html").exists():
        sys.exit(f"site/{PAGE} is missing: run `mkdocs build`, then this again")
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    home = f"http://127.0.0.1:{server.server_port}/"
    table: list[str] = []
    with opened("--disable-background-networking") as browser:
        context = browser.new_context()
        rows = loading(page := context.new_page(), home)
        page.close()
        rows += again(page := context.new_page(), home)
        if (sides.PEERS / "native").exists():
            more, table = compared(browser, page, home)
            rows += more
        context.close()
        for name, task, alone, most in beside.each(browser):
            rows.append((f"{name}: longest task of the page, of the processor", f"{task:.0f} ms", "50 ms"))
            if name in MEMORY:
                what, goal = MEMORY[name]
                rows.append((f"{what}: most memory, less {alone:.0f} MB of the page alone", f"{most - alone:.0f} MB", f"{goal} MB"))
    server.shutdown()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print("| what | measured | goal, at most |\n|---|---|---|")
    print("\n".join(f"| {what} | {value} | {goal} |" for what, value, goal in rows))
    if table:
        print("\nOn one thread: a sentence for MiniLM, a token, a prompt of 100 tokens.\n", *table, sep="\n")
