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


right, on_diagonal, misses = [], [], []  # right: of the 16 heads and their mean
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
        right.append([best in allowed for best in by_word.argmax(1).tolist()])
        if (found := by_word[8].argmax().item()) not in allowed:  # layer 2, head 1
            misses.append(f"{links[word][0]} ← {english[:-1].split()[found]}")
        on_diagonal.append(word in allowed)

right, on_diagonal = torch.tensor(right).float(), torch.tensor(on_diagonal).float()
sentences, words, shares = len(lines) // 2, len(right), right.mean(dim=0)
best, mean_of_heads, diagonal = *shares[[8, 16]].tolist(), on_diagonal.mean().item()
ahead = right - on_diagonal[:, None]  # 1 or −1 where only one of the two is right
clear = ahead.sum(dim=0) - 1 > 1.96 * ahead.abs().sum(dim=0).sqrt()  # McNemar
worst, *_, second, _ = shares[:16].sort().values.tolist()
mean_of_layer_1, mean_of_layer_2 = shares[:16].view(2, 8).mean(dim=1).tolist()
above, clearly_above = (x[8:16].sum().item() for x in (shares > diagonal, clear))
print(f"{words} words; right if each took the one at its own place: {diagonal:.0%}")
print("layer 2, head 1 misses:", "; ".join(misses))
labels = [*(f"layer {1 + n // 8}, head {1 + n % 8}" for n in range(16)), "mean of all"]
plots.bars(labels, shares, title="One head was taught to align", unit=".0%")
