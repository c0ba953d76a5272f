/** Runs the training of the page in Node: reads a task from standard input, leaves numbers in files. */
import fs from "node:fs";

const task = JSON.parse(fs.readFileSync(0, "utf8"));
const part = (name) => import(new URL(name, `file://${task.site}/`));
const [{ Kernel }, { crossEntropy }, { Training }, { SETTINGS }, dates, { random }] = await Promise.all(
  ["engine/kernel", "training/encoder_decoder", "training/training", "training/settings", "training/dates", "models/sampling"].map((name) => part(`${name}.js`)),
);

async function begun(settings = task.settings) {
  const read = async (path) => {
    if (path.includes("fused") && task.kernel !== "fused") throw new Error("as in an old browser");
    return fs.readFileSync(`${task.site}/${path}`);
  };
  const made = await Training.create({ ...SETTINGS, ...settings }, task.kernel ? await Kernel.fetch(read) : null);
  if (made.room.kernel.fast !== Boolean(task.kernel)) throw new Error("the kernel was not what was asked for");
  return made;
}

/** Float32 arrays, one after the other, into a file that Python reads. */
function save(name, arrays) {
  fs.writeFileSync(`${task.out}/${name}.f32`, Buffer.concat(arrays.map((one) => Buffer.from(Float32Array.from(one).buffer))));
}

const jobs = {
  /** From weights that Python left: the gradients of one batch, then a few steps of Adam on given batches. */
  async steps() {
    const training = await begun();
    const { parameters, kernel } = training.room;
    const all = task.names.map((name) => parameters.get(name));
    if (all.length !== parameters.size || !all.every(Boolean)) throw new Error(`there are ${[...parameters.keys()]}`);
    const given = new Float32Array(new Uint8Array(fs.readFileSync(`${task.out}/given.f32`)).buffer);
    let at = 0;
    for (const { value } of all) value.data.set(given.subarray(at, (at += value.data.length)));
    if (at !== given.length) throw new Error("other numbers of weights");
    const [source, target] = task.batches[0];
    const logits = training.model.forward(source, dates.shifted(target));
    save("logits", [logits.data.subarray(0, target.length * target[0].length * logits.width)]);
    save("map", [training.model.map]);
    crossEntropy(logits, target);
    training.model.backward(logits);
    save("gradients", all.map(({ gradient }) => gradient.data));
    const losses = task.batches.map(([source, target]) => training.learn(source, target));
    save("learned", all.map(({ value }) => value.data));
    return { losses, written: training.write(task.dates).written, used: kernel.end / kernel.buffer.byteLength, bytes: kernel.buffer.byteLength };
  },

  /** Trainings, each to a step: the losses, and what is written then. */
  async train() {
    const made = [];
    for (const settings of task.trainings) {
      const training = await begun(settings);
      const losses = Array.from({ length: task.steps }, () => training.step());
      made.push({ losses, written: training.look().written, whole: training.settings.steps });
    }
    return made;
  },

  dates() {
    const chance = random(task.seed);
    return { letters: dates.LETTERS, heldOut: dates.HELD_OUT, drawn: Array.from({ length: task.count }, () => dates.task(chance)) };
  },
};

process.stdout.write(JSON.stringify(await jobs[task.job](), (_, value) => (ArrayBuffer.isView(value) ? [...value] : value)));
