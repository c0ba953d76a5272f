/** From a sound to its words: how loud each pitch is, the encoder once, the decoder for each token. */
import { BANDS, FRAMES, logMel, RATE } from "./sound.js";

export { Whisper } from "./whisper.js";

const TENTH = 5; // positions of the encoder in a tenth of a second

/**
 * @param {import("./whisper.js").Whisper} model
 * @param {Float32Array} sound one channel, 16,000 samples a second
 * @param {import("./decoding.js").Settings} settings
 * @param {{signal: AbortSignal, tell: (event: object) => void, turn: () => Promise<void>,
 *   written: Function, decode: (ids: number[]) => string}} told  first {features}, (frames of the sound, bands); then {done}, from 0 to
 *   1, while the encoder reads; then each step of writing, with `piece`, the new token as text, `text`,
 *   all of them, and `looked`: for each head of each layer its weight on each tenth of a second of
 *   the sound. The rest of it fell on the silence after the sound.
 */
export async function hear(model, sound, settings, { signal, tell, turn, written, decode }) {
  const features = logMel(sound);
  const tenths = Math.min(Math.max(Math.ceil((sound.length * 10) / RATE), 1), FRAMES / 10);
  tell({ features: features.slice(0, 10 * tenths * BANDS) });
  let steps = 0;
  for (const _ of model.listen(features)) {
    tell({ done: ++steps / model.steps });
    await turn();
    signal.throwIfAborted();
  }
  /** What the query of the newest token has looked at; it was made at the token before. */
  const looked = () => {
    const rows = model.looked.length / model.positions;
    return Float32Array.from({ length: rows * tenths }, (_, i) => {
      const from = Math.floor(i / tenths) * model.positions + (i % tenths) * TENTH;
      return model.looked.subarray(from, from + TENTH).reduce((a, b) => a + b);
    });
  };
  const grown = (step) => {
    const words = step.ids.filter((id) => !settings.stop.includes(id));
    tell({ ...step, piece: decode([step.id]), text: words.length ? decode(words) : "", looked: looked() });
  };
  return written(([ids]) => [model.next(ids)], model.start, settings, { signal, tell: grown });
}
