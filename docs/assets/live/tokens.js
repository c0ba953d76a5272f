/**
 * The tokenizers of the book's models, by the library for browsers (tokenizers.min.mjs).
 *
 * In two points it differs from the library in Python, and both are mended here. For the rule
 * "each digit on its own" it takes 0 to 9 for digits, Python all numbers there are, such as ٣
 * and ½: that rule is put in other words, which both understand alike. And where every Han
 * character is to stand alone, it overlooks those beyond number 65,535: they get spaces here.
 *
 * One difference stays. What is a mark, a punctuation sign or a control character, Python's
 * library looks up in the tables of Unicode 8, and a browser in its own, which are younger. So
 * MiniLM's rules treat some 650 rare characters differently, those that came or changed since:
 * U+061D, for one, ends a sentence here and is a letter there. To mend it, every page would need
 * the old tables. For the same reason, a few dozen differ in en-pt; in SmolLM2 none do.
 */
import { Tokenizer } from "./tokenizers.min.mjs";

const NUMBER = { type: "Split", pattern: { Regex: "\\p{N}" }, behavior: "Isolated", invert: false };

// The ranges of Python's library.
const RARE_HAN = /[\u{20000}-\u{2a6df}\u{2a700}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;

class SpacingTokenizer extends Tokenizer {
  encode(text, { text_pair: second = null, ...options } = {}) {
    const spaced = (one) => one && one.replace(RARE_HAN, " $& ");
    return super.encode(spaced(text), { ...options, text_pair: spaced(second) });
  }
}

/**
 * @param {object} definition tokenizer.json of the model
 * @param {object} config tokenizer_config.json of the model
 */
export function makeTokenizer(definition, config) {
  const worded = (rule) => {
    if (rule?.pretokenizers) return { ...rule, pretokenizers: rule.pretokenizers.map(worded) };
    return rule?.type === "Digits" && rule.individual_digits ? NUMBER : rule;
  };
  const Made = definition.normalizer?.handle_chinese_chars ? SpacingTokenizer : Tokenizer;
  return new Made({ ...definition, pre_tokenizer: worded(definition.pre_tokenizer) }, config);
}
