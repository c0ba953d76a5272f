/**
 * What the widgets call: promises here, the work in workers (worker.js).
 *
 * Nothing is loaded before the first call, and all widgets of a page share the workers. One has
 * the tokenizers; each model has its own, which ends when another model is used. With a worker
 * ends all that it kept, at once and in every browser, and a phone has no room for two models.
 * The model comes back from the browser's store, without the network.
 */

/** @type {Map<string, Worker>} */
const workers = new Map(); // "text" or the name of a model → its worker
let count = 0;
const waiting = new Map(); // id → {to, resolve, reject, onEvent}
const brought = new Map(); // name of a model that was loaded → can it come back from the store?
const ready = new Set(); // names of the models that are in memory

const stopped = () => new DOMException("Stopped.", "AbortError");

/** A worker, begun when first needed. */
function started(to) {
  if (workers.has(to)) return workers.get(to);
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: to });
  worker.onmessage = ({ data: { id, event, error, name, result } }) => {
    const call = waiting.get(id);
    if (!call) return;
    if (event !== undefined) return call.onEvent?.(event);
    waiting.delete(id);
    if (error === undefined) call.resolve(result);
    else call.reject(name === "AbortError" ? stopped() : new Error(error));
  };
  // The worker itself is gone (no file, no memory). The next call begins anew.
  const gone = "The model stopped: a file of the site is missing, or the browser has no memory left.";
  worker.onerror = () => end(to, new Error(gone));
  workers.set(to, worker);
  return worker;
}

/** Ends a worker; whoever waits for it is told why. */
function end(to, why = stopped()) {
  workers.get(to)?.terminate();
  workers.delete(to);
  ready.delete(to);
  for (const [id, call] of waiting) {
    if (call.to === to && waiting.delete(id)) call.reject(why);
  }
}

/** One call of a worker. @returns {Promise<any>} */
function ask(to, call, args = {}, { onEvent, signal } = {}) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(stopped());
    const id = count++;
    const stop = () => workers.get(to)?.postMessage({ abort: id });
    const over = (settle) => (value) => {
      signal?.removeEventListener("abort", stop);
      settle(value);
    };
    waiting.set(id, { to, resolve: over(resolve), reject: over(reject), onEvent });
    signal?.addEventListener("abort", stop);
    started(to).postMessage({ id, call, args });
  });
}

let queue = Promise.resolve(); // models are used one call at a time

/** One thing after all that was asked before it. @returns {Promise<any>} */
function inTurn(work) {
  const turn = queue.then(work);
  queue = turn.catch(() => {});
  return turn;
}

/** Ends all other models that the store can bring back. */
function makeRoom(name) {
  for (const [other, kept] of brought) if (kept && other !== name && ready.has(other)) end(other);
}

/** Before another model: the tokenizers that it needs are made again in a moment; those of others may rest. */
function restTokenizers(name) {
  if (!ready.has(name) && ![...waiting.values()].some(({ to }) => to === "text")) end("text");
}

/** One call of a model, which is brought back first if another one has taken its place. */
const use = (name, call, args, options) => inTurn(async () => {
  options?.signal?.throwIfAborted();
  if (!brought.has(name)) throw new Error(`The model ${name} is not loaded yet.`);
  makeRoom(name);
  restTokenizers(name);
  await load(name);
  return ask(name, call, args, options);
}); // prettier-ignore

const loading = new Map(); // name → the load under way: {promise, listeners}

async function begin(name, onEvent) {
  const worker = started(name);
  try {
    brought.set(name, await ask(name, "load", { name }, { onEvent }));
    ready.add(name);
  } catch (error) {
    if (workers.get(name) === worker) end(name); // half a model is of no use
    throw error;
  }
}

/** Several widgets may want the same model: it is loaded once, and all hear of the progress. */
async function load(name, { onProgress, signal } = {}) {
  if (signal?.aborted) throw stopped();
  if (ready.has(name)) return;
  let shared = loading.get(name);
  if (!shared) {
    const listeners = new Set();
    const tell = (progress) => listeners.forEach((listener) => listener.onProgress?.(progress));
    shared = { listeners, promise: begin(name, tell) };
    const over = () => loading.get(name) === shared && loading.delete(name);
    shared.promise.then(over, over);
    loading.set(name, shared);
  }
  const { promise, listeners } = shared;
  const listener = { onProgress };
  listeners.add(listener);
  await new Promise((resolve, reject) => {
    const leave = () => {
      listeners.delete(listener);
      if (!listeners.size && loading.delete(name)) end(name); // whoever comes now begins anew
      reject(stopped());
    };
    signal?.addEventListener("abort", leave, { once: true });
    promise.then(resolve, reject).finally(() => signal?.removeEventListener("abort", leave));
  });
}

export const engine = {
  /** Bytes that each model's weights take, by its name. */
  sizes: () => ask("text", "sizes"),
  /** "absent", "kept" in the browser's store, or "ready" in memory. */
  state: async (name) => (ready.has(name) ? "ready" : ask("text", "state", { name })),
  /** Loads a model; onProgress({loaded, total}) in bytes; signal stops it. */
  load(name, options) {
    inTurn(() => makeRoom(name)); // what another computes may end first; a download need not wait
    restTokenizers(name);
    return load(name, options);
  },
  /** Removes a model's weights from the browser's store and from memory. */
  forget(name) {
    brought.delete(name);
    end(name, new Error("The model was removed from this browser."));
    return ask("text", "forget", { name });
  },
  /** Nothing is used any more: ends all that can come back from the store. */
  rest() {
    makeRoom();
    end("text");
  },
  /** {ids, pieces, segments} of a text, or of two; families: minilm, smollm2, en-pt, pt-en. */
  tokenize: (family, text, second = null) => ask("text", "tokenize", { family, text, second }),
  /** The text of ids. */
  decode: (family, ids) => ask("text", "decode", { family, ids }),
  /** MiniLM's attention: {pieces, ids, segments, layers, heads, maps: (heads, n, n) a layer, vector}. */
  async attend(text, second = null) {
    const { ids, pieces, segments } = await engine.tokenize("minilm", text, second);
    return { pieces, ids, segments, ...(await use("minilm", "attend", { ids, segments })) };
  },
  /** SmolLM2's logits for the token after `ids`; with attentions, the last token's rows: (heads, 1, n) a layer. */
  next: (ids, { attentions = false } = {}) => use("smollm2", "next", { ids, attentions }),
  /** Log-probability of each token from number `start` (at least 1) on. */
  score: (ids, start = 1) => use("smollm2", "score", { ids, start }),
  /** What each layer would say after `ids`; see models/inside.js. */
  lens: (ids) => use("smollm2", "lens", { ids }),
  /** What each head of a model hands on, on average over texts: (layers, heads, width). */
  meanOutputs: (name, texts) => use(name, "meanOutputs", { texts }),
  /** SmolLM2's logits after `ids` for each set of heads, off: they hand on what `instead` has. */
  headsOff: (ids, sets, instead) => use("smollm2", "headsOff", { ids, sets, instead }),
  /** MiniLM's vectors of texts for each set of heads, off in the same way. */
  vectorsOff: (texts, sets, instead) => use("minilm", "vectorsOff", { texts, sets, instead }),
  /** Writes; see models/decoding.js for the settings and for what a step tells. */
  generate: (ids, settings = {}, { onStep, signal } = {}) =>
    use("smollm2", "generate", { method: "greedy", steps: 40, ...settings, ids }, { onEvent: onStep, signal }),
  /**
   * Translates; directions: en-pt, pt-en. Settings as for `generate`, and `hidden`: places of pieces
   * of the source at which the decoder may not look. @returns {Promise<{pieces: string[], ids: number[],
   *   layers: number, heads: number, maps: Float32Array[]}>} the source's pieces; what was written,
   *   with its end token, and the cross-attention (heads, written, source) of each layer
   */
  async translate(direction, text, settings = {}, { onStep, signal } = {}) {
    const { ids: source, pieces } = await engine.tokenize(direction, text);
    const wish = { method: "greedy", steps: 100, hidden: [], stop: [0], ...settings, source };
    return { pieces, ...(await use(direction, "translate", wish, { onEvent: onStep, signal })) };
  },
  /**
   * Whisper: what is said in a sound of one channel, 16,000 samples a second, as `generate` writes it.
   * Told are {features}, then {done} up to 1, then the steps; see models/hearing.js.
   */
  hear: (sound, { onStep, signal } = {}) =>
    use("whisper", "hear", { method: "greedy", steps: 224, stop: [50256], sound }, { onEvent: onStep, signal }),
  /** The pieces that ids stand for, as the vocabulary has them. @returns {Promise<string[]>} */
  pieces: (family, ids) => ask("text", "pieces", { family, ids: [...ids] }),
  /** {text, ids}: a conversation as the model sees it, up to where its answer begins. */
  chat: (messages) => ask("text", "chat", { messages }),
};
