// A large drawing comes in parts, so that the page answers its reader in between.

/** The page is painted and answers its reader, and then the work goes on. Nobody paints a page that is hidden. */
export const breath = () => new Promise((go) => {
  requestAnimationFrame(() => setTimeout(go));
  setTimeout(go, 100);
}); // prettier-ignore

const AT_ONCE = 500; // elements: a slow machine needs some 20 ms to make, to style and to paint them

/**
 * Fills the rows of a drawing, some in each frame; those of a small one all at once.
 * @param {Element[]} rows @param {number} each elements that one gets
 * @param {(row: Element, i: number) => void} fill
 * @param {boolean} whole all at once, however many
 */
export async function inFrames(rows, each, fill, whole = false) {
  const some = whole ? rows.length : Math.ceil(AT_ONCE / each);
  for (const [i, row] of rows.entries()) {
    if (i && i % some === 0) await breath();
    if (i >= some && !row.isConnected) return; // another drawing has taken its place
    fill(row, i);
  }
}
