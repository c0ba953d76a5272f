"""A question of each kind, a page of them, and such a page in a browser: `ask`."""

import json

import markdown
import pytest
from browser import LINKS, PATIENCE, PLAIN

from scripts.pages import chapter as pages
from scripts.pages import questions

CHOICE = """!!! question "Why divide?"
    Goal: say why scores are *divided*.

    - [ ] For the sum.
        Softmax does that: [why](#why).
    - [x] For the spread.
        It grows with $d$: [why](#why).
    - [ ] For the sign, which must always be positive.
        It stays: [why](#why).
"""
SEVERAL = """!!! question "Which numbers are even? Choose two."

    - [x] 2
        Twice one: [why](#why).
    - [ ] 3
        One is left over.
    - [x] 4
        Twice two.
"""
NUMBER = """!!! question "How wide?"

    `= {{ self_attention/scaling.raw:.1f }} ± 0.1 GB`

    As the [root](#why) says.
"""
ORDER = """!!! question "Put it in order."
    Goal: put one head in order.

    1. Make queries.
    2. Compare them.
    3. Take the *softmax*.

    As [told](#why).
"""
PREDICT = """!!! question "What will this print?"

    ```python
    --8<-- "self_attention/predict.py"
    ```

    ```text
    --8<-- "self_attention/predict.txt"
    ```

    Zeros give [equal weights](other.md#there).
"""
ALL = (CHOICE, SEVERAL, NUMBER, ORDER, PREDICT)
KNOWN = {"other.md": {"there"}}


def page(*blocks: str) -> str:
    """A chapter with these questions, and nothing else but what they need."""
    return "\n".join(["# X\n\n## Why\n\n## Remember\n\n## Check yourself\n", *blocks, "## Next\n"])


def html_of(text: str, fill=lambda text: text) -> str:
    """The page as the book's Markdown makes it."""
    used = "attr_list def_list md_in_html pymdownx.superfences toc"
    return markdown.markdown(fill(questions.render(text)), extensions=used.split())


# --------------------------------------------------------------------------- in a browser

SHELL = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A chapter</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
SHEETS<link rel="stylesheet" href="/theme.css">
<script src="/assets/early.js"></script>
<script type="module" src="/assets/questions.js"></script></head>
<body class="md-typeset" data-md-color-scheme="default"><main>{}</main></body></html>""".replace("SHEETS", LINKS)
THEME = "html { font-size: 125% } pre { overflow: auto }"
INDEX = """# The book

<p data-progress hidden></p>

[A chapter](/chapter)
:   What is in it?

[Another](/another)
:   And in this?
"""
KEY = "executable-transformer-progress"


@pytest.fixture(scope="module")
def written(book):
    """Two chapters and a first page, by their addresses."""

    def fill(text: str) -> str:
        return pages.fill(book, text)

    long = "\n".join(f"Line {n}.\n" for n in range(60))
    one = page(*ALL).replace("## Next", f"## After\n\n{long}\n\n## Next")
    return {
        "chapter": SHELL.format(html_of(one, fill)),
        "another": SHELL.format(html_of(page(CHOICE, ORDER), fill)),
        "": SHELL.format(html_of(INDEX)),
    }


@pytest.fixture
def ask(browser, server, written):
    """ask() → the chapter in a browser; ask().question(n) → its n-th question.

    Asserts at the end that nothing failed, broke the policy or asked for another site.
    """
    contexts, faults = [], []

    def answer(route):
        name = route.request.url.removeprefix(server.url)
        if name in written:
            policy = {"Content-Security-Policy": PLAIN, "Content-Type": "text/html"}
            route.fulfill(body=written[name], headers=policy)
        elif name == "theme.css":
            route.fulfill(body=THEME, content_type="text/css")
        elif route.request.url.startswith(server.url):
            route.continue_()
        else:
            faults.append(f"asked for {route.request.url}")
            route.abort()

    def go(name: str = "chapter", phone: bool = False, **options):
        sizes = {"width": 360, "height": 780} if phone else {"width": 1280, "height": 900}
        made = browser.new_context(viewport=sizes, has_touch=phone, **options)
        contexts.append(made)
        made.set_default_timeout(PATIENCE)
        made.route("**/*", answer)
        shown = made.new_page()
        shown.asked = []
        shown.on("request", lambda one: shown.asked.append(one.url.removeprefix(server.url)))
        shown.on("console", lambda said: said.type == "error" and faults.append(said.text))
        shown.on("pageerror", lambda error: faults.append(str(error)))
        shown.goto(server.url + name)
        shown.question = lambda number: shown.locator(f"#question-{number}")
        return shown

    yield go
    for context in contexts:
        context.close()
    assert not faults


def kept(page) -> dict:
    return json.loads(page.evaluate(f"localStorage.getItem('{KEY}')") or "{}")


def says(question):
    return question.get_by_role("status")
