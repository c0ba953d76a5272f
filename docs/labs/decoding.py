# ---
# description: Be the decoder, convict five decoders by their fingerprints, test dice for honesty, build a beam step, and design a decoder of your own.
# ---

# %% [markdown]
# # Lab: Decoding
#
# One model, many voices. In this lab you choose the tokens yourself, find out who wrote which text from the traces that a decoder leaves, build the
# parts that choose, and test whether they keep their promises. At the end you design a decoder for one use and measure it.
#
# Read [the chapter on decoding](../decoding.md) first, or keep it open beside this page. You need Python and matrix products, and about 80 minutes.
# Six tasks have a check; the last one is open. Where it says **Write down**, do.

# %% setup="smollm2"

# %% [markdown]
# ## Part 1: You are the decoder
#
# The model gives a [logit](../glossary.md#logit) to each token of its vocabulary. Sort the tokens by their logits: the first one has **rank** 1.
# Somebody must pick a rank. Here it is you.
#
# `play` takes a prompt and a list of picks. At each step it prints the five best tokens, with your pick in brackets. In training every text stood behind the
# token `<|endoftext|>`, the end of the one before; so we put it in front of every prompt ([why it matters](../decoder.md)).

# %%
import random
import textwrap

import numpy as np
import torch
from matplotlib import pyplot as plt
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    LogitsProcessor,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

torch.set_grad_enabled(False)  # we never train here
tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
START = "<|endoftext|>"  # in training a text began behind this token, so ours do too


def play(prompt, picks):
    ids = tokenizer(START + prompt, return_tensors="pt").input_ids  # (1, tokens)
    start = ids.shape[1]
    for rank in picks:
        logits = model(ids).logits[0, -1]  # (vocabulary,)
        best = logits.topk(max(rank, 5)).indices
        words = [repr(tokenizer.decode(token))[1:-1] for token in best]
        words[rank - 1] = f"[{words[rank - 1]}]"
        print(f"rank {rank:<3}", " | ".join(words[:5] + words[5:][-1:]))
        ids = torch.cat([ids, best[None, rank - 1, None]], dim=1)
    text = prompt + "▸" + tokenizer.decode(ids[0, start:])
    print(textwrap.fill(text, 42))


play("The old robot opened the greenhouse and", [1, 1, 1, 1, 1, 1, 1, 1])

# %% [markdown]
# All ones: that was greedy.
#
# **Write down** what you expect of all *twos*. Will the text be a bit worse? Broken? Now run the next cell, and then play: all fives; ones with a single 30 in
# the middle; a list that makes the text funny. How soon does the model recover from one bad pick?

# %%
play("The old robot opened the greenhouse and", [2, 2, 2, 2, 2, 2, 2, 2])

# %% [markdown]
# ### Task 1: From the text back to the picks
#
# *About 12 minutes.*
#
# With a prompt, picks make a text. The way back exists too: each text, whoever wrote it, *is* a list of ranks. So we can ask of any text
# which picks would have made it. That will be our evidence in Part 2.
#
# Write `ranks(logits, ids)`. Row $t$ of `logits` is what the model said *before* token `ids[t]` was chosen. The result has one whole number for each
# token: its rank, where 1 is the largest logit of its row.

# %% task="ranks"
def ranks(logits, ids):  # (tokens, vocabulary), (tokens,) → (tokens,)
    places = ...  # your lines here
    # <solution>
    chosen = logits.gather(1, ids[:, None])  # (tokens, 1)
    places = (logits > chosen).sum(1) + 1
    # </solution>
    return places


# %% check="ranks"
def problem(ranks):
    logits = torch.tensor([[4.0, 1.0, 5.0, 2.0, 3.0]]).repeat(3, 1)
    places = ranks(logits, torch.tensor([0, 2, 4]))
    if not isinstance(places, torch.Tensor):
        return f"The ranks should be a tensor; yours are a {type(places).__name__}. What makes a tensor of numbers?"
    if places.shape != (3,):
        shape = tuple(places.shape)
        return f"Three tokens need three ranks, but your result has the shape {shape}. Along which dimension do you count?"
    if places.is_floating_point() and (places != places.round()).any():
        return f"A rank is a whole number, but yours are {places.tolist()}. What did you count?"
    found = places.long().tolist()
    said = f"For the row 4, 1, 5, 2, 3 and the tokens 0, 2, 4 you say {found}."
    if found == [1, 0, 2]:
        return f"{said} So the best token has rank 0. With which number do we begin to count here?"
    if found in ([4, 5, 3], [3, 4, 2]):
        return f"{said} Token 2 has the largest logit. Is it the first or the last of the row? Which way round do you count?"
    if found in ([3, 5, 2], [2, 4, 1]):
        return f"{said} An argsort tells which token stands at a place; is that the same as the place of a token?"
    if found != [2, 1, 3]:
        return f"{said} Token 2 has the largest logit, 5. How many logits are larger than it, and how many are larger than that of token 0?"
    logits = torch.tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
    found = ranks(logits, torch.tensor([0, 0])).tolist()
    if found != [3, 1]:
        return f"Token 0 is the worst in the row 1, 2, 3 and the best in the row 3, 2, 1; you say {found}. Do you compare each token with its own row?"


if check(problem, ranks):
    text = "The robot watered the sunflowers because they were thirsty."
    ids = tokenizer(START + text, return_tensors="pt").input_ids
    for token, rank in zip(ids[0, 1:], ranks(model(ids).logits[0, :-1], ids[0, 1:])):
        print(f"{rank.item():>6}  {tokenizer.decode(token)}")

# %% [markdown] hints="ranks"
# Rank 1 means: no token has a larger logit. Rank 4 means: three tokens have one. So you can count, and need not sort.
#
# ---
#
# First fetch the logit of the chosen token in each row: `gather` does it, with `ids` as one column. Then compare the whole row with that number and count
# along the vocabulary.

# %% [markdown]
# ## Part 2: Five voices
#
# Five decoders continue one prompt: greedy, beam search with four beams, top-k with k = 10, top-p with p = 0.8, and pure sampling (all tokens, unchanged
# probabilities). The next cell shuffles their texts and calls them A to E.

# %%
prompt = "At midnight the old robot unlocked the greenhouse, and"
voices = {
    "greedy": {},
    "beam search": {"num_beams": 4},
    "top-k": {"do_sample": True, "top_k": 10},
    "top-p": {"do_sample": True, "top_k": 0, "top_p": 0.8},
    "sampling": {"do_sample": True, "top_k": 0},
}


def write(prompt, tokens, **settings):
    inputs = tokenizer(START + prompt, return_tensors="pt")
    ids = model.generate(**inputs, max_new_tokens=tokens, **settings)
    return ids[:, inputs.input_ids.shape[1] :]  # (texts, new tokens)


def predictions(prompt, ids):
    """What the model said before each token of `ids`: (tokens, vocabulary)."""
    start = tokenizer(START + prompt, return_tensors="pt").input_ids[0]
    logits = model(torch.cat([start, ids])[None]).logits[0]
    return logits[len(start) - 1 : -1]


def ranks_of(logits, ids):  # by sorting, which is slower than counting
    return (logits.argsort(descending=True) == ids[:, None]).int().argmax(1) + 1


def next_logits(prompt):
    inputs = tokenizer(START + prompt, return_tensors="pt")
    return model(**inputs).logits[0, -1]  # (vocabulary,)


names = random.Random(7).sample(sorted(voices), k=5)  # do not look yet
texts, truth = {}, {}
for letter, name in zip("ABCDE", names):
    torch.manual_seed(1)
    texts[letter], truth[letter] = write(prompt, 30, **voices[name])[0], name
    said = " ".join(tokenizer.decode(texts[letter]).split())
    print(textwrap.fill(f"{letter}  … {said}", 42), end="\n\n")

# %% [markdown]
# **Write down** who wrote what, from reading alone, and how sure you are. Greedy and beam search are hard to tell apart by ear, and so are the three that draw.
#
# Also write down your guesses for a table of three columns. Which voice has the highest sum of [log-probabilities](../glossary.md#log-probability)? Which one repeats the
# most pairs of words ([distinct-2](../glossary.md#distinct-n), low means loops)? Which one has the highest rank anywhere in its text?
#
# Now the evidence. For each letter the next cell prints the highest rank; the sum; distinct-2; and one more number, `before`: the largest total
# probability of the tokens that stood *before* a chosen token in the model's order.

# %% alt="Five strips of points, one for each text: the rank of each token on a logarithmic scale. One strip has only rank 1, one reaches ranks in the thousands; a dashed line marks rank 10."
evidence = {}
print("   highest rank  before     sum  distinct-2")
figure, axes = plt.subplots(5, 1, figsize=(6, 7), sharex=True, sharey=True)
for (letter, ids), axis in zip(texts.items(), axes):
    log_p = predictions(prompt, ids).log_softmax(-1)  # (tokens, vocabulary)
    order = log_p.sort(descending=True)
    here = order.indices == ids[:, None]  # where in the order the token stands
    place = here.int().argmax(1)  # counted from 0
    before = (order.values.exp().cumsum(1) - order.values.exp())[here]
    words = tokenizer.decode(ids).split()
    pairs = list(zip(words, words[1:]))
    evidence[letter] = {
        "rank": place.max().item() + 1,
        "before": before.max().item(),
        "sum": order.values[here].sum().item(),
        "distinct": len(set(pairs)) / len(pairs),
    }
    print("{}  {rank:>12,}  {before:>6.1%}  {sum:>6.1f}  {distinct:>10.0%}".format(
        letter, **evidence[letter]))
    axis.semilogy(place + 1, "o", color="#1f5fa8", markersize=5)
    axis.axhline(10, color="#c4541c", linestyle="--", linewidth=1)
    axis.set(ylabel=f"rank in {letter}", ylim=(0.7, 60_000), yticks=[1, 100, 10_000])
axes[-1].set_xlabel("token of the text (dashed line: rank 10)")
figure.tight_layout()
plt.show()

# %% [markdown]
# ### Task 2: The verdict
#
# *About 8 minutes.*
#
# Each decoder has things that it *cannot* do. Which of them can pick a token of rank 11? Which can pick a token when better ones already hold
# more than 80% of the probability? Which one looks for a high sum, and which one takes whatever comes? Cross out the impossible.
#
# Write your verdict as a dictionary from letters to names. The names: `"greedy"`, `"beam search"`, `"top-k"`, `"top-p"`, `"sampling"`.

# %% task="verdict"
verdict = ...  # {"A": "greedy", "B": …}
# <solution>
verdict = {
    "A": "sampling",
    "B": "greedy",
    "C": "top-k",
    "D": "beam search",
    "E": "top-p",
}
# </solution>

# %% check="verdict"
def problem(verdict):
    if not isinstance(verdict, dict) or sorted(verdict) != list("ABCDE"):
        return 'Your verdict needs the five letters "A" to "E" as keys. Which one is missing, or too many?'
    for letter, name in verdict.items():
        if name not in voices:
            return f"{name!r} for {letter} is none of the five names. How are they spelled above?"
    for name in voices:
        suspects = [letter for letter in verdict if verdict[letter] == name]
        if len(suspects) > 1:
            return f"You accuse {' and '.join(suspects)} of {name}. Each voice wrote one text: which of the letters has an alibi?"
    for letter, name in sorted(verdict.items()):
        rank, before, total, _ = evidence[letter].values()
        if name == "greedy" and rank > 1:
            return f"Greedy cannot have written {letter}: one of its tokens has rank {rank:,}. Which ranks can greedy pick?"
        if name == "top-k" and rank > 10:
            return f"{letter} has a token of rank {rank:,}. Can top-k with k = 10 pick it?"
        if name == "top-p" and before > 0.8:
            return f"In {letter} a token was picked while better ones held {before:.1%}. Was it in the nucleus of p = 0.8?"
        best = max(row["sum"] for row in evidence.values())
        if name == "beam search" and total < best:
            return f"The sum of {letter} is {total:.1f}, and another text has {best:.1f}. Which one did the search for high sums find?"
    right = sum(truth[letter] == verdict[letter] for letter in truth)
    if right < 5:
        return f"{right} of 5 are right, and the evidence does not exclude the others. Which of them is more probable?"


if check(problem, verdict):
    print("Compare it with what you wrote down from reading alone.")
    one, four = ({v: k for k, v in truth.items()}[name] for name in ("greedy", "beam search"))
    places = ranks_of(predictions(prompt, texts[four]), texts[four])
    print(f"Beam search left rank 1 in {(places > 1).sum()} of {len(places)} steps. "
          f"That changed the sum by {evidence[four]['sum'] - evidence[one]['sum']:+.1f}.")

# %% [markdown] hints="verdict"
# Begin with the one that can be convicted at a glance: greedy has the same rank at each step. Then take the text with the highest rank: who can
# never have written it? What does its `before` say about top-p?
#
# ---
#
# Two columns are alibis. A highest rank above 10 clears top-k. A `before` above 80% clears top-p. Beam search has no rule for single
# tokens: it has the best sum.

# %% [markdown]
# ## Part 3: What may be picked
#
# Two of the voices drew from a shortened list. You know top-k: keep the k best. Top-p keeps the smallest set of best tokens whose probabilities sum to at least $p$.
#
# ### Task 3: The nucleus
#
# *About 14 minutes.*
#
# Write `nucleus(logits, p)`: the same logits, with $-\infty$ (`-torch.inf`) for each token outside the set. Each row has its own set. The chapter's code sorts upwards and cuts the tail;
# try it from the other end, with the column `before` of Part 2 in mind.

# %% task="nucleus"
def nucleus(logits, p):  # (tokens, vocabulary) → (tokens, vocabulary)
    kept = ...  # your lines here
    # <solution>
    ordered, places = logits.softmax(-1).sort(descending=True)
    before = ordered.cumsum(-1) - ordered
    cut = torch.zeros_like(before >= p).scatter(-1, places, before >= p)
    kept = logits.masked_fill(cut, -torch.inf)
    # </solution>
    return kept


# %% check="nucleus"
def problem(nucleus):
    p = torch.tensor([[0.10, 0.40, 0.05, 0.30, 0.15], [0.15, 0.05, 0.40, 0.10, 0.30]])
    logits = p.log() + 3.0
    kept = nucleus(logits, 0.8)
    if kept.shape != logits.shape:
        return f"The shape must stay {tuple(logits.shape)}, but yours is {tuple(kept.shape)}. What happened to the tokens that are cut?"
    if kept.dtype == torch.bool:
        return "You return a mask. What must stand in the logits where the mask cuts, so that softmax gives 0?"
    if (kept == 0).any():
        return "Some of your logits are 0. Which probability does softmax give to a logit of 0?"
    if kept.isfinite().all():
        return "Nothing is cut: all your logits are finite. Which logit has the probability 0?"
    sets = [row.isfinite().nonzero()[:, 0].tolist() for row in kept]
    first = f"For the probabilities 0.10, 0.40, 0.05, 0.30, 0.15 and p = 0.8 you keep the tokens {sets[0]}"
    mass = p[0, sets[0]].sum().item()
    if len(sets[0]) == 3 and sets[0] != [1, 3, 4]:
        return f"{first}. Three is right, but they are not the best three. Is your mask still in sorted order?"
    if sets[0] != sorted(p[0].topk(len(sets[0])).indices.tolist()):
        return f"{first}, and they are not the best {len(sets[0])}. Is your mask still in sorted order?"
    if mass < 0.8:
        return f"{first}, which hold {mass:.0%}. Does the token that crosses the line belong to the set?"
    if sets[0] != [1, 3, 4]:
        return f"{first}, which hold {mass:.0%}. Is there a smaller set that reaches 80%?"
    if sets[1] != [0, 2, 4]:
        return f"The first row is right. In the second one (0.15, 0.05, 0.40, 0.10, 0.30) you keep {sets[1]}. Does each row have its own order?"
    if not torch.equal(kept[kept.isfinite()], logits[kept.isfinite()]):
        return "The right tokens are kept, but their logits have changed. Can the next filter still use them?"
    if not nucleus(logits, 0.3).isfinite().any(-1).all():
        return "With p = 0.3 you keep no token in some row. What if the best token alone holds more than p?"
    logits = predictions(prompt, texts["A"])
    ours, theirs = (kept.isfinite().sum(-1) for kept in (nucleus(logits, 0.9), TopPLogitsWarper(0.9)(None, logits)))
    far = (ours - theirs).abs().argmax()
    if abs(ours[far] - theirs[far]) > 2:  # the two sums round differently
        return f"The small example is right, but after one prompt you keep {ours[far]:,} tokens and the library {theirs[far]:,}. Which of the sums goes wrong in a long row?"


if check(problem, nucleus):
    logits = predictions(prompt, texts["A"])
    for name, kept in (("you", nucleus(logits, 0.9)), ("library", TopPLogitsWarper(0.9)(None, logits))):
        print(f"{name:>8} keep at the first ten steps:", kept.isfinite().sum(-1)[:10].tolist())

# %% [markdown] hints="nucleus"
# Sort the probabilities downwards, and sum them up along the row. A token stays if the tokens *before* it do not reach $p$ yet. So the best
# token always stays: nothing stands before it.
#
# ---
#
# `sort` returns values and places. After the comparison you have a mask in sorted order; `scatter(-1, places, mask)` on a tensor of the same shape brings it back into the
# order of the vocabulary. Then `masked_fill`.

# %% [markdown]
# ### Would the filter have let a person write?
#
# Now turn the filters on a writer who had no model, Jerome K. Jerome, *Three Men in a Boat*, 1889: “I like work: it fascinates me. I can sit and look at it for hours.
# I love to keep it by me: the idea of getting rid of it nearly breaks my heart.”
#
# At each step a filter leaves a number of tokens, the best ones. If the rank of Jerome's token is above that number, the filter forbids it.
# **Write down**: how many of his tokens will top-k with k = 40 forbid? And top-p with p = 0.9? Where in the sentence is the nucleus narrow?

# %% alt="The number of tokens that top-k and top-p keep at each token of Jerome's sentence, on a logarithmic scale: a flat line and a line that moves over several orders. Points show the rank of his token; some lie above the lines."
jerome = (
    " it fascinates me. I can sit and look at it for hours. I love to keep it by me:"
    " the idea of getting rid of it nearly breaks my heart."
)
ids = tokenizer(jerome, return_tensors="pt").input_ids[0]
logits = predictions("I like work:", ids)
place = ranks_of(logits, ids)
filters = {
    "top-k, k = 10": TopKLogitsWarper(10),
    "top-k, k = 40": TopKLogitsWarper(40),
    "top-p, p = 0.8": TopPLogitsWarper(0.8),
    "top-p, p = 0.9": TopPLogitsWarper(0.9),
    "top-p, p = 0.98": TopPLogitsWarper(0.98),
}
counts = {name: keep(None, logits).isfinite().sum(-1) for name, keep in filters.items()}
print(f"Of {len(ids)} tokens")
for name, count in counts.items():
    words = [tokenizer.decode(token).strip() for token in ids[place > count]]
    said = f"{name} forbids {len(words)}: {', '.join(words)}"
    print(textwrap.fill(said, 42, subsequent_indent="    "))

figure, axis = plt.subplots(figsize=(6, 4))
styles = [("top-k, k = 40", "#6b7280", "--"), ("top-p, p = 0.9", "#1f5fa8", "-")]
steps = torch.arange(len(ids))
for name, color, line in styles:
    axis.step(steps, counts[name], line, where="mid", color=color, label=f"kept by {name}")
over = place > counts["top-p, p = 0.9"]
for some, mark, color, name in (
    (~over, "o", "#1f5fa8", "rank of Jerome's token"),
    (over, "X", "#c4541c", "cut by p = 0.9"),
):
    axis.plot(steps[some], place[some], mark, color=color, markersize=7, label=name)
for step in steps[over].tolist():
    word = tokenizer.decode(ids[step])
    above = {"xytext": (0, 7), "textcoords": "offset points", "ha": "center"}
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
    axis.annotate(word, (step, place[step]), bbox=box, **above)
axis.set(yscale="log", ylim=(0.7, 30_000))
axis.set(xlabel="token of the sentence", ylabel="tokens kept, and ranks")
axis.legend(ncols=2, loc="upper center", frameon=False)
figure.tight_layout()
plt.show()

# %% [markdown]
# (A word may be several tokens: “fasc” is the beginning of “fascinates”.)
#
# One forbidden token is enough: then the sentence in this cut has the probability 0 for that decoder, however often it draws. (The same letters can be cut in other ways. We tried them all: each of the five filters
# stops each of them.) The price of a filter is
# not that it writes badly. It can never surprise us in these places. Look at the tokens that even the widest filter forbids. What would be left of the joke without them?
#
# ## Part 4: Dice
#
# A sampler makes a promise: a token with the probability 0.1 comes in one draw of ten. In place of dice, a computer has a generator of numbers $u$ that are spread evenly
# between 0 and 1.
#
# ### Task 4: From even numbers to tokens
#
# *About 14 minutes.*
#
# Lay the probabilities end to end on a line from 0 to 1: the token on whose piece $u$ falls is drawn. Write `draw(logits, temperature, u)`. It returns one token id for each number in
# `u`. The same `u` must give the same token, so use no other source of chance.

# %% task="draw"
def draw(logits, temperature, u):  # (vocabulary,), one number, (draws,) → (draws,)
    tokens = ...  # your lines here
    # <solution>
    probabilities = (logits / temperature).softmax(-1)
    ends = probabilities.cumsum(-1)  # where the piece of each token ends
    tokens = torch.searchsorted(ends, u).clamp(max=len(logits) - 1)
    # </solution>
    return tokens


# %% check="draw"
def problem(draw):
    p = torch.tensor([0.50, 0.25, 0.15, 0.10])
    u = torch.tensor([0.10, 0.60, 0.80, 0.95, 0.45])
    first, again = draw(p.log(), 1.0, u), draw(p.log(), 1.0, u)
    if first.shape != u.shape:
        return f"Five numbers u need five tokens, but your result has the shape {tuple(first.shape)}. Is there one token for each u?"
    if not torch.equal(first, again):
        return f"The same five numbers u gave {first.tolist()} and then {again.tolist()}. Where does your second source of chance come from?"
    first = first.tolist()
    said = f"For the probabilities 0.50, 0.25, 0.15, 0.10 and u = 0.10, 0.60, 0.80, 0.95, 0.45 you draw {first}."
    if len(set(first)) == 1:
        return f"{said} Always the same token: what does u do in your code?"
    if first == [1, 2, 3, 4, 1] or first == [1, 2, 3, 3, 1]:
        return f"{said} u = 0.10 lies on the piece from 0 to 0.50. Which token owns it, counted from 0?"
    if first != [0, 1, 2, 3, 0]:
        return f"{said} The pieces end at 0.50, 0.75, 0.90 and 1.00. On which one lies 0.60?"
    cold = draw(p.log(), 0.5, u).tolist()
    if cold == first:
        return "T = 0.5 draws the same tokens as T = 1 for each u. Where is the temperature in your code?"
    hot = (p ** 0.5 / (p ** 0.5).sum()).cumsum(0)
    if cold == [int((hot < x).sum()) for x in u]:
        return "With T = 0.5 the best token became less probable, and should become more so. Do you divide, or multiply?"
    right = (p**2 / (p**2).sum()).cumsum(0)
    if cold != [int((right < x).sum()) for x in u]:
        return f"T = 1 is right. With T = 0.5 the pieces must end at {', '.join(f'{x:.3f}' for x in right)}, but you draw {cold}. Does the temperature divide the logits, before softmax?"


if check(problem, draw):
    logits = next_logits(prompt)
    u = torch.rand(4_000, generator=torch.Generator().manual_seed(0))
    tokens = torch.cat([draw(logits, 1.0, part) for part in u.split(1_000)])
    share = torch.bincount(tokens, minlength=len(logits)) / len(u)
    for token in logits.topk(5).indices:
        print(f"{tokenizer.decode(token):>8}: promised {logits.softmax(-1)[token]:.3f}, you drew {share[token]:.3f}")

# %% [markdown] hints="draw"
# `cumsum` tells where the piece of each token ends. The token is the first one whose end is not left of $u$. Where in the computation does the temperature belong:
# before softmax or after it?
#
# ---
#
# `torch.searchsorted(ends, u)` finds, for each number of `u`, the first place in the sorted `ends` that is not smaller. (Rounding can
# leave the last end a little below 1; `clamp` keeps a very large `u` inside the vocabulary.)

# %% [markdown]
# ### Three dealers
#
# How would you notice a sampler that does not keep its promise? Here are three. One is honest. One secretly draws at a temperature of 0.97. One secretly throws away all
# but the best 200 tokens. The test sorts draws into seven boxes, one for each of the six best tokens and one for the rest, and compares counts with promises:
#
# $$\chi^2 = \sum_{\text{boxes}} \frac{(\text{drawn} - \text{expected})^2}{\text{expected}}$$
#
# An honest dealer is not at 0: chance alone makes differences. So we let an honest dealer play thousands of games and take the value that he passes in one game of a hundred. Above this limit, marked with `!`, we suspect.
#
# **Write down**: how many draws will expose the temperature of 0.97? And the shortened list? Tens, hundreds, thousands?

# %%
logits = next_logits("The robot opened the box. Inside was a")
promise = logits.softmax(-1)
best = promise.topk(6).indices
boxes = torch.cat([promise[best], 1 - promise[best].sum(0, keepdim=True)])
print("promised:", *(f"{share:.2f}" for share in boxes.tolist()))


def chi_square(counts):  # (…, boxes)
    expected = counts.sum(-1, keepdim=True) * boxes
    return ((counts - expected) ** 2 / expected).sum(-1)


def count(tokens):
    found = (tokens[:, None] == best).sum(0)
    return torch.cat([found, (len(tokens) - found.sum())[None]]).float()


rules = [logits, logits / 0.97, TopKLogitsWarper(200)(None, logits[None])[0]]
dealers = dict(zip(("Ada", "Bo", "Cy"), random.Random(0).sample(rules, k=3)))
torch.manual_seed(1)
dice = np.random.default_rng(0)
print("  draws  limit" + "".join(f"{name:>9} " for name in dealers))
for draws in (100, 300, 1_000, 3_000, 10_000, 30_000):
    games = torch.tensor(dice.multinomial(draws, boxes.double().numpy(), 20_000))
    limit = chi_square(games).quantile(0.99).item()
    line = f"{draws:>7,}  {limit:>5.1f}"
    for secret in dealers.values():
        tokens = torch.multinomial(secret.softmax(-1), draws, replacement=True)
        found = chi_square(count(tokens)).item()
        line += f"  {found:>7.1f}" + ("!" if found > limit else " ")
    print(line)

# %% [markdown]
# Who is honest? A test with few draws acquits nearly everybody: it says “no evidence”, not “innocent”. And it sees only what its boxes show.
# Which cheat would this test *never* see, with any number of draws? (Two tokens of the rest may change places.)
#
# ### Greedy with noise
#
# One more sampler, and it has no softmax. Add to each logit a random number of a special kind (“Gumbel noise”, $-\log(-\log u)$), and then
# be greedy: take the largest. **Write down**: can the frequencies be right? What happens when the noise is halved?

# %%
torch.manual_seed(0)
found = {1.0: [], 0.5: []}
for part in range(20):
    noise = -(-torch.rand(100, len(logits)).log()).log()  # (draws, vocabulary)
    for size in found:
        found[size].append((logits + size * noise).argmax(-1))
print("              noise × 1          noise × 0.5")
print("token     softmax   drawn    softmax(z/0.5)  drawn")
for token in best:
    line = f"{tokenizer.decode(token):>10}"
    for size, width in ((1.0, 7), (0.5, 12)):
        share = (torch.cat(found[size]) == token).float().mean().item()
        line += f"{(logits / size).softmax(-1)[token]:>{width}.3f}  {share:>7.3f}"
    print(line)

# %% [markdown]
# So temperature *is* the amount of noise: none at all is greedy, noise × 1 is the model's own distribution, and more of it drowns the model.
#
# ## Part 5: Several texts at once
#
# Beam search does not draw. It keeps several unfinished texts, each with the total of its log-probabilities so far.
#
# ### Task 5: One step of beam search
#
# *About 14 minutes.*
#
# You get the totals of the beams and, for each beam, the log-probabilities of every next token. Return the `beams` best extensions of *all*: their new totals, the number of the
# beam that each one extends (its parent), and the token that it adds. Best first. At the very first step there is a single beam to extend.

# %% task="beam_step"
def beam_step(totals, log_p, beams):  # (parents,), (parents, vocabulary), one number
    best, parents, tokens = ..., ..., ...  # your lines here, each (beams,)
    # <solution>
    all_totals = totals[:, None] + log_p  # (parents, vocabulary)
    best, places = all_totals.flatten().topk(beams)
    parents, tokens = places // log_p.shape[1], places % log_p.shape[1]
    # </solution>
    return best, parents, tokens


# %% check="beam_step"
def problem(beam_step):
    totals = torch.tensor([-1.0, -3.0])
    log_p = torch.tensor([[0.40, 0.35, 0.05, 0.20], [0.02, 0.03, 0.90, 0.05]]).log()
    found = beam_step(totals, log_p, 3)
    sizes = [tuple(part.shape) for part in found]
    if sizes != [(3,), (3,), (3,)]:
        return f"Three beams need three totals, three parents and three tokens, but your shapes are {sizes}. Do all extensions stand in one row when you choose?"
    best, parents, tokens = found
    pairs = list(zip(parents.tolist(), tokens.tolist()))
    said = f"In the check's example you choose the (parent, token) pairs {pairs}"
    right = (totals[:, None] + log_p).flatten().topk(3).values
    if pairs == [(0, 0), (0, 1), (0, 3)]:
        if not torch.allclose(best, right, atol=1e-4):
            shown = [round(total, 2) for total in best.tolist()]
            return f"The right extensions, but their totals are {shown}. Is a total the sum of all log-probabilities so far?"
    elif torch.allclose(best, right, atol=1e-4):
        return f"Your totals are right, but they do not belong to {pairs}, (parent, token). There are four tokens in a row: what does the division by 4 give, and what its rest?"
    elif (best > 0).any():
        return f"One of your totals is {best.max().item():.2f}, and no log-probability is above 0. How do log-probabilities of a text go together?"
    elif pairs[0] == (1, 2):
        return f"{said}. Beam 1 has the best next token, but its total so far is -3, against -1. Did you add the totals?"
    elif pairs[0] == (0, 0) and 1 in parents:
        return f"{said}. Must each parent have a child? Beam 0 starts at -1 and beam 1 at -3: compare all extensions with each other."
    else:
        return f"{said}. The best total is that of parent 0 with token 0. Which order do you sort in?"
    found = beam_step(torch.zeros(1), log_p[:1], 2)[2].tolist()
    if found != [0, 1]:
        return f"At the first step there is one parent, and its best two tokens are 0 and 1; you choose {found}. Does your code expect as many parents as beams?"


def search(prompt, steps, beams):
    start = tokenizer(START + prompt, return_tensors="pt").input_ids  # (1, tokens)
    ids, totals = start, torch.zeros(1)
    for _ in range(steps):
        log_p = model(ids).logits[:, -1].log_softmax(-1)  # (parents, vocabulary)
        totals, parents, tokens = beam_step(totals, log_p, beams)
        ids = torch.cat([ids[parents], tokens[:, None]], dim=1)
    return totals, ids[:, start.shape[1] :]


if check(problem, beam_step):
    begin = "The greenhouse was dark, so the robot"
    totals, ids = search(begin, steps=10, beams=3)
    for total, text in zip(totals, ids):
        print(f"{total:.2f}", " ".join(tokenizer.decode(text).split()))
    same = torch.equal(ids[0], write(begin, 10, num_beams=3)[0])
    print("equal to generate with num_beams=3:", same)

# %% [markdown] hints="beam_step"
# The extensions of all beams compete with each other: a strong beam may have three children, and a weak one none. So put all totals into one long row before
# you take the best.
#
# ---
#
# `totals[:, None] + log_p` has a row for each parent. After `flatten()`, place 0 to vocabulary − 1 belong to the first parent, the next ones to the second. A division gives the
# row, its rest gives the column.

# %% [markdown]
# ### A duel
#
# Beam search finds more probable texts. Are they better? The chapter has shown one prompt where four beams run in a circle. Is that the rule? `duel` takes a list of prompts and lets
# greedy and four beams continue each, by 20 tokens. **Write down**: for how many of these five will the beams repeat clearly more than greedy (a distinct-2 that is lower by 10 points or more)?

# %%
tokenizer.padding_side = "left"  # so that all prompts of a list end at the same place


def duel(prompts):
    inputs = tokenizer([START + one for one in prompts], return_tensors="pt", padding=True)
    results = {prompt: {} for prompt in prompts}
    for name, beams in (("greedy", 1), ("4 beams", 4)):
        ids = model.generate(**inputs, num_beams=beams, max_new_tokens=20)
        for prompt, text in zip(prompts, ids[:, inputs.input_ids.shape[1] :]):
            end = (text == tokenizer.eos_token_id).cumsum(0)
            text = text[end.cumsum(0) <= 1]  # up to the end token, and that too
            log_p = predictions(prompt, text).log_softmax(-1)
            words = tokenizer.decode(text, skip_special_tokens=True).split()
            pairs = list(zip(words, words[1:]))
            results[prompt][name] = {
                "text": " ".join(words),
                "tokens": len(text),
                "sum": log_p.gather(1, text[:, None]).sum().item(),
                "distinct": len(set(pairs)) / max(len(pairs), 1),
            }
    return results


def show(results):
    row = "  {}: sum {sum:.1f}, distinct-2 {distinct:.0%}"
    for prompt, both in results.items():
        print(prompt, "…")
        for name, found in both.items():
            print(row.format(name, **found))
            print(textwrap.indent(textwrap.fill(found["text"], 38), "    "))


results = duel([
    "I am happy when",
    "She said that he said that",
    "The best thing about living in a small town is",
    "The difference between a duck and a robot is",
    "The knight kissed the frog because",
])
show(results)
pairs = [(both["greedy"], both["4 beams"]) for both in results.values()]
more = sum(four["sum"] > one["sum"] for one, four in pairs)
loops = sum(four["distinct"] < one["distinct"] - 0.1 for one, four in pairs)
print(f"\nOf {len(pairs)}, the beams are more probable in {more}")
print(f"and repeat clearly more (by 10 points) in {loops}.")

# %% [markdown]
# A pair of words more or less is no difference, so a few points do not count. Read the ten texts once more, now as a person. Do the sums agree with you?
#
# ### Task 6: A prompt that the search spoils
#
# *About 18 minutes.*
#
# Our guess: a search loops where copying is cheap. Test it. Find such a place: a prompt of your own (at most 20 words) after which four beams write a **more probable** text than greedy,
# and its distinct-2 is **lower by 10 points or more**.
# Think first: what do you put into a prompt so that copying pays? Then try six or eight prompts at once with `show(duel([…]))`, in a cell of your own.
# (The book's sentence about the sunflowers is taken: the chapter used it.)

# %% task="spoiled"
spoiled = ...  # a string
# <solution>
spoiled = "The wizard fed the tigers because"
# </solution>

# %% check="spoiled"
tried = {}


def problem(spoiled):
    if not isinstance(spoiled, str) or not spoiled.strip():
        return "A prompt is a string with at least one word. What shall the model continue?"
    words = spoiled.split()
    if len(words) > 20:
        return f"Your prompt has {len(words)} words, at most 20 are allowed. Which part of it invites the copy?"
    if "watered the sunflower" in spoiled:
        return "That is the chapter's prompt. What in it made the copy cheap, and which other words can do the same?"
    if spoiled != spoiled.rstrip():
        return "Your prompt ends in a space. This tokenizer puts the space before the next word: what does the model see then?"
    tried.update(duel([spoiled]))
    one, four = tried[spoiled].values()
    if one["text"] == four["text"]:
        return f"Both wrote the same text, with a sum of {one['sum']:.1f}. Where does the model hesitate, so that a search can find something else?"
    if one["tokens"] != four["tokens"]:
        return f"Greedy wrote {one['tokens']} tokens and the beams {four['tokens']}, so one text ended early and the sums cannot be compared. Can you leave the end more open?"
    if four["sum"] <= one["sum"]:
        return f"The beams' text is not more probable: {four['sum']:.1f} against {one['sum']:.1f} for greedy. A search can miss, too; can you find a prompt where it succeeds?"
    if four["distinct"] > one["distinct"] - 0.1:
        return f"The beams' text is more probable, but its distinct-2 is {four['distinct']:.0%} against {one['distinct']:.0%} for greedy. What could your prompt offer for copying?"


check(problem, spoiled)
show(tried)

# %% [markdown] hints="spoiled"
# Copying is cheap once a clause has been seen. A prompt that holds a whole short clause, and stops where the clause could begin again, invites the copy.
#
# ---
#
# Try the pattern “The [noun] [verb] the [noun] because”, with words that seldom meet: greedy begins an explanation, and the search finds out that turning in a circle costs less.
# Some such prompts do it and some do not, so write down eight and let them all run.

# %% [markdown]
# ## Part 6: A cure and its side effects
#
# Loops have a cure: lower the logits of tokens that were used. The library's `repetition_penalty` does it for all tokens of prompt and text, once and for all. The next cell adds
# a cure of our own. It counts how often a token was *written* (the prompt is free) and takes off a bit more each time. A class with `__call__` is all that `generate` needs.
#
# Two patients: one loops, and one is healthy and counts. **Write down**: which cure breaks the counting, and at which number?

# %%
class CountPenalty(LogitsProcessor):
    def __init__(self, strength, start):
        self.strength, self.start = strength, start  # start: tokens of the prompt

    def __call__(self, ids, logits):  # (texts, tokens), (texts, vocabulary)
        written = ids[:, self.start :]
        times = torch.zeros_like(logits)
        times.scatter_add_(1, written, torch.ones(written.shape))
        return logits - self.strength * times


patients = {
    "loops": "I like the rain. I like the rain. I like",
    "counts": "11, 12, 13, 14, 15, 16, 17, 18, 19,",
}
for name, patient in patients.items():
    start = len(tokenizer(START + patient).input_ids)
    cures = {
        "no cure": {},
        "repetition_penalty = 1.3": {"repetition_penalty": 1.3},
        "count penalty, 1.0": {"logits_processor": [CountPenalty(1.0, start)]},
    }
    print(name, "|", patient)
    for cure, settings in cures.items():
        said = tokenizer.decode(write(patient, 20, **settings)[0])
        said = f"{cure}: {' '.join(said.split())}"
        print(textwrap.indent(textwrap.fill(said, 40), "  "))

# %% [markdown]
# Read to the last character: a comma is a token, too. Play: change the strengths, and put in a line of Python, a poem with a refrain, a list of names. A penalty knows nothing of meaning. It cannot tell a loop from a digit, a closing
# bracket or a name that must come twice.
#
# ## Part 7: Your own decoder
#
# ### Open task: a decoder for one use
#
# Choose **one use**: names for robots, headlines, the next line of a program, a shopping list, first sentences of stories. Design a decoder for it and show by
# measurement that it beats greedy and plain sampling.
#
# The cell below is a start, for names. It asks for eight lists at once and measures three things: how many names, how many *different new* ones, and the mean
# log-probability of a token. **Write down**: what will greedy do? And which of the three numbers should a good decoder make high?

# %%
def try_out(prompt, tokens=14, texts=8, **settings):
    torch.manual_seed(0)
    if settings.get("do_sample"):
        settings["num_return_sequences"] = texts
    ids = write(prompt, tokens, **settings)  # (texts, tokens)
    log_p = torch.stack([
        predictions(prompt, text).log_softmax(-1).gather(1, text[:, None]).mean()
        for text in ids
    ])
    lines = [tokenizer.decode(text).split("\n")[0] for text in ids]
    names = [name.strip(" .") for line in lines for name in line.split(",")[:-1]]
    old = {name.strip(" .") for name in prompt.split(":")[-1].split(",")}
    new = sorted(set(names) - old)
    print(f"{len(names)} names, {len(new)} different new ones, mean {log_p.mean():.2f}")
    print(textwrap.fill(", ".join(new), 42, max_lines=6), end="\n\n")


task = "A list of good robot names: Rusty, Bolt, Sprocket, Gizmo,"
try_out(task)
try_out(task, do_sample=True, top_k=0, temperature=1.0)

# %% [markdown]
# **Hand in**
#
# 1. The use, five prompts, and one sentence that says what “good” means here. Write it *before* you measure.
# 2. A criterion that a program can compute and that fits this sentence. (For code: does it run? For headlines: the length, no word repeated. For names: new, different, one word.)
# 3. Your decoder: settings of `generate`, or a `LogitsProcessor` of your own, or several draws and a rule that chooses among them.
# 4. A table: greedy, plain sampling, yours, and yours with one part taken out. One set of prompts and one number of draws for all four; ten texts or more each, with two seeds or more.
# 5. A blind reading: shuffle ten texts of yours and ten of plain sampling, and let somebody who does not know which is which mark the good ones.
# 6. One text where your decoder fails, and why.
#
# **A good answer** names a criterion that could have come out against its author. It changes one thing at a time, and holds each difference against the one
# between two seeds. It states the cost: how many calls of the model for one text? It shows where the criterion and the blind reading disagree.
#
# ## What you have seen
#
# - A text is a list of ranks, and each decoder leaves its fingerprint there: greedy only ones, top-k nothing above k, top-p nothing outside the nucleus.
# - A filter protects from bad tokens and puts some of what a person writes out of reach: one forbidden token, and this cut of the sentence has the probability 0.
# - A sampler makes a promise that can be tested; a test has a limit that depends on the number of draws, and sees only what its boxes show.
# - Beam search is one line repeated: the best of all extensions. It finds what it is asked for, and that may be a loop.
# - Each cure has a price. Which price is right depends on the use, so measure it on the use.
#
# **Where to go on.** [Parallelism](../parallelism.md) shows why the steps of one text cannot run side by side. And here is an evening more: a text becomes a list of ranks, and most of them are small. Small
# numbers need few bits. Can you build a program that compresses a text with the model, and one that gets it back?
