/** What the engine needs of a browser, in Node: Worker, fetch of files, and the Cache API. */
import fs from "node:fs";
import { Worker as Thread, isMainThread, parentPort, workerData } from "node:worker_threads";

/** A Worker as browsers have it, over a thread of Node's. */
class BrowserWorker {
  constructor(url) {
    this.thread = new Thread(new URL(import.meta.url), { workerData: { script: String(url) } });
    this.thread.on("message", (data) => this.onmessage?.({ data }));
    this.thread.on("error", (error) => (console.error(error), this.onerror?.(error)));
  }
  postMessage(data, transfer) {
    this.thread.postMessage(data, transfer);
  }
  terminate() {
    this.thread.terminate();
  }
}

/** The Cache API in memory, with what a test wants to see or break. */
export class Store {
  static entries = new Map();
  static full = false;
  async match(url) {
    const bytes = Store.entries.get(url);
    return bytes && new Response(bytes);
  }
  async put(url, response) {
    if (Store.full) throw new DOMException("no room", "QuotaExceededError");
    Store.entries.set(url, new Uint8Array(await response.arrayBuffer()));
  }
  async delete(url) {
    return Store.entries.delete(url);
  }
  async keys() {
    return [...Store.entries.keys()];
  }
}

/** Files of the site; a test may replace it. */
export async function fetchFile(url) {
  try {
    return new Response(new Uint8Array(fs.readFileSync(new URL(url))));
  } catch {
    return new Response(null, { status: 404 });
  }
}

globalThis.fetch = fetchFile;
globalThis.caches = { open: async () => new Store(), delete: async () => true };

if (isMainThread) globalThis.Worker = BrowserWorker;
else {
  globalThis.self = globalThis;
  globalThis.postMessage = (data, transfer) => parentPort.postMessage(data, transfer);
  const early = [];
  const hear = (data) => (globalThis.onmessage ? globalThis.onmessage({ data }) : early.push(data));
  parentPort.on("message", hear);
  await import(workerData.script);
  early.splice(0).forEach(hear);
}
