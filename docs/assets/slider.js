// A figure with several positions: a slider shows each in the place of the one that stands there.
// All are in the page already, as templates; see scripts/pages/slider.py. Every drawing has the size
// of the first, so nothing below ever moves. On paper the first one is back.

/** Put a slider under the drawing of a figure. */
function slide(figure, number) {
  const drawing = figure.querySelector(":scope > svg");
  const place = figure.querySelector(":scope > .slider");
  const [label, says] = place.children;
  const templates = [...figure.querySelectorAll("template.position")];
  const own = figure.querySelector("figcaption > .numbers"); // of the one that stands there
  const link = figure.querySelector(".made-by a[href$='.svg']");
  const file = link.getAttribute("href");
  const first = templates.findIndex(({ dataset }) => !dataset.alt);
  const positions = templates.map(({ content, dataset: { at, alt, maps } }, i) => {
    const drawn = i === first ? drawing : content.querySelector("svg");
    return {
      at, parts: [...drawn.childNodes],
      alt: i === first ? drawing.getAttribute("aria-label") : alt,
      maps: i === first ? figure.dataset.maps : maps,
      numbers: i === first ? own : content.querySelector(".numbers"),
      file: i === first ? file : file.replace(/svg$/, `${i}.svg`),
    };
  });

  const input = document.createElement("input");
  Object.assign(input, { type: "range", id: `slider-${number}`, min: 0, max: positions.length - 1, value: first });
  label.htmlFor = input.id;
  says.htmlFor = input.id;
  says.setAttribute("aria-live", "off"); // the slider itself says its value
  const heard = document.createElement("span");
  heard.className = "slider-heard";
  heard.setAttribute("role", "status");
  label.after(input);
  place.append(heard);

  let shown = first;
  function show(i) {
    const { at, parts, alt, maps, numbers, file } = positions[i];
    says.textContent = at;
    input.setAttribute("aria-valuetext", `${label.textContent} ${at}`);
    if (i === shown) return;
    drawing.replaceChildren(...parts);
    drawing.setAttribute("aria-label", alt);
    link.setAttribute("href", file);
    const before = positions[shown].numbers;
    if (numbers) {
      numbers.open = before.open; // of a folded table
      before.replaceWith(numbers);
      figure.dataset.maps = maps;
    }
    shown = i;
    figure.dispatchEvent(new Event("slid")); // see touch.js
  }

  input.addEventListener("input", () => {
    show(input.valueAsNumber);
    heard.textContent = positions[shown].alt;
  });
  matchMedia("print").addEventListener("change", ({ matches }) => show(matches ? first : input.valueAsNumber));
  show(first);
}

document.querySelectorAll("figure.computed:has(> .slider)").forEach(slide);
