// The rules of a style sheet that can apply where these words occur:
//     node purge.mjs SHEET WORDS MADE
// PurgeCSS keeps a rule if each class, id, element and attribute that it names is among the words.
// Variables, fonts and animations stay.
import { readFileSync, writeFileSync } from "node:fs";
import { PurgeCSS } from "purgecss";

const [sheet, words, made] = process.argv.slice(2);
const raw = readFileSync(sheet, "utf-8");
// How the value of an attribute begins or ends is in no list of words. Only of colors, of which
// the theme has dozens and the book one, the values count.
const attributes = [...raw.matchAll(/\[([\w-]+)/g)].map(([, name]) => name);
const [{ css }] = await new PurgeCSS().purge({
  css: [{ raw }],
  content: [{ raw: readFileSync(words, "utf-8"), extension: "txt" }],
  dynamicAttributes: attributes.filter((name) => !name.startsWith("data-md-color-")),
});
writeFileSync(made, css);
