// The frame around every widget: brings in its module, its model if it needs one, and puts
// it where the figure stands. A widget is a module with
//   title     what it is, in two words
//   weights   the name of the model it needs, or nothing; or a function of the options
//   show(place, options, frame)   draws it into `place`; options are the data-… of the box

import { el, megabytes } from "./parts.js";

/**
 * @typedef {{link: (state: Record<string, any>) => string,
 *   again: (changes: Record<string, string>) => Promise<void>, closed: AbortSignal}} Frame
 *   `again` opens the widget anew, with other options and so perhaps with another model;
 *   `closed` tells that it has been taken away
 */

/**
 * Open the widget of a box; resolves when it stands there, or when the reader cancels.
 * @param {HTMLElement} box @param {HTMLButtonElement} button
 * @param {Record<string, string>} changes options that are not those of the box or the link
 */
export async function open(box, button, changes = {}) {
  const name = box.dataset.live;
  const widget = await import(`./${name}.js`);
  const figure = [...box.children];
  const options = { ...box.dataset, ...linked(box), ...changes };
  const weights = typeof widget.weights === "function" ? widget.weights(options) : widget.weights;
  if (weights && !(await bring(weights, box, button))) return;

  const place = el("div", { class: "live-place" });
  const full = el("span", { class: "live-problem", role: "alert" });
  const oninput = ({ target }) => {
    full.textContent = `This field takes at most ${target.maxLength} characters.`;
    if (target.value.length === target.maxLength) target.after(full);
    else full.remove();
  };
  const props = { class: "live-widget", "aria-label": widget.title, lang: "en", tabindex: -1, hidden: true, oninput };
  const section = el("section", props);
  const closed = new AbortController();
  const leave = () => {
    closed.abort();
    section.remove();
    for (const part of figure) part.hidden = false;
  };
  const close = (says = "") => {
    leave();
    if (!document.querySelector(".live-widget")) rest();
    box.querySelector(".live-problem").textContent = says;
    button.focus();
  };
  const still = ["figure", "table"].find((tag) => box.querySelector(tag));
  const away = still ? `Back to the ${still}` : "Close";
  const back = el("button", { type: "button", onclick: () => close() }, away);
  const remove = await removal(weights, close);
  section.append(place, el("p", { class: "live-foot" }, back, remove));
  box.append(section);
  try {
    const again = async (changes) => {
      leave();
      button.focus({ preventScroll: true });
      await open(box, button, changes).catch((error) => (box.querySelector(".live-problem").textContent = `This did not load: ${error.message}`));
    };
    await widget.show(place, options, { link: (state) => link(box, state), again, closed: closed.signal });
  } catch (error) {
    close();
    throw error;
  }
  for (const part of figure) part.hidden = true;
  section.hidden = false;
  section.focus({ preventScroll: true });
  if (section.getBoundingClientRect().top < 0) section.scrollIntoView();
}

/** With the last open widget goes what all of them kept in memory. */
const rest = () => import("../engine/engine.js").then(({ engine }) => engine.rest());

/** Load a model's weights, with a bar and a way out. False if the reader cancels. */
async function bring(weights, box, button) {
  const { engine } = await import("../engine/engine.js");
  const stop = new AbortController();
  const bar = el("progress", { "aria-label": "Loaded", value: 0, max: 1 });
  const says = el("span", {}, "Loading …");
  const cancel = el("button", { type: "button", onclick: () => stop.abort() }, "Cancel");
  const row = el("p", { class: "live-loading" }, bar, says, cancel);
  const hadFocus = document.activeElement === button;
  button.hidden = true;
  button.after(row);
  if (hadFocus) cancel.focus();
  const onProgress = ({ loaded, total }) => {
    bar.max = total;
    bar.value = loaded;
    const done = loaded < total ? megabytes(loaded).replace(" MB", "") : "All";
    says.textContent = `${done} of ${megabytes(total)}`;
  };
  try {
    await engine.load(weights, { onProgress, signal: stop.signal });
    return true;
  } catch (error) {
    if (stop.signal.aborted) return false;
    throw error;
  } finally {
    row.remove();
    button.hidden = false;
    button.focus({ preventScroll: true });
  }
}

/** The button that removes a model from the browser again. */
async function removal(weights, close) {
  if (!weights) return null;
  const { engine } = await import("../engine/engine.js");
  const size = megabytes((await engine.sizes())[weights]);
  const remove = async () => {
    await engine.forget(weights);
    close(`The downloaded model (${size}) is removed from this browser.`);
  };
  return el("button", { type: "button", onclick: remove }, `Remove the downloaded model (${size})`);
}

// A link that brings a state back says whose it is: ?live=<anchor of the box>&text=…

const anchor = (box) => box.id || box.querySelector("figure")?.id || `live-${box.dataset.live}`;

function link(box, state) {
  const url = new URL(location.href);
  url.search = new URLSearchParams({ live: anchor(box), ...state });
  url.hash = anchor(box);
  return url.href;
}

function linked(box) {
  const asked = Object.fromEntries(new URLSearchParams(location.search));
  return asked.live === anchor(box) ? asked : {};
}
