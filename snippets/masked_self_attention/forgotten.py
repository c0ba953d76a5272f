"""The same decoder trained with the mask and without it: low loss, nonsense."""

import matplotlib.pyplot as plt
import torch
from torch.nn.functional import cross_entropy

from snippets import plots
from snippets.shared.tiny_decoder import CONTEXT, LETTERS, encode, sentences, train

words = set(sentences(500, seed=0).split())
unseen = encode(sentences(100, seed=1))
windows = unseen.unfold(0, CONTEXT + 1, CONTEXT)  # each with the letter after it
final_loss, honest_loss, whole_loss, real_words = {}, {}, {}, {}
ax = plt.figure(figsize=(4.4, 2.6)).add_subplot()
for masked, color, dashes in ((True, plots.BLUE, "-"), (False, plots.WARM, "--")):
    model, losses = train(masked)
    final_loss[masked] = sum(losses[-20:]) / 20
    name = "with the mask" if masked else "without the mask"
    ax.plot(losses, color=color, linestyle=dashes, label=name)
    with torch.no_grad():
        # Honest: the text is cut off, so there is nothing later to look at.
        ends = range(8, CONTEXT, 8)
        errors = [
            cross_entropy(model(windows[:, :n])[:, -1], windows[:, n]) for n in ends
        ]
        honest_loss[masked] = sum(errors).item() / len(errors)
        guesses = model(windows[:, :-1]).transpose(1, 2)  # nothing is cut off
        whole_loss[masked] = cross_entropy(guesses, windows[:, 1:]).item()
        ids = encode("The robot ").expand(50, -1)  # (texts, tokens)
        for _ in range(110):
            logits = model(ids[:, -CONTEXT:])[:, -1]  # (texts, letters)
            drawn = torch.multinomial(logits.softmax(dim=-1), 1)
            ids = torch.cat([ids, drawn], dim=1)
    texts = ["".join(LETTERS[letter] for letter in row) for row in ids]
    # Whole words that the model wrote.
    made = [word for text in texts for word in text.split()[2:-1]]
    real_words[masked] = sum(word in words for word in made) / len(made)
    print(f"{name}: training loss {final_loss[masked]:.3f},"
          f" on new text {whole_loss[masked]:.3f},"
          f" with the future cut off {honest_loss[masked]:.2f}")
    print(f"  writes: “{texts[0][:60]}\n           {texts[0][60:]}”")

ax.set(xlabel="training step", ylabel="loss", yscale="log")
ax.set_yticks([1, 0.1, 0.01], ["1", "0.1", "0.01"])
ax.set_title("The model that can peek has the lower loss")
ax.legend()
loss_masked, loss_leaking = final_loss.values()
honest_masked, honest_leaking = honest_loss.values()
words_masked, words_leaking = real_words.values()
whole_masked, whole_leaking = whole_loss.values()
blind_loss = torch.tensor(len(LETTERS)).log().item()  # every character equally likely
