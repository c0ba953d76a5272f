"""The labs: the student's state runs, the solved one is right, wrong answers are told why."""

import ast
import base64
import contextlib
import importlib.util
import io
import json
import math
import re
import string
import subprocess
import symtable
import sys
import textwrap
import zipfile
import zlib
from html import unescape
from importlib import metadata

import nbformat
import numpy as np
import pytest
import torch
from matplotlib import colormaps
from tiny_lab import TASK

from scripts.base import ROOT
from scripts.labs import handout, run
from scripts.labs import source as labs
from scripts.measure import house
from scripts.models.lock import load_lock
from scripts.pages import promises
from snippets.shared import tiny_decoder

pytest_plugins = ["browser"]

LABS = labs.names()
TASKS = [
    (name, cell.metadata["task"])
    for name in LABS
    for cell in labs.notebook(name, solved=True).cells
    if "task" in cell.metadata
]
MANY = 3  # typical wrong answers a task, at least
# Long cells, by words of theirs, that hang on no answer and leave nothing that is read later: what
# they print and draw is in the lab that the build ran for the students.
ALONE = {
    "decoder": ['"Who built the robot Bruno?"', "wishes = ["],
    "decoding": ["class CountPenalty", "def try_out"],
    "encoder": ["def embed_without"],
    "encoder_decoder": ["nouns = ", "BEGINNINGS = {", "def make_pair"],
}
# The same of the end of a cell, by the line that it begins with: what stands before it is run.
ENDS = {"decoder": "rule = ", "decoding": "results = duel(["}


def parts(name: str, source: str) -> tuple[str, str]:
    """Of a cell, what is run here and what is not."""
    if any(words in source for words in ALONE.get(name, ())):
        return "", source
    begins = f"\n{ENDS[name]}" if name in ENDS else source
    head, found, tail = source.partition(begins)
    return (head, found + tail) if head and found else (source, "")


@pytest.fixture(scope="module")
def solved(book):
    """solved(lab) → (its code cells, what stands before each task and at the end, all printed).

    The cells run here one after the other, as a kernel would run them, but for `ALONE` and `ENDS`.
    """
    made = {}

    def solve(name: str):
        if name not in made:
            assert run.make() == []
            there = {cell.id: cell for cell in nbformat.read(labs.executed(ROOT, name), 4).cells}
            cells = [c for c in labs.notebook(name, solved=True).cells if c.cell_type == "code"]
            space, before, said = {"__name__": "__main__"}, {}, {}
            with contextlib.chdir(ROOT):
                for cell in cells:
                    if "task" in cell.metadata:
                        before[cell.metadata["task"]] = dict(space)
                    here, left = parts(name, cell.source)
                    said[cell.id] = _run(here, space)
                    cell.metadata["drew"] = figures
                    if left:
                        assert there[cell.id].source == cell.source
                        shown = there[cell.id].outputs
                        said[cell.id] = "".join(one.get("text", "") for one in shown)
                        cell.metadata["drew"] = sum("image/png" in one.get("data", {}) for one in shown)
                        for one in _names(left)[1]:
                            space.pop(one, None)
            before["end"] = space
            made[name] = cells, before, said
        return made[name]

    return solve


figures = 0  # that the last cell left open


def _run(source: str, space: dict) -> str:
    """Run one cell; return what it printed. Figures are counted and closed."""
    global figures
    import matplotlib
    import matplotlib.pyplot as plt

    matplotlib.use("Agg")
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(re.sub(r"^[%!].*$", "", source, flags=re.M), "<lab>", "exec"), space)
    figures = len(plt.get_fignums())
    plt.close("all")
    return out.getvalue()


def _names(source: str) -> tuple[set[str], set[str]]:
    """The names that a cell reads from those before it, and those that it binds."""
    source = re.sub(r"^[%!].*$", "", source, flags=re.M)
    waiting, reads, first = [symtable.symtable(source, "<lab>", "exec")], set(), {}
    binds = {one.get_name() for one in waiting[0].get_symbols() if one.is_assigned() or one.is_imported()}
    while waiting:
        here = waiting.pop()
        waiting += here.get_children()
        outer = here.get_type() == "module"
        reads |= {one.get_name() for one in here.get_symbols() if one.is_referenced() and (outer or one.is_global())}
    for one in _in_order(ast.parse(source)):
        if isinstance(one, ast.Name):
            first.setdefault(one.id, type(one.ctx))
    return {one for one in reads if one not in binds or first.get(one) is ast.Load}, binds


def _in_order(tree: ast.AST):
    """The parts of a program in its order, without those that have names of their own."""
    own = ast.FunctionDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp
    parts = [*ast.iter_child_nodes(tree)]
    for one in reversed(parts) if isinstance(tree, ast.Assign) else parts:  # the value comes first
        if not isinstance(one, own):
            yield one
            yield from _in_order(one)


@pytest.mark.parametrize("name", ALONE)
def test_what_is_not_run_again_hangs_on_no_answer_and_nothing_hangs_on_it(name):
    cells = [c for c in labs.notebook(name, solved=True).cells if c.cell_type == "code"]
    halves = [parts(name, cell.source) for cell in cells]
    assert sum(bool(left) for _, left in halves) == len(ALONE[name]) + (name in ENDS)
    assert set(ENDS) <= set(ALONE)
    answers, gone = set(), set()  # names
    for cell, (here, left) in zip(cells, halves, strict=True):
        reads, binds = _names(here)
        answered = bool({"task", "check"} & cell.metadata.keys() or reads & answers)
        assert not (reads & gone), cell.source
        answers = answers | binds if answered else answers - binds
        gone -= binds
        if left:
            reads, binds = _names(left)
            assert not answered and not (reads & answers), (reads & answers, cell.source)
            gone |= binds


def _wrong(name: str) -> dict[str, list[tuple[str, str]]]:
    path = ROOT / "tests" / "labs" / "answers" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"wrong_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.WRONG


@pytest.mark.parametrize("name", LABS)
def test_as_students_get_it(book, name):
    """It ran from top to bottom, every task is open, and the file is a valid notebook."""
    assert run.make() == []
    made = nbformat.read(labs.executed(ROOT, name), 4)
    nbformat.validate(made)
    tasks = [cell for cell in made.cells if "task" in cell.metadata]
    checks = [cell for cell in made.cells if "check" in cell.metadata]
    assert 4 <= len(tasks) <= 8
    for task, check in zip(tasks, checks, strict=True):
        assert "..." in task.source and "solution>" not in task.source
        said = "".join(output.get("text", "") for output in check.outputs)
        assert said.startswith("○ Open"), (task.metadata["task"], said)


@pytest.mark.parametrize("name", LABS)
def test_the_file_to_take_along(book, name):
    assert run.make() == []
    made = nbformat.reads(handout.download(name, "https://book.example/"), 4)
    nbformat.validate(made)
    assert all(not cell.get("outputs") for cell in made.cells)
    text = json.dumps(made)
    assert not re.search(r"torch==[\d.]+\+", text), "a build that pip does not find elsewhere"
    assert "](../" not in text and "https://book.example/" in text
    assert "](../" not in handout.download(name, ""), "without an address there are no links"


@pytest.mark.parametrize("name", LABS)
def test_solved(solved, name):
    """Every check of the solved lab says that it is right."""
    cells, _, said = solved(name)
    for cell in cells:
        if "check" in cell.metadata:
            assert said[cell.id].startswith("✓"), (cell.metadata["check"], said[cell.id])
        assert bool(cell.metadata["drew"]) == bool(labs.told(cell)), "what one sees, and a figure"


def test_the_decoder_lab_pays_for_the_first_word(solved):
    """Its texts begin as in training, so no word is free and none stands where a text begins."""
    source = labs.written(ROOT, "decoder").read_text("utf-8")
    cells, before, said = solved("decoder")
    price = before["mask"]["price"]
    tokens, bits = price("The first thing you need to")
    assert "six words that cost less than 25 bits together? (The first word is not free.)" in source
    assert [token.strip() for token in tokens] == "The first thing you need to".split()
    assert 20 < bits.sum() < 25, "it can be done"
    assert price("Once upon a time, there was")[1].sum() > 25, "the next cell does not do it"
    assert "Can you make the *last* word cost more than thirty?" in source
    assert price("The sun rises in the east and sets in the purple")[1][-1] > 30
    space = before["mask"]
    letter = math.ceil(price(space["letter"])[1].sum().item() / 8)
    assert any(f"the model: {letter} bytes" in text for text in said.values())
    assert letter < 80, "with its first word, and still by far the shortest"
    _, chat = price("a", start="<|im_start|>")
    assert len(chat) == 1, "a chat begins with its own mark"


def test_the_decoder_lab_peeks(solved):
    """It copies some words, also such as were drawn by chance; the last text becomes dearer."""
    source = labs.written(ROOT, "decoder").read_text("utf-8")
    assert "it copies some of what it sees: even of words drawn by chance" in source
    assert "In the last text it loses its way instead" in source
    cells, _, said = solved("decoder")
    (shown,) = [said[c.id] for c in cells if "a blind guess" in said.get(c.id, "")]
    rows = re.findall(r"(the past|all) +([\d.]+) bits, +(\d+) of (\d+) hit", shown)
    bits = [float(row[1]) for row in rows]
    hits = [int(row[2]) for row in rows]
    assert len(rows) == 6
    assert hits[2] == 0 and hits[3] >= 3, "of words drawn by chance"
    assert bits[1] < bits[0] and bits[3] < bits[2] / 2 and bits[5] > bits[4] + 2


def shown(solved, name: str, begins: str) -> str:
    """What the one cell of the solved lab printed that has these words in it."""
    cells, _, said = solved(name)
    (text,) = [said[cell.id] for cell in cells if begins in cell.source]
    return text


def numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?\d+\.\d+", text)]


def test_the_encoder_lab_counts_before_it_names_a_head(solved, says):
    says(
        "one that gives the *end of the sentence* more than others do, whether a full stop stands"
        " there or not: about half of a word's look with the full stop, and the rest goes"
        " elsewhere.",
        "In all eight sentences hiding `[CLS]` moves the vector most; in one of them another"
        " token comes close.",
        "in our sentences closing the parking place `[CLS]` moves the vector more than hiding any"
        " word.",
        page="labs/encoder",
    )
    text = shown(solved, "encoder", "The end's part of a word's look")
    with_stop, without = (
        numbers(line) for line in text.splitlines() if "average head" in line
    )
    assert 0.4 < with_stop[0] < 0.6 and with_stop[1] > 2 * with_stop[2]
    assert without[0] > 4 * without[2] and without[1] > 2 * without[2]
    assert "in 8 of 8 sentences" in text
    assert 1 <= numbers(text.splitlines()[-1])[0] < 1.2
    says(
        "There only *the* returned, and to that it gives little (the last line).",
        page="labs/encoder",
    )
    text = shown(solved, "encoder", "def problem(same_word)")
    assert text.splitlines()[1].startswith("layer 2, head  9: "), "the dull head"
    assert max(numbers(text.splitlines()[-1])) < 0.1 < numbers(text.splitlines()[1])[0] / 4


def test_the_encoder_lab_tests_its_guess_about_the_last_layer(solved, says):
    says(
        "A head that we can describe need not be among those that move these vectors most.",
        "A good guess is that nothing comes after it: whatever a head of layer 0 fails to hand on,"
        " five layers can still make up for.",
        "Later layers do make up for half of it or more in layers 0 to 3.",
        "a head of layer 5 moves the mean nearly four times as much as one of any other layer"
        " even when each is measured right after its own.",
        page="labs/encoder",
    )
    text = shown(solved, "encoder", "def after_layer")
    rows = [numbers(line) for line in text.splitlines() if line.startswith("layer ")]
    here, there = zip(*rows)
    assert len(rows) == 6 and here[5] == there[5], "nothing comes after it"
    assert all(there[layer] <= 0.52 * here[layer] for layer in range(4))
    assert 3.5 < here[5] / max(here[:5]) < 4
    places = [int(found) for found in re.findall(r"place (\d+) of 72", text)]
    assert len(places) == 3 and max(places) > 60 and min(places) > 12


def test_the_encoder_lab_stops_its_probe_early(solved, says):
    says(
        "With the pairs together, a list of words comes close to the coin: the pairs were most of"
        " the reason.",
        "And the probe that stops early is nearly as good as the centroid: here it was the long"
        " training that cost it the exam.",
        "Our guess: many wordings come in pairs, *are a problem* and *are not a problem*, and whoever"
        " knows one of the two, and only its words, takes the other for the same.",
        "Then fewer steps should help",
        page="labs/encoder",
    )
    text = shown(solved, "encoder", "words, pairs drawn together")
    apart, together, *steps, centroid = (numbers(line)[0] for line in text.splitlines())
    assert 0.5 - apart > 3 * (0.5 - together) > 0, "a coin gets a half"
    assert min(steps[:2]) > steps[2] > steps[3], "3, 10, 50, 400 steps"
    assert steps[1] > centroid - 0.04 and steps[3] < centroid - 0.1
    says(
        "*may* and *may not* were nearer to each other than two wordings of one permission",
        page="labs/encoder",
    )
    text = shown(solved, "encoder", "guesses = ")
    other, forbids = (numbers(line)[0] for line in text.split("You may smoke here.\n")[1].splitlines()[:2])
    assert forbids > other + 0.2


def test_the_encoder_lab_hears_who_acts_in_the_active_alone(solved, says):
    says(
        "with words that it knows, the probe was right on each of the hundred sentences kept aside,"
        " at a cosine so near to 1. For new words it reads much less. And look at the passive of the"
        " same words: far from a coin, on the wrong side. (With new words in the passive, a hundred"
        " sentences cannot tell it from a coin.)",
        page="labs/encoder",
    )
    text = shown(solved, "encoder", "animals = ")
    aside, new, passive, both = (int(share) for share in re.findall(r"(\d+)%", text))
    assert aside == 100 and 50 < new < 80
    assert passive < 50 - 3 * 5 and abs(both - 50) < 2 * 5, "the error of 100 coins is 5%"


def test_the_encoder_decoder_lab_has_the_verb_from_the_source(solved, says):
    says(
        "*gosto* is the form for the “I” of the source. (From *She likes cats.*, “Ela” goes on with"
        " *gosta*.)",
        page="labs/encoder_decoder",
    )
    space = solved("encoder_decoder")[1]["log_probability"]
    for source, verb in (("I like cats.", "gosto"), ("She likes cats.", "gosta")):
        written = space["write_from"](space["read"](source), "Ela")
        assert written.split()[:2] == ["Ela", verb]


def test_the_decoding_lab_begins_its_texts_as_in_training(solved, says):
    """And a pair of words more or less is no verdict."""
    says(
        "In training every text stood behind the token `<|endoftext|>`",
        "A pair of words more or less is no difference, so a few points do not count.",
        "Our guess: a search loops where copying is cheap. Test it.",
        page="labs/decoding",
    )
    cells, _, said = solved("decoding")
    code = "\n".join(cell.source for cell in cells)
    given = re.findall(r"tokenizer\((\w+|\[\w+)", code)
    assert {"START", "[START"} <= set(given) <= {"START", "[START", "jerome"}, "what a model reads"
    text = shown(solved, "decoding", "results = duel([")
    pairs = re.findall(r"distinct-2 (\d+)%", text)
    ones, fours = pairs[::2], pairs[1::2]
    clearly = sum(int(four) < int(one) - 10 for one, four in zip(ones, fours))
    assert f"repeat clearly more (by 10 points) in {clearly}." in text
    suspects = [line for line in shown(solved, "decoding", "dealers = ").splitlines() if "!" in line]
    assert all(re.search(r"\d $", line) for line in suspects), "the honest one is never suspected"


def test_no_cut_of_the_sentence_passes_a_filter(solved, says):
    says(
        "One forbidden token is enough: then the sentence in this cut has the probability 0 for that"
        " decoder, however often it draws. (The same letters can be cut in other ways. We tried them"
        " all: each of the five filters stops each of them.)",
        "one forbidden token, and this cut of the sentence has the probability 0.",
        page="labs/decoding",
    )
    space = solved("decoding")[1]["draw"]
    tokenizer, model, jerome = space["tokenizer"], space["model"], space["jerome"]
    start = tokenizer(space["START"] + "I like work:").input_ids
    pieces = {i: tokenizer.decode([i]) for i in range(len(tokenizer))}
    assert len(space["filters"]) == 5
    for keep in space["filters"].values():
        begun = [(start, 0)]  # ids, and how many letters of the sentence they have written
        for ids, done in begun:
            assert len(begun) < 100 and done < len(jerome)
            kept = keep(None, model(torch.tensor([ids])).logits[:, -1])[0].isfinite()
            for i in kept.nonzero()[:, 0].tolist():
                if pieces[i] and jerome.startswith(pieces[i], done):
                    begun.append(([*ids, i], done + len(pieces[i])))
        assert len(begun) > 1, "it does begin"


def test_the_encoder_decoder_lab_transplants_more_than_one_cow(solved, says):
    says(
        "seven of them feminine in Portuguese",
        "In these sentences gender crosses the bridge in the row of the noun, and the rows of"
        " article and adjective do not carry it",
        page="labs/encoder_decoder",
    )
    noun, article, color = shown(solved, "encoder_decoder", "nouns = ").splitlines()
    assert re.findall(r"(\w) …(\w)", noun) == [("A", "a")] * 7 + [("O", "o")] * 3
    for row in (article, color):
        assert re.findall(r"(\w) …(\w)", row) == [("O", "o")] * 10, "as in the cat's"
    says(
        "without its row in the memory they are plain cats, and without that of `robot` they stay"
        " cats of the sun.",
        page="labs/encoder_decoder",
    )
    sun, robot = shown(solved, "encoder_decoder", "BEGINNINGS = ").splitlines()[-2:]
    assert "gatos solares" not in sun and "regou os gatos" in sun and "gatos solares" in robot


def test_one_space_in_front_of_nothing(solved, says):
    says(
        "In our prompt, a space at the end was enough to throw it off.",
        "So a lone `Ġ` is what stands before a number",
        page="labs/input_representation",
    )
    cells, _, said = solved("input_representation")
    plain = shown(solved, "input_representation", "print(next_tokens(bpe(prompt).input_ids))")
    spaced = shown(solved, "input_representation", 'print(bpe.tokenize(prompt + " "))')
    assert "' Paris'" in plain.splitlines()[1] and "Paris" not in spaced
    assert len(re.findall(r"'\d'", spaced.splitlines()[1])) == 5, "digits"


def told(solved, name: str, task: str, answer: str) -> str:
    """What the check of a task says of an answer."""
    cells, before, _ = solved(name)
    check = next(c.source for c in cells if c.metadata.get("check") == task)
    source = next(c.source for c in _as_written(name) if c.metadata.get("task") == task)
    space = dict(before[task])
    _run(labs.answered(source, answer), space)
    return _run(check, space)


def code_of(solved, name: str, words: str) -> str:
    """The one code cell of the solved lab that has these words in it."""
    (source,) = [cell.source for cell in solved(name)[0] if words in cell.source]
    return source


def test_a_model_without_a_mask_learns_to_copy_late(says):
    says(
        "A small model that *trains* without a mask does learn to copy, as the chapter",
        "It does not do so at once: at first its loss is the higher one, and then it falls far below"
        " the other.",
        page="labs/decoder",
    )
    masked, leaking = (tiny_decoder.train(masked, steps=180)[1] for masked in (True, False))
    assert sum(leaking[50:80]) > 1.3 * sum(masked[50:80])
    assert sum(leaking[150:]) < sum(masked[150:]) / 3


def test_the_decoder_lab_bets(solved, says):
    says(
        "The next token of each is hidden: below it is only an id",
        'means one half on *cold*, one fifth on *wet*.',
        "What you do not spend goes in equal parts to all the other tokens of the vocabulary.",
        'Keys are strings that begin with a space and are one token, such as `" blue"`; the values'
        " of one dictionary add up to less than one.",
        page="labs/decoder",
    )
    space = solved("decoder")[1]["surprise"]
    bet, tokenizer = {" cold": 0.5, " wet": 0.2}, space["tokenizer"]
    cold, other = (tokenizer(word).input_ids[0] for word in (" cold", " robot"))
    assert space["your_probability"](bet, cold) == 0.5
    assert space["your_probability"](bet, other) == pytest.approx(0.3 / (len(tokenizer) - 2))
    assert all(isinstance(one, int) for one in space["hidden"])
    for wrong, said in [('"blue": 0.5', "What begins"), ('" heliotropism": 0.5', "tokens"), ('" blue": 1.0', "kept nothing")]:
        assert said in told(solved, "decoder", "bets", f"bets = [{{{wrong}}}] * 5")


def test_the_decoder_lab_prices_every_token_in_one_pass(solved, says):
    says(
        "The model needs one pass for a whole text, because it makes a bet at every position.",
        "We put this token in front, so that the first word is bet on as well.",
        "A price for every token",
        "Both must be one shorter than the text.",
        "`log_softmax(-1)` makes logarithms of probabilities of each row",
        "From here on, PyTorch's own `cross_entropy` does this work in the given code",
        "One word of the second sentence is wrong.",
        "it knows only what stands earlier in the same text",
        "In one pass the model bet at every position, and the right tokens stood in the same text,"
        " one place to the right.",
        page="labs/decoder",
    )
    cells, before, _ = solved("decoder")
    space = before["mask"]
    ids, logits = space["ids"], space["logits"]
    assert shown(solved, "decoder", 'sentence = "The robot').startswith("tokens (12,) logits (12, ")
    tokens, bits = space["price"](space["sentence"])
    assert [token.strip() for token in tokens[:2]] == ["The", "robot"]
    assert len(bits) == len(ids) - 1 and (space["surprise"](logits, ids) - bits).abs().max() < 1e-3
    assert abs(logits.log_softmax(-1).exp().sum(-1) - 1).max() < 1e-3
    assert "F.cross_entropy" in code_of(solved, "decoder", "def price(")
    one, other = re.findall(r'"(The captain.*?)"', code_of(solved, "decoder", "def price("))
    assert sum(a != b for a, b in zip(one.split(), other.split(), strict=True)) == 1
    letter = space["letter"].encode()
    assert zlib.decompress(zlib.compress(letter, 9)) == letter, "and needs nothing else"
    assert (logits[:-1].log_softmax(-1).gather(-1, ids[1:, None])[:, 0] / -math.log(2) - bits).abs().max() < 1e-3


def test_the_decoder_lab_leaks_without_its_mask(solved, says):
    says(
        "Because of the mask that is added to the scores in each of its layers.",
        "Start from a matrix full of −∞ (`torch.full`), and keep the future only.",
        "Without a mask, the right answer to every bet is in plain sight.",
        "Nobody taught it, and still it copies some of what it sees: even of words drawn by chance,"
        " which nobody can guess.",
        "In the last text it loses its way instead; a mask that a model never met promises nothing.",
        "A low price says something only if the answer was hidden.",
        page="labs/decoder",
    )
    reached = shown(solved, "decoder", "def all_masks").splitlines()[1:]
    past, ahead, everything = (re.findall(r"\d+", line) for line in reached)
    assert past == ["0"] * 3 and everything == ["10"] * 3 and ahead == ["1", "2", "10"]
    assert "difference of any logit 0e+00" in shown(solved, "decoder", "def problem(causal_mask)")
    mask = solved("decoder")[1]["write"]["causal_mask"](3).tolist()
    assert mask == [[0, -math.inf, -math.inf], [0, 0, -math.inf], [0, 0, 0]]
    text = shown(solved, "decoder", "a blind guess")
    chance, last = text.split("qz 7")[1].split("The dragon")
    assert numbers(chance)[0] > 2 * numbers(chance)[2], "cheap, and nobody can guess it"
    assert numbers(last)[2] > 1.5 * numbers(last)[0]


def test_the_decoder_lab_writes_with_a_memory_and_renders_a_chat(solved, says):
    says(
        "With the **KV cache** the model gets only what it has not yet read",
        "In the first call the whole prompt is new; in every later call, one token is",
        "Every turn has the same shape: start mark, role, new line, content, end mark, new line.",
        "So a loop over the turns does most of the work.",
        "After: the beginning of a turn that nobody has spoken yet, the assistant's, up to its new"
        " line.",
        page="labs/decoder",
    )
    text = shown(solved, "decoder", "def problem(write_cached)")
    assert "the same tokens: True" in text and "from calls of 5 1 1 1 …" in text
    assert "from calls of 5 6 7 8 …" in text
    text = shown(solved, "decoder", 'print(seen + "■")')
    turn = r"<\|im_start\|>(\w+)\n(.*?)<\|im_end\|>\n"
    assert re.sub(turn, "", text, flags=re.S) == "<|im_start|>assistant\n■\n"
    assert [role for role, _ in re.findall(turn, text, re.S)] == ["system", "user"]


def test_the_decoder_lab_asks_and_catches(solved, says):
    says(
        "The model can hold the right word ready and still not come to it: its free answer begins"
        " on another way.",
        "whatever the model says there is made up, and counts as wrong.",
        "One number cannot say how good it is: a detector that always cries catches every wrong"
        " answer.",
        "`cries[wrong]` keeps the wrong answers only, and `cries[~wrong]` the right ones.",
        "The figure shows the first half.",
        "Each half is small, so one answer more or less moves a share by several percent",
        "some false answers come as surely as true ones.",
        page="labs/decoder",
    )
    missed = re.findall(r": ([\d.]+) bits alone, ([\d.]+) with .*\n +✗", shown(solved, "decoder", "worth.append"))
    assert missed and all(float(held) < 5 < 15 < float(alone) for alone, held in missed)
    text = shown(solved, "decoder", "def problem(alarms)")
    assert "above    0 bits: caught 100%, false alarms 100%" in text
    space = solved("decoder")[1]["alarms"]
    wrong, learn, doubts = space["wrong"], space["learn"], space["doubts"]
    assert (space["invented"] & ~wrong).sum() == 0 < space["invented"].sum()
    assert doubts[wrong].tolist() == [d for d, w in zip(doubts.tolist(), wrong.tolist()) if w]
    assert "points = doubts[learn & kind]" in code_of(solved, "decoder", "points = doubts[")
    for half in (learn, ~learn):
        assert all(0.05 < 1 / (half & kind).sum() < 0.15 for kind in (wrong, ~wrong))
    false = doubts[wrong & ~space["invented"]].min()
    assert (doubts[~wrong] > false).any(), "a true answer with more doubt than a false one"


def test_the_decoding_lab_plays_and_convicts(solved, says):
    says(
        "At each step it prints the five best tokens, with your pick in brackets.",
        "One strip has only rank 1, one reaches ranks in the thousands; a dashed line marks rank 10.",
        "Each decoder has things that it *cannot* do.",
        "greedy has the same rank at each step.",
        "Beam search has no rule for single tokens: it has the best sum.",
        "A text is a list of ranks, and each decoder leaves its fingerprint there: greedy only ones,"
        " top-k nothing above k, top-p nothing outside the nucleus.",
        page="labs/decoding",
    )
    rows = shown(solved, "decoding", "import random").splitlines()[:8]
    assert all(row.count("|") == 4 and row.count("[") == 1 for row in rows)
    _, before, _ = solved("decoding")
    truth, evidence = before["verdict"]["truth"], before["verdict"]["evidence"]
    by = {truth[letter]: found for letter, found in evidence.items()}
    assert by["greedy"]["rank"] == 1 and 1000 < by["sampling"]["rank"] < 10_000
    assert by["top-k"]["rank"] <= 10 and by["top-p"]["before"] <= 0.8
    assert by["beam search"]["sum"] == max(found["sum"] for found in evidence.values())
    assert by["beam search"]["rank"] > 1
    assert "axis.axhline(10" in code_of(solved, "decoding", "axis.semilogy(place")
    verdict = "verdict = dict(zip('ABCDE', ['greedy', 'sampling', 'top-k', 'beam search', 'top-p']))"
    assert "Greedy cannot" in told(solved, "decoding", "verdict", verdict)


def test_the_decoding_lab_filters(solved, says):
    says(
        "You know top-k: keep the k best.",
        "Top-p keeps the smallest set of best tokens whose probabilities sum to at least $p$.",
        "the same logits, with $-\\infty$ (`-torch.inf`) for each token outside the set.",
        "So the best token always stays: nothing stands before it.",
        "`scatter(-1, places, mask)` on a tensor of the same shape brings it back into the order of"
        " the vocabulary.",
        "At each step a filter leaves a number of tokens, the best ones.",
        "It can never surprise us in these places.",
        "One secretly throws away all but the best 200 tokens.",
        page="labs/decoding",
    )
    space = solved("decoding")[1]["beam_step"]
    nucleus, logits = space["nucleus"], space["logits"]
    kept = nucleus(logits[None], 0.9)[0]
    share, left = logits.softmax(-1), kept.isfinite()
    assert share[left].sum() >= 0.9 > share[left].sum() - share[left].min()
    assert share[left].min() >= share[~left].max() and kept[left].equal(logits[left])
    assert (kept[~left] == -math.inf).all() and kept.softmax(-1)[~left].max() == 0
    ordered, places = logits.softmax(-1).sort(descending=True)
    mask = ordered.cumsum(-1) - ordered < 0.9
    assert mask.clone().scatter(-1, places, mask).equal(left)
    assert nucleus(logits[None], 1e-6).isfinite().sum() == 1
    top = space["TopKLogitsWarper"](10)(None, logits[None]).isfinite()[0]
    assert top.sum() == 10 and logits[top].min() >= logits[~top].max()
    assert sorted(int(rule.isfinite().sum()) for rule in space["rules"])[0] == 200
    said = shown(solved, "decoding", "jerome = (").replace("\n    ", " ")
    assert re.search(r"p = 0.98 forbids 3: fasc, :, nearly", said)


def test_the_decoding_lab_throws_dice(solved, says):
    says(
        "The same `u` must give the same token, so use no other source of chance.",
        "The test sorts draws into seven boxes, one for each of the six best tokens and one for the"
        " rest",
        "A test with few draws acquits nearly everybody: it says “no evidence”, not “innocent”.",
        "And it sees only what its boxes show.",
        "none at all is greedy, noise × 1 is the model's own distribution, and more of it drowns the"
        " model.",
        "a test has a limit that depends on the number of draws, and sees only what its boxes show.",
        page="labs/decoding",
    )
    random = "tokens = torch.multinomial(logits.softmax(-1), len(u), replacement=True)"
    assert "second source of chance" in told(solved, "decoding", "draw", random)
    space = solved("decoding")[1]["beam_step"]
    assert len(space["boxes"]) == 7
    rows = shown(solved, "decoding", "dealers = ").splitlines()[2:]
    assert not any("!" in row for row in rows[:2]) and "!" in rows[-1]
    limits = [float(row.split()[1]) for row in rows]
    assert limits[0] > limits[-1] + 1
    rest = [one for one in range(12) if one not in space["best"].tolist()][:2]
    torch = sys.modules["torch"]
    one, other = (space["count"](torch.tensor([a, a, b])) for a, b in (rest, rest[::-1]))
    assert one.equal(other), "two of the rest change places, and nobody sees it"
    table = shown(solved, "decoding", "noise × 0.5").splitlines()[2:]
    for row in table:
        soft, drawn, cold, half = numbers(row)
        assert abs(soft - drawn) < 0.02 and abs(cold - half) < 0.02
    (noise,) = [-(-torch.rand(200, len(space["logits"])).log()).log()]
    at = (space["logits"][None] + 30 * noise).argmax(-1)
    assert (space["logits"] + 0 * noise[0]).argmax() == space["logits"].argmax()
    assert (at == space["logits"].argmax()).float().mean() < 0.02, "drowned"


def test_the_decoding_lab_searches_and_cures(solved, says):
    says(
        "for each beam, the log-probabilities of every next token.",
        "Return the `beams` best extensions of *all*",
        "The extensions of all beams compete with each other: a strong beam may have three children,"
        " and a weak one none.",
        "So put all totals into one long row before you take the best.",
        "`totals[:, None] + log_p` has a row for each parent.",
        "place 0 to vocabulary − 1 belong to the first parent, the next ones to the second.",
        "which four beams write a **more probable** text than greedy, and its distinct-2 is **lower"
        " by 10 points or more**.",
        "greedy begins an explanation, and the search finds out that turning in a circle costs less.",
        "A penalty knows nothing of meaning.",
        "It cannot tell a loop from a digit, a closing bracket or a name that must come twice.",
        "Beam search is one line repeated: the best of all extensions.",
        page="labs/decoding",
    )
    torch = sys.modules["torch"]
    space = solved("decoding")[1]["spoiled"]
    log_p = torch.tensor([[0.4, 0.35, 0.25], [0.2, 0.3, 0.5]]).log()
    totals = torch.tensor([-1.0, -9.0])
    best, parents, tokens = space["beam_step"](totals, log_p, 3)
    assert parents.tolist() == [0, 0, 0] and tokens.tolist() == [0, 1, 2]
    row = (totals[:, None] + log_p).flatten()
    assert row[:3].equal(-1 + log_p[0]) and best.equal(row.topk(3).values)
    assert "num_beams=3: True" in shown(solved, "decoding", "def problem(beam_step)")
    text = shown(solved, "decoding", "tried = {}")
    (one, four), (before, after) = (re.findall(x, text) for x in (r"sum (-[\d.]+)", r"2 (\d+)%"))
    assert float(four) > float(one) and int(after) <= int(before) - 10
    cured = shown(solved, "decoding", "class CountPenalty").split("counts |")[1]
    plain, penalty, count = re.split(r"\n  (?=repetition|count)", cured)
    assert "20, 21, 22, 23, 24," in plain and "20, 21" not in penalty
    assert "24," not in count, "to the last character"


def test_the_decoding_lab_leads_on(solved, says):
    says(
        "[Parallelism](../parallelism.md) shows why the steps of one text cannot run side by side.",
        "a text becomes a list of ranks, and most of them are small.",
        "I love to keep it by me: the idea of getting rid of it nearly breaks my heart.”",
        page="labs/decoding",
    )
    assert "\n## Reading is parallel, writing is not" in (ROOT / "docs" / "parallelism.md").read_text("utf-8")
    space = solved("decoding")[1]["draw"]
    assert (space["place"] <= 100).float().mean() > 0.8 and (space["place"] <= 10).float().mean() > 0.5
    assert space["jerome"].endswith(
        "I love to keep it by me: the idea of getting rid of it nearly breaks my heart."
    )


def test_the_encoder_decoder_lab_reads_once_and_writes(solved, says):
    says(
        "From then on nothing new can happen.",
        "Make at most `limit` trips.",
        "A loop over `range(limit)` makes at most `limit` trips.",
        "ask `to_portuguese` for the second one.",
        "its output is called the *memory*: one vector for each piece that was read.",
        "Only one of these rows speaks about the piece that comes next.",
        "The memory is made once, and the decoder asks it again at every piece.",
        "One half reads once, the other writes piece by piece, and each piece asks the same memory.",
        page="labs/encoder_decoder",
    )
    _, before, _ = solved("encoder_decoder")
    space = before["by_word"]
    trips = []
    heard = space["telephone"]("a", lambda text: text + "b", lambda text: trips.append(1) or text, 3)
    assert len(trips) == 3 and len(heard) == 4
    again = space["telephone"]("a", lambda text: text, lambda text: text, 8)
    assert again == ["a"], "the same text gives the same text"
    assert "anel" in space["to_portuguese"](space["SENTENCES"][1])
    text = shown(solved, "encoder_decoder", "START = model.config")
    assert len(text.splitlines()[0].split(" ▁")) <= 13 and "memory: (1, 13, 256)" in text
    text = shown(solved, "encoder_decoder", "def problem(write)")
    assert "encoder runs: 1  decoder runs: 11" in text


def test_the_encoder_decoder_lab_operates_on_the_memory(solved, says):
    says(
        "Nothing is hidden from anybody.",
        "With `@` you get all of them at once, if the last two dimensions of the keys change places.",
        "If a row stands twice, two equal weights go to it, and all weights still sum to one.",
        "(One of the six writes the same words here although its logits moved: a decision may survive"
        " a small change.)",
        "Each time only one row comes from the other sentence: that of the noun, of `The`, or of"
        " `black`.",
        "A chair stands in the memory twice now, and once it is written.",
        page="labs/encoder_decoder",
    )
    _, before, _ = solved("encoder_decoder")
    space, torch = before["by_word"], sys.modules["torch"]
    q, k, v = space["query"], space["key"], space["value"]
    weights, mixed = space["cross_attention"](q, k, v)
    assert (weights > 0).all()
    twice, same = space["cross_attention"](q, k.repeat_interleave(2, 1), v.repeat_interleave(2, 1))
    assert torch.allclose(twice[..., ::2], twice[..., 1::2]) and torch.allclose(same, mixed, atol=1e-4)
    assert torch.allclose(twice.sum(-1), torch.ones(()), atol=1e-4)
    scores = q @ k.transpose(1, 2)
    assert torch.allclose(scores[0, 1, 2], q[0, 1] @ k[0, 2], atol=1e-3)
    changes, unchanged = space["changes"], space["unchanged"]
    assert unchanged == {name for name, moved in changes.items() if moved < 1e-3}
    rows = shown(solved, "encoder_decoder", "text = \"The black cat sleeps").splitlines()
    plain, *others = (re.split(r"  +|(?<=shuffle) |(?<=no end) ", row, maxsplit=1) for row in rows)
    kept = {name.strip() for name, written in others if written.strip() == plain[1].strip()}
    assert len(kept - unchanged) == 1 and unchanged <= kept
    third = shown(solved, "encoder_decoder", "def transplant").splitlines()[2]
    assert third.count("cadeira") == 1


def test_the_encoder_decoder_lab_scores_any_translation(solved, says):
    says(
        "So what a written word gives stays the same in sum, however many pieces it has.",
        "With it you can ask the translator about *any* translation, not only about its own.",
        "In the text that `generate` writes, nothing shows these doubts",
        "Nothing is repaired, and most of it is fluent.",
        "*Nunca*, never, is not in the source, and the apple's color goes to the banana.",
        "A browser that translates a page has this problem with every link.",
        page="labs/encoder_decoder",
    )
    space, torch = solved("encoder_decoder")[1]["log_probability"], sys.modules["torch"]
    weights = torch.tensor([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]])
    words = space["by_word"](weights, torch.tensor([0, 0, 1]), torch.tensor([0, 0]))
    assert torch.allclose(words, torch.tensor([[0.7, 0.3]])) and words.sum() == pytest.approx(1)
    shares = re.findall(r"feminine +(\d+)%", shown(solved, "encoder_decoder", "COUPLES = "))
    assert len(shares) == 8 and any(20 < int(one) < 80 for one in shares)
    text = shown(solved, "encoder_decoder", "BEGINNINGS = ")
    assert "Ela nunca deu-lhe" in text and "uma banana vermelha." in text and "Ela gosto de" in text


def test_the_encoder_decoder_lab_trains_a_writer(solved, says):
    says(
        "We train for 100 steps only, so that there are mistakes to look at.",
        "Up to the first mistake both are given the same.",
        "After it, with the teacher the model goes on as if nothing had happened.",
        "In the last line only the letters *after* the first mistake of an answer count.",
        "So exact match cannot show what a model's own mistakes do to it: an answer is lost at its"
        " first mistake, with a teacher or without.",
        "The last three it answers in Roman letters like any other, and nothing says that the"
        " question was new to it.",
        page="labs/encoder_decoder",
    )
    text = shown(solved, "encoder_decoder", "def two_tests(")
    letters, answers, after = ([float(x) for x in re.findall(r"([\d.]+)%", row)] for row in text.splitlines()[1:])
    assert answers[0] == answers[1] < 90 and letters[0] > letters[1]
    assert after[0] > after[1] + 15
    assert shown(solved, "encoder_decoder", "LETTERS = {").count("wrong") >= 2
    last = shown(solved, "encoder_decoder", "right from beginning to end").splitlines()[-3:]
    assert all(re.fullmatch(r"[\d ]+ → (?:[MDCLXVI] ?)+", row) for row in last)


def test_the_input_lab_cuts(solved, says):
    says(
        "in `for_wordpiece`, WordPiece needs at least **ten** tokens fewer than BPE;",
        "in `for_bpe`, BPE needs at least **ten** tokens fewer than WordPiece.",
        "SmolLM2 spells every digit, and it saw few words in capitals; WordPiece lowers all letters"
        " before it looks.",
        "SmolLM2's vocabulary contains every letter of the alphabet, and 235 of the 256 bytes, alone.",
        "All these lists of ids give the same text back.",
        "This helper prints the five best.",
        "It returns a list of SmolLM2's ids that decodes to exactly the same text, one token for each"
        " character.",
        "The tokenizer joins characters only when it sees them side by side.",
        "All characters are there, and in order; nothing that you can read was lost.",
        "One text has many lists of ids, and a model knows only the cut that it was trained on.",
        page="labs/input_representation",
    )
    _, before, _ = solved("input_representation")
    space = before["join"]
    bpe, wordpiece, spell = space["bpe"], space["wordpiece"], space["spell"]
    ours = [len(cut.tokenize(space["for_wordpiece"])) for cut in (wordpiece, bpe)]
    theirs = [len(cut.tokenize(space["for_bpe"])) for cut in (wordpiece, bpe)]
    assert ours[1] - ours[0] >= 10 and theirs[0] - theirs[1] >= 10
    assert bpe.tokenize("2026") == list("2026") and len(bpe.tokenize("ROBOT")) > 1
    assert wordpiece.tokenize("ROBOT") == ["robot"]
    from tokenizers.pre_tokenizers import ByteLevel

    assert len(set(ByteLevel.alphabet()) & set(bpe.get_vocab())) == 235
    assert set(string.ascii_letters) <= set(bpe.get_vocab())
    assert bpe.decode(spell("sunflowers")) == bpe.decode(bpe("sunflowers").input_ids) == "sunflowers"
    assert len(spell("sunflowers")) == 10
    text = shown(solved, "input_representation", "print(next_tokens(bpe(prompt).input_ids))")
    assert len(re.findall(r"\d\.\d\d", text.splitlines()[1])) == 5
    spelled = shown(solved, "input_representation", "for text in [prompt, prompt")
    assert "Paris" in text and "Paris" not in spelled


def test_the_input_lab_learns_merges(solved, says):
    says(
        "You know from the chapter how BPE learns: join the most frequent pair, repeat.",
        "It goes through the list from left to right and joins every place where the two pieces of"
        " `pair` stand side by side.",
        "it cuts at spaces first, and merges never cross a cut.",
        "Compare Swahili with English: fewer characters, plain letters, and yet it costs far more.",
        "The last row shares the same merges among four languages, and everyone pays more than at"
        " home.",
        page="labs/input_representation",
    )
    space = solved("input_representation")[1]["analogy"]
    assert space["join"](list("abcab"), ("a", "b")) == ["ab", "c", "ab"]
    steps = re.findall(r"^ ?\d+ +(\d+) times", shown(solved, "input_representation", "BPE cuts the Ode"), re.M)
    assert list(map(int, steps)) == sorted(map(int, steps), reverse=True)
    bpe = space["bpe"]
    assert not [token for token in bpe.get_vocab() if re.search("[A-Za-z]Ġ", token)]
    rows = shown(solved, "input_representation", "×English").splitlines()[1:]
    english, _, swahili, _ = ([float(x) for x in row.split()[1:]] for row in rows)
    assert swahili[0] == swahili[1] < english[0] and swahili[3] > 2
    table = space["table"].tolist()
    home = [table[one][one] for one in range(4)]
    assert all(shared > own for shared, own in zip(table[4], home, strict=True))


def test_the_input_lab_calculates_with_rows(solved, says):
    says(
        "Each pair of a family asks for every other pair.",
        "The calculated point stays so close to a word of the question that the wanted word wins only"
        " when the others are forbidden.",
        "Where the lazy baseline is as good as the calculation, the calculation has shown nothing:"
        " the answer was the nearest word all along.",
        "Without a baseline you cannot know for which.",
        "The learned table comes next, and nobody asked for that when MiniLM was trained.",
        page="labs/input_representation",
    )
    rows = shown(solved, "input_representation", "families = {").splitlines()[1:]
    counts = {row.split()[0]: [int(x) for x in re.findall(r"\d+", row)] for row in rows}
    assert all(asked == 6 * 5 for asked, *_ in counts.values())
    assert all(full == 0 and excluded > 50 for _, full, excluded, _ in counts.values())
    assert counts["plural"][3] == counts["plural"][2] and counts["capital"][3] < counts["capital"][2] - 40
    uneven = shown(solved, "input_representation", "def problem(unevenness)")
    number, binary, waves, learned = numbers(uneven)
    assert waves < 1e-3 < learned < binary < number


def test_the_input_lab_moves_and_pads(solved, says):
    says(
        "It must equal `states` up to rounding.",
        "The order of the words is in the position numbers, and **only** there.",
        "The flowers have lost most of their score, and look who is second.",
        "it does not give the mask to the model, and it does not use it in the average.",
        "Multiply by the mask before you sum, so that padding adds nothing.",
        "**the same text, alone and in company, must give the same vector**.",
        page="labs/input_representation",
    )
    text = shown(solved, "input_representation", "def problem(positions, back)")
    assert float(re.search(r"numbers is (\S+)\.", text)[1]) < 1e-4
    slid = shown(solved, "input_representation", '"slide by 1"')
    assert min(numbers(slid)) > 0.8 and numbers(slid)[2] > numbers(slid)[1]

    def scores(words):
        text = shown(solved, "input_representation", words)
        return [
            {line[8:]: float(line[:6]) for line in part.split("\n") if line}
            for part in text.split("\n\n")
        ]

    (alone,), (crowded,) = scores("def careless"), scores("minutes = (\n")
    flowers = "Sunflowers need water every day in July."
    assert crowded[flowers] < alone[flowers] / 2 and list(crowded)[1].startswith("Minutes of")
    apart, together = scores("def careful")
    assert all(together[text] == score for text, score in apart.items())
    assert "minilm(batch.input_ids)" in code_of(solved, "input_representation", "def careless")
    assert "states.mean(dim=1)" in code_of(solved, "input_representation", "def careless")


def test_the_encoder_lab_follows_meaning_and_hides_padding(solved, says):
    says(
        "`twins`: they mean the same and have **no word in common**, and their cosine is at least"
        " 0.75;",
        "`strangers`: they have **the same words** in another order, and their cosine is at most"
        " 0.85.",
        "the encoder follows meaning across different words, and it hardly hears the order.",
        "**nobody may look at padding**.",
        "so that it says the same in every row:",
        "What it *says* is hardly missed: leave its vector out of the mean and nearly nothing"
        " happens.",
        "(The row of `[CLS]` wants nothing above, because no token stands before it.",
        page="labs/encoder",
    )
    text = shown(solved, "encoder", "def problem(twins, strangers)")
    assert numbers(text)[0] >= 0.75 and numbers(text)[1] <= 0.85
    assert "A 0.99 The cat chased the dog." in shown(solved, "encoder", "guesses = ")
    assert "0.75 is wanted" in told(solved, "encoder", "pairs", (
        'twins = "The sun is hot.", "I ate my soup."\nstrangers = "Fire the man.", "The fire man."'))
    space = solved("encoder")[1]["share"]
    weights = space["attention_map"](space["query"], space["key"], space["mask"])
    assert weights[1, :, space["mask"][1] == 0].abs().max() == 0
    assert abs(weights.sum(-1) - 1).max() < 1e-4
    text = shown(solved, "encoder", "def without_each_token")
    hidden, left_out = numbers(text)
    assert left_out < 0.02 < 0.3 < hidden
    assert "[0., 0., 0., 0., 0., 0.]" in shown(solved, "encoder", "def read(text)")


def test_the_encoder_lab_names_heads_with_care(solved, says):
    says(
        "The other is the best of 72, and still gives the separator only a small part of its weight.",
        "A score finds what it asks for, and never tells you that you asked for the wrong thing.",
        "So “the same word” was again too narrow a name.",
        "the last layer is strong, which means that removing one of its heads moves the sentence"
        " vectors most.",
        "(A head for words that return has little to do where hardly more than *the* returns; compare"
        " its two lines.)",
        "So the guess is not the reason, or not the whole one.",
        page="labs/encoder",
    )
    before_head, separator = numbers(shown(solved, "encoder", "before_head, separator_head = "))
    assert before_head > 0.9 and separator < 0.2
    text = shown(solved, "encoder", "The end's part of a word's look")
    assert all(numbers(row)[0] < numbers(row)[1] for row in text.splitlines()[:2]), "the stop"
    rows = shown(solved, "encoder", 'for last in ["cat", "cats"').splitlines()
    to = [numbers(row)[0] for row in rows]
    assert min(to[:2]) > 0.8 and to[2] > 0.4 > 0.1 > to[3], "a kitten is looked at, and no lion"
    text = shown(solved, "encoder", "def after_layer")
    *_, there = zip(*(numbers(row) for row in text.splitlines() if row.startswith("layer ")))
    assert there[5] > 5 * max(there[:5])
    assert numbers(text.splitlines()[3])[0] > 10 * numbers(text.splitlines()[2])[0]


def test_the_encoder_lab_examines_its_probe(solved, says):
    says(
        "Splendid, and worth nothing.",
        "When a list of words does as well as six layers, the exam was too easy.",
        "Then look at the middle: new topics are no trouble for a list of words, as long as the"
        " wordings are old.",
        "A coin gets a half.",
        "More wordings help the centroid, and with twelve the probe does worse.",
        "Better, and not safe.",
        "*The wolf chased the nurse* and *The nurse chased the wolf* have nearly the same vector.",
        "Each sentence has a twin with the same words, the roles exchanged, and the other label.",
        "A *not*, a number or an exchange of roles hardly moves it, in a search too.",
        page="labs/encoder",
    )
    words, encoder = (int(x) for x in re.findall(r"(\d+)%", shown(solved, "encoder", "def word_list")))
    assert words > 90 and encoder - words < 8
    exam = shown(solved, "encoder", "def centroid_probe").splitlines()[1:]
    assert re.findall(r"\d+%", exam[0])[1] == "100%"
    rows = [numbers(row) for row in shown(solved, "encoder", "sizes, names = [1, 2").splitlines()[1:]]
    assert rows[-1][2] > rows[0][2] + 0.1 and rows[-1][1] < rows[-1][2] - 0.1
    assert rows[0][2] < rows[1][2] < rows[3][2] and rows[3][2] < rows[4][2]
    mended = shown(solved, "encoder", "shared = {*allowing")
    assert "10 of 10 answers are permissions." in mended and "17 of 18 rules" in mended
    assert "7 of 10 answers are permissions." in shown(solved, "encoder", "rules = {")
    assert numbers(shown(solved, "encoder", "cosine of wolf"))[0] > 0.97
    game = shown(solved, "encoder", "guesses = ")
    assert numbers(re.search(r"B .* We lost 3 to 0", game)[0])[0] > 0.9
    assert numbers(re.search(r"B .* You may not smoke", game)[0])[0] > 0.85


def test_the_encoder_lab_draws_what_it_tells(solved, says):
    says(
        "The first column, the start token, is by far the strongest in nearly every row; a faint"
        " diagonal is all that is left for the words.",
        "A dull head: most of its weight is parked at `[CLS]`, a token that stands for no word, and"
        " much of the rest stays at the word itself.",
        "We say of one *real* token that it is padding: nobody may look at it, and the mean leaves it"
        " out.",
        "Hiding the start token moves the sentence vector most by far; then come not, dog and"
        " kitchen; the small words move it very little.",
        "Nearly all of layers 0 to 4 is faint; the last layer is strong, which means that removing"
        " one of its heads moves the sentence vectors most.",
        "(Padding rows may look at the real tokens; nobody will use what they see.)",
        page="labs/encoder",
    )
    before, torch = solved("encoder")[1], sys.modules["torch"]
    space = before["share"]
    map_ = space["output"].attentions[2][0, 9]  # 13 tokens of the longer sentence
    assert ((map_.argmax(-1) == 0).float().mean() > 0.8) and map_[1:-1, 0].mean() > 0.5
    rest = map_.clone()
    rest[:, 0] = 0
    assert (rest[1:-1].argmax(-1) == torch.arange(1, len(map_) - 1)).float().mean() > 0.5
    tokens, moved = space["without_each_token"]("You may not bring your dog into the kitchen.")
    order = [tokens[i] for i in moved.argsort(descending=True).tolist()]
    assert order[0] == "[CLS]" and set(order[1:4]) == {"not", "dog", "kitchen"}, order
    assert moved[0] > 2 * moved[1:].max()
    assert max(moved[tokens.index(word)] for word in ("your", "into", "the")) < moved[0] / 10
    weights = space["attention_map"](space["query"], space["key"], space["mask"])
    assert weights[1, -1].sum() > 0.99 and weights[1, -1, space["mask"][1] == 0].sum() == 0
    rows = shown(solved, "encoder", "def after_layer").splitlines()
    *others, last = (numbers(row)[1] for row in rows if row.startswith("layer "))
    assert len(others) == 5 and last > sum(others), "of each layer's heads, on average"


def test_the_encoder_lab_counts_and_holds_out(solved, says):
    says(
        "1 where two tokens at **different places** are equal, 0 elsewhere.",
        "Only for words: tokens that consist of letters (`token.isalpha()`).",
        "Set `wanted[i, j]` to 1 if the places differ, the tokens are equal, and the token is a word.",
        "You need one `wanted` for each sentence and each job, because the sentences differ in"
        " length.",
        "`train`: examples that contain **nothing** of what is held out;",
        "It has nothing to tune.",
        "so we leave out of its training every wording, thing and place of ours that stands in a"
        " rule.",
        "Then the desk searches only among the rules that it calls allowed.",
        "The next cell tests it in thirty draws: it draws the pairs together (both lists have the"
        " same order).",
        "so a list of words can do no better than a coin.",
        "The words alone stay below the coin's line and fall; the nearest centroid on the encoder's"
        " vectors rises highest; the probe lies between.",
        page="labs/encoder",
    )
    space = solved("encoder")[1]["end"]
    wanted = space["same_word"](["a", "dog", ".", "a", "."])
    assert wanted.sum() == 2 and wanted[0, 3] == wanted[3, 0] == 1
    assert len({len(space["tokenizer"](one).input_ids) for one in space["sentences"]}) > 1
    examples, new = space["examples"], space["new"]
    train, test = space["split"](examples, new)
    assert train and test and not any(new & set(examples[n][2:]) for n in train)
    vectors, labels = space["vectors"], space["labels"]
    twice = [space["centroid_probe"](vectors, labels)[0] for _ in range(2)]
    assert twice[0].equal(twice[1]), "no steps, no rate"
    source = code_of(solved, "encoder", "shared = {*allowing")
    assert "if not shared & set(parts)" in source and "offered" in source
    for one, other in zip(space["allowing"], space["forbidding"], strict=True):
        assert set(re.findall(r"\w+", one)) & set(re.findall(r"\w+", other)) & {"X", "p"}
    story, who = space["scenes"](slice(0, 7), space["active"], 500, seed=0)
    bags = {}
    for text, label in zip(story, who.tolist()):
        bags.setdefault(tuple(sorted(text.lower().rstrip(".").split())), set()).add(label)
    assert any(len(labels) == 2 for labels in bags.values()), "one bag, both labels"
    words, probe, centroid = space["results"].mean(dim=-1).tolist()
    assert max(words) < 0.5 and words[-1] < words[0] and centroid[-1] == max(centroid + probe)
    assert all(low < mid for low, mid in zip(words, probe))


def test_the_encoder_decoder_lab_does_as_its_tasks_say(solved, says):
    says(
        "`\"double\"`: let every row stand twice in the memory",
        "`\"half\"`: multiply the memory by one half",
        "`torch.cat([written, best.view(1, 1)], dim=1)` appends a piece.",
        "Measured, after the same 100 steps.",
        "In training the beginning is always right.",
        page="labs/encoder_decoder",
    )
    torch = sys.modules["torch"]
    space = solved("encoder_decoder")[1]["end"]
    text = "The dog bit the man."
    memory, made = space["read"](text), space["operations"](text)
    assert made["half"].equal(memory / 2) and made["double"].shape[1] == 2 * memory.shape[1]
    best = torch.tensor(7)
    assert torch.cat([torch.tensor([[1, 2]]), best.view(1, 1)], dim=1).tolist() == [[1, 2, 7]]
    assert "train(writer, taught, steps=100)" in code_of(solved, "encoder_decoder", "LETTERS = {")
    assert "given, wanted = target[batch, :-1], target[batch, 1:]" in code_of(solved, "encoder_decoder", "class Writer")


def test_the_input_lab_does_as_its_tasks_say(solved, says):
    says(
        "(A character outside ASCII may need more than one.",
        "`bpe(…).input_ids` is a list, mostly with one id;",
        "Position 0 belongs to `[CLS]`: in training nothing else ever stood there, and `[CLS]` never"
        " stood anywhere else.",
        "It returns the **five** words whose rows have the largest *cosine* with the calculated"
        " vector",
        "Then we hand over the same tokens in a **shuffled** order.",
        "Give the mask a third one at its end, `mask[:, :, None]`, and the product works for all"
        " columns.",
        "a piece may run across the end of a line, because nobody told it where lines end.",
        page="labs/input_representation",
    )
    space, torch = solved("input_representation")[1]["end"], sys.modules["torch"]
    bpe, wordpiece = space["bpe"], space["wordpiece"]
    assert len(bpe("🌻").input_ids) > 1 == len(bpe("a").input_ids)
    assert wordpiece("Any text.").input_ids.index(wordpiece.cls_token_id) == 0
    five = space["analogy"]("man", "king", "woman")
    rows = torch.nn.functional.normalize(space["rows"], dim=1)
    wanted = space["vector"]("king") - space["vector"]("man") + space["vector"]("woman")
    assert five == space["words"]((rows @ wanted).topk(5).indices.tolist())
    assert sorted(space["shuffled"].tolist()) == sorted(space["ids"].tolist())
    assert not space["shuffled"].equal(space["ids"])
    states, mask = torch.randn(2, 3, 5), torch.tensor([[1, 1, 0], [1, 1, 1]])
    assert (states * mask[:, :, None]).shape == (2, 3, 5)


def test_the_decoder_lab_does_as_its_tasks_say(solved, says):
    says(
        "Two lines of surprise, token by token: the model's own text and a person's text after the"
        " same beginning.",
        "Three rows of points: the doubt of right answers, of wrong answers and of answers about"
        " invented things, in bits, for the first half.",
        "A loop that takes the favorite writes texts that cost little, and the KV cache writes the"
        " same ones with a fraction of the positions.",
        "The second is the test: you look at it once.",
        page="labs/decoder",
    )
    space = solved("decoder")[1]["end"]
    price, start = space["price"], space["start"].shape[1] - 1
    own, human = (price(space["beginning"] + space[text])[1][start:].mean() for text in ("own", "human"))
    assert own < human / 2, "it takes its own favorite"
    assert abs(space["learn"].sum() - (~space["learn"]).sum()) <= 1
    text = shown(solved, "decoder", "def problem(write_cached)")
    without, cached = (int(one) for one in re.findall(r"cache: +(\d+)", text))
    assert cached < without / 10


def test_the_encoder_lab_says_what_its_cells_do(solved, says):
    says(
        "each text of at least three words:",
        "`mask[:, None, :] == 0`.",
        "Our guess is this: many heads park most of their weight there, and each row must sum to 1:"
        " when the parking place is closed, all that weight falls on the other tokens",
        "The same word again",
        "(And an output of zeros is a state that does not come up in our sentences.",
        page="labs/encoder",
    )
    two = 'twins = "Hot sun.", "I ate my soup."\nstrangers = "Fire the man.", "The fire man."'
    assert "has 2 words. Can you find one with three?" in told(solved, "encoder", "pairs", two)
    space, torch = solved("encoder")[1]["end"], sys.modules["torch"]
    mask = solved("encoder")[1]["share"]["mask"]
    closed = (mask[:, None, :] == 0).expand(-1, mask.shape[1], -1)
    assert closed[1, :, mask[1] == 0].all() and not closed[1, :, mask[1] == 1].any()
    read, encoder, tokenizer = space["read"], space["encoder"], space["tokenizer"]
    parked = torch.stack([read(one)[0][..., 1:-1, 0].mean(-1) for one in space["sentences"]])
    assert (parked.mean(0) > 0.5).sum() > 25, "of 72 heads"
    batch = tokenizer(space["sentences"][0], return_tensors="pt")
    batch["attention_mask"][0, 0] = 0
    shut = torch.cat(encoder(**batch, output_attentions=True).attentions)
    assert shut[..., 0].max() == 0 and (shut.sum(-1) - 1).abs().max() < 1e-4
    layers = [layer.attention.output.dense for layer in encoder.encoder.layer]
    joined = []
    hooks = [one.register_forward_pre_hook(lambda _, x: joined.append(x[0])) for one in layers]
    for one in space["sentences"]:
        encoder(**tokenizer(one, return_tensors="pt"))
    for hook in hooks:
        hook.remove()
    handed = torch.cat([one.view(-1, 12, 32).norm(dim=-1) for one in joined])
    assert handed.min() > 0.05, "each head, for each token"
    again = space["same_word"](["rain", "then", "rain"])
    assert again.tolist() == [[0, 0, 1], [0, 0, 0], [1, 0, 0]]


def test_the_encoder_lab_trains_and_examines_as_it_says(solved, says):
    says(
        "In each of the `steps`, compute the errors once, then subtract `rate` times its gradient"
        " from each of the two.",
        "then weight minus rate times `vectors.T @ errors` over the number of examples; then bias"
        " minus rate times the mean of the errors.",
        "Outside the loop: zeros at the beginning, nothing else.",
        "so the same probe also gets a much poorer input: no encoder, only which words occur.",
        "The probe learns once, from sentences with nothing held out, and sits three exams:"
        " sentences at random; new things in new places, in known wordings; everything new.",
        "So draw the wordings by chance, ten times for each size",
        "Accuracy on wordings never seen, against the number of wordings in training.",
        "The bars in your figure show how much the ten draws differ; with more wordings in training, fewer are left"
        " for the exam.",
        "animals, persons and verbs that it has never seen; the same words, but in the passive,",
        page="labs/encoder",
    )
    space, torch = solved("encoder")[1]["end"], sys.modules["torch"]
    train_probe, split, examples = space["train_probe"], space["split"], space["examples"]
    vectors, labels = torch.randn(5, 3), torch.tensor([1.0, 0, 1, 0, 0])
    weight, bias = train_probe(vectors, labels, steps=0)
    assert weight.tolist() == [0, 0, 0] and bias == 0
    for _ in range(3):
        errors = torch.sigmoid(vectors @ weight + bias) - labels
        weight, bias = weight - 2 * vectors.T @ errors / 5, bias - 2 * errors.mean()
    ours = train_probe(vectors, labels, steps=3, rate=2.0)
    assert torch.allclose(ours[0], weight, atol=1e-5) and torch.allclose(ours[1], bias, atol=1e-5)
    counts, known = space["counts"], space["known"]
    for number in (0, 700):
        words = [known[place] for place in counts[number].nonzero()[:, 0].tolist()]
        assert words == sorted(set(space["word_list"](space["made"][number])))
    assert counts.unique().tolist() == [0, 1]
    assert "train_probe(inputs[rest], labels[rest])" in code_of(solved, "encoder", "def word_list")
    exam = code_of(solved, "encoder", "def centroid_probe")
    assert exam.count("probe = learner(inputs[learn], labels[learn])") == 1
    assert "for t in (aside, topics, test)]" in exam
    new, (train, test) = space["new"], split(examples, space["new"])
    held = {number: [part in new for part in examples[number][2:]] for number in range(len(examples))}
    assert set(space["cut"].tolist()) == set(train) and not any(any(held[n]) for n in train)
    assert all(held[n] == [False, True, True] for n in space["topics"]) and space["topics"]
    assert all(all(held[n]) for n in test)
    drawing = code_of(solved, "encoder", "sizes, names = [1, 2")
    assert space["results"].shape == (3, 5, 10)
    assert "middle, spread = results[row].mean(dim=-1), results[row].std(dim=-1)" in drawing
    assert "plt.errorbar(sizes, middle, spread" in drawing
    wordings, topics = space["allowing"] + space["forbidding"], {*space["things"][4:], *space["places"][3:]}
    left = []
    for size in (1, 12):
        seen = space["allowing"][:size] + space["forbidding"][:size]
        train, test = split(examples, {*wordings} - {*seen} | topics)
        assert {examples[n][2] for n in train} == {*seen}
        assert not {examples[n][2] for n in test} & {*seen}
        left.append(len(test))
    assert left[1] < left[0]
    for kind in ("animals", "people", "verbs"):
        assert not {*space[kind][space["old"]]} & {*space[kind][space["fresh"]]}
    story, who = space["scenes"](space["fresh"], space["active"], 100, seed=1)
    assert not {*" ".join(story).split()} & {*space["animals"][:7], *space["people"][:7], *space["verbs"][:7]}
    passive = {form.format(a="wolf", p="nurse", v="chased"): label for form, label in space["passive"].items()}
    assert passive["The nurse was chased by the wolf."] == 1, "the animal acts"


def test_the_encoder_decoder_lab_is_what_its_sentences_say(solved, says):
    says(
        "The other half writes.",
        "The row of `cat` is replaced by that of `chair`, from the same sentence.",
        "Test it twice on the same held-out numbers.",
        "where one `X` is missing, what stands behind it comes one place early.",
        "In our run, most rows ask for the digit of the letter *before*: the first layer knows only"
        " what is written",
        page="labs/encoder_decoder",
    )
    _, before, _ = solved("encoder_decoder")
    text = shown(solved, "encoder_decoder", "def problem(write)")
    assert "encoder runs: 1  decoder runs: 11" in text
    source = code_of(solved, "encoder_decoder", "def transplant")
    assert 'transplant(cat, cat, "▁cat", "▁chair")' in source
    assert "memory[0, here] = read(donor)[0, there]" in source
    space = before["end"]
    assert not {*space["held_out"]} & {*space["taught"]}
    twice = code_of(solved, "encoder_decoder", "def two_tests(")
    assert twice.count("for text, _ in held_out") == 1
    assert twice.count("writer.ids(source), given") == twice.count("answer_ids(writer, source,") == 1
    first = shown(solved, "encoder_decoder", "LETTERS = {")
    for number, written in re.findall(r"^wrong +([\d ]+) → ([A-Z ]+)$", first, re.M):
        right, signs = space["roman"](int(number.replace(" ", ""))).split(), written.split()
        if any(signs[:at] + ["X"] + signs[at:] == right for at in range(len(signs) + 1)):
            break
    else:
        raise AssertionError("no answer that is right but for one X")
    letters, asked = space["letters"], space["weights"].argmax(-1).tolist()
    assert letters[:-1] == list("MCMLXXXVII")
    of = [0, 1, 1, 2, 2, 2, 2, 3, 3, 3]  # the digit of each letter: M, CM, LXXX, VII
    assert sum(a == b for a, b in zip(asked[1:], of, strict=True)) > 5, asked
    begun = [place for place in range(1, 10) if of[place] != of[place - 1]]  # a new digit's letters
    old = [asked[place] == of[place - 1] for place in begun]
    assert sum(old) > sum(asked[place] == of[place] for place in begun), "the one before"


def test_the_input_lab_is_what_its_sentences_say(solved, says):
    says(
        "each at most 40 characters, letters and signs of plain English keyboards only (ASCII):",
        "A lone `Ġ` followed by `Paris` hardly ever occurred.",
        "So a model and its tokenizer belong together, even when another cut gives the same text.",
        "so that `read(shuffled, positions)` knows where each one belongs;",
        "so that `read(shuffled, positions)[back]` puts the vectors in the order of the sentence.",
        "The tokens stay as they are; the positions slide, stretch, run backward, or are all the"
        " same.",
        "The first is mended by one argument; the second is your task.",
        page="labs/input_representation",
    )
    lab, long = "input_representation", 'for_wordpiece = "="\nfor_bpe = "=" * 41'
    assert "has 41 characters" in told(solved, lab, "duel", long)
    assert "not ASCII" in told(solved, lab, "duel", 'for_wordpiece = "é"\nfor_bpe = "="')
    space = solved(lab)[1]["end"]
    bpe, spell, prompt = space["bpe"], space["spell"], space["prompt"]
    for text in ["I saw Paris", "I saw  Paris", "\n Paris", "( Paris", "1 Paris", "? Paris"]:
        assert bpe.tokenize(text)[-1] == "ĠParis", text
    assert bpe.decode(spell(prompt)) == bpe.decode(bpe(prompt).input_ids)
    one, other = (space["next_tokens"](ids) for ids in (bpe(prompt).input_ids, spell(prompt)))
    assert re.findall("'(.*?)'", one)[0] == " Paris" not in re.findall("'(.*?)'", other)
    wordpiece, shuffled = space["wordpiece"], space["shuffled"]
    names = wordpiece.convert_ids_to_tokens(space["ids"])
    for place, token in zip(space["positions"].tolist(), wordpiece.convert_ids_to_tokens(shuffled)):
        assert names[place] == token
    got = space["read"](shuffled, space["positions"])[space["back"]]
    assert (got - space["states"]).abs().max() < 1e-4
    moved = {name: places.diff().tolist() for name, places in space["changes"].items()}
    assert {*moved["slide by 1"]} == {*moved["slide by 100"]} == {1}
    assert [{*moved[name]} for name in ("two apart", "backward", "all at 7")] == [{2}, {-1}, {0}]
    assert "read(ids, changed)" in code_of(solved, lab, '"slide by 1"')
    mended = code_of(solved, lab, "def careful")
    assert "minilm(**batch)" in mended and "return pool(states, batch.attention_mask)" in mended
    assert "attention_mask" in wordpiece("A text.")


def test_the_decoder_lab_is_what_its_sentences_say(solved, says):
    says(
        "The same, with a memory",
        "We let it continue a text and price both: what it wrote, and what a person wrote after the"
        " same beginning.",
        "it cannot look ahead (part 3).",
        page="labs/decoder",
    )
    assert "the same tokens: True" in shown(solved, "decoder", "def problem(write_cached)")
    source = code_of(solved, "decoder", "human = ")
    assert "price(beginning + text)" in source
    assert '(("the model", own, "o-"), ("a person", human, "s--"))' in source
    space = solved("decoder")[1]["end"]
    with_start = space["tokenizer"](space["START"] + space["beginning"], return_tensors="pt").input_ids
    going_on = space["library"](with_start, 24, space["full_stop"])[0, with_start.shape[1] :]
    assert space["tokenizer"].decode(going_on) == space["own"]
    past = shown(solved, "decoder", "def all_masks").splitlines()[1]
    assert re.findall(r"\d+", past) == ["0"] * 3, "earlier tokens that a later one reached"


@pytest.mark.parametrize(("name", "task"), TASKS)
def test_wrong_answers(solved, name, task):
    """Each typical mistake is told in its own words; the folded answer is not given away."""
    wrong = _wrong(name)[task]
    assert len(wrong) >= MANY
    cells, before, _ = solved(name)
    work = next(c.source for c in cells if c.metadata.get("task") == task)
    check = next(c.source for c in cells if c.metadata.get("check") == task)
    source = next(
        c.source for c in _as_written(name) if c.metadata.get("task") == task
    )
    assert work == labs.answered(source, ...)
    told = set()
    for answer, phrase in wrong:
        space = dict(before[task])
        _run(labs.answered(source, answer), space)
        said = _run(check, space)
        assert said.startswith("✗"), (answer, said)
        assert phrase in said, (answer, said)
        assert len(said.splitlines()[0]) < 300
        told.add(phrase)
    assert len(told) >= min(MANY, len(wrong)), "different mistakes, different sentences"


def _as_written(name: str):
    import jupytext

    return jupytext.read(labs.written(ROOT, name)).cells


def test_every_lab_has_its_wrong_answers(says):
    says("typical wrong answers, at least three a task, and a part of what must be said to each.", page="contributing")
    assert MANY == 3
    there = {p.stem for p in (ROOT / "tests" / "labs" / "answers").glob("*.py")}
    assert there == set(LABS) and len(LABS) >= 5
    for name in LABS:
        assert set(_wrong(name)) == {task for lab, task in TASKS if lab == name}
        assert all(len(wrong) >= MANY and all(part for _, part in wrong) for wrong in _wrong(name).values())


@pytest.mark.parametrize("name", LABS)
def test_a_lab_imports_nothing_of_the_book(name, says):
    says("A lab imports nothing of the book.", page="contributing")
    _, *cells = labs.notebook(name, solved=True).cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    taken = set(re.findall(r"^\s*(?:import|from) (\w+)", code, re.M))
    assert "torch" in taken and not taken & {"snippets", "scripts", "docs", "tests"}


def contrast(one, other) -> float:
    """Of two colors, three numbers from 0 to 1 each, as WCAG 2 counts it."""
    linear = [np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) for c in (one, other)]
    dark, light = sorted(float(c @ [0.2126, 0.7152, 0.0722]) + 0.05 for c in linear)
    return light / dark


def turned(color):
    """A color of a lab's picture in the dark: see `figure.drawn img` in the book's style."""
    gray = np.array([0.213, 0.715, 0.072])
    return np.clip((2 * gray - np.eye(3)) @ (0.9 - 0.8 * color), 0, 1)


@pytest.mark.parametrize("name", [n for n in LABS if "axes.text(" in labs.written(ROOT, n).read_text("utf-8")])
def test_numbers_are_read_in_every_cell_of_a_map_in_both_schemes(name):
    """Black stands on the strongest cell, whose shade is 1 / pale."""
    text = labs.written(ROOT, name).read_text("utf-8")
    assert text.count("axes.text(") == text.count("vmin=0, vmax=pale") == 1
    assert not re.search(r"axes\.text\(.*color", text)
    (pale,) = re.findall(r"pale = ([\d.]+) \* \w+\.max\(\)", text)
    cell, ink = np.array(colormaps["Blues"](1 / float(pale))[:3]), np.zeros(3)
    assert min(contrast(cell, ink), contrast(turned(cell), turned(ink))) >= 4.5


@pytest.mark.parametrize("name", LABS)
def test_words_and_headings(name):
    """The book's manner of speaking; headings that the table of contents can lead to."""
    cells = [c for c in _as_written(name) if c.cell_type == "markdown"]
    text = re.sub(r"```.*?```|`[^`\n]*`", "", "\n\n".join(c.source for c in cells), flags=re.S)
    bad = r"\b(simply|obviously|powerful|magic(?:al)?|coming soon|colour|neighbour|licence)\b"
    assert not (found := re.search(bad, text, re.I)), found
    raw = "\n\n".join(c.source for c in cells)
    headings = re.findall(r"^(#+) (.*)$", re.sub(r"```.*?```", "", raw, flags=re.S), re.M)
    levels = [len(level) for level, _ in headings]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b <= a + 1 for a, b in zip(levels, levels[1:]))
    titles = [title for _, title in headings]
    assert len(set(titles)) == len(titles) and not any("`" in t or "$" in t for t in titles)
    assert 20 < len(labs.description(name)) < 160


# ------------------------------------------------------------------------- the machinery

TINY = '''# ---
# description: A trial of what a lab is made of.
# ---

# %% [markdown]
# # Lab: Trial
# See [the encoder](../encoder.md#pooling).

# %% setup=""

# %%
print("ran", {number})

''' + TASK.replace("{", "{{").replace("}", "}}") + '''
# %% [markdown] hints="double"
# Add it.
#
# ---
#
# Or multiply.
'''


@pytest.fixture
def tiny(tmp_path):
    """A book with one small lab: its folder, and a way to write the lab anew."""
    for name in ("scripts", "snippets"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "models").mkdir()
    (tmp_path / "docs" / "labs").mkdir(parents=True)

    def write(text: str = TINY.format(number=1)):
        labs.written(tmp_path, "trial").write_text(text, "utf-8")

    write()
    return tmp_path, write


def test_two_states_from_one_source(tiny):
    folder, _ = tiny
    student, answer = (labs.notebook("trial", solved, folder) for solved in (False, True))
    work = [next(c.source for c in n.cells if "task" in c.metadata) for n in (student, answer)]
    assert work[0] == "def double(x):\n    result = ...\n    return result"
    assert work[1] == "def double(x):\n    result = ...\n    result = 2 * x\n    return result"
    hints = student.cells[-1].source
    assert hints.index("First hint") < hints.index("Second hint") < hints.index("Solution")
    assert "```python\nresult = 2 * x\n```" in hints


def test_what_is_packed_needs_only_what_the_first_cell_installs():
    """Where the book is not, its scripts run with the labs' libraries and what those bring."""
    modules, outside = house.imports(ROOT), set()
    for path in labs.PACKED:
        if path.endswith(".py"):
            names = modules[path[:-3].replace("/", ".").removesuffix(".__init__")]
            outside |= {name.split(".")[0] for name in names}
    outside -= {"scripts", *sys.stdlib_module_names}
    brought, waiting = set(), list(labs.LIBRARIES)
    while waiting:
        if (name := re.sub("[-_.]+", "-", waiting.pop().lower())) not in brought:
            brought.add(name)
            with contextlib.suppress(metadata.PackageNotFoundError):  # for another system
                needs = metadata.requires(name) or []
                waiting += [re.match(r"[\w.-]+", one)[0] for one in needs if "extra ==" not in one]
    packages = metadata.packages_distributions()
    found = {name: {re.sub("[-_.]+", "-", one.lower()) for one in packages[name]} for name in outside}
    assert {"filelock", "numpy"} <= found.keys()
    assert [name for name, of in found.items() if not of & brought] == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    # </solution>\n", "", "needs one solution"),
        ("# ---\n#\n# Or", "# Or", "must be two"),
        ('# %% check="double"', "# %%", "needs its check and its hints"),
        ('# %% setup=""', "# %%", "one cell must begin with"),
        ('setup=""', 'setup="no-model"', "names no model of the book: no-model"),
    ],
)
def test_a_bad_lab_is_named(tiny, old, new, said):
    folder, write = tiny
    text = TINY.format(number=1)
    assert old in text
    write(text.replace(old, new))
    with pytest.raises(labs.LabError, match=said):
        labs.notebook("trial", root=folder)


def test_a_model_that_is_not_there_is_told_with_those_that_are(tiny):
    folder, write = tiny
    write(TINY.format(number=1) + """
# %%
from transformers import AutoTokenizer
AutoTokenizer.from_pretrained("models/smollm")
""")
    (problem,) = run.make(folder, say=lambda line: None)
    assert "there is no model models/smollm; did you mean models/smollm2?" in problem
    assert "models/minilm, " in problem and "connection" not in problem


def test_runs_when_the_code_changes_and_only_then(tiny, monkeypatch, says):
    says(
        "The [labs](labs/input_representation.ipynb) are run by the same rule",
        "A change of their prose, hints or solutions runs nothing.",
        page="how_it_is_made",
    )
    folder, write = tiny
    lines = []

    def make() -> str:
        lines.clear()
        assert run.make(folder, say=lines.append) == []
        return "\n".join(lines)

    assert "running the lab trial" in make()
    first = labs.executed(folder, "trial").read_bytes()
    assert b"ran 1" in first and "○ Open" in first.decode()
    assert make() == ""
    write(TINY.format(number=1).replace("Add it.", "Add it to itself.").replace("2 * x", "x + x"))
    assert make() == "", "prose, hints and solutions run nothing"
    assert b"Add it to itself." in labs.executed(folder, "trial").read_bytes()
    write(TINY.format(number=1))
    assert make() == "" and labs.executed(folder, "trial").read_bytes() == first
    with monkeypatch.context() as patch:
        patch.setattr(labs, "_packed", lambda root: "other scripts")
        write(TINY.format(number=1) + "\n")
        assert make() == "", "where the book is, no cell runs the scripts that a lab carries"
        assert b"other scripts" in labs.executed(folder, "trial").read_bytes()
    write(TINY.format(number=2))
    assert "running" in make() and b"ran 2" in labs.executed(folder, "trial").read_bytes()
    for kind in (".ipynb", ".json"):
        path = labs.executed(folder, "trial").with_suffix(kind)
        good = path.read_bytes()
        for bad in (good.replace(b"ran 2", b"ran 3"), good[: len(good) // 2], b""):
            path.write_bytes(bad)
            assert ("running" in make()) == (kind == ".json"), "what it showed is kept there"
            assert b"ran 2" in labs.executed(folder, "trial").read_bytes()
            assert kind == ".json" or path.read_bytes() == good
    write(TINY.format(number="1 / 0"))
    (problem,) = run.make(folder, say=lines.append)
    assert "docs/labs/trial.py" in problem and "ZeroDivisionError" in problem
    assert b"ran 2" in labs.executed(folder, "trial").read_bytes(), "the last good one stays"
    for number in (2, 1, 2):
        write(TINY.format(number=number))
        assert make() == "", "an old text is back: what it showed is kept"
        assert f"ran {number}".encode() in labs.executed(folder, "trial").read_bytes()
    words = load_lock()["minilm"]
    for field, reruns in (("about", False), ("note", False), ("sha256", True)):
        with monkeypatch.context() as patch:
            patch.setattr(run, "load_lock", lambda path: {"minilm": words | {field: "other"}})
            made = labs.notebook("trial", root=folder)
            next(c for c in made.cells if "setup" in c.metadata).metadata["setup"] = "minilm"
            stamp = run._stamp(folder, made)
        with monkeypatch.context() as patch:
            patch.setattr(run, "load_lock", lambda path: {"minilm": words})
            assert (stamp != run._stamp(folder, made)) == reruns, field


def test_the_scripts_that_a_lab_carries_are_enough(tmp_path):
    """For the tool that makes the models: nothing that it imports of ours is missing."""
    cell = next(c for c in labs.notebook(LABS[0]).cells if "setup" in c.metadata)
    packed = json.loads(re.search(r'^SCRIPTS = (".*")$', cell.source, re.M)[1])
    unpack = re.search(r"^    packed = .*?extractall\(folder\)$", cell.source, re.M | re.S)[0]
    space = {"base64": base64, "io": io, "zipfile": zipfile, "zlib": zlib}
    exec(textwrap.dedent(unpack), space | {"SCRIPTS": packed, "folder": tmp_path})
    command = [sys.executable, "-m", "scripts", "models", "--list"]
    listed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert listed.returncode == 0, listed.stderr
    assert [line.split()[:2] for line in listed.stdout.splitlines() if " MB " in line] == [
        [name, "missing"] for name, entry in load_lock().items() if "wheel" in entry
    ]


DRAWING = TINY.format(number=1) + """
# %% alt="A line that rises from the left to the right, for a trial."
import matplotlib.pyplot as plt
plt.plot([1, 2])
plt.title(plt.rcParams["lines.linewidth"])
import os
print(plt.get_backend(), plt.rcParams["lines.linewidth"], sorted(k for k in os.environ if "MY" in k))

# %% alt_when_right="A second line that rises, drawn where the answer is right."
if double(3) == 6:
    plt.plot([1, 2])
"""


def test_figures_are_there_whatever_surrounds_the_build(tiny, tmp_path, monkeypatch):
    """A variable that snippets run with, or settings of the user, once took all of them."""
    folder, write = tiny
    settings = tmp_path / "mine" / "matplotlibrc"
    settings.parent.mkdir()
    settings.write_text("lines.linewidth: 9\n")
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "mine.py").write_text("import matplotlib; matplotlib.use('Agg')")
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setenv("MATPLOTLIBRC", str(settings))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("MY_OWN", "1")
    write(DRAWING)
    assert run.make(folder, say=lambda line: None) == []
    made = nbformat.read(labs.executed(folder, "trial"), 4)
    drawing, waiting = made.cells[-2:]
    assert any("image/png" in output.get("data", {}) for output in drawing.outputs)
    assert re.search(r"inline 1\.5 \[\]", "".join(x.get("text", "") for x in drawing.outputs))
    assert not waiting.outputs, "it draws where the answer is right"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("plt.plot([1, 2])\nplt.title", "plt.title", None),
        ("plt.plot([1, 2])\nplt.title", "0\n#", "promises a figure, alt=…, and leaves none"),
        ('alt="A line that', 'alt="A', None),
        ('# %% alt="A line that rises from the left to the right, for a trial."', "# %%", "draws: tell"),
    ],
)
def test_a_figure_that_is_promised_and_missing_is_named(tiny, old, new, said, says):
    says(
        '`alt="…"`, or `alt_when_right="…"` if it draws only when the answers before it are right.',
        page="contributing",
    )
    folder, write = tiny
    assert old in DRAWING
    write(DRAWING.replace(old, new, 1))
    problems = run.make(folder, say=lambda line: None)
    assert len(problems) == (said is not None)
    if said:
        assert problems[0].startswith("docs/labs/trial.py, the cell that begins with “import mat")
        assert said in problems[0].replace('"', "")


@pytest.mark.parametrize("name", LABS)
def test_the_page_shows_every_figure_that_the_lab_promises(built, name):
    html = (ROOT / "site" / "labs" / name / "index.html").read_text("utf-8")
    cells = [cell for cell in labs.notebook(name).cells if "alt" in cell.metadata]
    shown = re.findall(r"<img [^>]+>", html)
    told = [unescape(re.search(r' alt="([^"]*)"', image)[1]) for image in shown]
    assert told == [cell.metadata["alt"] for cell in cells] and len(told) >= 2
    for image in shown:
        address = re.search(r' src="([^"]+)"', image)[1]
        data = (ROOT / "site" / "labs" / name / address).resolve().read_bytes()
        assert data.startswith(b"\x89PNG") and len(data) > 5000
    assert promises.broken(ROOT / "site") == []


def test_what_a_site_promises_and_has_not_is_named(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "index.html").write_text(
        '<img src="../b.png"><img src="../c.png"><img src="d.svg"><a href="../e.csv">e</a>'
        '<span data-numbers="f/g"></span><img src="data:image/png;base64,x"><a href="../h/">h</a>'
    )
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n cut")
    (tmp_path / "c.png").write_bytes(b"\x89PNG\r\n\x1a\n whole IEND\xaeB`\x82")
    (tmp_path / "a" / "d.svg").write_bytes(b"")
    assert promises.broken(tmp_path) == [
        "a/index.html shows or links to b.png, which is no whole picture",
        "a/index.html shows or links to e.csv, which is not there",
        "a/index.html shows or links to a/d.svg, which is empty",
        "a/index.html has a place for f/g and nothing in it",
    ]
