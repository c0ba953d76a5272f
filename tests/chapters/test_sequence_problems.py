"""What the tour of sequence problems claims, on the real models."""

import json
import re
import wave
from pathlib import Path

import numpy as np
import pytest
import torch
from programs import source
from transformers import (
    AutoFeatureExtractor,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSpeechSeq2Seq,
    AutoModelForTokenClassification,
    AutoTokenizer,
    pipeline,
)
from transformers.models.auto import modeling_auto

from snippets.shared.tagging import spans
from snippets.shared.translator import Translator

HERE = "sequence_problems"


# ------------------------------------------------------------------------- three shapes


def test_three_shapes(says, values, cells):
    says(
        "Out come {{ sequence_problems/shapes.labels}} numbers for the whole text, one for"
        " each possible label.",
        "{{ sequence_problems/shapes.tokens}} tokens go in and {{"
        " sequence_problems/shapes.rows}} rows come out",
        "The translator read {{ sequence_problems/shapes.read}} tokens and wrote",
        "here we stopped it at {{ sequence_problems/shapes.replied}} tokens.",
        "*The robot watered the sunflowers because they were thirsty.* You need not",
        "each click of a row *a label of its own*: the same three shapes.",
        "That is a habit and no law: there are encoders that write down speech, and decoders"
        " that label.[^ctc][^labels]",
    )
    left = values(f"{HERE}/shapes")
    assert left.labels == 2
    assert left.rows == left.tokens == 14, "a row for each token"
    assert left.translated != left.read, "the lengths need not agree"
    assert left.replied == 20, "the chat was stopped"
    assert left.sentence == "The robot watered the sunflowers because they were thirsty."
    table = cells(f"{HERE}/shapes")
    assert table[1][2] == "(14, 7)"
    assert [row[3].split(",")[0] for row in table] == [
        "a number for each label", "a row for each token", "new tokens", "new tokens"
    ]  # fmt: skip


# ------------------------------------------------------------------------- names, opinions


def test_names_are_joined_and_one_is_torn(says, values, cells):
    says(
        "plain code joins a B with the I's that follow it and have the same kind.",
        "find the tags that spoil the second.",
        "also says that a word cut in two has the tag of its [first piece]",
        "In the second, *the* becomes a name of its own, and worse, *New* begins an organization and "
        "*York* goes on inside a place.",
    )
    left = values(f"{HERE}/names")
    assert left.first == "Maria Silva (PER), Siemens (ORG), Munich (LOC), "
    assert "the (ORG), " in left.second and "New (ORG), York (LOC)" in left.second
    tags = [row[:2] for row in cells(f"{HERE}/names")]
    assert ["new", "B-ORG"] in tags and ["york", "I-LOC"] in tags
    assert ["##a", "I-PER"] in tags, "a rare name is cut in two"
    assert "United Nations (ORG)" in left.second, "the same kind is joined"


def test_each_tag_is_picked_by_itself(says, cells):
    says(
        "it cuts the text, runs the model and picks the most probable tag of each token.",
        "Our tagger picks each tag by itself and takes none back that does not fit its neighbors.",
        "The most probable tag of each token is picked.",
        "The tag of each token is picked by itself, the best of its own row.",
        "Nothing in this step asks whether two tags go together.",
        "Here it changed none: B-ORG and I-LOC stood in the table",
        "which reads and sees at each token what stands before and after it",
        "It is an encoder: at each token it sees what stands [before and after it]",
    )
    tokenizer = AutoTokenizer.from_pretrained("models/minilm-ner")
    model = AutoModelForTokenClassification.from_pretrained("models/minilm-ner")
    table = [row for row in cells(f"{HERE}/names") if len(row) == 3]
    shown = [row[1] for row in table if row[0] != "token"]
    best = []
    for sentence in (row[0] for row in cells(f"{HERE}/names")[-2:]):
        with torch.no_grad():
            logits = model(**tokenizer(sentence, return_tensors="pt")).logits[0, 1:-1]
        best += [model.config.id2label[tag] for tag in logits.argmax(dim=-1).tolist()]
    assert best == shown, "each is the best of its own row"
    together = best[-3:-1]
    assert together == ["B-ORG", "I-LOC"], "and these two cannot stand together"
    with torch.no_grad():
        texts = [tokenizer(f"New York {end}.", return_tensors="pt") for end in ("won", "is a city")]
        first, other = (model(**text).logits[0, 1] for text in texts)
    assert (first - other).abs().max() > 0.1, "what stands after it changes the row of *New*"
    tag = pipeline("token-classification", "models/minilm-ner", aggregation_strategy="first")
    joined = tag("Amina Yusuf works for the United Nations in New York.")[-2:]
    assert [name["entity_group"] for name in joined] == ["ORG", "LOC"], "joined, not changed"
    # A word cut in two: the tag of its first piece counts.
    pieces = [dict(word=word, score=1.0, start=at, end=at + 3, index=at, is_subword=at > 0,
                   scores=np.eye(7)[label])
              for word, at, label in (("ami", 0, 1), ("##na", 3, 4))]  # fmt: skip
    whole = tag.aggregate_word(pieces, "first")
    assert whole["entity"] == model.config.id2label[1]


def test_opinions_go_wrong_as_told(says, values):
    says(
        "*Not a dull moment* should be praise twice turned around.",
        "For this model *A moment* is praise, and each word alone turns it to blame, *Not a"
        " moment* and *A dull moment*; the two together do not turn it back (all four at more than"
        " 70%).",
        "{{ sequence_problems/opinion.wrong}} of these {{ sequence_problems/opinion.asked}}"
        " go wrong, because we chose them so;",
        "It gives {{ sequence_problems/opinion.robot:.0%}} to blame; why to blame, we do not know.",
        "Here runs `minilm-sentiment`, about sixteen times smaller",
    )
    left = values(f"{HERE}/opinion")
    assert (left.wrong, left.asked) == (3, 6)
    assert left.robot > 0.8, "sure of an answer to a question without sense"
    classify = pipeline("text-classification", "models/minilm-sentiment")
    said = classify(["Not a dull moment.", "The food was cold and the waiter was rude."])
    assert [answer["label"] for answer in said] == ["NEGATIVE", "NEGATIVE"]
    turned = classify(["A moment.", "Not a moment.", "A dull moment.", "Not a dull moment."])
    assert [answer["label"] for answer in turned] == ["POSITIVE", *3 * ["NEGATIVE"]]
    assert min(answer["score"] for answer in turned) > 0.7, "no near tie"
    ratio = 355 / (classify.model.num_parameters() / 1e6)
    assert round(ratio) == 16, "“sixteen times smaller”"
    assert 110 / (classify.model.num_parameters() / 1e6) == pytest.approx(5, abs=0.3)


# ------------------------------------------------------------------------------ translation


def test_translations(says, cells):
    says(
        "In the code, `num_beams=1` takes the most probable token at each step, and `[0, 1:]`"
        " drops the token that starts each translation.",
        "Our translator does not come so far: it puts pigs and sheep into a *caneta*, too. It does not"
        " seem to have the other meaning at all.",
        "Their decoders have a [recurrent unit](from_scratch.md#the-translator) in the place of"
        " self-attention, so they are Transformers by half.",
    )
    tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
    model = Translator.from_pretrained("models/en-pt")
    batch = tokenizer("How old are you?", return_tensors="pt", return_token_type_ids=False)
    ids = torch.tensor([[model.config.decoder_start_token_id]])
    for _ in range(7):  # the most probable token, step by step
        with torch.no_grad():
            row = model(**batch, decoder_input_ids=ids).logits[0, -1]
        row[model.config.pad_token_id] = -torch.inf
        ids = torch.cat([ids, row.argmax().view(1, 1)], dim=1)
    by_library = model.generate(**batch, num_beams=1, max_new_tokens=40)
    assert by_library.tolist() == ids.tolist()
    for folder in ("models/en-pt", "models/pt-en"):
        for layer in Translator.from_pretrained(folder).get_decoder().layers:
            assert "SSRU" in type(layer.self_attn).__name__
            assert "Attention" in type(layer.encoder_attn).__name__
    table = dict(row[:2] for row in cells(f"{HERE}/translation"))
    assert table["How old are you?"] == "Quantos anos você tem?"
    assert "caneta" in table["The box was in the pen."], "the page shows this mistake"
    assert table["Tenho saudades do mar."] == "I miss the sea."
    assert len(table["Faz três anos que moro aqui."].split()) == 7


def test_the_box_stays_in_the_pen_with_beams():
    tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
    model = Translator.from_pretrained("models/en-pt")
    pens = [
        "The pigs were in the pen.", "The sheep are in the pen.", "The ink was in the pen.",
        "The farmer built a pen for the pigs.", "The animals are kept in a pen.",
        "He opened the gate of the pen and the sheep ran out.",
        "Little John was looking for his toy box. Finally he found it. The box was in the pen.",
    ]  # fmt: skip
    batch = tokenizer(pens, return_tensors="pt", padding=True, return_token_type_ids=False)
    ids = model.generate(**batch, num_beams=1, max_new_tokens=40)
    assert all("caneta" in text for text in tokenizer.batch_decode(ids)), "whatever is in it"
    batch = tokenizer("The box was in the pen.", return_tensors="pt", return_token_type_ids=False)
    ids = model.generate(**batch, num_beams=4, max_new_tokens=20)[0]
    assert "caneta" in tokenizer.decode(ids, skip_special_tokens=True)


# --------------------------------------------------------------------- it does not count


def test_asked_for_fifty(says, values, cells):
    says(
        "It wrote {{ sequence_problems/fifty_words.first}} words.",
        "Told so, it wrote {{ sequence_problems/fifty_words.second}}, and then the same",
        "We ask ours, and tell it twice how many words it wrote.",
    )
    left = values(f"{HERE}/fifty_words")
    replies = [row[1] for row in cells(f"{HERE}/fifty_words")]
    assert [len(reply.split()) for reply in replies] == [left.first, left.second, left.third]
    assert left.first > 50 > left.second == left.third
    assert replies[1] == replies[2], "told its count, it repeats itself"
    assert "red, which are scattered in all directions" in replies[0]
    told = [row[0] for row in cells(f"{HERE}/fifty_words")]
    assert sum(f"You wrote {n} words" in say for n, say in zip((61, 23), told[1:])) == 2


def test_the_loop_counts_no_words(says, values):
    """A loop that hands on nothing but the tokens writes the same reply."""
    says(
        "so with the same versions on the same machine a second run gives the same.",
        "In this loop no variable goes up by one with each word.",
        "the end is a token like any other, and the loop around the model counts no words.",
        "It starts a counter, which runs out too late because tokens are shorter than words.",
        "The loop has no counter of words that could run out: tokens go in, probabilities come"
        " out,",
        "It sets how many tokens can be written at most.",
    )
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    model = AutoModelForCausalLM.from_pretrained("models/smollm2")
    left = values(f"{HERE}/exactly_fifty")
    chat = [{"role": "user", "content": left.question}]
    asked = tokenizer.apply_chat_template(
        chat, add_generation_prompt=True, return_tensors="pt", return_dict=True
    ).input_ids
    wrote = [*tokenizer(left.reply).input_ids, tokenizer.eos_token_id]
    assert len(wrote) < 100, "it ends by itself, before any limit"
    # All rounds of the loop in one go: each sees the tokens before it, and nothing else.
    ids = torch.cat([asked, torch.tensor([wrote])], dim=1)
    with torch.no_grad():
        best = model(ids[:, :-1]).logits[0, asked.shape[1] - 1 :].argmax(dim=-1)
    assert best.tolist() == wrote, "as `generate` wrote it, and the end as any other token"
    assert "max_new_tokens=120" in source("sequence_problems/fifty_words"), "the limit comes from the program"


def test_no_request_is_met(says, values, cells):
    says(
        "A chat model that cannot count",
        "The code that asks twelve times",
        "None of the {{ sequence_problems/asked_written.requests}} replies has the length that"
        " was asked for.",
        "SmolLM2 missed the count in all {{ sequence_problems/asked_written.requests}} requests.",
        "Asked for 20 words about the sky it writes {{"
        " sequence_problems/asked_written.sky_twenty}}, and",
        "A robot gets {{ sequence_problems/asked_written.robot_ten}} words whether you ask"
        " for 10 or for 50.",
        "But for each number, the sky gets more words than the other two topics.",
        "The number is not lost: on each of these topics the longest reply is the one to 100. (Not"
        " on all others: *how a clock works* is a little shorter than for 50.)",
    )
    left = values(f"{HERE}/asked_written")
    assert (left.exact, left.requests) == (0, 12)
    assert left.unfinished == 1 and left.longest > 100, "the one that we stopped"
    assert left.sky_twenty > left.sky_fifty > 50
    assert left.robot_ten == left.robot_fifty
    table = cells(f"{HERE}/asked_written")
    asked = [[int(cell.split()[0]) for cell in row[1:]] for row in table]
    assert all(row[0] > 10 for row in asked), "all lines start above the diagonal"
    assert sum(row[3] < 70 for row in asked) == 2, "two end far below it"
    assert all(row[3] > max(row[:3]) for row in asked), "the longest: the one to 100"
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2", padding_side="left")
    model = AutoModelForCausalLM.from_pretrained("models/smollm2")
    chats = [[{"role": "user", "content": f"In exactly {n} words, explain how a clock works."}]
             for n in (50, 100)]  # fmt: skip
    options = {"padding": True, "return_tensors": "pt", "return_dict": True}
    batch = tokenizer.apply_chat_template(chats, add_generation_prompt=True, **options)
    ids = model.generate(**batch, do_sample=False, max_new_tokens=200)
    assert (ids == tokenizer.eos_token_id)[:, -1].any() and len(ids[0]) < batch.input_ids.shape[1] + 200
    replies = tokenizer.batch_decode(ids[:, batch.input_ids.shape[1] :], skip_special_tokens=True)
    fifty, hundred = (len(reply.split()) for reply in replies)
    assert fifty - 10 < hundred < fifty, "the one to 100 is a little shorter"
    sky, rain, robot = asked
    assert all(a > max(b, c) for a, b, c in zip(sky, rain, robot)), "the sky gets most"


def test_words_are_not_tokens(says, values, printed, cells):
    says(
        "Here are the words of its first sentence that are more than one token.",
        "{{ sequence_problems/words_and_tokens.words}} words are {{"
        " sequence_problems/words_and_tokens.tokens}} tokens.",
        "Here a token is a word or [less than one](#it-does-not-write-words)",
        "More than 50 words, since some tokens hold two.",
        "Fewer than 50 words, and very likely half a sentence.",
    )
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    held = [len(tokenizer.decode([token]).split()) for token in range(len(tokenizer))]
    assert max(held) == 1, "no token of the vocabulary holds two words"
    reply = values(f"{HERE}/exactly_fifty").reply
    first = tokenizer.decode(tokenizer(reply).input_ids[:50])
    assert len(first.split()) < 50 and not first.endswith("."), "half a sentence"
    left = values(f"{HERE}/words_and_tokens")
    assert (left.words, left.tokens) == (23, 27)
    assert left.beginning in printed(f"{HERE}/fifty_words"), "it is what the model wrote"
    ids = AutoTokenizer.from_pretrained("models/smollm2")(left.beginning).input_ids
    assert (len(left.beginning.split()), len(ids)) == (left.words, left.tokens)
    longer = cells(f"{HERE}/words_and_tokens")
    more = [row[1].count("`") // 2 - 1 for row in longer]
    assert min(more) >= 1 and sum(more) == left.tokens - left.words, "all the longer ones"


def test_the_number_holds_the_end_back_and_is_not_counted(says, values, maps, cells):
    says(
        "Some sentences sound more like an end than others.",
        "So we used twelve orders, in which each sentence stands once at each place, and took"
        " the mean of each place.",
        "The first two rows are strong from the left to about the middle, and then fade. The third is faint at"
        " 9 words, strongest at 44 and fainter again. The fourth is faint all along.",
        "After the first sentence, of about nine words, the end has a probability of {{"
        " sequence_problems/no_counter.first_ten:.0%}} if 10 words were asked for, of {{"
        " sequence_problems/no_counter.first_fifty:.0%}} if 50 were, and of less than one"
        " percent if 100 were.",
        "So the model has a sense of *short* and *long*.",
        "If the model ended by a count, each row would grow strong where its number is reached:",
        "Asked for 20 words, the end is after nine already three quarters as probable as it ever gets.",
        "Asked for 100, it is most probable at word 53, with {{"
        " sequence_problems/no_counter.best_hundred:.0%}}; at word 106 it is down to {{"
        " sequence_problems/no_counter.last_hundred:.0%}}.",
        "The row of 50 is strongest near its place, at word 44, but so is the row of 20.",
        "(They are turns of one order: nearly always the same sentence stands before it.)",
        "And in each row, with these twelve, the sentence makes a difference of more percentage points than the place:",
        "*{{ sequence_problems/no_counter.likely_end}}* is the most probable end in each row.",
        "Asked for 100 words, it hardly ends after the first sentence; asked for 10, it",
        "Nothing: the model cannot read numbers.",
        "and no count: asked for 100, the end was most probable at about [half of them]",
    )
    left = values(f"{HERE}/no_counter")
    (drawn,) = maps(f"{HERE}/no_counter")
    stop = torch.tensor(drawn["values"])  # (requests, places), means over the sentences
    words = [int(word) for word in drawn["columns"]]
    assert (words[0], words[4], words[5], words[-1]) == (9, 44, 53, 106)
    assert drawn["title"] == "A small number brings the end on"
    for place in range(5):
        assert stop[:, place].tolist() == sorted(stop[:, place].tolist(), reverse=True)
    assert left.first_ten > 10 * left.first_fifty and left.first_hundred < 0.01
    assert 0.7 < stop[1, 0] / stop[1].max() < 0.8, "three quarters"
    assert stop.argmax(dim=1).tolist()[1:] == [4, 4, 5], "20 and 50 at word 44, 100 at 53"
    assert left.last_hundred < 0.6 * left.best_hundred < 0.06, "faint, and fading"
    assert (stop[:2, :5] > 0.25).all() and (stop[:2, -1] < 0.1).all(), "left to right"
    assert stop[2, 0] < 0.03 and stop[2, -1] < stop[2].max() / 2
    of_each = [row[4].split(" to ") for row in cells(f"{HERE}/no_counter")]
    of_each = torch.tensor([[float(end.strip("%")) / 100 for end in row] for row in of_each])
    spread, of_place = (
        of_each[:, 1] - of_each[:, 0],
        stop.max(dim=1).values - stop.min(dim=1).values,
    )
    assert (spread > 1.2 * of_place).all(), "a larger difference than the place"
    assert left.likely_end == "That is why the evening sky looks so warm.", "one for all rows"
    assert "orders = [[(i + 5 * j) % twelve for j in range(twelve)]" in source("sequence_problems/no_counter")
    for j in range(12):
        assert sorted((i + 5 * j) % 12 for i in range(12)) == list(range(12))
    before = {}
    for i in range(12):
        order = [(i + 5 * j) % 12 for j in range(12)]
        assert sorted(order) == list(range(12))
        for one, other in zip(order, order[1:]):
            before.setdefault(other, set()).add(one)
    assert all(len(found) == 1 for found in before.values()), "always the same, or none"


def test_beside_no_number_a_hundred_brings_the_end_on_and_a_thousand_holds_it_back(says, values, maps):
    """The same sentences after a request without a number, and after one whose number is no length."""
    says(
        "Beside a request without a number, 100 words bring the end on, at all places but the first,"
        " and 1000 hold it back. And whether the sky is to be explained to 10 *children* or to"
        " 100 makes next to no difference.",
    )
    left = values(f"{HERE}/no_counter")
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2", padding_side="right")
    model = AutoModelForCausalLM.from_pretrained("models/smollm2")
    sentences = [one + "." for one in left.text.removesuffix(".").split(". ")]
    orders = [[(i + 5 * j) % 12 for j in range(12)] for i in range(12)]

    def ends(question: str, orders: list[list[int]]) -> torch.Tensor:
        """The probability of the end after each of twelve sentences, mean of the orders."""
        chat, options = [{"role": "user", "content": question}], {"tokenize": False}
        prompt = tokenizer.apply_chat_template(chat, add_generation_prompt=True, **options)
        texts = [prompt + " ".join(sentences[i] for i in order) for order in orders]
        batch = tokenizer(texts, padding=True, return_tensors="pt")
        begun = len(tokenizer(prompt).input_ids)
        stops = batch.input_ids[:, begun:] == tokenizer.convert_tokens_to_ids(".")
        with torch.no_grad():
            states = model.model(**batch).last_hidden_state[:, begun:][stops]
            found = model.lm_head(states).softmax(-1)[:, tokenizer.eos_token_id]
        return found.view(len(orders), 12).mean(dim=0)

    (drawn,) = maps(f"{HERE}/no_counter")
    hundred, none = torch.tensor(drawn["values"][3]), ends("Explain why the sky is blue.", orders)
    assert (none[1:] < hundred[1:] / 2).all() and none[0] > hundred[0]
    thousand = ends("In exactly 1000 words, explain why the sky is blue.", orders)
    assert (thousand < none).sum() >= 10 and thousand.mean() < none.mean() / 2
    plain = ends("In words, explain why the sky is blue.", orders)
    assert plain.mean() > none.mean(), "it is the number and not the phrase that holds back"
    few, many, short = (
        ends(question, orders[::4])
        for question in ("To a class of 10 children, explain why the sky is blue.",
                         "To a class of 100 children, explain why the sky is blue.",
                         "In exactly 10 words, explain why the sky is blue.")
    )  # fmt: skip
    assert (few - many).abs().max() < 0.005 < 0.2 < short.mean()


def test_the_probability_of_the_end_is_the_models(values):
    """The first sentence of the twelve orders, one prompt each, without any other text."""
    left = values(f"{HERE}/no_counter")
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    model = AutoModelForCausalLM.from_pretrained("models/smollm2")
    stop = tokenizer.convert_tokens_to_ids("<|im_end|>")
    chat = [{"role": "user", "content": "In exactly 50 words, explain why the sky is blue."}]
    prompt = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    found = []
    sentences = [one + "." for one in left.text.removesuffix(".").split(". ")]
    for sentence in sentences:
        batch = tokenizer(prompt + sentence, return_tensors="pt")
        assert tokenizer.decode(batch.input_ids[0, -1:]) == "."
        with torch.no_grad():
            found.append(model(**batch).logits[0, -1].softmax(dim=-1)[stop].item())
    assert sum(found) / 12 == pytest.approx(left.first_fifty, abs=1e-3)
    assert len(sentences) == 12 and " ".join(sentences) == left.text


def test_what_others_found(says):
    says(
        "by which it breaks lines, and checked this by interventions.[^gurnee]",
        "In one study of 2025 GPT-4.1 met an exact length in fewer than 30% of cases, and in more"
        " than 95% when it had to write a countdown along with the words.[^xie]",
        "In a test of 26 models, also of 2025, those that think first kept lengths best.[^lifebench]",
        "GPT-3 takes the same kind of steps.[^gpt3] Not every chat model does: a *diffusion* model such"
        " as LLaDA fills gaps, many in one step.[^llada]",
        "A chat model such as ours picks one token at a time.",
        "(Some ask you to accept terms first.[^gated])",
        "Large ones are built from most of these parts and some others, such as the *experts* of"
        " [DeepSeek-V3](the_paper.md#research-that-paid-off).",
        "A model can be trained to say that there is no answer.[^squad]",
        "Whisper has a token for *no speech*, and for three seconds of silence it is by far the most"
        " probable one. But the library sets the first token itself, and forbids this one behind it, so it is"
        " never chosen: out comes *you*.",
    )
    tokenizer = AutoTokenizer.from_pretrained("models/whisper")
    nothing = tokenizer.convert_tokens_to_ids("<|nocaptions|>")
    model = AutoModelForSpeechSeq2Seq.from_pretrained("models/whisper")
    extractor = AutoFeatureExtractor.from_pretrained("models/whisper")
    silence = extractor(np.zeros(48_000), sampling_rate=16_000, return_tensors="pt").input_features
    start = torch.tensor([[model.config.decoder_start_token_id]])
    with torch.no_grad():
        first = model(silence, decoder_input_ids=start).logits[0, 0].softmax(dim=-1)
    assert first.argmax() == nothing and first[nothing] > 0.8
    written = tokenizer.decode(model.generate(silence)[0], skip_special_tokens=True)
    assert written.strip().lower() == "you"
    assert nothing in model.generation_config.suppress_tokens, "forbidden"
    model.generation_config.suppress_tokens = model.generation_config.begin_suppress_tokens = None
    free = model.generate(silence, return_dict_in_generate=True).sequences[0]
    assert tokenizer.decode(free) == "<|startoftranscript|><|notimestamps|> you<|endoftext|>"
    assert "DeepSeek-V3" in Path("docs/the_paper.md").read_text("utf-8")


def test_the_fix_has_exactly_fifty_words(says, values, cells):
    says(
        "The second keeps its first 32 words, up to a comma, and lets the model draft 16 endings",
        "Cutting gives 50 words and half a sentence.",
        "Drafting gives {{ sequence_problems/exactly_fifty.words}} words and a whole one.",
        "{{ sequence_problems/exactly_fifty.good}} of {{ sequence_problems/exactly_fifty.drafts}}"
        " drafts fitted, and the model wrote",
        "If none fits, the model drafts 16 more, for at most ten rounds.",
        "And somebody had to say what a word is: for us, whatever stands between spaces.",
        "The chat model writes {{ sequence_problems/fifty_words.first}} words and does not"
        " say that they are not 50.",
        "Exactly 50 words, but perhaps half a sentence.",
    )
    left = values(f"{HERE}/exactly_fifty")
    ask, stop, draft = (row[1] for row in cells(f"{HERE}/exactly_fifty"))
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
    code = source("sequence_problems/exactly_fifty")
    assert "while not found and drafts < 160" in code and "write(kept, 16, " in code
    assert "text.split()[:50]" in code, "a word is what stands between spaces"
    assert len("well-known".split()) == 1 and len(re.findall(r"\w+", "well-known")) == 2


# ------------------------------------------------------------------- beyond language, hub


def test_beyond_language(says, values, printed, cells):
    says(
        "to the same length, so both have {{ sequence_problems/beyond.moments:,}} moments.",
        "It is right, and {{ sequence_problems/beyond.sure:.0%}} sure. (This model has read whole"
        " reactions; in one that makes paracetamol, it is nearly certain of the same gap.)",
        "*Sure* is the mean probability of the tokens that Whisper chose: {{"
        " sequence_problems/beyond.sure_window:.0%}} where it is right, {{"
        " sequence_problems/beyond.sure_train:.0%}} where it is wrong.",
        "The text alone shows none of this.",
        "And the text “{{ sequence_problems/beyond.train}}” looks as certain as any;",
        "**They answer, whatever you give them.**",
        "Most models of this page cannot say that they do not know, and the chat model, which can,"
        " may make something up.",
        "It can decline: asked how old your sister is, it has no access to personal data. But asked"
        " for your name, it says “Alec”.",
        "In the other clip the voice said “The train leaves at seven.”",
    )
    left = values(f"{HERE}/beyond")
    assert left.window == "Please open the window. It is very hot today."
    assert "train" not in left.train.lower(), "the page shows this mistake"
    assert left.guess == "N" and 0.2 < left.sure < 0.8
    assert left.moments == 1500
    assert printed(f"{HERE}/beyond").count("1,500 moments") == 2, "both clips"
    assert left.asked.replace("?", left.guess).replace(" ", "") == left.molecule, "right"
    assert left.sure_train < 0.6 < 0.8 < left.sure_window, "a sign, if you ask for it"
    assert left.train.endswith(".") and "?" not in left.train, "no sign in the text"
    # The same by one pass over the tokens that were written. (`generate` forbids some tokens,
    # which takes their probability from none that it chose.)
    extractor = AutoFeatureExtractor.from_pretrained("models/whisper")
    model = AutoModelForSpeechSeq2Seq.from_pretrained("models/whisper")
    for clip, sure in (("open_the_window", left.sure_window), ("train_at_seven", left.sure_train)):
        with wave.open(f"snippets/audio/{clip}.wav") as file:
            sound = np.frombuffer(file.readframes(file.getnframes()), "int16") / 32768
        sound = extractor(sound, sampling_rate=16000, return_tensors="pt").input_features
        told = model.generate(sound, return_dict_in_generate=True, output_scores=True)
        ids, new = told.sequences, len(told.scores)
        with torch.no_grad():
            rows_of = model(sound, decoder_input_ids=ids[:, :-1]).logits[0].softmax(dim=-1)
        chosen = rows_of[-new:].gather(1, ids[0, -new:, None])
        assert chosen.mean().item() == pytest.approx(sure, abs=0.05)
    replies = [row[1] for row in cells(f"{HERE}/fifty_words")]
    replies += [row[1] for row in cells(f"{HERE}/translation")]
    replies += [left.window, left.train]
    assert not [one for one in replies if re.search(r"not (know|sure)|cannot|sorry|não sei", one)]


def test_in_a_reaction_the_gap_is_clear():
    tokenizer = AutoTokenizer.from_pretrained("models/rxnmapper")
    model = AutoModelForMaskedLM.from_pretrained("models/rxnmapper")
    for other in ("CC(=O)Cl", "CC(=O)OC(C)=O"):  # two ways to make it
        batch = tokenizer(f"{other}.Nc1ccc(O)cc1>>CC(=O)[MASK]c1ccc(O)cc1", return_tensors="pt")
        gap = (batch.input_ids[0] == tokenizer.mask_token_id).nonzero().item()
        with torch.no_grad():
            row = model(**batch).logits[0, gap].softmax(dim=-1)
        assert row[tokenizer.convert_tokens_to_ids("N")] > 0.98


def test_the_chat_model_declines_and_makes_up():
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    model = AutoModelForCausalLM.from_pretrained("models/smollm2")
    told = []
    for question in ("How old is my sister?", "What is my name?"):
        batch = tokenizer.apply_chat_template(
            [{"role": "user", "content": question}],
            add_generation_prompt=True, return_tensors="pt", return_dict=True,
        )  # fmt: skip
        ids = model.generate(**batch, do_sample=False, max_new_tokens=40)
        told.append(tokenizer.decode(ids[0, batch.input_ids.shape[1] :]))
    assert "I don't have the ability to access personal data" in told[0]
    assert told[1].startswith('Your name is "Alec"')


def test_folders_say_what_they_hold(says, values, cells):
    says(
        "(Chat models that read pictures, such as Gemma 3, have this name, too.)",
        "There are [Transformers](glossary.md#transformer) for all of these.",
        "Here runs `minilm-ner`, a fifth of that size",
        "Here run two small translators from the Firefox browser, of {{"
        " sequence_problems/model_pages.translator:.0f}} million",
        "Here runs SmolLM2[^smollm2] with {{ sequence_problems/model_pages.chat:.0f}} million"
        " parameters",
    )
    left = values(f"{HERE}/model_pages")
    model = Translator.from_pretrained("models/en-pt")
    assert left.translator == pytest.approx(model.num_parameters() / 1e6, rel=0.05)
    table = {row[0]: row for row in cells(f"{HERE}/model_pages")}
    for folder, row in table.items():
        with open(f"models/{folder}/config.json") as file:
            assert row[3] in json.load(file)["architectures"]
    assert table["minilm-ner"][2] == "7 labels"
    read_pictures = modeling_auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES.values()
    assert "Gemma3ForConditionalGeneration" in read_pictures
    assert round(110 / int(table["minilm-ner"][1])) == 5, "“a fifth of that size”"
    assert table["smollm2"][1] == f"{left.chat:.0f}" == "135"


def test_answers(says, values, printed):
    says(
        "{{ sequence_problems/answers.joined}}, not three.",
        "The second `B-LOC` begins a new name, so *New* and *York* are two places.",
        "With a row for each token that is {{ sequence_problems/answers.numbers}} numbers.",
        "In {{ sequence_problems/answers.turned}} of {{ sequence_problems/answers.asked}} pairs.",
        "The two unkind ones are blame without it, too, so there it turns nothing around.",
        "All of $n$ drafts fail with the probability $(15/16)^n$.",
        "That falls below one tenth at {{ sequence_problems/answers.drafts}} drafts.",
    )
    left = values(f"{HERE}/answers")
    tags = "B-PER I-PER O B-ORG I-ORG I-ORG O B-LOC B-LOC O".split()
    assert left.joined == len(spans(tags)) == 4
    assert (left.tags_of_four, left.numbers) == (9, 180)
    assert (left.turned, left.asked) == (2, 4)
    negated = [line for line in printed(f"{HERE}/answers").splitlines() if "3." in line]
    assert all(line.endswith("with not NEGATIVE") for line in negated)
    plain = [line.split(",")[0].split()[-1] for line in negated]
    assert plain == ["POSITIVE", "NEGATIVE", "NEGATIVE", "POSITIVE"], "a good film, a bad one, boring, watch again"
    assert (15 / 16) ** left.drafts < 0.1 <= (15 / 16) ** (left.drafts - 1)
    assert "Green Valley Bank, New, York" in printed(f"{HERE}/answers"), "two places"


def test_softmax_forgets_how_low_the_logits_are(says, printed):
    says(
        "Softmax sees only the differences between logits.",
        "In the second row both labels are low, and the answer sounds as sure as in the first",
        "A high probability says which label is better than the others, not that it is right.",
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
    assert counter.first_ten > counter.first_fifty > counter.first_hundred, "the end, by what is asked"
    cut = values("sequence_problems/words_and_tokens")
    assert cut.words < cut.tokens, "fewer words than tokens"
