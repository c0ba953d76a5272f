/**
 * The weights of a model: fetched in parts, each checked, each kept in the browser.
 *
 * A part is named by its content, so a kept part can never be out of date. After a broken
 * connection, the parts that had arrived are there; only the others are fetched again.
 */

const CACHE = "executable-transformer-weights";

/**
 * @typedef {{path: string, bytes: number, sha256: string}} Part
 * @typedef {{format: string, bytes: number, config: object, parts: Part[]}} Entry   of weights.json
 */

/** The browser's store, or null where there is none (private windows, http:, no room). */
async function store() {
  try {
    return await caches.open(CACHE);
  } catch {
    return null;
  }
}

// Weights stay at the address they have: with another, readers would fetch them again.
const address = (part) => new URL(`../${part.path}`, import.meta.url).href;

/** @returns {Promise<boolean>} whether all parts are in the browser's store */
export async function kept(/** @type {Entry} */ entry) {
  const cache = await store();
  if (!cache) return false;
  const there = (await cache.keys()).map((request) => request.url); // the names alone: no part is read
  return entry.parts.every((part) => there.includes(address(part)));
}

/** Takes the parts out of the store; called with every model gone, it leaves nothing behind. */
export async function forget(/** @type {Entry} */ entry) {
  const cache = await store();
  if (!cache) return;
  await Promise.all(entry.parts.map((part) => cache.delete(address(part))));
  if (!(await cache.keys()).length) await caches.delete(CACHE);
}

/**
 * Puts the weights into `into`, from the store or from the site.
 * @param {Entry} entry
 * @param {Uint8Array} into `entry.bytes` long
 * @param {{onProgress?: (p: {loaded: number, total: number}) => void, signal?: AbortSignal}} options
 * @throws {Error} with the name of the part that could not be had, in one sentence
 */
export async function load(entry, into, { onProgress = () => {}, signal } = {}) {
  const cache = await store();
  let done = 0;
  for (const part of entry.parts) {
    const place = into.subarray(done, done + part.bytes);
    const tell = (loaded) => onProgress({ loaded: done + loaded, total: entry.bytes });
    await loadPart(part, place, { cache, tell, signal });
    done += part.bytes;
  }
}

/** One part: from the store if it is there and whole, else from the site, twice if need be. */
async function loadPart(part, place, { cache, tell, signal }) {
  const stored = await cache?.match(address(part));
  if (stored) {
    if ((await attempt(part, place, stored, { tell, signal })) === "whole") return;
    await cache.delete(address(part));
  }
  let problem;
  for (let tries = 0; tries < 2; tries++) {
    try {
      // Where our store keeps the part, a second copy in the browser's own cache would be a waste.
      // And the second time a damaged copy in between must not be asked again.
      const response = await fetch(address(part), { signal, cache: cache || tries ? "no-store" : "default" });
      if (!response.ok) throw new Error(`the site answered ${response.status}`);
      problem = await attempt(part, place, response, { tell, signal });
    } catch (error) {
      signal?.throwIfAborted();
      problem = error.message;
    }
    if (problem === "whole") return keep(part, place, cache);
    tell(0);
  }
  throw new Error(`Part ${part.path} of the model could not be loaded: ${problem}.`);
}

/** Streams a response into its place. @returns {Promise<string>} "whole", or what is wrong */
async function attempt(part, place, response, { tell, signal }) {
  let at = 0;
  for await (const chunk of chunks(response)) {
    signal?.throwIfAborted();
    if (at + chunk.length > part.bytes) return "it is longer than it should be";
    place.set(chunk, at);
    tell((at += chunk.length));
  }
  if (at < part.bytes) return "it is shorter than it should be";
  const found = await sha256(place);
  return found === null || found === part.sha256 ? "whole" : "its content is not what it should be";
}

/**
 * The bytes of a response as they arrive. What held them is used again or given back at once: left to
 * the browser, which cleans up when it sees fit, it would be as much as the model by the end.
 */
async function* chunks(response) {
  let reader;
  let room = new ArrayBuffer(2 ** 18);
  try {
    reader = response.body.getReader({ mode: "byob" }); // "bring your own buffer"
  } catch {
    reader = response.body.getReader();
    room = null;
  }
  const read = () => reader.read(...(room ? [new Uint8Array(room)] : []));
  try {
    for (let next = await read(); !next.done; next = await read()) {
      yield next.value;
      if (room) room = next.value.buffer;
      else next.value.buffer.transfer?.(0);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Where the page is not served securely there is no digest: then only the length is checked. */
async function sha256(bytes) {
  if (!globalThis.crypto?.subtle) return null;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Into the store; when it is full or gone, the model works without. */
async function keep(part, bytes, cache) {
  const headers = { "Content-Type": "application/octet-stream", "Content-Length": String(part.bytes) };
  try {
    await cache?.put(address(part), new Response(bytes, { headers }));
  } catch {
    // No room: the next visit fetches this part again.
  }
}
