/** Runs the page's models in Node: reads a task from standard input, leaves numbers in files. */
import fs from "node:fs";

const task = JSON.parse(fs.readFileSync(0, "utf8"));
const part = (name) => import(new URL(name, `file://${task.site}/`));
const [{ Kernel }, { readGguf }, { readSafetensors }, { readMarian }] = await Promise.all(
  ["kernel", "gguf", "safetensors", "marian_file"].map((name) => part(`engine/${name}.js`)),
);
const [{ Encoder }, { Decoder }, { Branches }, { Translator }, { Translating }, decoding, sampling, inside] = await Promise.all(
  ["encoder", "decoder", "branches", "marian", "translating", "decoding", "sampling", "inside"].map((name) => part(`models/${name}.js`)),
);

const readers = { gguf: readGguf, safetensors: readSafetensors, bin: readMarian };

async function load(Model, path, config) {
  const size = fs.statSync(path).size;
  const read = async (path) => {
    if (path.includes("fused") && task.kernel !== "fused") throw new Error("as in an old browser");
    return fs.readFileSync(`${task.site}/${path}`);
  };
  const wasm = task.kernel ? await Kernel.fetch(read) : null;
  const kernel = await Kernel.create(size + Model.room(config), wasm);
  if (kernel.fast !== Boolean(task.kernel)) throw new Error("the kernel was not what was asked for");
  const base = kernel.allocate(size);
  const bytes = new Uint8Array(kernel.buffer, base, size);
  fs.readSync(fs.openSync(path), bytes);
  return new Model(kernel, config, readers[path.split(".").pop()](bytes), base);
}

/** Float32 arrays, one after the other, into a file that Python reads. */
function save(name, arrays) {
  fs.writeFileSync(`${task.out}/${name}.f32`, Buffer.concat(arrays.map(({ buffer }) => Buffer.from(buffer))));
}

function finish(steps, seen = []) {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return { ...value, steps: seen };
    seen.push(value);
  }
}

const jobs = {
  async minilm() {
    const encoder = await load(Encoder, task.weights, task.config);
    const results = task.texts.map(([ids, segments]) => encoder.forward(ids, segments));
    save("maps", results.flatMap(({ maps }) => maps));
    save("vectors", results.map(({ states }) => encoder.vector(states)));
    const errors = [];
    try {
      encoder.forward(new Array(513).fill(5));
    } catch (error) {
      errors.push(error.message);
    }
    return { errors };
  },

  async smollm2() {
    const decoder = await load(Decoder, task.weights, task.config);
    const branches = new Branches(decoder);
    const results = task.texts.map((ids) => {
      const { logits, maps } = branches.next([ids], { attentions: true });
      return { logits: logits[0].slice(), maps };
    });
    save("logits", results.map(({ logits }) => logits));
    save("maps", results.flatMap(({ maps }) => maps));
    save("scores", task.texts.map((ids) => branches.score(ids, 1)));
    const next = (texts) => branches.next(texts).logits;
    const best = (logits) => sampling.largest(logits, 1)[0].id;
    const together = (task.together ?? []).map((texts) => {
      const written = texts.map(() => []); // each step takes all the texts at once
      for (let step = 0; step < task.steps; step++) {
        next(texts.map((ids, i) => [...ids, ...written[i]])).forEach((logits, i) => written[i].push(best(logits)));
      }
      return written;
    });
    branches.clear();
    const alone = (task.alone ?? []).map((ids) => finish(decoding.write(next, ids, { method: "greedy", steps: task.steps })));
    const beams = (task.beams ?? []).map(({ ids, ...settings }) => finish(decoding.beamSearch(next, ids, settings)));
    return { together, alone: alone.map(({ ids }) => ids), beams, ...(task.branching ? branching(branches) : {}) };
  },

  /** What each layer would say after each text, and what the model says afterwards as before. */
  async lens() {
    const branches = new Branches(await load(Decoder, task.weights, task.config));
    const first = () => branches.next([task.texts[0]]).logits[0].slice();
    const before = first();
    const said = task.texts.map((ids) => inside.lens(branches, ids));
    const off = first().reduce((worst, logit, id) => Math.max(worst, Math.abs(logit - before[id])), 0);
    return { said, from: said.map(inside.leadsFrom), off };
  },

  /** Means of the heads' outputs over some texts, and logits and losses of others with sets of heads off,
   *  the losses of each set's own. */
  async headsOff() {
    const branches = new Branches(await load(Decoder, task.weights, task.config));
    const first = () => branches.next([task.texts[0]]).logits[0].slice();
    const before = first();
    const instead = inside.meanOutputs(branches, task.chosen);
    save("instead", [instead]);
    const off = (heads, work) => inside.headsOff(branches, heads, instead, work);
    save("logits", task.sets.flatMap((heads) => task.texts.map((ids) => off(heads, () => branches.next([ids]).logits[0].slice()))));
    save("scores", task.sets.flatMap((heads, at) => task.tested[at].map((ids) => off(heads, () => branches.score(ids, 1)))));
    return { off: first().reduce((worst, logit, id) => Math.max(worst, Math.abs(logit - before[id])), 0) };
  },

  /** MiniLM's vectors of some texts with sets of heads off, and of the first text before and after. */
  async vectorsOff() {
    const encoder = await load(Encoder, task.weights, task.config);
    const read = (ids) => encoder.vector(encoder.forward(ids).states);
    const before = read(task.texts[0]);
    const instead = inside.meanOutputs(encoder, task.chosen);
    save("instead", [instead]);
    save("vectors", task.sets.flatMap((heads) => inside.headsOff(encoder, heads, instead, () => task.texts.map(read))));
    return { off: read(task.texts[0]).reduce((worst, value, i) => Math.max(worst, Math.abs(value - before[i])), 0) };
  },

  /** Translations by one model: what it wrote, and where the query of each piece looked. */
  async translator() {
    const translator = await load(Translator, task.weights, task.config);
    const translating = new Translating(translator);
    const start = [translator.start];
    const wrote = (settings) => (({ method, ...more }) => finish(method === "beam"
      ? decoding.beamSearch((texts) => translating.next(texts), start, more)
      : decoding.write((texts) => translating.next(texts), start, { method, ...more })))(settings); // prettier-ignore
    const maps = [];
    const begin = process.cpuUsage();
    const written = task.texts.map(({ source, hidden, ...settings }) => {
      translating.read(source, hidden);
      const { ids } = wrote({ steps: 99, stop: [0], ...settings });
      if (task.out) maps.push(...translating.looked([...start, ...ids.slice(0, -1)]));
      return ids;
    });
    const { user, system } = process.cpuUsage(begin);
    if (task.out) save("maps", maps);
    const errors = [[new Array(513).fill(5)], [[5, 0], [0, 1]]].map((read) => {
      try {
        translating.read(...read);
      } catch (error) {
        return error.message;
      }
    });
    return { written, errors, milliseconds: (user + system) / 1000 };
  },

  /** Which tokens top-k and top-p keep, for logits that Python left in a file. */
  async kept() {
    const all = new Float32Array(new Uint8Array(fs.readFileSync(`${task.out}/golden.f32`)).buffer);
    const rows = Array.from({ length: all.length / task.ids }, (_, i) => all.subarray(i * task.ids, (i + 1) * task.ids));
    const chance = sampling.random(7);
    return {
      kept: rows.map((logits) => task.settings.map((settings) => Array.from(sampling.candidates(logits, settings).ids))),
      probabilities: Array.from(sampling.candidates(rows[0], task.settings[0]).probabilities),
      chance: Array.from({ length: 2000 }, chance),
      drawn: Array.from({ length: 2000 }, () => sampling.draw({ ids: [5, 3], probabilities: Float64Array.of(0.7, 0.3) }, chance)),
    };
  },
};

/** A step back, another branch, more texts than the cache holds: always as if from the start. */
function branching(branches) {
  const { long } = task;
  const fresh = (ids) => (branches.clear(), branches.next([ids]).logits[0].slice());
  const off = (a, b) => a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0);
  const [whole, back, other] = [long, long.slice(0, 30), [...long.slice(0, 30), 5, 6]];
  const expected = [whole, back, other].map(fresh);
  branches.clear();
  branches.next([whole]);
  const used = branches.used;
  const differences = [whole, back, other].map((ids, i) => off(branches.next([ids]).logits[0], expected[i]));
  const grown = branches.used - used;
  branches.used = Decoder.context - 1; // as if the cache were nearly full
  const full = branches.next([[7, ...long]]).logits[0].slice();
  differences.push(off(full, fresh([7, ...long])));
  const errors = [];
  for (const ids of [new Array(Decoder.context + 1).fill(9), []]) {
    try {
      branches.next([ids]);
    } catch (error) {
      errors.push(error.message);
    }
  }
  differences.push(off(branches.next([back]).logits[0], expected[1])); // and it goes on after an error
  return { differences, grown, errors };
}

process.stdout.write(JSON.stringify(await jobs[task.job]()));
