// What fields share: numbers that are seen whole, wishes of links, keys that belong to an input method.

import { number } from "./parts.js";

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

/** One of so many, from 1 on, whatever a link wishes for. */
export const within = (wish, most) => Math.min(Math.max(Math.round(Number(wish)) || 1, 1), most);

/**
 * Is this key part of a text that is still being composed? There, Enter takes a suggestion and
 * sends nothing. Safari ends the composition first and then tells of its key, as number 229.
 */
export const composing = (event) => event.isComposing || event.keyCode === 229;
