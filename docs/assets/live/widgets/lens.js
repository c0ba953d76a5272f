// The logit lens: what each layer of SmolLM2 would say at one token of a text, if it were the last.

import { engine } from "../engine/engine.js";
import { leadsFrom } from "../models/inside.js";
import { within } from "./fields.js";
import { announcer, el, roving, stateLink, table, tint } from "./parts.js";
import { sentence } from "./sentence.js";
import { percent, pieces, spoken, styles, visible } from "./writing.js";

export const title = "Logit lens";
export const weights = "smollm2";

const START = 0; // <|endoftext|>, in front of every text as in the chapter's program

/** @param {HTMLElement} place @param {Record<string, string>} options data-text, -token (from 1; the
 *  start token is the first) */
export async function show(place, options, frame) {
  await Promise.all([styles(), styles("inside.css")]);
  const { node: heard, say } = announcer();
  const state = { text: options.text || "The opposite of hot is", token: Number(options.token) || 0 };
  let ids = []; // of the text, with the start token
  let names = []; // the same as text
  let latest = 0;

  // --------------------------------------------------------------- the parts of the widget
  const problem = el("p", { class: "live-problem", role: "alert" });
  const field = sentence("Text that the model reads", state.text);
  const onsubmit = (event) => {
    event.preventDefault();
    state.token = 0;
    read();
  };
  const form = el("form", { class: "live-form", onsubmit }, field.node, el("button", { type: "submit", class: "live-go live-right" }, "Show the layers"));
  const tokens = el("div", { class: "live-tokens", role: "radiogroup", "aria-label": "Tokens: choose the one after which to look" });
  const mark = roving(tokens, () => [...tokens.children], pick);
  const reading = el("p", { class: "live-reading" });
  const view = el("div", { class: "live-layers" });
  const link = stateLink(frame, () => ({ text: state.text, token: state.token }), say);

  // ------------------------------------------------------------------------ what happens
  async function read() {
    const turn = ++latest;
    const text = field.input.value;
    try {
      if (!text) throw new Error("Write a text first.");
      const fresh = [START, ...(await engine.tokenize("smollm2", text)).ids];
      const read = await pieces(fresh);
      if (turn !== latest) return; // the reader has asked for something else
      [ids, names] = [fresh, read];
      Object.assign(state, { text, token: within(state.token || ids.length, ids.length) });
      problem.textContent = "";
      tokens.replaceChildren(...names.map((name) => el("span", { role: "radio" }, visible(name))));
      await look();
    } catch (error) {
      if (turn === latest) problem.textContent = error.message;
    }
  }

  function pick(i) {
    state.token = i + 1;
    look().catch((error) => (problem.textContent = error.message));
  }

  /** Ask the layers about the text up to the chosen token. */
  async function look() {
    const turn = ++latest;
    [...tokens.children].forEach((token, i) => token.setAttribute("aria-checked", String(i === state.token - 1)));
    mark(state.token - 1);
    link.renew();
    view.ariaBusy = "true";
    const said = await engine.lens(ids.slice(0, state.token));
    const choices = await pieces(said.map(({ id }) => id));
    if (turn !== latest) return;
    draw(said, choices);
  }

  function draw(said, choices) {
    const [layers, from, final] = [said.length - 1, leadsFrom(said), choices.at(-1)];
    const leads = from === layers ? "only after the last layer" : from ? `for good after ${from} of ${layers} layers` : "from the token table on";
    const words = (shown) => `After ${shown(names[state.token - 1])}, the whole model says ${shown(final)}, ${percent(said.at(-1).chance)}. It leads ${leads}.`;
    reading.textContent = words((name) => `“${visible(name)}”`);
    const count = (n) => n.toLocaleString("en");
    const rows = said.map(({ chance, final, place }, done) => [visible(choices[done]), percent(chance), percent(final), count(place)]);
    const columns = ["says first", "probability", "of the final choice", "its place"];
    const numbers = table("Layers done, and what they would say. Rows in bold say what the last one says.", columns, said.map((_, done) => String(done)), rows);
    numbers.querySelectorAll("tbody tr").forEach((row, done) => {
      row.classList.toggle("live-same", said[done].id === said.at(-1).id);
      row.cells[1].className = "live-words";
      tint(row.cells[2], said[done].chance);
      tint(row.cells[3], said[done].final);
    });
    view.replaceChildren(reading, numbers);
    view.ariaBusy = "false";
    say(words(spoken));
  }

  const note = "In front of the text stands the start token. Choose a token: the model has read all up to it, and nothing behind it.";
  place.append(form, problem, tokens, el("p", { class: "live-quiet" }, note), view, el("p", { class: "live-tools" }, link.node), heard);
  await read();
  if (!view.firstChild) throw new Error(problem.textContent);
}
