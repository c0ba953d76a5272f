"""What the tour of sequence problems claims, on the real models."""

import json

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, pipeline

from snippets.shared.tagging import spans
from snippets.shared.translator import Translator

HERE = "sequence_problems"


def rows(text):
    """The cells of the Markdown tables in a printed text, a list a row."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if not set(row[0]) <= set("-:")]


# ------------------------------------------------------------------------- three shapes


def test_three_shapes(values, printed):
    left = values(f"{HERE}/shapes")
    assert left.labels == 2
    assert left.rows == left.tokens == 14, "a row for each token"
    assert left.translated != left.read, "the lengths need not agree"
    assert left.replied == 20, "the chat was stopped"
    assert rows(printed(f"{HERE}/shapes"))[2][2] == "(14, 7)"


# ------------------------------------------------------------------------- names, opinions


def test_names_are_joined_and_one_is_torn(values, printed):
    left = values(f"{HERE}/names")
    assert left.first == "Maria Silva (PER), Siemens (ORG), Munich (LOC), "
    assert "New (ORG), York (LOC)" in left.second
    tags = [row[:2] for row in rows(printed(f"{HERE}/names"))]
    assert ["new", "B-ORG"] in tags and ["york", "I-LOC"] in tags
    assert ["##a", "I-PER"] in tags, "a rare name is cut in two"


def test_opinions_go_wrong_as_told(values):
    left = values(f"{HERE}/opinion")
    assert (left.wrong, left.asked) == (3, 6)
    assert left.robot > 0.8, "sure of an answer to a question without sense"
    classify = pipeline("text-classification", "models/minilm-sentiment")
    said = classify(["Not a dull moment.", "The food was cold and the waiter was rude."])
    assert [answer["label"] for answer in said] == ["NEGATIVE", "NEGATIVE"]
    ratio = 355 / (classify.model.num_parameters() / 1e6)
    assert round(ratio) == 16, "“sixteen times smaller”"
    assert 110 / (classify.model.num_parameters() / 1e6) == pytest.approx(5, abs=0.3)


# ------------------------------------------------------------------------------ translation


def test_translations(printed):
    table = dict(row[:2] for row in rows(printed(f"{HERE}/translation")))
    assert table["How old are you?"] == "Quantos anos você tem?"
    assert "caneta" in table["The box was in the pen."], "the page shows this mistake"
    assert table["Tenho saudades do mar."] == "I miss the sea."
    assert len(table["Faz três anos que moro aqui."].split()) == 7


def test_the_box_stays_in_the_pen_with_beams():
    tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
    model = Translator.from_pretrained("models/en-pt")
    batch = tokenizer(
        "The box was in the pen.", return_tensors="pt", return_token_type_ids=False
    )
    ids = model.generate(**batch, num_beams=4, max_new_tokens=20)[0]
    assert "caneta" in tokenizer.decode(ids, skip_special_tokens=True)


# --------------------------------------------------------------------- it does not count


def test_asked_for_fifty(values, printed):
    left = values(f"{HERE}/fifty_words")
    replies = [row[1] for row in rows(printed(f"{HERE}/fifty_words"))[1:]]
    assert [len(reply.split()) for reply in replies] == [left.first, left.second, left.third]
    assert left.first > 50 > left.second == left.third
    assert replies[1] == replies[2], "told its count, it repeats itself"
    assert "red, which are scattered in all directions" in replies[0]


def test_no_request_is_met(values, printed):
    left = values(f"{HERE}/asked_written")
    assert (left.exact, left.requests) == (0, 12)
    assert left.unfinished == 1 and left.longest > 100, "the one that we stopped"
    assert left.sky_twenty > left.sky_fifty > 50
    assert left.robot_ten == left.robot_fifty
    table = rows(printed(f"{HERE}/asked_written"))[1:]
    asked = [[int(cell.split()[0]) for cell in row[1:]] for row in table]
    assert all(row[0] > 10 for row in asked), "all lines start above the diagonal"
    assert sum(row[3] < 70 for row in asked) == 2, "two end far below it"
    assert all(row[3] > max(row[:3]) for row in asked), "the longest: the one to 100"
    sky, rain, robot = asked
    assert all(a > max(b, c) for a, b, c in zip(sky, rain, robot)), "the sky gets most"


def test_words_are_not_tokens(values, printed):
    left = values(f"{HERE}/words_and_tokens")
    assert (left.words, left.tokens) == (23, 27)
    assert left.beginning in printed(f"{HERE}/fifty_words"), "it is what the model wrote"
    ids = AutoTokenizer.from_pretrained("models/smollm2")(left.beginning).input_ids
    assert (len(left.beginning.split()), len(ids)) == (left.words, left.tokens)


def test_it_ends_by_the_story(values, maps):
    left = values(f"{HERE}/no_counter")
    (drawn,) = maps(f"{HERE}/no_counter")
    stop = torch.tensor(drawn["values"])  # (requests, sentences)
    words = [int(word) for word in drawn["columns"]]
    assert len(words) == 12 and words[5] == left.at_fifty == 52 and words[-1] == 106
    assert (stop.argmax(dim=1) == 11).all(), "all rows prefer the end of the text"
    assert (stop[:, :11].argmax(dim=1) == 5).all(), "and before it the same sentence"
    assert left.ten_at_nine < 0.1 < left.fifty_at_fifty < left.ten_at_fifty
    assert (stop[3] <= stop[:3]).all(), "the row of 100 is paler all along"
    assert torch.corrcoef(stop).min() > 0.9, "the rows are nearly the same"
    assert left.early_ratio > 50 and stop[:, 0].max() < 0.05, "a feeling, too weak"


def test_the_probability_of_the_end_is_the_models(values):
    left = values(f"{HERE}/no_counter")
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    model = AutoModelForCausalLM.from_pretrained("models/smollm2")
    end = left.text.index("everywhere above.") + len("everywhere above.")
    chat = [{"role": "user", "content": "In exactly 50 words, explain why the sky is blue."}]
    prompt = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    batch = tokenizer(prompt + left.text[:end], return_tensors="pt")
    with torch.no_grad():
        next_token = model(**batch).logits[0, -1].softmax(dim=-1)
    stop = tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert next_token[stop].item() == pytest.approx(left.fifty_at_fifty, abs=1e-3)


def test_the_fix_has_exactly_fifty_words(values, printed):
    left = values(f"{HERE}/exactly_fifty")
    ask, stop, draft = (row[1] for row in rows(printed(f"{HERE}/exactly_fifty"))[1:])
    assert len(left.reply.split()) == values(f"{HERE}/fifty_words").first
    assert (stop.replace("…", left.kept), ask.replace("…", left.kept)) == (
        left.cut, left.reply
    )  # fmt: skip
    assert len(left.cut.split()) == 50 and not left.cut.endswith("."), "half a sentence"
    assert len(draft.split()) == left.words == 50 and draft.endswith(".")
    assert draft.startswith(left.kept) and left.kept_words == 32
    assert draft != left.reply and left.times > 2, "it costs more"
    assert left.good >= 1 and left.drafts % 16 == 0


# ------------------------------------------------------------------- beyond language, hub


def test_beyond_language(values):
    left = values(f"{HERE}/beyond")
    assert left.window == "Please open the window. It is very hot today."
    assert "train" not in left.train.lower(), "the page shows this mistake"
    assert left.guess == "N" and 0.2 < left.sure < 0.8
    assert left.moments == 1500


def test_folders_say_what_they_hold(values, printed):
    left = values(f"{HERE}/model_pages")
    model = Translator.from_pretrained("models/en-pt")
    assert left.translator == pytest.approx(model.num_parameters() / 1e6, rel=0.05)
    table = {row[0]: row for row in rows(printed(f"{HERE}/model_pages"))[1:]}
    for folder, row in table.items():
        with open(f"models/{folder}/config.json") as file:
            assert row[3] in json.load(file)["architectures"]
    assert table["minilm-ner"][2] == "7 labels"


def test_answers(values, printed):
    left = values(f"{HERE}/answers")
    tags = "B-PER I-PER O B-ORG I-ORG I-ORG O B-LOC B-LOC O".split()
    assert left.joined == len(spans(tags)) == 4
    assert (left.tags_of_four, left.numbers) == (9, 180)
    assert (left.turned, left.asked) == (1, 4)
    negated = [line for line in printed(f"{HERE}/answers").splitlines() if "3." in line]
    assert all(line.endswith("with not NEGATIVE") for line in negated)
    assert (15 / 16) ** left.drafts < 0.1 <= (15 / 16) ** (left.drafts - 1)


def test_softmax_forgets_how_low_the_logits_are(printed):
    high, low, third = map(json.loads, printed(f"{HERE}/predict").splitlines())
    assert high == low and max(high) > 0.9, "as sure, with both labels low"
    assert third == pytest.approx([0, 0, 1], abs=0.01)


def test_a_round_of_drafts_often_finds_none(values):
    left = values(f"{HERE}/rounds")
    assert left.none_fits == pytest.approx((15 / 16) ** 16) and left.none_fits > 1 / 3
    assert 1 / left.ten_for_nothing == pytest.approx(30_000, rel=0.05)
