"""Hide personal data: a token classifier finds it, plain code takes it out."""

from transformers import pipeline

find = pipeline("token-classification", "models/pii", aggregation_strategy="first")
letters = [
    "My name is Anna Kowalski and my phone number is 555 0134.",
    "Please send it to 48 Linden Street, and write to anna.k@example.org.",
    "The robot watered the sunflowers because they were thirsty.",
    "Call Mr. Okafor, he has my old password, which is tulip7.",
]
hidden = 0
for letter in letters:
    for entity in reversed(find(letter)):  # from the end: earlier places stay right
        begin, end = entity["start"], entity["end"]
        letter = f"{letter[:begin]}[{entity['entity_group']}]{letter[end:]}"
        hidden += 1
    print(letter)
