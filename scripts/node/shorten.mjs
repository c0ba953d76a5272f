// Scripts without comments and spaces: shorten.mjs TERSER < {name: text} > {name: {short} or {error}}
// Names stay, and a line for each statement: what a browser says of an error can be read.
import { readFileSync } from "node:fs";

const { minify } = await import(process.argv[2]);
const format = { comments: false, ecma: 2020, semicolons: false };

async function shorten(text) {
  try {
    const { code } = await minify(text, { module: true, compress: false, mangle: false, format });
    return { short: code.trim() };
  } catch ({ message, line }) {
    return { error: `line ${line}: ${message}` };
  }
}

const given = Object.entries(JSON.parse(readFileSync(0, "utf-8")));
const made = await Promise.all(given.map(async ([name, text]) => [name, await shorten(text)]));
console.log(JSON.stringify(Object.fromEntries(made)));
