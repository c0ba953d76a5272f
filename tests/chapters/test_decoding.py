"""What docs/decoding.md claims, checked on the real models."""

import ast
import math
import re
import tomllib
from pathlib import Path

import pytest
import torch
from programs import source
from transformers import (
    AutoTokenizer,
    MinPLogitsWarper,
    NoRepeatNGramLogitsProcessor,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from snippets.shared.translator import Translator

PROMPT = "The robot watered the sunflowers because"


def function(idea: str, name: str, **names):
    """A function that a snippet defines, without running the snippet."""
    tree = ast.parse(Path(f"snippets/decoding/{idea}.py").read_text("utf-8"))
    tree.body = [x for x in tree.body if isinstance(x, ast.FunctionDef) and x.name == name]
    exec(compile(tree, idea, "exec"), names)
    return names[name]


def total(tokenizer, model, prompt: str, text: str) -> float:
    """The log-probability of a text behind a prompt."""
    first = tokenizer(prompt, return_tensors="pt").input_ids.shape[1]
    ids = tokenizer(prompt + text, return_tensors="pt").input_ids
    with torch.no_grad():
        log_p = model(ids).logits[0, :-1].log_softmax(-1).gather(1, ids[0, 1:, None])
    return log_p[first - 1 :].sum().item()


def test_next_token(says, values, printed):
    says(
        "Bars of the eight most probable next tokens.",
        "SmolLM2, next token after “The robot watered the sunflowers because”.",
        "The token “it” leads; “they”, “the” and “he” follow, close together.",
        "For each of {{ decoding/next_token.vocabulary:,}} tokens there is a [logit]",
        "The leader, “{{ decoding/next_token.first }}”, has only {{"
        " decoding/next_token.first_share:.0%}}.",
        "The eight tokens of the figure share {{ decoding/next_token.top_share:.0%}};",
    )
    v = values("decoding/next_token")
    assert (v.first, v.second) == ("it", "they")
    assert v.first_share < 0.5 < v.top_share < 0.9
    assert v.vocabulary == 49_152
    rows = [line.split() for line in printed("decoding/next_token").splitlines()[1:5]]
    assert [row[0] for row in rows] == ["it", "they", "the", "he"]
    assert float(rows[3][2]) > 0.8 * float(rows[1][2]), "close together"
    assert float(rows[0][2]) > 2 * float(rows[1][2]), "it leads"
    shown = [float(line.split()[-2]) for line in printed("decoding/next_token").splitlines()[1:9]]
    assert shown == sorted(shown, reverse=True) and f'"{PROMPT}"' in source("decoding/next_token")


def test_the_prompts_begin_without_the_token(says, printed):
    says(
        "(The prompts of this page, but one, stand in the first position, without the token that"
        " the model was trained to see in front of a text.",
        "[What that changes](decoder.md#what-stands-before-a-text) on average is, above all, the second"
        " token. But what follows one prompt may come out quite otherwise.)",
    )
    begun = [idea.stem for idea in Path("snippets/decoding").glob("*.py")
             if "<|endoftext|>" in idea.read_text("utf-8")]  # fmt: skip
    assert begun == ["hidden"]
    table = [line.split("|") for line in printed("decoder/beginning").splitlines()[2:4]]
    (second, later), (begun_second, begun_later) = ([float(x) for x in row[2:4]] for row in table)
    assert second - begun_second > 5 * (later - begun_later) > 0


def test_from_scratch_equals_the_library(says, values):
    says(
        "Greedy: always the best token",
        "[Greedy decoding](glossary.md#greedy-decoding) takes the most probable token, appends it,"
        " and asks again.",
        "The loop gives the same tokens as the library's `generate`.",
        "The same order with the same seed of the random numbers gives the same text:",
    )
    for idea in "greedy", "beam", "temperature", "top_k", "top_p", "sampling", "penalties":
        assert values(f"decoding/{idea}").same is True, idea


# The second prompt has texts that end early, with either length penalty.
@pytest.mark.parametrize(
    "prompt, beams, penalty",
    [(PROMPT, 1, 1.0), ("The recipe needs two eggs and", 4, 1.0),
     ("The recipe needs two eggs and", 4, 0.0)],
)  # fmt: skip
def test_beam_search_equals_generate(says, smollm2_pair, prompt, beams, penalty):
    says(
        "The greedy text: with one beam, the best total is the old total plus the best next token.",
        "In the second program of [beam search](#beam-search-on-the-real-model), the one with"
        " `def beam_search`, set `beams=1`.",
    )
    assert "def beam_search" in source("decoding/beam") and "def beam_search" not in source("decoding/beam_tree")
    tokenizer, model = smollm2_pair
    search = function("beam", "beam_search", torch=torch, model=model, tokenizer=tokenizer)
    with torch.no_grad():
        _, ours = search(prompt, beams, 15, penalty)
    inputs = tokenizer(prompt, return_tensors="pt")
    settings = {"length_penalty": penalty} if beams > 1 else {}
    ids = model.generate(**inputs, num_beams=beams, max_new_tokens=15, **settings)[0]
    assert ours == ids[inputs.input_ids.shape[1] :].tolist()


def by_hand(smollm2_pair, prompt, beams, steps):
    """The kept texts of each step, each beam extended by every token; and the best text."""
    tokenizer, model = smollm2_pair
    texts = tokenizer(prompt, return_tensors="pt").input_ids
    start, scores, kept = texts.shape[1], torch.zeros(1), []
    for _ in range(steps):
        with torch.no_grad():
            log_p = model(texts).logits[:, -1].log_softmax(-1)
        totals = [
            (scores[row] + log_p[row, token], [*texts[row].tolist(), token])
            for row in range(len(texts))
            for token in log_p[row].topk(50).indices.tolist()
        ]
        best = sorted(totals, key=lambda found: found[0], reverse=True)[:beams]
        scores, texts = torch.tensor([one for one, _ in best]), torch.tensor([x for _, x in best])
        kept.append([text[start:] for _, text in best])
    return kept, kept[-1][0]


def test_the_three_steps_of_beam_search(says, smollm2_pair):
    says(
        "Extend each of the $B$ beams by every token of the vocabulary.",
        "Keep the $B$ best of all these totals.",
        "At the end, the text with the best score wins.",
        "Both places go to the best totals *so far*.",
        "No place is [reserved](#is-a-wider-beam-better).",
        "and nothing brings a cut text back.",
        "It cannot be: with two beams one always is the greedy text.",
    )
    tokenizer, model = smollm2_pair
    search = function("beam", "beam_search", torch=torch, model=model, tokenizer=tokenizer)
    with torch.no_grad():
        assert search(PROMPT, 3, 5, 0.0)[1] == by_hand(smollm2_pair, PROMPT, 3, 5)[1]
    prompt = "The capital of Brazil is"
    kept, _ = by_hand(smollm2_pair, prompt, 2, 20)
    greedy = by_hand(smollm2_pair, prompt, 1, 20)[1]
    there = [greedy[: step + 1] in texts for step, texts in enumerate(kept)]
    assert there[0] and not there[-1], "the greedy text was cut on the way"
    assert there == sorted(there, reverse=True), "and did not come back"


def test_why_the_whole_algorithm_is_longer(says, smollm2_pair):
    says(
        "The whole algorithm is longer than the greedy loop: some texts end earlier than others,"
        " and each beam must take the",
    )
    tokenizer, model = smollm2_pair
    whole = source("decoding/beam").split("def beam_search")[1].split("\n\n\n")[0]
    assert len(whole.splitlines()) > len(source("decoding/greedy").split("for step")[1].split("\n\n")[0]
                                         .splitlines())  # fmt: skip
    found = []
    for cut in ("", "past.reorder_cache(parents)", "ended.append((best[i]"):
        lines = [line for line in whole.splitlines() if not cut or cut not in line]
        if cut.startswith("ended"):  # the loop needs a body
            lines = [line.replace("text = torch.cat([texts[parents[i]", "pass; text = torch.cat([texts[parents[i]") for line in lines]
        names = {"torch": torch, "model": model, "tokenizer": tokenizer}
        exec("def beam_search" + "\n".join(lines), names)
        with torch.no_grad():
            found.append(names["beam_search"]("The recipe needs two eggs and", 4, 15, 0.0)[1])
    assert found[0] != found[1], "without its parent's cache"
    assert found[0] != found[2], "without the list of texts that ended"


def test_min_p_keeps_a_share_of_the_best(says):
    says("keeps the tokens that have at least a given share of the best token's probability;[^minp]")
    torch.manual_seed(0)
    logits = torch.randn(50, 200) * 3
    p = logits.softmax(-1)
    for share in 0.02, 0.1:
        kept = MinPLogitsWarper(share)(None, logits).isfinite()
        assert torch.equal(kept, p >= share * p.amax(dim=-1, keepdim=True))


def test_what_others_found_is_cited(says):
    says(
        "Holtzman and others saw such a gap in 2020 with a larger model, and called the dull,"
        " looping output of such searches *neural text degeneration*.[^holtzman]",
        "For models that were trained further to follow instructions, as ours was, it depends on the"
        " task and the model.[^shi]",
        "the most probable of *all* translations was the empty one for more than half of the"
        " sentences, and only the errors of the search hid it.[^stahlberg]",
        "| sampling at a higher temperature[^codex] | variety is wanted, and errors are sorted out |",
        "The makers of Qwen3 warned against greedy decoding in its thinking mode, for the same"
        " reason, and gave a temperature of 0.6 (April 2025).[^qwen3]",
        "For code without thinking, the makers of Qwen3-Coder gave 0.7 (July 2025).[^qwen3-coder]",
        "since it may loop below that.[^gemini3]",
        "Claude, from Opus 4.7 on (April 2026), refuses each temperature, top-k or top-p but its"
        " own.[^opus47]",
        "The wording is free: a study counts billions of right translations for an ordinary"
        " sentence.[^hyter]",
        "often $T$ between $0.5$ and $1$",
        "| they warn of loops under greedy, or at a low temperature |",
        "beam, 4 or 5, as in the papers of the first Transformer and of Whisper[^beams]",
        "such as $T = 0.7$ and top-p $0.8$ for Qwen3 without thinking[^qwen3]",
    )
    text = Path("docs/decoding.md").read_text("utf-8")
    for said in ("recommended 0.5 to 0.7", "against greedy decoding", "a temperature of 1"):
        assert said in text, "the advice that the table sums up"


def test_filters_equal_the_warpers(says):
    says(
        "Top-k: the k best tokens",
        "What can never change?",
        "Top-k does not notice.",
        "Temperature never changes the order of the tokens, and it never rules one out: the zeros in the"
        " figure are rounded.",
        "All logits are divided by the same positive number, so their [order"
        " stays](#temperature).",
    )
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
    for T in 0.1, 0.7, 5.0:
        warmed = TemperatureLogitsWarper(T)(None, logits)
        assert torch.allclose(warmed, logits / T) and warmed.isfinite().all()
        assert torch.equal(warmed.argsort(stable=True), logits.argsort(stable=True))
        assert (top_k(warmed, 7).isfinite().sum(-1) == 7).all(), "whatever the temperature"


def test_nucleus_is_the_smallest_set(says):
    says(
        "Top-p, the nucleus: as many as it takes",
        "keep the smallest set whose probabilities sum to at least $p$.",
    )
    torch.manual_seed(0)
    logits = torch.randn(100, 200) * 3
    kept = function("top_p", "top_p", torch=torch)(logits, 0.8).isfinite()
    for row, keep in zip(logits.softmax(-1), kept):
        p = row[keep]
        assert p.sum() >= 0.8 > p.sum() - p.min()


def test_tiny_tree(says, values, printed):
    says(
        "After “because” the best word is “it”.",
        "But what follows “it” is uncertain, and what follows “they” is nearly sure.",
        "The branch over “it” starts with the higher probability but ends lower;",
        "Greedy ends with “{{ decoding/tiny_tree.greedy_text }}”, at probability",
        "So “they” survives the first step, and “{{ decoding/tiny_tree.beam_text }}” wins"
        " with",
        "Greedy has a second weakness. It takes the best *next token*, and that is not always the"
        " way to the best *text*.",
        "[Beam search](glossary.md#beam-search) keeps the best few unfinished texts at each step,"
        " here *two*.",
    )
    v = values("decoding/tiny_tree")
    assert (v.greedy_text, v.beam_text) == ("it was", "they were")
    assert v.greedy_probability == pytest.approx(0.2)
    assert v.beam_probability == pytest.approx(0.36)
    first = printed("decoding/tiny_tree").split("\n\n")[1].splitlines()
    assert [line.strip() for line in first] == ["0.50 it", "0.40 they", "0.10 he (cut)"]
    assert v.beam_probability / 0.4 > 0.85 > 0.5 > v.greedy_probability / 0.5
    assert v.beam_probability > v.greedy_probability, "the best next token, not the best text"
    steps = printed("decoding/tiny_tree").split("\n\n")[1:3]
    kept = [[line for line in step.splitlines() if "(cut)" not in line] for step in steps]
    assert [len(lines) for lines in kept] == [2, 2]


def test_beam_tree_winner_was_third(says, values, printed):
    says(
        "The heavy path goes over the, robot, watered, the, sun, and starts at the third first"
        " token.",
        "SmolLM2, three beams, after “The robot watered the sunflowers because”.",
        "(in a near tie: “they”, “the” and “he” follow “it” closely, so other weights could order"
        " them otherwise).",
        "The winner begins with “{{ decoding/beam_tree.first_step }}”, which was number",
        "Greedy would never have taken it.",
        "The greedy text leaves the beam at step {{ decoding/beam_tree.greedy_cut }}.",
    )
    v = values("decoding/beam_tree")
    assert (v.first_step, v.first_rank, v.greedy_cut) == ("the", 3, 4)
    assert values("decoding/beam").text.strip().startswith(v.path)
    assert v.path == "the robot watered the sun"
    assert f'prompt = "{PROMPT}"' in source("decoding/beam_tree") and "beams, " in source("decoding/beam_tree")
    assert "= 3, [], []" in source("decoding/beam_tree")
    rows = [line.split() for line in printed("decoding/next_token").splitlines()[2:5]]
    assert [row[0] for row in rows] == ["they", "the", "he"]
    assert float(rows[0][1]) - float(rows[2][1]) < 0.25, "logits: a near tie"


def test_beam_is_more_probable_and_a_loop(says, values):
    says(
        "its second sentence already walks in a circle: the robot was a robot.",
        "This text has a log-probability of {{ decoding/beam.total:.1f}}, against",
        "It is also useless: a loop. And sixteen beams find the same one, by the mean per token.",
        "A search for the best score can end in a loop, as on our main prompt",
        "By the mean log-probability, beam search finds a text that is far better than the greedy one,"
        " and it is a loop.",
        "Why did the search end in a loop?",
        "In the aim: the text with the best score need not be a good one.",
        "can repeat one clause again and again or lose the thread: only the choice differs.",
    )
    beam, greedy = values("decoding/beam"), values("decoding/greedy")
    assert beam.total > greedy.total + 10
    assert beam.text.count("the robot watered the sunflowers") == 3
    assert greedy.text.count("robot") == 3
    assert "The robot was a robot" in greedy.text
    loop = values("decoding/compare")
    assert "= 1" not in source("decoding/compare").split("methods")[0] and loop.beam_text != loop.pure_text
    assert loop.beam_text.count("the robot watered the sunflowers") >= 3


def test_totals_are_log_probabilities(says, smollm2_pair, values):
    says(
        "Each term also sees the prompt, whose own tokens are not counted.",
        "The sum is never above zero.",
    )
    tokenizer, model = smollm2_pair
    for idea in "greedy", "beam":
        v = values(f"decoding/{idea}")
        start = tokenizer(PROMPT, return_tensors="pt").input_ids
        ids = torch.cat([start, tokenizer(v.text, return_tensors="pt").input_ids], 1)
        with torch.no_grad():
            log_p = model(ids).logits[0, :-1].log_softmax(-1)
        total = log_p.gather(1, ids[0, 1:, None])[start.shape[1] - 1 :].sum().item()
        assert total == pytest.approx(v.total, abs=0.01)
        assert log_p.max() <= 0


def test_repetition_rises(says, printed, values):
    says(
        "For this model, copying soon becomes a safe prediction.",
        "Two curves that rise with every repetition, from about a quarter to about nine"
        " tenths.",
        "The first time, a token of the beam's clause has a typical probability of",
        "The sensible sentence rises as well, from",
        "Copying soon becomes [a safe prediction]",
        "has little reason to leave it: each copy raises the mean.",
        "Of 24 sentences, each written seven times, the seventh copy has {{"
        " decoding/repetition.copied:.2f}} on average, and {{"
        " decoding/repetition.copied_least:.2f}} at least.",
        "And it is the copies that count: after seven *different* sentences, one has {{"
        " decoding/repetition.once:.2f}} on average, and {{ decoding/repetition.once_most:.2f}}"
        " at most.",
    )
    for line in printed("decoding/repetition").splitlines()[:4]:
        curve = [float(word) for word in line.split() if word[0] == "0"]
        if not curve:
            continue  # the clause
        assert len(curve) == 7 and curve == sorted(curve)
    v = values("decoding/repetition")
    loop = values("decoding/beam")
    assert v.beam_last > math.exp(loop.score), "one more copy raises the mean"
    assert v.beam_last > 0.85 and v.sense_last > 0.85 > 0.3 > v.beam_first
    assert 0.15 < v.sense_first < 0.3, "about a quarter"
    lines = Path("snippets/decoder/beginnings.txt").read_text("utf-8").splitlines()
    assert len(set(lines)) == 24 and v.times == 7, "so seven others are different"
    assert "for line, *more in turned" in source("decoding/repetition")
    assert v.copied > 0.75 and v.copied_least > 0.5, "of 24, the lowest too"
    assert v.once < 0.1 and v.once_most < 0.3, "as many tokens before it, and no copy"


def test_bad_tokens_add_up(says):
    says(
        "If they hold a tenth of the probability together, then of ten texts of twenty tokens,"
        " about nine contain one,",
    )
    assert round(10 * (1 - 0.9**20)) == 9


def test_this_writer_surprises(says, values, smollm2_pair):
    says(
        "This writer often takes a word that the model finds improbable.",
        "The median token of the novelist's half sentence has probability",
        "and the writer on this page often takes a word that the model finds improbable.",
        "Second, look at a text that a person wrote. The next figure takes the second half of a"
        " sentence from an old novel,[^jerome] and what beam search writes in its place.",
        "SmolLM2: the probability of each token after “It is a most extraordinary thing,”.",
        "The person's text often drops to nearly zero; beam search stays higher at most"
        " tokens.",
    )
    v = values("decoding/surprise")
    assert v.start == "It is a most extraordinary thing," and "Jerome" in source("decoding/surprise")
    assert v.human_middle < 0.05 < 0.3 < v.beam_middle
    tokenizer, model = smollm2_pair
    curves = []
    for text in v.human, v.beam:
        first = len(tokenizer(v.start).input_ids)
        ids = tokenizer(v.start + text, return_tensors="pt").input_ids
        with torch.no_grad():
            p = model(ids).logits[0, :-1].softmax(-1).gather(1, ids[0, 1:, None])[first - 1 :, 0]
        curves.append(p[: v.steps])
    human, beam = curves
    assert human.median().item() == pytest.approx(v.human_middle, abs=1e-3)
    assert (human < 0.05).float().mean() > 0.4, "often nearly zero"
    assert (beam > human).float().mean() > 0.6, "higher at most tokens"


def test_temperature(says, book, values, printed, smollm2_pair):
    says(
        "The figure has the eight bars at $T = 1$, as the model gives them.",
        "The scale stays.",
        "Bars of the eight most probable next tokens at temperature one. The first leads, and seven"
        " shorter ones follow.",
        "The higher the temperature, the shorter the first bar: from"
        " {{ decoding/temperature.coldest_first:.0%}} at $T = 0.2$ to"
        " {{ decoding/temperature.hottest_first:.1%}} at $T = 3$.",
        "What it loses goes at first to the bars below it, and then to tokens that are not in the figure.",
        "The probability of the best token. It falls: at a high temperature",
        "in {{ decoding/temperature.hot_others:.0%}} of the draws the token is none of these",
        "higher is flatter",
    )
    v = values("decoding/temperature")
    assert v.hot_others == 1 - v.hot_share
    lines = printed("decoding/temperature").splitlines()[:7]
    entropies = [float(line.split()[-1]) for line in lines]
    assert entropies == sorted(entropies)
    assert v.cold_share > 0.95 > 0.1 > v.hot_share
    assert v.coldest_first > 0.9 and v.hottest_first < 0.01
    first, second = (float(line.split()[2]) for line in
                     printed("decoding/next_token").splitlines()[1:3])  # fmt: skip
    assert first > second, "it leads"
    drawn = source("decoding/temperature")
    assert "ax.set_xlim(0, 1.15)" in drawn and drawn.count("topk(8)") == 1
    slider = book.outcome("decoding/temperature").slider
    temperatures = [float(one["at"]) for one in slider["positions"]]
    assert f'"{PROMPT}"' in drawn and temperatures[slider["shown"]] == 1
    assert temperatures == sorted(temperatures) and {0.2, 0.5, 2, 3} < set(temperatures)
    tokenizer, model = smollm2_pair
    with torch.no_grad():
        logits = model(**tokenizer(PROMPT, return_tensors="pt")).logits[0, -1]
    tops = [(logits / T).softmax(-1).topk(8).values.tolist() for T in temperatures]  # first, others
    best = [first for first, *_ in tops]
    assert 0 < min(map(min, tops)) < 0.0005 and 'unit=".1%"' in drawn, "rounded, and not ruled out"
    assert best == sorted(best, reverse=True) and best[0] == pytest.approx(v.coldest_first, abs=1e-3)
    below = [sum(others) for _, *others in tops]
    highest = below.index(max(below))
    assert 0 < highest < len(below) - 1, "the bars below gain, and lose again"
    assert below[: highest + 1] == sorted(below[: highest + 1])
    assert below[highest:] == sorted(below[highest:], reverse=True)


def test_one_k_does_not_fit(says, values, printed, smollm2_pair):
    says(
        "At the flat step the cut bars are nearly as long as the last kept ones; at the"
        " peaked step four kept bars are tiny.",
        "At the flat step the five hold {{ decoding/top_k.flat_share:.0%}} of the"
        " probability, and good words are cut: a robot can water a pond.",
        "At the peaked step “Paris” is clearly meant, and “London” stays in the draw.",
    )
    v = values("decoding/top_k")
    assert v.flat_share < 0.3 and v.peaked_share > 0.8
    tokenizer, model = smollm2_pair
    tops = []
    for text in v.flat, v.peaked:
        with torch.no_grad():
            logits = model(**tokenizer(text, return_tensors="pt")).logits[0, -1]
        tops.append(logits.softmax(-1).topk(9))
    (flat, words), (peaked, cities) = tops
    assert flat[5] > 0.8 * flat[4] and peaked[1:5].max() < peaked[0] / 10
    assert tokenizer.convert_tokens_to_ids("Ġpond") in words[5:].tolist(), "a good word, cut"
    assert cities[0] == tokenizer.convert_tokens_to_ids("ĠParis") and peaked[0] > 0.5
    assert tokenizer.convert_tokens_to_ids("ĠLondon") in cities[:5].tolist(), "of k = 5"


def test_nucleus_adapts(says, book, values):
    says(
        "At the flat step all nine shown tokens are kept; at the peaked step only the first"
        " two are kept and seven are cut.",
        "At $p = 0.8$ the nucleus has {{ decoding/top_p.flat_count }} tokens at the flat step and",
        "The figure has $p = 0.8$.",
        "The larger $p$, the more tokens are kept.",
        "At the flat step the nine of the figure are kept at each of the five values of $p$;",
        "It goes from {{ decoding/top_p.flat_half }} at $p = 0.5$ to"
        " {{ decoding/top_p.flat_most:,}} at $p = 0.95$ at the flat step, and the other from"
        " {{ decoding/top_p.peaked_half }} to {{ decoding/top_p.peaked_most }} at the peaked one.",
        "A flatter distribution needs [more tokens]",
    )
    v = values("decoding/top_p")
    assert v.peaked_count == 2 and v.flat_count > 100
    slider = book.outcome("decoding/top_p").slider
    assert slider["name"] == "p" and slider["positions"][slider["shown"]]["at"] == "0.8"
    kept = [[int(n) for n in re.findall(r": (\d+) kept", one["says"])] for one in slider["positions"]]
    flat, peaked = zip(*kept)  # in the order of p
    assert len(flat) == 5 and min(flat) > 9 and "topk(9)" in source("decoding/top_p")
    assert list(flat) == sorted(set(flat)) and list(peaked) == sorted(peaked)
    assert (flat[0], flat[-1], peaked[0], peaked[-1]) == (v.flat_half, v.flat_most, v.peaked_half, v.peaked_most)


def test_compare(says, printed, values):
    says(
        "All of them on one prompt",
        "Now all methods continue the running sentence; those that draw do so four times.",
        "This is what they wrote (of the methods that draw, their last text; all draw with the same"
        " seed):",
        "in distinct pairs, top-k and top-p reach the same",
        "the last one repeats hardly a word",
        "Beam search has the best log-probability ({{ decoding/compare.beam_mean:.2f}}) and"
        " the worst variety",
    )
    rows = [r.split("|")[2:5] for r in printed("decoding/compare").splitlines()[2:]]
    mean = [float(row[0]) for row in rows]
    repeated, distinct = ([int(r[i].strip(" %")) for r in rows] for i in (1, 2))
    assert mean[1] == max(mean) and mean[-1] == min(mean)
    assert repeated[1] == max(repeated) and distinct[1] == min(distinct) < 50
    assert min(distinct[2:]) > 90
    assert distinct[3] == distinct[4] == distinct[5] == 100
    assert repeated[5] == min(repeated) < 10
    program = source("decoding/compare")
    assert f'tokenizer("{PROMPT}"' in program and '"num_return_sequences": 4' in program
    loop = program.split("for name, settings in methods.items():")[1]
    assert "torch.manual_seed(1)" in loop.splitlines()[1], "the same seed for each"
    assert "# the last one drawn" in loop and len(rows) == 6


def test_with_the_start_token_the_search_circles_too(says, smollm2_pair):
    says(
        "With the start token in front of the prompt, beam search takes a clause that makes sense,"
        " “the sunflowers need water to grow”, and writes it twice all the same.",
    )
    tokenizer, model = smollm2_pair
    inputs = tokenizer(f"<|endoftext|>{PROMPT}", return_tensors="pt")
    ids = model.generate(**inputs, num_beams=4, max_new_tokens=28)[0]
    assert tokenizer.decode(ids).count("the sunflowers need water to grow") == 2


def test_a_wider_beam_is_not_always_better(says, values, printed):
    says(
        "Not always, in either sense.",
        "With two beams, {{ decoding/beam_or_greedy.two_lose }} of the four texts are *less*"
        " probable than greedy's.",
        "Sixteen beams beat greedy on all four here;",
        "Sixteen beams find a text that is more probable ({{"
        " decoding/beam_or_greedy.brazil_beam_total:.1f}} against",
        "Neither is sure to find the best.",
        "With two beams, a text came out that is less probable than greedy's.",
        "By the sum, that beats the loop of three beams ({{ decoding/beam_or_greedy.robot_wide_total:.1f}} against {{"
        " decoding/beam.total:.1f}}): there, the loop was a fault of the search. By the mean, the score"
        " of our own program, the loop stays ahead, and the fault is the aim's. One aim rewards copies,"
        " the other an early end.",
        "(By the *sum*, they found [a text that ends](#is-a-wider-beam-better).)",
        "Rounding is very small beside [such gaps](#is-a-wider-beam-better).",
        "Greedy takes the best token, beam search keeps several texts and often finds a more"
        " probable one.",
        "In the search: a wider beam would find a better text.",
    )
    v = values("decoding/beam_or_greedy")
    assert v.two_lose >= 1 and v.wide_lose == 0
    assert v.brazil_two_total < v.brazil_greedy_total < v.brazil_beam_total
    assert v.brazil_greedy.startswith("Brasília") and v.brazil_beam.startswith("Rio")
    assert "which is the largest city in" in v.brazil_beam
    assert v.brazil_greedy_total - v.brazil_two_total > 0.1, "no rounding"
    widest = " ".join(printed("decoding/beam_or_greedy").rpartition("16 beams")[2].split())
    assert widest.endswith(": the robot watered the sunflowers. (end)"), "one clause"
    loop = values("decoding/beam")
    assert v.robot_wide_total > loop.total + 1, "more probable than the loop, by the sum"
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    tokens = len(tokenizer(" " + v.robot_wide.removesuffix(" (end)")).input_ids) + 1
    assert loop.score > v.robot_wide_total / tokens + 0.3, "by the mean the loop stays ahead"


def test_sixteen_beams_find_the_same_loop_by_the_mean(says, values, smollm2_pair):
    says("By the mean, sixteen beams found [the same loop](#beam-search-on-the-real-model).")
    tokenizer, model = smollm2_pair
    inputs = tokenizer(PROMPT, return_tensors="pt")
    ids = model.generate(**inputs, num_beams=16, max_new_tokens=20)[0]
    assert tokenizer.decode(ids).removeprefix(PROMPT) == values("decoding/beam").text


def test_our_model_was_trained_for_chats_and_ends_as_in_one(says, smollm2_pair):
    says(
        "It was trained further for chats; here it continues plain texts.",
        "For the robot, sixteen beams end after one clause, with the sign that ends an answer in a chat."
        " (The sign between plain texts has almost no probability there.)",
    )
    assert "Instruct" in tomllib.loads(Path("snippets/models.toml").read_text("utf-8"))["smollm2"]["title"]
    for program in Path("snippets/decoding").glob("*.py"):
        assert "chat" not in program.read_text("utf-8"), program
    tokenizer, model = smollm2_pair
    chat = [{"role": "assistant", "content": "Paris."}]
    answer = tokenizer.apply_chat_template(chat, tokenize=False)
    assert f"Paris.{tokenizer.eos_token}" in answer, "an answer's end"
    text = tokenizer(f"{PROMPT} the robot watered the sunflowers.", return_tensors="pt")
    with torch.no_grad():
        p = model(**text).logits[0, -1].softmax(-1)
    assert tokenizer.convert_ids_to_tokens(0) == "<|endoftext|>"
    assert p[tokenizer.eos_token_id] > 0.03 > 1e-3 > p[0]


def test_on_other_beginnings(says, smollm2_pair):
    says(
        "Of 24 other beginnings, each continued by forty tokens behind the start token, greedy writes"
        " the same six words twice on almost half, four beams on fewer, a draw on none.",
        "(We chose the four. Of the 24 beginnings above, four beams lose on a few.)",
    )
    tokenizer, model = smollm2_pair
    lines = Path("snippets/decoder/beginnings.txt").read_text("utf-8").splitlines()
    prompts = ["<|endoftext|>" + " ".join(line.split()[:4]) for line in lines]
    inputs = tokenizer(prompts, return_tensors="pt", padding=True)
    start, end = inputs.input_ids.shape[1], tokenizer.eos_token_id

    def write(these=slice(None), **settings):
        """Of these beginnings: what follows, and what it came from."""
        torch.manual_seed(0)
        rows = {name: rows[these] for name, rows in inputs.items()}
        run = model.generate(**rows, max_new_tokens=40, return_dict_in_generate=True, **settings)
        return run.sequences[:, start:], run

    def looped(texts) -> int:
        """How many of the texts write the same six words twice."""
        runs = [list(zip(*(text.split()[n:] for n in range(6))))
                for text in tokenizer.batch_decode(texts, skip_special_tokens=True)]  # fmt: skip
        return sum(len(one) > len(set(one)) for one in runs)

    greedy, run = write(output_logits=True)
    log_p = model.compute_transition_scores(run.sequences, run.logits, normalize_logits=True)
    alive = (greedy == end).cumsum(1).cumsum(1) <= 1
    sums = log_p.masked_fill(~alive, 0).sum(1)
    four, run = write(num_beams=4, num_return_sequences=4, length_penalty=0.0, output_scores=True)
    by_sum, best = four[::4], run.sequences_scores[::4]
    # Of four that go on to the fortieth token, the mean chooses as the sum does; what had ended
    # before with a lower sum is shorter, and so below them by both. Else the mean may choose another.
    ended = (four == end).view(len(prompts), -1).any(1)
    by_mean = looped(by_sum[~ended]) + looped(write(ended, num_beams=4)[0])
    draws, _ = write(do_sample=True, top_k=0)
    loops = looped(greedy)
    assert len(prompts) == 24 and 9 <= loops <= 12, "almost half"
    assert max(looped(by_sum), by_mean) + 3 < loops and looped(draws) == 0
    assert 1 <= (best < sums - 1e-3).sum() <= 5, "a few, where the sum decides"


def test_with_the_start_token_a_wide_beam_loses_and_wins(says, smollm2_pair):
    says(
        "With the start token in front, both are right about Brazil. For other capitals, the wide"
        " beam is now worse (Sydney, where greedy has Canberra), now better (Cairo, where greedy has"
        " Alexandria).",
    )
    tokenizer, model = smollm2_pair
    prompts = [f"<|endoftext|>The capital of {country} is" for country in ("Brazil", "Australia", "Egypt")]
    inputs = tokenizer(prompts, return_tensors="pt", padding=True)
    totals = []
    for capitals, settings in (
        (("Bras", "Canberra", "Alexandria"), {}),
        (("Bras", "Sydney", "Cairo"), {"num_beams": 16, "length_penalty": 0.0}),
    ):
        ids = model.generate(**inputs, max_new_tokens=20, **settings)[:, inputs.input_ids.shape[1] :]
        ends = [row.tolist().index(tokenizer.eos_token_id) + 1 if tokenizer.eos_token_id in row else 20 for row in ids]
        texts = [tokenizer.decode(row[:end]) for row, end in zip(ids, ends)]
        assert all(text.startswith(f" {city}") for text, city in zip(texts, capitals)), (texts, settings)
        totals.append([total(tokenizer, model, *one) for one in zip(prompts, texts)])
    assert all(wide > greedy + 1 for greedy, wide in zip(*totals)), "more probable"


def test_how_much_of_the_probability_one_text_has(says, values):
    says(
        "But our translator gives half of all its probability to one text (the median of 24 short"
        " sentences). SmolLM2 gives the most probable text that we found for the robot about a"
        " hundred-thousandth.",
    )
    lines = Path("snippets/decoder/beginnings.txt").read_text("utf-8").splitlines()
    tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
    model = Translator.from_pretrained("models/en-pt")
    inputs = tokenizer(lines, return_tensors="pt", padding=True)
    ids = model.generate(**inputs, num_beams=4, length_penalty=0.0)
    with torch.no_grad():
        log_p = model(**inputs, decoder_input_ids=ids[:, :-1]).logits.log_softmax(-1)
    log_p = log_p.gather(2, ids[:, 1:, None])[..., 0]
    share = (log_p * (ids[:, 1:] != tokenizer.pad_token_id)).sum(1).exp()
    assert share.median().item() == pytest.approx(0.5, abs=0.03) and share.min() > 0.1
    wide = values("decoding/beam_or_greedy").robot_wide_total
    assert math.exp(wide) == pytest.approx(1e-5, rel=0.3) and wide > values("decoding/beam").total


def test_a_search_draws_nothing_and_the_cache_changes_nothing(says, smollm2_pair):
    says(
        "Nothing is drawn: it [keeps the best](#beam-search-on-the-real-model), and gives the same"
        " text each time.",
        "In the cache, which hands the same keys and values on again and again.",
        "The cache changes [how much is computed](#what-does-each-cost), not what comes out.",
        "The calls of one text run one after the other: each reads the token that was chosen"
        " before.",
    )
    tokenizer, model = smollm2_pair
    inputs = tokenizer(PROMPT, return_tensors="pt")
    texts = []
    for seed, cached in ((0, True), (1, True), (0, False)):
        torch.manual_seed(seed)
        texts.append(model.generate(**inputs, num_beams=3, max_new_tokens=12, use_cache=cached))
    assert torch.equal(texts[0], texts[1]) and torch.equal(texts[0], texts[2])
    it, they = tokenizer([f"{PROMPT} it", f"{PROMPT} they"], return_tensors="pt").input_ids
    with torch.no_grad():
        rows = [model(text[None]).logits[0, -1].softmax(-1) for text in (it, they)]
    assert (rows[0] - rows[1]).abs().sum() > 0.5, "the next row needs the token before"


def test_the_false_start_pays_later(says, smollm2_pair, values):
    says("One possible reason: the sum does not care where it saves.")
    tokenizer, model = smollm2_pair
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


def test_length_penalty_decides(says, values):
    says(
        "good Portuguese) has the better sum, {{ decoding/length.short_total:.2f}} against",
        "has the better mean, {{ decoding/length.long_mean:.3f}} against",
        "The short text has the [better sum](#a-sum-favors-short-texts).",
        "A sum favors short texts",
        "A smaller length penalty $\\alpha$, because a penalty on length makes texts short.",
        "A translator takes the text with the largest sum of log-probabilities, and its texts come"
        " out too short.",
        "Divided by a larger power of the length, the long text [won](#a-sum-favors-short-texts) in"
        " our example.",
    )
    v = values("decoding/length")
    assert v.short_length < v.long_length and v.short_text != v.long_text
    assert v.short_total > v.long_total and v.short_mean < v.long_mean


def test_the_sum_shortens_three_of_24_and_leaves_nothing_out(says, values):
    says(
        "For this translator the bias is small: of 24 short sentences, $\\alpha = 0$ shortened"
        " three, by one or two tokens, and nothing was left out.",
        "In our example sixteen beams find the same one as four.",
    )
    tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
    model = Translator.from_pretrained("models/en-pt")
    lines = Path("snippets/decoder/beginnings.txt").read_text("utf-8").splitlines()
    inputs = tokenizer(lines, return_tensors="pt", padding=True)
    ids = [model.generate(**inputs, num_beams=4, length_penalty=penalty) for penalty in (0.0, 1.0)]
    lengths = [(one[:, 1:] != tokenizer.pad_token_id).sum(1) for one in ids]
    shorter = lengths[1] - lengths[0]
    assert len(lines) == 24 and sorted(shorter.tolist())[:21] == [0] * 21
    assert 1 <= min(shorter[shorter > 0]) <= max(shorter) <= 2
    texts = [tokenizer.batch_decode(one, skip_special_tokens=True) for one in ids]
    changed = [one for one, other in zip(*texts) if one != other]
    assert changed == [
        "O robô regou os girassóis porque tinham sede.",
        "Ele escreveu uma carta para sua mãe toda semana.",
        "Depois do almoço eles foram para um mergulho.",
    ], "all of it is there"
    wide = model.generate(**tokenizer(lines[0], return_tensors="pt"), num_beams=16, length_penalty=0.0)
    assert tokenizer.decode(wide[0], skip_special_tokens=True) == values("decoding/length").short_text


def test_the_search_did_not_miss_the_reference(says):
    says(
        "The search did not miss our *copo*: the model rates the sentence with it somewhat lower.",
    )
    tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
    model = Translator.from_pretrained("models/en-pt")
    inputs = tokenizer("The glass fell off the table, but it did not break.", return_tensors="pt")
    totals = []
    for glass in "copo", "vidro":
        text = f"O {glass} caiu da mesa, mas não quebrou."
        labels = tokenizer(text_target=text, return_tensors="pt").input_ids
        with torch.no_grad():
            totals.append(-model(**inputs, labels=labels).loss.item() * labels.shape[1])
    assert totals[1] - 1 < totals[0] < totals[1] - 0.1, "lower, and not by much"


def test_penalties_break_the_loop(says, values, smollm2_pair):
    says(
        "Here both break the loop. (With the start token in front, the penalty does not: “they needed it"
        " to grow” comes again and again.)",
        "Neither makes the text good, and both have a price: a penalty also hits “the”, the comma"
        " and each word of the prompt, and with a forbidden run of three, a text can name the"
        " “European Economic Area” only once.",
    )
    v = values("decoding/penalties")
    assert "used = inputs.input_ids" in source("decoding/penalties"), "the prompt's tokens too"
    assert "I made a few changes" in v.penalized and "In this example" in v.forbidden, "not good"
    tokenizer, model = smollm2_pair
    inputs = tokenizer(f"<|endoftext|>{PROMPT}", return_tensors="pt")
    ids = model.generate(**inputs, num_beams=4, max_new_tokens=40, repetition_penalty=1.2)[0]
    assert tokenizer.decode(ids).count("they needed it to grow") >= 3, "again and again"
    scores = torch.ones(1, 49_152)
    used = tokenizer("The dog, the cat", return_tensors="pt").input_ids
    lowered = RepetitionPenaltyLogitsProcessor(1.2)(used, scores)[0] < 1
    the, comma, other = (tokenizer(word).input_ids[0] for word in (" the", ",", " robot"))
    assert lowered[the] and lowered[comma] and not lowered[other]
    named = tokenizer(" European Economic Area", return_tensors="pt").input_ids
    assert named.shape[1] == 3
    again = torch.cat([named, named[:, :2]], dim=1)
    forbidden = NoRepeatNGramLogitsProcessor(3)(again, scores.clone())[0].isinf()
    assert forbidden[named[0, 2]] and forbidden.sum() == 1
    clause = "the robot watered the sunflowers"
    assert v.plain.count(clause) == 3
    assert v.penalized.count(clause) == v.forbidden.count(clause) == 0


def test_translation(says, values, printed):
    says(
        "for four of five sentences the search found nothing better",
        "Both methods keep “O vidro” (the material) for the glass that fell.",
        "The last sentence is there because beam and greedy differ on it.",
        "Four beams change {{ decoding/translation.beam_changes }} translation, for the"
        " better",
        "Sampling is lower on average, {{ decoding/translation.sampled_mean:.2f}} against",
        "The score counts equal runs of letters, in the manner of chrF.[^chrf]",
        "Its worst text is not wrong, only far from our one reference; five sentences are an"
        " example, not a ranking.",
    )
    v = values("decoding/translation")
    assert v.beam_changes == 1
    assert v.beam_mean > v.greedy_mean > v.sampled_mean
    text = printed("decoding/translation")
    assert "beam: A margem do rio" in text and "O vidro caiu" in text
    assert text.count("beam:") == 1 and "copo" not in text.split("worst")[0]
    assert v.worst == "O morcego voou para fora da caverna durante a noite.", "good Portuguese"
    from collections import Counter

    overlap = function("translation", "overlap", Counter=Counter)
    assert overlap("uma casa", "uma casa") == pytest.approx(1) and overlap("aaaaaaa", "bbbbbbb") == 0
    assert 0 < overlap("uma casa", "uma cara") < 1


def test_code(says, values):
    says(
        "From greedy to $T = 1.5$ the share falls from",
        "to {{ decoding/write_code.hot_share:.0%}} (one of 24 texts).",
        "The model completes six one-line functions. Right means equal to one of the answers that"
        " we listed.",
    )
    assert "sum(body in known for body, known in zip(bodies, answers))" in source("decoding/write_code")
    v = values("decoding/write_code")
    assert v.greedy_share > v.cool_share > v.one_share > v.hot_share == 1 / 24


def test_cost(says, values):
    says(
        "{{ decoding/cost.four_positions }} positions instead of {{"
        " decoding/cost.greedy_positions }} with four beams",
        "Without a KV cache each call reads the whole text again, and even greedy needs {{"
        " decoding/cost.uncached_positions }}.",
        "Each method of the table needs one call per token.",
        "With a cache, the first call reads the prompt, and each later one a single new token of"
        " each text.",
    )
    v = values("decoding/cost")
    assert v.calls == 8  # one a token, whatever the method
    assert v.four_positions == 4 * v.greedy_positions
    assert v.eight_positions == 8 * v.greedy_positions
    prompt = v.greedy_positions - 7
    assert v.uncached_positions == sum(range(prompt, prompt + 8)), "the whole text, again"
    assert v.uncached_positions > v.four_positions


def test_answers(says, values):
    says(
        "The first rises to {{ decoding/exercises.first:.3f}}, because the sum is one again.",
        "{{ decoding/exercises.ratio:.2f}} and {{ decoding/exercises.cold_ratio:.2f}}.",
        "Half the temperature squares the ratio.",
        "They are equal at $\\alpha = \\log(2.7 / 2.0) / \\log(6 / 4)$",
    )
    v = values("decoding/exercises")
    assert v.kept == 3
    assert v.cold_ratio == pytest.approx(v.ratio**2, rel=1e-5)
    assert 2.0 / 4**v.turning == pytest.approx(2.7 / 6**v.turning, rel=1e-6)
    p = torch.tensor([3.0, 2.0, 1.0, 0.0]).softmax(-1)
    assert v.first == pytest.approx((p[0] / p[:3].sum()).item()) and v.first > p[0]


def test_the_questions_predictions(says, values, printed):
    says(
        "`= {{ decoding/two_filters.left }} ± 0`",
        "After top-k, [softmax shares](#top-k-the-k-best-tokens) the probability among three"
        " tokens.",
        "The best two then hold enough for top-p, and the third is cut.",
        "Softmax sees differences only, so the three rows say the same.",
        "It hits hardest where they are large: it halves 4 and takes 2 away, but from 1 it"
        " takes a half.",
        "[This repair](#two-repairs-for-loops) depends on a number that means nothing to the model.",
    )
    row = torch.tensor([4.0, 3.0, -1.0])
    assert torch.allclose((row + 7).softmax(0), row.softmax(0)), "the height of all logits"
    rows = printed("decoding/predict").splitlines()
    assert all("before 0.73" in row for row in rows)
    assert [row.split()[-1] for row in rows] == ["0.27", "0.62", "0.50"]
    scores = torch.tensor([[0.5, 0.2, 0.15, 0.1, 0.05]]).log()
    by_itself = TopPLogitsWarper(0.8)(None, scores)
    both = TopPLogitsWarper(0.8)(None, TopKLogitsWarper(3)(None, scores))
    assert by_itself.isfinite().sum() == 3, "the answer says so"
    assert both.isfinite().sum() == values("decoding/two_filters").left == 2


def test_top_k_is_50_if_nobody_sets_it(says, values, smollm2_pair):
    says(
        "`generate` keeps the 50 most probable tokens.",
        "`top_k=0` switches it off. That is why the programs on this page write it.",
        "The draws give {{ decoding/hidden.unset }} different tokens, and with `top_k=0`, {{"
        " decoding/hidden.off }}.",
        "A setting that nobody wrote",
    )
    for program in Path("snippets/decoding").glob("*.py"):
        text = program.read_text("utf-8")
        assert "do_sample\": True" not in text or "top_k" in text, program
    left = values("decoding/hidden")
    assert smollm2_pair[1].generation_config.top_k is None
    assert left.unset <= 50 < 200 < left.off


def test_makers_advice_is_dated_and_cited(says):
    says("in February 2025.[^deepseek-temperature]", "(April 2025).[^qwen3]")
    page = Path("docs/decoding.md").read_text("utf-8")
    assert "| code, facts, extraction | greedy" not in page, "it depends on the model"


def test_keys_of_the_questions_are_what_came_out(values, says):
    says(
        "- [x] Which token greedy would choose.",
        "- [x] In the aim: the text with the best score need not be a good one.",
        "- [x] The beginning of the greedy text was cut on the way.",
        '- [x] A larger length penalty $\\alpha$.',
    )
    logits = torch.tensor([2.0, 0.5, 1.7, -1.0])
    ranks = [(logits / T).softmax(-1).argsort(descending=True) for T in (0.5, 1.0, 2.0)]
    assert ranks[0].equal(ranks[1]) and ranks[1].equal(ranks[2])
    shares = [(logits / T).softmax(-1).max() for T in (0.5, 2.0)]
    assert shares[0] > shares[1] + 0.1
    both = values("decoding/compare")
    assert both.beam_mean > both.greedy_mean and both.beam_distinct < 0.5, "more probable, and a loop"
    two = values("decoding/beam_or_greedy")
    assert two.brazil_two_total < two.brazil_greedy_total < two.brazil_beam_total
    assert values("decoding/beam_tree").greedy_cut > 0, "cut on the way"
    length = values("decoding/length")
    assert length.short_total > length.long_total and length.short_length < length.long_length
    assert length.short_mean < length.long_mean, "divided by a larger power, the long one wins"
