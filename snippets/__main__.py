"""Run one of the book's programs by hand, from the book's folder, and show its figure.

python -m snippets decoding/greedy
"""

import difflib
import runpy
import sys
from pathlib import Path

import matplotlib.pyplot as plt

HERE = Path(__file__).parent


def main() -> None:
    names = {p.relative_to(HERE).with_suffix("").as_posix() for p in HERE.glob("*/*.py")}
    if len(sys.argv) != 2:
        sys.exit("Name one program: python -m snippets decoding/greedy")
    # Its file does as well, as the shell completes it: snippets/decoding/greedy.py
    name = sys.argv[1].replace("\\", "/").removeprefix("./").removeprefix("snippets/")
    name = name.removesuffix(".py")
    if name not in names:
        near = difflib.get_close_matches(name, names, 3, 0.4)
        sys.exit(f"There is no snippets/{name}.py. The nearest are: {', '.join(near) or 'none'}")
    plt.style.use(HERE / "house.mplstyle")
    runpy.run_path(str(HERE / f"{name}.py"), run_name="__main__")
    if plt.get_fignums():
        plt.show()


main()
