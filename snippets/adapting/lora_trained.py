"""LoRA against training the same matrices whole, on the same questions, three times."""

import torch
from torch import nn
from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets.shared.film_questions import FilmQuestions
from snippets.shared.last_layers import LastLayers
from snippets.shared.lora import LoRA, replace

tokenizer = AutoTokenizer.from_pretrained("models/smollm2", pad_token="<|endoftext|>")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
films = FilmQuestions(model, tokenizer)


def train(rank, rate, seed):
    torch.manual_seed(seed)
    top = LastLayers(model)
    if rank:
        top.layers.requires_grad_(False)
        replace(top.layers, nn.Linear, lambda matrix: LoRA(matrix, rank))
    learning = [weight for weight in top.layers.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=rate)
    for step in range(16):
        if step % 8 == 0:
            order = torch.randperm(48)
        loss, _ = films.loss_of(top, order[step % 8 * 6 :][:6], films.answer)
        optimizer.zero_grad(), loss.backward(), optimizer.step()
    return films.test(top)


print("| trained | loss of new answers, three runs | right of 48 |\n|---|--:|--:|")
found = {}
for rank, rate in {8: 3e-3, 0: 3e-4}.items():
    found[rank], right, _ = zip(*(train(rank, rate, seed) for seed in range(3)))
    cells = ", ".join(f"{loss:.2f}" for loss in found[rank])
    name = f"LoRA, rank {rank}" if rank else "the matrices whole"
    print(f"| {name} | {cells} | {', '.join(map(str, right))} |")
lora, whole = found[8], found[0]
lowest, highest, most_whole = min(lora), max(lora), max(whole)
