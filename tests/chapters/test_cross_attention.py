"""What the chapter on cross-attention claims, on the real models."""

import pytest
import torch
from transformers import AutoTokenizer

from snippets.translator import Translator

CHAPTER = "cross_attention"


@pytest.fixture(scope="module")
def translator():
    model = Translator.from_pretrained("models/en-pt", attn_implementation="eager")
    return AutoTokenizer.from_pretrained("models/en-pt"), model


def test_by_hand(values, maps, printed):
    hand = values(f"{CHAPTER}/by_hand")
    assert hand.gato_cat == pytest.approx(1 / 2)
    assert hand.preto_black == pytest.approx(4 / 7)
    [weights] = maps(f"{CHAPTER}/by_hand")
    assert [sum(row) for row in weights["values"]] == pytest.approx([1, 1], abs=1e-3)
    assert "[ 7., 14.]" in printed(f"{CHAPTER}/by_hand")


def test_from_scratch(values, printed, maps):
    assert values(f"{CHAPTER}/from_scratch").difference < 1e-4
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
    assert (weights[others][:, sunflowers].sum(dim=1) < 0.2).all()
    assert weights[-1].max() < 0.3, "the end token looks everywhere"


def test_the_source_is_read_once(values):
    once = values(f"{CHAPTER}/once")
    assert once.queries == once.written > 10
    assert once.keys == once.values == 1


def test_alignment(values, maps):
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
    found = values(f"{CHAPTER}/alignment")
    assert found.espaco_area > 0.8 and found.top_of_end < 0.3
    assert found.translation.startswith("O acordo sobre o Espaço Económico Europeu")


def test_score(values, printed):
    score = values(f"{CHAPTER}/score")
    assert score.sentences >= 10 and score.words >= 80
    assert score.best > 0.9 > score.second > score.diagonal > score.worst
    assert score.mean_of_heads < score.best
    assert score.weakest_of_layer_2 > 0.5, "they look mostly at the next word"
    misses = printed(f"{CHAPTER}/score").splitlines()[-1]
    assert misses.count("de ← ") == 2
    assert "livros ← long" in misses and "longos ← book" in misses
    assert misses.count("←") == 4 == round(score.words * (1 - score.best))


def test_gold_is_well_formed():
    from scripts.base import ROOT

    lines = (ROOT / "snippets/cross_attention/gold.txt").read_text("utf-8").splitlines()
    for english, gold in zip(lines[::2], lines[1::2]):
        assert english.endswith(".")
        for link in gold.split():
            word, numbers = link.split("/")
            if numbers != "-":
                assert all(1 <= int(n) <= len(english.split()) for n in numbers.split(","))


def test_heads(values, maps):
    heads = values(f"{CHAPTER}/heads")
    assert len(maps(f"{CHAPTER}/heads")) == 16
    assert heads.late_head == 6 and heads.late_share > 0.8
    assert heads.most_on_the_end > 0.3
    assert heads.sharpest < 1 and 0.8 * heads.even < heads.flattest < heads.even


def test_hide(printed):
    rows = [line.split("|")[1:3] for line in printed(f"{CHAPTER}/hide").splitlines()[2:]]
    text = {hidden.strip(): translation.strip() for hidden, translation in rows}
    assert text["–"] == "O robô regou os girassóis porque eles estavam com sede."
    assert "robô" not in text["▁robot"]
    assert "porque" not in text["▁because"]
    assert text["▁thirst"].endswith("porque eles estavam.")
    assert "tinha sede" in text["▁they"]
    assert text["s"] == text["–"] and "regou" in text["ed"]
    assert "floresc" in text["▁sun"] and "solares" in text["flower"]


def test_without(values, printed):
    run = values(f"{CHAPTER}/without")
    assert run.different_outputs == 1
    assert run.with_source > 0.5
    lines = printed(f"{CHAPTER}/without").splitlines()
    shares = [float(x.split(" and ")[1].rstrip("%")) / 100 for x in lines if " and " in x]
    assert len(shares) == 3 and max(shares) < 1 / 32000, "worse than a blind choice"


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


def test_speech(values, printed, maps):
    words = printed(f"{CHAPTER}/speech").splitlines()[0].split()
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
    assert len(maps(f"{CHAPTER}/speech")) == 1


def test_answers(values, printed):
    assert values(f"{CHAPTER}/answer_counts").ratio == 20
    mask = values(f"{CHAPTER}/answer_mask")
    assert mask.with_mask == 0 < 0.05 < mask.without_mask
    assert mask.first_row > 0, "no causal mask"
    assert values(f"{CHAPTER}/answer_pronoun").ball_is_bored
    bored = printed(f"{CHAPTER}/answer_pronoun").splitlines()
    assert bored[1].endswith("entediado.") and bored[2].endswith("entediada.")


def test_the_questions_predictions(values, printed):
    lines = [line.split() for line in printed(f"{CHAPTER}/predict").splitlines()]
    said = {words[0]: words[-1] for words in lines}
    assert said == {"backwards": "True", "twice": "True", "cut": "False"}
    assert values(f"{CHAPTER}/whisper_weights").weights == 4 * 6 * 11 * 1500
