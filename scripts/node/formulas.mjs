// TeX → MathML: formulas.mjs TEMML < [[TeX, display?], …] > [{math, line} or {error}, …]
import { readFileSync } from "node:fs";

const { default: temml } = await import(process.argv[2]);
// Colors with names, names of several words, and a sign that is raised already.
const MACROS = { "\\textcolor": "\\class{#1}{#2}", "\\mathrm": "\\text{#1}", "'": "\\mathord{′}" };
const COLORS = ["query", "key", "value", "weight", "kept", "cut", "muted", "warm", "cool"];
const STYLED = /^(tml-(display|left|right|jot|vec|(sml|med|lrg)-pad)|mathcal|(chr|wbk)-.*)$/;
const LINES = { mfrac: "(0)/(1)", msqrt: "√(0)", mroot: "√[1](0)", // see `line`
  msub: "0_(1)", msup: "0^(1)", msubsup: "0_(1)^(2)", mspace: " " };

// Signs in an index stand close, and so do a sum and its index; some spaces would come twice.
function mend({ type, attributes, classes = [], children = [] }, close) {
  const strange = classes.find((name) => !COLORS.includes(name) && !STYLED.test(name));
  if (strange) throw Error(`formulas.css has no style for ${strange}; the colors are ${COLORS}`);
  if (type === "mo" && (close || attributes.movablelimits))
    Object.assign(attributes, { lspace: "0", rspace: "0" });
  if (children[1]?.style?.["math-depth"] != null) // Firefox wants to be told of accents
    attributes[type === "mover" ? "accent" : "accentunder"] = "true";
  const twice = children.map((one) => one.type).join() === "mspace,mo,mspace";
  const scripted = /^m(sub|sup|under|over)/.test(type);
  children.forEach((one, at) => mend(one, close || twice || (scripted && at > 0)));
}

// x_i^2/(n−1): for the search, and for titles. Only words and single signs need no brackets.
function line({ type = "", text = "", children = [] }) {
  const parts = children.map(line);
  const form = LINES[type.replace("under", "sub").replace("over", "sup")];
  if (!form) return text + parts.join({ mtr: " ", mtable: "; " }[type] ?? "");
  const part = (at) => (/^(\w*|.)$/u.test(parts[at]) ? parts[at] : `(${parts[at]})`);
  const said = form.replace(/\((\d)\)|\d/g, (one, at) => (at ? part(at) : parts[one]));
  return said.replace(/[_^][⏞⏟]/, "").replace(/^∑.*/, "$& ");
}

function convert([tex, displayMode]) {
  const trust = ({ command }) => command === "\\class";
  try {
    if (!tex.trim()) throw Error("it is empty");
    if (/(?<!\\)%/.test(tex)) throw Error("what follows a % is lost; write \\%");
    if (/\\f?color/.test(tex)) throw Error("a color is written \\textcolor{query}{Q}");
    const settings = { displayMode, trust, throwOnError: true, macros: { ...MACROS } };
    const tree = temml.__renderToMathMLTree(tex, settings);
    mend(tree); // and "≠" is one sign, but no sign says that a function is applied
    const whole = (text) => text.normalize().replace(/<mo>\u2061<\/mo>|\u2061/g, "");
    return { math: whole(tree.toMarkup()), line: whole(line(tree)) };
  } catch (error) {
    return { error: error.message.split(/ (?:at position|at end of input)/)[0].trim() };
  }
}

console.log(JSON.stringify(JSON.parse(readFileSync(0)).map(convert)));
