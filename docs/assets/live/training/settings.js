/** What a training may be told, and what it is told when nobody says otherwise: the program's own. */

/** As in the program, for half as long; and one with a quarter of the weights and larger steps, for a phone. */
export const SIZES = {
  whole: { width: 64, inner: 128, batch: 64, rate: 0.002 },
  small: { width: 32, inner: 64, batch: 32, rate: 0.01 },
};
/** `rate` is how many times that of the size. */
export const SETTINGS = { size: "whole", rate: 1, heads: 4, masked: true, scaled: true, seed: 1, steps: 300 };
