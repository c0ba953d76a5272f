// The loss of a training as a line that grows, on a logarithmic scale; that of the one before in gray.

import { svg } from "./parts.js";

const [WIDTH, HEIGHT, LEFT, RIGHT, BELOW] = [320, 130, 34, 6, 16];
const [TOP, LEAST] = [10, 0.001]; // what the scale shows

const y = (loss) => ((HEIGHT - BELOW) * Math.log(TOP / Math.min(Math.max(loss, LEAST), TOP))) / Math.log(TOP / LEAST);
const word = (x, y, anchor, words) => svg("text", { x, y, "text-anchor": anchor }, words);
const says = (losses) => losses.length ? `from ${losses[0].toFixed(2)} at the first step to ${losses.at(-1).toPrecision(2)} at step ${losses.length}` : "no step yet";

/** @param {number} steps how many there will be */
export function curve(steps) {
  const x = (step) => LEFT + (step / steps) * (WIDTH - LEFT - RIGHT);
  const scale = [1, 0.1, 0.01, 0.001].flatMap((loss) => [svg("path", { d: `M${LEFT} ${y(loss)}H${WIDTH - RIGHT}` }), word(LEFT - 4, y(loss) + 3, "end", String(loss))]);
  const name = word(LEFT - 4, 8, "end", "loss");
  const ends = [["start", "step 0", 0], ["middle", steps / 2, steps / 2], ["end", steps, steps]].map(([anchor, says, step]) => word(x(step), HEIGHT - 3, anchor, String(says)));
  const [earlier, now] = ["live-before", "live-now"].map((name) => svg("path", { class: name }));
  const node = svg("svg", { class: "live-curve", role: "img", viewBox: `0 0 ${WIDTH} ${HEIGHT}` }, scale, name, ends, earlier, now);
  const line = (losses) => losses.map((loss, i) => `${i ? "L" : "M"}${x(i + 1).toFixed(1)} ${y(loss).toFixed(1)}`).join("");

  /** @param {number[]} losses @param {number[]} before those of another training */
  function draw(losses, before) {
    now.setAttribute("d", line(losses));
    earlier.setAttribute("d", line(before));
    node.setAttribute("aria-label", `The loss, ${says(losses)}${before.length ? `; in the training before, ${says(before)}` : ""}`);
  }
  return { node, draw };
}
