// The next token: SmolLM2's distribution after a text, reshaped live, and a way through it,
// token by token, with a way back and other branches.

import { engine } from "../engine/engine.js";
import { candidates, draw, largest, probabilities } from "../models/sampling.js";
import { bars, SHOWN } from "./bars.js";
import { continuation } from "./continuation.js";
import { looking } from "./looking.js";
import { announcer, el, newId, number, roving, stateLink, tabs } from "./parts.js";
import { shaping } from "./shaping.js";
import { edged, END, percent, piece, pieces, spoken, styles, twice, visible, VOCABULARY } from "./writing.js";

export const title = "Next token";
export const weights = "smollm2";

const SENTENCE = 24; // tokens that a greedy end of the sentence takes at most

/** @typedef {{id: number, name: string, chance: number}} Step  chance: the model's own */

/** @param {HTMLElement} place @param {Record<string, string>} options data-text, -continuation, -tab,
 *  -taken (ids with - between them), -temperature, -top-k, -top-p */
export async function show(place, options, frame) {
  await styles();
  const { node: heard, say } = announcer();
  let given = ""; // the prompt
  let start = []; // its ids
  /** @type {Step[]} */
  let path = []; // the tokens taken since
  /** @type {Step[][]} */
  let branches = []; // the ends that the reader has reached
  let now; // what the model says after both

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
    button("Draw one", () => take(draw(now.drawn, Math.random))),
    button("Finish the sentence greedily", sentence), back); // prettier-ignore
  // On a slow phone the next text's bars may come between a press and its turn: nobody has seen those.
  const list = bars((place, top) => act(() => top[place] === now.top[place] && take(top[place])));
  const hint = el("p", { class: "live-quiet" }, "Press a bar to take its token, or a taken token to go back to it.");
  const kept = el("p", { class: "live-kept" });
  let due = false; // a slider moves faster than bars can be drawn
  const { nodes: sliders, wish } = shaping(options, () => {
    if (!due) act(reshaped);
    due = true;
  });
  const asked = continuation(ids, say, options.continuation ?? "they were thirsty.");
  const attention = looking({ layers: 30, heads: 9, onchange: say });
  const others = el("ul", { class: "live-branches" });
  const PANELS = { Continuation: asked.node, Attention: attention.node, Branches: el("div", {}, others) };
  let tab = Object.hasOwn(PANELS, options.tab) ? options.tab : "Continuation";
  const more = tabs("More about this step", PANELS, (name) => {
    tab = name;
    act(filled);
  });
  more.show(tab);
  const link = stateLink(frame, () => {
    const taken = path.map((step) => step.id).join("-");
    return { text: given, taken, ...wish, tab, continuation: asked.input.value };
  }, say); // prettier-ignore

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
    given = input.value;
    await look();
  }

  /** The tokens that a link says were taken. */
  async function retaken() {
    const ids = (options.taken ?? "").split("-").filter(Boolean).map(Number);
    if (!ids.length || !ids.every((id) => Number.isInteger(id) && id >= 0 && id < VOCABULARY)) return;
    const scores = await engine.score([...start, ...ids], start.length);
    const names = await pieces(ids);
    await goTo(ids.map((id, i) => ({ id, name: names[i], chance: Math.exp(scores[i]) })));
  }

  /** Ask the model about the text so far. */
  async function look() {
    list.node.ariaBusy = "true";
    const { logits, maps } = await engine.next(ids(), { attentions: true }).finally(() => (list.node.ariaBusy = "false"));
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
    const { ids: left, probabilities: shares } = now.drawn;
    const chances = new Float64Array(VOCABULARY).fill(NaN); // by id; not a number: cut
    left.forEach((id, i) => (chances[id] = shares[i]));
    const tried = branches.filter((branch) => follows(branch, path) && branch.length > path.length);
    const taken = new Set(tried.map((branch) => branch[path.length].id));
    await list.show(now.top, now.model, warmed, chances, taken);
    link.renew();
    const count = (n) => n.toLocaleString("en");
    const share = left.reduce((sum, id) => sum + warmed[id], 0);
    kept.textContent = left.length === VOCABULARY ? `All ${count(VOCABULARY)} tokens can be drawn.`
      : `Kept: ${count(left.length)} of ${count(VOCABULARY)} tokens, ${percent(share)} of the probability.`; // prettier-ignore
    const name = await piece(now.top[0]);
    say(`${path.length ? `Taken: ${spoken(path.at(-1).name)}. ` : ""}First now: ${spoken(name)}, ${percent(now.model[now.top[0]])}. ${kept.textContent}`);
  }

  /** What the open tab shows. */
  async function filled() {
    if (tab === "Continuation") await asked.measure();
    if (tab === "Attention") attention.show(now.maps, await pieces(ids()));
    if (tab === "Branches") drawBranches();
    link.renew();
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
    prompt.textContent = edged(given);
    written.replaceChildren(...path.map((step, i) => {
      const onclick = () => act(() => goTo(path.slice(0, i)));
      const says = `${spoken(step.name)}, ${percent(step.chance)}: go back to before it`;
      const chance = el("span", { class: "live-weight" }, percent(step.chance));
      return el("button", { type: "button", onclick }, twice([el("span", {}, visible(step.name)), chance], says));
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

  place.append(form, problem, text, steps, hint, list.node, kept, ...sliders, more.node, el("p", { class: "live-tools" }, link.node), heard);
  await act(() => read().then(retaken));
  if (!now) throw new Error(problem.textContent);
}

/** Does `branch` begin with all of `path`? */
const follows = (branch, path) => path.every((step, i) => branch[i]?.id === step.id);
