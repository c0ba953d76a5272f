"""Each page carries its style, and no rule that could apply is missing from it."""

import re

import pytest
from browser import SHEETS, opened
from playwright.sync_api import expect
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from scripts.base import ROOT, node
from scripts.pages import patterns, styles
from scripts.pages.code import fewer as shorter

pytest_plugins = ["browser"]

PAGE = '<html><head>\n<link rel="stylesheet" href="{}assets/stylesheets/main.css">\n\
<link rel="stylesheet" href="{}a/one.css">\n<link rel="stylesheet" \
href="{}two.css"><script src="{}assets/early.js"></script></head><p id="x" class="b"></p></html>'
ONE = """@charset "utf-8"; /* a comment */
:root { --read-by-a-drawing: 1px; --mask: url("data:,<a b='url(#c)'>") }
.b, .from-a-script { margin: var(--read-by-a-drawing); background: url("pictures/p.svg") }
table:not([class]) td { color: red }
@media print { .b { color: black } }
@font-face { font-family: F; src: url(f.woff2) }
"""
THEME = """:root { --of-the-theme: 1px; --unread: 2px }
.b, .nowhere { top: var(--of-the-theme) }
.nowhere > p, #nothing { left: 0 }
#x:not(.nowhere) .made-later { right: 0 }
@media print { .nowhere { right: 1px } .b { right: 2px } }
"""


@pytest.fixture
def small(tmp_path, cache):
    """A site of two pages and two sheets, with the styles written into its pages."""
    site = tmp_path / "site"
    for page, up in (("index.html", ""), ("chapter/index.html", "../")):
        (site / page).parent.mkdir(parents=True, exist_ok=True)
        (site / page).write_text(PAGE.format(up, up, up, up), "utf-8")
    (site / "a").mkdir()
    (site / "a" / "one.css").write_text(ONE, "utf-8")
    (site / "two.css").write_text(".b { color: green; }\n", "utf-8")
    theme = site / "assets" / "stylesheets"
    theme.mkdir(parents=True)
    (theme / "main.css").write_text(THEME, "utf-8")
    (site / "assets" / "early.js").write_text("/* why */\nconst first = 1;\n", "utf-8")
    (site / "assets" / "later.js").write_text('add("made-later")', "utf-8")
    styles.inline(site, cache)
    return site


def test_the_books_own_sheets_are_there_whole(small):
    text = (small / "index.html").read_text("utf-8")
    style = re.search(r"<style>(.*)</style>", text)[1]
    assert "comment" not in style
    assert "--read-by-a-drawing:1px" in style and """url("data:,<a b='url(#c)'>")""" in style
    assert ".b,.from-a-script{margin:var(--read-by-a-drawing);" in style
    assert "background:url(./a/pictures/p.svg)" in style and "table.plain td{color:red}" in style
    assert "@media print{.b{color:black}}" in style and "@font-face{font-family:F" in style
    assert style.index("margin") < style.index("green"), "in the order of the sheets"


def test_of_the_theme_what_no_page_and_no_script_names_is_left_out(small):
    style = re.search(r"<style>(.*)</style>", (small / "index.html").read_text("utf-8"), re.S)[1]
    assert not re.search(r"(?<!not\()\.nowhere|#nothing|left:", style)
    assert "--of-the-theme:1px;--unread:2px" in style and ".b{top:var(--of-the-theme)}" in style
    assert "#x:not(.nowhere) .made-later{right:0}" in style and "print{.b{right:2px}}" in style
    assert style.index("right:2px") < style.index(".from-a-script"), "in the order of the sheets"


def test_made_once_and_again_when_a_word_changes(small, cache, monkeypatch):
    asked, tool = [], node.installed
    monkeypatch.setattr(node, "installed", lambda cache: asked.append(1) or tool(cache))

    def again(word: str = "b"):
        for path in small.rglob("index.html"):
            path.write_text(PAGE.format(*["" if path.parent == small else "../"] * 4)
                            .replace('class="b"', f'class="{word}"'), "utf-8")  # fmt: skip
        styles.inline(small, cache)
        return (small / "index.html").read_text("utf-8")

    again(), again("b new-word-without-a-rule")
    assert not asked
    assert ".nowhere>p" in again("b nowhere") and len(asked) == 1


def test_what_comes_first_is_in_the_page(small):
    text = (small / "chapter" / "index.html").read_text("utf-8")
    assert "stylesheet" not in text and "src=" not in text and text.count("<style>") == 1
    assert "url(../a/pictures/p.svg)" in text and "url(../a/f.woff2)" in text
    assert "<script>{\nconst first = 1;\n}</script>" in text


# ------------------------------------------------------------------------- the real site

RULES = """(text) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  const places = /url\\((?!"data:)[^)]*\\)/g;
  return [...sheet.cssRules].map(({cssText}) => cssText.replace(places, "").replace(/\\s+/g, ""));
}"""
# Each selector by itself, with what only says in which state something is left out.
SELECTORS = """(text) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  const rules = (all) => [...all].flatMap((rule) => [rule, ...rules(rule.cssRules ?? [])]);
  const states = /:{1,2}(?:before|after|placeholder|marker|-[\\w-]+|hover|focus[\\w-]*|active|target)\\b(?![(-])/g;
  return rules(sheet.cssRules).flatMap(({selectorText}) => {
    let depth = 0;
    const parted = [...selectorText ?? ""].map((sign) => {
      depth += (sign === "(") - (sign === ")");
      return sign === "," && !depth ? "\\n" : sign;
    });
    return parted.join("").split("\\n").map((one) => one.replace(states, "").trim());
  });
}"""
MATCHES = """(selectors) => selectors.filter((one) => {
  try { return document.querySelector(one); } catch { return false; }
})"""


@pytest.fixture(scope="module")
def sheets(built):
    """What the sheets of the theme and of the book say: two texts."""
    site = ROOT / "site"
    theme = sorted(site.glob("assets/stylesheets/*.css"))
    book = [site / name for name in SHEETS]
    texts = ["".join(one.read_text("utf-8") for one in some) for some in (theme, book)]
    return [text.replace(":not([class])", ".plain") for text in texts]


@pytest.fixture(scope="module")
def style(built):
    """The style of a page."""
    text = (ROOT / "site" / "self_attention" / "index.html").read_text("utf-8")
    return re.search(r"<style>(.*?)</style>", text, re.S)[1]


def test_no_rule_of_the_book_and_no_variable_is_missing(tour, sheets, style):
    """A browser reads the same in the page as in the book's own sheets."""
    page, (theme, book) = tour("self_attention/"), sheets
    wanted = page.evaluate(RULES, book)
    assert len(wanted) > 300 and page.evaluate(RULES, style)[-len(wanted) :] == wanted
    variables = re.compile(r"[{;/]\s*(--[\w-]+)\s*:")
    gone = set(variables.findall(theme + book)) - set(variables.findall(style))
    files = [*(ROOT / "site").rglob("*.html"), *(ROOT / "site/assets/live").rglob("*.*s")]
    asked = "".join(path.read_text("utf-8") for path in files)  # pages, scripts, later sheets
    assert len(gone) < 5 and not [name for name in gone if re.search(rf"{name}\b(?!-)", asked)]


def test_each_sheet_is_short_says_what_it_serves_and_is_in_the_pages():
    """But for some, which widgets fetch. No class of a widget stands in the sheets of pages."""
    docs = ROOT / "docs"
    sheets = {path.relative_to(docs).as_posix(): path.read_text("utf-8") for path in docs.rglob("*.css")}
    assert set(sheets) - set(SHEETS) == {f"assets/live/widgets/{name}.css" for name in ("bits", "decoder", "hear", "inside", "training", "translate")}
    assert set(SHEETS) < set(sheets)
    for name, text in sheets.items():
        assert len(text.splitlines()) < 400 and re.match(r"/\* [A-Z].*?\. \*/\n\n", text, re.S), name
        own = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        for word, home in ((".live-", "/widgets/"), (".question-", "/questions.css")):
            strays = set(re.findall(rf"\{word}[\w-]+", own)) - {".live-none"}
            assert home in name or not strays, (name, strays)


def test_no_rule_that_applies_is_missing(tour, site_server, sheets, style):
    """In chapters and labs, on both sizes, with all that the theme's and our scripts add."""
    page = tour("self_attention/")
    there = set(page.evaluate(SELECTORS, style))
    dropped = sorted(set(page.evaluate(SELECTORS, sheets[0])) - there)
    assert 100 < len(dropped) < len(there) and ".giscus" in dropped
    page.get_by_role("textbox", name="Search").fill("beam search")
    expect(page.locator(".md-search-result__link").first).to_be_visible()
    assert page.evaluate(MATCHES, dropped) == []
    page.keyboard.press("Escape")
    page.locator(".highlight").first.scroll_into_view_if_needed()  # its button comes when it is seen
    page.locator(".md-code__button").first.click()
    page.locator(".question input").first.check()
    opened(page)
    page.locator(".md-header__button[for^=__palette]:visible").click()
    assert page.evaluate(MATCHES, dropped) == []
    phone = tour("playground/", phone=True)
    phone.locator("label.md-header__button[for=__drawer]").click()
    assert phone.evaluate(MATCHES, dropped) == []
    for name in ("labs/decoder/", "architecture/", "glossary/", "teaching/", ""):
        phone.goto(site_server.url + name)
        assert phone.evaluate(MATCHES, dropped) == [], name


def test_the_first_sight_needs_no_second_request(built):
    for path in (ROOT / "site").rglob("index.html"):
        head, body = path.read_text("utf-8").split("</head>", 1)
        assert "<style>" in head and "stylesheet" not in head and "<script src" not in head, path
        for address in re.findall(r"url\((?!data:)([^)]+)\)", head.replace('url("data:', "")):
            there = address.strip('"')
            if there.startswith("#"):  # a part of the page: without it WebKit draws no map at night
                assert f'id="{there[1:]}"' in body, (path, address)
            else:
                assert (path.parent / there).exists(), (path, address)


LOOKS = """([kinds, scheme]) => {
  document.body.setAttribute("data-md-color-scheme", scheme);
  const code = document.querySelector(".highlight code");
  return kinds.map((kind) => {
    const span = document.createElement("span");
    span.className = kind;
    code.append(span);
    const look = getComputedStyle(span);
    const all = ["color", "fontWeight", "fontStyle", "textDecorationLine", "backgroundColor"];
    return all.map((name) => look[name]).join();
  });
}"""


def test_parts_of_code_share_an_element_when_they_look_alike(tour, site_server):
    """And a part that looks like plain code needs none. Asked of the theme's whole sheets."""
    page = tour("decoding/")
    site = ROOT / "site"
    book = [site / name for name in SHEETS]
    for sheet in [*sorted(site.glob("assets/stylesheets/*.css")), *book]:
        page.add_style_tag(url=site_server.url + sheet.relative_to(site).as_posix())
    plain = re.search(r"\(\?:(.*?)\)", patterns.UNCOLORED.pattern)[1].split("|")
    groups = [["", *plain], ["o", "p"], ["s1", "s2", "sb", "si"], ["k", "", "s2", "o"]]
    for scheme in ("default", "slate"):
        *alike, different = (page.evaluate(LOOKS, [kinds, scheme]) for kinds in groups)
        for kinds, looks in zip(groups, alike):
            assert len(set(looks)) == 1, dict(zip(kinds, looks))
        assert len(set(different)) == 4


def test_colored_code_says_what_the_snippet_says():
    """In at most two thirds of the elements."""
    before = after = 0
    for path in sorted((ROOT / "snippets").glob("*/*.py")):
        code = highlight(path.read_text("utf-8"), PythonLexer(), HtmlFormatter(nowrap=True))
        fewer = shorter(code)
        assert patterns.TAG.sub("", fewer) == patterns.TAG.sub("", code), path
        before, after = before + code.count("<span"), after + fewer.count("<span")
    assert 0 < after < before * 2 / 3


CANVAS = """() => {
  const root = document.documentElement;
  root.style.outlineColor = "Canvas";
  return getComputedStyle(root).outlineColor;
}"""


def test_light_and_dark_are_the_readers_choice(tour):
    page = tour("self_attention/")
    body, button = page.locator("body"), page.locator("[data-palette] label:visible")
    drawn = page.locator("meta[name=color-scheme]")
    bars = page.locator("meta[name=theme-color]")

    def shows(scheme: str, leads: str, canvas: str) -> None:
        expect(body).to_have_attribute("data-md-color-scheme", scheme)
        expect(body).not_to_have_attribute("data-md-color-switching", "")
        expect(button).to_have_attribute("title", leads)
        expect(drawn).to_have_attribute("content", canvas)
        # What the browser itself draws in the page, as its scroll bar, goes with the rest.
        assert (page.evaluate(CANVAS) == "rgb(255, 255, 255)") == (scheme == "default")

    page.emulate_media(color_scheme="dark")
    shows("slate", "Switch to light", "light dark")
    page.emulate_media(color_scheme="light")
    shows("default", "Switch to light", "light dark")
    colors = [bar.get_attribute("content") for bar in bars.all()]
    page.emulate_media(color_scheme="dark")
    button.click()
    shows("default", "Switch to dark", "light")
    assert [bar.get_attribute("content") for bar in bars.all()] == colors[:1] * 2
    page.reload()
    shows("default", "Switch to dark", "light")
    page.locator("[data-palette] input:checked").focus()
    page.keyboard.press("Enter")
    page.emulate_media(color_scheme="light")
    shows("slate", "Follow the system", "dark")
    page.keyboard.press("Enter")
    shows("default", "Switch to light", "light dark")
    assert [bar.get_attribute("content") for bar in bars.all()] == colors


def test_nobody_sees_the_other_color_first(browser, site_server):
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.route("**/*.js", lambda route: route.abort())
    page.goto(site_server.url + "glossary/")
    expect(page.locator("body")).to_have_attribute("data-md-color-scheme", "slate")
    text = page.content()
    assert text.index("prefers-color-scheme: light)") < text.index("<article")
    context.close()


RESTORES = """document.addEventListener("readystatechange", () => {
  if (document.readyState !== "interactive") return;
  for (const box of document.querySelectorAll("#__drawer, #__search")) box.checked = true;
})"""


def test_what_a_browser_restores_is_closed_again(tour):
    """Firefox ticks after a reload what was ticked before."""
    page = tour("self_attention/", phone=True)
    page.add_init_script(RESTORES)
    page.reload()
    expect(page.locator("#__drawer")).not_to_be_checked()
    expect(page.locator("#__search")).not_to_be_checked()
    page.goto(page.url + "?q=softmax")
    expect(page.locator("#__drawer")).not_to_be_checked()
    expect(page.locator("#__search")).to_be_checked()


def test_no_rule_asks_for_a_missing_class(built):
    """With one, the whole page is restyled whenever the class of <html> changes."""
    for path in (ROOT / "site").rglob("index.html"):
        text = path.read_text("utf-8")
        assert ":not([class])" not in text, path
        for table in re.findall(r"<table\b[^>]*>", text):
            assert "class=" in table, path
        plain = text.count('<table class="plain">')
        assert text.count('<div class="md-typeset__table"><table class="plain">') == plain
    assert "table:not([class])" in (ROOT / "docs/assets/styles/tables.css").read_text("utf-8")


DRAWN = """() => {
  const codes = [...document.querySelectorAll(".highlight code")].filter((one) => one.checkVisibility());
  const boxes = document.querySelectorAll(".highlight, figure.computed");
  const later = codes.filter((one) => !one.checkVisibility({contentVisibilityAuto: true}));
  const reached = codes.map((one) => one.tabIndex === 0);
  const asked = [...document.querySelectorAll(".md-content__inner > .question")];
  const waiting = asked.filter((one) => !one.firstElementChild.checkVisibility({contentVisibilityAuto: true}));
  const folded = document.querySelectorAll("details:not([open]) .highlight code[tabindex]").length;
  const high = document.documentElement.scrollHeight;
  for (const box of boxes) box.style.contentVisibility = "visible";
  const exact = document.documentElement.scrollHeight / high;
  for (const box of document.querySelectorAll(".md-content__inner > *")) box.style.contentVisibility = "visible";
  const wide = codes.map((one) => one.scrollWidth > one.clientWidth + 1);
  return {
    later: later.length,
    missed: wide.filter((one, i) => one && !reached[i]).length,
    needless: wide.filter((one, i) => !one && reached[i]).length,
    waiting: waiting.length / asked.length, folded, exact,
    grown: document.documentElement.scrollHeight / high,
  };
}"""


def test_what_cannot_be_pressed_is_dashed(says):
    """In each sheet that says how it looks; a paler text would be hard to read."""
    says("What cannot be pressed now is dashed, not paler.", page="contributing")
    rules = []
    for sheet in sorted((ROOT / "docs" / "assets").rglob("*.css")):
        text = re.sub(r"/\*.*?\*/", "", sheet.read_text("utf-8"), flags=re.S)
        rules += re.findall(r"([^{}]*disabled[^{}]*)\{([^{}]*)\}", text)
    assert len(rules) >= 4
    for name, body in rules:
        assert "border-style: dashed;" in body and "opacity" not in body, name


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "wide"])
def test_what_is_drawn_later_has_its_place_and_its_keys(tour, phone, says):
    """The page is as long as it will be, and what will scroll sideways can be reached by Tab."""
    says(
        "Every figure has its size before it is drawn, and code, figures, questions and lists below the first screen are drawn when the reader comes near.",
        page="contributing",
    )
    page = tour("decoding/", phone=phone)
    page.wait_for_load_state("networkidle")
    seen = page.evaluate(DRAWN)
    assert seen["later"] > 15, "all code is laid out at once"
    assert seen["missed"] == 0 and seen["needless"] <= 2
    assert abs(seen["exact"] - 1) < 0.02
    # Questions and notes have a height that is guessed, and nothing in a fold was measured.
    assert seen["waiting"] > 0.5 and abs(seen["grown"] - 1) < 0.1 and seen["folded"] == 0


# From where it is, upward in steps: by how much does what is on the screen move, beside the step?
UPWARD = """async () => {
  const seen = [...document.querySelectorAll("article :is(h2, h3, p)")];
  const top = (one) => one.getBoundingClientRect().top;
  let [steps, worst] = [0, 0];
  for (; steps < 60 && scrollY > 200; steps++) {
    const one = seen.find((one) => one.offsetHeight && top(one) > 250 && top(one) < 600);
    const before = one && top(one);
    scrollBy(0, -200);
    await new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
    if (one) worst = Math.max(worst, Math.abs(top(one) - before - 200));
  }
  return {steps, worst};
}"""


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "wide"])
def test_who_jumps_to_a_heading_is_there_and_stays(tour, phone):
    """Also where the height of what stands above was a guess."""
    page = tour("decoder/", phone=phone)
    last = page.evaluate("[...document.querySelectorAll('article h2[id]')].at(-1).id")
    page = tour(f"decoder/#{last}", phone=phone)
    page.wait_for_function(
        "(id) => Math.abs(document.getElementById(id).getBoundingClientRect().top - 68) < 4", arg=last
    )
    moved = page.evaluate(UPWARD)
    assert moved["steps"] == 60 and moved["worst"] < 2


GAPS = """() => [...document.querySelectorAll(".highlight + :is(.output, figure.computed, .computed-by)")]
  .filter((one) => one.checkVisibility())
  .map((one) => [one, one.previousElementSibling].map((box) => box.getBoundingClientRect()))
  .map(([low, high]) => [low.top - high.bottom, low.left - high.left, low.right - high.right])"""


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "wide"])
def test_code_its_output_and_its_figure_are_one_thing(tour, phone):
    """They touch, and are as wide as each other."""
    gaps = tour("self_attention/", phone=phone).evaluate(GAPS)
    assert len(gaps) > 15
    assert all(abs(one) < 1 for gap in gaps for one in gap)


def test_without_scripts_no_page_is_wider_than_a_phone(browser, site_server):
    context = browser.new_context(
        viewport={"width": 360, "height": 780}, java_script_enabled=False
    )
    page = context.new_page()
    for name in ("how_it_is_made/", "models/", "decoder/", "teaching/", "labs/decoding/"):
        page.goto(site_server.url + name)
        wide, tables = page.evaluate("""[document.documentElement.scrollWidth,
            [...document.querySelectorAll("article table")].map((one) =>
                getComputedStyle(one.closest(".md-typeset__scrollwrap")).overflowX)]""")
        assert wide <= 360 and set(tables) <= {"auto"}, name
    context.close()


def test_the_figures_of_a_lab_say_what_they_show(built):
    for page in (ROOT / "site" / "labs").glob("*/index.html"):
        figures = re.findall(r'<figure class="drawn">.*?</figure>', page.read_text("utf-8"), re.S)
        assert figures, page
        for figure in figures:
            assert re.search(r"<figcaption[^>]*><p>[^<]{30,}", figure), page
