"""The versions of the libraries that computed this page."""

import sys

import tokenizers
import torch
import transformers

print("transformers", transformers.__version__)
print("tokenizers  ", tokenizers.__version__)
print("torch       ", torch.__version__)
version = transformers.__version__
major = int(version.split(".")[0])
torch_version = torch.__version__.split("+")[0]  # without its build, such as +cpu
python = f"{sys.version_info.major}.{sys.version_info.minor}"
print("Python      ", python)
