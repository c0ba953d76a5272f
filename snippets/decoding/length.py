"""Every token lowers the sum, so short texts win, unless a length penalty helps."""

from transformers import AutoTokenizer

from snippets.shared.translator import Translator

tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
model = Translator.from_pretrained("models/en-pt")

sentence = "The robot watered the sunflowers because they were thirsty."
inputs = tokenizer(sentence, return_tensors="pt")
print("penalty   sum  tokens  translation")
totals, lengths, chosen = [], [], []
for penalty in (0.0, 1.0):
    ids = model.generate(**inputs, num_beams=4, length_penalty=penalty)
    decoder_inputs, labels = ids[:, :-1], ids[:, 1:]  # (1, tokens)
    logits = model(**inputs, decoder_input_ids=decoder_inputs).logits.detach()
    log_p = logits.log_softmax(-1).gather(2, labels[..., None])  # (1, tokens, 1)
    totals.append(log_p.sum().item())
    lengths.append(labels.shape[1])
    chosen.append(tokenizer.decode(ids[0], skip_special_tokens=True))
    print(f"{penalty:7} {totals[-1]:5.2f} {lengths[-1]:7}  {chosen[-1]}")

short_total, long_total = totals
short_length, long_length = lengths
short_text, long_text = chosen
short_mean, long_mean = short_total / short_length, long_total / long_length
