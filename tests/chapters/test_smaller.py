"""The chapter on fewer bits: blocks read by hand, rounding with its controls, and a student."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from gguf import GGUFReader, dequantize
from transformers import AutoConfig, AutoModel, AutoTokenizer

PAGE = Path("docs/smaller.md")
CODE = Path("snippets/smaller")


pytestmark = pytest.mark.usefixtures("no_grad")


@pytest.fixture(scope="module")
def tensors(book):
    return GGUFReader("models/smollm2-gguf/model.gguf").tensors


def numbers(rows: list[list[str]]) -> dict[str, list[float]]:
    """The numbers of a printed table, by the first cell of their row."""
    return {name: [float(re.sub(r"[,%]", "", cell)) for cell in cells] for name, *cells in rows}


def rounded(weight, levels, size=32):
    blocks = weight.reshape(-1, size)
    least, most = blocks.aminmax(dim=1, keepdim=True)
    scale = (most - least) / (levels - 1)
    return (least + scale * ((blocks - least) / scale).round()).reshape(weight.shape)


def moved(weight, levels, size=32) -> float:
    """The share of the weights that are not where they were, but for rounding."""
    blocks = weight.reshape(-1, size)
    near = 1e-3 * (blocks.amax(1, keepdim=True) - blocks.amin(1, keepdim=True))
    return ((rounded(blocks, levels, size) - blocks).abs() > near).float().mean().item()


def test_the_file_has_every_number(values, tensors, smollm2, says):
    says(
        "SmolLM2 has {{ smaller/file.total:,}} numbers.",
        "As float32, with four bytes each, they take {{ smaller/file.four_bytes:.0f}} MB.",
        "The file from which this book makes the model has {{ smaller/file.file_mb:.0f}} MB.",
        "Nothing was left out: something stands in it for each of the numbers.",
        "Nearly four fifths of the numbers take {{ smaller/file.layer_bits:g}} bits, and the token table "
        "takes {{ smaller/file.table_bits:g}}.",
        "They are so few that they cost nearly nothing.",
        "The rest of the file, {{ smaller/file.rest:.1f}} MB, is the vocabulary and the settings.",
        "SmolLM2's file takes {{ smaller/file.mean_bits:.2f}} bits a number on average, as the "
        "token table is kept in more.",
        "The token table was given more bits than the rest.",
        "`= {{ smaller/file.table_bits:g}} ± 0 bits`",
        "Eight, and 16 bits for 32 numbers are half a bit more.",
    )
    file = values("smaller/file")
    assert file.total == sum(weight.numel() for weight in smollm2.parameters())
    assert file.four_bytes == pytest.approx(4 * file.total / 1e6)
    assert 0.75 < file.share_layers < 0.82
    assert (file.layer_bits, file.table_bits) == (5, 8 + 16 / 32)
    norms = [t for t in tensors if len(t.shape) == 1]
    assert all(t.tensor_type.name == "F32" for t in norms)
    assert sum(t.n_bytes for t in norms) < 0.002 * file.file_mb * 1e6
    kept = {t.name: t for t in tensors}
    for name, matrix in (
        ("token_embd", smollm2.model.embed_tokens),
        ("blk.7.ffn_up", smollm2.model.layers[7].mlp.up_proj),
    ):
        tensor = kept[f"{name}.weight"]
        assert np.array_equal(
            dequantize(tensor.data, tensor.tensor_type), matrix.weight.detach().numpy()
        )
    reader = GGUFReader("models/smollm2-gguf/model.gguf")
    settings = sum(part.nbytes for field in reader.fields.values() for part in field.parts)
    assert 1e6 * file.rest == pytest.approx(settings, rel=0.05)


def test_a_block_by_hand(values, printed, tensors, says):
    says(
        "A block takes 20 bytes: two for the *scale*, two for the *least value*, and 16 bytes for "
        "32 *steps*, two in each byte.",
        "A weight is the least value plus the scale times the step.",
        "(In Q8_0, the other kind in the file, there is no least value: a weight is the scale times "
        "a whole number from −127 to 127.)",
        "The scale and the least value are two numbers of float16.",
        "The first byte behind the scale and the least value is {{ smaller/block.first_byte }}.",
        "Its low half is the first step, {{ smaller/block.first_step }}.",
        "So the first weight is {{ smaller/block.block_least:.4f}} + {{ smaller/block.first_step }} · "
        "{{ smaller/block.block_scale:.4f}}, or {{ smaller/block.first:.4f}}.",
        "One weight is alone on the highest line, and most lie in the lower half.",
        "The 32 numbers share sixteen levels between {{ smaller/block.lowest:.2f}} and "
        "{{ smaller/block.highest:.2f}}.",
        "This block uses {{ smaller/block.used}} of them.",
        "The scale and the least value cost 4 bytes for 32 numbers, which is one bit for each: "
        "that makes {{ smaller/block.bits:g}} bits and not 4.",
        "The library reads the same numbers.",
        "- In Q4_1 a number is a level: the least value of its block of 32, plus the block's "
        "scale times its step. Q8_0 has a scale alone.",
        "1. Take twenty bytes of the row. 2. Read two numbers of float16 from the first four, "
        "and cut each of the others into two steps. 3. Multiply each step by the scale. 4. "
        "Add the least value. So [the program](#one-block-by-hand) reads its block.",
        "Each block has [its own scale and least value](#one-block-by-hand).",
        "Four bytes for 32 numbers: [one bit each](#one-block-by-hand).",
        "Numbers [share a scale](#one-block-by-hand): that is what saves the bits.",
    )
    kept = {t.name: t for t in tensors}["token_embd.weight"]
    scale = kept.data[0, :2].view(np.float16).astype(np.float32)
    by_hand = scale * kept.data[0, 2:34].view(np.int8)
    assert np.array_equal(dequantize(kept.data[:1], kept.tensor_type)[0, :32], by_hand)
    assert np.abs(kept.data.reshape(-1, 34)[:, 2:].view(np.int8).astype(int)).max() == 127
    block = values("smaller/block")
    assert block.same and block.bits == 5 and 8 * 4 / 32 == 1
    steps = [int(n) for n in re.search(r"steps +([\d ]+)", printed("smaller/block"))[1].split()]
    assert steps[0] == block.first_step == block.first_byte & 15
    rounded_sum = round(block.block_least, 4) + block.first_step * round(block.block_scale, 4)
    assert f"{rounded_sum:.4f}" == f"{block.first:.4f}", "as the page adds them"
    assert len(steps) == 32 and set(steps) <= set(range(16)) and block.used == len(set(steps))
    assert steps.count(15) == 1 and sum(step < 8 for step in steps) > 16
    # As the drawing says: these levels, from the least to the greatest, are equally far apart.
    levels = block.lowest + (block.highest - block.lowest) * np.array(steps) / 15
    kept = {t.name: t for t in tensors}["blk.0.ffn_down.weight"]
    assert np.allclose(levels, dequantize(kept.data, kept.tensor_type)[0, :32], atol=1e-6)


def test_each_bit_less_doubles_the_error(values, cells, says):
    says(
        "SmolLM2's file has the rounded numbers only.",
        "Since 2023, llama.cpp has kinds (Q4_K is one) with blocks of blocks, whose scales are "
        "rounded, too.[^gguf]",
        "In the whole model we round every matrix of its layers in blocks of 32 as above, with fewer and fewer bits a step.",
        "(The scale and the least value stay float32.)",
        "the vectors of {{ smaller/errors.texts}} sentences from the news.",
        "The *error* is the length of their difference, as a share of the length of what is exact: the 32 "
        "numbers are taken as one vector.",
        "Of the first two the table has the error, with a matrix as one long vector. Of the last it has the "
        "[cosine](glossary.md#cosine-similarity) with the exact vectors.",
        "With 8 bits, the vectors have a cosine of "
        "{{ smaller/errors.mean_8:.4f}} with the exact ones.",
        "With 4 bits, the weights are off by {{ smaller/errors.weight_4:.1%}} of their length, and the "
        "product by {{ smaller/errors.product_4:.1%}}.",
        "The cosine is {{ smaller/errors.mean_4:.2f}} on average, {{ smaller/errors.lowest_4:.2f}} in the "
        "worst sentence.",
        "From 6 bits down, each bit less about doubles the error of the weights, because the levels stand "
        "about twice as far apart.",
        "In all {{ smaller/errors.count }} matrices it becomes {{ smaller/errors.lowest_factor:.1f}} to {{ "
        "smaller/errors.highest_factor:.1f}} times as large.",
        "Of the single weights of the first matrix, {{ smaller/errors.half_off:.0%}} are off by more than half "
        "of themselves at 4 bits. With 2 bits the mean cosine is {{ smaller/errors.mean_2:.2f}}; two "
        "different sentences have {{ smaller/errors.strangers:.2f}}.",
        "- In each matrix of MiniLM's layers, one bit less about doubles the error of the "
        "weights.",
        "GPTQ, of 2022, rounds one weight after the other and lets those that are not yet rounded "
        "make up for the error, as it is measured on sample texts.[^gptq]",
        "gpt-oss, of 2025, was published with most of its weights in blocks, at 4.25 bits each.[^gptoss]",
    )
    run = values("smaller/errors")
    table = numbers(cells("smaller/errors"))
    weights = {int(bits): row[0] for bits, row in table.items()}
    assert list(weights) == [8, 6, 5, 4, 3, 2]
    for bits in (6, 5, 4, 3):
        assert 1.8 < weights[bits - 1] / weights[bits] < 2.5
    # Only the distance of the levels changes, and the error is a fixed share of it.
    shares = [weights[bits] * (2**bits - 1) for bits in (6, 5, 4, 3, 2)]
    assert max(shares) < 1.05 * min(shares)
    means = [row[2] for row in table.values()]
    assert means == sorted(means, reverse=True) and run.mean_8 > 0.999
    assert run.lowest_4 < run.mean_4 < run.mean_8 and run.mean_2 < 0.5
    # These weights had more than the levels of any row of the table: float32, as they came.
    weight = AutoModel.from_pretrained("models/minilm").encoder.layer[0].output.dense.weight
    assert len(torch.unique(weight[0])) > 256
    first = AutoModel.from_pretrained("models/minilm").encoder.layer[0].attention.self.query.weight
    off = (rounded(first, 16) - first).abs() / first.abs()
    assert (off > 0.5).float().mean().item() == pytest.approx(run.half_off, abs=1e-4)
    assert run.count == 36 and 1.9 < run.lowest_factor < run.highest_factor < 2.4
    assert run.strangers < run.mean_2 < 0.5
    code = (CODE / "errors.py").read_text("utf-8")
    assert "model.encoder.modules() if isinstance(m, torch.nn.Linear)" in code


def test_one_large_number_costs_what_shares_its_scale(values, cells, says):
    says(
        "For about the same bytes, the steps of a row can have 5 bits.",
        "Put one large number into each row of a matrix, ten times as large as the row's largest.",
        "Then measure the error of *all other* numbers: with one scale a row, at 4 bits and at 5, "
        "and in blocks at 4 bits.",
        "First, the weights as they are. Here the bit is better spent on the steps: a row at 5 bits has an error of {{ "
        "smaller/outlier.row_5:.1%}}, the blocks have {{ smaller/outlier.block:.1%}}.",
        "With one scale for the row at 4 bits, all others pay for it: their error rises from {{ "
        "smaller/outlier.row:.1%}} to {{ smaller/outlier.row_large:.1%}}, and at 5 bits to {{ "
        "smaller/outlier.row_5_large:.1%}}.",
        "The levels must reach up to it: at 4 bits, each of the 15 gaps is more than two thirds of what was the "
        "row's largest number. The others lie at most twice that number apart, so they share at most four levels.",
        "With blocks, the damage stays in one block.",
        "There the error is {{ smaller/outlier.same_large:.1%}}; the other blocks have {{ "
        "smaller/outlier.block_large:.1%}} as before.",
        "One large number spoils what shares its scale.",
        "Small blocks keep the damage small.",
        "The others share a few of the sixteen levels.",
        "The levels must reach [the large one](#why-blocks).",
        "It is an end of the range, so it is [kept well](#why-blocks).",
        "{{ smaller/outlier.block:.1%}} of error instead of {{ smaller/outlier.row:.1%}} [at 4 bits]"
        "(#why-blocks).",
    )
    run = values("smaller/outlier")
    table = numbers(cells("smaller/outlier"))
    assert list(table) == ["as it is", "one made large"]
    assert run.row_large > 5 * run.row and run.same_large > 5 * run.block
    assert f"{run.block_large:.1%}" == f"{run.block:.1%}"
    weight = AutoModel.from_pretrained("models/minilm").encoder.layer[2].intermediate.dense.weight
    large = weight.clone()
    large[:, 100] = 10 * weight.abs().amax(dim=1)
    new = rounded(large, 16, 384)
    assert torch.allclose(new[:, 100], large[:, 100], rtol=1e-4)
    gap = (large.amax(dim=1) - large.amin(dim=1)) / 15
    most, others = weight.abs().amax(dim=1), torch.cat([weight[:, :100], weight[:, 101:]], 1)
    assert (large.amin(dim=1) < 0).all() and (gap > 2 / 3 * most).all()
    assert (others.amax(dim=1) - others.amin(dim=1) <= 2 * most).all()
    used = [len(torch.unique(row)) for row in torch.cat([new[:, :100], new[:, 101:]], 1)]
    assert run.row_5 < run.block < run.row < run.row_5_large
    assert max(used) <= 4 < 16, "of the sixteen levels"
    assert run.block < run.row


def test_a_few_real_numbers_spoil_the_rows(values, cells, says):
    says(
        "Round all {{ smaller/row_or_blocks.count }} matrices of MiniLM's layers, and compare the vectors of the {{ smaller/row_or_blocks.texts }} sentences with the exact ones.",
        "Then keep the {{ smaller/row_or_blocks.kept }} of {{ smaller/row_or_blocks.numbers:,}} numbers that are more than 15 times as large as the root mean square of their row; in the control, as many others of the same rows.",
        "By the weights, rows are nearer in {{ smaller/row_or_blocks.nearer }} of {{ smaller/row_or_blocks.count }} "
        "matrices. And yet the vectors are far worse: their cosine is {{ smaller/row_or_blocks.mean_rows:.2f}}, "
        "with blocks {{ smaller/row_or_blocks.mean_blocks:.2f}}. With the {{ smaller/row_or_blocks.kept }} large numbers "
        "kept, rows have {{ smaller/row_or_blocks.mean_large:.2f}}, with others {{ smaller/row_or_blocks.most_others:.2f}}. "
        "So a few real numbers make the rows bad here.",
        "Rows with finer steps were nearer in most of MiniLM's matrices, but a few large weights made its vectors worse.",
        "The [outlier](glossary.md#outlier) of [the whole model](architecture.md#two-layers-for-one-token) is no weight, "
        "but an [activation](glossary.md#activation). In 2022 such outliers were found to spoil large models when "
        "activations are rounded, too, and a way around them was shown.[^int8]",
    )
    run, table = values("smaller/row_or_blocks"), numbers(cells("smaller/row_or_blocks"))
    assert run.count == 36 and run.nearer == table["rows, 5 bits"][0] > 0.8 * run.count
    assert run.mean_blocks == pytest.approx(values("smaller/errors").mean_4, abs=1e-3), "the same blocks"
    assert run.mean_rows < run.mean_blocks - 0.15 and abs(run.most_others - run.mean_rows) < 0.03
    assert run.mean_large > run.mean_blocks and run.kept < 20 < run.numbers / 1e5
    # Whatever counts as large: on other texts, and from 8 to 20 times what is usual.
    tokenizer, model = (kind.from_pretrained("models/minilm") for kind in (AutoTokenizer, AutoModel))
    lines = Path("models/rated-sentences/news.tsv").read_text("utf-8").splitlines()[405:1000:40]
    batch = tokenizer([line.split("\t")[1] for line in lines], padding=True, return_tensors="pt")
    linear = [m for m in model.encoder.modules() if isinstance(m, torch.nn.Linear)]
    exact = [m.weight.data for m in linear]

    def vectors(change):
        for matrix, weight in zip(linear, exact):
            matrix.weight.data = change(weight)
        states = model(**batch).last_hidden_state * batch.attention_mask[..., None]
        return torch.nn.functional.normalize(states.sum(1), dim=-1)

    def rows(times):
        def change(weight):
            large = weight.abs() > times * weight.square().mean(1, keepdim=True).sqrt()
            return rounded(weight.masked_fill(large, 0), 32, weight.shape[1]).where(~large, weight)

        return vectors(change)

    whole = vectors(lambda weight: weight)
    near = {times: (rows(times) * whole).sum(-1).mean() for times in (8, 12, 20, 1000)}
    blocks = (vectors(lambda weight: rounded(weight, 16)) * whole).sum(-1).mean()
    assert near[1000] < blocks - 0.15 and min(near[8], near[12]) > blocks > near[20] - 0.02 > near[1000] + 0.1


def test_more_bits_are_worse_where_the_levels_do_not_meet(values, printed, smollm2, says, cells):
    says(
        "Now SmolLM2. Its weights have been rounded to 16 levels already, so this asks what "
        "*another* rounding does.",
        "With the weights as the file has them, the [perplexity](glossary.md#perplexity) is {{ "
        "smaller/fewer.exact_loss:.0f}}.",
        "The model reads {{ smaller/fewer.texts }} sentences from the news.",
        "With 4 bits nothing changes: the sixteen levels are the ones that are there.",
        "But with *5* bits, {{ smaller/fewer.blocks_5:.1%}} of the {{ smaller/fewer.tokens}} first choices "
        "are others, and the perplexity is {{ smaller/fewer.loss_5:.0f}}.",
        "Each of the {{ smaller/fewer.texts }} texts has a higher loss.",
        "Both have the same ends, and 15 and 31 have no common divisor but 1.",
        "So between the ends, none of the old levels is among the new ones, and the weights move.",
        "(With 33 levels none is either, and about [half as many](#try-it) choices change.)",
        "With 8 bits all of them are: {{ smaller/fewer.levels_8}} levels have 255 gaps, and 255 is 17 times "
        "15.",
        "With 3 bits the perplexity rises to {{ smaller/fewer.loss_3:,.0f}}, and {{ "
        "smaller/fewer.blocks_3:.0%}} of the first choices change.",
        "A whole row with one scale changes {{ smaller/fewer.rows_4:.0%}} of them at 4 bits already.",
        "Rounding a rounded model again can hurt, even with more bits.",
        "With thirty-two levels a block, [many choices changed]"
        "(#fewer-bits-for-a-model-that-writes).",
        "31 levels have 30 gaps, twice 15, so each old level is among them.",
        "The error is {{ smaller/exercises.fit_levels:.1%}}.",
        "With 32 levels it is {{ smaller/exercises.other_levels:.1%}} of the weights' length, and "
        "{{ smaller/exercises.others_32 }} of {{ smaller/exercises.tokens }} first choices are others. With one "
        "level more, {{ smaller/exercises.others_33 }} are.",
        "More levels, and nearly all weights move: the new levels lie [between the old ones]"
        "(#fewer-bits-for-a-model-that-writes).",
        "Only the ends of each block are levels in both.",
        "(That the blocks change none there is no merit of theirs: they are the blocks that the "
        "file was made with. At 5 bits the two are alike.)",
        "Fewer bits for a model that writes",
    )
    run, rows = values("smaller/fewer"), numbers(cells("smaller/fewer"))
    assert run.loss_5 > run.exact_loss and run.dearer_5 == run.texts == 8
    assert run.blocks_4 == run.blocks_8 == 0 < 0.2 < run.blocks_5
    assert run.loss_3 > 3 * run.exact_loss and rows["5"][1] == pytest.approx(rows["5"][3], abs=3)
    assert rows["5"][0] == pytest.approx(rows["5"][2], rel=0.1)
    assert run.loss_3 > 3 * run.exact_loss and run.blocks_3 > 0.5 > 0.3 > run.rows_8
    assert run.rows_4 > 0.5 and run.levels_8 == 256 and 255 == 17 * 15
    # What decides is whether the old levels are among the new: one level less, and nothing moves.
    weight = smollm2.model.layers[3].mlp.gate_proj.weight
    assert all(moved(weight, levels) == 0 for levels in (16, 31, 256))
    assert all(moved(weight, levels) > 0.85 for levels in (15, 17, 30, 32))
    assert math.gcd(15, 31) == 1 and 255 % 15 == 0
    assert set(np.arange(1, 15) / 15) & set(np.arange(1, 20) / 20), "20 is no multiple of 15 either, and they meet"
    assert not set(np.arange(1, 15) / 15) & set(np.arange(1, 31) / 31)
    answers = values("smaller/exercises")
    assert not set(np.arange(1, 15) / 15) & set(np.arange(1, 32) / 32), "33 levels share none either"
    assert moved(weight, 33) > 0.85 and answers.others_32 == round(run.blocks_5 * answers.tokens)
    assert answers.others_16 == 0 and 0.35 < answers.others_33 / answers.others_32 < 0.65
    assert answers.same_levels < 1e-6 and answers.fit_levels < 1e-6 < 0.03 < answers.other_levels
    assert "16 levels: 0%" in printed("smaller/predict")
    assert int(re.search(r"32 levels: (\d+)%", printed("smaller/predict"))[1]) > 85


def test_few_texts_say_little(values, cells, says):
    says(
        "The texts are few, so a difference of one in a hundred says nothing. (At 8 bits, the rows change "
        "{{ smaller/fewer.rows_8:.1%}} of the first choices, and the perplexity hardly.)",
    )
    exact, rows = values("smaller/fewer").exact_loss, numbers(cells("smaller/fewer"))["8"][2]
    assert abs(exact - rows) <= 0.02 * exact and values("smaller/fewer").rows_8 > 0.03


def test_sixteen_bits(values, printed, says):
    says(
        "Two kinds of sixteen-bit numbers are in wide use. Apart from its sign, a number has an *exponent*, "
        "which gives the range, and a *fraction*, which gives the digits.",
        "`float16` has 5 bits for the exponent and 10 for the fraction, so it keeps more digits.",
        "`bfloat16` has 8 for the exponent, as many as float32, and 7 for the fraction.",
        "So it has the range of float32 and fewer digits. From one power of two to the next, a fraction of $n$ "
        "bits makes $2^n$ equal steps.",
        "In bfloat16, the next number after 256 is {{ smaller/floats.brain_next:g}}.",
        "There is no 257.",
        "How far is it from 256 to the next number (the column *next after 256*)?",
        "PyTorch rounds the number first, so a bfloat16 tensor that holds 256 is `== 257`.",
        "And still only {{ smaller/floats.brain_changed}} of {{ smaller/floats.tokens}} first "
        "choices of SmolLM2 change.",
        "There the two best logits were {{ smaller/floats.brain_gap:.2f}} apart at most, and "
        "{{ smaller/floats.usual_gap:.1f}} at the median of all places.",
        "bfloat16 has the range of float32, and between 256 and 512 its numbers stand two apart.",
        "Its largest number is about as large as that of float32.",
        "It has no 257.",
        "Fewer: the [next number after 1](#sixteen-bits) is farther away.",
        "Rounding the weights changed [very few](#sixteen-bits).",
        "Where *activations* are kept in bfloat16 too, ties appear and [a cache can change "
        "the text](decoder.md#the-cache-in-two-byte-numbers).",
    )
    run = values("smaller/floats")
    assert "next after 256 |" in (CODE / "floats.py").read_text("utf-8") and run.brain_step == 2
    assert run.brain_next == 258 and torch.tensor(257.0).bfloat16().item() == 256
    assert torch.tensor(256.0).bfloat16() == 257 != torch.tensor(256.0).bfloat16().item()
    assert run.brain_changed < 0.02 * run.tokens and run.half_changed < 0.02 * run.tokens
    assert run.brain_gap < run.usual_gap / 3
    brain, half, full = map(torch.finfo, (torch.bfloat16, torch.float16, torch.float32))
    assert (half.eps, brain.eps) == (2**-10, 2**-7), "bits of the fraction"
    assert (256 / run.half_step, 256 / run.brain_step) == (2**10, 2**7), "steps from 256 to 512"
    assert brain.smallest_normal == full.smallest_normal == 2**-126, "the exponent"
    assert half.smallest_normal == 2**-14 and 0.9 < brain.max / full.max <= 1 and half.max < 1e-30 * full.max
    cached = values("decoder/cache_bfloat16")
    assert cached.shared > 0 and cached.two_bytes < cached.four_bytes


def test_a_product_of_blocks_as_they_lie(values, says):
    says(
        "Fewer bytes take away no step: a text is still [written token by token]"
        "(parallelism.md#reading-is-parallel-writing-is-not).",
        "How one pass can give several tokens is told in [Faster](faster.md).",
        "Here $m$ is the least value of a block, $s$ its scale and $q_j$ are its steps.",
        "The sum of the $x_j$ is the same for every row of the matrix, so it is made once.",
        "The result is the same.",
        "If it goes block by block, it reads the bytes as they lie; {{ smaller/product.times:.1f}} times as "
        "many would be read as float32.",
        "The file lies in the page's memory as it came, and for up to three tokens its blocks are multiplied as they "
        "are. For more, twenty-four rows at a time become float32, and serve them all.",
        "A block can be [multiplied as it lies](#a-product-of-blocks).",
        "To write a token, a model like SmolLM2 reads each of its weights once, and [the "
        "bytes set a limit to the speed](parallelism.md#bytes-not-operations).",
    )
    run = values("smaller/product")
    assert run.same and run.times == run.as_floats / run.read == 32 / 5
    m, s, q, x = 0.3, 0.1, np.arange(16), np.random.default_rng(1).normal(size=16)
    assert ((m + s * q) * x).sum() == pytest.approx(m * x.sum() + s * (q * x).sum())
    kernel = Path("docs/assets/live/engine/kernel.js").read_text("utf-8")
    assert "rows of 4-bit or 8-bit blocks are multiplied as they" in kernel
    assert "twenty-four rows at a time become float32, and each serves them all" in kernel
    assert "const AT_ONCE = 24;" in kernel and "const FEW = { Q4_1: 3," in kernel
    assert "## Bytes, not operations" in Path("docs/parallelism.md").read_text("utf-8")
    assert values("faster/speculate").two_passes < values("faster/speculate").two, "several tokens a pass"


def test_a_student_of_fewer_layers(values, printed, says):
    says(
        "There is another way: not fewer bits for a number, but fewer numbers.",
        "Three lines over the layers kept, from none to six.",
        "The vectors fitted to the teacher are nearer to it than the vectors as they are until all "
        "six layers are kept; those fitted to other sentences stay low.",
        "With three of six layers, the fitted vectors have a cosine of "
        "{{ smaller/distill.half_kept:.2f}}, instead of {{ smaller/distill.half_plain:.2f}} as "
        "they are.",
        "One vector for all texts, the mean of the teacher's 800, has hardly less: "
        "{{ smaller/distill.one_for_all:.2f}}. The control is {{ smaller/distill.most_control:.2f}} at most.",
        "But most of it needs no layer: from the embeddings alone it is "
        "{{ smaller/distill.none_kept:.2f}}.",
        "this does not show how good one could become.",
        "MiniLM was first made in a similar way: with twelve layers, it learned to imitate the attention of "
        "a larger model.[^minilm] Then every second layer was left out.[^half]",
    )
    lines = printed("smaller/distill").splitlines()[1:4]
    plain, taught, control = ([float(n) for n in re.findall(r"\d\.\d+", line)] for line in lines)
    assert (
        taught[0] > 0.8 * taught[3]
        and all(t > p + 0.2 for t, p in zip(taught[:6], plain))
        and plain[6] == 1
    )
    run = values("smaller/distill")
    floor = run.one_for_all  # what needs no text at all
    assert max(control) < floor < plain[3] < floor + 0.06
    assert taught[0] - floor > 0.6 * (taught[3] - floor), "most of it needs no layer"
    assert run.most_control == pytest.approx(max(control), abs=0.006) and max(control) < min(taught)
    assert taught == sorted(taught) and run.none_kept == pytest.approx(taught[0], abs=0.006)
    layers = AutoConfig.from_pretrained("models/minilm").num_hidden_layers
    assert layers == 6 == len(plain) - 1


def test_the_exercises(values, smollm2, says):
    says(
        "{{ smaller/exercises.halves:.0f}} MB, and {{ smaller/exercises.blocks:.0f}} MB: five bits "
        "a number, without vocabulary and settings.",
        "{{ smaller/exercises.changed}} of {{ smaller/exercises.tokens}} first choices become "
        "others.",
    )
    run = values("smaller/exercises")
    assert run.halves == pytest.approx(2 * run.numbers / 1e6)
    assert run.blocks == pytest.approx(run.numbers * 5 / 8 / 1e6) and run.bits_block == 5
    assert 0.1 * run.tokens < run.changed < 0.3 * run.tokens
    assert smollm2.lm_head.weight is smollm2.model.embed_tokens.weight


def test_wrong_options_are_wrong(values, says):
    says(
        "One of its numbers is ten times as large as the largest of the others.",
        "Only the large number is rounded badly.",
        "Nothing, since each number has its own scale.",
        "Nothing; they only change the order of the bytes.",
        "Twice the time, because everything is unpacked first.",
        "A worse result with as many bits for a step.",
        "It keeps more digits than float16.",
        "With it, most of SmolLM2's first choices become others.",
    )
    text = PAGE.read_text("utf-8")
    outlier, floats = values("smaller/outlier"), values("smaller/floats")
    assert outlier.row_large > outlier.row, "so it is the others, and not nothing"
    assert values("smaller/block").bits > 4 and values("smaller/product").same
    assert torch.finfo(torch.bfloat16).eps > torch.finfo(torch.float16).eps
    assert floats.brain_changed < floats.tokens / 2
    right = re.findall(r"- \[x\] (.*)", text)
    assert right == [
        "The others share a few of the sixteen levels.",
        "One bit more for each number, or nearly.",
        "Its largest number is about as large as that of float32.",
        "It has no 257.",
    ]


def test_keys_of_the_questions_are_what_came_out(values, says):
    says(
        "- [x] The others share a few of the sixteen levels.",
        "- [x] One bit more for each number, or nearly.",
        "- [x] Its largest number is about as large as that of float32.",
        "- [x] It has no 257.",
    )
    weight = torch.randn(8, 384, generator=torch.Generator().manual_seed(0))
    weight[:, 7] = 10 * weight.abs().amax(dim=1)
    new = rounded(weight, 16, 384)
    assert max(len(torch.unique(row)) for row in torch.cat([new[:, :7], new[:, 8:]], 1)) < 8
    assert values("smaller/block").bits == 4 + 1
    assert torch.finfo(torch.bfloat16).max > 0.9 * torch.finfo(torch.float32).max
    assert torch.tensor(257.0).bfloat16().item() == 256


def test_more_bits_leave_a_smaller_error(values, book, printed, says):
    says(
        "Thirty-two points near thirty-two short lines. Each point lies on one of sixteen levels, at most half"
        " a step from its line.",
        "First, one block of 32 of its weights.",
        "The more bits, the smaller the error: {{ smaller/steps.one_bit:.0%}} of the exact block's length with"
        " one bit, {{ smaller/steps.four_bits:.0%}} with four, and {{ smaller/steps.eight_bits:.1%}} with eight. (With"
        " one bit, each weight becomes the least or the largest. Zeros in their place would be nearer.)",
    )
    found, slider = values("smaller/steps"), book.outcome("smaller/steps").slider
    assert slider["positions"][slider["shown"]]["at"] == "4"
    bits = [int(one["at"]) for one in slider["positions"]]
    assert bits == sorted(bits) and {1, 4, 8} < set(bits)
    exact = AutoModel.from_pretrained("models/minilm").encoder.layer[0].output.dense.weight[0, :32]
    made = {n: rounded(exact, 2**n) for n in bits}
    errors = [((made[n] - exact).norm() / exact.norm()).item() for n in bits]
    assert errors == sorted(set(errors), reverse=True) and errors[0] > 1, "all zeros would be off by 1"
    for n, error in zip(bits, errors):
        assert f"{2**n} levels, error {error:.1%}" in str(slider)
    assert (found.one_bit, found.four_bits, found.eight_bits) == pytest.approx(
        [errors[bits.index(n)] for n in (1, 4, 8)], rel=1e-4
    )
    assert sorted({*made[1].tolist()}) == pytest.approx([exact.min().item(), exact.max().item()], abs=1e-6)
    step = (exact.max() - exact.min()) / 15
    assert (made[4] - exact).abs().max() <= step / 2 + 1e-6 and len(made[4].unique()) <= 16
