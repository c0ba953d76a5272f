"""The block of numbers in a real browser: read and rounded as the chapter's programs do it."""

import ast
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import torch
from browser import PLAIN, POLICY, opened, tab_to
from gguf import GGUFReader, dequantize
from playwright.sync_api import expect

pytest_plugins = ["browser"]

TENSOR = "blk.0.ffn_down.weight"
LARGE = "Make number 1 ten times the largest of the others"


@pytest.fixture(scope="module")
def program():
    """The functions of snippets/smaller/errors.py, as they stand there: rounded(…) and off(…)."""
    tree = ast.parse(Path("snippets/smaller/errors.py").read_text("utf-8"))
    made = {"torch": torch}
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    exec(compile(ast.Module(functions, []), "errors.py", "exec"), made)
    return made


@pytest.fixture(scope="module")
def blocks(book):
    """Bytes of 600 blocks of the file, and their numbers by the library; the first is the page's."""
    tensor = {t.name: t for t in GGUFReader("models/smollm2-gguf/model.gguf").tensors}[TENSOR]
    data, numbers = tensor.data.reshape(-1, 20), dequantize(tensor.data, tensor.tensor_type)
    return data[:600].tolist(), torch.from_numpy(numbers.reshape(-1, 32)[:600].copy())


@pytest.fixture(scope="module")
def query(blocks):
    return f"?data-bytes={'+'.join(map(str, blocks[0][0]))}"


@pytest.fixture(scope="module")
def bits(stay, query):
    return opened(stay("bits", query))


@pytest.fixture
def page(bits):
    bits.get_by_role("button", name="Start again").click()
    return bits


def fill(page, wanted: dict[int, str]) -> None:
    for place, text in wanted.items():
        page.get_by_label(f"number {place}", exact=True).fill(text)


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def shown(page) -> tuple[list[int], list[float]]:
    """The steps, and what is left of the numbers."""
    said = [one.split(" → ") for one in page.locator(".live-block li > span:last-child").all_inner_texts()]
    return [int(step.split()[-1]) for step, _ in said], [number(left) for _, left in said]


def holds(page, program, given: torch.Tensor, bits: int) -> None:
    """Asserts that all that stands there is what the program gives for these numbers."""
    values = program["rounded"](given, bits)
    least, scale = given.min(), (given.max() - given.min()) / (2**bits - 1)
    steps, left = shown(page)
    assert steps == ((given - least) / scale).round().int().tolist()
    assert left == pytest.approx(values.tolist(), abs=0.0006 if given.abs().max() < 10 else 0.06)
    says = page.locator(".live-reading").inner_text()
    assert says.startswith(f"{2**bits} levels from ")
    assert f" {scale:.4f} apart: that is the scale. {len(set(steps))} of them are used." in says
    assert says.endswith(f"a number takes {bits + 1} bits.")
    largest = int(given.abs().argmax())
    others = torch.arange(32) != largest
    whole, rest = program["off"](values, given), program["off"](values[others], given[others])
    expect(page.locator(".live-reading + p")).to_have_text(
        f"Error of all 32: {whole:.1%} of their length. Without number {largest + 1}, the largest in size, "
        f"{rest:.1%} of the length of the others."
    )


UNPACK = """async (blocks) => {
  const {unpack} = await import("/assets/live/widgets/rounding.js");
  return blocks.map((bytes) => [...unpack(bytes)]);
}"""
ROUND = """async ([blocks, bits]) => {
  const {error, rounded} = await import("/assets/live/widgets/rounding.js");
  return blocks.map((block) => {
    const numbers = Float32Array.from(block);
    const {values} = rounded(numbers, bits);
    return [[...values], error(values, numbers)];
  });
}"""


def test_the_bytes_are_read_as_the_program_and_the_library_read_them(page, blocks):
    data, numbers = blocks
    assert torch.equal(torch.tensor(page.evaluate(UNPACK, data)), numbers)


@pytest.mark.parametrize("count", [8, 5, 4, 3, 2])
def test_rounded_as_in_the_program(page, blocks, program, count):
    """Bit for bit: blocks of the file, random ones, ones with a large number, ones full of ties."""
    torch.manual_seed(count)
    drawn = torch.randn(400, 32) * 10 ** torch.linspace(-3, 2, 400)[:, None]
    large = drawn.clone()
    large[:, 7] = 10 * large.abs().amax(dim=1)
    ties = torch.randint(0, 2 * (2**count - 1) + 1, (400, 32)) / 2.0
    ties[:, :2] = torch.tensor([0, 2.0**count - 1])
    halves = (ties % 1 == 0.5).sum().item()
    assert halves > 1000, "so many lie in the middle between two levels"
    given = torch.cat([blocks[1], drawn, large, ties])
    found = page.evaluate(ROUND, [given.tolist(), count])
    expected = torch.stack([program["rounded"](block, count) for block in given])
    assert torch.equal(torch.tensor([values for values, _ in found]), expected)
    errors = torch.tensor([error for _, error in found])
    right = torch.tensor([program["off"](new, old) for new, old in zip(expected, given)])
    assert (errors - right).abs().max() < 1e-6
    print(f"{count} bits: {len(given)} blocks the same, errors within {(errors - right).abs().max():.1e}")


def test_equal_numbers_have_one_level(page):
    [[values, error]] = page.evaluate(ROUND, [[[0.5] * 32], 3])
    assert values == [0.5] * 32 and error == 0


def test_it_starts_with_the_block_of_the_program(page, blocks, program, values, printed, says):
    says("The box starts with the 32 numbers of the file and 4 bits.", page="smaller")
    says("A block of 32 numbers, as it stands in the file of SmolLM2.", page="playground")
    holds(page, program, blocks[1][0], 4)
    block = values("smaller/block")
    assert f"{block.used} of them are used" in page.locator(".live-reading").inner_text()
    steps = re.search(r"steps +([\d ]+)", printed("smaller/block"))[1].split()
    assert shown(page)[0] == list(map(int, steps))
    fields = page.locator(".live-block input").evaluate_all("all => all.map(one => one.valueAsNumber)")
    assert fields == pytest.approx(blocks[1][0].tolist(), abs=0.0006)
    assert [int(one) for one in block.twenty.split()] == blocks[0][0]


@pytest.mark.parametrize("count", [8, 5, 3, 2])
def test_other_bits_and_other_numbers(page, blocks, program, count):
    given = blocks[1][0].clone()
    page.get_by_label("bits of a step").select_option(str(count))
    holds(page, program, given, count)
    for place, text in {3: "-1.5", 32: "2.25"}.items():
        fill(page, {place: text})
        given[place - 1] = float(text)
    holds(page, program, given, count)
    expect(page.locator(".live-changed")).to_have_count(2)
    dots = page.locator(".live-left").count(), page.locator(".live-given").count()
    assert dots == (32, 32) and page.locator(".live-levels > path:not([class])").count() == (2**count if count < 8 else 0)


def test_one_large_number(page, blocks, program, says):
    says("Make one number ten times the largest of the others, and see how few levels are left for them.", page="playground")
    given, (before, _) = blocks[1][0].clone(), shown(page)
    page.get_by_role("button", name=LARGE).click()
    given[0] = round(10 * given[1:].abs().max().item(), 3)
    holds(page, program, given, 4)
    assert len(set(shown(page)[0][1:])) < len(set(before)) / 2
    page.get_by_role("button", name=LARGE).click()
    holds(page, program, given, 4)
    expect(page.get_by_role("status")).to_contain_text("Without number 1, the largest in size, ")
    page.get_by_role("button", name="Start again").click()
    holds(page, program, blocks[1][0], 4)


def test_what_is_no_number_is_refused(page):
    fill(page, {5: ""})
    expect(page.get_by_text("Write a number from −1000 to 1000 in every field.")).to_be_visible()
    fill(page, {5: "1001"})
    expect(page.get_by_text("Write a number from −1000 to 1000 in every field.")).to_be_visible()
    fill(page, {5: "-1000"})
    expect(page.locator(".live-reading")).to_contain_text("levels from −1000.0 to 1.429")


def test_by_keys_alone_and_by_a_link(visit, query, blocks, program):
    page = visit("bits", query)
    tab_to(page, page.button)
    page.keyboard.press("Enter")
    expect(page.widget).to_be_focused()
    assert not [name for name in page.asked if "engine" in name or name.endswith((".bin", ".wasm"))]
    tab_to(page, page.get_by_label("bits of a step"))
    page.keyboard.press("ArrowDown")
    tab_to(page, page.get_by_label("number 2", exact=True))
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("3.5")
    given = blocks[1][0].clone()
    given[1] = 3.5
    holds(page, program, given, 3)
    field = page.get_by_label("number 2", exact=True)
    assert field.evaluate("one => document.getElementById(one.getAttribute('aria-describedby')).textContent") == "step 7 → 3.500"
    address = page.get_by_role("link", name="Link to this view").get_attribute("href")
    wish = parse_qs(urlsplit(address).query)
    assert wish["bits"] == ["3"] and wish["changed"] == ["2:3.5"]
    page.goto(f"{address.split('#')[0]}&{query[1:]}")
    opened(page)
    holds(page, program, given, 3)
    page.goto(f"{address.split('#')[0].replace('3.5', '3.5,40:1,3:x,4:99999').replace('bits=3', 'bits=7')}&{query[1:]}")
    opened(page)
    holds(page, program, given, 4)


@pytest.mark.parametrize("policy", [POLICY, PLAIN])
def test_under_a_strict_policy_on_a_phone(visit, server, query, blocks, program, violations, policy):
    server.site.policy = policy
    try:
        page = opened(visit("bits", query, phone=True))
        holds(page, program, blocks[1][0], 4)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        sizes = page.widget.locator(":is(button, input, select):visible").evaluate_all(
            "all => all.map(one => one.getBoundingClientRect()).map(box => [box.width, box.height])"
        )
        assert sizes and min(map(min, sizes)) >= 24
        if policy == POLICY:
            assert "\n".join(violations(page, ".live-widget")) == ""
    finally:
        server.site.policy = POLICY


def test_without_its_bytes_it_says_so(visit):
    page = visit("bits")
    page.button.click()
    expect(page.get_by_role("alert").first).to_have_text(
        "This did not load: the twenty bytes of the block are not in the page"
    )
