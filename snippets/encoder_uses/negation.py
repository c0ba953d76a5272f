"""Put *not* in front of ten kind words and ten unkind words, and ask the model."""

from transformers import pipeline

classify = pipeline("text-classification", "models/minilm-sentiment")
kind = "good great funny clever exciting beautiful brilliant moving charming original"
unkind = "bad boring dull stupid awful ugly terrible slow weak predictable"


def praised(pattern, words):
    answers = classify([pattern.format(word) for word in words.split()])
    positive = [answer["label"] == "POSITIVE" for answer in answers]
    return [word for word, praise in zip(words.split(), positive) if praise]


print("called praise                 kind  unkind words, of ten each")
for pattern in ("It was {}.", "It was really {}.", "It was not {}.",
                "Nobody could call it {}."):  # fmt: skip
    counts = len(praised(pattern, kind)), len(praised(pattern, unkind))
    print(f"{pattern:<28} {counts[0]:5} {counts[1]:7}")
turned = praised("It was not {}.", unkind)
unkind_turned, turned_word = len(turned), ", ".join(turned)
kind_kept = len(praised("It was not {}.", kind))
really_kept = len(praised("It was really {}.", kind))
print("praise after not:", turned_word)
