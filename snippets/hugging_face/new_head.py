"""A head that the folder does not hold is made at random, and loading succeeds."""

import logging

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from transformers.utils import logging as library

said = []  # what the library would print on the error stream
library.set_verbosity_warning()
library.get_logger().handlers.clear()
listen = logging.Handler()
listen.emit = lambda record: said.append(record.getMessage())
library.add_handler(listen)

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
inputs = tokenizer("I loved every minute of this film.", return_tensors="pt")


def load(seed):
    torch.manual_seed(seed)
    return AutoModelForSequenceClassification.from_pretrained(
        "models/minilm", output_loading_info=True
    )


answers = []
for seed in (0, 1, 2):
    model, report = load(seed)
    with torch.no_grad():
        probabilities = model(**inputs).logits.softmax(dim=-1)[0]
    answers.append(probabilities[1].item())
    print(f"seed {seed}: probability of {model.config.id2label[1]} {answers[-1]:.3f}")

missing = sorted(report["missing_keys"])
missing_count = len(missing)
print("the report:", *said[-1].splitlines()[1:5], sep="\n  ")
spread = max(answers) - min(answers)
