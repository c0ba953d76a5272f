"""Text to ids and back to text: only the byte-level tokenizer returns it all."""

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
