"""What the tests of pages share: the book's Markdown."""

import markdown
import pytest
import yaml

from scripts.base import ROOT

pytest.register_assert_rewrite("asking")  # the fixtures of the questions


@pytest.fixture(scope="session")
def converter():
    """converter(*more) → a function that makes HTML as mkdocs.yml says, with more extensions."""
    loader = type("Loader", (yaml.SafeLoader,), {})
    loader.add_constructor("!ENV", lambda loader, node: "")
    listed = yaml.load((ROOT / "mkdocs.yml").read_text("utf-8"), loader)["markdown_extensions"]
    settings = {k: v for one in listed if isinstance(one, dict) for k, v in one.items()}
    names = [one if isinstance(one, str) else next(iter(one)) for one in listed]

    def with_more(*more):
        made = markdown.Markdown(extensions=[*names, *more], extension_configs=settings)
        return lambda text: made.reset().convert(text)

    return with_more


@pytest.fixture(scope="session")
def html(converter):
    """html(text) → what the book's Markdown makes of it."""
    return converter()
