"""`mkdocs serve` on a small book: pages at once, outputs as they come, faults in their places."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import psutil
import pytest
from browser import PATIENCE as browser_patience
from mkdocs.livereload import LiveReloadServer
from playwright.sync_api import expect
from small_site import SmallSite

from scripts.base import ROOT
from scripts.base.files import put
from scripts.compute import archive, job, runner
from scripts.compute.book import Book
from scripts.serve import desk, needs, worker
from scripts.serve.line import Reading

pytest_plugins = ["browser"]
PATIENCE = 120  # seconds, far more than each of the steps takes
LINE = "/livereload/line?page="
# Runs until somebody opens its gate, so that a test sees what stands there meanwhile.
GATED = '''"""Waits for a file."""
import time
from pathlib import Path

import matplotlib.pyplot as plt

print("it has begun", flush=True)
while not Path("gates/{name}").exists():
    time.sleep(0.02)
count = 12345
print("it has ended with {said}")
plt.plot([1, 2])
'''
ASKED = "requirements-prose.txt", "requirements.txt"
# A Python that lacks what only the snippets need.
BARE = '''
import importlib.metadata, sys
LACKS = "torch transformers tokenizers safetensors numpy matplotlib gguf wasmtime rcssmin".split()

class Lacking:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in LACKS:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Lacking())
version = importlib.metadata.version

def lacking(name):
    if name in LACKS:
        raise importlib.metadata.PackageNotFoundError(name)
    return version(name)

importlib.metadata.version = lacking
'''
PAGE = """---
description: A page for tests of the server.
---

# {name}

There are {{{{ gated/{name}.count:,}}}} of them, in $\\sqrt{{d}}$.

??? note "A fold"

    What was folded, with {{{{ gated/{name}.count }}}} inside.

```python
--8<-- "gated/{name}.py"
```

```text
--8<-- "gated/{name}.txt"
```

![A line that rises from one to two, drawn at the end.](figures/gated/{name}.svg "A caption.")

<div style="height: 3000px"></div>

The end.
"""


class Served:
    """A server of `mkdocs serve` in a folder, its address in `url`, what it said in `said()`."""

    def __init__(self, site: SmallSite, **environment: str):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.site, self.url = site, f"http://127.0.0.1:{port}"
        self.log = site.folder / f"serve-{port}.log"
        command = [sys.executable, "-m", "mkdocs", "serve", "-a", f"127.0.0.1:{port}"]
        env = os.environ | {"NO_MKDOCS_2_WARNING": "1"} | environment
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command, cwd=site.folder, stdout=log, stderr=log, env=env,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            )  # fmt: skip

    def said(self) -> str:
        return self.log.read_text("utf-8")

    def get(self, address: str, method: str = "GET", **headers: str) -> str:
        asked = urllib.request.Request(self.url + address, method=method, headers=headers)
        with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
            return answer.read().decode()

    def state(self, page: str) -> dict:
        """What the server answers to a page."""
        return json.loads(self.get(LINE + urllib.parse.quote(page)))

    def wait(self, until) -> object:
        """What `until` gives, as soon as it gives something."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.said()
            with contextlib.suppress(OSError, ValueError):
                if found := until():
                    return found
            time.sleep(0.1)
        raise AssertionError(self.said())

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, how=signal.SIGINT) -> None:
        """Stop it as its user does, and see that nothing stays behind."""
        family = self.family() if self.process.poll() is None else []
        self.process.send_signal(how)
        try:
            self.process.wait(PATIENCE)
            _, stay = psutil.wait_procs(family, PATIENCE)
        finally:
            for one in (self.process, *family):
                with contextlib.suppress(psutil.Error):
                    one.kill()
        assert not stay, self.said()


class Gates(SmallSite):
    """A small book whose snippets wait; `add` puts a page with one in, `open` lets it end."""

    def add(self, name: str, said: str = "well") -> None:
        program = self.folder / "snippets" / "gated" / f"{name}.py"
        program.parent.mkdir(exist_ok=True)
        program.write_text(GATED.format(name=name, said=said), "utf-8")
        (self.folder / "docs" / f"{name}.md").write_text(PAGE.format(name=name), "utf-8")

    def open(self, name: str) -> None:
        (self.folder / "gates").mkdir(exist_ok=True)
        (self.folder / "gates" / name).write_text("")

    def front(self) -> list[str]:
        """The files of the pages that were in front, the last one first."""
        return json.loads((self.folder / ".cache" / "serve" / "front.json").read_text("utf-8"))

    def output(self, name: str) -> Path:
        return self.folder / ".cache" / "snippets" / "gated" / f"{name}.txt"


@pytest.fixture(scope="module")
def gates(tmp_path_factory):
    made = Gates(tmp_path_factory.mktemp("served"))
    for name in ("first", "fails"):  # one alone holds a place: there may be but two
        made.add(name)
    program = made.folder / "snippets" / "gated" / "fails.py"
    program.write_text(program.read_text("utf-8").replace("count = 12345", "count = 1 / 0"), "utf-8")
    made.open("fails")
    return made


@pytest.fixture(scope="module")
def served(gates):
    server = Served(gates)
    try:
        server.wait(lambda: server.get("/first/"))
        yield server
        server.end()
    finally:
        server.process.kill()  # if it is still there


@pytest.fixture
def tab(browser):
    context = browser.new_context(viewport={"width": 1000, "height": 800})
    context.set_default_timeout(PATIENCE * 1000)
    expect.set_options(timeout=PATIENCE * 1000)
    page = context.new_page()
    page.wrong = []
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    yield page
    context.close()
    expect.set_options(timeout=browser_patience)
    assert not page.wrong


def test_a_page_is_there_before_anything_is_computed(gates, served, says):
    says("Every page is there at once.", page="contributing")
    page = served.get("/first/")
    assert not gates.output("first").exists()
    assert "waiting for" not in served.said() and "to run" not in served.said()
    assert 'data-waits="gated/first"' in page and "<figure class=\"computed pending\"" in page
    assert "What this program prints is being computed, and will appear here." in page
    said = page.partition("There are ")[2].partition(" of them")[0]
    assert said.startswith('<span class="pending-value" title="This number is being computed')
    assert "<math>" in page, "formulas are drawn"
    assert "being computed" in served.get("/figures/gated/first.svg")


def test_outputs_come_into_the_page_and_the_reader_stays(gates, served, tab):
    tab.goto(served.url + "/first/")
    tab.locator("summary").first.click()
    tab.evaluate("window.mine = 1; scrollTo(0, 1500)")
    box = tab.locator("figure.pending")
    expect(box).to_contain_text("is being computed, and will appear here. ")
    expect(tab.get_by_role("status").filter(has_text="outputs of this page")).to_have_count(1)
    place = tab.evaluate("scrollY")
    gates.open("first")
    expect(tab.locator("figure.computed svg")).to_have_count(1)
    expect(tab.locator(".output code")).to_contain_text("it has ended with well")
    expect(tab.locator("article")).to_contain_text("There are 12,345 of them")
    expect(tab.locator("details")).to_contain_text("with 12345 inside")
    assert tab.locator("details").first.evaluate("fold => fold.open")
    assert tab.evaluate("window.mine") == 1, "the page was not loaded again"
    assert abs(tab.evaluate("scrollY") - place) < 400 and place > 1000
    expect(tab.locator("[data-waits]")).to_have_count(0)
    expect(tab.locator(".served")).to_have_text("")


def test_what_a_reader_opens_comes_first(gates, served, tab):
    """In the order of the pages that were in front, the last one first."""
    for name in ("first", "fails"):
        tab.goto(f"{served.url}/{name}/")
        served.wait(lambda: gates.front()[0] == f"{name}.md")  # noqa: B023
    assert gates.front()[:2] == ["fails.md", "first.md"]


def test_a_snippet_that_fails_says_so_in_its_place(gates, served, tab):
    tab.goto(served.url + "/fails/")
    expect(tab.locator(".output code")).to_contain_text("ZeroDivisionError")
    served.wait(lambda: "snippets/gated/fails.py, line 10: ZeroDivisionError" in served.said())
    expect(tab.locator("article")).to_contain_text("⚠")


def test_an_edited_snippet_ends_and_the_new_one_is_shown(gates, served, tab):
    """The page is loaded again for the edit, and not for what came of it."""
    gates.add("second")
    served.wait(lambda: served.get("/second/"))
    tab.goto(served.url + "/second/")
    served.wait(lambda: "Being computed now." in served.state("second/")["says"].get("gated/second", ""))
    gates.add("second", "another text")
    expect(tab.locator("article")).to_contain_text('print("it has ended with another text")')
    gates.open("second")
    expect(tab.locator(".output code")).to_contain_text("it has ended with another text")
    assert gates.output("second").read_text("utf-8").count("it has ended") == 1


def test_a_build_waits_for_a_short_run_that_a_saved_program_asks_for(tmp_path, monkeypatch):
    """So one build shows the edit and what came of it."""
    site = Gates(tmp_path / "book")
    site.add("one")
    site.open("one")
    book, quiet = Book(site.folder), lambda line: None
    assert runner.run(book, say=quiet) == {}
    monkeypatch.setattr(desk, "SOON", PATIENCE)
    ours = desk.Desk(site.folder, quiet, quiet)
    assert ours.opened(book) == [] and "gated/one" not in ours.missing
    site.add("one", "another text")
    later = threading.Timer(1, lambda: runner.run(Book(site.folder), say=quiet))
    later.start()
    ours._settle()
    assert "another text" in site.output("one").read_text("utf-8")
    later.join()
    monkeypatch.setattr(desk, "SOON", 0)  # of a longer run it is told, and it comes into the page
    site.add("one", "yet another text")
    ours._settle()
    assert "yet another" not in site.output("one").read_text("utf-8")


def test_an_edit_is_shown_and_what_came_of_it_and_a_sentence_is_one_build(gates, served, tab):
    gates.open("first")
    tab.goto(served.url + "/first/")
    expect(tab.locator("article")).to_contain_text("There are 12,345 of them")
    gates.add("first", "yet another text")
    expect(tab.locator(".output code")).to_contain_text("it has ended with yet another text")
    expect(tab.locator("[data-waits]")).to_have_count(0)
    before = served.said().count("Building documentation")
    page = gates.folder / "docs" / "first.md"
    page.write_text(page.read_text("utf-8").replace("The end.", "The very end."), "utf-8")
    expect(tab.locator("article")).to_contain_text("The very end.")
    assert served.said().count("Building documentation") == before + 1


def test_a_browser_that_opens_twenty_pages_gets_them_all(gates, served, tab):
    """It has few connections to one server, and each page waits for news on one of them."""
    pages = [tab.context.new_page() for _ in range(20)]
    for page in pages:
        page.goto(served.url + "/first/")
    for page in pages:
        expect(page.locator(".output code")).to_contain_text("it has ended")
        page.close()


def test_the_line_begins_with_what_the_page_in_front_needs(tmp_path):
    """Then comes what was in front before, and then the rest."""
    site = Gates(tmp_path / "book")
    for name in ("one", "two", "three"):
        site.add(name)
    folder = site.folder / ".cache" / "serve"
    line = Reading(site.folder, folder, lambda said: None, threading.Event())
    assert line.look() and set(line.ready(set())) >= {"gated/one", "gated/two", "gated/three"}
    for front in (["two.md"], ["three.md", "two.md"], ["one.md", "none.md", "three.md"]):
        put(folder / "front.json", json.dumps(front).encode())
        line.woken.set()
        line.look()
        wanted = [f"gated/{page[:-3]}" for page in front if page != "none.md"]
        assert line.ready(set())[: len(wanted)] == wanted
    says = json.loads((folder / "state.json").read_text("utf-8"))["says"]
    assert says["gated/one"].endswith("Number 1 in the line.")


def test_others_rest_for_what_the_page_in_front_needs(tmp_path, says):
    """However long they take: they are stopped where they stand, and go on later."""
    says(
        "The page in front of you is computed first: its models, its programs, in the order of the page; "
        "what else runs rests for it meanwhile.",
        page="contributing",
    )
    site = Gates(tmp_path / "book")
    others = [f"other{number}" for number in range(runner.parallel())]
    for name in others:
        site.add(name)
    server = Served(site)
    told = lambda name: server.state(f"{name}/")["says"].get(f"gated/{name}", "")
    try:
        server.wait(lambda: server.get(f"/{others[0]}/"))
        for name in others:
            server.wait(lambda: told(name) == "Being computed now.")  # noqa: B023
        site.add("mine")
        server.wait(lambda: server.get("/mine/"))
        server.get(LINE + "mine/", "POST")
        server.wait(lambda: told("mine") == "Being computed now.")
        resting = [name for name in others if told(name).startswith("Begun; it rests while")]
        assert len(resting) == 1
        site.open(resting[0])
        time.sleep(1)
        assert not site.output(resting[0]).exists()
        site.open("mine")
        server.wait(site.output("mine").exists)
        server.wait(site.output(resting[0]).exists)
        assert "it has ended with well" in site.output(resting[0]).read_text("utf-8")
    finally:
        server.end()


def test_a_link_to_what_is_still_to_come_is_no_mistake(tmp_path):
    """It is one when all is there."""
    site = Gates(tmp_path / "book")
    site.add("one")
    with open(site.folder / "docs" / "one.md", "a", encoding="utf-8") as page:
        page.write("\nSee [there](one.md#of-which-a-program-tells).\n")
    server = Served(site)
    says = "such anchor on this page"
    try:
        server.wait(lambda: 'data-waits="gated/one"' in server.get("/one/"))
        assert says not in server.said()
        site.open("one")
        server.wait(lambda: server.state("one/") and says in server.said())
    finally:
        server.end()


def test_time_at_rest_is_no_time_of_a_run():
    """Or one that rests for long would be ended as one without an end."""
    def stopped(until: bool) -> None:  # a signal needs a moment
        end = time.monotonic() + PATIENCE
        while (psutil.Process(run.process.pid).status() == psutil.STATUS_STOPPED) != until:
            assert time.monotonic() < end
            time.sleep(0.01)

    run = job.Resting()
    run.process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
    try:
        run.started, run.deadline = time.monotonic(), time.monotonic() + 10
        before = run.started, run.deadline
        run.rest()
        stopped(True)
        run.rests -= 1000  # as if it had begun then
        run.go_on()
        stopped(False)
        assert all(999 < now - then < 1010 for now, then in zip((run.started, run.deadline), before))
        assert run.rests == 0
    finally:
        run.process.kill()
    run.process.wait()
    run.rest(), run.go_on()  # one that has ended is no error


def test_no_page_waits_for_a_build(tmp_path):
    """The site before is served meanwhile; a page is loaded again only when the new one is there."""
    site, quiet = Gates(tmp_path / "book"), lambda line: None
    begun, go_on = threading.Semaphore(0), threading.Semaphore(0)
    ours, number = desk.Desk(site.folder, quiet, quiet), iter(range(1, 9))
    ours._wake = lambda: None  # nothing is computed here
    ours._settle = lambda: asked.append(get("/").read())  # … so nothing is waited for
    asked = []

    def build() -> None:
        folder = Path(ours.beside(str(tmp_path / "site")))
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        begun.release()
        assert go_on.acquire(timeout=PATIENCE)
        (folder / "index.html").write_text(f"build {next(number)}</body>")
        (folder / "404.html").write_text("no such page")

    server = LiveReloadServer(build, "127.0.0.1", 0, str(tmp_path / "site"))
    go_on.release()
    build()
    ours._show()
    begun.acquire()
    ours.serve(server)
    threading.Thread(target=server.serve, daemon=True).start()
    while not server.serve_thread.is_alive():
        time.sleep(0.01)
    get = lambda path: urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}{path}", timeout=10)
    try:
        for last in (1, 2):
            (site.folder / "docs" / "index.md").write_text(f"# Saved {last}\n", "utf-8")
            site.add(f"saved{last}")
            with server._rebuild_cond:
                server._want_rebuild = True
                server._rebuild_cond.notify_all()
            assert begun.acquire(timeout=PATIENCE)
            assert len(asked) == last, "no page waits for what the build waits for"
            assert f"build {last}<" in get("/").read().decode() and ours.loud == (last > 1) * last
            with pytest.raises(urllib.error.HTTPError, match="404") as error:
                get("/no_such/")
            assert error.value.read() == b"no such page"
            go_on.release()
            until = time.monotonic() + PATIENCE
            while ours.loud == (last > 1) * last and time.monotonic() < until:
                time.sleep(0.01)
            assert ours.loud == ours.build == last + 1
            assert f"build {last + 1}<" in get("/").read().decode()
    finally:
        server.shutdown()
    assert Path(ours.place).exists()
    ours.end()
    assert not (tmp_path / "site-next").exists()


def test_a_page_waits_for_the_model_in_it(tmp_path):
    """Whatever asks the engine, for a tokenizer or its products alone, is there when its files are."""
    widgets = ROOT / "docs/assets/live/widgets"
    pages = "".join(page.read_text("utf-8") for page in (ROOT / "docs").glob("*.md"))
    names = set(re.findall(r'^<div class="live" data-live="(\w+)"', pages, re.M))
    assert {"attention", "by_hand", "tokenizer", "translate", "lens"} <= names
    (tmp_path / "docs").mkdir()
    for name in names:
        (tmp_path / "docs" / f"{name}.md").write_text(f'<div class="live" data-live="{name}"></div>')
    found = needs.of_pages(tmp_path, set())
    for name in names:
        text = (widgets / f"{name}.js").read_text("utf-8")
        asks = "engine/engine.js" in text or "training/worker.js" in text  # which takes the kernel
        assert found[f"{name}.md"] == ["live"] * asks, name


def test_prose_alone_needs_no_torch(tmp_path):
    """What is recorded is shown, what is not says why it is not computed."""
    site = Gates(tmp_path / "book")
    book = Book(site.folder)
    assert runner.run(book, say=lambda line: None) == {}
    archive.save(site.folder, tmp_path / "outputs.zip")
    archive.load(site.folder, tmp_path / "outputs.zip")  # and the versions that it tells
    site.add("one")
    (tmp_path / "sitecustomize.py").write_text(BARE, "utf-8")
    server = Served(site, PYTHONPATH=str(tmp_path))
    try:
        server.wait(lambda: server.get("/one/"))
        shown = server.get("/the_paper-schedule/")
        assert 'data-waits=' not in shown and "The rate peaks at 0.00" in shown
        assert "there is no PyTorch" in server.state("one/")["says"]["gated/one"]
        server.wait(lambda: "there is no PyTorch" in server.said())
        time.sleep(1)
        assert not site.output("one").exists() and "Error" not in server.said()
    finally:
        server.end()


def test_what_prose_alone_needs_is_what_the_book_needs():
    lines = [(ROOT / name).read_text("utf-8").splitlines() for name in ASKED]
    assert len(lines[0]) > 5 and set(lines[0][1:]) < set(lines[1])


def test_nobody_else_is_answered(gates, served):
    gates.open("first")
    served.wait(lambda: not served.state("first/")["says"])
    with pytest.raises(urllib.error.HTTPError, match="404"):
        served.get(LINE + "no_such_page/")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        served.get(LINE + urllib.parse.quote("../mkdocs.yml"), "POST")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        served.get(LINE + "first/", "DELETE")
    served.get(LINE + "fails/", "POST")
    with pytest.raises(urllib.error.HTTPError, match="403"):
        served.get(LINE + "first/", "POST", Origin="https://example.org")
    assert served.site.front()[0] == "fails.md", "what is refused changes nothing"
    assert json.loads(served.get(LINE + "first/", "POST", Origin=served.url))["says"] == {}
    assert served.site.front()[0] == "first.md"
    # Where a proxy forwards the port, it may name the machine and the page in two ways.
    port, there = urllib.parse.urlsplit(served.url).port, "name-8000.example.dev"
    served.get(LINE + "fails/", "POST", Origin=f"https://localhost:{port}", Host=there)
    assert served.site.front()[0] == "fails.md"
    for other in (f"https://localhost:{port + 1}", f"https://example.org:{port}"):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            served.get(LINE + "first/", "POST", Origin=other, Host=there)


@pytest.mark.parametrize(
    ("old", "new", "shown", "said"),
    [
        ("first.txt", "frist.txt", "⚠ there is no snippet gated/frist; did you mean gated/first?",
         "docs/first.md, line 18: there is no snippet gated/frist; did you mean gated/first?"),
        ("\\sqrt{d}", "\\sqrt{d", "⚠ Expected '}', got 'EOF'",
         "docs/first.md, line 7: cannot read “\\sqrt{d”"),
        ("gated/first.count:", "gated/first.cuont:", "⚠ gated/first.cuont",
         "docs/first.md, line 7: snippets/gated/first.py leaves no value cuont; did you mean count?"),
    ],
)  # fmt: skip
def test_a_mistake_stands_in_its_place_and_every_page_is_there(
    gates, served, tab, old, new, shown, said, says
):
    says(
        "A mistake, such as a wrong name in an include or a formula that cannot be read, stands as ⚠ "
        "in its place on the page and with file and line in the terminal.",
        page="contributing",
    )
    page = gates.folder / "docs" / "first.md"
    text = page.read_text("utf-8")
    tab.goto(served.url + "/first/")
    page.write_text(text.replace(old, new), "utf-8")
    try:
        expect(tab.locator("article")).to_contain_text(shown)
        assert said in served.said()
        assert "The end." in served.get("/second/")
    finally:
        page.write_text(text, "utf-8")
    expect(tab.locator("article")).not_to_contain_text("⚠")


def test_what_cannot_be_built_says_why_on_every_page(gates, served, tab):
    settings = gates.folder / "mkdocs.yml"
    text = settings.read_text("utf-8")
    tab.goto(served.url + "/first/")
    settings.write_text(text + "\nplugins: [no_such]\n", "utf-8")
    try:
        expect(tab.locator("body")).to_contain_text("no_such")
    finally:
        settings.write_text(text, "utf-8")
    expect(tab.locator("article")).to_contain_text(" of them, in ")


def test_a_second_server_takes_over(gates, served):
    """It only watches while the first one is there, and computes when that has gone."""
    gates.add("third")
    served.wait(lambda: "Being computed now." in served.state("third/")["says"].get("gated/third", ""))
    second = Served(gates)
    try:
        second.wait(lambda: second.get("/third/"))
        assert second.state("third/")["says"].keys() == {"gated/third"}
        run = gates.folder / ".cache" / "run" / "gated" / "third"
        running = [one for one in psutil.process_iter(["cmdline"]) if _runs(one, run)]
        assert len(running) == 1, "one process runs the snippet, though two servers serve"
        gates.open("third")
        second.wait(lambda: "it has ended with well" in second.get("/third/") or second.state("third/") and None)  # noqa: E501
    finally:
        second.end()


def _runs(process: psutil.Process, run: Path) -> bool:
    """Whether a process is writing what a snippet prints."""
    with contextlib.suppress(psutil.Error):
        return str(run / "text") in [file.path for file in process.open_files()]
    return False


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "SIGKILL"])
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_however_it_ends_what_is_computed_is_kept_and_no_process_stays(tmp_path, how):
    site = Gates(tmp_path / "book")
    for name in ("one", "two"):
        site.add(name)
    site.open("one")
    server = Served(site)
    try:
        server.wait(lambda: server.get("/two/"))
        server.wait(lambda: "gated/two" in server.state("two/")["says"] and site.output("one").exists())
        server.wait(lambda: "Being computed now." in server.state("two/")["says"]["gated/two"])
        assert "it has ended" in site.output("one").read_text("utf-8")
        server.end(getattr(signal, how))
    finally:
        server.process.kill()  # if it is still there
    assert not site.output("two").exists() and "Traceback" not in server.said()


def test_a_run_that_ends_with_its_server_is_not_kept_as_failed(monkeypatch):
    """The worker sees the run end, too, and would keep what it left before it ends itself."""
    seen = []

    class Run:
        def kill(self):
            seen.append(not job.KEEPING.acquire(timeout=0.1))

    def end(code):
        raise SystemExit(code)

    monkeypatch.setattr(worker.os, "read", lambda *_: b"")
    monkeypatch.setattr(worker.os, "_exit", end)
    monkeypatch.setattr(worker.psutil.Process, "children", lambda *_, **__: [Run()])
    monkeypatch.setattr(job, "KEEPING", threading.Lock())
    with pytest.raises(SystemExit):
        worker._hear_the_server(threading.Event())
    assert seen == [True], "nothing can be kept any more"
    kept = job.Job.__new__(job.Job)
    late = threading.Thread(target=kept.finish, args=(False,), daemon=True)
    late.start()
    late.join(0.2)
    assert late.is_alive(), "… and who wants to waits"


def test_formulas_are_drawn_as_soon_as_what_draws_them_is_there(tmp_path, tab):
    """On the first start: the page does not wait for it."""
    site = Gates(tmp_path / "book")
    site.add("one")
    kept = (site.folder / ".cache" / "formulas").resolve()
    (site.folder / ".cache" / "formulas").unlink()
    refused = {"npm_config_registry": "http://127.0.0.1:9/", "npm_config_fetch_retries": "0"}
    server = Served(site, **refused, npm_config_cache=str(tmp_path))
    try:
        server.wait(lambda: server.get("/one/"))
        tab.goto(server.url + "/one/")
        expect(tab.locator("article code").first).to_have_text("\\sqrt{d}")
        shutil.copytree(kept, site.folder / ".cache" / "formulas", dirs_exist_ok=True)
        expect(tab.locator("math")).to_have_count(1)
    finally:
        server.end()


def test_without_a_network_pages_are_there_and_say_what_they_wait_for(tmp_path):
    """On the first start, with no model: what needs none is computed."""
    site = Gates(tmp_path / "book")
    site.add("one")
    site.add("two")
    site.open("one")
    program = site.folder / "snippets" / "gated" / "two.py"
    program.write_text(program.read_text("utf-8") + 'open("models/minilm/config.json")\n', "utf-8")
    (site.folder / "models").unlink()
    (site.folder / ".cache" / "formulas").unlink()
    refused = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
    refused |= {"npm_config_registry": "http://127.0.0.1:9/", "npm_config_fetch_retries": "0"}
    refused |= {"npm_config_cache": str(tmp_path / "npm")}
    server = Served(site, **refused)
    try:
        server.wait(lambda: "ended with well" in server.get("/one/") or server.state("one/") and None)
        why = lambda: server.state("two/")["says"]["gated/two"]
        server.wait(lambda: "Waits for the model MiniLM. ⚠ " in why() and "cannot be fetched" in why())
        assert "cannot be fetched" in server.said()
        assert "\\sqrt{d}</code>" in server.get("/two/"), "formulas stand as written"
        server.wait(lambda: "a script of others could not be fetched" in server.said())
        assert 'data-waits="gated/two"' in server.get("/two/")
    finally:
        server.end()
