"""Put *not* in front of ten kind words and ten unkind words, and ask the model."""

from transformers import pipeline

classify = pipeline("text-classification", "models/minilm-sentiment")
kind = "good great funny clever exciting beautiful brilliant moving charming original"
unkind = "bad boring dull stupid awful ugly terrible slow weak predictable"


def praised(pattern, words):
    answers = classify([pattern.format(word) for word in words.split()])
    return sum(answer["label"] == "POSITIVE" for answer in answers)


print("called praise                 kind  unkind words, of ten each")
for pattern in ("It was {}.", "It was not {}.", "Nobody could call it {}."):
    print(f"{pattern:<28} {praised(pattern, kind):5} {praised(pattern, unkind):7}")
unkind_turned = praised("It was not {}.", unkind)
kind_kept = praised("It was not {}.", kind)
