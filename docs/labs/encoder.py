# ---
# description: Cross-examine an encoder - trick it, rebuild one of its heads, find what heads look for, and teach a probe what search cannot see; seven tasks.
# ---

# %% [markdown]
# # Lab: The encoder
#
# An encoder reads a sentence and hands over numbers. It does not say what it has noticed, so tonight you ask it in other ways: you trick it, you look into one head, you let 72 heads apply for a job, you switch some of them off, and you train a small judge on its numbers. One question runs through the evening: **what does the encoder know about my sentence, and how would I find out?**
#
# You need Python, matrix products, and the chapters [Encoder](../encoder.md) and [Self-attention](../self_attention.md), read or open beside you. Seven tasks take about 85 minutes. Where it says **write down what you expect**, do it before you run the next cell.
#
# The lab runs on MiniLM, the small encoder of the book. In code, layers and heads are counted from 0. Run the first cell and go on.

# %% setup="minilm"

# %% [markdown]
# ## Part 1: Who is near whom?
#
# `embed` turns each text into one vector of length 1: the mean of its token vectors, without the padding. The dot product of two such vectors is their cosine.

# %% alt="Square table of cosines. The diagonal is one everywhere; of the other cells, the strongest are those of the two sentences with a postman, a puppy and exchanged roles."
import functools
import random

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from transformers import AutoModel, AutoTokenizer

torch.set_grad_enabled(False)  # the encoder stays as it is, all evening
tokenizer = AutoTokenizer.from_pretrained("models/minilm")
encoder = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")


def embed(texts):  # a list of texts → (texts, width)
    batch = tokenizer(texts, padding=True, return_tensors="pt")
    hidden = encoder(**batch).last_hidden_state  # (texts, tokens, width)
    mask = batch.attention_mask[:, :, None]  # (texts, tokens, 1)
    return F.normalize((hidden * mask).sum(dim=1) / mask.sum(dim=1), dim=-1)


def table(values, rows, columns, title, numbers="{:.2f}"):
    values = torch.as_tensor(values)
    figure, axes = plt.subplots(figsize=(6, 1.4 + 0.5 * len(values)))
    pale = 2.2 * values.max().item()  # so that black numbers are read in every cell
    axes.imshow(values, cmap="Blues", vmin=0, vmax=pale, aspect="auto")
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            text = numbers.format(values[row, column].item())
            axes.text(column, row, text, ha="center", va="center")
    axes.set_title(title)
    plt.tight_layout()
    plt.show()


mine = [  # put your own sentences here
    "My dog is afraid of the mail carrier.",
    "The postman scares our puppy.",
    "The postman is afraid of our puppy.",
    "I have never owned a pet.",
    "Will it rain tomorrow?",
]
mine_vectors = embed(mine)  # (texts, width)
for number, text in enumerate(mine):
    print(number, text)
cosines = mine_vectors @ mine_vectors.T  # (texts, texts)
table(cosines, range(len(mine)), range(len(mine)), "Cosines of my sentences")

# %% [markdown]
# Put five sentences of your own into `mine` and run the cell again: two that say one thing in different words, two in which one small word changes everything, one in another language. Where would you have given another number?
#
# Now a game. In each round, one of the two candidates says what the sentence says, and you see at once which one. That is not the question. **Write down what you expect:** which candidate is nearer *for the encoder*? Put ten letters into `guesses`, then run the cell.

# %%
rounds = [
    ("The kids are asleep.", "The children are sleeping.", "The kids are awake."),
    ("The car is cheap.", "The car is expensive.", "The car does not cost much."),
    ("How old are you?", "How are you?", "What is your age?"),
    ("He kicked the bucket.", "He died.", "He kicked the ball."),
    ("I can't stand this song.", "I can stand on this stone.", "I hate this song."),
    ("We won 3 to 0.", "We won three to nothing.", "We lost 3 to 0."),
    ("The dog chased the cat.", "The cat chased the dog.", "The cat fled from the dog."),
    ("Where is the loo?", "Where is the toilet?", "Where is the zoo?"),
    ("I passed the exam.", "I failed the exam.", "The test went well for me."),
    ("You may smoke here.", "Smoking is allowed here.", "You may not smoke here."),
]
guesses = "AAAAAAAAAA"  # A or B for each round: your ten letters
same_meaning = "ABBABABABA"

points = right = 0
for (text, *candidates), guess, meaning in zip(rounds, guesses, same_meaning):
    one, two = (embed(candidates) @ embed([text])[0]).tolist()
    nearer = "A" if one > two else "B"
    points += guess == nearer
    right += nearer == meaning
    print(f"{text}\n   A {one:.2f} {candidates[0]}\n   B {two:.2f} {candidates[1]}")
print(f"\nThe encoder chose the same meaning in {right} of 10.")
print(f"You foresaw its choice in {points} of 10.")

# %% [markdown]
# Look at the rounds that it lost. What kind of difference does it overlook? And the rounds that it won: is there a second explanation, without any meaning?
#
# ### Task 1: Twins and strangers
#
# *About 8 minutes.*
#
# Find two pairs of short English texts (a phrase will do), each text of at least three words:
#
# - `twins`: they mean the same and have **no word in common**, and their cosine is at least 0.75;
# - `strangers`: they have **the same words** in another order, and their cosine is at most 0.85.
#
# Capitals and punctuation do not count. Meaning is judged by you alone; the rest by the check. **Write down what you expect:** which of the two is harder?

# %% task="pairs"
twins = ..., ...
strangers = ..., ...
# <solution>
twins = "Doctors earn good money.", "Physicians are well paid."
strangers = "Fire the man.", "The fire man."
# </solution>

# %% check="pairs"
def problem(twins, strangers):
    def words(text):
        kept = "".join(c if c.isalnum() or c == "'" else " " for c in text.lower())
        return sorted(kept.split())

    for name, pair in {"twins": twins, "strangers": strangers}.items():
        if len(pair) != 2 or not all(isinstance(text, str) for text in pair):
            return f"{name} must be two strings, with a comma between them."
        for text in pair:
            if len(words(text)) < 3:
                return f"{text!r} has {len(words(text))} words. Can you find one with three?"
    common = set(words(twins[0])) & set(words(twins[1]))
    if common:
        return f"Your twins share {sorted(common)[0]!r}. How could you say it otherwise?"
    cosine = (embed([twins[0]]) @ embed([twins[1]]).T).item()
    if cosine < 0.75:
        return (
            f"Your twins have a cosine of {cosine:.2f}, and 0.75 is wanted. Are they about the"
            " same things, named by nearer words? Is one longer than it must be?"
        )
    one, two = map(words, strangers)
    if one != two:
        odd = sorted(set(one) ^ set(two)) or [w for w in one if one.count(w) != two.count(w)]
        return f"Your strangers do not have the same words: look at {odd[0]!r}."
    cosine = (embed([strangers[0]]) @ embed([strangers[1]]).T).item()
    if cosine > 0.999:
        return "Your strangers are one sentence for the encoder. Did you change the order?"
    if cosine > 0.85:
        return (
            f"Your strangers have a cosine of {cosine:.2f}, and at most 0.85 is wanted. Which"
            " words mean something else when they stand in another place?"
        )


if check(problem, twins, strangers):
    for name, pair in {"twins": twins, "strangers": strangers}.items():
        print(f"{name:10}{(embed([pair[0]]) @ embed([pair[1]]).T).item():.2f}  {pair}")

# %% [markdown] hints="pairs"
# Twins: short sentences, and the one word that carries the topic replaced by its nearest neighbor (kids and children, lawyers and attorneys). Strangers: exchanging two nouns is not enough, as the dog and the cat have shown.
#
# ---
#
# Twins: say who earns well, or who sleeps, with other words throughout. Strangers: keep it at three or four words, and use one that is a verb in one order and belongs to a noun in the other: *fire*, *book*, *cook*, *show*.

# %% [markdown]
# If you got there, you know two things from experience: the encoder follows meaning across different words, and it hardly hears the order. Is the order lost, or only quiet? Keep that question until Part 6.
#
# ## Part 2: Inside one head
#
# All that one token learns about the others comes through [attention](../self_attention.md#the-equation). So we open one head and take its real weights. We read two sentences in one batch, and the shorter one gets padding.

# %%
texts = ["The cat chased a ball of wool through the hall.", "It rained."]
batch = tokenizer(texts, padding=True, return_tensors="pt")
output = encoder(**batch, output_hidden_states=True, output_attentions=True)

layer, head, width = 2, 9, 32
x = output.hidden_states[layer]  # (texts, tokens, 384): what this layer reads
linear = encoder.encoder.layer[layer].attention.self
rows = slice(head * width, (head + 1) * width)  # this head's 32 of 384 rows
query = x @ linear.query.weight[rows].T + linear.query.bias[rows]  # (texts, tokens, 32)
key = x @ linear.key.weight[rows].T + linear.key.bias[rows]  # (texts, tokens, 32)
mask = batch.attention_mask  # (texts, tokens): 1 for a token, 0 for padding
print(*tokenizer.convert_ids_to_tokens(batch.input_ids[1]))
print(mask[1].tolist())
print(tuple(query.shape), tuple(key.shape), tuple(mask.shape))

# %% [markdown]
# ### Task 2: The head's own map
#
# *About 15 minutes.*
#
# Write `attention_map(query, key, mask)`. It returns the weights: for each text, a row for each token that looks and a column for each token that is looked at. It is the equation that you know, with one addition: **nobody may look at padding**. Its columns get the weight 0, and each row still sums to 1. (Padding rows may look at the real tokens; nobody will use what they see.)
#
# Before you write, decide: where in the computation must the mask come in? Before the softmax, or after it?

# %% task="attention"
def attention_map(query, key, mask):  # (texts, tokens, d), the same, (texts, tokens)
    weights = ...  # (texts, tokens, tokens); your lines here
    # <solution>
    scores = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5
    scores = scores.masked_fill(mask[:, None, :] == 0, -torch.inf)
    raised = (scores - scores.amax(dim=-1, keepdim=True)).exp()
    weights = raised / raised.sum(dim=-1, keepdim=True)
    # </solution>
    return weights


# %% check="attention"
def problem(attention_map):
    torch.manual_seed(0)
    query, key = 2 * torch.randn(2, 1, 4, 8)
    some, every = torch.tensor([[1, 1, 1, 0]]), torch.ones(1, 4, dtype=torch.long)
    scores = query @ key.transpose(1, 2)
    weights = attention_map(query, key, every)
    if not isinstance(weights, torch.Tensor) or weights.shape != (1, 4, 4):
        got = tuple(getattr(weights, "shape", ()))
        return f"One text of 4 tokens must give weights of shape (1, 4, 4), not {got}."
    sums = weights.sum(dim=-1)
    if weights.isnan().any():
        return "There are nan among your weights, even without padding. What did you divide?"
    if (sums - 1).abs().max() > 1e-3:
        columns = (weights.sum(dim=1) - 1).abs().max() < 1e-3
        turn = " The columns do. Along which dimension do you divide?" if columns else ""
        return (
            "Without any padding, a row must sum to 1, but your first one sums to"
            f" {sums[0, 0]:.2f}.{turn or ' What does softmax divide by?'}"
        )
    for divisor, text in {
        1: "Your scores are not divided at all. What does the equation divide them by?",
        8: "You divide the scores by the width of a query. Is there not a root in it?",
        32**0.5: "The queries here are 8 wide, and you divide by √32. Where can you read d?",
        384**0.5: "You divide by √384, the width of the model. How wide is a query here?",
    }.items():
        if torch.allclose(weights, (scores / divisor).softmax(dim=-1), atol=1e-4):
            return text
    right = scores / 8**0.5
    if torch.allclose(weights, right.transpose(1, 2).softmax(dim=-1), atol=1e-4):
        return "Your map is mirrored at its diagonal. Who looks, the rows or the columns?"
    if not torch.allclose(weights, right.softmax(dim=-1), atol=1e-4):
        return (
            f"Without padding, the first weight of the first row should be"
            f" {right.softmax(dim=-1)[0, 0, 0]:.2f}, and yours is {weights[0, 0, 0]:.2f}."
            " Compare your lines with the equation, piece by piece."
        )
    weights = attention_map(query, key, some)
    if weights.isnan().any():
        return (
            "With padding, some rows are nan: all their scores were taken away. Does your"
            " mask cut rows, or columns?"
        )
    if torch.allclose(weights, right.softmax(dim=-1), atol=1e-4):
        return f"The padding still gets {weights[0, 0, 3]:.2f}. Where do you use the mask?"
    sums = weights.sum(dim=-1)
    if (sums - 1).abs().max() > 1e-3:
        return (
            f"With padding, a row of yours sums to {sums.min():.2f}. If you take weight away"
            " after the softmax, who gets it?"
        )
    if weights[0, :, 3].max() > 1e-4:
        return (
            f"The padding still gets up to {weights[0, :, 3].max():.2f}. A score of 0 is a"
            " score like any other. Which score gives the weight 0?"
        )
    if not torch.allclose(weights[0, :, :3], right[0, :, :3].softmax(dim=-1), atol=1e-4):
        return "The padding gets nothing, but the other weights are off. What else changed?"
    two = torch.tensor([[1, 1, 1, 0], [1, 1, 0, 0]])
    said = "One text is right, and two texts of different length are not"
    try:
        weights = attention_map(query.repeat(2, 1, 1), key.repeat(2, 1, 1), two)
    except RuntimeError:
        return f"{said}: your code stops. Which shape says the same to every row of one text?"
    if weights[1, :, 2].max() > 1e-4 or weights[0, :, 2].min() < 1e-4:
        return f"{said}. Does each text get its own row of the mask?"


attention_right = check(problem, attention_map)

# %% [markdown] hints="attention"
# Softmax turns a score into e to that score, over the sum of its row. For which score is that 0, whatever the others are?
#
# ---
#
# `key.transpose(1, 2)` swaps the last two dimensions. `scores.masked_fill(condition, -torch.inf)` puts minus infinity where the condition holds. The condition must have the shape (texts, 1, tokens), so that it says the same in every row: `mask[:, None, :] == 0`.

# %%
if attention_right:
    weights = attention_map(query, key, mask)
    theirs = output.attentions[layer][:, head]
    difference = (weights - theirs).abs().max().item()
    print(f"largest difference from MiniLM's own map: {difference:.0e}")
    careless = attention_map(query, key, torch.ones_like(mask))
    leak = careless[1, :4, 4:].sum(dim=-1).mean().item()
    print(f"without the mask, 'It rained.' gives {leak:.0%} of its weight to padding")

# %% [markdown]
# Here is the map of that head, for the longer sentence. **Write down what you expect** of a head in the middle of the stack: a diagonal? Nouns that look at their verb? Then look.

# %% alt="Attention map of thirteen tokens. The first column, the start token, is by far the strongest in nearly every row; a faint diagonal is all that is left for the words."
def draw_map(weights, tokens, title):
    figure, axes = plt.subplots(figsize=(6, 5.4))
    axes.imshow(weights, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(tokens)), tokens, rotation=90)
    axes.set_yticks(range(len(tokens)), tokens)
    axes.xaxis.tick_top()
    axes.set_xlabel(title)
    plt.tight_layout()
    plt.show()


tokens = tokenizer.convert_ids_to_tokens(batch.input_ids[0])
draw_map(output.attentions[2][0, 9], tokens, "layer index 2, head index 9")

# %% [markdown]
# A dull head: most of its weight is parked at `[CLS]`, a token that stands for no word, and much of the rest stays at the word itself. You could think that it has no job. Remember this head; you will meet it again.
#
# ### What if nobody may look at a word?
#
# You now know what the mask does, so abuse it. We say of one *real* token that it is padding: nobody may look at it, and the mean leaves it out. All others stay in their places. How far does the sentence vector move? (0 is not at all.) **Write down what you expect:** sort the tokens of *You may not bring your dog into the kitchen.* by how much they matter. Do not forget `[CLS]`, the full stop and `[SEP]`.

# %% alt="Horizontal bars, one for each token. Hiding the start token moves the sentence vector most by far; then come not, dog and kitchen; the small words move it very little."
def without_each_token(text):  # → tokens, and how far hiding each one moves the vector
    batch = tokenizer(text, return_tensors="pt")
    count = batch.input_ids.shape[1]
    ids = batch.input_ids.expand(count, count)  # the sentence, once for each token
    mask = 1 - torch.eye(count, dtype=torch.long)  # copy number i hides token i
    hidden = encoder(ids, attention_mask=mask).last_hidden_state
    vectors = (hidden * mask[:, :, None]).sum(dim=1)  # (copies, width)
    return batch.tokens(), 1 - F.cosine_similarity(vectors, embed([text]), dim=-1)


text = "You may not bring your dog into the kitchen."
tokens, moved = without_each_token(text)
plt.figure(figsize=(6, 4))
plt.barh(range(len(tokens)), moved, color="#1f5fa8")
plt.yticks(range(len(tokens)), tokens)
plt.gca().invert_yaxis()
plt.xlabel("1 − cosine with the whole sentence")
plt.title("What hiding one token does")
plt.tight_layout()
plt.show()

states = encoder(**tokenizer(text, return_tensors="pt")).last_hidden_state[0]
only_mean = 1 - F.cosine_similarity(states[1:].mean(dim=0), states.mean(dim=0), dim=0)
print(f"[CLS] hidden from all: {moved[0]:.3f}; left out of the mean only: {only_mean:.3f}")

# %% [markdown]
# Was `[CLS]` on your list? What it *says* is hardly missed: leave its vector out of the mean and nearly nothing happens. Our guess is this: many heads park most of their weight there, and each row must sum to 1: when the parking place is closed, all that weight falls on the other tokens, and the heads hand on mixtures that they were not trained to hand on. (We have not tested it. A model that met its `[CLS]` in front of each text may also be lost for another reason.) Part 3 counts whether it is so in other sentences.
#
# Try your own sentences. Is a negation always high on the list? What about a number, a name, the verb?
#
# ## Part 3: Seventy-two applicants
#
# Maps are easy to admire and hard to compare, so describe a job by a matrix. `wanted[i, j]` is 1 if token i should look at token j, and 0 if not. For “look at the token before”, it has ones below the diagonal:

# %%
def read(text):  # → (layers, heads, tokens, tokens), and the tokens
    batch = tokenizer(text, return_tensors="pt")
    return torch.cat(encoder(**batch, output_attentions=True).attentions), batch.tokens()


maps, tokens = read("The robot slept.")
print(tuple(maps.shape), tokens)
wanted = torch.ones(len(tokens), len(tokens)).tril(-1).triu(-1)
print(wanted)

# %% [markdown]
# ### Task 3: Score the applicants
#
# *About 12 minutes.*
#
# Write `share(maps, wanted)`. It returns a number for each head of each layer: how much of a row's weight goes to wanted cells, **averaged over the rows that want something**. (The row of `[CLS]` wants nothing above, because no token stands before it.) A head that does the job perfectly gets 1.

# %% task="share"
def share(maps, wanted):  # (layers, heads, tokens, tokens), (tokens, tokens)
    scores = ...  # (layers, heads); your lines here
    # <solution>
    on_target = (maps * wanted).sum(dim=-1)  # (layers, heads, tokens)
    asking = wanted.sum(dim=-1) > 0  # (tokens)
    scores = on_target[:, :, asking].mean(dim=-1)
    # </solution>
    return scores


# %% check="share"
def problem(share):
    maps = torch.tensor([[[0.5, 0.5, 0], [1, 0, 0], [0.2, 0.2, 0.6]]])[None]
    maps = torch.cat([maps, maps[:, :, [2, 1, 0]]], dim=1)  # (1, 2, 3, 3)
    before = torch.ones(3, 3).tril(-1).triu(-1)
    scores = share(maps, before)
    if not isinstance(scores, torch.Tensor) or scores.shape != (1, 2):
        got = tuple(getattr(scores, "shape", ()))
        return f"One layer with two heads must give the shape (1, 2), but yours is {got}."
    said = "Of a map of 3 tokens, two rows want something. They give it 1.0 and 0.2;"
    number = scores[0, 0].item()
    if abs(number - 1.2) < 1e-4:
        return f"{said} your share is {number:.2f}. How can it be more than 1?"
    if abs(number - 0.4) < 1e-4:
        return f"{said} your share is {number:.2f}. By how many rows do you divide?"
    if abs(number - 1.2 / 9) < 1e-4:
        return f"{said} your share is {number:.2f}. Do you divide by all the cells?"
    if abs(number - 0.1) < 1e-4:
        return f"{said} your share is {number:.2f}. Do you add up columns, or rows?"
    if abs(number - 0.6) > 1e-4:
        return f"{said} your share is {number:.2f}. What is it by hand?"
    both = torch.tensor([[0.0, 0, 0], [1, 1, 0], [0, 1, 1]])
    number = share(maps, both)[0, 0].item()
    said = "Two rows want two cells each, and give them 1.0 and 0.8 together;"
    if abs(number - 0.45) < 1e-4:
        return f"{said} your share is {number:.2f}. Do you average over cells, or over rows?"
    if abs(number - 0.6) < 1e-4:
        return f"{said} your share is {number:.2f}. Do you add up columns, or rows?"
    if abs(number - 0.9) > 1e-4:
        return f"{said} your share is {number:.2f}. What is it by hand?"
    if abs(share(maps, both)[0, 1].item() - 0.75) > 1e-4:
        return "The first head is right and the second is wrong. Do you treat them alike?"


share_right = check(problem, share)

# %% [markdown] hints="share"
# `maps * wanted` keeps the weight in the wanted cells and puts 0 everywhere else. Sum over the columns first: that gives one number for each row.
#
# ---
#
# Which rows want something? `wanted.sum(dim=-1) > 0` is a list of yes and no, one for each row. Use it to pick rows, and take the mean over those.

# %% [markdown]
# ### Task 4: Two jobs
#
# *About 10 minutes.*
#
# Use `share` to fill two positions, with the mean over the eight `sentences` below:
#
# - `before_head`: looks at the token before;
# - `separator_head`: looks at `[SEP]`, the last token. Count the looks of the **words**; what `[CLS]` and `[SEP]` look at does not count. The full stop counts as a word.
#
# Each answer is a pair `(layer, head)`, both counted from 0. For both jobs, print the winning head and its share. **Write down what you expect:** will the best share be near 1?

# %%
sentences = [
    "The robot watered the sunflowers because they were thirsty.",
    "My grandmother sends me a postcard from every city she visits.",
    "The old lighthouse was painted red and white last summer.",
    "Nobody knew why the piano in the hall was locked.",
    "Please bring two pencils and a calculator to the exam.",
    "After the concert we walked home along the river.",
    "She fixed the bicycle with a piece of wire and a spoon.",
    "The museum is closed on Mondays, but the garden stays open.",
]
repeats = [  # for later
    "The cat saw a dog, and the dog saw a cat.",
    "My key is not your key, but the door takes any key.",
    "First the rain, then the sun, then the rain again.",
    "A friend of a friend met the friend of my sister.",
]

# %% task="jobs"
before_head, separator_head = ..., ...
# <solution>
before, separator = torch.zeros(6, 12), torch.zeros(6, 12)
for sentence in sentences:
    maps, tokens = read(sentence)
    wanted = torch.ones(len(tokens), len(tokens)).tril(-1).triu(-1)
    before += share(maps, wanted) / len(sentences)
    wanted = torch.zeros(len(tokens), len(tokens))
    wanted[1:-1, -1] = 1
    separator += share(maps, wanted) / len(sentences)
print(f"best shares: {before.max():.2f} and {separator.max():.2f}")
before_head = divmod(before.argmax().item(), 12)
separator_head = divmod(separator.argmax().item(), 12)
# </solution>

# %% check="jobs"
def problem(before_head, separator_head):
    def shares(kind):
        total = torch.zeros(6, 12)
        for maps, _ in map(read, sentences):
            inner = maps[:, :, 1:-1]
            total += {
                "before": maps.diagonal(-1, 2, 3).mean(-1),
                "after": maps.diagonal(1, 2, 3).mean(-1),
                "sep": inner[..., -1].mean(-1),
                "cls": inner[..., 0].mean(-1),
            }[kind]
        return total / len(sentences)

    def best(kind):
        return divmod(shares(kind).argmax().item(), 12)

    for name, pair in {"before_head": before_head, "separator_head": separator_head}.items():
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            return f"{name} must be a pair (layer, head), like (0, 0)."
        if not (0 <= pair[0] < 6 and 0 <= pair[1] < 12):
            return f"{name} is {tuple(pair)}, but layers go from 0 to 5 and heads from 0 to 11."
    for name, pair, kind in [
        ("before_head", before_head, "before"),
        ("separator_head", separator_head, "sep"),
    ]:
        pair, right = tuple(map(int, pair)), best(kind)
        said = f"{name} = {pair} gives {shares(kind)[pair]:.2f} to its target"
        if pair == right:
            continue
        if pair == (right[0] + 1, right[1] + 1):
            return f"{said}. Do you count layers and heads from 1? The code counts from 0."
        if pair == right[::-1]:
            return f"{said}. Which comes first, the layer or the head?"
        if kind == "before" and pair == best("after"):
            return f"{said}, and more to the token after. On which side do your ones stand?"
        if kind == "sep" and pair == best("cls"):
            return f"{said}, and most of its weight to [CLS]. In which column is [SEP]?"
        return f"{said}, and another head gives it more. How did you average?"


check(problem, before_head, separator_head)

# %% [markdown] hints="jobs"
# You need one `wanted` for each sentence and each job, because the sentences differ in length. For `[SEP]`, begin with zeros and set one column to 1, but not in all rows. Add up the shares over the sentences.
#
# ---
#
# `wanted[1:-1, -1] = 1` marks the last column, in all rows but the first and the last. The sum of the shares has the shape (6, 12); `argmax()` counts through it row by row, so `divmod(…, 12)` gives layer and head.

# %% [markdown]
# One head does its job as if by a rule. The other is the best of 72, and still gives the separator only a small part of its weight. When the winner is that weak, ask what it does with the rest. **Write down what you expect:** where does most of it go? Then the next cell takes the full stop away. What happens to the weight on `[SEP]`?

# %%
sentence = "My grandmother sends me a postcard from every city she visits"
for ending in [".", "!", ""]:
    maps, tokens = read(sentence + ending)
    looked_at = maps[3, 11, 1:-1].mean(dim=0)  # (tokens): the words' average row
    best = looked_at.topk(4)
    found = [f"{tokens[i]} {weight:.2f}" for weight, i in zip(*best)]
    print(f"…visits{ending:3} [SEP] {looked_at[-1]:.2f}   the four highest:  {'  '.join(found)}")

print("\nThe end's part of a word's look, over the eight sentences:")
for name, ending, last in [("full stop and [SEP]", ".", 2), ("no full stop, [SEP]", "", 1)]:
    ends = []
    for one in sentences:
        maps, _ = read(one.rstrip(".") + ending)
        ends.append(maps[:, :, 1:-1, -last:].sum(dim=-1).mean(dim=-1))  # (layers, heads)
    ends = torch.stack(ends)  # (sentences, layers, heads)
    ours = ends[:, 3, 11]
    print(f"{name}: {ours.mean():.2f}, lowest {ours.min():.2f}; average head {ends.mean():.2f}")
hidden = [without_each_token(one)[1] for one in sentences]
first = sum(moved.argmax().item() == 0 for moved in hidden)
print(f"\nHiding [CLS] moves the vector most in {first} of {len(sentences)} sentences;")
least = min((moved[0] / moved[1:].max()).item() for moved in hidden)
print(f"it does so {least:.1f} times as much as the next token, or more.")

# %% [markdown]
# You looked for a head that watches the separator. You found one that gives the *end of the sentence* more than others do, whether a full stop stands there or not: about half of a word's look with the full stop, and the rest goes elsewhere. A score finds what it asks for, and never tells you that you asked for the wrong thing. A changed sentence did.
#
# The last lines are the count that Part 2 owed you. In all eight sentences hiding `[CLS]` moves the vector most; in one of them another token comes close.
#
# ### Task 5: The same word again
#
# *About 12 minutes.*
#
# A job of another kind: “look at the other place where my word stands”. Write `same_word(tokens)`. It returns `wanted`: 1 where two tokens at **different places** are equal, 0 elsewhere. Only for words: tokens that consist of letters (`token.isalpha()`).
#
# **Write down what you expect:** is there a head for this at all? In which layer would you look for it?

# %% task="same_word"
def same_word(tokens):  # a list of tokens → (tokens, tokens), of 0 and 1
    wanted = ...  # your lines here
    # <solution>
    wanted = torch.zeros(len(tokens), len(tokens))
    for i, one in enumerate(tokens):
        for j, other in enumerate(tokens):
            if i != j and one == other and one.isalpha():
                wanted[i, j] = 1
    # </solution>
    return wanted


# %% check="same_word"
def problem(same_word):
    tokens = ["[CLS]", "a", "dog", ",", "a", "cat", ",", "a", "[SEP]"]
    wanted = same_word(tokens)
    if not isinstance(wanted, torch.Tensor) or wanted.shape != (9, 9):
        got = tuple(getattr(wanted, "shape", ()))
        return f"Nine tokens need a tensor of shape (9, 9), but yours has {got}."
    wanted = wanted.float()
    if wanted.diagonal().any():
        i = wanted.diagonal().argmax().item()
        return f"{tokens[i]!r} at place {i} shall look at itself. Is that another place?"
    if wanted[3, 6] or wanted[6, 3]:
        return "The commas look at each other. Are they words?"
    if not wanted.any():
        return "Nothing is wanted, though 'a' stands at three places. What do you compare?"
    if not torch.equal(wanted, wanted.T):
        i, j = (wanted != wanted.T).nonzero()[0].tolist()
        return (
            f"The tokens at {i} and {j} are equal, but only one of them shall look at the"
            " other. Does this model look in one direction only?"
        )
    if wanted[1].sum() != 2:
        return (
            f"'a' stands at three places, and the first one wants {wanted[1].sum():.0f} of the"
            " others. How many are there?"
        )
    if wanted.sum() != 6:
        return f"You want {wanted.sum():.0f} looks, and there should be six. Which are odd?"
    if same_word(["a", "b"]).any():
        return "In a sentence without repetition, somebody still looks. Who?"


if check(problem, same_word) and share_right:
    total = torch.zeros(6, 12)
    for text in repeats:
        maps, tokens = read(text)
        total += share(maps, same_word(tokens)) / len(repeats)
    best = total.flatten().topk(3)
    for score, place in zip(*best):
        print(f"layer {place // 12}, head {place % 12:2}: {score:.2f}")
    print(f"the average head: {total.mean():.2f}")
    maps, tokens = read(texts[0])
    first, second = (i for i, token in enumerate(tokens) if token == "the")
    two = maps[2, 9, first, second].item(), maps[2, 9, second, first].item()
    print("in Part 2, from one 'the' to the other: {:.2f} and {:.2f}".format(*two))

# %% [markdown] hints="same_word"
# Compare each token with each other token: two loops, one for the row and one for the column, and three conditions.
#
# ---
#
# Begin with `torch.zeros(len(tokens), len(tokens))`. Set `wanted[i, j]` to 1 if the places differ, the tokens are equal, and the token is a word.

# %% [markdown]
# Do you recognize the winner? It is the dull head of Part 2. There only *the* returned, and to that it gives little (the last line). Where more words return, it does not look dull at all.
#
# Now the control: change one word and look again. The row is that of *cat*, in that head. **Write down what you expect** for the four endings: *cat*, *cats* (another token), *kitten* (another word), *lion*.

# %%
for last in ["cat", "cats", "kitten", "lion"]:
    maps, tokens = read(f"The cat saw a dog, and the horse met a {last}.")
    row = maps[2, 9, tokens.index("cat")]
    print(f"… a {last:8} to '{last}' {row[tokens.index('.') - 1]:.2f}   to [CLS] {row[0]:.2f}")

# %% [markdown]
# So “the same word” was again too narrow a name. Which name would you give this head now? Which fifth ending would test it? Try that one too.
#
# ### Are neat heads important?
#
# You have three heads that you can describe in a sentence. Do they matter? Change it and measure: we set what one head hands on to zero, and see how far the sentence vectors move. **Write down what you expect:** of all 72 heads, is the one for the token before among the most important? In which layer are the heads that move most?

# %% alt="Grid of six layers by twelve heads. Nearly all of layers 0 to 4 is faint; the last layer is strong, which means that removing one of its heads moves the sentence vectors most."
def embed_without(texts, layer, head):
    def silence(module, inputs):
        joined = inputs[0].clone()  # (texts, tokens, 384): twelve heads side by side
        joined[:, :, head * 32 : (head + 1) * 32] = 0
        return (joined,)

    place = encoder.encoder.layer[layer].attention.output.dense
    hook = place.register_forward_pre_hook(silence)
    try:
        return embed(texts)
    finally:
        hook.remove()


def movement(texts, layer, head):
    return 1 - (embed(texts) * embed_without(texts, layer, head)).sum(dim=-1).mean().item()


moved = torch.tensor([[movement(sentences, i, j) for j in range(12)] for i in range(6)])
ranking = moved.flatten().argsort(descending=True).tolist()
for name, (i, j) in {"before": (0, 2), "end": (3, 11), "again": (2, 9)}.items():
    rank = ranking.index(i * 12 + j) + 1
    print(f"{name:6} moves them by {moved[i, j]:.4f}, place {rank} of 72")
print(f"again, where words return: {movement(repeats, 2, 9):.4f}")


def after_layer(texts, layer, head=None):  # the mean right after one layer → (texts, width)
    batch = tokenizer(texts, padding=True, return_tensors="pt")

    def silence(module, inputs):
        kept = torch.ones(384)
        kept[head * 32 : (head + 1) * 32] = 0
        return (inputs[0] * kept,)

    place = encoder.encoder.layer[layer].attention.output.dense
    hook = place.register_forward_pre_hook(silence) if head is not None else None
    states = encoder(**batch, output_hidden_states=True).hidden_states[layer + 1]
    if hook:
        hook.remove()
    mask = batch.attention_mask[:, :, None]
    return F.normalize((states * mask).sum(dim=1) / mask.sum(dim=1), dim=-1)


print("\nthousandths, a layer's twelve heads on average:")
for layer in range(6):
    whole = after_layer(sentences, layer)
    cut = torch.stack([after_layer(sentences, layer, head) for head in range(12)])
    here = 1 - (cut * whole).sum(dim=-1).mean().item()
    there = moved[layer].mean().item()
    print(f"layer {layer}: right after it {1000 * here:4.1f}, at the end {1000 * there:4.1f}")
table(1000 * moved, range(6), range(12), "One head silent: 1 − cosine, in thousandths", "{:.0f}")

# %% [markdown]
# A head that we can describe need not be among those that move these vectors most. (A head for words that return has little to do where hardly more than *the* returns; compare its two lines.)
#
# Why does the last layer stand out? A good guess is that nothing comes after it: whatever a head of layer 0 fails to hand on, five layers can still make up for. The last six lines test it, by measuring the mean *right after* the layer whose head is silent. Later layers do make up for half of it or more in layers 0 to 3. But a head of layer 5 moves the mean nearly four times as much as one of any other layer even when each is measured right after its own. So the guess is not the reason, or not the whole one. We do not know why. (And an output of zeros is a state that does not come up in our sentences.) To find out what the neat heads are good for, you would have to measure what the mean vector does not show. (The open task can be about that.)
#
# ## Part 4: A search with a trap
#
# Enough of the inside. We put the encoder to work, at the desk of a guest house. Guests ask where they *may* do something, and the desk answers with the house rule that is nearest. **Write down what you expect:** in how many of the ten questions is the first answer one that gives a permission?

# %%
rules = {  # True: it allows something
    "Dogs are not allowed in the kitchen.": False,
    "Dogs are welcome in the garden.": True,
    "You may take your bicycle into the cellar.": True,
    "Bicycles must stay out of the hall.": False,
    "Smoking is allowed on the balcony.": True,
    "No smoking in the bedrooms.": False,
    "Children may play in the yard until eight.": True,
    "Children must not play on the stairs.": False,
    "You may wash clothes on Saturdays.": True,
    "Please do not wash clothes at night.": False,
    "Music is fine until ten in the evening.": True,
    "No loud music on Sundays.": False,
    "Parking is free behind the house.": True,
    "Never park in front of the gate.": False,
    "Candles are forbidden in the attic.": False,
    "You may light the fireplace in winter.": True,
    "Guests can stay for a week.": True,
    "Guests may not use the sauna.": False,
}
questions = [
    "Where can I take my pet?",
    "Where can I leave my bike?",
    "Where is it okay to smoke a cigarette?",
    "Where may the kids play?",
    "When can I do my laundry?",
    "When may I turn up the radio?",
    "Where can I leave my car?",
    "Where may I light a candle?",
    "What may my visitors do?",
    "Where may my puppy run around?",
]
rule_texts = list(rules)
index = embed(rule_texts)  # (rules, width), computed once


def answer(question, offered):  # the nearest of the offered rules
    scores = index[offered] @ embed([question])[0]
    best = scores.argmax().item()
    return rule_texts[offered[best]], scores[best].item()


permitted = 0
for question in questions:
    text, score = answer(question, list(range(len(rule_texts))))
    permitted += rules[text]
    print(f"{question:40}{score:.2f}  {'' if rules[text] else 'TRAP: '}{text}")
print(f"\n{permitted} of {len(questions)} answers are permissions.")

# %% [markdown]
# *Pet* finds *dogs* and *laundry* finds *wash clothes*. The search is good at topics. But a person who trusts the first line takes the pet into the one room where it must not go. Raising a threshold does not help: look at the scores in the lines of the traps.
#
# In Part 1, *may* and *may not* were nearer to each other than two wordings of one permission, and hiding *not* in Part 2 moved it all the same. So perhaps the 384 numbers do hold what we need, and the cosine, which weighs them all alike, drowns it. A **probe** weighs them anew.
#
# ## Part 5: Teach a probe
#
# A probe is the smallest judge there is: one weight for each number, and a bias. The encoder stays frozen. We need sentences with a known answer, so we make them, from wordings, things and places.

# %%
allowing = """{X} are allowed in the {p}.|You may bring {X} into the {p}.
{X} are welcome in the {p}.|Feel free to take {X} to the {p}.
It is fine to have {X} in the {p}.|{X} in the {p}? Yes, please!
Nobody minds {X} in the {p}.|We like to see {X} in the {p}.
The {p} is open to {X}.|You can keep {X} in the {p}.
There is no rule against {X} in the {p}.|{X} are permitted in the {p}.
Go ahead and bring {X} to the {p}.|There is room for {X} in the {p}.
The {p} accepts {X}.|{X} are not a problem in the {p}.""".replace("\n", "|").split("|")
forbidding = """{X} are not allowed in the {p}.|You may not bring {X} into the {p}.
No {X} in the {p}.|Never take {X} to the {p}.
It is forbidden to have {X} in the {p}.|{X} in the {p}? No, thank you!
Everybody hates {X} in the {p}.|We do not like to see {X} in the {p}.
The {p} is closed to {X}.|You cannot keep {X} in the {p}.
There is a rule against {X} in the {p}.|{X} are banned from the {p}.
{X} must stay out of the {p}.|Leave {X} outside the {p}.
The {p} is off limits for {X}.|{X} are a problem in the {p}.""".replace("\n", "|").split("|")
things = ["dogs", "bicycles", "drinks", "phones", "umbrellas", "shoes"]
places = ["library", "kitchen", "garden", "museum", "office"]

examples = []  # (sentence, label, wording, thing, place)
for label, wordings in [(1.0, allowing), (0.0, forbidding)]:
    for wording in wordings:
        for thing in things:
            for place in places:
                sentence = wording.format(X=thing, p=place)
                sentence = sentence[0].upper() + sentence[1:]
                examples.append((sentence, label, wording, thing, place))
labels = torch.tensor([label for _, label, *_ in examples])  # (examples)
made = [sentence for sentence, *_ in examples]
vectors = torch.cat([embed(made[i : i + 96]) for i in range(0, len(made), 96)])
print(tuple(vectors.shape), "of them allowed:", int(labels.sum()))
for number in [0, 200, 480, 700]:
    print(int(labels[number]), made[number])

# %% [markdown]
# ### Task 6: The probe
#
# *About 15 minutes.*
#
# For a vector $x$, the probe says “allowed” with the probability $p = \sigma(x \cdot w + b)$, where $\sigma$ is `torch.sigmoid`. Training takes small steps against the gradient of the loss. For this model, the gradient is short enough to write by hand. With $n$ examples, labels $y$ of 0 or 1, and the vectors as the rows of $X$:
#
# $$\begin{aligned} \text{errors} &= p - y \\ \text{gradient for } w &= \tfrac{1}{n}\, X^\top \text{errors} \\ \text{gradient for } b &= \operatorname{mean}(\text{errors}) \end{aligned}$$
#
# Write `train_probe`. Begin with zeros. In each of the `steps`, compute the errors once, then subtract `rate` times its gradient from each of the two. No optimizer, no `backward`.

# %% task="probe"
def train_probe(vectors, labels, steps=400, rate=5.0):  # (examples, width), (examples)
    weight, bias = ..., ...  # (width), one number; your lines here
    # <solution>
    weight, bias = torch.zeros(vectors.shape[1]), torch.zeros(())
    for _ in range(steps):
        errors = torch.sigmoid(vectors @ weight + bias) - labels  # (examples)
        weight = weight - rate * vectors.T @ errors / len(labels)
        bias = bias - rate * errors.mean()
    # </solution>
    return weight, bias


# %% check="probe"
def problem(train_probe):
    torch.manual_seed(0)
    vectors = torch.tensor([[1.0, 2.0], [3.0, 1.0], [2.0, 0.0], [4.0, 4.0]])
    labels = torch.tensor([1.0, 0.0, 1.0, 1.0])
    answer = train_probe(vectors, labels, steps=1, rate=1.0)
    weight, bias = (torch.as_tensor(part) for part in answer)
    if weight.shape != (2,):
        shape = tuple(weight.shape)
        return f"For vectors of width 2 the weight must have the shape (2), not {shape}."
    if bias.numel() != 1:
        return f"The bias is one number, but yours has the shape {tuple(bias.shape)}."
    right = vectors.T @ (labels - 0.5) / 4
    said = f"After one step from zero, the first weight should be {right[0]:.2f}"
    if torch.allclose(weight, -right, atol=1e-4):
        return f"{said}; yours is {weight[0]:.2f}. Do you walk with the gradient or against it?"
    if torch.allclose(weight, 4 * right, atol=1e-4):
        return f"{said}; yours is {weight[0]:.2f}, four times that. Sum, or average?"
    if torch.allclose(weight, vectors.T @ labels / 4, atol=1e-4):
        return (
            f"{said}; yours is {weight[0]:.2f}. Zero weights mean p = 0.5 for each example."
            " What did you take for p?"
        )
    if not torch.allclose(weight, right, atol=1e-4):
        return f"{said}; yours is {weight[0]:.2f}. Where do you begin, and which way do you go?"
    if bias.item() == 0:
        return "After one step the bias is still 0. Which border can a probe not draw then?"
    late = (labels - torch.sigmoid(vectors @ right)).mean().item()
    if abs(bias.item() - late) < 1e-4:
        return (
            "The bias is moved by errors that you computed after the weight had changed. From"
            " which moment should both steps come?"
        )
    if abs(bias.item() - 0.25) > 1e-4:
        return (
            f"After one step the bias should be 0.25, minus the mean error; yours is"
            f" {bias.item():.2f}. Sum or mean, plus or minus?"
        )
    weight, bias = train_probe(vectors, labels, steps=2, rate=1.0)
    errors = torch.sigmoid(vectors @ right + 0.25) - labels
    if torch.allclose(weight, right, atol=1e-4):
        return "Two steps give the same weights as one. What does your loop run over?"
    if torch.allclose(weight, 2 * right, atol=1e-4):
        return "The second step repeats the first. Do you compute the errors in each step?"
    if abs(bias.item() - (0.25 - errors.mean().item())) > 1e-4:
        return (
            "The first step is right and the second is not. Do weight and bias use the same"
            " errors, from before the step?"
        )
    if not torch.allclose(weight, right - vectors.T @ errors / 4, atol=1e-4):
        return "The first step is right and the second is not. From where does it start?"


probe_right = check(problem, train_probe)

# %% [markdown] hints="probe"
# `vectors @ weight + bias` gives one number for each example. What turns it into a probability, and what do you subtract to get the error?
#
# ---
#
# In the loop: errors, one for each example; then weight minus rate times `vectors.T @ errors` over the number of examples; then bias minus rate times the mean of the errors. Outside the loop: zeros at the beginning, nothing else.

# %% [markdown]
# Now the classic exam: shuffle, keep a fifth aside, train on the rest. A score needs a [baseline](../glossary.md#baseline), so the same probe also gets a much poorer input: no encoder, only which words occur. **Write down what you expect** for both.

# %%
def word_list(text):
    return "".join(c if c.isalpha() else " " for c in text.lower()).split()


known = sorted({word for text in made for word in word_list(text)})
counts = torch.zeros(len(made), len(known))  # (examples, words): 1 if the word occurs
for number, text in enumerate(made):
    counts[number, [known.index(word) for word in word_list(text)]] = 1


def accuracy(probe, inputs, labels):
    weight, bias = probe
    return ((inputs @ weight + bias > 0) == (labels > 0.5)).float().mean().item()


shuffled = torch.randperm(len(made), generator=torch.Generator().manual_seed(0))
fifth, rest = shuffled[: len(made) // 5], shuffled[len(made) // 5 :]
if probe_right:
    for name, inputs in {"words alone": counts, "encoder": vectors}.items():
        probe = train_probe(inputs[rest], labels[rest])
        print(f"{name:12} {accuracy(probe, inputs[fifth], labels[fifth]):.0%}")

# %% [markdown]
# Splendid, and worth nothing. When a list of words does as well as six layers, the exam was too easy. *Dogs are welcome in the garden* was kept aside, but *Dogs are welcome in the kitchen* was not. A random split asks “do you know this sentence pattern?”, and you wanted to know “do you know a permission when you see one?”.
#
# ### Task 7: An honest exam
#
# *About 13 minutes.*
#
# Write `split(examples, held_out)`. `held_out` is a set of wordings, things and places. Return two lists of numbers (places in `examples`):
#
# - `train`: examples that contain **nothing** of what is held out;
# - `test`: examples whose wording, thing **and** place are all held out.
#
# An example is a tuple `(sentence, label, wording, thing, place)`. What happens to the others?

# %% task="split"
def split(examples, held_out):  # → two lists of whole numbers
    train, test = ..., ...  # your lines here
    # <solution>
    train, test = [], []
    for number, (_, _, *parts) in enumerate(examples):
        hidden = sum(part in held_out for part in parts)
        if hidden == 0:
            train.append(number)
        if hidden == len(parts):
            test.append(number)
    # </solution>
    return train, test


# %% check="split"
def problem(split):
    wordings, things, places = ("No {X} in the {p}.", "{X}? Yes!"), ("a", "b"), ("c", "d")
    some = [(f"{w}{t}{p}", 1.0, w, t, p) for w in wordings for t in things for p in places]
    answer = split(some, {"{X}? Yes!", "b", "d", "elsewhere"})
    if not isinstance(answer, tuple) or len(answer) != 2:
        return "split must return two lists, train and test, in this order."
    train, test = (list(part) for part in answer)
    if any(isinstance(item, (tuple, str)) for item in train + test):
        return "Your lists hold the examples themselves. Which numbers would find them?"
    train, test = sorted(map(int, train)), sorted(map(int, test))
    if (train, test) == ([7], [0]):
        return "You train on what was to be held out. Which list is which?"
    if set(train) & set(test):
        return f"Example {min(set(train) & set(test))} is in both lists. How can it be a test?"
    if len(train) + len(test) == 8:
        where = "train" if 1 in train else "test"
        return (
            f"Each of the 8 examples is used. Example 1 has a held-out place and a known"
            f" wording, and it is in {where}. May it be in either?"
        )
    if not train or not test:
        which = "train" if not train else "test"
        return f"Your list {which} is empty. What does `in` compare an example's parts with?"
    if train != [0]:
        return f"Of 8 examples, only number 0 has nothing held out; train is {train}."
    if test != [7]:
        return f"Only number 7 has all three parts held out, and your test is {test}. And, or or?"


split_right = check(problem, split)

# %% [markdown] hints="split"
# For each example, count how many of its three parts are in `held_out`. The count can be 0, 1, 2 or 3.
#
# ---
#
# Count 0 goes to train, count 3 to test, and the rest into neither list: an example with a known wording and a new place tells the test's secrets to the training, or the other way round. `enumerate` gives the numbers.

# %% [markdown]
# The probe learns once, from sentences with nothing held out, and sits three exams: sentences at random; new things in new places, in known wordings; everything new. A third candidate joins: the **nearest centroid**. It takes the mean of the allowing vectors and the mean of the forbidding ones, and asks which is nearer. It has nothing to tune. **Write down what you expect:** nine numbers.

# %%
def centroid_probe(vectors, labels):  # the nearest of two means, written as a probe
    one, zero = vectors[labels > 0.5].mean(dim=0), vectors[labels < 0.5].mean(dim=0)
    return one - zero, (zero @ zero - one @ one) / 2


new = {*allowing[12:], *forbidding[12:], *things[4:], *places[3:]}
if probe_right and split_right:
    train, test = split(examples, new)
    cut = torch.tensor(train)[torch.randperm(len(train), generator=torch.manual_seed(0))]
    learn, aside = cut[len(cut) // 5 :], cut[: len(cut) // 5]
    topics = [
        number for number, (_, _, wording, thing, place) in enumerate(examples)
        if wording not in new and thing in new and place in new
    ]  # fmt: skip
    print(f"{'':18}at random   new things, places   all new")
    for name, inputs, learner in [
        ("words, probe", counts, train_probe),
        ("encoder, probe", vectors, train_probe),
        ("encoder, centroid", vectors, centroid_probe),
    ]:
        probe = learner(inputs[learn], labels[learn])
        scores = [accuracy(probe, inputs[t], labels[t]) for t in (aside, topics, test)]
        print(f"{name:18}{scores[0]:9.0%}{scores[1]:21.0%}{scores[2]:10.0%}")

# %% [markdown]
# A coin gets a half. Read the last column, and remember what the first one promised. Then look at the middle: new topics are no trouble for a list of words, as long as the wordings are old.
#
# Eight new wordings are few, and luck is large. So draw the wordings by chance, ten times for each size, and see what more wordings bring. **Write down what you expect:** which candidate gains most?

# %% alt_when_right="Accuracy on wordings never seen, against the number of wordings in training. The words alone stay below the coin's line and fall; the nearest centroid on the encoder's vectors rises highest; the probe lies between."
if probe_right and split_right:
    sizes, names = [1, 2, 4, 8, 12], ["words, probe", "encoder, probe", "encoder, centroid"]
    results = torch.zeros(len(names), len(sizes), 10)
    draw = random.Random(0)
    print("wordings  " + "   ".join(names))
    for column, size in enumerate(sizes):  # a hundred probes in all: this takes a while
        for turn in range(10):
            seen = draw.sample(allowing, size) + draw.sample(forbidding, size)
            unseen = {*allowing, *forbidding} - set(seen)
            train, test = split(examples, unseen | {*things[4:], *places[3:]})
            for row, (inputs, learner) in enumerate(
                [(counts, train_probe), (vectors, train_probe), (vectors, centroid_probe)]
            ):
                probe = learner(inputs[train], labels[train])
                results[row, column, turn] = accuracy(probe, inputs[test], labels[test])
        means = zip(names, results[:, column].mean(dim=-1))
        print(f"{size:8}  " + "   ".join(f"{score:{len(name)}.2f}" for name, score in means))
    plt.figure(figsize=(6, 4))
    for row, (name, marker) in enumerate(zip(names, "^os")):
        middle, spread = results[row].mean(dim=-1), results[row].std(dim=-1)
        plt.errorbar(sizes, middle, spread, marker=marker, capsize=3, label=name)
    plt.axhline(0.5, color="gray", linestyle=":", label="a coin")
    plt.xticks(sizes)
    plt.xlabel("wordings of each kind in training")
    plt.ylabel("accuracy on new wordings")
    plt.ylim(0, 1)
    plt.legend(loc="lower left")
    plt.tight_layout()
    plt.show()

# %% [markdown]
# The bars in your figure show how much the ten draws differ; with more wordings in training, fewer are left for the exam. First the line at the bottom: how can anything be *worse* than a coin? Our guess: many wordings come in pairs, *are a problem* and *are not a problem*, and whoever knows one of the two, and only its words, takes the other for the same. The next cell tests it in thirty draws: it draws the pairs together (both lists have the same order).
#
# Then the two above. More wordings help the centroid, and with twelve the probe does worse. Both are a weight for each number; they differ in how these are found. Perhaps the probe fits the wordings that it saw too closely? Then fewer steps should help, or a pull of its weights towards zero. **Write down what you expect:** four numbers for 3, 10, 50 and 400 steps.

# %%
if probe_right and split_right:
    draw, pairs = random.Random(0), list(zip(allowing, forbidding))
    fits = {f"{steps} steps": functools.partial(train_probe, steps=steps) for steps in (3, 10, 50, 400)}
    words = {"words, as before": train_probe}, {"words, pairs drawn together": train_probe}
    late = {name: [] for name in [*words[0], *words[1], *fits, "centroid"]}
    for turn in range(30):
        together = {wording for pair in draw.sample(pairs, 12) for wording in pair}
        apart = {*draw.sample(allowing, 12), *draw.sample(forbidding, 12)}
        for seen, inputs, learners in [
            (apart, counts, words[0]),
            (together, counts, words[1]),
            (apart, vectors, {**fits, "centroid": centroid_probe}),
        ]:
            unseen = {*allowing, *forbidding} - seen
            train, test = split(examples, unseen | {*things[4:], *places[3:]})
            for name, learner in learners.items():
                probe = learner(inputs[train], labels[train])
                late[name].append(accuracy(probe, inputs[test], labels[test]))
    for name, scores in late.items():
        print(f"{name:28}{sum(scores) / len(scores):.2f}")

# %% [markdown]
# With the pairs together, a list of words comes close to the coin: the pairs were most of the reason. And the probe that stops early is nearly as good as the centroid: here it was the long training that cost it the exam.
#
# ### Mend the desk
#
# Now use what you have. The nearest centroid judges the eighteen house rules. It must not have seen them, so we leave out of its training every wording, thing and place of ours that stands in a rule. Then the desk searches only among the rules that it calls allowed. **Write down what you expect:** how many rules will it judge right? How many of the traps are left?

# %%
shared = {*allowing[:3], *forbidding[:3], forbidding[12], "dogs", "bicycles"}
shared |= {"kitchen", "garden"}
learn = [n for n, (_, _, *parts) in enumerate(examples) if not shared & set(parts)]
weight, bias = centroid_probe(vectors[learn], labels[learn])
allowed = index @ weight + bias > 0  # (rules)
judged = sum(allowed[i].item() == rules[text] for i, text in enumerate(rule_texts))
print(f"{judged} of {len(rule_texts)} rules judged right; wrong:")
for i, text in enumerate(rule_texts):
    if allowed[i].item() != rules[text]:
        print("  ", "taken for allowed:  " if allowed[i] else "taken for forbidden:", text)
permitted, offered = 0, allowed.nonzero()[:, 0].tolist()
print()
for question in questions:
    text, score = answer(question, offered)
    permitted += rules[text]
    print(f"{question:40}{score:.2f}  {'' if rules[text] else 'TRAP: '}{text}")
print(f"\n{permitted} of {len(questions)} answers are permissions.")

# %% [markdown]
# Better, and not safe. Look at the answers again with a guest's eyes: “a permission” is not yet “the right permission”. And which of the two mistakes would you rather have at this desk: a rule wrongly called allowed, or wrongly called forbidden? Move the border with `bias` until you like the answer.
#
# ## Part 6: Who did it?
#
# The question from Part 1: is the word order lost, or only quiet? *The wolf chased the nurse* and *The nurse chased the wolf* have nearly the same vector. We ask your probe: **does the animal act, or does the person?** Each sentence has a twin with the same words, the roles exchanged, and the other label. We draw from all of them by chance, so a list of words can do no better than a coin.
#
# Four exams. **Write down what you expect** for each: sentences with the same words, kept aside; animals, persons and verbs that it has never seen; the same words, but in the passive, *The nurse was chased by the wolf*; and new words in the passive.

# %%
people = "farmer teacher lawyer pilot baker singer doctor painter soldier nurse king clerk".split()
animals = "dog cat horse wolf bear goat lion duck fox pig mouse tiger".split()
verbs = "chased heard followed liked feared called found pushed watched helped".split()
active = {"The {a} {v} the {p}.": 1.0, "The {p} {v} the {a}.": 0.0}  # 1: the animal acts
passive = {"The {p} was {v} by the {a}.": 1.0, "The {a} was {v} by the {p}.": 0.0}


def scenes(part, forms, count, seed):  # texts and labels, drawn by chance
    made = [
        (form.format(a=a, p=p, v=v), label)
        for a in animals[part] for p in people[part] for v in verbs[part]
        for form, label in forms.items()
    ]  # fmt: skip
    chosen = random.Random(seed).sample(made, count)
    return [text for text, _ in chosen], torch.tensor([label for _, label in chosen])


if probe_right:
    old, fresh = slice(0, 7), slice(7, None)
    story, who = scenes(old, active, 500, seed=0)
    seen = embed(story)  # (500, width)
    probe = train_probe(seen[:400], who[:400], steps=3000)
    cosine = embed(["The wolf chased the nurse."]) @ embed(["The nurse chased the wolf."]).T
    print(f"cosine of wolf chased nurse and nurse chased wolf: {cosine.item():.2f}")
    print(f"same words, kept aside  {accuracy(probe, seen[400:], who[400:]):.0%}")
    for name, part, forms in [
        ("new words", fresh, active),
        ("same words, passive", old, passive),
        ("new words, passive", fresh, passive),
    ]:
        story, who = scenes(part, forms, 100, seed=1)
        print(f"{name:23} {accuracy(probe, embed(story), who):.0%}")

# %% [markdown]
# So the order is not lost: with words that it knows, the probe was right on each of the hundred sentences kept aside, at a cosine so near to 1. For new words it reads much less. And look at the passive of the same words: far from a coin, on the wrong side. (With new words in the passive, a hundred sentences cannot tell it from a coin.) What did the probe learn, “who acts” or “who comes first”? Without the third exam you would have announced that you found the place where the encoder keeps the agent.
#
# A cosine says *how much* two vectors differ, a probe *whether* the difference can be used. Neither says that the encoder itself uses it.
#
# ## Part 7: Open task
#
# **A small classifier for a question of your own, with an honest exam.** Is a sentence a question? A request or a statement? About the past? Polite? Ironic? Does it contain a number above a hundred, a name, a feeling? Does it speak of a plan or of a fact? Choose something you can decide at a glance.
#
# Here is a start: a function that takes your labeled lines and examines two candidates. Replace the lines. Give each line a group, and hold out whole groups: a template, a topic, an author, a day.

# %%
lines = [  # (group, label, sentence): is it a request?
    ("door", 1, "Close the door, please."), ("door", 0, "He closed the door."),
    ("door", 1, "Could you open the door?"), ("door", 0, "The door is made of oak."),
    ("soup", 1, "Pass me the salt."), ("soup", 0, "The soup needs salt."),
    ("soup", 1, "Would you mind tasting the soup?"), ("soup", 0, "I like your soup."),
    ("train", 1, "Buy two tickets, will you?"), ("train", 0, "Two tickets cost a lot."),
    ("train", 1, "Wait for me at the station."), ("train", 0, "She waited at the station."),
    ("music", 1, "Turn the radio down."), ("music", 0, "The radio plays too loud."),
    ("music", 1, "I need you to play softer."), ("music", 0, "You play very well."),
]  # fmt: skip


def examine(lines, learner=centroid_probe):  # leaves out one group after the other
    inputs = embed([text for _, _, text in lines])
    truth = torch.tensor([float(label) for _, label, _ in lines])
    right = common = 0
    for group in sorted({group for group, _, _ in lines}):
        test = torch.tensor([line[0] == group for line in lines])
        weight, bias = learner(inputs[~test], truth[~test])
        guess = inputs[test] @ weight + bias > 0
        for place, said in zip(test.nonzero()[:, 0].tolist(), guess.tolist()):
            right += said == lines[place][1]
            if said != lines[place][1]:
                print(f"   {group:8}{'yes' if said else 'no ':4} {lines[place][2]}")
        common += (truth[test] == truth[~test].mean().round()).sum().item()
    print(f"{right} of {len(lines)} right; always the more frequent label: {common}")


examine(lines)

# %% [markdown]
# **Hand in** a page: the question, ten of your lines, a table, your verdict. A good answer
#
# - has a hundred lines or more, in eight or more groups, and says how you labeled the doubtful ones;
# - compares three candidates or more on one exam: the more frequent label, words alone, and a probe or centroid on MiniLM;
# - shows how the score changes from a random split to held-out groups, and explains the gap;
# - gives the score's uncertainty: with $n$ test lines and accuracy $a$, about $\sqrt{a(1-a)/n}$;
# - runs a control: shuffle the labels of the training lines, and the score must fall to chance;
# - looks at each mistake, and sorts it: bad label, unclear case, or a thing that the vector does not hold;
# - writes ten lines that should fool the winner, and reports how many did.
#
# Would you rather stay inside? Repeat Part 3 with a job that you invent, and Part 6 with one head silent: does the probe still hear who did it? Or take the vectors of an earlier layer (`output_hidden_states=True`): where in the stack is your question answered best?
#
# ## What you have seen
#
# - The encoder's cosine follows the topic. A *not*, a number or an exchange of roles hardly moves it, in a search too.
# - You rebuilt a real head from its weights. A mask belongs before the softmax, and in our sentences closing the parking place `[CLS]` moves the vector more than hiding any word.
# - Heads can be found by a score, and named wrongly: the separator head gave much to the end, and the idle head turned to words that return. What a head does, you learn by changing the sentence. Whether it matters, by switching it off.
# - What the cosine drowns, a probe can hear. But a random split praises everybody; hold out what you want to know about, and bring a baseline.
#
# **Go on** with [Cross-attention](../cross_attention.md), where the looks go from one text to another, or with [three uses of an encoder](../encoder_uses.md), where the encoder itself is trained too.
