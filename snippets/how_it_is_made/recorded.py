"""The build against its bare parts, as `scripts benchmark --record` has measured it."""

import json
from pathlib import Path

text = Path("snippets/how_it_is_made/benchmark.json").read_text("utf-8")
record = json.loads(text)
print("\n".join(record["table"]))
date, system = record["date"], record["system"]
snippets, cores = record["snippets"], record["cores"]
