// TeX → MathML: formulas.mjs temml.mjs < [[TeX, display?], …] > [{math, line} or {error}, …]
// Temml does it. `mend` changes what one of three browsers would draw worse than TeX.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const temml = (await import(pathToFileURL(process.argv[2]))).default;
const COLORS = ["query", "key", "value", "weight", "kept", "cut", "muted", "warm", "cool"];
const STYLED = /^(accent|tml-(left|right|jot|(sml|med|lrg)-pad)|mathcal|)$/; // see book.css
const SCRIPTED = /^m(sub|sup|under|over)/;

function mend(node) {
  // The invisible sign after "log": Firefox would set a space for it, beside the one that is there.
  node.children &&= node.children.filter((one) => one.children?.[0]?.text !== "\u2061");
  const { type, style, classes, attributes, children = [], constructor: Node } = node;
  children.forEach(mend);
  if (style?.color) classes.push(style.color);
  delete style?.color;
  if (children.map((one) => one.type).join() === "mspace,mo,mspace") tighten(children[1]);
  if (SCRIPTED.test(type)) mendScripts(node, children, children.slice(1), Node);
  if (!/^m(row|style|ath|padded|sqrt|td)$/.test(type)) return;
  for (let at = children.length - 1; at >= 0; at--) {
    // TeX sets a thin space around a sum and around \left( \right), but not beside an operator.
    const core = inside(children[at]);
    const sum = core.attributes?.movablelimits === "false" && children[at] !== core;
    if (sum) tighten(core); // WebKit would set the space between the sum and its index
    if (!sum && core.children?.[0]?.attributes?.stretchy !== "true") continue;
    const thin = () => Object.assign(new Node("mspace"), { attributes: { width: "0.1667em" } });
    const [before, after] = [children[at - 1], children[at + 1]];
    if (after && !/mo|mspace/.test(end(after, 0))) children.splice(at + 1, 0, thin());
    if (before && !/mo|mspace/.test(end(before, -1))) children.splice(at, 0, thin());
  }
}

function mendScripts(node, children, scripts, Node) {
  if (scripts[0].style["math-depth"] === 0) {
    delete scripts[0].style["math-depth"]; // a brace, which is no small sign over a letter
    node.attributes[node.type === "mover" ? "accent" : "accentunder"] = "true";
  } else scripts.forEach(tighten);
  for (const one of scripts) {
    const high = one.classes.some((name) => /^wbk-.*acc$/.test(name)); // in WebKit
    one.classes = one.classes.filter((name) => !/^(chr|wbk)-|-vec$/.test(name));
    if (high) one.classes.push("accent");
  }
  const last = scripts.at(-1);
  const primes = last.type === "mrow" ? last.children : [last];
  if (!primes.length || !primes.every((one) => one.classes?.includes("tml-prime"))) return;
  const base = scripts.length > 1 ? [new Node("msub", children.slice(0, 2))] : [children[0]];
  for (const prime of primes) prime.classes = []; // its character is raised already
  Object.assign(node, { type: "mrow", children: [...base, ...primes] });
}

function tighten({ type, attributes, children = [] }) {
  if (type === "mo") Object.assign(attributes, { lspace: "0", rspace: "0" });
  children.forEach(tighten);
}

function inside(node) {
  const one = SCRIPTED.test(node.type) || (node.type === "mrow" && node.children.length === 1);
  return one ? inside(node.children[0]) : node;
}

function end({ type, children }, at) {
  return type === "mrow" && children.length ? end(children.at(at), at) : type;
}

function line({ type, text, children = [] }) { // x_i^2/(n−1): for the search, and for titles
  const parts = children.map(line);
  const [core, ...rest] = parts.map((part) => (/^(\w*|.)$/u.test(part) ? part : `(${part})`));
  const signs = { msup: "^", mover: "^", msub: "_", munder: "_" }[type] ?? "_^";
  const scripts = rest.map((part, at) => (/[⏞⏟]/.test(part) ? "" : signs[at] + part));
  if (SCRIPTED.test(type)) return parts[0] + scripts.join("");
  if (type === "mfrac") return `${core}/${rest}`;
  if (type === "msqrt") return `√${parts.length > 1 ? `(${parts.join("")})` : core}`;
  if (type === "mroot") return `√[${parts[1]}]${core}`;
  return text ?? (type === "mspace" ? " " : parts.join({ mtr: " ", mtable: "; " }[type] ?? ""));
}

function convert([tex, displayMode]) {
  try {
    if (!tex.trim()) throw Error("it is empty");
    if (/(?<!\\)%/.test(tex)) throw Error("what follows a % is lost; write \\%");
    for (const [, name] of tex.matchAll(/\\(?:text|f?)color(?:box)?\s*\{(.*?)\}/g))
      if (!COLORS.includes(name)) throw Error(`unknown color ${name}; there are ${COLORS}`);
    const tree = temml.__renderToMathMLTree(tex, { displayMode, throwOnError: true });
    Object.assign(tree, { classes: [], style: {} }); // browsers know display="block"
    mend(tree);
    const math = tree.toMarkup().normalize(); // "≠" is one character
    if (/<mi mathvariant="normal">\w<\/mi><mspace><\/mspace><\/mrow><mrow><mi math/.test(math))
      throw Error("a name of several words is spelled letter by letter; write \\text{…}");
    for (const name of [...math.matchAll(/ class="(.*?)"/g)].flatMap((one) => one[1].split(" ")))
      if (!COLORS.includes(name) && !STYLED.test(name)) throw Error(`no style for ${name}`);
    return { math, line: line(tree) };
  } catch (error) {
    return { error: error.message.split(/ (?:at position|at end of input)/)[0].trim() };
  }
}

console.log(JSON.stringify(JSON.parse(readFileSync(0)).map(convert)));
