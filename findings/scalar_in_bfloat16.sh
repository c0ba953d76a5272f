#!/usr/bin/env bash
# PyTorch 2.13.0 rounds a single number to the type of the tensor that it is compared with. In
# bfloat16 there is no 257: the numbers beside it are 256 and 258. So `x == 257` is true where x
# is 256, and `x < 257` is false there. The same number in a tensor with one place, [257.0], is
# not rounded: then both are computed in float32, and the answers are the other ones. A tensor
# without places, 257.0 alone, counts as a single number. There is no error and no warning.
#
# Seen on Python 3.11 with torch 2.13.0 (CPU):
#     x = [256, 258] in bfloat16
#     number, tensor without places    x == 257: [True, False]   x < 257: [False, False]
#     tensor with one place            x == 257: [False, False]  x < 257: [True, False]
# Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0
cat > "$folder/compare.py" <<'PYTHON'
import sys
import warnings

import torch

x = torch.tensor([256.0, 258.0], dtype=torch.bfloat16)
others = {
    "number": 257.0,
    "tensor without places": torch.tensor(257.0),
    "tensor with one place": torch.tensor([257.0]),
}
found = {}
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    for name, other in others.items():
        found[name] = (x == other).tolist(), (x < other).tolist()
        print(f"{name:22}  x == 257: {found[name][0]}  x < 257: {found[name][1]}")
rounded, exact = ([True, False], [False, False]), ([False, False], [True, False])
print(torch.__version__, "warnings:", len(told))
sys.exit(list(found.values()) != [rounded, rounded, exact] or bool(told))
PYTHON
"$folder/venv/bin/python" "$folder/compare.py"
echo "as seen"
