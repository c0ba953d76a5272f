# @title Run this cell first: it gets the models
# On a laptop with the book's folder it takes a moment. In Colab, or in an empty folder, it
# installs libraries and gets the models by pip: some minutes, once.
import base64
import importlib.metadata
import io
import os
import pathlib
import subprocess
import sys
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

from scripts.labs.checking import *  # noqa: E402, F403, I001 (the build writes that file here)

os.chdir(book)
sys.path.insert(0, str(book))
print("Ready:", ", ".join(MODELS))
