"""The widgets on the site as it is published: under a strict policy, on broken and cut
networks, and for readers who do not see or do not use a mouse."""

import json
import os
import re
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browser import Published, becomes, opened, send_and_stop, serving
from mkdocs.config.defaults import get_schema
from playwright.sync_api import Error, expect

from scripts.base import ROOT
from scripts.measure import eyes

pytest_plugins = ["browser"]

CHAPTER = "self_attention/"  # has the attention explorer, among others
EXPLORER = '[data-live="attention"]'


def parts(page) -> list[str]:
    """The parts of weights that a page has asked for."""
    return [asked for asked in page.asked if asked.endswith(".bin")]


def ours(page) -> list:
    """The workers that hold the tokenizers or a model; the theme's search has one as well."""
    return [worker for worker in page.workers if worker.url.endswith("live/engine/worker.js")]


def held() -> int:
    """Bytes of memory that are the largest page's own, of the browsers that this process began."""
    most = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"--type=renderer" not in (process / "cmdline").read_bytes():
                continue
            above = process.name
            while above not in ("0", str(os.getpid())):
                above = re.search(r"^PPid:\s+(\d+)", Path(f"/proc/{above}/status").read_text(), re.M)[1]
            own = re.search(r"^Anonymous:\s+(\d+) kB", (process / "smaps_rollup").read_text(), re.M)
            most = max(most, 1024 * int(own[1]) if above != "0" else 0)
        except OSError:
            continue  # it has ended
    return most


def explorer(page):
    """The same page; what it calls its button and its widget are those of the explorer."""
    box = page.locator(EXPLORER)
    page.button, page.widget = box.locator(".live-open"), box.locator(".live-widget")
    return page


def shows_a_map(page):
    """Asserts that the explorer stands there with its numbers."""
    expect(page.widget.locator(".live-map").first).to_contain_text("##flower")


# ------------------------------------------------------------------------- the playground


@pytest.fixture(scope="module")
def playground(tour_stay):
    """The playground on a phone, with all widgets open and results in each."""
    page = tour_stay("playground/", phone=True)
    page.boxes, page.bare = {}, held()
    for box in page.locator(".live[data-live]").all():
        box.locator(".live-open").click()
        expect(box.locator(".live-widget")).to_be_visible()
        page.boxes[box.get_attribute("data-live")] = box
    steps, chat = page.boxes["decoding"], page.boxes["chat"]
    stop = steps.get_by_role("button", name="Stop")
    stop.evaluate("one => one.click()")  # a fast model may have written all of it, and no mouse waits for that
    stopped = steps.locator("button:disabled", has_text="Stop")
    expect(stopped).to_be_visible()
    steps.get_by_label("tokens").first.fill("4")
    steps.get_by_role("button", name="Write").click()
    expect(steps.locator(".live-measures td:not(:empty)")).to_have_count(20)
    expect(stopped).to_be_visible()
    page.boxes["translate"].get_by_label("method").select_option("4")
    expect(page.boxes["translate"].get_by_text("The beams, step by step, as a tree")).to_be_visible()
    page.boxes["next_token"].locator("button.live-bar").nth(1).click()
    expect(page.locator(".live-taken button")).to_have_count(1)
    send_and_stop(chat)
    for folded in page.locator(".live-widget details > summary").all():
        folded.click()
    return page


def test_all_widgets_of_a_page_share_one_copy_of_the_weights(playground):
    listed = json.loads((ROOT / "site/assets/live/weights.json").read_text())
    one_way = [model for name, model in listed.items() if name != "pt-en"]  # back comes with its own button
    wanted = [part["path"] for model in one_way for part in model["parts"]]
    assert sorted(parts(playground)) == sorted(f"assets/live/{path}" for path in wanted)
    assert len(playground.boxes) == 13


def test_one_model_at_a_time_is_in_memory(playground, says):
    """One worker has the tokenizers, one the model that was used last; then the other's turn comes."""
    says("One model at a time is in memory. When you go from the attention maps", page="playground")
    page = playground
    state = """async () => {
        const {engine} = await import(new URL("assets/live/engine/engine.js", document.baseURI.replace("playground/", "")));
        return [await engine.state("minilm"), await engine.state("smollm2"), await engine.state("en-pt")];
    }"""
    assert page.evaluate(state) == ["kept", "ready", "kept"]
    becomes(page, lambda: len(ours(page)), 2)  # a worker may take a moment to end
    box = page.boxes["attention"]
    box.get_by_label("Sentence", exact=True).fill("Bees dance.")
    box.get_by_role("button", name="Show attention").click()
    expect(box.get_by_role("radio", name="bees")).to_be_visible()
    assert page.evaluate(state) == ["ready", "kept", "kept"]
    becomes(page, lambda: len(ours(page)), 2)
    page.boxes["next_token"].get_by_role("button", name="Take the first").click()
    expect(page.locator(".live-taken button")).to_have_count(2)
    assert page.evaluate(state) == ["kept", "ready", "kept"]
    wanted = len({asked for asked in parts(page)})
    assert len(parts(page)) == wanted, "a part was asked for twice"


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="only Linux tells")
def test_all_widgets_hold_no_more_than_one_model(playground):
    """After a tour: the weights of SmolLM2, its cache of keys and values, which is not full, and 15 MB
    for what thirteen boxes show. A second model would be seen: the smallest has 17 MB."""
    page = playground
    weights = json.loads((ROOT / "site/assets/live/weights.json").read_text())["smollm2"]
    config, context = weights["config"], 2048
    width = config["hidden_size"] // config["num_attention_heads"] * config["num_key_value_heads"]
    most = weights["bytes"] + 4 * 2 * config["num_hidden_layers"] * context * width + 15e6
    # When rubbish is swept is the browser's choice, and what is swept the system has some time later.
    for _ in range(60):
        for one in (page, *page.workers):
            one.evaluate("gc()")
        if (grown := held() - page.bare) <= most:
            break
        page.wait_for_timeout(1000)
    assert grown > weights["bytes"], "the page was not found"
    assert grown <= most, f"{grown / 1e6:.0f} MB of {most / 1e6:.0f}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_readers_out(playground, violations, scheme):
    page = playground
    page.emulate_media(color_scheme=scheme)
    name = {"light": "default", "dark": "slate"}[scheme]
    expect(page.locator("body")).to_have_attribute("data-md-color-scheme", name)
    assert "\n".join(violations(page)) == ""
    for box, tabs in (("attention", ("Lines", "Table", "Map")),
                      ("next_token", ("Attention", "Branches", "Continuation"))):  # fmt: skip
        for tab in tabs:
            page.boxes[box].get_by_role("tab", name=tab).click()
            expect(page.boxes[box].get_by_role("tabpanel", name=tab)).to_be_visible()
            found = violations(page, f'[data-live="{box}"]')
            assert "\n".join(found) == "", tab
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


TABS = {"attention": ("Map", "Table", "Lines"),
        "next_token": ("Continuation", "Attention", "Branches")}  # fmt: skip


@pytest.mark.parametrize("width, tabs", [(360, 0), (360, 1), (360, 2), (1280, 0)])
def test_all_that_is_painted_in_a_widget_can_be_seen(playground, width, tabs):
    """Its texts, its bars, its lines, by pixels and in both schemes."""
    page = playground
    page.set_viewport_size({"width": width, "height": 900})
    for box, names in TABS.items():
        page.boxes[box].get_by_role("tab", name=names[tabs]).click()
        expect(page.boxes[box].get_by_role("tabpanel", name=names[tabs])).to_be_visible()
    assert "\n".join(eyes.see(page, ".live")) == ""
    # What has no color at all is no mark, and would not be missed there.
    look = "(one) => { const {stroke, backgroundColor} = getComputedStyle(one);"
    for mark, kind in (("path.live-best", "stroke"), ("rect.live-best, .live-best rect", "stroke"),
                       (".live-stays", "backgroundColor")):  # fmt: skip
        marks = page.locator(f".live-widget :is({mark})")
        assert marks.count() > 2
        painted = marks.first.evaluate(f"{look} return {kind}; }}")
        assert painted not in ("none", "rgba(0, 0, 0, 0)"), mark


# ------------------------------------------------------------------------------ the policy


def test_the_theme_works_under_the_policy(tour, site_server):
    page = tour(CHAPTER)
    answer = page.request.get(site_server.url + CHAPTER)
    policy = answer.headers["content-security-policy"]
    allowed = re.search(r"script-src ([^;]*);", policy)[1].split()
    named = [one for one in allowed if not one.startswith("'sha256-")]
    assert named == ["'self'", "'wasm-unsafe-eval'"] and len(allowed) < 7
    index = "search/search_index.json"
    assert index not in page.asked, "400 kB that most readers of a page do not need"
    page.get_by_role("textbox", name="Search").fill("beam search")
    expect(page.locator(".md-search-result__link").first).to_be_visible()
    assert index in page.asked


def test_a_chapter_without_webassembly(tour, monkeypatch, says):
    says("and without that word the same models run in plain JavaScript.", page="contributing")
    monkeypatch.setattr(Published, "kernel", "")
    shows_a_map(opened(explorer(tour(CHAPTER, expected="WebAssembly"))))


# ----------------------------------------------------------------------------- the network


def test_loading_can_be_cancelled(tour):
    page = explorer(tour(CHAPTER))
    held = []
    page.route("**/*.bin", lambda route: held.append(route))
    page.button.click()
    cancel = page.get_by_role("button", name="Cancel")
    expect(cancel).to_be_visible()
    expect(page.locator("progress")).to_be_visible()
    figure = page.locator(f"{EXPLORER} figure")
    expect(figure).to_be_visible()
    cancel.click()
    expect(page.locator("progress")).to_have_count(0)
    expect(page.button).to_be_focused()
    for route in held:
        route.abort()


def test_a_broken_download_is_named_and_tried_again(tour):
    page = explorer(tour(CHAPTER, expected="ERR_FAILED"))
    page.route("**/minilm-0-*.bin", lambda route: route.abort())
    page.button.click()
    problem = page.locator(f"{EXPLORER} .live-problem").first
    expect(problem).to_contain_text("This did not load: Part weights/minilm-0-")
    expect(page.button).to_have_text("Try again")
    page.unroute("**/minilm-0-*.bin")
    shows_a_map(opened(page))


def test_the_last_widget_that_closes_leaves_nothing_running(tour, says):
    says("When you close the last box, nothing is left in memory.", page="playground")
    page = opened(explorer(tour(CHAPTER)))
    assert ours(page)
    page.get_by_role("button", name="Back to the figure").click()
    expect(page.widget).to_have_count(0)
    becomes(page, lambda: ours(page), [])
    page.asked.clear()
    shows_a_map(opened(page))
    assert not parts(page)


def test_a_second_visit_needs_no_weights_until_they_are_removed(tour, says):
    says(
        "Your browser keeps a loaded model, so the next visit loads nothing.",
        "The button *Remove the downloaded model* at the end of each box takes it out of the browser again.",
        page="playground",
    )
    page = opened(explorer(tour(CHAPTER)))
    assert parts(page)
    page.asked.clear()
    page.reload()
    shows_a_map(opened(page))
    assert not parts(page)
    page.get_by_role("button", name="Remove the downloaded model").click()
    expect(page.get_by_text("is removed from this browser")).to_be_visible()
    expect(page.locator(f"{EXPLORER} figure")).to_be_visible()
    page.reload()
    page.asked.clear()
    opened(page)
    assert parts(page)


def test_an_open_page_needs_no_network_and_to_load_it_anew_may(browser, built, says):
    """Most hosts want to be asked whether what a browser has is still fresh, when it loads again."""
    says(
        "An open page that has its models needs no network; to load it anew may need one.",
        "Load the playground before the class begins, press the buttons that you will need, and leave the page open.",
        page="teaching",
    )
    with closing(browser.new_context()) as context:
        page = context.new_page()
        with serving(Published) as httpd:
            page.goto(httpd.url + CHAPTER)
            shows_a_map(opened(explorer(page)))
        page.get_by_role("button", name="Back to the figure").click()
        expect(page.widget).to_have_count(0)
        shows_a_map(opened(explorer(page)))
        with pytest.raises(Error, match="ERR_CONNECTION_REFUSED"):
            page.reload()


def test_over_plain_http_from_another_machine_no_model_is_kept(browser, built, says):
    """As a class gets the book from a laptop: it works, and the weights come with each load."""
    says(
        "serves it, to that laptop alone. With `mkdocs serve -a 0.0.0.0:8000` the room can read it too",
        "Over such a plain `http:` address the models work, but a browser keeps none: each time a page is loaded, "
        "its model comes from your laptop again.",
        page="teaching",
    )
    says(
        "Where the browser gives it no place, as over plain `http:` from another machine, each visit loads it anew.",
        "and each part is checked against its digest; over plain `http:` browsers compute none, so only the "
        "length is checked.",
        page="playground",
    )
    assert dict(get_schema())["dev_addr"].default == "127.0.0.1:8000"
    assert "dev_addr" not in (ROOT / "mkdocs.yml").read_text("utf-8")

    class Laptop(Published):
        """Asked as a proxy is, by the whole address."""

        def do_GET(self) -> None:
            self.path = urlsplit(self.path).path
            super().do_GET()

    with serving(Laptop) as httpd, closing(browser.new_context(proxy={"server": httpd.url})) as context:
        page = context.new_page()
        for _ in range(2):
            httpd.asked.clear()
            page.goto(f"http://laptop.test/{CHAPTER}")
            assert page.evaluate("[isSecureContext, 'caches' in window, !!crypto.subtle]") == [False] * 3
            shows_a_map(opened(explorer(page)))
            assert [path for _, path in httpd.asked if "minilm" in path and path.endswith(".bin")]
            page.goto("about:blank")


def test_after_the_first_visit_no_network_is_needed(browser, built):
    """The page and the scripts are in the browser's cache, the weights in its store."""
    with closing(browser.new_context()) as context:
        with serving(Published) as httpd:
            page = context.new_page()
            page.goto(httpd.url + CHAPTER)
            shows_a_map(opened(explorer(page)))
            page.close()
        page = context.new_page()
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(httpd.url + CHAPTER)
        shows_a_map(opened(explorer(page)))
        assert asked and all(url.startswith((httpd.url, "blob:", "data:")) for url in asked)
