/**
 * Light, dark, or as the system is. It runs between the button and the text, so nobody sees the
 * other color first. The theme's own script runs at the end of a page and restyles all of it
 * three times.
 */
const options = [...document.querySelectorAll("[data-palette] input")]; // as the system; light; dark
const light = matchMedia("(prefers-color-scheme: light)");
const canvas = document.querySelector("meta[name=color-scheme]"); // of what the browser draws
const bars = [...document.querySelectorAll("meta[name=theme-color]")]; // for light, for dark
const colors = bars.map((bar) => bar.content);
let index = 0;

function show() {
  const scheme = options[index || (light.matches ? 1 : 2)].dataset.mdColorScheme;
  const { dataset } = document.body;
  if (dataset.mdColorScheme !== scheme) {
    dataset.mdColorSwitching = ""; // no color fades into the other
    dataset.mdColorScheme = scheme;
    setTimeout(() => delete dataset.mdColorSwitching);
  }
  options.forEach((option, i) => {
    option.checked = i === index;
    option.nextElementSibling.hidden = i !== index; // its button leads to the next one
  });
  const drawn = ["light dark", "light", "dark"][index];
  if (canvas.content !== drawn) canvas.content = drawn;
  bars.forEach((bar, i) => (bar.content = colors[index ? index - 1 : i]));
}

function choose(option) {
  index = options.indexOf(option);
  show();
  __md_set("__palette", { index });
}

try {
  index = __md_get("__palette")?.index ?? 0;
} catch {
  // A browser that keeps nothing: as the system is.
}
show();
light.addEventListener("change", show);
for (const option of options) {
  option.addEventListener("change", () => choose(option));
  option.addEventListener("keydown", ({ key }) => {
    if (key !== "Enter") return;
    choose(options[(index + 1) % options.length]);
    options[index].focus();
  });
}
