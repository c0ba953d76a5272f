// Whisper: what is said in a sound, token by token, and at which moments it looks for each.

import { engine } from "../engine/engine.js";
import { within } from "./fields.js";
import { around, hearing } from "./hearing.js";
import { announcer, el, newId, number, roving, stateLink } from "./parts.js";
import { styles } from "./sheets.js";
import { canRecord, clip, LONGEST, play, recorded, unpacked } from "./sounds.js";
import { percent, visible } from "./writing.js";

export const title = "Speech recognizer";

const CLIPS = { open_the_window: "Clip: the window", train_at_seven: "Clip: the train" };
const [LAYERS, HEADS, END, RATE] = [4, 6, 50256, 16_000];
/** [layer, head], from 0: those that the model's configuration marks for the times of words. */
const ALIGNED = [[1, 0], [2, 0], [2, 5], [3, 0], [3, 1], [3, 2], [3, 3], [3, 4]];

/** Some browsers tell how much memory the device has: a page of a small one would be ended. */
export function weights() {
  const has = navigator.deviceMemory;
  if (has < 1) throw new Error(`This takes 250 MB of memory, too much for a device that has ${has} GB for all that it does.`);
  return "whisper";
}

/** @param {HTMLElement} place @param {Record<string, string>} options  data-clip (a name of CLIPS),
 *  -piece (from 1), -heads ("aligned", "all", or a layer and a head from 1, as 3.2) */
export async function show(place, options, frame) {
  await Promise.all([styles("translate.css"), styles("hear.css")]);
  const { node: heard, say } = announcer();
  const state = { clip: options.clip in CLIPS ? options.clip : "open_the_window", piece: within(options.piece, 1000) - 1 };
  let [sound, stopper, silence, recording] = [null, null, null, null];
  let pieces = []; // {piece, looked}: looked has a row for each head, a column for each tenth of a second

  // --------------------------------------------------------------- the parts of the widget
  const problem = el("p", { class: "live-problem", role: "alert" });
  const button = (says, onclick) => el("button", { type: "button", onclick }, says);
  const clips = Object.entries(CLIPS).map(([name, says]) => button(says, () => hear(() => clip(name), name)));
  const chosen = el("input", { type: "file", accept: "audio/*,video/*", hidden: true, "aria-label": "A sound of yours", onchange: () => {
    const [file] = chosen.files;
    if (file) hear(() => unpacked(file));
    chosen.value = ""; // so that the same file can be chosen again
  } }); // prettier-ignore
  const microphone = () => {
    const mine = (recording = new AbortController());
    const began = () => {
      record.textContent = "Stop recording";
      say("It listens.");
    };
    return recorded(mine.signal, began).finally(() => {
      recording = null;
      record.textContent = "Record";
    });
  };
  const record = button("Record", () => (recording ? recording.abort() : hear(microphone)));
  const listen = button("Listen", () => {
    if (silence || !sound) return silence?.();
    listen.textContent = "Stop";
    silence = play(sound, () => {
      silence = null;
      listen.textContent = "Listen";
    });
  });
  const sources = el("p", { class: "live-controls" }, clips, button("Choose a file …", () => chosen.click()), chosen, canRecord() ? record : null, listen);
  const kept = `A file or a recording stays in this page: it is sent nowhere. ${LONGEST} seconds are read; shorter sounds are filled up with silence.`;
  const noMicrophone = canRecord() ? "" : " Over this address the browser gives no microphone to a page.";
  const [bar, does] = [el("progress", { "aria-label": "Read by the encoder", value: 0, max: 1 }), el("span", {}, "The encoder waits for a sound.")];
  const reading = el("p", { class: "live-loading" }, bar, does);
  const picture = hearing((tenth) => pieces.length && pick(most(pieces.map((_, i) => row(i)[tenth]))));
  const written = el("p", { class: "live-translation", lang: "en" });
  const line = el("div", { class: "live-line", role: "radiogroup", "aria-label": "What is written: choose a token to see where it looked" });
  const mark = roving(line, () => [...line.children], (piece) => pick(piece));
  const each = Array.from({ length: LAYERS * HEADS }, (_, i) => [1 + Math.floor(i / HEADS), 1 + (i % HEADS)]);
  const choices = [["aligned", `mean of the ${ALIGNED.length} marked heads`], ["all", `mean of all ${each.length}`],
    ...each.map(([layer, head]) => [`${layer}.${head}`, `layer ${layer}, head ${head}`])]; // prettier-ignore
  const id = newId("choice");
  const heads = el("select", { id, onchange: () => pick(state.piece) },
    choices.map(([value, says]) => el("option", { value, selected: value === options.heads }, says))); // prettier-ignore
  const [told, times, took] = [el("p", { class: "live-reading" }), el("p", { class: "live-quiet" }), el("p", { class: "live-quiet" })];
  const folded = el("details", {}, el("summary", {}, "The strongest moment of each token, in seconds"), times);
  const link = stateLink(frame, () => ({ clip: state.clip, piece: state.piece + 1, heads: heads.value }), say);

  // ------------------------------------------------------------------------ what happens
  /** Ends what is under way. */
  function quiet() {
    stopper?.abort();
    recording?.abort();
    silence?.();
  }

  /** A sound from `source`: first it, then its words. @param {string} name of the clip, if it is one */
  async function hear(source, name = "") {
    quiet();
    const mine = (stopper = new AbortController());
    const current = (work) => (...given) => !mine.signal.aborted && work(...given); // prettier-ignore
    try {
      problem.textContent = "";
      const samples = await source();
      if (!samples.length) throw new Error("There is no sound in it.");
      mine.signal.throwIfAborted();
      if (sound) state.piece = 0; // a link says which piece of the first one
      Object.assign(state, { clip: name });
      [sound, pieces] = [samples, []];
      [written, line, told, times, took].forEach((part) => part.replaceChildren());
      bar.value = 0;
      link.node.hidden = !name; // a link cannot bring a reader's sound
      const begun = performance.now();
      const onStep = current((now) => {
        if (now.features) return picture.draw(now.features);
        if (now.done === undefined) return grow(now);
        bar.value = now.done;
        const took = number((performance.now() - begun) / 1000);
        does.textContent = now.done < 1 ? `The encoder reads the sound: ${Math.round(100 * now.done)}%` : `The encoder has read the sound once, in ${took} s.`;
      });
      const last = await engine.hear(samples.slice(0, LONGEST * RATE), { onStep, signal: mine.signal });
      mine.signal.throwIfAborted();
      tell(last);
    } catch (error) {
      if (!mine.signal.aborted && error.name !== "AbortError") problem.textContent = error.message;
    }
  }

  /** One more token. */
  function grow({ piece, text, looked }) {
    pieces.push({ piece, looked });
    written.textContent = text;
    line.append(el("span", { role: "radio" }, visible(piece)));
    follow(pieces.length - 1);
  }

  /** All is written. */
  function tell({ ids, seconds }) {
    const long = sound.length / RATE;
    const all = long > LONGEST ? `${long.toFixed(1)} seconds of sound, of which the first ${LONGEST} were read` : `${long.toFixed(1)} seconds of sound`;
    const cut = ids.at(-1) === END ? "" : ` It was stopped after ${ids.length}.`;
    took.textContent = `${all}. The decoder wrote ${ids.length} tokens in ${number(seconds)} s.${cut}`;
    pick(state.piece);
    say(`${written.textContent} ${told.textContent}`);
  }

  function pick(piece) {
    if (!pieces.length) return;
    state.piece = Math.min(piece, pieces.length - 1);
    follow(state.piece);
    times.textContent = `${pieces.map((one, i) => `${visible(one.piece)} ${((most(row(i)) + 0.5) / 10).toFixed(2)}`).join(" · ")}`;
    link.renew();
    say(told.textContent);
  }

  /** Shows where one token looked, and says it in words. */
  function follow(piece) {
    const weights = row(piece);
    const { from, to, share } = around(weights);
    const after = weights.length < 10 * LONGEST ? ` ${percent(Math.max(1 - weights.reduce((a, b) => a + b, 0), 0))} fell on the silence after the sound.` : "";
    const who = heads.selectedOptions[0].textContent;
    told.replaceChildren("To write ", el("b", {}, visible(pieces[piece].piece)), `, Whisper looked most at ${(from / 10).toFixed(1)} to ${(to / 10).toFixed(1)} seconds:`,
      ` ${percent(share)} of the weight (${who}).${after}`); // prettier-ignore
    picture.follow(weights, told.textContent);
    [...line.children].forEach((chip, i) => chip.setAttribute("aria-checked", String(i === piece)));
    mark(piece);
  }

  const most = (list) => list.indexOf(Math.max(...list));

  /** The weights of a token on each tenth of a second, in the chosen head or as a mean. */
  function row(piece) {
    const { looked } = pieces[piece];
    const tenths = looked.length / (LAYERS * HEADS);
    const [layer, head] = heads.value.split(".").map((one) => one - 1);
    const one = { aligned: ALIGNED.map(([layer, head]) => layer * HEADS + head), all: [...Array(LAYERS * HEADS).keys()] }[heads.value] ?? [layer * HEADS + head];
    return Array.from({ length: tenths }, (_, at) => one.reduce((sum, i) => sum + looked[i * tenths + at], 0) / one.length);
  }

  const note = "Above, the log-mel spectrogram that the encoder is given: strong where a pitch is loud. Below, the weights of cross-attention on the same line of time. Weights say where heads looked, and not why a token was written.";
  const which = el("span", {}, el("label", { for: id }, "heads"), heads);
  place.append(sources, el("p", { class: "live-quiet" }, kept + noMicrophone), problem, reading, picture.node, written, line,
    el("p", { class: "live-controls" }, which), told, took, folded, el("p", { class: "live-quiet" }, note), el("p", { class: "live-tools" }, link.node), heard); // prettier-ignore
  frame.closed.addEventListener("abort", quiet);
  hear(() => clip(state.clip), state.clip);
}
