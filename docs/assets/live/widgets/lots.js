// Sets of heads, as numbers: layer · heads + head, both counted from 0.

import { random } from "../models/sampling.js";
import { seedField } from "./fields.js";
import { el } from "./parts.js";

export const LOTS = 5; // a single lot says little

/** As many others of `all` heads, by lot: the same for the same seed; none if there are not as many. */
export function lot(off, seed, all) {
  const chance = random(seed);
  const rest = Array.from({ length: all }, (_, i) => i).filter((i) => !off.includes(i));
  if (off.length > rest.length) return [];
  return off.map(() => rest.splice(Math.floor(chance() * rest.length), 1)[0]).sort((a, b) => a - b);
}

/** [layer, head] of a number, in a model with so many heads a layer. */
export const placed = (i, heads) => [Math.floor(i / heads), i % heads];

/** "layer 17: heads 3, 4; layer 18: head 6; layer 20: all heads" */
export function named(off, heads) {
  const layers = new Map();
  for (const i of off) {
    const [layer, head] = placed(i, heads);
    layers.set(layer, [...(layers.get(layer) ?? []), head]);
  }
  const which = (some) => (some.length === heads ? "all heads" : `head${some.length > 1 ? "s" : ""} ${some.join(", ")}`);
  return [...layers].map(([layer, some]) => `layer ${layer}: ${which(some)}`).join("; ");
}

/** "17.3-17.4", as it stands in a link. */
export const linked = (off, heads) => off.map((i) => placed(i, heads).join(".")).join("-");

/** The numbers of such a text; what is no head is left out. */
export function wished(text, layers, heads) {
  const pairs = text.split("-").filter((one) => /^\d+\.\d+$/.test(one)).map((one) => one.split(".").map(Number));
  const places = pairs.filter(([layer, head]) => layer < layers && head < heads).map(([layer, head]) => layer * heads + head);
  return [...new Set(places)].sort((a, b) => a - b);
}

/** A field for the seed of the first lot. */
export function lotField(wish, changed) {
  const { node, seed } = seedField("seed of the lot", wish, changed);
  return { node: el("p", { class: "live-controls" }, node), seed };
}
