// What fields share: numbers that are seen whole, wishes of links, seeds, keys that belong to an input method.

import { el, newId, number } from "./parts.js";

const SEEDS = { min: 1, max: 999999, step: 1 };

/** A number with all its digits, two at least: 0.90, and 0.925 where number() would say 0.93. */
export const exact = (x) => (Number(x.toFixed(2)) === x ? number(x) : String(x).replace("-", "−"));

/** Makes a field for a number as wide as what stands in it. */
export const fit = (input) => input.style.setProperty("--letters", String(input.value.length));

/**
 * What a link or a page wishes for: a number within the limits, or undefined.
 * @param {string | undefined} text @param {{min: number, max: number, step: number | "any"}} limits
 */
export function asked(text, { min, max, step }) {
  const x = text?.trim() ? Number(text) : NaN;
  return x >= min && x <= max && (step !== 1 || Number.isInteger(x)) ? x : undefined;
}

/** A field for a seed; `changed` hears of each good one. A wrong one is told by the browser, in its own words. */
export function seedField(says, wish, changed) {
  let seed = asked(wish, SEEDS) ?? 1;
  const oninput = () => {
    fit(input);
    if (!input.checkValidity()) return;
    seed = input.valueAsNumber;
    changed();
  };
  const input = el("input", { type: "number", id: newId("seed"), ...SEEDS, required: true, value: seed, oninput, onchange: () => input.reportValidity() });
  fit(input);
  return { node: el("span", { class: "live-number-field" }, el("label", { for: input.id }, says), input), seed: () => seed };
}

/** One of so many, from 1 on, whatever a link wishes for. */
export const within = (wish, most) => Math.min(Math.max(Math.round(Number(wish)) || 1, 1), most);

/**
 * Is this key part of a text that is still being composed? There, Enter takes a suggestion and
 * sends nothing. Safari ends the composition first and then tells of its key, as number 229.
 */
export const composing = (event) => event.isComposing || event.keyCode === 229;
