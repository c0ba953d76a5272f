/**
 * The loops that write text: one token after the other, or several beams side by side.
 *
 * Each is a generator, so that whoever runs it sees every step, and may stop between two.
 * `next` asks the model: a list of texts (ids) → the logits of the token after each.
 */
import { candidates, draw, largest, logSum, random } from "./sampling.js";

const SHOWN = 40; // candidates that a step tells, at most

/**
 * @typedef {{steps: number, stop?: number[], temperature?: number, topK?: number, topP?: number,
 *   seed?: number, beams?: number, lengthPenalty?: number, sum?: typeof logSum}} Settings   `sum`: a faster one
 * @typedef {{ids: number[], logProbabilities: number[]}} Written   the new tokens only
 */

/**
 * Greedy, or by chance: what the step adds, what else could have come, how many were kept.
 * @param {(texts: number[][]) => Float32Array[]} next
 * @param {number[]} prompt
 * @param {Settings & {method: "greedy" | "sample"}} settings
 * @returns {Generator<object, Written>}
 */
export function* write(next, prompt, { method, steps, stop = [], seed = 0, sum = logSum, ...settings }) {
  const chance = random(seed);
  const ids = [];
  const logProbabilities = [];
  while (ids.length < steps) {
    const [logits] = next([[...prompt, ...ids]]);
    const less = sum(logits); // of the model itself, whatever the temperature
    const kept = method === "greedy" ? null : candidates(logits, settings);
    const shown = kept
      ? largest(kept.probabilities, SHOWN).map((one) => ({ id: kept.ids[one.id], probability: one.value }))
      : largest(logits, SHOWN).map((one) => ({ id: one.id, probability: Math.exp(one.value - less) }));
    const id = kept ? draw(kept, chance) : shown[0].id;
    const logProbability = logits[id] - less;
    ids.push(id);
    logProbabilities.push(logProbability);
    yield { id, ids: [...ids], logProbability, candidates: shown, kept: kept?.ids.length ?? 1 };
    if (stop.includes(id)) break;
  }
  return { ids, logProbabilities };
}

/**
 * Beam search, as `generate(num_beams=…)` does it: of all continuations of all beams, the best
 * stay. A beam that ends goes to the finished ones, if it is among the best; the search is over
 * when the best open beam could no longer beat the worst of as many finished ones as beams.
 * @returns {Generator<object, Written>}
 */
export function* beamSearch(next, prompt, { steps, stop = [], beams: count = 4, lengthPenalty = 1, sum = logSum }) {
  let beams = [{ ids: [], logProbability: 0, logProbabilities: [] }];
  let finished = []; // best first, never more than `count`
  for (let length = 1; length <= steps; length++) {
    const logits = next(beams.map(({ ids }) => [...prompt, ...ids]));
    const wanted = Math.max(2, 1 + stop.length) * count;
    const continued = beams.flatMap((beam, parent) => {
      const less = sum(logits[parent]);
      return largest(logits[parent], wanted).map(({ id, value }) => ({
        id, parent, ids: [...beam.ids, id], logProbability: beam.logProbability + value - less,
        logProbabilities: [...beam.logProbabilities, value - less],
      })); // prettier-ignore
    });
    continued.sort((a, b) => b.logProbability - a.logProbability);
    const best = continued.slice(0, wanted);
    const ends = ({ id }) => stop.includes(id) || length === steps;
    const ended = best.slice(0, count).filter(ends).map((beam) => ({ ...beam, score: beam.logProbability / length ** lengthPenalty }));
    finished = [...finished, ...ended].sort((a, b) => b.score - a.score).slice(0, count);
    beams = best.filter((beam) => !ends(beam)).slice(0, count);
    const shown = length === steps ? best.slice(0, count) : beams;
    yield {
      beams: shown.map(({ ids, logProbability, parent }) => ({ ids, logProbability, parent })),
      candidates: best.map(({ id, parent, logProbability }) => ({ id, parent, logProbability })),
      finished: finished.map(({ ids, score }) => ({ ids, score })),
    };
    const hopeless = finished.length === count && beams[0]?.logProbability / length ** lengthPenalty <= finished.at(-1).score;
    if (!beams.length || hopeless) break;
  }
  const { ids, logProbabilities } = finished[0];
  return { ids, logProbabilities };
}
