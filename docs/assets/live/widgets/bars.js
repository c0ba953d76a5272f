// The next-token distribution as bars: each is a button that takes its token. A cut token has
// a hatched bar and the word "cut", as in snippets/plots.py; color is not the only sign.

import { el, roving } from "./parts.js";
import { percent, pieces, spoken, visible, VOCABULARY } from "./writing.js";

const SHOWN = 12;

/** @param {(place: number) => void} take */
export function bars(take) {
  const rows = Array.from({ length: SHOWN }, (_, place) => {
    const parts = row(String(place + 1));
    const button = el("button", { type: "button", class: "live-bar", onclick: () => take(place) }, parts.all);
    return { ...parts, button };
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
   * @param {Uint32Array} ids sorted @param {Float64Array} model probabilities at temperature 1
   * @param {{probabilities: Float64Array, kept: number, share: number}} now
   * @param {Set<number>} tried ids that were taken here before
   */
  async function show(ids, model, now, tried) {
    const { probabilities, kept, share } = now;
    const names = await pieces(ids.subarray(0, SHOWN));
    const sum = (values, from, to) => values.subarray(from, to).reduce((a, b) => a + b, 0);
    const others = sum(probabilities, SHOWN, ids.length);
    const most = Math.max(probabilities[0], others);
    rows.forEach(({ button, ...parts }, place) => {
      const stays = place < kept;
      const chance = stays ? percent(probabilities[place] / share) : "cut";
      const before = tried.has(ids[place]);
      parts.token.textContent = visible(names[place]) + (before ? " ↩" : "");
      parts.model.textContent = percent(model[place]);
      parts.draw.textContent = chance;
      parts.drawBar(probabilities[place] / most, stays ? 1 : 0);
      const says = `${place + 1}: ${spoken(names[place])}, model ${percent(model[place])}, draw ${chance}`;
      button.setAttribute("aria-label", before ? `${says}, taken before` : says);
    });
    const inside = Math.max(kept - SHOWN, 0);
    const held = sum(probabilities, SHOWN, SHOWN + inside);
    rest.token.textContent = `${(VOCABULARY - SHOWN).toLocaleString("en")} others`;
    rest.model.textContent = percent(sum(model, SHOWN, ids.length));
    rest.draw.textContent = inside ? percent(held / share) : "cut";
    rest.drawBar(others / most, others ? held / others : 0);
  }
  return { node: el("div", {}, head, list), show };
}

/** The parts of one row; the bar has a part that stays and a part that is cut. */
function row(rank) {
  const [stays, cut] = [el("span", { class: "live-stays" }), el("span", { class: "live-cut" })];
  const token = el("span", { class: "live-bar-token" });
  const [model, draw] = [el("span"), el("span")];
  const bar = el("span", { class: "live-bar-line" }, stays, cut);
  const drawBar = (length, share) => {
    stays.style.setProperty("width", `${100 * length * share}%`);
    cut.style.setProperty("width", `${100 * length * (1 - share)}%`);
    cut.hidden = share === 1;
  };
  return { all: [el("span", { class: "live-rank" }, rank), token, bar, model, draw], token, model, draw, drawBar };
}
