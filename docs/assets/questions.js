// The questions of a chapter answer back, and the first page shows what has been read and
// answered. All of this stays in the reader's browser: nothing here uses the network.
// Without this script the questions read as a list, with their answers folded.

const KEY = "executable-transformer-progress";
const BASE = new URL("../", import.meta.url).pathname;

// ------------------------------------------------------------------------ what is kept

/** {chapter: {read, right: names of questions, of: how many there are}}; {} if damaged. */
function recall() {
  const kept = {};
  try {
    for (const [chapter, one] of Object.entries(JSON.parse(localStorage.getItem(KEY)))) {
      const names = Array.isArray(one.right) ? one.right : [];
      kept[chapter] = {
        read: one.read === true,
        right: names.filter((name) => typeof name === "string"),
        of: Number.isInteger(one.of) && one.of > 0 ? one.of : 0,
      };
    }
  } catch {
    // Refused, empty or damaged: nothing is known.
  }
  return kept;
}

/** "self_attention" for its address; "" for the first page. */
function chapterOf(address) {
  const { pathname } = new URL(address, location.href);
  const inside = pathname.startsWith(BASE) ? pathname.slice(BASE.length) : pathname;
  return inside.replace(/index\.html$/, "").replace(/\.html$|\/$/g, "");
}

const here = chapterOf(location.href);
const boxes = [...document.querySelectorAll(".question[data-kind]")];

/** Change what is kept about this chapter. Where keeping is refused, all else works. */
function keep(change) {
  if (!here) return;
  const kept = recall();
  const before = JSON.stringify(kept);
  const one = (kept[here] ??= { read: false, right: [], of: 0 });
  change(one);
  // The chapter may have other questions than at the last visit.
  const names = boxes.map((box) => box.dataset.name);
  one.right = one.right.filter((name) => names.includes(name));
  one.of = names.length;
  if (JSON.stringify(kept) === before) return;
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // Refused or full.
  }
}

// ---------------------------------------------------------------------------- elements

function make(tag, attributes = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...inside);
  return made;
}

function button(text, press, attributes = {}) {
  const made = make("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", press);
  return made;
}

/** A copy of what stands in some nodes, which can stand beside the first. */
function copy(nodes) {
  const copied = make("div");
  copied.append(...Array.from(nodes, (node) => node.cloneNode(true)));
  copied.querySelectorAll("[id]").forEach((one) => one.removeAttribute("id"));
  return copied;
}

/** The same to be heard only: what stands in it cannot be reached by keyboard. */
function heard(nodes) {
  const said = copy(nodes);
  said.querySelectorAll("a").forEach((link) => link.replaceWith(...link.childNodes));
  return said;
}

function sign(right) {
  return make("span", { class: "sign", "aria-hidden": "true" }, right ? "✓ " : "✗ ");
}

// --------------------------------------------------------------------------- questions

/** What all kinds share: the region that tells the result, and the mark of a right answer. */
function prepare(box) {
  const says = make("div", { class: "question-says", role: "status", "aria-live": "polite" });
  const folded = box.querySelector(":scope > details.answer");
  folded.before(says);
  box.classList.add("alive");

  const mark = () => {
    if (box.querySelector(".question-done")) return;
    const done = make("span", { class: "question-done" }, sign(true), phrase("answered right"));
    box.querySelector(".question-asks").append(" ", done);
  };
  if (recall()[here]?.right.includes(box.dataset.name)) mark();

  return {
    folded,
    says,
    /** Show a sentence, with the sign for right or wrong; let the rest only be heard. */
    tell(sentence, right = null, ...rest) {
      const line = make("p", { class: right === null ? "" : right ? "right" : "wrong" });
      if (right !== null) line.append(sign(right));
      line.append(sentence);
      const unseen = make("div", { class: "question-heard" }, ...rest);
      says.replaceChildren(...(sentence ? [line] : []), ...(rest.length ? [unseen] : []));
    },
    right() {
      mark();
      keep((one) => {
        if (!one.right.includes(box.dataset.name)) one.right.push(box.dataset.name);
      });
    },
  };
}

const COUNT = [phrase("none"), phrase("one"), phrase("two"), phrase("three"), phrase("four"), phrase("five"), phrase("six")];

function choice(box) {
  const { says, tell, right } = prepare(box);
  const wanted = Number(box.dataset.choose);
  const several = wanted > 1;
  const rights = box.dataset.right.split(" ").map(Number);
  const reasons = [...box.querySelectorAll(".reasons > li")];
  const options = [...box.querySelectorAll(".options > li")].map((item, i) => {
    const input = make("input", {
      type: several ? "checkbox" : "radio",
      name: box.id,
      id: `${box.id}-${i + 1}`,
    });
    const label = make("label", { for: input.id }, input, make("span", {}, ...item.childNodes));
    item.append(label);
    return { item, input, reason: reasons[i], right: rights.includes(i + 1) };
  });

  const unsay = (one) => one.item.querySelector(".reason")?.remove();
  const explain = (one) => {
    unsay(one);
    const reason = copy(one.reason.childNodes);
    reason.className = `reason ${one.right ? "right" : "wrong"}`;
    reason.prepend(sign(one.right));
    one.item.append(reason);
  };

  for (const one of options) {
    one.input.addEventListener("change", () => {
      if (several) {
        unsay(one);
        says.replaceChildren();
        return;
      }
      options.forEach(unsay);
      explain(one);
      tell("", null, heard(one.reason.childNodes));
      if (one.right) right();
    });
  }

  if (!several) {
    // By arrow a reader walks to an option; only Space or Enter chooses it. Otherwise who
    // uses the keyboard would be told the answer on the way.
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
    box.querySelector(".options").addEventListener("keydown", (event) => {
      const at = options.findIndex((one) => one.input === event.target);
      if (at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
      if (event.key in step) {
        const next = (at + step[event.key] + options.length) % options.length;
        options[next].input.focus();
      } else if (event.key === "Enter") {
        options[at].input.click();
      } else return;
      event.preventDefault();
    });
    return;
  }

  const check = button(phrase("Check"), () => {
    const chosen = options.filter((one) => one.input.checked);
    if (chosen.length !== wanted) {
      tell(phrase("Choose {wanted}: you have chosen {chosen}.", { wanted: COUNT[wanted], chosen: COUNT[chosen.length] }));
      return;
    }
    chosen.forEach(explain);
    const good = chosen.filter((one) => one.right).length;
    const said = chosen.map((one) => heard(one.reason.childNodes));
    const all = good === wanted;
    const some = good === 1
      ? phrase("{good} of your {wanted} is right.", { good, wanted })
      : phrase("{good} of your {wanted} are right.", { good, wanted });
    tell(all ? phrase("Right.") : some, all, ...said);
    if (all) right();
  });
  says.before(make("p", { class: "question-tools" }, check));
}

/** The numbers that a text can mean: "1,234" is 1234 to some readers and 1.234 to others. */
export function readings(text, unit = "") {
  let bare = text.trim().replace(/[\s'’_]/g, "").replace(/[−–]/g, "-");
  for (const end of [unit.replace(/\s/g, ""), "%"]) {
    if (end && unit && bare.toLowerCase().endsWith(end.toLowerCase())) {
      bare = bare.slice(0, -end.length);
      break;
    }
  }
  bare = bare.replace(/[×x*·]10(?:\^|\*\*)?([-+]?\d+)$/i, "e$1").replace(/^\+/, "");
  const found = bare.match(/^(-?)([\d.,]+)(e[-+]?\d+)?$/i);
  if (!found) return [];
  const [, minus, digits, power = ""] = found;
  const meant = new Set();
  for (const [group, point] of [[",", "."], [".", ","]]) {
    const parts = digits.split(point);
    if (parts.length > 2 || parts[1]?.includes(group)) continue;
    const groups = parts[0].split(group);
    const [first, ...rest] = groups;
    const grouped = /^\d{1,3}$/.test(first) && rest.every((one) => /^\d{3}$/.test(one));
    if (rest.length && !grouped) continue;
    if (!/\d/.test(digits)) continue;
    meant.add(Number(`${minus}${groups.join("") || "0"}.${parts[1] || "0"}${power}`));
  }
  return [...meant];
}

function number(box) {
  const unit = box.dataset.unit ?? "";
  const point = phrase("."); // between a number and its decimals, in the language of the page
  const digits = box.dataset.key.replace(point === "," ? /[.\s%]/g : /[,\s%]/g, "");
  const right = Number(digits.replace(point, "."));
  if (Number.isNaN(right)) return; // the build has named it
  const slack = Number(box.dataset.tolerance) + 1e-9 * Math.max(1, Math.abs(right));
  const { folded, says, tell, right: answered } = prepare(box);
  box.querySelector(".question-unit")?.remove();

  const input = make("input", {
    type: "text",
    inputmode: "decimal",
    autocomplete: "off",
    id: `${box.id}-number`,
  });
  const label = make("label", { for: input.id }, unit ? phrase("Your answer, in {unit}", { unit }) : phrase("Your answer"));
  const form = make("form", { class: "question-tools", novalidate: "" }, label, input);
  form.append(make("button", { type: "submit" }, phrase("Check")));
  says.before(form);

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const typed = input.value.trim();
    const meant = readings(typed, unit);
    if (!typed) tell(phrase("Type a number first."));
    else if (!meant.length) {
      tell(phrase("“{typed}” is not a number. Use digits, and a point or a comma.", { typed }), false);
    } else if (meant.some((one) => Math.abs(one - right) <= slack)) {
      const answer = `${box.dataset.key}${unit && unit !== "%" ? ` ${unit}` : ""}`;
      tell(phrase("Right: {answer}.", { answer }), true);
      folded.open = true;
      answered();
    } else {
      const nearest = meant.sort((a, b) => Math.abs(a - right) - Math.abs(b - right))[0];
      const far = nearest > right ? phrase("{typed} is too large.", { typed }) : phrase("{typed} is too small.", { typed });
      tell(far, false);
    }
  });
}

function order(box) {
  const { folded, says, tell, right } = prepare(box);
  const shown = box.querySelector(".steps");
  const list = make("ol", { class: "steps" }, ...shown.children);
  shown.replaceWith(list);
  const steps = () => [...list.children];

  function move(item, by, pressed) {
    const at = steps().indexOf(item) + by;
    const name = item.querySelector(".step").textContent;
    if (at < 0 || at >= list.children.length) {
      tell("", null, by < 0 ? phrase("“{name}” is already first.", { name }) : phrase("“{name}” is already last.", { name }));
      return;
    }
    if (by < 0) list.children[at].before(item);
    else list.children[at].after(item);
    pressed.focus(); // moving it took the focus away
    bound();
    tell("", null, phrase("“{name}” is now {place} of {all}.", { name, place: at + 1, all: list.children.length }));
  }

  function bound() {
    steps().forEach((item, i, all) => {
      const [up, down] = item.querySelectorAll("button");
      up.setAttribute("aria-disabled", String(i === 0));
      down.setAttribute("aria-disabled", String(i === all.length - 1));
    });
  }

  for (const item of steps()) {
    const words = make("span", { class: "step" }, ...item.childNodes);
    const moves = [[phrase("Move up"), "↑", -1], [phrase("Move down"), "↓", 1]].map(([way, arrow, by]) =>
      button(arrow, (event) => move(item, by, event.currentTarget), {
        "aria-label": `${way}: ${words.textContent}`,
        title: way,
      }),
    );
    item.append(words, make("span", { class: "moves" }, ...moves));
  }
  bound();

  const check = button(phrase("Check"), () => {
    const all = steps();
    const good = all.filter((item, i) => Number(item.dataset.place) === i + 1).length;
    if (good === all.length) {
      tell(phrase("Right: all {good} stand in the right place.", { good }), true);
      folded.open = true;
      right();
    } else {
      const said = good === 1
        ? phrase("{good} of {all} stands in the right place.", { good, all: all.length })
        : phrase("{good} of {all} stand in the right place.", { good, all: all.length });
      tell(said, false);
    }
  });
  says.before(make("p", { class: "question-tools" }, check));
}

function predict(box) {
  const { folded, says, tell, right } = prepare(box);
  const output = folded.querySelector(".output");
  if (!output) return;
  const made = output.nextElementSibling?.matches(".computed-by") ? output.nextElementSibling : "";
  const summary = folded.querySelector("summary");

  const words = make("textarea", { id: `${box.id}-words`, rows: 4 });
  const label = make("label", { for: words.id }, phrase("What you expect"));
  const mine = make("div", { class: "mine" }, label, words);
  const beside = make("div", { class: "beside" }, mine);
  const open = button(phrase("Show what it printed"), () => show());
  says.before(beside, make("p", { class: "question-tools" }, open));

  let judged = null;
  const judges = [[phrase("Yes"), true], [phrase("Not quite"), false]].map(([said, good]) =>
    button(said, () => judge(good), { "aria-pressed": "false" }),
  );

  function show() {
    const printed = make("div", { role: "group", "aria-label": phrase("What it printed"), tabindex: "-1" });
    printed.className = "printed";
    label.textContent = phrase("What you expected");
    printed.append(output, made);
    beside.append(printed);
    beside.classList.add("shown");
    summary.textContent = phrase("Why");
    folded.open = true;
    open.replaceWith(make("span", {}, phrase("Did you expect this?")), ...judges);
    printed.focus({ preventScroll: true });
    tell("", null, phrase("It is shown beside your words."));
  }

  function judge(good) {
    if (judged === good) return;
    judged = good;
    judges.forEach((one, i) => one.setAttribute("aria-pressed", String((i === 0) === good)));
    tell(good ? phrase("Well seen.") : phrase("Read below why it is so."), good);
    if (good) right();
  }

  // Whoever unfolds the answer sees it in the same way. On paper the theme unfolds all.
  folded.addEventListener("toggle", () => {
    const printing = matchMedia("print").matches;
    if (folded.open && open.isConnected && !printing) show();
  });
}

const KINDS = { choice, number, order, predict };

// ------------------------------------------------------------------- reading a chapter

function begin() {
  for (const box of boxes) if (!box.matches(".alive")) KINDS[box.dataset.kind]?.(box);
  if (boxes.length) {
    addEventListener("beforeprint", moveAnswers);
    addEventListener("afterprint", moveBack);
  }
  if (recall()[here]) keep(() => {});
  const end = document.getElementById("next");
  if (!end) return;
  new IntersectionObserver((seen, observer) => {
    if (!seen.some((one) => one.isIntersecting)) return;
    observer.disconnect();
    keep((one) => {
      one.read = true;
    });
  }).observe(end);
}

// ---------------------------------------------------------------------------- on paper

/** The answers go to the end of the printed chapter, and back when it is printed. */
function moveAnswers() {
  moveBack();
  const answers = make("section", { class: "printed-answers" }, make("h2", {}, phrase("Answers")));
  for (const box of boxes) {
    const inside = [...box.querySelector(".answer").children].filter((e) => !e.matches("summary"));
    const moved = box.querySelectorAll(".beside .printed > *");
    const answer = copy([...moved, ...inside]);
    answer.className = "printed-answer";
    answer.prepend(copy([box.querySelector(".question-asks")]).firstChild);
    answer.querySelector(".question-done")?.remove();
    answers.append(answer);
  }
  boxes[0].parentElement.append(answers);
  document.documentElement.classList.add("answers-at-the-end");
}

function moveBack() {
  document.querySelector(".printed-answers")?.remove();
  document.documentElement.classList.remove("answers-at-the-end");
}

// ------------------------------------------------------------------------ the first page

function report(place) {
  const kept = recall();
  document.querySelectorAll(".chapter-progress").forEach((mark) => mark.remove());
  let read = 0;
  let right = 0;
  for (const link of document.querySelectorAll("dt > a")) {
    const one = kept[chapterOf(link.href)];
    if (!one) continue;
    const count = Math.min(one.right.length, one.of || Infinity);
    const parts = [];
    if (one.read) parts.push(phrase("✓ read"));
    if (count && one.of) parts.push(phrase("{count} of {all} right", { count, all: one.of }));
    read += one.read;
    right += count;
    if (parts.length) link.after(make("span", { class: "chapter-progress" }, parts.join(" · ")));
  }
  place.hidden = !read && !right;
  if (place.hidden) return;
  const chapters = read === 1 ? phrase("1 chapter") : phrase("{count} chapters", { count: read });
  const questions = right === 1 ? phrase("1 question") : phrase("{count} questions", { count: right });
  const said = [
    phrase("You have read {chapters} and answered {questions} right.", { chapters, questions }),
    phrase("This is kept in this browser only and sent nowhere."),
  ].map((one) => `${one} `).join("");
  const forget = button(phrase("Forget it all"), () => {
    try {
      localStorage.removeItem(KEY);
    } catch {
      // What cannot be kept need not be forgotten.
    }
    report(place);
    place.hidden = false;
    place.textContent = phrase("Forgotten: this browser keeps nothing of what you read and answered.");
    place.tabIndex = -1;
    place.focus();
  });
  place.replaceChildren(said, forget);
}

begin();
const place = document.querySelector("[data-progress]");
if (place) {
  report(place);
  const again = () => report(place);
  addEventListener("storage", again); // another tab
  addEventListener("pageshow", (event) => event.persisted && again());
}
