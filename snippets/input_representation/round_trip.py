"""Text to ids and back to text: only the byte-level tokenizer returns every character."""

from transformers import AutoTokenizer

texts = ["The robot", "girassóis", "🌻", "two  spaces"]
lost = {}
for family, name in {"WordPiece": "minilm", "BPE": "smollm2", "Unigram": "en-pt"}.items():
    tokenizer = AutoTokenizer.from_pretrained(f"models/{name}")
    lost[family] = 0
    for text in texts:
        back = tokenizer.decode(tokenizer(text, add_special_tokens=False).input_ids)
        lost[family] += back != text
        print(f"{family:9}  {text:11} → {back:11} {'' if back == text else 'changed'}")
lost_wordpiece, lost_bpe, lost_unigram = lost.values()
