"""What the chapter on the whole model claims, checked on the real models."""

import json
import re
from pathlib import Path

import pytest
import torch
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer

RUNNING = "The robot watered the sunflowers because they were thirsty."


@pytest.fixture(scope="module")
def minilm():
    return AutoModel.from_pretrained("models/minilm").eval()


def test_the_stations(says, values, printed):
    says(
        "In the shapes below the first number is always 1: one sentence.",
        "The encoder ran once, and the decoder {{ architecture/stations.runs}} times.",
        "And the last step ends in {{ architecture/stations.vocabulary:,}} "
        "[logits](glossary.md#logit) for",
        "And its encoder has more layers than its decoder.",
    )
    found = values("architecture/stations")
    assert found.translation == "O robô regou os girassóis porque eles estavam com sede."
    assert found.vocabulary == 32001
    shapes = re.findall(r"\((.*?)\)", printed("architecture/stations"))
    assert shapes[1] == shapes[2], "the encoder keeps the shape"
    assert shapes[3] == f"1, {found.runs}, 32001"
    assert all(shape.startswith("1, ") for shape in shapes[:4])
    told = printed("architecture/stations")
    assert f"the encoder ran once, the decoder {found.runs} times" in told
    config = json.loads(Path("models/en-pt/config.json").read_text("utf-8"))
    assert config["encoder_layers"] > config["decoder_layers"]
    says(
        "The translator above differs from the drawing in one box: in the place of masked"
        " self-attention its decoder has a small recurrent unit, made for speed.",
        "made for speed.[^kim]",
        "A Transformer is a stack of layers built alike; the shape (tokens, width) stays the same"
        " from the first to the last.",
    )
    from snippets.shared.translator import Translator

    decoder = Translator.from_pretrained("models/en-pt").model.decoder
    names = [name for name, _ in decoder.named_parameters()]
    queries = [name for name in names if "q_proj" in name]
    assert queries and all("encoder_attn" in name for name in queries), "of cross-attention only"
    assert any("forget" in name for name in names), "the gate of the recurrent unit"


def test_the_map(says, minilm):
    says(
        "explains the three parts that have no chapter of their own: the residual connection, the"
        " layer norm and the feed-forward network.",
        "The frame on the left is one [layer](glossary.md#layer), or block, of the encoder; it is"
        " repeated $N$ times, each time with parameters of its own.",
        "(Some models use one layer's parameters at each depth: the RXNMapper of this page is one"
        " layer, run twelve times.)",
    )
    page = Path("docs/architecture.md").read_text("utf-8")
    titles = " ".join(
        re.search(r"^# (.*)$", one.read_text("utf-8"), re.M)[1] for one in Path("docs").glob("*.md")
    )
    for name in ("Residual connection", "Layer norm", "The feed-forward network"):
        assert f"\n## {name}" in page
        assert name.removeprefix("The ").lower() not in titles.lower()
    layers = [dict(layer.named_parameters()) for layer in minilm.encoder.layer]
    assert len({tuple(layer) for layer in layers}) == 1, "built alike"
    one, other = (layer["intermediate.dense.weight"] for layer in layers[:2])
    assert one.shape == other.shape and not torch.equal(one, other), "with numbers of its own"
    shared = json.loads(Path("models/rxnmapper/config.json").read_text("utf-8"))
    assert (shared["num_hidden_groups"], shared["inner_group_num"]) == (1, 1), "one layer …"
    assert shared["num_hidden_layers"] == 12, "… run twelve times"
    with torch.no_grad():
        states = minilm(torch.tensor([[101, 1996, 8957, 102]]), output_hidden_states=True)
    assert {one.shape for one in states.hidden_states} == {(1, 4, 384)}


def test_the_drawing_has_the_parts_of_its_title(says):
    says(
        "Left, the encoder: token vectors and positions, then a block of self-attention, add and"
        " norm, feed-forward, add and norm, repeated N times.",
        "Right, the decoder: token vectors and positions, then masked self-attention,"
        " cross-attention, which also reads the encoder’s output, and feed-forward, each followed by"
        " add and norm, repeated N times; then a linear map and softmax give the next token.",
    )
    page = Path("docs/architecture.md").read_text("utf-8")
    page = page[page.index("<svg") : page.index("</svg>")]
    drawn = re.findall(r'<text x="(86|242)" y="(\d+)">([^<]+)<', page)
    column = {side: [text for x, _, text in sorted(drawn, key=lambda one: int(one[1])) if x == side]
              for side in ("86", "242")}  # fmt: skip
    add = "add &amp; norm"
    assert column["86"][1:] == [
        "token vectors", "+ positions", "self-attention", add, "feed-forward", add]  # fmt: skip
    assert column["242"][1:-1] == [
        "token vectors", "+ positions", "masked", "self-attention", add, "cross-attention", add,
        "feed-forward", add, "linear map", "and softmax"]  # fmt: skip
    assert page.count(">× N</text>") == 2


def test_each_box_of_the_drawing_leads_to_its_chapter():
    page = Path("docs/architecture.md").read_text("utf-8")
    drawing = page[page.index("<svg") : page.index("</svg>")]
    chapters = ("input_representation", "self_attention", "masked_self_attention",
                "cross_attention", "encoder", "decoder", "encoder_decoder")  # fmt: skip
    for chapter in chapters:
        assert f'href="../{chapter}/"' in drawing, chapter


def test_without_residuals_all_tokens_turn_one_way(says, values, printed, cells):
    says(
        "the tokens of a sentence end in nearly the same direction: their mean cosine is {{"
        " architecture/residual.last_without:.3f}} here, and no lower than {{"
        " architecture/residual.lowest_without:.3f}} in any of forty sentences from the news (*lowest*"
        " in the table).",
        "Without the addition around attention, the tokens of a sentence end, in MiniLM, in nearly one"
        " direction.",
        "Leave out the addition around attention alone, and the same happens; around the"
        " feed-forward network alone, and it does not.",
        "The cause is what attention brings from *other* tokens: where each token may look at itself"
        " alone, no sentence's mean cosine rises above {{ architecture/residual.highest_alone:.2f}},"
        " though all additions are gone.",
        "leaves out the addition in each of its sublayers, nothing else.",
        "[Cosine similarity](glossary.md#cosine-similarity) is 1 for two vectors of the same"
        " direction.",
        "With residuals it stays near a half or below.",
        "That nearly happens without [residual connections](#residual-connections).",
    )
    found = values("architecture/residual")
    assert f"| {found.lowest_without:.3f} |" in printed("architecture/residual")
    assert len(re.findall(r"lines\[:400:10\]", Path("snippets/architecture/residual.py").read_text())) == 1
    assert found.last_without > 0.99 and found.last_with < 0.6
    assert min(found.lowest_without, found.lowest_attention) > 0.99
    assert max(found.highest_with, found.highest_alone) < 0.6 and found.highest_feed < 0.9
    rows_shown = [[float(cell) for cell in row[1:]] for row in cells("architecture/residual")]
    assert all(low <= mean <= high for low, mean, high in rows_shown) and len(rows_shown) == 5
    says(
        "To find the cause, the table then leaves out less, and then more.",
    )
    left_out = [row[0] for row in cells("architecture/residual")]
    assert left_out[1] == "both additions" and left_out[-1] == "both, and all looks at others"
    assert all(name.startswith("that around") for name in left_out[2:4])
    x = torch.randn(384)
    assert torch.cosine_similarity(x, 3 * x, dim=0) == pytest.approx(1)


def test_attention_alone_makes_tokens_alike(says):
    """Layers of attention alone, drawn by chance: small parameters, and thirty times as large."""
    says(
        "Of attention alone, without it, Dong, Cordonnier and Loukas proved that the differences"
        " between tokens vanish faster than exponentially with depth, if the parameters are not too"
        " large.[^dong]",
    )

    def differences(size: float) -> list[float]:
        """How much of the vectors' length is not in their mean, after each of six layers."""
        torch.manual_seed(0)
        x, found = torch.randn(10, 32, dtype=torch.double), []
        for _ in range(6):
            Q, K = torch.randn(2, 4, 32, 8, dtype=torch.double) * size / 32**0.5
            V = torch.randn(4, 32, 32, dtype=torch.double) / (4 * 32) ** 0.5
            weights = ((x @ Q) @ (x @ K).mT / 8**0.5).softmax(-1)  # (heads, tokens, tokens)
            x = (weights @ x @ V).sum(dim=0)
            found.append(((x - x.mean(dim=0)).norm() / x.norm()).item())
        return found

    small, large = differences(1), differences(30)
    assert small[1] / small[0] > 10 * small[2] / small[1], "each layer shrinks more than the last"
    assert small[3] < 1e-6 and min(large) > 0.1, "if the parameters are not too large"


def test_averages_are_enough_wherever_they_are_taken(says, values, cells):
    says(
        "Each row keeps its weights, but gives them to tokens drawn by chance; or each head takes only"
        " the token that has most weight, and averages nothing:",
        "Averages are enough, wherever they are taken: averages of averages come together.",
        "Without an average it depends on which tokens are taken. One at random leaves the tokens"
        " apart: no sentence rises above {{ architecture/averages.random_highest:.2f up}}. The one with"
        " most weight brings them nearer, to {{ architecture/averages.most_both:.2f}}, and, if only"
        " the addition around attention is left out, to {{ architecture/averages.most_around:.3f}}.",
    )
    found = values("architecture/averages")
    assert found.elsewhere_lowest > 0.99, "at random places, in each sentence and both ways"
    assert found.random_highest < 0.7
    assert found.random_highest < found.most_both < 0.85 < 0.95 < found.most_around
    shown = [[float(cell) for cell in row[1:]] for row in cells("architecture/averages")]
    assert len(shown) == 4 and min(shown[0]) > 0.99, "with its own weights, by this way too"
    code = Path("snippets/architecture/averages.py").read_text("utf-8")
    assert "lines[:400:10]" in code, "the forty sentences of the first table"
    space = {}
    exec(code.split("def without")[0], space)
    weights = torch.randn(1, 2, 9, 9).softmax(dim=-1)
    moved, one = space["elsewhere"](weights), space["strongest"](weights)
    assert torch.equal(moved.sort(dim=-1).values, weights.sort(dim=-1).values)
    assert not torch.equal(moved, weights)
    assert torch.equal(one.argmax(dim=-1), weights.argmax(dim=-1))
    assert set(one.flatten().tolist()) == {0.0, 1.0} and one.sum(dim=-1).eq(1).all()


def test_norms_by_formula_are_the_modules(says, values, printed):
    found = values("architecture/norms")
    assert found.difference < 1e-5 and found.rms_difference < 1e-5
    assert "layer norm [-1.0, 1.0, -1.0, 1.0]" in printed("architecture/norms")
    assert "RMSNorm    [0.2, 1.4, 0.2, 1.4]" in printed("architecture/norms")
    says("The tiny $\\epsilon$ keeps the division from failing when all numbers are equal:")
    for eps in (0, 1e-12):
        normed = torch.nn.functional.layer_norm(torch.ones(4), (4,), eps=eps)
        assert normed.isnan().all() == (eps == 0)


def test_the_gradient_goes_around_the_sublayers(says):
    says("takes the same way back, past all sublayers.")
    model = AutoModelForCausalLM.from_pretrained("models/smollm2").model
    layer, x = model.layers[3], torch.randn(1, 3, 576, requires_grad=True)
    torch.nn.init.zeros_(layer.self_attn.o_proj.weight)
    torch.nn.init.zeros_(layer.mlp.down_proj.weight)
    out = layer(x, position_embeddings=model.rotary_emb(x, torch.arange(3)[None]))
    (out[0] if isinstance(out, tuple) else out).sum().backward()
    assert torch.allclose(x.grad, torch.ones_like(x)), "whole, though the sublayers pass nothing"


def test_a_norm_does_not_depend_on_the_batch(says, minilm):
    says("It averages the numbers [of one vector](#layer-norm), never those of other tokens.")
    norm, x = minilm.encoder.layer[0].output.LayerNorm, torch.randn(3, 4, 384)
    assert torch.allclose(norm(x)[0, 1], norm(x[0, 1]), atol=1e-6)


def test_which_model_is_post_norm_and_which_pre_norm(says, cells, values):
    says(
        "The order alone does not show where the addition stands.",
        "has the same order and is not post-norm.",
        "Of these models {{ architecture/norm_place.post}} are post-norm and",
        "The third column gives a second sign: the pre-norm models have one more norm after the "
        "last layer.",
    )
    kinds = {row[0]: row[3] for row in cells("architecture/norm_place")}
    assert kinds == {
        "MiniLM (BERT)": "post-norm",
        "RXNMapper (ALBERT)": "post-norm",
        "en-pt (Marian), encoder": "post-norm",
        "Whisper, encoder": "pre-norm",
        "SmolLM2 (Llama)": "pre-norm",
    }
    last = {row[3]: row[2] for row in cells("architecture/norm_place")}
    assert last == {"post-norm": "no", "pre-norm": "yes"}
    found = values("architecture/norm_place")
    assert (found.post, found.pre) == (3, 2)
    orders = {row[0]: row[1] for row in cells("architecture/norms_today")}
    (olmo,) = [order for name, order in orders.items() if name.startswith("OLMo 2")]
    assert olmo == cells("architecture/norm_place")[0][1]


def test_minilm_is_post_norm_by_its_numbers(minilm):
    """A post-norm layer's output is normed; undoing γ and β leaves mean 0, variance 1."""
    layer, seen = minilm.encoder.layer[2], []
    layer.register_forward_hook(lambda module, inputs, output: seen.append(output))
    with torch.no_grad():
        minilm(torch.tensor([[101, 1996, 8957, 102]]))
        output = seen[0][0] if isinstance(seen[0], tuple) else seen[0]
        plain = (output - layer.output.LayerNorm.bias) / layer.output.LayerNorm.weight
    assert plain.mean(dim=-1).abs().max() < 1e-3
    assert (plain.var(dim=-1, unbiased=False) - 1).abs().max() < 1e-3


def test_smollm2_is_pre_norm_by_its_numbers(smollm2):
    """A pre-norm layer adds to what came in: the output is x + attention + feed-forward."""
    layer, parts = smollm2.model.layers[3], {}
    layer.register_forward_hook(lambda m, i, o: parts.update(x=i[0] if i else None, out=o))
    layer.self_attn.register_forward_hook(lambda m, i, o: parts.update(attention=o[0]))
    layer.mlp.register_forward_hook(lambda m, i, o: parts.update(feed=o))
    with torch.no_grad():
        smollm2.model(torch.tensor([[5, 6, 7]]))
    out = parts["out"][0] if isinstance(parts["out"], tuple) else parts["out"]
    assert torch.allclose(out, parts["x"] + parts["attention"] + parts["feed"], atol=1e-4)


def test_the_vectors_of_smollm2_grow(says, values):
    says(
        "SmolLM2's vectors grow more than a hundredfold over all layers; MiniLM's and Whisper's stay"
        " about as long as they were.",
        "the first layer alone makes them {{ architecture/growth.first_layer:.0f}} times as long.",
        "So pre-norm lets the vectors grow, and does not make them grow: those of Whisper's encoder,"
        " pre-norm too, come to {{ architecture/growth.speech_growth:.1f}} times their first length"
        " before its last layer.",
        "MiniLM's vectors end at {{ architecture/growth.post_growth:.1f}} times their first "
        "length.",
        "SmolLM2's grow by a factor of {{ architecture/growth.pre_growth:.0f}} before the "
        "last layer",
    )
    found = values("architecture/growth")
    assert found.pre_growth > 100 and 0.5 < found.post_growth < 2
    assert 0.5 < found.speech_growth < 2 and 5 < found.first_layer < 30
    says(
        "In forty sentences from the news the factor lies between {{"
        " architecture/growth.post_lowest:.1f}} and {{ architecture/growth.post_highest:.1f}} for"
        " MiniLM, between {{ architecture/growth.pre_lowest:.0f}} and {{"
        " architecture/growth.pre_highest:.0f}} for SmolLM2.",
    )
    assert found.count == 40 and found.post_highest < 2 < 100 < found.pre_lowest < found.pre_highest
    says(
        "since the first token's vector can be [far longer than all others]",
        "with pre-norm the gradients are well behaved from the start, and the warm-up may be left"
        " out.",
        "may be left out.[^xiong] (Often it is kept all the same: Llama, pre-norm, was trained with"
        " 2,000 steps of it.[^touvron])",
    )
    left = values("architecture/one_layer")
    assert left.long > 50 * left.usual


def test_feed_forward(says, values, printed):
    says(
        "a token sent through alone gets the same result as in company.",
        "then works on each token alone: one matrix makes the vector wider, four times in the paper "
        "and in MiniLM",
        "Those work on [each token alone](#the-feed-forward-network): a token gets the same result",
        "They cannot: they see [one token at a time](#the-feed-forward-network).",
        "two matrices are one matrix, and the wide middle would be for nothing.",
    )
    found = values("architecture/feed_forward")
    assert found.difference < 5e-5, "by formula and by the layer"
    assert found.alone_difference < 1e-5, "each token alone"
    assert found.one_difference < 1e-2, "without the bend it is one matrix"
    gated = values("architecture/gated")
    assert gated.difference < 1e-5 and gated.matrices == 3
    widths = re.findall(r"\(14, (\d+)\)", printed("architecture/feed_forward"))
    assert widths == ["384", "1536", "384"], "four times as wide inside"


def test_the_bend_matters(minilm):
    """The test above would pass for any bend: make sure that GELU is not a straight line."""
    layer = minilm.encoder.layer[0]
    x = torch.randn(5, 384)
    with torch.no_grad():
        bent = layer.output.dense(layer.intermediate(x))
        straight = layer.output.dense(layer.intermediate.dense(x))
    assert (bent - straight).abs().max() > 0.5


def test_where_the_parameters_sit(says, cells, values):
    says(
        "In MiniLM the embeddings are about half.",
        "In SmolLM2 the feed-forward networks are more than half and embeddings about a fifth.",
        "Norms and the rest are hardly visible.",
        "In MiniLM {{ architecture/where_parameters.minilm_embeddings:.0%}} of the parameters are",
        "In SmolLM2, which has five times as many layers, it is",
        "In each of the four models, attention has fewer parameters than the feed-forward "
        "networks, even with cross-attention added. (Not so in RXNMapper. Its inner width is only "
        "twice its width, and attention has a few more.)",
        "works on each token alone and, in the four models counted, holds more parameters.",
    )
    layer = AutoModel.from_pretrained("models/rxnmapper").encoder.albert_layer_groups[0]
    sizes = {name: one.numel() for name, one in layer.named_parameters() if "norm" not in name.lower()}
    own = sum(size for name, size in sizes.items() if ".attention." in name)
    feed = sum(size for name, size in sizes.items() if ".ffn" in name)
    assert own + feed == sum(sizes.values()) and feed < own < 1.01 * feed
    assert layer.albert_layers[0].ffn.weight.shape == (512, 256), "twice its width"
    table = cells("architecture/where_parameters")
    count = {row[0].strip("*"): [int(c.strip("*").replace(",", "")) for c in row[1:]]
             for row in table}  # fmt: skip
    whole = count.pop("all")
    assert [sum(column) for column in zip(*count.values())] == whole
    assert whole == [22713216, 134515008, 37760256, 17137408]
    for attention, cross, feed in zip(
        count["attention"], count["cross-attention"], count["feed-forward"]
    ):
        assert attention + cross < feed, "attention is the smaller part"
    found = values("architecture/where_parameters")
    assert 0.45 < found.minilm_embeddings < 0.6 and found.smollm2_feed > 0.5
    assert 0.15 < found.smollm2_embeddings < 0.25
    assert found.largest_other < 0.01
    sizes = values("architecture/formula")
    assert sizes.L2 == 5 * sizes.L
    says(
        "“Other” are the norms, which are too few to see, and parts that only one or two of the"
        " models have.",
    )
    with_pooler = [name for name in ("minilm", "smollm2", "whisper")
                   if hasattr(AutoModel.from_pretrained(f"models/{name}"), "pooler")]  # fmt: skip
    assert with_pooler == ["minilm"]
    assert count["other"][0] > sizes.pooler > 0.9 * count["other"][0], "and the norms"


def test_the_formulas_count_right(says, values, minilm):
    says(
        "**a layer has about twelve times the square of its width.",
        "For MiniLM the rule of thumb is off by {{ architecture/formula.rule_error:.1%}}.",
        "every three query heads share one key head and one value head",
        "Its feed-forward networks come to the same $8d^2$: there are three matrices, but "
        "$f$ is only",
    )
    found = values("architecture/formula")
    assert found.minilm == found.minilm_counted and found.smollm2 == found.smollm2_counted
    assert found.layer == sum(p.numel() for p in minilm.encoder.layer[0].parameters())
    assert found.rule_error < 0.01
    assert found.rule == 12 * found.d**2
    assert found.kv * 3 == found.d2 and found.attention2 < 4 * found.d2**2
    says(
        "For two of the models you can get the total by hand, most of it from four numbers:",
        "In SmolLM2's it comes in at one place, the width of all key heads together:",
    )
    by_four = found.V * found.d + found.L * (4 * found.d**2 + 2 * found.d * found.f)
    assert 0.9 < by_four / found.minilm < 1
    by_four = found.V2 * found.d2 + found.L2 * (2 * found.d2**2 + 3 * found.d2 * found.f2)
    assert 0.9 < by_four / found.smollm2 < 1
    assert found.kv == 3 * 64 == 192
    assert found.feed_forward2 == 8 * found.d2**2 and found.f2 * 3 == 8 * found.d2


def test_who_sees_whom(says, values, cells):
    says(
        "A decoder sees the past only: its vectors stay as they are, whatever comes later.",
        "the writing half sees the past of the target and the whole source.",
        "Its vectors [depend on the past](#three-families) alone.",
        "Whatever comes later, they stay.",
        "That half is [an encoder](#three-families): the source is known as a whole",
    )
    found = values("architecture/families")
    assert found.encoder_sees_later and not found.decoder_sees_later
    assert not found.writer_sees_later and found.writer_sees_source
    assert [row[1] for row in cells("architecture/families")] == ["yes"] * 4
    says(
        "That it is a decoder-only model.",
        "That it is the reading half of an encoder–decoder.",
        "Nothing, because in a Transformer each token sees all others.",
        "the same, but never from later tokens",
    )
    later = [row[2] for row in cells("architecture/families")]
    assert later == ["yes", "no", "yes", "no"], "encoder, decoder, and the two halves"


def test_removing_parts(says, values, cells):
    says(
        "the vectors point in directions nearly unrelated to those from before",
        "A harder one helps only if the whole model can do it: [who did what to whom]"
        "(input_representation.md#positions-where-does-a-word-stand) is nearly lost in such means"
        " with attention too.",
        "A test that shows what attention does must need more than the words, and the whole model must"
        " pass it.",
        "given a sentence, find the one among sixteen others that means the same.",
        "Without any removal it is one; every removal makes it much smaller.",
        "Without any of it the model still finds {{ "
        "architecture/remove_parts.without_attention}} of",
        "The vectors did change, to a cosine of {{ architecture/remove_parts.like_attention:.2f}};",
    )
    found = values("architecture/remove_parts")
    assert found.texts == 16 and found.without_attention >= 15
    assert found.without_residuals <= 5 and found.without_norms <= 5
    assert 0.3 < found.like_attention < 0.8
    table = {row[0]: row[1:] for row in cells("architecture/remove_parts")}
    assert table["nothing"] == ["16", "1.00"]
    for name in ("layer norms", "residuals"):
        assert abs(float(table[name][1])) < 0.1, "nearly unrelated to before"
    assert all(float(row[1]) < 0.7 for name, row in table.items() if name != "nothing")
    says(
        "MiniLM, sentence vectors after removing one part of every layer, compared with the intact"
        " model’s.",
        "And nothing was trained anew.",
        "Then the vectors would be the same as before.",
    )
    assert list(table) == ["nothing", "attention", "feed-forward", "layer norms", "residuals"]
    # The passive and not the swap: seldom found by the whole model, and seldom without attention.
    swapped = Path("snippets/input_representation/swapped.py").read_text("utf-8")
    space = {}
    exec(swapped.split('print(f"')[0], space)
    tokenizer = AutoTokenizer.from_pretrained("models/minilm")
    for silent in (False, True):
        model, right = AutoModel.from_pretrained("models/minilm"), 0
        for layer in model.encoder.layer if silent else ():
            layer.attention.output.dense.register_forward_hook(lambda part, given, made: made * 0)
        for one, swap, passive, _ in space["quartets"]:
            inputs = [tokenizer(text, return_tensors="pt") for text in (one, swap, passive)]
            with torch.no_grad():
                means = torch.stack([model(**x).last_hidden_state[0].mean(dim=0) for x in inputs])
            to_swap, to_passive = torch.cosine_similarity(means[:1], means[1:])
            right += bool(to_passive > to_swap)
        assert len(space["quartets"]) == 20 and right <= 3, "far below half"
    program = Path("snippets/architecture/remove_parts.py").read_text("utf-8")
    assert "backward" not in program and "optim" not in program


def test_which_tables_of_positions_a_formula_filled(says):
    says(
        "A formula filled those of en-pt and of Whisper's encoder; the one of Whisper's "
        "decoder was learned.",
    )
    from transformers.models.whisper.modeling_whisper import sinusoids

    from snippets.shared.translator import Translator

    whisper = AutoModel.from_pretrained("models/whisper")
    read, write = (part.embed_positions.weight for part in (whisper.encoder, whisper.decoder))
    assert torch.allclose(read, sinusoids(*read.shape), atol=1e-3)
    assert (write - sinusoids(*write.shape)).abs().max() > 0.5
    table = Translator.from_pretrained("models/en-pt").get_encoder().embed_positions.weight
    # Each pair of sine and cosine has length 1, so each row has half the width, squared.
    assert torch.allclose(table.square().sum(dim=1), torch.tensor(table.shape[1] / 2.0), atol=1e-3)


def test_tied_tables_are_one():
    from transformers import WhisperForConditionalGeneration

    whisper = WhisperForConditionalGeneration.from_pretrained("models/whisper")
    assert whisper.proj_out.weight is whisper.model.decoder.embed_tokens.weight


def test_answers(says, values):
    says(
        "The exact number is {{ architecture/answers.base:,}}, and a model built from such a "
        "configuration",
        "Adding 100 changes nothing, and neither does multiplying by 10:",
        "and {{ architecture/answers.rms_shifted:.2f}} after adding 100.",
        "The snippet prints “{{ architecture/answers.stranger}}”.",
    )
    found = values("architecture/answers")
    assert found.base == found.counted
    assert found.unchanged and found.unchanged_tenfold
    assert found.rms_shifted != pytest.approx(found.rms_first, abs=0.1)
    assert found.stranger == "attention → norm → feed-forward → norm"


def test_the_running_sentence_has_its_tokens():
    tokenizer = AutoTokenizer.from_pretrained("models/minilm")
    assert len(tokenizer(RUNNING).input_ids) == 14


def test_averages_come_together_and_sums_grow(says, printed):
    says(
        "Measured against their size, the tokens come together here too, only more slowly.",
        "but the numbers grow faster, to about twice as large after each layer.",
    )
    lines = printed("architecture/predict").splitlines()
    found = [[json.loads(row) for row in re.findall(r"\[.*?\]", line)] for line in lines]
    spreads = [[max(row) - min(row) for row in pair] for pair in found]
    for before, after in zip(spreads, spreads[1:]):
        assert after[0] < before[0] and after[1] > before[1]
    for (_, before), (_, after) in zip(found, found[1:]):
        assert 1.7 < sum(after) / sum(before) < 2.3, "about twice as large"
    for before, after in zip(found, found[1:]):
        shrunk = [
            (max(b) - min(b)) / sum(b) / ((max(a) - min(a)) / sum(a))
            for a, b in zip(before, after)
        ]
        assert shrunk[0] < shrunk[1] < 1, "measured against their size"


def test_twice_the_layers_are_not_twice_the_parameters(says, values, minilm):
    says(
        "`= {{ architecture/deeper.more:.0%}} ± 2`",
        "Build MiniLM with twelve layers in place of six, and change nothing else.",
        "Only the layers double: six more of about $12d^2$ each.",
        "The [embeddings](#where-the-parameters-sit), about half of the model, stay as they are.",
    )
    found = values("architecture/deeper")
    layers = sum(p.numel() for p in minilm.encoder.layer.parameters())
    assert found.more == pytest.approx(layers / minilm.num_parameters())
    assert 0.4 < found.more < 0.5 and len(minilm.encoder.layer) == 6


def test_without_attention_a_token_knows_no_other(says):
    says(
        "They are exactly the same.",
        "Same token, same position: nothing else reaches this vector.",
        "Only [attention](#the-feed-forward-network) brings in other tokens.",
        "Then each vector knows one token and its position, nothing of its company",
        "They differ, because the feed-forward networks see the neighbors.",
        "They differ a little, because layer norm averages over the sentence.",
        "They are the same, and the same as the vector of each other token.",
    )
    model = AutoModel.from_pretrained("models/minilm").eval()
    tokenizer = AutoTokenizer.from_pretrained("models/minilm")

    def bank(text):
        inputs = tokenizer(text, return_tensors="pt")
        assert inputs.tokens()[2] == "bank"
        with torch.no_grad():
            return model(**inputs).last_hidden_state[0, 2]

    texts = "The bank of the river was steep.", "The bank is closed today."
    first, second = map(bank, texts)
    assert torch.cosine_similarity(first, second, dim=0) < 0.95
    for layer in model.encoder.layer:
        torch.nn.init.zeros_(layer.attention.output.dense.weight)
        torch.nn.init.zeros_(layer.attention.output.dense.bias)
    first, second = map(bank, texts)
    assert torch.allclose(first, second, atol=1e-5)
    with torch.no_grad():
        states = model(**tokenizer(texts[0], return_tensors="pt")).last_hidden_state[0]
    assert torch.cosine_similarity(states[1], states[2], dim=0) < 0.9, "another word's vector"


def test_a_pre_norm_layer_of_zeros_gives_back_its_input(says):
    says("The rescaled vector, because each sublayer has a norm.", "Exactly what went in.")
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained("models/smollm2").model
    layer, seen = model.layers[0], []
    torch.nn.init.zeros_(layer.self_attn.o_proj.weight)
    torch.nn.init.zeros_(layer.mlp.down_proj.weight)
    layer.register_forward_hook(lambda module, inputs, output: seen.extend((inputs, output)))
    with torch.no_grad():
        model(torch.tensor([[5, 6, 7]]))
    (went_in, *_), came_out = seen
    came_out = came_out[0] if isinstance(came_out, tuple) else came_out
    assert torch.equal(went_in, came_out)


def test_norms_of_newer_designs(says, values, printed):
    """What the page says of models that it does not have is read from the library's code."""
    says(
        "Gemma 2 (2024) puts a norm on *both* sides of each sublayer",
        "OLMo 2 (2024) has it behind the sublayer only, but still before the addition",
        "that is neither of the two formulas above",
        "And {{ architecture/norms_today.with_inner}} of the {{ architecture/norms_today.all_designs}}",
    )
    page = " ".join(Path("docs/architecture.md").read_text("utf-8").split())
    assert "There are two answers" not in page
    table = [line.strip("| ").split(" | ") for line in printed("architecture/norms_today").splitlines()[2:]]
    order = {row[0][:-7]: row[1].replace(" → ", " ") for row in table}
    inner = {row[0][:-7] for row in table if row[2] == "yes"}
    assert order["Llama"] == order["Qwen3"] == "norm attention norm feed-forward"
    assert order["Gemma 2"] == order["Gemma 3"] == "norm attention norm norm feed-forward norm"
    assert order["OLMo 2"] == "attention norm feed-forward norm"
    assert inner == {"OLMo 2", "Gemma 3", "Qwen3"}
    today = values("architecture/norms_today")
    assert (today.with_inner, today.all_designs) == (len(inner), len(order))


def test_olmo_2_adds_after_its_norm():
    """x + norm(sublayer(x)): the way around meets no norm, unlike in post-norm."""
    from transformers import Olmo2Config
    from transformers.models.olmo2.modeling_olmo2 import Olmo2DecoderLayer

    config = Olmo2Config(hidden_size=8, intermediate_size=8, num_attention_heads=2, vocab_size=9)
    config._attn_implementation = "eager"
    layer = Olmo2DecoderLayer(config, 0)
    for norm in (layer.post_attention_layernorm, layer.post_feedforward_layernorm):
        torch.nn.init.zeros_(norm.weight)  # what passes a norm is then nothing
    states, angles = torch.randn(1, 3, 8), torch.zeros(1, 3, 4)
    out = layer(states, position_embeddings=(angles.cos(), angles.sin()))
    assert torch.allclose(out[0] if isinstance(out, tuple) else out, states)


def test_batch_norm_depends_on_company(says, values):
    says(
        "Layer norm gives the same both times.",
        "beside one companion all become 1, beside the other −1.",
    )
    left = values("architecture/batch_norm")
    assert left.layer_same and left.gap == pytest.approx(2, abs=1e-3)


def test_three_objectives(says, values, printed):
    says(
        "The next token is asked for at each place but the first: {{ architecture/objectives.in_text"
        " }} times.",
        "Filling gaps asks for {{ architecture/objectives.in_gaps }} tokens, and the spans for {{"
        " architecture/objectives.in_spans }}, with a mark before each span and one more at the end;"
        " both read the rest from both sides.",
    )
    asked = values("architecture/objectives")
    assert (asked.in_gaps, asked.in_spans, asked.in_text) == (2, 4, 9)
    spans = printed("architecture/objectives").splitlines()[-1].split()[1:]
    # As in section 3.1.4 of the paper: "plus a final sentinel token".
    assert [one for one in spans if one.startswith("<")] == ["<0>", "<1>", "<2>"]
    assert len(spans) == asked.in_spans + 3 and spans[-1] == "<2>"


def test_two_layers_are_for_the_first_token(says, values):
    says(
        "For the other tokens the line is a U.",
        "For the first token the line has two peaks. Layer 2 costs {{ architecture/one_layer.first_2:.0f}} times and"
        " layer 11 {{ architecture/one_layer.first_11:.0f}} times, if they are left out for this one token, and"
        " {{ architecture/one_layer.others_2:.1f}} and {{ architecture/one_layer.others_11:.1f}} times,"
        " if they are left out for all the others.",
        "The line of the first token stays below five, but for two sharp peaks, at layers 2 and 11.",
        "it is at most {{ architecture/one_layer.middle_high:.2f}} times as high",
        "{{ architecture/one_layer.in_one:.0%}} of its squared length is in a single one",
        "The layer was needed for the first token.",
    )
    says("An activation that is far larger than the others of its vector.", page="glossary")
    says("A few such numbers can matter more than all the rest.[^massive]", page="glossary")
    left = values("architecture/one_layer")
    assert min(left.first_2, left.first_11) > 10 > 5 > left.next_first
    assert max(left.others_2, left.others_11) < 1.5
    assert left.middle_high < 2.5 < left.others_28 < left.others_0
    assert left.in_one > 0.9 and left.long > 50 * left.usual
    says(
        "The texts are {{ architecture/one_layer.count }} beginnings of sentences, after the token"
        " that ends a text.",
        "SmolLM2 with one layer left out, for the first token alone or for all the others: how many"
        " times the perplexity of the whole model.",
        "What layer 2 does there we did not look into.",
        "Its 30 layers are counted from 0 here, as in the program; the last is not asked, since the"
        " state behind it is read after the last norm.",
        "That says nothing about [which tokens](#two-layers-for-one-token) layer 11 works for.",
        "Take a longer text, so that the error averages out. In the longer texts of this chapter the"
        " harm [is smaller](#two-layers-for-one-token).",
    )
    program = Path("snippets/architecture/one_layer.py").read_text("utf-8")
    lines = Path("snippets/decoder/beginnings.txt").read_text("utf-8").splitlines()
    assert left.count == len(lines[::2]) and '"<|endoftext|>" + ' in program
    assert "states, whole = output.hidden_states, perplexity(output.logits)" in program and "perplexity(logits) / whole" in program
    assert "for n in range(29)" in program, "not the last of 30"


def test_another_first_token_has_one_peak(says, values):
    """The texts of the figure behind another start, and behind none."""
    says(
        "Its peak goes with this token: where the same texts begin with `<|im_start|>`, or with their"
        " own first word, layer 2 costs a few times at most, layer 11 as much as here or more.",
    )
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    model = AutoModelForCausalLM.from_pretrained("models/smollm2").eval()
    lines = Path("snippets/decoder/beginnings.txt").read_text("utf-8").splitlines()[::2]
    begun = [" ".join(line.split()[:6]) for line in lines]

    def left_out(layer: int, start: str) -> float:
        """How many times the perplexity, if this layer changes nothing at the first token."""
        texts, found = [tokenizer(start + text, return_tensors="pt").input_ids for text in begun], []
        seen = torch.nn.utils.rnn.pad_sequence([one[0] for one in texts], True)
        kept = model(seen, output_hidden_states=True).hidden_states
        mixed = kept[layer + 1].clone()
        mixed[:, 0] = kept[layer][:, 0]
        for state in (kept[layer + 1], mixed):
            all_layers, model.model.layers = model.model.layers, model.model.layers[layer + 1 :]
            rest = model(inputs_embeds=state, use_cache=False)
            model.model.layers = all_layers
            lost, tokens = losses(lambda _, rest=rest: rest, texts)
            found.append((lost.sum() / tokens.sum()).exp().item())
        return found[1] / found[0]

    with torch.no_grad():
        here = {layer: left_out(layer, "<|endoftext|>") for layer in (2, 11)}
        left = values("architecture/one_layer")
        assert here[2] == pytest.approx(left.first_2, rel=0.01), "the same as in the figure"
        assert here[11] == pytest.approx(left.first_11, rel=0.01)
        for start in ("<|im_start|>", ""):
            assert left_out(2, start) < 4 < here[2] / 10
            assert left_out(11, start) > 0.99 * here[11]


def losses(model, texts: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Of each text the sum of its losses, and the tokens that it is over; all read at once."""
    ids = torch.nn.utils.rnn.pad_sequence([one[0] for one in texts], True, padding_value=-100)
    logits = model(ids.clamp(min=0)).logits[:, :-1].transpose(1, 2)  # no token sees what follows it
    each = torch.nn.functional.cross_entropy(logits, ids[:, 1:], reduction="none")
    return each.sum(dim=1), (ids[:, 1:] >= 0).sum(dim=1)


def test_longer_texts_and_one_number(says, values, printed):
    says(
        "The table, too, has times of the perplexity: for the beginnings, for twenty whole sentences"
        " from the news, and for 200 tokens of a story.",
        "In the row of the largest number, this number is zero behind layer 11; in the last row, all"
        " the others are.",
        "In the longer texts a layer left out for the first token costs less: layer 11 {{"
        " architecture/longer_texts.news_11:.0f}} times in the sentences and {{"
        " architecture/longer_texts.story_11:.1f}} in the story; left out for all the others, it is {{"
        " architecture/longer_texts.news_others:.1f}} and {{"
        " architecture/longer_texts.story_others:.1f}}.",
        "With a zero in place of the outlier the perplexity is thousands of times as high. That does"
        " not show that the model needs it: without layer 11 there is no such number, and the harm is"
        " far smaller. The first token's vector is the same in every text, so one with only this number"
        " cut out is new to the layers above.",
        "You leave out layer 11 of SmolLM2, and the perplexity of short texts rises many times over.",
        "The other way round says more. With this one number and {{ architecture/longer_texts.zeros }}"
        " zeros it is {{ architecture/longer_texts.alone_short:.1f}}, {{"
        " architecture/longer_texts.alone_news:.1f}} and {{ architecture/longer_texts.alone_story:.1f}}"
        " times as high.",
        "In larger models such numbers were taken away too: some models were ruined,[^massive] others"
        " were not.[^refined]",
        "has no answer before you say for which tokens, and in which texts.",
        "In the longer texts of this chapter the harm [is smaller](#two-layers-for-one-token). That"
        " leaves open which tokens the layer works for.",
    )
    longer, short = values("architecture/longer_texts"), values("architecture/one_layer")
    assert longer.short_11 == pytest.approx(short.first_11, rel=0.01), "the same as in the figure"
    assert longer.short_11 > 3 * longer.news_11 > 9 * longer.story_11
    assert longer.news_11 > 3 * longer.news_others and longer.story_11 > 1.4 * longer.story_others
    assert max(longer.news_others, longer.story_others) < 1.5
    assert longer.least_zero > 2000 > 20 * longer.short_11
    assert longer.alone_short < longer.short_11 / 5 and longer.alone_news < longer.news_11 / 3
    assert longer.alone_story < 1.3 and longer.zeros == short.width - 1
    layer_2 = re.search(r"\| layer 2, first token \| (.*) \|", printed("architecture/longer_texts"))[1]
    one, two, three = map(float, layer_2.split(" | "))
    assert one > 3 * two > 9 * three, "layer 2 as well"


def test_without_layer_11_no_number_stands_out():
    """Sentences that the page does not use: zero for the outlier against no outlier at all."""
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    model = AutoModelForCausalLM.from_pretrained("models/smollm2").eval()
    news = Path("models/rated-sentences/news.tsv").read_text("utf-8").splitlines()[405:500:20]
    texts = ["<|endoftext|>" + line.split("\t")[1] for line in news]
    texts = [tokenizer(text, return_tensors="pt").input_ids for text in texts]

    def perplexity(change) -> float:
        hook = model.model.layers[11].register_forward_hook(change)
        lost, tokens = losses(model, texts)
        hook.remove()
        return (lost.sum() / tokens.sum()).exp().item()

    def first(how):
        def change(module, inputs, new):
            return torch.cat([how(inputs[0][:, :1], new[:, :1]), new[:, 1:]], dim=1)

        return change

    with torch.no_grad():
        states = model(texts[0], output_hidden_states=True).hidden_states
        before, after = states[11][0, 0].square(), states[12][0, 0].square()
        place = after.argmax().item()
        assert after.max() > 0.98 * after.sum() and before[place] < 0.5 * before.sum()
        other = model(texts[1], output_hidden_states=True).hidden_states[12][0, 0]
        assert torch.allclose(other, states[12][0, 0], rtol=1e-3), "the same in every text"
        one = torch.zeros(len(after))
        one[place] = 1
        whole = perplexity(first(lambda old, new: new))
        skipped = perplexity(first(lambda old, new: old)) / whole
        zero = perplexity(first(lambda old, new: new * (1 - one))) / whole
        alone = perplexity(first(lambda old, new: new * one)) / whole
    assert zero > 1000 > 20 * skipped and alone < skipped / 3 and alone < 2


def test_two_layers_are_for_the_first_token_of_other_texts():
    """The half of the sentences that the page does not use, whole, by a way of its own."""
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    model = AutoModelForCausalLM.from_pretrained("models/smollm2").eval()
    lines = Path("snippets/decoder/beginnings.txt").read_text("utf-8").splitlines()[1::2]
    texts = [tokenizer("<|endoftext|>" + line, return_tensors="pt").input_ids for line in lines]

    def loss() -> float:
        lost, tokens = losses(model, texts)
        return (lost / tokens).mean().item()

    def without(layer: int, places: slice) -> float:
        def keep_old(module, inputs, new):
            new = new.clone()
            new[:, places] = inputs[0][:, places]
            return new

        hook = model.model.layers[layer].register_forward_hook(keep_old)
        try:
            return loss()
        finally:
            hook.remove()

    with torch.no_grad():
        whole = loss()
        for layer in (2, 11):
            assert without(layer, slice(0, 1)) > whole + 2 > without(layer, slice(1, None)) + 1
        assert abs(without(12, slice(0, 1)) - whole) < 0.1


def test_keys_of_the_questions_are_what_came_out(values, says):
    says(
        "- [x] Exactly what went in.",
        "- [x] They are exactly the same.",
        "- [x] That it is a decoder-only model.",
        "- [x] Leave it out for all tokens but the first.",
        "- [x] A bag of words is enough to pass this test.",
    )
    layer = values("architecture/one_layer")
    assert layer.in_one > 0.9 and layer.first_2 > 50, "one layer, for the first token alone"
    assert layer.others_11 < 2 < layer.first_11
    longer = values("architecture/longer_texts")
    assert longer.story_11 < longer.news_11 < layer.first_11, "a longer text: less harm"
    families = values("architecture/families")
    assert families.encoder_sees_later and not families.decoder_sees_later
    parts = values("architecture/remove_parts")
    assert parts.without_attention == parts.texts == 16 and parts.like_attention < 0.8
    # A pre-norm layer whose two last matrices are zero: x + 0, then again.
    torch.manual_seed(0)
    x, zero = torch.randn(1, 3, 8), torch.zeros(8, 8)
    norm = torch.nn.LayerNorm(8)
    once = x + norm(x) @ zero
    assert torch.equal(once + norm(once) @ zero, x)
    # Without attention a vector depends on its token and its position alone.
    word, place = torch.randn(8), torch.randn(8)
    alone = norm(word + place)
    with_others = norm(torch.stack([torch.randn(8), word + place, torch.randn(8)]))[1]
    assert torch.allclose(alone, with_others, atol=1e-6)
