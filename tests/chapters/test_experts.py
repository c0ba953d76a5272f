"""The chapter on experts: the layer held to the library, training at equal work, and controls."""

import math
import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch.nn.functional import gelu, silu
from torch.utils.flop_counter import FlopCounterMode
from transformers import (
    AutoModel,
    DeepseekV3Config,
    GptOssConfig,
    MixtralConfig,
    OlmoeConfig,
    Qwen3MoeConfig,
)
from transformers.models.mixtral.modeling_mixtral import load_balancing_loss_func

from snippets.shared import tiny_experts as tiny
from snippets.shared.mixture import mixture

PAGE = Path("docs/experts.md")
CODE = Path("snippets/experts")


@pytest.fixture(scope="module")
def held_out(book):
    return tiny.read()


@pytest.fixture(scope="module")
def models(held_out):
    """The models that the chapter trained, one a seed."""
    found = []
    for seed in range(3):
        model = tiny.Tiny(len(held_out[0]), tiny.Experts(8, 32))
        model.load_state_dict(load_file(f"models/tiny-experts/{seed}.safetensors"))
        found.append(model.eval())
    return found


def router_of(kind, **more) -> torch.nn.Module:
    """The router of a published kind, in a tiny random layer."""
    config = kind(
        hidden_size=32, intermediate_size=16, num_hidden_layers=1, num_local_experts=8,
        num_experts_per_tok=2, vocab_size=9, eos_token_id=1, **more,
    )  # fmt: skip
    mlp = AutoModel.from_config(config).layers[0].mlp
    router = mlp.router if kind is GptOssConfig else mlp.gate
    torch.nn.init.normal_(router.weight)
    return router


def test_the_layer_is_the_dense_one_and_the_library_s(values, printed, says, cells):
    says(
        "A token goes to the router and to two of four experts, the second and the fourth. The router "
        "gives their weights. Their results, times these weights, are added. The first and the third are dashed: "
        "they are not computed.",
        "To try it, take a layer of SmolLM2 as the expert: once alone, then eight times, with a router "
        "whose matrix is random.",
        "The lines below show which two experts such a router chooses for the first six tokens after the start "
        "token, their probabilities, and these divided by their sum.",
        "The loop takes each expert once, with the tokens that chose it: no other token is computed there.",
        "Each expert is a [SwiGLU](architecture.md#the-feed-forward-network), as in SmolLM2.",
        "One expert is the dense layer, for the softmax of one logit is 1.",
        "Eight that are alike are the dense layer too, if the router weights sum to one.",
        "If they do not, the result of each token is the dense one times the sum of its two probabilities.",
        "For *The* this is {{ experts/layer.first:.2f}} + {{ experts/layer.second:.2f}} = "
        "{{ experts/layer.both:.2f}}. *Off by* compares the largest difference with the largest number. "
        "In the whole text both stand at the start token, which the lines leave out. There the sum is {{ experts/layer.largest_sum:.2f}}, so the result is off by 1 − {{ experts/layer.largest_sum:.2f}}, "
        "that is {{ experts/layer.smaller:.0%}}.",
        "Ours and the library's differ at most by rounding.",
        "One expert is the dense layer; so are experts that are alike, if the router weights sum to one.",
        "It begins where the dense model ended, if the router weights sum to one and no token is dropped: such copies [give what the "
        "dense layer gave](#see-it-happen).",
        "The experts that were [not chosen](#see-it-happen) are not computed.",
    )
    run = values("experts/layer")
    assert max(run.one, run.same) < 2e-6 < 0.1 < run.smaller < 1
    assert values("experts/library").most_off < 2e-6
    drawing = PAGE.read_text("utf-8").split("<svg")[1].split("</svg>")[0]
    dashed = drawing.split('stroke-dasharray="4 3">')[1].split("</g>")[0]
    assert dashed.count("<rect") == 2 and drawing.count(">expert ") == 4
    (colored,) = re.findall(r'<g stroke="var\(--fig-query.*?</g>', drawing)
    assert colored.count("<path") == 2, "the router's arrows to the two weights"
    layer = (CODE / "layer.py").read_text("utf-8")
    assert "torch.randn(8, 576)" in layer and "[1:7]" in layer and "kept / sums[:, None]" in layer
    assert run.place == 0 and "(mine - theirs).abs().max() / theirs.abs().max()" in Path(
        "snippets/shared/mixture.py"
    ).read_text("utf-8")
    assert run.smaller == pytest.approx(1 - run.largest_sum, abs=1e-5)
    assert f"{run.first:.2f} and {run.second:.2f}" in printed("experts/layer").split("The ")[1].split("robot")[0]
    assert run.both == pytest.approx(run.first + run.second)
    assert round(run.both, 2) == pytest.approx(round(run.first, 2) + round(run.second, 2)), "the digits add up"
    x, network = torch.randn(9, 6).double(), (torch.randn(1, 10, 6).double(), torch.randn(1, 6, 5).double())
    copies = [part.expand(8, -1, -1) for part in network]
    others = [mixture(x, torch.randn(8, 6).double(), *copies, 2, True) for _ in range(5)]
    assert all(torch.allclose(one, others[0]) for one in others), "whichever are chosen"
    router = torch.randn(8, 6).double()
    sums = (x @ router.T).softmax(-1).topk(2)[0].sum(-1, keepdim=True)
    assert torch.allclose(mixture(x, router, *copies, 2, False), sums * others[0])
    rows = cells("experts/library")
    assert [row[:2] for row in rows] == [["mixtral", "yes"], ["qwen3_moe", "yes"], ["olmoe", "no"]]
    shares = [line.split() for line in printed("experts/layer").splitlines()[5:]]
    assert len(shares) == 6 and all(float(s[-3]) + float(s[-1]) == pytest.approx(1, abs=0.011) for s in shares)
    for s in shares:
        one, other = float(s[-6]), float(s[-4])
        assert one / (one + other) == pytest.approx(float(s[-3]), abs=0.02)
    # In float64, with every expert different, and only the chosen ones computed: the sum by hand.
    x, router = torch.randn(7, 6).double(), torch.randn(4, 6).double()
    up, down = torch.randn(4, 10, 6).double(), torch.randn(4, 6, 5).double()
    weights, chosen = (x @ router.T).softmax(-1).topk(2)
    by_hand = torch.stack([
        sum(w * (silu(up[e, :5] @ t) * (up[e, 5:] @ t)) @ down[e].T for w, e in zip(ws, es))
        for t, ws, es in zip(x, weights, chosen)
    ])  # fmt: skip
    assert torch.allclose(mixture(x, router, up, down, 2, False), by_hand)
    unused = sorted({0, 1, 2, 3} - set(chosen[:1].flatten().tolist()))
    down[unused] = torch.nan
    assert mixture(x[:1], router, up, down, 2, True).isfinite().all()


def test_how_models_weigh(values, says):
    says(
        "Models differ in the router weights that they take: these two are common. The second ones sum to one.",
        "Mixtral's code always divides by the sum.[^mixtral] Qwen3[^qwen3] and OLMoE[^olmoe] have a switch, "
        "`norm_topk_prob`, which the program sets as the published configurations have it: true for "
        "Qwen3-30B-A3B, false for OLMoE.",
        "Its scores are a sigmoid of each logit in place of softmax; the chosen ones are divided by their sum "
        "and, in the published code, multiplied by 2.5.[^deepseek3]",
        "DeepSeek-V3 balances mainly in another way: a number for each expert is added to its score before the "
        "choice, goes down where the load is high and up where it is low, and does not enter the router weights.",
        "gpt-oss takes the softmax of the chosen logits alone,[^gptoss] which is [the same as dividing]"
        "(#try-it).",
        "The softmax of the two alone gives {{ experts/answers.alone:.3f}} for the first: the same.",
        "What softmax divided by, the division takes away.",
        "As they are {{ experts/answers.first:.3f}} and {{ experts/answers.second:.3f}}, divided "
        "{{ experts/answers.first_divided:.3f}} and {{ experts/answers.second_divided:.3f}}.",
    )
    x = torch.randn(50, 32)
    divided, inner = {"norm_topk_prob": True}, {"moe_intermediate_size": 16}
    undivided = {"norm_topk_prob": False}
    for kind, more, whole in (
        (MixtralConfig, {}, True), (GptOssConfig, {}, True), (MixtralConfig, undivided, True),
        (OlmoeConfig, undivided, False), (OlmoeConfig, divided, True),
        (Qwen3MoeConfig, inner | divided, True), (Qwen3MoeConfig, inner | undivided, False),
    ):  # fmt: skip
        router = router_of(kind, **more)
        logits, weights, chosen = router(x)
        kept = logits.softmax(-1).gather(1, chosen)
        mine = kept / kept.sum(-1, keepdim=True) if whole else kept
        assert torch.allclose(weights, mine, atol=1e-6), kind
        assert torch.allclose(weights.sum(-1), torch.ones(50), atol=1e-5) == whole
    program = (CODE / "library.py").read_text("utf-8")
    assert "{MixtralConfig: True, Qwen3MoeConfig: True, OlmoeConfig: False}" in program
    sizes = {"hidden_size": 32, "moe_intermediate_size": 16, "first_k_dense_replace": 0, "vocab_size": 9}
    config = DeepseekV3Config(num_hidden_layers=1, intermediate_size=16, n_routed_experts=16, **sizes)
    router = AutoModel.from_config(config).layers[0].mlp.gate
    torch.nn.init.normal_(router.weight)
    weights, chosen = router(x)[1:]
    router.e_score_correction_bias[:8] -= 9  # these are full
    moved, other = router(x)[1:]
    assert (chosen < 8).any() and (other >= 8).all()
    for shares, who in ((weights, chosen), (moved, other)):
        scores = (x @ router.weight.T).sigmoid().gather(1, who)
        assert torch.allclose(shares, 2.5 * scores / scores.sum(-1, keepdim=True), atol=1e-5)
    run = values("experts/answers")
    assert run.alone == pytest.approx(run.first_divided) and run.first < run.first_divided
    assert run.first_divided + run.second_divided == pytest.approx(1)


def test_one_expert_must_not_be_divided(printed, says):
    says(
        "So with `top` 1 the division would be a fault. The only router weight would always be 1, whatever "
        "the router says, and the loss of the next token would send the router no gradient. (A [balancing "
        "loss](#without-balancing) would.)",
        "The choice has no gradient: from the loss of the next token, only the router weights carry a "
        "[gradient](glossary.md#gradient) back to the router.",
        "The program prints the largest gradient of the router's matrix twice: as it is, and divided. Which of "
        "the two is 0?",
        "The Switch Transformer of 2021 chooses one expert and multiplies by its probability.[^switch]",
        "One router weight divided by itself is 1, [whatever the router says](#see-it-happen).",
    )
    found = dict(line.split(": ") for line in printed("experts/predict").splitlines())
    assert float(found["divided"]) == 0 < 0.1 < float(found["as it is"])
    logits = torch.randn(50, 8, requires_grad=True)
    weights, chosen = logits.softmax(-1).topk(2)
    assert weights.requires_grad and not chosen.requires_grad
    top = logits.softmax(-1).topk(1)[0]
    assert torch.equal(top / top.sum(-1, keepdim=True), torch.ones(50, 1))
    network = tiny.Experts(8, 4, 8)
    network(torch.randn(50, 8))
    tiny.balancing(network).backward()
    assert network.router.weight.grad.abs().max() > 1e-4


def test_published_counts(values, says):
    says(
        "DeepSeek-V3 has 671 billion weights, and computes with 37 billion of them for each token."
        "[^deepseek3]",
        "The published counts are 6.9 and 1.3 billion (OLMoE, September 2024[^olmoe]), 20.9 and 3.6 "
        "(gpt-oss-20b, August 2025[^gptoss]), 30.5 and 3.3 (Qwen3-30B-A3B, April 2025[^qwen3]), 47 and 13 "
        "(Mixtral, January 2024[^mixtral]), 671 and 37 (DeepSeek-V3, December 2024[^deepseek3]).",
        "DeepSeek-V3 also has a *shared expert* in each layer of experts, which takes all tokens, and its "
        "first three layers are dense.[^deepseek3]",
        "A shared expert, like that of [DeepSeek-V3](#more-weights-than-are-used), is meant to hold what each "
        "of the others would learn again.[^deepseekmoe]",
        "They count differently. Of the token table, only one row is looked up for a token; OpenAI "
        "leaves it out (3.6 is {{ experts/published.oss_looked_up:.2f}}, and not "
        "{{ experts/published.oss_used:.2f}}), and OLMoE's authors count it (1.3 is "
        "{{ experts/published.olmoe_used:.2f}}, and not {{ experts/published.olmoe_looked_up:.2f}}).",
        "Experts and a network that weighs them are from 1991; in training, all of them were computed.[^jacobs] "
        "In 2017 a layer that computes only a few, of up to thousands, was put between the layers of a recurrent "
        "network.[^sparsely] In 2020 such layers took the place of every other feed-forward network of a "
        "Transformer.[^gshard]",
        "A layer that computes all its weights for each token is called *dense*.",
        "For a token we count its [active parameters](glossary.md#active-parameters): all weights but those of the "
        "experts that it does not choose. Of OLMoE's 64 experts in a layer it chooses 8, so seven eighths of the experts' weights are left out.",
        "The program builds each model on the device `meta`, where a tensor has a shape and no numbers, "
        "so that nothing needs memory.",
    )
    code = (CODE / "published.py").read_text("utf-8")
    assert "first_k_dense_replace=3, n_shared_experts=1" in code
    assert "num_experts=64, num_experts_per_tok=8" in code
    assert "total[name] - routed / 1e9 * (1 - top / count)" in code and 1 - 8 / 64 == 7 / 8
    run = values("experts/published")
    assert run.olmoe == pytest.approx(6.9, abs=0.05) and run.olmoe_used == pytest.approx(1.3, abs=0.05)
    assert run.oss == pytest.approx(20.9, abs=0.05) and run.oss_looked_up == pytest.approx(3.6, abs=0.05)
    assert abs(run.oss_used - 3.6) > 0.5, "so the table is left out there"
    assert f"{run.olmoe_looked_up:.1f}" == "1.2", "so the table is counted there"
    assert run.qwen3 == pytest.approx(30.5, abs=0.05) and run.qwen3_used == pytest.approx(3.3, abs=0.1)
    assert run.mixtral == pytest.approx(46.7, abs=0.05) and run.mixtral_used == pytest.approx(12.9, abs=0.05)
    assert run.deepseek == pytest.approx(671, abs=0.5) and run.deepseek_used == pytest.approx(37, abs=0.6)


def test_equal_work_is_counted(values, says):
    says("A router, the same work beside a dense model, and what must be in memory.", page="index")
    says(
        "A network has two matrices here, and no gate: from the {{ experts/train.WIDTH }} numbers of a state to "
        "its *inner numbers* and back.",
        "For a token it multiplies with 2 · {{ experts/train.WIDTH }} · {{ experts/train.dense_inner }} = "
        "{{ experts/train.dense_used:,}} weights.",
        "The second has {{ experts/train.COUNT }} experts with {{ experts/train.INNER }} inner numbers each, and "
        "the router. Each token goes to one expert, whose result is multiplied by its probability. Its "
        "weights and the router's are 2 · {{ experts/train.WIDTH }} · {{ experts/train.INNER }} + "
        "{{ experts/train.COUNT }} · {{ experts/train.WIDTH }} = {{ experts/train.experts_used:,}}: as many.",
        "Everything else has the same shapes in all three.",
        "Here is a Transformer of one layer over characters (a character is a token here), with three kinds of "
        "network, each trained from three seeds on the book's [rated sentences](models.md#rated-sentences).",
        "A dense model and one with eight experts are compared at *the same work* for a token.",
        "From one seed, all three see the same texts, but the first begins with weights of its own, also in the "
        "rest of the model.",
        "More weights than are used",
        "The third is dense and has as many weights as all experts and the router together.",
        "The first is dense, with {{ experts/train.dense_inner }} inner numbers.",
        "The large dense network does {{ experts/train.times:.1f}} times the work of either.",
        "- [x] The multiplications with weights of one token.",
        "the dense network got four inner numbers more, for the router.",
    )
    run = values("experts/train")
    assert run.experts_weights > 7 * run.experts_used and run.SEEDS == 3 and run.INNER == 32
    assert run.dense_used == run.experts_used and run.large_weights == run.experts_weights
    assert run.times == run.large_used / run.experts_used > 7
    assert run.COUNT == 8 and run.dense_used == 2 * run.WIDTH * run.dense_inner
    assert run.dense_inner == run.INNER + 4 and 2 * run.WIDTH * 4 == run.COUNT * run.WIDTH, "the router"
    assert run.experts_used == 2 * run.WIDTH * run.INNER + run.COUNT * run.WIDTH
    network, x = tiny.Experts(8, 32), torch.randn(9, 32)
    made = network(x)
    for one, state in zip(made, x):
        probability, expert = network.router(state).softmax(-1).max(-1)
        alone = network.down[expert] @ gelu(network.up[expert] @ state)
        assert torch.allclose(one, probability * alone, atol=1e-5)
    unused = [n for n in range(8) if n not in network.chosen[:1]]
    network.down.data[unused] = torch.nan  # of a token alone, the other experts are not computed
    assert network(x[:1]).isfinite().all() and not network(x).isfinite().all()

    def counted(network: torch.nn.Module) -> float:
        """Multiplications per token, as PyTorch counts them."""
        grouped = {torch.ops.aten._grouped_mm: lambda x, w, *_, **__: 2 * x[0] * w[1] * w[2]}
        with torch.no_grad(), FlopCounterMode(display=False, custom_mapping=grouped) as counter:
            network(torch.randn(640, 32))
        return counter.get_total_flops() / 2 / 640

    begun = []
    for kind, sizes in ((tiny.Experts, (8, 32)), (tiny.feed_forward, (36,)), (tiny.feed_forward, (260,))):
        torch.manual_seed(0)
        begun.append(tiny.Tiny(90, kind(*sizes)).state_dict())
    rest = [{name: w for name, w in model.items() if "network" not in name} for model in begun]
    assert rest[0].keys() == rest[1].keys() == rest[2].keys()
    for name, one in rest[0].items():
        assert one.shape == rest[1][name].shape == rest[2][name].shape
        assert "norms" in name or not any(torch.equal(rest[1][name], rest[n][name]) for n in (0, 2))
    assert counted(tiny.Experts(8, 32)) == run.experts_used
    assert counted(tiny.feed_forward(run.dense_inner)) == run.dense_used
    assert counted(tiny.feed_forward(260)) == run.large_used


def test_experts_win_from_each_seed(values, cells, held_out, says):
    says(
        "The experts have {{ experts/train.times:.1f}} times the weights of the dense network, and from "
        "each seed a lower loss than the dense model of that seed, by {{ experts/train.least_gain:.3f}} "
        "to {{ experts/train.most_gain:.3f}}.",
        "Its mean loss is {{ experts/train.large:.3f}}, that of the experts {{ experts/train.experts:.3f}}: "
        "from the dense network's mean loss down to the large one's, the experts go {{ experts/train.way:.0%}} "
        "of the way.",
        "At equal work for a token, the tiny model with eight experts had a lower loss than the dense "
        "one, from each of three seeds, after {{ experts/train.STEPS }} steps; after {{ experts/settings.FEW }} "
        "steps no gain was shown, and at twice the learning rate it was smaller.",
        "The losses are those of the next character, on 1,000 "
        "pieces of text, of 32 characters each, that none of them has seen.",
        "The losses of one kind lie up to {{ experts/train.seed_spread:.3f}} apart, so this share is a "
        "rough one.",
    )
    run = values("experts/train")
    rows = {row[0]: [float(n) for n in row[3:6]] for row in cells("experts/train")}
    gains = [a - b for a, b in zip(rows["dense"], rows["experts"])]
    assert min(gains) == pytest.approx(run.least_gain, abs=2e-3) and min(gains) > 0
    assert run.seed_spread == pytest.approx(max(max(r) - min(r) for r in rows.values()), abs=2e-3)
    assert run.seed_spread > 0.2 * (run.dense - run.large), "so the share is rough"
    letters, learn, unseen = held_out
    texts = tiny.windows(unseen, 250, torch.Generator().manual_seed(1))
    assert texts.shape == (1000, tiny.CONTEXT + 1) and tiny.CONTEXT == 32 and learn.shape[1] > 10 * unseen.shape[1]
    whole = " ".join(map(str, learn[1].tolist()))
    assert not any(" ".join(map(str, text.tolist())) in whole for text in texts[250:500])
    seen = []
    for count in (1, 8):  # what it sees does not hang on what was drawn for its weights
        torch.manual_seed(0)
        tiny.Tiny(len(letters), tiny.Experts(count, 32))
        seen.append(tiny.windows(learn, 4, torch.Generator().manual_seed(0)))
    assert torch.equal(*seen)
    assert 0.02 < run.dense - run.experts and run.large < run.dense and run.way > 0.3
    assert run.large_weights / run.dense_weights == run.times


def test_other_settings(values, cells, says):
    says(
        "We chose this one because the gain shows within a minute.",
        "Here the first two kinds are trained again, from two of the seeds: first for {{ experts/settings.FEW }} steps instead of "
        "{{ experts/train.STEPS }}, then for {{ experts/train.STEPS }} steps at twice the learning rate.",
        "With fewer steps, the gain is {{ experts/settings.few_least:+.3f}} to "
        "{{ experts/settings.few_most:+.3f}}: none is shown.",
        "At twice the learning rate it is {{ experts/settings.fast_least:+.3f}} to "
        "{{ experts/settings.fast_most:+.3f}}, from each seed smaller than above.",
        "And see the dense network alone: with the higher rate its mean loss is "
        "{{ experts/settings.fast_dense:.3f}}, as low as that of the experts above, {{ experts/train.experts:.3f}}.",
        "A fair comparison needs good settings for each of the two, and not one setting for both; we did not search "
        "for them.",
        "In a far larger training, OLMoE's authors needed about a third of the tokens to come as far with experts as "
        "with a dense model of the same work.[^olmoe]",
    )
    run, before = values("experts/settings"), values("experts/train")
    assert run.FEW < before.STEPS == run.STEPS
    rows = [[float(n) for n in row] for row in cells("experts/settings")]
    asked = [[steps, rate, seed] for steps, rate in ((run.FEW, 0.01), (run.STEPS, 0.02)) for seed in range(2)]
    assert [row[:3] for row in rows] == asked
    for two, least, most in (
        (rows[:2], run.few_least, run.few_most), (rows[2:], run.fast_least, run.fast_most),
    ):  # fmt: skip
        gains = [row[5] for row in two]
        assert (min(gains), max(gains)) == pytest.approx((least, most), abs=1e-3)
    few, fast = rows[:2], rows[2:]
    spread = max(max(row[n] for row in few) - min(row[n] for row in few) for n in (3, 4))
    assert sum(row[5] for row in few) / 2 < spread and run.few_most < before.least_gain
    above = {row[0]: [float(n) for n in row[3:6]] for row in cells("experts/train")}
    for (*_, gain), dense, experts in zip(fast, above["dense"], above["experts"]):
        assert gain < dense - experts
    assert run.fast_dense == pytest.approx(sum(row[3] for row in fast) / 2, abs=1e-3)
    assert abs(run.fast_dense - before.experts) < 0.01 < before.dense - run.fast_dense
    code = (CODE / "settings.py").read_text("utf-8")
    assert "((1, 36), (8, 32))" in code and (before.dense_inner, before.INNER, before.COUNT) == (36, 32, 8)
    shared = Path("snippets/shared/tiny_experts.py").read_text("utf-8")
    assert "rate: float = 0.01" in shared and "OneCycleLR(optimizer, rate, steps" in shared


def test_balancing_is_the_switch_transformer_s(values, models, held_out, says):
    says(
        "If both are even, the sum is $1/N$.",
        "The shares are counted, and have no gradient: it flows through the $P_i$, and lowers those of "
        "the experts that have much.",
        "If one expert takes all, with probability 1, the sum is 1: $N$ times as much.",
        "For $P_i$ it is $\\alpha N f_i$: the more an expert takes, the harder it is pushed down.",
        "The models above were trained with this term: it is the function `balancing` of "
        "[their program](#the-same-work).",
        "- [x] It is 1, without $\\alpha$, if shares and probabilities are even.",
        "4 · (1/2 · 2/5 + 1/2 · 2/5) = {{ experts/answers.uneven:.1f}}. The other two have no tokens, and add "
        "nothing. If all were even it would be {{ experts/answers.even:.0f}}.",
        "$N$ times $N$ times $1/N^2$: see [exercise 3](#try-it).",
        "Counts have none. It flows through [the probabilities](#without-balancing).",
        "To work against it ([load balancing](glossary.md#load-balancing)), the Switch Transformer adds a term to "
        "the loss (section 2.2, equations 4 to 6, January 2021[^switch]):",
        "$N$ is the number of experts, and $\\alpha$ is a hundredth, there and here.",
    )
    with torch.no_grad():
        _, texts = tiny.test(models[0], held_out[2])
        network = models[0].network
        mine = tiny.balancing(network)
        theirs = load_balancing_loss_func((network.probabilities.log(),), 8, top_k=1)
    assert mine.item() == pytest.approx(theirs.item(), rel=1e-5)
    run = values("experts/answers")
    assert run.even == 1 and run.uneven == pytest.approx(4 * (0.5 * 0.4 + 0.5 * 0.4))
    network.probabilities = logits = torch.zeros(8, 8).softmax(-1).requires_grad_()
    network.chosen = torch.arange(8)
    assert tiny.balancing(network).item() == pytest.approx(1)
    network.chosen = torch.zeros(8, dtype=torch.long)
    tiny.balancing(network).backward()
    assert (logits.grad[:, 0] > 0).all() and (logits.grad[:, 1:] == 0).all()
    network.probabilities = torch.eye(8)[network.chosen]
    assert tiny.balancing(network).item() == 8, "N times as much as if even"
    network.probabilities = lot = torch.randn(8, 8).softmax(-1).requires_grad_()
    network.chosen = torch.tensor([0, 0, 0, 0, 1, 1, 2, 3])
    tiny.balancing(network).backward()  # of the sum over the tokens: N times the share
    assert torch.allclose(lot.grad.sum(0), 8 * torch.tensor([4, 2, 1, 1, 0, 0, 0, 0]) / 8)
    assert "strength: float = 0.01" in Path("snippets/shared/tiny_experts.py").read_text("utf-8")


def test_without_balancing(values, printed, says):
    says(
        "Without the term, the busiest expert takes {{ experts/balance.least_uneven:.0%}} to "
        "{{ experts/balance.largest:.0%}} of the tokens, with it about {{ experts/balance.most_even:.0%}} or "
        "less; an even share would be an eighth.",
        "The expert that takes least has {{ experts/balance.least_free:.1%}} to {{ experts/balance.most_free:.1%}} "
        "without the term, and about {{ experts/balance.least_kept:.1%}} or more with it.",
        "In effect there are about {{ experts/balance.most_uneven:.1f}} experts or fewer without it, and about "
        "{{ experts/balance.fewest_alike:.1f}} or more with it.",
        "It did not come to one expert for all.",
        "From the same seed, the loss with it minus the loss without it is "
        "{{ experts/balance.least_cost:+.3f}} to {{ experts/balance.most_cost:+.3f}}. Among seeds, the "
        "losses of one kind lie up to {{ experts/balance.spread:.3f}} apart. So three seeds do not tell "
        "whether balancing costs anything here.",
        "This feeds itself, as was reported in 2017 and before: the favored experts are trained more, and are "
        "chosen still more often.[^sparsely]",
        "The three without balancing fall from 21 to 33 percent to below 3; the three with it lie between 18 "
        "and 6.",
        "The busiest had [about {{ experts/balance.largest:.0%}} at most](#without-balancing).",
        "- With the balancing loss, the load was more even, from each of three seeds.",
        "Without balancing about {{ experts/balance.least_dropped:.0%}} of the tokens or more find none, with it "
        "about {{ experts/balance.most_dropped:.0%}} or less.",
        "- [x] With it, fewer tokens of the tiny models found no room.",
    )
    run = values("experts/balance")
    assert run.most_even < 0.19 < run.least_uneven <= run.largest < 0.5
    assert run.most_uneven < 7.2 < 7.4 < run.fewest_alike <= 8
    assert run.most_dropped < 0.08 < 0.1 < run.least_dropped
    assert 0 < run.least_free < run.most_free < 0.03 < 0.06 < run.least_kept < run.most_even < 0.18
    assert [f"{share:.0%}" for share in (run.least_uneven, run.largest)] == ["21%", "33%"], "as the figure's text says"
    assert '"With balancing, the load is more even"' in (CODE / "balance.py").read_text("utf-8")
    assert abs(run.mean_cost) < run.spread and abs(run.mean_cost) < 0.05


def test_the_load_is_drawn(book, values, cells, says):
    says(
        "*Least* is the share of the expert that takes least.",
        "*In effect* is two to the power of the shares' entropy in bits: eight even shares are eight experts in "
        "effect, two halves and six times nothing are two.",
        "One line is one seed.",
        "Here they are beside models without it, from the same seeds.",
    )
    rows = cells("experts/balance")
    assert [row[:2] for row in rows] == [[str(n), kept] for n in range(3) for kept in ("yes", "no")]
    for _, kept, busiest, least, alike, _, _ in rows:
        assert (int(busiest[:-1]) < 19) == (kept == "yes") == (float(alike) > 7.2)
        assert (float(least[:-1]) > 3) == (kept == "yes")
    even = torch.full((8,), 1 / 8)
    halves = torch.tensor([0.5, 0.5, 0, 0, 0, 0, 0, 0])
    for shares, experts in ((even, 8), (halves, 2)):
        assert 2 ** (torch.special.entr(shares).sum() / math.log(2)).item() == pytest.approx(experts)
    code = (CODE / "balance.py").read_text("utf-8")
    assert "seed, strength=0" in code and "{seed}.safetensors" in code
    assert "torch.special.entr(share).sum().exp()" in code and code.count("plt.plot(") == 1


def test_who_takes_what(values, printed, maps, models, held_out, says, cells):
    says(
        "This is their *mutual information*: the [entropy](glossary.md#entropy) of the characters plus that of "
        "the experts, minus that of the pairs.",
        "If each expert takes the same mix of characters, it tells 0 bits. If each character always goes to the "
        "same expert, it tells as much as the load could tell, the entropy of the experts' shares: of eight even "
        "ones, three bits.",
        "There are three controls, which read the same states. One is a router with random weights; its rows have the "
        "mean of 20. The second, *for the source*, has learned on other texts to tell the source, and nothing else: "
        "so we see how much there is to tell. The third, *clusters*, learns from no loss: eight clusters of "
        "near states in place of eight experts.",
        "But they hardly could: of the two bits that four sources have, even the router that learned nothing else "
        "tells less than a tenth of one.",
        "In large models, both divisions were found: by form, and by source. Mixtral's authors saw no obvious "
        "pattern by topic, but some by syntax.[^mixtral] In OLMoE some experts take far more of the tokens of scientific papers or of program code "
        "than of other texts; counted in the same way, Mixtral shows less of it.[^olmoe]",
        "A row sums to one; the stronger the blue, the more.",
        "The middle columns need their control: a router, trained or not, sends equal states to the same expert.",
        "The expert tells {{ experts/takes.least:.1f down}} bits or more about the character, and about the "
        "source hardly more than a hundredth of a bit, trained or random: next to nothing.",
        "So these experts did not divide the sources among themselves.",
        "Routers that nobody trained tell more than one bit about the character, too, in the mean of 20, and the "
        "best of them {{ experts/takes.most_random:.1f}}.",
        "Is the loss needed for that? The clusters, which know of no loss, tell {{ experts/clusters.least:.2f}} to "
        "{{ experts/clusters.most:.2f}} bits (means of ten beginnings), about as much as the trained router. States of "
        "one character lie near each other. (Nor need the choice be learned: in 2021, a fixed table from each token to "
        "its expert did as well as learned routers, or better.[^hash])",
        "In seed 0 nearly all spaces (and ends of lines) go to two experts, in the two others nearly all to one.",
        "- Its experts divided characters among themselves, and not the sources, of which a router could tell little. A "
        "router with random weights did so less, clusters of the states about as much.",
        "From each seed, [more bits](#who-takes-what). Clusters of the states tell about as many.",
        "About the source, the expert tells [hardly anything](#who-takes-what).",
        "Nothing: the expert tells no more than that of a router with random weights.",
        "- [x] The characters, more than a router with random weights does.",
        "More than half of the spaces go to expert 2 and most of the others to expert 4. No expert takes half of "
        "the vowels or of the consonants.",
    )
    rows = {row[0]: [float(n) for n in row[1:]] for row in cells("experts/takes")}
    run = values("experts/takes")
    for seed in range(3):
        trained, lot = rows[f"trained, seed {seed}"], rows[f"random, seed {seed}"]
        assert trained[1] > lot[1] + 0.3 and trained[2] > lot[2] + 0.1
        assert trained[1] / trained[0] > 0.75 > 0.6 > lot[1] / lot[0] > 0.4 and lot[1] > 1
        assert max(trained[3], lot[3]) < 0.02 < 0.04 < rows[f"for the source, seed {seed}"][3] < 0.1
    assert 1.4 < run.most_random < run.least, "more than the best of 60"
    grouped = {row[0]: [float(n) for n in row[1:]] for row in cells("experts/clusters")}
    means = [bits for _, bits in grouped.values()]
    free = values("experts/clusters")
    assert (free.least, free.most) == pytest.approx((min(means), max(means)), abs=0.006)
    for seed, mean in enumerate(means):
        assert abs(mean - rows[f"trained, seed {seed}"][1]) < 0.2 < mean - rows[f"random, seed {seed}"][1] - 0.5
    program = (CODE / "clusters.py").read_text("utf-8")
    assert "range(10)" in program and "[:8]].T" in program and "clusters(seen[" in program and "backward" not in program
    assert len(tiny.KINDS) == 4 and tiny.CONTEXT == 32, "two bits, if the sources are even"
    program = (CODE / "takes.py").read_text("utf-8")
    assert "in (learn, held_out)]" in program and "taught(seen[" in program and "seen, x = states[-2:]" in program
    (one,) = maps("experts/takes")
    parts = dict(zip(one["rows"], one["values"]))
    spaces = parts["space"]
    assert max(parts["vowel"] + parts["consonant"]) < 0.5 < spaces[1] and spaces[3] > (1 - spaces[1]) / 2
    assert spaces[1] + spaces[3] > 0.9
    assert all(sum(row) == pytest.approx(1, abs=1e-3) for row in one["values"])

    def told(characters: torch.Tensor, experts: torch.Tensor) -> float:
        """Bits: the entropy of the one and of the other, minus that of the pairs."""
        parts = [torch.stack(part) for part in ((characters,), (experts,), (characters, experts))]
        counts = [part.unique(dim=1, return_counts=True)[1] / len(experts) for part in parts]
        one, other, pairs = (torch.special.entr(share).sum().item() for share in counts)
        return (one + other - pairs) / math.log(2)

    mixed, own = torch.arange(64), torch.arange(64) % 8
    assert told(mixed // 8, own) == pytest.approx(0, abs=1e-5)
    assert told(own, own) == told(mixed, own) == pytest.approx(3, abs=1e-5)
    most = []
    for seed, model in enumerate(models):
        with torch.no_grad():
            _, texts = tiny.test(model, held_out[2])
        bits = told(texts[:, :-1].flatten(), model.network.chosen)
        assert bits == pytest.approx(rows[f"trained, seed {seed}"][1], abs=0.006)
        blanks = torch.tensor([held_out[0].index(one) for one in " \n"])
        spaces = torch.isin(texts[:, :-1].flatten(), blanks)
        share = model.network.chosen[spaces].bincount(minlength=8) / spaces.sum()
        states = []
        hook = model.network.router.register_forward_hook(lambda _, x, logits, kept=states: kept.extend(x))
        with torch.no_grad():
            tiny.test(model, held_out[2])
        hook.remove()
        read = texts[:, :-1].flatten()
        for letter in range(10):  # those that come most
            own, rest = (states[0][who][::7][:300] for who in (read == letter, read != letter))
            near, far = (torch.cdist(own, other).mean() for other in (own, rest))
            assert near < 0.8 * far, held_out[0][letter]
        most.append(share.max().item())
    assert most[0] < 0.8 < 0.9 < min(most[1:])
    assert printed("experts/takes").strip().endswith(": " + ", ".join(f"{share:.0%}" for share in most))


def test_room(values, cells, says):
    says("How many times the even share of the tokens an expert has room for.", page="glossary")
    says(
        "In the column *no room* above, 256 tokens come at a time: the even share is 256 / 8 = 32, the factor "
        "1.25, and so each expert has room for 40.",
        "And where the shapes of all tensors must be fixed before the program runs, as in the Switch Transformer, "
        "each expert has *room* for a fixed number of tokens: the *capacity*, which is the even share times a "
        "[factor](glossary.md#capacity-factor).[^switch]",
        "With room for the even share alone, {{ experts/capacity.tight:.0%}} of the tokens pass by, and "
        "the mean loss rises from {{ experts/capacity.whole_loss:.3f}} to "
        "{{ experts/capacity.tight_loss:.3f}}: nearly that of [the dense network](#the-same-work), "
        "{{ experts/train.dense:.3f}}.",
        "With twice as much, none does.",
        "A token that comes too late is *dropped*: with `top` 1 no expert takes it, and the [residual "
        "connection](glossary.md#residual-connection) alone carries it on.",
        "The library's code for Mixtral drops nothing: an expert takes whoever comes.",
    )
    run = values("experts/capacity")
    assert {row[0]: int(row[1]) for row in cells("experts/capacity")} == {
        factor: float(factor) * 256 / 8 for factor in ("1", "1.25", "2", "8")
    }
    assert run.double == run.every == 0 and run.tight > 0.05
    assert "made.masked_fill(out, 0)" in (CODE / "capacity.py").read_text("utf-8")
    dense = values("experts/train").dense
    assert dense > run.tight_loss > run.whole_loss + 0.75 * (dense - run.whole_loss)
    assert run.whole_loss == pytest.approx(values("experts/train").experts, abs=1e-4)
    assert 256 / 8 == 32 and "(load - 40)" in (CODE / "balance.py").read_text("utf-8") and 40 == 1.25 * 256 / 8
    # Five hundred tokens that all choose the same two experts get what one alone gets.
    config = MixtralConfig(
        hidden_size=32, intermediate_size=16, num_hidden_layers=1, num_local_experts=8,
        num_experts_per_tok=2, vocab_size=9, eos_token_id=1,
    )  # fmt: skip
    block = AutoModel.from_config(config).layers[0].mlp
    for weight in block.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    x = torch.randn(1, 1, 32)
    with torch.no_grad():
        many, one = block(x.expand(1, 500, 32)), block(x)
    assert one.abs().max() > 0.01 and torch.allclose(many, one.expand_as(many), atol=1e-4)


def test_what_must_be_in_memory(values, models, held_out, says):
    says(
        "For one token, DeepSeek-V3 reads {{ experts/published.deepseek_read_gb:.0f}} GB of weights: two bytes "
        "for each that the last column [above](#more-weights-than-are-used) counts. It was published with one byte for most of them, and so with about half."
        "[^deepseek3]",
        "So all {{ experts/published.deepseek_gb:,.0f}} GB must be within reach.",
        "But which experts the next token needs is known only layer by layer, when each router has read its "
        "state.",
        "And a batch needs more of them than one token.",
        "In the tiny model of seed 0 we count in two ways: the first $n$ tokens of one text, and one token of "
        "each of $n$ texts, all at the same place. Each number is a mean, over the same 1,000 texts.",
        "there each token draws its $k$ of $N$ experts by lot (at random, each expert as likely as the others), as many as in "
        "the tiny model, in gpt-oss-20b (4 of 32) and in DeepSeek-V3 (8 of 256).",
        "So on average they need $N(1 - (1 - k/N)^n)$ experts.",
        "Eight tokens of one text need {{ experts/touched.tiny_8:.1f}} of eight experts, and 32 tokens "
        "{{ experts/touched.tiny_32:.1f}}; one token of each of 32 texts, {{ experts/touched.batch_32:.1f}}: "
        "nearly all, and nearly as many as by lot.",
        "By lot, 32 tokens of DeepSeek-V3 need {{ experts/touched.deepseek_32:.0f}} of 256 in each layer of "
        "experts, beside the shared one; real texts may need fewer.",
        "In the higher layers of Mixtral, a token takes an expert of the token before it more often than by "
        "lot.[^mixtral]",
        "(OLMoE's authors tried one, and found it slightly worse than none.[^olmoe])",
        "A dense model fetches its weights once for all texts of a batch: with 8 texts, that is an eighth for "
        "each.",
        "By lot, 8 tokens of DeepSeek-V3 fetch {{ experts/touched.deepseek_8:.0f}} experts of a layer, about "
        "{{ experts/touched.each_8:.0f}} for each token, and 32 tokens about {{ experts/touched.each_32:.0f}} "
        "for each. A token alone fetches 8. So a small batch saves few of the experts' bytes; in a dense model, "
        "[batching](parallelism.md#batching-other-texts-fill-the-pass) with 8 texts saves seven eighths of the weights' bytes.",
        "But of the 37 billion weights of a token, only {{ experts/touched.chosen:.0f}} billion are those of chosen "
        "experts; attention, the shared expert and the other parts are fetched once for all. Taken together, 8 tokens "
        "fetch {{ experts/touched.share_8:.0%}} of what they would fetch one by one, and an eighth in a dense model.",
        "- Any token may need any expert, so all must be within reach. In the tiny model, 32 tokens "
        "needed nearly all.",
        "`= {{ experts/answers.qwen3:.0f}} ± 2`",
        "In the tiny model, 32 tokens need [nearly all experts](#what-must-be-in-memory).",
        "All experts must be [within reach](#what-must-be-in-memory).",
        "Each of 32 tokens draws 8 of 128 experts by lot, as many as Qwen3-30B-A3B has in a layer.",
    )
    run, published = values("experts/touched"), values("experts/published")
    assert 4.5 < run.tiny_8 <= run.lot_8 + 0.01 and 7.5 < run.tiny_32 <= run.lot_32 + 0.01
    assert 7.5 < run.batch_32 <= run.lot_32 + 0.01 and "tiny-experts/0." in (CODE / "touched.py").read_text("utf-8")
    tiny.test(models[0], held_out[2])
    chosen = models[0].network.chosen.view(1000, tiny.CONTEXT)
    batches = chosen[torch.randperm(1000)[:992]].view(31, 32, tiny.CONTEXT).mT.flatten(0, 1)  # 32 texts each
    for rows, told in ((chosen, run.tiny_32), (batches, run.batch_32)):
        assert sum(len(row.unique()) for row in rows) / len(rows) == pytest.approx(told, abs=0.05)
    assert (run.each_8, run.each_32) == (run.deepseek_8 / 8, run.deepseek_32 / 32)
    assert 1 - run.each_8 / 8 < 0.2 < 7 / 8, "few of them are saved"
    assert 5 < run.each_32 < run.each_8 < 8, "a dense model's fetch falls to an eighth and less"
    assert published.deepseek_gb == pytest.approx(2 * published.deepseek)
    # The chosen experts alone, counted on the model; and 8 tokens, each part of it by itself.
    left_out = published.deepseek - published.deepseek_used  # 248 of 256 experts in each layer
    assert run.chosen == pytest.approx(left_out * 8 / 248, rel=1e-6)
    together = 8 * published.deepseek_read_gb / 2 - 8 * run.chosen * (1 - run.each_8 / 8)
    together -= 7 * (published.deepseek_read_gb / 2 - run.chosen)
    assert run.share_8 == pytest.approx(together / (4 * published.deepseek_read_gb), abs=2e-3)
    table = 129280 * 7168 / 1e9  # of which one row is read
    assert published.deepseek_read_gb == pytest.approx(2 * (published.deepseek_used - table))
    sizes = (CODE / "published.py").read_text("utf-8")
    assert "num_local_experts=32, num_experts_per_tok=4" in sizes
    assert "n_routed_experts=256, num_experts_per_tok=8" in sizes
    assert "((8, 1), (32, 4), (256, 8))" in (CODE / "touched.py").read_text("utf-8")
    dice = torch.Generator().manual_seed(0)
    for count, told in ((256, run.deepseek_32), (128, values("experts/answers").qwen3)):
        drawn = torch.rand(300, 32, count, generator=dice).topk(8).indices
        met = torch.zeros(300, count).scatter_(1, drawn.flatten(1), 1).sum(1).mean().item()
        assert met == pytest.approx(told, rel=0.02)


def test_the_exercises(values, says):
    says(
        "32 · 8 · 3 · 4,096 · 14,336 is {{ experts/answers.weights:.1f}} billion, and a quarter of it "
        "{{ experts/answers.used:.1f}} billion. The rest of "
        "[what it has](#more-weights-than-are-used) is attention, norms, routers and the two token "
        "tables.",
        "Of four experts, two take half of the tokens each.",
    )
    run, published = values("experts/answers"), values("experts/published")
    assert run.weights < published.mixtral < run.weights + 2
    assert run.weights == pytest.approx(32 * 8 * 3 * 4096 * 14336 / 1e9) and run.used == run.weights / 4
    assert published.mixtral - published.mixtral_used == pytest.approx(run.weights - run.used, abs=0.01)
