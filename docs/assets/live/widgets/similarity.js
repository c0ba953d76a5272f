// Heads off: how similar MiniLM finds sentences with any set of heads put out of action, and beside
// it with as many others by lot. Layers and heads are counted from 0, as in the chapter.

import { engine } from "../engine/engine.js";
import { headSwitches } from "./head_switches.js";
import { linked, lot, lotField, LOTS, named, placed, wished } from "./lots.js";
import { announcer, el, number, stateLink, table, tint } from "./parts.js";
import { sentence } from "./sentence.js";
import { styles } from "./sheets.js";

export const title = "Heads off: similarity";
export const weights = "minilm";

const [LAYERS, HEADS, ALL] = [6, 12, 72];
// The first pair of snippets/inside/similar.py, and the partners of the next two.
const START = [
  "The robot watered the sunflowers because they were thirsty.",
  "A machine gave the dry flowers something to drink.",
  "We had to wait a long time for the railway to take us to the sea.",
  "Without protection from the rain, the woman became completely wet.",
];
// The sentences on which that program measures what each head hands on, on average.
const MEASURED_ON = [
  "The dog chased the ball because it was bored.",
  "Yes.",
  "Why?",
  "Rain fell all night.",
  "She reads the newspaper in the kitchen every morning.",
  "The agreement on the European Economic Area was signed in August 1992.",
  "Water boils at a lower temperature on a high mountain.",
  "My grandmother's clock has not stopped since 1957.",
  "Please send the form to office@example.org before Friday, 5 pm.",
  "He paid 1,249.50 euros for a bicycle that he never rides.",
  "If the train is late again, I will walk.",
  "The bank by the river opens at nine; the bank of the river floods in spring.",
];

const tokenized = async (texts) => (await Promise.all(texts.map((text) => engine.tokenize("minilm", text)))).map(({ ids }) => ids);
let measured; // a promise of the means, once for the page
const means = () => (measured ??= tokenized(MEASURED_ON).then((texts) => engine.meanOutputs("minilm", texts))
  .catch((error) => ((measured = undefined), Promise.reject(error)))); // prettier-ignore

const ofLayer = (layer) => Array.from({ length: HEADS }, (_, i) => layer * HEADS + i);
const every = Array.from({ length: ALL }, (_, i) => i);
const cosine = (one, other) => one.reduce((sum, value, i) => sum + value * other[i], 0); // of vectors of length 1

/** @param {HTMLElement} box @param {Record<string, string>} options data-text, -first, -second,
 *  -third (those compared with it), -off (such as 5.0-5.11, from 0), -seed */
export async function show(box, options, frame) {
  await Promise.all([styles(), styles("inside.css")]);
  const { node: heard, say } = announcer();
  const state = {
    texts: [options.text, options.first, options.second, options.third].map((text, i) => text ?? START[i]),
    off: options.off === undefined ? ofLayer(LAYERS - 1) : wished(options.off, LAYERS, HEADS),
  };
  let latest = 0;

  // --------------------------------------------------------------- the parts of the widget
  const problem = el("p", { class: "live-problem", role: "alert" });
  const fields = state.texts.map((text, i) => sentence(i ? `Sentence ${i}` : "The sentence that is compared with these three", text));
  const onsubmit = (event) => {
    event.preventDefault();
    compute();
  };
  const go = el("button", { type: "submit", class: "live-go live-right" }, "Compare");
  const form = el("form", { class: "live-form live-compared", onsubmit }, fields.map(({ node }) => node), go);
  const preset = (says, off) => el("button", { type: "button", onclick: () => put(off) }, says);
  const presets = el("p", { class: "live-examples" }, [LAYERS - 1, 0].map((layer) => preset(`Layer ${layer} off`, ofLayer(layer))),
    preset(`All ${ALL} off`, every), preset("All heads on", [])); // prettier-ignore
  const grid = headSwitches(LAYERS, HEADS, (i) => put(state.off.includes(i) ? state.off.filter((one) => one !== i) : [...state.off, i]));
  const seed = lotField(options.seed, () => compute());
  const sets = el("p", { class: "live-quiet" });
  const reading = el("p", { class: "live-reading" });
  const view = el("div", { class: "live-layers" });
  const link = stateLink(frame, () => {
    const [text, first, second, third] = state.texts;
    return { text, first, second, third, off: linked(state.off, HEADS), seed: seed.seed() };
  }, say); // prettier-ignore

  // ------------------------------------------------------------------------ what happens
  function put(off) {
    state.off = off.toSorted((a, b) => a - b);
    compute();
  }

  /** The cosines with all heads, without those that are off, and without as many others. */
  async function compute() {
    const turn = ++latest;
    view.ariaBusy = "true";
    const texts = fields.map(({ input }) => input.value);
    const lots = Array.from({ length: LOTS }, (_, i) => lot(state.off, seed.seed() + i, ALL)).filter((one) => one.length);
    grid.draw(state.off, lots[0] ?? []);
    try {
      const compared = [1, 2, 3].filter((i) => texts[i].trim()); // by their numbers
      if (!texts[0].trim() || !compared.length) throw new Error("Write a sentence, and one at least to compare it with.");
      problem.textContent = "";
      state.texts = texts;
      link.renew();
      if (!measured) reading.textContent = "Measuring what each head hands on, on average …";
      const instead = await means();
      await new Promise((go) => setTimeout(go, 150)); // who presses several heads waits for the last one
      if (turn !== latest) return;
      const ids = await tokenized([0, ...compared].map((i) => texts[i]));
      const tried = [[], ...(state.off.length ? [state.off] : []), ...lots];
      const vectors = await engine.vectorsOff(ids, tried.map((some) => some.map((i) => placed(i, HEADS))), instead);
      if (turn !== latest) return;
      draw(compared, vectors.map(([one, ...others]) => others.map((other) => cosine(one, other))), lots);
    } catch (error) {
      if (turn === latest) problem.textContent = error.message;
    } finally {
      if (turn === latest) view.ariaBusy = "false";
    }
  }

  /** @param {number[][]} cosines (sets, compared) */
  function draw(compared, cosines, lots) {
    const count = state.off.length;
    const heads = `${count} head${count > 1 ? "s" : ""}`;
    sets.textContent = !count ? "No head is off." : `Off: ${named(state.off, HEADS)}. `
      + (lots.length ? `By lot, seed ${seed.seed()}: ${named(lots[0], HEADS)}.` : "There are not as many others, so nothing stands beside it."); // prettier-ignore
    const rows = ["all heads", `these ${count} off`, ...lots.map((_, i) => `${count} others, seed ${seed.seed() + i}`)].slice(0, cosines.length);
    const nearest = cosines.map((row) => row.indexOf(Math.max(...row)));
    const values = cosines.map((row) => row.map(number));
    const numbers = table("Cosine with each sentence; the nearest is bold", compared.map((i) => `sentence ${i}`), rows, values);
    numbers.querySelectorAll("tbody tr").forEach((row, i) => cosines[i].forEach((value, c) => {
      tint(row.cells[c + 1], Math.max(value, 0));
      row.cells[c + 1].classList.toggle("live-first", c === nearest[i]);
    })); // prettier-ignore
    view.replaceChildren(numbers);
    const says = (i) => `sentence ${compared[nearest[i]]}, ${values[i][nearest[i]]}`;
    const same = nearest.slice(2).filter((one) => one === nearest[0]).length;
    reading.textContent = [`Nearest with all heads: ${says(0)}.`, count && `With the ${heads} off: ${says(1)}.`,
      lots.length && `With as many others off, sentence ${compared[nearest[0]]} is nearest in ${same} of ${lots.length} lots.`].filter(Boolean).join(" "); // prettier-ignore
    say(reading.textContent);
  }

  const note = `A head that is off hands on its mean output, measured on ${MEASURED_ON.length} sentences, as in the chapter. × is off, · is off by the first lot.`;
  box.append(form, problem, presets, grid.node, seed.node, sets, reading, view, el("p", { class: "live-quiet" }, note), el("p", { class: "live-tools" }, link.node), heard);
  await compute();
  if (!view.firstChild) throw new Error(problem.textContent);
}
