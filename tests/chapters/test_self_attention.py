"""The chapter on self-attention: each claim of the page, on the real model."""

import math
import re
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from transformers import AutoConfig, AutoModel, AutoTokenizer, GptOssConfig, GptOssModel

SENTENCE = "The robot watered the sunflowers because they were thirsty."
PAGE = Path("docs/self_attention.md")
CODE = Path("snippets/self_attention")


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained("models/minilm")


@pytest.fixture(scope="module")
def model():
    return AutoModel.from_pretrained("models/minilm", attn_implementation="eager")


@pytest.fixture(scope="module")
def robot(model, tokenizer):
    """MiniLM's outputs for the running example."""
    inputs = tokenizer(SENTENCE, return_tensors="pt")
    with torch.no_grad():
        return model(**inputs, output_attentions=True, output_hidden_states=True)


def test_one_row_of_a_table_in_every_sentence(says, model, tokenizer):
    says(
        "Its [embedding](glossary.md#embedding) is one row of a table, the same row in every "
        "sentence.",
    )
    found = []
    for text in (SENTENCE, "Nobody knew where they had been."):
        inputs = tokenizer(text, return_tensors="pt")
        place = tokenizer.tokenize(text, add_special_tokens=True).index("they")
        with torch.no_grad():
            first = model.embeddings.word_embeddings(inputs.input_ids)[0, place]
            found.append((first, model(**inputs).last_hidden_state[0, place]))
    (one, read), (other, read_elsewhere) = found
    assert torch.equal(one, other) and not torch.allclose(read, read_elsewhere, atol=0.1)


def test_all_but_attention_works_on_each_position_alone(says, model, robot):
    says(
        "In the [Transformer](glossary.md#transformer) of the paper, and in MiniLM, attention is "
        "the only place where one position learns about another; everything else works on each "
        "position alone.",
        "Each gives every [token](glossary.md#token) a list of "
        "[weights](glossary.md#attention-weight), one weight for each token of the sentence.",
        "Here every token could look at every other.",
    )
    x = robot.hidden_states[5]
    layer = model.encoder.layer[5]

    def rest(mixed, x):
        between = layer.attention.output(mixed, x)
        return layer.output(layer.intermediate(between), between)

    with torch.no_grad():
        mixed = layer.attention.self(x)[0]
        whole = rest(mixed, x)
        alone = [rest(mixed[:, i : i + 1], x[:, i : i + 1]) for i in range(x.shape[1])]
    assert torch.allclose(whole, robot.hidden_states[6], atol=1e-4), "the layer itself"
    assert torch.allclose(whole, torch.cat(alone, dim=1), atol=1e-5)
    tokens = x.shape[1]
    assert [tuple(one.shape) for one in robot.attentions] == 6 * [(1, 12, tokens, tokens)]
    assert min(one.min() for one in robot.attentions) > 0, "every other"


def test_they_takes_most_from_sunflowers(says, values, robot, tokenizer):
    says(
        "The three pieces of “sunflowers” together have more weight than any other word; "
        "“robot” comes",
        "The [pieces](glossary.md#piece) of *sunflowers* get {{ "
        "self_attention/look.sunflowers:.2f}}",
    )
    look = values("self_attention/look")
    tokens = tokenizer.tokenize(SENTENCE, add_special_tokens=True)
    they = robot.attentions[5][0, 11, tokens.index("they")]
    words = {"sunflowers": they[5:8].sum()}
    words |= {t: w for t, w in zip(tokens, they) if t not in ("sun", "##flower", "##s")}
    assert tokens[5:8] == ["sun", "##flower", "##s"]
    ranking = sorted(words, key=words.get, reverse=True)
    assert ranking[:2] == ["sunflowers", "robot"]
    assert look.sunflowers == pytest.approx(words["sunflowers"].item(), abs=1e-5)
    assert look.robot == pytest.approx(words["robot"].item(), abs=1e-5)
    assert look.total == pytest.approx(1, abs=1e-5)


def test_pencil_and_paper(says, values, printed):
    says(
        "*Robot* gives {{ self_attention/by_hand.robot_weight:.2f}} of its weight to itself.",
        "Its output is the mix ({{ self_attention/by_hand.robot_first:.2f}},",
        "*watered* has the scaled scores (1, 2, 1) and *flowers* has (0, 0, 1), yet both "
        "rows contain",
        "A token compares its query with every key.",
        "Nothing here was looked up in a list: dot products, softmax, average.",
    )
    space = {}
    exec((CODE / "by_hand.py").read_text("utf-8"), space)
    query, key, value = (torch.tensor(space[n]).float() for n in ("queries", "keys", "values"))
    average = (query @ key.T / 2).softmax(dim=-1) @ value
    assert average[0].tolist() == pytest.approx([space["robot_first"], space["robot_second"]])
    by_hand = values("self_attention/by_hand")
    e = math.e
    total = e**2 + e + 1
    assert by_hand.robot_weight == pytest.approx(e**2 / total)
    assert by_hand.robot_first == pytest.approx((10 * e**2 + 10) / total)
    assert by_hand.robot_second == pytest.approx((10 * e + 10) / total)
    text = printed("self_attention/by_hand")
    weights = [float(line.split()[-1]) for line in text.splitlines() if len(line.split()) == 5]
    assert len(weights) == 9
    assert sorted(weights[3:6]) == sorted(weights[6:9]), "exercise 1: the same three weights"


def test_the_diagram_shows_the_weights_of_the_first_block(printed, says):
    says("The dashed queries ask in the same way, at the same time.")
    assert PAGE.read_text("utf-8").count('<g stroke-dasharray="3 3"><rect') == 1
    query, key, value = torch.randn(3, 3, 4)
    together = F.scaled_dot_product_attention(query, key, value)
    one_by_one = [F.scaled_dot_product_attention(q[None], key, value) for q in query]
    assert torch.allclose(together, torch.cat(one_by_one), atol=1e-5), "in the same way"
    drawn = re.findall(r'class="weight"[^>]*fill-opacity="([\d.]+)"', PAGE.read_text("utf-8"))
    block = printed("self_attention/by_hand").split("sum of exp")[0].splitlines()[2:5]
    assert drawn == [line.split()[-1] for line in block]


def test_the_equation_is_the_pencil_and_the_library(says, values, maps):
    says(
        "The output is the one from the pencil, and PyTorch's own",
        "Each token's query is compared with every key; softmax makes weights of the scores; "
        "the output is",
        "Compare every query with every key.",
        "So that each row of weights sums to 1. Softmax does that, whatever the scale of the "
        "scores: see the rows [by hand](#by-hand-on-three-tokens).",
    )
    scores = torch.randn(3, 5)
    for scale in (0.01, 1, 100):
        assert torch.allclose((scale * scores).softmax(dim=-1).sum(dim=-1), torch.ones(3))
    equation, by_hand = values("self_attention/equation"), values("self_attention/by_hand")
    assert equation.robot_first == pytest.approx(by_hand.robot_first, abs=1e-5)
    assert equation.robot_second == pytest.approx(by_hand.robot_second, abs=1e-5)
    assert equation.difference < 1e-5
    (drawn,) = maps("self_attention/equation")
    weights = torch.tensor(drawn["values"])
    assert torch.allclose(weights.sum(dim=1), torch.ones(3), atol=1e-3)
    assert not torch.allclose(weights.sum(dim=0), torch.ones(3), atol=1e-2)
    assert weights.argmax(dim=1).tolist() == [0, 1, 2]


def test_scaling_brings_the_spread_to_one(says, book, values):
    says(
        "For random vectors, dividing by $\\sqrt{d_k}$ brings the spread of the scores to 1.",
        "The spread falls from {{ self_attention/scaling.raw:.1f}} to {{ "
        "self_attention/scaling.scaled:.1f}}.",
        "So the wider the vectors, the wider the raw scores: their spread is {{"
        " self_attention/scaling.narrow_raw:.1f}} at width 4 and {{ self_attention/scaling.wide_raw:.0f}} at"
        " width 1,024. Divided, it stays between {{ self_attention/scaling.least_scaled:.2f}} and {{"
        " self_attention/scaling.most_scaled:.2f}}.",
        "Dot products of 2,000 pairs of random vectors; each histogram is as high as its panel. Those beyond"
        " 60 on either side are not drawn.",
        "Among ten raw scores the top one takes {{ self_attention/scaling.raw_top:.0%}} of "
        "the weight",
        "For such random vectors, dividing by $\\sqrt{d_k}$ brings the spread back to 1, "
        "whatever the width.",
        "Two histograms of the same scores. Before the division they reach beyond minus twenty "
        "and twenty; after it nearly all lie between minus three and three.",
        "Because softmax takes exponentials: a score that is larger by 1 gets $e$ times the "
        "weight.",
        "When one weight is nearly 1 and the others nearly 0, small changes of the scores change "
        "almost nothing.",
        "Each of the $d_k$ products has mean 0 and variance 1, and they are independent, so their "
        "variances add up: the sum has variance $d_k$ and spread $\\sqrt{d_k}$.",
        "So that their spread does not grow with the width. For random vectors, a sum of more "
        "products spreads wider. The wider, the more weight softmax gives to one token, and the "
        "less that weight follows its score: [why divide]",
        "So that no score is negative. Dividing keeps the sign.",
        "So that a wide head costs no more operations than a narrow one. The division changes the "
        "size of the numbers, not how many there are.",
    )
    space = {}
    exec((CODE / "scaling.py").read_text("utf-8").split("raw =")[0], space)
    scores, scaled = space["scores"], space["scaled_scores"]
    assert scores.min() < -20 and scores.max() > 20
    assert (scaled.abs() < 3).float().mean() > 0.99 and len(scaled) == 2000
    slider = book.outcome("self_attention/scaling").slider
    assert slider["positions"][slider["shown"]]["at"] == "64"
    spreads = {int(one["at"]): float(re.search(r"spread ([\d.]+)", one["says"])[1]) for one in slider["positions"]}
    assert list(spreads) == sorted(spreads) and (min(spreads), max(spreads)) == (4, 1024)
    assert "np.arange(-60, 61)" in (CODE / "scaling.py").read_text("utf-8")
    assert list(spreads.values()) == sorted(set(spreads.values()))
    assert all(spread == pytest.approx(width**0.5, rel=0.05) for width, spread in spreads.items())
    assert scores.shape == scaled.shape and torch.equal(scores.sign(), scaled.sign())
    weights = torch.tensor([2.0, 3.0, 0.5]).softmax(dim=0)
    assert weights[1] / weights[0] == pytest.approx(math.e)
    sharp = torch.autograd.functional.jacobian(lambda x: x.softmax(0), torch.tensor([12.0, 0, 1]))
    soft = torch.autograd.functional.jacobian(lambda x: x.softmax(0), torch.tensor([1.5, 0, 0.1]))
    assert sharp.abs().max() < 1e-3 < 0.1 < soft.abs().max(), "almost nothing, and something"
    spreads = [(torch.randn(10_000, d) * torch.randn(10_000, d)).sum(1).std() for d in (8, 512)]
    assert spreads[1] > 6 * spreads[0], "more products, wider"
    scaling = values("self_attention/scaling")
    assert scaling.raw == pytest.approx(8, rel=0.05)
    assert scaling.scaled == pytest.approx(1, rel=0.05)
    assert scaling.raw_top > 2 * scaling.scaled_top
    assert scaling.wide_slope < scaling.raw_slope < scaling.scaled_slope < 0.25
    torch.manual_seed(0)
    for width in (8, 32, 512):
        query, key = torch.randn(2, 10_000, width)
        assert ((query * key).sum(dim=1) / width**0.5).std().item() == pytest.approx(1, rel=0.05)


def test_small_gradients_are_those_of_wide_vectors(says, values):
    """Slopes of the top weight, and what comes back to the queries, over 4,000 groups of ten."""
    says(
        "How steeply the top weight $w$ rises with its own score, its slope, is $w(1 - w)$, at most a"
        " quarter.",
        "In the middle one of the 200 groups of ten it is {{ self_attention/scaling.scaled_slope:.2f}}"
        " scaled and {{ self_attention/scaling.raw_slope:.2f}} raw; at width 1,024, raw, it is less than"
        " a ten-thousandth. The paper suspects that such small gradients do harm, and divides to avoid"
        " them.[^vaswani]",
        "(These are gradients of the scores. Without the division a score also moves $\\sqrt{d_k}$"
        " times as far when its query does. So in the middle group a *query's* own gradient is no smaller"
        " at width 64; at 1,024 it is.)",
    )
    scaling = values("self_attention/scaling")
    assert scaling.wide_slope < 1e-4 < scaling.raw_slope < scaling.scaled_slope / 2 < 0.125
    some = torch.tensor([0.3, 1.1, 2.0], dtype=torch.double)
    slopes = torch.autograd.functional.jacobian(lambda x: x.softmax(0), some).diagonal()
    assert torch.allclose(slopes, some.softmax(0) * (1 - some.softmax(0)))
    torch.manual_seed(0)
    kept = {}
    for width in (64, 1024):
        query = torch.randn(4000, 1, width, requires_grad=True)
        key, error = torch.randn(4000, 10, width), torch.randn(4000, 10)
        for scale in (1.0, width**-0.5):
            weights = ((query * key).sum(dim=-1) * scale).softmax(dim=-1)
            (back,) = torch.autograd.grad((error * weights).sum(), query)
            kept[width, scale] = back.norm(dim=-1).median().item()
    assert kept[64, 1.0] > 0.9 * kept[64, 1 / 8], "no smaller"
    assert kept[1024, 1.0] < kept[1024, 1 / 32] / 100, "smaller by far"


def test_without_the_division_heads_collapse(says, values, robot, maps, model):
    says(
        "Not divided, each row has one to three strong cells and is blank elsewhere.",
        "this head's top weight rises from {{ self_attention/unscaled.top:.2f}} to",
        "The next snippet lets every layer of MiniLM read what it always reads, and removes the "
        "division.",
        "The model was trained with the division; without it, every layer would hand on another "
        "average than the one it has learned to make.",
        "(A real head's vectors are not random: training has set their lengths, and the division does "
        "not bring the spread to 1. In this sentence, the divided scores of a row spread by {{ "
        "self_attention/unscaled.least_spread:.1f}} in one head, by {{ "
        "self_attention/unscaled.most_spread:.0f}} in another, by {{ "
        "self_attention/unscaled.mean_spread:.1f}} on average over all heads.)",
    )
    code = (CODE / "unscaled.py").read_text("utf-8")
    assert "in zip(outputs.hidden_states, model.encoder.layer)" in code and "maps(1.0)" in code
    spreads = []  # of the scores themselves, not by way of the weights
    for x, layer in zip(robot.hidden_states, model.encoder.layer):
        own = layer.attention.self
        with torch.no_grad():
            q, k, v = (f(x).view(1, -1, 12, 32).transpose(1, 2)
                       for f in (own.query, own.key, own.value))  # fmt: skip
            right = F.scaled_dot_product_attention(q, k, v)
            other = F.scaled_dot_product_attention(q, k, v, scale=1.0)
        assert (other - right).norm() > 0.3 * right.norm(), "another average"
        spreads.append((q @ k.mT / 32**0.5).std(dim=-1).mean(dim=-1))
    unscaled = values("self_attention/unscaled")
    told = unscaled.least_spread, unscaled.mean_spread, unscaled.most_spread
    spreads = torch.cat(spreads)
    assert told == pytest.approx([f(spreads).item() for f in (torch.min, torch.mean, torch.max)], rel=1e-2)
    assert told[0] < 0.9 and told[1] > 1.3 and told[2] > 5, "not 1"
    assert unscaled.unscaled_top > 2 * unscaled.top
    assert unscaled.unscaled_entropy < unscaled.entropy / 2
    assert unscaled.all_unscaled_top > unscaled.all_top + 0.2
    assert unscaled.all_unscaled_entropy < unscaled.all_entropy / 2
    weights = robot.attentions[5][0, 11]
    assert unscaled.top == pytest.approx(weights.amax(dim=-1).mean().item(), abs=1e-4)
    # Undoing the division by another way: logarithms of weights are scores up to a constant.
    sharp = (weights.log() * 32**0.5).softmax(dim=-1)
    assert unscaled.unscaled_top == pytest.approx(sharp.amax(dim=-1).mean().item(), abs=1e-3)
    _, drawn = maps("self_attention/unscaled")
    strong = [max(row) > 0.5 for row in drawn["values"]]
    assert sum(strong) > 2 * len(strong) / 3, "one strong cell, so half at most for the rest"
    assert {sum(cell > 0.1 for cell in row) for row in drawn["values"]} == {1, 2, 3}
    assert all(sum(cell for cell in row if cell > 0.1) > 0.8 for row in drawn["values"])


def test_a_real_head_from_its_weights(says, values, maps, robot, model):
    says(
        "The row of “they” is strongest at “##flower”; the columns of “sun”, “##flower” and "
        "the start",
        "The largest difference between your map and the model's own is",
        "So nothing is hidden: three matrix products with parameters, one product of queries "
        "and keys",
        "in nearly every row, these two and `[CLS]` are among the strongest cells.",
        "In that sentence the head looks at much the same places, whoever asks.",
        "The weights of a row must sum to one, so a head that finds nothing to take",
        "In a real model nobody writes the vectors down.",
        "*Self*-attention means that all three come from the same $X$.",
        "The library stores the matrices of all 12 heads in one, transposed; that is why the code "
        "takes 32 rows and writes `.T`.",
        "!!! question \"In a head's map the column of `[CLS]` is strong in nearly every row. What "
        "can you say from this?\"",
        "Nearly every token puts much of its weight there. And no more than that.",
        "`[CLS]` looks at nearly every token. That would be its row.",
        "Something is wrong, because a column must sum to one. Rows sum to one. Columns need not:",
    )
    code = (CODE / "real_head.py").read_text("utf-8")
    for part in ("query", "key", "value"):
        assert f"{part} = x @ linear.{part}.weight[mine].T" in code, "the same X, 32 rows, .T"
    for linear in ("query", "key", "value"):
        assert getattr(model.encoder.layer[5].attention.self, linear).weight.shape == (384, 384)
    assert values("self_attention/real_head").difference < 1e-5
    (drawn,) = maps("self_attention/real_head")
    theirs = robot.attentions[5][0, 11]
    assert torch.allclose(torch.tensor(drawn["values"]), theirs, atol=1e-3)
    they = drawn["rows"].index("they")
    assert theirs[they].argmax() == drawn["columns"].index("##flower")
    strongest = [{drawn["columns"][i] for i in row.topk(4).indices} for row in theirs]
    assert all({"sun", "##flower", "[CLS]"} <= names for names in strongest)
    assert torch.allclose(theirs.sum(dim=1), torch.ones(len(theirs)), atol=1e-5)
    assert (theirs.sum(dim=0) - 1).abs().max() > 0.5, "columns need not"


def test_heads_show_a_diagonal_and_a_dark_first_column(maps, says):
    says(
        "One head has one set of weights for each token, so what a token takes from a head is one "
        "average. A layer runs several heads side by side, each with matrices of its own.",
        "A strong first column means that every token puts much weight on `[CLS]`, the [special "
        "token](glossary.md#special-token) at the start.",
    )
    stack = torch.tensor([one["values"] for one in maps("self_attention/heads")])
    assert stack.shape == (12, 10, 10)
    beside = stack.diagonal(1, 1, 2).mean(dim=1)
    assert beside.max() > 0.5, "a head of layer 2 looks at the next token"
    assert (stack[:, :, 0].mean(dim=1) > 0.3).sum() >= 6, "many first columns are dark"
    assert maps("self_attention/heads")[0]["columns"][0] == "[CLS]"
    assert stack[:, :, 0].amin(dim=1).max() > 0.3, "in the strongest, every token"


def test_head_3_of_layer_1_looks_at_the_previous_token(says, values, cells, maps, robot, model, tokenizer):
    says(
        "layer 1, head 3 puts {{ self_attention/jobs.previous_best:.2%}} of its weight on "
        "the previous token, and in none of the eight sentences less than {{ "
        "self_attention/jobs.previous_lowest:.2%}}.",
        "No one programmed this; it came out of training.",
        "(Special tokens and the tokens beside them do not ask here.)",
    )
    assert "i = torch.arange(2, last - 1)" in (CODE / "jobs.py").read_text("utf-8")
    jobs = values("self_attention/jobs")
    assert 0.99 < jobs.previous_lowest <= jobs.previous_best
    listed = (CODE / "jobs.py").read_text("utf-8").split("sentences = [")[1].split("]")[0]
    assert listed.count(".\",") == 8
    torch.manual_seed(0)
    new = AutoModel.from_config(model.config, attn_implementation="eager").eval()
    with torch.no_grad():
        untrained = new(**tokenizer(SENTENCE, return_tensors="pt"), output_attentions=True)
    before = torch.cat(untrained.attentions).diagonal(-1, 2, 3).mean(dim=-1)
    assert before.max() < 0.3, "before any training, no head does it"
    jobs = values("self_attention/jobs")
    table = cells("self_attention/jobs")
    assert table[0][:2] == ["previous token", "layer 1, head 3"]
    assert jobs.previous_best > 0.99
    (drawn,) = maps("self_attention/jobs")
    ranking = torch.tensor(drawn["values"]).flatten().sort(descending=True)
    assert ranking.indices[0] == 2 and ranking.values[1] < 0.4, "one cell is solid"
    before = robot.attentions[0][0, 2].diagonal(-1)  # of every token but the first
    assert before.min() > 0.99
    assert values("self_attention/looks_back").with_lowest > 0.99, "in every sentence"


def test_heads_park_on_cls_and_not_on_sep(says, values, cells):
    says(
        "other sentences and other rows are counted there",
        "One explanation, [tested below](#what-a-map-does-not-tell-you): it is a parking",
        "The *average* head puts {{ self_attention/jobs.cls_mean:.0%}} of its weight there.",
        "even the head that looks at `[SEP]` most gives it only {{ "
        "self_attention/jobs.sep_best:.2f}}.",
        "A study of BERT found the same habit, with `[SEP]` as the usual place.[^clark]",
    )
    jobs = values("self_attention/jobs")
    assert jobs.cls_mean > 0.4 and jobs.cls_best > 0.8
    assert jobs.sep_best < 0.2
    table = {row[0]: row for row in cells("self_attention/jobs")}
    assert float(table["[CLS]"][3]) == max(float(row[3]) for row in table.values())


def test_joined_heads_are_the_layers_own_result(says, values, model, robot):
    says(
        "MiniLM's hidden states are 384 wide and a head's vectors 32 wide, so each matrix is",
        "are put side by side, $12 \\times 32 = 384$ numbers, and go through one more matrix, "
        "$W_O$:",
        "By default the library uses a fused function and returns an empty tuple, with a "
        "warning at most.",
        "They work block by block and never store the whole map;[^dao] the number of operations "
        "stays $n^2$. It is also why they cannot show you the map.",
    )
    join = values("self_attention/join")
    assert join.difference < 1e-5 and join.difference_added < 1e-5
    # The page: the library's fused function gives the same output from the same parts.
    attention, x = model.encoder.layer[5].attention, robot.hidden_states[5]
    with torch.no_grad():
        parts = [
            linear(x).view(1, -1, 12, 32).transpose(1, 2)
            for linear in (attention.self.query, attention.self.key, attention.self.value)
        ]
        fused = F.scaled_dot_product_attention(*parts).transpose(1, 2).reshape(x.shape)
        assert torch.allclose(attention.output(fused, x), attention(x)[0], atol=1e-5)
    assert (join.heads, join.d_k, join.heads * join.d_k) == (12, 32, model.config.hidden_size)
    assert values("self_attention/mistakes").maps_kept == 0


def test_what_the_clock_adds_is_pages(says, values):
    """Counted, not timed: the maps of 1,024 tokens are new memory in each run, if not kept."""
    says(
        "Only the place of the result differs, not one operation.",
        "If a time is longer than the operations explain, look at memory too.",
        "The maps of twelve heads at 1,024 tokens take {{ "
        "self_attention/seconds.map_megabytes:.0f}} megabytes, and three times such maps are "
        "written: scores, scaled scores and weights.",
        "Three times 12,288 pages would be 36,864; where a system hands out larger ones, it is "
        "fewer.",
        "A run got {{ self_attention/seconds.most_pages:,}}, and {{ "
        "self_attention/seconds.kept_pages:,}} if the maps are kept.",
        "With new maps in each run it took {{ self_attention/seconds.new_ratio_seconds:.0f}} "
        "times as long here; with maps that are allocated once and written again, {{ "
        "self_attention/seconds.kept_ratio_seconds:.0f}} times.",
        "Why it was not exactly sixteen, we have not taken apart. But at one length, too, new "
        "maps take longer than kept ones.",
        "With these pages, the same work took {{ self_attention/seconds.pages_ratio_seconds:.1f}} "
        "times as long.",
    )
    told = values("self_attention/seconds")
    assert min(told.new_ratio_seconds, told.kept_ratio_seconds) > 4, "more than the tokens"
    assert told.pages_ratio_seconds > 1, "with pages, longer"
    assert "cache" not in PAGE.read_text("utf-8"), "the cause that was told here before"
    counted = values("self_attention/seconds")
    assert counted.map_megabytes == pytest.approx(12 * 1024**2 * 4 / 1e6)
    three_maps = 3 * 12 * 1024**2 * 4 / 4096  # scores, scaled scores and weights
    assert three_maps == 3 * 12_288 == 36_864
    # A system that hands out a part in larger pages counts fewer; one map alone would be a third.
    assert three_maps / 2 < counted.most_pages < 1.05 * three_maps
    assert counted.kept_pages < counted.most_pages / 100


def test_maps_that_are_kept_give_the_same():
    """Where the maps are written changes nothing of what comes out."""
    query, key, value = torch.randn(3, 2, 5, 8)
    maps = torch.empty(3, 2, 5, 5)
    source = Path("snippets/self_attention/seconds.py").read_text("utf-8")
    space = {}
    exec(source[: source.index("def taken")], space)
    attend = space["attend"]
    expected = F.scaled_dot_product_attention(query, key, value, scale=32**-0.5)
    assert torch.allclose(attend(query, key, value), expected, atol=1e-6)
    assert torch.allclose(attend(query, key, value, *maps), expected, atol=1e-6)


def test_the_head_that_looks_back_reads_positions(says, values):
    says(
        "But one head [further up](#many-heads) looks one token back.",
        "So the order is still invisible to attention itself.",
        "It can only read the order from the vectors:",
        "Take these away from the same head, on {{ self_attention/looks_back.sentences}} other "
        "sentences. As a control, leave the positions and take away the words:",
        "With positions the head puts {{ self_attention/looks_back.with_mean:.1%}} of its "
        "weight on the",
        "Without them it is {{ self_attention/looks_back.without_mean:.0%}}, where an even spread",
        "With positions and no words it is {{ self_attention/looks_back.wordless_mean:.1%}}. So "
        "the order is still invisible to attention itself. What this head compares is what the "
        "position vectors have put into its queries and keys.",
    )
    sentences = Path("snippets/decoder/beginnings.txt").read_text("utf-8").splitlines()[1:]
    known = (CODE / "jobs.py").read_text("utf-8")
    assert not any(sentence in known for sentence in sentences), "other sentences"
    assert values("self_attention/looks_back").wordless_lowest > 0.99, "the control"
    found = values("self_attention/looks_back")
    assert found.sentences >= 20 and found.with_lowest > 0.99
    assert abs(found.without_mean - found.even_share) < 0.1 < found.with_mean


def test_one_letter_for_one_width(says):
    says("Here $d_k$ is the width of a query and of a key: 32 in MiniLM. It is not the width")
    text = PAGE.read_text("utf-8")
    assert not re.search(r"\\sqrt\{?d[}$]|variance \$d\$|√d</text", text), "d alone is the model's"
    bridge = Path("docs/cross_attention.md").read_text("utf-8")
    assert not re.search(r"\\times d\$", bridge), "a head's width is d_k or d_v"


def test_entropy_is_in_bits(says, values, robot):
    """One unit in all chapters: eight equal shares have three."""
    says("eight equal shares have 3 bits, since $2^3 = 8$")
    weights = robot.attentions[5][0, 11]
    bits = -torch.special.xlogy(weights, weights).sum(dim=-1).mean() / math.log(2)
    assert values("self_attention/unscaled").entropy == pytest.approx(bits.item(), abs=0.01)


def test_cost_grows_with_the_square_and_crosses_at_six_widths(says, values, cells):
    says(
        "Double the tokens, and attention needs {{ self_attention/cost.ratio:.0f}} times the "
        "operations;",
        "But the lines cross late: at {{ self_attention/cost.crossing:,}} tokens, which "
        "is six times",
        "MiniLM reads at most 512, and there the famous $n^2$ is {{ "
        "self_attention/cost.share_at_512:.0%}}",
        "12 maps of $n \\times n$ numbers.",
        "It separates the two products inside attention, queries with keys and weights with "
        "values, from all the rest: the products with parameter matrices.",
        "of the operations in a layer's products. (Softmax and other steps between the products "
        "are not counted.)",
        "Four times the tokens are sixteen times the work.",
    )
    cost = values("self_attention/cost")
    assert cost.ratio == 4 and cost.rest_ratio == 2
    assert cost.crossing == 6 * 384
    assert cost.share_at_512 == pytest.approx(512 / (512 + 6 * 384))
    code = (CODE / "cost.py").read_text("utf-8")
    assert 'attention.append(by_name["aten.bmm"])' in code and 'by_name["aten.addmm"]' in code
    sizes = {int(r[0]): r[3] for r in cells("self_attention/cost")}
    assert sizes[512] == f"{12 * 512**2 * 4 / 1e6:.1f} MB"
    work = {int(r[0]): float(r[1].replace(",", "")) for r in cells("self_attention/cost")}
    assert work[2048] == pytest.approx(16 * work[512], rel=0.05), "four times the tokens"


def test_without_positions_order_is_invisible(says, values, tokenizer):
    says(
        "Attention without a mask sees no order by itself, so MiniLM adds positions to its vectors.",
        "So MiniLM needs positions, and adds them to the vectors. SmolLM2 has them in its queries and"
        " keys; its mask alone would tell it [something about the order]",
        "With positions every vector changes, by {{ self_attention/order.smallest_with:.0%}} "
        "of its length",
        "Without them every vector is the same up to rounding: the whole model of six layers reads",
        "*A dog chased the ball* and *the ball chased A dog* have the same tokens.",
        "Without positions [there are no neighbors](#order-is-invisible), only a bag of tokens.",
    )
    order = values("self_attention/order")
    assert order.smallest_with > 0.1
    assert order.largest_without < 1e-4
    one, other = tokenizer(["A dog chased the ball", "the ball chased A dog"]).input_ids
    assert one != other and sorted(one) == sorted(other)
    masked = values("input_representation/answers")
    assert masked.decoder_cosine < 0.999, "SmolLM2 with all positions 0: the order still counts"


def test_shuffled_input_gives_shuffled_output(says, model, robot):
    says(
        "Nothing in the equation mentions a position.",
        "Shuffle the rows of $X$, and the rows of the output are shuffled in the same way, "
        "but not changed.",
        "It stays the same, up to rounding.",
        "Each query still meets the same keys and values; only the order of the rows has changed:",
        "It changes, because the word now has other neighbors.",
        "It becomes the same as every other word's. Each word still has its own embedding,",
    )
    torch.manual_seed(0)
    x = robot.hidden_states[0]
    shuffle = torch.randperm(x.shape[1])
    with torch.no_grad():
        plain, shuffled = model.encoder(x), model.encoder(x[:, shuffle])
    assert torch.allclose(
        plain.last_hidden_state[:, shuffle], shuffled.last_hidden_state, atol=1e-4
    )
    vectors = shuffled.last_hidden_state[0]
    assert torch.pdist(vectors).min() > 0.1, "not the same as another word's"


def test_mistakes_keep_the_shape_and_change_the_numbers(says, values, cells):
    says(
        "Attention is easy to get wrong because the shapes fit anyway.",
        "The shape is the same; now the columns sum to one, and not the rows: "
        "[mistakes](#mistakes-that-raise-no-error).",
        "Fourteen columns of weights, but only thirteen rows of values. PyTorch refuses:",
        "Queries 32 wide, keys 64 wide. PyTorch refuses:",
    )
    scores = torch.randn(5, 5)
    assert torch.allclose(scores.softmax(dim=-2).sum(dim=0), torch.ones(5))
    assert not torch.allclose(scores.softmax(dim=-2).sum(dim=1), torch.ones(5), atol=0.01)
    for one, other in ((14, 14), (13, 32)), ((14, 32), (64, 14)):
        with pytest.raises(RuntimeError):
            torch.randn(one) @ torch.randn(other)
    mistakes = values("self_attention/mistakes")
    assert mistakes.smallest_error > 0.2
    assert mistakes.maps_kept == 0
    shapes = {row[1] for row in cells("self_attention/mistakes")[:4]}
    assert len(shapes) == 1


def test_the_head_links_pronouns_but_does_not_resolve_them(says, values, cells, maps):
    says(
        "In these six pairs its first choice never changes.",
        "In four pairs the lead of the first noun shrinks when the second is meant. So another "
        "ending moves the weights, but here not enough to change the choice. (Whether its meaning "
        "moves them, or any other word would, these pairs do not show.)",
        "A fair test changes one word at the end, so that the meaning of *it* changes and "
        "everything before stays: *The dog chased the ball because it was bored*, or *round*.",
        "A head that knows what *it* means should look at another noun in the second sentence of "
        "each pair.",
        "The number of pairs in which it changes its choice is {{ "
        "self_attention/pronoun.changed}}.",
        "So it is right once in each pair: in {{ self_attention/pronoun.right}} of",
        "When the ball is round, *it* still gives {{ "
        "self_attention/pronoun.dog_if_round:.2f}} to *dog*.",
    )
    code = (CODE / "pronoun.py").read_text("utf-8")
    assert 'tokenizer(f"{start} {last}.", return_tensors="pt")' in code, "one word at the end"
    assert '("The dog chased the ball because it was", ("dog", "bored"), ("ball", "round"))' in code
    pronoun = values("self_attention/pronoun")
    assert (pronoun.right, pronoun.sentences, pronoun.changed) == (6, 12, 0)
    table = cells("self_attention/pronoun")
    assert sum("✓" in row[3] for row in table) == pronoun.right
    leads = [float(row[1].split()[-1]) - float(row[2].split()[-1]) for row in table]
    shrunk = [one - other > 0.03 for one, other in zip(leads[::2], leads[1::2])]
    assert sum(shrunk) == 4
    (drawn,) = maps("self_attention/pronoun")
    dog, ball = drawn["columns"].index("dog"), drawn["columns"].index("ball")
    for row in drawn["values"]:
        assert row[dog] == max(row) and row[dog] > 5 * row[ball]
    assert pronoun.dog_if_round == pytest.approx(drawn["values"][1][dog], abs=1e-3)


def test_the_best_heads_on_new_pairs(says, values):
    says(
        "Is that the head that understands *it*? Would 72 coins be a fair comparison?",
        "You cannot tell from these sentences: the head was picked after looking. Coins are no fair"
        " comparison. Of 72 coins, {{ self_attention/answers.expected:.0f}} on average are right that"
        " often; here three heads are, since most heads give both sentences of a pair the same answer, and so"
        " are right in half.",
        "In twelve new pairs, `answer_pairs.py`, the three are right in {{"
        " self_attention/answer_pairs.least_picked}} to {{ self_attention/answer_pairs.most_picked}} of"
        " {{ self_attention/answer_pairs.sentences}} sentences, and a head that never changes its choice"
        " in 12. So none of them tells reliably what *it* means.",
        "But when the choice of any of the 72 heads changes within a pair, it is mostly toward the noun"
        " that is meant: {{ self_attention/answer_pairs.meant}} of {{ self_attention/answer_pairs.changes}}"
        " times. So the last word may well do something. (That is not {{ self_attention/answer_pairs.changes}}"
        " separate trials: the heads belong to one model and read the same sentences.)",
    )
    first, new = {}, {}
    exec((CODE / "pronoun.py").read_text("utf-8"), first)
    exec((CODE / "answer_pairs.py").read_text("utf-8"), new)
    best = (first["all_right"] == first["best_of_all"]).nonzero().tolist()
    assert [tuple(head) for head in best] == new["best"], "picked on the first six pairs"
    nouns = {noun for _, (one, _), (other, _) in first["pairs"] for noun in (one, other)}
    again = [start for start, *_ in new["pairs"] if start in {pair[0] for pair in first["pairs"]}]
    assert len(new["pairs"]) == 12 and not again and len(nouns) == 12
    moved = torch.zeros(6, 12)
    for start, (one, ending), (other, other_ending) in first["pairs"]:
        leads = [new["lead"](start, last, one, other) > 0 for last in (ending, other_ending)]
        moved += leads[0] != leads[1]
    assert (moved == 0).sum() > 36, "most heads answer alike in both sentences of every pair"
    alike = new["to_meant"] + new["to_other"] == 0
    assert (new["right"][alike] == 12).all()
    found = values("self_attention/answer_pairs")
    assert 12 < found.least_picked <= found.most_picked < 18 and found.sentences == 24
    assert found.meant > 0.6 * found.changes and found.changes > 40


def test_nearly_every_row_of_that_head_looks_at_nouns(robot, tokenizer):
    tokens = tokenizer.tokenize(SENTENCE, add_special_tokens=True)
    weights = robot.attentions[5][0, 11].clone()
    weights[:, 0] = 0  # the parking place aside
    most = [tokens[i] for i in weights.argmax(dim=1)]
    assert sum(token in ("robot", "sun", "##flower") for token in most) >= len(tokens) - 1


def test_much_weight_on_cls_moves_little(says, values, maps):
    says(
        "So a strong column need not mean that this token adds much.",
        "In every layer the weight on the start token is several times its share of the lengths.",
        "In this sentence the token with {{ self_attention/contribution.weight_on_cls:.0%}} of the "
        "weight has {{ "
        "self_attention/contribution.share_of_cls:.0%}} of the summed lengths.",
        "Its length times the weight says how far it can move the result. Add up these lengths "
        "over all tokens: what is the share of `[CLS]`?",
        "“The robot watered the sunflowers because they were thirsty.”",
        "`[CLS]` matters most for what this head hands on.",
        "In 2019, in networks that were mostly recurrent, with one attention layer on top, Jain and "
        "Wallace found very different weights that leave the output almost the same, and "
        "weights that agree little with other measures of importance.[^jain]",
        "and proposed stricter tests.[^wiegreffe] What stays is a rule: a map is an observation. "
        "To claim that it causes something, change it and measure.",
    )
    code = (CODE / "contribution.py").read_text("utf-8")
    assert SENTENCE in code and "moved = weights[0] * arriving[:, None]" in code
    assert "moved / moved.sum(dim=-1, keepdim=True)" in code, "of the summed lengths"
    contribution = values("self_attention/contribution")
    assert contribution.weight_on_cls > 4 * contribution.share_of_cls
    (drawn,) = maps("self_attention/contribution")
    assert all(weight > 3 * share for weight, share in zip(*drawn["values"]))


def test_answers(says, values):
    says(
        "Adding 100 changes no weight by as much as a millionth.",
        "With 6 heads of 64 it is the same number, since $6 \\times 64 = 384$. The number of heads "
        "costs no parameters; it says into how many slices the same width is cut.",
        "Whoever picks the best of many heads after looking must test it on new sentences.",
        "Softmax sees differences only: a constant added to all scores multiplies all exponentials",
        "with (10, 20, 10) the top weight is {{ self_attention/answers.tenfold:.4f}}.",
        "Four matrices of $384 \\times 384$ and four biases of 384:",
        "For layer 6, head 12 the entropy becomes {{ self_attention/answers.entropy:.2f}} bits;",
        "The scores shrink toward each other and the weights toward equal shares.",
        "The top weight falls to {{ self_attention/answers.top:.2f}}.",
        "The best one is right in {{ self_attention/pronoun.best_of_all}} of",
        "`= {{ self_attention/answers.counted:,}} ± 0`",
        "Six layers of twelve heads make 72 maps, and each map has $20 \\times 20$ cells",
        "Every query meets every key:",
    )
    answers, pronoun = values("self_attention/answers"), values("self_attention/pronoun")
    assert answers.shift_changes < 1e-6
    assert answers.tenfold > 0.999
    assert answers.parameters == 4 * (384 * 384 + 384)
    assert answers.highest == pytest.approx(math.log2(14))
    assert 0.95 * answers.highest < answers.entropy < answers.highest
    assert pronoun.best_of_all == 8, "the answer compares with 8 of 12"
    assert answers.expected > 1
    assert answers.top < values("self_attention/unscaled").top
    chance = sum(math.comb(12, right) for right in range(8, 13)) / 2**12
    assert answers.expected == pytest.approx(72 * chance)
    assert answers.counted == 6 * 12 * 20 * 20
    assert 1 - (1 - chance) ** 72 > 0.99, "one of 72 coins is as good, nearly always"
    plan = AutoConfig.from_pretrained("models/minilm")
    sizes = []
    for plan.num_attention_heads in (12, 6):
        with torch.device("meta"):
            sizes.append(AutoModel.from_config(plan).num_parameters())
    assert sizes[0] == sizes[1]


def test_cls_keeps_weight_from_the_others(says, values, model, tokenizer):
    says(
        "One explanation, [tested below](#what-a-map-does-not-tell-you): it is a parking place.",
        "Now change something, in {{ self_attention/parking.sentences }} sentences from the news: in"
        " every head, let `[CLS]` hand over nothing, with all other weights as they were; or let"
        " nobody look at it, so that its weight goes to the others.",
        "The table has the mean cosine between the last vectors of the other words and the usual ones.",
        "Without what `[CLS]` hands over, the words end nearly as before: {{"
        " self_attention/parking.silent:.3f}}, in no sentence below {{"
        " self_attention/parking.silent_lowest:.2f}}. But when its weight must go elsewhere, it is {{"
        " self_attention/parking.masked_cls:.2f}}, in no sentence above {{"
        " self_attention/parking.masked_highest:.2f}}.",
        "So what this weight does in MiniLM is to keep out the others; what it brings counts for"
        " little. That fits the parking place.",
    )
    found = values("self_attention/parking")
    assert found.sentences == 40 and found.silent > 0.99 and found.silent_lowest > 0.95
    assert found.silent > found.silent_word > found.masked_highest > found.masked_cls
    assert found.masked_highest < 0.9 and found.masked_cls < 0.8
    # Other texts, another way: a value of zeros, and the library's own mask.
    texts = Path("snippets/decoder/beginnings.txt").read_text("utf-8").splitlines()[1:]
    silent, masked = [], []
    for text in texts:
        inputs = tokenizer(text, return_tensors="pt")
        with torch.no_grad():
            usual = model(**inputs).last_hidden_state[0, 1:-1]
            hidden = inputs.attention_mask.clone()
            hidden[0, 0] = 0
            unseen = model(inputs.input_ids, hidden).last_hidden_state[0, 1:-1]
            hooks = [
                layer.attention.self.value.register_forward_hook(
                    lambda part, given, made: made.index_fill(1, torch.tensor([0]), 0)
                )
                for layer in model.encoder.layer
            ]
            mute = model(**inputs).last_hidden_state[0, 1:-1]
        for hook in hooks:
            hook.remove()
        silent.append(F.cosine_similarity(mute, usual).mean().item())
        masked.append(F.cosine_similarity(unseen, usual).mean().item())
    assert len(texts) > 20 and min(silent) > 0.95 > 0.9 > max(masked)


def test_a_score_without_a_token_is_a_way_out(says):
    says(
        "The weights of a row must sum to one, so a head that finds nothing to take must still put"
        " its weight somewhere. (gpt-oss, of 2025, has a way out: each head learns one more score,"
        " which belongs to no token.[^gptoss]) A study of BERT found the same habit, with `[SEP]` as"
        " the usual place.",
    )
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8}
    small = {"hidden_size": 32, "num_hidden_layers": 1, "vocab_size": 50, "pad_token_id": 0}
    experts = {"intermediate_size": 16, "num_local_experts": 2, "num_experts_per_tok": 1}
    plan = GptOssConfig(**heads, **small, **experts, attn_implementation="eager")
    model = GptOssModel(plan).eval()
    sinks = model.layers[0].self_attn.sinks
    assert sinks.shape == (4,) and sinks.requires_grad, "one learned number a head"
    sums = []
    for score in (-100.0, 0.0, 100.0):
        torch.nn.init.constant_(sinks, score)
        with torch.no_grad():
            weights = model(torch.tensor([[5, 6, 7]]), output_attentions=True).attentions[0]
        sums.append(weights.sum(dim=-1))
    usual, less, none = sums
    assert torch.allclose(usual, torch.ones_like(usual)) and less.max() < 0.99 and none.max() < 1e-6


def test_a_query_of_zeros_looks_everywhere(says, printed):
    says(
        "A dot product with zeros is zero, whatever the key.",
        "Four equal scores become four equal weights, and the output is the plain average",
        "A query cannot say “nothing for me”: the weights of a row [sum to one](#the-equation), "
        "so they must go somewhere.",
    )
    weights, output = printed("self_attention/predict").splitlines()
    assert weights.endswith("[[0.25, 0.25, 0.25, 0.25]]")
    assert output.endswith(f"[[{(10 + 20 + 30 + 40) / 4}]]")


def test_keys_of_the_questions_are_what_came_out(values, says):
    says(
        "- [x] So that their spread does not grow with the width.",
        "- [x] It stays the same, up to rounding.",
        "- [x] Softmax over `dim=-2` instead of `dim=-1`.",
        '- [x] Dividing by $\\sqrt{384}$ in a model with heads of 32.',
        "- [x] Nearly every token puts much of its weight there.",
    )
    torch.manual_seed(0)
    spread = {d: (torch.randn(4000, d) * torch.randn(4000, d)).sum(-1).std() for d in (16, 256)}
    assert spread[256] > 3 * spread[16]
    assert abs(spread[256] / 16 - spread[16] / 4) < 0.1, "divided by the root, the same"
    order = values("self_attention/order")
    assert order.largest_without < 1e-3 < order.smallest_with
    q, k, v = torch.randn(3, 32), torch.randn(3, 32), torch.randn(3, 32)
    right = (q @ k.T / 32**0.5).softmax(-1) @ v
    for slip in ((q @ k.T / 32**0.5).softmax(-2) @ v, (q @ k.T / 384**0.5).softmax(-1) @ v):
        assert slip.shape == right.shape and not torch.allclose(slip, right, atol=1e-2)
    for refused in (lambda: q @ torch.randn(3, 64).T, lambda: torch.randn(3, 14) @ torch.randn(13, 4)):
        with pytest.raises(RuntimeError):
            refused()
    share = values("self_attention/contribution")
    assert share.weight_on_cls > 3 * share.share_of_cls, "much weight, and it moves little"
