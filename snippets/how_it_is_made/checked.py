"""A page with seven mistakes, a snippet on no page, and what the build says to each."""

import tempfile
import textwrap
from pathlib import Path

from scripts.compute.book import Book, Outcome
from scripts.pages.chapter import check

page = """# A page
The head looks back with a weight of 0.94.
The spread is {{ chapter/idea.spred:.2f }}.
![A map](figures/chapter/idea.svg "Layer 1")
'''python
print("typed into the page")
'''
"""
page = page.replace("'''", "`" * 3)  # written out, they would end this listing
page += "--8<" + '-- "chapter/idee.txt"'  # in two parts, or it would be included here
with tempfile.TemporaryDirectory() as folder:
    root = Path(folder)
    (root / "snippets/chapter").mkdir(parents=True)
    (root / "snippets/chapter/idea.py").write_text("spread = 1.0")
    (root / "snippets/chapter/forgotten.py").write_text("print(1)")
    (root / "docs").mkdir()
    (root / "docs/page.md").write_text(page)
    book = Book(root)
    book.outcome = lambda name: Outcome("", values={"spread": 1.0})
    sentences = check(book, root / "docs")
for sentence in sentences:
    print(textwrap.fill(sentence, 43, subsequent_indent="    "))
found = len(sentences)
