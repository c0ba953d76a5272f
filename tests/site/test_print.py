"""A page on paper: all of its tables, in every column, and headings that say something."""

import re

import pytest

from scripts.base import ROOT
from scripts.measure import audit
from scripts.pages import tables

pytest_plugins = ["browser"]

SHEET = 605  # px: 160 mm, of A4 or Letter with wide margins
# Opens what is folded, and names the tables and formulas that end right of the sheet, and tables whose
# letters are too small to read: under 5.5 points.
CUT = """() => {
  for (const one of document.querySelectorAll("details")) one.open = true;
  const edge = document.querySelector(".md-content__inner").getBoundingClientRect().right;
  const wide = [...document.querySelectorAll(".md-content math[display=block]")]
    .filter((one) => one.getBoundingClientRect().right > edge + 1)
    .map((one) => `a formula: ${one.textContent.slice(0, 40)}`);
  return [...wide, ...[...document.querySelectorAll(".md-content table")].flatMap((table) => {
    const {right} = table.getBoundingClientRect();
    const points = parseFloat(getComputedStyle(table).fontSize) * 0.75;
    const said = `${table.caption?.textContent ?? table.textContent.trim().slice(0, 40)}`;
    for (let box = table.parentElement; !box.matches(".md-content__inner"); box = box.parentElement)
      if (getComputedStyle(box).overflowX !== "visible") return [`${said}: inside a box that scrolls`];
    return right > edge + 1 ? [`${said}: ${right - edge} px too wide`] : points < 5.5 ? [`${said}: ${points} pt`] : [];
  })];
}"""


def test_no_table_and_no_formula_is_cut(browser, site_server):
    context = browser.new_context(viewport={"width": SHEET, "height": 900})
    page, seen = context.new_page(), {}
    page.emulate_media(media="print")
    for address in audit.addresses(ROOT / "site"):
        if "<table" not in (ROOT / "site" / address / "index.html").read_text("utf-8"):
            continue
        page.goto(site_server.url + address)
        seen[address] = page.evaluate(CUT)
    context.close()
    assert len(seen) > 15 and not {address: cut for address, cut in seen.items() if cut}


TORN = """() => {
  const inside = (what) => [...document.querySelectorAll(what)].map((one) => getComputedStyle(one));
  return {
    drawings: inside(".md-content svg.figure").filter((one) => one.breakInside !== "avoid").length,
    summaries: inside("summary").filter((one) => one.breakAfter !== "avoid").length,
    long: [...document.querySelectorAll(".highlight")].filter((one) =>
      one.getBoundingClientRect().height > 700 && getComputedStyle(one).breakInside === "avoid")
      .map((one) => one.textContent.slice(0, 60)),
    short: [...document.querySelectorAll(".highlight")].filter((one) =>
      one.getBoundingClientRect().height < 200 && getComputedStyle(one).breakInside !== "avoid").length,
  };
}"""


def test_no_drawing_is_torn_and_no_long_program_leaves_a_sheet_empty(browser, site_server):
    """A fold's title stays with what it opens; what is longer than most of a sheet goes on."""
    context = browser.new_context(viewport={"width": SHEET, "height": 900})
    page, torn = context.new_page(), {}
    page.emulate_media(media="print")
    for address in ("decoder/", "why_transformers/", "labs/decoder/", "from_scratch/"):
        page.goto(site_server.url + address)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        torn[address] = page.evaluate(TORN)
    context.close()
    whole = {"drawings": 0, "summaries": 0, "long": [], "short": 0}
    assert torn == {address: whole for address in torn}


def test_the_margin_of_a_sheet_is_the_readers(built):
    """A page that asks for one loses lines in WebKit; the last rule counts."""
    text = (ROOT / "site" / "decoder" / "index.html").read_text("utf-8")
    sheets = [*re.findall(r"<style>(.*?)</style>", text, re.S)]
    for link in re.findall(r'<link rel="stylesheet" href="([^"]+)"', text):
        sheets.append((ROOT / "site" / "decoder" / link).read_text("utf-8"))
    asked = re.findall(r"@page\s*\{\s*margin:\s*([^;}\s]+)", "".join(sheets))
    assert asked[-1] == "auto"


@pytest.mark.parametrize(
    "text, headed",
    [
        ("<th></th>", "<td></td>"),
        ('<th style="text-align: right;"> </th>', '<td style="text-align: right;"> </td>'),
        ('<th scope="col">&nbsp;</th>', "<td>&nbsp;</td>"),
        ("<th><!-- none --></th>", "<td><!-- none --></td>"),
        ("<th><span></span></th>", "<td><span></span></td>"),
        ("<th>a</th>", "<th>a</th>"),
        ('<th><img alt="a"></th>', '<th><img alt="a"></th>'),
    ],
)
@pytest.mark.parametrize("around", ["{}", "<details><ul><li>{}</li></ul></details>", "<p>a</p>\n{}\n{}"])
@pytest.mark.parametrize("table", ["<table>", '<table class="a">\n', "<TABLE>"])
def test_an_empty_heading_is_none(text, headed, around, table):
    def whole(cell):
        return around.replace("{}", f"{table}<thead>\n<tr>\n{cell}<th>b</th></tr></thead></table>")

    assert tables.headed(whole(text)) == whole(headed)


def test_a_number_of_a_table_has_a_minus_and_no_hyphen():
    text = "<table><tr><td>-1.5</td><td><strong>-2</strong></td><td>a-1</td><td>-</td></tr></table>"
    made = tables.headed(text)
    assert made == text.replace("-1.5", "−1.5").replace("-2", "−2")
    for_machines = text.replace("<table>", '<table class="numbers">')
    assert tables.headed(for_machines) == for_machines


def test_a_long_name_breaks_at_its_joints_where_no_cards_are():
    text = "<table><tr><td>what one printed</td><td><code>.cache/snippets/look/at.txt</code></td></tr></table>"
    assert ".cache/snippets/<wbr>look/<wbr>at.txt</code>" in tables.headed(text)
    assert "<wbr>" not in tables.headed(text.replace(".cache/snippets/look/at.txt", "SmolLM2-135M-Instruct-GGUF"))
    assert "<wbr>" not in tables.headed(text.replace("<table>", '<table class="numbers">'))


def test_a_long_name_in_a_card_breaks_at_its_joints():
    head = "<table><thead><tr><th>a</th><th>b</th><th>c</th></tr></thead><tbody>{}</tbody></table>"
    name, path = "AutoModelForTokenClassification", "tests/pages/test_of_something.py"
    made = tables.headed(head.format(rows(f"<code>{name}</code>", path, f'<a href="/{path}">x</a>')))
    assert "AutoModelFor<wbr>Token<wbr>Classification</code>" in made
    assert "tests/pages/<wbr>test_of_something.py</td>" in made
    assert f'href="/{path}"' in made


def test_under_an_empty_corner_each_row_has_its_name():
    text = "<table><thead><tr><th></th><th>n</th></tr></thead><tbody><tr><td{}>x</td><td>1</td></tr>{}</tbody></table>"
    rest = "<tr><td></td><td>2</td></tr>"
    made = tables.headed(text.format(' style="a"', rest))
    assert '<tr><th scope="row" style="a">x</th><td>1</td></tr>' in made and rest in made
    named = text.format("", "").replace("<th></th>", "<th>name</th>")
    assert tables.headed(named) == named


def test_no_page_has_an_empty_heading(built):
    for address in audit.addresses(ROOT / "site"):
        text = (ROOT / "site" / address / "index.html").read_text("utf-8")
        for inside in re.findall(r"<th\b[^>]*>(.*?)</th>", text, re.S):
            assert re.sub(r"<(?!img|svg|math)[^>]*>|&nbsp;|\s", "", inside), address


def test_no_arrow_ends_a_line_before_what_it_points_at(built):
    glossary = (ROOT / "site" / "glossary" / "index.html").read_text("utf-8")
    assert glossary.count("→&nbsp;<a") > 50 and "→ <a" not in glossary


def rows(*cells: str) -> str:
    return "".join(f"<tr>{''.join(f'<td>{one}</td>' for one in cells)}</tr>")


def test_a_table_that_no_phone_can_show_names_its_cells():
    """Each cell says its column, but under an empty corner; a small table stays as it is."""
    head = "<table><thead><tr><th>a</th><th>b &amp; c</th><th>d</th></tr></thead><tbody>{}</tbody></table>"
    small = head.format(rows("1", "2", "3"))
    assert tables.headed(small) == small
    long = rows("antidisestablishmentarianism", "a <code>x</code>", "antidisestablishmentarianism")
    made = tables.headed(head.format(long))
    assert made.startswith("<table data-stacked role=")
    assert re.search(r'<td [^>]*data-label="b &amp; c">a <code>x</code></td>', made)
    cornered = tables.headed(head.replace("<th>a</th>", "<th></th>").format(long))
    assert re.search(r'<th [^>]*scope="row">antidisestablishmentarianism</th><td [^>]*data-label="b &amp; c">', cornered)
    numbers = head.format(long).replace("<table>", '<table class="numbers">')
    assert tables.headed(numbers) == numbers


def test_a_table_of_numbers_is_small_on_a_phone_before_it_becomes_cards():
    """A column is compared down its rows, which cards take apart; sentences are easier read as cards."""
    names = ["after layer", "lowest cosine", "without the 1st", "without the 2nd", "on the topic", "closest"]
    head = f"<table><thead><tr>{''.join(f'<th>{one}</th>' for one in names)}</tr></thead><tbody>{{}}</tbody></table>"
    made = tables.headed(head.format(rows("12", "0.9995", "0.8498", "0.9995", "44", "0.9959")))
    assert made.startswith("<table data-close><thead>") and "data-label" not in made and "role=" not in made
    wordy = rows("12", "0.9995", "a row of words that is longer than a line", "0.9995", "44", "0.9959")
    assert tables.headed(head.format(wordy)).startswith("<table data-stacked")
    wider = rows("12", *["123,456,789.12"] * 5)
    assert tables.headed(head.format(wider)).startswith("<table data-stacked")


def test_cards_stay_a_table_for_those_who_hear_it():
    """With `display: block` an engine may forget what a part is: each says it. A small table need not."""
    head = "<table><thead><tr><th></th><th>a</th><th>b</th></tr></thead><tbody>{}</tbody></table>"
    assert "role=" not in tables.headed(head.format(rows("1", "2", "3")))
    inner = "x <table><tr><td>y</td></tr></table>"
    made = tables.headed(head.format(rows("antidisestablishmentarianism", inner, "antidisestablishmentarianism") * 2))
    roles = re.findall(r"<(\w+)[^>]*? role=\"(\w+)\"", made)
    names = [("tr", "row"), ("td", "cell"), ("th", "columnheader"), ("th", "columnheader")]
    row = [("tr", "row"), ("th", "rowheader"), ("td", "cell"), ("td", "cell")]
    groups = [("thead", "rowgroup"), *names, ("tbody", "rowgroup"), *row, *row]
    assert roles == [("table", "table"), *groups]
