/**
 * Rotary positions: each pair of numbers is a point in a plane, and turns with the position.
 *
 * GGUF has the two numbers of a pair side by side; PyTorch's file has number i and number
 * i + half. The dot product of a query and a key is the same.
 */

/**
 * Cosine and sine of each pair's angle, side by side; pairs turn at speeds from 1 to almost 0.
 * @returns {Float64Array} (headWidth)
 */
export function angles(position, headWidth, theta) {
  const turns = new Float64Array(headWidth);
  for (let i = 0; i < headWidth; i += 2) {
    const angle = position * theta ** (-i / headWidth);
    [turns[i], turns[i + 1]] = [Math.cos(angle), Math.sin(angle)];
  }
  return turns;
}

/** Turns every head's part of a query or key, in place. */
export function rotate(row, headWidth, turns) {
  for (let at = 0; at < row.length; at += headWidth) {
    for (let i = 0; i < headWidth; i += 2) {
      const cos = turns[i];
      const sin = turns[i + 1];
      const first = row[at + i]; // four names, not two pairs: a pair would be a new array each time
      const second = row[at + i + 1];
      row[at + i] = first * cos - second * sin;
      row[at + i + 1] = second * cos + first * sin;
    }
  }
}
