"""The stages of a tokenizer by name, in their order, for one text."""

from transformers import AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
stages = tokenizer.backend_tokenizer  # of the library `tokenizers`
text = "Água para girassóis!"
normal = stages.normalizer.normalize_str(text)
words = [word for word, place in stages.pre_tokenizer.pre_tokenize_str(normal)]
pieces = [piece.value for word in words for piece in stages.model.tokenize(word)]
whole = stages.encode(text)  # all stages at once, the next one among them
print("text             ", text)
print("normalization    ", normal)
print("pre-tokenization ", words)
print("model            ", pieces)
print("post-processing  ", " ".join(whole.tokens))
print("ids              ", whole.ids)
print("decoding         ", stages.decode(whole.ids))
flower_pieces = len(stages.model.tokenize(words[2]))
