"""The build against its bare parts, as `scripts benchmark --record` has measured it."""

import json
from pathlib import Path

text = Path("snippets/how_it_is_made/benchmark.json").read_text("utf-8")
record = json.loads(text)
print("\n".join(record["table"]))
date, system = record["date"], record["system"]
snippets, cores = record["snippets"], record["cores"]
_row = next(row for row in record["table"] if "under serve" in row)
_ours, _bare = (float(cell.split()[0]) for cell in _row.split("|")[2:4])
under_serve = _ours / _bare
