"""How often does the head's strongest word agree with an alignment made by hand?"""

import torch
from transformers import AutoTokenizer

from snippets import plots
from snippets.shared.translator import Translator

tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
model = Translator.from_pretrained("models/en-pt", attn_implementation="eager")


def word_of_piece(ids):
    pieces = tokenizer.convert_ids_to_tokens(ids[:-2])  # without "." and the end
    return torch.tensor([piece.startswith("▁") for piece in pieces]).cumsum(0) - 1


right, on_diagonal, words, misses = torch.zeros(17), 0, 0, []  # 16 heads, their mean
lines = open("snippets/cross_attention/gold.txt", encoding="utf-8").read().splitlines()
for english, gold in zip(lines[::2], lines[1::2]):
    links = [word.split("/") for word in gold.split()]
    batch = tokenizer(english, return_tensors="pt", return_token_type_ids=False)
    with torch.no_grad():
        ids = model.generate(**batch, num_beams=1, max_new_tokens=40)
        outputs = model(**batch, decoder_input_ids=ids[:, :-1], output_attentions=True)
    translation = tokenizer.decode(ids[0], skip_special_tokens=True)
    assert translation.split() == [word for word, _ in links]
    maps = torch.cat(outputs.cross_attentions, dim=1)[0]  # (16, target, source)
    maps = torch.cat([maps, maps.mean(dim=0, keepdim=True)])
    source, target = word_of_piece(batch.input_ids[0]), word_of_piece(ids[0, 1:])
    for word, (_, numbers) in enumerate(links):
        if numbers == "-":  # "de" in "Agosto de 1992" comes from no English word
            continue
        allowed = [int(number) - 1 for number in numbers.split(",")]
        rows = maps[:, :-2, :-2][:, target == word].mean(dim=1)  # (17, source pieces)
        by_word = torch.zeros(17, source.max() + 1).index_add(1, source, rows)
        right += torch.tensor([best in allowed for best in by_word.argmax(1).tolist()])
        if (found := by_word[8].argmax().item()) not in allowed:  # layer 2, head 1
            misses.append(f"{links[word][0]} ← {english[:-1].split()[found]}")
        on_diagonal += word in allowed
        words += 1

sentences, shares = len(lines) // 2, right / words
best, mean_of_heads, diagonal = *shares[[8, 16]].tolist(), on_diagonal / words
second = shares[:16].sort().values[-2].item()
worst, highest_of_layer_1 = shares[:16].min().item(), shares[:8].max().item()
weakest_of_layer_2 = shares[8:16].min().item()
above_in_layer_2 = (shares[8:16] > diagonal).sum().item()
print(f"{sentences} sentences, {words} words;"
      f" right if each word took the one at its own place: {diagonal:.0%}")
print("layer 2, head 1 misses:", "; ".join(misses))
labels = [*(f"layer {1 + n // 8}, head {1 + n % 8}" for n in range(16)), "mean of all"]
plots.bars(labels, shares, title="One head was taught to align", unit=".0%")
