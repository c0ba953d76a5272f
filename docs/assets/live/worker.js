/**
 * The worker that owns the models: what is heavy happens here, and the page stays smooth.
 *
 * A message {id, call, args} is answered by {id, result} or {id, error}; on the way there may be
 * {id, event} (progress, a step). {abort: id} stops a call: between two steps of writing the
 * worker looks whether such a message has come.
 */
import { Encoder } from "./bert.js";
import { Branches } from "./branches.js";
import { chatText } from "./chat.js";
import { beamSearch, write } from "./decoding.js";
import { readGguf } from "./gguf.js";
import { Kernel } from "./kernel.js";
import { Decoder } from "./llama.js";
import { readSafetensors } from "./safetensors.js";
import * as weights from "./weights.js";

const MODELS = { minilm: Encoder, smollm2: Decoder };
const ready = new Map(); // name → the model, with its weights
const files = new Map(); // address → promise of what was read there

/** A file of the site, read once. */
function file(path, kind) {
  if (!files.has(path)) {
    const reading = fetch(new URL(path, import.meta.url)).then((response) => {
      if (!response.ok) throw new Error(`The file ${path} could not be loaded: the site answered ${response.status}.`);
      return response[kind]();
    });
    reading.catch(() => files.delete(path)); // so that the next call asks again
    files.set(path, reading);
  }
  return files.get(path);
}

async function entry(name) {
  const listed = (await file("weights.json", "json"))[name];
  if (!listed) throw new Error(`There is no model called ${name}.`);
  return listed;
}

const tokenizers = new Map();
async function tokenizer(family) {
  if (!tokenizers.has(family)) {
    const { makeTokenizer } = await import("./tokens.js");
    const parts = [file(`tokenizers/${family}.json`, "json"), file(`tokenizers/${family}.config.json`, "json")];
    tokenizers.set(family, makeTokenizer(...(await Promise.all(parts))));
  }
  return tokenizers.get(family);
}

function model(name) {
  if (!ready.has(name)) throw new Error(`The model ${name} is not loaded yet.`);
  return ready.get(name);
}

/** Lets waiting messages in, such as one that says stop. Timers cost 4 ms: ten times a second will do. */
let turned = 0;
async function turn() {
  if (performance.now() - turned < 100) return;
  await new Promise((go) => setTimeout(go, 0));
  turned = performance.now();
}

const calls = {
  async sizes() {
    const listed = await file("weights.json", "json");
    return Object.fromEntries(Object.entries(listed).map(([name, { bytes }]) => [name, bytes]));
  },

  async state({ name }) {
    if (ready.has(name)) return "ready";
    return (await weights.kept(await entry(name))) ? "kept" : "absent";
  },

  async load({ name }, { signal, tell }) {
    if (ready.has(name)) return;
    const listed = await entry(name);
    const wasm = await Kernel.fetch((path) => file(path, "arrayBuffer"));
    const kernel = await Kernel.create(listed.bytes + MODELS[name].room(listed.config), wasm);
    const base = kernel.allocate(listed.bytes);
    const bytes = new Uint8Array(kernel.buffer, base, listed.bytes);
    let told = 0;
    const onProgress = (progress) => {
      if (performance.now() - told < 50 && progress.loaded < progress.total) return;
      told = performance.now();
      tell(progress);
    };
    await weights.load(listed, bytes, { onProgress, signal });
    const read = { gguf: readGguf, safetensors: readSafetensors }[listed.format];
    const made = new MODELS[name](kernel, listed.config, read(bytes), base);
    ready.set(name, name === "smollm2" ? new Branches(made) : made);
  },

  async forget({ name }) {
    ready.delete(name);
    await weights.forget(await entry(name));
  },

  async tokenize({ family, text, second = null }) {
    const made = await tokenizer(family);
    const { ids, tokens, token_type_ids: segments } = made.encode(text, { text_pair: second, return_token_type_ids: true });
    return { ids, pieces: tokens, segments: segments ?? ids.map(() => 0) };
  },

  async decode({ family, ids }) {
    return ids.length ? (await tokenizer(family)).decode(ids, { skip_special_tokens: false }) : "";
  },

  async attend({ text, second }) {
    const encoder = model("minilm");
    const { ids, pieces, segments } = await calls.tokenize({ family: "minilm", text, second });
    const { states, maps } = encoder.forward(ids, segments);
    return { pieces, ids, segments, layers: maps.length, heads: encoder.heads, maps, vector: encoder.vector(states) };
  },

  next({ ids, attentions = false }) {
    const { logits, maps } = model("smollm2").next([ids], { attentions });
    return { logits: logits[0], maps };
  },

  score({ ids, start }) {
    return model("smollm2").score(ids, start);
  },

  async generate({ ids, ...settings }, { signal, tell }) {
    const branches = model("smollm2");
    const next = (texts) => branches.next(texts).logits;
    const steps = settings.method === "beam" ? beamSearch(next, ids, settings) : write(next, ids, settings);
    const begin = performance.now();
    for (let before = begin; ; ) {
      const { done, value } = steps.next();
      if (done) return { ...value, seconds: (performance.now() - begin) / 1000 };
      tell({ ...value, milliseconds: performance.now() - before });
      await turn();
      signal.throwIfAborted();
      before = performance.now();
    }
  },

  async chat({ messages }) {
    const text = chatText(messages);
    return { text, ids: (await calls.tokenize({ family: "smollm2", text })).ids };
  },
};

/** Buffers in a result: they move to the page instead of being copied. */
function buffers(value) {
  if (ArrayBuffer.isView(value)) return [value.buffer];
  return value && typeof value === "object" ? Object.values(value).flatMap(buffers) : [];
}

const running = new Map(); // id → AbortController
let queue = Promise.resolve();

self.onmessage = ({ data: { id, call, args, abort } }) => {
  if (abort !== undefined) return running.get(abort)?.abort();
  const controller = new AbortController();
  running.set(id, controller);
  const work = async () => {
    try {
      controller.signal.throwIfAborted();
      const tell = (event) => self.postMessage({ id, event });
      const result = await calls[call](args, { signal: controller.signal, tell });
      self.postMessage({ id, result }, buffers(result));
    } catch (error) {
      self.postMessage({ id, error: error.message, name: error.name });
    }
    running.delete(id);
  };
  // A download must not keep the tokenizer waiting; models are used one call at a time.
  if (["next", "score", "generate", "attend"].includes(call)) queue = queue.then(work);
  else work();
};
