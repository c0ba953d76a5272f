"""What docs/decoding.md claims, checked on the real models."""

import ast
from pathlib import Path

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

PROMPT = "The robot watered the sunflowers because"


@pytest.fixture(scope="module")
def smollm2():
    """The tokenizer and the model that the chapter decodes."""
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    return tokenizer, AutoModelForCausalLM.from_pretrained("models/smollm2")


def function(idea: str, name: str, **names):
    """A function that a snippet defines, without running the snippet."""
    tree = ast.parse(Path(f"snippets/decoding/{idea}.py").read_text("utf-8"))
    tree.body = [x for x in tree.body if isinstance(x, ast.FunctionDef) and x.name == name]
    exec(compile(tree, idea, "exec"), names)
    return names[name]


def test_next_token(values):
    v = values("decoding/next_token")
    assert (v.first, v.second) == ("it", "they")
    assert v.first_share < 0.5 < v.top_share < 0.9


def test_from_scratch_equals_the_library(values):
    for idea in "greedy", "beam", "temperature", "top_k", "top_p", "sampling", "penalties":
        assert values(f"decoding/{idea}").same is True, idea


# The second prompt has texts that end early, with either length penalty.
@pytest.mark.parametrize(
    "prompt, beams, penalty",
    [(PROMPT, 1, 1.0), ("The recipe needs two eggs and", 4, 1.0),
     ("The recipe needs two eggs and", 4, 0.0)],
)  # fmt: skip
def test_beam_search_equals_generate(smollm2, prompt, beams, penalty):
    tokenizer, model = smollm2
    search = function("beam", "beam_search", torch=torch, model=model, tokenizer=tokenizer)
    with torch.no_grad():
        _, ours = search(prompt, beams, 15, penalty)
    inputs = tokenizer(prompt, return_tensors="pt")
    settings = {"length_penalty": penalty} if beams > 1 else {}
    ids = model.generate(**inputs, num_beams=beams, max_new_tokens=15, **settings)[0]
    assert ours == ids[inputs.input_ids.shape[1] :].tolist()


def test_filters_equal_the_warpers():
    torch.manual_seed(0)
    logits = torch.randn(4, 500) * 3
    top_k = function("top_k", "top_k", torch=torch)
    top_p = function("top_p", "top_p", torch=torch)
    filtered = function("sampling", "filtered", torch=torch)
    for k in 1, 7, 500:
        assert torch.equal(top_k(logits, k), TopKLogitsWarper(k)(None, logits))
    for p in 0.01, 0.5, 0.95:
        assert torch.equal(top_p(logits, p), TopPLogitsWarper(p)(None, logits))
    library = TemperatureLogitsWarper(0.7)(None, logits)
    library = TopPLogitsWarper(0.9)(None, TopKLogitsWarper(40)(None, library))
    assert torch.equal(filtered(logits, 0.7, 40, 0.9), library)


def test_nucleus_is_the_smallest_set():
    torch.manual_seed(0)
    logits = torch.randn(100, 200) * 3
    kept = function("top_p", "top_p", torch=torch)(logits, 0.8).isfinite()
    for row, keep in zip(logits.softmax(-1), kept):
        p = row[keep]
        assert p.sum() >= 0.8 > p.sum() - p.min()


def test_tiny_tree(values):
    v = values("decoding/tiny_tree")
    assert (v.greedy_text, v.beam_text) == ("it was", "they were")
    assert v.greedy_probability == pytest.approx(0.2)
    assert v.beam_probability == pytest.approx(0.36)


def test_beam_tree_winner_was_third(values):
    v = values("decoding/beam_tree")
    assert (v.first_step, v.first_rank, v.greedy_cut) == ("the", 3, 4)
    assert values("decoding/beam").text.strip().startswith(v.path)


def test_beam_is_more_probable_and_a_loop(values):
    beam, greedy = values("decoding/beam"), values("decoding/greedy")
    assert beam.total > greedy.total + 10
    assert beam.text.count("the robot watered the sunflowers") == 3
    assert greedy.text.count("robot") == 3


def test_totals_are_log_probabilities(smollm2, values):
    tokenizer, model = smollm2
    for idea in "greedy", "beam":
        v = values(f"decoding/{idea}")
        start = tokenizer(PROMPT, return_tensors="pt").input_ids
        ids = torch.cat([start, tokenizer(v.text, return_tensors="pt").input_ids], 1)
        with torch.no_grad():
            log_p = model(ids).logits[0, :-1].log_softmax(-1)
        total = log_p.gather(1, ids[0, 1:, None])[start.shape[1] - 1 :].sum().item()
        assert total == pytest.approx(v.total, abs=0.01)


def test_repetition_rises(says, printed, values):
    says("For this model, copying soon becomes a very safe prediction.")
    for line in printed("decoding/repetition").splitlines():
        curve = [float(word) for word in line.split() if word[0] == "0"]
        if not curve:
            continue  # the clause
        assert len(curve) == 7 and curve == sorted(curve)
    v = values("decoding/repetition")
    assert v.beam_last > 0.85 and v.sense_last > 0.85 > 0.3 > v.beam_first


def test_this_writer_surprises(says, values):
    says("This writer often takes a word that the model finds improbable.")
    v = values("decoding/surprise")
    assert v.human_middle < 0.05 < 0.3 < v.beam_middle


def test_temperature(says, values, printed):
    says("in {{ decoding/temperature.hot_others:.0%}} of the draws the token is none of these",
         "higher is flatter")  # fmt: skip
    v = values("decoding/temperature")
    assert v.hot_others == 1 - v.hot_share
    lines = printed("decoding/temperature").splitlines()[:3]
    entropies = [float(line.split()[-1]) for line in lines]
    assert entropies == sorted(entropies)
    assert v.cold_share > 0.95 > v.warm_share > 0.5 > 0.1 > v.hot_share


def test_one_k_does_not_fit(values, printed):
    v = values("decoding/top_k")
    assert v.flat_share < 0.3 and v.peaked_share > 0.8


def test_nucleus_adapts(values):
    v = values("decoding/top_p")
    assert v.peaked_count == 2 and v.flat_count > 100


def test_compare(says, printed):
    says("in distinct pairs, top-k and top-p reach the same", "the last one repeats hardly a word")
    rows = [r.split("|")[2:5] for r in printed("decoding/compare").splitlines()[2:]]
    mean = [float(row[0]) for row in rows]
    repeated, distinct = ([int(r[i].strip(" %")) for r in rows] for i in (1, 2))
    assert mean[1] == max(mean) and mean[-1] == min(mean)
    assert repeated[1] == max(repeated) and distinct[1] == min(distinct) < 50
    assert min(distinct[2:]) > 90
    assert distinct[3] == distinct[4] == distinct[5] == 100
    assert repeated[5] == min(repeated) < 10


def test_a_wider_beam_is_not_always_better(values):
    v = values("decoding/beam_or_greedy")
    assert v.two_lose >= 1 and v.eight_lose == 0
    assert v.brazil_two_total < v.brazil_greedy_total < v.brazil_beam_total
    assert v.brazil_greedy.startswith("Brasília") and v.brazil_beam.startswith("Rio")
    assert "which is the largest city in" in v.brazil_beam


def test_the_false_start_pays_later(says, smollm2, values):
    says("One possible reason: the sum does not care where it saves.")
    tokenizer, model = smollm2
    v = values("decoding/beam_or_greedy")
    first, rest = {}, {}
    for name in "brazil_greedy", "brazil_beam":
        text = f"The capital of Brazil is {getattr(v, name)}"
        ids = tokenizer(text, return_tensors="pt").input_ids
        with torch.no_grad():
            log_p = model(ids).logits[0, :-1].log_softmax(-1)
        log_p = log_p.gather(1, ids[0, 1:, None])[4:, 0]
        first[name], total = log_p[0].item(), getattr(v, f"{name}_total")
        rest[name] = total - first[name]
    assert first["brazil_greedy"] > first["brazil_beam"]
    assert rest["brazil_greedy"] < rest["brazil_beam"]


def test_length_penalty_decides(values):
    v = values("decoding/length")
    assert v.short_length < v.long_length and v.short_text != v.long_text
    assert v.short_total > v.long_total and v.short_mean < v.long_mean


def test_penalties_break_the_loop(values):
    v = values("decoding/penalties")
    clause = "the robot watered the sunflowers"
    assert v.plain.count(clause) == 3
    assert v.penalized.count(clause) == v.forbidden.count(clause) == 0


def test_translation(says, values, printed):
    says("for four of five sentences the search found nothing better", "neither found *copo*")
    v = values("decoding/translation")
    assert v.beam_changes == 1
    assert v.beam_mean > v.greedy_mean > v.sampled_mean
    text = printed("decoding/translation")
    assert "beam: A margem do rio" in text and "O vidro caiu" in text
    assert text.count("beam:") == 1 and "copo" not in text.split("worst")[0]


def test_code(values):
    v = values("decoding/write_code")
    assert v.greedy_share > v.cool_share > v.one_share > v.hot_share


def test_cost(values):
    v = values("decoding/cost")
    assert v.calls == 8  # one a token, whatever the method
    assert v.four_positions == 4 * v.greedy_positions
    assert v.eight_positions == 8 * v.greedy_positions
    assert v.uncached_positions > v.four_positions


def test_answers(values):
    v = values("decoding/exercises")
    assert v.kept == 3
    assert v.cold_ratio == pytest.approx(v.ratio**2, rel=1e-5)
    assert 2.0 / 4**v.turning == pytest.approx(2.7 / 6**v.turning, rel=1e-6)


def test_the_questions_predictions(values, printed):
    rows = printed("decoding/predict").splitlines()
    assert all("first token 0.73" in row for row in rows)
    assert [row.split()[-1] for row in rows] == ["0.27", "0.62", "0.50"]
    scores = torch.tensor([[0.5, 0.2, 0.15, 0.1, 0.05]]).log()
    by_itself = TopPLogitsWarper(0.8)(None, scores)
    both = TopPLogitsWarper(0.8)(None, TopKLogitsWarper(3)(None, scores))
    assert by_itself.isfinite().sum() == 3, "the answer says so"
    assert both.isfinite().sum() == values("decoding/two_filters").left == 2


def test_top_k_is_50_if_nobody_sets_it(says, values, smollm2):
    says(
        "`generate` keeps the 50 most probable tokens.",
        "`top_k=0` switches it off. That is why the programs on this page write it.",
    )
    left = values("decoding/hidden")
    assert smollm2[1].generation_config.top_k is None
    assert left.unset <= 50 < 400 < left.off


def test_makers_advice_is_dated_and_cited(says):
    says("in February 2025.[^deepseek-temperature]", "(April 2025).[^qwen3]")
    page = Path("docs/decoding.md").read_text("utf-8")
    assert "| code, facts, extraction | greedy" not in page, "it depends on the model"
