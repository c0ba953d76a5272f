"""How fast the model in the page is: chromium is driven as a reader would use it.

    python -m scripts benchmark-live       build the site first: mkdocs build

Prints one table. Times depend on the machine; the goals stand beside them. After
`python -m scripts peers` a second table follows, made in the same run: the same
sentence and the same prompt with the same weights in two libraries, on one thread like ours.
"""

from __future__ import annotations

import functools
import gzip
import os
import sys
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import click

from scripts.base import ROOT
from scripts.measure.browsers.chromium import opened

SITE = ROOT / "site"
PEERS = ROOT / ".cache" / "peers"
PAGE = "self_attention/"  # a chapter with a widget
SENTENCE = "The robot watered the sunflowers because they were thirsty."  # 14 tokens

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
PROMPT = """
const {ids} = await engine.tokenize("smollm2", (text + " ").repeat(12));
const times = [];
for (let i = 0; i < 5; i++) { // five prompts of 100 tokens that begin differently
  const begun = performance.now();
  await engine.next(ids.slice(i, 100 + i));
  times.push(performance.now() - begun);
}
return times.sort((a, b) => a - b)[2];
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
return {speed: made.ids.length / seconds, long, prompt: ids};
"""

# The same work for us and for each peer, every model on a page of its own. What is measured is
# `work`; it begins when all is loaded and warm. Ids come from our tokenizer.
OURS = """
const {engine} = await import("%sassets/live/engine/engine.js");
await engine.load(name);
"""
OURS_ATTEND = """
await engine.attend(text);
globalThis.work = async () => { for (let i = 0; i < count; i++) await engine.attend(text); };
"""
OURS_WRITE = """
const {ids: first} = await engine.generate(ids, {steps: 5});
globalThis.work = async () => [...first, ...(await engine.generate([...ids, ...first], {steps: count})).ids];
"""
ORT = """
const ort = await import("%speers/node_modules/onnxruntime-web/dist/ort.wasm.min.mjs");
ort.env.wasm.wasmPaths = "%speers/node_modules/onnxruntime-web/dist/";
ort.env.wasm.numThreads = 1;
const wide = (list) => new ort.Tensor("int64", BigInt64Array.from(list, BigInt), [1, list.length]);
const session = await ort.InferenceSession.create(`%speers/models/${name}/onnx/model_fp16.onnx`);
"""
ORT_ATTEND = """
const feeds = {input_ids: wide(ids), token_type_ids: wide(ids.map(() => 0)), attention_mask: wide(ids.map(() => 1))};
await session.run(feeds);
globalThis.work = async () => { for (let i = 0; i < count; i++) await session.run(feeds); };
"""
ORT_WRITE = """
const past = {};
for (let i = 0; i < 30; i++) {
  for (const part of ["key", "value"]) past[`past_key_values.${i}.${part}`] = new ort.Tensor("float32", new Float32Array(0), [1, 3, 0, 64]);
}
let [next, seen] = [ids, 0];
const made = [];
const write = async (count) => {
  for (let n = 0; n < count; n++) {
    const places = next.map((_, i) => seen + i);
    seen += next.length;
    const all = Array.from({length: seen}, () => 1);
    const out = await session.run({input_ids: wide(next), position_ids: wide(places), attention_mask: wide(all), ...past});
    for (const name of Object.keys(past)) past[name] = out[name.replace("past_key_values", "present")];
    const logits = out.logits.data;
    let best = 0;
    for (let i = 1; i < logits.length; i++) if (logits[i] > logits[best]) best = i;
    made.push(best);
    next = [best];
  }
  return made;
};
await write(5);
globalThis.work = () => write(count);
"""
HUB = """
const hub = await import("%speers/node_modules/@huggingface/transformers/dist/transformers.min.js");
Object.assign(hub.env, {allowRemoteModels: false, allowLocalModels: true, localModelPath: "%speers/models/"});
const files = "%speers/node_modules/@huggingface/transformers/node_modules/onnxruntime-web/dist/";
Object.assign(hub.env.backends.onnx.wasm, {wasmPaths: files, numThreads: 1});
const wide = (list) => new hub.Tensor("int64", BigInt64Array.from(list, BigInt), [1, list.length]);
const how = {dtype: "fp16", device: "wasm"};
"""
HUB_ATTEND = """
const model = await hub.AutoModel.from_pretrained(name, how);
const feeds = {input_ids: wide(ids), token_type_ids: wide(ids.map(() => 0)), attention_mask: wide(ids.map(() => 1))};
await model(feeds);
globalThis.work = async () => { for (let i = 0; i < count; i++) await model(feeds); };
"""
HUB_WRITE = """
const model = await hub.AutoModelForCausalLM.from_pretrained(name, how);
const write = async (list, count) => {
  const feeds = {input_ids: wide(list), attention_mask: wide(list.map(() => 1)), do_sample: false};
  return Array.from((await model.generate({...feeds, max_new_tokens: count})).data, Number);
};
const first = await write(ids, 5);
globalThis.work = async () => (await write(first, count)).slice(ids.length);
"""
SIDES = (
    ("ours", OURS, OURS_ATTEND, OURS_WRITE),
    ("onnxruntime-web", ORT, ORT_ATTEND, ORT_WRITE),
    ("transformers.js", HUB, HUB_ATTEND, HUB_WRITE),
)


class Quiet(SimpleHTTPRequestHandler):
    """The built site, without a line for each request."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".mjs": "text/javascript"}

    def translate_path(self, path):
        if path.startswith("/peers/"):
            return str(PEERS / path.removeprefix("/peers/").split("?")[0])
        return super().translate_path(path)

    def log_message(self, *_):
        pass


def beside(context, home: str, sentence: list[int], prompt: list[int]) -> list[str]:
    """The same work by each side, as rows: milliseconds of wall and of processor, and memory.

    The best of three rounds each: a machine is never wholly ours. When it is busy, the
    processor's time says more than the clock's.
    """
    rows, expected = [], None
    for title, start, attend, write in SIDES:
        cells = []
        for name, ids, code, count in (("minilm", sentence, attend, 10), ("smollm2", prompt, write, 30)):
            page = context.new_page()
            page.goto(home + "peers/")
            wish = {"name": name, "ids": ids, "count": count, "text": SENTENCE}
            body = start.replace("%s", home) + code
            try:
                page.evaluate(f"async ({{name, ids, count, text}}) => {{ {body} }}", wish)
                rounds = []
                for _ in range(3):
                    clock, spent = time.perf_counter(), processor()
                    result = page.evaluate("work()")
                    rounds.append((time.perf_counter() - clock, processor() - spent))
                    made = result if len(rounds) == 1 else made
                clock, spent = map(min, zip(*rounds))
                cells += [f"{1000 * clock / count:.0f}", f"{1000 * spent / count:.0f}"]
                cells.append(f"{renderers():.0f} MB")
            except Exception as error:  # the other library is still worth measuring
                print(f"{title} with {name}: {str(error).splitlines()[0]}", file=sys.stderr)
                cells += ["failed"] * 3
            page.close()
        expected = expected or made
        rows.append(f"| {title} | {' | '.join(cells)} | {'yes' if made == expected else 'no'} |")
    return rows


def processor() -> float:
    """Seconds of processor time that chromium's pages have taken. Linux only."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if b"--type=renderer" in (stat.parent / "cmdline").read_bytes():
                ticks += sum(map(int, stat.read_text().rsplit(")", 1)[1].split()[11:13]))
        except OSError:
            continue
    return ticks / os.sysconf("SC_CLK_TCK")


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


@click.command()
def main() -> None:
    """Measure the model in the page, and print one Markdown table."""
    if not (SITE / PAGE / "index.html").exists():
        sys.exit(f"site/{PAGE} is missing: run `mkdocs build`, then this again")
    handler = functools.partial(Quiet, directory=str(SITE))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    home = f"http://127.0.0.1:{server.server_port}/"
    rows = []
    with opened("--disable-background-networking") as browser:
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
        files = (SITE / "assets/live").rglob("*.*js")
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
        rows.append(("peak memory of the page, both models", f"{renderers():.0f} MB", ""))
        sentence = run("return (await engine.tokenize('minilm', text)).ids;", text=SENTENCE)
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
        page.close()
        peers = []
        if (PEERS / "models").exists():
            (PEERS / "index.html").write_text("<!doctype html><title>Peers</title>")
            peers = beside(browser.new_context(), home, sentence, written["prompt"])
    server.shutdown()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print("| what | measured | goal, at most |\n|---|---|---|")
    print("\n".join(f"| {what} | {value} | {goal} |" for what, value, goal in rows))
    if not peers:
        return
    print("\nOn one thread, in ms: by the clock, and of the processor.\n")
    print("| side | sentence | processor | memory | token | processor | memory | same tokens |")
    print("|---|---|---|---|---|---|---|---|")
    print("\n".join(peers))
