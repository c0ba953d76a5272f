/** What a widget does, from engine.js through the worker to the models: what came of it, as JSON. */
import fs from "node:fs";
import "./browser.mjs";

const { site, sentence, prompt } = JSON.parse(fs.readFileSync(0, "utf8"));
const { engine } = await import(`file://${site}/engine.js`);
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
await engine.load("smollm2");
result.state.push(await engine.state("minilm"), await engine.state("smollm2"));

result.pieces = await engine.tokenize("en-pt", sentence);
const attended = await engine.attend(sentence, "They drank.");
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
await engine.forget("smollm2");
result.state.push(await engine.state("smollm2"));
result.late = await caught(engine.next(ids));
process.stdout.write(JSON.stringify(result), () => process.exit());
