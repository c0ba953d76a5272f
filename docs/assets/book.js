// What scrolls sideways must be reachable by keyboard, and only that. The theme decides
// it for code by whether there is a mouse; this decides it by whether there is overflow.
const SCROLLS = ".highlight code, .equation, .md-typeset__scrollwrap";

function adjust() {
  for (const box of document.querySelectorAll(SCROLLS)) {
    // Not laid out yet: `show` asks for its size when it is.
    if (box.checkVisibility?.({ contentVisibilityAuto: true }) === false) continue;
    const wide = box.scrollWidth > box.clientWidth + 1;
    if (wide === box.hasAttribute("tabindex")) continue;
    if (wide) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

function name() {
  // Each copy button comes in a <nav>, and a list of landmarks wants them told apart.
  document.querySelectorAll(".highlight").forEach((box, i) => {
    box.querySelector(".md-code__nav")?.setAttribute("aria-label", `Code ${i + 1}`);
  });
}

function settle() {
  adjust();
  name();
}

// What the style sheet leaves out while the page loads comes a few at a time, so that the page
// answers meanwhile. See "code" in book.css.
function show(boxes) {
  for (const box of boxes.splice(0, 4)) box.style.contentVisibility = "visible";
  if (boxes.length) requestIdleCallback(() => show(boxes));
  else settle();
}

addEventListener("load", () => {
  settle();
  const boxes = [...document.querySelectorAll(".highlight, figure.computed")];
  window.requestIdleCallback?.(() => show(boxes));
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
  new MutationObserver(later).observe(content, {
    childList: true,
    subtree: true,
    attributes: true,
    attributeFilter: ["tabindex", "open"],
  });
  addEventListener("resize", later);
});
