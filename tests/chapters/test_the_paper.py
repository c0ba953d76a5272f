"""What the chapter on the paper claims, recomputed another way."""

import inspect
import re
from pathlib import Path

import pytest
import torch

CHAPTER = "the_paper"


def by_formula(d, f, layers, vocabulary=37_000):
    """The paper's model, counted by hand: no last norms, one shared table."""
    attention, feed, norm = 4 * (d * d + d), 2 * d * f + f + d, 2 * d
    encoder = attention + feed + 2 * norm
    decoder = 2 * attention + feed + 3 * norm
    return layers * (encoder + decoder) + vocabulary * d


def test_pytorch_s_defaults_are_the_base_model(printed, values):
    lines = printed(f"{CHAPTER}/defaults").splitlines()
    assert [line.split()[-1] for line in lines[:6]] == ["512", "8", "6", "6", "2048", "0.1"]
    assert values(f"{CHAPTER}/defaults").parameters == by_formula(512, 2048, 6, 0) + 4 * 512


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("base", (512, 2048, 6)),
        ("2 layers", (512, 2048, 2)),
        ("4 layers", (512, 2048, 4)),
        ("8 layers", (512, 2048, 8)),
        ("width 256", (256, 2048, 6)),
        ("width 1024", (1024, 2048, 6)),
        ("inner 1024", (512, 1024, 6)),
        ("inner 4096", (512, 4096, 6)),
        ("big", (1024, 4096, 6)),
    ],
)
def test_the_recount_is_right(printed, name, size):
    found = re.search(rf"^\| {name} \| ([\d,]+) \| (\d+) million", printed(f"{CHAPTER}/recount"),
                      re.M)  # fmt: skip
    count, stated = int(found[1].replace(",", "")), int(found[2])
    assert count == by_formula(*size)
    assert abs(count / 1e6 - stated) / stated < 0.07, "within a few percent"


def test_the_difference_that_stays(says, values, printed):
    says(
        "Rounding explains [half a million](#recount-the-parameters) at most.",
        "come out within {{ the_paper/recount.largest_error:.0%}}, more than half of them",
        "Eight lie below zero: one at width 256 by little, six at width 512 by about "
        "twice that, one at width 1024 by about twice that again.",
        "The base model comes out {{ the_paper/recount.base_error:.1%}} below the "
        "stated number, the big one {{ the_paper/recount.big_error:.1%}} above.",
        "That is close, but not equal.",
        "2 layers and 8 layers lack about the same.",
        "it is about twice as large at width 1024, and smaller at 256.",
        "Indeed, a table of between {{ the_paper/recount.fewest:,.0f}} and {{ "
        "the_paper/recount.most:,.0f}} rows would give all eight rounded numbers at "
        "once.",
        "No: that has more than stated already, and would then have still more.",
        "The recount lacks about 2 million parameters with 2 layers and with 8, "
        "about 4 million at width 1024, and hardly over 1 million at width 256.",
    )
    rows = re.findall(r"\| ([\d,]+) \| (\d+) million", printed(f"{CHAPTER}/recount"))
    gaps = [abs(int(a.replace(",", "")) / 1e6 / int(b) - 1) for a, b in rows]
    found = values(f"{CHAPTER}/recount")
    assert len(gaps) == 9 and max(gaps) == pytest.approx(found.largest_error)
    assert sum(gap < found.middle_error + 1e-9 for gap in gaps) == 5, "of nine"
    assert found.always_less and found.big > 213e6
    assert 37_000 < found.fewest < found.most, "one table would explain eight rows"
    table = (found.fewest + found.most) / 2
    assert by_formula(1024, 4096, 6, table) > 213.5e6, "but not the big model"
    assert found.base_error < 0.035 and found.big_error < 0.01
    names = re.findall(r"^\| ([\w ]+?) \| [\d,]+ \|", printed(f"{CHAPTER}/recount"), re.M)
    counts = [(int(count.replace(",", "")), int(stated)) for count, stated in rows]
    counts = dict(zip(names, counts, strict=True))
    lacks = {name: stated - count / 1e6 for name, (count, stated) in counts.items()}
    assert lacks.pop("big") < 0 < lacks["base"] and len(lacks) == 8
    assert lacks["2 layers"] == pytest.approx(lacks["8 layers"], abs=0.2)
    assert [round(lacks[name]) for name in ("2 layers", "8 layers", "width 1024")] == [2, 2, 4]
    assert 1 < lacks["width 256"] < 1.3
    assert min(lacks.values()) > 0.5, "rounding alone explains no gap"
    middle = [lack for name, lack in lacks.items() if "width" not in name]
    assert len(middle) == 6 and min(middle) > lacks["width 256"]
    middle = sum(middle) / 6
    assert 1.6 < middle / lacks["width 256"] < 2.2 and 1.8 < lacks["width 1024"] / middle < 2.2
    for name in lacks:
        width = {"width 256": 256, "width 1024": 1024}.get(name, 512)
        count, stated = counts[name]
        assert round((count + (table - 37_000) * width) / 1e6) == stated, name


def test_the_cost(values, says):
    says(
        "The paper estimates it from the clock: time, times the number of GPUs, "
        "times what such a GPU keeps up, for which it takes 9.5 trillion operations "
        "a second.",
        "A second estimate starts from the model: in training, each parameter costs "
        "about six operations for each token.",
        "The second is lower:",
        "for less than a third of the operations",
        "{{ the_paper/cost.base_use:.0%}} of the first for the base model and {{ "
        "the_paper/cost.big_use:.0%}} for the big one.",
        "{{ the_paper/cost.base_hours:.0f}} for the base model, {{ "
        "the_paper/cost.big_hours:.0f}} for the big one.",
        "From the clock, training the base model took over three times as many "
        "operations as its parameters need.",
    )
    cost, recount = values(f"{CHAPTER}/cost"), values(f"{CHAPTER}/recount")
    assert f"{cost.base_operations:.1e}" == "3.3e+18", "as table 2 of the paper says"
    assert f"{cost.big_operations:.1e}" == "2.3e+19"
    assert (cost.base_hours, cost.big_hours) == (96, 672)
    assert cost.base_use < cost.big_use < 0.5
    source = Path("snippets/the_paper/cost.py").read_text("utf-8").replace("_", "")
    assert str(recount.base) in source and str(recount.big) in source
    assert cost.big_operations < 7.7e19 / 3, "the best ensemble, as the paper's table 2 says"
    assert 3 < 1 / cost.base_use < 4
    assert cost.base_operations == pytest.approx(12 * 3600 * 8 * 9.5e12)
    needed = 6 * recount.base * 25_000 * 100_000  # tokens a step, steps
    assert cost.base_use == pytest.approx(needed / cost.base_operations)


def test_the_learning_rate(values, says):
    says(
        "The two expressions are equal at step 4,000; before it the second is "
        "smaller, after it the first.",
        "From there to step 100,000 the step grows 25 times, so the rate falls to a "
        "fifth:",
    )
    found = values(f"{CHAPTER}/schedule")
    assert found.highest_at == 4000
    assert found.highest == pytest.approx(512**-0.5 * 4000**-0.5)
    assert found.last < found.highest / 4
    assert found.last == pytest.approx(found.highest / 5)
    first, second = ([step**-0.5 for step in (3999, 4000, 4001)],
                     [step * 4000**-1.5 for step in (3999, 4000, 4001)])  # fmt: skip
    assert second[0] < first[0] and first[2] < second[2]
    assert first[1] == pytest.approx(second[1])


def test_bleu_prefers_the_wrong_sentence(values, says):
    says(
        "100 would be word for word the same.",
        "The right one gets {{ the_paper/bleu.other_words:.0f}}, and the one that "
        "says the opposite {{ the_paper/bleu.wrong:.0f}}.",
        "A wrong sentence can score higher than a right one.",
    )
    found = values(f"{CHAPTER}/bleu")
    assert found.perfect == pytest.approx(100)
    assert found.other_words < 20 and found.wrong > found.one_word > 60


def test_what_survived(says, printed):
    says(
        "keeps its bend, ReLU, and its kind of norm",
        "we read the encoders only",
        "SmolLM2 keeps nothing of these rows but the width of a head.",
        "Of the rows compared, only the [width of a head](#what-survived) agrees.",
    )
    rows = {line.split("|")[1].strip(): [c.strip() for c in line.strip("|").split("|")[1:]]
            for line in printed(f"{CHAPTER}/survived").splitlines()}  # fmt: skip
    models = rows[""]
    paper, smollm2 = models.index("the paper"), models.index("SmolLM2")
    translator = models.index("en-pt")
    features = ("bend", "inner width / width", "width of a head", "norm", "biases")
    kept = [name for name in features if rows[name][paper] == rows[name][smollm2]]
    assert kept == ["width of a head"]
    assert rows["biases"][paper] == "in the feed-forward network; else not stated"
    assert rows["biases"][translator] == "yes"
    for name in ("bend", "norm"):
        assert rows[name][paper] == rows[name][translator]
    assert set(features) == set(rows) - {"", "---"}, "every row"


def test_answers(values, says):
    says(
        "The layers without the table have {{ the_paper/answers.blocks:,}} "
        "parameters.",
        "The rest, divided by 512, is {{ the_paper/answers.fitting:,.0f}} rows.",
        "Both have {{ the_paper/answers.eight_heads:,}}.",
        "it compares models of equal size",
    )
    found, recount = values(f"{CHAPTER}/answers"), values(f"{CHAPTER}/recount")
    assert by_formula(512, 2048, 6, found.fitting) == pytest.approx(65e6)
    assert recount.fewest < found.fitting + 1000
    assert found.one_wide_head == found.eight_heads
    with torch.device("meta"):
        layers = [torch.nn.MultiheadAttention(512, heads) for heads in (1, 4, 8, 16, 32)]
    for layer in layers:
        assert sum(p.numel() for p in layer.parameters()) == found.eight_heads
    assert found.equal_at == 512 and found.factor == 16
    assert found.blocks == by_formula(512, 2048, 6, 0)


def test_every_section_of_the_paper_has_its_place():
    page = Path("docs/the_paper.md").read_text("utf-8")
    table = page[page.index("## How to read it") : page.index("## Try it")]
    for section in ("3.1", "3.2.1", "3.2.2", "3.2.3", "3.3", "3.4", "section 4", "section 6"):
        assert section in table, section
    for chapter in ("self_attention", "masked_self_attention", "cross_attention",
                    "architecture", "input_representation"):  # fmt: skip
        assert f"({chapter}.md" in table, chapter


def test_the_opposite_shares_more_words(printed, says):
    says(
        "The first says the opposite of the reference, with its very words; only the "
        "pair *man bit* is new.",
        "The second is right and shares three words.",
    )
    wrong, right = printed(f"{CHAPTER}/predict").splitlines()
    assert wrong == "words: 5 of 5, pairs: 3 of 4"
    assert right == "words: 3 of 6, pairs: 1 of 5"


def test_the_rate_comes_back(values, says):
    says(
        "`= {{ the_paper/same_rate.later:,}} ± 0`",
        "so it has come down to a quarter at 16 times 4,000.",
    )
    found = values(f"{CHAPTER}/same_rate")

    def rate(step, width):
        return width**-0.5 * min(step**-0.5, step * 4000**-1.5)

    assert found.later == 16 * 4000 and found.early == 1000
    for width in (512, 1024):
        assert rate(found.later, width) == pytest.approx(rate(1000, width))
        assert rate(1000, width) == pytest.approx(rate(4000, width) / 4)


def test_attention_is_never_cheaper_than_plain_recurrence(says, values):
    says(
        "{{ the_paper/answers.whole_32:.1f}} times as many multiplications at 32 "
        "tokens.",
        "By these formulas, below {{ the_paper/answers.equal_at}} tokens attention is cheaper",
        "So counted, attention needs more than a plain recurrent layer at *every* length",
        "against it, attention is cheaper below {{ the_paper/answers.equal_lstm:,.0f}} tokens",
    )
    width = 512
    cheaper = [4 * n * width**2 + 2 * n**2 * width < 8 * n * width**2 for n in (1023, 1024)]
    assert cheaper == [True, False]
    assert values(f"{CHAPTER}/answers").equal_lstm == 1024
    ratios = [
        (4 * n * width**2 + 2 * n**2 * width) / (2 * n * width**2) for n in range(1, 9000)
    ]
    assert min(ratios) > 2, "4 against 2 projections, and the map comes on top"
    assert values(f"{CHAPTER}/answers").whole_32 == ratios[31]


def test_the_figure_of_the_recount_shows_the_pattern(says, values):
    says("recomputed count minus the stated one, against the width", "trained by rewards")
    program = open("snippets/the_paper/recount.py", encoding="utf-8").read()
    assert "plt.errorbar(place, gaps[name], yerr=0.5" in program
    assert values(f"{CHAPTER}/recount").always_less


def test_keys_of_the_questions_are_what_came_out(values, printed, says):
    says(
        "- [x] Because each token that it writes is a part of the next step's input.",
        "- [x] Nothing, before you know the test and how words were cut.",
        "- [x] In rows of the embedding table, each as wide as the model.",
        "- [x] One says what the GPUs could do, the other what the model needs.",
        "- [x] Its plan: attention, feed-forward network, residual connections.",
    )
    recount = values("the_paper/recount")
    assert recount.always_less
    gaps = {
        name.strip(): float(gap)
        for name, gap in re.findall(r"\| ([\w ]+?) \|.*\| ([+-][\d.]+) million", printed("the_paper/recount"))
    }
    assert abs(gaps["2 layers"] - gaps["8 layers"]) < 0.3, "it does not see the layers"
    assert gaps["width 1024"] < 1.5 * gaps["base"] < 1.5 * gaps["width 256"], "and grows with the width"
    cost = values("the_paper/cost")
    assert cost.base_use < 1 / 3, "three times as many operations as needed"
    bleu = values("the_paper/bleu")
    assert bleu.wrong > bleu.one_word, "a wrong sentence, and more BLEU"
    assert bleu.other_words < 10, "right, in other words"
    from transformers.models.llama.modeling_llama import LlamaDecoderLayer

    plan = inspect.getsource(LlamaDecoderLayer.forward)
    assert plan.count("residual + hidden_states") == 2
    assert plan.index("self.self_attn(") < plan.index("self.mlp(")
    passes = values("parallelism/answers")
    assert passes.training_passes == 1 and passes.transformer_passes == passes.answer
