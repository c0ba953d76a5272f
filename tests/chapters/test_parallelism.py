"""The chapter on parallelism: counts, bytes and equality. No times are asserted."""

import math
import re
from pathlib import Path

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoTokenizer,
    GPT2Config,
    LlamaConfig,
)

PAGE = Path("docs/parallelism.md")
CODE = Path("snippets/parallelism")


class Started(TorchDispatchMode):
    """What PyTorch starts: the operations, and of each matrix product the rows it multiplies."""

    def __init__(self):
        super().__init__()
        self.operations, self.rows, self.numbers = 0, [], []

    def __torch_dispatch__(self, call, types, args=(), kwargs=None):
        self.operations += 1
        if call.name() in ("aten::mm", "aten::addmm", "aten::bmm"):
            one, other = args[-2:]
            self.rows.append(one.shape[-2])
            self.numbers.append(other.numel())
        return call(*args, **kwargs or {})


def counted(model, *args, **kwargs) -> tuple[Started, int]:
    """What a model starts, and the multiply-adds of its products."""
    with FlopCounterMode(display=False) as counter, Started() as started:
        model(*args, **kwargs)
    return started, counter.get_total_flops() // 2


pytestmark = pytest.mark.usefixtures("no_grad")


@pytest.fixture(scope="module")
def minilm_layer(book):
    model = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
    return model.encoder.layer[0]


@pytest.fixture(scope="module")
def story_ids(book):
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    text = open("snippets/parallelism/story.txt").read()
    return tokenizer(text, return_tensors="pt").input_ids


def test_three_positions_are_one_product(values, printed, says):
    says(
        "Check the second row in your head: it is 3 times the first row of $W$.",
        "The loop makes {{ parallelism/one_product.loop_steps }} products, one after the other. "
        "`x @ W` is one, and the numbers are the same:",
        "So three workers can compute the three rows and never speak to each other.",
        "A second worker would stand and wait.",
        "The hardware cannot help where a result is [missing](#three-positions-one-product):",
    )
    left = values("parallelism/one_product")
    assert left.equal and left.loop_steps == 3
    assert left.recurrent_steps == 3
    # "the second row is 3 times the first row of W"
    assert "[3.0, -3.0]" in printed("parallelism/one_product")
    # h₃ is built on h₂, h₂ on h₁
    assert "[[1.0, 0.762], [0.998, -0.989], [0.987, 0.466]]" in printed("parallelism/one_product")
    alone = torch.tanh(torch.tensor([2.0, 1.0]))  # the third row of X W: nothing to start with
    assert not torch.allclose(alone, torch.tensor([0.987, 0.466]), atol=0.01), "so it waits"


def test_three_of_the_eight_products_read_the_input(minilm_layer, says, values):
    says(
        "(That step is longer: eight products, for any number of positions. Three of them, for "
        "queries, keys and values, do not wait for each other.)",
    )
    assert values("parallelism/layer_and_rnn").layer_products == 8
    x, read = torch.randn(1, 5, 384), {}
    hooks = [
        module.register_forward_pre_hook(lambda _, given, name=name: read.update({name: given[0]}))
        for name, module in minilm_layer.named_modules()
        if isinstance(module, torch.nn.Linear)
    ]
    minilm_layer(x)
    for hook in hooks:
        hook.remove()
    same = [name for name, given in read.items() if torch.equal(given, x)]
    assert len(read) == 6, "two more products stand inside attention"
    assert [name.split(".")[-1] for name in same] == ["query", "key", "value"]


def test_the_arrows_of_the_drawing(says):
    says(
        "In the drawing, the arrows above make a chain; below, none leads from one position to",
    )
    drawing = re.search(r"<svg.*?steps-title.*?</svg>", PAGE.read_text("utf-8"), re.S)[0]
    arrows = re.findall(r'd="M(\d+) (\d+)([HV])(\d+)" marker-end', drawing)
    above = [arrow for arrow in arrows if int(arrow[1]) < 150]
    below = [arrow for arrow in arrows if int(arrow[1]) >= 150]
    assert [arrow[2] for arrow in above].count("H") == 3, "four states, each to the next"
    assert len(below) == 8 and {arrow[2] for arrow in below} == {"V"}, "four in, four out"


def test_a_row_reads_inputs_and_no_results(minilm_layer, says):
    """One row of a layer's output, from all its inputs alone."""
    says(
        "A row reads the [keys](glossary.md#key) and [values](glossary.md#value) of the other "
        "rows, which are computed from the input, and never their *results*.",
        "Because they read each other's inputs, and never each other's results.",
        "!!! question \"In attention every position reads the others. Why can all positions of a "
        "layer be computed at once all the same?\"",
        "Because each position reads only the positions before it. A recurrent network does that "
        "too, and [must wait](#three-positions-one-product). In an encoder, positions read both "
        "sides, and none waits.",
        "Because the weights of far positions are small enough to be left out. None is left "
        "out: attention reads [all of them](#three-positions-one-product), near or far.",
    )
    torch.manual_seed(0)
    x, row = torch.randn(1, 9, 384), 3
    attention = minilm_layer.attention

    def heads(vectors):
        return vectors.view(1, -1, 12, 32).transpose(1, 2)

    query = heads(attention.self.query(x[:, row : row + 1]))
    key, value = heads(attention.self.key(x)), heads(attention.self.value(x))
    weights = (query @ key.mT / 32**0.5).softmax(-1)
    mixed = (weights @ value).transpose(1, 2).reshape(1, 1, 384)
    between = attention.output(mixed, x[:, row : row + 1])
    own = minilm_layer.output(minilm_layer.intermediate(between), between)
    whole = minilm_layer(x)
    whole = whole[0] if isinstance(whole, tuple) else whole
    assert torch.allclose(own, whole[:, row : row + 1], atol=1e-5)
    assert (weights > 0).all(), "all of them, before and after"
    for other in (0, 8):  # the first and the last: both move the row
        moved = x.clone()
        moved[0, other] += 1
        assert not torch.allclose(minilm_layer(moved)[0].view(-1, 384)[row], own[0, 0], atol=1e-3)


def test_a_linear_recurrence_need_not_wait(says):
    """Three rounds of merged pairs end where eight steps end; with tanh around, they do not."""
    says("Nor must every recurrence wait.", "Mamba, of 2023, was built that way.[^mamba]")
    torch.manual_seed(0)
    steps = torch.randn(8, 2, dtype=torch.double).tolist()
    start = state = bent = 0.3
    for a, b in steps:
        state, bent = a * state + b, math.tanh(a * bent + b)
    rounds = 0
    while len(steps) > 1:
        pairs = zip(steps[::2], steps[1::2], strict=True)
        steps = [(c * a, c * b + d) for (a, b), (c, d) in pairs]
        rounds += 1
    ((a, b),) = steps
    assert rounds == 3 and a * start + b == pytest.approx(state)
    assert math.tanh(a * start + b) != pytest.approx(bent, abs=1e-3)


def test_a_bent_chain_can_be_guessed_and_mended(says):
    """Newton's rounds: all states side by side, until they are those of the steps."""
    says(
        "Even with a $\\tanh$ the chain can be loosened: guess all states, mend them all side by "
        "side, and repeat.[^deer] Each round costs more than a step, but a few rounds can be "
        "enough.",
        "unless all states are guessed and mended together.",
    )
    torch.manual_seed(0)
    news = torch.randn(256, dtype=torch.double)
    steps, state = [], torch.zeros((), dtype=torch.double)
    for new in news:
        state = torch.tanh(new + state / 2)
        steps.append(state)
    steps, guess, rounds = torch.stack(steps), torch.zeros_like(news), 0
    while not torch.allclose(guess, steps, atol=1e-9):
        before = torch.cat([guess.new_zeros(1), guess[:-1]])
        bent = torch.tanh(news + before / 2)
        slope = (1 - bent**2) / 2  # with it, each state is a multiple of the last plus something
        chain = torch.eye(256, dtype=torch.double) - torch.diag(slope[1:], -1)
        guess = torch.linalg.solve(chain, bent - slope * before)  # of all states at once
        rounds += 1
    assert 1 < rounds < 10, "and not 256"


def test_the_layer_mixes_inputs_and_the_rnn_waits(values, printed, says):
    says(
        "Its opponent is a recurrent network of the same width",
        "The layer starts {{ parallelism/layer_and_rnn.layer_products }} products, "
        "for 16 positions as for 256:",
        "{{ parallelism/layer_and_rnn.rnn_products }} at 256 positions.",
        "At that length the GRU does {{ parallelism/layer_and_rnn.less_work:.0%}} of "
        "the layer's work, because the layer's attention, scores and weighted sums, comes on top.",
        "But it still starts {{ parallelism/layer_and_rnn.batch_products }} products "
        "one after the other for 64 positions.",
        "Even so the GRU takes {{ parallelism/layer_and_rnn.long_ratio_seconds:.1f}} times as "
        "long, on a single core with nothing to share out.",
        "On a GPU each start takes time of its own. The PyTorch team traced a model that writes "
        "one token after the other: the processor could not tell the GPU fast enough what to do "
        "next.[^gptfast]",
    )
    left = values("parallelism/layer_and_rnn")
    assert left.less_work < 1 < left.long_ratio_seconds, "less work, and longer all the same"
    assert left.layer_products == 8
    rows = [[cell.strip() for cell in line.strip("|").split("|")]
            for line in printed("parallelism/layer_and_rnn").splitlines()[2:]]  # fmt: skip
    assert [row[1] for row in rows] == ["8"] * 4, "the same number at every length"
    lengths = [int(row[0].split("×")[1]) for row in rows]
    assert [int(row[2]) for row in rows] == [2 * n + 2 for n in lengths]
    assert left.rnn_products == 514 and left.batch_products == 130
    # The same multiply-adds with parameters; attention comes on top.
    attention = 2 * 256 * 256 * 384
    assert 1 / left.less_work == pytest.approx(1 + attention / (256 * 12 * 384**2))
    # The last row's work: as many matrices as the layer has, as wide, at every position.
    assert left.rnn_work == 32 * 64 * 12 * 384**2


def test_one_row_for_every_matrix_or_as_many_as_texts(values, says):
    """Counted: what a likely reason rests on, and what a batch changes in it."""
    says(
        "(How much it has to compute does not depend on them.)",
        "Products of one row are slow even without a network: 256 products of one row with a "
        "matrix as large as one of the GRU's took {{ "
        "parallelism/layer_and_rnn.apart_ratio_seconds:.1f}} times as long as one product of 256 "
        "rows, for the same multiply-adds.",
        "Each product must be started, and a product of one row fetches the whole matrix to use "
        "each number once. Which of the two costs more was not measured.",
        "The times are the shortest of six, taken in turn.",
        "With 32 texts at once, a [batch](glossary.md#batch), each step of the GRU has 32 rows "
        "for every matrix that it fetches, and on this core it takes {{ "
        "parallelism/layer_and_rnn.batch_ratio_seconds:.1f}} times as long as the layer.",
        "Because a GPU has a core for each position.",
        "a recurrent network that computes one state after the other waits on any chip.",
    )
    work = set()
    for seed in (0, 1):
        torch.manual_seed(seed)
        rnn = torch.nn.GRU(384, 384, num_layers=2, batch_first=True)
        for texts in (1, 32):
            started, multiply_adds = counted(rnn, torch.randn(texts, 16, 384))
            steps = [rows for rows in started.rows if rows == texts]
            assert len(steps) == 2 * 16, "in both layers, a product at each position"
            assert len(started.rows) == 2 * 16 + 2, "and one for all inputs together"
            work.add((texts, multiply_adds))
            # Of the products at the positions, multiply-adds for each number of the matrix:
            assert {rows for rows in started.rows if rows < 16 * texts} == {texts}
    assert len(work) == 2, "other numbers, as much to compute"
    left = values("parallelism/layer_and_rnn")
    assert 0 < left.batch_ratio_seconds < left.long_ratio_seconds, "the fair other side"
    assert left.apart_ratio_seconds > 1, "as many multiply-adds, and longer"
    matrix, x = torch.randn(384, 3 * 384), torch.randn(256, 384)
    assert matrix.numel() == rnn.weight_hh_l0.numel(), "as large as the GRU's"
    apart = counted(lambda x: [row @ matrix for row in x.split(1)], x)
    together = counted(lambda x: x @ matrix, x)
    assert (apart[0].rows, together[0].rows) == ([1] * 256, [256])
    assert apart[1] == together[1] == 256 * matrix.numel(), "one row: each number once"


def test_work_per_position_is_that_of_the_matrices(values, says):
    says(
        "So attention is two more matrix products over all positions,",
    )
    layer = AutoModel.from_pretrained("models/minilm").encoder.layer[0]
    rnn = torch.nn.GRU(384, 384, num_layers=2)
    for model in (layer, rnn):
        assert sum(p.numel() for p in model.parameters() if p.dim() == 2) == 12 * 384**2
    matrices = [p for p in layer.parameters() if p.dim() == 2]
    assert values("parallelism/layer_and_rnn").layer_products == len(matrices) + 2


def test_one_pass_gives_the_logits_of_128(values, smollm2, story_ids, says):
    says(
        "So SmolLM2 can read 128 [tokens](glossary.md#token) in one pass",
        "The result must be the same.",
        "The [logits](glossary.md#logit) agree to rounding, and the favorite next "
        "token is the same at {{ parallelism/one_pass.same_choice }} of {{ "
        "parallelism/one_pass.tokens }} positions.",
        "One way is a single pass; the other is {{ parallelism/one_pass.passes }} "
        "passes, one after the other.",
        "and each but the last is an exercise with a known answer",
        "{{ parallelism/one_pass.exercises }} exercises in this one pass.",
        "In the real model they agreed to rounding",
        "Passes of other shapes give the same numbers to rounding. To the last bit they need not.",
        "The time (of the single pass, the least of three) differs by a factor of {{ "
        "parallelism/one_pass.ratio_seconds:.0f}}.",
    )
    left = values("parallelism/one_pass")
    assert left.tokens == left.passes == left.same_choice == 128
    assert left.exercises == 127
    code = (CODE / "one_pass.py").read_text("utf-8")
    assert "for _ in range(3):" in code and "steps_seconds / min(read_seconds)" in code
    assert left.difference < 1e-5 * left.largest
    # A prefix alone gives the same as the prefix in a longer text, and not by being trivial.
    ids = story_ids[:, :40]
    whole, prefix = smollm2(ids).logits[:, :20], smollm2(ids[:, :20]).logits
    assert torch.allclose(whole, prefix, atol=1e-3)
    assert not torch.allclose(whole[:, :19], whole[:, 1:], atol=1)
    assert left.difference > 0, "not to the last bit"
    assert left.ratio_seconds > 1, "one by one is the slow way"


def test_128_passes_start_128_times_as_much(values, smollm2, story_ids, says):
    says(
        "Around these, two things differ.",
        "Python starts every operation 128 times and not once.",
        "And the weights are fetched from memory 128 times and not once.",
        "How much of the factor each explains was not measured. Nor was other work: each pass copies the "
        "cache, for one.",
        "The fetching needs a closer look. ## Bytes, not operations",
        "The factor should come out larger than on one core. One pass starts about as many "
        "operations for 128 tokens as for one. If only starting them took time, the factor "
        "would be 128.",
        "Several texts bring several, and all of them use the "
        "same weights, which are fetched once.",
        "The KV cache has already done most of the work for the fifty.",
    )
    ids = story_ids[:, :128]
    past = smollm2(ids).cache
    many, much = counted(smollm2, ids)
    one, little = counted(smollm2, ids[:, :1])
    assert one.operations == pytest.approx(many.operations, rel=0.02)
    assert len(one.rows) == len(many.rows) >= 7 * 30 + 1, "every matrix, in each pass"
    assert 1 < values("parallelism/one_pass").ratio_seconds < 128, "one core is not that case"
    eight = smollm2(ids[:, :8]).cache
    before = eight.layers[0].keys
    smollm2(ids[:, 8:9], cache=eight)
    after = eight.layers[0].keys
    assert torch.equal(after[:, :, :8], before) and after.data_ptr() != before.data_ptr(), "a copy"
    batch, _ = counted(smollm2, ids[0, :8, None])
    assert batch.numbers == one.numbers, "eight texts, the same weights"
    # Fifty new tokens after a cache: each goes through all layers, and the work is that of fifty.
    new, work = counted(smollm2, ids[:, :50], cache=past)
    assert {50} == set(new.rows[: 7 * 30])
    assert work == pytest.approx(50 * little, rel=0.01)


def test_the_next_token_hangs_on_this_one(smollm2, story_ids, says):
    """A chain of passes, as long as the answer: with a cache, without, and in two bytes."""
    says(
        "The next pass must read token 129, and nobody knows it before this pass ends.",
        "It makes each pass smaller. There are still [as many passes]",
        "Writing token by token needs one pass for each, unless guesses are checked together.",
        "An answer that says the same in half as many tokens. A [pass for each "
        "token](#reading-is-parallel-writing-is-not): fewer tokens, fewer passes.",
        "Weights stored in fewer bytes. That makes each pass [faster](#bytes-not-operations), and "
        "takes none away.",
        "Each of them waits through all its passes, and each pass is a little longer.",
        "More texts are written [at the same time](#batching-other-texts-fill-the-pass).",
    )
    ids = story_ids[:, :12]
    nexts = {int(smollm2(torch.cat([ids, torch.tensor([[last]])], 1)).logits[0, -1].argmax())
             for last in ids[0, :6].tolist()}  # fmt: skip
    assert len(nexts) > 1, "another token before, another after"
    in_two_bytes = AutoModelForCausalLM.from_pretrained("models/smollm2", dtype=torch.bfloat16)
    for model, texts, cached in (
        (smollm2, 1, True),
        (smollm2, 1, False),
        (smollm2, 3, True),
        (in_two_bytes, 1, True),
    ):
        for answer in (6, 3):
            read = []
            hook = model.model.register_forward_pre_hook(
                lambda module, args, given, read=read: read.append(given["input_ids"].shape),
                with_kwargs=True,
            )
            given = {"input_ids": ids.repeat(texts, 1), "use_cache": cached, "do_sample": False}
            given["attention_mask"] = torch.ones_like(given["input_ids"])
            model.generate(**given, max_new_tokens=answer, min_new_tokens=answer, pad_token_id=0)
            hook.remove()
            assert len(read) == answer, "a pass for each token"
            assert {shape[0] for shape in read} == {texts}, "all texts in each of them"
            assert (read[-1][1] == 1) == cached, "with a cache, a smaller pass"


def test_intensity_is_half_the_tokens(values, printed, smollm2, says):
    says(
        "Yet both ways do the same number of multiply-adds with the weights.",
        "Then each is used once for every token.",
        "For a single token, the GPU gets {{ parallelism/roofline.per_byte:.1f}} "
        "multiply-adds from each byte",
        "Nothing is skipped: there is [fifty times](#bytes-not-operations) as much "
        "arithmetic.",
        "(Many authors count operations instead, which gives twice the number.)",
        "In two-byte numbers, SmolLM2's weights take {{ parallelism/roofline.weight_bytes:,}} "
        "bytes. The fast memory on the chip is smaller: 40 MB on the GPU that we take as an "
        "example below.[^ampere] So most weights must be fetched anew in each pass, and we count "
        "all of them.",
    )
    _, multiply_adds = counted(torch.nn.Linear(8, 4), torch.zeros(3, 8))
    assert multiply_adds == 3 * 8 * 4
    with FlopCounterMode(display=False) as counter:
        torch.nn.Linear(8, 4)(torch.zeros(3, 8))
    assert counter.get_total_flops() == 2 * multiply_adds, "operations: twice the number"
    left = values("parallelism/roofline")
    matrices = sum(p.numel() for p in smollm2.parameters() if p.dim() == 2)
    assert left.single == matrices, "each weight once, the shared table as the head"
    assert left.weight_bytes > 5 * 40e6, "most of it does not stay in the fast memory"
    assert left.linear
    assert left.parameters == sum(p.numel() for p in smollm2.parameters())
    assert left.per_byte == pytest.approx(0.5, abs=0.001)
    table = printed("parallelism/roofline")
    bounds = re.findall(r"(memory|arithmetic) \|$", table, re.M)
    assert bounds == ["memory", "memory", "arithmetic", "arithmetic"]


def test_the_bounds_follow_from_the_data_sheet(values, says):
    says(
        "with two-byte weights that every token uses, $n$ is operations a second divided by",
        "2,039 GB of memory traffic and 312 trillion operations a second.",
        "SmolLM2 in two-byte numbers, with logits for each token: an upper limit for tokens per "
        "second, computed from the data sheet of an A100.",
        "A program that fetches all weights in each pass, and writes one token, cannot be faster "
        "than bytes a second divided by the bytes of the weights, here about {{ "
        "parallelism/roofline.one_bound:,.0f}} tokens a second.",
        "The slope ends where fetching takes as long as computing.",
        "To fetch are two bytes for each weight; to compute are two operations for each weight and token.",
        "On this GPU, that is {{ parallelism/roofline.ridge:.0f}} tokens.",
        "From there on, the arithmetic units are the limit: about {{ "
        "parallelism/roofline.top_bound_millions:.1f}} million tokens a second at most for SmolLM2, "
        "if each gets its logits. (In a prompt only the last one needs them.)",
        "It is fast if they all have something to do at the same moment.",
        "A chip has two speeds: how many bytes it can fetch in a second, and how many "
        "operations it can do. It does both at the same time, so whichever takes longer "
        "decides. The [roofline](glossary.md#roofline) model[^williams] draws that",
        "Nothing here was measured on that GPU.",
        "On a large GPU they should cost little extra up to that point; on our one core, 8 "
        "texts gave only {{ parallelism/batching.eight_gain_seconds:.1f}} times the tokens per",
    )
    says("memory traffic or arithmetic limits it, whichever is slower.", page="glossary")
    code = (CODE / "roofline.py").read_text("utf-8")
    assert "import time" not in code and 'with torch.device("meta")' in code, "nothing is timed"
    assert "min(n * bandwidth / weight_bytes, peak / (2 * single))" in code, "the longer decides"
    left = values("parallelism/roofline")
    assert left.one_bound == round(2039e9 / left.weight_bytes, -2), "two digits are enough"
    assert left.top_bound_millions == pytest.approx(312 / (2 * left.single / 1e6))
    # The products with weights of a prompt that ends in one row of logits: a higher limit.
    plan = AutoConfig.from_pretrained("models/smollm2", attn_implementation="eager")
    with torch.device("meta"):
        empty, prompt = AutoModelForCausalLM.from_config(plan), torch.zeros(1, 64, dtype=torch.long)
    work = []
    for rows in (64, 1):
        with FlopCounterMode(display=False) as counter:
            empty(prompt, logits_to_keep=rows)
        counts = {str(name): count for name, count in counter.get_flop_counts()["Global"].items()}
        work.append(counts["aten.mm"] / 2 / 64)
    assert work[0] == left.single and work[1] < 0.85 * left.single
    # P cancels: the corner is the ratio of the two speeds, 153 (the alt text names it)
    assert left.ridge == pytest.approx(312e12 / 2039e9, rel=0.001)
    assert round(left.ridge) == 153
    busy = left.one_bound / (1e6 * left.top_bound_millions)  # with one token in a pass
    assert busy == pytest.approx(1 / left.ridge, rel=0.01) and busy < 0.01, "the rest waits"
    assert values("parallelism/batching").eight_gain_seconds < 8
    assert left.weight_bytes == 2 * left.parameters


def test_a_large_model_fetches_longer_than_fifty_tokens_compute(values, says):
    says(
        "!!! question \"By the roofline, a pass over one token and a pass over fifty should take "
        "a large GPU the same time, for a model of many billions of parameters, all used for every "
        "token. Why?\"",
        "A pass for one token fetches each weight that it uses for little work: it is never faster "
        "than they can be fetched.",
        "Both must fetch all the weights, and that takes longest. The arithmetic units have time "
        "left while the [bytes arrive](#bytes-not-operations).",
    )
    weight_bytes = values("parallelism/answers").weight_bytes  # of Llama 2 7B
    fetching, one = weight_bytes / 2039e9, 2 * (weight_bytes / 2) / 312e12
    assert fetching > 3 * 50 * one, "seconds, on the data sheet's GPU"


def test_a_batch_gives_each_text_its_own_answer(smollm2, says):
    says(
        "The texts must wait for each other, because attention runs over the whole batch. Texts "
        "in a batch never look at each other. They share "
        "[the pass](#batching-other-texts-fill-the-pass), nothing more.",
    )
    torch.manual_seed(1)
    ids = torch.randint(49_152, (4, 16))
    together = smollm2(ids).logits[:, -1]
    alone = torch.cat([smollm2(row[None]).logits[:, -1] for row in ids])
    assert torch.allclose(together, alone, atol=1e-3)
    assert together.shape == (4, 49_152)


def test_filled_places_are_computed(smollm2, says):
    says(
        "[The padding mask](masked_self_attention.md#the-other-mask-padding) keeps the answers "
        "right, but the filled places are computed all the same.",
        "Padding costs because the filled places are "
        "[computed all the same](#how-much-is-padding).",
    )
    torch.manual_seed(2)
    text, filled = torch.randint(49_152, (1, 6)), 5
    padded = torch.nn.functional.pad(text, (filled, 0))
    mask = torch.tensor([[0] * filled + [1] * 6])
    places = mask.cumsum(1).sub(1).clamp(min=0)
    alone = smollm2(text).logits[0, -1]
    right = smollm2(padded, attention_mask=mask, position_ids=places).logits[0, -1]
    assert torch.allclose(alone, right, atol=1e-3)
    assert not torch.allclose(alone, smollm2(padded).logits[0, -1], atol=0.1), "the mask's doing"
    _, work = counted(smollm2, text)
    _, with_padding = counted(smollm2, padded, attention_mask=mask)
    assert with_padding == pytest.approx(work * 11 / 6, rel=0.01)


def test_padding_is_counted(values, book, says):
    says(
        "in each batch, the others are filled up to the length of the longest.",
        "The original paper put sentences of similar length together.[^vaswani] Later, large trainings put "
        "several texts into one row instead: T5 did,[^t5] and so did Llama 3, with a mask that hides "
        "the texts of a row from each other.[^llama3]",
        "In writing the same waste comes later: a plain batch runs until its *longest* answer is finished. "
        "Servers put a new text into a place as soon as it is free ([continuous "
        "batching](glossary.md#continuous-batching)).[^orca]",
        "On the left the hatched part, padding, covers more than half of the area.",
        "The larger the batch, the more padding, or as much: in the order of the story {{"
        " parallelism/padding.wasted_of_two:.0%}} in batches of two, and {{"
        " parallelism/padding.wasted_of_all:.0%}} in one batch of all.",
        "Sorted, the smaller the batch, the less is left: of two, {{ parallelism/padding.sorted_of_two:.0%}}."
        " In one batch of all sorting cannot help.",
        "The 32 sentences of a short story go into batches, in the figure of eight.",
        "In batches of eight and in the order of the story, {{ parallelism/padding.wasted_as_they_come:.0%}} "
        "of all positions are padding",
        "Sorted by length it is {{ parallelism/padding.wasted_sorted:.0%}}.",
        "the shares are {{ parallelism/padding.squares_as_they_come:.0%}} and {{ "
        "parallelism/padding.squares_sorted:.0%}}.",
    )
    left = values("parallelism/padding")
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    sentences = open("snippets/parallelism/story.txt").read().splitlines()
    assert len(sentences) == 32 and len(set(sentences)) == 32
    by_length = sorted(sentences, key=lambda sentence: len(tokenizer(sentence).input_ids))
    orders = {left.wasted_as_they_come: sentences, left.wasted_sorted: by_length}
    squares = []
    for wasted, ordered in orders.items():
        mask = [tokenizer(ordered[i : i + 8], padding=True, return_tensors="pt").attention_mask
                for i in range(0, 32, 8)]  # fmt: skip
        filled = sum((part == 0).sum().item() for part in mask)
        assert wasted == filled / sum(part.numel() for part in mask)
        read = sum((part.sum(1) ** 2).sum().item() for part in mask)
        squares.append(1 - read / sum(part.shape[1] * part.numel() for part in mask))
    assert left.wasted_sorted < left.wasted_as_they_come / 2
    slider = book.outcome("parallelism/padding").slider
    sizes = [int(one["at"]) for one in slider["positions"]]
    assert sizes == [2, 4, 8, 16, 32] and sizes[slider["shown"]] == 8
    shares = [[float(n) for n in re.findall(r": (\d+)%", one["says"])] for one in slider["positions"]]
    come, ordered = zip(*shares)
    assert list(come) == sorted(come) and list(ordered) == sorted(ordered)
    assert len(set(ordered)) == 5 and come[-1] == ordered[-1]
    gain = [before - after for before, after in shares]
    assert max(gain) > gain[0] + 3, "so no sentence says that sorting helps most in batches of two"
    assert (left.wasted_of_two, left.sorted_of_two, left.wasted_of_all) == pytest.approx(
        (come[0] / 100, ordered[0] / 100, come[-1] / 100), abs=0.005
    )
    assert left.wasted_as_they_come > 0.5, "the alt text says more than half"
    assert squares == pytest.approx([left.squares_as_they_come, left.squares_sorted])
    assert left.squares_as_they_come > left.wasted_as_they_come
    assert left.squares_sorted > left.wasted_sorted


def test_cache_bytes_are_those_of_the_tensors(values, smollm2, says):
    says(
        "Because each text brings its own KV cache.",
        "There can be fewer key heads than query heads:",
        "for three texts of 50 tokens, SmolLM2's tensors hold {{ "
        "parallelism/cache_bytes.real_bytes:,}} bytes, and the formula says {{ "
        "parallelism/cache_bytes.formula_bytes:,}}.",
        "Each text brings its own cache",
    )
    left = values("parallelism/cache_bytes")
    assert left.real_bytes == left.formula_bytes == 3 * 50 * 46_080
    layers = smollm2(torch.zeros(2, 7, dtype=torch.long)).cache.layers
    held = sum(layer.keys.nbytes + layer.values.nbytes for layer in layers)
    assert held == 2 * 7 * 2 * left.smollm2_cache  # four bytes here, two in the table
    assert left.smollm2_cache == 23_040
    assert smollm2.config.num_key_value_heads < smollm2.config.num_attention_heads


def test_published_models(values, printed, says):
    says(
        "*Token* is what one token leaves in the cache, in kilobytes.",
        "*Unshared* is what it would leave if every query head had its own key head.",
        "*Equal* is the number of tokens whose cache is as large as all the weights.",
        "Llama 2 7B keeps {{ parallelism/cache_bytes.llama2_cache:,}} bytes for "
        "every token.",
        "After {{ parallelism/cache_bytes.llama2_equal:,}} tokens, the cache is as "
        "heavy as the model.",
        "That is only {{ parallelism/cache_bytes.llama2_texts:.1f}} texts of full "
        "length (4,096 tokens), so a batch of seven long chats needs more memory",
        "{{ parallelism/cache_bytes.saved:.0f}} times less for each token.",
        "tokens is as heavy as Llama 2 7B; with shared key heads, Llama 3 8B needs "
        "{{ parallelism/cache_bytes.llama3_equal:,}}.",
        "Their sizes are published, and the library builds each model without its numbers, "
        "only to count its parameters.",
        "It is not only a matter of space.",
        "(Texts that begin alike can share that part.[^kwon]) With many long texts, most of the "
        "traffic is cache, and a larger batch hardly helps. That was the reason for sharing key "
        "heads in the first place.[^shazeer]",
        "Why does the gain in tokens per second end, even if the arithmetic units are not busy?",
    )
    assert 'with torch.device("meta"):' in (CODE / "cache_bytes.py").read_text("utf-8")
    # Bytes that a step of Llama 2 7B fetches for each token that it writes, by texts in the batch.
    long, heavy = 4096, values("parallelism/answers").weight_bytes

    def traffic(texts: int) -> float:
        return heavy / texts + long * 524_288

    assert long * 524_288 * 64 > 0.9 * 64 * traffic(64), "most of it is cache"
    assert traffic(64) / traffic(128) < 1.05 < traffic(1) / traffic(2), "twice the texts"
    multiply_adds = heavy / 2 + 2 * long * 4096 * 32  # weights, then scores and their averages
    assert multiply_adds / traffic(1024) < values("parallelism/roofline").ridge / 2 / 10
    left = values("parallelism/cache_bytes")
    assert (left.gpt2_cache, left.llama2_cache) == (36_864, 524_288)
    assert left.llama3_cache == 131_072 and left.saved == 4
    table = printed("parallelism/cache_bytes")
    # 124 million, 6.74 and 8.03 billion parameters, as published, in two bytes
    for megabytes in ("| 249 |", "| 13,477 |", "| 16,061 |"):
        assert megabytes in table
    assert 6 < left.llama2_texts < 7, "seven long chats outweigh the model, six do not"
    assert left.llama3_equal > 4 * left.llama2_equal
    assert left.smollm2_equal > 8192, "one text of SmolLM2 never outweighs it"
    plan = GPT2Config()
    assert (plan.n_layer, plan.n_head, plan.n_embd) == (12, 12, 768)
    weights = left.llama2_gigabytes * 1e9
    assert left.llama2_equal * left.llama2_cache == pytest.approx(weights, rel=1e-4)
    assert left.llama2_texts == pytest.approx(left.llama2_equal / 4096, rel=1e-4)
    assert "| Llama 3 8B | 131.1 | 524.3 |" in table, "32 layers, 8 key heads or 32, 128 wide"


def test_a_step_fetches_each_text_s_own_cache(smollm2, says):
    says(
        "In every step the cache must be fetched as well.",
        "A batch shares the weights, but it cannot share the caches, since each text has its own "
        "past.",
        "The weights are fetched once for all. The [caches](#what-the-cache-weighs) cannot be "
        "shared, since each text has its own past.",
    )
    torch.manual_seed(3)
    ids = torch.randint(49_152, (2, 9))
    past = smollm2(ids[:, :8]).cache
    keys = past.layers[0].keys  # (texts, key heads, tokens, width)
    assert not torch.allclose(keys[0], keys[1], atol=0.1), "of two texts"
    before = smollm2(ids[:, 8:], cache=past).logits
    past.crop(-1)
    for layer in past.layers:
        layer.keys[:, :, 0] += 1  # the first token's
    assert not torch.allclose(before, smollm2(ids[:, 8:], cache=past).logits, atol=1e-2)


def test_all_numbers_that_are_timed_have_four_bytes(smollm2, minilm_layer, says):
    says("(The script uses four-byte numbers, as does every time on this page.")
    for model in (smollm2, minilm_layer, torch.nn.GRU(2, 2)):
        assert {weight.dtype for weight in model.parameters()} == {torch.float32}
    timed = {file.stem for file in CODE.glob("*.py") if "import time" in file.read_text("utf-8")}
    assert timed == {"layer_and_rnn", "one_pass", "batching"}
    for name in timed:
        assert "bfloat16" not in (CODE / f"{name}.py").read_text("utf-8")


def test_the_reader_gets_the_library_of_the_book(values, says):
    """A library before it has no argument `cache`, which the pasted program uses."""
    says("(`pip install transformers=={{ hugging_face/versions.version }}`), paste `one_pass.py`")
    version = values("hugging_face/versions").version
    assert f"transformers=={version} " in Path("requirements.txt").read_text("utf-8")
    assert "cache=past" in (CODE / "one_pass.py").read_text("utf-8")


def test_three_ways_to_share_the_work(smollm2, says):
    """Texts, columns of a matrix, or layers: put together, the parts are the whole."""
    says(
        "They are mixed and refined.",
        "A real layer is cut in [Faster](faster.md#one-layer-on-several-devices).",
        "Since ZeRO, of 2019, devices that take other texts need not each keep the whole model.[^zero]",
        "*data parallelism*: each device holds the whole model and takes other texts;",
        "*tensor parallelism*: each device holds a part of every matrix;",
        "*pipeline parallelism*: each device holds some of the layers.",
        "One way to loosen the second chain uses the cheapness of reading.",
        "A small model guesses a few tokens ahead, and the large one reads all guesses in a single pass.",
        "In the simplest form, it keeps them up to the first one that it would not have written.[^leviathan]",
    )
    torch.manual_seed(4)
    x = torch.randn(4, 3, 576)
    one, two = smollm2.model.layers[0].mlp, smollm2.model.layers[1].mlp
    whole = two(one(x))
    assert "sum(attention_part(x, *part) for part in parts)" in Path("snippets/faster/devices.py").read_text("utf-8")
    by_texts = torch.cat([two(one(part)) for part in x.chunk(2)])
    handed_on = one(x)  # by the device that holds the first layers
    W = two.up_proj.weight
    by_columns = torch.cat([handed_on @ part.T for part in W.chunk(2)], dim=-1)
    assert torch.allclose(whole, by_texts, atol=1e-4)
    assert torch.allclose(whole, two(handed_on), atol=1e-4)
    assert torch.allclose(handed_on @ W.T, by_columns, atol=1e-4)


def test_most_of_the_work_of_training_is_large_products(minilm_layer, says):
    """Counted against every number that any other operation writes."""
    says("In training, most of the work is large products.")

    class Others(TorchDispatchMode):
        written = 0

        def __torch_dispatch__(self, call, types, args=(), kwargs=None):
            given = call(*args, **kwargs or {})
            if call.name() not in ("aten::mm", "aten::addmm", "aten::bmm"):
                outputs = given if isinstance(given, tuple | list) else [given]
                self.written += sum(x.numel() for x in outputs if isinstance(x, torch.Tensor))
            return given

    with torch.enable_grad(), FlopCounterMode(display=False) as counter, Others() as others:
        output = minilm_layer(torch.randn(8, 64, 384))
        (output[0] if isinstance(output, tuple) else output).square().sum().backward()
    minilm_layer.zero_grad()
    assert counter.get_total_flops() > 50 * others.written


def test_the_order_of_adding(says):
    says(
        "A matrix product that is cut [into other "
        "pieces](#where-it-breaks-equal-is-not-identical) adds in another order.",
    )
    torch.manual_seed(5)
    x, W = torch.randn(8, 576), torch.randn(576, 64)
    whole, pieces = x @ W, x[:, :288] @ W[:288] + x[:, 288:] @ W[288:]
    assert torch.allclose(whole, pieces, atol=1e-3) and not torch.equal(whole, pieces)


def test_grouping_changes_choices_in_two_bytes_only(values, says):
    says(
        "## Where it breaks: equal is not identical",
        "The next snippet reads the whole story in one pass and in four, with four-byte and with two-byte "
        "numbers.",
        "It counts where the most probable next token is another one.",
        "Model, text and mathematics are the same; only the grouping changed.",
        "All of these places are near ties: the first logit was at most {{ "
        "parallelism/rounding.widest_gap:.1f}} above the second.",
        "Of all places, half have a gap of {{ parallelism/rounding.usual_gap:.1f}} or more. (No logit moved "
        "by more than {{ parallelism/rounding.moved:.1f}}.)",
        "which round much more coarsely. (For use, weights and products of large ones have also been "
        "put into one byte since 2022;[^int8] DeepSeek-V3, of 2024, was in part trained so.[^deepseek])",
        "That is one reason why a chat service can give different answers to the same question "
        "even with [greedy decoding](glossary.md#greedy-decoding): your text was in another "
        "batch. Programs that add in one order for every batch avoid it.[^he]",
        "With four bytes {{ parallelism/rounding.four_bytes }} choices change; with "
        "two bytes it is {{ parallelism/rounding.two_bytes }} of {{ "
        "parallelism/rounding.tokens }}.",
    )
    left = values("parallelism/rounding")
    assert left.four_bytes == 0 and 0 < left.two_bytes < left.tokens / 10
    assert left.widest_gap < left.usual_gap / 2, "near ties"
    assert left.widest_gap < 2 * left.moved, "two logits, each moved by as much, change places"
    # In writing: a step with one text, and the same step in a batch of eight.
    model = AutoModelForCausalLM.from_pretrained("models/smollm2", dtype=torch.bfloat16)
    torch.manual_seed(6)
    ids, rows = torch.randint(49_152, (8, 9)), []
    for batch in (ids[:1], ids):
        past = model(batch[:, :8]).cache
        rows.append(model(batch[:, 8:], cache=past).logits[0, 0].float())
    assert 0.01 < (rows[0] - rows[1]).abs().max() < 2, "another batch, other logits"
    assert torch.finfo(torch.bfloat16).eps > 1000 * torch.finfo(torch.float32).eps, "coarsely"
    code = (CODE / "rounding.py").read_text("utf-8")
    assert "for dtype in (torch.float32, torch.bfloat16):" in code
    assert "one, four = read(model, 1), read(model, 4)" in code and "ids.chunk(parts" in code


def test_answers(values, says):
    says(
        "The recurrent network takes {{ parallelism/answers.rnn_steps:,}} steps",
        "Training takes {{ parallelism/answers.training_passes }} forward pass",
        "hold 32 tokens in 50 places:",
        "so 34 places and {{ parallelism/answers.sorted_by_length:.0%}}.",
        "{{ parallelism/answers.token_bytes:,}} bytes, which is 800 times 1,024:",
        "A full text takes {{ parallelism/answers.text_gigabytes:.2f}} GB, so {{ "
        "parallelism/answers.texts }} fit.",
        "The weights of Llama 2 7B take {{ "
        "parallelism/cache_bytes.llama2_gigabytes:.2f}} GB, and an A100 fetches "
        "2,039 GB a second.",
        "(Of the table of tokens, {{ parallelism/answers.table_gigabytes:.2f}} GB, a pass needs one row.)",
        "A pass for one token fetches all weights but the table once, so divide: {{ "
        "parallelism/answers.single_bound:.1f up}} at most.",
        "Only the bytes become fewer, and not the operations.",
        "so the limit is four times that, {{ parallelism/answers.four_bits_bound:.1f up}}.",
        "The published plain loop reached {{ parallelism/answers.plain_share:.0%}} "
        "of the limit, and the compiled step {{ "
        "parallelism/answers.compiled_share:.0%}}.",
        "**4. A limit on speed.**",
        "The paper is about handing out this memory in small pages, so that a text takes little "
        "more than it uses.",
        "For the same reason, one token at a time should reach a small part of the limit from the "
        "data sheet. The PyTorch team reports such a case for Llama 7B, one text, on an A100: "
        "25.5 tokens a second from a plain loop and 107.0 after the whole step was compiled "
        "into one piece, with a cache of fixed size.[^gptfast]",
    )
    left, roof = values("parallelism/answers"), values("parallelism/cache_bytes")
    assert (left.transformer_passes, left.rnn_steps, left.training_passes) == (200, 1199, 1)
    assert left.mixed == 18 / 50 and left.sorted_by_length == pytest.approx(2 / 34)
    assert left.token_bytes == 800 * 1024
    assert left.texts == 8
    assert left.text_gigabytes * 8 < 14 < left.text_gigabytes * 9
    assert left.weight_bytes / 524_288 == pytest.approx(roof.llama2_equal, rel=1e-4)
    assert 107 < left.single_bound < 160
    assert left.compiled_share == pytest.approx(107 / left.single_bound)
    assert left.weight_bytes == pytest.approx(roof.llama2_gigabytes * 1e9, rel=1e-4)
    plan = LlamaConfig(num_hidden_layers=1, hidden_size=4096, vocab_size=32_000, intermediate_size=8)
    with torch.device("meta"):
        empty = AutoModelForCausalLM.from_config(plan)
    table, head = empty.get_input_embeddings().weight, empty.get_output_embeddings().weight
    assert table is not head, "not shared: nothing else needs the table"
    assert left.table_gigabytes == 2 * table.numel() / 1e9
    fetched = left.weight_bytes - 2 * table.numel()
    assert left.single_bound == pytest.approx(2039e9 / fetched) and left.single_bound > 2039e9 / left.weight_bytes
    assert left.four_bits_bound == pytest.approx(4 * left.single_bound)
    weight = torch.randn(8, 8, generator=torch.Generator().manual_seed(0))
    packed = torch.randint(0, 256, (8, 4), generator=torch.Generator().manual_seed(0)).byte()
    halves = torch.stack([packed & 15, packed >> 4], 2).flatten(1)  # four bits a number
    assert packed.nbytes == weight.bfloat16().nbytes / 4 and halves.shape == weight.shape
    assert left.plain_share == pytest.approx(25.5 / left.single_bound)
    assert left.plain_share < 0.2 and left.compiled_share > 3 * left.plain_share, "a small part"


def test_the_page_gives_no_gpu_time(values, says):
    """The section on GPUs says so; where a GPU is at hand, it must be written anew."""
    says(
        "Every time above comes from a device with the name `{{ "
        "parallelism/one_pass.device }}`.",
        "So **no GPU time of our own stands on this page**",
    )
    assert values("parallelism/one_pass").device == "cpu"
    assert values("parallelism/batching").device == "cpu"


def test_the_steps_of_two_byte_numbers(says):
    """The page tells enough to answer its question on 256 plus 1."""
    says(
        "From 256 on, [numbers of this "
        "kind](#where-it-breaks-equal-is-not-identical) stand two apart.",
        "Eight say which power of two comes before the number.",
        "Seven say how far the number is on the way to the next power of two.",
        "from 1 to 2 they are 1/128 wide, from 256 to 512 they are 2 wide",
    )
    every = torch.arange(2**15, dtype=torch.int32).to(torch.int16).view(torch.bfloat16).double()
    for power, width in ((1, 1 / 128), (256, 2)):
        between = every[(every >= power) & (every <= 2 * power)]
        assert between.diff().tolist() == [width] * 128


def test_what_a_batch_shares(values, smollm2, says):
    """Counted: more texts, as many weights, more multiply-adds. No sentence needs a clock."""
    says(
        "The bytes of weights in a step stay the same, and the multiply-adds grow with the texts.",
        "The measured line rises too, but lies below the dashed line",
        "Where the slope of this core ends, and what else keeps the line below the dashed one, "
        "was not measured.",
        "On the slope a program is *memory-bound*: it waits for bytes.",
        "[*Throughput*](glossary.md#throughput) is the number of tokens per second",
        "[*Latency*](glossary.md#latency) is the time that one reader waits",
        "The dashed line is what you would get if a step with 64 texts took no longer than with "
        "one.",
        "Gain in tokens per second against the number of texts, both axes logarithmic.",
        "SmolLM2, one step of generation with a cache of 3 tokens, one core: tokens per second, "
        "with one text as the unit.",
        "With 8 texts you get {{ parallelism/batching.eight_gain_seconds:.1f}} times the tokens "
        "per second, with 64 texts {{ parallelism/batching.top_gain_seconds:.0f}} times.",
        "There is a price for each single reader: a step with 64 texts takes {{ "
        "parallelism/batching.longer_seconds:.1f}} times as long as a step with one.",
        "A larger batch is better for the first, until a limit is reached, and on our core worse "
        "for the second.",
    )
    says("for a server, the tokens per second of all its texts together.", page="glossary")
    page, code = PAGE.read_text("utf-8"), (CODE / "batching.py").read_text("utf-8")
    assert "at first, then falls" not in page and "about even" not in page
    for line in ('ax.plot(sizes, sizes, "--"', 'xscale="log", yscale="log"',
                 "gain_seconds = [n * step_seconds[0] / t for n, t in zip(sizes, step_seconds)]",
                 "(64, 4)", "past.crop(-1)", "torch.set_num_threads(1)"):  # fmt: skip
        assert line in code
    left = values("parallelism/batching")
    assert 1 < left.eight_gain_seconds < 8 and 1 < left.top_gain_seconds < 64
    assert left.longer_seconds == pytest.approx(64 / left.top_gain_seconds)
    assert left.longer_seconds > 1 < left.top_gain_seconds, "worse for one, better for all"

    layer, counted = smollm2.model.layers[0].mlp, []
    for texts in (1, 8):
        with FlopCounterMode(display=False) as counter:
            layer(torch.zeros(texts, 1, 576))
        counted.append(counter.get_total_flops())
    assert counted[0] == 2 * sum(p.numel() for p in layer.parameters())
    assert counted[1] == 8 * counted[0]


def test_the_questions_predictions(values, says):
    says(
        "`= {{ parallelism/one_byte.busy:.1f}} ± 0.6`",
        "Half the bytes are fetched in half the time, and half as many tokens fill "
        "it.",
        "So 257 has no place, and 256 plus 1 is rounded back to 256, four times.",
    )
    sums, one_byte = values("parallelism/predict"), values("parallelism/one_byte")
    assert (sums.down, sums.up) == (256, 260)
    whole_model = values("parallelism/roofline").ridge
    assert 2 * one_byte.busy == pytest.approx(whole_model, rel=1e-3)
    assert round(2 * one_byte.busy) == 153, "the question states it"


def test_keys_of_the_questions_are_what_came_out(values, says):
    says(
        "- [x] Because they read each other's inputs, and never each other's results.",
        "- [x] Both must fetch all the weights, and that takes longest.",
        "- [x] Each text brings its own cache, which every step must fetch.",
        "- [x] A small model that guesses some tokens ahead, which the large one reads in one pass.",
        "- [x] An answer that says the same in half as many tokens.",
    )
    product = values("parallelism/one_product")
    assert product.equal and product.recurrent_steps == 3
    roof = values("parallelism/roofline")
    assert 50 < roof.ridge and roof.per_byte < 1, "below it, fetching takes longest"
    caches = values("parallelism/cache_bytes")
    assert caches.llama2_texts < 10, "few texts' caches weigh as much as the weights"
    answers = values("parallelism/answers")
    assert answers.transformer_passes == answers.answer, "a pass for each token"
    page = Path("docs/parallelism.md").read_text("utf-8")
    assert re.search(r"guess.{0,400}\[\^\w+\]", page, re.S), "a cited method"
