"""The same texts cut by WordPiece, by byte-level BPE and by Unigram, side by side."""

from transformers import AutoTokenizer

tokenizers = {
    "WordPiece": AutoTokenizer.from_pretrained("models/minilm"),
    "BPE": AutoTokenizer.from_pretrained("models/smollm2"),
    "Unigram": AutoTokenizer.from_pretrained("models/en-pt"),
}
texts = [
    "The robot watered the sunflowers because they were thirsty.",
    "HELIOTROPISM heliotropism",  # rare, and once in capitals
    "1234567 seeds for $9.95",
    "🌻 and 向日葵",
    "O robô regou os girassóis porque eles estavam com sede.",
]
counts = {}
print("| Cut by | Tokens | Number |\n|---|---|---:|")
for text in texts:
    print(f"| | **{text}** | |")
    for family, tokenizer in tokenizers.items():
        ids = tokenizer(text, add_special_tokens=False).input_ids
        tokens = tokenizer.convert_ids_to_tokens(ids)
        counts[family, text] = len(tokens)
        shown = " ".join(f"`{token}`" for token in tokens)
        print(f"| {family} | {shown} | {len(ids)} |")

wordpiece_portuguese = counts["WordPiece", texts[4]]
bpe_portuguese = counts["BPE", texts[4]]
unigram_portuguese = counts["Unigram", texts[4]]
