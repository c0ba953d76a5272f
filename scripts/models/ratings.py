"""Not a model: an archive of rated sentences."""

from __future__ import annotations

import html
import tarfile
from pathlib import Path

from scripts.models.recipe import Source, recipe


@recipe("ratings", "archive")
def make_from_ratings(source: Source, target: Path) -> None:
    """Sentences that people have rated, one a line: mean rating, a tab, the sentence.

    The archive is that of Hutto and Gilbert, 2014; each kind of text becomes a file.
    """
    kinds = {
        "films": "movieReviewSnippets",
        "products": "amazonReviewSnippets",
        "news": "nytEditorialSnippets",
        "tweets": "tweets",
    }
    with tarfile.open(source["archive"]) as archive:
        for kind, name in kinds.items():
            packed = archive.extractfile(f"hutto_ICWSM_2014/{name}_GroundTruth.txt")
            rows = packed.read().decode().strip().split("\r\n")
            kept = []
            for _, rating, text in (row.split("\t") for row in rows):
                text = html.unescape(text).replace("''", '"')
                kept.append(f"{float(rating):.3f}\t{' '.join(text.split())}\n")
            (target / f"{kind}.tsv").write_bytes("".join(kept).encode())
