// Four ways to choose the next token, side by side: one prompt, one seed, the same model.

import { engine } from "../engine/engine.js";
import { asked, exact, fit } from "./fields.js";
import { announcer, el, newId, number } from "./parts.js";
import { tree } from "./tree.js";
import { distinctPairs, END, follower, pieces, repeated, stopping, styles } from "./writing.js";

export const title = "Decoding";
export const weights = "smollm2";

const METHODS = {
  greedy: ["Greedy", () => ({ method: "greedy" })],
  beam: ["Beam search", ({ beams }) => ({ method: "beam", beams })],
  topK: ["Top-k", ({ topK, seed }) => ({ method: "sample", topK, seed })],
  topP: ["Top-p", ({ topP, seed }) => ({ method: "sample", topP, seed })],
};
const COLUMNS = ["log-probability per token", "repeated words", "distinct-2", "tokens", "tokens a second"];
// name → what it says, smallest, largest, step, where it starts
const FIELDS = {
  steps: ["tokens", 1, 80, 1, 28],
  beams: ["beams", 2, 6, 1, 4],
  topK: ["top-k", 1, 1000, 1, 40],
  topP: ["top-p", 0.01, 1, "any", 0.9],
  seed: ["seed", 0, 999999, 1, 1],
};

/** @param {HTMLElement} place @param {Record<string, string>} options data-text, data-steps, … */
export async function show(place, options) {
  await styles();
  const { node: heard, say } = announcer();
  const problem = el("p", { class: "live-problem", role: "alert" });
  const id = newId("prompt");
  const input = el("textarea", { id, rows: 2, maxlength: 2000, spellcheck: "false" });
  input.value = options.text ?? "The robot watered the sunflowers because";
  const fields = {};
  const labels = Object.entries(FIELDS).map(([name, [says, min, max, step, value]]) => {
    const oninput = (event) => fit(event.target);
    const props = { type: "number", min, max, step, required: true, id: newId(name), oninput };
    fields[name] = el("input", { ...props, value: asked(options[name], { min, max, step }) ?? value });
    fit(fields[name]);
    return el("span", { class: "live-number-field" }, el("label", { for: props.id }, says), fields[name]);
  });
  const start = el("button", { type: "submit", class: "live-go" }, "Write");
  const { stop, busy } = stopping(start, () => stopper?.abort());
  const onsubmit = (event) => {
    event.preventDefault();
    run();
  };
  const form = el("form", { class: "live-form", onsubmit },
    el("p", { class: "live-field" }, el("label", { for: id }, "Text to continue"), input),
    el("p", { class: "live-numbers" }, labels, el("span", { class: "live-number-field" }, start, stop))); // prettier-ignore

  const panels = Object.fromEntries(Object.entries(METHODS).map(([name, [says]]) => {
    const [setting, text] = [el("span"), el("p", { class: "live-text" })];
    const heading = el("p", { class: "live-name" }, el("b", {}, says), setting);
    const cells = COLUMNS.map(() => el("td"));
    const row = el("tr", {}, el("th", { scope: "row" }, says), cells);
    return [name, { node: el("div", {}, heading, text), setting, text, cells, row }];
  })); // prettier-ignore
  const all = Object.values(panels);
  const head = el("tr", {}, el("td"), COLUMNS.map((name) => el("th", { scope: "col" }, name)));
  const caption = "Measured on what each wrote, under the unchanged model";
  const table = el("table", { class: "numbers live-measures" }, el("caption", {}, caption),
    el("thead", {}, head), el("tbody", {}, all.map(({ row }) => row))); // prettier-ignore
  const scroll = { class: "md-typeset__scrollwrap live-wide", tabindex: 0, role: "group", "aria-label": caption };
  const beams = tree();

  // ------------------------------------------------------------------------ what happens
  let stopper; // stops the run under way
  async function run() {
    if (stopper) return;
    const wish = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.valueAsNumber]));
    problem.textContent = "";
    const mine = (stopper = new AbortController());
    busy(true);
    try {
      const { ids } = await engine.tokenize("smollm2", input.value);
      if (!ids.length) throw new Error("Write a beginning first.");
      reset(wish);
      for (const name of Object.keys(METHODS)) await write(name, ids, wish, mine);
      say(`Done. Log-probability per token: ${all.map(({ row, cells }) => `${row.firstChild.textContent} ${cells[0].textContent}`).join(", ")}.`);
    } catch (error) {
      if (!mine.signal.aborted) problem.textContent = error.message;
      for (const { text } of all) if (text.textContent === "…") text.textContent = "";
      say("Stopped.");
    }
    stopper = undefined;
    busy(false);
  }

  function reset(wish) {
    panels.beam.setting.textContent = ` · ${wish.beams} beams`;
    panels.topK.setting.textContent = ` · k = ${wish.topK}`;
    panels.topP.setting.textContent = ` · p = ${exact(wish.topP)}`;
    for (const { text, cells } of all) for (const part of [text, ...cells]) part.textContent = "";
    beams.clear(wish.beams);
  }

  /** One method from its first token to its last. */
  async function write(name, prompt, wish, mine) {
    const { text, cells } = panels[name];
    text.textContent = "…"; // a long beginning is read before a token comes
    const draw = (says, { ids, total, milliseconds }) => {
      text.textContent = says.trim();
      const values = [number(total / ids.length), whole(repeated(says)), whole(distinctPairs(says)), ids.length, (1000 * ids.length / milliseconds).toFixed(0)]; // prettier-ignore
      cells.forEach((cell, i) => (cell.textContent = values[i]));
      if (name === "beam") beams.follow(ids, says);
    };
    const follow = follower(draw);
    let [total, milliseconds] = [0, 0];
    let drawn = Promise.resolve();
    const onStep = (step) => {
      if (!place.isConnected) return mine.abort(); // the reader has closed the widget
      milliseconds += step.milliseconds;
      if (name === "beam") {
        drawn = drawn.then(() => grow(step));
        const [best] = step.beams;
        if (best) follow({ ids: best.ids, total: best.logProbability, milliseconds });
      } else {
        total += step.logProbability;
        follow({ ids: step.ids, total, milliseconds });
      }
    };
    const settings = { ...METHODS[name][1](wish), steps: wish.steps, stop: [END] };
    const { ids, logProbabilities } = await engine.generate(prompt, settings, { onStep, signal: mine.signal });
    await drawn;
    total = logProbabilities.reduce((a, b) => a + b, 0);
    await follow({ ids, total, milliseconds });
  }

  async function grow(step) {
    const ids = step.candidates.map((one) => one.id);
    const names = await pieces(ids);
    beams.add(step, new Map(ids.map((id, i) => [id, names[i]])));
  }

  const note = "Heavy: the best path so far. Dashed: cut. The number in a box is the sum of the log-probabilities. The speed is that of your machine.";
  place.append(form, problem, el("div", { class: "live-methods" }, all.map(({ node }) => node)), el("div", scroll, table),
    el("p", { class: "live-name" }, el("b", {}, "Beam search as a tree")), beams.node, el("p", { class: "live-quiet" }, note), heard); // prettier-ignore
  run();
}

const whole = (share) => `${(100 * share).toFixed(0)}%`;
