"""Teaching: what a teacher plans with is there, in the number and the length that is told."""

import re
from pathlib import Path

import pytest

from scripts.base import ROOT

LABS = ("input_representation", "encoder", "decoder", "encoder_decoder", "decoding")
PAGE = (ROOT / "docs" / "teaching.md").read_text("utf-8")


def test_what_is_ours_and_what_is_not(book, says):
    says(
        "You may use all that is ours. Text and figures are under [CC BY](https://creativecommons.org/licenses/by/4.0/), "
        "the code is under MIT",
        "The models and some sentences have licenses of [their own](models.md), and so have the fonts.",
        "Plots and measured numbers on the pages were computed by the code shown with them.",
    )
    license = " ".join((ROOT / "LICENSE").read_text("utf-8").split())
    assert "MIT License" in license and "Creative Commons Attribution 4.0" in license
    assert "The pretrained models and the fonts in docs/assets/fonts/ are other people's work" in license
    assert any("writers'" in entry["licence"] for entry in book.lock.values())


def test_no_graphics_card_and_no_account(says):
    says("Nobody needs a graphics card, and nobody an account, unless a lab runs in Colab, which asks for one.")
    programs = [*ROOT.glob("snippets/*/*.py"), *ROOT.glob("docs/labs/*.py")]
    assert len(programs) > 250
    wanting = [path.name for path in programs if re.search(r"\.cuda\(|login\(|hf_token", path.read_text("utf-8"))]
    assert not wanting


def test_the_lecture_has_nine_stops_and_ninety_minutes(says):
    says("At each one, ask the question, wait, and only then show the figure.", "Nine stops.")
    stops = re.findall(r"^\| (\d+) \| ([^|]+\?[^|]*) \|", PAGE.split("## A week")[0], re.M)
    assert len(stops) == 9 and sum(int(minutes) for minutes, _ in stops) == 90
    says(
        "[one sentence, four answers](sequence_problems.md#one-sentence-four-answers), and "
        "[fifty words](sequence_problems.md#a-chat-model-that-cannot-count): collect guesses for the count first",
        "[BPE, merge by merge](input_representation.md#bpe-join-the-most-frequent-pair) and "
        "[positions](input_representation.md#positions-where-does-a-word-stand)",
        "[every position predicts at once](decoder.md#every-position-predicts-at-once) and [the KV cache](decoder.md#the-kv-cache)",
        "One carries a state from step to step, the other looks back directly. Both have a price.",
        "A map is where the weight lies, and [it can be scored](cross_attention.md#how-good-is-it).",
    )
    for page, anchor in re.findall(r"\]\((\w+)\.md#([\w-]+)\)", PAGE):
        heads = re.findall("^#+ (.+)$", (ROOT / "docs" / f"{page}.md").read_text("utf-8"), re.M)
        made = [re.sub(r"[^\w-]+", "-", head.lower().replace("’", "")).strip("-") for head in heads]
        assert any(re.sub("-+", "-", one) == anchor for one in made), f"{page}.md#{anchor}"


@pytest.mark.parametrize("lab", LABS)
def test_a_lab_has_two_hints_a_task_and_an_open_task_at_its_end(says, lab):
    says(
        "For a project, take the open task at the end of a lab: each asks for a measured comparison, not only for code.",
        "each task has two hints before its solution",
        "and the first tasks of a lab.",
        "Five sessions of 90 minutes",
    )
    text = (ROOT / "docs" / "labs" / f"{lab}.py").read_text("utf-8")
    tasks = set(re.findall(r'task="(\w+)"', text))
    hints = {name: cell for name, cell in re.findall(r'hints="(\w+)"[^\n]*\n(.*?)(?=\n# %%)', text, re.S)}
    assert tasks and tasks == set(hints)
    assert all(len(re.findall("^# ---$", cell, re.M)) == 1 for cell in hints.values())
    *_, last = re.split(r"\n# #+ (?=(?:Part \d+: )?(?:Open task|Your own task|A rewriting task))", text)
    assert len(last) < len(text) / 5, "it stands at the end"
    assert re.search(r"measure|exam|judge|compares|score", last)
    week = PAGE.split("## A week")[1].split("## Half a course")[0]
    assert f"labs/{lab}.ipynb" in week and len(re.findall(r"^\| \d \|", week, re.M)) == 5


@pytest.mark.parametrize("lab", LABS)
def test_the_minutes_of_a_lab_are_those_of_its_tasks(says, lab):
    says("A whole lab is planned for about 80 minutes")
    text = (ROOT / "docs" / "labs" / f"{lab}.py").read_text("utf-8")
    tasks = re.findall(r"^# ### Task \d+: .*\n#\n# (.*)$", text, re.M)
    takes = sum(int(re.fullmatch(r"\*About (\d+) minutes\.\*", line)[1]) for line in tasks)
    low, high = re.search(r"(\d+)(?: to (\d+))? minutes", text.split("### Task 1")[0]).groups()
    assert int(low) <= takes <= int(high or low) and abs(takes - 80) <= 5


def test_a_file_of_150_lines(says):
    says("Each student explains one file of 150 lines to another, line by line, and then breaks it as the chapter does.")
    for kind in ("encoder", "decoder", "encoder_decoder"):
        assert len(Path(f"snippets/from_scratch/{kind}.py").read_text("utf-8").splitlines()) == 150


def test_the_bet_on_the_bits_has_two_winners(says, values, cells):
    says(
        "[Smaller](smaller.md#fewer-bits-for-a-model-that-writes): before the table, let them bet which numbers of bits "
        "change nothing.",
    )
    run = values("smaller/fewer")
    assert run.blocks_4 == run.blocks_8 == 0 < min(run.blocks_3, run.blocks_5)
    assert [row[0] for row in cells("smaller/fewer") if row[2] == "0.0%"] == ["8", "4"]
    section = (ROOT / "docs/smaller.md").read_text("utf-8").split("## Fewer bits for a model that writes")[1]
    assert '"smaller/fewer.txt"' in section.split("\n## ")[0]


def test_the_guess_about_the_first_tokens_has_an_answer(says, values):
    says(
        "[Faster](faster.md#a-window-and-the-first-tokens): before the table, let them guess what the first four "
        "tokens are worth.",
    )
    run = values("faster/window")
    assert run.FIRST == 4 and run.window_loss - run.first_loss > 1
    section = (ROOT / "docs/faster.md").read_text("utf-8").split("## A window, and the first tokens")[1]
    assert '"faster/window.txt"' in section.split("\n## ")[0]


def test_the_reward_alone_has_an_outcome(says, values):
    says(
        "[Adapting](adapting.md#a-reward-for-the-right-count): before the table, let them say what a reward alone "
        "will teach.",
    )
    run = values("adapting/reward")
    assert run.alone_seen > 0.7 > run.kept_new > run.alone_new
    section = (ROOT / "docs/adapting.md").read_text("utf-8").split("## A reward for the right count")[1]
    assert '"adapting/reward.txt"' in section.split("\n## ")[0]


def test_nothing_is_sent(says):
    says(
        "It answers back, and nothing is sent anywhere: you will not see their results, so ask them for the question "
        "that surprised them.",
    )
    script = (ROOT / "docs/assets/questions.js").read_text("utf-8")
    assert "addEventListener" in script and not re.search(r"fetch\(|sendBeacon|XMLHttp|WebSocket", script)


def test_figures_to_take_along(says):
    says(
        "**SVG** opens the drawing alone, for slides that scale; **PNG** saves it as pixels, at four times its size, "
        "on white; **CSV** holds the numbers behind a map; **source** is the program that drew it.",
    )
    script = (ROOT / "docs/assets/take_along.js").read_text("utf-8")
    assert "const SCALE = 4;" in script and 'fillStyle = "#ffffff"' in script and "naturalWidth * SCALE" in script
    outputs = (ROOT / "scripts/pages/outputs.py").read_text("utf-8")
    assert '"Numbers as CSV of {name}"' in outputs and '"Source of {name}"' in outputs and '"SVG file of {name}"' in outputs
