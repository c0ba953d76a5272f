"""A figure in a page: the drawing that matplotlib made, in as few elements as it needs."""

import html
import io
import re
import shutil
import xml.etree.ElementTree as ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath
from PIL import Image, ImageChops

from scripts.base import ROOT
from scripts.compute import figures, runner
from snippets import plots

pytest_plugins = ["browser"]


@pytest.fixture(scope="module", params=[ROOT / "snippets/house.mplstyle", "default"],
                ids=["house", "default"])  # fmt: skip
def drawing(request):
    """A map and curves with a grid, markers and a legend."""
    rng = np.random.default_rng(0)
    words = ["the", "robot", "watered", "the", "sunflowers"]
    with plt.style.context(request.param):
        figure, (left, right) = plt.subplots(1, 2, figsize=(6, 3))
        plots.heatmap(rng.random((5, 5)), words, words, ax=left)
        for k in range(3):
            right.plot(np.arange(9), rng.random(9).cumsum(), marker="o", label=f"curve {k}")
        right.grid(axis="y")
        right.axhline(2, color=plots.MUTED, linestyle="--", alpha=0.4)
        right.axhline(3, color=plots.MUTED, linestyle="--", alpha=0.4)
        right.legend()
        yield figure
    plt.close(figure)


@pytest.fixture(scope="module")
def both(drawing):
    """The figure as it goes into a page, and as it would go without being made lighter."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(figures, "_light", lambda body: body)
        whole = figures.to_svg(drawing, "some/idea")
    root = whole.index(">") + 1
    return whole[:root] + figures._light(whole[root:]), whole


@pytest.mark.parametrize("value, kept", [(0.475016, 0.475016), (0.47501, 0.47501), (0.12345678, 0.1235)])
def test_what_is_kept_of_a_cell_rounds_as_what_is_drawn(value, kept):
    """Four digits are kept, and all where four round to another hundredth."""
    ax = plots.heatmap([[value, float("nan")]], numbers=True)
    found = figures.maps(ax.figure)[0]["values"][0]
    plt.close(ax.figure)
    assert found == [kept, None] and [f"{found[0]:.2f}"] == [one.get_text() for one in ax.texts]


def elements(svg: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg).iter())


def test_each_meaning_has_one_color_in_both_schemes(says):
    """No program spells out a color; those of `plots` become the page's, which each scheme has."""
    says(
        "Attention weights, queries, keys, values, kept and cut have one color each, in every figure and in both schemes.",
        page="contributing",
    )
    spelled = re.compile(r"""["']#[0-9a-fA-F]{3,8}["']|\b(?:color|c|fc|ec)=["'](?!none)""")
    programs = sorted((ROOT / "snippets").rglob("*.py"))
    assert [path.name for path in programs if spelled.search(path.read_text("utf-8"))] == ["plots.py"]
    sheet = (ROOT / "docs/assets/styles/colors.css").read_text("utf-8")
    light, dark = (dict(re.findall(r"--fig-(\w+): (#\w+);", part)) for part in sheet.split("@media screen"))
    named = {figures.VARIABLES[one] for one in (plots.QUERY, plots.KEY, plots.VALUE, plots.KEPT, plots.CUT)}
    assert len(named) == 5
    for meaning in named | {"query", "key", "kept"}:
        assert light[meaning] != dark[meaning]
    for scheme in (light, dark):
        assert scheme["query"] == scheme["warm"] and scheme["key"] == scheme["cool"]
        assert scheme["kept"] == scheme["weight"]


def test_fewer_elements_and_all_of_the_words(both):
    light, whole = both
    assert len(elements(light)) < 0.6 * len(elements(whole))
    assert [one.text for one in elements(light) if one.tag.endswith("}text")] == [
        one.text for one in elements(whole) if one.tag.endswith("}text")
    ]
    assert "<g>" not in light and "<g/>" not in light
    assert not re.search(r' d="[^"]*\.\d{3}', light)
    assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', light)) <= set(
        re.findall(r'id="([^"]+)"', light)
    )


def test_what_shines_through_is_drawn_line_by_line(both):
    assert both[0].count("stroke-opacity: 0.4") == 2


def test_it_is_the_same_picture(both, browser):
    page, pictures = browser.new_page(viewport={"width": 900, "height": 600}), []
    for svg in both:
        page.set_content(f'<body style="background: white">{svg}')
        shot = page.locator("svg").first.screenshot()
        pictures.append(Image.open(io.BytesIO(shot)).convert("L"))
    page.close()
    counts = ImageChops.difference(*pictures).histogram()
    assert pictures[0].getextrema()[0] < 80, "a drawing, not an empty page"
    # The hundredth of a point moves the edges of a few letters.
    assert sum(counts[64:]) < 0.001 * sum(counts)


def test_every_figure_is_made_so(drawing):
    assert "<g>" not in figures.to_svg(drawing, "some/idea")


STANDING = re.compile(r'<text style="([^"]*)"([^>]*)>([^<]*)</text>')
TALL = 0.76  # of the font's size: how far capitals and ascenders rise above the line


def cut(svg: str) -> list[str]:
    """The texts that begin or end outside of a drawing, or are formulas that nobody set."""
    left, top, width, _ = map(float, re.search(r'viewBox="([^"]*)"', svg)[1].split())
    found = []
    for style, place, text in STANDING.findall(svg):
        text = html.unescape(text).strip()
        turned = re.search(r"rotate\(-?([\d.]+)", place)
        if not text or turned and float(turned[1]):
            continue
        stands = re.search(r'x="(\S+)" y="(\S+)"|translate\((\S+) (\S+)\)', place)
        x, y = (float(one) for one in stands.groups() if one)
        size = float(re.search(r"font-size: ([\d.]+)px", style)[1])
        font = FontProperties(family="DejaVu Sans", size=size, weight=700 if "700" in style else 400)
        wide = TextToPath().get_text_width_height_descent(text, font, False)[0]
        anchor = re.search(r"text-anchor: (\w+)", style)
        begins = x - wide * {"middle": 0.5, "end": 1}.get(anchor and anchor[1], 0)
        inside = left - 0.5 <= begins and begins + wide <= left + width + 0.5
        if not inside or y - TALL * size < top - 0.2 or "$" in text:
            found.append(text)
    return found


def test_no_title_of_the_book_is_cut_off(book):
    drawn = {name: book.output(name, "svg") for name in book.names()}
    wrong = {name: cut(svg.read_text("utf-8")) for name, svg in drawn.items() if svg.is_file()}
    sliders = {name: book.outcome(name).slider.get("positions", []) for name in wrong}
    wrong |= {f"{name} {one['at']}": cut(one["svg"]) for name, those in sliders.items() for one in those if "svg" in one}
    assert len(wrong) > 80
    assert not any(wrong.values()), {name: texts for name, texts in wrong.items() if texts}


@pytest.mark.parametrize(("title", "whole"), [("It fits", True), ("It is far too wide " * 4, False)])
def test_a_title_that_is_cut_off_is_found(title, whole):
    with plt.style.context(ROOT / "snippets/house.mplstyle"):
        figure, ax = plt.subplots()
        ax.set_title(title)
        assert (not cut(figures.to_svg(figure, "some/idea"))) is whole
    plt.close(figure)


FORTY = "import numpy as np\nfrom snippets import plots\nwords = [f'word{i}' for i in range(40)]\n"
UNFIT = {  # what no page can show → what is said
    FORTY + "plots.heatmap(np.eye(40), words, words)": "labels that lie on others",
    FORTY + "plots.heatmap(np.eye(40) + 0.1, numbers=True)": "labels that lie on others",
    "import numpy as np, matplotlib.pyplot as plt\n"
    "plt.scatter(*np.random.default_rng(0).random((2, 20_000)))": "fewer points or lines",
    "import numpy as np, matplotlib.pyplot as plt\n"
    "plt.plot(np.random.default_rng(0).random(5_000))": "its lowest and highest",
    "import matplotlib.pyplot as plt\nfrom matplotlib.animation import FuncAnimation\n"
    "_moving = FuncAnimation(plt.figure(), lambda step: [], frames=9)": "FuncAnimation, and a page",
}
FIT = [
    FORTY + "plots.heatmap(np.eye(40))",
    FORTY + "plots.heatmap(np.eye(14), words[:14], words[:14])",
    FORTY + "plots.heatmap(np.eye(7), numbers=True)",
    "import numpy as np, matplotlib.pyplot as plt\n"
    "plt.hist2d(*np.random.default_rng(0).random((2, 20_000)), bins=30)",
    "import numpy as np, matplotlib.pyplot as plt\nplt.plot(np.random.default_rng(0).random(2_000))",
]


def test_a_figure_that_no_page_can_show_is_refused_with_what_to_draw(tmp_path):
    (tmp_path / "snippets" / "a").mkdir(parents=True)
    for path in ("plots.py", "house.mplstyle"):
        shutil.copy(ROOT / "snippets" / path, tmp_path / "snippets")
    programs = {f"a/no{number}": text for number, text in enumerate(UNFIT)}
    programs |= {f"a/yes{number}": text for number, text in enumerate(FIT)}
    for name, text in programs.items():
        (tmp_path / "snippets" / f"{name}.py").write_text(text, "utf-8")
    errors = runner.run(runner.Book(tmp_path), say=lambda line: None)
    said = {programs[name]: error for name, error in errors.items()}
    assert said.keys() == UNFIT.keys()
    for program, error in said.items():
        assert error.startswith("snippets/a/no") and UNFIT[program] in error
        assert "Traceback" not in error and ": draw " in error


def opened(*positions, title="what is seen", wide=4.4):
    """An open figure for each name; its title and width may be one for all or one for each."""
    made = []
    for number, label in enumerate(positions):
        figure = plt.figure(label, figsize=(wide[number] if isinstance(wide, tuple) else wide, 2))
        figure.add_subplot().plot([0, number])
        figure.axes[0].set_title(title[number] if isinstance(title, tuple) else title)
        made.append(figure)
    return made


@pytest.fixture
def plain():
    """Figures as a snippet draws them; closed at the end."""
    with plt.style.context(ROOT / "snippets/house.mplstyle"):
        yield
    plt.close("all")


def test_figures_with_names_become_a_slider(plain):
    """The middle one is shown, or the one that is named; the lower of two in the middle."""
    three = opened("head = 1", "head = 2", "head = 3", title=("a", "b", "c"))
    found = figures.left(three, "some/idea")
    slider = found["slider"]
    assert (slider["name"], slider["shown"]) == ("head", 1)
    assert [(one["at"], one["says"]) for one in slider["positions"]] == [("1", "a"), ("2", "b"), ("3", "c")]
    assert ">b</text>" in found["svg"] and ["svg" in one for one in slider["positions"]] == [True, False, True]
    assert figures.left(three[:2], "some/idea")["slider"]["shown"] == 0
    named = figures.left(three, "some/idea", "head = 3")
    assert named["slider"]["shown"] == 2 and ">c</text>" in named["svg"]
    assert "slider" not in figures.left([plt.figure("alone")], "some/idea")


@pytest.mark.parametrize(
    ("labels", "more", "shown", "wrong"),
    [
        (("head = 1", None), {}, None, "2 figures open, and number 2 is no position of a slider: leave one"),
        (("head = 1", "layer = 2"), {}, None, "positions of two sliders, “head” and “layer”: one at most"),
        (("head = 1",), {}, None, "“head = 1” as the only position of a slider: it needs others to slide to"),
        (("head = 1", "head = 2"), {}, "head = 7", "no position “head = 7”, which the name `shown` asks for:"
         " the slider has “head = 1”, “head = 2”"),
        (("head = 1", "head = 2"), {"wide": (4.4, 4)}, None, "positions of different size, “head = 1” of 422 × 192"
         " and “head = 2” of 384 × 192 pixels: give each figure the same `figsize`"),
        (("head = 1", "head = 2"), {"title": ("a", "")}, None, "the position “head = 2” without a title"),
    ],
)  # fmt: skip
def test_what_is_no_slider_is_told_in_a_sentence(plain, labels, more, shown, wrong, says):
    says(
        'Draw each in a figure that is named for it, `plt.figure("temperature = 0.7")`, in their order, all of one'
        " size; the title tells what is seen there, and a screen reader says it.",
        "Positions without a name or a title, of different sizes, or too heavy for a page are refused.",
        page="contributing",
    )
    with pytest.raises(figures.FigureError) as told:
        figures.left(opened(*labels, **more), "some/idea", shown)
    assert str(told.value).startswith(wrong) and "\n" not in str(told.value)


def test_two_figures_of_one_position_and_heavy_ones_are_refused(plain, monkeypatch):
    two = opened("head = 1", "head = 2")
    monkeypatch.setattr(figures, "HEAVIEST", 100)
    with pytest.raises(figures.FigureError, match="bytes together, packed, where 100 are the most"):
        figures.left(two, "some/idea")
    two[1].set_label("head = 1")
    with pytest.raises(figures.FigureError, match="the position “head = 1” twice"):
        figures.left(two, "some/idea")
