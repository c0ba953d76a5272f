// What the widgets of the decoder share: its tokens as a reader can see them, and how a
// written text is measured.

import { engine } from "../engine.js";
import { el } from "./parts.js";

export const END = 2; // SmolLM2's <|im_end|>: after it, there is nothing more to write
export const VOCABULARY = 49152;

const read = new Map([[END, "<|im_end|>"]]);

/** The text of ids, without its end mark and without a letter that is only half there. */
export async function written(ids) {
  const text = await engine.decode("smollm2", ids.filter((id) => id !== END));
  return text.replace(/\uFFFD+$/, "");
}

/** Calls render(text, step) for steps as they come; what comes while it decodes waits, and only
 *  the newest of those is shown. @param {(text: string, step: {ids: number[]}) => void} render */
export function follower(render) {
  let [drawing, newest] = [null, null];
  const draw = async () => {
    for (let now = newest; now; now = newest) {
      newest = null;
      render(await written(now.ids), now);
    }
    drawing = null;
  };
  /** @returns {Promise<void>} all that has come is shown */
  return (step) => {
    newest = step;
    return (drawing ??= draw());
  };
}

/** A token as text; a space in front belongs to it. */
export async function piece(id) {
  if (!read.has(id)) read.set(id, await engine.decode("smollm2", [id]));
  return read.get(id);
}

export const pieces = (ids) => Promise.all(Array.from(ids, piece));

/** The same with spaces and line ends that can be seen. */
export const visible = (text) =>
  text.replaceAll(" ", "␣").replaceAll("\n", "↵").replaceAll("\t", "⇥") || "(special)";

/** The same for ears. */
export const spoken = (text) => text.replaceAll("\n", " line end ").trim() || "a space";

/** For a button: the parts for eyes, then one wording for ears, which hear no ␣ and no columns. */
export function twice(parts, says) {
  for (const part of parts) part.setAttribute("aria-hidden", "true");
  return [...parts, el("span", { class: "live-ears" }, says)];
}

/** "27.2%", with two digits where the number is small, and never a false zero. */
export function percent(x) {
  if (x > 0 && x < 0.00001) return "<0.001%";
  const digits = x < 0.001 ? 3 : x < 0.01 ? 2 : 1;
  return `${(100 * x).toFixed(x === 0 || x === 1 ? 0 : digits)}%`;
}

/** Words: whatever stands between spaces, as in the chapters. */
export const words = (text) => text.split(/\s+/).filter(Boolean);

/** The share of words that were in the text before. */
export function repeated(text) {
  const all = words(text);
  return all.length ? 1 - new Set(all).size / all.length : 0;
}

/** distinct-2: the share of different pairs of neighboring words. */
export function distinctPairs(text) {
  const all = words(text);
  const pairs = all.slice(1).map((word, i) => `${all[i]} ${word}`);
  return pairs.length ? new Set(pairs).size / pairs.length : 1;
}

/** The styles of these widgets, fetched with them and not before. */
export function styles() {
  const href = new URL("decoder.css", import.meta.url).href;
  if (document.querySelector(`link[href="${href}"]`)) return;
  return new Promise((resolve, reject) => {
    const onerror = () => reject(new Error("the styles are missing"));
    document.head.append(el("link", { rel: "stylesheet", href, onload: resolve, onerror }));
  });
}
