/**
 * What the widgets call: promises here, the models in a worker (worker.js).
 *
 * Nothing is loaded before the first call; every widget of a page shares this one worker.
 */

/** @type {Worker | undefined} */
let worker;
let count = 0;
const waiting = new Map(); // id → {resolve, reject, onEvent}

/** The worker, begun when first needed. */
function started() {
  if (worker) return worker;
  worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  worker.onmessage = ({ data: { id, event, error, name, result } }) => {
    const call = waiting.get(id);
    if (!call) return;
    if (event !== undefined) return call.onEvent?.(event);
    waiting.delete(id);
    if (error === undefined) call.resolve(result);
    else call.reject(name === "AbortError" ? new DOMException("Stopped.", name) : new Error(error));
  };
  worker.onerror = () => {
    // The worker itself is gone (no file, no memory): whoever waits is told, the next call begins anew.
    const failed = new Error("The model stopped: a file of the site is missing, or the browser has no memory left.");
    for (const { reject } of waiting.values()) reject(failed);
    waiting.clear();
    worker.terminate();
    worker = undefined;
  };
  return worker;
}

/** One call of the worker. @returns {Promise<any>} */
function ask(call, args = {}, { onEvent, signal } = {}) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new DOMException("Stopped.", "AbortError"));
    const id = count++;
    const stop = () => started().postMessage({ abort: id });
    const end = (settle) => (value) => {
      signal?.removeEventListener("abort", stop);
      settle(value);
    };
    waiting.set(id, { resolve: end(resolve), reject: end(reject), onEvent });
    signal?.addEventListener("abort", stop);
    started().postMessage({ id, call, args });
  });
}

const loading = new Map(); // name → the load under way: {promise, listeners}

/** Several widgets may want the same model: it is loaded once, and all hear of the progress. */
function load(name, { onProgress, signal } = {}) {
  let shared = loading.get(name);
  if (!shared) {
    const controller = new AbortController();
    const listeners = new Set();
    const onEvent = (progress) => listeners.forEach((listener) => listener.onProgress?.(progress));
    const promise = ask("load", { name }, { onEvent, signal: controller.signal });
    shared = { promise, listeners, controller };
    const over = () => loading.get(name) === shared && loading.delete(name);
    promise.then(over, over);
    loading.set(name, shared);
  }
  return new Promise((resolve, reject) => {
    const { promise, listeners, controller } = shared;
    const listener = { onProgress };
    const leave = () => {
      listeners.delete(listener);
      if (!listeners.size) {
        loading.delete(name); // whoever comes now begins anew
        controller.abort();
      }
      reject(new DOMException("Stopped.", "AbortError"));
    };
    if (signal?.aborted) return leave();
    listeners.add(listener);
    signal?.addEventListener("abort", leave, { once: true });
    promise.then(resolve, reject).finally(() => signal?.removeEventListener("abort", leave));
  });
}

export const engine = {
  /** Bytes that each model's weights take: {minilm, smollm2}. */
  sizes: () => ask("sizes"),
  /** "absent", "kept" in the browser's store, or "ready". */
  state: (name) => ask("state", { name }),
  /** Loads a model; onProgress({loaded, total}) in bytes; signal stops it. */
  load,
  /** Removes a model's weights from the browser's store and from memory. */
  forget: (name) => ask("forget", { name }),
  /** {ids, pieces, segments} of a text, or of two; families: minilm, smollm2, en-pt. */
  tokenize: (family, text, second = null) => ask("tokenize", { family, text, second }),
  /** The text of ids. */
  decode: (family, ids) => ask("decode", { family, ids }),
  /** MiniLM's attention: {pieces, ids, segments, layers, heads, maps: (heads, n, n) a layer, vector}. */
  attend: (text, second = null) => ask("attend", { text, second }),
  /** SmolLM2's logits for the token after `ids`; with attentions, the last token's rows: (heads, 1, n) a layer. */
  next: (ids, { attentions = false } = {}) => ask("next", { ids, attentions }),
  /** Log-probability of each token from number `start` (at least 1) on. */
  score: (ids, start = 1) => ask("score", { ids, start }),
  /** Writes; see decoding.js for the settings and for what a step tells. */
  generate: (ids, settings = {}, { onStep, signal } = {}) =>
    ask("generate", { method: "greedy", steps: 40, ...settings, ids }, { onEvent: onStep, signal }),
  /** {text, ids}: a conversation as the model sees it, up to where its answer begins. */
  chat: (messages) => ask("chat", { messages }),
};
