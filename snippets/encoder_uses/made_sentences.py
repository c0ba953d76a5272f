"""Write practice sentences: templates, filled with names from our own lists."""

import random
import re
from pathlib import Path

from snippets.shared.tagging import read_names, tagged, words

random.seed(0)
names = read_names("snippets/encoder_uses/names.txt")
templates = open("snippets/encoder_uses/templates.txt").read().splitlines()
patterns = {
    "per": ["{first} {last}"] * 6 + ["{full}", "{first}", "{last}", "{last}"]
    + ["{first} {letter}. {last}", "{letter}. {last}", "{first} {last}-{last}"],
    "org": ["{organization}"] * 7 + ["{stem} {kind}"] * 4 + ["{last} {kind}"] * 2
    + ["{place} {kind}"] * 2 + ["{stem}", "{last} & {last}", "{last} & Sons"]
    + ["University of {place}", "Bank of {place}", "{letter}{letter}{letter}"],
    "loc": ["{place}"] * 12 + ["{last} {landmark}", "{first} {landmark}"]
    + ["{stem} {landmark}", "Lake {last}", "Mount {last}", "Port {last}"],
    "letter": list("ABCDEFGHIJKLMNOPRSTUVW"),
}  # fmt: skip
labels = {"per": "PER", "first": "PER", "last": "PER", "org": "ORG", "loc": "LOC"}
onsets = "b br ch d dr f g gr h j k l m n p qu r s sh st t tr v w y z th".split()
rimes = "a e i o u ai ou ie an el ir on ur esk ova eth il ard en".split()


def pick(kind):
    if kind in ("first", "last", "stem", "place") and random.random() < 0.25:
        made = "".join(random.choice(onsets) + random.choice(rimes) for _ in range(2))
        return (made + random.choice(rimes)).title()  # a name that nobody has
    return fill(random.choice(patterns.get(kind) or names[kind])).removeprefix("the ")


def fill(pattern):
    return re.sub(r"\{(\w+)\}", lambda slot: pick(slot[1]), pattern)


lines = []
for _ in range(2500):
    text, tags = [], []
    for before, slot in re.findall(r"([^{]*)(?:\{(\w+)\})?", random.choice(templates)):
        name = pick(slot) if slot else ""
        text += words(before) + words(name)
        tags += ["O"] * len(words(before))
        tags += tagged(name, labels.get(slot, "O")) if slot else []
    lines.append(" ".join(text) + "\t" + " ".join(tags))
Path("models/made-sentences").mkdir(exist_ok=True)
Path("models/made-sentences/train.tsv").write_text("\n".join(lines) + "\n", "utf-8")
made = len(lines)
print("\n".join(line.replace("\t", "\n") + "\n" for line in lines[1:4]))
