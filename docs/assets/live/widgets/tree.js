// Beam search as a tree that grows to the right, as the book draws it (snippets/plots.py,
// `tree`): a column for each step, a box for each candidate. Cut ones are dashed, the best
// path so far is heavy.

import { el, number, svg } from "./parts.js";
import { spoken, visible } from "./writing.js";

const [ROW, BOX, GAP, TOP] = [34, 28, 26, 4];
const pen = document.createElement("canvas").getContext("2d");

/** Drawing units that a word needs. */
function wide(word) {
  pen.font = "11px system-ui, sans-serif";
  return Math.max(pen.measureText(word).width, 30) + 12;
}

/** @typedef {{id: number, parent: number, logProbability: number}} Candidate */

export function tree() {
  const lines = svg("g");
  const boxes = svg("g");
  const root = svg("circle", { cx: 6, r: 4, class: "live-root" });
  const named = { role: "img", "aria-label": "A tree that has no step yet" };
  const drawing = svg("svg", { class: "live-tree", ...named }, lines, root, boxes);
  const label = "The beams, one column for each step; it scrolls sideways";
  const frame = el("div", { class: "live-wide", tabindex: 0, role: "group", "aria-label": label }, drawing);
  const rows = el("tbody");
  const table = el("table", { class: "numbers" }, el("thead"), rows);
  const scroll = { class: "md-typeset__scrollwrap live-wide", tabindex: 0, role: "group", "aria-label": "The kept beams of each step" };
  const more = el("details", {}, el("summary", {}, "The kept beams as a table"), el("div", scroll, table));

  let parents; // the kept boxes of the step before: {x, y, ids}
  let all; // every box: {key, line, box}
  let x, height;
  let put; // how far the drawing was scrolled from here

  const end = () => frame.scrollWidth - frame.clientWidth;
  /** Has the reader scrolled back? Asked before more is drawn: on a busy machine several steps may
   *  come at once, and how much they take says nothing about the reader. */
  const readsBack = () => frame.scrollLeft < Math.min(put, end()) - 1;

  /** Begin anew, for so many beams. */
  function clear(beams) {
    for (const part of [lines, boxes, rows]) part.replaceChildren();
    const names = Array.from({ length: beams }, (_, i) => el("th", { scope: "col" }, `place ${i + 1}`));
    table.firstChild.replaceChildren(el("tr", {}, el("th", { scope: "col" }, "step"), names));
    height = 2 * beams * ROW + 2 * TOP;
    [x, all, parents] = [10, [], [{ x: 10, y: height / 2, ids: [] }]];
    root.setAttribute("cy", height / 2);
    size();
    put = frame.scrollLeft = 0;
  }

  function size() {
    drawing.setAttribute("viewBox", `0 0 ${x + 4} ${height}`);
    drawing.style.setProperty("width", `${x + 4}px`);
    drawing.style.setProperty("height", `${height}px`);
  }

  /**
   * One more step.
   * @param {{candidates: Candidate[], beams: {ids: number[], logProbability: number}[]}} step
   * @param {Map<number, string>} names the texts of the candidates' ids
   */
  function add({ candidates, beams }, names) {
    const stays = readsBack();
    const texts = candidates.map((one) => [...parents[one.parent].ids, one.id].join());
    const kept = beams.map(({ ids }) => texts.indexOf(ids.join()));
    // Sorted by the parent's place, so that no two lines cross.
    const order = candidates.map((_, i) => i).sort((a, b) =>
      parents[candidates[a].parent].y - parents[candidates[b].parent].y || a - b); // prettier-ignore
    const width = Math.max(...candidates.map(({ id }) => wide(visible(names.get(id)))));
    const left = x + GAP;
    const made = [];
    order.forEach((i, place) => {
      const { id, parent, logProbability } = candidates[i];
      const y = TOP + ((place + 0.5) * (height - 2 * TOP)) / candidates.length;
      const from = parents[parent];
      const cut = kept.includes(i) ? "" : "live-cut-off";
      const middle = { x: left + width / 2, "text-anchor": "middle" };
      const line = svg("path", { class: cut, d: `M${from.x} ${from.y}C${from.x + GAP / 2} ${from.y} ${left - GAP / 2} ${y} ${left} ${y}` });
      const box = svg("g", { class: cut },
        svg("rect", { x: left, y: y - BOX / 2, width, height: BOX, rx: 3 }),
        svg("text", { ...middle, y: y - 2, "font-size": 11 }, visible(names.get(id))),
        svg("text", { ...middle, y: y + 10, "font-size": 9 }, number(logProbability))); // prettier-ignore
      lines.append(line);
      boxes.append(box);
      all.push({ key: texts[i], line, box });
      made[i] = { x: left + width, y, ids: texts[i].split(",").map(Number) };
    });
    x = left + width;
    size();
    if (!stays) {
      frame.scrollLeft = end();
      put = frame.scrollLeft; // a fraction less, perhaps
    }
    parents = kept.map((i) => made[i]);
    const cells = kept.map((i) => el("td", {}, `${visible(names.get(candidates[i].id))} ${number(candidates[i].logProbability)}`));
    rows.append(el("tr", {}, el("th", { scope: "row" }, String(rows.children.length + 1)), cells));
  }

  /** Make the path of a text heavy. @param {number[]} ids */
  function follow(ids, text) {
    const path = new Set(ids.map((_, i) => ids.slice(0, i + 1).join()));
    for (const { key, line, box } of all) {
      line.classList.toggle("live-best", path.has(key));
      box.classList.toggle("live-best", path.has(key));
    }
    const steps = rows.children.length;
    drawing.setAttribute("aria-label", `A tree of ${steps} steps. The best path: ${spoken(text)}`);
  }
  return { node: el("div", {}, frame, more), clear, add, follow };
}
