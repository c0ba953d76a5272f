/** The task of snippets/from_scratch/train.py: a date as people write it, and as a computer sorts it. */

const MONTHS = "January February March April May June July August September October November December".split(" ");
export const LETTERS = ["pad", "start", ...[...new Set(MONTHS.join("") + "0123456789 -")].sort()];
const IDS = new Map(LETTERS.map((letter, id) => [letter, id]));
export const START = IDS.get("start");
export const WRITTEN = 10; // letters of every answer
export const LONGEST = 17; // letters of the longest date

/** Never met in training: [date, answer]. */
export const HELD_OUT = [["28 March 1974", "1974-03-28"], ["5 September 2031", "2031-09-05"], ["17 May 1908", "1908-05-17"]];

/** One exercise. @param {() => number} chance from 0 to 1 */
export function task(chance) {
  const between = (least, most) => least + Math.floor(chance() * (most - least + 1));
  const [year, month, day] = [between(1900, 2099), between(1, 12), between(1, 28)];
  const made = [`${day} ${MONTHS[month - 1]} ${year}`, [year, month, day].map((part) => String(part).padStart(2, "0")).join("-")];
  return HELD_OUT.some(([date]) => date === made[0]) ? task(chance) : made;
}

/** Texts become ids, filled up with padding to one length. */
export function batchOf(texts) {
  const longest = Math.max(...texts.map((text) => text.length));
  return texts.map((text) => Array.from({ length: longest }, (_, i) => (i < text.length ? IDS.get(text[i]) : 0)));
}

/** Teacher forcing: the decoder reads the answer one place late. */
export const shifted = (targets) => targets.map((ids) => [START, ...ids.slice(0, -1)]);
