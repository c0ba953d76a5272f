"""The beginning of the reply as the model writes it: tokens, which are not words."""

from transformers import AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
beginning = (
    "The sky is blue because of a process called Rayleigh scattering, where light "
    "encounters tiny molecules of air and is deflected by them."
)
groups = []  # one list of tokens for each word
for token in tokenizer.tokenize(beginning):
    if token.startswith("Ġ") or not groups:  # Ġ stands for the space before a word
        groups.append([])
    groups[-1].append(token.removeprefix("Ġ"))

words, tokens = len(groups), sum(map(len, groups))
print("| word | its tokens | words so far | tokens so far |\n|---|---|---|---|")
for number, group in enumerate(groups, 1):
    if len(group) > 1:
        so_far = sum(map(len, groups[:number]))
        cut = " ".join(f"`{token}`" for token in group)
        print(f"| {''.join(group)} | {cut} | {number} | {so_far} |")
