// Heads off: SmolLM2's next token with any set of heads put out of action, and beside it with as
// many others by lot. Layers and heads are counted from 0, as in the chapter and its programs.

import { engine } from "../engine/engine.js";
import { largest, probabilities } from "../models/sampling.js";
import { headSwitches } from "./head_switches.js";
import { linked, lot, lotField, LOTS, named, placed, wished } from "./lots.js";
import { announcer, el, stateLink, table, tint } from "./parts.js";
import { sentence } from "./sentence.js";
import { percent, pieces, spoken, styles, visible } from "./writing.js";

export const title = "Heads off";
export const weights = "smollm2";

const [LAYERS, HEADS, ALL, START] = [30, 9, 270, 0]; // START: <|endoftext|>, in front of every text
const SHOWN = 5; // first tokens of each column
// The best eight heads of snippets/inside/heads_off.py, and the head where the chain begins.
const BEST = [[18, 6], [17, 4], [17, 5], [17, 3], [23, 7], [23, 2], [18, 7], [24, 4]];
const FIRST = [[16, 0]];
// The random tokens of the same program, on which it measures what each head hands on, on average.
const CHOSEN_ON = [
  [40044, 24239, 30933, 44760, 42963, 2379, 32427, 38503, 26497, 32683, 14101, 32866, 34756, 19399, 12878, 27376, 34056, 45868, 36794, 7033, 31126, 40119, 30391, 20254, 10824],
  [27841, 7269, 37969, 21549, 2480, 4481, 21012, 29363, 36360, 33995, 2085, 35822, 27999, 33711, 27288, 18778, 19043, 44896, 3489, 2771, 20757, 26283, 27395, 9782, 3671],
  [21840, 14969, 45673, 19441, 1111, 2280, 33503, 4706, 36476, 33327, 33699, 23326, 12363, 13474, 3775, 41700, 38218, 26632, 3568, 36012, 45277, 30645, 34110, 12080, 40348],
  [12521, 41119, 24916, 14881, 22490, 31682, 7519, 46944, 32633, 7169, 22863, 26409, 18233, 32219, 21078, 20735, 6083, 12222, 36858, 28235, 20416, 27446, 45835, 34877, 27212],
]; // prettier-ignore

let measured; // a promise of the means, once for the page
const means = () => (measured ??= engine.meanOutputs("smollm2", CHOSEN_ON.map((half) => [START, ...half, ...half]))
  .catch((error) => ((measured = undefined), Promise.reject(error)))); // prettier-ignore

const head = (i) => placed(i, HEADS);

/** @param {HTMLElement} box @param {Record<string, string>} options data-text, -off (such as
 *  16.0-18.6, from 0), -seed */
export async function show(box, options, frame) {
  await Promise.all([styles(), styles("inside.css")]);
  const { node: heard, say } = announcer();
  const state = {
    text: options.text || "Kelmar Tovik went to Brusna. Later, Kelmar",
    off: wished(options.off ?? "", LAYERS, HEADS),
  };
  let latest = 0;
  let said = ""; // the reading, for ears

  // --------------------------------------------------------------- the parts of the widget
  const problem = el("p", { class: "live-problem", role: "alert" });
  const field = sentence("Text that the model reads", state.text);
  const onsubmit = (event) => {
    event.preventDefault();
    compute();
  };
  const form = el("form", { class: "live-form", onsubmit }, field.node, el("button", { type: "submit", class: "live-go live-right" }, "Read this text"));
  const preset = (says, heads) => el("button", { type: "button", onclick: () => put(heads.map(([layer, one]) => layer * HEADS + one)) }, says);
  const presets = el("p", { class: "live-examples" }, preset(`The best ${BEST.length} of the chapter off`, BEST),
    preset(`Head ${FIRST[0][1]} of layer ${FIRST[0][0]} off`, FIRST), preset("All heads on", [])); // prettier-ignore
  const grid = headSwitches(LAYERS, HEADS, (i) => put(state.off.includes(i) ? state.off.filter((one) => one !== i) : [...state.off, i]));
  const seed = lotField(options.seed, () => compute());
  const sets = el("p", { class: "live-quiet" });
  const [reading, lots] = [el("p", { class: "live-reading" }), el("p")];
  const view = el("div", { class: "live-layers live-sets" });
  const link = stateLink(frame, () => ({ text: state.text, off: linked(state.off, HEADS), seed: seed.seed() }), say);

  // ------------------------------------------------------------------------ what happens
  function put(off) {
    state.off = off.toSorted((a, b) => a - b);
    compute();
  }

  /** The next token with all heads, without those that are off, and without as many others. */
  async function compute() {
    const turn = ++latest;
    view.ariaBusy = "true";
    const text = field.input.value;
    const others = lot(state.off, seed.seed(), ALL);
    grid.draw(state.off, others);
    try {
      if (!text) throw new Error("Write a text first.");
      problem.textContent = "";
      state.text = text;
      link.renew();
      const ids = [START, ...(await engine.tokenize("smollm2", text)).ids];
      if (!measured) reading.textContent = "Measuring what each head hands on, on average …";
      const instead = await means();
      await new Promise((go) => setTimeout(go, 150)); // who presses several heads waits for the last one
      if (turn !== latest) return;
      const tried = [[], state.off, others].filter((some, i) => !i || some.length);
      const logits = await engine.headsOff(ids, tried.map((some) => some.map(head)), instead);
      if (turn !== latest) return;
      await draw(logits, others, turn);
      if (others.length) await drawLots(ids, instead, logits, turn);
    } catch (error) {
      if (turn === latest) problem.textContent = error.message;
    } finally {
      if (turn === latest) view.ariaBusy = "false";
    }
  }

  async function draw(logits, others, turn) {
    const chances = logits.map((row) => probabilities(row));
    const ids = [...new Set(logits.flatMap((row) => largest(row, SHOWN).map(({ id }) => id)))];
    const names = new Map((await pieces(ids)).map((name, i) => [ids[i], name]));
    if (turn !== latest) return;
    const count = state.off.length;
    const heads = `${count} head${count > 1 ? "s" : ""}`;
    const columns = ["all heads", `these ${count} off`, `${count} others off`].slice(0, logits.length);
    sets.textContent = !count ? "No head is off." : `Off: ${named(state.off, HEADS)}. `
      + (others.length ? `By lot: ${named(others, HEADS)}.` : "There are not as many others, so nothing stands beside it."); // prettier-ignore
    const first = logits.map((row) => largest(row, 1)[0].id);
    const words = (shown) => ["With all heads", `With the ${heads} off`, "With as many others by lot off"].slice(0, logits.length).map((when, i) => {
      const kept = first[i] === first[0] ? "" : ` (${shown(names.get(first[0]))} ${percent(chances[i][first[0]])})`;
      return `${when}: ${shown(names.get(first[i]))} ${percent(chances[i][first[i]])}${kept}.`;
    }).join(" "); // prettier-ignore
    reading.textContent = words((name) => `“${visible(name)}”`);
    lots.textContent = "";
    const rows = ids.map((id) => chances.map((column) => percent(column[id])));
    const numbers = table(`Next token: the first ${SHOWN} of each column`, columns, ids.map((id) => visible(names.get(id))), rows);
    numbers.querySelectorAll("tbody tr").forEach((row, i) => {
      chances.forEach((column, c) => {
        tint(row.cells[c + 1], column[ids[i]]);
        row.cells[c + 1].classList.toggle("live-first", ids[i] === first[c]);
      });
    });
    view.replaceChildren(numbers);
    said = words(spoken);
    say(said);
  }

  /** What the first choice has with other lots, those of the seeds that come next. */
  async function drawLots(ids, instead, [whole, , byLot], turn) {
    const seeds = Array.from({ length: LOTS }, (_, i) => seed.seed() + i);
    const more = await engine.headsOff(ids, seeds.slice(1).map((one) => lot(state.off, one, ALL).map(head)), instead);
    const [{ id }] = largest(whole, 1);
    const [name] = await pieces([id]);
    if (turn !== latest) return;
    const shares = [byLot, ...more].map((row) => percent(probabilities(row)[id]));
    const words = (shown) => `With the lots of seeds ${seeds[0]} to ${seeds.at(-1)}, ${shown} has ${shares.join(", ")}.`;
    lots.textContent = words(`“${visible(name)}”`);
    say(`${said} ${words(spoken(name))}`);
  }

  const note = "A head that is off hands on its mean output, measured on random tokens written twice, as in the chapter. × is off, · is off by lot. In front of the text stands the start token.";
  box.append(form, problem, presets, grid.node, seed.node, sets, reading, lots, view, el("p", { class: "live-quiet" }, note), el("p", { class: "live-tools" }, link.node), heard);
  await compute();
  if (!view.firstChild) throw new Error(problem.textContent);
}
