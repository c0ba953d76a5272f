#!/usr/bin/env bash
# Lunr 2.3.9, the search of mkdocs-material and of many documentation sites, loses words that end
# in digits or have one inside. It keeps its words as a graph and calls two states the same if
# their edges read the same: each letter and the number of the state that it leads to, run
# together. With a digit as the letter, "1" to 383 and "1" to 3, "8" to 3 both read 1383, and one
# state takes the place of the other. Which words are lost hangs on how many there are, so any
# edit may lose one or bring it back. There is no error.
#
# Here: 461 documents of one word each, "rd1", "rd8", "u1q" and 458 of three letters. Seen on
# Node 20.20.2:
#     rd1: 1 document   rd8: 1 document   u1q: 0 documents
#     with a comma between an edge and the next: 1, 1, 1
# Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund lunr@2.3.9
cat > ask.cjs <<'JAVASCRIPT'
const lunr = require("lunr");

const letters = [..."abcdefghijklmnopqrstuvwxyz"];
const others = letters.flatMap((one) => letters.map((two) => `s${one}${two}`)).slice(0, 458);
const asked = ["rd1", "rd8", "u1q"];

function found() {
  lunr.TokenSet._nextId = 1; // as in a new process
  const index = lunr(function () {
    this.ref("word");
    this.field("text");
    this.pipeline.reset(); // the words as they are
    this.searchPipeline.reset();
    for (const word of [...asked, ...others]) this.add({ word, text: word });
  });
  return asked.map((word) => index.search(word).filter(({ ref }) => ref === word).length);
}

const as_it_is = found();
lunr.TokenSet.prototype.toString = function () {
  const edges = Object.keys(this.edges).sort();
  return [this.final ? 1 : 0, ...edges.flatMap((one) => [one, this.edges[one].id])].join(",");
};
const apart = found();
console.log(`lunr ${lunr.version}:`, asked.join(" "), "→", as_it_is, "and with commas", apart);
process.exit(`${as_it_is} ${apart}` === "1,1,0 1,1,1" ? 0 : 1);
JAVASCRIPT
node ask.cjs
echo "as seen"
