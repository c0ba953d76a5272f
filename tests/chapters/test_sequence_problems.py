"""What the tour of sequence problems claims, on the real models."""

import json
import re

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


def test_three_shapes(says, values, printed):
    says(
        "Out come {{ sequence_problems/shapes.labels}} numbers for the whole text, one for"
        " each possible label.",
        "{{ sequence_problems/shapes.tokens}} tokens go in and {{"
        " sequence_problems/shapes.rows}} rows come out",
        "The translator read {{ sequence_problems/shapes.read}} tokens and wrote",
        "here we stopped it at {{ sequence_problems/shapes.replied}} tokens.",
    )
    left = values(f"{HERE}/shapes")
    assert left.labels == 2
    assert left.rows == left.tokens == 14, "a row for each token"
    assert left.translated != left.read, "the lengths need not agree"
    assert left.replied == 20, "the chat was stopped"
    assert rows(printed(f"{HERE}/shapes"))[2][2] == "(14, 7)"


# ------------------------------------------------------------------------- names, opinions


def test_names_are_joined_and_one_is_torn(says, values, printed):
    says(
        "plain code (behind `aggregation_strategy`) joins a B with the I's that follow it and"
        " have the same kind.",
        "In the second, *New* begins an organization and *York* goes on inside a place.",
    )
    left = values(f"{HERE}/names")
    assert left.first == "Maria Silva (PER), Siemens (ORG), Munich (LOC), "
    assert "New (ORG), York (LOC)" in left.second
    tags = [row[:2] for row in rows(printed(f"{HERE}/names"))]
    assert ["new", "B-ORG"] in tags and ["york", "I-LOC"] in tags
    assert ["##a", "I-PER"] in tags, "a rare name is cut in two"
    assert "United Nations (ORG)" in left.second, "the same kind is joined"


def test_opinions_go_wrong_as_told(says, values):
    says(
        "{{ sequence_problems/opinion.wrong}} of these {{ sequence_problems/opinion.asked}}"
        " go wrong, because we chose them so;",
        "It gives {{ sequence_problems/opinion.robot:.0%}} to blame.",
        "Here runs `minilm-sentiment`, sixteen times smaller",
    )
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


def test_asked_for_fifty(says, values, printed):
    says(
        "It wrote {{ sequence_problems/fifty_words.first}} words.",
        "Told so, it wrote {{ sequence_problems/fifty_words.second}}, and then the same",
    )
    left = values(f"{HERE}/fifty_words")
    replies = [row[1] for row in rows(printed(f"{HERE}/fifty_words"))[1:]]
    assert [len(reply.split()) for reply in replies] == [left.first, left.second, left.third]
    assert left.first > 50 > left.second == left.third
    assert replies[1] == replies[2], "told its count, it repeats itself"
    assert "red, which are scattered in all directions" in replies[0]


def test_no_request_is_met(says, values, printed):
    says(
        "Of {{ sequence_problems/asked_written.requests}} replies, {{"
        " sequence_problems/asked_written.exact}} have the length",
        "Asked for 20 words about the sky it writes {{"
        " sequence_problems/asked_written.sky_twenty}}, and",
        "A robot gets {{ sequence_problems/asked_written.robot_ten}} words whether you ask"
        " for 10 or for 50.",
        "But for each number, the sky gets more words than the other two topics.",
        "For each topic the longest reply was the one to 100, so the number [has an effect]",
    )
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


def test_words_are_not_tokens(says, values, printed):
    says(
        "Here are the words of its first sentence that are more than one token.",
        "{{ sequence_problems/words_and_tokens.words}} words are {{"
        " sequence_problems/words_and_tokens.tokens}} tokens.",
        "Here a token is a word or [less than one](#it-does-not-write-words)",
    )
    left = values(f"{HERE}/words_and_tokens")
    assert (left.words, left.tokens) == (23, 27)
    assert left.beginning in printed(f"{HERE}/fifty_words"), "it is what the model wrote"
    ids = AutoTokenizer.from_pretrained("models/smollm2")(left.beginning).input_ids
    assert (len(left.beginning.split()), len(ids)) == (left.words, left.tokens)
    longer = rows(printed(f"{HERE}/words_and_tokens"))[1:]
    more = [row[1].count("`") // 2 - 1 for row in longer]
    assert min(more) >= 1 and sum(more) == left.tokens - left.words, "all the longer ones"


def test_it_ends_by_the_story(says, values, maps):
    says(
        "The strong cells are in the same columns in all rows, above all at 52 and 106 words;"
        " the last row is fainter.",
        "The rows have nearly the same pattern, and the columns differ.",
        "The text reaches a good end at word {{ sequence_problems/no_counter.at_fifty}},"
        " *everywhere above*",
        "These two have the most probable ends in every row, whatever was asked.",
        "Asked for 10 words, it would end after nine with a probability of {{"
        " sequence_problems/no_counter.ten_at_nine:.1%}}",
        "That is even more than in the row that did ask for 50",
        "The row of 100 is fainter all along, and an end after nine words, rare as it is, is",
        "In the map of the ends, what the text says [weighed more]",
    )
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


def test_the_fix_has_exactly_fifty_words(says, values, printed):
    says(
        "The second keeps its first 32 words, up to a comma, and lets the model draft 16"
        " endings",
        "Stopping gives 50 words and half a sentence.",
        "Drafting gives {{ sequence_problems/exactly_fifty.words}} words and a whole one.",
        "of {{ sequence_problems/exactly_fifty.drafts}} drafts {{"
        " sequence_problems/exactly_fifty.good}} fitted",
        "The chat model writes {{ sequence_problems/fifty_words.first}} words and does not"
        " say that they are not 50.",
        "Exactly 50 words, but perhaps half a sentence.",
    )
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
    assert left.kept.endswith(",") and len(left.kept.split()) == 32
    assert "words" not in left.reply, "it does not speak of their number"


# ------------------------------------------------------------------- beyond language, hub


def test_beyond_language(says, values, printed):
    says(
        "to the same length, so both have {{ sequence_problems/beyond.moments:,}} moments.",
        "It is right, and {{ sequence_problems/beyond.sure:.0%}} sure.",
    )
    left = values(f"{HERE}/beyond")
    assert left.window == "Please open the window. It is very hot today."
    assert "train" not in left.train.lower(), "the page shows this mistake"
    assert left.guess == "N" and 0.2 < left.sure < 0.8
    assert left.moments == 1500
    assert printed(f"{HERE}/beyond").count("1,500 moments") == 2, "both clips"
    assert left.asked.replace("?", left.guess).replace(" ", "") == left.molecule, "right"


def test_folders_say_what_they_hold(says, values, printed):
    says(
        "Here runs `minilm-ner`, a fifth of that size",
        "Here run two small translators from the Firefox browser, of {{"
        " sequence_problems/model_pages.translator:.0f}} million",
        "Here runs SmolLM2[^smollm2] with {{ sequence_problems/model_pages.chat:.0f}} million"
        " parameters",
    )
    left = values(f"{HERE}/model_pages")
    model = Translator.from_pretrained("models/en-pt")
    assert left.translator == pytest.approx(model.num_parameters() / 1e6, rel=0.05)
    table = {row[0]: row for row in rows(printed(f"{HERE}/model_pages"))[1:]}
    for folder, row in table.items():
        with open(f"models/{folder}/config.json") as file:
            assert row[3] in json.load(file)["architectures"]
    assert table["minilm-ner"][2] == "7 labels"
    assert round(110 / int(table["minilm-ner"][1])) == 5, "“a fifth of that size”"
    assert table["smollm2"][1] == f"{left.chat:.0f}" == "135"


def test_answers(says, values, printed):
    says(
        "{{ sequence_problems/answers.joined}}, not three.",
        "The second `B-LOC` begins a new name, so *New* and *York* are two places.",
        "With a row for each token that is {{ sequence_problems/answers.numbers}} numbers.",
        "{{ sequence_problems/answers.turned}} of {{ sequence_problems/answers.asked}} times.",
        "All of $n$ drafts fail with the probability $(15/16)^n$.",
        "That falls below one tenth at {{ sequence_problems/answers.drafts}} drafts.",
    )
    left = values(f"{HERE}/answers")
    tags = "B-PER I-PER O B-ORG I-ORG I-ORG O B-LOC B-LOC O".split()
    assert left.joined == len(spans(tags)) == 4
    assert (left.tags_of_four, left.numbers) == (9, 180)
    assert (left.turned, left.asked) == (1, 4)
    negated = [line for line in printed(f"{HERE}/answers").splitlines() if "3." in line]
    assert all(line.endswith("with not NEGATIVE") for line in negated)
    assert (15 / 16) ** left.drafts < 0.1 <= (15 / 16) ** (left.drafts - 1)
    assert "Green Valley Bank, New, York" in printed(f"{HERE}/answers"), "two places"


def test_softmax_forgets_how_low_the_logits_are(says, printed):
    says(
        "Softmax sees only the differences between logits.",
        "In the second row both labels are low, and the answer sounds as sure as in the first",
        "a high probability says which label is better than the others, not that it is right.",
    )
    high, low, third = map(json.loads, printed(f"{HERE}/predict").splitlines())
    assert high == low and max(high) > 0.9, "as sure, with both labels low"
    assert third == pytest.approx([0, 0, 1], abs=0.01)


def test_a_round_of_drafts_often_finds_none(says, values):
    says(
        "`= {{ sequence_problems/rounds.none_fits:.0%}} ± 1`",
        "all sixteen fail with the probability $(15/16)^{16}$, more than a third.",
        "all ten fail about once in thirty thousand times.",
    )
    left = values(f"{HERE}/rounds")
    assert left.none_fits == pytest.approx((15 / 16) ** 16) and left.none_fits > 1 / 3
    assert 1 / left.ten_for_nothing == pytest.approx(30_000, rel=0.05)


def test_keys_of_the_questions_are_what_came_out(values, printed, says):
    says(
        "- [x] Send a mail to the sales desk or to the help desk.",
        "- [x] Tell in which language a text is written.",
        "- [x] The tag of each token is picked by itself, the best of its own row.",
        "- [x] It makes some tokens, the end among them, more or less probable.",
        "- [x] Fewer than 50 words, and very likely half a sentence.",
    )
    shapes = values("sequence_problems/shapes")
    assert shapes.labels == 2 and shapes.rows == shapes.tokens, "one row for all, one for each token"
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    model = AutoModelForTokenClassification.from_pretrained("models/minilm-ner")
    batch = AutoTokenizer.from_pretrained("models/minilm-ner")(
        "Maria Silva works for Siemens in Munich.", return_tensors="pt"
    )
    best = [model.config.id2label[i] for i in model(**batch).logits[0, 1:-1].argmax(-1).tolist()]
    shown = re.findall(r"\| \S+ \| (\S+) \| [\d.]+ \|", printed("sequence_problems/names"))
    assert best == shown[: len(best)], "the best of each row, by itself"
    counter = values("sequence_problems/no_counter")
    assert counter.fifty_at_fifty < counter.ten_at_fifty, "what the text says weighs more"
    cut = values("sequence_problems/words_and_tokens")
    assert cut.words < cut.tokens, "fewer words than tokens"
