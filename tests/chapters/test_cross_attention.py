"""What the chapter on cross-attention claims, on the real models."""

import math
import re
import runpy

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AutoConfig, AutoModelForCausalLM

from scripts.base import ROOT

CHAPTER = "cross_attention"


def test_by_hand(values, maps, printed, says):
    says(
        "The numbers are chosen so that softmax gives fractions you can check:",
        "*Gato* takes half of its mixture from *cat* ({{ "
        "cross_attention/by_hand.gato_cat:.2f}}), *preto* most of its own",
        "The result mixes the values: for *gato* a quarter of (28, 0)",
    )
    hand = values(f"{CHAPTER}/by_hand")
    assert hand.gato_cat == pytest.approx(1 / 2)
    assert hand.preto_black == pytest.approx(4 / 7)
    [weights] = maps(f"{CHAPTER}/by_hand")
    assert [sum(row) for row in weights["values"]] == pytest.approx([1, 1], abs=1e-3)
    assert "[ 7., 14.]" in printed(f"{CHAPTER}/by_hand")
    gato, preto = weights["values"]
    assert gato == pytest.approx([1 / 4, 1 / 4, 1 / 2], abs=1e-3)
    assert preto == pytest.approx([1 / 7, 4 / 7, 2 / 7], abs=1e-3)


def test_from_scratch(values, printed, maps, says):
    says(
        "The four pieces of *girassóis* share the three pieces of *sunflowers*, and no other "
        "word's row gives them more than a twentieth together.",
        "The strong cells run down the diagonal",
    )
    assert values(f"{CHAPTER}/from_scratch").difference < 1e-4
    assert values(f"{CHAPTER}/from_scratch").apart < 1e-4
    says(
        "The differences are rounding: this is what the library computes, with one last matrix,"
        " `out_proj`, that makes the result of the eight mixtures.",
        "The snippet catches the states that arrive at the second one, takes its three weight"
        " matrices, and computes the attention itself.",
        "Nothing else is new: the same [scores](glossary.md#score), the same"
        " [softmax](glossary.md#softmax), the same average.",
        "“The robot watered the sunflowers because they were thirsty.”",
        "We do not know why: perhaps the training of this head, told [below](#how-good-is-it), says"
        " nothing about that row.",
        "$m \\times d_v$, one vector for each *target* token",
        "The same on real weights",
    )
    program = (ROOT / f"snippets/{CHAPTER}/from_scratch.py").read_text("utf-8")
    for line in ("decoder.layers[1]", "q_proj(target)", "k_proj(source)", "v_proj(source)",
                 "english = \"The robot watered the sunflowers because they were thirsty.\"",
                 "scores.softmax(dim=-1)", "result = attention.out_proj(mixed)"):  # fmt: skip
        assert line in program
    text = printed(f"{CHAPTER}/from_scratch")
    for shape in ("(8, 16, 32)", "(8, 15, 32)", "(8, 16, 15)", "(16, 256)"):
        assert shape in text
    [head] = maps(f"{CHAPTER}/from_scratch")
    weights = torch.tensor(head["values"])
    looks = dict(zip(head["rows"], weights.argmax(dim=1).tolist()))
    for piece in ("▁com", "▁sede"):
        assert head["columns"][looks[piece]] == "▁thirst"
    sunflowers = [head["columns"].index(piece) for piece in ("▁sun", "flower", "s")]
    start = head["rows"].index("▁gira")
    assert head["rows"][start : start + 4] == ["▁gira", "s", "s", "óis"]
    assert (weights[start : start + 4][:, sunflowers].sum(dim=1) > 0.8).all()
    others = [i for i in range(len(weights) - 1) if not start <= i < start + 4]
    assert (weights[others][:, sunflowers].sum(dim=1) < 0.045).all()
    assert weights[-1].max() < 0.3, "the end token looks everywhere"
    ways = list(looks.values())[:-1]
    assert all(later >= place - 2 for place, later in zip(ways, ways[1:])), "the diagonal"
    assert ways[0] == 0 and ways[-1] >= len(head["columns"]) - 3, "from corner to corner"


def test_the_source_is_read_once(values, printed, says):
    says(
        "{{ cross_attention/once.queries }} queries, and keys and values once.",
    )
    once = values(f"{CHAPTER}/once")
    assert once.queries == once.written > 10
    assert once.keys == once.values == 1
    says(
        "a second, for its own past, which grows; in each of its layers, ours carries one vector "
        "instead.",
        "So a translator fills a [cache](glossary.md#kv-cache) for the source once, and then only"
        " reads it.",
    )
    print_of_run = printed(f"{CHAPTER}/once").splitlines()[-1]
    assert print_of_run.endswith(f"queries computed {once.queries} times, keys 1, values 1")


def test_alignment(values, maps, says):
    says(
        "*Espaço* looks at *Area* ({{ cross_attention/alignment.espaco_area:.2f}}), "
        "then *Económico* at *Economic*, then *Europeu* at *European*.",
        "And the end token gives no piece more than {{ cross_attention/alignment.top_of_end:.2f}}.",
    )
    [head] = maps(f"{CHAPTER}/alignment")
    weights = torch.tensor(head["values"])
    looks = {
        piece: head["columns"][place]
        for piece, place in zip(head["rows"], weights.argmax(dim=1).tolist())
    }
    assert looks["▁Espaço"] == "▁Area"
    assert looks["▁Económico"] == "▁Economic"
    assert looks["▁Europeu"] == "▁European"
    assert looks["▁de"] == "▁August"
    says("stood in the paper that brought attention to translation.[^bahdanau]")
    says("A softmax must put its weight somewhere: each row sums to one.")
    assert torch.allclose(weights.sum(dim=1), torch.ones(len(weights)), atol=0.01)
    found = values(f"{CHAPTER}/alignment")
    assert found.espaco_area > 0.8 and found.top_of_end < 0.3
    assert found.translation.startswith("O acordo sobre o Espaço Económico Europeu")
    assert weights[-1].max().item() == pytest.approx(found.top_of_end, abs=1e-3)


def test_score(values, printed, says):
    says(
        "Layer 2, head 1 agrees for {{ cross_attention/score.best:.0%}} of the "
        "words; the baseline reaches {{ cross_attention/score.diagonal:.0%}}.",
        "twice it is the small word *de*, and once it swaps *livros longos* against *long books*",
        "The next best one reaches {{ cross_attention/score.second:.0%}}, the mean "
        "of all {{ cross_attention/score.mean_of_heads:.0%}}, the lowest {{ "
        "cross_attention/score.worst:.0%}}.",
        "In our translator the map can serve as a word alignment, best in the head that was trained"
        " for it.",
        "Layer 2, head 1 is the longest; most heads of layer 1 are short.",
    )
    score = values(f"{CHAPTER}/score")
    assert score.sentences >= 10 and score.words >= 80
    assert score.best > 0.9 > score.second > score.diagonal > score.worst
    assert score.mean_of_heads < score.best
    says(
        "{{ cross_attention/score.above }} of the 8 heads of layer 2, head 1 first of all, look at the"
        " English word that is about to be translated more often than the baseline of {{"
        " cross_attention/score.diagonal:.0%}}, {{ cross_attention/score.clearly_above }} of them"
        " clearly.",
        "(Compared on the same {{ cross_attention/score.words }} words: by McNemar's test, which asks"
        " of the words where only one of the two is right, chance would rarely give such a lead.)",
        "The others were not taught directly, but share the model with the one that was.",
        "the heads of layer 1 agree with our alignment for {{"
        " cross_attention/score.mean_of_layer_1:.0%}} of the words on average, those of layer 2 for"
        " {{ cross_attention/score.mean_of_layer_2:.0%}}.",
        "But the extra loss sits in layer 2, and may be the cause.",
    )
    assert score.mean_of_layer_1 < 0.5 < score.mean_of_layer_2
    assert 2 < score.clearly_above < score.above < 8, "most of them, not all"
    run = runpy.run_path(f"snippets/{CHAPTER}/score.py")
    clear = 0
    for head in range(8, 16):
        only_head = ((run["right"][:, head] == 1) & (run["on_diagonal"] == 0)).sum().item()
        only_place = ((run["right"][:, head] == 0) & (run["on_diagonal"] == 1)).sum().item()
        both = only_head + only_place
        by_chance = sum(math.comb(both, n) for n in range(only_head, both + 1)) / 2**both
        clear += by_chance < 0.025
    assert clear == score.clearly_above, "the exact test says the same"
    assert (run["shares"][:8] < 0.45).sum() > 4, "most of layer 1 are short"
    misses = printed(f"{CHAPTER}/score").splitlines()[-1]
    assert misses.count("de ← ") == 2
    assert "livros ← long" in misses and "longos ← book" in misses
    assert misses.count("←") == 4 == round(score.words * (1 - score.best))


def test_gold_is_well_formed(says, values):
    says(
        "So we aligned {{ cross_attention/score.sentences }} of this model's own "
        "translations by hand:",
        "{{ cross_attention/score.words }} words, each with the English words that "
        "it may come from.",
    )
    lines = (ROOT / "snippets/cross_attention/gold.txt").read_text("utf-8").splitlines()
    for english, gold in zip(lines[::2], lines[1::2]):
        assert english.endswith(".")
        for link in gold.split():
            word, numbers = link.split("/")
            if numbers != "-":
                assert all(1 <= int(n) <= len(english.split()) for n in numbers.split(","))
    score = values(f"{CHAPTER}/score")
    assert score.sentences == len(lines) // 2
    links = [link for gold in lines[1::2] for link in gold.split()]
    assert score.words == sum(not link.endswith("/-") for link in links)


def test_a_row_is_asked_by_the_piece_before_it(translator, says):
    """Another piece in the row's own place changes nothing in it; one place before, it does."""
    says(
        "Each row bears the name of the piece that was then written; the state that asked stands one "
        "place before it.",
    )
    says(
        "The query of the row `▁robô` is not made of *robô*, which is not yet written",
        "It is made of the state at the piece before, at *O*",
        "In the same way the first row is the query of the start token.",
    )
    tokenizer, model = translator
    english = "The robot watered the sunflowers because they were thirsty."
    batch = tokenizer(english, return_tensors="pt", return_token_type_ids=False)
    with torch.no_grad():
        ids = model.generate(**batch, num_beams=1, max_new_tokens=40)
        written = tokenizer.convert_ids_to_tokens(ids[0, 1:])
        assert written[:2] == ["▁O", "▁robô"]

        def rows(inputs):
            out = model(**batch, decoder_input_ids=inputs, output_attentions=True)
            return out.cross_attentions[1][0, 0]  # (target, source)

        right, other = rows(ids[:, :-1]), ids[:, :-1].clone()
        other[0, 2] = ids[0, 6]  # what stands in the place of *robô*
        changed = (rows(other) - right).abs().amax(dim=1)
    assert changed[written.index("▁robô")] < 1e-6, "its own row was asked before"
    assert changed[written.index("▁robô") + 1] > 1e-3, "the next row is asked by it"


def test_heads(values, maps, says):
    says(
        "the most if it is spread evenly.",
    )
    heads = values(f"{CHAPTER}/heads")
    found = maps(f"{CHAPTER}/heads")
    assert len(found) == 16
    assert heads.sharpest < 1 and 0.8 * heads.even < heads.flattest < heads.even
    late, guided = (torch.tensor(found[n]["values"]).argmax(dim=1) for n in (5, 8))
    assert torch.equal(late[1:], guided[:-1]), "on the short sentence in every row"
    says("it is next to nothing in the first row and most of the weight in the last")
    resting = found[6]["values"]
    assert resting[0][-1] < 0.02 < 0.7 < resting[-1][-1]
    says("spreads widest", "But single rows still have peaks, more than three times an even share.")
    peaks = max(max(row) for row in found[2]["values"])
    assert peaks > 3 / len(found[2]["columns"]), "three times an even share"
    says("They need not, in any head: a source word can be")
    for head in found:
        columns = torch.tensor(head["values"]).sum(dim=0)
        assert columns.min() < 0.7 and columns.max() > 1.3, "a column need not sum to one"
    assert 2**heads.even == pytest.approx(len(found[0]["columns"])), "bits of an even spread"


def test_habits(values, says, printed):
    """A habit is counted over sentences, with the one where the head has least of it."""
    says(
        "For each habit it takes the head that has most of it:",
        "`{{ cross_attention/habits.end_head }}` leaves {{ "
        "cross_attention/habits.end_mean:.0%}} of its weight on the end token of the "
        "source, and {{ cross_attention/habits.end_lowest:.0%}} in the sentence where it has least "
        "there.",
    )
    says(
        "On the short sentence it does so in every row that has one before it; over all thirteen"
        " it is",
        "*Lowest* is the sentence where this head has least of it, and *next* the mean of the head"
        " that comes second.",
        "looks back: at the word that was translated *one step before*",
        "`{{ cross_attention/habits.end_second }}` does nearly as much.",
    )
    habits = values(f"{CHAPTER}/habits")
    assert (habits.end_head, habits.flat_head) == ("L1 H7", "L1 H3"), "see test_heads"
    assert habits.sentences == values(f"{CHAPTER}/score").sentences == 13
    assert habits.late_head == "L1 H6"
    assert 0.6 < habits.late_lowest < 0.75 < habits.late_mean < 0.95
    assert habits.late_next < habits.late_mean - 0.1
    assert 0.1 < habits.end_lowest < habits.end_mean < 0.5
    [ending] = [line for line in printed(f"{CHAPTER}/habits").splitlines() if "rests on end" in line]
    mean, _, following = (int(share) for share in re.findall(r"(\d+)%", ending))
    assert following > 0.8 * mean and habits.end_second != habits.end_head
    assert habits.flat_mean > 0.85 < habits.flat_lowest
    for line in printed(f"{CHAPTER}/habits").strip().splitlines()[2:]:
        mean, lowest, following = (int(share) for share in re.findall(r"(\d+)%", line))
        assert lowest < mean > following, "of all heads this one has most of it"


def test_hide(printed, says):
    says(
        "The first row is the translation with nothing hidden.",
        "Without `▁robot`, nobody waters.",
        "Without `▁because`, the clause goes, and the sentence is still fluent (*com sede*, with "
        "thirst, may now belong to the robot as well as to the flowers).",
        "Without `▁thirst`, they *were*, and nothing follows.",
        "The last two rows do not fit.",
        "Without `s` nothing goes at all:",
        "It does: with the same mask over `▁robot`, [nobody waters](#hide-a-word).",
    )
    rows = [line.split("|")[1:3] for line in printed(f"{CHAPTER}/hide").splitlines()[2:]]
    text = {hidden.strip(): translation.strip() for hidden, translation in rows}
    assert text["–"] == "O robô regou os girassóis porque eles estavam com sede."
    assert "robô" not in text["▁robot"]
    assert "porque" not in text["▁because"] and text["▁because"].endswith("girassóis com sede.")
    assert text["▁thirst"].endswith("porque eles estavam.")
    assert "tinha sede" in text["▁they"]
    says(
        "it is *eles* (they) that goes.",
        "The tense may be read from other pieces.",
    )
    assert text["s"] == text["–"] and "regou" in text["ed"]
    assert text["ed"] == text["–"].replace("eles ", "")
    assert "floresc" in text["▁sun"] and "solares" in text["flower"]
    assert "regou" in text["–"] and "regou" not in text["▁robot"]
    assert next(iter(text)) == "–" and list(text)[-2:] == ["ed", "s"]


def test_hide_all(values, printed, says):
    says(
        "So the next program takes {{ cross_attention/hide_all.sentences }} sentences, hides each"
        " piece of them in turn, and does it in two ways:",
        "Hidden where the map is strongest, the word goes missing in {{"
        " cross_attention/hide_all.masked:.0%}} of the cases, and in one sentence in only {{"
        " cross_attention/hide_all.lowest:.0%}}.",
        "At the second strongest place it is {{ cross_attention/hide_all.second:.0%}}, at any other"
        " {{ cross_attention/hide_all.other:.0%}}, at the weakest {{"
        " cross_attention/hide_all.weakest:.0%}}.",
        "The mean state gives {{ cross_attention/hide_all.filled:.0%}} at the strongest.",
        "The controls are the second strongest place, any other by chance, and the weakest.",
        "so another form of it (*regado* for *regou*) counts as gone as well.",
        "So map and hiding mostly agree.",
        "Hide the piece where a row is strongest and its word goes missing in most cases, not in"
        " all; close it and the translation has nothing to do with the source.",
    )
    found = values(f"{CHAPTER}/hide_all")
    assert found.sentences == 29
    assert 0.65 < found.masked < 0.9 and abs(found.masked - found.filled) < 0.05
    assert found.weakest < 0.1 and found.masked > 2 * max(found.second, found.other), "the controls"
    assert found.lowest < found.masked - 0.2
    program = (ROOT / f"snippets/{CHAPTER}/hide_all.py").read_text("utf-8")
    assert "torch.cat([order[:2], chance, order[-1:]])" in program and "torch.randint(1, " in program
    assert "O regado os" in printed(f"{CHAPTER}/hide")
    assert values(f"{CHAPTER}/without").different_outputs == 1, "closed"


def test_only_the_bridge_is_closed(translator, says):
    """The mask of one piece changes nothing in the encoder's states that the snippet passes on."""
    says(
        "The encoder still reads the whole sentence; only the bridge is closed at that one place.",
        "It is the only way from the source into the decoder.",
    )
    for name in ("hide", "hide_all"):
        program = (ROOT / f"snippets/{CHAPTER}/{name}.py").read_text("utf-8")
        assert "model.get_encoder()(**batch)" in program and "encoder_outputs=" in program
    tokenizer, model = translator
    batch = tokenizer("The black cat sleeps.", return_tensors="pt", return_token_type_ids=False)
    other = tokenizer("She reads a book at home.", return_tensors="pt", return_token_type_ids=False)
    ids = torch.tensor([[32000, 40, 9343]])
    hooks = [
        layer.encoder_attn.register_forward_hook(
            lambda module, inputs, output: (torch.zeros_like(output[0]), *output[1:])
        )
        for layer in model.model.decoder.layers
    ]
    with torch.no_grad():
        one, two = (model(**x, decoder_input_ids=ids).logits for x in (batch, other))
    for hook in hooks:
        hook.remove()
    assert torch.allclose(one, two, atol=1e-5), "without it nothing of the source arrives"


def test_the_encoder_mixes_an_ending_into_other_pieces(translator, says):
    """Hidden at the bridge an ending is still told; not read by the encoder, it is not."""
    says(
        "*Were* is past and plural too. But hide *were* and *they* as well, and the robot has still"
        " watered many flowers.",
        "Now let the encoder read the sentence without `ed`, or without `s`: the robot waters"
        " (*rega*), or there is one flower (*girassol*), whatever *were* says.",
        "So the encoder had mixed `ed` and `s` into other pieces, before the bridge.",
        "Given the same pieces by an encoder that read no `ed`, it writes [the"
        " present](#hide-a-word).",
        "The encoder had [mixed `ed`](#hide-a-word) into them, before the bridge.",
    )
    tokenizer, model = translator

    def translate(english, *hidden):
        batch = tokenizer(english, return_tensors="pt", return_token_type_ids=False)
        pieces = tokenizer.convert_ids_to_tokens(batch.input_ids[0])
        with torch.no_grad():
            encoded = model.get_encoder()(**batch)
        for piece in hidden:
            batch.attention_mask[0, pieces.index(piece)] = 0
        ids = model.generate(encoder_outputs=encoded, attention_mask=batch.attention_mask,
                             num_beams=1, max_new_tokens=40)  # fmt: skip
        return pieces, tokenizer.decode(ids[0], skip_special_tokens=True)

    english = "The robot watered the sunflowers because they were thirsty."
    for ending, without in (("ed", "water "), ("s", "sunflower ")):
        whole, text = translate(english, ending, "▁they", "▁were")
        assert "O robô regou os girassóis" in text, "hidden, and still told"
        pieces, text = translate(english.replace(without[:-1] + ending, without[:-1], 1))
        whole.remove(ending)
        assert pieces == whole, "the same pieces, but for the ending"
        assert text.startswith("O robô rega os girassóis" if ending == "ed" else "O robô regou o girassol ")


def test_queries_of_the_first_layer_know_no_source(translator, says):
    says(
        "The queries of layer 1 are made from what was written and nothing else.",
        "Those of layer 2 have already received something from the source, and could ask better.",
    )
    tokenizer, model = translator
    ids, caught = torch.tensor([[32000, 40, 9343]]), []
    hooks = [
        layer.encoder_attn.register_forward_pre_hook(lambda m, inputs: caught.append(inputs[0]))
        for layer in model.model.decoder.layers
    ]
    with torch.no_grad():
        for english in ("The black cat sleeps.", "She reads a book at home."):
            batch = tokenizer(english, return_tensors="pt", return_token_type_ids=False)
            model(**batch, decoder_input_ids=ids)
    for hook in hooks:
        hook.remove()
    first, second, first_again, second_again = caught
    assert torch.allclose(first, first_again, atol=1e-5)
    assert not torch.allclose(second, second_again, atol=0.1)


def test_without(values, printed, translator, says):
    says(
        "The right pieces get roughly {{ cross_attention/without.lowest_mean:.1%}} "
        "to {{ cross_attention/without.highest_mean:.1%}}.",
        "With nothing of the source left, what comes next depends on the stand-in and on what the"
        " decoder has written.",
        "They are a state that this decoder has never met: no encoder gives them.",
        "So take two more: the mean of the states of ten other sentences, which says nothing of"
        " this source either but lies near what an encoder gives (it is shorter than each real state,"
        " but has nearly the direction of some); and the same 256 numbers read backwards, as a"
        " control, which have the direction of none.",
        "A model that is given a state it never met shows what it does with strange input",
    )
    says(
        "In each of the three ways, the output is the same for all three sources.",
        "Zeros make it write no phrase, but fragments such as *suagrau* between small words",
        "The mean state refutes it: with that it writes Portuguese words",
        "The control falls into fragments and a repeated `à`.",
        "Whoever takes a part out should try more than one stand-in",
    )
    run = values(f"{CHAPTER}/without")
    assert run.different_outputs == 1
    texts = [line.strip() for line in printed(f"{CHAPTER}/without").splitlines()[-5::2]]
    assert len({*texts}) == 3, "each stand-in writes another text"
    tokenizer, model = translator
    batch = tokenizer("The black cat sleeps.", return_tensors="pt", return_token_type_ids=False)
    with torch.no_grad():
        assert model.get_encoder()(**batch).last_hidden_state.norm(dim=-1).min() > 1, "no zeros"
        states = []
        for english in (ROOT / f"snippets/{CHAPTER}/gold.txt").read_text("utf-8").splitlines()[::2]:
            if english not in printed(f"{CHAPTER}/without"):
                ids = tokenizer(english, return_tensors="pt").input_ids
                states.append(model.get_encoder()(ids).last_hidden_state[0])
    assert len(states) == 10
    real = torch.cat(states)
    mean = real.mean(dim=0)
    assert torch.cosine_similarity(mean, real).max() > 0.85 and mean.norm() < real.norm(dim=1).min()
    assert torch.cosine_similarity(mean.flip(0), real).max() < 0.2
    zeros = texts[0].removeprefix("→ ").replace("-", " ").split()
    assert "suagrau" in zeros and {"A", "se"} < set(zeros)
    program = (ROOT / f"snippets/{CHAPTER}/without.py").read_text("utf-8")
    assert 'f"mean of {len(others)} others"' in program and "mean.flip(0)" in program
    assert "mean of 10 others" in printed(f"{CHAPTER}/without")
    assert run.with_source > 0.5
    blind = 1 / 32000
    assert max(run.highest_zeros, run.highest_backwards) < blind, "worse than a blind choice"
    assert run.lowest_mean > 20 * blind and run.highest_mean < 0.02
    assert run.backwards_writes.replace(",", "").split().count("à") >= 3
    written = run.mean_writes.split()
    known = {"o", "que", "é", "ponto", "de", "vista", "a", "cavalo", "e", "homem"}
    assert len(set(written)) >= 6 and {word.lower() for word in written} <= known


def test_a_language_model_is_larger(translator, says):
    says("It was trained that way, and is many times as large.")
    smollm2 = AutoModelForCausalLM.from_pretrained("models/smollm2")
    assert smollm2.num_parameters() > 5 * translator[1].num_parameters()


def test_sources_do_not_matter_without_the_bridge(translator):
    from transformers.modeling_outputs import BaseModelOutput

    _, model = translator
    zeros = BaseModelOutput(last_hidden_state=torch.zeros(1, 7, 256))
    longer = BaseModelOutput(last_hidden_state=torch.zeros(1, 12, 256))
    ids = torch.tensor([[32000, 40, 9343]])
    with torch.no_grad():
        one = model(encoder_outputs=zeros, decoder_input_ids=ids).logits
        other = model(encoder_outputs=longer, decoder_input_ids=ids).logits
    assert torch.allclose(one, other, atol=1e-4)


def test_speech(values, printed, maps, says):
    says(
        "The voice pauses from {{ cross_attention/speech.pause_from:.1f}} to {{ "
        "cross_attention/speech.pause_to:.1f}} seconds, and no word is placed there:",
        "The words *the* and *window* get the same tenth of a second",
        "The upper part of the figure is the sound, with each word at the tenth of a second that"
        " got most weight.",
        "the times at which a whole caption begins and ends (section 2.3 of its paper[^whisper]), not when"
        " each word is spoken.",
        "The source can be anything that is a sequence of vectors: words, or fiftieths of a second"
        " of sound.",
    )
    *lines, _ = printed(f"{CHAPTER}/speech").splitlines()
    words = " ".join(lines).split()
    heard, times = words[::2], [float(second) for second in words[1::2]]
    sentence = "Please open the window . It is very hot today ."
    assert " ".join(heard) == sentence
    assert times == sorted(times), "no crossing"
    speech = values(f"{CHAPTER}/speech")
    spoken = [time for word, time in zip(heard, times) if word.isalpha()]
    assert len(spoken) == 9
    assert not any(speech.pause_from < time < speech.pause_to for time in spoken)
    at = dict(zip(heard, times))
    assert at["window"] < speech.pause_from < speech.pause_to < at["It"]
    assert at["the"] == at["window"], "the page says that it cannot tell these apart"
    assert at["."] > at["today"]
    says(
        "only {{ cross_attention/speech.last_on_the_clip:.0%}} of its weight on the clip",
        "These eight of its {{ cross_attention/speech.heads }} heads show it nevertheless",
    )
    [head] = maps(f"{CHAPTER}/speech")
    *rows, last = [sum(row) for row in head["values"]]
    assert last == pytest.approx(speech.last_on_the_clip, abs=0.01)
    assert last < 0.3 < 0.8 < min(rows), "the other words find theirs on the clip"
    assert speech.heads == 24
    says("turns 30 seconds of audio into 1,500 vectors, one for each fiftieth of a second")
    config = AutoConfig.from_pretrained("models/whisper")
    assert config.max_source_positions == 1500 == 30 * 50


def test_other_heads_of_whisper_follow_the_sound_too(says):
    says("they were picked because they do, and some of the others do as well.")
    run = runpy.run_path(f"snippets/{CHAPTER}/speech.py")
    follow = []
    for number, head in enumerate(run["maps"]):
        places = head[1:-1, : run["tenths"] * 5].unflatten(1, (-1, 5)).sum(-1).argmax(dim=1).tolist()
        if places == sorted(places) and len({*places}) >= 8:
            follow.append(number)
    assert 4 <= len({*follow} & {*run["aligned"]}), "of the eight"
    assert 3 <= len({*follow} - {*run["aligned"]}) <= 10, "and of the sixteen others"


def test_answers(values, printed, says):
    says(
        "The encoder needs {{ cross_attention/answer_counts.ratio:.0f}} times as many.",
        "With so few layers in the decoder, cross-attention has the smaller part of these weights",
        "so every target token may look at all of it.",
        "No causal mask, so even the first Portuguese piece has weight on every English one.",
        "Without the mask, {{ cross_attention/answer_mask.without_mask:.0%}} of the "
        "short sentence's attention falls on padding. Its translation is the same all the same: "
        "who only reads what comes out would not notice.",
    )
    counts = values(f"{CHAPTER}/answer_counts")
    assert counts.ratio == 3 and counts.source == counts.target
    assert counts.ratio == counts.encoder_layers / counts.decoder_layers, "layers make the difference"
    mask = values(f"{CHAPTER}/answer_mask")
    assert mask.with_mask == 0 < 0.05 < mask.without_mask
    assert mask.first_row > 0, "no causal mask"
    assert mask.same_text
    assert printed(f"{CHAPTER}/answer_mask").count("Eu sinto falta de você.") == 2
    assert values(f"{CHAPTER}/answer_pronoun").ball_is_bored
    bored = printed(f"{CHAPTER}/answer_pronoun").splitlines()
    says("this output does not say where it went wrong.")
    assert bored[3].endswith("entediado.") and bored[5].endswith("entediada.")


def test_the_questions_predictions(values, printed, says):
    says(
        "A weighted average does not ask in which order its parts come, and with "
        "every source token there twice, each copy gets half of the weight.",
        "A source in which the shares change gives, as a rule, another average: a vector left out,"
        " one added, or one that alone stands twice.",
        "The shape is always that of [the target](#whose-queries-whose-keys).",
        "Then nobody could add them to 5 states.",
        "`= {{ cross_attention/whisper_weights.weights:,}} ± 0`",
    )
    lines = [line.split() for line in printed(f"{CHAPTER}/predict").splitlines()]
    said = {words[0]: words[-1] for words in lines}
    assert said == {"backwards": "True", "twice": "True", "cut": "False"}
    target, source = torch.randn(5, 8), torch.randn(12, 8)
    same = scaled_dot_product_attention(target, source, source)
    assert same.shape == target.shape, "5, and can be added to 5 states"
    for other in (source[1:], torch.cat([source, torch.randn(1, 8)]),
                  torch.cat([source, source[:1]])):  # fmt: skip
        result = scaled_dot_product_attention(target, other, other)
        assert result.shape == target.shape and not torch.allclose(result, same)
    # Not always: a vector that is the average already may go.
    mean = torch.cat([source, source.mean(dim=0, keepdim=True)])
    flat = torch.zeros_like(target)
    with_mean = scaled_dot_product_attention(flat, mean, mean)
    assert torch.allclose(with_mean, scaled_dot_product_attention(flat, source, source), atol=1e-6)
    assert values(f"{CHAPTER}/whisper_weights").weights == 4 * 6 * 11 * 1500


def test_why_the_last_word_may_be_seen(translator, says):
    says(
        "Because its weight there is always close to zero.",
        "Because the source is known before anything is written.",
        "Because the encoder has a causal mask of its own, which hides the later words.",
        "The encoder has none: each source word [sees both sides](",
        "One head agrees with your alignment far better than all others.",
        "The [decoder](glossary.md#decoder) that writes Portuguese is not given the English words.",
        "It is given what it has written so far.",
    )
    tokenizer, model = translator
    batch = tokenizer("The cat sleeps.", return_tensors="pt", return_token_type_ids=False)
    other = tokenizer("The cat sings.", return_tensors="pt", return_token_type_ids=False)
    with torch.no_grad():
        one, two = (model.get_encoder()(**x).last_hidden_state[0, 0] for x in (batch, other))
        ids = torch.tensor([[32000]])
        maps = model(**batch, decoder_input_ids=ids, output_attentions=True).cross_attentions
    assert not torch.allclose(one, two, atol=1e-2), "the first word sees the last"
    assert max(layer[0, :, 0, -2].max().item() for layer in maps) > 0.02, "not close to zero"


def test_a_boring_dog(says):
    says(
        "Portuguese adjectives end in *-o* for masculine nouns (*cão*, dog; *menino*, boy) and in"
        " *-a* for feminine ones (*bola*, ball; *menina*, girl).",
    )
    program = (ROOT / f"snippets/{CHAPTER}/answer_pronoun.py").read_text("utf-8")
    assert "The dog chased the ball because it was bored." in program


def test_keys_of_the_questions_are_what_came_out(values, printed, says):
    says(
        "- [x] 5, one for each piece of the target.",
        "- [x] Because the source is known before anything is written.",
        "- [x] The tense may be read from other pieces.",
        "- [x] Whether that head was trained to align.",
        "- [x] How often the place in the sentence alone is right.",
    )
    once = values("cross_attention/once")
    assert once.queries == once.written and once.keys == once.values == 1, "the source, known before"
    query, key, value = torch.randn(5, 4), torch.randn(12, 4), torch.randn(12, 4)
    assert ((query @ key.T).softmax(-1) @ value).shape == (5, 4)
    rows = dict(re.findall(r"\| *(\S+) *\| *(.+?) *\|", printed("cross_attention/hide")))
    assert "regou" in rows["ed"] and "regou" not in rows["▁robot"], "watered, in the past"
    score = values("cross_attention/score")
    assert score.best > 0.9 > score.diagonal > 0.5, "the place alone is right more than half the time"
    says("one head of the last layer gets an extra loss that pulls its weights towards the alignment"
         " of a separate program.[^guided]")
