"""What several tests of the built site need."""

import pytest

from scripts.base import ROOT, node


@pytest.fixture
def cache(tmp_path):
    """An empty cache, but for the packages of Node, which need not be fetched again."""
    packages, folder = node.installed(ROOT / ".cache" / "styles").parent, tmp_path / "cache"
    folder.mkdir()
    (folder / packages.name).symlink_to(packages)
    return folder
