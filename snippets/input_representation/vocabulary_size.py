"""More merges, fewer tokens: BPE trained to six sizes, tested on new sentences."""

from pathlib import Path

import matplotlib.pyplot as plt
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from snippets import plots

story = Path("snippets/input_representation/garden.txt").read_text("utf-8")
sentences = [sentence for sentence in story.replace("\n", " ").split(". ") if sentence]
train, test = sentences[:-10], sentences[-10:]

sizes = [0, 10, 30, 60, 100, 150]
per_word = {"sentences it was trained on": [], "new sentences": []}
for size in sizes:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    letters = len(set("".join(train)) - {" "})
    trainer = trainers.BpeTrainer(
        vocab_size=letters + size, min_frequency=2, show_progress=False
    )
    tokenizer.train_from_iterator(train, trainer)
    for name, texts in zip(per_word, (train, test)):
        tokens = sum(len(tokenizer.encode(text).tokens) for text in texts)
        per_word[name].append(tokens / sum(len(text.split()) for text in texts))
    seen, unseen = (line[-1] for line in per_word.values())
    print(f"{size:4} merges: {seen:.2f} tokens per word, {unseen:.2f} new")


from_letters = per_word["sentences it was trained on"][0]
for (name, line), style in zip(per_word.items(), ["o-", "s--"]):
    color = plots.KEPT if style == "o-" else plots.WARM
    plt.plot(sizes, line, style, color=color, label=name)
plt.xlabel("merges learned")
plt.ylabel("tokens per word")
plt.ylim(0)
plt.title("More merges, fewer tokens")
plt.legend()
