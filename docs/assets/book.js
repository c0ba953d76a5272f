// What scrolls sideways must be reachable by keyboard, and only that. The theme decides
// it for code by whether there is a mouse; this decides it by whether there is overflow.
const SCROLLS = ".highlight code, .equation, .md-typeset__scrollwrap";
const phone = matchMedia("(max-width: 44.9844em)"); // there code.css breaks lines: .wraps

function adjust() {
  let guess;
  const changes = [];
  for (const box of document.querySelectorAll(SCROLLS)) {
    // What a fold hides is asked when it opens: to ask now, a browser would lay out all of it.
    if (box.closest("details:not([open])")) continue;
    const drawn = box.checkVisibility?.({ contentVisibilityAuto: true }) ?? true;
    if (!drawn && !box.matches("code")) continue;
    const wide = drawn ? box.scrollWidth > box.clientWidth + 1 : (guess ??= guesser())(box);
    if (wide !== box.hasAttribute("tabindex")) changes.push([box, wide]);
  }
  // All is measured before anything is changed, so that the page is laid out once.
  for (const [box, wide] of changes) {
    if (wide) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

// Code that is not laid out yet says how many letters its longest line has.
function guesser() {
  const drawn = [...document.querySelectorAll(".highlight code")].find((box) =>
    box.checkVisibility({ contentVisibilityAuto: true }),
  );
  if (!drawn) return () => false;
  const { fontSize, fontFamily, paddingLeft } = getComputedStyle(drawn);
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `${fontSize} ${fontFamily}`;
  const around = 2 * parseFloat(paddingLeft);
  const letter = pen.measureText("0").width;
  return (box) => {
    const { style, clientWidth, classList } = box.closest(".highlight"); // its own width is known
    if (phone.matches && classList.contains("wraps")) return false;
    return Number(style.getPropertyValue("--letters")) * letter > clientWidth - around + 1;
  };
}

function name() {
  // Each copy button comes in a <nav>, and a list of landmarks wants them told apart.
  document.querySelectorAll(".highlight").forEach((box, i) => {
    box.querySelector(".md-code__nav")?.setAttribute("aria-label", phrase("Code {number}", { number: i + 1 }));
  });
}

function settle() {
  adjust();
  name();
}

// A page is ready to be read before this: it waits until the theme has done what it does at the start,
// and no longer than a second where a page has much to do.
const soon = window.requestIdleCallback ?? ((then) => setTimeout(then, 0));

addEventListener("load", () => soon(() => {
  settle();
  const content = document.querySelector("[data-md-component=content]");
  if (!content) return;
  // The theme adds its buttons, and wraps tables, when it sees fit.
  let waiting = false;
  const later = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      settle();
    });
  };
  // The marks on a map come and go with the pointer, and make nothing wider.
  const told = ({ target }) => target.closest?.(".row-marks, .row-told, figure > svg");
  new MutationObserver((changes) => changes.every(told) || later()).observe(content, {
    childList: true,
    subtree: true,
    attributes: true,
    attributeFilter: ["tabindex", "open"],
  });
  addEventListener("resize", later);
  content.addEventListener("contentvisibilityautostatechange", later);
}, { timeout: 1000 }));

// On Tab the theme closes the search and takes the focus from its box. WebKit then starts from
// the top of the page, and nobody ever gets past the box. So the search is closed here, and the
// key does what it does everywhere: it goes on to the next thing, or with Shift to the one before.
addEventListener(
  "keydown",
  (event) => {
    if (event.key !== "Tab" || !event.target.matches?.("[data-md-component=search-query]")) return;
    event.stopPropagation();
    const open = document.querySelector("[data-md-toggle=search]");
    if (open?.checked) open.click();
  },
  { capture: true },
);

// From a folder no module runs, and so no model. Where a server sends the page, a button stands here.
if (location.protocol === "file:") {
  for (const box of document.querySelectorAll(".live[data-live]")) {
    const note = document.createElement("p");
    note.className = "live-none";
    note.textContent =
      phrase("Here would be a button that brings the model into the page.") + " " +
      phrase("This page was opened from a folder, where a browser runs none: start a server there, with") + " ";
    const command = document.createElement("code");
    command.textContent = "python3 -m http.server";
    note.append(command, ` ${phrase("or any other, and open the address that it prints.")}`);
    box.append(note);
  }
}

// Who changes the language stays in the section: its anchor is the same in each.
addEventListener("click", ({ target }) => {
  const link = target.closest?.(".md-select__link");
  if (link && !link.hash) link.hash = location.hash;
});

// The sign beside a heading leads to its place. Beside that it offers to report a mistake there: to the
// site of the repository, if the book has one; else in words, which need no network.
addEventListener("click", ({ target }) => {
  const heading = target.closest?.(".headerlink")?.parentElement;
  if (!heading || heading.nextElementSibling?.matches(".report")) return;
  document.querySelector(".report")?.remove();
  const title = document.querySelector("h1").firstChild.textContent.trim();
  const part = [...heading.childNodes].filter((one) => !one.matches?.(".headerlink"));
  const state = document.querySelector(".about-page time")?.dateTime;
  const place = [title, part.map((one) => one.textContent).join("").trim(), state && phrase("as of {state}", { state })];
  const says = [...new Set(place)].filter(Boolean).join(" · ");
  const note = document.createElement("p");
  note.className = "report";
  const home = document.querySelector("[data-report]")?.dataset.report.replace(/\/$/, "");
  if (home) {
    const gitlab = new URL(home).hostname.startsWith("gitlab");
    const [path, key] = gitlab ? ["-/issues/new", "issue[title]"] : ["issues/new", "title"];
    const link = document.createElement("a");
    link.href = `${home}/${path}?${new URLSearchParams({ [key]: phrase("Mistake: {says}", { says }) })}`;
    link.textContent = phrase("Report it");
    note.append(`${phrase("Is something wrong here?")} `, link, ".");
  } else {
    const named = document.createElement("q");
    named.textContent = says;
    const tell = phrase("Tell whoever gave you this book, with these words:");
    note.append(`${phrase("Is something wrong here?")} ${tell} `, named);
  }
  heading.after(note);
});
