/** Runs what hears in Node: reads a task from standard input, leaves numbers in files. */
import fs from "node:fs";

const task = JSON.parse(fs.readFileSync(0, "utf8"));
const part = (name) => import(`file://${task.site}/${name}.js`);
const [{ Kernel }, { readGguf }, { logMel }, { hear, Whisper }, { write }] = await Promise.all(
  ["engine/kernel", "engine/gguf", "models/sound", "models/hearing", "models/decoding"].map(part),
);

const floats = (path) => new Float32Array(new Uint8Array(fs.readFileSync(path)).buffer);
/** Float32 arrays, one after the other, into a file that Python reads. */
function save(name, arrays) {
  fs.writeFileSync(`${task.out}/${name}.f32`, Buffer.concat(arrays.map((one) => Buffer.from(one.slice().buffer))));
}

async function load() {
  const size = fs.statSync(task.weights).size;
  const read = async (path) => {
    if (path.includes("fused") && task.kernel !== "fused") throw new Error("as in an old browser");
    return fs.readFileSync(`${task.site}/${path}`);
  };
  const kernel = await Kernel.create(size + Whisper.room(task.config), task.kernel ? await Kernel.fetch(read) : null);
  if (kernel.fast !== Boolean(task.kernel)) throw new Error("the kernel was not what was asked for");
  const base = kernel.allocate(size);
  const bytes = new Uint8Array(kernel.buffer, base, size);
  fs.readSync(fs.openSync(task.weights), bytes);
  return new Whisper(kernel, task.config, readGguf(bytes), base);
}

const jobs = {
  /** The pictures of some sounds. */
  features: () => save("features", task.sounds.map((path) => logMel(floats(path)))),

  /** A model of any size on features that are given: states, then logits and weights of given tokens. */
  async small() {
    const model = await load();
    const steps = [...model.listen(floats(task.features))].length;
    save("states", [model.x.data]);
    const [logits, looked] = [[], []];
    for (let count = model.start.length; count <= task.ids.length; count++) {
      logits.push(model.next(task.ids.slice(0, count)).slice());
      looked.push(model.looked);
    }
    save("logits", logits);
    save("looked", looked);
    try {
      model.next(Array(task.config.max_target_positions + 1).fill(5));
    } catch ({ message }) {
      return { steps, told: model.steps, message };
    }
  },

  /** As the worker calls it: what is said in some sounds, and all that is told on the way. */
  async hear() {
    const model = await load();
    const found = [];
    const written = (next, prompt, settings, { tell }) => {
      const logits = [];
      const kept = (texts) => next(texts).map((one) => (logits.push(one.slice()), one));
      for (const steps = write(kept, prompt, settings); ; ) {
        const { done, value } = steps.next();
        if (done) return { ...value, logits };
        tell(value);
      }
    };
    for (const [i, path] of task.sounds.entries()) {
      const events = [];
      const told = { signal: new AbortController().signal, tell: (event) => events.push(event), turn: async () => {}, written, decode: String };
      const { ids, logits } = await hear(model, floats(path), { method: "greedy", steps: 224, stop: [50256] }, told);
      save(`states${i}`, [model.x.data]);
      save(`logits${i}`, logits);
      save(`looked${i}`, events.filter(({ looked }) => looked).map(({ looked }) => looked));
      save(`features${i}`, [events[0].features]);
      found.push({ ids, texts: events.filter(({ text }) => text).map(({ piece, text }) => [piece, text]), kinds: events.map((event) => ["features", "done", "looked"].find((kind) => kind in event)), done: events.map(({ done }) => done ?? null) });
    }
    const stop = new AbortController();
    const told = { signal: stop.signal, tell: ({ done }) => done > 0.2 && stop.abort(), turn: async () => {}, written, decode: String };
    const name = await hear(model, new Float32Array(9), {}, told).then(() => "written all the same", (error) => error.name);
    return { found, aborted: name };
  },
};

process.stdout.write(JSON.stringify((await jobs[task.job]()) ?? {}));
