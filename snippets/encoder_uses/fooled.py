"""Sentences that fool the sentiment model, and sentences from elsewhere."""

from transformers import pipeline

classify = pipeline("text-classification", "models/minilm-sentiment")
sentences = {
    "I loved every minute of it.": "POSITIVE",
    "The plot was boring and the actors were terrible.": "NEGATIVE",
    "I expected to hate it, but I was pleasantly surprised.": "POSITIVE",
    "It was not bad at all.": "POSITIVE",
    "Nobody could call this film boring.": "POSITIVE",
    "I would rather watch paint dry.": "NEGATIVE",
    "Great, another two hours of my life gone.": "NEGATIVE",
    "The villain is wonderfully evil and cruel.": "POSITIVE",
    "Everything about it is fine, except the film.": "NEGATIVE",
    "The film starts at eight o'clock.": "neither",
}
fooled = 0
print("| sentence | people say | the model says | how sure |\n|---|---|---|---|")
for sentence, truth in sentences.items():
    answer = classify(sentence)[0]
    wrong = answer["label"] != truth
    fooled += wrong
    label = f"**{answer['label'].lower()}**" if wrong else answer["label"].lower()
    print(f"| {sentence} | {truth.lower()} | {label} | {answer['score']:.2f} |")
asked = len(sentences)
