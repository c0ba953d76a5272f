// What the widgets of the decoder share: its tokens as a reader can see them, and how a
// written text is measured.

import { engine } from "../engine/engine.js";
import { el } from "./parts.js";

export { styles } from "./sheets.js";

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

/**
 * A button Stop; `busy(true)` while there is something to stop.
 * @param {HTMLElement} go what begins it @param {() => void} halt @param {HTMLElement} home gets the focus of Stop
 */
export function stopping(go, halt, home = go) {
  const onclick = () => {
    stop.textContent = "Stopping …"; // a text that is being read is read to its end
    halt();
  };
  const stop = el("button", { type: "button", disabled: true, onclick }, "Stop");
  const busy = (now) => {
    const hadFocus = document.activeElement === stop;
    go.ariaDisabled = String(now);
    stop.disabled = !now;
    stop.textContent = "Stop";
    if (hadFocus) home.focus();
  };
  return { stop, busy };
}

/** A token as text; a space in front belongs to it. */
export async function piece(id) {
  if (!read.has(id)) read.set(id, await engine.decode("smollm2", [id]));
  return read.get(id);
}

export const pieces = (ids) => Promise.all(Array.from(ids, piece));

const MARKS = { " ": "␣", "\n": "↵", "\t": "⇥" };

/** The same with spaces, line ends and all else that can be seen. */
export const visible = (text) => marked(text, /[\p{Z}\p{Cc}\p{Cf}]/gu) || "(special)";

/** A text whose first and last spaces and line ends are seen: the model gets them too. */
export const edged = (text) => marked(text, /^[\s\p{Z}]+|[\s\p{Z}]+$/gu);

const marked = (text, what) => text.replace(what, (found) => Array.from(found, (one) =>
  MARKS[one] ?? `⟨U+${one.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`).join("")); // prettier-ignore

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
