"""What the tests share: the built book, and the values that its snippets left."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
os.chdir(ROOT)  # snippets name their models from here
# One thread each: the workers share the cores.
os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error", "OMP_NUM_THREADS": "1"}

from scripts.compute import runner  # noqa: E402
from scripts.models.make import ensure  # noqa: E402

pytest.register_assert_rewrite("browser")  # the fixtures of the tests that drive one


# Where files are shared out among workers (pytest-xdist), the longest go first, or one worker
# would be left alone with one of them at the end.
LONGEST = ("test_engines", "test_labs", "test_eyes", "test_faults", "test_live", "test_live_site",
           "test_site", "test_real_models", "test_models_make", "test_widgets_decoder",
           "test_widgets", "test_search", "test_answering")  # fmt: skip


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
def maps(book):
    """maps("chapter/idea") → the matrices that it drew: title, rows, columns, values."""
    return lambda name: book.outcome(name).maps
