// The attention explorer: every head of MiniLM on the reader's own sentences.

import { engine } from "../engine/engine.js";
import { within } from "./fields.js";
import { breath } from "./frames.js";
import { headGrid } from "./heads.js";
import { lines, matrix } from "./maps.js";
import { announcer, download, el, roving, stateLink, table, tabs } from "./parts.js";
import { sentence } from "./sentence.js";

export const title = "Attention explorer";
export const weights = "minilm";

const MOST = 64; // tokens; a larger map has cells that nobody can read
const VIEWS = ["Map", "Lines", "Table"];

/** @param {HTMLElement} place @param {Record<string, string>} options data-text, -second,
 *  -layer and -head (from 1), -token (a piece or its place), -view */
export async function show(place, options, frame) {
  const { node: heard, say } = announcer();
  const state = {
    text: options.text ?? "The robot watered the sunflowers because they were thirsty.",
    second: options.second ?? "",
    layer: within(options.layer, 6),
    head: within(options.head, 12),
    token: options.token ?? "they",
    view: VIEWS.find((view) => view === options.view) ?? "Map",
  };
  let result; // what the engine said about state.text
  let latest = 0;
  let drawn; // the drawing of the view that is shown

  // --------------------------------------------------------------- the parts of the widget
  const problem = el("p", { class: "live-problem", role: "alert" });
  const text = sentence("Sentence", state.text);
  const second = sentence("A second sentence, if you like", state.second);
  const onsubmit = (event) => {
    event.preventDefault();
    read();
  };
  const go = el("button", { type: "submit", class: "live-go" }, "Show attention");
  const form = el("form", { class: "live-form", onsubmit }, text.node, second.node, go);
  const similar = el("p", { class: "live-similar" });

  const heads = headGrid((layer, head) => {
    Object.assign(state, { layer, head });
    drawMap();
    say(`Layer ${layer}, head ${head}. ${reading.textContent}`);
  });
  const panels = Object.fromEntries(VIEWS.map((view) => [view, el("div")]));
  const views = tabs("View", panels, (view) => {
    state.view = view;
    showView();
    drawn.follow(state.token - 1);
    link.renew();
  });
  const reading = el("p", { class: "live-reading" });
  const tokens = el("div", { role: "radiogroup", "aria-label": "Follow a token", class: "live-tokens" });
  const markToken = roving(tokens, () => [...tokens.children], (i) => pickToken(i));
  const link = stateLink(frame, () => {
    const { text, second, layer, head, token, view } = state;
    return { text, ...(second && { second }), layer, head, token, view };
  }, say); // prettier-ignore
  const svgFile = el("button", { type: "button", onclick: saveMap }, "Map as SVG");
  const csvFile = el("button", { type: "button", onclick: saveNumbers }, "Numbers as CSV");

  // ------------------------------------------------------------------------ what happens
  /** Ask the model about the sentences in the fields. */
  async function read() {
    const [one, two] = [text.input.value, second.input.value]; // as they are: spaces are the tokenizer's to drop
    const turn = ++latest;
    try {
      if (!one.trim()) throw new Error("Write a sentence first.");
      const asked = await engine.attend(one, two.trim() ? two : null);
      const similarity = two.trim() ? await compare(one, two) : "";
      if (turn !== latest) return; // the reader has asked for something else
      if (asked.pieces.length > MOST)
        throw new Error(`These are ${asked.pieces.length} tokens; the map shows at most ${MOST}.`);
      result = asked;
      Object.assign(state, { text: one, second: two });
      problem.textContent = "";
      similar.textContent = similarity;
      heads.draw(result);
      drawTokens();
      await breath();
      if (turn !== latest) return;
      drawMap();
      say(`${result.pieces.length} tokens. ${similar.textContent} ${reading.textContent}`);
    } catch (error) {
      problem.textContent = error.message;
    }
  }

  /** The tokens as a row of choices; the one to follow stays if the new text has it. */
  function drawTokens() {
    const { pieces } = result;
    const place = Number(state.token);
    const found = pieces.indexOf(state.token);
    state.token = place > 0 && place <= pieces.length ? place : Math.max(found, 1) + 1;
    tokens.replaceChildren(...pieces.map((piece) => el("span", { role: "radio" }, piece)));
  }

  function pickToken(i) {
    state.token = i + 1;
    markToken(i);
    follow(i);
    say(reading.textContent);
    link.renew();
  }

  const now = () => {
    const n = result.pieces.length;
    const from = (state.head - 1) * n * n;
    return result.maps[state.layer - 1].subarray(from, from + n * n);
  };
  const name = () => `Layer ${state.layer}, head ${state.head}`;

  /** A drawing of the map: {node, follow}. Of 64 tokens each has 4,096 parts. */
  function draw(view, whole = false) {
    const { pieces } = result;
    const map = now();
    const n = pieces.length;
    if (view === "Table") {
      const values = pieces.map((_, i) => pieces.map((_, j) => map[i * n + j].toFixed(2)));
      return { node: table(`${name()}: rows look, columns are looked at`, pieces, pieces, values), follow() {} };
    }
    const alt = `Attention weights of MiniLM, ${name().toLowerCase()}, for ${n} tokens`;
    const border = Math.max(result.segments.indexOf(1), 0);
    const wish = { title: name(), alt, border, whole, onrow: pickToken, onhover: (i) => follow(i < 0 ? state.token - 1 : i) };
    return view === "Map" ? matrix(map, pieces, wish) : lines(map, pieces, { ...wish, alt: `${alt}, as lines` });
  }

  /** The view that is chosen is drawn; the others are empty, and cost nothing. */
  function showView() {
    drawn = draw(state.view);
    for (const panel of Object.values(panels)) panel.replaceChildren();
    panels[state.view].append(state.view === "Map" ? scroller(drawn.node, "The map, wider than the page") : drawn.node);
  }

  function drawMap() {
    showView();
    heads.select(state.layer, state.head);
    follow(state.token - 1);
    markToken(state.token - 1);
    link.renew();
  }

  /** Show the row of one token everywhere, and say it in words. */
  function follow(i) {
    const { pieces } = result;
    const row = [...now().subarray(i * pieces.length, (i + 1) * pieces.length)];
    const order = row.map((_, j) => j).sort((a, b) => row[b] - row[a]).slice(0, 4);
    const parts = order.map((j) => `${pieces[j]} ${row[j].toFixed(2)}`);
    reading.replaceChildren(el("b", {}, pieces[i]), ` looks at ${parts.join(", ")}.`);
    drawn.follow(i);
    [...tokens.children].forEach((chip, j) => chip.setAttribute("aria-checked", String(j === i)));
  }

  // ------------------------------------------------------------------------ to take along
  function saveMap() {
    const copy = draw(state.view === "Lines" ? "Lines" : "Map", true);
    copy.follow(state.token - 1);
    download(`${file()}.svg`, "image/svg+xml", new XMLSerializer().serializeToString(copy.node));
  }

  function saveNumbers() {
    const { pieces } = result;
    const cell = (piece) => `"${piece.replaceAll('"', '""')}"`;
    const map = now();
    const line = (i, j) => {
      const weight = map[i * pieces.length + j].toPrecision(4);
      return [cell(name()), cell(pieces[i]), cell(pieces[j]), weight].join(",");
    };
    const rows = pieces.flatMap((_, i) => pieces.map((_, j) => line(i, j)));
    download(`${file()}.csv`, "text/csv", ["map,row,column,value", ...rows, ""].join("\n"));
  }

  const file = () => `minilm-layer-${state.layer}-head-${state.head}`;

  const view = el("div", { class: "live-view" }, views.node, el("div", {}, tokens, reading));
  const tools = el("p", { class: "live-tools" }, svgFile, csvFile, link.node);
  place.append(form, problem, similar, heads.node, view, tools, heard);
  views.show(state.view);
  await read();
  if (!result) throw new Error(problem.textContent);
}

/** How near two sentences are for the model: the cosine of their vectors. */
async function compare(one, two) {
  const [a, b] = [await engine.attend(one), await engine.attend(two)];
  const cosine = a.vector.reduce((sum, x, i) => sum + x * b.vector[i], 0);
  return `Similarity of the two sentences: ${cosine.toFixed(2)} (1 is the same direction).`;
}

/** A map that is too wide for the page scrolls, by keys as well. */
function scroller(map, label) {
  const broad = map.classList.contains("live-broad");
  const reached = broad && { tabindex: 0, role: "group", "aria-label": label };
  return el("div", { class: "live-wide", ...reached }, map);
}
