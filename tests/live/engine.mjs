/** What a widget does, from engine.js through the worker to the models: what came of it, as JSON. */
import fs from "node:fs";
import { asked, Store } from "./browser.mjs";

const { site, sentence, prompt } = JSON.parse(fs.readFileSync(0, "utf8"));
const { engine } = await import(`file://${site}/engine/engine.js`);
const caught = (promise) => promise.then(() => null, ({ name, message }) => ({ name, message }));
const result = {};

result.sizes = await engine.sizes();
result.early = await caught(engine.attend(sentence));
result.unknown = await caught(engine.load("gpt-9"));
result.state = [await engine.state("minilm")];
const stop = new AbortController();
stop.abort();
result.abortedLoad = await caught(engine.load("minilm", { signal: stop.signal }));
const progress = [];
await Promise.all([engine.load("minilm", { onProgress: (p) => progress.push(p) }), engine.load("minilm")]);
result.progress = progress.at(-1);
result.state.push(await engine.state("minilm"));
await engine.load("smollm2");
result.state.push(await engine.state("minilm"), await engine.state("smollm2"));
const parts = () => asked().filter((name) => name.endsWith(".bin")).sort();
result.asked = parts();

result.pieces = await engine.tokenize("en-pt", sentence);
const attended = await engine.attend(sentence, "They drank.");
result.state.push(await engine.state("minilm"), await engine.state("smollm2"));
result.attend = { ...attended, maps: attended.maps.map((map) => map.length), vector: Math.hypot(...attended.vector) };

const { ids } = await engine.tokenize("smollm2", prompt);
const { logits, maps } = await engine.next(ids, { attentions: true });
result.next = [logits.length, maps.length, maps[0].length];
const steps = [];
result.greedy = await engine.generate(ids, { method: "greedy", steps: 8 }, { onStep: (step) => steps.push(step) });
result.steps = steps;
result.text = await engine.decode("smollm2", result.greedy.ids);
const sampled = { method: "sample", steps: 6, temperature: 0.8, topK: 50, topP: 0.9, seed: 3 };
result.sampled = [await engine.generate(ids, sampled), await engine.generate(ids, sampled), await engine.generate(ids, { ...sampled, seed: 4 })].map((x) => x.ids);
result.stopped = (await engine.generate(ids, { method: "greedy", steps: 8, stop: [result.greedy.ids[2]] })).ids;
result.scored = Array.from(await engine.score([...ids, ...result.greedy.ids], ids.length));

const writing = new AbortController();
let written = 0;
const onStep = () => ++written === 2 && writing.abort();
result.abortedWriting = await caught(engine.generate(ids, { steps: 400 }, { onStep, signal: writing.signal }));
result.written = written;
result.chat = await engine.chat([{ role: "user", content: "Hello!" }]);
result.askedLater = parts();
engine.rest();
result.rested = [await engine.state("minilm"), await engine.state("smollm2")];
result.afterRest = (await engine.generate(ids, { method: "greedy", steps: 8 })).ids;
result.askedAtLast = parts();

// A translator: another source, another piece hidden, one stopped, and the beams.
await engine.load("en-pt");
const before = [];
const translated = await engine.translate("en-pt", sentence, {}, { onStep: (step) => before.push(step.maps[1].length) });
result.translated = { ...translated, maps: translated.maps.map((map) => map.length) };
result.translatedSteps = before;
result.writtenText = [await engine.decode("en-pt", translated.ids.slice(0, -1)), ...(await engine.pieces("en-pt", translated.ids)).slice(0, 2)];
result.hidden = (await engine.translate("en-pt", sentence, { hidden: [1] })).ids;
const halt = new AbortController();
const endless = engine.translate("en-pt", `${sentence} `.repeat(20), { method: "beam", beams: 6 }, { onStep: () => halt.abort(), signal: halt.signal });
result.haltedTranslation = (await caught(endless)).name;
result.backwards = await caught(engine.translate("pt-en", sentence));
await engine.load("smollm2");

// Two at once, each of the other's model: both are answered.
result.both = (await Promise.all([engine.attend(sentence), engine.next(ids), engine.attend(sentence)])).map((one) => (one.logits ?? one.ids).length);
// While one writes, the other is loaded and used; the writing ends as it would have.
const long = engine.generate(ids, { method: "greedy", steps: 8 });
await engine.load("minilm");
await engine.attend(sentence);
result.undisturbed = (await long).ids;
// Cancelled, and asked for again in the same breath.
await engine.forget("minilm");
const cancel = new AbortController();
const cancelled = caught(engine.load("minilm", { signal: cancel.signal }));
cancel.abort();
result.again = [await caught(engine.load("minilm")), (await cancelled).name];
await engine.forget("smollm2");
result.state.push(await engine.state("smollm2"));
result.late = await caught(engine.next(ids));
process.stdout.write(JSON.stringify(result), () => process.exit());
