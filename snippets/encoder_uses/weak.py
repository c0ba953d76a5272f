"""Four real sentences, and the name that a list or a rule of ours marked in each."""

from snippets.shared.tagging import read_names, spans

names = read_names("snippets/encoder_uses/names.txt")
asked = {
    "Bellevue Hospital .": "a rule: capitals that end in *Hospital*",
    "Michael Caine whipping": "a rule: a first name of our list, then a capital",
    "Ford effortlessly": "the list of organizations",
    "Diane Lane shines": "a rule: capitals that end in *Lane*",
}
rows = open("models/found-sentences/train.tsv", encoding="utf-8").read().splitlines()
print("| words | label | where it comes from |\n|---|---|---|")
for part, reason in asked.items():
    text, tags = next(row.split("\t") for row in rows if part in row)
    text, place = text.split(), len(text.split(part)[0].split())
    begin, end, kind = next(name for name in spans(tags.split()) if name[0] == place)
    print(f"| {' '.join(text[begin:end])} | {kind} | {reason} |")
labels = [tag for row in rows for tag in row.split("\t")[1].split()]
open_share = labels.count("?") / len(labels)
