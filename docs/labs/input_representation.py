# ---
# description: Guess the cuts, teach a tokenizer a melody, calculate with words, shuffle a sentence, spoil a batch; seven tasks.
# ---

# %% [markdown]
# # Lab: Input representation
#
# A model does not see your sentence. It sees numbers, and there are many ways to turn one sentence into numbers. In this lab you keep the text and change its disguise: other cuts, other places, other company in the batch. Each time you ask: **does the model notice?**
#
# You need Python, matrix products, and the chapter [Input representation](../input_representation.md), read or open beside you. Seven tasks take 75 to 90 minutes. Write your predictions down, on paper or in a cell, before you run the cell that shows the answer.
#
# The lab runs on two small models: MiniLM, an encoder that reads with WordPiece, and SmolLM2, a decoder that reads with byte-level BPE. Run the first cell and go on.

# %% setup="minilm smollm2"

# %%
from collections import Counter

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer

wordpiece = AutoTokenizer.from_pretrained("models/minilm")
bpe = AutoTokenizer.from_pretrained("models/smollm2")

mine = "The robot watered the sunflowers because they were thirsty."  # put yours here
for name, tokenizer in {"WordPiece": wordpiece, "BPE": bpe}.items():
    tokens = tokenizer.tokenize(mine)
    print(f"{name:10}{len(tokens):3}  {' '.join(tokens)}")

# %% [markdown]
# Put a sentence of your own into `mine` and run the cell again. Try your name, a word from your first language, a line of code. `##` marks a piece inside a word, `Ġ` marks a space before a piece.
#
# ## Part 1: Guess the cuts
#
# Here are ten strings. **Write down what you expect:** into how many tokens does each tokenizer cut each one? Put your numbers into `guesses`, WordPiece first, then run the cell. There are 20 points.

# %%
guesses = {
    "robot": (1, 1),
    "ROBOT": (1, 1),
    "robotically": (1, 1),
    "sunscreen": (1, 1),
    "2026": (1, 1),
    "don't": (1, 1),
    "!!!!!!!!": (1, 1),
    "        ": (1, 1),  # eight spaces
    "girassóis": (1, 1),
    "🌻": (1, 1),
}

points = 0
for text, (guess_one, guess_two) in guesses.items():
    one, two = wordpiece.tokenize(text), bpe.tokenize(text)
    points += (len(one) == guess_one) + (len(two) == guess_two)
    print(f"{text:12} WordPiece {len(one)}  {' '.join(one)}")
    print(f"{'':12} BPE       {len(two)}  {' '.join(two)}")
print(f"\n{points} of {2 * len(guesses)} points")

# %% [markdown]
# Which rows surprised you? For each surprise, find the rule behind it: lower-casing, digits, spaces, bytes. You need these rules now.
#
# ### Task 1: A duel
#
# *About 8 minutes.*
#
# Find two lines of text, each at most 40 characters, letters and signs of plain English keyboards only (ASCII):
#
# - in `for_wordpiece`, WordPiece needs at least **ten** tokens fewer than BPE;
# - in `for_bpe`, BPE needs at least **ten** tokens fewer than WordPiece.
#
# They need not mean anything.

# %% task="duel"
for_wordpiece, for_bpe = ..., ...
# <solution>
for_wordpiece = "ZEBRA 31415926535 QUICHE 27182818284"
for_bpe = "========================================"
# </solution>

# %% check="duel"
def problem(for_wordpiece, for_bpe):
    for name, text in {"for_wordpiece": for_wordpiece, "for_bpe": for_bpe}.items():
        if not isinstance(text, str):
            return f"{name} must be a string, but yours is a {type(text).__name__}."
        if not text.isascii():
            letter = next(letter for letter in text if not letter.isascii())
            return f"{name} contains {letter!r}, which is not ASCII. Can you do it without?"
        if len(text) > 40:
            return f"{name} has {len(text)} characters. Can you do it in 40?"
    duels = [("for_wordpiece", for_wordpiece, 1), ("for_bpe", for_bpe, -1)]
    for name, text, sign in duels:
        one, two = len(wordpiece.tokenize(text)), len(bpe.tokenize(text))
        gap = sign * (two - one)
        counts = f"WordPiece needs {one} tokens for {name} and BPE needs {two}"
        if gap < 0:
            return f"{counts}: the wrong one wins. Did you swap the two lines?"
        if gap < 10:
            return (
                f"{counts}: a gap of {gap}, and you need 10. Which of your characters"
                " cost the loser a token each, and which do not?"
            )


duel_right = check(problem, for_wordpiece, for_bpe)

# %% [markdown] hints="duel"
# Look at the rows of the game with the largest gaps. What did one tokenizer spell out that the other kept together? Then use as much of it as fits into 40 characters.
#
# ---
#
# SmolLM2 spells every digit, and it saw few words in capitals; WordPiece lowers all letters before it looks. WordPiece makes each punctuation sign a token of its own; BPE has learned the long rows of signs with which people draw lines under headings.

# %% [markdown]
# ## Part 2: One text, two cuts
#
# The tokenizer gives one cut, but the vocabulary allows many. `sunflowers` can be read as `sun flowers`, or as ten letters: SmolLM2's vocabulary contains every letter of the alphabet, and 235 of the 256 bytes, alone. All these lists of ids give the same text back. So, does SmolLM2 care which one it gets?
#
# SmolLM2 turns a list of ids into a probability for each token that could come next (the [decoder chapter](../decoder.md) shows how). This helper prints the five best.

# %%
smollm2 = AutoModelForCausalLM.from_pretrained("models/smollm2")
START = bpe.convert_tokens_to_ids("<|endoftext|>")  # in training a text began behind this token


def next_tokens(ids, count=5):
    with torch.no_grad():
        logits = smollm2(torch.tensor([[START, *ids]])).logits[0, -1]  # (vocabulary)
    best = logits.softmax(dim=-1).topk(count)
    found = zip(best.indices.tolist(), best.values.tolist())
    return "   ".join(f"{bpe.decode([i])!r} {probability:.2f}" for i, probability in found)


prompt = "The capital of France is"
print(bpe.tokenize(prompt))
print(next_tokens(bpe(prompt).input_ids))

# %% [markdown]
# That went well. Now a small change. We add **one space** at the end, as you might do by accident when you type a prompt. **Write down what you expect:** the same best word, or another one? How sure will the model be?

# %%
print(bpe.tokenize(prompt + " "))
print(next_tokens(bpe(prompt + " ").input_ids))

# %% [markdown]
# Look at the cut before you read on. The space has become a token of its own. In SmolLM2's training texts, the space before a word was part of that word's token: `ĠParis`. A lone `Ġ` followed by `Paris` hardly ever occurred. You see a harmless space; the model sees a token that announces something else. But why *that*? Think about how this tokenizer cuts a year, then run the next cell.

# %%
print(bpe.tokenize("Paris saw the games again in 2024"))

# %% [markdown]
# So a lone `Ġ` is what stands before a number, and the model has learned it well. Remember that when you write a prompt: no space at the end.
#
# Now go to the end of this road: spell the whole prompt.
#
# ### Task 2: Spell it
#
# *About 8 minutes.*
#
# Write `spell(text)`. It returns a list of SmolLM2's ids that decodes to exactly the same text, one token for each character. (A character outside ASCII may need more than one.) Use the tokenizer `bpe`.

# %% task="spell"
def spell(text):  # "a b" → three ids, for "a", " " and "b"
    ids = ...  # your lines here
    # <solution>
    ids = []
    for character in text:
        ids += bpe(character).input_ids
    # </solution>
    return ids


# %% check="spell"
def problem(spell):
    text = "The robot, 2 suns."
    ids = spell(text)
    if isinstance(ids, torch.Tensor):
        ids = ids.tolist()
    if not isinstance(ids, list):
        return f"spell must return a list of ids, but yours returns a {type(ids).__name__}."
    if any(isinstance(i, list) for i in ids):
        return (
            "Your list contains lists: the tokenizer returns a list for each character."
            " How do you put them one after the other?"
        )
    if any(isinstance(i, str) for i in ids):
        return f"Your list contains the string {ids[0]!r}. Which number does the model read?"
    if any(not isinstance(i, int) for i in ids):
        return "Your list contains something that is not an id. What does bpe(…) return?"
    back = bpe.decode(ids)
    if len(back) > len(text) and back.replace(" ", "") == text.replace(" ", ""):
        return (
            f"Your ids read {back!r}: there are spaces which the text does not have. Where do"
            " they come from?"
        )
    if back != text:
        return (
            f"Your ids read {back!r}, but the text was {text!r}. What happened to the"
            " spaces?"
        )
    if len(ids) != len(text):
        return (
            f"The text comes back, but in {len(ids)} tokens, and it has {len(text)}"
            " characters. What does the tokenizer do with a whole word?"
        )
    back = bpe.decode(spell("2 🌻"))
    if back != "2 🌻":
        return (
            f"Plain letters work, but '2 🌻' comes back as {back!r}. How many ids can one"
            " character need?"
        )


spell_right = check(problem, spell)

# %% [markdown] hints="spell"
# The tokenizer joins characters only when it sees them side by side. What if it never sees two?
#
# ---
#
# Go through the text character by character and give each one, spaces included, to `bpe` alone. `bpe(…).input_ids` is a list, mostly with one id; collect all of them in one flat list.

# %% [markdown]
# **Write down what you expect** from the spelled prompt: will SmolLM2 still find `Paris`? Will it know at least which *letter* comes next? And what will it write after a prompt that is spelled and ends with a space? Then run the cell. It waits for your `spell`.

# %%
if spell_right:
    for text in [prompt, prompt + " ", prompt + " P"]:
        spelled = spell(text)
        print(f"{len(spelled):2} tokens  {text!r}")
        print(f"           {next_tokens(spelled)}\n")

# %% [markdown]
# Compare with the first output of this part. All characters are there, and in order; nothing that you can read was lost. But the model has learned what follows the tokens `Ġcapital` and `ĠFrance`, not what follows the letters C, a, p. So a model and its tokenizer belong together, even when another cut gives the same text. This may be one reason why the language models of the first years counted the letters of a word badly: they are not used to seeing them. (We have not tested it.)
#
# ## Part 3: Teach a tokenizer
#
# You know from the chapter how BPE learns: join the most frequent pair, repeat. It does not know that it reads language. So give it something else: a melody. Here is the *Ode to Joy* by Beethoven (1824), one letter a note, all rhythms left out. `g` is the low G.

# %%
tune = (
    "EEFGGFEDCCDEEDD"
    "EEFGGFEDCCDEDCC"
    "DDECDEFECDEFEDCDg"
    "EEFGGFEDCCDEDCC"
)
heights = {"g": -3, "C": 0, "D": 1, "E": 2, "F": 3, "G": 4}


def most_frequent_pair(pieces):
    counts = Counter(zip(pieces, pieces[1:]))
    return counts.most_common(1)[0]  # of several, the one that came first


def draw(pieces, title):
    plt.figure(figsize=(6, 2.6))
    start = 0
    for number, piece in enumerate(pieces):
        end = start + len(piece)
        color = "#1f5fa8" if number % 2 else "#d9822b"
        notes = [heights[note] for note in piece]
        plt.bar(range(start, end), 1, 0.9, notes, color=color)
        plt.barh(-4.2, len(piece) - 0.3, 0.5, start - 0.35, color=color)
        start = end
    plt.xticks([0, 15, 30, 47])
    plt.yticks([h + 0.5 for h in heights.values()], heights.keys())
    plt.xlabel("notes; each tick begins a line")
    plt.title(title)
    plt.tight_layout()
    plt.show()


print(len(tune), "notes,", len(set(tune)), "kinds")

# %% [markdown]
# ### Task 3: The merge
#
# *About 14 minutes.*
#
# Write `join(pieces, pair)`. It goes through the list from left to right and joins every place where the two pieces of `pair` stand side by side. It returns a new list; the old one stays as it was.
#
# So `join(["D", "E", "D", "C", "E", "D"], ("E", "D"))` gives `["D", "ED", "C", "ED"]`. What should happen to `["A", "A", "A"]` and the pair `("A", "A")`? Decide before you write.

# %% task="join"
def join(pieces, pair):  # a list of strings and two strings → a new list
    joined = ...  # your lines here
    # <solution>
    joined, i = [], 0
    while i < len(pieces):
        if tuple(pieces[i : i + 2]) == tuple(pair):
            joined.append(pieces[i] + pieces[i + 1])
            i += 2
        else:
            joined.append(pieces[i])
            i += 1
    # </solution>
    return joined


# %% check="join"
def problem(join):
    pieces, pair = ["D", "E", "D", "C", "E", "D"], ("E", "D")
    given = list(pieces)
    joined = join(given, pair)
    if not isinstance(joined, list):
        return f"join must return a list, but yours returns a {type(joined).__name__}."
    if given != pieces:
        return (
            f"Your function changed the list that it was given, to {given}. What happens to"
            " somebody who needs the old list again?"
        )
    spelled = "".join(joined)
    if spelled != "DEDCED":
        more = "lost" if len(spelled) < 6 else "doubled"
        return (
            f"Your pieces spell {spelled}, but the notes were DEDCED: something is {more}."
            " After a joined pair, at which place do you go on, and where do you stop?"
        )
    if joined == pieces:
        return "Your function joins nothing. What do you compare the pair with?"
    if "E" in joined:
        return f"Your result {joined} still holds a pair E, D. Do you stop after the first?"
    joined = join(["AB", "C", "A", "BC"], ("AB", "C"))
    if joined == ["ABC", "ABC"]:
        return (
            "You also joined A and BC, because they spell the same. The pair is AB, C. Do"
            " you compare letters or pieces?"
        )
    if "".join(joined) != "ABCABC":
        return (
            f"For AB, C, A, BC and the pair AB, C you return {joined}, which spells"
            f" {''.join(joined)} and not ABCABC. What happens to the last piece when no pair"
            " ends the list?"
        )
    if joined != ["ABC", "A", "BC"]:
        return (
            f"For AB, C, A, BC and the pair AB, C you return {joined}. Does your code work for"
            " pieces of several letters?"
        )
    joined = join(["DE", "D", "E", "D"], ("E", "D"))
    if joined != ["DE", "D", "ED"]:
        return (
            f"For DE, D, E, D and the pair E, D you return {joined}. Does DE end in a piece E,"
            " or only in a letter E?"
        )
    joined = join(["A", "A", "A"], ("A", "A"))
    if "".join(joined) != "AAA":
        return (
            f"Three times A and the pair A, A: your pieces are {joined}, that is"
            f" {len(''.join(joined))} letters. May the middle A be used twice?"
        )
    if joined != ["AA", "A"]:
        return (
            f"Three times A and the pair A, A gave {joined}. What does “from left to right”"
            " ask for?"
        )


join_right = check(problem, join)

# %% [markdown] hints="join"
# A `for` loop visits each place. A `while` loop with your own counter can skip one.
#
# ---
#
# At each place, look at the slice of two pieces that begins here. Is it the pair? Then append the two as one string and move on by two. If not, append one piece and move on by one. A slice at the end of a list may be shorter, without an error.

# %% [markdown]
# Take a pencil. **Write down what you expect:** three pairs of notes are equally frequent at the start. Which ones, and which of them comes first in the melody and wins? How many notes has the longest piece after twelve merges? And will pieces end where a musician takes a breath, at the ends of the four lines in the code above?

# %% alt_when_right="The notes of the melody as bars at their heights. Two colors alternate and show where one learned piece ends and the next begins; the opening phrase is one long piece each time it returns."
if join_right:
    pieces = list(tune)
    for step in range(1, 13):
        pair, count = most_frequent_pair(pieces)
        pieces = join(pieces, pair)
        print(f"{step:2}  {count} times  {pair[0]} + {pair[1]}, now {len(pieces)} pieces")
    print("\n" + " ".join(pieces))
    draw(pieces, "Where BPE cuts the Ode to Joy")

# %% [markdown]
# In your figure two colors alternate; each stretch of one color is a piece, and the bars below show its length. BPE found the phrase that returns, without ears. Look where it went wrong too: a piece may run across the end of a line, because nobody told it where lines end. For words, a *pre-tokenizer* does that job: it cuts at spaces first, and merges never cross a cut.
#
# ### Who decides what a language costs?
#
# You pay for tokens. Here is one article of the *Universal Declaration of Human Rights* (United Nations, 1948) in four languages, and three more articles to learn from. The texts are translations of one article, so we compare them whole. Tokens per word would mislead: some languages pack into one long word what others say in three, and some write no spaces at all.

# %%
learn = {  # articles 13, 15 and 17
    "English": """Everyone has the right to freedom of movement and residence within the
borders of each State. Everyone has the right to leave any country, including his own, and
to return to his country. Everyone has the right to a nationality. No one shall be
arbitrarily deprived of his nationality nor denied the right to change his nationality.
Everyone has the right to own property alone as well as in association with others. No one
shall be arbitrarily deprived of his property.""",
    "Portuguese": """Toda a pessoa tem o direito de livremente circular e escolher a sua
residência no interior de um Estado. Toda a pessoa tem o direito de abandonar o país em que
se encontra, incluindo o seu, e o direito de regressar ao seu país. Todo o indivíduo tem
direito a ter uma nacionalidade. Ninguém pode ser arbitrariamente privado da sua
nacionalidade nem do direito de mudar de nacionalidade. Toda a pessoa, individual ou
colectivamente, tem direito à propriedade. Ninguém pode ser arbitrariamente privado da sua
propriedade.""",
    "Swahili": """Kila mtu ana haki ya kwenda mahali anapotaka na kuishi katika kila nchi.
Kila mmoja ana haki ya kuhama kutoka nchi yo yote, hata nchi yake mwenyewe, na ana haki ya
kurejea katika nchi yake. Kila mtu ana haki ya utaifa. Mtu ye yote asinyang'anywe utaifa
wake bila sheria wala asinyimwe haki ya kujibadili taifa lake kama akitaka. Kila mtu ana
haki ya kuwa na mali yake binafsi au kwa kushirikiana na watu wengine. Mtu asinyang'anywe
mali yake bila sheria.""",
    "Greek": """Καθένας έχει το δικαίωμα να κυκλοφορεί ελεύθερα και να εκλέγει τον τόπο της
διαμονής του στο εσωτερικό ενός κράτους. Καθένας έχει το δικαίωμα να εγκαταλείπει
οποιαδήποτε χώρα, ακόμα και τη δική του, και να επιστρέφει σε αυτήν. Καθένας έχει το
δικαίωμα μιας ιθαγένειας. Κανείς δεν μπορεί να στερηθεί αυθαίρετα την ιθαγένειά του ούτε το
δικαίωμα να αλλάξει ιθαγένεια. Κάθε άτομο, μόνο του ή με άλλους μαζί, έχει το δικαίωμα της
ιδιοκτησίας. Κανείς δεν μπορεί να στερηθεί αυθαίρετα την ιδιοκτησία του.""",
}
measure = {  # article 19, which no tokenizer of ours will learn from
    "English": """Everyone has the right to freedom of opinion and expression; this right
includes freedom to hold opinions without interference and to seek, receive and impart
information and ideas through any media and regardless of frontiers.""",
    "Portuguese": """Todo o indivíduo tem direito à liberdade de opinião e de expressão, o
que implica o direito de não ser inquietado pelas suas opiniões e o de procurar, receber e
difundir, sem consideração de fronteiras, informações e ideias por qualquer meio de
expressão.""",
    "Swahili": """Kila mmoja ana haki ya uhuru wa kutoa na kueleza maoni yake; haki hii
inahusu pia uhuru wa kushikilia maoni yake bila kuingiliwa kati, na uhuru wa kutafuta na
kutoa habari na maoni kwa njia yo yote bila kujali mipaka.""",
    "Greek": """Καθένας έχει το δικαίωμα της ελευθερίας της γνώμης και της έκφρασης, που
σημαίνει το δικαίωμα να μην υφίσταται δυσμενείς συνέπειες για τις γνώμες του, και το
δικαίωμα να αναζητεί, να παίρνει και να διαδίδει πληροφορίες και ιδέες, με οποιοδήποτε μέσο
έκφρασης, και από όλο τον κόσμο.""",
}
learn = {language: " ".join(text.split()) for language, text in learn.items()}
measure = {language: " ".join(text.split()) for language, text in measure.items()}

# %% [markdown]
# A Greek letter takes two bytes in UTF-8, an English letter one. **Write down what you expect:** how many times the English number of tokens does SmolLM2 need for Portuguese, for Swahili, for Greek?

# %%
print(f"{'':11}characters bytes tokens ×English")
english = len(bpe.tokenize(measure["English"]))
for language, text in measure.items():
    tokens = len(bpe.tokenize(text))
    line = f"{language:11}{len(text):10}{len(text.encode()):6}{tokens:7}"
    print(f"{line}{tokens / english:9.1f}")

# %% [markdown]
# Compare Swahili with English: fewer characters, plain letters, and yet it costs far more. Bytes do not explain that. Do the texts that the tokenizer learned from? Test it. `train_new_from_iterator` keeps the rules of SmolLM2's tokenizer (bytes, spaces, digits) and learns new merges from the texts that you give it. We train five tiny tokenizers with equally many merges: one for each language, and one for all four together.
#
# **Write down what you expect** of the table: rows are the tokenizers, columns the texts. Where is the smallest number of each column? What does English cost with the Greek tokenizer? Which row is the fairest?

# %% alt="Table in shades of blue: five small tokenizers by four languages, with the number of tokens. Numbers are small where a language is read by its own tokenizer and much larger elsewhere."
merges = 140
size = 256 + merges + len(bpe.added_tokens_decoder)  # bytes, merges, special tokens
corpora = {language: [text] for language, text in learn.items()}
corpora["all four"] = list(learn.values())
trained = {
    name: bpe.train_new_from_iterator(texts, vocab_size=size, show_progress=False)
    for name, texts in corpora.items()
}
table = torch.tensor(
    [[len(t.tokenize(text)) for text in measure.values()] for t in trained.values()]
)

figure, axes = plt.subplots(figsize=(6, 4))
pale = 2.2 * table.max().item()  # so that black numbers are read in every cell
axes.imshow(table.numpy(), cmap="Blues", vmin=0, vmax=pale, aspect="auto")
axes.set_xticks(range(len(measure)), measure)
axes.set_yticks(range(len(trained)), trained)
axes.set_ylabel("learned from")
for row in range(len(table)):
    for column in range(table.shape[1]):
        axes.text(column, row, table[row, column].item(), ha="center", va="center")
axes.set_title("Tokens for article 19")
plt.tight_layout()
plt.show()

# %% [markdown]
# Read along the diagonal, and compare it with SmolLM2's prices: with merges of its own, each language comes much closer to English. To the Greek tokenizer, English is the exotic language, and costs one token for each byte. So the price was decided by the choice of the training texts, long before any model was trained. The last row shares the same merges among four languages, and everyone pays more than at home. Set `merges` to 600 and run the cell again: how much does the last row gain? (The single texts are so short that they run out of pairs before.)
#
# If you speak another language, put a paragraph of it into `learn` and its translation of article 19 into `measure`, and run the last three cells again.
#
# ## Part 4: Calculate with words
#
# After the tokenizer, an id picks a row of the embedding table. The chapter looked at a row's nearest rows. There is a famous claim about such tables: that you can *calculate* with them. *Man* is to *king* as *woman* is to … what? Take the row of `king`, subtract `man`, add `woman`, and look who is nearest.

# %%
minilm = AutoModel.from_pretrained("models/minilm")
rows = minilm.get_input_embeddings().weight.detach()  # (vocabulary, width)


def vector(word):
    ids = wordpiece(word, add_special_tokens=False).input_ids
    if len(ids) != 1:
        raise ValueError(f"{word} is cut into {wordpiece.tokenize(word)}")
    return rows[ids[0]]  # (width)


def words(ids):
    return wordpiece.convert_ids_to_tokens([int(i) for i in ids])


print(rows.shape, vector("king").shape, words([2332, 3035]))

# %% [markdown]
# ### Task 4: Analogies
#
# *About 12 minutes.*
#
# Write `analogy(a, b, c)`, which answers “a is to b as c is to …”. It returns the **five** words whose rows have the largest *cosine* with the calculated vector, the best one first. Use `vector`, `rows` and `words`. Leave no word out, not even a, b and c.
#
# **Write down what you expect** for `analogy("man", "king", "woman")`, all five words.

# %% task="analogy"
def analogy(a, b, c):  # three words → a list of five words
    found = ...  # your lines here
    # <solution>
    wanted = vector(b) - vector(a) + vector(c)  # (width)
    cosines = F.cosine_similarity(rows, wanted, dim=-1)  # (vocabulary)
    found = words(cosines.topk(5).indices.tolist())
    # </solution>
    return found


# %% check="analogy"
def problem(analogy):
    found = analogy("man", "king", "woman")
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        return "analogy must return a list of words. Which helper turns ids into words?"
    if len(found) != 5:
        return f"You return {len(found)} words, and five are wanted."
    man, king, woman = vector("man"), vector("king"), vector("woman")

    def best(wanted, lengths=False):
        scores = rows @ wanted if lengths else F.normalize(rows, dim=1) @ wanted
        return words(scores.topk(5).indices.tolist())

    right = best(king - man + woman)
    if found == right:
        return None
    if sorted(found) == sorted(right):
        return (
            f"The five words are there, but {found[0]} is not the best. Which end comes"
            " first?"
        )
    shown = f"You get {', '.join(found)}."
    if found == best(man - king + woman) or found == best(man + woman - king):
        return f"{shown} Which step leads from a to b, b − a or a − b?"
    if found == best(king - woman + man):
        return f"{shown} That asks: woman is to king as man is to …? Whose place does c take?"
    if found == best(king + man + woman):
        return f"{shown} All three words pull to their side. Which one must be taken away?"
    if found == best(king - man + woman, lengths=True):
        return f"{shown} Long rows have large dot products. What does a cosine divide by?"
    nearest = words((F.normalize(rows, dim=1) @ (king - man + woman)).topk(8).indices.tolist())
    if found == [word for word in nearest if word not in ("man", "king", "woman")][:5]:
        return f"{shown} You leave out the words of the question. Who hides behind them?"
    return f"{shown} Which vector do you compare the rows with, and how?"


analogy_right = check(problem, analogy)

# %% [markdown] hints="analogy"
# What does the step from `man` to `king` add? Subtract to get this step, then walk it from `woman`. To compare one vector with all rows, give `F.cosine_similarity` the table and the vector, and say along which dimension.
#
# ---
#
# The wanted vector is b − a + c. The cosines are one number for each row of the vocabulary; `topk(5).indices` gives the places of the five largest, and `words` takes a list.

# %%
if analogy_right:
    for three in [("man", "king", "woman"), ("france", "paris", "japan"),
                  ("walk", "walked", "play"), ("robot", "robots", "flower")]:  # fmt: skip
        print(f"{' '.join(three):24}", *analogy(*three))

# %% [markdown]
# Who stands in first place? This is the part that the famous examples leave out: programs for this game *exclude* the three words of the question from the answers. Is that only fair, or does it hide that the calculation does little? A good test needs a **baseline**: something lazy to beat. Ours does not calculate at all. It answers with the nearest row of `c`, the question's own words left out.
#
# Here are four families of questions. Each pair of a family asks for every other pair. **Write down what you expect** for each family, in percent: the full vocabulary, the question's words excluded, and the lazy baseline.

# %%
families = {
    "woman": "man woman king queen brother sister father mother uncle aunt actor actress",
    "capital": "france paris italy rome japan tokyo germany berlin egypt cairo greece athens",
    "past": "walk walked play played open opened help helped start started call called",
    "plural": "robot robots flower flowers dog dogs house houses city cities child children",
}
unit = F.normalize(rows, dim=1)


def first(wanted, leave_out=()):
    cosines = unit @ wanted  # (vocabulary)
    for word in leave_out:
        cosines[wordpiece.convert_tokens_to_ids(word)] = -1e9
    return words([cosines.argmax().item()])[0]


print(f"{'':9} questions  full  excluded  lazy")
for family, text in families.items():
    text = text.split()
    pairs = list(zip(text[::2], text[1::2]))
    hits, asked = Counter(), 0
    for a, b in pairs:
        for c, answer in pairs:
            if a == c:
                continue
            wanted = vector(b) - vector(a) + vector(c)
            asked += 1
            hits["full"] += first(wanted) == answer
            hits["excluded"] += first(wanted, (a, b, c)) == answer
            hits["lazy"] += first(vector(c), (a, b, c)) == answer
    full, excluded, lazy = (hits[way] / asked for way in ("full", "excluded", "lazy"))
    print(f"{family:9}{asked:10}{full:6.0%}{excluded:10.0%}{lazy:6.0%}")

# %% [markdown]
# What does the column *full* say about the famous example? The calculated point stays so close to a word of the question that the wanted word wins only when the others are forbidden. Then compare the last two columns. Where the lazy baseline is as good as the calculation, the calculation has shown nothing: the answer was the nearest word all along. Where the gap is wide, there is something in the rows that points from one word of a pair to the other.
#
# Find one analogy that works and one that fails, with words of your own. (A word must be one token, or `vector` tells you how it is cut.)
#
# ## Part 5: Other places
#
# A row of the table does not know where its token stands. Positions bring that in. Suppose the waves were not invented yet. You could give position $p$ …
#
# - **one number**, $p$ itself;
# - its **binary** digits, as −1 and +1;
# - **waves**, the sines and cosines of the original paper;
# - a **learned** row, as MiniLM does.
#
# Attention compares two tokens by dot products. It would help if the dot product of two positions said one thing: how far apart they are. The figure shows all dot products of 64 positions with each other. **Write down what you expect:** in which of the four pictures is each diagonal, from upper left to lower right, of one color?

# %% alt="Four square pictures of dot products between positions. The number's picture grows stronger toward one corner; the binary one is a pattern of blocks; the waves give even diagonal stripes; the learned table gives stripes that are a little uneven."
places = torch.arange(64.0)
rates = 10000 ** (-torch.arange(0, 64, 2) / 64)
angles = places[:, None] * rates  # (positions, width / 2)
tables = {
    "one number": places[:, None],
    "binary": torch.stack([(places // 2**bit) % 2 for bit in range(6)], dim=1) * 2 - 1,
    "waves": torch.cat([angles.sin(), angles.cos()], dim=1),
    "learned": minilm.embeddings.position_embeddings.weight.detach()[1:65],
}
for name, one in tables.items():  # (positions, width), made equally long on average
    tables[name] = one / one.pow(2).sum(dim=1).mean().sqrt()

figure, grid = plt.subplots(2, 2, figsize=(6, 6))
for axes, (name, one) in zip(grid.flat, tables.items()):
    axes.imshow((one @ one.T).numpy(), cmap="Blues")
    axes.set_title(name)
    axes.set_xticks([0, 32, 63])
    axes.set_yticks([0, 32, 63])
plt.tight_layout()
plt.show()

# %% [markdown]
# ### Task 5: How uneven?
#
# *About 12 minutes.*
#
# Eyes are easily fooled by colors, so measure. All pairs of positions at distance $d$ lie on one diagonal of the matrix of dot products. On each diagonal, take the largest dot product minus the smallest. Write `unevenness(table)`, which returns the largest of these differences, over all distances. It is 0 if the dot product depends on the distance alone.

# %% task="unevenness"
def unevenness(table):  # (positions, width) → one number
    worst = ...  # your lines here
    # <solution>
    products = table @ table.T  # (positions, positions)
    worst = 0.0
    for distance in range(len(table)):
        diagonal = products.diagonal(distance)
        worst = max(worst, (diagonal.max() - diagonal.min()).item())
    # </solution>
    return worst


# %% check="unevenness"
def problem(unevenness):
    def circle(angles):
        angles = torch.tensor(angles)
        return torch.stack([angles.cos(), angles.sin()], dim=1)

    steps = [[0.0, 0.5, 1.0, 1.5, 2.0], [0.0, 0.1, 2.0]]
    even, uneven = map(circle, steps)
    lines = torch.tensor([[1.0], [2.0], [3.0]])
    number = unevenness(even)
    if isinstance(number, torch.Tensor) and number.numel() != 1:
        return f"One number is wanted, and you return a tensor of shape {tuple(number.shape)}."
    if isinstance(number, (list, tuple)):
        return f"One number is wanted, and you return a list of {len(number)}. Which one of them?"
    number = float(number)
    if number > 1e-3:
        return (
            f"Five points, one step apart on a circle: only the distance counts there, yet"
            f" your answer is {number:.2f} and not 0. Which pairs do you put side by side?"
        )
    if number < -1e-3:
        return f"You return {number:.2f}. Can largest minus smallest be negative?"
    number = float(unevenness(uneven))
    if abs(number) < 1e-3:
        return (
            "Three points with steps of 0.1 and 1.9 on a circle: neighbors are not equally"
            " near, yet your answer is 0. Which distances does your answer look at?"
        )
    right = abs(torch.tensor(0.1).cos() - torch.tensor(1.9).cos()).item()
    if abs(number - right) > 1e-3:
        return (
            f"Three points on a circle, whose neighbors have the dot products 1.00 and"
            f" −0.32: your answer is {number:.2f}. What is the largest minus the smallest?"
        )
    number = float(unevenness(lines))
    if abs(number - 8) > 1e-3:
        return (
            f"For the positions 1, 2, 3 as one number each, the dot products of distance 0"
            f" are 1, 4 and 9, but your answer is {number:.2f}. Is distance 0 among yours, and"
            " do you keep the worst?"
        )


if check(problem, unevenness):
    for name, one in tables.items():
        print(f"{name:11} {unevenness(one):.4f}")

# %% [markdown] hints="unevenness"
# First all dot products at once: which matrix product gives a matrix of positions by positions? Then look for a method of a tensor that returns one diagonal.
#
# ---
#
# `products.diagonal(distance)` holds all pairs at this distance. Loop over the distances from 0 to the last, take the maximum minus the minimum of each diagonal, and keep the largest.

# %% [markdown]
# Was your eye right? One of the four is exact, up to rounding. The learned table comes next, and nobody asked for that when MiniLM was trained.
#
# ### Does the order of the list matter?
#
# Now the model itself. We read a sentence with MiniLM, and say explicitly where each token stands: the library takes `position_ids`. Then we hand over the same tokens in a **shuffled** order.

# %%
def read(ids, positions):  # two vectors of whole numbers → (tokens, width)
    with torch.no_grad():
        output = minilm(input_ids=ids[None], position_ids=positions[None])
    return output.last_hidden_state[0]


sentence = "The robot watered the sunflowers because they were thirsty."
ids = wordpiece(sentence, return_tensors="pt").input_ids[0]  # (tokens)
in_order = torch.arange(len(ids))
states = read(ids, in_order)  # (tokens, width)

torch.manual_seed(1)
order = torch.randperm(len(ids))
shuffled = ids[order]
print("order   ", order.tolist())
print("shuffled", *words(shuffled.tolist()))

# %% [markdown]
# `order[0]` says which token of the sentence now stands first, and so on. Here is what happens if the model believes that the shuffled list is the sentence:

# %%
def cosine(one, other):
    return F.cosine_similarity(one.mean(dim=0), other.mean(dim=0), dim=0).item()


other = wordpiece("I have lost my key again.", return_tensors="pt").input_ids[0]
print(f"shuffled words   {cosine(states, read(shuffled, in_order)):.3f}")
print(f"another sentence {cosine(states, read(other, torch.arange(len(other)))):.3f}")

# %% [markdown]
# ### Task 6: Undo the shuffle
#
# *About 14 minutes.*
#
# Leave the tokens shuffled, and still make the model read the right sentence:
#
# - `positions`: a tensor with one whole number for each shuffled token, so that `read(shuffled, positions)` knows where each one belongs;
# - `back`: a tensor of places, so that `read(shuffled, positions)[back]` puts the vectors in the order of the sentence. It must equal `states` up to rounding.
#
# Calculate both from `order`. **Write down what you expect:** can it be exact? The model gets the tokens in a wrong order, after all, and has six layers to be confused by it.

# %% task="unshuffle"
positions, back = ..., ...
# <solution>
positions = order
back = order.argsort()
# </solution>

# %% check="unshuffle"
def problem(positions, back):
    names, wrong = words(shuffled.tolist()), words(ids.tolist())
    for name, value in {"positions": positions, "back": back}.items():
        if not isinstance(value, torch.Tensor):
            return f"{name} must be a tensor, but yours is a {type(value).__name__}."
        if value.shape != order.shape:
            return f"{name} must hold {len(order)} numbers, its shape is {tuple(value.shape)}."
        if sorted(value.tolist()) != list(range(len(order))):
            return f"{name} must hold each place from 0 to {len(order) - 1} once. Does it?"
    if torch.equal(positions, in_order):
        return (
            f"You give {names[0]!r} the position 0, because it comes first in the shuffled"
            " list. Where did it stand in the sentence?"
        )
    for name, place in zip(names, positions.tolist()):
        if wrong[place] != name:
            return (
                f"You give {name!r} the position {place}, but in the sentence {wrong[place]!r}"
                f" stands there. What does order[{names.index(name)}] tell you?"
            )
    got = read(shuffled, positions)
    if not torch.allclose(got[back], states, atol=1e-4):
        name = names[back[0].item()]
        return (
            f"The positions are right, but row 0 of your result is the vector of {name!r},"
            f" and it must be the one of {wrong[0]!r}. Where in the shuffled list is it?"
        )


unshuffle_right = check(problem, positions, back)
if unshuffle_right:
    largest = (read(shuffled, positions)[back] - states).abs().max().item()
    print(f"The largest difference in {states.numel()} numbers is {largest:.0e}.")

# %% [markdown] hints="unshuffle"
# `shuffled = ids[order]`, so `shuffled[i]` is token number `order[i]` of the sentence. Which position belongs to it? You need no loop.
#
# ---
#
# For `back`, you look for the opposite list: at which place of `order` is 0, at which place is 1, and so on? Sorting `order` would bring these places into a row. A tensor has a method that returns the places instead of the sorted values.

# %% [markdown]
# So the encoder is not confused by the order of the list at all. Attention is a weighted average, and everything else in a layer treats each token alone. The order of the words is in the position numbers, and **only** there.
#
# Then play with these numbers. The tokens stay as they are; the positions slide, stretch, run backward, or are all the same. **Write down what you expect:** sort the six lines of the next cell by their cosine with the original reading.

# %%
changes = {
    "slide by 1": in_order + 1,
    "slide by 100": in_order + 100,
    "… but [CLS] stays": torch.where(in_order == 0, 0, in_order + 100),
    "two apart": in_order * 2,
    "backward": in_order.flip(0),
    "all at 7": in_order * 0 + 7,
}
for name, changed in changes.items():
    print(f"{name:18}{cosine(states, read(ids, changed)):.3f}")

# %% [markdown]
# Were you surprised by the first line? Position 0 belongs to `[CLS]`: in training nothing else ever stood there, and `[CLS]` never stood anywhere else. A slide takes it away. Keep two more things in mind. An average of MiniLM says what a text is about, and that depends little on order. And look at the other sentence above again: that is what a low cosine looks like.
#
# ## Part 6: Other company
#
# Last disguise. The sentence keeps its cuts and its places, but it travels in a batch. Here is a tiny search engine: it embeds a question and some documents, and sorts the documents by their cosine with the question.

# %%
documents = [
    "Sunflowers need water every day in July.",
    "The robot has a new battery.",
    "Feed your dog twice a day.",
    "The train to Berlin leaves at nine.",
]
question = "How often should I water my plants?"


def careless(texts):  # a list of texts → (texts, width)
    batch = wordpiece(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        states = minilm(batch.input_ids).last_hidden_state  # (texts, tokens, width)
    return states.mean(dim=1)


def search(embed, documents):
    scores = F.cosine_similarity(embed(documents), embed([question]), dim=-1)
    for place in scores.argsort(descending=True).tolist():
        text = documents[place]
        print(f"{scores[place]:6.2f}  {text[:50]}{'…' if len(text) > 50 else ''}")


search(careless, documents)

# %% [markdown]
# It works. Now somebody adds a fifth document to the collection, a long one, about something else. **Write down what you expect:** what happens to the scores of the first four, which have not changed by a letter?

# %%
minutes = (
    "Minutes of the meeting of the housing association, held on the third of May. The roof"
    " of the second house will be repaired in autumn. The chair thanks the neighbors for"
    " their patience during the work on the stairs. The bicycles in the cellar must be"
    " marked with a name by the end of the month, or they will be given away. The costs of"
    " heating have risen again, and the board is looking for another supplier. The summer"
    " party takes place in the yard, and everybody brings a salad or a cake."
)
search(careless, documents + [minutes])

# %% [markdown]
# No error, no warning. The flowers have lost most of their score, and look who is second. The short documents are now mostly padding, and padding was read as text. `careless` deserves its name twice: it does not give the mask to the model, and it does not use it in the average. The first is mended by one argument; the second is your task.
#
# ### Task 7: The honest average
#
# *About 14 minutes.*
#
# Write `pool(states, mask)`. `states` has a vector for each token of each text; `mask` is 1 for a token and 0 for padding. Return for each text the average over its real tokens.

# %% task="pool"
def pool(states, mask):  # (texts, tokens, width), (texts, tokens) → (texts, width)
    average = ...  # your lines here
    # <solution>
    weights = mask[:, :, None].float()  # (texts, tokens, 1)
    average = (states * weights).sum(dim=1) / weights.sum(dim=1)
    # </solution>
    return average


# %% check="pool"
def problem(pool):
    states = torch.tensor([[[1.0, 2.0], [3.0, 6.0], [90.0, 90.0]], [[3.0, 3.0]] * 3])
    mask = torch.tensor([[1, 1, 0], [1, 1, 1]])
    average = pool(states, mask)
    if not isinstance(average, torch.Tensor):
        return f"pool must return a tensor, but yours returns a {type(average).__name__}."
    if average.shape != (2, 2):
        return (
            f"Two texts of width 2 must give the shape (2, 2), but yours is"
            f" {tuple(average.shape)}. Over which dimension do the tokens of a text run?"
        )
    if not torch.allclose(average[1], torch.tensor([3.0, 3.0])):
        return (
            "A text without padding, three times the vector (3, 3), must give (3, 3), but"
            f" yours gives {[round(x, 2) for x in average[1].tolist()]}. By what do you divide?"
        )
    first = average[0].tolist()
    if first[0] > 5:
        return (
            f"The tokens (1, 2) and (3, 6) and one padding vector of 90s: you get"
            f" {[round(x, 2) for x in first]}. How does the padding get into your average?"
        )
    if abs(first[0] - 4 / 3) < 1e-3:
        return (
            "The padding adds nothing to your sum, but you still count it: for (1, 2) and"
            f" (3, 6) you get {[round(x, 2) for x in first]}. How many real tokens are there?"
        )
    if not torch.allclose(average[0], torch.tensor([2.0, 4.0])):
        return (
            f"The tokens (1, 2) and (3, 6), then padding: you get"
            f" {[round(x, 2) for x in first]}. What is their average, by hand?"
        )


pool_right = check(problem, pool)

# %% [markdown] hints="pool"
# An average is a sum divided by a count. Multiply by the mask before you sum, so that padding adds nothing. What must you count?
#
# ---
#
# `states` has three dimensions and `mask` has two. Give the mask a third one at its end, `mask[:, :, None]`, and the product works for all columns. Then sum over the tokens, and divide by the sum of the mask over the tokens.

# %%
def careful(texts):  # a list of texts → (texts, width)
    batch = wordpiece(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        states = minilm(**batch).last_hidden_state  # with the mask
    return pool(states, batch.attention_mask)


if pool_right:
    search(careful, documents)
    print()
    search(careful, documents + [minutes])

# %% [markdown]
# Compare the two lists. Are the first four scores the same now, whoever travels with them? That is a test worth having wherever texts are embedded: **the same text, alone and in company, must give the same vector**.
#
# ## Part 7: Open task
#
# **Make a tokenizer for something that is not English prose, and judge it.** Chess games, recipes, melodies, the chat of your family, program code, the names of chemical compounds, your first language. You need a few thousand characters to learn from, and a part that you keep aside.
#
# Here is a start with three famous games of chess. Two are for learning, the third is kept aside.

# %%
opera = (  # Morphy against two amateurs, Paris 1858
    "e4 e5 Nf3 d6 d4 Bg4 dxe5 Bxf3 Qxf3 dxe5 Bc4 Nf6 Qb3 Qe7 Nc3 c6 Bg5 b5 Nxb5 cxb5 Bxb5+"
    " Nbd7 O-O-O Rd8 Rxd7 Rxd7 Rd1 Qe6 Bxd7+ Nxd7 Qb8+ Nxb8 Rd8#"
)
immortal = (  # Anderssen against Kieseritzky, London 1851
    "e4 e5 f4 exf4 Bc4 Qh4+ Kf1 b5 Bxb5 Nf6 Nf3 Qh6 d3 Nh5 Nh4 Qg5 Nf5 c6 g4 Nf6 Rg1 cxb5"
    " h4 Qg6 h5 Qg5 Qf3 Ng8 Bxf4 Qf6 Nc3 Bc5 Nd5 Qxb2 Bd6 Bxg1 e5 Qxa1+ Ke2 Na6 Nxg7+ Kd8"
    " Qf6+ Nxf6 Be7#"
)
evergreen = (  # Anderssen against Dufresne, Berlin 1852
    "e4 e5 Nf3 Nc6 Bc4 Bc5 b4 Bxb4 c3 Ba5 d4 exd4 O-O d3 Qb3 Qf6 e5 Qg6 Re1 Nge7 Ba3 b5"
    " Qxb5 Rb8 Qa4 Bb6 Nbd2 Bb7 Ne4 Qf5 Bxd3 Qh5 Nf6+ gxf6 exf6 Rg8 Rad1 Qxf3 Rxe7+ Nxe7"
    " Qxd7+ Kxd7 Bf5+ Ke8 Bd7+ Kf8 Bxe7#"
)
chess = bpe.train_new_from_iterator([opera, immortal], vocab_size=330, show_progress=False)
moves = len(evergreen.split())
for name, tokenizer in {"ours": chess, "SmolLM2's": bpe}.items():
    tokens = tokenizer.tokenize(evergreen)
    print(f"{name:10}{len(tokens) / moves:.2f} tokens a move  {' '.join(tokens[:24])}")

seen = set(opera.split() + immortal.split())
unknown = sum(move not in seen for move in evergreen.split())
print(f"one token a move: {unknown} of {moves} moves would be unknown")

# %% [markdown]
# **Hand in** a page with your texts, your numbers and your verdict. A good answer
#
# - measures on the part kept aside, not on what was learned from;
# - compares with two others or more: letters or bytes alone, SmolLM2's tokenizer, one token for each unit (a move, a word, an ingredient) and what is then unknown;
# - tries several sizes of the vocabulary, and says where more merges stop helping;
# - counts how often each learned piece occurs: how much could its row of the embedding table learn?
# - shows ten pieces and says which ones mean something in your field (a square, a phrase, a measure) and which cut across it;
# - checks that each text comes back unchanged from its ids;
# - changes one rule before the merges, such as where cuts are allowed, and tells what that did.
#
# A low count alone is no verdict: with one token for each whole text, you win that game, and any new text is unknown.
#
# ## What you have seen
#
# - One text has many lists of ids, and a model knows only the cut that it was trained on. In our prompt, a space at the end was enough to throw it off.
# - BPE finds what repeats, in words or in music. Which texts it learned from decides who pays how many tokens.
# - Calculating with rows of the table works for some families of words. Without a baseline you cannot know for which.
# - An encoder does not see the order of its list. It sees position numbers, and you can give it any you like.
# - A text must not change when others travel with it. If it does, look for a forgotten mask.
#
# **Go on** with [self-attention](../self_attention.md): there the vectors begin to look at each other, and you will see why the order of the list did not matter.
