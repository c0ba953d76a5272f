/**
 * SentencePiece's table of characters, by which en-pt rewrites a text before it cuts it.
 *
 * The library for browsers has Unicode's NFKC in its place, which composes and reorders marks
 * along a text. The table knows no neighbors but those within one character as a reader sees it
 * (a "grapheme"), and Python's library reads it in a way of its own: of what is found at the
 * beginning of a short grapheme, the shortest stands for all of it. So does this.
 *
 *     size of the trie in bytes, then the trie, then the new texts, each with a zero byte after it
 *
 * The trie is a "double array" (Darts-clone by Susumu Yata): a unit of 32 bits tells where its
 * children are, which byte leads to it, and whether a text ends here.
 */

const LONGEST = 6; // bytes from which on a grapheme is taken apart

/** @param {string} charsmap in base64 @returns {(text: string) => string} */
export function rewriter(charsmap) {
  const bytes = Uint8Array.from(atob(charsmap), (one) => one.charCodeAt(0));
  const size = new DataView(bytes.buffer).getUint32(0, true);
  const units = new Uint32Array(bytes.buffer.slice(4, 4 + size));
  const texts = bytes.subarray(4 + size);
  const [encoder, decoder] = [new TextEncoder(), new TextDecoder()];
  const children = (unit) => (unit >>> 10) << ((unit & 512) >>> 6);

  /** The new text for the shortest beginning that the table has, or undefined. */
  function found(key) {
    let at = children(units[0]);
    for (const byte of key) {
      at ^= byte;
      const unit = units[at];
      if (byte === 0 || (unit & 0x800000ff) !== byte) return undefined;
      at ^= children(unit);
      if ((unit & 256) === 0) continue;
      const start = units[at] & 0x7fffffff;
      return decoder.decode(texts.subarray(start, texts.indexOf(0, start)));
    }
  }

  const rewritten = (grapheme) => {
    const key = encoder.encode(grapheme);
    const whole = key.length < LONGEST ? found(key) : undefined;
    return whole ?? Array.from(grapheme, (one) => found(encoder.encode(one)) ?? one).join("");
  };
  return (text) => graphemes(text).map(rewritten).join("");
}

/** A text in characters as readers see them; where a browser cannot tell, a sign and its marks. */
function graphemes(text) {
  if (!Intl.Segmenter) return text.match(/\r\n|\P{M}\p{M}*|\p{M}+/gu) ?? [];
  const cutter = new Intl.Segmenter("en", { granularity: "grapheme" });
  return Array.from(cutter.segment(text), ({ segment }) => segment);
}
