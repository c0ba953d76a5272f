"""Label names in real sentences by lists and three rules; leave the rest open."""

import random
import re
from pathlib import Path

from snippets.shared.tagging import read_names, tagged, words

names = read_names("snippets/encoder_uses/names.txt")
known = {name: "PER" for name in names["full"]}
known |= {name.removeprefix("the "): "LOC" for name in names["place"]}
known |= {name.removeprefix("the "): "ORG" for name in names["organization"]}
rows = []
for kind in ("films", "news", "products", "tweets"):
    rows += open(f"models/rated-sentences/{kind}.tsv", encoding="utf-8")
texts = list(dict.fromkeys(row.split("\t")[1].strip() for row in rows))
common = {word for text in texts for word in words(text) if word.islower()}
capital = r"(?:(?:[A-Z]\.)+|[A-Z]\w+)"  # runs of such words may be names


def kind_of(run):
    first, last = run.split()[0], run.split()[-1]
    if run in known:
        return known[run]
    if first in names["first"] and 2 <= len(run.split()) <= 3:
        return "PER"
    if first != last and last in names["landmark"]:
        return "LOC"
    return "ORG" if first != last and last in names["kind"] else "?"


named, plain = [], []
for text in texts:
    found, tags = [], []
    for part in re.split(rf"({capital}(?: (?:of )?{capital})*)", text):
        if not found and part.split(" ")[0].lower() in common:  # opens the sentence
            found, (first, _, part) = words(part.split(" ")[0]), part.partition(" ")
            tags = ["O"] * len(found)
        kind = kind_of(part) if re.match(capital, part) else "O"
        found += words(part)
        tags += ["?"] * len(words(part)) if kind == "?" else tagged(part, kind)
    line = " ".join(found) + "\t" + " ".join(tags)
    if 4 < len(found) < 41 and tags.count("?") <= 0.3 * len(tags):
        (named if "B-" in line else plain if "?" not in tags else []).append(line)
random.seed(0)
lines = random.sample(named, 1600) + random.sample(plain, 300)
Path("models/found-sentences").mkdir(exist_ok=True)
Path("models/found-sentences/train.tsv").write_text("\n".join(lines) + "\n", "utf-8")
with_names, all_sentences = len(named), len(texts)
print("\n\n".join(line.replace("\t", "\n") for line in lines[:3]))
