// What a reader may change in a training before it begins.

import { SETTINGS } from "../training/settings.js";
import { seedField } from "./fields.js";
import { el, newId } from "./parts.js";

const WIDTHS = { whole: "64 wide, as in the program", small: "32 wide, for a phone" };
const RATES = { 0.1: "a tenth", 1: "as it is", 10: "ten times" };
const HEADS = { 1: "1", 2: "2", 4: "4, as in the program", 8: "8" };

/** One of several, by its label. @param {Record<string, string>} choices */
export function choice(label, choices, value, onchange) {
  const all = Object.entries(choices).map(([value, says]) => el("option", { value }, says));
  const select = el("select", { id: newId("choice"), onchange }, all);
  if (value in choices) select.value = value;
  return { select, node: el("span", { class: "live-number-field" }, el("label", { for: select.id }, label), select) };
}

/** @param {Record<string, string>} options what a link or the page wishes for @param {() => void} changed
 *  @returns {{node: HTMLElement, settings: () => typeof SETTINGS, state: () => Record<string, any>}} */
export function trainingSwitches(options, changed) {
  const phone = navigator.maxTouchPoints > 0 && matchMedia("(max-width: 44.9844em)").matches;
  const [size, rate, heads] = [["model", WIDTHS, options.size ?? (phone ? "small" : "whole")],
    ["learning rate", RATES, options.rate in RATES ? options.rate : SETTINGS.rate],
    ["heads", HEADS, options.heads in HEADS ? options.heads : SETTINGS.heads]].map((one) => choice(...one, changed)); // prettier-ignore
  const [masked, scaled] = [["causal mask", options.masked], ["scale: divide by √d", options.scaled]].map(([says, wish]) => {
    const input = el("input", { type: "checkbox", checked: wish !== "no", onchange: changed });
    return { input, node: el("label", {}, input, ` ${says}`) };
  });
  const seed = seedField("seed", options.seed, changed);
  const settings = () => ({
    ...SETTINGS, size: size.select.value, rate: Number(rate.select.value), heads: Number(heads.select.value),
    masked: masked.input.checked, scaled: scaled.input.checked, seed: seed.seed(),
  }); // prettier-ignore
  /** For a link: what is off is said, what is on is not. */
  const state = () => Object.fromEntries(Object.entries(settings()).filter(([name, value]) => value !== true && name !== "steps").map(([name, value]) => [name, value || "no"]));
  const node = el("fieldset", { class: "live-controls live-dates" }, el("legend", {}, "Change one, and a new training waits for Start"),
    size.node, rate.node, heads.node, masked.node, scaled.node, seed.node); // prettier-ignore
  return { node, settings, state };
}
