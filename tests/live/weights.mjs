/** Downloads that go well and badly, with small parts: what came of each, as JSON. */
import fs from "node:fs";
import { createHash, randomFillSync } from "node:crypto";
import { Store } from "./browser.mjs";

const { site } = JSON.parse(fs.readFileSync(0, "utf8"));
const weights = await import(`file://${site}/engine/weights.js`);

const whole = randomFillSync(new Uint8Array(2500));
const cut = [whole.subarray(0, 1000), whole.subarray(1000, 2000), whole.subarray(2000)];
const parts = cut.map((bytes, i) => ({ path: `weights/p${i}.bin`, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") }));
const entry = { format: "safetensors", bytes: whole.length, config: {}, parts };

const damaged = (bytes) => bytes.map((value, i) => (i === 7 ? value ^ 1 : value));
const stream = (bytes, after) =>
  new Response(
    new ReadableStream({
      async pull(controller) {
        controller.enqueue(bytes.slice(0, 400));
        await after?.(controller);
        controller.enqueue(bytes.slice(400));
        controller.close();
      },
    }),
  );

/** Loads; `serve(number of the part, number of the request)` may answer in the site's place. */
async function attempt(serve = () => null, options = {}) {
  const asked = [];
  globalThis.fetch = async (url) => {
    const number = Number(/p(\d)\.bin$/.exec(url)[1]);
    asked.push(number);
    return (await serve(number, asked.length)) ?? stream(cut[number]);
  };
  const into = new Uint8Array(whole.length);
  const progress = [];
  const onProgress = ({ loaded, total }) => progress.push([loaded, total]);
  let error = null;
  try {
    await weights.load(entry, into, { onProgress, ...options });
  } catch (problem) {
    error = { name: problem.name, message: problem.message };
  }
  return { asked, error, same: Buffer.compare(into, whole) === 0, progress, kept: Store.entries.size };
}

const broken = (number) => {
  if (number === 1) throw new TypeError("network error");
};
const result = {};
result.first = await attempt();
result.second = await attempt(() => new Response(null, { status: 500 }));
result.known = await weights.kept(entry);
const key = [...Store.entries.keys()][1];
Store.entries.set(key, damaged(Store.entries.get(key)));
result.damagedInStore = await attempt();
await weights.forget(entry);
result.forgotten = [await weights.kept(entry), Store.entries.size];
result.broken = await attempt(broken);
result.resumed = await attempt();
await weights.forget(entry);
result.cutOff = await attempt((number, request) => (number === 1 && request === 2 ? stream(cut[1], (c) => c.error(new TypeError("connection lost"))) : null));
await weights.forget(entry);
result.tamperedOnce = await attempt((number, request) => (request === 1 ? new Response(damaged(cut[0])) : null));
await weights.forget(entry);
result.tampered = await attempt((number) => (number === 2 ? new Response(damaged(cut[2])) : null));
result.short = await attempt((number) => (number === 2 ? new Response(cut[2].slice(0, 99)) : null));
result.long = await attempt((number) => (number === 2 ? new Response(new Uint8Array(5000)) : null));
result.absent = await attempt(() => new Response("not found", { status: 404 }));
await weights.forget(entry);
const stop = new AbortController();
result.aborted = await attempt((number) => (number === 1 ? stream(cut[1], () => stop.abort()) : null), { signal: stop.signal });
await weights.forget(entry);
Store.full = true;
result.full = await attempt();
Store.full = false;
delete globalThis.caches;
result.noStore = await attempt();
process.stdout.write(JSON.stringify(result));
