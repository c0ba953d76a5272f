// A small encoder–decoder learns to rewrite dates, while the reader watches its loss, its answers and its look.

import { HELD_OUT, WRITTEN } from "../training/dates.js";
import { SETTINGS } from "../training/settings.js";
import { strongest } from "./crossing.js";
import { curve } from "./curve.js";
import { asked, fit } from "./fields.js";
import { matrix } from "./maps.js";
import { announcer, el, newId, stateLink, table } from "./parts.js";
import { styles } from "./sheets.js";

export const title = "Training";

const SIZES = { whole: "as in the program: 64 wide", small: "for a phone: 32 wide" };
const RATES = { 0.0002: "0.0002", 0.002: "0.002, as in the program", 0.02: "0.02" };
const HEADS = { 1: "1", 2: "2", 4: "4, as in the program", 8: "8" };
const SEEDS = { min: 1, max: 999999, step: 1 };
const CALM = 100; // steps from one drawing to the next, for who wants little motion
const letters = (text) => text.match(/pad|start|./g).map((one) => (one === " " ? "␣" : one));

/** @param {HTMLElement} place @param {Record<string, string>} options data-size (whole, small), -rate,
 *  -heads, -masked (no), -scaled (no), -seed */
export async function show(place, options, frame) {
  await styles("training.css");
  const { node: heard, say } = announcer();
  const phone = navigator.maxTouchPoints > 0 && matchMedia("(max-width: 44.9844em)").matches;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const { steps } = SETTINGS;
  let worker;
  let [losses, before] = [[], []];
  let now; // what the worker said last
  let [example, row] = [0, 0]; // what is looked at
  let follow; // shows a row of the map that is drawn

  // --------------------------------------------------------------- the parts of the widget
  const problem = el("p", { class: "live-problem", role: "alert" });
  const start = el("button", { type: "button", class: "live-go", onclick: () => go(now.running ? 0 : Infinity) });
  const one = el("button", { type: "button", onclick: () => go(1) }, "One step");
  const again = el("button", { type: "button", onclick: () => begin() }, "From the beginning");
  const buttons = el("p", { class: "live-controls" }, start, one, again);
  const reading = el("p", { class: "live-reading" });
  const loss = curve(steps);
  const answers = HELD_OUT.map(([date], i) => {
    const input = el("input", { type: "radio", name: newId("example"), checked: i === 0, onchange: () => pick(i) });
    const says = el("span", { class: "live-answer" });
    return { input, says, node: el("label", {}, input, el("span", {}, date), says) };
  });
  const name = answers[0].input.name;
  for (const { input } of answers) input.name = name; // one of three
  const dates = el("fieldset", { class: "live-dates" }, el("legend", {}, "Three dates that it never meets in training, and what it writes"), answers.map(({ node }) => node));
  const choice = (label, choices, value, onchange) => {
    const all = Object.entries(choices).map(([value, says]) => el("option", { value }, says));
    const select = el("select", { id: newId("choice"), onchange }, all);
    select.value = value in choices ? value : Object.keys(choices)[0];
    return { select, node: el("span", {}, el("label", { for: select.id }, `${label} `), select) };
  };
  const head = choice("look of", {}, "", () => draw());
  const [map, looks] = [el("div", { class: "live-wide" }), el("p")];
  const turn = (by, says) => el("button", { type: "button", onclick: () => read(row + by) }, says);
  const rows = el("p", { class: "live-controls" }, head.node, turn(-1, "Letter before"), turn(1, "Next letter"));
  const numbers = el("details", { ontoggle: () => fill() }, el("summary", {}, "The weights as a table"));

  const size = choice("size", SIZES, options.size ?? (phone ? "small" : "whole"), () => begin());
  const rate = choice("learning rate", RATES, options.rate ?? SETTINGS.rate, () => begin());
  const heads = choice("heads", HEADS, options.heads ?? SETTINGS.heads, () => begin());
  const box = (says, on) => {
    const input = el("input", { type: "checkbox", checked: on, onchange: () => begin() });
    return { input, node: el("label", {}, input, says) };
  };
  const masked = box(" causal mask", options.masked !== "no");
  const scaled = box(" scale: divide by √d", options.scaled !== "no");
  const oninput = () => {
    fit(seed);
    if (seed.checkValidity()) begin();
  };
  const seed = el("input", { type: "number", id: newId("seed"), ...SEEDS, required: true, value: asked(options.seed, SEEDS) ?? SETTINGS.seed, oninput });
  fit(seed);
  const seeds = el("span", { class: "live-number-field" }, el("label", { for: seed.id }, "seed "), seed);
  const switches = el("fieldset", { class: "live-controls live-dates" }, el("legend", {}, "Change one, and a new training begins from nothing"),
    size.node, rate.node, heads.node, masked.node, scaled.node, seeds); // prettier-ignore
  const link = stateLink(frame, () => {
    const { size, rate, heads, masked, scaled, seed } = settings();
    return { size, rate, heads, seed, ...(!masked && { masked: "no" }), ...(!scaled && { scaled: "no" }) };
  }, say); // prettier-ignore

  // ------------------------------------------------------------------------ what happens
  const settings = () => ({
    ...SETTINGS, size: size.select.value, rate: Number(rate.select.value), heads: Number(heads.select.value),
    masked: masked.input.checked, scaled: scaled.input.checked, seed: seed.valueAsNumber,
  }); // prettier-ignore

  /** A new training, before its first step. @returns {Promise<void>} it stands there, or a problem does */
  function begin() {
    worker?.terminate();
    if (losses.length) before = losses;
    [losses, now] = [[], undefined];
    const made = (worker = new Worker(new URL("../training/worker.js", import.meta.url), { type: "module", name: "training" }));
    return new Promise((done) => {
      const failed = (says) => {
        problem.textContent = `The training stopped: ${says}.`;
        done();
      };
      made.onerror = () => failed("a file of the site is missing, or the browser has no memory left");
      made.onmessage = ({ data }) => {
        if (made !== worker) return;
        if (data.error) return failed(data.error);
        hear(data);
        done();
      };
      problem.textContent = "";
      made.postMessage({ settings: settings() });
    });
  }

  function go(count) {
    if (!now || now.done === steps) return;
    now.running = count > 0;
    if (count === Infinity) say("Training.");
    worker.postMessage({ go: count });
  }

  /** What the worker says, some times a second. */
  function hear(said) {
    const first = !now;
    const hundreds = Math.floor(said.done / CALM) > Math.floor((now?.done ?? 0) / CALM);
    now = said;
    losses.push(...said.losses);
    if (first) {
      const count = settings().heads;
      const each = Array.from({ length: count }, (_, i) => el("option", { value: i + 1 }, `head ${i + 1}`));
      head.select.replaceChildren(el("option", { value: 0 }, `all heads, the mean of ${count}`), ...each);
      link.renew();
    }
    if (first || hundreds || !said.running || !calm.matches) draw();
    if (hundreds || (!first && !said.running)) say(reading.textContent);
  }

  function draw() {
    start.textContent = now.running ? "Pause" : now.done ? "Go on" : "Start";
    for (const button of [start, one]) button.ariaDisabled = String(now.done === steps);
    one.ariaDisabled = String(now.running || now.done === steps);
    const right = HELD_OUT.filter(([, answer], i) => now.texts[i] === answer).length;
    reading.textContent = `Step ${now.done} of ${steps}. ` + (losses.length ? `Loss ${losses.at(-1).toPrecision(3)}. ` : "") + `${right} of 3 dates are right.`;
    loss.draw(losses, before);
    answers.forEach(({ says }, i) => {
      const good = now.texts[i] === HELD_OUT[i][1];
      says.textContent = ` → ${now.texts[i]} ${good ? "✓ right" : "✗ wrong"}`;
      says.classList.toggle("live-wrong", !good);
    });
    drawMap();
  }

  /** The cross-attention of one date: a row for each letter written, a column for each letter read. */
  function weights() {
    const count = settings().heads;
    const longest = Math.max(...HELD_OUT.map(([date]) => date.length));
    const [written, source] = [letters(now.texts[example]), letters(HELD_OUT[example][0])];
    const chosen = Number(head.select.value);
    const cells = new Float32Array(written.length * source.length);
    for (let h = chosen ? chosen - 1 : 0; h < (chosen || count); h++) {
      for (let i = 0; i < cells.length; i++) {
        const [t, s] = [Math.floor(i / source.length), i % source.length];
        cells[i] += now.map[((example * count + h) * written.length + t) * longest + s] / (chosen ? 1 : count);
      }
    }
    return { cells, written, source };
  }

  function drawMap() {
    const { cells, written, source } = weights();
        const name = `Cross-attention after ${now.done} steps`;
    const alt = `${name}: ${written.length} letters written, ${source.length} letters read`;
    const drawn = matrix(cells, written, { title: name, alt, names: source, onrow: read, onhover: (i) => follow(i < 0 ? row : i) });
    follow = (at) => {
      drawn.follow(at);
      const most = strongest(cells.subarray(at * source.length, (at + 1) * source.length)).slice(0, 3);
      looks.textContent = `To write ${written[at]}, letter ${at + 1}, it looks at ${most.map(({ at, weight }) => `${source[at]} ${weight.toFixed(2)}`).join(", ")}.`;
    };
    map.replaceChildren(drawn.node);
    follow(row);
    if (!now.running) fill();
  }

  /** The reader asks for the row of one letter. */
  function read(at) {
    row = Math.min(Math.max(at, 0), WRITTEN - 1);
    follow(row);
    say(looks.textContent);
  }

  function fill() {
    if (!numbers.open || !now) return;
    const { cells, written, source } = weights();
    const values = written.map((_, i) => source.map((_, j) => cells[i * source.length + j].toFixed(2)));
    numbers.replaceChildren(numbers.firstChild, table(`After ${now.done} steps: rows were written, columns were looked at`, source, written, values));
  }

  function pick(i) {
    example = i;
    drawMap();
    say(looks.textContent);
  }

  frame.closed.addEventListener("abort", () => worker?.terminate());
  place.append(problem, buttons, reading, loss.node, dates, rows, map, looks, numbers, switches,
    el("p", { class: "live-tools" }, link.node), heard); // prettier-ignore
  await begin();
  if (problem.textContent) throw new Error(problem.textContent);
}
