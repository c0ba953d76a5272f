"""A rounded bound is still one: "at least 53%" is not said of 0.527."""

import pytest

from scripts.pages import bounds, chapter


@pytest.mark.parametrize(
    "found, form, said",
    [
        (0.527241, ".0%", "53%"),
        (0.527241, ".0% down", "52%"),
        (0.144112, ".0% up", "15%"),
        (0.125, ".2f up", "0.13"),
        (0.3, ".1f down", "0.3"),
        (0.29, ".2% up", "29.00%"),
        (-0.55, ".1f down", "-0.6"),
        (1234.5, ",.0f up", "1,235"),
        (7, ".1f down", "7.0"),
        (7, "", "7"),
    ],
)
def test_a_value_is_rounded_to_the_side_that_its_format_names(found, form, said):
    assert bounds.written(found, form) == said


@pytest.mark.parametrize("found, form", [("a", ".1f up"), (0.5, ".1e up"), (0.5, "up")])
def test_what_cannot_be_rounded_to_one_side_is_refused(found, form):
    with pytest.raises(ValueError):
        bounds.written(found, form)


@pytest.mark.parametrize(
    "before, found, form, instead",
    [
        ("keeps at least ", 0.527241, ".0%", "down"),
        ("keeps at least ", 0.527241, ".0% down", None),
        ("keeps at least ", 0.524, ".0%", None),
        ("are at most **", 0.125, ".2f", "up"),
        ("no more than ", 0.144112, ".0%", "up"),
        ("not less than ", 0.999831, ".2%", None),
        ("no less than ", 0.99996, ".2%", "down"),
        ("at least two of them, and ", 0.527241, ".0%", None),
        ("more than ", 0.527241, ".0%", "down"),
        ("no more than one, and more than ", 0.534, ".0%", None),
        ("No logit moved by more than ", 0.527241, ".0%", None),
        ("It did not. Here it is less than ", 0.5241, ".0%", "up"),
        ("none lies at fewer than ", 0.5241, ".0%", None),
        ("at least ", 3, "", None),
    ],
)
def test_a_bound_that_rounding_makes_false_is_named(before, found, form, instead):
    told = bounds.broken(found, form, before)
    assert (told is None) == (instead is None)
    assert instead is None or told.endswith(f"“ {instead}”")


def test_the_build_names_the_page_and_the_line(book, tmp_path, says):
    says(
        "Behind *at least*, *at most*, *more than* and the like rounding may break the bound: "
        "`0.527` is not “at least `53%`”. There the"
        " format ends with a side, `:.0% down` or `:.0% up`, and the build asks for it.",
        page="contributing",
    )
    assert bounds.written(0.527, ".0%") == "53%" and bounds.broken(0.527, ".0%", "at least ")
    shares = book.outcome("masked_self_attention/needed").values
    variable = next(one for one, share in shares.items()
                    if isinstance(share, float) and bounds.broken(share, ".0%", "at least "))  # fmt: skip
    name = f"masked_self_attention/needed.{variable}"
    text = "---\ndescription: A page for tests alone, of twenty letters.\n---\n# A\n\nIt keeps at least {{ %s:.0%%%s }}.\n"
    for side, false in (("", True), (" down", False)):
        (tmp_path / "x.md").write_text(text % (name, side), "utf-8")
        seen = type(book)(book.root)
        seen.root = tmp_path
        found = [one for one in chapter.check(seen, tmp_path) if "is false of" in one]
        assert bool(found) == false and all("x.md, line 6" in one for one in found)
