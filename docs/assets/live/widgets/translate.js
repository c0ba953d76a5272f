// The translators: what the decoder writes, piece by piece, and where it looks in the source for it.

import { engine } from "../engine/engine.js";
import { bridge } from "./bridge.js";
import { crossing, strongest } from "./crossing.js";
import { within } from "./fields.js";
import { headGrid } from "./heads.js";
import { announcer, el, megabytes, newId, number, stateLink } from "./parts.js";
import { sentence } from "./sentence.js";
import { tree } from "./tree.js";
import { styles } from "./writing.js";

export const title = "Translator";

const LANGUAGES = { en: "English", pt: "Portuguese" };
const STARTS = {
  en: "The robot watered the sunflowers because they were thirsty.",
  pt: "O robô regou os girassóis porque eles estavam com sede.",
};
const [LAYERS, HEADS, STEPS, END] = [2, 8, 100, 0];
const METHODS = { 1: "greedy", 2: "beam search, 2 beams", 4: "beam search, 4 beams", 6: "beam search, 6 beams" };

const way = ({ direction }) => (direction === "pt-en" ? "pt-en" : "en-pt");
export const weights = way;

/** @param {HTMLElement} place @param {Record<string, string>} options data-direction (en-pt, pt-en),
 *  -text, -layer, -head and -piece (from 1), -hidden (places of the source, from 1), -beams */
export async function show(place, options, frame) {
  await Promise.all([styles(), styles("translate.css")]);
  const { node: heard, say } = announcer();
  const direction = way(options);
  const [from, to] = direction.split("-");
  const back = `${to}-${from}`;
  const state = {
    text: options.text || STARTS[from],
    hidden: new Set((options.hidden || "").split(".").map(Number).filter((one) => one > 0).map((one) => one - 1)),
    layer: within(options.layer || LAYERS, LAYERS), head: within(options.head, HEADS),
    piece: within(options.piece || 2, STEPS) - 1, beams: options.beams in METHODS ? options.beams : "1",
  }; // prettier-ignore
  let source = []; // its pieces
  let result; // what the engine said last, and `names`, the pieces that it wrote
  let whole = {}; // {of, says}: the translation of the same with nothing hidden
  let stopper; // stops the run under way

  // --------------------------------------------------------------- the parts of the widget
  const [problem, field] = [el("p", { class: "live-problem", role: "alert" }), sentence(`${LANGUAGES[from]} sentence`, state.text)];
  const id = newId("choice");
  const choices = Object.entries(METHODS).map(([value, says]) => el("option", { value, selected: value === state.beams }, says));
  const method = el("select", { id, onchange: () => translate() }, choices);
  const onsubmit = (event) => (event.preventDefault(), state.hidden.clear(), translate());
  const go = el("button", { type: "submit", class: "live-go" }, `Translate into ${LANGUAGES[to]}`);
  const ways = el("span", { class: "live-number-field" }, el("label", { for: id }, "method"), method);
  const form = el("form", { class: "live-form", onsubmit }, field.node, ways, go);

  const written = el("p", { class: "live-translation", lang: to });
  const measured = el("p", { class: "live-quiet" });
  const compared = el("p", { class: "live-quiet" });
  const lines = bridge({ onpick: pick, onhide: (one) => (state.hidden.delete(one) || state.hidden.add(one), translate()) });
  const [reading, pairing] = [el("p", { class: "live-reading" }), el("p", { class: "live-quiet" })];
  const told = [written, measured, compared, reading, pairing];
  const step = (by, says) => el("button", { type: "button", onclick: () => pick(state.piece + by) }, says);
  const all = el("input", { type: "checkbox", onchange: () => follow() });
  const aligned = el("label", {}, all, " alignment: from each piece to where its weight is largest");
  const steps = el("p", { class: "live-controls" }, step(-1, "Piece before"), step(1, "Next piece"), aligned);
  const heads = headGrid((layer, head) => {
    Object.assign(state, { layer, head });
    drawMap();
    say(`${name()}. ${reading.textContent}`);
  }, LAYERS, HEADS); // prettier-ignore
  const views = crossing({ onpick: pick, onhover: (piece) => follow(piece < 0 ? state.piece : piece) });
  const beams = tree();
  const searched = el("details", { hidden: true }, el("summary", {}, "The beams, step by step, as a tree"), beams.node);
  const link = stateLink(frame, () => {
    const { text, hidden, layer, head, piece, beams } = state;
    const places = [...hidden].map((one) => one + 1).join(".");
    return { direction, text, layer, head, piece: piece + 1, ...(beams > 1 && { beams }), ...(places && { hidden: places }) };
  }, say); // prettier-ignore
  const loads = (await engine.state(back)) === "absent" ? ` · loads ${megabytes((await engine.sizes())[back])} once` : "";
  const onclick = () => frame.again({ direction: back, text: written.textContent, hidden: "", piece: "", beams: state.beams });
  const turn = el("button", { type: "button", onclick }, `Translate this back into ${LANGUAGES[from]}${loads}`);

  // ------------------------------------------------------------------------ what happens
  /** The sentence of the field, with what is hidden now. */
  async function translate() {
    stopper?.abort();
    const mine = (stopper = new AbortController());
    const text = field.input.value; // as it is: spaces are the tokenizer's to drop
    try {
      if (!text.trim()) throw new Error("Write a sentence first.");
      const { pieces } = await engine.tokenize(direction, text);
      const hidden = [...state.hidden].filter((one) => one < pieces.length);
      if (hidden.length >= pieces.length) throw new Error("All of the source is hidden: leave one piece to look at.");
      const settings = { steps: STEPS, hidden, ...(method.value > 1 ? { method: "beam", beams: +method.value } : {}) };
      const of = `${method.value} ${text}`;
      if (hidden.length && whole.of !== of) {
        whole = { of, says: await spoken(await engine.translate(direction, text, { ...settings, hidden: [] }, mine)) };
      }
      mine.signal.throwIfAborted();
      problem.textContent = "";
      [source, result] = [pieces, undefined];
      Object.assign(state, { text, hidden: new Set(hidden), beams: method.value });
      lines.read(source, state.hidden);
      for (const part of told) {
        part.style.minHeight = `${part.offsetHeight}px`; // what stands below stays where it is
        part.textContent = "";
      }
      beams.clear(+method.value);
      const onStep = (now) => place.isConnected ? (drawn = drawn.then(() => grow(now, mine))) : mine.abort();
      let drawn = Promise.resolve();
      const last = await engine.translate(direction, text, settings, { onStep, signal: mine.signal });
      await drawn;
      const [says, names] = [await spoken(last), await engine.pieces(direction, last.ids)];
      mine.signal.throwIfAborted();
      result = { ...last, names };
      if (!hidden.length) whole = { of, says };
      tell(says);
    } catch (error) {
      if (!mine.signal.aborted) problem.textContent = error.message;
    }
  }

  const spoken = ({ ids }) => engine.decode(direction, ids.filter((one) => one !== END));

  /** One more step: the newest piece, and where the decoder looked for it. */
  async function grow(now, mine) {
    const ids = now.ids ?? now.beams[0]?.ids ?? now.finished[0].ids;
    const names = await engine.pieces(direction, ids);
    const asked = now.candidates.map((one) => one.id);
    const others = now.beams ? await engine.pieces(direction, asked) : [];
    const says = await spoken({ ids });
    if (mine.signal.aborted) return;
    result = { ...now, ids, names };
    lines.write(names);
    lines.follow(map(), names.length - 1, 0);
    written.textContent = says;
    measured.textContent = `Pieces so far: ${ids.length}`;
    if (now.beams) beams.add(now, new Map(asked.map((one, i) => [one, others[i]])));
  }

  /** All is written. */
  function tell(says) {
    const { ids, names, logProbabilities } = result;
    for (const part of told) part.style.minHeight = "";
    written.textContent = says;
    const sum = logProbabilities.reduce((a, b) => a + b, 0);
    const cut = ids.at(-1) === END ? "" : ` It was stopped after ${STEPS} pieces.`;
    measured.textContent = `${ids.length} pieces, log-probability ${number(sum)}, ${number(sum / ids.length)} a piece.${cut}`;
    const off = [...state.hidden].sort((a, b) => a - b).map((one) => source[one]).join(" ");
    compared.textContent = off && `Hidden from the decoder: ${off}. The encoder has read it all the same. With nothing hidden: ${whole.says}`;
    lines.write(names);
    searched.hidden = state.beams === "1";
    if (state.beams > 1) beams.follow(ids, says);
    heads.draw({ maps: result.maps, pieces: names, names: source });
    state.piece = Math.min(state.piece, names.length - 1);
    drawMap();
    say(`${says} ${measured.textContent} ${compared.textContent}`);
  }

  function pick(piece) {
    if (!result) return;
    state.piece = Math.min(Math.max(piece, 0), result.names.length - 1);
    follow();
    say(reading.textContent);
  }

  function drawMap() {
    if (!result) return; // the next step draws
    views.draw(map(), result.names, source, name());
    heads.select(state.layer, state.head);
    follow();
  }

  /** Shows the row of one piece everywhere, and says it in words. */
  function follow(piece = state.piece) {
    if (!result?.names[piece]) return; // the map is still that of another sentence
    const { names } = result;
    const row = (one) => map().subarray(one * source.length, (one + 1) * source.length);
    const parts = strongest(row(piece)).slice(0, 3).filter(({ weight }) => weight >= 0.005).map(({ at, weight }) => `${source[at]} ${weight.toFixed(2)}`);
    const before = piece ? `${names[piece - 1]}, the piece before` : "the start token";
    reading.replaceChildren("To write ", el("b", {}, names[piece]), `, this head looked at ${parts.join(", ")}. It asked from ${before}.`);
    const pairs = names.slice(0, result.ids.at(-1) === END ? -1 : undefined).map((one, i) => `${one} ← ${source[strongest(row(i))[0].at]}`);
    pairing.textContent = all.checked ? `Alignment: ${pairs.join(" · ")}` : "";
    lines.follow(map(), piece, all.checked ? pairs.length : 0);
    views.follow(piece);
    link.renew();
  }

  const name = () => `Layer ${state.layer}, head ${state.head}`;
  function map() {
    const size = result.ids.length * source.length;
    return result.maps[state.layer - 1].subarray((state.head - 1) * size, state.head * size);
  }

  const note = "The number under a piece of the source is its weight in the chosen head. Weights say where a head looked, and not why a piece was written: press a piece of the source to hide it from the decoder, and see what changes.";
  const tools = el("p", { class: "live-tools" }, turn, link.node);
  place.append(form, problem, written, measured, compared, lines.node, steps, reading, pairing,
    el("p", { class: "live-quiet" }, note), heads.node, views.node, searched, tools, heard); // prettier-ignore
  await translate();
  if (!result) throw new Error(problem.textContent);
}
