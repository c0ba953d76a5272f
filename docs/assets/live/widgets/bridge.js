// Two lines of pieces, the source above and what is written below, and between them where the
// decoder looked: thick and dark where the weight is large. Lines wrap where the page is narrow.

import { strongest } from "./crossing.js";
import { el, roving, svg, tint } from "./parts.js";

const FAINT = 0.01; // no line below

/**
 * @param {{onpick: (piece: number) => void, onhide: (place: number) => void}} wish  onpick: a piece
 *   that was written is chosen; onhide: a piece of the source is pressed
 */
export function bridge({ onpick, onhide }) {
  const source = el("div", { class: "live-line", role: "group", "aria-label": "Source: press a piece to hide it from the decoder" });
  const target = el("div", { class: "live-line", role: "radiogroup", "aria-label": "Translation: choose a piece to see where the decoder looked" });
  const drawing = svg("svg", { class: "live-threads", "aria-hidden": "true" });
  const node = el("div", { class: "live-bridge" }, drawing, source, target);
  const mark = roving(target, () => [...target.children], onpick);
  new ResizeObserver(() => draw()).observe(node);

  let shown; // {map, now, aligned}: what the lines show

  /** The source, with the places that are hidden. @param {string[]} pieces @param {Set<number>} hidden */
  function read(pieces, hidden) {
    const chip = (place) => {
      const weight = el("span", { class: "live-weight", "aria-hidden": "true" });
      return el("button", { type: "button", onclick: () => onhide(place) }, el("span", { class: "live-piece" }), weight);
    };
    // Those that are there stay: one of them may have the focus.
    while (source.children.length > pieces.length) source.lastChild.remove();
    while (source.children.length < pieces.length) source.append(chip(source.children.length));
    [...source.children].forEach((one, place) => {
      one.firstChild.textContent = pieces[place];
      one.lastChild.textContent = "";
      one.setAttribute("aria-pressed", String(hidden.has(place)));
    });
    target.replaceChildren();
    drawing.replaceChildren();
    shown = undefined;
  }

  /** What is written so far. @param {string[]} pieces */
  function write(pieces) {
    pieces.slice(target.children.length).forEach((piece) => target.append(el("span", { role: "radio" })));
    [...target.children].slice(pieces.length).forEach((more) => more.remove());
    pieces.forEach((piece, i) => (target.children[i].textContent = piece));
  }

  /**
   * @param {Float32Array} map (written, source) @param {number} now the piece to follow
   * @param {number} aligned so many pieces have a line to where their weight is largest
   */
  function follow(map, now, aligned) {
    shown = { map, now, aligned };
    const row = map.subarray(now * source.children.length, (now + 1) * source.children.length);
    [...source.children].forEach((chip, place) => {
      tint(chip, row[place]);
      const off = chip.getAttribute("aria-pressed") === "true";
      chip.lastChild.textContent = off ? "hidden" : row[place].toFixed(2);
    });
    [...target.children].forEach((chip, i) => {
      chip.setAttribute("aria-checked", String(i === now));
      chip.classList.toggle("live-later", i > now && !aligned);
    });
    mark(now);
    draw();
  }

  function draw() {
    if (!shown || !node.isConnected) return;
    const { map, now, aligned } = shown;
    const frame = node.getBoundingClientRect();
    drawing.setAttribute("viewBox", `0 0 ${frame.width} ${frame.height}`);
    const [from, to] = [source, target].map((line) => [...line.children].map((chip) => chip.getBoundingClientRect()));
    const middle = ({ left, width }) => left + width / 2 - frame.left;
    const thread = (piece, place, weight, kind) => {
      const [x, y, end, low] = [middle(to[piece]), to[piece].top - frame.top, middle(from[place]), from[place].bottom - frame.top];
      const bend = (y - low) / 2;
      const d = `M${end} ${low}C${end} ${low + bend} ${x} ${y - bend} ${x} ${y}`;
      return svg("path", { d, class: kind, "stroke-width": (0.5 + 4 * weight).toFixed(2), "stroke-opacity": (0.25 + 0.75 * weight).toFixed(2) });
    };
    const row = (piece) => [...map.subarray(piece * from.length, (piece + 1) * from.length)];
    const pairs = to.slice(0, aligned).map((_, piece) => {
      const [{ at, weight }] = strongest(row(piece));
      return thread(piece, at, weight, "live-aligned");
    });
    const looked = row(now).map((weight, place) => (weight >= FAINT ? thread(now, place, weight, "live-looked") : null));
    drawing.replaceChildren(...pairs, ...looked.filter(Boolean));
  }
  return { node, read, write, follow };
}
