/** What the engine needs of a browser, in Node: Worker, fetch of files, and the Cache API. */
import fs from "node:fs";
import os from "node:os";
import { createHash } from "node:crypto";
import { Worker as Thread, isMainThread, parentPort, workerData } from "node:worker_threads";

/** A Worker as browsers have it, over a thread of Node's. */
class BrowserWorker {
  constructor(url, { name }) {
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

// What all threads share: the store of the browser, and a line for each file that was asked for.
const shared = (process.env.LIVE_SHARED ??= fs.mkdtempSync(`${os.tmpdir()}/live-`));
if (isMainThread) process.on("exit", () => fs.rmSync(shared, { recursive: true }));

/** A Map of what is in the store: for each address a file with it, and one with the bytes. */
class Entries {
  path = (url) => `${shared}/${createHash("sha1").update(url).digest("hex")}`;
  keys = () => fs.readdirSync(shared).filter((name) => name.endsWith(".url")).map((name) => fs.readFileSync(`${shared}/${name}`, "utf8")).sort();
  get size() {
    return this.keys().length;
  }
  get(url) {
    return fs.existsSync(`${this.path(url)}.url`) ? new Uint8Array(fs.readFileSync(this.path(url))) : undefined;
  }
  set(url, bytes) {
    fs.writeFileSync(this.path(url), bytes);
    fs.writeFileSync(`${this.path(url)}.url`, url);
  }
  delete(url) {
    fs.rmSync(`${this.path(url)}.url`, { force: true });
  }
}

/** The Cache API, with what a test wants to see or break. */
export class Store {
  static entries = new Entries();
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
    return Store.entries.keys().map((url) => ({ url }));
  }
}

/** The names of the files that any thread has asked for. */
export const asked = () => fs.readFileSync(`${shared}/asked`, "utf8").split("\n").filter(Boolean);

/** Files of the site; a test may replace it. */
export async function fetchFile(url) {
  fs.appendFileSync(`${shared}/asked`, `${String(url).split("/").at(-1)}\n`);
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
