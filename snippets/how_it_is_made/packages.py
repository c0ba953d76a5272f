"""The packages that the book is made with, and what they allow."""

import re
from importlib.metadata import metadata
from pathlib import Path

_text = Path("requirements.txt").read_text("utf-8")
LINE = r"^([\w-]+)==([\w.]+)  # (.+)$"  # name, version, what for
listed = re.findall(LINE, _text, re.M)


def license_of(package: str) -> str:
    """As the package states it: in one line, or by the name of a known license."""
    about = metadata(package)
    named = [line.split(" :: ")[-1] for line in about.get_all("Classifier", [])
             if line.startswith("License")]  # fmt: skip
    stated = about.get("License-Expression") or about.get("License", "")
    return stated if stated and "\n" not in stated else " and ".join(named)


print("| package | version | what for | license |\n|---|---|---|---|")
for package, version, why in listed:
    print(f"| {package} | {version} | {why} | {license_of(package)} |")
packages = len(listed)
_lock = Path("requirements.lock").read_text("utf-8")
locked = len(set(re.findall(r"^([\w.-]+)==", _lock, re.M)))  # names
