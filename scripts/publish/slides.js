// The keys of a deck. Arrows, space and Page keys turn it, Home and End go to its ends, N shows the
// speaker's notes, D changes light and dark.
const slides = [...document.querySelectorAll(".slide")];

/** The slide that is in front, however it came there: by a key, a finger or a wheel. */
function here() {
  const far = slides.map((one) => Math.abs(one.getBoundingClientRect().top));
  return far.indexOf(Math.min(...far));
}

function go(to) {
  const at = Math.min(slides.length - 1, Math.max(0, to));
  slides[at].scrollIntoView();
  history.replaceState(null, "", `#${slides[at].id}`);
}

const STEPS = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 };
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const { key } = event;
  if (key in STEPS) go(here() + STEPS[key]);
  else if (key === "Home") go(0);
  else if (key === "End") go(slides.length - 1);
  else if (key === "n" || key === "N") {
    const at = here();
    document.body.classList.toggle("speaking");
    go(at);
  } else if (key === "d" || key === "D") {
    const root = document.documentElement;
    root.dataset.mdColorScheme = root.dataset.mdColorScheme === "slate" ? "default" : "slate";
  } else return;
  event.preventDefault();
});

// What is too long for its slide is set smaller, a little at a time.
function fit() {
  for (const slide of slides)
    for (const one of slide.querySelectorAll(":scope > :is(ul, ol), .shown pre, .shown table, .shown > ul, .shown > ol")) {
      const box = one.closest(".shown") ?? slide;
      one.style.fontSize = "";
      let size = parseFloat(getComputedStyle(one).fontSize);
      const over = () => box.scrollHeight > box.clientHeight || slide.scrollHeight > slide.clientHeight;
      while (over() && size > 9) one.style.fontSize = `${(size *= 0.94)}px`;
    }
}
fit();
addEventListener("resize", fit);

if (matchMedia("(prefers-color-scheme: dark)").matches) document.documentElement.dataset.mdColorScheme = "slate";
if (location.hash) go(slides.findIndex((one) => `#${one.id}` === location.hash));
