"""How it is made: what the page says about stamps, bytes, checks and times."""

import hashlib
import io
import json
import re
from importlib import metadata

import torch
from matplotlib.figure import Figure
from torch import nn
from torch.nn import functional

from scripts.base import ROOT
from scripts.compute.book import LIBRARIES, Book
from scripts.measure import claims
from scripts.models import fetch


def test_only_what_decides_the_outcome_runs_a_snippet_again(printed, values, says):
    says(
        "The answer must not come from the dates of files",
        "guess which of these changes give the snippet another stamp, so that it runs again.",
        "Of these {{ how_it_is_made/stamp.tried }} changes, {{ how_it_is_made/stamp.again }} change its stamp.",
        "A sentence on its page does not, so writing costs nothing.",
    )
    rows = re.findall(r"^\| (.+) \| (yes|no) \|$", printed("how_it_is_made/stamp"), re.M)
    assert rows == [
        ("a sentence of its page", "no"),
        ("the file, saved without a change", "no"),
        ("another snippet", "no"),
        ("a comment in it", "yes"),
        ("a shared module", "yes"),
        ("the style of the figures", "yes"),
    ]
    left = values("how_it_is_made/stamp")
    assert (left.again, left.tried) == (3, 6)


def test_a_figure_drawn_twice_has_the_same_bytes(values, printed, says):
    says(
        "Here one attention map is computed and drawn twice, and each time saved in both ways: "
        "as the book does it, and left alone.",
        "The book's two digests are the same, so the two files are: one figure, drawn twice in one process. "
        "Left alone, the files differ.",
        "If you build the book twice, you should get the same book. For figures this needs care: left alone, "
        "matplotlib writes the date and random names into its files.",
    )
    assert values("how_it_is_made/same").same is True
    first, second, *_ = printed("how_it_is_made/same").splitlines()
    assert first == second
    assert values("how_it_is_made/same").same_alone is False
    alone = []
    for _ in range(2):
        figure = Figure()
        figure.add_subplot().plot([0, 1])
        figure.savefig(written := io.StringIO(), format="svg")
        alone.append(written.getvalue())
    assert all("<dc:date>" in one for one in alone)
    names = [set(re.findall(r'clipPath id="(\w+)"', one)) for one in alone]
    assert names[0] and names[0] != names[1]


DRAWS = re.compile(
    r"torch\.rand\w*\(|multinomial\(|do_sample=True|\"do_sample\": True|random\.(?:sample|shuffle|choice)\("
)
SEEDS = re.compile(r"manual_seed\(|random\.seed\(|set_seed\(|Random\(|default_rng\(")
# What these leave are counts, shapes, times and bytes: the same whatever is drawn.
UNSEEDED = {
    "decoding/cost", "why_transformers/memory", "why_transformers/side_by_side", "why_transformers/speed",
}  # fmt: skip
# These call a module of the book, and that sets it.
SEEDED_BY = {"masked_self_attention/cheat": "tiny_decoder", "masked_self_attention/forgotten": "tiny_decoder"}


def test_who_draws_lots_sets_a_seed(book, says):
    says("A program whose outcome depends on lots sets a seed first.")
    code = {name: (ROOT / "snippets" / f"{name}.py").read_text("utf-8") for name in book.names()}
    draws = {name for name, text in code.items() if DRAWS.search(text)}
    assert len(draws) > 20
    assert {name for name in draws if not SEEDS.search(code[name])} == UNSEEDED | SEEDED_BY.keys()
    for name, module in SEEDED_BY.items():
        assert f"snippets.shared.{module} import" in code[name]
        assert SEEDS.search((ROOT / f"snippets/shared/{module}.py").read_text("utf-8"))


def test_a_digest_changes_with_one_byte(says):
    says("A digest is a short number computed from a file; change one byte and it is, for all practical purposes, another.")
    assert hashlib.sha256(b"weights").digest() != hashlib.sha256(b"weighta").digest()


def test_no_package_is_run(book, says):
    says(
        "Nothing in the package is run: wheels alone are asked for, which `pip` has only to fetch, "
        "and the one source archive comes as a plain file.",
    )
    sources = set()
    for name, entry in book.lock.items():
        if "package" in entry:
            command = [str(part) for part in fetch.command(entry, ROOT)]
            assert "-c" in command and "install" not in command
            if "--only-binary=:all:" not in command:
                assert fetch.FETCH_SOURCE in command[2] and "download" not in command
                sources.add(entry["wheel"])
    assert len(sources) == 1


def test_what_a_stamp_knows_of_versions(says):
    says(
        "Of versions it knows those of torch, transformers, tokenizers, NumPy and matplotlib, "
        "and the first two numbers of Python's.",
        "Other packages and the operating system it does not see, and above all not the processor.",
    )
    assert LIBRARIES == ("torch", "transformers", "tokenizers", "numpy", "matplotlib")
    known = Book(ROOT)._versions.split()
    assert known[:-1:2] == [*LIBRARIES, "python"] and known[-2].count(".") == 1


def test_another_order_of_adding_is_another_number(says):
    """And it can grow: a net is trained twice, one weight in the last digit another."""
    says(
        "Two kinds of processor can add the same numbers in another order, and then the last digits differ.",
        "Where two choices of a model are nearly equal, another word can come out.",
        "Where a small model is trained from nothing, a difference can grow from step to step "
        "until the second or third digit has changed.",
        "The sentences of this book are meant to hold all the same. So a weekly job computes the book with the "
        "plainest instructions that a processor has, and runs all tests on what comes out.",
    )
    torch.manual_seed(0)
    many = torch.randn(1000)
    there, back = (sum(many[order]) for order in (range(1000), range(999, -1, -1)))
    assert 0 < abs(there - back) < 1e-3
    near = torch.tensor([1.0, 1.0 + 1e-6])
    assert near.argmax() != (near + torch.tensor([1e-5, 0.0])).argmax()
    inputs, wanted = torch.randn(64, 8), torch.randint(0, 2, (64,))
    gaps = []
    nets = []
    for change in 0.0, 1e-7:
        torch.manual_seed(1)
        net = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 2))
        net[0].weight.data[0, 0] += change
        nets.append((net, torch.optim.SGD(net.parameters(), lr=1.0)))
    for _ in range(300):
        for net, optimizer in nets:
            optimizer.zero_grad()
            functional.cross_entropy(net(inputs), wanted).backward()
            optimizer.step()
        gaps.append((nets[0][0](inputs) - nets[1][0](inputs)).abs().max().item())
    assert max(gaps) > 0.01 > 1e-4 > gaps[0], (gaps[0], max(gaps))
    workflow = (ROOT / ".github/workflows/newest.yml").read_text("utf-8")
    assert "ATEN_CPU_CAPABILITY: default" in workflow and "cron:" in workflow


def test_each_mistake_gets_its_sentence(printed, values, says):
    says(
        "That is {{ how_it_is_made/checked.found }} sentences, each with the place "
        "and what would be right.",
    )
    said = " ".join(printed("how_it_is_made/checked").split())
    for mistake in (
        "line 1: a page begins with three lines",
        "line 2: “0.94” looks measured",
        "line 3: snippets/chapter/idea.py leaves no value spred; did you mean spread?",
        "line 4: snippets/chapter/idea.py leaves no figure open",
        "line 4: this figure's alt text",
        "line 5: Python is included from snippets/",
        "line 8: there is no snippet chapter/idee; did you mean chapter/idea?",
        "forgotten.py is on no page",
    ):
        assert mistake in said
    assert values("how_it_is_made/checked").found == 8


def test_every_package_has_its_version_reason_and_license(printed, values, says):
    says(
        "These are the {{ how_it_is_made/packages.packages}} packages that the book "
        "asks for, each in one version.",
        "With those that they bring it is {{ how_it_is_made/packages.locked}}, and PyTorch.",
        "`requirements.lock` names each of the {{ how_it_is_made/packages.locked}} with the digests of its files, "
        "and `pip` can check them. PyTorch alone is not in it",
    )
    rows = re.findall(r"^\| ([\w-]+) \| ([\w.]+) \| (.+) \| (.+) \|$", printed("how_it_is_made/packages"), re.M)
    rows = [row for row in rows if row[0] != "package"]
    asked = (ROOT / "requirements.txt").read_text("utf-8").count("==")
    assert len(rows) == asked == values("how_it_is_made/packages").packages
    for name, version, _, allowed in rows:
        assert metadata.version(name).split("+")[0] == version
        assert re.search(r"MIT|BSD|Apache|Python Software|MPL|LGPL", allowed), (name, allowed)
    assert values("how_it_is_made/packages").locked > 100
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    listed = {name.lower() for name in re.findall(r"^([\w.-]+)==", lock, re.M)}
    assert values("how_it_is_made/packages").locked == len(listed)
    assert {name.lower() for name, *_ in rows} - listed == {"torch"}
    assert lock.count("--hash=sha256:") > len(listed)


def test_the_recorded_ratios_keep_their_bounds(values, says):
    says(
        "It was measured in one run on {{ how_it_is_made/recorded.date }} with "
        "the {{ how_it_is_made/recorded.snippets }} snippets of that day on {{ how_it_is_made/recorded.cores }} processor cores "
        "({{ how_it_is_made/recorded.system }}).",
        "It is recorded, and not measured again with each build: to measure it takes half an hour.",
        "The first line compares with the same snippets, one after the other in one process; snippets that "
        "train, or wait for a model that another one trains, are left out.",
        "The second and third compare with `mkdocs` alone, on the same pages with all outputs ready.",
        "*At most* is a limit that we set ourselves.",
        "In the second and third you see what it costs to ask every snippet whether it is stale: little, "
        "and one run does not tell which of the two costs more.",
        "In the first line you see what isolation cost in this run:",
        "as a ratio it would be more than ten.",
        "That one run takes less memory in our build than alone we cannot explain.",
    )
    assert values("how_it_is_made/recorded").under_serve > 12
    path = ROOT / "snippets" / "how_it_is_made" / "benchmark.json"
    table = json.loads(path.read_text("utf-8"))["table"]
    found = [re.search(r"([\d.]+)( s more)?, at most ([\d.]+)", row) for row in table[2:]]
    assert len(found) == 6 and all(found)
    for row, one in zip(table[2:], found):
        assert float(one[1]) <= float(one[3]), row


def test_the_file_of_models_names_package_and_digest(book, says):
    says("A file lists every pretrained model, the package that carries it, and a digest")
    for name, entry in book.lock.items():
        if "snippet" not in entry:  # trained by the book itself
            assert entry["package"] and re.fullmatch("[0-9a-f]{64}", entry["sha256"]), name


def test_where_a_size_is_told_in_words(says):
    says(
        "In this book the build writes the measured numbers.",
        "such as the 150 lines of [a file](from_scratch.md): a test is to hold them.",
        "So it is where a size is told in words, such as “about a quarter”.",
        "Where a sentence of a chapter depends on an outcome, “the largest” or “it fails”, "
        "a test holds the outcome to it, for most such sentences. `python -m scripts claims` counts them.",
        "the tests run every snippet and check most of what the chapters claim",
    )
    own = [path.stem.removeprefix("test_") for path in (ROOT / "tests/chapters").glob("test_*.py")]
    shares = claims.shares()
    own = [one for one in own if one in shares]
    assert sum(len(shares[one][1]) for one in own) > 0.6 * sum(len(shares[one][0]) for one in own)
    told = (ROOT / "tests/chapters/test_decoding.py").read_text("utf-8")
    assert "about a quarter" in told
    held = (ROOT / "tests/chapters/test_index.py").read_text("utf-8")
    assert "each a file of 150 lines" in held and "splitlines()) == 150" in held


def test_where_the_promise_ends(says):
    says(
        "Chiefly these things on the pages are not computed when the book is built.",
        "Most carry a footnote with their source.",
        "**Spoken clips** for the speech model: a program, espeak-ng, made them once, and they are in the repository.",
        "A number can be read off a screen once, and typed.",
    )
    says("**Right answers that were written down**, such as the labels of the sentences on which the name finder")
    assert "snippets/encoder_uses/gold_ner.txt" in (ROOT / "snippets/encoder_uses/ner_score.py").read_text("utf-8")
    clips = sorted((ROOT / "snippets/audio").glob("*.wav"))
    code = " ".join(path.read_text("utf-8") for path in ROOT.glob("snippets/*/*.py"))
    assert len(clips) == 2 and all(clip.name in code for clip in clips) and "espeak" not in code
    page = (ROOT / "docs/how_it_is_made.md").read_text("utf-8")
    assert page.count('<svg class="figure"') == 1 and page.index("<svg") < page.index("When a snippet runs")
