"""What the chapter on the decoder claims, on the real model."""

import math

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

CHAPTER = "decoder"
SENTENCE = "The robot watered the sunflowers because they were thirsty."
START = "<|endoftext|>"


@pytest.fixture(scope="module")
def smollm2():
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2", padding_side="left")
    model = AutoModelForCausalLM.from_pretrained("models/smollm2")
    with torch.no_grad():
        yield tokenizer, model


def rows(text):
    """The cells of a printed table, without its two head lines."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_one_step(says, values, printed):
    says(
        "one row for each token, with one number for each of the {{"
        " decoder/next_token.vocabulary:,}} tokens of the vocabulary.",
        "The favorite is “{{ decoder/next_token.first }}”, with",
        "*Thirsty* has {{ decoder/next_token.thirsty_probability:.1%}} and place",
    )
    step = values(f"{CHAPTER}/next_token")
    assert "(1, 9, 49152)" in printed(f"{CHAPTER}/next_token")
    assert step.first == "too" and step.vocabulary == 49_152
    assert 0 < step.thirsty_probability < step.first_probability < 0.5
    assert step.rank > 8, "thirsty is not among the eight bars"
    assert f"place {step.rank}" in printed(f"{CHAPTER}/next_token")


def test_all_maps_are_triangles(says, values, maps):
    says(
        "every attention has a [causal mask](glossary.md#causal-mask), so no token looks to"
        " the right.",
        "Nine small attention maps, all of them triangles: the upper right half is empty.",
        "In most of them the first column is strong.",
        "the weight on later tokens is exactly zero in all {{ decoder/heads.heads }} heads of"
        " the model.",
        "And {{ decoder/heads.sinks }} heads give most of their weight to the first token.",
    )
    heads = values(f"{CHAPTER}/heads")
    assert heads.heads == 270 and heads.future == 0
    assert heads.sinks > heads.heads / 2
    drawn = maps(f"{CHAPTER}/heads")
    assert len(drawn) == 9
    for one in drawn:
        weights = torch.tensor(one["values"])
        assert weights.triu(diagonal=1).eq(0).all()
        assert weights.sum(dim=1).tolist() == pytest.approx([1] * len(weights), abs=2e-3)
    first = [torch.tensor(one["values"])[1:, 0].mean() for one in drawn]
    assert sum(share > 0.4 for share in first) > len(drawn) / 2


def test_every_position(says, values, printed, smollm2):
    says(
        "One pass gave {{ decoder/every_position.exercises }} exercises, and the model's"
        " first choice was right in",
        "A blind guess would give each token one in {{ decoder/next_token.vocabulary:,}}.",
        "*Watered* got far less than that",
        "The mean loss is {{ decoder/every_position.loss:.2f}}.",
        "The library computes the same number if you pass `labels=ids`:",
        "The log-probabilities differ by {{ decoder/every_position.slow_difference:.0e}},"
        " which is rounding.",
        "After *The robot* it would have said *{{ decoder/every_position.instead }}*.",
        "It is told *watered* all the same, and goes on from there.",
        "For the table it is {{ decoder/every_position.perplexity:.0f}}.",
        "two tokens of eleven make up {{ decoder/every_position.dearest:.0%}} of the loss.",
        "one pass for each beginning gives [the same"
        " numbers](#every-position-predicts-at-once), up to rounding.",
        "Each row is computed as if the text [ended there](#every-position-predicts-at-once)",
    )
    found = values(f"{CHAPTER}/every_position")
    assert found.exercises == 11 and found.correct == 3
    assert found.difference < 1e-4
    assert found.slow_difference < 1e-2
    assert found.perplexity == pytest.approx(math.exp(found.loss), rel=1e-4)
    table = rows(printed(f"{CHAPTER}/every_position"))
    mean = sum(float(row[-1]) for row in table) / len(table)
    assert mean == pytest.approx(found.loss, abs=0.01)
    assert table[0][0] == "the start" and table[0][2] == "The"
    assert table[2][2] == "watered" and table[2][1] == found.instead
    blind = values(f"{CHAPTER}/next_token").vocabulary
    cost = {row[2]: int(row[3].removeprefix("1 in ").replace(",", "")) for row in table}
    assert cost["watered"] > 10 * blind, "far less than a blind guess gives"
    assert table[5][1] == "." and table[5][2] == "flowers"
    losses = sorted(float(row[-1]) for row in table)
    assert found.dearest == pytest.approx(sum(losses[-2:]) / sum(losses), abs=0.01)
    tokenizer, model = smollm2
    ids = tokenizer(START + SENTENCE, return_tensors="pt").input_ids
    cross_entropy = torch.nn.functional.cross_entropy
    expected = cross_entropy(model(ids).logits[0, :-1], ids[0, 1:]).item()
    assert found.library == pytest.approx(expected, abs=1e-3)
    assert table[3][0] == "… watered", "told the right token all the same"
    assert sum(row[1] == row[2] for row in table) == found.correct


def test_what_stands_before_a_text(says, values, printed, smollm2):
    """The second token is dear without a start; whether the sink is why stays open."""
    says(
        "So something else can make it dear too. Whether the long state costs anything, these"
        " numbers do not show.",
        "The tokenizer of SmolLM2 puts nothing in front of a text by itself",
        "Take {{ decoder/beginning.sentences }} everyday sentences and five ways to begin"
        " each.",
        "With nothing in front, the second token costs {{ decoder/beginning.no_start:.1f}} on"
        " average;",
        "and none of the sentences goes the other way.",
        "of the first token is {{ decoder/beginning.times:.0f}} times as long when that token"
        " stands in the first position",
        "Behind the word *and*, the state is as short as in the other rows",
    )
    found = values(f"{CHAPTER}/beginning")
    assert found.sentences == found.always == 24
    assert found.saved > 3 * found.error
    assert found.no_start - found.after_end == pytest.approx(found.saved, abs=0.01)
    table = {row[0]: row for row in rows(printed(f"{CHAPTER}/beginning"))}
    cost = {name: float(row[1]) for name, row in table.items()}
    for good in ("the end of a text", "a new line", "a period"):
        assert cost[good] == pytest.approx(found.after_end, abs=0.5)
    lengths = {name: int(row[3].replace(",", "")) for name, row in table.items()}
    behind = [length for name, length in lengths.items() if name != "nothing"]
    assert max(behind) < 1.2 * min(behind), "as short as in the other rows"
    assert lengths["nothing"] / lengths["the word *and*"] == pytest.approx(found.times, rel=0.02)
    # The control: out of the first position, and still dear.
    assert found.after_word > (found.no_start + found.after_end) / 2
    assert len(table) == 5, "ways to begin"
    assert cost["nothing"] == pytest.approx(found.no_start, abs=0.06)
    assert smollm2[0].decode(smollm2[0]("A text.").input_ids) == "A text.", "nothing in front"


def test_perplexity(says, values, smollm2):
    says(
        "the right tokens cost, on average, as much as if each had had one chance in ten",
        "The same words in a wrong order are the worst, per token",
        "Counting is easiest: {{ decoder/perplexity.counting:.0f}} choices on average.",
        "you see that the first words cost most, before there is a pattern.",
        "Our sentence is odd, {{ decoder/perplexity.ours:.0f}}, and *purple* is a worse"
        " reason for watering than",
        "{{ decoder/perplexity.mixed:,.0f}}, where blind guessing over the whole vocabulary"
        " would have",
    )
    texts = values(f"{CHAPTER}/perplexity")
    order = [texts.counting, texts.tale, texts.ours, texts.purple,
             texts.portuguese, texts.mixed, texts.vocabulary]  # fmt: skip
    assert order == sorted(order)
    sentence = values(f"{CHAPTER}/every_position")
    assert texts.ours == pytest.approx(sentence.perplexity, rel=0.01)
    tokenizer, model = smollm2
    text = f"{START}one, two, three, four, five, six, seven, eight, nine, ten"
    ids = tokenizer(text, return_tensors="pt").input_ids
    loss = -model(ids).logits[0, :-1].log_softmax(-1).gather(1, ids[0, 1:, None])[:, 0]
    assert loss.mean().exp().item() == pytest.approx(texts.counting, rel=0.01)
    assert loss[:3].sum() > loss[3:].sum(), "the first words cost most"


def test_labels(says, values, printed):
    says(
        "Nothing crashes; the loss is {{ decoder/labels.twice:.1f}} and not {{"
        " decoder/labels.right:.1f}}.",
        "they read the question, but only the tokens of the answer count.",
        "Then fewer tokens count, and in the example they were [easy ones]",
        "It is asked for the token after the next, and does [no better than blind]",
    )
    labels = values(f"{CHAPTER}/labels")
    assert labels.answer_loss < labels.right < labels.twice / 3
    assert abs(labels.twice - math.log(49_152)) < 0.5, "as blind guessing"
    assert math.exp(labels.twice) > values(f"{CHAPTER}/perplexity").mixed
    assert labels.counted == 2


def test_practice(says, values, maps):
    says(
        "After six steps *watered* is learned, while *The* and *robot*, which stand before"
        " it, are not.",
        "“flowers” after two, the first word last of all",
        "A map with a row for each second step and a column for each position.",
        "In the end each right token has more than half of the probability.",
        "The loss of another text rose from {{ decoder/practice.other_before:.2f}} to",
    )
    run = values(f"{CHAPTER}/practice")
    assert run.after < 1.5 < 4 < run.before
    assert run.written == SENTENCE
    assert run.other_after > run.other_before
    table = torch.tensor(maps(f"{CHAPTER}/practice")[0]["values"])  # (moments, positions)
    assert (table[-1] > table[0]).all()
    assert (table[2] > table[0]).all(), "all positions improve together"
    assert (table[-1] > 0.5).all(), "the first one too"
    assert table[1, 5] > 10 * table[1, 2] and table[1, 9] > 10 * table[1, 2]
    assert table[1, 5] > 0.9 and table[3, 2] > 0.9 > 0.5 > table[3, :2].max()
    assert table[-1].argmin() == 0, "the first word last of all"
    assert table.shape == (1 + run.steps // 2, 11)


def test_the_loop_is_generate(values, printed):
    assert values(f"{CHAPTER}/generate").same
    lines = printed(f"{CHAPTER}/generate").splitlines()
    assert lines[0].endswith("because it")
    assert all(new.split(" ", 1)[1].startswith(old.split(" ", 1)[1])
               for old, new in zip(lines[:8], lines[1:8]))  # fmt: skip


def test_cache_gives_the_same_from_less(says, values):
    says("The same tokens, from {{ decoder/cache.with_positions }} computed positions and not")
    cache = values(f"{CHAPTER}/cache")
    assert cache.same
    prompt, steps = 7, 24
    assert cache.tokens == prompt + steps
    assert cache.with_positions == prompt + steps - 1
    assert cache.without_positions == sum(prompt + step for step in range(steps))


def test_cache_size(says, values, smollm2):
    says(
        "The formula gives what the library holds, to the byte: {{"
        " decoder/cache_size.kilobytes:.0f}} kilobytes a token.",
        "SmolLM2 can read {{ decoder/cache_size.longest:,}} tokens; their cache would take",
        "(And no key is ever rewritten: the last line compares the keys with",
        "It would be {{ decoder/cache_size.groups }} times as much if the nine query heads"
        " had a key head each",
    )
    size = values(f"{CHAPTER}/cache_size")
    assert size.equal and size.per_token == 46_080 and size.groups == 3
    assert size.change < 1e-4 * size.size
    assert size.full_megabytes == pytest.approx(46_080 * 8192 / 1e6)
    config = smollm2[1].config
    assert (config.num_attention_heads, config.num_key_value_heads) == (9, 3)
    assert size.longest == config.max_position_embeddings == 8192
    assert size.kilobytes == pytest.approx(size.per_token / 1000)


def test_continuation(says, values):
    says(
        "The list looks right and is not",
        "In the letter not even the style is right",
        "“{{ decoder/continuation.letter_begins }}” is no way to begin one.",
    )
    text = values(f"{CHAPTER}/continuation")
    assert "cup" in text.recipe and text.letter_begins == "I am the last of the great ones"
    assert text.story.startswith("girl") and text.code.startswith("a + b")
    assert text.powers.startswith("32, 64,") and "128" not in text.powers


def test_few_shot(says, values, printed):
    says(
        "the most natural next thing is a capital, or at least a famous city",
        "{{ decoder/few_shot.alone_right }} of {{ decoder/few_shot.questions }} are right"
        " alone,",
        "none of the eight is among them.",
        "And for Spain the model names {{ decoder/few_shot.spain }}",
    )
    shots = values(f"{CHAPTER}/few_shot")
    assert shots.questions == 8 and shots.alone_right == 0
    assert 6 <= shots.shown_right < shots.questions
    assert shots.spain == "Barcelona"
    table = rows(printed(f"{CHAPTER}/few_shot"))
    right = sum(row[2].strip("` ") == row[3] for row in table)
    assert right == shots.shown_right
    assert len(table) == 8 and not any(row[0].strip("`") in shots.examples for row in table)


def test_chat_template(says, values, printed, smollm2):
    says(
        "The text stops where the assistant's turn has begun, so the most likely continuation"
        " is an answer.",
        "The {{ decoder/chat_template.question_tokens }} tokens of the question have become",
        "Without the template, the model's first token is `<|im_end|>`, the token that the"
        " template puts after every question.",
    )
    chat = values(f"{CHAPTER}/chat_template")
    text = printed(f"{CHAPTER}/chat_template")
    for role in ("system", "user", "assistant"):
        assert f"<|im_start|>{role}" in text
    assert chat.reply == "The capital of France is Paris." and chat.stop == "<|im_end|>"
    assert chat.raw == "<|im_end|>", "without the template it ends at once"
    assert chat.tokens > 3 * chat.question_tokens
    tokenizer = smollm2[0]
    assert tokenizer("<|im_start|>").input_ids == [1]
    assert tokenizer("<|im_end|>").input_ids == [2]
    assert chat.seen.endswith("<|im_start|>assistant\n")
    assert "What is the capital of France?<|im_end|>" in chat.seen


def test_memory(says, values, printed, smollm2):
    says(
        "*Ada* rises to no more than {{ decoder/memory.lowest_sent:.1%}}.",
        "“{{ decoder/memory.reply }} …” After one turn, this small model has lost the thread.",
        "(of its first piece, for *Tilly*)",
    )
    found = values(f"{CHAPTER}/memory")
    assert "Tilly" in printed(f"{CHAPTER}/memory")
    for *_, sent, alone in rows(printed(f"{CHAPTER}/memory")):
        assert float(sent.strip("%")) > 10 * float(alone.strip("%"))
    ada = rows(printed(f"{CHAPTER}/memory"))[1]
    assert "Ada" in ada[0] and ada[1] == f"{found.lowest_sent:.1%}"
    assert found.lowest_sent < 0.1
    assert not found.reply.startswith("Your name is")
    pieces = [len(smollm2[0](name).input_ids) for name in (" Tilly", " Ada", " Lisbon")]
    assert pieces == [2, 1, 1]


def test_questions(says, values, printed):
    says(
        "Seven are about things that we made up, so nothing in the parameters can help; three"
        " are general knowledge.",
        "Of the {{ decoder/questions.made_up }} made-up questions, {{"
        " decoder/questions.made_up_closed }} are right",
        "Of the {{ decoder/questions.general }} general ones, {{"
        " decoder/questions.general_closed }} and",
        "With the first president's name in front of it, it names the second.",
        "although the answer in the table of questions above, in a chat, was right",
    )
    asked = values(f"{CHAPTER}/questions")
    assert asked.total == 10
    assert asked.closed <= 3 and asked.given >= asked.closed + 4
    table = rows(printed(f"{CHAPTER}/questions"))
    assert sum(row[1].startswith("✓") for row in table) == asked.closed
    assert sum(row[2].startswith("✓") for row in table) == asked.given
    marks = [[cell.startswith("✓") for cell in row[1:]] for row in table]
    made_up, general = ([sum(x) for x in zip(*part)] for part in (marks[:7], marks[7:]))
    assert made_up == [asked.made_up_closed, asked.made_up_given] == [0, 5]
    assert general == [asked.general_closed, asked.general_given] == [2, 2], "nothing gained"
    assert all(row[1].startswith("✗") for row in table[:7]), "the made-up ones"
    assert "Latvia" in table[0][2], "Tartu is in Estonia"
    assert "person" in table[5][2] and "Adams" in table[8][2]
    assert table[7][1].startswith("✓"), "in a chat it knows when water boils"
    assert (asked.made_up, asked.general) == (7, 3)


def test_beyond_the_passage(says, values, printed):
    says(
        "Not once does it say *not stated* ({{ decoder/beyond_passage.refused }} of 3): it"
        " gives the robot a color and a year.",
    )
    found = values(f"{CHAPTER}/beyond_passage")
    assert found.refused == 0
    assert "Lyon" in found.capital
    _, color, year, _ = printed(f"{CHAPTER}/beyond_passage").splitlines()
    assert "blue" in color and "20" in year


def test_made_up(says, values, smollm2):
    says(
        "Nothing in the next-token loss says *true*.",
        "but they did not mend these.",
        "In {{ decoder/made_up.wrong }} of {{ decoder/made_up.total }} the false answer is"
        " more probable.",
        "Sydney beats Canberra by {{ decoder/made_up.sydney:.0%}} to",
        "Kennedy is {{ decoder/made_up.kennedy:.0%}} and Washington",
        "Boiling at a thousand degrees is more likely than at a hundred",
    )
    facts = values(f"{CHAPTER}/made_up")
    assert facts.total == 8 and facts.wrong == 4
    assert facts.sydney > facts.canberra and facts.kennedy > 3 * facts.washington
    assert facts.hot > facts.boiling
    tokenizer, model = smollm2
    ids = tokenizer("The capital of Australia is", return_tensors="pt").input_ids
    sydney = tokenizer(" Sydney").input_ids
    assert len(sydney) == 1
    direct = model(ids).logits[0, -1].softmax(-1)[sydney[0]].item()
    assert facts.sydney == pytest.approx(direct, abs=1e-3)


def test_invented_countries(says, values, printed):
    says(
        "for three of the four invented countries the model went on with a name",
        "A false answer can read just like a right one.",
        "{{ decoder/nobody.real_mean:.0%}} on average for the real ones,",
        "Sydney, a mistake, had {{ decoder/made_up.sydney:.0%}}, and Lima, which is right,"
        " has",
    )
    found = values(f"{CHAPTER}/nobody")
    table = rows(printed(f"{CHAPTER}/nobody"))
    assert [row[1] for row in table[:4]] == ["Paris.", "Rome.", "Cairo.", "Lima."]
    named = [row[1] for row in table[4:] if row[1][0].isupper()]
    assert len(named) == 3 and table[7][1].startswith("not a place")
    assert found.real_lowest > found.invented_highest
    assert found.real_mean > 3 * found.invented_mean
    assert table[3][2] == f"{found.real_lowest:.0%}", "Lima"
    facts = values(f"{CHAPTER}/made_up")
    assert facts.sydney > facts.canberra and abs(facts.sydney - found.real_lowest) < 0.05


def test_look_right(says, values, printed, smollm2):
    says(
        "this shows that it can mislead, not how often",
        "From the left alone, the likeliest of the words fits in {{"
        " decoder/look_right.left_right }} of",
        "By whole sentences it is {{ decoder/look_right.whole_right }} of",
    )
    gaps = values(f"{CHAPTER}/look_right")
    assert gaps.total == 10 and gaps.whole_right == 9 and gaps.left_right <= 3
    missed = rows(printed(f"{CHAPTER}/look_right"))[1]
    assert "drink" in missed[0] and missed[1:] == ["sun", "sun"]
    tokenizer, model = smollm2
    parts = {}
    for word in (" sun", " coffee"):
        text = f"{START}The{word} was too hot to drink."
        ids = tokenizer(text, return_tensors="pt").input_ids
        log_p = model(ids).logits[0, :-1].log_softmax(-1).gather(1, ids[0, 1:, None])[:, 0]
        parts[word] = log_p[1].item(), log_p[2:].sum().item()  # the word; what is right of it
    left, right = (a - b for a, b in zip(parts[" sun"], parts[" coffee"]))
    assert left > 3 * abs(right) and abs(right) < 1, "the left decides, the right is a near tie"


def test_exercises(says, values):
    says(
        "the probabilities one half, one quarter and one eighth.",
        "So the perplexity is {{ decoder/exercises.perplexity:.0f}}: the right tokens cost as"
        " much as if",
        "{{ decoder/exercises.with_cache }} and {{ decoder/exercises.without_cache:,}}:",
        "{{ decoder/exercises.work_ratio:.0f}} times as many.",
        "The last token is written but never read; so it is 149 and not 150.",
        "{{ decoder/exercises.text_gigabytes:.2f}} gigabytes, and {{ decoder/exercises.users"
        " }} texts.",
        "{{ decoder/exercises.blind_loss:.1f}} for SmolLM2.",
    )
    answers = values(f"{CHAPTER}/exercises")
    assert answers.perplexity == pytest.approx(64 ** (1 / 3))
    assert answers.loss == pytest.approx(math.log(4))
    assert answers.with_cache == 149
    assert answers.without_cache == 50 * 100 + 49 * 50 // 2
    assert answers.cache_token == 131_072 and answers.users == 38
    assert answers.vocabulary == values(f"{CHAPTER}/next_token").vocabulary
    assert answers.blind_loss == pytest.approx(math.log(49_152))
    assert answers.work_ratio == pytest.approx(answers.without_cache / answers.with_cache)
    assert answers.text_gigabytes == pytest.approx(131_072 * 8000 / 1e9)


def test_the_questions(says, values, printed):
    says(
        "it can be sure of nine tokens and pay for one.",
        "One token that it held for nearly impossible costs the second model all it gained on"
        " nine.",
        "`= {{ decoder/turns.read:,}} ± 0`",
        "The first turn sends 40 tokens, and each later one 100 more than the one before",
        "Only 200 of these tokens are new questions.",
    )
    steady, bold = printed(f"{CHAPTER}/predict").splitlines()
    assert steady.endswith("sure of 0, perplexity 10.0")
    assert bold.endswith("sure of 9, perplexity 10.0")
    assert values(f"{CHAPTER}/turns").read == sum(100 * turn + 40 for turn in range(5))
    assert "questions: 200 tokens" in printed(f"{CHAPTER}/turns")


def test_another_first_word_spoils_the_cache_above_the_first_layer(says, smollm2):
    says(
        "In the first layer nearly all, above it nothing.",
        "Both are made of the same hidden state, and [change together](#the-kv-cache).",
    )
    tokenizer, model = smollm2
    ids = tokenizer(SENTENCE, return_tensors="pt").input_ids
    other = ids.clone()
    other[0, 0] = tokenizer.convert_tokens_to_ids("A")
    layers, others = (model(one).cache.layers for one in (ids, other))
    for kind in ("keys", "values"):
        gaps = [
            (getattr(a, kind) - getattr(b, kind)).abs().amax(dim=(0, 1, 3))  # (tokens,)
            for a, b in zip(layers, others)
        ]
        assert gaps[0][1:].max() < 1e-4 < gaps[0][0]
        assert all(gap.min() > 1e-3 for gap in gaps[1:])


def test_what_larger_trainings_add(says, values):
    says(
        "The pieces give the gradient of the whole, up to rounding, and need a quarter of the kept numbers at a time.",
        "Checkpointing gives the same gradient and keeps {{ decoder/larger_trainings.fewer:.0f}} times less.",
        "Two bytes change it by {{ decoder/larger_trainings.half_error:.1%}} of its length.",
        "They save little here",
    )
    left = values("decoder/larger_trainings")
    assert left.pieces_error < 1e-5 and left.again_error < 1e-6 and 1e-3 < left.half_error < 0.1
    assert left.quarter == pytest.approx(0.25, abs=0.01) and left.fewer > 4
    assert left.half_kept > 0.75 * left.whole_kept


def test_a_cache_in_two_bytes_writes_other_texts(says, values, printed):
    says(
        "In four bytes all are the same; in two bytes {{ decoder/cache_bfloat16.two_bytes }} of"
        " {{ decoder/cache_bfloat16.texts }}.",
        "From there on the texts are two texts.",
    )
    left = values("decoder/cache_bfloat16")
    assert left.four_bytes == left.texts > left.two_bytes
    kept, again = (line.split(":", 1)[1] for line in printed("decoder/cache_bfloat16").splitlines()[2:4])
    assert kept.strip() != again.strip()
    assert left.four_ties == 0 < left.two_ties
