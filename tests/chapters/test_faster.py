"""The chapter on faster writing: what each way counts, and what it must equal."""

import re
from pathlib import Path

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DeepseekV2Config,
    DeepseekV3Config,
    FalconConfig,
    GptOssConfig,
    MistralConfig,
)

from snippets.shared.read_once import read_once

PAGE = Path("docs/faster.md")
CODE = Path("snippets/faster")


pytestmark = pytest.mark.usefixtures("no_grad")


def numbers(text: str) -> list[float]:
    """The numbers of a line, without commas."""
    return [float(n.replace(",", "")) for n in re.findall(r"\d[\d,]*\.?\d*(?:e-?\d+)?", text)]


def test_the_guesses_change_no_token(values, printed, smollm2, says):
    says(
        "Where a way must change nothing, the section holds it to what it must equal.",
        "The page counts passes, bytes and multiplications, and no seconds.",
        "The {{ faster/speculate.two }} tokens of the two sentences took {{ faster/speculate.two_passes }} passes.",
        "The first {{ faster/speculate.new }} tokens about the octopus took {{ faster/speculate.new_passes }}: "
        "no guess was right.",
        "The last two rows are sentences from the news.",
        "In each row the tokens are those of plain writing, one by one.",
        "A wrong guess costs work, and no letter of the text, unless two choices are so near that rounding decides. "
        "In four bytes a number that is rare; in two, passes of other widths round so differently that "
        "[{{ decoder/cache_bfloat16.parting }} of {{ decoder/cache_bfloat16.texts }} texts part]"
        "(decoder.md#the-cache-in-two-byte-numbers) within {{ decoder/cache_bfloat16.written }} tokens.",
        "Checked guesses change nothing but rounding: greedy, in numbers of four bytes, the tokens were the same in "
        "all texts; drawn, the distribution is.",
        "The library can do it too, with `prompt_lookup_num_tokens=4`.[^lookup]",
        "The text is [the same](#see-it-happen), whatever is guessed.",
        "It takes [all up to the first wrong one](#see-it-happen).",
        "The third guess is wrong, so the first pass gives [two guesses and one number](#see-it-happen) of the "
        "model's own.",
        "The target takes one guess a pass at most.",
        "If all four are right, a token of the model's own follows them.",
        "A round, made up: two guesses are right.",
        "The third word is the model's own, and what it says behind a wrong guess (dashed) is dropped.",
    )
    run = values("faster/speculate")
    lines = printed("faster/speculate").splitlines()[1:]
    assert len(lines) == 5 and all(line.split()[2] == "True" for line in lines)
    news = Path("models/rated-sentences/news.tsv").read_text("utf-8").splitlines()
    assert all(text.split("\t")[1][:10] in line for text, line in zip(news[:2], lines[3:], strict=True))
    assert 0 < values("faster/shared_start").most_off < 1e-3, "a pass of other length rounds otherwise"
    for name in ("speculate", "exact", "pieces", "shared_start", "devices"):
        assert re.search(r"equal|off|== plain", (CODE / f"{name}.py").read_text("utf-8")), name
    assert "ids += choices[: right + 1]" in (CODE / "speculate.py").read_text("utf-8")
    assert run.two_passes < run.two / 2 and run.new_passes == run.new, "one token a pass: none right"
    for code in CODE.glob("*.py"):
        assert not re.search(r"\bimport time\b|perf_counter|process_time", code.read_text("utf-8"))
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    asked = f"Write these two sentences again: {run.robot} {run.rain}"
    assert run.new == 40 and tokenizer.eos_token == "<|im_end|>"
    chat = [{"role": "user", "content": asked}]
    prompt = tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False)
    batch = tokenizer(prompt, return_tensors="pt")
    plain = smollm2.generate(**batch, max_new_tokens=run.two, do_sample=False)
    assert f"{run.robot} {run.rain}<|im_end|>" in tokenizer.decode(plain[0]), "both are whole"
    looked_up = smollm2.generate(
        **batch, max_new_tokens=run.two, do_sample=False, prompt_lookup_num_tokens=4
    )
    assert torch.equal(plain, looked_up)
    # One pass of five tokens beside five of one: what rounding does, in four bytes and in two.
    short, off = values("decoder/cache_bfloat16"), {}
    assert short.four_bytes == short.texts == short.two_bytes + short.parting and short.parting > 1
    for dtype in (torch.float32, torch.bfloat16):
        model = AutoModelForCausalLM.from_pretrained("models/smollm2", dtype=dtype)
        begun, row = plain[:, :-5], plain[0, -5:]
        wide, narrow = (model(begun).cache for _ in range(2))
        together = model(row[None], cache=wide).logits[0]
        apart = [model(token[None, None], cache=narrow).logits[0, 0] for token in row]
        off[dtype] = (together - torch.stack(apart)).abs().max().item()
    assert off[torch.float32] < 1e-3 < 0.05 < off[torch.bfloat16], "two near choices may change places"
    first = printed("faster/predict").splitlines()
    assert first[0] == "[1, 2, 3]" and first[-1] == "3 passes"
    # Passes counted on the finished text are those of the run.
    ids, done, passes = plain[0].tolist(), batch.input_ids.shape[1], 0
    while done < len(ids):
        guessed, right = [], 0
        for size in (1, 2):
            for end in range(size, done):
                if ids[end - size : end] == ids[done - size : done]:
                    guessed = ids[end : min(end + 4, done)]
        while right < len(guessed) and ids[done + right : done + right + 1] == [guessed[right]]:
            right += 1
        done, passes = done + right + 1, passes + 1
    assert passes == run.two_passes


def test_the_words_are_counted(values, cells, smollm2, says):
    says(
        "The MB are the weights and the [cache](glossary.md#kv-cache), each fetched once.",
        "All four fetch about the same: the weights.",
        "The decode of one text has {{ faster/words.one:.1f}} multiply-adds for each byte.",
        "On a chip that can do more than that while it fetches a byte, this pass is "
        "[memory-bound](glossary.md#memory-bound).",
        "To check four guesses fetches hardly more than to write one token.",
        "For each gigabyte that is fetched, eight texts together get {{ faster/words.eight_tokens:.0f}} "
        "tokens, and one text alone gets {{ faster/words.one_tokens:.1f}}.",
        "But each reader waits for {{ faster/words.longer:.2f}} times as many bytes per token: the caches of the "
        "others are fetched as well.",
        "In a dense model, to write one token fetches all weights, and to check several guesses fetches "
        "hardly more.",
        "(The prefill makes logits at all 100 places here. To write on, those of the last would do.)",
        "There a check may fetch more, for each guess can choose other experts.",
        "So right guesses save bytes.",
        "Plainly written, a text takes one pass of the decoder for each token.",
        "In a *dense* model each token uses all weights; SmolLM2 is one.",
        "There, for each pass [all weights are fetched](parallelism.md#bytes-not-operations).",
        "In the last three, each text has 100 tokens in the cache already.",
        "Where bytes set the speed, both can be read off the table.",
        "So the last column, the [arithmetic intensity](glossary.md#arithmetic-intensity), grows with the "
        "number of tokens in a pass.",
    )
    run = values("faster/words")
    assert run.weights == sum(weight.numel() for weight in smollm2.parameters())
    assert run.one_mb < run.check_mb < 1.001 * run.one_mb and run.eight_mb < 1.1 * run.one_mb
    assert run.first_mb == pytest.approx(run.one_mb, rel=0.001) and run.TEXT == 100
    assert run.one < run.check < run.eight < run.prefill
    # By hand: weights of two bytes, and of each token a key and a value in 30 layers.
    each = 2 * 2 * 30 * 3 * 64
    assert 1e6 * run.one_mb == 2 * run.weights + 101 * each
    assert 1e6 * run.eight_mb == 2 * run.weights + 8 * 101 * each
    assert run.longer == pytest.approx(run.eight_mb / run.one_mb) and run.longer > 1
    work = {row[0]: numbers(row[2])[0] for row in cells("faster/words")}
    products = run.weights - 61 * 576  # the scales of the norms are in no matrix
    assert work["decode: one token"] == round((products + 2 * 30 * 9 * 64 * 101) / 1e6)
    assert run.eight_tokens > 7 * run.one_tokens
    assert work["prefill: read the prompt"] == round((100 * products + 2 * 30 * 9 * 64 * 100 * 100) / 1e6)
    assert not hasattr(smollm2.config, "num_experts") and smollm2(torch.zeros(1, 9).long()).logits.shape[1] == 9
    # Of 64 experts each token chooses its own six: five tokens need more of them than one.
    chosen = torch.rand(5, 64, generator=torch.Generator().manual_seed(0)).topk(6).indices
    assert chosen.unique().numel() > 6


def test_places_are_filled(values, printed, says):
    says(
        "Here {{ faster/places.count }} answers, of {{ faster/places.shortest }} to {{ faster/places.longest }} "
        "tokens, want four places.",
        "In [continuous batching](glossary.md#continuous-batching) the next text enters at once.[^orca]",
        "The same tokens take {{ faster/places.passes_once }} passes, and not {{ faster/places.passes_group }}.",
        "The mean wait falls, too, from {{ faster/places.mean_group:.0f}} passes to {{ faster/places.mean_once:.0f}}.",
        "With four places, no order needs fewer than {{ faster/places.least }}: all tokens, divided by four.",
        "If the answers stood sorted by their lengths, groups of four would take "
        "{{ faster/places.passes_sorted }} passes. But nobody knows how long an answer will be before "
        "it is written.",
        "An answer *waits* from the first pass of all until its own last token.",
    )
    run = values("faster/places")
    assert run.least <= run.passes_once < run.passes_group and run.mean_once < run.mean_group
    assert run.least == -(-run.tokens // 4) and run.used_once > run.used_group
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    lines = Path("models/rated-sentences/news.tsv").read_text("utf-8").splitlines()
    lengths = [len(tokenizer(line.split("\t")[1]).input_ids) for line in lines[:400:10]]
    assert (len(lengths), min(lengths), max(lengths)) == (run.count, run.shortest, run.longest)
    # Pass by pass, in place of the sums of the program.
    waiting, places, passes = lengths[::-1], [0] * 4, 0
    while waiting or any(places):
        places = [left or (waiting.pop() if waiting else 0) for left in places]
        places, passes = [max(left - 1, 0) for left in places], passes + 1
    assert passes == run.passes_once
    assert run.passes_sorted == sum(sorted(lengths)[3::4]) < (run.passes_once + run.passes_group) / 2


def test_what_is_read_once_changes_no_token(smollm2, says):
    says("What all prompts begin with is read once, as [below](#one-beginning-for-many), by `snippets/shared/read_once.py`:")
    says("What all prompts begin with is read once, by `snippets/shared/read_once.py`:", page="adapting")
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    texts = [f"<|endoftext|>Once upon a time there was {one}" for one in ("a dog", "an old and tired king", "snow")]
    batch = read_once(smollm2, tokenizer, texts)
    assert batch["cache"].get_seq_length() == 7 and (batch["attention_mask"] == 0).sum() > 3
    width = batch["input_ids"].shape[1]
    rows = smollm2.generate(**batch, max_new_tokens=6, do_sample=False)[:, width:]
    for text, row in zip(texts, rows):
        alone = tokenizer(text, return_tensors="pt")
        assert torch.equal(smollm2.generate(**alone, max_new_tokens=6, do_sample=False)[0, -6:], row)


def test_guesses_out_of_the_text_need_repetition(values, cells, says):
    says(
        "The same guesses, on {{ faster/ngrams.texts }} sentences from the news, of 8 to 12 words, and two tasks.",
        "The model writes as usual, 24 tokens at most, and the program counts how many passes these guesses would "
        "have needed.",
        "When the model is asked to write the sentence again, a pass gives {{ faster/ngrams.again:.2f}} "
        "tokens.",
        "In the best text it gives {{ faster/ngrams.highest_again:.1f}}.",
        "In the worst it gives {{ faster/ngrams.lowest_again:.0f}}: this small model does not always repeat "
        "it.",
        "When it is asked what the sentence is about, a pass gives {{ faster/ngrams.about:.2f}}.",
        "If you ask a model to write a sentence again, the answer is in the question.",
    )
    run = values("faster/ngrams")
    assert run.texts >= 20 and run.again > 1.4 > 1.2 > run.about >= 1
    code = (CODE / "ngrams.py").read_text("utf-8")
    assert "max_new_tokens=24" in code and "8 <= len(text.split()) <= 12" in code
    assert run.lowest_again == 1, "no guess was right: a repeated sentence gives right ones"
    assert run.highest_again > 2 > run.highest_about
    for _, tokens, passes, *mean in cells("faster/ngrams"):
        assert float(mean[0]) == pytest.approx(int(tokens) / int(passes), abs=0.006)


def test_a_dear_draft_loses(values, cells, smollm2, says):
    says(
        "*Agree* is the share of tokens at which the draft's first choice is the target's, over {{ "
        "faster/drafts.count }} texts.",
        "*Lowest* and *highest* are single texts.",
        "*Per pass* is the number of tokens that come out for each pass of the target.",
        "Which draft gains: in which row is *read* below 1?",
        "None of the three.",
        "(The paper on this kind of draft gains with larger models; a search chose which layers to leave "
        "out.[^draft])",
        "Others add a small trained part to the target: heads on its states in Medusa (2024),[^medusa] a module "
        "for further tokens in DeepSeek-V3 (2024).[^deepseek3]",
        "*Read* is what both fetch for each token, where plain writing has 1.",
        "A round is one pass of the target and four of the draft, so it is $1 + 4 \\cdot \\text{cost}$, divided "
        "by *per pass*.",
        "Without layer 20, the draft agrees at {{ faster/drafts.agree_one:.0%}} of the tokens, and a pass of the "
        "target gives {{ faster/drafts.tokens_one:.1f}} of them.",
        "But the four passes of the draft cost nearly four of the target.",
        "So both together read {{ faster/drafts.read_one:.2f}} times as much as plain writing.",
        "For greedy guesses this is what the first paper calls *acceptance rate*.[^leviathan]",
        "A draft must be cheap: it gains if it costs less than the share of all its guesses that is kept. (vLLM "
        "logs this share, lower than *agree*, as the acceptance rate.[^vllm]) Without layers 18 to 21, with four guesses, it "
        "is {{ faster/drafts.even_four:.2f}}, and the draft costs {{ faster/drafts.cost_four:.2f}}.",
        "In one of the first papers, a model of 11 billion numbers has a draft of 77 million.[^leviathan]",
        "Without [layer 11](architecture.md#two-layers-for-one-token) only {{ faster/drafts.agree_sink:.0%}} agree.",
        "Refused guesses waste multiplications. Where these set the speed, as they may with many texts in a batch, "
        "guessing does not help.[^leviathan]",
        "A draft that costs nearly as much as the target loses, even if it agrees most of the time.",
        "A draft agrees with the target at three of four tokens, and with it more bytes are read than in plain "
        "writing.",
        "- [x] A pass of the draft costs nearly as much as a pass of the target.",
        "Four passes of [that draft](#a-smaller-model-as-the-draft) cost nearly four of the target.",
    )
    run = values("faster/drafts")
    table = cells("faster/drafts")
    assert run.count >= 20 and all(float(row[-1]) > 1 for row in table), "none gains"
    assert run.agree_one > 0.7 > 0.6 > run.agree_sink and run.tokens_one > 2
    cost_one = 1 - run.each / run.numbers
    assert run.read_one == pytest.approx((1 + 4 * cost_one) / run.tokens_one) and 0.95 < cost_one < 1
    # The target multiplies for all five tokens of a pass, and keeps fewer, even of a draft that costs nothing.
    assert all(float(row[5]) < 1 + 4 for row in table)
    assert 1 + 4 * run.even_four == pytest.approx(run.tokens_four) and run.even_four < run.cost_four
    for name, agree, low, high, _, tokens, cost, read in table:
        assert numbers(low)[0] <= numbers(agree)[0] <= numbers(high)[0], name
        kept = (float(tokens) - 1) / 4  # of all guesses: a pass gives those kept, and one more
        assert kept < numbers(agree)[0] / 100, "behind a wrong guess nothing is kept"
        for dear in (float(cost), 0.9 * kept, 1.1 * kept):
            assert ((1 + 4 * dear) / float(tokens) < 1) == (dear < kept)
        assert float(read) == pytest.approx((1 + 4 * float(cost)) / float(tokens), abs=0.05)
    layer = sum(weight.numel() for weight in smollm2.model.layers[0].parameters())
    assert run.cost_four == pytest.approx(1 - 4 * layer / smollm2.num_parameters())


def test_the_rule_gives_the_target(values, printed, says):
    says(
        "Drawn, and still the same",
        "It needs no factor, for what is refused is as large as what is lacking: a word is refused with the "
        "probability $1 - \\sum_x \\min(p(x), q(x))$, and $\\sum_x \\max(0, p(x) - q(x))$ is the same number, for the "
        "two sums add up to $\\sum_x p(x) = 1$.",
        "If the target gives it as much as the draft or more, it is kept.",
        "If the target gives it half as much, it is kept in half of the cases.",
        "The first part is *drawn and kept*: $q(x)$ times the probability above.",
        "The second is *refused and drawn again*.",
        "All {{ faster/exact.texts }} texts have exactly the probability that the target gives them.",
        "With the other rule one of them is off by {{ faster/exact.most_off:.0%}} of its probability.",
        "For the drafts above, the column *overlap* has its mean over the places of the greedy texts.",
        "A first guess is kept with the probability $\\sum_x \\min(p(x), q(x))$, which is "
        "{{ faster/exact.kept_share:.2f}} for these two made-up models.",
        "- [x] From what the draft gives too little of.",
        "Drawn, each text kept [the target's probability](#drawn-and-still-the-same).",
        "Then the texts [do not come out](#drawn-and-still-the-same) as the target would write them.",
        "A word to which the draft [gives nothing](#drawn-and-still-the-same) would never come.",
        "Kept and refused words together then have [the target's probabilities](#drawn-and-still-the-same).",
        "- [x] Refused words that are drawn from the target again.",
        "[Other probabilities](#drawn-and-still-the-same) come out.",
    )
    run = values("faster/exact")
    says("But for rounding, greedy text stays, and what is drawn keeps its probability.", page="glossary")
    drafts = (CODE / "drafts.py").read_text("utf-8")
    assert "do_sample=False" in drafts and "torch.minimum(logits.softmax(-1), target).sum(-1).mean()" in drafts
    assert run.equal and not run.equal_unfair and run.texts == 3**4 and run.most_off > 0.1
    # The same with a thousand words.
    p, q = torch.rand(2, 1000, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).softmax(-1)
    kept, lack = torch.minimum(p, q), (p - q).clamp(min=0)
    assert torch.allclose(1 - kept.sum(), lack.sum())
    ratio = (p / q).clamp(max=1)
    assert torch.allclose(q * ratio, kept) and (ratio[p >= q] == 1).all()
    assert torch.allclose(kept + (1 - kept.sum()) * lack / lack.sum(), p, atol=1e-15)
    assert not torch.allclose(kept + (1 - kept.sum()) * p, p, atol=1e-5)
    q[7] = 0
    assert torch.minimum(p, q)[7] == 0 < p[7], "kept words alone never give it"


def test_pieces_are_the_whole(values, printed, says):
    says(
        "Carry three things from piece to piece: the largest score so far $m$, the sum of the exponentials "
        "$\\sum e^{s-m}$, and $\\sum e^{s-m} v$, in which each exponential is multiplied by its value.",
        "If a larger score comes, both sums are multiplied by $e^{m_\\text{old} - m_\\text{new}}$, which is "
        "below one: they shrink.",
        "For $e^{s - m_\\text{old}}$ times this factor is $e^{s - m_\\text{new}}$.",
        "At the end, the third thing divided by the second is the result.",
        "Softmax divides by the sum of a whole row, and that sum is known only at the end of the row.",
        "(The largest score is subtracted so that no exponential becomes too large. It changes no weight.)",
        "With 512 keys in pieces of any of these sizes, the result differs by {{ faster/pieces.single:.0e}} at most "
        "in float32, and by {{ faster/pieces.double:.0e}} in float64: rounding, and nothing else.",
        "Without the shrinking it is off by {{ faster/pieces.forgotten:.0f}}.",
        "Softmax can be summed in pieces, if what was summed shrinks when a larger score comes.",
        "- [x] The result, by rounding only.",
        "The [largest difference](#attention-in-pieces) in float64 is tiny.",
        "All scores are [computed](#attention-in-pieces), a piece at a time.",
    )
    run = values("faster/pieces")
    assert run.single < 1e-3 and run.double < 1e-12 < 1 < run.forgotten
    assert run.by_hand == pytest.approx(run.at_once, abs=1e-12)
    scores = torch.tensor([1.0, 2, 3, 4]).double()
    assert torch.allclose((scores - 2).exp() * torch.tensor(2.0 - 4).double().exp(), (scores - 4).exp())
    assert torch.tensor(100.0).exp().isinf() and (scores - scores.max()).exp().max() == 1
    weights = scores.softmax(-1)
    assert torch.allclose((scores - 4).softmax(-1), weights)
    assert run.by_hand == pytest.approx((weights @ torch.tensor([10.0, 20, 30, 40]).double()).item())


def test_bytes_of_pieces(values, cells, says):
    says(
        "Take a head of width 64, two bytes a number, and a fast memory of {{ faster/traffic.FAST:,}} bytes "
        "beside a slow one that holds everything.",
        "An A100's has 192 KB, which are also its L1 cache.[^ampere])",
        "In half of the fast memory, {{ faster/traffic.ROWS }} queries and their sums, 64 numbers each, can stay; a sum has "
        "four bytes a number.",
        "*At once* multiplies in the same way, but writes and reads the square.",
        "All keys and values pass through the other half, a few at a time.",
        "Its last column has *at once* first.",
        "In pieces, from {{ faster/traffic.least:.0f}} to {{ faster/traffic.most:.0f}} times fewer bytes move.",
        "Without a mask, the two products (queries with keys, weights with values) need as many multiply-adds as "
        "before, and the shrinking a few more. (Under a causal mask, pieces that are all masked can be left out: "
        "nearly half.[^flash2])",
        "So each byte serves more of them.",
        "This is for a prompt that is read, all queries at once.",
        "In a decode pass there is one query and its scores are a row: at once moves "
        "{{ faster/traffic.one_query:.2f}} times as many bytes as in pieces.",
        "And the square need not be kept: at 65,536 tokens it would have {{ faster/traffic.square_gb:.1f}} GB for "
        "one head.",
        "Attention in pieces, here without a mask, moves fewer bytes.",
        "It needs fewer multiplications.",
        "It needs [a few more](#attention-in-pieces), for the shrinking.",
    )
    run = values("faster/traffic")
    stay = run.ROWS * (64 * 2 + 64 * 4 + 2 * 4)  # queries, sums of values, largest scores and sums
    with_60 = 60 * (2 * 64 * 2 + run.ROWS * 4)  # keys, values, scores
    assert stay + with_60 <= run.FAST < stay + 2 * with_60 and run.FAST < 192_000
    shrinking = (64 + 1) / (2 * 60 * 64)  # for each query and piece of 60 keys
    assert 0 < shrinking < 0.01 and "result * old" in (CODE / "pieces.py").read_text("utf-8")
    assert run.one_query == pytest.approx((2 * 64 + 2 * run.n * 64 + 4 * run.n) / (2 * 64 + 2 * run.n * 64))
    assert 1 < run.one_query < 1.05
    assert run.square_gb == 2 * 65536**2 / 1e9
    times = [float(row[3]) for row in cells("faster/traffic")]
    assert times == sorted(times) and times[0] > 2 and run.least == times[0]
    for row in cells("faster/traffic"):
        whole, pieces = numbers(row[4])
        assert pieces > whole
    # With a causal mask, 16 queries and 16 keys at a time: the pieces that are left out.
    query, key, value = torch.randn(3, 512, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    hidden = torch.full((512, 512), -torch.inf).double().triu(1)
    masked, computed = ((query @ key.T + hidden).softmax(-1) @ value).split(16), 0
    for n, (rows, wanted) in enumerate(zip(query.split(16), masked)):
        most, total, mixed = torch.full((16, 1), -torch.inf).double(), 0, 0
        for at in range(0, 16 * (n + 1), 16):  # those behind are left out
            scores = rows @ key[at : at + 16].T + hidden[16 * n : 16 * n + 16, at : at + 16]
            new = torch.maximum(most, scores.amax(-1, keepdim=True))
            old, shares, computed = (most - new).exp(), (scores - new).exp(), computed + 1
            total, most = total * old + shares.sum(-1, keepdim=True), new
            mixed = mixed * old + shares @ value[at : at + 16]
        assert torch.allclose(mixed / total, wanted)
    assert 0.45 < 1 - computed / 32**2 < 0.5, "nearly half"
    n = 1024  # by hand: both read keys and values in each round; at once moves the square four times as well
    rounds = -(-n // run.ROWS)
    pieces = 2 * (2 * n * 64 + rounds * 2 * n * 64)
    whole = pieces + 2 * 4 * n * n
    assert times[1] == pytest.approx(whole / pieces, abs=0.06)


def test_caches_are_what_the_formula_says(values, cells, says):
    says(
        "Three kinds of attention differ in how many heads the keys and values have:",
        "*multi-head*: each query [head](glossary.md#head) has its own key head and value head;",
        "[grouped](glossary.md#grouped-query-attention): some query heads share one;[^gqa]",
        "[multi-query](glossary.md#multi-query-attention): all share one.[^shazeer]",
        "In each decode pass the [KV cache](decoder.md#the-kv-cache) is fetched, and it grows with the text.",
        "So fewer numbers per token are fewer bytes in each pass.",
        "The three differ in one number, and [by the formula](parallelism.md#what-the-cache-weighs) the cache is "
        "in proportion to it: {{ "
        "faster/caches.most_bytes:,}}, {{ faster/caches.grouped_bytes:,}} and {{ "
        "faster/caches.least_bytes:,}} bytes for ten tokens.",
        "The result is the library's, which unfolds the latents in each pass.",
        "Our lines never do.",
        "A score is the product of a query $q$ with a key $U c$, and $q \\cdot (U c) = (U^\\top q) \\cdot c$.",
        "So the matrix that would unfold a key goes to the query instead. The values go likewise: the weights mix "
        "the latents, and the matrix for the values is applied to the mix.",
        "Latent and short key take {{ faster/latent.times:.1f}} times fewer bytes than keys and values. But latents "
        "are long: for each pair of tokens, a head of DeepSeek-V2 makes {{ faster/configs.pair:.1f}} times as many "
        "products as with keys and values. So vLLM unfolds them in the prefill, not in the decode.[^vllm]",
        "The KV cache goes with the number of key heads, or with the width of a latent.",
        "A rotation by the place would stand between $q$ and $U$, another one for each place.",
        "Then the matrix could no longer go to the query.[^deepseek2]",
        "So what comes out of the latent is not rotated: the short key is there for that. Its product with a part "
        "of the query, rotated too, is added to the score.",
    )
    says(
        "Attention that keeps one short vector per token, which could be unfolded into keys and values, and a short "
        "rotated key.",
        page="glossary",
    )
    run, latent = values("faster/caches"), values("faster/latent")
    for row in cells("faster/caches"):
        kept, off, formula, tensors = numbers(" ".join(row[1:]))
        assert off < 1e-14 and formula == tensors == 2 * 10 * kept * 16 * 8
    assert run.most_off < 1e-14 and run.most_bytes == 3 * run.grouped_bytes == 6 * run.least_bytes
    assert latent.off < 1e-14 and latent.tensors == latent.formula < latent.unfolded
    assert latent.times == latent.unfolded / latent.tensors
    v2 = DeepseekV2Config()
    unfolded = v2.qk_nope_head_dim + v2.qk_rope_head_dim + v2.v_head_dim  # a score, and its value
    moved = 2 * v2.kv_lora_rank + v2.qk_rope_head_dim
    assert values("faster/configs").pair == moved / unfolded and v2.kv_lora_rank > v2.qk_nope_head_dim
    code = (CODE / "latent.py").read_text("utf-8")
    assert "kv_b_proj(" not in code, "it is never unfolded"
    assert "scores = moved @ latent.T + query_turned[0] @ key[0].mT" in code
    assert "mixed = weights @ latent @ to_value.mT" in code, "first the mix, then the matrix"
    generator = torch.Generator().manual_seed(0)
    q, c = torch.randn(16, generator=generator), torch.randn(8, generator=generator)
    unfold = torch.randn(16, 8, generator=generator)
    assert torch.allclose(q @ (unfold @ c), (unfold.T @ q) @ c, atol=1e-5)
    turn = torch.linalg.qr(torch.randn(16, 16, generator=generator))[0]  # rotated by its place
    assert not torch.allclose(q @ turn @ unfold @ c, (unfold.T @ q) @ c, atol=0.1)


def test_published_configurations(values, says):
    says(
        "The next table has models that were published in 2023 and 2024.[^llama2][^llama3][^falcon][^deepseek2]"
        "[^deepseek3]",
        "The last column compares a layer with multi-head attention of as many heads of the same width.",
        "Whether a model gets worse by it can only be seen by training both.",
        "The papers have compared (2023, 2024);[^gqa][^deepseek2] we have not.",
        "A cache is bounded if each token looks at the last $w$ tokens only: a [sliding window]"
        "(glossary.md#sliding-window).",
        "The first Mistral 7B, of 2023, was trained so, with 4,096 tokens.[^mistral]",
        "In gpt-oss (2025), every other layer has a window, of 128 tokens.[^gptoss]",
        "At 32,768 tokens its cache has {{ faster/configs.window_gb:.2f}} GB and not "
        "{{ faster/configs.full_gb:.2f}}.",
        "`= {{ faster/configs.llama3:,.0f}} ± 0 bytes`",
        "Keys and values: $2 \\cdot 32 \\cdot 8 \\cdot 128 \\cdot 2$.",
        "With [32 key heads](#what-a-token-leaves-behind) it would be four times as many.",
    )
    run, earlier = values("faster/configs"), values("parallelism/cache_bytes")
    assert run.llama3 == 2 * 32 * 8 * 128 * 2 == run.llama2 / 4 == earlier.llama3_cache
    assert run.llama2 == earlier.llama2_cache
    v2 = re.search(r'"DeepSeek-V2": \((.*)\)', (CODE / "configs.py").read_text("utf-8"))[1]
    _, heads, width, *kept = map(int, v2.split(", "))
    assert heads == width == 128 and sum(kept) == 2.25 * 2 * width, "as its paper says"
    v3, falcon, mistral = DeepseekV3Config(), FalconConfig(), MistralConfig()
    kept = v3.kv_lora_rank + v3.qk_rope_head_dim
    assert run.deepseek3 == 2 * v3.num_hidden_layers * kept and v3.num_attention_heads == 128
    width = falcon.hidden_size // falcon.num_attention_heads
    assert falcon.multi_query and run.falcon == 2 * falcon.num_hidden_layers * 2 * width
    each = 2 * 2 * mistral.num_hidden_layers * mistral.num_key_value_heads * 128
    assert 1e9 * run.full_gb == 32768 * each
    oss = GptOssConfig()
    assert oss.layer_types == ["sliding_attention", "full_attention"] * (len(oss.layer_types) // 2)
    assert oss.sliding_window == 128
    assert 1e9 * run.window_gb == mistral.sliding_window * each and mistral.sliding_window == 4096


def test_the_first_tokens_are_needed(values, printed, says):
    says(
        "SmolLM2 reads {{ faster/window.count }} texts from the news behind the start token, in five ways.",
        "In the first way, each token sees everything before it.",
        "In the four others, each token sees 16 tokens at most:",
        "*window*: itself and the 15 before it;",
        "*first 4*: four of the 16 are always the start token and the three behind it;",
        "*4 others*, the control: four of the 16 are always the ninth to the twelfth token;",
        "*first 1*: one of the 16 is always the start token.",
        "The [loss](glossary.md#loss) is the mean over the last 20 tokens.",
        "They are together up to the twelfth token.",
        "Then that of the window with four others rises steeply, and a little later that of the window; the two "
        "with the first token stay near the curve of everything.",
        "With the window alone the loss rises from {{ faster/window.all_loss:.1f}} to "
        "{{ faster/window.window_loss:.1f}}, in each of the texts.",
        "With the first four tokens kept it is {{ faster/window.first_loss:.1f}}, though as few tokens are seen.",
        "Four others are not enough: {{ faster/window.other_loss:.1f}}, better than the window in "
        "{{ faster/window.other_better }} texts. (Beside the four, only the last 12 tokens are seen: the start token "
        "is out of sight from the thirteenth token on, and in the window from the seventeenth.)",
        "The start token alone is enough: {{ faster/window.one_loss:.1f}}.",
        "With the start token kept, {{ faster/window.one_worse }} of the {{ faster/window.count }} texts still "
        "have a higher loss than with everything.",
        "a model that was trained with one may do without the rest.",
        "Xiao and others found this in several models, and keep four tokens for it.[^sink]",
        "SmolLM2 breaks with a window of 16 tokens alone.",
        "With the first token kept it loses far less.",
        "- [x] A window, in a model that was trained without one.",
        "Its [loss](#a-window-and-the-first-tokens) rises from {{ faster/window.all_loss:.1f}} to "
        "{{ faster/window.window_loss:.1f}}.",
    )
    says(
        "A mask by which each token sees a fixed number of tokens up to itself. The cache of such a layer stops "
        "growing.",
        page="glossary",
    )
    run = values("faster/window")
    table = [line.rsplit(None, 5) for line in printed("faster/window").splitlines()[1:]]
    worse, better = ({row[0].strip(): int(row[n]) for row in table} for n in (4, 5))
    assert better["window, 4 others"] == run.other_better < 7
    # By chance, seven or eight of eight would come once in 28 times.
    assert worse["window, first 1"] == run.one_worse >= 7
    assert better["window, first 4"] == better["window, first 1"] == run.count
    assert run.TOKENS - 1 - (run.WINDOW + 12) == 20 and run.one_loss - run.all_loss < 0.3 * (
        run.window_loss - run.all_loss
    )
    assert run.count == 8 == worse["window"] == worse["window, 4 others"]
    lost, kept = run.window_loss - run.all_loss, run.first_loss - run.all_loss
    assert lost > 1.5 and 0 < kept < 0.3 * lost
    assert run.other_loss - run.all_loss > 0.6 * lost, "the control"
    assert (run.WINDOW, run.FIRST) == (16, 4)
    code = (CODE / "window.py").read_text("utf-8")
    assert '"<|endoftext|>" +' in code and "(place >= 8) & (place < 8 + FIRST)" in code
    place = torch.arange(run.TOKENS)
    back = place[:, None] - place
    past = back >= 0
    fewer = past & (back < run.WINDOW - run.FIRST)
    first = fewer | past & (place < run.FIRST)
    window = past & (back < run.WINDOW)
    others = fewer | past & (place >= 8) & (place < 12)
    assert torch.equal(others[:12], past[:12]) and not torch.equal(others[12], past[12])
    assert others[:12, 0].all() and not others[12:, 0].any() and window[:16, 0].all() and not window[16:, 0].any()
    assert torch.equal(window[:16], past[:16]) and not torch.equal(window[16], past[16])
    assert torch.equal(first[:16], window[:16]) and first.sum(1).max() == window.sum(1).max() == 16


def test_the_place_of_the_first_token_counts(values, smollm2, says):
    says(
        "With *the* or a dot there it is as good: [the place counts, not the word]"
        "(masked_self_attention.md#what-must-a-decoder-see)."
    )
    run = values("faster/window")
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    lines = Path("models/rated-sentences/news.tsv").read_text("utf-8").splitlines()
    news = [line.split("\t")[1] for line in lines]
    texts = [" ".join(news[n : n + 12]) for n in range(0, 1200, 150)]  # those of the snippet
    rest = torch.tensor([row[: run.TOKENS - 1] for row in tokenizer(texts).input_ids])
    place = torch.arange(run.TOKENS)
    back = place[:, None] - place
    window = (back >= 0) & (back < run.WINDOW)
    kept = (back >= 0) & ((back < run.WINDOW - 1) | (place < 1))
    for word in "the", ".":
        (first,) = tokenizer(word).input_ids
        ids = torch.cat([torch.full((len(rest), 1), first), rest], 1)
        loss = []
        for seen in window, kept:
            mask = torch.where(seen, 0.0, -torch.inf).expand(len(ids), 1, -1, -1)
            logits = smollm2(ids, attention_mask=mask, use_cache=False, logits_to_keep=21).logits[:, :-1]
            loss.append(torch.nn.functional.cross_entropy(logits.mT, ids[:, -20:], reduction="none").mean(1))
        assert (loss[1] < loss[0] - 0.5).all(), "in each text, far below the window alone"
        assert abs(loss[1].mean() - run.one_loss) < 0.1, word


def test_a_beginning_is_shared(values, says):
    says(
        "Many texts begin alike: chats with the same [system text](glossary.md#system-text), questions about "
        "a document with the document.",
        "The keys and values of the beginning depend on nothing [behind it]"
        "(masked_self_attention.md#the-past-does-not-move).",
        "So they can be computed once, for all: *prefix caching*.[^kwon]",
        "This saves reading.",
        "The logits differ by {{ faster/shared_start.most_off:.0e}} at most, and in all "
        "{{ faster/shared_start.count }} texts every first choice behind the beginning is the same.",
        "{{ faster/shared_start.together }} positions are read instead of {{ faster/shared_start.apart }}.",
        "With the time of day in front, {{ faster/shared_start.kept_dated}} tokens are shared, though the "
        "passage is the same.",
        "The keys of layer 0 are still alike, for each is made of its own token and place alone.",
        "From layer 1 on they are not, for they depend on what stands *before* them.",
        "Behind the keys and values of another time of day, a logit is off by {{ "
        "faster/shared_start.wrong_off:.1f}}.",
        "A beginning that is computed once for several texts.",
        "The [logits](#one-beginning-for-many) stayed, but for rounding.",
    )
    run = values("faster/shared_start")
    assert run.equal == run.count == 6 and run.most_off < 1e-3
    assert run.together == run.start + (run.apart - run.count * run.start) < run.apart / 3
    assert run.kept_dated == 0
    assert run.first_off == 0 and run.least_off > 0.05 and run.wrong_off > 1000 * run.most_off


def test_the_parts_of_a_layer_are_the_layer(values, smollm2, says):
    says(
        "If a model is too large for a device, or two devices are to fetch its weights together, its matrices are "
        "cut: [tensor parallelism](glossary.md#data-tensor-and-pipeline-parallelism).[^megatron]",
        "The first matrix of a pair is cut so that each device makes some of the inner numbers.",
        "The second is cut so that each device takes in those that it has made.",
        "SmolLM2 has three groups of them, so one device has two groups and the other has one.",
        "The sum is the layer, but for {{ faster/devices.most_off:.0e}}.",
        "Nothing need be sent between the two matrices of a pair, for what stands between them, the softmax of a "
        "head or SiLU, needs no number of the other device.",
        "For each token, each of two devices sends two vectors a layer, one for the attention and one for the "
        "feed-forward network. These are {{ faster/devices.sums }} times {{ faster/devices.width }} numbers: "
        "{{ faster/devices.sent:,}} in all {{ faster/devices.layers }} layers.",
        "Each device then has a vector of the full width, and the result is the sum of both.",
        "If the model is cut *between* layers (*pipeline parallelism*), only {{ faster/devices.width }} go over, once.",
        "But then the second device waits for the first, and one text is not written faster.",
    )
    run, config = values("faster/devices"), smollm2.config
    code = (CODE / "devices.py").read_text("utf-8")
    assert run.sums == code.count("_part(x, *part) for part in parts)") == 2, "one sum for each pair"
    assert run.most_off < 1e-10 * run.largest and run.sent == run.sums * run.width * run.layers
    assert (config.num_key_value_heads, config.hidden_size) == (3, run.width)
    # A feed-forward network of random numbers: halves by rows, then by columns, add up.
    first, second = torch.randn(2, 8, 8, generator=torch.Generator().manual_seed(0)).double()
    x = torch.arange(8).double()
    whole = second @ torch.nn.functional.silu(first @ x)
    halves = [second[:, half] @ torch.nn.functional.silu(first[half] @ x) for half in (slice(4), slice(4, 8))]
    assert torch.allclose(whole, sum(halves))


def test_the_exercises(values, says):
    says(
        "Each of four guesses is right in four of five cases, whatever came before, and a pass of the draft costs a "
        "tenth of the target's.",
        "A pass gives one token for sure, a second if the first guess is right, a third if the second is, too.",
        "With $a = 4/5$, the first comes with probability 1, the second with $a$, the third with $a^2$, and "
        "$1 + a + a^2 + a^3 + a^4$ is {{ faster/answers.per_pass:.2f}}.",
        "A round costs $1 + 4/10$ passes of the target, so {{ faster/answers.gain:.1f}} times as many tokens "
        "come out for the same bytes.",
        "If a pass of the draft cost {{ faster/answers.even:.2f}} of the target's, four guesses would gain nothing. "
        "One guess would gain: $1 + a$ tokens for $1 + {{ faster/answers.even:.2f}}$ passes, "
        "{{ faster/answers.gain_once:.2f}} times as many.",
        "The scores are 0 and 1 in the first piece, and 2 in the second; the values are 6, 0 and 3.",
        "The sum is $(e^{-1} + 1)\\,e^{-1} + 1$, which is {{ faster/answers.total:.3f}}.",
        "The third is $6\\,e^{-1}\\,e^{-1} + 3$, or {{ faster/answers.result:.3f}}.",
        "In the second piece $m$ rises to 2, so both are multiplied by $e^{1-2}$ before the new score is added.",
        "The third divided by the sum is {{ faster/answers.mixed:.3f}}.",
        "{{ faster/answers.inside:,}} and {{ faster/answers.between:,}}: a vector of 4,096 numbers twice for "
        "each of 32 layers, or once.",
        "Fewer bits make each pass cheaper: [Smaller](smaller.md).",
    )
    run = values("faster/answers")
    a = 0.8
    assert run.per_pass == pytest.approx((1 - a**5) / (1 - a))  # the sum of the series
    assert run.gain == pytest.approx(run.per_pass / 1.4)
    assert run.per_pass / (1 + 4 * run.even) == pytest.approx(1)
    assert run.gain_once == pytest.approx((1 + a) / (1 + run.even)) and run.gain_once > 1.05
    scores, vector = torch.tensor([0.0, 1, 2]).double(), torch.tensor([6.0, 0, 3]).double()
    assert run.mixed == pytest.approx((scores.softmax(-1) @ vector).item())
    assert run.result == pytest.approx(((scores - 2).exp() @ vector).item())
    assert run.total == pytest.approx((scores - 2).exp().sum().item())
    assert run.inside == 64 * run.between == 2 * 32 * 4096 * 2
    assert values("smaller/file").mean_bits < 16


def test_each_layer_reaches_further_through_a_window(values, book, maps, says):
    says(
        "Is what stands further back lost to a token? Not quite: the tokens that it sees have looked as well,"
        " one layer below.",
        "A triangle of filled cells whose lower left corner is cut off: each row reaches back nine tokens, and"
        " the sixteenth hears of ten.",
        "The more layers, the further back: one layer reaches {{ faster/reach.one_layer }} tokens, itself among"
        " them, and five reach {{ faster/reach.five_layers }}. Each layer adds $w - 1$.",
    )
    slider, found = book.outcome("faster/reach").slider, values("faster/reach")
    layers = [int(one["at"]) for one in slider["positions"]]
    assert layers == [1, 2, 3, 4, 5] and layers[slider["shown"]] == 3
    for many, one in zip(layers, slider["positions"]):
        (drawn,) = one.get("maps") or maps("faster/reach")
        for query, row in enumerate(drawn["values"]):
            reach = [key for key, value in enumerate(row) if value]
            assert reach == list(range(max(0, query - many * 3), query + 1)), "a window of four adds three"
    assert (found.one_layer, found.five_layers, found.WINDOW) == (4, 16, 4)
