/**
 * A training runs here, and the page stays smooth.
 *
 * The first message has its settings, each other one says how many steps to go: Infinity, or 0 to
 * pause. The answers are what the page shows: {done, running, losses: those since the answer before,
 * written, map}, or {error}. Who wants another training begins another worker: with this one ends all
 * that it kept.
 */
import { Kernel } from "../engine/kernel.js";
import { Training } from "./training.js";

const WAIT = 250; // milliseconds from one answer to the next

let training;
let left = 0; // steps to go
let under = false; // is it under way?
let losses = [];

function tell() {
  self.postMessage({ done: training.done, running: left > 0, losses, ...training.look() });
  losses = [];
}

async function go() {
  if (under) return;
  under = true;
  const { steps } = training.settings;
  for (let told = performance.now(); left > 0; ) {
    losses.push(training.step());
    left = training.done < steps ? left - 1 : 0;
    if (performance.now() - told < WAIT) continue;
    tell();
    await new Promise((go) => setTimeout(go)); // lets messages in, such as one that says pause
    told = performance.now();
  }
  under = false;
  tell();
}

async function file(path) {
  const response = await fetch(new URL(`../${path}`, import.meta.url));
  if (!response.ok) throw new Error(`the site answered ${response.status}`);
  return response.arrayBuffer();
}

let begun; // a promise of the training: who presses early is not forgotten
self.onmessage = async ({ data: { settings, go: steps } }) => {
  try {
    if (settings) begun = Kernel.fetch(file).then((wasm) => Training.create(settings, wasm));
    else left = steps;
    training = await begun;
    if (settings) tell();
    else await go();
  } catch (error) {
    self.postMessage({ error: error.message });
  }
};
