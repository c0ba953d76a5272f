"""The chapter on parallelism: counts, bytes and equality. No times are asserted."""

import math
import re

import pytest
import torch
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer, GPT2Config


@pytest.fixture(scope="module", autouse=True)
def no_grad():
    with torch.no_grad():
        yield


@pytest.fixture(scope="module")
def smollm2(book):
    return AutoModelForCausalLM.from_pretrained("models/smollm2")


@pytest.fixture(scope="module")
def story_ids(book):
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    text = open("snippets/parallelism/story.txt").read()
    return tokenizer(text, return_tensors="pt").input_ids


def test_three_positions_are_one_product(values, printed, says):
    says(
        "Check the second row in your head: it is 3 times the first row of $W$.",
        "The loop takes {{ parallelism/one_product.loop_steps }} steps, the product "
        "{{ parallelism/one_product.product_steps }}, and the numbers are the same:",
        "So three workers can compute the three rows and never speak to each other.",
    )
    left = values("parallelism/one_product")
    assert left.equal and (left.loop_steps, left.product_steps) == (3, 1)
    assert left.recurrent_steps == 3
    # "the second row is 3 times the first row of W"
    assert "[3.0, -3.0]" in printed("parallelism/one_product")
    # h₃ is built on h₂, h₂ on h₁
    assert "[[1.0, 0.762], [0.998, -0.989], [0.987, 0.466]]" in printed("parallelism/one_product")


def test_a_linear_recurrence_need_not_wait(says):
    """Three rounds of merged pairs end where eight steps end; with tanh around, they do not."""
    says("Nor must every recurrence wait.")
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


def test_the_layer_mixes_inputs_and_the_rnn_waits(values, printed, says):
    says(
        "Its opponent is a recurrent network of the same width",
        "The layer starts {{ parallelism/layer_and_rnn.layer_products }} products, "
        "for 16 positions as for 256:",
        "{{ parallelism/layer_and_rnn.rnn_products }} at 256 positions.",
        "At that length the GRU does {{ parallelism/layer_and_rnn.less_work:.0%}} of "
        "the layer's work, because the layer's attention scores come on top.",
        "But it still starts {{ parallelism/layer_and_rnn.batch_products }} products "
        "one after the other for 64 positions.",
    )
    left = values("parallelism/layer_and_rnn")
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


def test_one_pass_gives_the_logits_of_256(values, smollm2, story_ids, says):
    says(
        "So SmolLM2 can read 256 [tokens](glossary.md#token) in one pass",
        "The result must be the same.",
        "The [logits](glossary.md#logit) agree to rounding, and the favorite next "
        "token is the same at {{ parallelism/one_pass.same_choice }} of {{ "
        "parallelism/one_pass.tokens }} positions.",
        "One way is a single pass; the other is {{ parallelism/one_pass.passes }} "
        "passes,",
        "and each but the last is an exercise with a known answer",
        "{{ parallelism/one_pass.exercises }} exercises in this one pass.",
        "In the real model they agreed to rounding",
        "Passes of other shapes give the same numbers to rounding, not to the last "
        "bit.",
    )
    left = values("parallelism/one_pass")
    assert left.tokens == left.passes == left.same_choice == 256
    assert left.exercises == 255
    assert left.difference < 1e-5 * left.largest
    # A prefix alone gives the same as the prefix in a longer text, and not by being trivial.
    ids = story_ids[:, :40]
    whole, prefix = smollm2(ids).logits[:, :20], smollm2(ids[:, :20]).logits
    assert torch.allclose(whole, prefix, atol=1e-3)
    assert not torch.allclose(whole[:, :19], whole[:, 1:], atol=1)
    assert left.difference > 0, "not to the last bit"


def test_intensity_is_half_the_tokens(values, printed, smollm2, says):
    says(
        "Yet both ways do the same number of multiply-adds with the weights.",
        "Then each is used once for every token.",
        "For a single token, the GPU gets {{ parallelism/roofline.per_byte:.1f}} "
        "multiply-adds from each byte",
        "Nothing is skipped: there is [fifty times](#bytes-not-operations) as much "
        "arithmetic.",
    )
    left = values("parallelism/roofline")
    matrices = sum(p.numel() for p in smollm2.parameters() if p.dim() == 2)
    assert left.single == matrices, "each weight once, the shared table as the head"
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
        "SmolLM2 in two-byte numbers: an upper limit for tokens per second, computed "
        "from the data sheet of an A100.",
        "divided by the bytes of the weights, here {{ "
        "parallelism/roofline.one_bound:,.0f}} tokens a second.",
        "The slope ends where fetching takes as long as computing: two bytes for "
        "each weight, against two operations for each weight and token.",
        "On this GPU, that is {{ parallelism/roofline.ridge:.0f}} tokens.",
        "{{ parallelism/roofline.top_bound:,.0f}} tokens a second at most for "
        "SmolLM2.",
    )
    left = values("parallelism/roofline")
    assert left.one_bound == pytest.approx(2039e9 / left.weight_bytes)
    assert left.top_bound == pytest.approx(312e12 / (2 * left.single))
    # P cancels: the corner is the ratio of the two speeds, 153 (the alt text names it)
    assert left.ridge == pytest.approx(312e12 / 2039e9, rel=0.001)
    assert round(left.ridge) == 153
    assert left.weight_bytes == 2 * left.parameters


def test_a_batch_gives_each_text_its_own_answer(smollm2, says):
    says(
        "Texts in a batch never look at each other.",
    )
    torch.manual_seed(1)
    ids = torch.randint(49_152, (4, 16))
    together = smollm2(ids).logits[:, -1]
    alone = torch.cat([smollm2(row[None]).logits[:, -1] for row in ids])
    assert torch.allclose(together, alone, atol=1e-3)
    assert together.shape == (4, 49_152)


def test_padding_is_counted(values, says):
    says(
        "On the left the hatched part, padding, covers more than half of the area.",
        "In the order of the story, {{ parallelism/padding.wasted_as_they_come:.0%}} "
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
        "*Token* is what one token leaves in the cache, in kilobytes, and *unshared* "
        "what it would leave if every query head had its own key head.",
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
    )
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


def test_grouping_changes_choices_in_two_bytes_only(values, says):
    says(
        "With four bytes {{ parallelism/rounding.four_bytes }} choices change; with "
        "two bytes it is {{ parallelism/rounding.two_bytes }} of {{ "
        "parallelism/rounding.tokens }}.",
    )
    left = values("parallelism/rounding")
    assert left.four_bytes == 0 and 0 < left.two_bytes < left.tokens / 10


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
        "so divide: at most {{ parallelism/answers.single_bound:.0f}}.",
        "so four times that, {{ parallelism/answers.four_bits_bound:.0f}}:",
        "The published plain loop reached {{ parallelism/answers.plain_share:.0%}} "
        "of the limit, and the compiled step {{ "
        "parallelism/answers.compiled_share:.0%}}.",
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
    assert left.single_bound == pytest.approx(2039e9 / left.weight_bytes)
    assert left.four_bits_bound == pytest.approx(4 * left.single_bound)
    assert left.plain_share == pytest.approx(25.5 / left.single_bound)


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
        "eight say which power of two comes before the number, and seven say how far the "
        "number is on the way to the next power of two.",
        "from 1 to 2 they are 1/128 wide, from 256 to 512 they are 2 wide",
    )
    every = torch.arange(2**15, dtype=torch.int32).to(torch.int16).view(torch.bfloat16).double()
    for power, width in ((1, 1 / 128), (256, 2)):
        between = every[(every >= power) & (every <= 2 * power)]
        assert between.diff().tolist() == [width] * 128


def test_what_a_batch_shares(values, smollm2, says):
    """Counted: more texts, as many weights, more multiply-adds. No sentence needs a clock."""
    says(
        "the bytes of weights in a step stay the same, while the multiply-adds grow with the texts",
        "The measured line rises too, but lies below the dashed line",
        "One reason why the line lies below the dashed one:",
        "How much of the factor each explains was not measured.",
        "On the slope a program is *memory-bound*: it waits for bytes.",
        "[*Throughput*](glossary.md#throughput) is the number of tokens per second",
        "[*Latency*](glossary.md#latency) is the time that one reader waits",
    )
    with open("docs/parallelism.md", encoding="utf-8") as file:
        page = file.read()
    assert "at first, then falls" not in page and "about even" not in page
    from torch.utils.flop_counter import FlopCounterMode

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
