"""What the chapter on encoder–decoders claims, on the real models."""

import math
import re
import runpy
from pathlib import Path

import pytest
import torch
from programs import source
from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets.shared import rewriter, styles
from snippets.shared.translator import Translator

CHAPTER = "encoder_decoder"


def translate(translator, english):
    tokenizer, model = translator
    batch = tokenizer(english, return_tensors="pt", return_token_type_ids=False)
    ids = model.generate(**batch, num_beams=1, max_new_tokens=40)
    return tokenizer.decode(ids[0], skip_special_tokens=True)


def test_one_half_reads_and_the_other_writes(translator, says):
    says(
        "A [decoder](decoder.md) writes, but it looks only backwards, and keeps what it reads "
        "and what it writes in one row.",
        "divides the work: one half reads, in both directions, and the other half writes.",
        "The encoder runs only once.",
        "The encoder reads the source only once.",
        "[Cross-attention](#three-attentions) looks at all of it in every step.",
        "Everything is there, so nothing is hidden.",
        "It walks from word to word, so [a later one](#three-attentions) is never there.",
        "Nothing in the source has yet to be written.",
        "Only what is still to be guessed must be hidden.",
        "While it writes, the decoder cannot look at the source.",
    )
    tokenizer, model = translator
    inputs = tokenizer("I miss you.", return_tensors="pt", return_token_type_ids=False)
    runs = []
    hook = model.model.encoder.register_forward_hook(lambda *_: runs.append(1))
    with torch.no_grad():
        ids = model.generate(**inputs, num_beams=1, max_new_tokens=20)
        assert len(runs) == 1 and ids.shape[1] > 5, "one pass reads, each piece has its step"
        hook.remove()
        other = inputs.input_ids.clone()
        other[0, 2] = tokenizer.convert_tokens_to_ids("▁cat")  # the last word
        first, second = (
            model.get_encoder()(source, output_attentions=True) for source in (inputs.input_ids, other)
        )
        assert min(layer.min() for layer in first.attentions) > 0, "nothing is hidden"
        moved = (first.last_hidden_state - second.last_hidden_state).abs().amax(dim=-1)[0]
        assert (moved > 1e-3).all(), "also what stands before it"
        outputs = model(**inputs, decoder_input_ids=ids[:, :-1], output_attentions=True)
        assert min(layer.min() for layer in outputs.cross_attentions) > 0, "all, in every step"
        later = ids[:, :-1].clone()
        later[0, 4] = 100
        changed = model(**inputs, decoder_input_ids=later).logits[0] - outputs.logits[0]
    changed = changed.abs().amax(dim=-1)
    assert changed[:4].max() < 1e-3 < changed[4:].min(), "what comes later is never there"
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    prompt = tokenizer("<|endoftext|>I miss", return_tensors="pt")
    decoder = AutoModelForCausalLM.from_pretrained("models/smollm2", attn_implementation="eager")
    with torch.no_grad():
        row = decoder.generate(**prompt, max_new_tokens=2, do_sample=False)
        maps = decoder(row, output_attentions=True).attentions
    assert torch.equal(row[:, : prompt.input_ids.shape[1]], prompt.input_ids), "in one row"
    assert max(layer.triu(diagonal=1).max() for layer in maps) == 0, "only backwards"


def test_round_trip(values, says, translator, cells):
    says(
        "{{ encoder_decoder/round_trip.same }} of {{ "
        "encoder_decoder/round_trip.total }} come back word for word.",
        "*Banco* is both in Portuguese, and the second translator chose the wrong one.",
    )
    says(
        "The meaning is the same.",
        "The first translation is good, but the information is gone, and no second translator "
        "can know it.",
        "and came back as *She gave her a red apple*.",
    )
    assert translate(translator, "She gave her a red apple.") == translate(
        translator, "She gave him a red apple."
    ), "two sentences have become one: nothing in it tells which"
    trip = values(f"{CHAPTER}/round_trip")
    assert (trip.same, trip.total) == (2, 5), "the page tells of the other three"
    back = {english: (there, again) for english, there, again in cells(f"{CHAPTER}/round_trip")}
    there, again = back["The bank closed at noon."]
    assert "banco" in there and "bench" in again
    there, again = back["She gave him a red apple."]
    assert "lhe" in there and "gave her" in again
    letter = "The letter was long, so I did not read it."
    assert back[letter][1] == letter.replace("did not", "didn't")
    assert again == "She gave her a red apple."
    robot = "The robot watered the sunflowers because they were thirsty."
    assert back[robot][1] == robot
    assert trip.same == sum(english == again for english, _, again in cells(f"{CHAPTER}/round_trip"))


def test_what_goes_wrong(says, cells):
    says(
        "Here are six more, chosen because they fail. They do so in five ways.",
        "Beside *comprámos*, bought, it is most likely the past: *drank*. It wrote *drink*.",
        "Four of the six are fluent, and none of the texts shows doubt.",
        "wrote a sentence without a verb.",
        "The output reads like a question, with *hunting* in the place of *hunts*.",
    )
    rows = cells(f"{CHAPTER}/wrong")
    assert len(rows) == 6
    translated = {source: target for _, source, target in rows}
    assert translated["It is raining cats and dogs."] == "Está chovendo gatos e cães."
    assert translated["He kicked the bucket."] == "Ele chutou o balde."
    assert translated["The old man the boat."] == "O velho homem o barco."
    assert translated["My cousin arrived yesterday."].startswith("Meu primo")
    assert "drink coffee" in translated["Comprámos pão e bebemos café."]
    assert translated["Quem não tem cão caça com gato."].startswith("Who does not have")
    assert translated["Comprámos pão e bebemos café."].startswith("We bought")
    page = Path(f"docs/{CHAPTER}.md").read_text("utf-8").split("### What they get wrong")[1]
    ways = re.findall(r"^- \*\*.*", page.split("Four of the six")[0], re.M)
    assert len(ways) == 5
    # Two are not fluent, as the page says; each of the other four has its subject and its verb.
    assert sum("without a verb" in way or "like a question" in way for way in ways) == 2
    assert translated["Quem não tem cão caça com gato."].split()[-3:] == ["hunting", "with", "cat."]
    assert not re.search(r"[?(]|talvez|perhaps|maybe", " ".join(translated.values()))


def test_the_bucket_passes_the_round_trip(says):
    says("It proves little: a literal translation is easy to reverse")
    model = Translator.from_pretrained("models/pt-en")
    tokenizer = AutoTokenizer.from_pretrained("models/pt-en")
    batch = tokenizer(
        "Ele chutou o balde.", return_tensors="pt", return_token_type_ids=False
    )
    ids = model.generate(**batch, num_beams=1, max_new_tokens=20)
    assert tokenizer.decode(ids[0], skip_special_tokens=True) == "He kicked the bucket."


def test_three_attentions(values, printed, says):
    says(
        "Target looks at target, but only backwards:",
        "Which line says *none*?",
        "**Its second attention is missing.",
        "Whisper has all three.",
        "its target 13 tokens, two of them start tokens",
        "It was chosen for speed.[^kim]",
        "It never touches [the source](#three-attentions).",
        "The source is shorter than the target, so there is nothing to hide.",
        "The grid is [a rectangle](#three-attentions), and all of it is allowed.",
        "Masked self-attention: four target words look at four target words, only the lower triangle is filled.",
        "Cross-attention [is still there](#three-attentions).",
    )
    assert values(f"{CHAPTER}/three").own_past == 0
    assert values(f"{CHAPTER}/three").above == 0
    translator, whisper = printed(f"{CHAPTER}/three").split("Whisper", maxsplit=1)
    for line in ("6 layers of (8, 5, 5)", "0 layers of none", "2 layers of (8, 7, 5)"):
        assert line in translator
    for shape in ("(6, 1500, 1500)", "(6, 13, 13)", "(6, 13, 1500)"):
        assert f"4 layers of {shape}" in whisper, "longer than the target, and shorter above"
    drawing = Path(f"docs/{CHAPTER}.md").read_text("utf-8").split("2  masked self-attention")[1]
    drawing = drawing.split("3  cross-attention")[0]
    lines = [re.findall("<rect[^>]*>", part) for part in drawing.split('text-anchor="end"')[1:]]
    filled = [["fill=" in cell for cell in line] for line in lines]
    assert filled == [[column <= row for column in range(4)] for row in range(4)]


def test_we_points_at_the_verb(says, values, maps, printed):
    says(
        "At the verb: its pieces get {{ encoder_decoder/dropped.verb:.2f}} of the "
        "row, most of it `mos`.",
        "The row of *bought* lies on the first two pieces of the same word, with"
        " {{ encoder_decoder/dropped.first:.2f}} and {{ encoder_decoder/dropped.second:.2f}}.",
    )
    says(
        "The map alone does not prove that *we* is taken from the ending",
        "that *Comprei* gives *I*, in the output above, speaks for it.",
    )
    says(
        "(Such a head [was trained to align](cross_attention.md#how-good-is-it), which may be "
        "why its map is so clear.)",
        "Source and target stand in the same order, so looking ahead is no help.",
        "so the row *red* looks past the noun.",
    )
    section = Path("docs/cross_attention.md").read_text("utf-8").split("### How good is it?")[1]
    assert "[guided alignment](glossary.md#guided-alignment)" in section.split("\n## ")[0]
    text = printed(f"{CHAPTER}/dropped")
    assert "→ I bought a red car." in text and "→ We bought a red car." in text
    [head] = maps(f"{CHAPTER}/dropped")
    weights = torch.tensor(head["values"])
    looks = [head["columns"][i] for i in weights.argmax(dim=1).tolist()]
    looks = dict(zip(head["rows"], looks))
    assert looks["▁We"] == "mos" and looks["▁bought"] == "▁Comp"
    assert looks["▁red"] == "▁vermelho" and looks["▁car"] == "▁carro"
    assert head["columns"].index("▁vermelho") > head["columns"].index("▁carro")
    bought = head["values"][head["rows"].index("▁bought")]
    found = values(f"{CHAPTER}/dropped")
    assert bought[:2] == pytest.approx([found.first, found.second], abs=1e-3)
    assert min(bought[:2]) > 0.3 and sum(bought[:2]) > 0.8 and head["columns"][:2] == ["▁Comp", "rá"]
    row = dict(zip(head["columns"], head["values"][0]))
    assert row["mos"] > values(f"{CHAPTER}/dropped").verb / 2 > 0.4


def test_teacher_forcing(says, values, printed):
    says(
        "So the translation is used twice, shifted by one place.",
        "The second column is the first, one row later.",
        "the last line shows that one place at a time gives the same numbers.",
    )
    says("never on its own guesses, so that all positions are trained at once.", page="glossary")
    says("First, no row has to wait for another row's *choice*")
    forced = values(f"{CHAPTER}/teacher_forcing")
    assert forced.loss == pytest.approx(forced.library, abs=1e-5)
    assert forced.difference < 1e-3
    rows = [line.split() for line in printed(f"{CHAPTER}/teacher_forcing").splitlines()]
    rows = rows[1:-2]
    assert [row[1] for row in rows[:-1]] == [row[0] for row in rows[1:]], "shifted"
    says(
        "whatever the model would have chosen, the next step is given the teacher's piece.",
        "In training it was always given [the teacher's pieces](#teacher-forcing).",
        "is the same [cross-entropy](glossary.md#cross-entropy) as for a decoder alone.",
        "Second, there is a gap between training and use.",
        "The loss was computed on [the same pieces](#teacher-forcing).",
    )
    assert any(row[1] != row[3] for row in rows), "in use it would be given another piece"
    tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
    pieces = tokenizer.convert_ids_to_tokens(tokenizer("Tenho saudades tuas.").input_ids)
    assert [row[1] for row in rows] == pieces
    assert rows[0][3] == "▁Eu" and float(rows[0][2]) < 0.05
    assert all(float(row[2]) > 0.5 and row[1] == row[3] for row in rows[2:4])


def test_the_grammar(values, printed, says):
    says(
        "A fifth of the sentences of each kind is [held "
        "out](glossary.md#held-out-data): never trained on, under any greeting.",
        "To formal, three things ask for more.",
        "The noun that follows decides.",
        "And back to informal, the subject decides whether *will* becomes *is gonna* or *are gonna*.",
        "*Asap* is one word for four: the target is longer than the source.",
        "copying the source, and taking the answer of the most similar training sentence.",
        "If it had learned nothing else, it would fail on held-out ones: [none of their answers]"
        "(#formal-and-informal-train-one-yourself) was in training.",
        "The held-out sentences come from the same grammar.",
    )
    told = printed(f"{CHAPTER}/pairs").splitlines()[-1]
    assert "by copying: 0" in told and "by the nearest training sentence: 0" in told
    train, test = styles.split()
    assert len(train) == values(f"{CHAPTER}/pairs").trained_on
    held = [pair for _, pair in test]
    assert not {low for low, _ in train} & {low for low, _ in held}
    assert not {high for _, high in train} & {high for _, high in held}
    # Not even under another greeting.
    bare = re.compile(r"^hey \w+ , ")
    assert not {bare.sub("", low) for low, _ in train} & {bare.sub("", low) for low, _ in held}
    known = set(rewriter.WORDS)
    assert all(set(text.split()) <= known for pair in train + held for text in pair)
    # One informal sentence has one formal one, and the other way around.
    everything = train + held
    assert len({low for low, _ in everything}) == len(everything)
    assert len({high for _, high in everything}) == len(everything)
    pairs = values(f"{CHAPTER}/pairs")
    assert pairs.copied == 0 and pairs.nearest <= 0.1 * pairs.held_out
    kinds = re.findall(r"^(\w[\w ]*) \((\d+)\)$", printed(f"{CHAPTER}/pairs"), re.M)
    assert len(kinds) == 5
    for kind, number in kinds:  # each without a greeting, and with one of two
        assert sum(of == kind for of, _ in test) == 3 * int(number) / 5
    plans = styles.sentences()["plan"]
    gonna = {(name, "are" if " are gonna " in low else "is") for low, high in plans
             for name in [high.split(" will ")[0]]}  # fmt: skip
    assert len(gonna) == len(styles.PEOPLE) and {verb for _, verb in gonna} == {"is", "are"}
    for kind in (styles.GET, styles.A_LOT):  # the same words before another noun
        assert len(set(kind.values())) == 2
    soon = [(low, high) for low, high in everything if "asap" in low.split()]
    assert soon and all("as soon as possible" in high for _, high in soon)
    assert all(len(high.split()) > len(low.split()) for low, high in soon)


def test_the_score(values, says):
    """Seeds 0, 1 and 2 all reach 99% both ways; the bound leaves a margin."""
    says(
        "In this training, of the held-out sentences {{ encoder_decoder/rewrite.to_formal:.0%}} "
        "are right to formal and {{ encoder_decoder/rewrite.to_informal:.0%}} to informal.",
        "After 100 steps the *plan* sentences are at {{ "
        "encoder_decoder/rewrite.plan_100:.0%}}, *get* is at {{ "
        "encoder_decoder/rewrite.get_100:.0%}} and *a lot* at {{ "
        "encoder_decoder/rewrite.a_lot_100:.0%}}.",
    )
    says("The share of answers in which every word is right.", page="glossary")
    says(
        "We train it for {{ encoder_decoder/rewrite.STEPS }} steps of 32 pairs.",
        "An answer counts only if *every word* is right",
        "The line with `given` and `wanted`: it takes the target once without its last word, and once "
        "without its first.",
        "[every word](#what-it-learns-and-when) must be right.",
    )
    assert "right = [text == wanted for text, (_, wanted) in" in source("encoder_decoder/rewrite")
    program = Path("snippets/shared/rewriter.py").read_text("utf-8")
    assert "torch.randint(len(pairs), (32,))" in program
    assert "read, given, wanted = source[batch], target[batch, :-1], target[batch, 1:]" in program
    score = values(f"{CHAPTER}/rewrite")
    assert score.STEPS == 400
    assert score.to_formal > 0.95 and score.to_informal > 0.95
    assert score.plan_100 > 0.8 > 0.4 > max(score.get_100, score.a_lot_100)


def rewritten(printed):
    inside, outside = printed(f"{CHAPTER}/rewrite").split("in its grammar")[1].split("outside")
    parts = []
    for part in (inside, outside):
        lines = [line.strip() for line in part.strip().splitlines()]
        parts.append(dict(zip(lines[::2], lines[1::2])))
    return parts


def test_context_decides(printed):
    inside, _ = rewritten(printed)
    assert inside == {
        "hey tom , the boss doesn't get the joke .":
            "dear tom , the director does not understand the joke .",
        "the boss doesn't get the money .": "the director does not receive the money .",
        "the kids are late , sorry .": "I regret that the children are late .",
        "the kids are late , yay !": "I am pleased that the children are late .",
    }  # fmt: skip


def test_probabilities_mark_some_of_the_wrong_sentences(values, printed, says):
    says(
        "In this model they mark some. The least sure word of *the children are without money* got"
        " {{ encoder_decoder/doubt.money:.2f}}, less than any word of the"
        " {{ encoder_decoder/doubt.held_out }} held-out answers.",
        "But *the director will repair the equipment* is as wrong, and its least sure word got"
        " {{ encoder_decoder/doubt.equipment:.2f}}.",
        "Of each of the six sentences, and of all the held-out ones, here is the least sure word.",
    )
    found = values(f"{CHAPTER}/doubt")
    assert found.held_out == 360 and found.money < found.lowest < 0.9 < found.equipment
    lines = printed(f"{CHAPTER}/doubt").splitlines()
    _, outside = rewritten(printed)
    assert [line.split("  ")[1] for line in lines[:6]] == [*outside.values()], "the same model"
    assert lines[0].endswith("the children are without money .")
    assert lines[1].endswith("the director will repair the equipment .")


def test_outside_the_grammar_it_fails(printed, says):
    says(
        "None of these six is right.",
        "They know *doesn't get*, but no informal sentence of the training has the word *not*.",
        "In *gonna fix the plan* every word is known; only the combination is new.",
        "All of them become one and the same unknown token, which training never showed.",
        "*The children are without money* is worse. It is good English, and none of its words marks it "
        "as wrong.",
        "Pieces in place of words, so that no name is unknown.",
    )
    _, outside = rewritten(printed)
    written = outside["the kids are not late ."]
    assert written == "the children are without money ."
    train, test = styles.split()
    assert written in [high for _, high in train + [pair for _, pair in test]], "good English"
    tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
    for name in ("Maria", "Wanjiru", "Zoltán"):
        ids = tokenizer(name, add_special_tokens=False).input_ids
        assert tokenizer.unk_token_id not in ids
    assert len(outside) == 6
    assert " not " not in outside["the kids are not late ."]
    assert "plan" not in outside["the boss is gonna fix the plan ."]
    assert "regret" not in outside["can you fix the car , sorry ?"]
    assert "angry" not in outside["the boss is late . the kids are mad ."]
    assert "maria" not in outside["hey maria , the boss is late ."]
    assert "coffee" not in outside["wanna grab a coffee ?"]
    seen = [low for low, _ in styles.split()[0]]
    assert any("doesn't get" in low for low in seen)
    assert not any("not" in low.split() or "fix the plan" in low for low in seen)
    assert {"gonna", "fix", "the", "plan"} <= {word for low in seen for word in low.split()}
    [maria], [wanna], [coffee] = (rewriter.ids([x]).tolist() for x in ("maria", "wanna", "coffee"))
    assert maria == wanna == coffee
    assert not set(maria) & {rewriter.NUMBER[word] for low in seen for word in low.split()}


def test_a_later_word_is_hidden_and_padding_too():
    torch.manual_seed(0)
    model = rewriter.Rewriter().eval()
    source = rewriter.ids(["to-formal: the kids are late ."])
    written = rewriter.ids(["<start> the children are late ."])
    with torch.no_grad():
        before = model(source, written)
        changed = written.clone()
        changed[0, 3] = rewriter.NUMBER["director"]
        after = model(source, changed)
        assert torch.allclose(before[:, :3], after[:, :3], atol=1e-6)
        assert not torch.allclose(before[:, 3:], after[:, 3:], atol=1e-3)
        padded = torch.nn.functional.pad(source, (0, 4))
        assert torch.allclose(before, model(padded, written), atol=1e-5)


def test_answers(values, says, printed):
    says(
        "The first is a probability of {{ encoder_decoder/answer_prefers.probability:.2f}}. All other"
        " translations share the rest, so the literal one is the likeliest of all, and a better"
        " [search](decoding.md) for probable words would not help.",
        "About half the parameters.",
        "{{ encoder_decoder/answer_unit.ratio:.0f}} times as much after 100.",
    )
    prefers = values(f"{CHAPTER}/answer_prefers")
    assert prefers.literal > prefers.meant + 10
    assert prefers.probability == pytest.approx(math.exp(prefers.literal)) and prefers.probability > 0.5
    says("against {{ encoder_decoder/answer_prefers.meant:.1f}}, although it has more pieces.")
    pieces = re.findall(r"pieces: (\d+)", printed(f"{CHAPTER}/answer_prefers"))
    literal, meant = map(int, pieces)
    assert literal > meant
    unit = values(f"{CHAPTER}/answer_unit")
    assert unit.in_attention == 4 * (256 * 256 + 256)
    assert unit.in_the_unit == 2 * 256 * 256 + 256
    assert unit.ratio == 200


def test_the_specialist_wins(values, printed, says):
    says(
        "The chat model has {{ encoder_decoder/generalist.ratio:.0f}} times as many "
        "[parameters](glossary.md#parameter), and neither answer is a translation.",
        "gets the same task as the translator.",
        "Large decoders now lead in part of it: in 2024 they led the yearly comparison of "
        "translators,[^wmt] and in 2025 some of the best embeddings came from one.[^qwen]",
        "a text → the same in another language or style, and pairs to train on",
        "a text → the same in another language or style, but no pairs",
        "learned from plain text; many times the parameters",
    )
    page = Path(f"docs/{CHAPTER}.md").read_text("utf-8")
    choices = dict(re.findall(r"^\| a text → (.*) \| ([^|]*) \| [^|]* \|$", page, re.M))
    task = "the same in another language or style, "
    assert choices[task + "and pairs to train on"] == "encoder–decoder", "as both of this chapter"
    assert choices[task + "but no pairs"] == "a large decoder"
    assert "rewriter.both_ways(train)" in source("encoder_decoder/rewrite"), "the second has learned from pairs"
    assert values(f"{CHAPTER}/rewrite").to_formal == 1
    assert "batch = tokenizer(english," in source("encoder_decoder/generalist")
    assert 'f"Translate into Portuguese: {english}"' in source("encoder_decoder/generalist")
    assert values(f"{CHAPTER}/generalist").ratio > 7
    text = printed(f"{CHAPTER}/generalist")
    assert "translator: O velho lê um livro." in text
    for answer in re.findall("chat model: (.*)", text):
        assert not {"livro", "velho", "cansado", "trabalhar"} & set(answer.split())


def test_the_questions(values, printed, says, translator):
    says(
        "`= {{ encoder_decoder/shares.encoder_share:.1%}} ± 0.2`",
        "Without the shift, the wanted piece would be given at the same place; "
        "without the mask, one place to the right.",
        "Only [shift and mask together](#teacher-forcing) leave nothing to copy.",
        "Then the loss would be low too, but the *first* word would suffer: in use there is "
        "[nothing to the right](#teacher-forcing) to copy.",
        "This decoder has learned nothing but to copy.",
        "Which share of all its attention weights belongs to the encoder?",
    )
    assert "sum(copy == wanted for copy, wanted in zip(copied, right))" in source("encoder_decoder/predict")
    shapes = printed(f"{CHAPTER}/three")
    for shape in ("(6, 1500, 1500)", "(6, 13, 13)", "(6, 13, 1500)"):
        assert f"4 layers of {shape}" in shapes
    whole = 1500**2 + 13 * 1500 + 13**2
    assert values(f"{CHAPTER}/shares").encoder_share == pytest.approx(1500**2 / whole)
    hits = [line.split()[-3] for line in printed(f"{CHAPTER}/predict").splitlines()]
    assert hits == ["5", "0", "4"]
    # In use the decoder's first step has one row, the start token: what could be copied is absent.
    rows, first = [], translator[1].model.decoder.layers[0].fc1
    hook = first.register_forward_hook(lambda part, given, made: rows.append(made.shape[-2]))
    translate(translator, "I miss you.")
    hook.remove()
    assert rows[0] == 1


def test_a_forced_first_piece_leads_astray(says, printed):
    says(
        "Only after *não* is the sentence lost.",
    )
    says(
        "whoever is put before it; the rest stays as it was. Only after *não* is the sentence",
        "So one wrong piece need not lead astray: in two of these three the rest is written as if"
        " nothing had happened, and the verb no longer fits its subject.",
        "In use there is no teacher: the model is given its own choices, and one bad choice can "
        "lead where training never was ([exposure bias](glossary.md#exposure-bias)).[^ranzato]",
        "How much that costs is disputed.[^recovery]",
        "One bad choice can lead where training never was.",
    )
    written = printed(f"{CHAPTER}/forced")
    right, *others = (line.split("→ ")[1] for line in written.splitlines())
    rests = [text.split(" ", 1)[1] == right.split(" ", 1)[1] for text in others]
    assert rests == [True, True, False], "only the third goes astray"
    assert "Eu sinto falta de você." in written
    assert "Ela sinto" in written and "Você sinto" in written, "the verb stays with “I”"
    assert "falta" not in written.splitlines()[-1]


def test_a_list_of_phrases_is_the_baseline(says, values, printed):
    says(
        "{{ encoder_decoder/phrases.entries}} phrases get {{ encoder_decoder/phrases.share:.0%}}.",
        "it says *receive* everywhere and *many* everywhere, and it cannot put the "
        "last word first.",
    )
    says(
        "both *must* be zero",
        "For requests and plans no model is needed.",
        "So {{ encoder_decoder/phrases.share:.0%}}, to formal, is the score of this list",
        "phrases that include the noun (*get the joke*) would mend both.",
        "Most of it is exchange: *fix* for *repair*.",
        "Only the last kind needs a word to move.",
    )
    program = runpy.run_path(f"snippets/{CHAPTER}/phrases.py")
    listed = program["phrases"]
    listed |= {f"don't get {low}": f"do not {high} {low}" for low, high in styles.GET.items()}
    listed |= {f"doesn't get {low}": f"does not {high} {low}" for low, high in styles.GET.items()}
    for low, high in styles.A_LOT.items():
        listed |= {f"'ve got a lot of {low}": f"have {high} {low}",
                   f"'s got a lot of {low}": f"has {high} {low}"}  # fmt: skip
    _, asked = styles.split()
    left_over = {kind for kind, (low, high) in asked if program["replaced"](low) != high}
    assert left_over == {"state"}, "with longer phrases only a word that moves is left"
    train, test = styles.split()
    answers = {high for _, high in train}
    assert not any(high in answers or low == high for _, (low, high) in test)
    left = values(f"{CHAPTER}/phrases")
    assert (left.held_out, left.by_phrases) == (len(test), round(left.share * len(test)))
    assert 0.8 < left.share < values(f"{CHAPTER}/rewrite").to_formal
    rows = re.findall(r"^(\w[\w ]*?) +(\d+) of (\d+)$", printed(f"{CHAPTER}/phrases"), re.M)
    whole = {kind for kind, right, asked in rows if right == asked}
    assert whole == {"request", "plan"} and len(rows) == 5
    assert "do not receive the joke" in printed(f"{CHAPTER}/phrases")
    assert f"{left.entries} phrases, no model:" in printed(f"{CHAPTER}/phrases")
    right = {kind: int(number) for kind, number, _ in rows}
    for kind, word in (("get", "receive"), ("a lot", "many")):
        assert right[kind] == sum(of == kind and word in high for of, (_, high) in test)
    assert "the doctor is ill ." in printed(f"{CHAPTER}/phrases"), "and no regret before it"


def test_rarity_is_enough_to_explain_it(says, values, printed):
    says(
        "there are {{ encoder_decoder/rarity.plans_per_get:.0f}} plans in the "
        "training pairs for each *get*.",
        "Which kind leads and which is last differ: *state* leads in one training and is last in"
        " another.",
        "of one training, to formal (the way that needs the look), after 100 and after 200 steps.",
    )
    says(
        "Drawn as often, no kind is the last in all three: rarity is enough to explain it.",
        "Whether the look costs some steps, these counts are too coarse to say.",
    )
    late = re.findall(r", *(\d+)%", printed(f"{CHAPTER}/rarity"))  # five kinds, three seeds
    assert len(late) == 15 and min(map(int, late)) >= 90
    early = {kind: [int(x) for x in re.findall(r"(\d+)%,", rest)] for kind, rest in re.findall(
        r"^(\w[\w ]*?) {2,}(.*)$", printed(f"{CHAPTER}/rarity").split("\n", 1)[1], re.M)}  # fmt: skip
    assert len(early) == 5
    seeds = [dict(zip(early, column)) for column in zip(*early.values())]
    first, last = ([pick(seed, key=seed.get) for seed in seeds] for pick in (max, min))
    assert "state" in first and "state" in last and len(set(last)) > 1
    left = values(f"{CHAPTER}/rarity")
    assert left.lowest >= 0.9
    assert {kind: sum(kind == its for its, _ in styles.split()[1][::3]) for kind in early}["get"] == 6
    assert 'held_out = [(f"to-formal: {low}", high)' in source(f"{CHAPTER}/rarity")
    # As they are drawn in the chapter, the same kinds are late at the same step.
    score = values(f"{CHAPTER}/rewrite")
    assert left.plans_per_get > 10
    assert score.plan_100 - max(score.get_100, score.a_lot_100) > 0.4
    assert left.plans_per_get == pytest.approx(400 / 30), "as the pairs are counted"
    assert len(set(left.leaders.split(", "))) > 1


def test_what_other_seeds_do_outside(says, printed):
    says(
        "all three models lose the *not*",
        "One of the three gets it right.",
        "all three drop *sorry*",
        "Of two sentences each keeps at most one.",
        "in one of the three, words that form no sentence; in the other two, a sentence about "
        "something else.",
        "Maria turns into Anna or Tom",
        "sometimes as fluently as before",
        "Held-out data from the same grammar tests only that grammar.",
    )
    lines = printed(f"{CHAPTER}/seeds").splitlines()
    others = {lines[i]: [x.strip() for x in lines[i + 1 : i + 3]] for i in range(0, 18, 3)}
    _, outside = rewritten(printed)
    assert others.keys() == outside.keys()
    three = {text: [outside[text], *two] for text, two in others.items()}
    assert not any(" not " in text for text in three["the kids are not late ."])
    plans = three["the boss is gonna fix the plan ."]
    assert plans.count("the director will repair the plan .") == 1
    assert not any("regret" in text for text in three["can you fix the car , sorry ?"])
    two = three["the boss is late . the kids are mad ."]
    assert not any("director" in text and "children" in text for text in two)
    maria = three["hey maria , the boss is late ."]
    assert {text.split()[1] for text in maria} == {"anna", "tom"}
    coffee = three["wanna grab a coffee ?"]
    assert len(set(coffee)) == 3
    made = {high for kind in styles.sentences().values() for pair in kind for high in pair}
    formal = [text for text in coffee if text in made]
    assert len(formal) == 2, "two are sentences of the grammar"
    [broken] = [text for text in coffee if text not in made]  # it has two verbs
    assert "gonna" in broken and " the are " in broken


def test_the_guess_shows_and_the_idiom_does_not(says, values, printed):
    says(
        "*Meu*, the masculine *my*, got {{ encoder_decoder/sure.guess:.2f}}, and "
        "*Minha*, the feminine one, {{ encoder_decoder/sure.other:.2f}}.",
    )
    says(
        "This guess shows.",
        "Others do not show: for *my doctor* *Minha* got {{ encoder_decoder/sure.doctor:.2f}}, for",
        "as little as for *my brother* ({{ encoder_decoder/sure.brother:.2f}}).",
        "A program that asks where both have a share misses these two.",
        "The idiom does not show: its least sure piece has {{ encoder_decoder/sure.idiom_least:.2f}}.",
    )
    left = values(f"{CHAPTER}/sure")
    first = printed(f"{CHAPTER}/sure").splitlines()[1]
    assert "▁Meu" in first and "▁Minha" in first
    assert left.guess < 0.7 and left.other > 0.1
    assert max(left.doctor, left.boss, left.brother) < 0.03 < left.other / 5
    assert left.idiom_least > 0.9
    assert f"{left.guess:.2f}" in first and f"{left.other:.2f}" in first


def test_keys_of_the_questions_are_what_came_out(values, printed, says):
    says(
        "- [x] Nothing in the source has yet to be written.",
        "- [x] It goes on from its own mistakes.",
        "- [x] What it keeps for the next word does not grow with the text.",
        "- [x] What was written must fit into one vector in each layer.",
        "- [x] The held-out sentences come from the same grammar.",
    )
    # Every part of the source may be seen: the grid is a rectangle without forbidden cells.
    three = values("encoder_decoder/three")
    assert three.own_past < 1e-6 and three.above < 1e-6
    counts = values("encoder_decoder/answer_unit")
    assert counts.keys_and_values == counts.written * 512 and counts.ratio == 2 * counts.written
    assert "▁Ela → Ela sinto falta" in printed("encoder_decoder/forced"), "she, and I miss"
    rewrite = values("encoder_decoder/rewrite")
    assert rewrite.to_formal == rewrite.to_informal == 1.0
    assert values("encoder_decoder/pairs").copied == 0, "new sentences of a known grammar"
