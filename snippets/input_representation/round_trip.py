"""Text to ids and back to text: what each of three tokenizers loses on the way."""

from tokenizers.pre_tokenizers import ByteLevel
from transformers import AutoTokenizer

texts = ["The robot", "girassóis", "🌻", "two  spaces"]
lost = {}
for family, model in {
    "WordPiece": "models/minilm", "BPE": "models/smollm2", "Unigram": "models/en-pt"
}.items():  # fmt: skip
    tokenizer = AutoTokenizer.from_pretrained(model)
    lost[family] = 0
    for text in texts:
        back = tokenizer.decode(tokenizer(text, add_special_tokens=False).input_ids)
        lost[family] += back != text
        print(f"{family:9}  {text:11} → {back:11} {'' if back == text else 'changed'}")
lost_wordpiece, lost_bpe, lost_unigram = lost.values()

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
pieces = tokenizer.get_vocab()
every_byte = ByteLevel.alphabet()  # 256 printable signs, one for each byte
missing, all_bytes = sum(sign not in pieces for sign in every_byte), len(every_byte)
print(f"\nSmolLM2 has no piece for {missing} of {all_bytes} bytes.")
typed = "a\x14b"  # with a control character in the middle
back = tokenizer.decode(tokenizer(typed).input_ids)
print(f"BPE        {typed!r} → {back!r}")
