"""LoRA against training the same matrices whole, on the same questions, three times."""

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets.shared.film_questions import TEST, film_questions
from snippets.shared.last_layers import LastLayers, states_below
from snippets.shared.lora import LoRA, replace

tokenizer = AutoTokenizer.from_pretrained("models/smollm2", pad_token="<|endoftext|>")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
batch, answer = film_questions(tokenizer)
states = states_below(model, batch)


def loss_of(top, part):
    hidden, labels = top(states[part])[:, :-1], answer[part][:, 1:]
    logits, labels = top.head(hidden[labels != -100]), labels[labels != -100]
    right = (logits.argmax(-1) == labels)[::2]  # the words, not the ends
    return cross_entropy(logits, labels), right.sum().item()


def train(rank, rate, seed):
    torch.manual_seed(seed)
    top = LastLayers(model)
    if rank:
        top.layers.requires_grad_(False)
        replace(top.layers, nn.Linear, lambda matrix: LoRA(matrix, rank))
    learning = [weight for weight in top.layers.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=rate)
    for step in range(12):
        if step % 6 == 0:
            order = torch.randperm(48)
        loss, _ = loss_of(top, order[step % 6 * 8 :][:8])
        optimizer.zero_grad(), loss.backward(), optimizer.step()
    with torch.no_grad():
        loss, right = loss_of(top, TEST)
    return loss.item(), right


print("| trained | loss on new answers, three runs | right of 48 |\n|---|--:|--:|")
found = {}
for rank, rate in {1: 1e-2, 8: 3e-3, 0: 3e-4}.items():
    runs = [train(rank, rate, seed) for seed in range(3)]
    found[rank], right = zip(*runs)
    cells = " ".join(f"{loss:.2f}" for loss in found[rank])
    name = f"LoRA, rank {rank}" if rank else "the matrices whole"
    print(f"| {name} | {cells} | {' '.join(map(str, right))} |")
