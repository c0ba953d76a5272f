// The log-mel spectrogram of a sound, and under it, on the same line of time, where a head looked.

import { onScheme, paint } from "./heads.js";
import { el, svg } from "./parts.js";

const BANDS = 80;

/** The tenths around the strongest one that have at least half of its weight: [from, to), their share. */
export function around(row) {
  const peak = row.indexOf(Math.max(...row));
  const high = (at) => row[at] >= row[peak] / 2;
  let [from, to] = [peak, peak + 1];
  while (high(from - 1)) from--;
  while (high(to)) to++;
  return { peak, from, to, share: row.slice(from, to).reduce((a, b) => a + b, 0) };
}

/** @param {(tenth: number) => void} onpick called with the tenth of a second that is pressed */
export function hearing(onpick) {
  const face = el("canvas", { role: "img", width: 1, height: 1 });
  const here = el("div", { class: "live-here" });
  const drawing = svg("svg", { class: "live-looked", role: "img", preserveAspectRatio: "none" }, svg("path"));
  const axis = el("div", { class: "live-axis", "aria-hidden": "true" });
  const onclick = ({ clientX }) => {
    const { left, width } = node.getBoundingClientRect();
    if (shown) onpick(Math.min(Math.max(Math.floor(((clientX - left) / width) * shown.tenths), 0), shown.tenths - 1));
  };
  const node = el("div", { class: "live-sound", onclick }, face, here, drawing, axis);
  let shown;

  /** @param {Float32Array} features (frames, bands), a hundred frames a second */
  function draw(features) {
    const frames = features.length / BANDS;
    const [least, most] = [features.reduce((a, b) => Math.min(a, b)), features.reduce((a, b) => Math.max(a, b))];
    const map = new Float32Array(features.length / 2); // two frames are a column; high pitch is above
    features.forEach((value, i) => {
      const [frame, band] = [Math.floor(i / BANDS), i % BANDS];
      map[((BANDS - 1 - band) * frames) / 2 + (frame >> 1)] += (value - least) / (most - least) / 2;
    });
    shown = { map, columns: frames / 2, tenths: frames / 10 };
    repaint();
    const loudness = Array.from({ length: shown.tenths }, (_, i) => features.subarray(i * 10 * BANDS, (i + 1) * 10 * BANDS).reduce((a, b) => a + b));
    const loudest = loudness.indexOf(Math.max(...loudness)) / 10;
    face.setAttribute("aria-label", `Log-mel spectrogram of the sound: ${(shown.tenths / 10).toFixed(1)} seconds from left to right, 80 bands of pitch, the lowest at the bottom; loudest at ${loudest.toFixed(1)} seconds`);
    const seconds = shown.tenths / 10;
    const step = seconds > 12 ? 5 : 1;
    const marks = Array.from({ length: Math.ceil(seconds / step) }, (_, i) => i * step);
    axis.replaceChildren(...marks.map((second) => placed(el("span", {}, `${second} s`), second / seconds)));
    drawing.setAttribute("viewBox", `0 0 ${shown.tenths} 1`);
    follow([], "");
  }

  const placed = (mark, from, width = 0) => {
    mark.style.setProperty("left", `${100 * from}%`);
    if (width) mark.style.setProperty("width", `${100 * width}%`);
    return mark;
  };
  const repaint = () => paint(face, shown.map, shown.columns, 1, "--fig-muted");
  onScheme(() => shown && repaint());

  /** Shows one row of weights, a number for each tenth of a second. @param {string} says the same in words */
  function follow(row, says) {
    const most = Math.max(...row);
    const bars = Array.from(row, (weight, i) => `M${i} 1V${(1 - weight / most).toFixed(3)}h1V1z`);
    drawing.firstChild.setAttribute("d", bars.join(""));
    drawing.setAttribute("aria-label", says || "Nothing is written yet");
    here.hidden = !row.length;
    if (!row.length) return;
    const { from, to } = around(row);
    placed(here, from / row.length, (to - from) / row.length);
  }
  return { node, draw, follow };
}
