// A small encoder–decoder learns to rewrite dates, while the reader watches its loss, its answers and its look.

import { HELD_OUT, WRITTEN } from "../training/dates.js";
import { SETTINGS } from "../training/settings.js";
import { strongest } from "./crossing.js";
import { curve } from "./curve.js";
import { matrix } from "./maps.js";
import { announcer, el, newId, stateLink, table } from "./parts.js";
import { styles } from "./sheets.js";
import { choice, trainingSwitches } from "./training_switches.js";

export const title = "Training";

const CALM = 100; // steps from one drawing to the next, for who wants little motion
const SIGNS = { " ": "␣", start: "▸", pad: "∅" }; // one place each: an untrained model writes them, too
const sign = (letter) => SIGNS[letter] ?? letter;

/** @param {HTMLElement} place @param {Record<string, string>} options data-size (whole, small), -rate,
 *  -heads, -masked (no), -scaled (no), -seed */
export async function show(place, options, frame) {
  await Promise.all([styles(), styles("training.css")]);
  const { node: heard, say } = announcer();
  const { steps } = SETTINGS;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let worker;
  let [losses, before] = [[], []];
  let now; // what the worker said last
  let running = false;
  let [example, row] = [0, 0]; // what is looked at
  let follow; // shows a row of the map that is drawn

  // --------------------------------------------------------------- the parts of the widget
  const problem = el("p", { class: "live-problem", role: "alert" });
  const start = el("button", { type: "button", class: "live-go", onclick: () => go(running ? 0 : Infinity) });
  const one = el("button", { type: "button", onclick: () => go(1) }, "One step");
  const again = el("button", { type: "button", onclick: () => begin() }, "From the beginning");
  const buttons = el("p", { class: "live-controls" }, start, one, again);
  const reading = el("p", { class: "live-done" });
  const [loss, key] = [curve(steps), el("p", { class: "live-quiet" })];
  const name = newId("date");
  const answers = HELD_OUT.map(([date], i) => {
    const input = el("input", { type: "radio", name, checked: i === 0, onchange: () => pick(i) });
    const says = el("span", { class: "live-answer" });
    return { says, node: el("label", {}, input, el("span", {}, date), says) };
  });
  const dates = el("fieldset", { class: "live-dates" }, el("legend", {}, `Three dates it never meets, to be written like ${HELD_OUT[0][1]}`), answers.map(({ node }) => node));
  const head = choice("attention of", {}, "", () => draw());
  const [map, looks] = [el("div", { class: "live-wide" }), el("p", { class: "live-reading" })];
  const turn = (by, says) => el("button", { type: "button", onclick: () => read(row + by) }, says);
  const rows = el("p", { class: "live-controls" }, head.node, turn(-1, "Letter before"), turn(1, "Next letter"));
  const numbers = el("details", { ontoggle: () => fill() }, el("summary", {}, "The weights as a table"));

  const switches = trainingSwitches(options, () => begin());
  const { settings } = switches;
  const link = stateLink(frame, switches.state, say);

  // ------------------------------------------------------------------------ what happens
  /** A new training, before its first step. @returns {Promise<void>} it stands there, or a problem does */
  function begin() {
    if (worker) say("A new training, before its first step.");
    worker?.terminate();
    if (losses.length) before = losses;
    [losses, now, running] = [[], undefined, false];
    link.renew();
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
    if (now?.done === steps || (count === 1 && running)) return;
    worker.postMessage({ go: count });
    running = count > 0;
    draw();
    if (count === Infinity) say("Training.");
  }

  /** What the worker says, some times a second. */
  function hear(said) {
    const first = !now;
    const hundreds = Math.floor(said.done / CALM) > Math.floor((now?.done ?? 0) / CALM);
    [now, running] = [said, said.running];
    losses.push(...said.losses);
    if (first) {
      const count = settings().heads;
      const each = Array.from({ length: count }, (_, i) => el("option", { value: i + 1 }, `head ${i + 1}`));
      head.select.replaceChildren(el("option", { value: 0 }, `all heads, the mean of ${count}`), ...each);
    }
    if (first || hundreds || !running || !calm.matches) draw();
    if (hundreds || (!first && !running)) say(reading.textContent);
  }

  function draw() {
    if (!now) return;
    start.textContent = running ? "Pause" : now.done ? "Go on" : "Start";
    for (const button of [start, one]) button.ariaDisabled = String(now.done === steps);
    one.ariaDisabled = String(running || now.done === steps);
    const texts = now.written.map((one) => one.map(sign).join(""));
    const right = HELD_OUT.filter(([, answer], i) => texts[i] === answer).length;
    reading.textContent = `Step ${now.done} of ${steps}. ` + (losses.length ? `Loss ${losses.at(-1).toPrecision(3)}. ` : "") + `${right} of 3 dates are right.`;
    loss.draw(losses, before);
    key.textContent = before.length ? "Dashed: the training before." : "";
    answers.forEach(({ says }, i) => {
      const good = texts[i] === HELD_OUT[i][1];
      says.textContent = `→ ${texts[i]} ${good ? "✓ right" : "✗ wrong"}`;
      says.classList.toggle("live-wrong", !good);
    });
    drawMap();
  }

  /** The cross-attention of one date: a row for each letter written, a column for each letter read. */
  function weights() {
    const count = settings().heads;
    const longest = Math.max(...HELD_OUT.map(([date]) => date.length));
    const [written, source] = [now.written[example].map(sign), Array.from(HELD_OUT[example][0], sign)];
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
    if (!now) return;
    const { cells, written, source } = weights();
    const name = `Cross-attention after ${now.done} steps`;
    const alt = `${name}: ${written.length} letters written, ${source.length} letters read`;
    const onhover = (i) => follow(i < 0 ? row : i);
    const drawn = matrix(cells, written, { title: name, alt, names: source, top: 0.8, onrow: read, onhover }); // as in the program's figure
    follow = (at) => {
      drawn.follow(at);
      const most = strongest(cells.subarray(at * source.length, (at + 1) * source.length)).slice(0, 3);
      looks.textContent = `To write ${written[at]}, letter ${at + 1}, it looks at ${most.map(({ at, weight }) => `${source[at]} ${weight.toFixed(2)}`).join(", ")}.`;
    };
    map.replaceChildren(drawn.node);
    follow(row);
    if (!running) fill();
  }

  /** The reader asks for the row of one letter. */
  function read(at) {
    if (!now) return;
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
  const note = "Your browser computes every step itself, forward and back. The loss is that on the dates of one step, before it is taken. ␣ is a space, ▸ the start sign, ∅ padding.";
  place.append(problem, buttons, el("div", { class: "live-training" },
    el("div", {}, reading, loss.node, key, dates), el("div", {}, rows, map, looks, numbers)),
    switches.node, el("p", { class: "live-quiet" }, note), el("p", { class: "live-tools" }, link.node), heard); // prettier-ignore
  await begin();
  if (problem.textContent) throw new Error(problem.textContent);
}
