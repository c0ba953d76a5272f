"""What the encoder chapter claims, on the real models."""

import math
import re
from collections import Counter
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForMaskedLM,
    AutoTokenizer,
)

from snippets.shared.tagging import (
    words,
)

BORED = "The dog chased the ball because it was bored."
RUNNING = "The robot watered the sunflowers because they were thirsty."


@pytest.fixture(scope="module")
def read():
    """read("A text.") → its tokens, and what MiniLM gives for them, maps and states too."""
    tokenizer = AutoTokenizer.from_pretrained("models/minilm")
    encoder = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")

    def reader(text):
        inputs = tokenizer(text, return_tensors="pt")
        with torch.no_grad():
            wanted = {"output_attentions": True, "output_hidden_states": True}
            return inputs.tokens(), encoder(**inputs, **wanted)

    return reader


# ------------------------------------------------------------------ what an encoder gives


def test_three_programs_begin_with_a_vector_for_each_token(says):
    says(
        "A search engine, a spam filter and a program that hides names in letters can all "
        "begin with the same step",
    )
    uses = {"encoder/search": "minilm", "encoder_uses/sentiment": "minilm-sentiment", "encoder_uses/redact": "pii"}
    for use, folder in uses.items():
        assert f'"models/{folder}"' in open(f"snippets/{use}.py").read()
        encoder = AutoModel.from_pretrained(f"models/{folder}")
        inputs = AutoTokenizer.from_pretrained(f"models/{folder}")(RUNNING, return_tensors="pt")
        with torch.no_grad():
            hidden = encoder(**inputs).last_hidden_state
        assert hidden.shape == (1, len(inputs.tokens()), encoder.config.hidden_size)


def test_one_vector_a_token(says, values, read):
    says(
        "The sentence has {{ encoder/one_vector_a_token.token_count }} tokens with the two",
        "of two vectors that point in the same direction is 1.",
    )
    left = values("encoder/one_vector_a_token")
    assert (left.token_count, left.width) == (14, 384)
    vectors = read(RUNNING)[1].last_hidden_state[0]
    cosine = torch.cosine_similarity(vectors, 3 * vectors, dim=-1)
    assert torch.allclose(cosine, torch.ones(14), atol=1e-5)


def test_before_the_first_layer_only_the_place_counts(says, read):
    says(
        "The embedding table has one row for *bark*, so before the first layer the four "
        "vectors differ only by their positions.",
        "*Bark* stands at the same place in a sentence about a tree and in one about a dog.",
        "It knows one piece with one id, [whatever it means]",
        "It has [one row for *bark*](#does-a-word-always-get-the-same-vector), and both "
        "sentences take it.",
    )
    tree, dog = "Moss grows on the bark of the tree.", "The dog began to bark at the postman."
    code = open("snippets/encoder/context.py").read()
    assert tree in code and dog in code
    (tokens, moss), (others, postman) = read(tree), read(dog)
    place = tokens.index("bark")
    assert others.index("bark") == place
    for layer, (one, other) in enumerate(zip(moss.hidden_states, postman.hidden_states)):
        assert torch.equal(one[0, place], other[0, place]) == (layer == 0)


def test_a_word_in_two_meanings_gets_two_vectors(says, values):
    says(
        "In these sentences the grammar differs too, noun and verb. So the last line asks {{ encoder/context.nouns }}"
        " other words, such as *bank*, that are nouns in both meanings. The same meaning is nearer on average for"
        " {{ encoder/context.nearer }}, but only {{ encoder/context.clean }} form two clean groups as *bark* does.)",
        "After layer 6 the least similar pair with the same meaning has a cosine of",
    )
    left = values("encoder/context")
    assert abs(left.first_gap) < 0.02, "before the first layer the columns are alike"
    assert left.lowest_same > left.highest_other + 0.05
    assert left.nearer == left.nouns == 8 and 0 < left.clean < left.nouns / 2
    lines = Path("snippets/encoder/two_meanings.txt").read_text("utf-8").splitlines()
    assert len(lines) == 8 and lines[0].startswith("bank | ")
    for word, *texts in (line.split(" | ") for line in lines):
        assert len(texts) == 4 and all(word in words(text.lower()) for text in texts), word


def test_later_words_change_the_encoder_and_not_the_decoder(says, values):
    says(
        "For the decoder, the two vectors are one and the same: cosine",
        "and only the later words can have made that difference.",
        "In *The bat slept in a dark cave*, only the words after *bat* tell that it is an animal.",
        "In *The bat broke when he hit the ball* the words before it are the same.",
        "It had read *The bat* and nothing else.",
        "a decoder has read the whole text at its last token (the cosine of the two last tokens is "
        "below one, {{ encoder/both_sides.at_the_end:.2f}})",
        "and some embedding models of 2025 are decoders, read off at that place.[^qwen]",
    )
    left = values("encoder/both_sides")
    assert left.decoder_cosine == pytest.approx(1, abs=1e-4) and left.at_the_end < 0.95
    assert left.encoder_cosine < 0.95
    texts = "The bat slept in a dark cave.", "The bat broke when he hit the ball."
    code = open("snippets/encoder/both_sides.py").read()
    assert all(text in code and text.startswith("The bat ") for text in texts)
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    decoder, start = AutoModel.from_pretrained("models/smollm2"), "<|endoftext|>"
    with torch.no_grad():
        alone, one, other = (
            decoder(**tokenizer(start + text, return_tensors="pt")).last_hidden_state[0, 2]
            for text in ("The bat", *texts)
        )
    assert torch.allclose(alone, one, atol=1e-3) and torch.allclose(alone, other, atol=1e-3)


def test_every_token_sees_both_sides(says, read):
    says(
        "It has no causal mask: every token sees both sides.",
        "MiniLM does not write, for it has no part that names a token",
        "others without a mask write by filling gaps again and again.[^llada]",
        "Ours has no part that writes.",
    )
    with safe_open("models/minilm/model.safetensors", "pt") as file:
        parts = {name.split(".")[0] for name in file.keys()}
    assert parts == {"embeddings", "encoder", "pooler"}, "nothing that names tokens"
    vectors = read(RUNNING)[1].last_hidden_state[0]
    first = read(RUNNING.replace("The", "A", 1))[1].last_hidden_state[0]
    last = read(RUNNING.replace("thirsty", "hungry"))[1].last_hidden_state[0]
    for other in (first, last):
        assert other.shape == vectors.shape
        assert ((other - vectors).abs().amax(dim=1) > 1e-3).all(), "each vector has moved"


def test_a_block_is_what_the_equations_say(says, read):
    says(
        "An encoder is a stack of blocks of the same build",
        "In MiniLM each has parameters of its own.",
        "From bottom to top: vectors, self-attention, add and norm, feed-forward, add and "
        "norm, vectors of the same shape.",
        "What enters has the shape *(tokens, 384)*, and what leaves has the same shape.",
        "So blocks can be stacked: what leaves one enters the next.",
    )
    encoder = AutoModel.from_pretrained("models/minilm")
    states = read(RUNNING)[1].hidden_states
    builds, first_weights = set(), []
    for block, enters, leaves in zip(encoder.encoder.layer, states, states[1:]):
        attention, after, feed = block.attention.self, block.attention.output, block.output
        with torch.no_grad():
            mixed = after.dense(attention(enters)[0])
            middle = after.LayerNorm(enters + mixed)
            forward = feed.dense(block.intermediate(middle))
            found = feed.LayerNorm(middle + forward)
        assert torch.allclose(found, leaves, atol=1e-4) and enters.shape == leaves.shape
        builds.add(tuple((name, *weight.shape) for name, weight in block.named_parameters()))
        first_weights.append(attention.query.weight)
    assert len(builds) == 1 and enters.shape == (1, 14, 384)
    assert not any(torch.equal(first_weights[0], weight) for weight in first_weights[1:])
    drawn = open("snippets/encoder/block.py").read().split("boxes = [")[1].split("\n]")[0]
    order = re.findall(r"384\)|12 heads|then layer norm|feed-forward", drawn)
    assert order == ["384)", "12 heads", "then layer norm", "feed-forward", "then layer norm",
                     "384)"]  # fmt: skip


def test_the_block_is_counted_right(says, values):
    says(
        "One block has {{ encoder/block.per_block:,}} parameters, two thirds of them",
        "The model has {{ encoder/block.blocks}} blocks, and its embeddings hold",
        "Attention {{ encoder/answers.attention:,}}, feed-forward",
    )
    says("The {{ encoder/block.pooler:,}} that are left are one more layer on top")
    left = values("encoder/block")
    assert left.total == left.embeddings + left.blocks * left.per_block + left.pooler
    assert left.pooler == 384 * 384 + 384
    assert left.feed_forward / left.per_block == pytest.approx(2 / 3, abs=0.01)
    assert left.per_block == values("encoder/answers").block
    for part in ("attention", "feed_forward", "norms"):
        assert getattr(values("encoder/answers"), part) == getattr(left, part)
    assert left.per_block == left.attention + left.feed_forward + left.norms


# ------------------------------------------------------------------------- attention maps


def test_the_dog_is_looked_at_whichever_it_is(says, values, book, maps, read):
    says(
        "In the row of it, and in nearly every other row, the strongest cell is in the "
        "column of dog.",
        "The row *it* gives {{ encoder/attention_map.it_to_dog:.2f}} of its weight to *dog*",
        "But the whole column is strong: an average token gives *dog*",
        "Now *it* is the ball, and the head gives *dog* {{ encoder/attention_map.control_to_dog:.2f}} "
        "from *it*, {{ encoder/attention_map.control_all:.2f}} from an average token.",
        "With the nouns exchanged it is {{ encoder/attention_map.exchanged_to_dog:.2f}} and "
        "{{ encoder/attention_map.exchanged_all:.2f}}.",
        "In all three sentences this head looks at *dog* from many tokens, and from *it* more than "
        "at *ball*, whichever of the two *it* is.",
        "In a head's map, the row *it* gives most of its weight to *dog*.",
        "The weight is far above one twelfth, an equal share.",
        "Weights must sum to one, so a head that finds nothing has to look somewhere.",
        "MiniLM, layer 6, encoder self-attention: The dog chased the ball because it was bored.",
        "Head 12 alone looks at *dog* from most rows. In seven heads more rows look at `[CLS]` than at"
        " any other token, in three at *bored*, and in one at *ball*.",
    )
    says("A second measurement in which only the supposed cause is missing.", page="glossary")
    says("If the effect is still there, something else can cause it.", page="glossary")
    left = values("encoder/attention_map")
    code = open("snippets/encoder/attention_map.py").read()
    exchanged = "The ball chased the dog because it was bored."
    asked = BORED, BORED.replace("bored", "round"), exchanged
    assert re.findall(r'^    "(.*)"$', code, re.M) == [*asked] and "maps[5, 11]" in code
    for sentence in asked:
        tokens, seen = read(sentence)
        head = seen.attentions[5][0, 11]
        it, dog, ball = (tokens.index(word) for word in ("it", "dog", "ball"))
        assert head[it, dog] > 3 * head[it, ball]
        assert (head[:, dog] > 0.4).sum() > len(tokens) / 2, "from many tokens"
        if sentence == exchanged:
            assert left.exchanged_to_dog == pytest.approx(head[it, dog].item(), abs=1e-4)
            assert left.exchanged_all == pytest.approx(head[:, dog].mean().item(), abs=1e-4)
    assert left.it_to_dog > 0.6 > 0.2 > left.it_to_ball
    assert left.control_to_dog > 0.5 > 0.2 > left.control_to_ball, "the control"
    assert left.all_to_dog > 0.5, "the page says that nearly every row looks there"
    slider, most = book.outcome("encoder/attention_map").slider, Counter()
    assert (slider["name"], slider["shown"], len(slider["positions"])) == ("head", 11, 12)
    for head, weights in enumerate(read(BORED)[1].attentions[5][0]):
        counts = Counter(weights.argmax(dim=-1).tolist()).most_common(2)
        assert len(counts) == 1 or counts[0][1] > counts[1][1], "more than any other"
        most[read(BORED)[0][counts[0][0]]] += 1
        assert f"{counts[0][1]} of 12 rows" in slider["positions"][head]["says"]
    assert most == {"dog": 1, "[CLS]": 7, "bored": 3, "ball": 1}
    (drawn,) = maps("encoder/attention_map")
    row = drawn["values"][drawn["rows"].index("it")]
    assert drawn["columns"][row.index(max(row))] == "dog"
    assert all(sum(row) == pytest.approx(1, abs=1e-2) for row in drawn["values"])
    strongest = [drawn["columns"][row.index(max(row))] for row in drawn["values"]]
    assert strongest.count("dog") >= len(strongest) - 2
    assert len(drawn["columns"]) == 12 and left.it_to_dog > 5 / 12


def test_an_encoder_looks_ahead(says, values):
    says(
        "Over all heads they hold {{ encoder/attention_map.later_share:.0%}} of the weight.",
        "Cells above the diagonal are looks at later tokens; a decoder's map has none.",
    )
    assert values("encoder/attention_map").later_share > 0.1
    decoder = AutoModel.from_pretrained("models/smollm2", attn_implementation="eager")
    inputs = AutoTokenizer.from_pretrained("models/smollm2")(BORED, return_tensors="pt")
    with torch.no_grad():
        maps = torch.cat(decoder(**inputs, output_attentions=True).attentions)
    assert maps.triu(1).abs().max() == 0


def test_heads_have_jobs(says, values, maps):
    says(
        "it gives {{ encoder/head_jobs.before_share:.0%}} of its weight to the token before",
        "Another head mostly looks one token ahead, which no head behind a causal mask can do.",
        "So it is up to 128 tokens, the length of its last training.[^card] In texts of 256, some rows give the"
        " token before next to nothing, and look far away.",
        "And on average a head gives {{ encoder/head_jobs.average_on_first:.0%}} of its weight to",
        "That is one head out of {{ encoder/all_heads.heads}}, twelve in each of six layers.",
        "of its weight to the token before, in each of the sentences.",
        "Layer 1 head 3 is a clean line beside the diagonal; most maps from layer 2 on have "
        "a strong",
        "Here are all of them for the same sentence.",
        "MiniLM, all 72 heads, encoder self-attention: The dog chased the ball because it was "
        "bored.",
        "one has no token before it, the other none after",
        "Clark and colleagues suspect a similar reason for a habit of BERT, which looks at "
        "`[SEP]`.[^clark]",
    )
    assert f'tokenizer("{BORED}"' in open("snippets/encoder/all_heads.py").read()
    code = open("snippets/encoder/head_jobs.py").read()
    assert "diagonal[:, 1:-1].mean" in code and "maps[:, 1:-1, column].mean" in code
    left = values("encoder/head_jobs")
    assert left.before_share > 0.95 and left.before_layer == 1
    assert left.before_lowest > 0.95
    news = [row.split("\t")[1] for row in open("models/rated-sentences/news.tsv", encoding="utf-8")]
    text, encoder = " ".join(news[:25]), AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
    tokenizer, long = AutoTokenizer.from_pretrained("models/minilm"), {}
    for length in (128, 256):
        inputs = tokenizer(text, truncation=True, max_length=length, return_tensors="pt")
        with torch.no_grad():
            long[length] = encoder(**inputs, output_attentions=True).attentions[0][0, 2]
        assert len(long[length]) == length
    assert long[128].diagonal(-1)[:-1].min() > 0.9
    lost = (long[256].diagonal(-1) < 0.01).nonzero().flatten() + 1  # rows, of some tokens
    away = (long[256][lost].argmax(-1) - lost).abs()
    assert 0 < len(lost) < 100 and away.median() > 50
    assert left.after_share > 0.5 and left.after_share > left.after_lowest
    assert left.average_on_first > 0.25, "the resting place is [CLS]"
    assert values("encoder/all_heads").heads == 72
    drawn = torch.tensor([one["values"] for one in maps("encoder/all_heads")])
    drawn = drawn.unflatten(0, (12, 6))  # (heads, layers, tokens, tokens)
    assert drawn[2, 0].diagonal(-1).min() > 0.99, "layer 1, head 3"
    strong = drawn[:, :, :, 0].mean(dim=-1) > 0.3  # (heads, layers)
    assert (strong[:, 1:].sum(dim=0) > 6).all() and strong[:, 0].sum() < 6, "from layer 2 on"


# ------------------------------------------------------------------------- gaps, sentences


def test_gaps_are_filled(says, values, printed, book):
    says(
        "Many encoders begin with a game of gaps.",
        "Many encoders learn first by filling gaps.",
        "the model may know it by heart",
        "It fills in {{ encoder/fill_in.correct }} of {{ encoder/fill_in.count }}.",
        "Nineteen of 21 are close to one; the last oxygen is near a half, and the oxygen that "
        "joins the ring is low and hatched.",
        "A gap does not always have one right answer.",
    )
    left = values("encoder/fill_in")
    assert left.correct == left.count - 1
    found = re.search(r"hidden: O +guesses: N ([\d.]+), O ([\d.]+)", printed("encoder/fill_in"))
    nitrogen, oxygen = map(float, found.groups())
    assert nitrogen > oxygen > 0.1, "both have a part of it"
    drawn = book.output("encoder/fill_in", "svg").read_text("utf-8")
    bars = [float(bar) for bar in re.findall(r"> (\d\.\d\d)</text>", drawn)]
    pieces = re.findall(r">\d+  (\S+)</text>", drawn)
    low = {place: bar for place, bar in enumerate(bars) if bar < 0.94}
    assert len(bars) == len(pieces) == 21 and list(low) == [6, 20]
    assert pieces[6] == pieces[20] == "O" and low[6] < 0.3 < low[20] < 0.7


def test_the_gaps_are_part_of_the_text(says):
    says(
        "15% of the tokens were chosen; of these, 80% were hidden, 10% replaced by another "
        "token and 10% left as they were, because the texts of a later task have no "
        "`[MASK]`.[^bert]",
        "No person has to label anything, because the text is its own answer.",
        "It was made from a larger model by imitation ([distillation](glossary.md#distillation)),[^minilm] "
        "lost every second layer,[^half] and was then trained again so that "
        "sentences with like meanings get like vectors.[^sbert]",
    )
    # What the gap is scored by is the token that was taken out, and both sides count.
    code = open("snippets/encoder/fill_in.py").read()
    assert "hidden[0, place] = tokenizer.mask_token_id" in code
    assert "sure.append(probabilities[ids[0, place]])" in code
    tokenizer = AutoTokenizer.from_pretrained("models/rxnmapper")
    model = AutoModelForMaskedLM.from_pretrained("models/rxnmapper")
    chances = []
    for molecule in ("CC(=O)Oc1ccccc1C(=O)O", "CN(=O)Oc1ccccc1C(=O)O", "CC(=O)Oc1ccccc1C(=O)N"):
        ids = tokenizer(molecule, return_tensors="pt").input_ids
        ids[0, 7] = tokenizer.mask_token_id  # the oxygen that joins the ring
        with torch.no_grad():
            chances.append(model(ids).logits[0, 7].softmax(-1))
    for other in chances[1:]:
        assert (other - chances[0]).abs().max() > 0.01, "a change before it, one after it"


def test_an_embedding_can_miss_who_did_what(says, values, printed):
    says(
        "In this pair, keeping the words counted for more than keeping who did what to whom.",
        "Its cosine can miss who did what to whom.",
        "The other wording shares one word with the example, *the* (and its *flowers* are the end of "
        "*sunflowers*), and still gets",
        "*The sunflowers watered the robot* says something else, and gets",
        "Rows 0 to 2 of the map are the running example, much the same in other words, and "
        "robot and sunflowers with their roles exchanged (and no *because*).",
    )
    rows = printed("encoder/pooling").splitlines()[:3]
    assert rows == [f"0 {RUNNING}", "1 A machine gave the flowers a drink.",
                    "2 The sunflowers watered the robot."]  # fmt: skip
    first, second = (set(words(row.lower())) for row in rows[:2])
    assert first & second == {"the", "."} and "sunflowers" in first and "flowers" in second
    left = values("encoder/pooling")
    assert left.same_meaning > 0.4 > left.unrelated
    assert left.swapped > left.same_meaning, "the order of words hardly counts"


def test_search_finds_by_meaning_and_fails_once(says, values, printed):
    says(
        "*Refund* finds *money back*, and *mobile* finds *phone*: other words for the same thing.",
        "A nearest neighbor always exists, so the program returns something, with a cosine of",
        "A program for people should be able to say nothing.",
        "Here a threshold of `0.3` would keep the four right answers and drop the two wrong ones",
    )
    lines = printed("encoder/search").replace("\n    ", " ").splitlines()
    cosines = [float(re.search(r" (0\.\d\d) ", line)[1]) for line in lines]
    assert [cosine > 0.3 for cosine in cosines] == [True] * 4 + [False] * 2
    assert "money back" in lines[0] and "phone" in lines[1] and "Dogs" in lines[2]
    assert "bus" in lines[3]
    assert "library" not in lines[4], "the page says that this one goes wrong"
    assert values("encoder/search").unanswerable < 0.2


# ------------------------------------------------------------------- -----------exercises


def test_answers(says, values):
    says(
        "With {{ encoder/answers.padding }} padding tokens in the mean, the cosine with the right",
        "It is {{ encoder/answers.megabytes:.1f}} MB, and {{ encoder/answers.products:,}} products, beside one "
        "pass of the encoder for the question.",
        "A cross-encoder has no vectors to keep, and needs 10,000 passes.",
    )
    left = values("encoder/answers")
    assert left.cosine < 0.9
    assert torch.zeros(10_000, 384).nbytes == left.megabytes * 1e6 and left.products == 10_000 * 384


def test_the_search_always_answers(says, printed):
    says(
        "So works [the search](#how-do-many-vectors-become-one) of this page, but for the last half "
        "sentence: it always answers.",
        "A nearest neighbor always exists.",
        "A question comes, and gets its vector in the same way.",
    )
    code = Path("snippets/encoder/search.py").read_text("utf-8")
    assert "embed(passage) for passage in" in code and "scores = index @ embed(question)" in code
    lines = printed("encoder/search").splitlines()
    answers = [line for line in lines if line.startswith("    ")]
    assert len(lines) == 2 * len(answers) and "Who won the match?" in lines[-2], "nothing passed over"


def test_the_encoder_looks_ahead_less_than_evenly(says, values):
    says(
        "So this encoder looks ahead, but [less than evenly](#what-do-the-heads-look-at).",
        "{{ encoder/attention_map.first_share:.0%}} of its weight goes to `[CLS]`, which stands "
        "before all others.",
        "Of the rest, {{ encoder/attention_map.later_of_rest:.0%}} is on later tokens; an even "
        "spread would have half.",
        "the sentence with the dog has {{ encoder/attention_map.later_share:.0%}} of its "
        "weight on later",
        "`= {{ encoder/even.later:.0%}} ± 1`",
    )
    even = values("encoder/even").later
    assert even == pytest.approx(66 / 144)
    assert values("encoder/attention_map").later_share < even
    encoder = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
    inputs = AutoTokenizer.from_pretrained("models/minilm")(
        "The dog chased the ball because it was bored.", return_tensors="pt"
    )
    with torch.no_grad():
        weights = torch.stack(encoder(**inputs, output_attentions=True).attentions)
    left = values("encoder/attention_map")
    assert weights[..., 0].mean() == pytest.approx(left.first_share, abs=1e-3)
    rest = weights[..., 1:].sum()
    assert weights.triu(1).sum() / rest == pytest.approx(left.later_of_rest, abs=1e-3)
    assert left.later_of_rest < 66 / (144 - 12) == 0.5


def test_bark_parts_after_the_first_layer(says, printed):
    says(
        "In [the table](#does-a-word-always-get-the-same-vector) the columns part at once.",
        "For *bark* the gap opens [early](#does-a-word-always-get-the-same-vector) and grows.",
        "Nothing waits for the end.",
    )
    rows = [line.split() for line in printed("encoder/context").splitlines()[1:8]]
    gaps = [float(same) - float(other) for _, same, other in rows]
    assert gaps[0] == 0 and all(gap > 0.05 for gap in gaps[1:])
    rounded = [round(gap, 2) for gap in gaps]
    assert rounded == sorted(rounded), "the gap grows"


def test_the_order_of_words_moves_the_mean_by_more_than_rounding(says):
    says(
        "The difference is small, but larger than rounding: try the",
        "Why are the embeddings of *Dog bites man* and *Man bites dog* not equal all the same?",
        "The mean keeps something of that: in the [lab](labs/encoder.ipynb) a probe reads off who "
        "did it, for words that it knows. But it goes by the order: in the passive it is more often "
        "wrong than right.",
        "Each real token counts [the same](#how-do-many-vectors-become-one).",
        "They are equal; what you see is rounding.",
        "They are equally long",
    )
    encoder = AutoModel.from_pretrained("models/minilm").eval()
    texts = ["Dog bites man", "Man bites dog"]
    inputs = AutoTokenizer.from_pretrained("models/minilm")(texts, return_tensors="pt")
    with torch.no_grad():
        hidden = encoder(**inputs).last_hidden_state  # (2, tokens, width)
    one, other = hidden.mean(dim=1)
    moved = 1 - torch.cosine_similarity(one, other, dim=0)
    assert 0.001 < moved < 0.1
    dog = 1 - torch.cosine_similarity(hidden[0, 1], hidden[1, 3], dim=0)
    assert dog > 0.01, "and so has its own vector"
    lab = open("docs/labs/encoder.py").read()
    assert "## Part 6: Who did it?" in lab and "“who acts” or “who comes first”?" in lab
    # The lab's probe on other words: learned from the active voice, it then reads the passive.
    beasts, others = "crow goose sheep snake deer monkey".split(), "judge nun guard poet clown maid".split()
    pairs = [pair for a in beasts for p in others for pair in ((a, p), (p, a))]
    verbs = "chased heard followed feared found".split()
    tokenizer, vectors = AutoTokenizer.from_pretrained("models/minilm"), []
    for form in ("The {} {} the {}.", "The {} was {} by the {}."):
        texts = [form.format(a, verb, b) for verb in verbs for a, b in pairs]
        batch = tokenizer(texts, padding=True, return_tensors="pt")
        mask = batch.attention_mask[..., None]  # (texts, tokens, 1)
        with torch.no_grad():
            mean = (encoder(**batch).last_hidden_state * mask).sum(1) / mask.sum(1)
        vectors.append(torch.nn.functional.normalize(mean, dim=-1))
    first = torch.tensor([a in beasts for _ in verbs for a, _ in pairs]).float()  # a beast comes first
    learn = torch.randperm(len(first), generator=torch.manual_seed(0)) < 0.8 * len(first)
    weight, bias = torch.zeros(vectors[0].shape[1]), torch.zeros(())
    for _ in range(3000):
        error = torch.sigmoid(vectors[0][learn] @ weight + bias) - first[learn]
        weight, bias = weight - 5 * error @ vectors[0][learn] / len(error), bias - 5 * error.mean()
    found = [((some @ weight + bias > 0) == (first > 0.5)).float() for some in vectors]
    assert found[0][~learn].mean() > 0.9, "same words, kept aside"
    assert found[1].mean() > 0.6, "the first noun is not who did it, and the probe says that it is"
    shuffled = hidden[0][torch.randperm(hidden.shape[1])]
    assert torch.allclose(shuffled.mean(dim=0), one, atol=1e-6), "each counts the same"


def test_pairs_that_belong_together(says, values):
    says(
        "MiniLM is near zero and finds all {{ encoder/contrastive.trained_found }} partners.",
        "Rampart is not far from guessing; it finds {{ encoder/contrastive.other_found }}, where guessing finds one.",
        "So it is not enough to be an encoder",
        "Each text must find its partner among all partners of the batch; the loss is the "
        "[cross-entropy](glossary.md#cross-entropy) of that choice, in both directions, with the cosines, times 20, as logits.[^script]",
        "Here it is computed for sixteen pairs that mean the same in other words.",
        "Rampart is an encoder of the same kind, trained to mark "
        "[personal data](encoder_uses.md#a-use-that-matters-hiding-personal-data).",
    )
    left = values("encoder/contrastive")
    assert left.pairs == 16 and left.guessing == pytest.approx(math.log(16))
    assert left.trained < 0.2 < 0.75 * left.guessing < left.other < left.guessing
    assert left.trained_found == 16 > 2 * left.other_found, "all, and not even half"
    # The loss by hand: of each first text, minus the logarithm of its partner's share of all.
    lines = Path("snippets/architecture/pairs.tsv").read_text("utf-8").splitlines()
    tokenizer = AutoTokenizer.from_pretrained("models/minilm")
    model = AutoModel.from_pretrained("models/minilm").eval()
    with torch.no_grad():
        first, second = (
            [model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].mean(0) for text in texts]
            for texts in zip(*(line.split("\t") for line in lines))
        )
    losses, found = [], 0
    for asking, answering in ((first, second), (second, first)):
        for number, one in enumerate(asking):
            shares = [math.exp(20 * torch.cosine_similarity(one, other, 0)) for other in answering]
            losses.append(-math.log(shares[number] / sum(shares)))
            found += asking is first and shares[number] == max(shares)
    assert found == left.trained_found
    assert sum(losses) / len(losses) == pytest.approx(left.trained, abs=1e-3)
    for line in lines:
        one, other = (set(words(text.lower())) for text in line.split("\t"))
        assert len(one & other) < len(one | other) / 2, "other words"
    kinds = [AutoConfig.from_pretrained(f"models/{name}") for name in ("minilm", "pii")]
    assert kinds[0].model_type == kinds[1].model_type == "bert"
    assert kinds[1].architectures == ["BertForTokenClassification"]


def test_what_others_found_is_cited(says):
    says(
        "vectors find some candidates, and a cross-encoder puts these in order, as a "
        "[reranker](glossary.md#reranker).[^nogueira]",
        "E5-Mistral (2023) hands over the vector of the last token;[^e5] GritLM (2024) takes off the "
        "mask and hands over a mean.[^grit]",
    )
    page = Path("docs/encoder.md").read_text("utf-8")
    assert all(f"\n[^{key}]: " in page for key in ("nogueira", "e5", "grit", "half", "script"))


def test_a_decoder_is_averaged(says, values, printed):
    says(
        "SmolLM2 reads the {{ encoder/decoder_mean.count }} sentences on five topics that "
        "the next chapter [groups](encoder_uses.md#use-3-which-texts-belong-together).",
        "whose nearest neighbor is on their own topic; guessing gives about eleven.",
        "After layers 12 to 20 the lowest cosine is {{ encoder/decoder_mean.lowest_all:.4f}}.",
        "Leave out the first token, and in each of these layers some pair is below "
        "{{ encoder/decoder_mean.highest_without:.2f}}; leave out the second instead, and the lowest is "
        "{{ encoder/decoder_mean.lowest_second:.4f}}. So the reason is the vector of the first token.",
        "In these layers it is at least {{ encoder/decoder_mean.times:.0f}} times as long as the median of the others",
        "and the mean points nearly where it points.",
        "with the mean of all tokens, without the first, which is `<|endoftext|>`, and without the second, as a control.",
        "Vectors so nearly equal still tell something. Even in these layers {{ encoder/decoder_mean.middle_fewest }} to {{ encoder/decoder_mean.middle_most }} "
        "sentences have their nearest neighbor on their topic.",
        "After the last layer it is {{ encoder/decoder_mean.last_near }}, and with MiniLM "
        "{{ encoder/decoder_mean.minilm_near }}: too near to say which is better.",
        "A cosine is high or low only beside the other cosines of its model.",
    )
    left = values("encoder/decoder_mean")
    assert left.count == 60 and 11 <= 60 * 11 / 59 < 11.5, "eleven of the 59 others are on the topic"
    # What the page prints is rounded to the side on which its sentence holds.
    assert float(f"{left.highest_without:.2f}") >= left.highest_without
    assert float(f"{left.times:.0f}") <= left.times
    assert left.lowest_all > 0.998 < left.lowest_second and left.highest_without < 0.9
    # The fewest have two errors more than guessing; the last two scores lie within one error.
    assert left.middle_fewest - 12 > 2 * (60 * 0.2 * 0.8) ** 0.5
    assert abs(left.last_near - left.minilm_near) <= (60 * 0.1 * 0.9) ** 0.5
    code = open("snippets/encoder/decoder_mean.py").read()
    assert 'read("models/smollm2", "<|endoftext|>")' in code and "[12:21]" in code
    assert "low, near = compare(states)" in code and "out=0)" in code and "out=1)" in code
    # A few of the sentences, at one of these depths, by another way.
    parts = Path("snippets/encoder/topics.txt").read_text("utf-8").split("# ")[1:]
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    model = AutoModel.from_pretrained("models/smollm2").eval()
    for text in [part.splitlines()[1] for part in parts]:
        ids = tokenizer("<|endoftext|>" + text, return_tensors="pt").input_ids
        assert tokenizer.convert_ids_to_tokens(ids[0])[0] == "<|endoftext|>"
        with torch.no_grad():
            state = model(ids, output_hidden_states=True).hidden_states[20][0]
        first, others = state[0], state[1:]
        assert first.norm() / others.norm(dim=-1).median() >= left.times
        assert torch.cosine_similarity(state.mean(0), first, dim=0) > 0.99
        assert torch.cosine_similarity(others.mean(0), first, dim=0) < 0.9
    row = next(line for line in printed("encoder/decoder_mean").splitlines() if line.startswith("| MiniLM"))
    assert f"| {left.minilm_low:.4f} | | | {left.minilm_near} | |" in row and left.minilm_low < 0.2 < left.last_low


def test_keys_of_the_questions_are_what_came_out(values, printed, says):
    says(
        "- [x] In the first layer.",
        "- [x] The other rows give *dog* much less.",
        "- [x] With *round* in place of *bored*, the row *it* turns to *ball*.",
        "- [x] The vectors that go into the mean are others.",
    )
    context = values("encoder/context")
    assert context.first_gap < 1e-3
    rows = [[float(x) for x in row.split()] for row in printed("encoder/context").splitlines()[1:8]]
    assert rows[0][1] == rows[0][2] and rows[1][1] > rows[1][2] + 0.03, "the columns part at once"
    map_ = values("encoder/attention_map")
    assert map_.it_to_dog > 6 / 12 and map_.control_to_dog > 0.5, "it stayed with the dog"
    assert map_.control_to_dog > map_.control_to_ball and map_.all_to_dog > 0.5, "from everywhere"
    assert values("encoder/pooling").swapped < 0.99 < 1, "the same words, and other vectors"
