"""Bounds in sentences: "at least 53%" is false of 0.527, although 0.527 is 53% when rounded.

So a value may be rounded to one side, `{{ chapter/idea.lowest:.0% down}}`, and the build names a
bound that rounding has made false.
"""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

SIDED = re.compile(r"(?P<plain>,?\.(?P<digits>\d+)(?P<kind>[f%])) (?P<side>up|down)")
PLAIN = re.compile(r",?\.\d+[f%]")
SIDES = {"up": ROUND_CEILING, "down": ROUND_FLOOR}
BEFORE = re.compile(
    r"\b(?:(?P<down>at least|(?:no|not) less than|more than)|at most|(?:no|not) more than|(?:less|fewer) than)\W*$"
)
# After a "no" somewhere before them, these may be the other bound: of such a sentence nothing is said.
EITHER = re.compile(r"(?<!no )(?<!not )(?:more|less|fewer) than\W*$")
NO = re.compile(r"\b(?:no|not|never|none|nothing|nobody|nowhere|neither|nor|hardly|without)\b|n['’]t\b", re.I)


def written(found: object, form: str) -> str:
    """A value as f-strings write it, or rounded `up` or `down` where its format ends so.

    Raises:
        ValueError: the format is none, or the value no number that could be rounded so.
    """
    if not (sided := SIDED.fullmatch(form)):
        return format(found, form)
    if not isinstance(found, (int, float)):
        raise ValueError(f"{found!r} is no number")
    places = int(sided["digits"]) + 2 * (sided["kind"] == "%")
    # By the shortest digits that mean it: 0.3 stays 0.3, and its nearest double does not.
    exact = Decimal(repr(found)).quantize(Decimal(1).scaleb(-places), SIDES[sided["side"]])
    return format(exact, sided["plain"])


def broken(found: object, form: str, before: str) -> str | None:
    """What to write instead, if the value rounds beyond the bound that the words before it name."""
    bound = BEFORE.search(before)
    if not bound or not PLAIN.fullmatch(form) or not isinstance(found, float):
        return None
    sentence = re.split(r"[.?!:;]\s|\n\n", before)[-1]
    if EITHER.search(before) and NO.search(sentence):
        return None
    side = "down" if bound["down"] else "up"
    said, true = written(found, form), written(found, f"{form} {side}")
    return None if said == true else f"“{bound[0].strip()} {said}” is false of {found:.6g}: end the format with “ {side}”"
