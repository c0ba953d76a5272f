/**
 * The tokenizers of the book's models, by the library for browsers (tokenizers.min.mjs).
 *
 * In one point it differs from the library in Python: for the rule "each digit on its own" it
 * takes 0 to 9 for digits, Python all numbers there are, such as ٣ and ½. So that rule is
 * put in other words, which both understand alike.
 */
import { Tokenizer } from "./tokenizers.min.mjs";

const NUMBER = { type: "Split", pattern: { Regex: "\\p{N}" }, behavior: "Isolated", invert: false };

/**
 * @param {object} definition tokenizer.json of the model
 * @param {object} config tokenizer_config.json of the model
 */
export function makeTokenizer(definition, config) {
  const worded = (rule) => {
    if (rule?.pretokenizers) return { ...rule, pretokenizers: rule.pretokenizers.map(worded) };
    return rule?.type === "Digits" && rule.individual_digits ? NUMBER : rule;
  };
  return new Tokenizer({ ...definition, pre_tokenizer: worded(definition.pre_tokenizer) }, config);
}
