"""What the tests share: the built book, and the values that its snippets left."""

import inspect
import os
import re
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
os.chdir(ROOT)  # snippets name their models from here
# One thread each: the workers share the cores.
os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error", "OMP_NUM_THREADS": "1"}

from scripts.compute import runner  # noqa: E402
from scripts.measure import claims  # noqa: E402
from scripts.models.make import ensure  # noqa: E402

pytest.register_assert_rewrite("browser")  # the fixtures of the tests that drive one


# Where files are shared out among workers (pytest-xdist), the longest go first, or one worker
# would be left alone with one of them at the end.
LONGEST = ("test_engines", "test_labs", "test_live", "test_eyes", "test_live_site", "test_serve",
           "test_decoding", "test_live_inside", "test_faults", "test_widgets_inside", "test_touch",
           "test_adapting", "test_site", "test_from_scratch", "test_live_translator", "test_live_files",
           "test_why_transformers", "test_real_models", "test_models_make", "test_widgets_decoder",
           "test_widgets", "test_search", "test_answering", "test_inside", "test_decoder",
           "test_sequence_problems", "test_room")  # fmt: skip


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """A worker more than cores, for a third of the time they wait: for browsers, builds, deadlines.

    One file needs none: its tests stay together.
    """
    asked = {argument.split("::")[0] for argument in config.args}
    if len(asked) == 1 and asked.pop().endswith(".py"):
        return 0
    return len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else os.cpu_count()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONGEST)))


RULE = re.compile(r"\|[\s:|-]+\|?$")  # below the head of a Markdown table


@pytest.fixture(autouse=True)
def gradients() -> None:
    """On at the start of each test, whatever a lab or a snippet has switched off before it."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_grad_enabled(True)


@pytest.fixture(scope="session")
def book() -> runner.Book:
    """The book with every model made and every snippet run, if stale."""
    ensure()
    made = runner.Book(ROOT)
    runner.run(made)
    return made


@pytest.fixture(scope="session")
def values(book):
    """values("chapter/idea") → what that snippet left, as attributes."""

    class Values:
        def __init__(self, name: str):
            outcome = book.outcome(name)
            assert outcome, f"snippets/{name}.py has not run"
            assert not outcome.error, outcome.error
            self.__dict__ |= outcome.values

    return Values


@pytest.fixture(scope="session")
def printed(book):
    """printed("chapter/idea") → what that snippet printed."""
    return lambda name: book.output(name, "txt").read_text("utf-8")


@pytest.fixture(scope="session")
def cells(printed):
    """cells("chapter/idea") → the cells of the tables that it printed, row by row, without heads."""

    def rows(name: str) -> list[list[str]]:
        lines = printed(name).splitlines()
        heads = {n + i for n, line in enumerate(lines) if RULE.match(line) for i in (-1, 0)}
        rows = [line for n, line in enumerate(lines) if line.startswith("|") and n not in heads]
        parts = [re.split(r"(?<!\\)\|", row.strip("|")) for row in rows]  # a printed bar is “\|”
        return [[cell.strip().replace("\\|", "|") for cell in row] for row in parts]

    return rows


@pytest.fixture(scope="session")
def maps(book):
    """maps("chapter/idea") → the matrices that it drew: title, rows, columns, values."""
    return lambda name: book.outcome(name).maps


@pytest.fixture
def says(request):
    """says("…") fails if the page of a chapter's tests does not have that sentence.

    Values stand in it as in the page's source: {{ chapter/idea.variable:format }}. Another page,
    such as a lab, is named: says("…", page="labs/decoding").
    """
    quoted = request.node.stash.setdefault(QUOTED, [])
    own = claims.page_of(request.path.name)

    def check(*sentences: str, page: str = own) -> None:
        for sentence in sentences:
            quoted.append((page, sentence))
            wrong = claims.missing(ROOT / claims.pages(ROOT)[page], sentence, ROOT)
            assert not wrong, wrong

    return check


QUOTED = pytest.StashKey[list]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    """Beside a test that fails stand the sentences that it holds: page, line and words."""
    report = yield
    if report.when == "call" and report.failed and QUOTED in item.stash:
        lines = inspect.getsource(item.function)
        own, files = claims.page_of(item.path.name), claims.pages(ROOT)
        # Those of calls that it did not come to as well.
        later = [(page or own, one) for page, one in claims.quoted(textwrap.dedent(lines))]
        named = {(page, " ".join(one.split())): None for page, one in [*item.stash[QUOTED], *later]}
        held = []
        for page, sentence in named:
            line = claims.place(claims.source(ROOT / files[page]), sentence)
            held.append(f"{files[page]}:{line or 'gone'}: {sentence}")
        report.sections.append(("sentences that this test holds", "\n".join(held)))
    return report
