"""What the chapter on input representation claims, checked on the real models."""

import json
import math
import random
import re
import runpy
import unicodedata
from collections import Counter
from itertools import pairwise, product
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer, models
from tokenizers.implementations import BertWordPieceTokenizer
from tokenizers.pre_tokenizers import ByteLevel
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoTokenizer,
    GPT2Config,
    GPT2Model,
)

from snippets.shared.translator import Translator

CHAPTER = "input_representation"
RUNNING = "The robot watered the sunflowers because they were thirsty."
STORY = Path(f"snippets/{CHAPTER}/garden.txt")


@pytest.fixture(scope="module")
def tokenizers():
    names = {"WordPiece": "minilm", "BPE": "smollm2", "Unigram": "en-pt"}
    return {k: AutoTokenizer.from_pretrained(f"models/{v}") for k, v in names.items()}


@pytest.fixture(scope="module")
def minilm():
    return AutoModel.from_pretrained("models/minilm").eval()


@pytest.fixture(scope="module")
def snippet(book):
    """snippet("idea") → the names that the snippet defines, functions too."""
    return lambda idea: runpy.run_path(f"snippets/{CHAPTER}/{idea}.py")


def invented_words(count=400):
    """Words that no vocabulary holds whole, spelled at random but the same each time."""
    draw = random.Random(0)
    letters = "etaoinshrdlucmwfgypbvk"
    return ["".join(draw.choices(letters, k=draw.randint(2, 14))) for _ in range(count)]


def test_four_steps(says, values, printed, tokenizers, minilm):
    says(
        "{{ input_representation/four_steps.letters }} characters.",
        "the text cut into {{ input_representation/four_steps.count }} units.",
        "{{ input_representation/four_steps.width }} numbers for each id.",
        "Nothing here knows where a word stands.",
    )
    text = printed(f"{CHAPTER}/four_steps")
    ids = tokenizers["WordPiece"](RUNNING, add_special_tokens=False).input_ids
    assert [int(x) for x in re.findall(r"^\S+ +(\d+)  \[", text, re.M)] == ids
    assert values(f"{CHAPTER}/four_steps").count == len(ids)
    assert values(f"{CHAPTER}/four_steps").width == minilm.config.hidden_size
    assert re.findall(r"^the .*$", text, re.M)[0] == re.findall(r"^the .*$", text, re.M)[1]
    assert "sun " in text and "##flower" in text and "##s " in text
    says("It is a set of rules, made before the model, and training never changes it.")
    assert not isinstance(tokenizers["WordPiece"], torch.nn.Module), "no part of the model"
    trained = dict(minilm.named_parameters())
    assert trained["embeddings.word_embeddings.weight"].requires_grad
    assert not [name for name in trained if "token" in name and "token_type" not in name]
    assert values(f"{CHAPTER}/four_steps").letters == len(RUNNING)


def test_the_wrong_tokenizer_raises_nothing(says, values, printed, tokenizers):
    says(
        "no error tells you, as long as all ids are rows of its table:",
        "It would cost less, but the model reads [words that nobody "
        "wrote](#four-things-three-steps).",
    )
    found = values(f"{CHAPTER}/wrong_tokenizer")
    assert found.highest < found.rows
    read = printed(f"{CHAPTER}/wrong_tokenizer").split("\n")[3]
    assert "robot" not in read and "sunflower" not in read
    says("The last line of words is what SmolLM2 would read if you gave it the ids of MiniLM's")
    ids = tokenizers["WordPiece"](RUNNING, add_special_tokens=False).input_ids
    assert tokenizers["BPE"].decode(ids).strip() == read.strip()


def test_the_same_size_but_other_numbers(says, tokenizers, minilm):
    says(
        "You train a new tokenizer, with a vocabulary of the same size, and use it with a model "
        "that is already trained.",
        "The same results, since the table has a row for each id.",
        "That is why there is no error.",
        "But each row was trained [for another token](#four-things-three-steps).",
        "Better results, if the new one makes fewer tokens.",
        "Every id below the number of rows [is a row]",
    )
    order = torch.randperm(len(tokenizers["WordPiece"]), generator=torch.manual_seed(0))
    texts = [RUNNING, "The plants got water from a machine.", "My train was late again."]
    means = {}
    for way in ("its own", "another"):
        for text in texts:
            ids = tokenizers["WordPiece"](text, return_tensors="pt").input_ids
            ids = ids if way == "its own" else order[ids]
            with torch.no_grad():  # no error
                means[way, text] = minilm(input_ids=ids).last_hidden_state[0].mean(0)

    def cosine(text, other, way, other_way):
        return F.cosine_similarity(means[way, text], means[other_way, other], dim=0)

    assert all(cosine(t, t, "its own", "another") < 0.5 for t in texts), "other results"
    like, unlike = (cosine(texts[0], text, "its own", "its own") for text in texts[1:])
    assert like > unlike + 0.2, "the meaning counts"
    like, unlike = (cosine(texts[0], text, "another", "another") for text in texts[1:])
    assert like < unlike + 0.2, "and is lost"


def test_words_pieces_letters(says, tokenizers):
    says(
        "one that is not in the list would be lost.",
        "Then every sentence is several times longer, and the number of "
        "[attention](glossary.md#attention) weights grows with the square of the length.",
        "a model does not see the letters of a word",
    )
    known = tokenizers["WordPiece"].get_vocab()
    words = set(re.findall(r"[a-z]+", STORY.read_text("utf-8").lower()))
    assert "sunflowers" in words - set(known), "even of so many"
    listed = Tokenizer(models.WordLevel({"[UNK]": 0, "robot": 1, "sun": 2}, unk_token="[UNK]"))
    assert listed.encode("robot").tokens == ["robot"]
    assert listed.encode("sunflowers").tokens == ["[UNK]"], "lost"
    for sentence in STORY.read_text("utf-8").replace("\n", " ").split(". ")[:-1]:
        pieces = tokenizers["WordPiece"].tokenize(sentence)
        assert len(sentence) / len(pieces) > 3, sentence
    model = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
    sizes = []
    for text in ("sun " * 8, "sun " * 18):  # with [CLS] and [SEP] 10 and 20 tokens
        with torch.no_grad():
            inputs = tokenizers["WordPiece"](text, return_tensors="pt")
            sizes.append(model(**inputs, output_attentions=True).attentions[0].numel())
    assert sizes[1] == 4 * sizes[0]
    robot, robots = (known[word] for word in ("robot", "robots"))
    assert abs(robot - robots) > 1000, "two ids, and nothing in them of the letters"


def test_three_tokenizers(says, values, printed, tokenizers):
    says(
        "SmolLM2 spells every digit.",
        "The Portuguese sentence costs Unigram {{ "
        "input_representation/three_tokenizers.unigram_portuguese }}",
        "and yet it cuts *girassóis* into four.",
    )
    table = printed(f"{CHAPTER}/three_tokenizers")
    found = values(f"{CHAPTER}/three_tokenizers")
    lines = table.splitlines()
    for line, following in zip(lines, [lines[i : i + 4] for i in range(len(lines))]):
        if text := re.match(r"\| \| \*\*(.*)\*\* \|", line):
            for row in following[1:]:
                family, tokens, count = row.strip("| ").split(" | ")
                tokenizer = tokenizers[family]
                ids = tokenizer(text[1], add_special_tokens=False).input_ids
                assert re.findall(r"`(\S+)`", tokens) == tokenizer.convert_ids_to_tokens(ids)
                assert int(count) == len(ids)
    assert found.unigram_portuguese < found.bpe_portuguese == found.wordpiece_portuguese
    says(
        "The others cut `1234567` into pieces that have nothing to do with thousands, and their "
        "lengths differ."
    )
    for family in ("WordPiece", "Unigram"):
        cut = [x.strip("#▁") for x in tokenizers[family].tokenize("1234567")]
        assert "".join(cut) == "1234567" and cut != ["1", "234", "567"], family
        assert len({len(piece) for piece in cut}) > 1, family
    digits = tokenizers["BPE"].tokenize("1234567")
    assert digits == list("1234567")
    assert len(tokenizers["Unigram"].tokenize("girassóis")) == 4


def test_bpe_bytes_are_never_unknown(says, tokenizers):
    says(
        "Byte-level BPE starts from bytes, and every character is made of bytes; those of these two"
        " are all in its vocabulary, so nothing here is unknown."
    )
    tokenizer = tokenizers["BPE"]
    for text in ["🌻", "向日葵", "рóбот\n\t  x", "\u200d\u0301", "💧" * 5]:
        assert tokenizer.decode(tokenizer(text).input_ids) == text
    vocabulary = tokenizer.get_vocab()
    assert sum(symbol in vocabulary for symbol in set("".join(vocabulary))) <= 256


def test_byte_level_is_no_promise(says, values, tokenizers):
    """Every character of Unicode, by its bytes; and those that vanish, one by one."""
    says(
        "But “byte-level” is no promise: SmolLM2's vocabulary lacks {{"
        " input_representation/round_trip.missing }} of the {{"
        " input_representation/round_trip.all_bytes }} bytes. Fifteen of these stand in no character"
        " that Unicode has given out; the other six are control characters, and such a one vanishes,"
        " without `[UNK]` and without an error.",
        "A vocabulary that holds all 256 bytes has no unknown character.",
    )
    found, tokenizer = values(f"{CHAPTER}/round_trip"), tokenizers["BPE"]
    lacking = set(ByteLevel.alphabet()) - set(tokenizer.get_vocab())
    assert (found.missing, found.all_bytes) == (len(lacking), 256) == (6 + 15, 256)
    cut, signs = ByteLevel(add_prefix_space=False, use_regex=False), {}
    for number in range(0x110000):
        letter = chr(number)
        if unicodedata.category(letter) in ("Cn", "Cs"):  # not given out, or half a pair
            continue
        if new := set(letter.encode()) - signs.keys():
            [(shown, _)] = cut.pre_tokenize_str(letter)
            signs |= {byte: sign for byte, sign in zip(letter.encode(), shown) if byte in new}
    lost = [byte for byte, sign in signs.items() if sign in lacking]
    assert len(lost) == 6, "so the other fifteen stand in no character"
    for byte in lost:
        assert unicodedata.category(chr(byte)) == "Cc", "a control character"
        ids = tokenizer("a" + chr(byte) + "b").input_ids
        assert tokenizer.decode(ids) == "ab" and not set(ids) & set(tokenizer.all_special_ids)


def test_round_trip(says, values, tokenizers):
    says(
        "Only the byte-level tokenizer returned all four texts.",
        "WordPiece changed all four, Unigram two.",
        "But a model that writes cannot give back what its tokenizer has lost.",
    )
    found = values(f"{CHAPTER}/round_trip")
    assert (found.lost_wordpiece, found.lost_bpe, found.lost_unigram) == (4, 0, 2)
    special = set(tokenizers["WordPiece"].all_special_tokens)
    pieces = set(tokenizers["WordPiece"].get_vocab()) - special
    assert not [piece for piece in pieces if "T" in piece or "R" in piece], "no capitals at all"
    assert not [piece for piece in tokenizers["Unigram"].get_vocab() if "🌻" in piece]
    assert tokenizers["WordPiece"].decode(
        tokenizers["WordPiece"]("🌻", add_special_tokens=False).input_ids
    ) == "[UNK]"  # fmt: skip


def test_merges_by_hand(says, values, printed):
    says(
        "The corpus is `sun` four times, `sunny` three times, `run` twice and `runner` once.",
        "Join the most frequent pair into a new piece.",
        "The pair `u n` is in every word:",
        "4 + 3 + 2 + 1 = 10 times.",
        "Now `s un` occurs 7 times and `r un` 3 times.",
        "Three pairs now occur 3 times each:",
        "BPE: join the most frequent pair",
        "Pairs never cross a space.",
        "The training stops when no pair occurs twice.",
    )
    text = printed(f"{CHAPTER}/train_bpe")
    found = re.findall(r"^ *(\S+) \+ (\S+) +→ \S+ +(\d+) times(?:, (\d) tied)?$", text, re.M)
    assert found == [
        ("u", "n", "10", ""),
        ("s", "un", "7", ""),
        ("n", "y", "3", "3"),
        ("r", "un", "3", "2"),
        ("sun", "ny", "3", ""),
    ]
    assert "run n e r" in text
    assert values(f"{CHAPTER}/train_bpe").merges_tiny == 5
    corpus = {"sun": 4, "sunny": 3, "run": 2, "runner": 1}
    assert Counter(values(f"{CHAPTER}/train_bpe").tiny.split()) == corpus
    assert all("un" in word for word in corpus)
    pairs = Counter()
    for word, count in corpus.items():
        for pair in zip(word, word[1:]):
            pairs[pair] += count
    assert max(pairs, key=pairs.get) == ("u", "n") and pairs["u", "n"] == 10, "the most frequent"
    across = Counter(pair for pair in zip("sun" * 4, ("sun" * 4)[1:]))
    assert across["n", "s"] > 2 and ("n", "s") not in [one[:2] for one in found]
    left = Counter()
    for line in text.splitlines():
        if "run n e r" in line:
            for word, (_, count) in zip(re.split(r" {3}", line), corpus.items(), strict=True):
                for pair in zip(word.split(), word.split()[1:]):
                    left[pair] += count
    assert left and max(left.values()) < 2, "no pair occurs twice"


def test_our_trainer_is_the_library_s(says, values, snippet):
    says(
        "The same {{ input_representation/train_bpe.merges_tiny }} merges come out of the "
        "`tokenizers`",
        "So do all {{ input_representation/train_bpe.merges_story }} merges on a longer text",
    )
    found = values(f"{CHAPTER}/train_bpe")
    assert found.same_tiny and found.same_story and found.merges_story > 100
    ours = snippet("train_bpe")
    # Words with repeated letters: overlapping pairs, and ties without end.
    draw = random.Random(1)
    for _ in range(20):
        words = ["".join(draw.choices("abc", k=draw.randint(1, 8))) for _ in range(60)]
        merges, _ = ours["train"](Counter(words), steps=500)
        theirs = ours["library"](" ".join(words), size=500)
        assert [merge[:2] for merge in merges] == theirs


def test_the_segmentation_is_the_library_s(snippet):
    from tokenizers import pre_tokenizers, trainers

    ours = snippet("train_bpe")
    counts = Counter(STORY.read_text("utf-8").split())
    _, words = ours["train"](counts, steps=1000)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.BpeTrainer(vocab_size=1000, min_frequency=2, show_progress=False)
    tokenizer.train_from_iterator([STORY.read_text("utf-8")], trainer)
    assert {word: tokenizer.encode(word).tokens for word in counts} == words


def test_apply_bpe(says, values, snippet, tokenizers):
    says(
        "in `Ġhel iot rop ism` above it did not",
        "SmolLM2 learned {{ input_representation/apply_bpe.merges_known:,}} of them.",
    )
    assert tokenizers["BPE"].tokenize(" heliotropism") == ["Ġhel", "iot", "rop", "ism"]
    assert values(f"{CHAPTER}/apply_bpe").same
    cut = snippet("apply_bpe")["cut"]
    for word in invented_words():
        assert cut("Ġ" + word) == tokenizers["BPE"].tokenize(" " + word)
    assert cut("Ġsunflowers") == ["Ġsun", "flowers"]
    learned = json.loads(tokenizers["BPE"].backend_tokenizer.to_str())["model"]["merges"]
    assert len(learned) == values(f"{CHAPTER}/apply_bpe").merges_known
    says(
        "`flow ers` came after {{ input_representation/apply_bpe.before_flowers:,}} others.",
        "BPE saw counts and no meanings.",
    )
    pairs = [tuple(pair.split() if isinstance(pair, str) else pair) for pair in learned]
    assert pairs.index(("flow", "ers")) == values(f"{CHAPTER}/apply_bpe").before_flowers
    assert pairs.index(("e", "r")) < 100, "an old one"


def test_more_merges_fewer_tokens(says, values, printed, snippet):
    says(
        "help the new sentences only about half as much as the old ones",
        "From letters to the last training, the count falls from",
    )
    pairs = re.findall(r": ([\d.]+) .*, ([\d.]+) new", printed(f"{CHAPTER}/vocabulary_size"))
    seen, unseen = ([float(x) for x in line] for line in zip(*pairs))
    gaps = [b - a for a, b in zip(seen, unseen)]
    assert seen == sorted(seen, reverse=True) and unseen == sorted(unseen, reverse=True)
    assert all(gap > 0 for gap in gaps) and gaps[-1] == max(gaps)
    says(
        "and from 30 merges on the gap widens.",
        "and each is at most as frequent as the one before it.",
    )
    assert gaps[2:] == sorted(gaps[2:])
    merges, _ = snippet("train_bpe")["train"](Counter(STORY.read_text("utf-8").split()), 1000)
    counts = [count for _, _, count, _ in merges]
    assert counts == sorted(counts, reverse=True)
    found = values(f"{CHAPTER}/vocabulary_size")
    assert found.seen < found.unseen < found.from_letters
    assert found.size == 150 and len(seen) == 6, "the last step is from 100 to 150"
    assert 0.4 < (unseen[-2] - unseen[-1]) / (seen[-2] - seen[-1]) < 0.7


def test_longest_match(says, values, snippet, tokenizers):
    says(
        "To cut a word, it takes the longest piece that the word starts with, then does the same",
        "the greedy rule takes `suns`, because it is longer than `sun`, and must go on with",
    )
    assert values(f"{CHAPTER}/longest_match").same
    cut = snippet("longest_match")["cut"]
    for word in [*invented_words(), "sun🌻", "🌻"]:
        assert cut(word) == tokenizers["WordPiece"].tokenize(word), word
    assert cut("sunscreen") == ["suns", "##creen"]
    assert cut("sun🌻") == ["[UNK]"]


def test_best_path(says, values, snippet, tokenizers):
    says(
        "Here `replanted` is cut at its seams. The longest match, over the same pieces, takes `▁rep`, "
        "because it is longer than `▁re`, and must go on with `lan`. The best product looks ahead; the "
        "longest match does not.",
        "Still, they cut only {{ input_representation/best_path.differ }} of the words differently",
        "`sunscreen` falls apart at its seam by either rule here, for this vocabulary has no `▁suns`.",
        "The best cut of the first $e$ letters ends with some last piece; what stands before "
        "that piece must be cut in the best way too.",
        "So we need only the best score $b$ for each beginning of the word:",
    )
    assert values(f"{CHAPTER}/best_path").same
    cut = snippet("best_path")["cut"]
    for word in ("▁sunflowers", "▁replanted", "▁heliotropism"):
        pieces, _ = cut(word)
        for many in range(1, len(pieces)):
            assert cut("".join(pieces[:many]))[0] == pieces[:many], "each beginning, too"
    for word in invented_words():
        assert cut("▁" + word)[0] == tokenizers["Unigram"].tokenize(word), word
    longest_first, scores = snippet("best_path")["longest_first"], snippet("best_path")["scores"]
    assert cut("▁replanted")[0] == ["▁re", "plant", "ed"]
    assert longest_first("▁replanted") == ["▁rep", "lan", "ted"], "which looks no further than rep"
    assert cut("▁sunscreen")[0] == longest_first("▁sunscreen") == ["▁sun", "screen"]
    assert "▁suns" not in scores and {"▁re", "▁rep"} <= scores.keys()
    found = values(f"{CHAPTER}/best_path")
    assert 0 < found.differ < found.words_checked / 10, "only a few"


def test_three_ways_to_cut(says, snippet, tokenizers):
    says(
        "BPE replays its merges, WordPiece takes the longest match, Unigram takes the best "
        "product."
    )
    rank = snippet("apply_bpe")["rank"]
    for word in ("Ġ" + word for word in invented_words(20)):
        pieces = list(word)
        for left, right in sorted(rank, key=rank.get):  # once through the list, oldest first
            if left + right in word:
                for i in range(len(pieces) - 1):
                    if pieces[i : i + 2] == [left, right]:
                        pieces[i : i + 2] = [left + right]
        assert pieces == tokenizers["BPE"].tokenize(word.replace("Ġ", " ")), word
    longest = snippet("longest_match")
    for word in invented_words(50):
        first = longest["cut"](word)[0]
        known = [word[:n] for n in range(1, len(word) + 1) if word[:n] in longest["vocabulary"]]
        assert first == max(known, key=len), word
    path = snippet("best_path")
    for word in ("▁" + word for word in invented_words(40) if len(word) < 9):
        products = []
        for marks in product(["", " "], repeat=len(word) - 1):
            cut = "".join(a + b for a, b in zip(word, (*marks, ""))).split()
            products.append(sum(path["scores"].get(piece, -math.inf) for piece in cut))
        assert path["cut"](word)[1] == pytest.approx(max(products)), word


def test_few_pieces_mostly_win(says, values, snippet):
    says(
        "A piece more costs a factor more, and of the {{ input_representation/best_path.words_checked }} "
        "words that the next program cuts, {{ input_representation/best_path.fewest }} get as few pieces "
        "as can be;"
    )
    path = snippet("best_path")
    cut, scores = path["cut"], path["scores"]
    best_few = 0
    words = sorted(set(re.findall(r"[A-Za-z]+", STORY.read_text("utf-8"))))
    words += [word + end for word in words for end in ("less", "ish", "ification")]
    for word in ("▁" + word for word in words):
        fewest = [0] + [math.inf] * len(word)
        for end in range(1, len(word) + 1):
            for start in range(end):
                if word[start:end] in scores:
                    fewest[end] = min(fewest[end], fewest[start] + 1)
        best_few += len(cut(word)[0]) == fewest[-1]
    left = values(f"{CHAPTER}/best_path")
    assert (left.words_checked, left.fewest) == (len(words), best_few)
    assert best_few > 0.9 * len(words)


def test_all_cuts_agree_with_viterbi(says, values, snippet):
    says(
        "Unigram: the best product",
        "Four rows of boxes, the four best cuts of sunflowers.",
        "The first row, sun, flower, s, has the highest sum and is filled.",
        "Unigram looks at all ways to cut a word and takes the best.",
        "The winner is {{ input_representation/all_cuts.times_better:.0f}} times more probable",
        "but `flow ers` has as many pieces as `flower s`, and loses because `s` alone is so "
        "frequent.",
    )
    found, ours = values(f"{CHAPTER}/all_cuts"), snippet("all_cuts")
    pieces, score = snippet("best_path")["cut"]("▁sunflowers")
    assert ours["cuts"][0][1] == pieces == ["▁sun", "flower", "s"]
    assert math.isclose(ours["cuts"][0][0], score)
    assert ours["cuts"][1][1] == ["▁sun", "flow", "ers"]
    assert ours["scores"]["s"] > max(ours["scores"][p] for p in ("flow", "flower", "ers"))
    assert found.possible < found.ways == 2**10
    totals = [total for total, _ in ours["cuts"]]
    assert totals == sorted(totals, reverse=True) and len(totals) == found.possible
    assert "in enumerate(cuts[:4])" in Path(f"snippets/{CHAPTER}/all_cuts.py").read_text("utf-8")
    assert found.times_better > 10
    gap = math.exp(ours["cuts"][0][0] - ours["cuts"][1][0])
    assert math.isclose(gap, found.times_better)


def test_the_numbers_of_all_cuts_can_be_read_on_a_phone(book):
    drawn = book.output(f"{CHAPTER}/all_cuts", "svg").read_text("utf-8")
    sizes = [float(size) for size in re.findall(r"font-size: ([\d.]+)px", drawn)]
    assert len(sizes) > 20 and min(sizes) >= 8  # a phone shows them a little larger


def test_languages(says, values, snippet, tokenizers):
    says(
        "Per word Greek is dearest",
        "Greek is left in pieces of about one letter each: of SmolLM2's {{ "
        "input_representation/languages.size:,}} tokens, {{ "
        "input_representation/languages.with_greek }} hold two Greek letters or more, and {{ "
        "input_representation/languages.with_latin:,}} hold two Latin ones.",
        "It tells what a text costs, and why more in one language than in another; why a model",
        "Here is the same sentence in eight languages.",
        "English needs the fewest per word, Greek the most.",
        "For SmolLM2 the same sentence costs {{ "
        "input_representation/languages.hindi_times:.1f}} times",
        "in the Unigram column, Greek looks cheap because each word has become an unknown token.",
        "Hindi in WordPiece is worse than it looks too, because this tokenizer drops accents",
    )
    found = values(f"{CHAPTER}/languages")
    ours = snippet("languages")
    cost = {language: ours["cost"]["BPE", language] for language in ours["sentences"]}
    assert min(cost, key=cost.get) == "English" and max(cost, key=cost.get) == "Greek"
    greek = ours["sentences"]["Greek"]
    tokens = {k: len(tokenizers["BPE"].tokenize(v)) for k, v in ours["sentences"].items()}
    assert max(tokens, key=tokens.get) == "Hindi", "of the whole sentence"
    assert math.isclose(found.hindi_times, tokens["Hindi"] / tokens["English"])
    assert math.isclose(found.greek_times, tokens["Greek"] / tokens["English"])
    assert 0.9 < tokens["Greek"] / sum(map(str.isalpha, greek)) < 1.2, "a letter a piece"
    ids = tokenizers["Unigram"](greek).input_ids
    assert ids.count(tokenizers["Unigram"].unk_token_id) == len(greek.split())
    normalizer = tokenizers["WordPiece"].backend_tokenizer.normalizer
    assert len(normalizer.normalize_str("सूरजमुखी")) < len("सूरजमुखी")
    assert len(ours["sentences"]) == 8
    assert found.size == 49152
    texts = [tokenizers["BPE"].decode([i]) for i in range(found.size)]
    greek = [text for text in texts if len(re.findall("[\u0370-\u03ff]", text)) >= 2]
    assert len(greek) == found.with_greek < 100 < found.with_latin / 100


def test_special_tokens(says, values, printed, tokenizers):
    says(
        "{{ input_representation/special_tokens.separators_typed }} separators where you "
        "expect one.",
        "See which ones each tokenizer adds by itself, and which ones it only knows.",
        "Its decoder writes the same token when it is done.",
        "With a chat model, a user can fake the end of a turn that way.",
        "it then cuts `[SEP]` like any other text, as the last line shows.",
        "(It adds its own all the same.) Check that this helps with your tokenizer: with the translator's, "
        "a typed `</s>` is the real one even so, for the rules that cut words know it as a piece.",
        "on a whole chat it cuts the marks of the turns as well.",
        "- SmolLM2 adds nothing.",
    )
    text = printed(f"{CHAPTER}/special_tokens")
    assert "models/minilm: [CLS] the robot [SEP]" in text
    assert "smollm2: The Ġrobot\n" in text
    assert "en-pt: ▁The ▁robot </s>" in text
    found = values(f"{CHAPTER}/special_tokens")
    assert (found.separators_typed, found.separators_split) == (2, 1)
    for tokenizer in tokenizers.values():
        assert all(f"  {token}\n" in text for token in tokenizer.all_special_tokens), "known"
    assert tokenizers["BPE"]("The robot").input_ids == tokenizers["BPE"](
        "The robot", add_special_tokens=False
    ).input_ids  # fmt: skip
    model = Translator.from_pretrained("models/en-pt")
    inputs = tokenizers["Unigram"]("The robot", return_tensors="pt", return_token_type_ids=False)
    assert model.generate(**inputs, max_new_tokens=20)[0, -1] == tokenizers["Unigram"].eos_token_id
    typed = tokenizers["Unigram"]("I type </s> myself.", split_special_tokens=True).input_ids
    assert typed.count(tokenizers["Unigram"].eos_token_id) == 2
    rules = tokenizers["Unigram"].backend_tokenizer.model
    assert [piece.value for piece in rules.tokenize("</s>")] == ["</s>"]
    chat = [{"role": "user", "content": "Hi<|im_end|>"}]
    ids = tokenizers["BPE"].apply_chat_template(chat, return_dict=True)["input_ids"]
    plain = [{"role": "user", "content": "Hi"}]
    true = tokenizers["BPE"].apply_chat_template(plain, return_dict=True)["input_ids"]
    end = tokenizers["BPE"].convert_tokens_to_ids("<|im_end|>")
    split = {"split_special_tokens": True}
    cut = tokenizers["BPE"].apply_chat_template(plain, return_dict=True, tokenizer_kwargs=split)["input_ids"]
    assert end in true and end not in cut, "the turns are lost"
    assert ids.count(end) == true.count(end) + 1, "a faked end"


def test_padding(says, values, printed, tokenizers):
    says(
        "With the mask, the short sentence gets the same vectors as alone, up to rounding.",
        "The `attention_mask` says which tokens are real (1) and which only fill (0).",
        "attention gives the zeros no weight",
        "Nothing: the model gave the padding no weight.",
        "But each `[PAD]` has a row of its own in the output",
        "Each sentence keeps [its own row](#padding-and-the-mask) of the batch; only the filling "
        "is shared.",
    )
    found = values(f"{CHAPTER}/padding")
    assert found.same_with_mask and found.without_mask > 0.1
    assert printed(f"{CHAPTER}/padding").splitlines()[0].count("[PAD]") == 8
    texts = ["The robot slept.", RUNNING]
    batch = tokenizers["WordPiece"](texts, padding=True, return_tensors="pt")
    pads = batch.input_ids == tokenizers["WordPiece"].pad_token_id
    assert torch.equal(batch.attention_mask == 0, pads)
    model = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
    with torch.no_grad():
        together = model(**batch, output_attentions=True)
        alone = [model(**tokenizers["WordPiece"](t, return_tensors="pt"))[0][0] for t in texts]
    for weights in together.attentions:  # (texts, heads, tokens, tokens)
        assert weights[0, :, :, pads[0]].max() == 0, "no weight"
    states = together.last_hidden_state
    assert states.shape[:2] == pads.shape, "a row for each [PAD]"
    for own, state in zip(alone, states):
        assert torch.allclose(own, state[: len(own)], atol=1e-4), "a text, a row"
    plain = F.cosine_similarity(states[0].mean(0), alone[0].mean(0), dim=0)
    assert plain < 0.99, "and the plain mean takes them"


def test_padding_in_front(says, values, tokenizers, minilm):
    """On sentences of the news: the mean, as a search would take it, with the mask used twice."""
    says(
        "The mask is not enough if the padding stands in *front*, where [decoders want it]"
        "(hugging_face.md#batches-padding-and-the-mask). MiniLM counts its [positions]"
        "(#a-learned-table) from the first place of the row, so each word gets the vector of a later"
        " position: the largest change is {{ input_representation/padding.left_change:.1f}}. Count"
        " from the first real token, and the vectors are those of the text alone.",
        "With absolute positions it stands behind the text, or they are counted from the text's first"
        " token.",
    )
    torch.manual_seed(0)  # a decoder with a table of positions: the same two ways out
    gpt2 = GPT2Model(GPT2Config(n_layer=2, n_head=2, n_embd=32, vocab_size=50)).eval()
    text, padding = torch.randint(1, 50, (1, 6)), torch.zeros(1, 4, dtype=torch.long)
    ones, zeros = torch.ones_like(text), torch.zeros_like(padding)
    before = {"input_ids": torch.cat([padding, text], 1), "attention_mask": torch.cat([zeros, ones], 1)}
    behind = {"input_ids": torch.cat([text, padding], 1), "attention_mask": torch.cat([ones, zeros], 1)}
    counted = (before["attention_mask"].cumsum(1) - 1).clamp(min=0)
    with torch.no_grad():
        alone = gpt2(text).last_hidden_state
        assert torch.allclose(gpt2(**behind).last_hidden_state[:, :6], alone, atol=1e-5)
        assert not torch.allclose(gpt2(**before).last_hidden_state[:, 4:], alone, atol=1e-2)
        moved = gpt2(**before, position_ids=counted).last_hidden_state[:, 4:]
        assert torch.allclose(moved, alone, atol=1e-5)
    found = values(f"{CHAPTER}/padding")
    assert found.same_moved and found.left_change > 0.3
    news = Path("models/rated-sentences/news.tsv").read_text("utf-8").splitlines()[:400:20]
    cosines = {"left": [], "right": [], "counted": []}
    for text in (line.split("\t")[1] for line in news):
        own = tokenizers["WordPiece"](text, return_tensors="pt")
        how = {"padding": "max_length", "max_length": own.input_ids.shape[1] + 8}
        with torch.no_grad():
            alone = minilm(**own).last_hidden_state[0].mean(0)
            for name, row in cosines.items():
                side = name.replace("counted", "left")
                inputs = tokenizers["WordPiece"](text, padding_side=side, return_tensors="pt", **how)
                real = inputs.attention_mask[0].bool()
                if name == "counted":
                    inputs["position_ids"] = (inputs.attention_mask.cumsum(1) - 1).clamp(min=0)
                mean = minilm(**inputs).last_hidden_state[0, real].mean(0)
                row.append(F.cosine_similarity(mean, alone, dim=0).item())
    assert min(cosines["right"] + cosines["counted"]) > 0.9999
    assert max(cosines["left"]) < 0.99 and sum(cosines["left"]) / 20 < 0.95


def test_forgotten_mask(says, values, tokenizers, minilm):
    says(
        "So the mask is needed twice: in the model, and again in the average.",
        "With 64 padding tokens, the cosine is {{ "
        "input_representation/forgotten_mask.model_64:.2f}} when",
        "With both mistakes this text no longer looks like itself: the other sentences of our "
        "[story](#bpe-join-the-most-frequent-pair) have a mean cosine of {{ "
        "input_representation/forgotten_mask.others:.2f}} to it, and the nearest one of {{ "
        "input_representation/forgotten_mask.nearest:.2f}}.",
        "Padding needs a mask in the model, and again in every average you take.",
    )
    found = values(f"{CHAPTER}/forgotten_mask")
    assert found.used_64 > 0.9999
    assert found.both_64 < found.model_64 < 0.9
    assert found.both_64 < found.nearest < 1, "less than another sentence"
    assert found.others < found.nearest
    inputs = tokenizers["WordPiece"](
        RUNNING, padding="max_length", max_length=78, return_tensors="pt"
    )
    alone = tokenizers["WordPiece"](RUNNING, return_tensors="pt")
    with torch.no_grad():
        wrong = minilm(input_ids=inputs.input_ids).last_hidden_state[0].mean(0)
        right = minilm(**alone).last_hidden_state[0].mean(0)
    assert math.isclose(F.cosine_similarity(wrong, right, dim=0), found.both_64, abs_tol=1e-3)


def test_lookup(says, values, minilm):
    says(
        "More than half of MiniLM's parameters, {{ input_representation/lookup.share:.0%}}, "
        "are this table.",
    )
    found = values(f"{CHAPTER}/lookup")
    assert found.same and found.share > 0.5
    assert found.in_table == minilm.config.vocab_size * minilm.config.hidden_size
    everything = sum(p.numel() for p in minilm.parameters())
    assert math.isclose(found.share, found.in_table / everything)


def test_neighbors(says, values, snippet, minilm, tokenizers):
    says(
        "`bad` is among the nearest of `good`, at {{ input_representation/neighbors.good_bad:.2f}}: "
        "near is not the same as alike in meaning.",
        "For some tokens, take the rows that point most nearly in the same direction.",
        "For four of the seven, a plural or another word of the family comes first.",
        "`robot` and `robots` are two ids, and nothing in an id tells that they are related.",
        "one row per token, whatever it means in your sentence.",
        "An embedding table has one row per token, whatever it means in the sentence.",
        "And `bank` has money around it and no river",
    )
    found = snippet("neighbors")["found"]
    assert "bad" in found["good"] and "3" in found["three"] and "水" in found["water"]
    assert not {"river", "shore", "stream"} & set(found["bank"])
    assert list(found["robot"])[0] == "robots"
    table = minilm.get_input_embeddings().weight
    one, other = tokenizers["WordPiece"].convert_tokens_to_ids(["good", "bad"])
    cosine = F.cosine_similarity(table[one], table[other], dim=0).item()
    assert math.isclose(cosine, values(f"{CHAPTER}/neighbors").good_bad, abs_tol=1e-4)
    assert {"banking", "bankers", "banker"} <= set(found["bank"])
    first = {token: next(iter(near)) for token, near in found.items()}
    family = {token for token in found if first[token].startswith(token[:4])}
    assert len(found) == 7 and family == {"robot", "thirsty", "water", "bank"}, first
    unit = F.normalize(table, dim=1)
    ids = tokenizers["WordPiece"].convert_tokens_to_ids(["robot", "robots"])
    near = (unit @ unit[ids[0]]).topk(6).indices[1:]
    assert tokenizers["WordPiece"].convert_ids_to_tokens(near.tolist()) == list(found["robot"])
    torch.manual_seed(0)
    raw = AutoModel.from_config(minilm.config).get_input_embeddings().weight
    assert F.cosine_similarity(raw[ids[0]], raw[ids[1]], dim=0).abs() < 0.2 < (
        F.cosine_similarity(table[ids[0]], table[ids[1]], dim=0)
    )  # fmt: skip
    money, river = (
        tokenizers["WordPiece"](text, return_tensors="pt").input_ids[0]
        for text in ("The bank lent money.", "We sat on the bank.")
    )
    bank = tokenizers["WordPiece"].convert_tokens_to_ids("bank")
    rows = [minilm.get_input_embeddings()(one[one == bank]) for one in (money, river)]
    assert torch.equal(*rows)


def test_word_order(says, values):
    says(
        "Without positions, who watered whom is lost: the two embeddings are equal up to rounding.",
        "With positions they differ, but see how little: the cosine is",
    )
    found = values(f"{CHAPTER}/word_order")
    assert found.same_without and not found.same_with
    assert found.cosine_with > 0.95  # how little positions change the sentence embedding


def test_sinusoids(says, values, maps):
    says(
        "On the left the colors change at every row, on the right they stay nearly the same.",
        "With them, the stored numbers are the formula's, up to the rounding of a file with 16-bit"
        " numbers.",
    )
    found = values(f"{CHAPTER}/sinusoidal")
    assert found.largest < 1e-3
    table = maps(f"{CHAPTER}/sinusoidal")[0]["values"]
    for p, i in [(0, 0), (3, 0), (17, 5), (39, 15)]:
        rate = 10000 ** (-2 * i / 32)
        assert math.isclose(table[p][2 * i], math.sin(p * rate), abs_tol=1e-3)
        assert math.isclose(table[p][2 * i + 1], math.cos(p * rate), abs_tol=1e-3)
    whisper = AutoModel.from_pretrained("models/whisper").encoder.embed_positions.weight
    assert torch.equal(whisper, whisper.half().float())  # stored with 16 bits
    rates = 10000 ** (-torch.arange(192, dtype=torch.double) / 191)
    angle = torch.arange(1500)[:, None] * rates
    exact = torch.cat([angle.sin(), angle.cos()], dim=1)
    assert torch.equal(exact.half().float(), whisper), "computed exactly, then rounded: each number"
    steps = torch.tensor(table).diff(dim=0).abs()  # (positions - 1, columns)
    assert steps[:, 0].mean() > 0.5 and steps[:, -2:].max() < 0.001


def test_sinusoid_distance(says, values, snippet):
    says(
        "Only the distance is left.",
        "a step of $k$ *rotates* each pair of columns by the angle $k \\, r_i$, wherever you "
        "start.",
    )
    assert values(f"{CHAPTER}/sinusoid_distance").largest < 1e-9
    vector = snippet("sinusoid_distance")["position_vector"]
    for distance in (0, 1, 9, 80):
        products = [(vector(p) * vector(p + distance)).sum() for p in (0, 33, 400)]
        assert max(products) - min(products) < 1e-8


def test_learned_positions(says, values, maps, minilm):
    says(
        "Here neighbors have a mean cosine of",
        "(Position 0 is left out of these means.) Position 0 is unlike all others: the most like it has a "
        "cosine of {{ input_representation/learned_positions.first_highest:.2f}}.",
        "But the likeness does not only fall with the distance.",
        "{{ input_representation/learned_positions.apart_3:.2f}} for three apart,",
        "and its vector is {{ input_representation/learned_positions.length_first:.1f}} "
        "long, the others",
    )
    found = values(f"{CHAPTER}/learned_positions")
    assert found.same
    assert found.apart_1 > found.apart_6 > found.apart_3 > found.apart_9  # it swings
    assert found.apart_12 > found.apart_9
    assert found.length_first > 3 * found.length_rest
    says(
        "It has a second table with one row for each position, and training fills it.",
        "Before a training such rows are random, as a rule, and 7 is no nearer to 8 than to 80.",
        "Those are the stripes: no formula with waves, and yet waves.",
    )
    trained = minilm.embeddings.position_embeddings.weight
    assert trained.shape == (512, 384) and trained.requires_grad
    torch.manual_seed(0)
    raw = AutoModel.from_config(minilm.config).embeddings.position_embeddings.weight
    raw = F.normalize(raw, dim=1)
    cosines = raw @ raw.T
    for apart in (1, 3, 6, 9, 12, 73):
        assert cosines.diagonal(apart).mean().abs() < 0.02, "no neighbors, no waves"
    assert cosines[7, [8, 80]].abs().max() < 0.2
    similarity = torch.tensor(maps(f"{CHAPTER}/learned_positions")[0]["values"])
    assert similarity[0, 1:].max() < similarity.diagonal(1)[1:].min()
    unit = F.normalize(trained.detach(), dim=1)
    cosines = unit @ unit.T  # all 512 positions
    assert found.first_highest == pytest.approx(cosines[0, 1:].max().item(), abs=1e-5)
    assert (cosines.fill_diagonal_(-1)[1:].amax(1) > 1.5 * found.first_highest).all(), "unlike all others"
    assert found.apart_1 == pytest.approx(cosines.diagonal(1)[1:].mean().item(), abs=1e-5), "without 0"


def test_too_long(says, values):
    says(
        "They have none: without truncation you get [an error](#a-learned-table).",
        "Both texts were [cut before](#a-learned-table), and what was left is the same.",
    )
    says(
        "Two long reports differ in their last page only.",
        "MiniLM, with truncation, gives their embeddings a cosine of exactly 1.",
        "The two last pages mean the same.",
        "Pages with like meaning get like vectors, but [not equal ones]",
    )
    assert 0.9 < values(f"{CHAPTER}/word_order").cosine_with < 1, "alike and not equal"
    found = values(f"{CHAPTER}/too_long")
    assert found.tokens > found.rows == 512
    assert found.error != "none" and found.identical


def test_rotary(says, values, maps, snippet):
    says(
        "Every diagonal from upper left to lower right has one color.",
        "depends on the two vectors and on how far the key stands before or after the query, and on nothing else.",
        "this head prefers this key a few tokens back over one at the same place.",
        "It stays the same, up to rounding.",
        "The key stands [four before the query](#rotation) both times.",
        "Now the same two vectors, before rotation, stand at 107 and 103.",
        "It falls, because both are turned much further.",
        "Both are turned by the same angle more, and the angle [between them](#rotation) stays.",
        "It grows, because larger numbers are added.",
        "That would be true if positions were added as they are. Here [nothing is added](#rotation).",
        "Nobody knows: those rows of the table were trained apart.",
        "SmolLM2 [has no such table](#rotation).",
        "SmolLM2 adds nothing to the embeddings.",
        "Here this is enough: each token has two vectors, one that asks and one that is found",
        "With $R_p$ for the rotation by the angles $p \\, r_i$ (with a larger base than in the "
        "waves, and with other columns paired):",
        "Turn both hands of a clock by the same angle, and the angle between them stays.",
    )
    found, ours = values(f"{CHAPTER}/rotary"), snippet("rotary")
    rotate, query, key = ours["rotate"], ours["query"], ours["key"]
    near, far = rotate(query, 7) @ rotate(key, 3), rotate(query, 107) @ rotate(key, 103)
    assert torch.isclose(near, far, atol=1e-3)
    assert len(ours["queries"]) == len(ours["keys"]) == ours["inputs"].input_ids.shape[1]
    model = ours["model"]
    with torch.no_grad():
        first = model(**ours["inputs"], output_hidden_states=True).hidden_states[0]
        assert torch.equal(first, model.get_input_embeddings()(ours["inputs"].input_ids))
    assert not [name for name, _ in model.named_parameters() if "position" in name]
    assert model.config.rope_parameters["rope_theta"] == 100_000 > 10_000, "a larger base"
    turned = rotate(torch.eye(64)[0], 1).abs() > 1e-6
    assert turned.nonzero().flatten().tolist() == [0, 32], "a column and the one 32 further"
    for hands in ((0.3, 1.1), (2.0, 5.5)):
        angles = [math.cos(a + 0.7) * math.cos(b + 0.7) + math.sin(a + 0.7) * math.sin(b + 0.7)
                  - math.cos(a - b) for a, b in [hands]]  # fmt: skip
        assert abs(angles[0]) < 1e-12
    assert found.same and found.unmoved
    scores = torch.tensor(maps(f"{CHAPTER}/rotary")[0]["values"])
    for offset in range(-8, 9):
        diagonal = scores.diagonal(offset)
        assert diagonal.max() - diagonal.min() < 2e-3  # the map keeps four digits
    assert scores[11, :].max() > scores[11, 11] + 1  # a few tokens back beats no distance
    assert 1 <= 11 - scores[11, :].argmax() <= 5


def test_rotary_scores_are_the_model_s(says, snippet):
    says("The upper right is the future, which a decoder never sees;")
    ours = snippet("rotary")
    model = AutoModel.from_pretrained("models/smollm2", attn_implementation="eager")
    layer, head = ours["layer"], ours["head"]
    with torch.no_grad():
        theirs = model(**ours["inputs"], output_attentions=True).attentions[layer][0, head]
    rotate, queries, keys = ours["rotate"], ours["queries"], ours["keys"]
    tokens = len(queries)
    q = torch.stack([rotate(queries[p], p) for p in range(tokens)])
    k = torch.stack([rotate(keys[p], p) for p in range(tokens)])
    scores = (q @ k.T / 8).masked_fill(torch.ones(tokens, tokens).triu(1).bool(), -torch.inf)
    assert torch.allclose(scores.softmax(dim=1), theirs, atol=1e-5)


def test_answers(says, values, snippet):
    says(
        "`lo` and `ow` both occur {{ input_representation/answers.ties_count }} times.",
        "49,152 × 576 = {{ input_representation/answers.in_table:,}}.",
        "That is {{ input_representation/answers.share:.0%}} of SmolLM2: its table is "
        "bigger, but it has thirty",
    )
    says(
        "The letters are numbered in alphabetical order, so `l` is older than `o`, and `l o` wins.",
        "Guess whether its share of the model is larger or smaller than MiniLM's.",
        "Give SmolLM2 position 0 for every token, and compare the averages of its hidden states",
    )
    assert snippet("train_bpe")["library"]("low low lower lowest", 100)[0] == ("l", "o")
    assert "[None] * use_positions" in Path(f"snippets/{CHAPTER}/answers.py").read_text("utf-8")
    found = values(f"{CHAPTER}/answers")
    assert found.ties_count == 4
    assert math.isclose(found.by_vectors, found.by_distance)
    assert found.in_table == 49152 * 576
    assert found.share < values(f"{CHAPTER}/lookup").share
    assert 0.9 < found.decoder_cosine < 0.99
    assert found.in_table > values(f"{CHAPTER}/lookup").in_table, "its table is bigger"
    names = ("models/smollm2", "models/minilm")
    layers = [AutoConfig.from_pretrained(name).num_hidden_layers for name in names]
    assert layers == [30, 6]


def test_the_questions(says, values, printed, tokenizers):
    says("`= {{ input_representation/weights.times:.1f }} ± 0.1`")
    lines = printed(f"{CHAPTER}/predict").splitlines()
    lost = {line.split()[0]: line.endswith("[UNK]") for line in lines}
    assert lost == {"sunlight": False, "sunset": True, "sunscreen": True, "setsun": False}
    letters = "abcdefghijklmnopqrstuvwxyz"
    known = tokenizers["WordPiece"].get_vocab()
    assert all(letter in known and f"##{letter}" in known for letter in letters)
    says(
        "How many times as many attention weights does each head compute for the Greek one?",
        "`suns` is longer, `et` fits nothing, and the rule [never goes back]",
        "[Unigram](#unigram-the-best-product) would compare both ways.",
    )
    pieces = [(piece, -1.0) for piece in ("sun", "suns", "set", "screen", "light")]
    unigram = Tokenizer(models.Unigram([("<unk>", -20.0), *pieces], unk_id=0))
    assert unigram.encode("sunset").tokens == ["sun", "set"]
    assert "suns" + "et" == "sunset" and not [p for p, _ in pieces if "et".startswith(p)]
    weights = values(f"{CHAPTER}/weights")
    assert math.isclose(weights.times, (39 / 14) ** 2)


def test_a_swap_is_nearer_than_the_passive(says, values, printed, snippet, tokenizers):
    says(
        "In both models the swapped sentence, which says something else, mostly comes nearer than "
        "the passive, which says the same: in {{ input_representation/swapped.farther }} of {{ "
        "input_representation/swapped.count }} cases for MiniLM, in {{ "
        "input_representation/swapped.farther_pii }} for Rampart.",
        "Rampart finds nearly everything alike, so its order rests on near ties, and we do not know "
        "whether MiniLM's training has to do with it.",
        "the cosine of two such means does not tell who did what.",
        "another verb moves MiniLM's mean more than Rampart's.",
        "Ask another encoder, [Rampart](models.md#pii), which was last trained to mark personal "
        "data.",
        "Compare it with the passive, *The sunflowers were watered by the robot*",
        "The swap has the very words of the first sentence, and the passive adds two.",
        "and in parentheses the lowest cosine.",
    )
    found, ours = values(f"{CHAPTER}/swapped"), snippet("swapped")
    minilm, pii = (ours["rows"][name] for name in ("minilm", "pii"))  # (quartets, 3)
    assert len(minilm) == len(pii) == found.count == 20
    assert found.farther == (minilm[:, 1] < minilm[:, 0]).sum() > 15
    assert found.farther_pii == (pii[:, 1] < pii[:, 0]).sum() > 15
    assert pii.min() > 0.95 > minilm.min(), "nearly everything"
    assert (pii[:, 0] - pii[:, 1]).abs().max() < 0.05, "near ties"
    assert (minilm[:, 2] < pii[:, 2]).all()
    lowest = [f"({low:.2f})" for low in minilm.amin(0)]
    assert re.findall(r"\(0\S+\)", printed(f"{CHAPTER}/swapped").splitlines()[1]) == lowest
    labels = AutoConfig.from_pretrained("models/pii").id2label.values()
    assert any("CITY" in label for label in labels), "a tagger"
    for active, swap, passive, _ in ours["quartets"]:
        one, other, third = (Counter(text.lower().split()) for text in (active, swap, passive))
        assert one == other
        assert third["by"] == 1 and third.total() == one.total() + 2


def test_a_long_word_is_unknown(says, values, printed):
    says("a word of more than {{ input_representation/long_word.limit }} characters is `[UNK]`")
    assert values(f"{CHAPTER}/long_word").limit == 100
    whole, last, lost = printed(f"{CHAPTER}/long_word").splitlines()
    assert "[UNK]" not in whole + last and lost.endswith("[UNK]")


def test_a_cosine_has_its_baselines(says, values):
    says(
        "Without a baseline that number tells little",
        "No: the cosine is {{ input_representation/answers.decoder_cosine:.3f}}.",
        "A decoder's token sees only what stands before it, and that alone tells it "
        "something about",
    )
    left = values(f"{CHAPTER}/answers")
    assert left.decoder_other < left.decoder_cosine < 0.99
    assert left.decoder_with < 0.99


def test_the_stages_by_name(says, values, printed, tokenizers):
    says(
        "The accents go in the first stage, before anything is cut; no later stage can bring them back.",
        "the third cuts *girassois* into {{ input_representation/stages.flower_pieces }} pieces.",
        "*Normalization* makes variants of a letter equal.",
    )
    normal = tokenizers["WordPiece"].backend_tokenizer.normalizer
    assert {normal.normalize_str(one) for one in "AaÁáÀà"} == {"a"}
    lines = dict(line.split("  ", 1) for line in printed(f"{CHAPTER}/stages").splitlines())
    shown = {name: text.strip() for name, text in lines.items()}
    assert list(shown)[:3] == ["text", "normalization", "pre-tokenization"]
    assert "ó" in shown["text"] and "ó" not in shown["normalization"] + shown["decoding"]
    cut = tokenizers["WordPiece"].tokenize(shown["text"])
    assert shown["model"] == str(cut) and "[CLS]" in shown["post-processing"]
    assert values(f"{CHAPTER}/stages").flower_pieces == len(tokenizers["WordPiece"].tokenize("girassois"))


def test_what_a_tokenizer_does_not_say(says, values, tokenizers):
    says(
        "`tokens()` shows the flower itself, as if it were known.",
        "only `convert_ids_to_tokens` tells that this is `<unk>`.",
        "The count of {{ input_representation/hidden_unknown.returned }} includes the word that was there before:"
        " {{ input_representation/hidden_unknown.new }} id is new, so make the embedding table as long as"
        " `len(tokenizer)`, and do not add up the counts.",
        "The added word is matched after normalization, so it comes back in small letters.",
        "the loaded tokenizer always makes the same cut.",
    )
    left = values(f"{CHAPTER}/hidden_unknown")
    assert "🌻" in left.shown and "<unk>" not in left.shown
    assert "<unk>" in left.read and "🌻" not in left.read
    assert (left.returned, left.new, left.back) == (2, 1, "covid-19")
    assert "robot" in tokenizers["WordPiece"].get_vocab()
    longer = AutoTokenizer.from_pretrained("models/minilm")
    counted = len(longer) + longer.add_tokens(["COVID-19", "robot"])
    assert max(longer.get_vocab().values()) + 1 == len(longer) == left.known + left.new < counted
    assert left.drawn > 1 == left.kept


def test_what_others_found_is_cited(says):
    says(
        "The other way round: it begins with a long list of candidates and drops, again and again, those that the"
        " training text can best do without, until the list is short enough.[^kudo]",
    )
    notes = Path("docs/input_representation.md").read_text("utf-8")
    assert all(f"\n[^{key}]: " in notes for key in ("kudo", "wordpiece"))


def test_what_wordpiece_joins_first(says, values):
    says(
        "BPE joined `u n` first.",
        "The paper takes the one that makes the training text most likely.[^wordpiece]",
        "a score that is often given is how often the pair occurs, divided by how often its two parts do.[^course]",
        "The pair `e r` occurs once, but the only `e` of the corpus stands in it, and `r` is rare, too: so it"
        " has the best score.",
        "That is not the likelihood: of all pairs, `u n` raises the logarithm of the likelihood most, by "
        "{{ input_representation/learn_pieces.gain_likeliest:.0f}}, and `e r` by "
        "{{ input_representation/learn_pieces.gain_score:.0f}}.",
        "Here the library takes the most frequent pair, as BPE does. What surely differs is the cutting.",
    )
    left = values(f"{CHAPTER}/learn_pieces")
    assert (left.by_count, left.by_score, left.by_gain, left.library_first) == ("un", "er", "un", "##un")
    corpus = ["sun"] * 4 + ["sunny"] * 3 + ["run"] * 2 + ["runner"]
    assert "".join(corpus).count("e") == " ".join(corpus).count("er") == 1
    pairs = {a + b for word in corpus for a, b in pairwise(word)}
    text = " ".join(corpus)
    often = {pair: len(re.findall(f"(?={pair})", text)) for pair in pairs}
    score = {pair: often[pair] / (text.count(pair[0]) * text.count(pair[1])) for pair in pairs}
    assert max(often, key=often.get) == "un" and max(score, key=score.get) == "er"
    best = max(value for pair, value in score.items() if pair != "er")
    assert score["ne"] < best, "it holds the only e as well, but not a rare letter"
    assert often["er"] / text.count("n") < best < score["er"], "were r as frequent, e r would lose"

    def log_likelihood(joined):  # each place by itself, with the joined pair as one sign
        signs = "".join(corpus if joined is None else [word.replace(joined, "*") for word in corpus])
        return sum(math.log(signs.count(sign) / len(signs)) for sign in signs)

    gain = {pair: log_likelihood(pair) - log_likelihood(None) for pair in pairs}
    assert max(gain, key=gain.get) == "un"
    assert gain["un"] == pytest.approx(left.gain_likeliest) and gain["er"] == pytest.approx(left.gain_score)
    # The library, even if one time is enough for it: what it learns first has the lowest id.
    library = BertWordPieceTokenizer()
    library.train_from_iterator(corpus, min_frequency=1, show_progress=False)
    learned = {piece: number for piece, number in library.get_vocab().items() if len(piece.strip("#")) > 1}
    assert min((p for p in learned if p[0] != "["), key=learned.get) == "##un"


def test_by_dot_product_a_row_seldom_finds_itself(says, values, tokenizers):
    says(
        "By dot product only {{ input_representation/own_row.by_product:.0%}} of the tokens fit themselves best.",
        "wins {{ input_representation/own_row.share_won:.0%}} of the time, and its row is the longest of the table.",
        "If all rows were equally long, none would fit a row better than itself. "
        "But give each row the length of another, drawn by chance, and "
        "{{ input_representation/own_row.shuffled:.0%}} are their own: it does not take just these lengths.",
        "Then leave each length as it was, but take away what all rows have in common, their mean: "
        "{{ input_representation/own_row.without_mean:.0%}}. So unequal lengths are not enough.",
        "The rows have a direction in common, with a mean cosine of {{ input_representation/own_row.alike:.2f}} between "
        "any two, and in that common direction the longest goes farthest.",
        "This table was trained to be searched by dot product, for SmolLM2 uses it again as its last linear map "
        "([tied weights](glossary.md#tied-weights)). But there the last hidden state asks, and not a row.",
        "It was, and even [to be searched](#the-embedding-table-is-a-look-up) by dot product, but by a hidden state "
        "and not by a row.",
        "Take the common part away, and with the same lengths [nearly all]",
        "Not with any: with the same lengths, but without the common part, [nearly all]",
        "One and the same token wins for [most rows]",
        "Rounding: the two best are nearly equal.",
    )
    left = values(f"{CHAPTER}/own_row")
    assert left.longer == 0 and left.winner_text == "strugg"
    assert left.by_product < 0.2 < 0.5 < left.share_won
    assert left.shuffled < 0.4 < 0.95 < left.without_mean and left.alike > 0.3
    # Other rows than those of the page: every 320th from the 7th on.
    model = AutoModelForCausalLM.from_pretrained("models/smollm2")
    assert model.lm_head.weight is model.get_input_embeddings().weight and model.lm_head.bias is None
    table = model.get_input_embeddings().weight.detach()
    asked = torch.arange(7, len(table), 320)
    lengths = table.norm(dim=1, keepdim=True)
    centered = F.normalize(table - table.mean(0), dim=1) * lengths

    def own(rows):
        return ((rows[asked] @ rows.T).argmax(1) == asked).double().mean()

    assert own(table) < 0.2 and own(centered) > 0.9
    unit = table / lengths
    assert (unit[asked] @ unit.T).max() < 1 + 1e-5, "none better than the row itself"
    common = F.normalize(table.mean(0), dim=0)
    farthest = (table @ common).argmax()
    assert farthest == lengths.argmax() and table[farthest] @ common > 1.2 * (table @ common).quantile(0.999)
    best, second = (table[asked] @ table.T).topk(2).values.T
    assert ((best - second) / best > 1e-3).float().mean() > 0.95, "far apart, so the answer is wrong"


def test_moved_positions_change_nothing_and_pressed_ones_do(says, values):
    says(
        "Moving all positions changes nothing beyond rounding.",
        "With halved positions the perplexity rises from {{ input_representation/stretched.usual:.0f}} to "
        "{{ input_representation/stretched.half:.0f}}, with doubled ones to "
        "{{ input_representation/stretched.double:.0f}}.",
        "It is tempting to blame distances of a half, which were never trained. "
        "But nine tenths were not trained either, and with them it is "
        "{{ input_representation/stretched.tenths:.1f}} after {{ input_representation/stretched.usual:.1f}}.",
    )
    left = values(f"{CHAPTER}/stretched")
    assert left.moved == pytest.approx(left.usual, rel=1e-3)
    assert left.half > 1.2 * left.usual and left.double > 1.2 * left.usual
    assert abs(left.tenths / left.usual - 1) < 0.03, "fractions by themselves do little"


def test_keys_of_the_questions_are_what_came_out(values, says):
    says(
        "- [x] Nonsense, and no error.",
        "- [x] It depends on the longest sentence of its batch.",
        "- [x] It stays the same, up to rounding.",
        "- [x] The model read neither of the two pages.",
        "- [x] The rows have a direction in common, and a long row goes far in it.",
    )
    wrong = values("input_representation/wrong_tokenizer")
    assert wrong.highest < wrong.rows, "every id is a row: no error"
    mask = values("input_representation/forgotten_mask")
    assert mask.model_64 < 0.8 and mask.used_64 == pytest.approx(1, abs=1e-3)
    assert mask.both_64 < mask.both_8, "the longer the filling, the farther"
    same = values("input_representation/rotary")
    assert same.same
    angle = torch.tensor([0.3, 1.1])
    turned = lambda v, p: torch.polar(torch.ones(2), p * angle) * torch.view_as_complex(v)
    q, k = torch.randn(2, 2), torch.randn(2, 2)
    score = lambda a, b: (turned(q, a) * turned(k, b).conj()).real.sum()
    assert torch.allclose(score(7, 3), score(107, 103), atol=1e-3)
    long = values("input_representation/too_long")
    assert long.identical and long.tokens > long.rows
    own = values("input_representation/own_row")
    assert own.by_product < 0.2 and own.shuffled < 0.5 < 0.95 < own.without_mean


def test_hands_turn_further_with_the_position(values, book, says):
    says(
        "Eight circles with a hand each. At position four the hand of the first pair has turned more than half"
        " around, that of the second a fifth, and the last three still point straight up.",
        "The higher the position, the further each hand has turned: at position 32 the first {{"
        " input_representation/clock.first_turns:.1f}} times around and the third {{"
        " input_representation/clock.third_turns:.1f}} times, a tenth as far. The last has turned by {{"
        " input_representation/clock.last_degrees:.1f}} degrees.",
        "Here is the vector of one position, of width 16, as eight hands: a pair of columns says how far each"
        " points to the right and up.",
        "A row of the next figure is the vector of one position.",
    )
    slider, found = book.outcome("input_representation/clock").slider, values("input_representation/clock")
    positions = [int(one["at"]) for one in slider["positions"]]
    assert positions == sorted(positions) and positions[slider["shown"]] == 4 and positions[-1] == 32
    rates = [10000 ** (-2 * i / 16) for i in range(8)]  # of the formula on the page
    assert min(rates) > 0, "so a higher position has turned each hand further"
    turns = [4 * rate / (2 * math.pi) for rate in rates]
    assert 0.5 < turns[0] < 1 and turns[1] == pytest.approx(0.2, abs=0.01)
    assert all(360 * turn < 1 for turn in turns[5:])
    at_32 = [32 * rate / (2 * math.pi) for rate in rates]
    assert found.first_turns == pytest.approx(at_32[0]) and found.third_turns == pytest.approx(at_32[2])
    assert found.third_turns == pytest.approx(found.first_turns / 10)
    assert found.last_degrees == pytest.approx(360 * at_32[7])
    code = open("snippets/input_representation/clock.py").read()
    assert "right, up = np.sin(angle), np.cos(angle)" in code
