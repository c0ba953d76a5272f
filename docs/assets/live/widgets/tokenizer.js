// The three families of tokenizers side by side, on whatever the reader types.

import { engine } from "../engine.js";
import { announcer, el, newId } from "./parts.js";

export const title = "Tokenizers";

const FAMILIES = [
  ["minilm", "WordPiece", "MiniLM"],
  ["smollm2", "Byte-level BPE", "SmolLM2"],
  ["en-pt", "Unigram", "en-pt"],
];

// The texts of the table that this widget replaces; the first is where it starts.
const EXAMPLES = [
  "The robot watered the sunflowers because they were thirsty.",
  "HELIOTROPISM heliotropism",
  "1234567 seeds for $9.95",
  "🌻 and 向日葵",
  "O robô regou os girassóis porque eles estavam com sede.",
];
const UNKNOWN = new Set(["[UNK]", "<unk>"]);
const LONGEST = 2000; // characters; a page of text

export function show(place, options) {
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
  const panels = FAMILIES.map(([, family, model]) => {
    const count = el("span", { class: "live-count" });
    const name = el("p", { class: "live-name" }, el("b", {}, family), ` · ${model}`, count);
    const pieces = el("ol", { class: "live-pieces", "aria-label": `Pieces of ${family}` });
    return { node: el("div", { class: "live-family" }, name, pieces), count, pieces };
  });

  let latest = 0;
  async function cut() {
    const turn = ++latest;
    const text = input.value;
    try {
      const results = await Promise.all(FAMILIES.map(([name]) => engine.tokenize(name, text)));
      if (turn !== latest) return; // the reader has typed on
      problem.textContent = "";
      results.forEach((result, i) => draw(panels[i], result, text));
      const counts = results.map(({ ids }, i) => `${FAMILIES[i][1]} ${ids.length}`);
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
  return cut();
}

/** The pieces as numbered boxes, colors taking turns, each with its id. */
function draw({ count, pieces }, result, text) {
  const letters = [...text].length;
  const n = result.ids.length;
  const each = n ? `, ${(letters / n).toFixed(1)} characters each` : "";
  count.textContent = `${n} ${n === 1 ? "piece" : "pieces"}${each}`;
  pieces.replaceChildren(
    ...result.pieces.map((piece, i) => {
      const unknown = UNKNOWN.has(piece);
      const says = unknown ? "unknown: nothing of the text is left" : null;
      return el("li", { class: unknown ? "live-unknown" : null, title: says },
        el("span", { class: "live-number" }, String(i + 1)),
        el("span", { class: "live-piece" }, piece),
        el("span", { class: "live-id" }, String(result.ids[i])),
      );
    }),
  );
}
