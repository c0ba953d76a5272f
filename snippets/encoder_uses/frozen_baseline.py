"""Two baselines for sentiment, and what only one of two models gets right."""

import torch
from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer

from snippets.shared.rated import ask, clear_reviews

texts, labels = zip(*clear_reviews()[:3500])
labels = torch.tensor(labels, dtype=torch.float)
held, train = slice(0, 1000), slice(1000, 3500)
tokenizer = AutoTokenizer.from_pretrained("models/minilm")
encoder = AutoModel.from_pretrained("models/minilm")
features = ask(  # the sum over the real tokens, of length one: (sentences, width)
    encoder, tokenizer, texts,
    lambda out, mask: torch.nn.functional.normalize(
        (out.last_hidden_state * mask).sum(1), dim=-1
    ),
)  # fmt: skip
weight = torch.zeros(384, requires_grad=True)
bias = torch.zeros(1, requires_grad=True)
optimizer = torch.optim.LBFGS([weight, bias], 1, 100, line_search_fn="strong_wolfe")


def closure():
    optimizer.zero_grad()
    logits = features[train] @ weight + bias
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels[train])
    (loss + 1e-5 * weight.square().sum()).backward()
    return loss


optimizer.step(closure)
frozen_right = (features[held] @ weight + bias > 0).float() == labels[held]
logistic_accuracy = frozen_right.float().mean()
majority_accuracy = (labels[held] == labels[train].mean().round()).float().mean()

tuned = AutoModelForSequenceClassification.from_pretrained("models/minilm-sentiment")
logits = ask(tuned, tokenizer, texts[held], lambda out, mask: out.logits)
tuned_right = logits.argmax(-1) == labels[held]
only_tuned = int((tuned_right & ~frozen_right).sum())
only_frozen = int((frozen_right & ~tuned_right).sum())
differ, both_agree = only_tuned + only_frozen, 1000 - only_tuned - only_frozen
gap = (only_tuned - only_frozen) / 1000
paired_error = (differ / 1000 - gap**2) ** 0.5 / 1000**0.5
shares = torch.stack([frozen_right, tuned_right]).float().mean(1)
separate_error = (shares * (1 - shares) / 1000).sum().sqrt().item()
gap_points = 100 * gap
errors_wide, seem_wide = gap / paired_error, gap / separate_error
paired_points, separate_points = 100 * paired_error, 100 * separate_error
print(f"the more frequent label: {majority_accuracy:.3f}")
print(f"logistic regression on frozen embeddings: {logistic_accuracy:.3f}")
print(f"right alone: fine-tuned {only_tuned}, regression {only_frozen}; gap {gap:.3f}")
print(f"standard error {paired_error:.4f} in pairs, else {separate_error:.4f}")
