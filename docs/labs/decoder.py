# ---
# description: Bet against SmolLM2 in bits, write its mask, its loop, its cache and its chat text, and catch it making things up.
# ---

# %% [markdown]
# # Lab: The decoder
#
# A decoder does one thing: it says how likely each next token is. In this lab you measure everything with one ruler, the **surprise** in bits.
# First you play against the model. Then you take it apart: its mask, its loop, its cache, its chat text. In the end you use its own surprise
# to catch it making things up.
#
# Read the chapter [Decoder](../decoder.md) first, and have [masked self-attention](../masked_self_attention.md) open for part 3. You need Python and matrix products, paper and a pencil:
# again and again you write down what you expect *before* you run a cell. It is an evening's work of about 80 minutes:
# seven tasks with a check, then an open one.

# %% setup="smollm2"

# %%
import math
import textwrap
import zlib

import matplotlib.pyplot as plt
import torch
from torch.nn import functional as F
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2", padding_side="left")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
model.requires_grad_(False)  # nothing is trained here
START = "<|endoftext|>"  # the end of a text: behind it, another begins
print(f"{model.num_parameters():,} parameters, {len(tokenizer):,} tokens to choose from")

# %% [markdown]
# ## Part 1: You bet first
#
# Claude Shannon let people guess a text letter by letter, to find out how much of English is news
# (*Prediction and Entropy of Printed English*, 1951). You play his game with tokens, and against a machine.
#
# Here are five beginnings. The next token of each is hidden: below it is only an id, which you cannot read (please do not decode it yet).

# %%
beginnings = [
    "Roses are red, violets are",
    "She opened her umbrella because it began to",
    "My grandmother keeps her teeth in a glass of",
    "The dragon lived in a bookshop and ate only",
    "The robot watered the sunflowers because they were",
]
hidden = [4461, 5249, 913, 7900, 36216]
for number, beginning in enumerate(beginnings, start=1):
    print(f"{number}. {beginning} …")

# %% [markdown]
# ### Task 1: Your bets
#
# *About 8 minutes.*
#
# For each beginning, spread your belief over a few tokens: `{" cold": 0.5, " wet": 0.2}` means one half on *cold*, one fifth on *wet*. What you do not
# spend goes in equal parts to all the other tokens of the vocabulary. A new word begins with its space.
#
# Your price in each round is your **surprise** at the right token, which got probability $p$ from you:
#
# $$\mathrm{surprise} = -\log_2 p \text{ bits}$$
#
# One bit is a coin that falls as you did not hope; ten bits are ten such coins in a row, or one chance in 1,024. The lower sum wins.
#
# Write down what you expect: Who wins, you or the model? In which round is the distance largest?

# %% task="bets"
bets = ...  # your five: [{" cold": 0.5, " wet": 0.2}, {…}, {…}, {…}, {…}]
# <solution>
bets = [
    {" blue": 0.95},
    {" rain": 0.8, " pour": 0.1, " snow": 0.05},
    {" water": 0.9},
    {" books": 0.4, " paper": 0.1, " words": 0.1, " pages": 0.05},
    {" thirsty": 0.7, " dry": 0.15},
]
# </solution>

# %% check="bets"
def model_probability(beginning, token):
    ids = tokenizer(START + beginning, return_tensors="pt").input_ids
    return model(ids).logits[0, -1].softmax(-1)[token].item()


def your_probability(bet, token):
    named = {tokenizer(word).input_ids[0]: share for word, share in bet.items()}
    rest = (1 - sum(bet.values())) / (len(tokenizer) - len(named))
    return named.get(token, rest)


def problem(bets):
    if len(bets) != len(beginnings):
        return (
            f"There are {len(beginnings)} rounds, but your list has {len(bets)}. Which "
            "is missing?"
        )
    for number, bet in enumerate(bets, start=1):
        if not isinstance(bet, dict):
            return (
                f"Round {number}: {bet!r} is a {type(bet).__name__} and not a "
                "dictionary. How much of your belief does each word get?"
            )
        for word, share in bet.items():
            if not 0 < share:
                return (
                    f"Round {number}: {word!r} gets {share}. Can a probability be that "
                    "low?"
                )
            if share > 1:
                return (
                    f"Round {number}: {word!r} gets {share}. Is that a share of one, "
                    "or percent?"
                )
            if not word.startswith(" "):
                return (
                    f"Round {number}: {word!r} would be glued to the word before. What "
                    "begins a new word?"
                )
            pieces = tokenizer.tokenize(word)
            if len(pieces) > 1:
                return (
                    f"Round {number}: {word!r} is {len(pieces)} tokens, {pieces}. "
                    "Which comes first?"
                )
        spent = sum(bet.values())
        if spent > 1.000001:
            return (
                f"Round {number}: you spent {spent:.2f}. How much belief is there in "
                "all?"
            )
        if spent > 0.999999:
            return (
                f"Round {number}: you kept nothing back. What is your surprise if the "
                "token is another one?"
            )


if check(problem, bets):
    yours, its = 0, 0
    for beginning, bet, token in zip(beginnings, bets, hidden):
        you = -math.log2(your_probability(bet, token))
        it = -math.log2(model_probability(beginning, token))
        yours, its = yours + you, its + it
        print(f"…{beginning[-22:]}{tokenizer.decode([token])}")
        print(f"   you {you:5.1f} bits, the model {it:5.1f} bits")
    print(f"\nin all: you {yours:.1f} bits, the model {its:.1f} bits")

# %% [markdown] hints="bets"
# Begin with the first word that comes to your mind in each round. How sure are you: two times in three? Nine times in ten? That is its number.
#
# ---
#
# A list of five dictionaries. Keys are strings that begin with a space and are one token, such as `" blue"`; the values of one dictionary
# add up to less than one. (The solution is one honest player's sheet. It gives some words away.)

# %% [markdown]
# ## Part 2: The surprise of a whole text
#
# You needed a pass for each round. The model needs one pass for a whole text, because it makes a bet at every position. The prices of all
# bets together are the surprise of the text.
#
# Each bet needs something to stand on. What is there before the first word? In training, one text followed another, with the token `<|endoftext|>` between them.
# We put this token in front, so that the first word is bet on as well. (In part 1 it stood there too. The chapter [measures](../decoder.md#what-stands-before-a-text) what happens without it.)

# %%
sentence = "The robot watered the sunflowers because they were thirsty."
ids = tokenizer(START + sentence, return_tensors="pt").input_ids[0]  # (tokens,)
logits = model(ids[None]).logits[0]  # (tokens, vocabulary)
print("tokens", tuple(ids.shape), "logits", tuple(logits.shape))
print(tokenizer.convert_ids_to_tokens(ids))

# %% [markdown]
# ### Task 2: A price for every token
#
# *About 8 minutes.*
#
# Write `surprise`: from the logits and the ids of one text, the bits that each token cost. Before you code, write down: Row 0 of the logits
# is a bet on which token? How many prices do the twelve ids have?

# %% task="surprise"
def surprise(logits, ids):  # (tokens, vocabulary), (tokens,) → (tokens − 1,)
    bits = ...  # your lines here
    # <solution>
    log_p = logits[:-1].log_softmax(-1)  # the last row bets on a token that is not there
    right = ids[1:]  # and nobody bets on what stands in front
    bits = -log_p.gather(-1, right[:, None])[:, 0] / math.log(2)
    # </solution>
    return bits


# %% check="surprise"
def problem(surprise):
    p = torch.tensor([[8, 4, 2, 2], [1, 1, 8, 6], [2, 8, 4, 2], [4, 4, 4, 4.0]]) / 16
    text = torch.tensor([0, 3, 1, 2])
    toy = p.log() - 1  # the same bets as logits, which need not sum to anything
    bits = surprise(toy, text)
    right = -p[[0, 1, 2], [3, 1, 2]].log2()  # 3, 4, 2
    if not torch.is_tensor(bits):
        return (
            f"Give back a tensor with one price per token, not a {type(bits).__name__}."
        )
    if bits.dim() == 0:
        return f"You gave one number, {bits.item():.2f}. What did each token cost?"
    if bits.dim() == 2:
        return (
            f"Your result has the shape {tuple(bits.shape)}. The prices of which "
            "tokens do you need from each row?"
        )
    if len(bits) == len(text):
        return (
            "You priced every id, the first one too. Which row of logits bets on "
            "the first id?"
        )
    if len(bits) != len(text) - 1:
        return (
            f"{len(text)} ids have {len(text) - 1} prices, but you gave {len(bits)}."
        )
    said = ", ".join(f"{b:.2f}" for b in bits)
    if not bits.isfinite().all():
        return f"Your prices are {said}. Of what do you take the logarithm?"
    if torch.allclose(bits, -right, atol=1e-4):
        return f"Your prices are {said}. Can a surprise be below zero?"
    if torch.allclose(bits, right * math.log(2), atol=1e-4):
        return (
            f"Your prices are {said}. For a probability of 1/8 you give {bits[0]:.2f}: "
            "how many coins are that?"
        )
    if torch.allclose(bits, -p[[1, 2, 3], [3, 1, 2]].log2(), atol=1e-4):
        return (
            f"Your prices are {said}. Row 1 has already read token 1: on which token "
            "does it bet?"
        )
    if torch.allclose(bits, -p[[0, 1, 2], [0, 3, 1]].log2(), atol=1e-4):
        return (
            f"Your prices are {said}. You ask row 0 about token 0, which it has read. "
            "On which token does it bet?"
        )
    if not torch.allclose(surprise(toy + 5, text), bits, atol=1e-4):
        return (
            "Add 5 to all logits and your prices change, but the bets do not. What "
            "makes probabilities of logits?"
        )
    if not torch.allclose(bits, right, atol=1e-4):
        return (
            f"Your prices are {said}, where the bets were 1/8, 1/16 and 1/4. Along "
            "which dimension do the probabilities sum to one?"
        )


if check(problem, surprise):
    bits = surprise(logits, ids)
    loss = model(ids[None], labels=ids[None]).loss.item()
    print("by hand:     mean", f"{bits.mean():.4f} bits = {bits.mean() * math.log(2):.4f} nats")
    print("the library: loss", f"{loss:.4f}")
    print(f"perplexity: 2 to the mean {2 ** bits.mean():.1f}, e to the loss {math.exp(loss):.1f}")

# %% [markdown] hints="surprise"
# Row 0 has read token 0 and bets on token 1. So which rows do you keep, and which ids? Both must be one shorter than the text.
#
# ---
#
# `log_softmax(-1)` makes logarithms of probabilities of each row; `gather(-1, …[:, None])` picks from each row the entry of the right token. These are
# natural logarithms; one bit is `math.log(2)` of them.

# %% [markdown]
# From here on, PyTorch's own `cross_entropy` does this work in the given code, so that you can go on while a task is open.
#
# ### Who is surprised, and where?
#
# One word of the second sentence is wrong. Write down what you expect: Does the whole difference lie in that word, or do the words *after* it cost
# more as well?

# %% alt="Two columns of bars, a bar for each token of the two sentences: its surprise in bits."
def price(text, start=START):  # the tokens of the text, and the bits of each
    ids = tokenizer(start + text, return_tensors="pt").input_ids[0]
    nats = F.cross_entropy(model(ids[None]).logits[0, :-1], ids[1:], reduction="none")
    return tokenizer.batch_decode(ids[1:, None]), nats / math.log(2)


def show(*texts):
    figure, places = plt.subplots(1, len(texts), figsize=(6, 4), sharex=True, squeeze=False)
    for place, text in zip(places[0], texts):
        tokens, bits = price(text)
        rows = range(len(tokens))
        place.barh(rows, bits.tolist(), color="#3b6ea8")
        place.set_yticks(rows, [token.strip() or repr(token) for token in tokens])
        place.invert_yaxis()  # read from top to bottom
        place.set_xlabel("bits")
        place.set_title(f"{bits.sum():.0f} bits in all")
    figure.tight_layout()
    plt.show()


show(
    "The captain of the ship sailed across the ocean to the island.",
    "The captain of the ship sailed across the oven to the island.",
)

# %% [markdown]
# Now play: put in your own sentences. Can you write six words that cost less than 25 bits together? (The first word is not free.) Can you make the *last* word cost more than thirty?

# %% alt="Two columns of bars, a bar for each token of two beginnings of a story: its surprise in bits."
show("Once upon a time, there was", "Once upon a time, there was a stapler")

# %% [markdown]
# ### Bits are real
#
# A bit of surprise is also a bit of memory: with a model that bets well, a text can be stored in as many bits as it surprises the model (plus a few). The program `zip` bets
# too; it knows only what stands earlier in the same text. Write down what you expect for the text below, in bytes: plain, zipped, and priced by the model.

# %%
letter = (
    "Dear Marta, thank you for your long letter. We have had a quiet week. On Monday it"
    " rained, so the children stayed inside and built a robot out of boxes. On Tuesday the"
    " sun came back, and we went to the market to buy bread, tomatoes and a bottle of olive"
    " oil. My brother wants to visit us in August, if he can find a cheap flight. Please tell"
    " your mother that I am still using her recipe, and that everybody loves it. I hope to"
    " see you soon. With love, Ana"
)
tokens, bits = price(letter)
print("plain:    ", len(letter.encode()), "bytes")
print("zipped:   ", len(zlib.compress(letter.encode(), 9)), "bytes")
print("the model:", math.ceil(bits.sum().item() / 8), "bytes")
print(f"that is {bits.sum() / len(letter):.2f} bits per character")

# %% [markdown]
# What does this comparison hide? (Whoever unpacks the letter needs the model too, and you saw its size at the beginning.) Change the letter: what if it is in Portuguese, or
# contains a telephone number?
#
# ## Part 3: No peeking
#
# In one pass the model bet at every position, and the right tokens stood in the same text, one place to the right. Why did it not peek? Because of the
# mask that is added to the scores in each of its layers.
#
# ### Task 3: The mask
#
# *About 10 minutes.*
#
# Write it: zero where a query (row) may look at a key (column), −∞ where it may not. The check then puts *your* mask into the real model.

# %% task="mask"
def causal_mask(length):  # → (queries, keys)
    mask = ...  # your lines here
    # <solution>
    mask = torch.full((length, length), -math.inf).triu(1)
    # </solution>
    return mask


# %% check="mask"
def problem(causal_mask):
    mask = causal_mask(4)
    shape = tuple(mask.shape) if torch.is_tensor(mask) else type(mask).__name__
    if shape != (4, 4):
        return (
            "For four tokens the mask must be a tensor of shape (4, 4); yours is "
            f"{shape}."
        )
    if mask.dtype == torch.bool:
        return (
            "Your mask is made of True and False. What must be *added* to a score so "
            "that it stays, and what so that its weight is zero?"
        )
    mask = mask.float()
    if mask.isnan().any():
        return (
            f"Your mask has {int(mask.isnan().sum())} cells that are not a number. "
            "What is zero times infinity?"
        )
    if (mask == math.inf).any():
        return (
            "Your mask has +∞ in it. What does softmax give to a key with that score?"
        )
    row, column = torch.meshgrid(torch.arange(4), torch.arange(4), indexing="ij")
    weights = mask.softmax(-1)  # as if all scores were equal
    if (weights.diagonal() == 0).all() or weights.isnan().any():
        return (
            "Row 0 may look at nothing at all in your mask, not even itself. What is "
            "softmax over nothing?"
        )
    if (weights[row < column] > 0).all() and (weights[row > column] == 0).all():
        return (
            "In your mask, token 0 sees everything and the last token only itself. "
            "Which index is the query?"
        )
    ahead = weights[row < column]
    if (ahead > 0).any():
        if (mask[row < column] > -100).all():
            return (
                f"With equal scores, token 0 gives {weights[0, 1:].sum():.2f} of its "
                "weight to later tokens. What must you add to make it exactly zero?"
            )
        return (
            f"With equal scores, token 0 gives {weights[0, 1:].sum():.2f} of its "
            "weight to token 1. May it look there?"
        )
    if (weights[row > column] == 0).any():
        return (
            "Token 3 cannot see all earlier tokens in your mask. Which ones may it "
            "not see?"
        )
    if not torch.allclose(weights[3], torch.full((4,), 0.25)):
        return (
            "Token 3 spreads equal scores as "
            f"{[round(w, 2) for w in weights[3].tolist()]}. What must you add so that "
            "an allowed score stays as it is?"
        )


def run(ids, mask):  # the real model with a mask of ours, the same in all layers and heads
    return model(ids[None], attention_mask=mask[None, None]).logits[0]


if check(problem, causal_mask):
    difference = (run(ids, causal_mask(len(ids))) - model(ids[None]).logits[0]).abs().max()
    print(f"SmolLM2 with your mask: largest difference of any logit {difference:.0e}")

# %% [markdown] hints="mask"
# The future is the upper right triangle, without the diagonal: a token may see itself. `triu(1)` keeps that triangle of a matrix and writes zeros elsewhere.
#
# ---
#
# Start from a matrix full of −∞ (`torch.full`), and keep the future only. Beware of multiplying −∞ by zero: that is not a number.

# %% [markdown]
# ### A leak detector
#
# The test for a leak: change the *last* token, and see which earlier states move. We give three masks to the real model.
#
# - **the past**: the causal mask.
# - **one ahead**: each token sees the past, and *one* token to its right.
# - **all**: no mask.
#
# The last token of the two sentences differs. Write down for each mask: how many of the earlier tokens does the change reach, after layer 1? After layer 2? After all 30?

# %% alt="Three maps of layers and tokens, one for each mask. Strong cells are states that moved when the last token was changed."
def all_masks(length):
    place = torch.arange(length)
    for name, reach in {"the past": 0, "one ahead": 1, "all": length}.items():
        unseen = place[None, :] > place[:, None] + reach
        yield name, torch.zeros(length, length).masked_fill(unseen, -math.inf)


same = START + "The robot watered the sunflowers because they were"
one, other = tokenizer([same + " thirsty", same + " broken"]).input_ids
pair = torch.tensor([one, other])  # (2, tokens): only the last column differs
length = pair.shape[1]
figure, places = plt.subplots(1, 3, figsize=(6, 4), sharey=True)
print("reached after layers 1, 2 and 30:")
for axis, (name, mask) in zip(places, all_masks(length)):
    output = model(pair, attention_mask=mask.expand(2, 1, -1, -1), output_hidden_states=True)
    states = torch.stack(output.hidden_states)  # (layers + 1, 2, tokens, width)
    moved = (states[:, 0] - states[:, 1]).norm(dim=-1) > 0  # (layers + 1, tokens)
    axis.imshow(moved[:13], cmap="Blues", vmin=0, vmax=1.4, aspect="auto", origin="lower")
    axis.set_title(name)
    tokens = [*tokenizer.batch_decode(pair[0, :-1, None]), "?"]
    axis.set_xticks(range(length), tokens, rotation=90)
    reached = [int(moved[layer, :-1].sum()) for layer in (1, 2, 30)]
    print(f"{name:10}{reached} earlier tokens")
places[0].set_ylabel("layer")
figure.tight_layout()
plt.show()

# %% [markdown]
# A strong cell is a state that moved. Look at the middle map. One cell too many in the mask, and the future climbs down the stairs, one token per layer. Where does the staircase come from?
# (Layer 2 looks one token ahead as well, at a state that has itself looked one ahead.)
#
# ### And if it may peek?
#
# Without a mask, the right answer to every bet is in plain sight. But SmolLM2 has not learned to peek: in its training the mask hid what comes. Write down what you
# expect, for three texts, one of them drawn by chance: does the price of a token fall to nearly zero, fall a little, or rise? How often will its favorite *hit* the right one?

# %%
for text in (
    "My brother wants to visit us in August, if he can find a cheap flight.",
    "qz 7 lamp ocean 43 Marta",
    "The dragon lived in a bookshop and ate only poetry.",
):
    read = tokenizer(START + text, return_tensors="pt").input_ids[0]
    print(text)
    for name, mask in all_masks(len(read)):
        rows = run(read, mask)  # (tokens, vocabulary)
        nats = F.cross_entropy(rows[:-1], read[1:])
        hits = int((rows[:-1].argmax(-1) == read[1:]).sum())
        print(
            f"  {name:9} {nats / math.log(2):4.1f} bits,"
            f" {hits:2} of {len(read) - 1} hit,"
            f" then {tokenizer.decode(rows[-1].argmax())!r}"
        )
print(f"a blind guess: {math.log2(len(tokenizer)):.1f} bits")

# %% [markdown]
# Nobody taught it, and still it copies some of what it sees: even of words drawn by chance, which nobody can guess. In the last text it loses its way instead; a mask that a model never met promises
# nothing. Now compare what stands behind *then*: the bet after the last token, where no answer stands to be copied. A low price says something only if the answer was hidden.
#
# A small model that *trains* without a mask does learn to copy, as the chapter [shows](../masked_self_attention.md#when-the-mask-is-forgotten). It does not do so at once: at first its loss is the higher one, and then it falls far below the other.
#
# ## Part 4: Writing
#
# Up to here the text was given. Now the model writes: it bets, the likeliest token is taken, it reads that, and bets again.
#
# ### Task 4: The loop
#
# *About 12 minutes.*
#
# Write the loop yourself, without the library's `generate`. It ends after `steps` new tokens, or earlier: as soon as the token `stop` has been written.

# %%
prompt = tokenizer(START + "Robots dream of", return_tensors="pt").input_ids  # (1, tokens)
full_stop = tokenizer(".").input_ids[0]
print(tokenizer.convert_ids_to_tokens(prompt[0]))

# %% task="write"
def write(ids, steps, stop):  # (1, tokens) → (1, tokens + at most steps)
    longer = ...  # your lines here: ids, and what the model appends
    # <solution>
    longer = ids
    for _ in range(steps):
        logits = model(longer).logits[0, -1]  # (vocabulary,): the bet on the next token
        token = logits.argmax()
        longer = torch.cat([longer, token.view(1, 1)], dim=1)
        if token == stop:
            break
    # </solution>
    return longer


# %% check="write"
def library(ids, steps, stop):
    return model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=steps,
        do_sample=False,
        eos_token_id=stop,
    )


def problem(write):
    start = prompt.clone()
    short, got = library(prompt, 2, full_stop), write(prompt, 2, full_stop)
    if not torch.equal(start, prompt):
        return "After your loop the prompt itself has changed. Do you write into it?"
    if not torch.is_tensor(got) or got.dim() != 2:
        shape = tuple(got.shape) if torch.is_tensor(got) else type(got).__name__
        return (
            f"Give back ids of shape (1, tokens), as they came in; yours are {shape}."
        )
    if torch.equal(got, short[:, prompt.shape[1] :]):
        return (
            "You give back the new tokens only. Where is the text that they continue?"
        )
    if got.shape[1] != short.shape[1]:
        return (
            f"From {prompt.shape[1]} tokens and 2 steps come {short.shape[1]} tokens, "
            f"but yours are {got.shape[1]}."
        )
    if not torch.equal(got[:, : prompt.shape[1]], prompt):
        return (
            f"Your text begins with {tokenizer.decode(got[0, :3])!r}. Where is the "
            "prompt?"
        )
    if len(set(got[0, prompt.shape[1] :].tolist())) == 1:
        return (
            f"You write {tokenizer.decode(got[0, -1:])!r} again and again. Does the "
            "model read what it has written?"
        )
    if not torch.equal(got, short):
        return (
            f"You write {tokenizer.decode(got[0])!r}. Which row of the logits bets on "
            "the next token, and which entry is its favorite?"
        )
    right, got = library(prompt, 16, full_stop), write(prompt, 16, full_stop)
    if got.shape[1] == right.shape[1] - 1:
        return (
            "You stop one token early: the full stop itself is missing. When do you "
            "look for it?"
        )
    if got.shape[1] > right.shape[1]:
        return (
            f"You write on after the full stop: {tokenizer.decode(got[0])!r}. When "
            "should the loop end?"
        )
    if not torch.equal(got, right):
        return (
            f"With 16 steps you write {tokenizer.decode(got[0])!r}. Do all steps do "
            "the same?"
        )


check(problem, write)
print(tokenizer.decode(library(prompt, 16, full_stop)[0]), "— written by generate")

# %% [markdown] hints="write"
# In each step: one pass over all that is there, the last row of logits, the place of its largest entry, and `torch.cat` to append it. Then look whether it was the stop.
#
# ---
#
# `model(longer).logits[0, -1].argmax()` is one number; to stand beside ids of shape (1, tokens) it must become `(1, 1)`: `token.view(1, 1)`. Test for the stop after appending.

# %% [markdown]
# ### Task 5: The same, with a memory
#
# *About 14 minutes.*
#
# Your loop reads everything again in each step. Part 3 has shown that this is waste: the past does not move. With the **KV cache** the model gets only what it has not
# yet read, and the keys and values of the rest:
#
# `output = model(new, cache=cache)` reads `new` and gives `output.cache` back, the cache for the next call. The first call has no cache (`None`).
#
# Below stands a counter in the model's first layer: it notes how many positions each call computes. Write down first, for the prompt above (count its tokens) and 24 steps:
# How many positions does the loop of task 4 compute (without a stop)? How many with a cache? Then write it. This one has no stop.

# %%
computed = []  # positions of each call
model.model.embed_tokens.register_forward_hook(
    lambda layer, inputs, output: computed.append(output.shape[1])
)


def positions(loop, *arguments):
    computed.clear()
    result = loop(*arguments)
    return result, list(computed)


# %% task="cached"
def write_cached(ids, steps):  # (1, tokens) → (1, tokens + steps)
    longer = ...  # your lines here
    # <solution>
    longer, new, cache = ids, ids, None
    for _ in range(steps):
        output = model(new, cache=cache)
        cache = output.cache
        new = output.logits[:, -1].argmax(-1, keepdim=True)  # (1, 1)
        longer = torch.cat([longer, new], dim=1)
    # </solution>
    return longer


# %% check="cached"
def problem(write_cached):
    steps, read = 8, prompt.shape[1]
    got, counts = positions(write_cached, prompt, steps)
    right = library(prompt, steps, -1)
    best = read + steps - 1
    shape = tuple(got.shape) if torch.is_tensor(got) else type(got).__name__
    if shape != (1, read + steps):
        return (
            f"From {read} tokens and {steps} steps come ids of shape "
            f"{(1, read + steps)}; yours: {shape}."
        )
    if len(counts) > steps + 1:
        return (
            f"You call the model {len(counts)} times for {steps} tokens. How often is "
            "needed?"
        )
    if sum(counts) == sum(range(read, read + steps)) and torch.equal(got, right):
        return (
            f"The tokens are right, but your calls compute {counts} positions. Which "
            "of them has the model read before?"
        )
    if counts[1:] and counts[1] > read:
        return (
            f"Your calls compute {counts} positions: with a cache *and* the whole "
            "text, the model reads the old tokens twice. What is new in step 2?"
        )
    if sum(counts) == best and not torch.equal(got, right):
        return (
            f"You pass only what is new, but write {tokenizer.decode(got[0])!r}. Does "
            "each call know what came before? Is the cache handed on?"
        )
    if not torch.equal(got, right):
        return (
            f"You write {tokenizer.decode(got[0])!r}, with {counts} positions. What "
            "has each call read, once all calls are put together?"
        )
    if sum(counts) > best:
        return (
            f"The tokens are right, but you compute {sum(counts)} positions. {best} "
            "are enough: is each token read once?"
        )


if check(problem, write_cached):
    steps = 24
    plain, without = positions(write, prompt, steps, -1)
    cached, with_cache = positions(write_cached, prompt, steps)
    if torch.is_tensor(plain):
        print("the same tokens:", torch.equal(plain, cached))
        print("positions without a cache:", sum(without), "from calls of", *without[:4], "…")
    print("positions with a cache:   ", sum(with_cache), "from calls of", *with_cache[:4], "…")

# %% [markdown] hints="cached"
# In the first call the whole prompt is new; in every later call, one token is: the one that was written last.
#
# ---
#
# Three variables go round the loop: all ids so far, what is new, and the cache. Take the cache from `output.cache` each time, and make the chosen token keep the shape
# (1, 1) with `argmax(-1, keepdim=True)`.

# %% [markdown]
# ### Does the model surprise itself?
#
# We let it continue a text and price both: what it wrote, and what a person wrote after the same beginning. Write down what you expect: which of the two texts costs more bits per
# token, and how many times as much?

# %% alt="Two lines of surprise, token by token: the model's own text and a person's text after the same beginning."
beginning = "On Sunday morning I woke up early,"
human = " put two eggs in my coat and walked to the lake to surprise the ducks."
start = tokenizer(START + beginning, return_tensors="pt").input_ids
own = tokenizer.decode(library(start, 24, full_stop)[0, start.shape[1] :])
figure, axis = plt.subplots(figsize=(6, 4))
for name, text, style in (("the model", own, "o-"), ("a person", human, "s--")):
    tokens, bits = price(beginning + text)
    bits = bits[start.shape[1] - 1 :]
    axis.plot(range(1, len(bits) + 1), bits.tolist(), style, label=f"{name}: {bits.mean():.1f} bits per token")
    print(f"{name}: …{text}")
axis.set_xlabel("token after the beginning")
axis.set_ylabel("surprise in bits")
axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1))
figure.tight_layout()
plt.show()

# %% [markdown]
# Why does its own line climb less high? (It takes its own favorite each time. But the favorite of a bet that is spread over many tokens costs several bits, too.) How often does a person take the model's favorite? That difference is one way to
# suspect a text of being written by a machine; how would you fool it? The chapter [Decoding](../decoding.md) is about writing that surprises more.
#
# ## Part 5: Asking
#
# A chat is one text too. Here is what the library makes of one question.

# %%
hello = [{"role": "user", "content": "Where do robots sleep?"}]
seen = tokenizer.apply_chat_template(hello, tokenize=False, add_generation_prompt=True)
print(seen + "■")  # the text ends where ■ stands
SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"

# %% [markdown]
# ### Task 6: The text that the model sees
#
# *About 12 minutes.*
#
# Write the program that makes this text from any chat. A chat is a list of turns; roles are `system`, `user` and `assistant`. Two things the example does not show, so think first: What happens
# to a second and a third turn? And what if the chat brings a system text of its own, as its first turn?

# %% task="template"
def render(chat):  # a list of {"role": …, "content": …} → one string
    text = ...  # your lines here
    # <solution>
    if chat[0]["role"] != "system":
        chat = [{"role": "system", "content": SYSTEM}] + chat
    text = ""
    for turn in chat:
        text += f"<|im_start|>{turn['role']}\n{turn['content']}<|im_end|>\n"
    text += "<|im_start|>assistant\n"
    # </solution>
    return text


# %% check="template"
def problem(render):
    def right(chat):
        return tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)

    talk = [
        {"role": "user", "content": "Where do robots sleep?"},
        {"role": "assistant", "content": "In the shed."},
        {"role": "user", "content": "And dogs?"},
    ]
    pirate = [{"role": "system", "content": "You are a pirate."}, *talk[:1]]
    kept = [dict(turn) for turn in talk]
    text = render(talk[:1])
    if not isinstance(text, str):
        return f"Give back one string, not a {type(text).__name__}."
    if text != right(talk[:1]):
        if text == right(talk[:1]).removesuffix("<|im_start|>assistant\n"):
            return (
                "Your text ends with the user's turn. Who should speak next, and how "
                "does the model know?"
            )
        if "system" not in text:
            return (
                "Your text has no system turn, but the library's has. Who put it "
                "there?"
            )
        if text.replace("\n", "") == right(talk[:1]).replace("\n", ""):
            return (
                f"The new lines differ: you have {text.count(chr(10))} of them and the "
                f"library {right(talk[:1]).count(chr(10))}. Where do lines end above?"
            )
        both = zip(text + "▮", right(talk[:1]) + "▮")
        same = next(i for i, (a, b) in enumerate(both) if a != b)
        return (
            "For one question, your text differs from the library's after "
            f"{text[max(0, same - 20):same]!r}. You go on with "
            f"{text[same:same + 12]!r}."
        )
    text = render(talk)
    if talk != kept:
        return (
            "After your program the chat itself has more turns than before. Do you "
            "write into the list that you were given?"
        )
    if text != right(talk):
        if text.count("You are a helpful") > 1:
            return (
                "In a chat of three turns the system text stands "
                f"{text.count('You are a helpful')} times. How often does the model "
                "need it?"
            )
        if "In the shed." not in text or "And dogs?" not in text:
            return (
                "In a chat of three turns, not all turns are in your text. What does "
                "the model remember that you do not send?"
            )
        if text.count("<|im_start|>assistant\n") != 2:
            return (
                "In a chat of three turns, `<|im_start|>assistant` should stand "
                "twice, once answered and once open; in yours, "
                f"{text.count('<|im_start|>assistant')} times."
            )
        return (
            "One question is right, but three turns are not. Which role does each "
            "turn carry?"
        )
    text = render(pirate)
    if text != right(pirate):
        if text.count("<|im_start|>system") > 1:
            return (
                "When the chat brings its own system text, yours has two system "
                "turns. Which one should the model obey?"
            )
        return (
            "When the chat brings its own system text, yours differs from the "
            "library's. Does *You are a pirate.* stand in it once, first?"
        )


if check(problem, render):
    print(render([{"role": "system", "content": "You are a pirate."}, *hello]))

# %% [markdown] hints="template"
# Every turn has the same shape: start mark, role, new line, content, end mark, new line. So a loop over the turns does most of the work. What comes before the loop, and what after?
#
# ---
#
# Before: if the first turn's role is not `system`, begin with a turn that carries `SYSTEM`. After: the beginning of a turn that nobody has spoken yet, the assistant's, up to its new line.

# %% [markdown]
# ### What is a passage worth?
#
# We ask about things that do not exist, without and with a short passage that holds the answer. For each question we begin the answer for the model and price the right words.
# The passage's **worth** is the number of bits that it saves. Beside it: what the model answers when it writes freely, with the passage (✓ if the right words are in it).
#
# Write down for each of the seven questions: how many bits will the right answer cost *without* the passage? (Ten bits are one chance in 1,024.) Will the free answer *with* it be right?

# %%
museum = "The Museum of Lost Umbrellas is in Graz. Visitors pay with a poem."
bruno = "The robot Bruno is afraid of pigeons. It speaks Danish and eats batteries."
oddmere = "The village of Oddmere has 412 inhabitants. Its mayor is Ruth Vann."
quiz = [
    (museum, "In which city is the Museum of Lost Umbrellas?", "The museum is in", " Graz"),
    (museum, "What do visitors of the museum pay with?", "Visitors pay with a", " poem"),
    (bruno, "What is the robot Bruno afraid of?", "Bruno is afraid of", " pigeons"),
    (bruno, "Which language does the robot Bruno speak?", "Bruno speaks", " Danish"),
    (bruno, "What does the robot Bruno eat?", "Bruno eats", " batteries"),
    (oddmere, "How many inhabitants does Oddmere have?", "Oddmere has", " 412"),
    (oddmere, "Who is the mayor of Oddmere?", "The mayor is", " Ruth Vann"),
]


def chat_text(question, begun=""):
    chat = [{"role": "user", "content": question}]
    text = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    return text + begun


def answer_bits(text, answer):  # what the answer costs after the text
    _, bits = price(text + answer, start="")  # a chat begins with a mark of its own
    return bits[len(tokenizer(text).input_ids) - 1 :].sum().item()


def answers(texts, steps=16):  # the model's own continuations, all in one batch
    batch = tokenizer(texts, padding=True, return_tensors="pt")
    ids = model.generate(**batch, max_new_tokens=steps, do_sample=False)
    new = ids[:, batch.input_ids.shape[1] :]
    written = tokenizer.batch_decode(new, skip_special_tokens=True)
    return [" ".join(text.split()) for text in written]


rule = "Answer in a few words."
free = answers([chat_text(f"{passage}\n\n{question} {rule}") for passage, question, *_ in quiz])
worth, marks = [], []
for (passage, question, begun, right), said in zip(quiz, free):
    without = answer_bits(chat_text(f"{question} {rule}", begun), right)
    given = answer_bits(chat_text(f"{passage}\n\n{question} {rule}", begun), right)
    worth.append(without - given)
    marks.append(right.strip() in said)
    print(f"{question}\n  {right.strip()}: {without:.1f} bits alone, {given:.1f} with the passage")
    print(f"  {'✓' if marks[-1] else '✗'} {said}")
print(f"\nworth: {sum(worth) / len(worth):.1f} bits per answer")
print(f"free answers right: {sum(marks)} of {len(marks)}")

# %% [markdown]
# Look at the lines with ✗: did the passage save few bits there? The model can hold the right word ready and still not come to it: its free answer begins on another way. And look at the lines with ✓ as a strict
# teacher: is each of them an answer to the question? What would you have to change in the mark?
#
# Now ask what the passages do *not* say. Write down: will the model say so?

# %%
for passage, question in (
    (bruno, "Who built the robot Bruno?"),
    (oddmere, "When was Oddmere founded?"),
    (oddmere, "When was Oddmere founded? If the passage does not say it, answer: not stated."),
):
    print(f"{question}\n  {answers([chat_text(f'{passage} {question}')])[0]}")

# %% [markdown]
# ## Part 6: Caught
#
# An answer that is made up can read just like a right one. But you have a ruler that looks behind the words: how much the model is surprised at its *own* answer.
# Call that the **doubt**: here, the bits of the first token that it writes. Is the doubt a lie detector? Let us measure it, honestly.
#
# The questions below fall into two halves. On the first you may look, think and set a threshold. The second is the test: you look at it once.

# %%
facts = {
    ("What is the capital of {}?", "The capital of {} is"): {
        "France": "Paris", "Japan": "Tokyo", "Egypt": "Cairo", "Canada": "Ottawa",
        "Turkey": "Ankara", "Australia": "Canberra", "Norway": "Oslo", "Peru": "Lima",
        "Brazil": "Brasília", "Kenya": "Nairobi", "Latvia": "Riga", "Nigeria": "Abuja",
        "Mongolia": "Ulaanbaatar", "Switzerland": "Bern",
        "Veltania": None, "Sorland": None, "Ombria": None, "Tarvia": None,
    },
    ("Who wrote {}?", "{} was written by"): {
        "Hamlet": "Shakespeare", "Don Quixote": "Cervantes", "Moby-Dick": "Melville",
        "War and Peace": "Tolstoy", "The Hobbit": "Tolkien", "Dracula": "Stoker",
        "Frankenstein": "Shelley", "Pride and Prejudice": "Austen",
        "Alice in Wonderland": "Carroll", "The Origin of Species": "Darwin",
        "The Glass Orchard": None, "Nine Umbrellas": None,
        "The Salt Clock": None, "A Robot in May": None,
    },
    ("What is the official language of {}?", "The official language of {} is"): {
        "Spain": "Spanish", "Brazil": "Portuguese", "Iran": "Persian", "Egypt": "Arabic",
        "Austria": "German", "Israel": "Hebrew", "Mexico": "Spanish", "Japan": "Japanese",
        "Angola": "Portuguese", "Poland": "Polish",
        "Veltania": None, "Sorland": None, "Ombria": None, "Tarvia": None,
    },
}  # fmt: skip
asked = [  # question, beginning of the answer, right words (None: there are none)
    (question.format(name), begun.format(name), right)
    for (question, begun), names in facts.items()
    for name, right in names.items()
]


def ask(asked, steps=8):  # what the model writes, and its doubt: the bits of its first token
    texts = [chat_text(question, begun) for question, begun, _ in asked]
    batch = tokenizer(texts, padding=True, return_tensors="pt")
    output = model.generate(
        **batch, max_new_tokens=steps, do_sample=False,
        output_logits=True, return_dict_in_generate=True,
    )  # fmt: skip
    doubts = -output.logits[0].softmax(-1).amax(-1).log2()  # (questions,)
    new = output.sequences[:, batch.input_ids.shape[1] :]
    written = tokenizer.batch_decode(new, skip_special_tokens=True)
    return [" ".join(text.split()) for text in written], doubts


said, doubts = ask(asked)
invented = torch.tensor([right is None for *_, right in asked])
wrong = torch.tensor([not (right and right in text) for (*_, right), text in zip(asked, said)])
learn = torch.arange(len(asked)) % 2 == 0  # every second question: the half to learn from


def tell(which):
    for number in which.nonzero()[:, 0]:
        mark = "?" if invented[number] else "✗" if wrong[number] else "✓"
        print(f"{mark} {doubts[number]:3.1f} bits  {asked[number][1]} {said[number]}")


tell(learn)

# %% [markdown]
# ✓ is right. ✗ is wrong: the right words do not come within the few tokens that we let it write. **?** has no right answer, since no country has that name, and we know of no such book; whatever the model
# says there is made up, and counts as wrong. Which line with ✗ or **?** has the least doubt? Which line with ✓ has the most? And is each ✓ true to its last word?
#
# ### Task 7: Two honest numbers
#
# *About 16 minutes.*
#
# A detector cries when the doubt is above a threshold. One number cannot say how good it is: a detector that always cries catches every wrong answer. So give two.
#
# - **caught**: of the *wrong* answers, which share makes it cry?
# - **false alarms**: of the *right* answers, which share makes it cry?

# %% task="alarms"
def alarms(doubts, wrong, threshold):  # (answers,) bits, (answers,) True where wrong, one number
    caught, false_alarms = ..., ...  # your lines here: two shares from 0 to 1
    # <solution>
    cries = doubts > threshold  # (answers,)
    caught = cries[wrong].float().mean().item()
    false_alarms = cries[~wrong].float().mean().item()
    # </solution>
    return caught, false_alarms


# %% check="alarms"
def problem(alarms):
    doubts = torch.tensor([0.5, 3.0, 4.0, 1.0, 2.5, 2.2, 5.0, 0.1, 0.3, 0.4])
    wrong = torch.tensor([0, 1, 1, 1, 0, 0, 1, 0, 0, 0]).bool()
    shares = alarms(doubts, wrong, 2.0)
    if not isinstance(shares, (tuple, list)) or len(shares) != 2:
        return "Return two shares, caught and false alarms. Why is one not enough?"
    caught, false_alarms = (float(share) for share in shares)  # 3 of 4, 2 of 6
    near = lambda a, b: abs(a - b) < 1e-4
    said = f"In a small example you say caught {caught:.2f}, false alarms {false_alarms:.2f}"
    if caught > 1 or false_alarms > 1:
        return f"{said}. These are counts. Shares of what?"
    if near(caught, 1 / 3) and near(false_alarms, 3 / 4):
        return f"{said}. Which answers should make it cry, and which should not?"
    if near(caught, 1 / 4) and near(false_alarms, 2 / 3):
        return (
            f"{said}. Does your detector cry when the doubt is high, or when it is low?"
        )
    if near(caught, 3 / 10) and near(false_alarms, 2 / 10):
        return (
            f"{said}. You divide by all 10 answers. How many of them could be caught "
            "at all?"
        )
    if near(caught, 3 / 5) and near(false_alarms, 2 / 5):
        return f"{said}. You divide by its 5 cries. Who should have made it cry, and did?"
    if near(caught, 3 / 4) and near(false_alarms, 2 / 5):
        return f"{said}. Two of its 5 cries are false. But of how many right answers?"
    if near(caught, 3 / 4) and not near(false_alarms, 1 / 3):
        return (
            f"{said}. Caught is right. The false alarms are a share of which answers?"
        )
    if not near(caught, 3 / 4) or not near(false_alarms, 1 / 3):
        return (
            f"{said}. There are 4 wrong answers and 6 right ones in it. Which of them "
            "have a doubt above 2 bits?"
        )
    if not near(float(alarms(doubts, wrong, 0.0)[0]), 1):
        return (
            "With a threshold of 0 bits every answer should raise the alarm, but "
            "yours does not. Where does your function get its threshold from?"
        )


if check(problem, alarms):
    print("the half to learn from:")
    for limit in (0, 0.25, 0.5, 1, 1.5, 2, 2.5, 3, 4, 6):
        caught, false_alarms = alarms(doubts[learn], wrong[learn], limit)
        print(f"  above {limit:4} bits: caught {caught:4.0%}, false alarms {false_alarms:4.0%}")

# %% [markdown] hints="alarms"
# First one row of True and False: who makes it cry? Then look at the wrong answers alone, and at the right answers alone.
#
# ---
#
# `cries[wrong]` keeps the wrong answers only, and `cries[~wrong]` the right ones. The mean of True and False, as floats, is the share of True.

# %% [markdown]
# ### The test
#
# The figure shows the first half. Choose a threshold from it (or from your table), and write down what you expect from the second half: more caught, or fewer? Then put your
# number into the next cell and run it *once*.

# %% alt="Three rows of points: the doubt of right answers, of wrong answers and of answers about invented things, in bits, for the first half."
figure, axis = plt.subplots(figsize=(6, 4))
for row, (kind, mark) in enumerate([(~wrong, "o"), (wrong & ~invented, "x"), (invented, "^")]):
    points = doubts[learn & kind]
    axis.scatter(points, row + torch.linspace(-0.2, 0.2, len(points)), marker=mark)
axis.set_yticks(range(3), ["✓ right", "✗ wrong", "? invented"])
axis.set_ylim(-0.6, 2.6)
axis.set_xlabel("doubt: bits of the first token")
plt.show()

# %%
threshold = ...  # yours, in bits
if threshold is not ...:
    for name, half in (("learned from", learn), ("test", ~learn)):
        print(name)
        for word, kind in (("caught", half & wrong), ("false alarms", half & ~wrong)):
            print(f"  {word} {int((doubts[kind] > threshold).sum())} of {int(kind.sum())}")
    print("slipped through in the test:")
    tell(~learn & wrong & (doubts <= threshold))
else:
    print("put your threshold in place of the three dots")

# %% [markdown]
# Each half is small, so one answer more or less moves a share by several percent: do not trust a difference of one or two. And look at what slipped through. Doubt is not ignorance: some false
# answers come as surely as true ones. Why, this does not show. The ruler measures what is usual, not what is true.
#
# ## Part 7: Your own task
#
# ### Keep the count
#
# *Write a sentence of exactly eight words about a robot.* For a person that is easy. The model sees tokens, not words, and it cannot look ahead (part 3). First measure how bad it is:

# %%
wishes = [(6, "a robot"), (8, "a dog"), (10, "the sea")]
wishes += [(12, "a train"), (8, "bread"), (6, "the moon")]
wish = "Write one sentence of exactly {} words about {}."
prompts = [chat_text(wish.format(n, topic)) for n, topic in wishes]
replies = answers(prompts, 24)
exact = 0
for (n, topic), text, reply in zip(wishes, prompts, replies):
    count = len(reply.split())  # the rule: a word is what stands between spaces
    bits = answer_bits(text, reply)
    exact += count == n
    print(f"{n:2} wanted, {count:2} came, {bits / max(count, 1):.1f} bits a word")
    print(textwrap.fill(reply, 42, initial_indent="   ", subsequent_indent="   "))
print(f"exact: {exact} of {len(wishes)} (cut after 24 tokens)")

# %% [markdown]
# Build a **word-count keeper**: a loop of your own that keeps to the wanted number of words. You hold the logits before each token is chosen, so you may forbid a full stop that comes too early (−∞, once more), forbid a new word
# that comes too late, or write several sentences and keep one.
#
# *Hand in*
#
# - the loop, and the share of exact sentences on twenty wishes of your own, before and after. Ten to build with, ten that you look at once;
# - what the rule costs: bits a word before and after, and both texts side by side;
# - three sentences that came out badly, and why.
#
# *A good answer* says what counts as a word (what about *don't* and *8 %*?), does not count sentences that are exact and broken as a success without saying so, compares with something cheap
# (write ten sentences with sampling and keep one that fits), and names what the loop does not do: forcing an end is not planning one.
#
# ### Or one of these
#
# - **A stronger lie detector.** The first token is a poor witness. Try the mean over the answer, the answer to another wording of the question, or five sampled answers: do they agree? Keep `learn` for building, and write forty *new* questions for the
#   test. Compare with the detector of part 6 on these questions, and with one that looks at the kind of question alone. A good answer draws *caught* against *false alarms* for all thresholds, and tells real errors from invented things.
# - **A quiz bot.** It reads a passage of yours, asks, and marks your reply by the bits that the right answer and your answer cost. A good answer measures how often the mark agrees with two people's, on thirty replies, ten of which are right in other words.
#
# ## What you have seen
#
# One ruler went through everything. The bits of the right token are the loss in training; their sum is the size of a text; a mask with one cell too many lets them fall for the wrong reason.
# A loop that takes the favorite writes texts that cost little, and the KV cache writes the same ones with a fraction of the positions. A chat is one string, and a passage in it is worth bits.
# The model's surprise at its own words says something about the truth, and not enough.
#
# Go on with [decoding](../decoding.md), where the choice of the token is the whole question, or with the [encoder–decoder](../encoder_decoder.md), which writes while it looks at another text.
