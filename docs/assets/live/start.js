// Loaded on every page, so it stays tiny: a button under each figure that can come alive.
// Nothing else is fetched before the reader presses it.

const MEGABYTES = { attention: 45, next_token: 98, decoding: 98, chat: 98, lens: 98, heads_off: 98, similarity: 45, hear: 40, translate: 17 };

for (const box of document.querySelectorAll(".live[data-live]")) {
  const size = MEGABYTES[box.dataset.live];
  const says = box.dataset.offer ?? phrase("Try it yourself");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "live-open";
  const offer = size ? `${says} · ${phrase("loads {size} MB once, from this site", { size })}` : says;
  button.textContent = offer;
  const problem = document.createElement("p");
  problem.className = "live-problem";
  problem.setAttribute("role", "alert");
  box.append(button, problem);

  button.addEventListener("click", async () => {
    if (button.ariaDisabled === "true") return; // a second click while it opens
    button.ariaDisabled = "true";
    problem.textContent = "";
    try {
      const { open } = await import("./widgets/frame.js");
      await open(box, button);
      button.textContent = offer;
    } catch (error) {
      problem.textContent = phrase("This did not load: {why}", { why: error.message });
      button.textContent = phrase("Try again");
      // Firefox asks for a module of ours only once: one that failed has failed until the page is loaded anew.
      if (!(error instanceof TypeError || error instanceof SyntaxError)) return;
      const anew = document.createElement("button");
      anew.type = "button";
      anew.textContent = phrase("Load the page again");
      anew.addEventListener("click", () => location.reload());
      problem.append(" ", anew);
    } finally {
      button.ariaDisabled = "false";
    }
  });
}
