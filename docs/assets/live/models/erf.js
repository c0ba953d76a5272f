/**
 * The error function. (1 + erf(x / √2)) / 2 is the probability that a standard normal is below x.
 * @param {number} bell e^(−x²), for who has it already
 */
export function erf(x, bell = Math.exp(-x * x)) {
  // Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 7.1.26: to 1.5e-7.
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const tail = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return Math.sign(x) * (1 - tail * bell);
}
