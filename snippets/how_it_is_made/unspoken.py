"""What the pages of this book do not understand, and what to write instead."""

from scripts.pages.refused import UNSPOKEN

print("| | as in | write instead |\n|---|---|---|")
for _, what, example, instead in UNSPOKEN:
    print(f"| {what} | `{example}` | {instead} |")
