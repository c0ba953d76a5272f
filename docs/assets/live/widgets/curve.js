// The loss of a training as a line that grows, on a logarithmic scale; that of the one before in gray.

import { svg } from "./parts.js";

const [WIDTH, HEIGHT, LEFT, RIGHT, BELOW] = [320, 130, 34, 6, 16];
const [TOP, LEAST] = [10, 0.001]; // what the scale shows

const y = (loss) => ((HEIGHT - BELOW) * Math.log(TOP / Math.max(loss, LEAST))) / Math.log(TOP / LEAST);
const word = (x, y, anchor, words) => svg("text", { x, y, "text-anchor": anchor }, words);
const says = (losses) => losses.length ? `from ${losses[0].toFixed(2)} at the first step to ${losses.at(-1).toPrecision(2)} at step ${losses.length}` : "no step yet";

export function curve() {
  const scale = [1, 0.1, 0.01, 0.001].map((loss) => [svg("path", { d: `M${LEFT} ${y(loss)}H${WIDTH - RIGHT}` }), word(LEFT - 4, y(loss) + 3, "end", String(loss))]);
  const [middle, end] = [word((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 3, "middle"), word(WIDTH - RIGHT, HEIGHT - 3, "end")];
  const [earlier, now] = ["live-before", "live-now"].map((name) => svg("path", { class: name }));
  const node = svg("svg", { class: "live-curve", role: "img", viewBox: `0 0 ${WIDTH} ${HEIGHT}` },
    scale.flat(), word(LEFT, HEIGHT - 3, "start", "step 0"), middle, end, earlier, now); // prettier-ignore

  /** @param {number[]} losses @param {number[]} before those of another training @param {number} steps the scale's end */
  function draw(losses, before, steps) {
    const x = (step) => LEFT + (step / steps) * (WIDTH - LEFT - RIGHT);
    const line = (all) => all.slice(0, steps).map((loss, i) => `${i ? "L" : "M"}${x(i + 1).toFixed(1)} ${y(loss).toFixed(1)}`).join("");
    [middle.textContent, end.textContent] = [String(steps / 2), String(steps)];
    now.setAttribute("d", line(losses));
    earlier.setAttribute("d", line(before));
    node.setAttribute("aria-label", `The loss, ${says(losses)}${before.length ? `; in the training before, ${says(before)}` : ""}`);
  }
  return { node, draw };
}
