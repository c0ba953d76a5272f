// The three families of tokenizers side by side, on whatever the reader types.

import { engine } from "../engine/engine.js";
import { announcer, el, newId } from "./parts.js";

export const title = "Tokenizers";

// How many tokens each puts before and after a text, and the id of the unknown.
const FAMILIES = [
  { model: "minilm", family: "WordPiece", of: "MiniLM", before: 1, after: 1, unknown: 100 },
  { model: "smollm2", family: "Byte-level BPE", of: "SmolLM2", before: 0, after: 0 },
  { model: "en-pt", family: "Unigram", of: "en-pt", before: 0, after: 1, unknown: 1 },
];

// The texts of the table that this widget replaces; the first is where it starts.
const EXAMPLES = [
  "The robot watered the sunflowers because they were thirsty.",
  "HELIOTROPISM heliotropism",
  "1234567 seeds for $9.95",
  "🌻 and 向日葵",
  "O robô regou os girassóis porque eles estavam com sede.",
];
const LONGEST = 2000; // characters; a page of text

export async function show(place, options) {
  const id = newId("text");
  const { node: heard, say } = announcer(1000);
  const size = { rows: 2, maxlength: LONGEST };
  const text = options.text ?? EXAMPLES[0];
  const input = el("textarea", { id, ...size, spellcheck: "false", oninput: cut }, text);
  const problem = el("p", { class: "live-problem", role: "alert" });
  const examples = EXAMPLES.map((text) => {
    const onclick = () => {
      input.value = text;
      cut();
    };
    return el("button", { type: "button", onclick, lang: /robô/.test(text) ? "pt" : null }, text);
  });
  const panels = FAMILIES.map(({ family, of, ...known }) => {
    const count = el("span", { class: "live-count" });
    const name = el("p", { class: "live-name" }, el("b", {}, family), ` · ${of}`, count);
    const pieces = el("ol", { class: "live-pieces", "aria-label": `Pieces of ${family}` });
    const node = el("div", {}, name, pieces);
    return { node, family, count, pieces, ...known };
  });

  let latest = 0;
  async function cut() {
    const turn = ++latest;
    const text = input.value;
    try {
      const results = await Promise.all(FAMILIES.map(({ model }) => engine.tokenize(model, text)));
      if (turn !== latest) return; // the reader has typed on
      problem.textContent = "";
      results.forEach((result, i) => draw(panels[i], result, text));
      const counts = panels.map(({ family, own }) => `${family} ${own}`);
      say(`Pieces: ${counts.join(", ")}.`);
    } catch (error) {
      problem.textContent = `The text could not be cut: ${error.message}`;
    }
  }

  const choices = el("p", { class: "live-examples" }, examples);
  const more = el("details", {}, el("summary", {}, "Texts to try"), choices);
  const label = el("label", { for: id }, "Type anything");
  const families = el("div", { class: "live-families" }, panels.map((panel) => panel.node));
  place.append(el("p", { class: "live-field" }, label, input), more, families, problem, heard);
  await cut();
  if (problem.textContent) throw new Error(problem.textContent);
}

/** The pieces as numbered boxes, colors taking turns, each with its id. */
function draw(panel, { ids, pieces }, text) {
  const own = (panel.own = ids.length - panel.before - panel.after);
  const each = own ? `, ${([...text].length / own).toFixed(1)} characters each` : "";
  const added = ids.length > own ? `, and ${ids.length - own} added` : "";
  panel.count.textContent = `${own} ${own === 1 ? "piece" : "pieces"}${each}${added}`;
  const boxes = pieces.map((piece, i) => {
    const place = i - panel.before; // of the text's own pieces
    const mine = place >= 0 && place < own;
    const unknown = ids[i] === panel.unknown;
    const number = unknown ? `${place + 1} unknown` : mine ? String(place + 1) : "added";
    return el("li", { class: !mine ? "live-added" : unknown ? "live-unknown" : null },
      el("span", { class: "live-number" }, number),
      el("span", { class: "live-piece" }, piece),
      el("span", { class: "live-id" }, String(ids[i])),
    );
  });
  panel.pieces.replaceChildren(...boxes);
}
