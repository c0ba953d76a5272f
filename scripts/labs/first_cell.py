# @title Run this cell first: it gets the models
# On a laptop with the book's folder it takes a moment. In Colab, or in an empty folder, it
# installs libraries and gets the models by pip: some minutes, once.
import base64
import collections
import importlib.metadata
import io
import os
import pathlib
import subprocess
import sys
import time
import types
import warnings
import zipfile
import zlib

MODELS = []
LIBRARIES = []
# The book's own scripts that make the models, and their list, for where the book is not.
SCRIPTS = ""


def find_book():
    """The book's folder; where there is none, one is made beside this notebook."""
    here = pathlib.Path.cwd()
    for folder in [here, *here.parents]:
        if (folder / "snippets" / "models.toml").exists():
            return folder
    folder = here / "executable-transformer"
    packed = io.BytesIO(zlib.decompress(base64.b85decode(SCRIPTS)))
    with zipfile.ZipFile(packed) as scripts:
        scripts.extractall(folder)
    return folder


def lacking(pin):
    """Whether a library is missing, or transformers is another one than the lab's."""
    name, version = pin.split("==")
    try:
        installed = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return True
    return name == "transformers" and installed != version


os.environ["HF_HUB_OFFLINE"] = "1"  # nothing here comes from a hub
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"  # no red boxes under the cells
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
warnings.filterwarnings("ignore", message="IProgress not found")
book = find_book()
install = [pin for pin in LIBRARIES if lacking(pin)]
if install:
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", *install], check=True)
if MODELS:
    subprocess.run([sys.executable, "-m", "scripts", "models", *MODELS], cwd=book, check=True)
os.chdir(book)
sys.path.insert(0, str(book))


started_seconds = time.monotonic()
tries = collections.Counter()  # the code of a check → how often it was asked


class Open(Exception):
    """An answer that still has the three dots in it."""


def check(problem, *answers):
    """Say whether the answers to a task are right, or what is wrong. True when right."""

    def watched(answer):
        if answer is ... or isinstance(answer, tuple) and any(x is ... for x in answer):
            raise Open
        if not isinstance(answer, types.FunctionType):
            return answer

        def call(*arguments, **named):
            result = answer(*arguments, **named)
            return watched(result) if not isinstance(result, types.FunctionType) else result

        return call

    try:
        wrong = problem(*[watched(answer) for answer in answers])
    except Exception as error:
        if isinstance(error, Open) or "ellipsis" in str(error):
            print("○ Open: replace the three dots.")
            return False
        wrong = f"Your code stopped: {type(error).__name__}: {error}"
    tries[problem.__code__] += 1
    count, minutes = tries[problem.__code__], (time.monotonic() - started_seconds) / 60
    print(f"✗ {wrong}" if wrong else "✓ Right.")
    if count > 1 or minutes >= 1 and not wrong:
        print(f"  Try {count}, {minutes:.0f} minutes after the first cell.")
    return not wrong


print("Ready:", ", ".join(MODELS))
