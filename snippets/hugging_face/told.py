"""Mistakes that raise no error. Catch what the library says about each of them."""

import logging
import textwrap

from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging as library

said = []
library.set_verbosity_warning()  # what is printed if you set nothing
library.get_logger().handlers.clear()
listen = logging.Handler()
listen.emit = lambda record: said.append(record.getMessage())
library.add_handler(listen)


def heard(mistake, program):
    said.clear()
    program()
    words = " ".join(said[-1].split())[:150] + " …" if said else "(nothing)"
    print(mistake, textwrap.indent(textwrap.fill(words, 38), "  "), sep="\n")
    return bool(said)


reader = AutoTokenizer.from_pretrained("models/minilm")
minilm = AutoModel.from_pretrained("models/minilm")
writer = AutoTokenizer.from_pretrained("models/smollm2", padding_side="right")
smollm2 = AutoModelForCausalLM.from_pretrained("models/smollm2")
pair = writer(["The capital of France is", "Rain"], padding=True, return_tensors="pt")
one = reader("The robot watered.", return_tensors="pt")
maps = heard("attention maps under SDPA", lambda: minilm(**one, output_attentions=True))
side = heard("padding on the right", lambda: smollm2.generate(**pair, max_new_tokens=2))
long = heard("a text that is too long", lambda: reader("word " * 600))
short = reader(["The robot watered.", "Rain"], padding=True, return_tensors="pt")
mask = heard("no mask for the padding, MiniLM", lambda: minilm(short.input_ids))
none = heard("no mask for the padding, SmolLM2", lambda: smollm2(pair.input_ids))
