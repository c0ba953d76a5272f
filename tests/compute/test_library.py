"""Where the book meets a library: what the library hands over is named, or there is an error.

A library may rename what it hands over. A program that takes anything and looks for the old
name then loses it without a word, and writes nonsense.
"""

import ast
import re

import pytest
import torch
from transformers import AutoTokenizer

from scripts.base import ROOT
from scripts.labs import source as labs
from snippets.shared.translator import SSRU, Translator

SOURCES = sorted(
    path
    for folder in ("snippets", "docs/labs", "scripts/labs")
    for path in (ROOT / folder).rglob("*.py")
)
# A default where a name is looked up hides that a library has renamed it. These look at what
# a student returned, which may be anything.
LOOKED_UP = {("encoder.py", "weights"), ("encoder.py", "scores"), ("encoder.py", "wanted")}
ENGLISH = "The robot watered the sunflowers because they were thirsty."
PORTUGUESE = "O robô regou os girassóis porque eles estavam com sede."


def swallows(source: str) -> list[str]:
    """Functions that take any arguments and drop them: "name, line".

    What `*more` holds must be read; what `**more` holds, handed on, names and all.
    """
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef | ast.Lambda):
            continue
        taken = {a.arg for a in (node.args.vararg, node.args.kwarg) if a}
        read = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        taken -= {a.arg for a in [node.args.vararg] if a} & read
        for call in (n for n in ast.walk(node) if isinstance(n, ast.Call)):
            stars = [a.value for a in call.args if isinstance(a, ast.Starred)]
            stars += [k.value for k in call.keywords if k.arg is None]
            taken -= {n.id for star in stars for n in ast.walk(star) if isinstance(n, ast.Name)}
        if taken:
            found.append(f"{getattr(node, 'name', 'lambda')}, line {node.lineno}")
    return found


def hides(source: str) -> list[tuple[str, int]]:
    """Look-ups with a default, and errors caught whatever they are: (of what, line)."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ExceptHandler):
            kind = ast.unparse(node.type) if node.type else "BaseException"
            told = node.name and any(
                isinstance(n, ast.Name) and n.id == node.name for n in ast.walk(node)
            )
            if re.search(r"\b(Base)?Exception\b|\bsuppress\b", kind) and not told:
                found.append((kind, node.lineno))
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name == "hasattr" or name == "getattr" and len(node.args) == 3:
                found.append((ast.unparse(node.args[0]), node.lineno))
            for key in node.keywords:
                lenient = (key.arg, ast.unparse(key.value))
                if lenient in {("strict", "False"), ("ignore_mismatched_sizes", "True")}:
                    found.append((f"{name}(…, {key.arg}=…)", node.lineno))
    return found


def test_the_two_searches_find():
    assert swallows("def f(x, **unused): return x") == ["f, line 1"]
    assert swallows("def f(*_): pass\ng = lambda *_, n=1: n") == ["f, line 1", "lambda, line 2"]
    assert swallows("def f(**more): return more.get('cache')") == ["f, line 1"]
    assert not swallows("def f(*texts): return [t for t in texts]")
    assert not swallows("def f(*a, **k): return g(*a, **k or {})")
    assert hides("getattr(c, 'n', 1)\nhasattr(d, 'n')") == [("c", 1), ("d", 2)]
    assert hides("try: f()\nexcept: pass") == [("BaseException", 2)]
    assert hides("try: f()\nexcept Exception as e: pass") == [("Exception", 2)]
    assert not hides("try: f()\nexcept Exception as e: print(e)")
    assert hides("m.load_state_dict(w, strict=False)") == [("m.load_state_dict(…, strict=…)", 1)]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_is_swallowed(path, says):
    says(
        "a function with `**more` hands it on, and a name is looked up without a default.",
        page="contributing",
    )
    source = path.read_text("utf-8")
    assert not swallows(source), "name what the library hands over, or hand it on"
    hidden = [(what, line) for what, line in hides(source) if (path.name, what) not in LOOKED_UP]
    assert not hidden, "ask for it without a default, so that a library's change is an error"


# ----------------------------------------------------------------------- the translator


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained("models/en-pt")


@pytest.fixture
def translator():
    return Translator.from_pretrained("models/en-pt")


def translate(model, tokenizer, **settings):
    batch = tokenizer(ENGLISH, return_tensors="pt", return_token_type_ids=False)
    ids = model.generate(**batch, max_new_tokens=30, **settings)
    return tokenizer.decode(ids[0], skip_special_tokens=True)


def hand_over(model, change) -> list[dict]:
    """Let `change` alter what the library hands over to each recurrent unit; what it was."""
    given = []
    for layer in model.model.decoder.layers:

        def forward(*arguments, unit=layer.self_attn.forward, **named):
            given.append(dict(named))
            return unit(*arguments, **change(named))

        layer.self_attn.forward = forward
    return given


@pytest.mark.parametrize("beams", [1, 4])
def test_with_and_without_a_cache_it_writes_the_same(translator, tokenizer, beams):
    given = hand_over(translator, dict)
    assert translate(translator, tokenizer, num_beams=beams) == PORTUGUESE
    assert any(named.get("cache") is not None for named in given), "a cache was in use"
    given.clear()
    assert translate(translator, tokenizer, num_beams=beams, use_cache=False) == PORTUGUESE
    assert all(named.get("cache") is None for named in given)


def test_the_cache_s_name_of_before_will_do(translator, tokenizer):
    hand_over(translator, lambda named: renamed(named, "past_key_values"))
    assert translate(translator, tokenizer) == PORTUGUESE


def renamed(named: dict, to: str) -> dict:
    return {to if key == "cache" else key: value for key, value in named.items()}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda named: renamed(named, "memory"), "unexpected keyword argument 'memory'"),
        (lambda named: {**named, "something": 1}, "unexpected keyword argument 'something'"),
        (lambda named: {k: named[k] for k in named if k != "cache"}, "got no cache"),
    ],
    ids=["renamed", "unknown", "missing"],
)
def test_another_way_to_hand_over_is_an_error(translator, tokenizer, change, said):
    hand_over(translator, change)
    with pytest.raises(TypeError, match=said):
        translate(translator, tokenizer)


def test_a_cache_of_another_kind_is_an_error():
    from transformers import DynamicCache

    with pytest.raises(AttributeError, match="self_attention_cache"):
        SSRU(4, 0)(torch.zeros(1, 1, 4), cache=DynamicCache())


def test_the_lab_s_unit_says_that_it_needs_the_whole_text(tokenizer):
    """It keeps nothing from call to call: with a cache its text would be nonsense."""
    cells = [cell.source for cell in labs.notebook("encoder_decoder", solved=True).cells]
    [source] = [cell for cell in cells if "class Unit(" in cell]
    space = {}
    classes = source[source.index("class Unit(") : source.index("def load(")]
    exec("from torch import nn\nimport torch\nfrom transformers import MarianMTModel\n" + classes, space)
    model = space["Translator"].from_pretrained("models/en-pt")
    assert translate(model, tokenizer, use_cache=False) == PORTUGUESE
    with pytest.raises(ValueError, match="use_cache=False"):
        translate(model, tokenizer)


def test_no_program_uses_the_name_that_the_library_gives_up():
    for path in SOURCES:
        if path.name != "translator.py":  # it takes both
            assert "past_key_values" not in path.read_text("utf-8"), path
