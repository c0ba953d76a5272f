// The probability of a continuation that the reader types: token by token, and as a whole.

import { engine } from "../engine/engine.js";
import { el, newId, number, tint } from "./parts.js";
import { percent, pieces, visible } from "./writing.js";

/** @param {() => number[]} before ids of the text so far @param {(says: string) => void} say
 *  @param {string} first what stands in the field at the beginning */
export function continuation(before, say, first) {
  const id = newId("continuation");
  const input = el("input", { type: "text", id, maxlength: 300, spellcheck: "false", value: first });
  const space = el("input", { type: "checkbox", checked: true });
  const onsubmit = (event) => {
    event.preventDefault();
    measure().then((says) => says && say(says));
  };
  const strip = el("ol", { class: "live-strip", "aria-label": "Its tokens, and the probability of each" });
  const says = el("p", { class: "live-reading" });
  const form = el("form", { class: "live-form live-ask", onsubmit },
    el("p", { class: "live-field" }, el("label", { for: id }, "How probable is this continuation?"), input),
    el("label", {}, space, " with a space before it"),
    el("button", { type: "submit", class: "live-go" }, "Measure")); // prettier-ignore

  let latest = 0;
  async function measure() {
    const turn = ++latest;
    try {
      const { ids } = await engine.tokenize("smollm2", (space.checked ? " " : "") + input.value);
      if (!input.value) throw new Error("Write a continuation first.");
      const start = before();
      const scores = [...(await engine.score([...start, ...ids], start.length))];
      const names = await pieces(ids);
      if (turn !== latest) return;
      const chips = names.map((name, i) => {
        const chance = Math.exp(scores[i]);
        const chip = el("li", {}, el("span", { class: "live-piece" }, visible(name)), el("span", { class: "live-weight" }, percent(chance)));
        tint(chip, chance);
        return chip;
      });
      strip.replaceChildren(...chips);
      const total = scores.reduce((a, b) => a + b);
      const whole = Math.exp(total);
      const share = whole < 1e-4 ? `1 in ${Number((1 / whole).toPrecision(2)).toLocaleString("en")}` : percent(whole);
      says.textContent = `The product of these ${ids.length}: ${share}. Log-probability ${number(total)}, ${number(total / ids.length)} a token.`;
    } catch (error) {
      strip.replaceChildren();
      says.textContent = error.message;
    }
    return says.textContent;
  }
  return { node: el("div", {}, form, says, strip), input, measure };
}
