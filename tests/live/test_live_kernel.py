"""The kernel in WebAssembly and in plain JavaScript: the same sums."""

import numpy as np
import pytest
from test_live import run, site  # noqa: F401 - fixtures


@pytest.mark.parametrize("kernel", ["fused", "simd"])
def test_the_same_sums(run, kernel):  # noqa: F811
    """Of blocks and bytes, at the edges too; each to the digits that its format of x leaves."""
    told = run("kernel", {"kernel": kernel})
    for side in ("fast", "plain"):  # what would be written past its end
        for rows in (4, 30):
            assert told[side].pop(f"refused {rows}") == f"{rows} rows: the products need a multiple of 4, from 8 on."
    assert told["fast"].keys() == told["plain"].keys() and len(told["fast"]) == 23
    for name, plain in told["plain"].items():
        fast, plain = np.array(told["fast"][name]), np.array(plain)
        assert np.isfinite(plain).all() and len(plain)
        rows = (1, 6)[name.endswith(" 6")] if name[0] in "QI" else 1
        most = np.abs(plain.reshape(rows, -1)).max(1, keepdims=True)
        limit = {"I": 1e-4, "Q": 3e-6}.get(name[0], 1e-6)
        off = np.abs(fast - plain).reshape(rows, -1)
        print(f"{kernel}, {name}: {(off / np.maximum(most, 1e-30)).max():.0e}")
        assert (off <= limit * most).all(), name
