// What the widgets share: elements, groups of keys, sliders, tabs, announcements, files.
// Whatever a reader types, and whatever a model answers, enters the page as text.

import { inFrames } from "./frames.js";

/** @typedef {Node | string | null | undefined} Child */

/**
 * An HTML element. A function under a name like "onclick" listens to that event; every
 * other value becomes an attribute (true: an empty one; false and null: none).
 * @param {string} tag @param {Record<string, any>} props @param {...(Child | Child[])} children
 */
export function el(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** The same for a part of a drawing. */
export function svg(tag, props = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), props, children);
}

/** The same for a part of a formula. */
export function math(tag, props = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/1998/Math/MathML", tag), props, children);
}

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child != null));
  return node;
}

let names = 0;
/** An id that nothing else on the page has. */
export const newId = (what) => `live-${what}-${++names}`;

/** "45.1 MB" */
export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/** A number as the book writes it: whole, or with two decimals; a minus, not a hyphen. */
export function number(x) {
  if (x === -Infinity) return "−∞";
  const text = Number.isInteger(x) ? String(x) : x.toFixed(2);
  return text.replace(/^-(?=0(\.0*)?$)/, "").replace("-", "−");
}

/**
 * One tab stop for a group of items: arrow keys move, Home and End jump, a click chooses.
 * With `columns`, up and down jump a row.
 * @param {HTMLElement} group @param {() => HTMLElement[]} items those that it holds now
 * @param {(index: number) => void} choose called when the reader moves to an item
 * @returns {(index: number) => void} marks an item without a call and without the focus
 */
export function roving(group, items, choose, columns = 1) {
  let now = 0;
  const mark = (index) => {
    now = index;
    items().forEach((item, i) => (item.tabIndex = i === now ? 0 : -1));
  };
  const moves = {
    ArrowLeft: () => now - 1, ArrowRight: () => now + 1,
    ArrowUp: () => now - columns, ArrowDown: () => now + columns,
    Home: () => 0, End: () => items().length - 1,
  };
  group.addEventListener("keydown", (event) => {
    if (!(event.key in moves) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const next = moves[event.key]();
    if (!items()[next] || next === now) return;
    mark(next);
    items()[next].focus();
    choose(next);
  });
  group.addEventListener("click", (event) => {
    const clicked = items().findIndex((item) => item.contains(event.target));
    if (clicked < 0) return;
    mark(clicked);
    choose(clicked);
  });
  mark(0);
  return mark;
}

/**
 * Tabs over panels, one of them shown.
 * @param {string} label @param {Record<string, HTMLElement>} panels by the name of their tab
 * @param {(name: string) => void} chosen
 */
export function tabs(label, panels, chosen = () => {}) {
  const list = el("div", { role: "tablist", "aria-label": label, class: "live-tabs" });
  const all = Object.entries(panels).map(([name, panel]) => {
    panel.id ||= newId("panel");
    const id = newId("tab");
    const props = { type: "button", role: "tab", id, "aria-controls": panel.id };
    const tab = el("button", props, name);
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", id);
    list.append(tab);
    return { name, tab, panel };
  });
  const show = (name) => {
    for (const one of all) {
      one.tab.setAttribute("aria-selected", String(one.name === name));
      one.panel.hidden = one.name !== name;
    }
    mark(all.findIndex((one) => one.name === name));
  };
  const choose = (i) => {
    show(all[i].name);
    chosen(all[i].name);
  };
  const buttons = all.map((one) => one.tab);
  const mark = roving(list, () => buttons, choose);
  show(all[0].name);
  return { node: el("div", {}, list, all.map((one) => one.panel)), show };
}

/**
 * A slider with its label and its value in words.
 * @param {{label: string, min: number, max: number, step: number, value: number,
 *   format?: (x: number) => string, oninput: (x: number) => void}} wish
 */
export function slider({ label, min, max, step, value, format = number, oninput }) {
  const id = newId("slider");
  const says = el("output", { for: id, "aria-live": "off" }); // the slider itself says its value
  const read = (x) => {
    says.textContent = format(x);
    input.setAttribute("aria-valuetext", says.textContent);
  };
  const heard = () => {
    read(input.valueAsNumber);
    oninput(input.valueAsNumber);
  };
  const input = el("input", { type: "range", id, min, max, step, value, oninput: heard });
  read(value); // as it was asked for, also between two steps
  const name = el("label", { for: id }, label);
  return { node: el("p", { class: "live-slider" }, name, input, says), input };
}

/**
 * A place that screen readers listen to. Only the last of several quick sayings is said.
 * @returns {{node: HTMLElement, say: (text: string) => void}}
 */
export function announcer(wait = 700) {
  const node = el("p", { role: "status", class: "live-heard" });
  let timer = 0;
  const say = (text) => {
    clearTimeout(timer);
    timer = setTimeout(() => (node.textContent = text), wait);
  };
  return { node, say };
}

/** A table of numbers that scrolls on its own when it is wide. */
export function table(caption, columns, rows, values) {
  const head = columns.map((column) => el("th", { scope: "col" }, column));
  const body = rows.map((row) => el("tr", {}, el("th", { scope: "row" }, row)));
  inFrames(body, columns.length, (row, i) => row.append(...values[i].map((x) => el("td", {}, x))));
  const inner = el("table", { class: "numbers" }, el("caption", {}, caption),
    el("thead", {}, el("tr", {}, el("td"), head)), el("tbody", {}, body));
  const reached = { tabindex: 0, role: "group", "aria-label": caption };
  return el("div", { class: "md-typeset__scrollwrap", ...reached }, inner);
}

/**
 * A link that brings a widget's state back; a press puts it into the address and the clipboard.
 * @param {import("./frame.js").Frame} frame @param {() => Record<string, any>} state
 * @param {(text: string) => void} say
 * @returns {{node: HTMLElement, renew: () => void}} `renew` after each change of the state
 */
export function stateLink(frame, state, say) {
  const onclick = async (event) => {
    event.preventDefault();
    history.replaceState(null, "", node.href);
    await navigator.clipboard?.writeText(node.href).catch(() => {});
    say("The address of this page now brings this view back.");
  };
  const node = el("a", { href: "", onclick }, "Link to this view");
  return { node, renew: () => (node.href = frame.link(state())) };
}

/** Hand the reader a file that was made here. */
export function download(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** Tint a node by a weight, so weakly that the number in it can be read in both schemes. */
export const tint = (node, weight) => node.style.setProperty("--tint", `color-mix(in srgb, var(--fig-weight) ${45 * weight}%, transparent)`);
