"""How far does a list of phrases get? And what is left for the model to learn?"""

from collections import Counter

from snippets.shared import styles

phrases = styles.PEOPLE | styles.ACTIONS | styles.THINGS | styles.TIMES
phrases |= styles.STATES | styles.GREETINGS | {
    "can you": "could you please", "is gonna": "will", "are gonna": "will",
    "don't get": "do not receive", "doesn't get": "does not receive",
    "'ve got a lot of": "have many", "'s got a lot of": "has many",
    ", sorry .": ".", ", yay !": ".",
}  # fmt: skip
phrases = {low: high for low, high in phrases.items() if low != high}


def replaced(text):
    for low in sorted(phrases, key=len, reverse=True):  # long phrases first
        text = f" {text} ".replace(f" {low} ", f" {phrases[low]} ").strip()
    return text


_, test = styles.split()
asked = Counter(kind for kind, _ in test)
right = Counter(kind for kind, (low, high) in test if replaced(low) == high)
entries, by_phrases, held_out = len(phrases), right.total(), len(test)
share = by_phrases / held_out
for kind in asked:
    print(f"{kind:<8} {right[kind]:3} of {asked[kind]}")
print(f"{entries} phrases, no model: {by_phrases} of {held_out} = {share:.0%}")
for kind in ("get", "a lot", "state"):
    pairs = [pair for its, pair in test if its == kind]
    text = next(low for low, high in pairs if replaced(low) != high)
    print(f"  {text}\n    {replaced(text)}")
