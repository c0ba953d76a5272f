// The loss of a training as a line that grows, on a logarithmic scale; that of the one before in gray.

import { svg } from "./parts.js";

const [WIDTH, HEIGHT, LEFT, BELOW] = [320, 130, 34, 16];
const [TOP, LEAST] = [10, 0.001]; // what the scale shows

/** @param {number} steps how many there will be */
export function curve(steps) {
  const x = (step) => LEFT + (step / steps) * (WIDTH - LEFT - 6);
  const y = (loss) => ((HEIGHT - BELOW) * Math.log(TOP / Math.max(loss, LEAST))) / Math.log(TOP / LEAST);
  const label = (at, high, anchor, words) => svg("text", { x: at, y: high, "text-anchor": anchor }, words);
  const scale = [1, 0.1, 0.01, 0.001].map((loss) => [svg("path", { d: `M${LEFT} ${y(loss)}H${WIDTH - 6}` }), label(LEFT - 4, y(loss) + 3, "end", String(loss))]);
  const ends = [0, steps / 2, steps].map((step) => label(x(step), HEIGHT - 3, step ? (step < steps ? "middle" : "end") : "start", step ? String(step) : "step 0"));
  const [before, now] = ["live-before", "live-now"].map((name) => svg("path", { class: name }));
  const node = svg("svg", { class: "live-curve", role: "img", viewBox: `0 0 ${WIDTH} ${HEIGHT}` }, scale.flat(), ends, before, now);
  const line = (losses) => losses.map((loss, i) => `${i ? "L" : "M"}${x(i).toFixed(1)} ${y(loss).toFixed(1)}`).join("");
  /** @param {number[]} losses @param {number[]} earlier */
  const draw = (losses, earlier) => {
    now.setAttribute("d", line(losses));
    before.setAttribute("d", line(earlier));
    const says = (all) => (all.length ? `from ${all[0].toFixed(2)} at the first step to ${all.at(-1).toPrecision(2)} after ${all.length}` : "no step yet");
    node.setAttribute("aria-label", `The loss, ${says(losses)}${earlier.length ? `; in the training before, ${says(earlier)}` : ""}`);
  };
  return { node, draw };
}
