/**
 * The tokenizers of the book's models, by the library for browsers (tokenizers.min.mjs).
 *
 * Where it differs from the library in Python, the rule is put in other words here, which both
 * understand alike: what a digit is and what a space is; Han characters beyond number 65,535; the
 * Σ at the end of a word, which Python writes small as any other; and the table by which en-pt
 * rewrites a text (charsmap.js).
 *
 * One difference stays. What is a mark, a punctuation sign or a control character, Python's
 * library looks up in the tables of Unicode 8, and a browser in its own, which are younger. So
 * MiniLM's rules treat some 650 rare characters differently, those that came or changed since:
 * U+061D, for one, ends a sentence here and is a letter there. To mend it, every page would need
 * the old tables.
 */
import { rewriter } from "./charsmap.js";
import { Tokenizer } from "../tokenizers.min.mjs";

const split = (words) => ({ type: "Split", pattern: { Regex: words }, behavior: "Isolated", invert: false });
// "Each digit on its own": all numbers there are, such as ٣ and ½, and not 0 to 9 alone.
const NUMBER = split("\\p{N}");
// Words of byte-level BPE. In JavaScript's own \s, U+FEFF is a space and U+0085 is none.
const WORDS = split("'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+");
// The same of the spaces around a text.
const STRIP = { type: "Replace", pattern: { Regex: "\\A\\s+|\\s+\\z" }, content: "" };

/** A rule in words that both libraries understand alike. */
function worded(rule) {
  for (const inner of ["pretokenizers", "normalizers"]) {
    if (rule?.[inner]) return { ...rule, [inner]: rule[inner].map(worded) };
  }
  if (rule?.type === "Digits" && rule.individual_digits) return NUMBER;
  if (rule?.type === "Strip") return STRIP;
  if (rule?.type !== "ByteLevel" || !rule.use_regex) return rule;
  return { type: "Sequence", pretokenizers: [WORDS, { ...rule, use_regex: false }] };
}

// The ranges of Python's library.
const RARE_HAN = /[\u{20000}-\u{2a6df}\u{2a700}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;

class BertTokenizer extends Tokenizer {
  encode(text, { text_pair: second = null, ...options } = {}) {
    const worded = (one) => one && one.replace(RARE_HAN, " $& ").replaceAll("Σ", "σ");
    return super.encode(worded(text), { ...options, text_pair: worded(second) });
  }
}

/** All pieces, found by their letters in one map. The library's own tree of letters grows to 50 MB. */
function lookUp(model, pieces) {
  model.vocab = pieces.map(([piece]) => piece);
  model.scores = pieces.map(([, score]) => score);
  model.unk_score = model.scores[model.unk_token_id] = Math.min(...model.scores) - 10;
  const ids = (model.tokens_to_ids = new Map(model.vocab.map((piece, id) => [piece, id])));
  const longest = Math.max(...model.vocab.map(({ length }) => length));
  model.trie.common_prefix_search = function* (letters, from) {
    for (let piece = ""; from < letters.length && piece.length < longest; ) {
      if (ids.has((piece += letters[from++]))) yield piece;
    }
  };
}

/**
 * @param {object} definition tokenizer.json of the model
 * @param {object} config tokenizer_config.json of the model
 */
export function makeTokenizer(definition, config) {
  const Made = definition.normalizer?.handle_chinese_chars ? BertTokenizer : Tokenizer;
  const [first, ...rest] = definition.normalizer?.normalizers ?? [];
  const table = first?.type === "Precompiled" ? first.precompiled_charsmap : null;
  const pieces = definition.model.type === "Unigram" ? definition.model.vocab : null;
  const model = pieces ? { ...definition.model, vocab: pieces.slice(0, 2) } : definition.model;
  const normalizer = worded(table ? { ...definition.normalizer, normalizers: rest } : definition.normalizer);
  const made = new Made({ ...definition, model, normalizer, pre_tokenizer: worded(definition.pre_tokenizer) }, config);
  if (table) {
    const [rewrite, next] = [rewriter(table), made.normalizer];
    made.normalizer = (text) => next(rewrite(text));
  }
  if (pieces) lookUp(made.model, pieces);
  // Its tables are made: of the file that they were made from, only the short settings are kept.
  const { vocab, merges, ...settings } = made.model.config;
  made.model.config = settings;
  made.tokenizer = made.model.merges = null;
  return made;
}
