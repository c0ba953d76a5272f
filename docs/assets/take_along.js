// Figures as pixels, and a page on paper. Both are made here, in the reader's browser.

const SCALE = 4; // pixels a unit of the drawing

// Under each figure stands a link to its SVG file; beside it comes one that saves a PNG.
for (const link of document.querySelectorAll(".made-by a[href$='.svg']")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "png";
  button.textContent = "PNG";
  button.setAttribute("aria-label", link.getAttribute("aria-label").replace(phrase("SVG file"), phrase("Save PNG")));
  button.addEventListener("click", () => save(link.href, button));
  link.after(" · ", button);
}

async function save(address, button) {
  const drawing = new Image();
  drawing.src = address;
  try {
    await drawing.decode();
  } catch {
    button.textContent = phrase("PNG: the figure could not be loaded");
    return;
  }
  const canvas = document.createElement("canvas");
  canvas.width = drawing.naturalWidth * SCALE;
  canvas.height = drawing.naturalHeight * SCALE;
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(drawing, 0, 0, canvas.width, canvas.height);
  canvas.toBlob((pixels) => {
    const saved = document.createElement("a");
    saved.href = URL.createObjectURL(pixels);
    saved.download = new URL(address).pathname.split("/").slice(-2).join("-").replace(".svg", ".png");
    saved.click();
    setTimeout(() => URL.revokeObjectURL(saved.href), 1000);
  }, "image/png");
}

// On paper a link cannot be followed: each gets a number, and a list at the end its address.
addEventListener("beforeprint", () => {
  const page = document.querySelector(".md-content__inner");
  if (!page || page.querySelector(".printed-links")) return;
  const list = document.createElement("ol");
  const numbers = new Map();
  for (const link of page.querySelectorAll("a[href]")) {
    const own = link.href.split("#")[0] === location.href.split("#")[0];
    if (own || !link.textContent.trim() || link.closest(".made-by, .computed-by, .md-content__button")) continue;
    if (!numbers.has(link.href)) {
      numbers.set(link.href, numbers.size + 1);
      const item = document.createElement("li");
      item.textContent = link.href;
      list.append(item);
    }
    const mark = document.createElement("sup");
    mark.className = "printed-number";
    mark.textContent = `[${numbers.get(link.href)}]`;
    link.after(mark);
  }
  if (!numbers.size) return;
  const all = document.createElement("section");
  all.className = "printed-links";
  const title = document.createElement("h2");
  title.textContent = phrase("Links");
  all.append(title, list);
  page.append(all);
});

addEventListener("afterprint", () => {
  for (const added of document.querySelectorAll(".printed-links, .printed-number")) added.remove();
});
