"""The README: what it shows does what it says."""

import re
from pathlib import Path

from scripts.base import ROOT
from scripts.compute import runner

README = (ROOT / "README.md").read_text("utf-8")


def part(heading: str) -> str:
    """One section of the README."""
    return re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", README, re.M | re.S)[1]


def test_the_example_prints_what_it_says_and_has_the_values_that_it_names(book, tmp_path):
    text = part("Add a snippet in five lines")
    name = re.search(r"Write `snippets/(.+)\.py`", text)[1]
    program, printed = (re.search(rf"```{kind}\n(.*?)```", text, re.S)[1] for kind in ("python", "text"))
    lines = program.split('"""', 2)[2].split("\n")
    assert sum(bool(line) for line in lines) <= 5 and max(map(len, lines)) <= 88
    place = tmp_path / "snippets" / f"{name}.py"
    place.parent.mkdir(parents=True)
    place.write_text(program, "utf-8")
    (tmp_path / "models").symlink_to(ROOT / "models")
    small = runner.Book(tmp_path)
    assert runner.run(small, say=lambda line: None) == {}
    made = small.output(name, "txt").read_text("utf-8")
    assert made == printed
    assert re.fullmatch(r"[A-Z][\w ,.“”’]+\.\n", made), "words, no pieces of them, and a whole end"
    quoted = re.findall(r"\{\{ (\S+)\.(\w+) \}\}", text)
    assert quoted and {one for one, _ in quoted} == {name}
    assert {variable for _, variable in quoted} <= small.outcome(name).values.keys()
    shown = re.findall(r"(?:--8<-- \"|\(figures/)([\w/]+)\.", text)
    assert set(shown) == {name} and (ROOT / "docs" / Path(name).parent).with_suffix(".md").is_file()
