// Chat: a small model answers, with the template that it really reads and a count of words
// beside each answer.

import { engine } from "../engine/engine.js";
import { composing } from "./fields.js";
import { announcer, el, newId } from "./parts.js";
import { END, follower, stopping, styles, words } from "./writing.js";

export const title = "Chat";
export const weights = "smollm2";

const LONGEST = 200; // tokens of one answer
const WAYS = {
  "greedy, as in the book": { method: "greedy" },
  "drawn, T = 0.7, p = 0.9": { method: "sample", temperature: 0.7, topP: 0.9 },
};
const NUMBERS = { ten: 10, twenty: 20, thirty: 30, forty: 40, fifty: 50, hundred: 100 };

/** How many words a request asks for, or nothing: "You wrote 61 words. Write exactly 50 words." */
export function asked(text) {
  const counts = /\b(\d+|ten|twenty|thirty|forty|fifty|hundred)[\s-]words?\b/gi;
  const found = [...text.matchAll(counts)].at(-1)?.[1]; // the last one is the wish
  return found && (NUMBERS[found.toLowerCase()] ?? Number(found));
}

/** @param {HTMLElement} place @param {Record<string, string>} options data-text */
export async function show(place, options) {
  await styles();
  const EXAMPLE = options.text ?? "In exactly 50 words, explain why the sky is blue.";
  const { node: heard, say } = announcer();
  let messages = [];
  let stopper; // stops the answer under way
  let latest = 0;

  // --------------------------------------------------------------- the parts of the widget
  const warning = el("p", { class: "live-warning" }, el("b", {}, "This is a small model, and it makes things up."),
    " SmolLM2 has 135 million parameters. Its answers sound sure and are often wrong: believe none of them. It runs in this page; nothing that you write leaves your browser."); // prettier-ignore
  const problem = el("p", { class: "live-problem", role: "alert" });
  const turns = el("ol", { class: "live-turns", "aria-label": "Conversation" });
  const id = newId("message");
  const onkeydown = (event) => {
    if (event.key !== "Enter" || event.shiftKey || composing(event)) return;
    event.preventDefault();
    send();
  };
  const oninput = () => messages.length || read(messages); // before the first turn, the field is the conversation
  const input = el("textarea", { id, rows: 2, maxlength: 2000, onkeydown, oninput });
  const go = el("button", { type: "submit", class: "live-go" }, "Send");
  const { stop, busy } = stopping(go, () => stopper?.abort(), input);
  const anew = el("button", { type: "button", onclick: begin }, "New conversation");
  const way = el("select", { id: newId("way") }, Object.keys(WAYS).map((name) => el("option", {}, name)));
  const onsubmit = (event) => {
    event.preventDefault();
    send();
  };
  const form = el("form", { class: "live-form", onsubmit },
    el("p", { class: "live-field" }, el("label", { for: id }, "Your message"), input),
    el("p", { class: "live-numbers" }, go, stop, anew,
      el("span", { class: "live-number-field" }, el("label", { for: way.id }, "answers"), way))); // prettier-ignore
  const template = el("pre", { class: "live-template", tabindex: 0, "aria-label": "The conversation as the model sees it" });
  const length = el("p", { class: "live-quiet" });
  const folded = el("details", {}, el("summary", {}, "What the model really reads"), length, template);

  // ------------------------------------------------------------------------ what happens
  /** One turn of the conversation; `write` shows its text, `count` what was asked and written. */
  function turn(role, text) {
    const body = el("div", { class: "live-said" }, text);
    const counter = el("p", { class: "live-counter" });
    const who = role === "user" ? "You" : "SmolLM2";
    turns.append(el("li", { class: `live-turn-${role}` }, el("p", { class: "live-name" }, el("b", {}, who)), body, counter));
    const write = (now) => (body.textContent = now);
    const count = (wanted, text, over = false) => (counter.textContent = counted(wanted, words(text).length, over));
    return { write, count, counter };
  }

  async function send() {
    const text = input.value; // as it is: what stands in the field is what the model gets
    if (stopper) return;
    problem.textContent = text.trim() ? "" : "Write a message first.";
    if (!text.trim()) return;
    const mine = (stopper = new AbortController());
    busy(true);
    const wanted = asked(text);
    const before = messages;
    messages = [...messages, { role: "user", content: text }];
    turn("user", text);
    const answer = turn("assistant", "…");
    input.value = "";
    let said = "";
    const draw = (now) => {
      said = now;
      answer.write(now);
      answer.count(wanted, now);
    };
    const follow = follower(draw);
    let shown;
    const onStep = (step) => (place.isConnected ? (shown = follow(step)) : mine.abort());
    try {
      const { ids } = await read(messages);
      const settings = { ...WAYS[way.value], steps: LONGEST, stop: [END], seed: Math.floor(Math.random() * 2 ** 31) };
      const whole = await engine.generate(ids, settings, { onStep, signal: mine.signal });
      await follow(whole);
      const cut = whole.ids.at(-1) === END ? "" : ` · stopped after ${LONGEST} tokens`;
      answer.count(wanted, said, true);
      answer.counter.append(cut);
      messages = [...messages, { role: "assistant", content: said }];
      if (wanted && wanted !== words(said).length) input.value ||= `You wrote ${words(said).length} words. Write exactly ${wanted} words.`;
      say(`SmolLM2: ${said} ${answer.counter.textContent}`);
    } catch (error) {
      if (stopper !== mine) return; // a new conversation has begun
      if (mine.signal.aborted) {
        await shown;
        answer.counter.append(" · stopped");
        messages = [...messages, { role: "assistant", content: said }];
        say("Stopped.");
      } else {
        messages = before;
        input.value ||= text;
        turns.lastChild.remove();
        turns.lastChild.remove();
        problem.textContent = `${error.message} A new conversation may help.`;
      }
    }
    stopper = undefined;
    busy(false);
    await read(messages);
  }

  /** Show a conversation as the model will read it. */
  async function read(all) {
    const last = all.at(-1)?.role === "user";
    const shown = all.length ? all : [{ role: "user", content: input.value }];
    const turn = ++latest;
    const seen = await engine.chat(shown);
    if (turn !== latest) return seen; // the reader has typed on
    template.textContent = seen.text;
    const says = all.length && !last ? "; your next message goes before the last line" : "";
    length.textContent = `${seen.ids.length} tokens${says}. Text between marks, continued token by token: that is all a chat is. What you type goes in as it is, marks included.`;
    return seen;
  }

  async function begin() {
    stopper?.abort();
    stopper = undefined;
    messages = [];
    turns.replaceChildren();
    problem.textContent = "";
    input.value = EXAMPLE;
    busy(false);
    input.focus({ preventScroll: true });
    await read(messages);
  }

  place.append(warning, turns, problem, form, folded, heard);
  input.value = EXAMPLE;
  await read(messages);
}

/** "asked: 50 · written: 61 words · ✗ 11 too many"; no verdict before the answer is over. */
function counted(wanted, written, over) {
  const noun = written === 1 ? "word" : "words";
  if (!wanted) return `written: ${written} ${noun}`;
  const off = written - wanted;
  const verdict = off === 0 ? "✓ exact" : off > 0 ? `✗ ${off} too many` : `✗ ${-off} too few`;
  return `asked: ${wanted} · written: ${written} ${noun}${over ? ` · ${verdict}` : ""}`;
}
