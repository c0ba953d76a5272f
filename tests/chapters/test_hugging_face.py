"""What the chapter on the library claims, checked with the library."""

import json
import os
import pickle
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForTokenClassification,
    AutoTokenizer,
    dynamic_module_utils,
    pipeline,
)
from transformers.pipelines import SUPPORTED_TASKS

from snippets.shared.translator import Translator

CHAPTER = "hugging_face"
RUNNING = "The robot watered the sunflowers because they were thirsty."


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained("models/minilm")


@pytest.fixture(scope="module")
def minilm():
    return AutoModel.from_pretrained("models/minilm")


def test_every_chapter_uses_it(says):
    says("Every chapter of this book has programs that use it.")
    nav = re.findall(r"^      - (\w+)\.md$", Path("mkdocs.yml").read_text("utf-8"), re.M)
    chapters = nav[: nav.index("from_scratch") + 1]
    assert len(chapters) == 17 and CHAPTER in chapters
    for chapter in chapters:
        programs = [path.read_text("utf-8") for path in Path(f"snippets/{chapter}").glob("*.py")]
        assert any("from transformers import" in program for program in programs), chapter


def test_this_is_the_version_that_the_page_speaks_of(values):
    assert values(f"{CHAPTER}/versions").major >= 5


@pytest.mark.parametrize("name", ["minilm", "smollm2", "whisper"])
def test_an_unknown_argument_is_passed_over(name, says):
    says(
        "MiniLM, SmolLM2 and Whisper pass over an argument that they do not know, without an error."
        " ([Below](#what-the-library-does-say) you see what SmolLM2 then writes.)"
    )
    model = (AutoModelForCausalLM if name == "smollm2" else AutoModel).from_pretrained(
        f"models/{name}"
    )
    ids = torch.tensor([[5, 6, 7]])
    inputs = {"input_ids": ids}
    if name == "whisper":
        inputs = {"input_features": torch.zeros(1, 80, 3000), "decoder_input_ids": ids}
    with torch.no_grad():
        model(**inputs, no_argument=1)


def test_the_last_state_has_passed_the_last_norm(says):
    says(
        "for the states before the first layer and after each one (SmolLM2's last one has passed its"
        " last norm too)"
    )
    model, given = AutoModel.from_pretrained("models/smollm2"), []
    model.layers[-1].register_forward_hook(lambda part, read, out: given.append(out))
    with torch.no_grad():
        outputs = model(torch.tensor([[5, 6, 7]]), output_hidden_states=True)
    assert len(outputs.hidden_states) == 1 + len(model.layers)
    last = given[0][0] if isinstance(given[0], tuple) else given[0]
    assert not torch.allclose(last, outputs.hidden_states[-1])
    assert torch.allclose(model.norm(last), outputs.hidden_states[-1])


def test_the_cache_is_called_cache(says, values):
    says(
        "Without its cache the model reads *is* and goes on from there.",
        "The old name is still taken, with a warning.",
        "and a cache under a misspelled name is lost, and nobody is told:",
    )
    model = AutoModelForCausalLM.from_pretrained("models/smollm2")
    with torch.no_grad(), warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        cache = model(torch.tensor([[5, 6]])).cache
        model(torch.tensor([[7]]), cache=cache)
        assert cache.get_seq_length() == 3 and not told
        lost = model(torch.tensor([[8]]), cahce=cache).logits
        assert torch.equal(lost, model(torch.tensor([[8]])).logits) and not told
        model(torch.tensor([[8]]), past_key_values=cache)
        assert cache.get_seq_length() == 4, "taken all the same"
    assert "Use `cache` instead" in str(told[-1].message)
    found = values(f"{CHAPTER}/lost_cache")
    assert found.whole == found.kept == " Paris" != found.lost == found.last_alone


def test_three_steps(values, printed, tokenizer):
    found = values(f"{CHAPTER}/three_steps")
    assert found.same and not found.in_training
    text = printed(f"{CHAPTER}/three_steps")
    for name in ("input_ids", "token_type_ids", "attention_mask", "last_hidden_state"):
        assert name in text
    length = len(tokenizer(RUNNING).input_ids)
    assert f"(1, {length}, 384)" in text


def test_without_return_tensors_there_are_lists(tokenizer):
    assert isinstance(tokenizer(RUNNING).input_ids, list)


def test_each_folder_has_its_class(printed, says):
    says("(Whisper has four layers in its encoder and four in its decoder.)")
    whisper = AutoConfig.from_pretrained("models/whisper")
    assert (whisper.encoder_layers, whisper.decoder_layers) == (4, 4)
    rows = re.findall(r"^\| `(models/\w+)` \| `(\w+)` \| `(\w+)` \| `(\w+)` \| (\d+)",
                      printed(f"{CHAPTER}/auto"), re.M)  # fmt: skip
    assert len(rows) == 5
    for folder, kind, asked, got, layers in rows:
        config = AutoConfig.from_pretrained(folder)
        assert config.model_type == kind and config.num_hidden_layers == int(layers)
        assert asked.startswith("AutoModel") and got.lower().startswith(kind)


def test_a_missing_head_is_random_and_raises_nothing(values, printed, says):
    says(
        "Ask for one three times",
        "The library fills the matrix of the missing head with random numbers (and its bias with zeros)",
        "the probabilities are near a half and depend on the seed.",
        "sign of this mistake is the word `MISSING`.",
        "A head that is missing in the folder is random",
        "A missing head raises [no error](#a-head-that-is-not-there)",
    )
    found = values(f"{CHAPTER}/new_head")
    assert found.missing_count == 2
    assert found.spread > 0.001, "it depends on the seed"
    numbers = [float(x) for x in re.findall(r"LABEL_1 (\S+)", printed(f"{CHAPTER}/new_head"))]
    with_head = AutoModelForTokenClassification.from_pretrained("models/minilm").classifier
    assert with_head.bias.eq(0).all() and with_head.weight.std() > 0.01
    assert len(numbers) == 3 and all(0.4 < number < 0.6 for number in numbers)
    assert printed(f"{CHAPTER}/new_head").count("| MISSING |") == found.missing_count


def test_under_a_new_head_the_layers_are_the_file_s(says, minilm):
    says(
        "Nothing: all of its parameters are random.",
        "The six layers come from the file.",
        "sent through one more matrix and a $\\tanh$",
    )
    tagger = AutoModelForTokenClassification.from_pretrained("models/minilm")
    for ours, theirs in zip(tagger.bert.encoder.parameters(), minilm.encoder.parameters()):
        assert torch.equal(ours, theirs)
    with torch.no_grad():
        outputs = minilm(torch.tensor([[101, 3899, 102]]))
        pooled = minilm.pooler.dense(outputs.last_hidden_state[:, 0]).tanh()
    assert torch.allclose(pooled, outputs.pooler_output, atol=1e-6)


@pytest.mark.parametrize("task", ["question-answering", "summarization", "translation"])
def test_the_three_pipelines_are_gone(task):
    assert task not in SUPPORTED_TASKS
    with pytest.raises(KeyError, match="removed.*chat model.*MIGRATION_GUIDE_V5"):
        pipeline(task, model="models/smollm2")


def test_the_list_of_pipelines_is_the_library_s(says, values, printed):
    says(
        "There are {{ hugging_face/pipelines.count}} tasks, and {{ hugging_face/pipelines.gone}} that many older texts show are gone since version 5."
        " The library points to chat models in their place."
    )
    assert printed(f"{CHAPTER}/pipelines").count("pipeline with a chat model instead") == 3
    found = values(f"{CHAPTER}/pipelines")
    assert found.count == len(SUPPORTED_TASKS) and found.gone == 3
    for task in ("text-generation", "token-classification", "text-classification"):
        assert task in printed(f"{CHAPTER}/pipelines")


def test_the_pipeline_by_hand(values, printed, says):
    says(
        "and the same with the three steps and an `argmax`:",
    )
    found = values(f"{CHAPTER}/pipeline_by_hand")
    assert found.same and found.last_city == "lisbon"
    text = printed(f"{CHAPTER}/pipeline_by_hand")
    assert "joined by 'simple', cities: ['li', '##sb', '##on']" in text
    assert "joined by 'first', cities: ['lisbon']" in text


def test_grouped_entities_is_gone():
    with pytest.raises(TypeError):
        pipeline("token-classification", model="models/pii", grouped_entities=True)("Anna")


def test_generate(values, says):
    says(
        "An [encoder–decoder](glossary.md#encoderdecoder) gives back the new text "
        "only, behind its start token; a decoder gives back the [prompt](glossary.md#prompt) as well, so the "
        "code cuts it off.",
    )
    translator = Translator.from_pretrained("models/en-pt")
    ids = translator.generate(torch.tensor([[5, 6, 0]]), max_new_tokens=3)
    assert ids[0, 0] == translator.config.decoder_start_token_id and 5 not in ids[0, :2]
    found = values(f"{CHAPTER}/generate")
    assert found.translation == "O robô regou os girassóis porque eles estavam com sede."
    assert found.answer == RUNNING, "it repeats the sentence, and the page says so"
    assert found.given > 25, "more than it may write: a cut of the answer alone leaves none"


def test_config(values, minilm, says):
    says(
        "In the trained table *dog* and *cat* have a "
        "[cosine](glossary.md#cosine-similarity) of {{ "
        "hugging_face/config.alike:.2f}}; in the random one it is {{ "
        "hugging_face/config.random_alike:.2f}}.",
        "Confusing the two functions is an error that raises none.",
    )
    found = values(f"{CHAPTER}/config")
    assert found.parameters == minilm.num_parameters()
    layer = sum(p.numel() for p in minilm.encoder.layer[0].parameters())
    assert found.parameters - found.small_parameters == 4 * layer
    assert found.alike > 0.3 and abs(found.random_alike) < 0.2
    ids = AutoTokenizer.from_pretrained("models/minilm").convert_tokens_to_ids(["dog", "cat"])
    assert ids == [3899, 4937]


def test_saving_loses_nothing(values, printed, says):
    says(
        "There are {{ hugging_face/save.files}} files:",
        "{{ hugging_face/save.bytes_a_parameter:.1f}} bytes per parameter, that is, 32 bits each.",
        "The loaded model computes the same vectors; the largest difference is {{ "
        "hugging_face/save.difference:.0f}}.",
    )
    found = values(f"{CHAPTER}/save")
    assert found.difference == 0 and found.same_ids and found.files == 4
    assert found.bytes_a_parameter == pytest.approx(4, abs=0.01)
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        assert f"`{name}`" in printed(f"{CHAPTER}/save")


class Calls:
    """Pickled, it is a call: plain pickle makes it while it reads."""

    def __reduce__(self):
        return (os.getenv, ("HOME", "no home"))


def test_plain_pickle_runs_what_it_reads(says, tmp_path):
    says(
        "Plain pickle can run any code while it is being read;[^pickle] since version 2.6, of "
        "2025, PyTorch loads such files in a restricted way unless told otherwise.[^weights]",
    )
    assert pickle.loads(pickle.dumps(Calls())) == os.getenv("HOME", "no home"), "it was called"
    torch.save(Calls(), tmp_path / "pytorch_model.bin")
    with pytest.raises(pickle.UnpicklingError, match="[Ww]eights.only"):
        torch.load(tmp_path / "pytorch_model.bin")


def test_attention_weights_need_eager(values, maps, says):
    says(
        "{{ hugging_face/eager.maps_eager}} tensors, one per layer.",
        "In the rows from the second word to the full stop the strong cells stand one to the left of"
        " the diagonal: there each token looks at the one before.",
        "The vectors are the same up to rounding, so use the default",
        "In this head and this sentence, the tokens from the second word to the full stop give "
        "{{ hugging_face/eager.previous:.2f}} of their weight to the token before, on average.",
    )
    found = values(f"{CHAPTER}/eager")
    assert (found.maps_default, found.maps_eager) == (0, 6)
    assert found.gap < 1e-4 and found.previous > 0.6
    (drawn,) = maps(f"{CHAPTER}/eager")
    for row in drawn["values"]:
        assert sum(row) == pytest.approx(1, abs=0.01)
    assert (drawn["rows"][2], drawn["rows"][12]) == ("robot", "."), "second word to full stop"
    before = [drawn["values"][i][i - 1] for i in range(2, 13)]
    assert found.previous == pytest.approx(sum(before) / 11, abs=1e-3)
    strongest = [torch.tensor(row).argmax().item() for row in drawn["values"]]
    assert strongest[2:13] == list(range(1, 12)), "one to the left, in each of these rows"


def test_sdpa_is_the_default(minilm, tokenizer, says):
    says(
        "PyTorch then keeps nothing for [gradients](glossary.md#gradient)",
        "That adds [states, not weights](#see-it-happen)",
        "Leave out `torch.no_grad()`, so that the weights are kept.",
        "It keeps nothing for [gradients](#see-it-happen).",
        "It gives back the result and not the weights. So it is free to work through their table in\nblocks "
        "and never store the whole, which can make it faster.[^dao]",
        "Under the default, SDPA, you get none.",
        "[gives back no weights](#attention-weights-eager-or-sdpa).",
    )
    assert minilm.config._attn_implementation == "sdpa"
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        outputs = minilm(**tokenizer(RUNNING, return_tensors="pt"), output_attentions=True)
        states = minilm(**tokenizer(RUNNING, return_tensors="pt"), output_hidden_states=True)
    assert len(outputs.attentions) == 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trained = minilm(**tokenizer(RUNNING, return_tensors="pt"), output_attentions=True)
    assert len(trained.attentions) == 0, "no more with gradients"
    assert len(states.hidden_states) == 7 and not states.attentions
    assert outputs.last_hidden_state.grad_fn is None
    assert minilm(torch.tensor([[5]])).last_hidden_state.grad_fn, "kept if you may train"


def test_padding_needs_its_mask(values, says):
    says(
        "The output has three changes; zero means that nothing was disturbed.",
        "Without it they change by {{ hugging_face/padding.without_mask:.0%}} of their length",
        "but the rows of the padding are still in the output.",
        "the mean moves by {{ hugging_face/padding.mean_change:.0%}} of its length otherwise.",
        "They never do: each row is [a text of its own](#batches-padding-and-the-mask).",
    )
    found = values(f"{CHAPTER}/padding")
    assert found.with_mask < 1e-4 and found.without_mask > 0.1
    assert found.mean_change > 0.1


def test_decoders_are_padded_on_the_left(says, values, printed):
    says(
        "In a batch, with a correct attention mask, only the longest prompt goes on well.",
        "from the vector of a padding token, which sees the prompt but is no part of it.",
        "and decoders need the padding on the left when they generate for a batch.",
    )
    right = printed(f"{CHAPTER}/padding_side").splitlines()[-1]
    assert right.startswith("right") and "France" in right, "it sees the prompt"
    found = values(f"{CHAPTER}/padding_side")
    assert found.left_same and not found.right_same
    assert found.alone.startswith(" Paris")
    # Padded on the right, the longest prompt has no padding, and goes on as it does alone.
    writer = AutoTokenizer.from_pretrained("models/smollm2", padding_side="right")
    model = AutoModelForCausalLM.from_pretrained("models/smollm2")
    pair = ["Rain", "The capital of France is"]
    batch = writer(pair, padding=True, return_tensors="pt")
    both = model.generate(**batch, max_new_tokens=5, do_sample=False)
    assert both.shape[1] == batch.input_ids.shape[1] + 5, "the limit counts for each row"
    for row, text in enumerate(pair):
        one = writer(text, return_tensors="pt")
        alone = model.generate(**one, max_new_tokens=5, do_sample=False)[0, -5:]
        assert torch.equal(both[row, -5:], alone) == (row == 1), "the longest, and it alone"
        if row == 0:
            short = alone
    # Nothing else is wrong on the right: with the first token read at the last real place, the
    # rest goes on behind the padding as it does alone.
    with torch.no_grad():
        first = model(**batch).logits[0, batch.attention_mask[0].sum() - 1].argmax()
    row = torch.cat([batch.input_ids[0], first[None]])[None]
    mask = torch.cat([batch.attention_mask[0], torch.ones(1, dtype=torch.long)])[None]
    rest = model.generate(input_ids=row, attention_mask=mask, max_new_tokens=4, do_sample=False)
    assert torch.equal(rest[0, -5:], short)


def test_where_positions_begin_behind_padding(values, says):
    says(
        "(`generate` counts positions from the first real token. An encoder that [takes them from "
        "a table](input_representation.md#padding-and-the-mask) counts the padding: leave it on "
        "the right there.)"
    )
    writer = AutoTokenizer.from_pretrained("models/smollm2", padding_side="left")
    model = AutoModelForCausalLM.from_pretrained("models/smollm2")
    given = []
    model.model.register_forward_pre_hook(
        lambda _, args, options: given.append(options["position_ids"]), with_kwargs=True
    )
    batch = writer(["Rain", "The capital of France is"], padding=True, return_tensors="pt")
    model.generate(**batch, max_new_tokens=2, do_sample=False)
    real = batch.attention_mask.sum(1).tolist()
    for row, count in enumerate(real):
        assert given[0][row, -count:].tolist() == list(range(count))
    assert given[1].flatten().tolist() == real, "the next ones"
    found = values("input_representation/padding")
    assert found.left_change > 0.3 and found.same_moved


def test_prompts_come_back(says):
    says(
        "It limits [each row](#generate-translation-and-answers-without-a-pipeline) in the same "
        "way, and a limit would cut the longest too.",
        "The chat template has put the question twice.",
        "The question stands in it once.",
    )
    writer = AutoTokenizer.from_pretrained("models/smollm2")
    question = f"{RUNNING} What did the robot water?"
    text = writer.apply_chat_template(
        [{"role": "user", "content": question}], add_generation_prompt=True, tokenize=False
    )
    assert text.count(question) == 1


def test_answers(values, minilm, says):
    says(
        "{{ hugging_face/answers.full_bytes:,}} and {{ "
        "hugging_face/answers.half_bytes:,}} bytes: four and two for each parameter.",
        "the smallest cosine between a token's two vectors is 1 but for"
        " {{ hugging_face/answers.half_off:.0e}}.",
        "With the mask the vectors change by at most {{ "
        "hugging_face/answers.padded_change:.0e}}, which is rounding.",
        "the model computes 64 rows, and 50 of them are thrown away.",
        "{{ hugging_face/answers.unused}} of them.",
        "the average cosine is {{ hugging_face/answers.two_cosine:.2f}}.",
    )
    found = values(f"{CHAPTER}/answers")
    assert found.full_bytes == 4 * minilm.num_parameters() == 2 * found.half_bytes
    assert 0 < found.half_off < 1e-4 and found.padded_change < 1e-4
    assert 64 - len(AutoTokenizer.from_pretrained("models/minilm")(RUNNING).input_ids) == 50
    assert len(list(minilm.encoder.layer[0].parameters())) == 16
    assert (found.two_layers, found.unused) == (2, 64)
    assert found.two_cosine < 0.9


def test_a_mean_over_padding_is_wrong_in_two_ways(printed, says):
    says(
        "The second text has one vector, 5, so its mean is 5.",
        "The second line sets it to zero, but still divides by two places: half a repair.",
    )
    everything, half, right = map(json.loads, printed(f"{CHAPTER}/predict").splitlines())
    assert right == [2, 5]
    assert everything[0] == half[0] == right[0], "where nothing is padded all agree"
    assert len({everything[1], half[1], right[1]}) == 3
    assert half[1] == right[1] / 2


def test_rows_of_padding(values, tokenizer, says):
    says(
        "`= {{ hugging_face/waste.one_batch}} ± 0`",
        "to 20, which adds 16 and 14 places: half of the work.",
    )
    found = values(f"{CHAPTER}/waste")
    texts = ["word " * (length - 2) for length in (4, 6, 20)]  # and [CLS], [SEP]
    mask = tokenizer(texts, padding=True, return_tensors="pt").attention_mask
    assert found.one_batch == (mask == 0).sum() == mask.numel() // 2
    assert found.two_batches == 2


def test_mistakes_with_and_without_an_error(tokenizer, minilm, says):
    says(
        "ids mean nothing without it.",
        "Every id finds a row in the table, but the row of another token:",
    )
    with pytest.raises(ValueError, match="padding=True"):
        tokenizer(["One.", "One and two."], return_tensors="pt")
    other = AutoTokenizer.from_pretrained("models/rxnmapper")  # another vocabulary
    assert len(other) <= minilm.config.vocab_size
    ids = other("CCO", return_tensors="pt").input_ids
    with torch.no_grad():
        minilm(input_ids=ids)
    read, meant = (one.convert_ids_to_tokens(ids[0]) for one in (tokenizer, other))
    assert all(a != b for a, b in zip(read[1:-1], meant[1:-1], strict=True))


def test_what_the_library_says(says, values, printed, tokenizer, minilm):
    says(
        "and no error, only a [warning](#what-the-library-does-say)",
        "because we stop at the tokenizer; the model itself would fail.",
        "Called directly, the models pass over the two forgotten masks without a word. "
        "(`generate` guesses a missing mask from the padding id. SmolLM2 uses its end-of-turn "
        "token for padding, so there `generate` cannot tell, and warns.)",
        "A program that sets `TRANSFORMERS_VERBOSITY=error` hears none of them, and some "
        "warnings are printed once and not again.",
    )
    told = values(f"{CHAPTER}/told")
    assert told.maps and told.side and told.long and not told.mask and not told.none
    text = " ".join(printed(f"{CHAPTER}/told").split())
    for words in ("does not support `output_attentions=True`", "right-padding was detected"):
        assert words in text
    assert "longer than the specified maximum" in text
    with torch.no_grad(), pytest.raises(RuntimeError, match="602"):
        minilm(**tokenizer("word " * 600, return_tensors="pt"))
    # In a process of its own: the library tells a thing once, and not when it was told to be quiet.
    program = (
        "from transformers import AutoModelForCausalLM, AutoTokenizer\n"
        "writer = AutoTokenizer.from_pretrained('models/smollm2', padding_side='left')\n"
        "batch = writer(['The capital of France is', 'Rain'], padding=True, return_tensors='pt')\n"
        "model = AutoModelForCausalLM.from_pretrained('models/smollm2')\n"
        "model.generate(batch.input_ids, max_new_tokens=1)\n"
        "reader = AutoTokenizer.from_pretrained('models/minilm')\n"
        "reader('word ' * 600), reader('word ' * 700)\n"
    )
    heard = {}
    for level in ("warning", "error"):
        env = os.environ | {"TRANSFORMERS_VERBOSITY": level}
        done = subprocess.run(
            [sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True
        )
        heard[level] = done.stderr
    assert (
        "attention mask is not set with a batched input, and cannot be inferred" in heard["warning"]
    )
    assert heard["warning"].count("longer than the specified maximum") == 1, "once"
    for words in ("attention mask is not set", "longer than"):
        assert words not in heard["error"]
    writer = AutoTokenizer.from_pretrained("models/smollm2", padding_side="left")
    assert writer.pad_token == writer.eos_token == "<|im_end|>"
    # With a padding id of its own, the mask is guessed, and rightly.
    model = AutoModelForCausalLM.from_pretrained("models/smollm2")
    writer.pad_token = "<|endoftext|>"
    batch = writer(["The capital of France is", "Rain"], padding=True, return_tensors="pt")
    how = {"max_new_tokens": 4, "do_sample": False, "pad_token_id": writer.pad_token_id}
    assert torch.equal(model.generate(**batch, **how), model.generate(batch.input_ids, **how))


def test_a_text_comes_as_it_is_written(says, values, printed, tmp_path):
    says(
        "Two of them run here: a smaller number type",
        "Here the text is the one of 32 bits; elsewhere a greedy text may take another word "
        "[where two are nearly equal](decoder.md#the-cache-in-two-byte-numbers).",
        "Many models are stored so; some large ones, such as gpt-oss of 2025, have most of their "
        "weights in 4 bits.[^mxfp4]",
        "If you say nothing, the library takes the type that `config.json` names, else the file's "
        '(`dtype="auto"`, the default since version 5); ours have 32 bits.',
        "4 bits for most weights, and [two numbers for each 32](smaller.md) of them; this book turns it into 32-bit numbers.",
        "Their results may differ: in the last digits, and by more where the weights are [rounded to"
        " fewer bits](smaller.md#fewer-bits-for-a-model-that-writes).",
    )
    assert values("smaller/fewer").blocks_3 > 0.1, "of the first choices are others with 3 bits"
    assert values(f"{CHAPTER}/streaming").same
    assert values("decoder/cache_bfloat16").two_bytes < values("decoder/cache_bfloat16").texts
    model = AutoModelForCausalLM.from_pretrained("models/smollm2")
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    for folder, kept in (("minilm", torch.float32), ("halved", torch.float16)):
        if folder == "halved":
            AutoModel.from_pretrained("models/minilm").half().save_pretrained(tmp_path)
        loaded = AutoModel.from_pretrained(f"models/{folder}" if folder == "minilm" else tmp_path)
        assert loaded.dtype == kept, "what the file has"
    plan = json.loads((tmp_path / "config.json").read_text("utf-8"))
    for named, kept in (("float32", torch.float32), (None, torch.float16)):  # the file: 16 bits
        (tmp_path / "config.json").write_text(json.dumps(plan | {"dtype": named}), "utf-8")
        assert AutoModel.from_pretrained(tmp_path).dtype == kept, "what the plan names, or the file"
    packed = next(Path("models/smollm2-gguf").rglob("*.gguf")).stat().st_size
    assert 4 < 8 * packed / model.num_parameters() < 8, "4 bits for most, more for the rest"
    assert values(f"{CHAPTER}/streaming").bytes_a_number == pytest.approx(2, abs=0.01)
    first, *text = printed(f"{CHAPTER}/streaming").splitlines()
    assert first.startswith("torch.bfloat16") and "Paris" in " ".join(text)
    assert text[0].strip() == "Paris.", "the prompt is skipped"


def test_code_of_another_folder_has_a_version_of_its_own(says, monkeypatch):
    says(
        "Read them first, and pin the version with `revision=`, or with `code_revision=` for code "
        "in another folder."
    )
    asked = []
    monkeypatch.setattr(
        dynamic_module_utils,
        "get_cached_module_file",
        lambda folder, name, revision=None, **_: asked.append((folder, revision)),
    )
    monkeypatch.setattr(dynamic_module_utils, "get_class_in_module", lambda *_, **__: None)
    for code in ("modeling.Model", "a/code--modeling.Model"):
        for how in ({}, {"code_revision": "two"}):
            dynamic_module_utils.get_class_from_dynamic_module(
                code, "a/weights", revision="one", **how
            )
    assert asked == [
        ("a/weights", "one"),
        ("a/weights", "two"),
        ("a/code", None),  # the newest: `revision` does not count there
        ("a/code", "two"),
    ]


def test_keys_of_the_questions_are_what_came_out(values, says):
    says(
        "- [x] The hidden states under the head, not the labels.",
        "- [x] A batch with padding goes through the model without its mask.",
        "- [x] `from_config` in the place of `from_pretrained`.",
        "- [x] A tokenizer from the folder of another model, with a vocabulary no larger.",
        '- [x] Load the model with `attn_implementation="eager"`.',
        "- [x] The short prompts are padded on the right.",
        "- [x] A decoder writes at the end of the text that it reads.",
    )
    head = values("hugging_face/new_head")
    assert head.missing_count == 2 and head.spread > 1e-3, "filled at random: each seed another"
    padding = values("hugging_face/padding")
    assert padding.with_mask < 1e-3 < 0.1 < padding.without_mask
    config = values("hugging_face/config")
    assert config.random_alike < 0.2 < config.alike
    told = values("hugging_face/told")
    assert not told.mask and not told.none, "nothing was said of these"
    eager = values("hugging_face/eager")
    assert eager.maps_default == 0 < eager.maps_eager
    side = values("hugging_face/padding_side")
    assert side.left_same and not side.right_same
    source = Path("snippets/hugging_face/generate.py").read_text("utf-8")
    assert "new = ids[0, given:]" in source and "tokenizer.decode(ids[0]," in source
    wrong = values("input_representation/wrong_tokenizer")
    assert wrong.highest < wrong.rows, "each id finds a row"
