"""Token classification: each token gets a tag; then plain code joins tags to names."""

from transformers import pipeline

tag = pipeline("token-classification", "models/minilm-ner", ignore_labels=[])
sentences = [
    "Maria Silva works for Siemens in Munich.",
    "Amina Yusuf works for the United Nations in New York.",
]
joined = []
for sentence in sentences:
    print("| token | tag | how sure |\n|---|---|---|")
    for token in tag(sentence):
        print(f"| {token['word']} | {token['entity']} | {token['score']:.2f} |")
    joined.append("")
    for name in tag(sentence, aggregation_strategy="first"):
        if name["entity_group"] != "O":
            found = sentence[name["start"] : name["end"]]
            joined[-1] += f"{found} ({name['entity_group']}), "
    print()
print("| sentence | names |\n|---|---|")
for sentence, names in zip(sentences, joined):
    print(f"| {sentence} | {names.removesuffix(', ')} |")
first, second = joined
