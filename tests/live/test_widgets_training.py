"""The training in a real browser: started, paused, stepped, begun anew, closed; and it learns."""

import gzip
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from browser import PLAIN, POLICY, becomes, opened, tab_to
from playwright.sync_api import expect

from scripts.base import ROOT
from scripts.live import make as live
from scripts.pages import shipped

pytest_plugins = ["browser"]

SMALL = "?data-size=small"


def done(page):
    return page.locator(".live-done")


def press(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def ours(page) -> list:
    return [worker for worker in page.workers if "training" in worker.url]


def line(page) -> int:
    """So many steps the curve shows."""
    return len(re.findall("[ML]", page.locator(".live-now").get_attribute("d") or ""))


@pytest.fixture(scope="module")
def learned(stay):
    """The small model, trained to its end, with what was seen at its beginning."""
    page = opened(stay("training", SMALL))
    expect(done(page)).to_have_text("Step 0 of 300. 0 of 3 dates are right.")
    page.first = page.locator(".live-answer").all_inner_texts(), page.locator(".live-map rect[fill-opacity]").evaluate_all(
        "all => all.map(one => one.getAttribute('fill-opacity'))"
    )
    press(page, "Start")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(done(page)).to_contain_text("Step 300 of 300.")
    return page


def test_it_learns_to_write_dates_that_it_never_met(learned, says):
    says("The three dates in the box are never drawn.", page="from_scratch")
    says("The training loads scripts alone: its model is made from nothing.", page="playground")
    page = learned
    assert not [asked for asked in page.asked if asked.endswith((".bin", ".json"))]
    right = ["1974-03-28", "2031-09-05", "1908-05-17"]
    expect(done(page)).to_contain_text("3 of 3 dates are right.")
    assert page.locator(".live-answer").all_inner_texts() == [f"→ {one} ✓ right" for one in right]
    assert not any(one.split()[1] in right for one in page.first[0])
    assert all(len(one.split()[1]) == 10 for one in page.first[0]) and "▸" in "".join(page.first[0]), "a sign for each letter"
    expect(page.locator(".live-curve")).to_contain_text("loss")
    expect(page.locator("legend", has_text="Three dates")).to_contain_text(right[0])
    loss = float(re.search(r"Loss ([\d.e-]+)\.", done(page).inner_text())[1])
    assert loss < 0.05 and line(page) == 300
    assert page.locator(".live-curve").get_attribute("aria-label").endswith("at step 300")
    after = page.locator(".live-map rect[fill-opacity]").evaluate_all("all => all.map(one => one.getAttribute('fill-opacity'))")
    assert len(after) == len(page.first[1]) == 10 * len("28 March 1974") and after != page.first[1]
    expect(page.get_by_role("status")).to_contain_text("Step 300 of 300.")
    for name in ("Go on", "One step"):
        expect(page.get_by_role("button", name=name)).to_have_attribute("aria-disabled", "true")


def test_each_date_and_each_head_has_its_map(learned):
    """A row of the table sums to one; the sentence names its largest weights."""
    page = learned
    page.get_by_text("The weights as a table").click()
    for date, head in (("5 September 2031", "0"), ("17 May 1908", "3"), ("28 March 1974", "2")):
        page.get_by_label(date).check()
        page.get_by_label("attention of").select_option(head)
        rows = page.locator("details table tbody tr")
        expect(rows).to_have_count(10)
        cells = [[float(cell) for cell in row.locator("td").all_inner_texts()] for row in rows.all()]
        assert all(len(row) == len(date) and abs(sum(row) - 1) < 0.1 for row in cells)
        press(page, "Next letter")
        said = page.locator(".live-place .live-reading").inner_text()
        at = int(re.search(r"letter (\d+),", said)[1])
        assert max(cells[at - 1]) == float(re.search(r"looks at . ([\d.]+)", said)[1])
    assert at == 4
    press(page, "Letter before")
    expect(page.locator(".live-place .live-reading")).to_contain_text("To write 7, letter 3,")


def test_a_seed_gives_the_same_training_again(visit):
    """Step by step, in another worker; another seed gives another one, and its curve is beside the first."""
    page = opened(visit("training", SMALL))

    def two_steps() -> str:
        for step in (1, 2):
            press(page, "One step")
            expect(done(page)).to_contain_text(f"Step {step} of 300. Loss ")
        return done(page).inner_text() + "".join(page.locator(".live-answer").all_inner_texts())

    first, curve = two_steps(), page.locator(".live-now").get_attribute("d")
    press(page, "From the beginning")
    expect(done(page)).to_contain_text("Step 0 of 300.")
    assert page.locator(".live-before").get_attribute("d") == curve
    assert two_steps() == first
    page.get_by_label("seed").fill("12")
    expect(done(page)).to_contain_text("Step 0 of 300.")
    assert two_steps() != first
    becomes(page, lambda: len(ours(page)), 1)  # the workers before have ended
    press(page, "Go on")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.wait_for_timeout(500)
    press(page, "Pause")
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    page.wait_for_timeout(500)
    stands = done(page).inner_text()
    page.wait_for_timeout(500)
    assert done(page).inner_text() == stands
    assert line(page) == int(re.match(r"Step (\d+)", stands)[1])


def test_a_switch_begins_anew_and_a_link_brings_it_back(visit):
    page = opened(visit("training", SMALL))
    press(page, "One step")
    expect(done(page)).to_contain_text("Step 1 of 300.")
    page.get_by_label("heads").select_option("8")
    expect(done(page)).to_contain_text("Step 0 of 300.")
    expect(page.get_by_label("attention of").locator("option")).to_have_count(9)
    page.get_by_label("causal mask").uncheck()
    page.get_by_label("learning rate").select_option("10")
    page.get_by_label("seed").fill("7")
    expect(done(page)).to_contain_text("Step 0 of 300.")
    address = page.get_by_role("link", name="Link to this view").get_attribute("href")
    wish = {name: one for name, [one] in parse_qs(urlsplit(address).query).items() if name != "live"}
    assert wish == {"size": "small", "rate": "10", "heads": "8", "masked": "no", "seed": "7"}
    press(page, "One step")
    expect(done(page)).to_contain_text("Step 1 of 300.")
    stands = done(page).inner_text()
    page.goto(address.split("#")[0])
    opened(page)
    press(page, "One step")
    expect(done(page)).to_have_text(stands)
    page.goto(address.split("#")[0].replace("heads=8", "heads=5").replace("seed=7", "seed=x").replace("small", "huge"))
    opened(page)
    expect(page.get_by_label("heads")).to_have_value("4")
    expect(page.get_by_label("seed")).to_have_value("1")


def test_a_seed_that_is_none_is_told(visit):
    page = opened(visit("training", SMALL))
    seed = page.get_by_label("seed")
    seed.fill("0")
    seed.press("Tab")
    expect(seed).to_be_focused()  # there the browser says why
    page.get_by_label("causal mask").uncheck()
    address = page.get_by_role("link", name="Link to this view").get_attribute("href")
    assert "seed=1&" in f"{address.split('#')[0]}&", "the last good one counts"


def test_by_keys_alone_until_it_is_closed(visit):
    """What the button of the page says of its size holds; with the box, the worker ends."""
    page = visit("training", SMALL)
    tab_to(page, page.button)
    page.keyboard.press("Enter")
    expect(page.widget).to_be_focused()
    tab_to(page, page.get_by_role("button", name="Start"))
    page.keyboard.press("Enter")
    pause = page.get_by_role("button", name="Pause")
    expect(pause).to_be_focused()
    expect(page.get_by_role("status")).not_to_be_empty()
    close = page.get_by_role("button", name="Back to the figure")
    tab_to(page, close)
    assert len(ours(page)) == 1
    page.keyboard.press("Enter")
    expect(page.button).to_be_focused()
    becomes(page, lambda: len(ours(page)), 0)
    made = live.make(ROOT)
    scripts = {asked for asked in page.asked if asked.startswith("assets/live") and asked.endswith(("js", ".wasm"))}
    assert not [asked for asked in page.asked if asked.endswith((".bin", ".json"))]
    short = shipped.short(ROOT / "docs", ROOT / ".cache" / "styles")  # as the site has them
    loaded = [short[path].encode() if path in short else (made / Path(path).name).read_bytes() for path in scripts]
    size = sum(len(gzip.compress(one)) for one in loaded)
    print(f"{len(loaded)} scripts, {size / 1000:.1f} kB")
    for chapter in ("from_scratch", "playground"):
        offer = re.search(r'data-live="training".*?loads (\d+) kB of scripts', (ROOT / f"docs/{chapter}.md").read_text("utf-8"))
        assert 0.8 < size / (1000 * int(offer[1])) < 1


@pytest.mark.parametrize("policy", [POLICY, PLAIN])
def test_under_a_strict_policy_on_a_phone(visit, server, violations, policy):
    """Without WebAssembly too; a phone is given the small model."""
    server.site.policy = policy
    try:
        page = opened(visit("training", phone=True))
        expect(page.get_by_label("model")).to_have_value("small")
        press(page, "One step")
        expect(done(page)).to_contain_text("Step 1 of 300.")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        sizes = page.widget.locator(":is(button, select, label:has(input), input[type=number]):visible").evaluate_all(
            "all => all.map(one => one.getBoundingClientRect()).map(box => [box.width, box.height])"
        )
        assert sizes and min(map(min, sizes)) >= 24
        if policy == POLICY:
            assert "\n".join(violations(page, ".live-widget")) == ""
    finally:
        server.site.policy = POLICY


def test_what_does_not_come_is_said(visit):
    page = visit("training", SMALL, expected="ERR_FAILED")
    page.route("**/training/adam.js", lambda route: route.abort(), times=1)
    page.button.click()
    expect(page.get_by_role("alert").first).to_contain_text("This did not load: The training stopped: a file of the site is missing")
    opened(page)
    expect(done(page)).to_contain_text("Step 0 of 300.")
