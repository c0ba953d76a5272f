// Maps that answer. Whoever points at a row of a map, taps it, or comes by Tab and presses the
// arrow keys, reads that row: as a frame with arcs on the drawing, and as a sentence below it. All
// numbers are in the page already: in the table under the figure, or packed beside it where a
// table would be too long. Nothing is fetched, and nothing moves.

const SVG = "http://www.w3.org/2000/svg";
const NAMED = 4; // cells of a row that the sentence names
const FAINT = 0.03; // no arc below
const SMALLEST = 6; // px: numbers that would be smaller are left to the sentence
const FINGER = matchMedia("(hover: none)");
let awake = null; // the figure that answers now

function svg(tag, attributes, text = "") {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text) made.append(text);
  return made;
}

function el(tag, attributes = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...inside);
  return made;
}

// ------------------------------------------------------------------------------- the numbers

/** The maps of a figure in their order: rows and columns by name, values as they are written. */
function numbers(figure) {
  const packed = figure.querySelector("template.numbers");
  const maps = packed ? unpack(JSON.parse(packed.content.textContent)) : tables(figure);
  // Where only each eighth row has a name, the others have their number, from 0.
  const named = (names) => names.map((name, i) => name || String(i));
  return maps.map(({ rows, columns, values }) => ({ rows: named(rows), columns: named(columns), values }));
}

// See `packed` in scripts/pages/numbers.py: hundredths, nothing for zero, "?" for a blank cell.
function unpack(groups) {
  return groups.flatMap(({ maps, rows, columns, hundredths }) => {
    const cells = hundredths.split(" ").map((one) => (one === "?" ? "" : (one / 100).toFixed(2)));
    return Array.from({ length: maps }, (_, number) => {
      const start = number * rows.length * columns.length;
      const values = rows.map((_, i) =>
        cells.slice(start + i * columns.length, start + (i + 1) * columns.length),
      );
      return { rows, columns, values };
    });
  });
}

// A wide map is several tables, each with some of its columns.
function tables(figure) {
  const maps = [];
  for (const table of figure.querySelectorAll("table.numbers")) {
    const words = (cells) => [...cells].map((cell) => cell.textContent);
    const columns = words(table.tHead.rows[0].cells).slice(1);
    const lines = [...table.tBodies[0].rows].map((row) => words(row.cells));
    if (table.hasAttribute("data-more")) {
      maps.at(-1).columns.push(...columns);
      lines.forEach((line, i) => maps.at(-1).values[i].push(...line.slice(1)));
    } else {
      const [rows, values] = [lines.map(([row]) => row), lines.map((line) => line.slice(1))];
      maps.push({ rows, columns, values });
    }
  }
  return maps;
}

/** A row as a sentence: what it holds most of, and that the others hold less. */
function sentence({ rows, columns, values }, row, looks) {
  const cells = columns
    .map((name, i) => [name, values[row][i]])
    .filter(([, value]) => Math.abs(value) > 0)
    .sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));
  const name = rows[row];
  if (!cells.length) return looks ? phrase("“{name}” looks at nothing.", { name }) : phrase("{name}: 0.00 everywhere.", { name });
  const said = cells.slice(0, NAMED).map(([name, value]) => `${name} ${value}`);
  const left = columns.length - said.length;
  const next = Math.abs(cells[NAMED]?.[1] ?? 0);
  const most = next ? phrase("at most {most}", { most: next.toFixed(2) }) : phrase("less than 0.01");
  const others = left > 1 ? phrase("the other {left}", { left }) : phrase("the other");
  const cellsSaid = `${said.join(", ")}${left ? `; ${others} ${most}` : ""}`;
  return looks ? phrase("“{name}” looks at {cells}.", { name, cells: cellsSaid }) : `${name}: ${cellsSaid}.`;
}

// ------------------------------------------------------------------------------- on the drawing

/** Where the maps lie in a drawing, in its own units: left, top, and the sides of a cell. */
function places(drawing) {
  const texts = [...drawing.querySelectorAll("text[x]")];
  return [...drawing.querySelectorAll("image")].map((image) => {
    const { a, d, e, f } = image.transform.baseVal.consolidate().matrix;
    const [wide, high] = [image.width.baseVal.value, image.height.baseVal.value];
    const within = (text) =>
      text.getAttribute("x") > e && text.getAttribute("x") < e + wide * a &&
      text.getAttribute("y") > f && text.getAttribute("y") < f + high * d;
    const spelled = texts.some(within); // its numbers stand in the drawing
    return { image, x: e, y: f, a, d, wide: wide * a, high: high * d, spelled };
  });
}

/** The marks of a row: a frame, arcs if tokens look, numbers where they can be read. */
function marks(drawing, map, place, row, column, looks) {
  const { x, y, a, d, wide, high, spelled } = place;
  const top = y + row * d;
  const middle = (i) => x + (i + 0.5) * a;
  const values = map.values[row].map(Number);
  const made = [];
  if (looks) {
    const upward = top - y >= high / 2;
    const room = upward ? top - y : y + high - top - d;
    const base = upward ? top : top + d;
    const from = map.rows[row] === map.columns[row] ? middle(row) : x;
    values.forEach((value, i) => {
      if (value < FAINT) return;
      const [to, width] = [middle(i), (0.4 + 3 * value).toFixed(2)];
      // A line goes three quarters as far as the points that bend it; to itself it is a loop.
      const bend = 1.3 * Math.min(room, Math.max(Math.abs(to - from) * 0.4, d * 0.6));
      const [over, wide] = [base + (upward ? -bend : bend), from === to ? a * 0.5 : 0];
      const [one, other] = [from * 0.8 + to * 0.2 - wide, to * 0.8 + from * 0.2 + wide];
      const line = `M${from} ${base}C${one} ${over} ${other} ${over} ${to} ${base}`;
      const halo = { d: line, class: "row-halo", "stroke-width": +width + 1.5 };
      made.push(svg("path", halo), svg("path", { d: line, class: "row-arc", "stroke-width": width }));
    });
  }
  made.push(svg("rect", { x, y: top, width: wide, height: d, class: "row-frame" }));
  if (column >= 0) {
    made.push(svg("rect", { x: x + column * a, y: top, width: a, height: d, class: "row-cell" }));
  }
  const size = Math.min(8.5, a * 0.5, d * 0.8);
  const scale = drawing.getBoundingClientRect().width / drawing.viewBox.baseVal.width;
  if (size * scale >= SMALLEST && !spelled) {
    values.forEach((value, i) => {
      const short = map.values[row][i].replace(/^(-?)0\./, "$1.").replace("1.00", "1");
      const at = { x: middle(i), y: top + d / 2 + size * 0.36, "font-size": size };
      if (Math.abs(value) > 0) made.push(svg("text", { ...at, class: "row-number" }, short));
    });
  }
  return made;
}

// ------------------------------------------------------------------------------- a figure

/**
 * Let the maps of a figure answer.
 * @param {HTMLElement} figure  with a drawing, `data-maps` (a name for each map, parted by "|"),
 *   `data-looks` if the rows are tokens that look, and a place for the sentence
 */
function answer(figure) {
  const drawing = figure.querySelector(":scope > svg");
  const told = figure.querySelector(":scope > .row-told");
  let names = figure.dataset.maps.split("|");
  const looks = "looks" in figure.dataset;
  const many = names.length > 1;
  const head = document.createTextNode("");
  const body = document.createTextNode("");
  const over = svg("g", { class: "row-marks" });
  const pick = el("input", { type: "range", class: "row-pick", min: 1, step: 1, value: 1 });
  let maps, spots; // read when they are first asked for
  let [map, row, column] = [0, 0, -1];

  told.append(el("b", {}, head), el("span", {}, body));
  drawing.before(pick);

  const bound = (number, size) => Math.min(Math.max(number, 0), size - 1);

  function ready() {
    if (maps) return;
    [maps, spots] = [figure.maps ?? numbers(figure), places(drawing)];
    map = bound(map, maps.length);
    row = bound(row, maps[map].rows.length);
    drawing.append(over);
    pick.max = maps[map].rows.length;
  }

  /** Nothing is chosen: say what could be. */
  function rest() {
    if (awake === rest) awake = null;
    over.replaceChildren();
    column = -1;
    const point = FINGER.matches
      ? phrase("Tap a row to read it, or use the arrow keys.")
      : phrase("Point at a row to read it, or use the arrow keys.");
    head.data = many && FINGER.matches ? phrase("Tap a map to see it large.") : point;
    body.data = many && !FINGER.matches ? phrase("A click shows a map large.") : "";
    told.classList.remove("shown");
  }

  function show() {
    if (awake !== rest) awake?.();
    awake = rest;
    const { rows, columns, values } = maps[map];
    const said = sentence(maps[map], row, looks);
    over.replaceChildren(...marks(drawing, maps[map], spots[map], row, column, looks));
    const cell = column < 0 ? "" : `→ ${columns[column]} ${values[row][column] || "–"}`;
    head.data = [names[map], cell].filter(Boolean).join(" · ");
    body.data = said;
    told.classList.add("shown");
    pick.max = rows.length;
    pick.value = row + 1;
    pick.setAttribute("aria-valuetext", [names[map], cell, said].filter(Boolean).join(": "));
  }

  /** The map, row and column at a place of the screen; false if there is none. */
  function find({ clientX, clientY }) {
    const box = drawing.getBoundingClientRect();
    const scale = drawing.viewBox.baseVal.width / box.width;
    const [x, y] = [(clientX - box.left) * scale, (clientY - box.top) * scale];
    const at = spots.findIndex((one) => {
      const left = many ? one.x : 0; // a row's name belongs to it
      return x >= left && x < one.x + one.wide && y >= one.y && y < one.y + one.high;
    });
    if (at < 0) return false;
    const { x: left, y: top, a, d } = spots[at];
    const before = [map, row, column].join();
    [map, row, column] = [at, Math.floor((y - top) / d), Math.max(-1, Math.floor((x - left) / a))];
    return before !== [map, row, column].join() || awake !== rest ? "new" : "same";
  }

  const follow = (event) => {
    ready();
    const found = find(event);
    if (found === "new") show();
    else if (!found && document.activeElement !== pick) rest();
  };
  drawing.addEventListener("pointermove", (event) => event.pointerType !== "touch" && follow(event));
  drawing.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "touch") return;
    if (document.activeElement === pick) show();
    else rest();
  });
  drawing.addEventListener("click", (event) => {
    follow(event);
    if (many && find(event)) large(figure, maps, spots, names, map, pick);
  });

  pick.addEventListener("focus", () => {
    ready();
    show();
  });
  pick.addEventListener("blur", rest);
  pick.addEventListener("input", () => {
    row = pick.value - 1;
    show();
  });
  pick.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const { rows, columns } = maps[map];
    const step = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Enter" && many) large(figure, maps, spots, names, map, pick);
    else if (event.key === "Home") row = 0;
    else if (event.key === "End") row = rows.length - 1;
    else if (!step) return;
    else if (event.key === "ArrowUp" || event.key === "ArrowDown") row = bound(row + step, rows.length);
    else if (many) {
      map = bound(map + step, maps.length);
      row = bound(row, maps[map].rows.length);
    } else column = bound(column + step, columns.length);
    event.preventDefault();
    if (event.key !== "Enter") show();
  });
  // Another drawing came in the place of this one: see slider.js.
  figure.addEventListener("slid", () => {
    names = figure.dataset.maps.split("|");
    maps = null;
    rest();
    if (document.activeElement !== pick) pick.setAttribute("aria-valuetext", phrase("not chosen yet"));
  });
  pick.setAttribute("aria-label", many ? phrase("A row of the maps, and left and right another map") : phrase("A row of the map"));
  pick.setAttribute("aria-valuetext", phrase("not chosen yet"));
  rest();
  return { rest, pick };
}

// ------------------------------------------------------------------------------- a map, large

/** One of many maps in a window of its own, and from there the ones beside it. */
function large(figure, maps, spots, names, map, back) {
  const close = el("button", { type: "button" }, phrase("Close"));
  const before = el("button", { type: "button" }, phrase("← Before"));
  const next = el("button", { type: "button" }, phrase("Next →"));
  const name = el("h2", { id: "large-map" });
  const tools = el("p", { class: "large-tools" }, before, next, close);
  const box = el("dialog", { class: "large md-typeset", "aria-labelledby": name.id }, name, tools);

  function draw() {
    box.querySelector("figure")?.remove();
    name.textContent = names[map] || phrase("map {number}", { number: map + 1 });
    const shown = el("figure", { class: "computed", "data-maps": "" }); // its name stands above
    if ("looks" in figure.dataset) shown.dataset.looks = "";
    shown.maps = [maps[map]];
    shown.append(alone(maps[map], spots[map].image, names[map]), el("p", { class: "row-told" }));
    tools.before(shown);
    answer(shown);
    before.disabled = map === 0;
    next.disabled = map === maps.length - 1;
  }

  before.addEventListener("click", () => (map--, draw()));
  next.addEventListener("click", () => (map++, draw()));
  close.addEventListener("click", () => box.close());
  box.addEventListener("click", (event) => event.target === box && box.close());
  box.addEventListener("close", () => {
    box.remove();
    back.focus({ preventScroll: true });
  });
  draw();
  document.body.append(box);
  box.showModal();
}

/** A map alone, as large as fits, in the same colors: the same pixels with a name at each side. */
function alone({ rows, columns }, image, name) {
  const wide = 316.8; // units, as the figures of the book
  const size = Math.min(9, (wide * 0.62) / Math.max(columns.length, 1));
  const room = (labels) => Math.max(...labels.map((one) => one.length)) * size * 0.62 + 6;
  const [left, above] = [room(rows), room(columns)];
  const cell = Math.min((wide - left - 2) / columns.length, 34);
  const high = above + cell * rows.length + 2;
  const drawing = svg("svg", {
    class: "figure", role: "img", "aria-label": name, viewBox: `0 0 ${wide} ${high}`,
    style: `--width: ${Math.round((wide * 4) / 3)}px`,
  });
  const pixels = image.cloneNode();
  pixels.removeAttribute("clip-path");
  pixels.setAttribute("transform", `matrix(${cell} 0 0 ${cell} ${left} ${above})`);
  const text = (words, more) => svg("text", { "font-size": size, class: "row-name", ...more }, words);
  const [across, down] = [cell * columns.length, cell * rows.length];
  const count = ({ length }) => [...Array(length + 1).keys()];
  const lines = [
    ...count(rows).map((i) => `M${left} ${above + i * cell}h${across}`),
    ...count(columns).map((i) => `M${left + i * cell} ${above}v${down}`),
  ];
  drawing.append(
    pixels,
    svg("path", { d: lines.join(""), class: "row-grid" }),
    ...rows.map((one, i) =>
      text(one, { x: left - 4, y: above + (i + 0.5) * cell + size * 0.36, "text-anchor": "end" }),
    ),
    ...columns.map((one, i) =>
      text(one, { transform: `translate(${left + (i + 0.5) * cell + size * 0.36} ${above - 4}) rotate(-90)` }),
    ),
  );
  return drawing;
}

for (const figure of document.querySelectorAll("figure.computed[data-maps]")) answer(figure);
addEventListener("keydown", (event) => event.key === "Escape" && awake?.());
addEventListener("pointerdown", ({ target }) => {
  if (!target.closest?.("figure.computed[data-maps] > svg")) awake?.();
});
