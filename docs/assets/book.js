// What scrolls sideways must be reachable by keyboard, and only that. The theme decides
// it for code by whether there is a mouse; this decides it by whether there is overflow.
const SCROLLS = ".highlight code, .equation, .md-typeset__scrollwrap";

function adjust() {
  for (const box of document.querySelectorAll(SCROLLS)) {
    const wide = box.scrollWidth > box.clientWidth + 1;
    if (wide === box.hasAttribute("tabindex")) continue;
    if (wide) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

function name() {
  // Each copy button comes in a <nav>, and a list of landmarks wants them told apart.
  document.querySelectorAll(".md-code__nav").forEach((nav, i) => {
    nav.setAttribute("aria-label", `Code ${i + 1}`);
  });
}

function settle() {
  adjust();
  name();
}

addEventListener("load", () => {
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
  new MutationObserver(later).observe(content, {
    childList: true,
    subtree: true,
    attributes: true,
    attributeFilter: ["tabindex", "open"],
  });
  addEventListener("resize", later);
});
