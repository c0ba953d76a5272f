"""An I tag that continues nothing: a name, or not? The same answers, scored twice."""

import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer

from snippets.shared.tagging import predict, read_bracketed, spans

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/minilm-ner")
model = AutoModelForTokenClassification.from_pretrained("models/minilm-ner")


def strict(tags):
    """The names that begin with a B."""
    return {span for span in spans(tags) if tags[span[0]].startswith("B")}


right, found, there, stray, example = [0, 0], [0, 0], 0, 0, None
for text, tags, _ in read_bracketed("snippets/encoder_uses/gold_ner.txt"):
    said, truth = predict(model, tokenizer, text), spans(tags)
    there += len(truth)
    for way, read in enumerate((spans, strict)):
        right[way] += len(read(said) & truth)
        found[way] += len(read(said))
    for begin, end, kind in spans(said) - strict(said):
        stray += 1
        example = example or (text[begin - 1 : end + 1], said[begin - 1 : end + 1])

lenient_f1, strict_f1 = (2 * r / (f + there) for r, f in zip(right, found))
print("for example:", *example[0], "→", *example[1])
print(f"names that begin with an I: {stray}, of {found[0]}")
print(f"F1 if they count: {lenient_f1:.3f}, if they do not: {strict_f1:.3f}")
lost = right[0] - right[1]
