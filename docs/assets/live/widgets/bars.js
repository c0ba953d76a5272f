// The next-token distribution as bars: each is a button that takes its token. A cut token has
// a hatched bar and the word "cut", as in snippets/plots.py; color is not the only sign.

import { el, roving } from "./parts.js";
import { percent, pieces, spoken, twice, visible, VOCABULARY } from "./writing.js";

export const SHOWN = 12;

/** @param {(place: number, top: number[]) => void} take called with the place of a bar, from 0, and
 *  what the bars showed when it was pressed */
export function bars(take) {
  let shown; // the ids of the bars
  const rows = Array.from({ length: SHOWN }, (_, place) => {
    const parts = row(String(place + 1));
    const content = twice(parts.all, "");
    const button = el("button", { type: "button", class: "live-bar", onclick: () => take(place, shown) }, content);
    return { ...parts, button, says: content.at(-1) };
  });
  const rest = row("");
  const restRow = el("li", { class: "live-bar" }, rest.all);
  const items = rows.map(({ button }) => button);
  const list = el("ol", { class: "live-bars", "aria-label": "Next tokens, the most probable first" },
    items.map((button) => el("li", {}, button)), restRow); // prettier-ignore
  roving(list, () => items, () => {}); // arrows move; Enter, Space or a click takes
  const head = el("p", { class: "live-bar live-bars-head", "aria-hidden": "true" },
    el("span"), el("span", {}, "token"), el("span"), el("span", {}, "model"), el("span", {}, "draw")); // prettier-ignore

  /**
   * @param {number[]} top ids of the most probable @param {Float64Array} model their own
   *   probabilities, by id @param {Float64Array} warmed the same after the temperature
   * @param {Float64Array} chances its probability in the draw, by id; cut: not a number
   * @param {Set<number>} tried ids that were taken here before
   */
  async function show(top, model, warmed, chances, tried) {
    const names = await pieces(top);
    const others = remainder(warmed, top);
    const most = warmed[top[0]]; // fills the column
    shown = top;
    rows.forEach((parts, place) => {
      const id = top[place];
      const cut = Number.isNaN(chances[id]);
      const chance = cut ? "cut" : percent(chances[id]);
      const before = tried.has(id);
      parts.token.textContent = visible(names[place]) + (before ? " ↩" : "");
      parts.model.textContent = percent(model[id]);
      parts.draw.textContent = chance;
      parts.drawBar(warmed[id] / most, cut ? 0 : 1);
      const wording = `${place + 1}: ${spoken(names[place])}, model ${percent(model[id])}, draw ${chance}`;
      parts.says.textContent = before ? `${wording}, taken before` : wording;
    });
    const inside = { count: 0, chance: 0, share: 0 };
    chances.forEach((chance, id) => {
      if (Number.isNaN(chance) || top.includes(id)) return;
      inside.count++;
      inside.chance += chance;
      inside.share += warmed[id];
    });
    rest.token.textContent = `${(VOCABULARY - SHOWN).toLocaleString("en")} others`;
    rest.model.textContent = percent(remainder(model, top));
    rest.draw.textContent = inside.count ? percent(inside.chance) : "cut";
    rest.drawBar(others / most, Math.min(inside.share / others, 1));
  }
  return { node: el("div", {}, head, list), show };
}

/** What all but the top share. */
const remainder = (values, top) => Math.max(1 - top.reduce((sum, id) => sum + values[id], 0), 0);

/** The parts of one row; the bar has a part that stays and a part that is cut. */
function row(rank) {
  const [stays, cut] = [el("span", { class: "live-stays" }), el("span", { class: "live-cut" })];
  const token = el("span", { class: "live-bar-token" });
  const [model, draw] = [el("span"), el("span")];
  const bar = el("span", { class: "live-bar-line" }, stays, cut);
  const drawBar = (wanted, share) => {
    const length = Math.min(wanted, 1);
    bar.classList.toggle("live-beyond", wanted > 1);
    stays.style.setProperty("width", `${100 * length * share}%`);
    cut.style.setProperty("width", `${100 * length * (1 - share)}%`);
    cut.hidden = share === 1;
  };
  return { all: [el("span", { class: "live-rank" }, rank), token, bar, model, draw], token, model, draw, drawBar };
}
