"""What makes a snippet run again: a small book is changed, one thing at a time."""

import tempfile
from pathlib import Path

from scripts.compute.book import Book

idea, code = "snippets/chapter/idea.py", "from snippets import plots"
changes = {
    "a sentence of its page": ("docs/page.md", "A better sentence."),
    "the file, saved without a change": (idea, None),
    "another snippet": ("snippets/chapter/other.py", "print(2)"),
    "a comment in it": (idea, "# why\n" + code),
    "a shared module": ("snippets/plots.py", "BLUE = 'navy'"),
    "the style of the figures": ("snippets/house.mplstyle", "font.size: 9"),
}
print("| what is changed | its stamp changes |")
print("|---|---|")
again = 0
with tempfile.TemporaryDirectory() as folder:
    root = Path(folder)
    for name in ("docs", "snippets/chapter"):
        (root / name).mkdir(parents=True)
    (root / "docs/page.md").write_text("A sentence.")
    (root / idea).write_text(code)
    (root / "snippets/chapter/other.py").write_text("print(1)")
    (root / "snippets/plots.py").write_text("BLUE = 'blue'")
    (root / "snippets/house.mplstyle").write_text("font.size: 8")
    for what, (file, text) in changes.items():
        before = Book(root).stamp(Book(root).snippet("chapter/idea"))
        (root / file).write_text(text or (root / file).read_text())
        changed = Book(root).stamp(Book(root).snippet("chapter/idea")) != before
        again += changed
        print(f"| {what} | {'yes' if changed else 'no'} |")
tried, example = len(changes), before[:12]
