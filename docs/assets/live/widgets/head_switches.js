// All heads of a model as switches: a row for each layer, counted from 0.

import { el, roving } from "./parts.js";

const silent = (label) => el("span", { "aria-hidden": "true" }, label);

/** @param {number} layers @param {number} heads of each layer
 *  @param {(place: number) => void} toggle called with layer · heads + head of the one pressed */
export function headSwitches(layers, heads, toggle) {
  const switches = Array.from({ length: layers * heads }, (_, i) => {
    const onclick = () => toggle(i);
    return el("button", { type: "button", class: "live-head", onclick });
  });
  const row = (label, cells) => el("div", { class: "live-switch-row" }, silent(label), cells);
  const count = (n) => Array.from({ length: n }, (_, i) => i);
  const rows = count(layers).map((i) => row(String(i), switches.slice(heads * i, heads * (i + 1))));
  const label = "Heads: press one to put it off or on. Rows are layers, columns are heads.";
  const group = el("div", { role: "group", "aria-label": label, class: "live-switches" }, rows);
  group.style.setProperty("--heads", heads);
  roving(group, () => switches, () => {}, heads); // arrows move; Enter, Space or a click presses
  const name = el("p", { class: "live-name" }, el("b", {}, `All ${switches.length} heads`), " · rows are layers, columns are heads, both from 0");

  /** @param {number[]} off @param {number[]} others off in the set by lot */
  const draw = (off, others) => switches.forEach((one, i) => {
    const [mine, byLot] = [off.includes(i), others.includes(i)];
    const says = `layer ${Math.floor(i / heads)}, head ${i % heads}`;
    one.setAttribute("aria-pressed", String(mine));
    one.setAttribute("aria-label", `${says}${mine ? ": off" : byLot ? ": off in the set by lot" : ""}`);
    one.title = one.ariaLabel;
    one.textContent = mine ? "×" : byLot ? "·" : "";
  }); // prettier-ignore
  draw([], []);
  return { node: el("div", {}, name, group), draw };
}
