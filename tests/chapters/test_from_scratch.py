"""The three models written from scratch give the library's numbers."""

import random
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
import torch
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoTokenizer,
    BertConfig,
    BertModel,
    LlamaConfig,
    LlamaForCausalLM,
    MarianConfig,
    MarianMTModel,
    WhisperConfig,
    WhisperForConditionalGeneration,
)

from snippets.from_scratch import decoder, encoder, encoder_decoder, train

SENTENCES = Path("snippets/from_scratch/sentences.txt").read_text("utf-8").splitlines()
FILES = ["encoder", "decoder", "encoder_decoder", "train"]


@pytest.fixture(autouse=True)
def _no_gradients():
    with torch.no_grad():
        yield


@pytest.mark.parametrize("name", FILES)
def test_each_file_is_short_and_uses_no_model_code_of_the_library(says, name):
    says("None of them uses the model code of the library.")
    source = Path(f"snippets/from_scratch/{name}.py").read_text("utf-8")
    assert len(source.splitlines()) <= 150
    library = [line for line in source.splitlines() if "transformers" in line]
    allowed = {"AutoTokenizer", "WhisperFeatureExtractor"}
    for line in library:
        names = line.removeprefix("from transformers import ").split(", ")
        assert set(names) <= allowed, line
    for fused in ("scaled_dot_product_attention", "MultiheadAttention", "nn.Transformer"):
        assert fused not in source


# ------------------------------------------------------------------------------ encoder


@pytest.fixture(scope="module")
def minilm():
    library = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
    tokenizer = AutoTokenizer.from_pretrained("models/minilm")
    return encoder.load("models/minilm"), library.eval(), tokenizer


def compare_encoders(ours, library, ids, mask, allowed):
    states, maps = ours(ids, mask)
    theirs = library(
        ids, attention_mask=mask, output_hidden_states=True, output_attentions=True
    )
    real = mask.bool()
    assert len(states) == len(theirs.hidden_states) == len(maps) + 1
    for mine, right in zip(states, theirs.hidden_states):
        assert (mine - right)[real].abs().max() <= allowed
    for mine, right in zip(maps, theirs.attentions):
        assert (mine - right).transpose(1, 2)[real].abs().max() <= allowed
        hidden = ~real[:, None, None, :].expand(mine.shape)
        assert not mine[hidden].any(), "weight on padding"
    return states[-1], theirs.last_hidden_state


def mean_of_tokens(state, mask):
    return torch.nn.functional.normalize(
        (state * mask[..., None]).sum(1) / mask.sum(1, keepdim=True), dim=-1
    )


def test_there_are_fifty_varied_sentences(says, values):
    says("The next snippet reads fifty: from one word to {{ from_scratch/same.longest }}")
    assert len(set(SENTENCES)) == 50
    lengths = [len(sentence.split()) for sentence in SENTENCES]
    assert min(lengths) == 1 and max(lengths) >= 50
    same = values("from_scratch/same")
    assert (same.count, same.longest) == (50, max(lengths))


def test_encoder_on_fifty_sentences_in_one_batch(says, minilm):
    says(
        "There are seven [hidden states](glossary.md#hidden-state) for six "
        "[layers](glossary.md#layer)",
        "The vectors there mean nothing and no real token sees them, so this error does no harm.",
    )
    ours, library, tokenizer = minilm
    batch = tokenizer(SENTENCES, padding=True, return_tensors="pt")
    ids, mask = batch.input_ids, batch.attention_mask
    mine, right = compare_encoders(ours, library, ids, mask, 1e-5)
    difference = mean_of_tokens(mine, mask) - mean_of_tokens(right, mask)
    assert difference.abs().max() <= 1e-5
    assert library.config.num_hidden_layers == 6


def test_encoder_on_fifty_sentences_alone(says, minilm):
    says("A sentence must get the same vectors in both.")
    ours, library, tokenizer = minilm
    for sentence in SENTENCES:
        batch = tokenizer(sentence, return_tensors="pt")
        ids, mask = batch.input_ids, batch.attention_mask
        mine, right = compare_encoders(ours, library, ids, mask, 1e-5)
        difference = mean_of_tokens(mine, mask) - mean_of_tokens(right, mask)
        assert difference.abs().max() <= 1e-5


@pytest.mark.parametrize("seed", range(12))
def test_encoder_of_random_sizes(seed, tmp_path):
    chance = random.Random(seed)
    torch.manual_seed(seed)
    heads = chance.choice([1, 2, 3, 5])
    config = BertConfig(
        vocab_size=chance.randint(20, 90), hidden_size=heads * chance.choice([2, 4, 7]),
        intermediate_size=chance.randint(3, 40), num_hidden_layers=chance.randint(1, 4),
        num_attention_heads=heads, max_position_embeddings=chance.randint(12, 30),
        initializer_range=0.3, layer_norm_eps=chance.choice([1e-12, 1e-5]),
        attn_implementation="eager",
    )  # fmt: skip
    library = BertModel(config).eval()
    library.save_pretrained(tmp_path)
    ids = torch.randint(config.vocab_size, (chance.randint(1, 4), chance.randint(1, 12)))
    lengths = torch.tensor([chance.randint(1, ids.shape[1]) for _ in ids])
    mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()
    compare_encoders(encoder.load(tmp_path), library, ids, mask, 1e-5)


def test_the_page_tells_the_encoder_as_it_is(says, values):
    says(
        "Then you can write it down, and it gives the same numbers.",
        "The largest difference in any hidden state of any layer is {{ "
        "from_scratch/same.in_states:.1e}}.",
        "Nearly all the weight lies one cell left of the diagonal: the words look at the "
        "token before",
        "This head looks at the token before: on average, {{ "
        "from_scratch/head.previous:.0%}} of a row",
        "At {{ from_scratch/rounding.we_are_nearer }} of the seven points our error is the "
        "smaller one",
        "the library itself is off by {{ from_scratch/rounding.at_padding:.1e}}.",
        "PyTorch has the same function in one fused piece.",
    )
    same = values("from_scratch/same")
    assert max(same.in_states, same.in_maps, same.in_embeddings) <= 1e-5
    assert values("from_scratch/pieces").worst <= 5e-5  # the exponential: its rounding varies
    head = values("from_scratch/head")
    assert head.difference <= 1e-5 and head.previous > 0.95
    rounding = values("from_scratch/rounding")
    assert 0.2 < rounding.our_error / rounding.their_error < 5
    assert 1 <= rounding.we_are_nearer <= 6  # neither is always below the other
    assert rounding.at_padding > 5 * rounding.their_error
    attention = values("from_scratch/attention")
    assert attention.difference <= 1e-6 and attention.hidden_weight == 0


def test_the_mistakes_in_the_encoder_do_harm(says, values, maps):
    says(
        "The shapes are right, nothing crashes, and the model is wrong.",
        "in the worst row of a real token, the weights sum to",
        "Its cosine hardly shows that, probably because",
        "That mistake destroys [every sentence](#three-mistakes-that-raise-no-error), alone or not",
    )
    mistakes = values("from_scratch/encoder_mistakes")
    assert mistakes.mixed < mistakes.unscaled < mistakes.late < 0.9999
    assert mistakes.smallest_late < 0.5
    right, unscaled, mixed = maps("from_scratch/encoder_mistakes")
    tops = [sum(map(max, m["values"])) / 9 for m in (right, unscaled, mixed)]
    assert tops[1] > 1.5 * tops[0]
    assert mistakes.late > 0.98, "it hardly shows"
    assert mistakes.mistake == "heads mixed up" and max(mistakes.long, mistakes.short) < 0.5


# ------------------------------------------------------------------------------ decoder


@pytest.fixture(scope="module")
def smollm2():
    library = AutoModelForCausalLM.from_pretrained("models/smollm2")
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    return decoder.load("models/smollm2"), library.eval(), tokenizer


def test_decoder_on_fifty_sentences(says, smollm2, values):
    says("The same fifty sentences as before, and now every")
    ours, library, tokenizer = smollm2
    for sentence in SENTENCES:
        ids = tokenizer(sentence, return_tensors="pt").input_ids
        mine, theirs = ours(ids)[0], library(ids).logits
        assert (mine - theirs).abs().max() <= 1e-4, sentence
    assert values("from_scratch/logits").count == len(SENTENCES)


def test_the_cache_changes_nothing(says, smollm2):
    says("A cache must change the time and nothing else.")
    ours, library, tokenizer = smollm2
    text = "The robot watered the sunflowers because"
    ids = tokenizer(text, return_tensors="pt").input_ids
    written = decoder.generate(ours, ids, 60)
    assert written.shape[1] == ids.shape[1] + 60
    # Without a cache, all places are read in one go: each best token is the next one.
    best = ours(written[:, :-1])[0].argmax(dim=-1)
    assert torch.equal(best[:, ids.shape[1] - 1 :], written[:, ids.shape[1] :])
    length = {"max_new_tokens": 60, "min_new_tokens": 60}
    assert torch.equal(written, library.generate(ids, do_sample=False, **length))


@pytest.mark.parametrize("seed", range(12))
def test_decoder_of_random_sizes(seed, tmp_path):
    chance = random.Random(seed)
    torch.manual_seed(seed)
    shared, group = chance.choice([1, 2, 3]), chance.choice([1, 2, 4])
    config = LlamaConfig(
        vocab_size=chance.randint(20, 90), intermediate_size=chance.randint(3, 40),
        hidden_size=shared * group * chance.choice([2, 4, 6]),
        num_hidden_layers=chance.randint(1, 4), num_attention_heads=shared * group,
        num_key_value_heads=shared, initializer_range=0.3, tie_word_embeddings=True,
        rms_norm_eps=chance.choice([1e-6, 1e-4]), bos_token_id=0, eos_token_id=None,
        rope_parameters={"rope_type": "default", "rope_theta": chance.choice([50.0, 1e4])},
    )  # fmt: skip
    library = LlamaForCausalLM(config).eval()
    library.save_pretrained(tmp_path)
    ours = decoder.load(tmp_path)
    ids = torch.randint(config.vocab_size, (chance.randint(1, 3), chance.randint(2, 20)))
    whole, theirs = ours(ids)[0], library(ids).logits
    assert (whole - theirs).abs().max() <= 1e-4
    cut = chance.randint(1, ids.shape[1] - 1)
    first, cache = ours(ids[:, :cut])
    second, cache = ours(ids[:, cut:], cache)
    assert (torch.cat([first, second], dim=1) - whole).abs().max() <= 1e-4
    assert cache[0][0].shape[1:3] == (shared, ids.shape[1])


def test_the_page_tells_the_decoder_as_it_is(says, values, printed):
    says(
        "The largest difference is {{ from_scratch/logits.largest:.1e}}, more than in the encoder.",
        "until there are {{ from_scratch/decoder_pieces.query_heads }}.",
        "The numbers are the same.",
        "We let the model write {{ from_scratch/cache.count }} tokens in three ways",
        "The three texts are the same, token by token.",
        "Every diagonal has one color from end to end, so the score depends on the distance only.",
        "Every diagonal has one color.",
        "The same query and the same key, two places apart, get the same score at the start "
        "of a text",
        "only the difference $m - n$ is left in their dot product",
        "Nothing, up to rounding.",
        "Only the [distance](#rotary-positions) of the two positions is left in their score.",
        "Both vectors turn by the same [additional angle](#rotary-positions), and a dot "
        "product does not",
        "the first pair turns by one radian a token, the last hardly at all.",
    )
    logits = values("from_scratch/logits")
    assert logits.largest <= 1e-4 and logits.same_best == logits.places
    assert logits.largest > values("from_scratch/same").in_states
    pieces = values("from_scratch/decoder_pieces")
    assert pieces.worst_piece <= 1e-4 and pieces.worst_logit <= 1e-4
    assert (pieces.key_heads, pieces.query_heads) == (3, 9)
    cache = values("from_scratch/cache")
    assert cache.count == 60 and cache.same_without and cache.same_as_library
    rotary = values("from_scratch/rotary")
    assert rotary.difference <= 1e-6 and rotary.longer <= 1e-5
    assert rotary.largest_spread < 1e-5 < rotary.spread_of_all
    assert "it was a robot that could do" in printed("from_scratch/decoder")
    config = LlamaConfig.from_pretrained("models/smollm2")
    assert config.rope_parameters["rope_theta"] == rotary.base == 100_000
    assert rotary.base ** (2 / rotary.head_width - 1) < 1e-4, "the last pair"


def test_the_mistakes_in_the_decoder_change_the_text(printed):
    lines = printed("from_scratch/decoder_mistakes").splitlines()[2:]
    texts = [line.split("|")[2].strip() for line in lines]
    assert len(set(texts)) == len(texts) == 5


# ---------------------------------------------------------------------- encoder–decoder


def random_sizes(chance):
    heads = chance.choice([1, 2, 3])
    return {
        "vocab_size": chance.randint(20, 90), "d_model": heads * chance.choice([2, 4, 6]),
        "encoder_layers": chance.randint(1, 3), "encoder_attention_heads": heads,
        "decoder_layers": chance.randint(1, 3), "decoder_attention_heads": heads,
        "encoder_ffn_dim": chance.randint(3, 40), "decoder_ffn_dim": chance.randint(3, 40),
        "init_std": 0.3, "attn_implementation": "eager", "bos_token_id": 0,
        "pad_token_id": 0, "eos_token_id": 0, "decoder_start_token_id": 0,
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_whisper_of_random_sizes(says, seed, tmp_path):
    says("moves two moments at a time, so half as many vectors come out.")
    chance = random.Random(seed)
    torch.manual_seed(seed)
    places = chance.randint(3, 20)
    config = WhisperConfig(
        **random_sizes(chance), num_mel_bins=chance.randint(2, 12),
        max_source_positions=places, max_target_positions=chance.randint(9, 20),
    )  # fmt: skip
    library = WhisperForConditionalGeneration(config).eval()
    library.save_pretrained(tmp_path)
    ours = encoder_decoder.load(tmp_path)
    batch = chance.randint(1, 3)
    features = torch.randn(batch, config.num_mel_bins, 2 * places)
    ids = torch.randint(config.vocab_size, (batch, chance.randint(1, 9)))
    memory = ours.encoder(features, encoder_decoder.EVERYTHING)
    logits = ours.decode(ids, memory)
    right = library(features, decoder_input_ids=ids, output_attentions=True)
    assert (memory - right.encoder_last_hidden_state).abs().max() <= 1e-5
    assert (logits - right.logits).abs().max() <= 1e-4
    for block, theirs in zip(ours.decoder.layers, right.cross_attentions, strict=True):
        assert (block.encoder_attn.map - theirs).abs().max() <= 1e-5
    for block, theirs in zip(ours.decoder.layers, right.decoder_attentions, strict=True):
        assert (block.self_attn.map - theirs).abs().max() <= 1e-5
    assert features.shape[2] == 2 * memory.shape[1]


@pytest.mark.parametrize("seed", range(8))
def test_post_norm_of_random_sizes_with_padding(seed):
    """The blocks of the translator, with the self-attention that Firefox left out."""
    chance = random.Random(seed)
    torch.manual_seed(seed)
    config = MarianConfig(
        **random_sizes(chance), max_position_embeddings=20, scale_embedding=False,
        activation_function=chance.choice(["relu", "gelu"]),
    )  # fmt: skip
    library = MarianMTModel(config).eval()
    sizes = config.to_dict() | {
        "pre_norm": False, "key_bias": True, "max_target_positions": 20
    }  # fmt: skip
    text = encoder_decoder.Text
    ours = encoder_decoder.EncoderDecoder(sizes, text, text).eval()
    weights = {k.removeprefix("model."): w for k, w in library.state_dict().items()}
    ours.load_state_dict({name: weights[name] for name in ours.state_dict()})
    source = torch.randint(1, config.vocab_size, (chance.randint(1, 3), 9))
    lengths = torch.tensor([chance.randint(1, 9) for _ in source])
    mask = torch.arange(9) < lengths[:, None]
    ids = torch.randint(1, config.vocab_size, (len(source), chance.randint(1, 9)))
    seen = mask[:, None, None, :]
    logits = ours.decode(ids, ours.encoder(source, seen), seen)
    right = library(
        source, attention_mask=mask.long(), decoder_input_ids=ids, output_attentions=True
    )
    assert (logits + library.final_logits_bias - right.logits).abs().max() <= 1e-4
    for block, theirs in zip(ours.decoder.layers, right.cross_attentions, strict=True):
        assert (block.encoder_attn.map - theirs).abs().max() <= 1e-5
        assert not block.encoder_attn.map[~seen.expand(theirs.shape)].any()


def test_the_page_tells_the_encoder_decoder_as_it_is(says, values, printed, maps):
    says(
        "The synthetic voice may be one reason, but in the second clip the same voice is "
        "heard rightly.",
        "almost every word looks at a later moment than the word before.",
        "The attention weights differ by {{ from_scratch/speech.in_maps:.1e}}, over",
        "the head width is a power of four",
        "All {{ from_scratch/translations.count }} translations are the same, token by token.",
        "The attention weights differ by up to {{ from_scratch/translations.largest:.1e}}, "
        "too little",
    )
    speech = values("from_scratch/speech")
    assert speech.same and speech.in_maps <= 1e-5 and speech.compared > 100_000
    heard = printed("from_scratch/speech").splitlines()
    assert heard[0] != "The train leaves at seven."
    assert heard[1] == "Please open the window. It is very hot today."
    rows = maps("from_scratch/speech")[0]["values"]
    peaks = [row.index(max(row)) for row in rows]
    assert peaks == sorted(peaks), "each word looks later than the word before"
    translations = values("from_scratch/translations")
    assert translations.same == translations.count == 40
    assert translations.largest <= 5e-5
    config = WhisperConfig.from_pretrained("models/whisper")
    assert config.d_model // config.decoder_attention_heads == 4**3


# ------------------------------------------------------------------------------ training


def test_the_task_is_dates(says, values):
    says(
        "Answers need no padding and no end, because each has ten letters.",
        "The second one needs none, for after a 1 comes a 9, and after a 2 a 0.",
        "(It has met some of them in training, but fewer than half: there are 200 · 12 · 28 "
        "dates, each",
    )
    dice = random.Random(3)
    for source, target in (train.task(dice) for _ in range(200)):
        day, month, year = source.split(" ")
        assert target == f"{year}-{train.MONTHS.index(month) + 1:02}-{int(day):02}"
        assert set(source + target) <= set(train.IDS)
        assert len(target) == 10 and target[:2] in ("19", "20")
    dates, steps = 200 * 12 * 28, values("from_scratch/train").steps
    dice = random.Random(0)  # as in training
    met = {train.task(dice) for _ in range((steps + 1) * 64)}
    assert len(met) < dates / 2


def test_the_decoder_is_trained_on_what_comes_before():
    target = train.batch_of([train.ANSWER])
    shifted = train.shifted(target)
    assert shifted[0, 0] == train.IDS["start"]
    assert torch.equal(shifted[:, 1:], target[:, :-1])


def test_the_page_tells_the_training_as_it_is(says, values, printed, maps):
    says(
        "Of 500 dates drawn anew, the model writes {{ from_scratch/train.right:.1%}} right.",
        "On average, {{ from_scratch/train.found_first:.0%}} of such a row lay on the right part",
        "so before training the right part gets about what chance would give it.",
        "Its loss is the better one of the two, and the model is worthless.",
        "Both train for fewer steps than before, so the right one makes some mistakes.",
    )
    trained = values("from_scratch/train")
    assert trained.right > 0.98 and trained.last_loss < 0.05 < trained.first_loss
    assert trained.text == trained.ANSWER
    assert abs(trained.found_first - trained.even) < 0.05  # no preference yet
    assert trained.found_last > trained.found_first + 0.15
    shown = maps("from_scratch/train")
    assert len(shown) == 3
    last = torch.tensor(shown[2]["values"])
    assert last[2:4, 6:].sum() > 1.2, "the year looks right"
    assert last[8:10, :6].sum() > 1.2, "the day looks left"
    shift = values("from_scratch/shift")
    assert shift.broken_loss < shift.correct_loss
    assert shift.broken_score < 0.02 < shift.correct_score
    assert shift.steps < trained.steps and shift.correct_score < 1


def test_the_table_of_differences_names_lines_that_exist(printed):
    rows = printed("from_scratch/differences").splitlines()[2:]
    assert len(rows) == 8
    assert "| biases | in the feed-forward network; else not stated |" in "\n".join(rows)
    links = re.findall(r"\[line (\d+)\]\(#(\w+):~:text=([^)]+)\)", "\n".join(rows))
    assert len(links) == 24
    files = {"encoder": "encoder", "decoder": "decoder", "both": "encoder_decoder"}
    for number, file, text in links:
        lines = Path(f"snippets/from_scratch/{files[file]}.py").read_text("utf-8")
        assert lines.splitlines()[int(number) - 1].strip() == unquote(text)


def test_the_answers_are_right(says, values):
    says(
        "Add them up by hand: four square matrices of that width with their biases",
        "{{ from_scratch/answers.block:,}} of {{ from_scratch/answers.everything:,}}.",
        "More than half of all, {{ from_scratch/answers.table:,}}, are the table of tokens.",
        "{{ from_scratch/answers.cached:,}} numbers: a key and a value, for each layer and "
        "each shared head.",
        "Without sharing, it would be {{ from_scratch/answers.without_sharing:,}}.",
        "It makes the [cache](glossary.md#kv-cache) three times smaller.",
        "The cosine goes from {{ from_scratch/answers.with_positions:.3f}} to",
        "Without positions, both texts are the same bag of words.",
    )
    answers = values("from_scratch/answers")
    width, inner = 384, 1536
    by_hand = 4 * (width**2 + width) + 2 * width * inner + inner + width + 4 * width
    assert answers.block == by_hand
    assert answers.cached == 30 * 2 * 3 * 64
    assert answers.without_sharing == 3 * answers.cached
    assert answers.with_positions < 0.999 and answers.without_positions > 0.9999
    assert answers.table > answers.everything / 2


def test_the_questions_predictions(says, values, printed):
    says(
        "In the second, head 1 has all of token 1, and head 2 all of token 2.",
        "The shapes are equal, so nothing complains.",
        "Sharing makes the cache three times smaller, but the four matrices only smaller by "
        "a third.",
        "`= {{ from_scratch/shared.parameters:,}} ± 0`",
    )
    right, wrong = printed("from_scratch/predict").splitlines()
    assert right.startswith("head 1: [[10, 11], [20, 21]]")
    assert wrong.startswith("head 1: [[10, 11], [12, 13]]")
    shared = values("from_scratch/shared")
    assert (shared.width, shared.narrow) == (576, 192)
    assert shared.parameters * 3 == 4 * 576**2 * 2, "a third smaller"
    assert wrong.endswith("head 2: [[20, 21], [22, 23]]")
    assert re.sub(r"\d", "", right) == re.sub(r"\d", "", wrong), "equal shapes"
    assert shared.width == 3 * shared.narrow


def test_the_mean_of_heads_cannot_say_who_spreads_the_first_row(says, values):
    says(
        "Without an encoder layer {{ from_scratch/no_mixing.right_without:.1%}} of new dates",
        "So the mean cannot say whether the look is spread, nor whether the encoder mixes.",
        "if only one head looks at a letter, however sharply, the mean shows no more than a "
        "quarter.",
    )
    left = values("from_scratch/no_mixing")
    assert left.right_without > 0.98
    assert max(left.with_first, left.without_first) < 0.4
    assert train.CONFIG["decoder_attention_heads"] == 4, "so one sharp head gives a quarter"
    assert abs(left.with_first - left.without_first) < 0.15


def test_lines_are_explained_after_the_code(says):
    page = open("docs/from_scratch.md", encoding="utf-8").read()
    parts = page.split("Lines that deserve a second look:")
    for name, before in zip(("encoder", "decoder", "encoder_decoder", "train"), parts):
        assert f'--8<-- "from_scratch/{name}.py"' in before, f"{name}.py comes later"
    says("Processor time adds up the work of all cores")
