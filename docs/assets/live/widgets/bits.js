// One block of SmolLM2's file by hand: 32 numbers to change, and what is left of them in fewer bits.

import { fit } from "./fields.js";
import { announcer, el, newId, stateLink, svg } from "./parts.js";
import { error, rounded, unpack } from "./rounding.js";
import { styles } from "./sheets.js";

export const title = "A block in few bits";

const BITS = [8, 5, 4, 3, 2];
const MOST = 1000; // in size, of what a reader may write
const [WIDTH, HEIGHT, EDGE, RING, DOT] = [480, 220, 10, 5, 2.6]; // of the drawing
const LINES = 32; // so many levels are drawn as lines

const minus = (text) => text.replace(/^-(?=0(\.0*)?$)/, "").replace("-", "−");
const short = (x) => minus(x.toFixed(Math.abs(x) < 10 ? 3 : 1));
const percent = (x) => `${(100 * x).toFixed(1)}%`;

/** @param {HTMLElement} place @param {Record<string, string>} options data-bytes (twenty of them),
 *  -bits, -changed (such as 1:14.3,5:0.2: numbers from 1 on, and what stands there instead) */
export async function show(place, options, frame) {
  await styles("bits.css");
  const { node: heard, say } = announcer();
  const file = unpack((options.bytes ?? "").split(" ").map(Number));
  if (file.length !== 32 || !file.every(Number.isFinite)) throw new Error("the twenty bytes of the block are not in the page");
  const given = file.slice(); // float32, as it is computed with
  const changed = new Map(); // place → what was written there

  // --------------------------------------------------------------- the parts of the widget
  const start = BITS.includes(Number(options.bits)) ? Number(options.bits) : 4;
  const choices = BITS.map((n) => el("option", { value: n, selected: n === start }, String(n)));
  const bits = el("select", { id: newId("bits"), onchange: () => compute() }, choices);
  const [large, again] = [["Make number 1 ten times the largest of the others", outlier], ["Start again", reset]].map(
    ([says, onclick]) => el("button", { type: "button", onclick }, says));
  const controls = el("p", { class: "live-controls" }, el("span", {}, el("label", { for: bits.id }, "bits of a step "), bits), large, again);
  const problem = el("p", { class: "live-problem", role: "alert" });
  const [levels, errors] = [el("p", { class: "live-reading" }), el("p")];
  const drawing = svg("svg", { class: "live-levels", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  const cells = Array.from(given, (_, i) => {
    const id = newId("became");
    const props = { type: "number", step: "any", min: -MOST, max: MOST, required: true, "aria-label": `number ${i + 1}`, "aria-describedby": id };
    const input = el("input", { ...props, oninput: () => write(i) });
    const says = el("span", { id });
    return { input, says, node: el("li", {}, el("span", { "aria-hidden": "true" }, String(i + 1)), input, says) };
  });
  const list = el("ol", { class: "live-block", "aria-label": "The 32 numbers of the block" }, cells.map(({ node }) => node));
  const link = stateLink(frame, () => ({ bits: bits.value, changed: [...changed].map(([i, x]) => `${i + 1}:${x}`).join(",") }), say);

  // ------------------------------------------------------------------------ what happens
  /** A number in its field, as short as it is shown; what is computed with has all its digits. */
  function put(i, x) {
    given[i] = x;
    cells[i].input.value = Number(x.toFixed(3));
    fit(cells[i].input);
  }

  function change(i, x) {
    changed.set(i, x);
    put(i, x);
  }

  function write(i) {
    const { input } = cells[i];
    fit(input);
    if (input.checkValidity()) {
      given[i] = input.valueAsNumber;
      changed.set(i, input.valueAsNumber);
    }
    compute();
  }

  function outlier() {
    change(0, Math.min(MOST, Number((10 * Math.max(...given.slice(1).map(Math.abs))).toFixed(3))));
    compute();
  }

  function reset() {
    changed.clear();
    file.forEach((x, i) => put(i, x));
    bits.value = "4";
    compute();
  }

  function compute() {
    const wrong = cells.some(({ input }) => !input.checkValidity());
    problem.textContent = wrong ? `Write a number from −${MOST} to ${MOST} in every field.` : "";
    if (wrong) return;
    const count = 2 ** bits.value;
    const { least, scale, steps, values } = rounded(given, Number(bits.value));
    cells.forEach(({ says, node }, i) => {
      says.replaceChildren(el("span", { class: "live-ears" }, "step "), `${steps[i]} → ${short(values[i])}`);
      node.classList.toggle("live-changed", changed.has(i));
    });
    levels.textContent = `${count} levels from ${short(least)} to ${short(Math.max(...given))}, ${scale.toFixed(4)} apart: that is the scale. ` +
      `${new Set(steps).size} of them are used. With scale and least value in two bytes each, a number takes ${Number(bits.value) + 1} bits.`; // prettier-ignore
    const sizes = Array.from(given, Math.abs);
    const largest = sizes.indexOf(Math.max(...sizes));
    errors.textContent = `Error of all 32: ${percent(error(values, given))} of their length. Without number ${largest + 1}, the largest in size, ` +
      `${percent(error(values, given, largest))} of the length of the others.`; // prettier-ignore
    draw(count, least, scale, values);
    link.renew();
    say(`${levels.textContent} ${errors.textContent}`);
  }

  /** The numbers as rings, what is left of them as dots on their levels. */
  function draw(count, least, scale, values) {
    const range = scale * (count - 1) || 1;
    const y = (x) => (HEIGHT - EDGE - ((x - least) / range) * (HEIGHT - 2 * EDGE)).toFixed(1);
    const x = (i) => EDGE + (i + 0.5) * ((WIDTH - 2 * EDGE) / 32);
    const lines = count > LINES ? [] : Array.from({ length: count }, (_, step) => {
      const at = y(least + scale * step);
      return svg("path", { d: `M0 ${at}H${WIDTH}` });
    }); // prettier-ignore
    const marks = Array.from(given, (one, i) => [
      Math.abs(y(one) - y(values[i])) < 2 * DOT ? null : svg("path", { class: "live-moved", d: `M${x(i)} ${y(one)}V${y(values[i])}` }),
      svg("circle", { class: "live-given", cx: x(i), cy: y(one), r: RING }),
      svg("circle", { class: "live-left", cx: x(i), cy: y(values[i]), r: DOT }),
    ]);
    drawing.replaceChildren(...lines, ...marks.flat().filter(Boolean));
    drawing.setAttribute("aria-label", `The 32 numbers as rings, and each after rounding as a dot on one of ${count} levels`);
  }

  const note = "Rings are the numbers, dots what is left of them. Below each field stand its step and what is left. The fields show three decimals; the numbers of the file are computed with all.";
  place.append(controls, problem, levels, errors, drawing, el("p", { class: "live-faint" }, note), list, el("p", { class: "live-tools" }, link.node), heard);
  file.forEach((x, i) => put(i, x));
  for (const [, i, x] of (options.changed ?? "").matchAll(/(?:^|,)(\d+):(-?[\d.]+)(?=,|$)/g)) {
    if (i >= 1 && i <= 32 && Math.abs(x) <= MOST) change(i - 1, Number(x));
  }
  compute();
}
