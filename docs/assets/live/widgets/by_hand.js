// Attention by hand: three tokens, vectors to edit, and every step of the equation beside
// them. It starts with the numbers of snippets/self_attention/by_hand.py.

import { fit } from "./fields.js";
import { announcer, el, math, newId, number, tint } from "./parts.js";

export const title = "Attention by hand";

const WORDS = ["robot", "watered", "flowers"];
const START = {
  query: [[2, 2, 0, 0], [0, 2, 2, 0], [0, 0, 0, 2]],
  key: [[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]],
  value: [[10, 0], [0, 10], [10, 10]],
};

// ------------------------------------------------------------------------ the computation

const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);

/** Weights from one row of scores. Subtracting the largest changes nothing but overflow. */
export function softmax(scores) {
  const top = Math.max(...scores);
  const exps = scores.map((score) => Math.exp(score - top));
  const sum = exps.reduce((a, b) => a + b);
  return exps.map((e) => e / sum);
}

/** softmax(QKᵀ / √d_k + M) V, with every step kept. Matrices are arrays of rows. */
export function attention({ query, key, value }, { scaled = true, causal = false } = {}) {
  const d_k = key[0].length;
  const dots = query.map((q) => key.map((k) => dot(q, k))); // (tokens, tokens)
  const scores = dots.map((row) => row.map((x) => (scaled ? x / Math.sqrt(d_k) : x)));
  const masked = scores.map((row, i) => row.map((x, j) => (causal && j > i ? -Infinity : x)));
  const weights = masked.map(softmax);
  const columns = value[0].map((_, c) => value.map((v) => v[c]));
  const output = weights.map((row) => columns.map((column) => dot(row, column)));
  return { dots, scores, masked, weights, output };
}

// ------------------------------------------------------------------------ the equation

/** The equation; each part knows the table that it belongs to. */
function equation() {
  const part = (name, ...inner) => math("mrow", { "data-part": name }, inner);
  const mi = (letter, color) => math("mi", { class: color }, letter);
  const mo = (sign) => math("mo", {}, sign);
  const transposed = math("msup", {}, part("key", mi("K", "key")), mi("⊤"));
  const dots = part("dots", part("query", mi("Q", "query")), transposed);
  const root = math("msqrt", {}, math("msub", {}, mi("d"), mi("k")));
  const fraction = math("mfrac", {}, dots, root);
  const inside = part("masked", part("scores", fraction), part("mask", mo("+"), mi("M")));
  const weights = part("weights", mi("softmax"), mo("("), inside, mo(")"));
  const all = part("output", weights, part("value", mi("V", "value")));
  const node = math("math", { display: "block", class: "live-equation" }, all);
  const draw = ({ scaled, causal }) => {
    const scores = node.querySelector('[data-part="scores"]');
    scores.replaceChildren(scaled ? fraction : dots);
    if (scaled) fraction.replaceChildren(dots, root);
    node.querySelector('[data-part="mask"]').style.setProperty("display", causal ? "" : "none");
  };
  return { node, draw };
}

// ------------------------------------------------------------------------ the widget

const STEPS = [
  ["dots", "Scores", "Each query times each key."],
  ["scores", "Scaled", "Divided by √dₖ."],
  ["masked", "Masked", "No one looks at later tokens."],
  ["weights", "Weights", "Softmax along each row; a row sums to 1."],
  ["output", "Output", "The values, averaged with these weights."],
];

export function show(place) {
  let given;
  const { node: formula, draw } = equation();
  const { node: heard, say } = announcer();
  const inputs = el("div", { class: "live-row" });
  const steps = el("div", { class: "live-row" });
  const problem = el("p", { class: "live-problem", role: "alert" });

  const light = (part) => {
    for (const one of formula.querySelectorAll("[data-part]"))
      one.classList.toggle("live-now", one.dataset.part === part);
  };
  /** Frame what one row of Q, K or V meets in each step. */
  const meet = (name, i) => {
    for (const step of steps.children) {
      const part = step.dataset.step;
      step.querySelectorAll("tr").forEach((row, r) =>
        row.querySelectorAll("td").forEach((cell, c) => {
          const inColumn = c === i && (name === "key" ? part !== "output" : part === "weights");
          cell.classList.toggle("live-met", name === "query" ? r === i : inColumn);
        }),
      );
    }
  };
  /** A box that lights its part of the equation while it has the focus or the pointer. */
  const box = (part, name, says, inner, props = {}) => {
    const id = newId(part);
    const lit = { onfocusin: () => light(part), onpointerenter: () => light(part) };
    const heading = el("p", { class: "live-name", id }, el("b", { class: part }, name), " ", says);
    const group = { role: "group", "aria-labelledby": id, "data-step": part };
    return el("div", { class: "live-step", ...group, ...lit, ...props }, heading, inner);
  };
  const grid = (values, cell) =>
    el("table", { class: "live-grid" }, values.map((row, i) =>
      el("tr", {}, el("th", { scope: "row" }, WORDS[i]), row.map((x, j) => cell(x, i, j)))),
    );

  const options = () => ({ scaled: scaled.checked, causal: causal.checked });
  const check = (label) => {
    const input = el("input", { type: "checkbox", onchange: compute });
    return [input, el("label", {}, input, ` ${label}`)];
  };
  const [scaled, scaledLabel] = check("divide by √dₖ");
  const [causal, causalLabel] = check("causal mask");
  const widths = [2, 3, 4].map((n) => el("option", { value: n }, String(n)));
  const onwidth = () => resize(Number(width.value));
  const width = el("select", { id: newId("width"), onchange: onwidth }, widths);
  const again = el("button", { type: "button", onclick: () => reset() }, "Start again");

  function compute() {
    const wrong = [...inputs.querySelectorAll("input")].filter((one) => !one.checkValidity());
    problem.textContent = wrong.length ? "Write a number from −1000 to 1000 in every cell." : "";
    if (wrong.length) return;
    const results = attention(given, options());
    draw(options());
    const focus = document.activeElement?.closest(".live-step")?.dataset.step;
    for (const step of steps.children) {
      const name = step.dataset.step;
      const used = { scores: scaled.checked, masked: causal.checked };
      step.hidden = !(used[name] ?? true);
      step.querySelectorAll("td").forEach((cell, k) => {
        const across = results[name][0].length;
        const x = results[name][Math.floor(k / across)][k % across];
        cell.textContent = number(x);
        if (name === "weights") tint(cell, x);
      });
    }
    if (focus) light(focus);
    const rows = results.weights.map((row, i) => `${WORDS[i]} ${row.map(number).join(", ")}`);
    say(`Weights: ${rows.join("; ")}.`);
  }

  /** Draw the three tables to edit, and empty tables for the steps. */
  function build() {
    const editable = (name) => (x, i, j) => {
      const label = `${name} of ${WORDS[i]}, number ${j + 1}`;
      const props = { type: "number", step: "any", min: -1000, max: 1000, required: true };
      const oninput = (event) => {
        fit(event.target);
        if (event.target.checkValidity()) given[name][i][j] = event.target.valueAsNumber;
        compute();
      };
      const heard = { oninput, onfocus: () => meet(name, i), onblur: () => meet("", -1) };
      const input = el("input", { ...props, value: x, "aria-label": label, ...heard });
      fit(input);
      return el("td", {}, input);
    };
    const letters = { query: "Queries Q", key: "Keys K", value: "Values V" };
    const tables = Object.entries(letters).map(([name, says]) =>
      box(name, says, "", grid(given[name], editable(name))),
    );
    inputs.replaceChildren(...tables);
    const empty = attention(given);
    const results = STEPS.map(([part, name, says]) => {
      const cells = grid(empty[part], () => el("td"));
      return box(part, name, says, cells, { tabindex: 0 });
    });
    steps.replaceChildren(...results);
    compute();
  }

  /** Queries and keys of another width: cut, or filled with zeros. */
  function resize(n) {
    const fit = (row) => Array.from({ length: n }, (_, j) => row[j] ?? 0);
    given = { ...given, query: given.query.map(fit), key: given.key.map(fit) };
    build();
  }

  function reset() {
    given = structuredClone(START);
    scaled.checked = true;
    causal.checked = false;
    width.value = "4";
    build();
  }

  const widthLabel = el("label", { for: width.id }, "width dₖ ");
  const controls = el("p", { class: "live-controls" },
    el("span", {}, widthLabel, width), scaledLabel, causalLabel, again);
  place.append(el("div", { class: "live-top" }, formula), controls, inputs, problem, steps, heard);
  reset();
}
