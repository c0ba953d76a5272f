"""The versions of the libraries that computed this page."""

import sys

import tokenizers
import torch
import transformers

print("transformers", transformers.__version__)
print("tokenizers  ", tokenizers.__version__)
print("torch       ", torch.__version__)
major = int(transformers.__version__.split(".")[0])
python = f"{sys.version_info.major}.{sys.version_info.minor}"
print("Python      ", python)
