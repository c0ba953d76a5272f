// The next token: SmolLM2's distribution after a text, reshaped live, and a way through it,
// token by token, with a way back and other branches.

import { engine } from "../engine.js";
import { candidates, draw, largest, probabilities } from "../sampling.js";
import { bars, SHOWN } from "./bars.js";
import { continuation } from "./continuation.js";
import { looking } from "./looking.js";
import { announcer, el, newId, number, roving, slider, tabs } from "./parts.js";
import { END, percent, piece, pieces, spoken, styles, visible, VOCABULARY } from "./writing.js";

export const title = "Next token";
export const weights = "smollm2";

const KS = [1, 2, 3, 5, 8, 10, 20, 40, 50, 100, 200, 500, 1000, 0]; // 0: all
const SENTENCE = 24; // tokens that a greedy end of the sentence takes at most

/** @typedef {{id: number, name: string, chance: number}} Step  chance: the model's own */

/** @param {HTMLElement} place @param {Record<string, string>} options data-text, data-continuation */
export async function show(place, options) {
  await styles();
  const { node: heard, say } = announcer();
  let start = []; // ids of the prompt
  /** @type {Step[]} */
  let path = []; // the tokens taken since
  /** @type {Step[][]} */
  let branches = []; // the ends that the reader has reached
  let now; // what the model says after both
  const wish = { temperature: 1, topK: 0, topP: 1 };

  // --------------------------------------------------------------- the parts of the widget
  const problem = el("p", { class: "live-problem", role: "alert" });
  const id = newId("prompt");
  const input = el("textarea", { id, rows: 2, maxlength: 2000, spellcheck: "false" });
  input.value = options.text ?? "The robot watered the sunflowers because";
  const onsubmit = (event) => {
    event.preventDefault();
    act(read);
  };
  const form = el("form", { class: "live-form", onsubmit },
    el("p", { class: "live-field" }, el("label", { for: id }, "Text that the model reads"), input),
    el("button", { type: "submit", class: "live-go live-right" }, "Start from this text")); // prettier-ignore
  const written = el("span", { class: "live-taken", role: "group", "aria-label": "Tokens taken; one of them leads back to before it" });
  const prompt = el("span", { class: "live-quiet" });
  const text = el("p", { class: "live-written" }, prompt, written);
  const markTaken = roving(written, () => [...written.children], () => {});
  const button = (says, what) => el("button", { type: "button", onclick: () => act(what) }, says);
  const back = button("Back", () => goTo(path.slice(0, -1)));
  const steps = el("p", { class: "live-examples" },
    button("Take the first", () => take(now.top[0])),
    button("Draw one", () => take(draw(now.drawn, Math.random).id)),
    button("Finish the sentence greedily", sentence), back); // prettier-ignore
  const list = bars((place) => act(() => take(now.top[place])));
  const hint = el("p", { class: "live-quiet" }, "Press a bar to take its token, or a taken token to go back to it.");
  const kept = el("p", { class: "live-kept" });
  let due = false; // a slider moves faster than bars can be drawn
  const changes = (name, read = (x) => x) => (x) => {
    wish[name] = read(x);
    if (!due) act(reshaped);
    due = true;
  };
  const sliders = [
    slider({ label: "temperature", min: 0.1, max: 2, step: 0.1, value: 1, oninput: changes("temperature") }),
    slider({
      label: "top-k", min: 0, max: KS.length - 1, step: 1, value: KS.length - 1,
      format: (i) => String(KS[i] || "all"), oninput: changes("topK", (i) => KS[i]),
    }),
    slider({
      label: "top-p", min: 0.05, max: 1, step: 0.05, value: 1,
      format: (p) => (p < 1 ? number(p) : "all"), oninput: changes("topP"),
    }),
  ]; // prettier-ignore
  for (const { node, input } of sliders) {
    const says = node.querySelector("output");
    says.setAttribute("aria-live", "off"); // the slider itself says its value
    const speak = () => input.setAttribute("aria-valuetext", says.textContent);
    input.addEventListener("input", speak);
    speak();
  }
  const asked = continuation(ids, say, options.continuation ?? "they were thirsty.");
  const attention = looking({ layers: 30, heads: 9, onchange: say });
  const others = el("ul", { class: "live-branches" });
  const PANELS = { Continuation: asked.node, Attention: attention.node, Branches: el("div", {}, others) };
  let tab = "Continuation";
  const more = tabs("More about this step", PANELS, (name) => {
    tab = name;
    act(filled);
  });

  // ------------------------------------------------------------------------ what happens
  /** One thing after the other, however quickly the reader presses. */
  let turn = Promise.resolve();
  const act = (what) => (turn = turn.then(what).then(
    () => (problem.textContent = ""),
    (error) => (problem.textContent = error.message),
  )); // prettier-ignore

  function ids() {
    return [...start, ...path.map((step) => step.id)];
  }

  async function read() {
    const { ids: fresh } = await engine.tokenize("smollm2", input.value);
    if (!fresh.length) throw new Error("Write a beginning first.");
    [start, path, branches] = [fresh, [], []];
    prompt.textContent = input.value;
    await look();
  }

  /** Ask the model about the text so far. */
  async function look() {
    const { logits, maps } = await engine.next(ids(), { attentions: true });
    const top = largest(logits, SHOWN).map(({ id }) => id);
    now = { logits, maps, top, model: probabilities(logits) };
    drawText();
    await reshaped();
    await filled();
  }

  async function reshaped() {
    due = false;
    const warmed = probabilities(now.logits, wish.temperature);
    now.drawn = candidates(now.logits, wish);
    const inDraw = new Map(now.drawn.map(({ id, probability }) => [id, probability]));
    const tried = branches.filter((branch) => follows(branch, path) && branch.length > path.length);
    const taken = new Set(tried.map((branch) => branch[path.length].id));
    await list.show(now.top, now.model, warmed, inDraw, taken);
    const count = (n) => n.toLocaleString("en");
    const share = now.drawn.reduce((sum, { id }) => sum + warmed[id], 0);
    kept.textContent = now.drawn.length === VOCABULARY ? `All ${count(VOCABULARY)} tokens can be drawn.`
      : `Kept: ${count(now.drawn.length)} of ${count(VOCABULARY)} tokens, ${percent(share)} of the probability.`; // prettier-ignore
    const name = await piece(now.top[0]);
    say(`${path.length ? `Taken: ${spoken(path.at(-1).name)}. ` : ""}First now: ${spoken(name)}, ${percent(now.model[now.top[0]])}. ${kept.textContent}`);
  }

  /** What the open tab shows. */
  async function filled() {
    if (tab === "Continuation") await asked.measure();
    if (tab === "Attention") attention.show(now.maps, await pieces(ids()));
    if (tab === "Branches") drawBranches();
  }

  async function take(id) {
    if (path.at(-1)?.id === END) throw new Error("The model has ended its text here. Go back, or start again.");
    await goTo([...path, { id, name: await piece(id), chance: now.model[id] }]);
  }

  async function sentence() {
    for (let i = 0; i < SENTENCE; i++) {
      await take(now.top[0]);
      if (/[.!?\n]/.test(path.at(-1).name) || path.at(-1).id === END) return;
    }
  }

  async function goTo(next) {
    path = next;
    const known = branches.some((branch) => follows(branch, path));
    if (!known) branches = [...branches.filter((branch) => !follows(path, branch)), path];
    await look();
  }

  function drawText() {
    const hadFocus = written.contains(document.activeElement);
    written.replaceChildren(...path.map((step, i) => {
      const onclick = () => act(() => goTo(path.slice(0, i)));
      const label = `${spoken(step.name)}, ${percent(step.chance)}: go back to before it`;
      const chance = el("span", { class: "live-weight" }, percent(step.chance));
      return el("button", { type: "button", onclick, "aria-label": label }, visible(step.name), chance);
    })); // prettier-ignore
    markTaken(Math.max(path.length - 1, 0));
    back.disabled = !path.length;
    if (hadFocus) (written.lastChild ?? input).focus();
  }

  /** The ends reached so far, each with what it cost; a press leads there. */
  function drawBranches() {
    const rows = branches.filter((branch) => branch.length).map((branch) => {
      const total = branch.reduce((sum, step) => sum + Math.log(step.chance), 0);
      const here = follows(branch, path) && branch.length === path.length;
      const says = `…${branch.map((step) => step.name).join("")}`;
      const go = el("button", { type: "button", onclick: () => act(() => goTo(branch)) }, says);
      return el("li", {}, go, ` ${number(total)}${here ? " · you are here" : ""}`);
    }); // prettier-ignore
    const empty = "Take a token, go back, take another: both ways are kept here, each with its log-probability.";
    others.replaceChildren(...(rows.length ? rows : [el("li", {}, empty)]));
  }

  place.append(form, problem, text, steps, hint, list.node, kept, ...sliders.map(({ node }) => node), more.node, heard);
  await act(read);
  if (!now) throw new Error(problem.textContent);
}

/** Does `branch` begin with all of `path`? */
const follows = (branch, path) => path.every((step, i) => branch[i]?.id === step.id);
