/**
 * What is heavy happens here, and the page stays smooth: a worker has the tokenizers, or a model.
 *
 * A message {id, call, args} is answered by {id, result} or {id, error}; on the way there may be
 * {id, event} (progress, a step). {abort: id} stops a call: between two steps of writing the
 * worker looks whether such a message has come.
 */
import { Branches } from "../models/branches.js";
import { chatText } from "../models/chat.js";
import { Decoder } from "../models/decoder.js";
import { beamSearch, write } from "../models/decoding.js";
import { Encoder } from "../models/encoder.js";
import { Translator } from "../models/marian.js";
import { Translating } from "../models/translating.js";
import { broken, file, once } from "./files.js";
import { readGguf } from "./gguf.js";
import { Kernel } from "./kernel.js";
import { readMarian } from "./marian_file.js";
import { readSafetensors } from "./safetensors.js";
import * as weights from "./weights.js";

const MODELS = { minilm: Encoder, smollm2: Decoder, "en-pt": Translator, "pt-en": Translator };
const READERS = { gguf: readGguf, safetensors: readSafetensors, bin: readMarian };
/** What knows which texts begin alike, for models that write. */
const TREES = new Map([[Decoder, Branches], [Translator, Translating]]);
/** @type {Encoder | Branches | Translating | import("../models/whisper.js").Whisper} */
let model; // the one that this worker was begun for
/** @type {Kernel} */
let kernel; // that it runs in

const list = once((path) => file(path, "json"));

async function entry(name) {
  const listed = (await list("weights.json"))[name];
  if (!listed) throw new Error(`There is no model called ${name}.`);
  return listed;
}

// What few pages need comes when it is asked for: what hears, and what looks between the layers.
const hearing = () => import("../models/hearing.js").catch(broken);
const inside = () => import("../models/inside.js").catch(broken);

const tokenizer = once(async (family) => {
  const { makeTokenizer } = await import("./tokens.js").catch(broken);
  const parts = [file(`tokenizers/${family}.json`, "json"), file(`tokenizers/${family}.config.json`, "json")];
  return makeTokenizer(...(await Promise.all(parts)));
});

/** Lets waiting messages in, such as one that says stop. Timers cost 4 ms: ten times a second will do. */
let turned = 0;
async function turn() {
  if (performance.now() - turned < 100) return;
  await new Promise((go) => setTimeout(go, 0));
  turned = performance.now();
}

/** The loop of all that write: each step is told, and between two it may be stopped. */
async function written(next, ids, settings, { signal, tell }) {
  settings.sum = (logits) => kernel.logSum(logits);
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
}

const calls = {
  async sizes() {
    const listed = await list("weights.json");
    return Object.fromEntries(Object.entries(listed).map(([name, { bytes }]) => [name, bytes]));
  },

  async state({ name }) {
    return (await weights.kept(await entry(name))) ? "kept" : "absent";
  },

  /** @returns {Promise<boolean>} can it be loaded again without the network? */
  async load({ name }, { tell }) {
    const listed = await entry(name);
    const Model = MODELS[name] ?? (await hearing()).Whisper;
    const wasm = await Kernel.fetch((path) => file(path, "arrayBuffer"));
    kernel = await Kernel.create(listed.bytes + Model.room(listed.config), wasm);
    const base = kernel.allocate(listed.bytes);
    const bytes = new Uint8Array(kernel.buffer, base, listed.bytes);
    let told = 0;
    const onProgress = (progress) => {
      if (performance.now() - told < 50 && progress.loaded < progress.total) return;
      told = performance.now();
      tell(progress);
    };
    await weights.load(listed, bytes, { onProgress });
    const made = new Model(kernel, listed.config, READERS[listed.format](bytes), base);
    const Tree = TREES.get(Model);
    model = Tree ? new Tree(made) : made;
    return weights.kept(listed);
  },

  async forget({ name }) {
    await weights.forget(await entry(name));
  },

  async tokenize({ family, text, second = null }) {
    const made = await tokenizer(family);
    const { ids, token_type_ids: segments } = made.encode(text, { text_pair: second, return_token_type_ids: true });
    const pieces = await calls.pieces({ family, ids }); // what the model is given: <unk>, and not the letters of the text
    return { ids, pieces, segments: segments ?? ids.map(() => 0) };
  },

  async decode({ family, ids }) {
    return ids.length ? (await tokenizer(family)).decode(ids, { skip_special_tokens: false }) : "";
  },

  async pieces({ family, ids }) {
    const made = await tokenizer(family);
    return ids.map((id) => made.id_to_token(id));
  },

  attend({ ids, segments }) {
    const { states, maps } = model.forward(ids, segments);
    return { layers: maps.length, heads: model.heads, maps, vector: model.vector(states) };
  },

  next({ ids, attentions = false }) {
    const { logits, maps } = model.next([ids], { attentions });
    return { logits: logits[0].slice(), maps }; // a copy to send: the model's own stays with it
  },

  score({ ids, start }) {
    return model.score(ids, start);
  },

  lens: async ({ ids }) => (await inside()).lens(model, ids),
  meanOutputs: async ({ texts }) => (await inside()).meanOutputs(model, texts),
  async headsOff({ ids, sets, instead }) {
    const { headsOff } = await inside();
    return sets.map((heads) => headsOff(model, heads, instead, () => model.next([ids]).logits[0].slice()));
  },
  async vectorsOff({ texts, sets, instead }) {
    const { headsOff } = await inside();
    const read = (ids) => model.vector(model.forward(ids).states);
    return sets.map((heads) => headsOff(model, heads, instead, () => texts.map(read)));
  },

  generate({ ids, ...settings }, told) {
    return written((texts) => model.next(texts).logits, ids, settings, told);
  },

  async translate({ source, hidden, ...settings }, { signal, tell }) {
    model.read(source, hidden);
    const start = [model.start];
    // The query of a piece is made at the piece before.
    const looked = (ids) => ({ layers: model.layers, heads: model.heads, maps: model.looked([...start, ...ids.slice(0, -1)]) });
    const grown = (step) => tell({ ...step, ...looked(step.ids ?? step.beams[0]?.ids ?? step.finished[0].ids) });
    const result = await written((texts) => model.next(texts), start, settings, { signal, tell: grown });
    return { ...result, ...looked(result.ids) };
  },

  /** Its words are made here, so that its tokenizer ends with the model. */
  async hear({ sound, ...settings }, told) {
    const [{ hear }, pieces] = await Promise.all([hearing(), tokenizer("whisper")]);
    const decode = (ids) => pieces.decode(ids, { skip_special_tokens: false });
    return hear(model, sound, settings, { ...told, turn, written, decode });
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

self.onmessage = async ({ data: { id, call, args, abort } }) => {
  if (abort !== undefined) return running.get(abort)?.abort();
  const controller = new AbortController();
  running.set(id, controller);
  try {
    const tell = (event) => self.postMessage({ id, event });
    const result = await calls[call](args, { signal: controller.signal, tell });
    self.postMessage({ id, result }, buffers(result));
  } catch (error) {
    self.postMessage({ id, error: error.message, name: error.name });
  }
  running.delete(id);
};
