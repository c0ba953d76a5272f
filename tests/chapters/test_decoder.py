"""What the chapter on the decoder claims, on the real model."""

import copy
import math
import re
import weakref
from pathlib import Path

import pytest
import torch
from programs import source
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoTokenizer

CHAPTER = "decoder"
SENTENCE = "The robot watered the sunflowers because they were thirsty."
START = "<|endoftext|>"
OTHER_CAPITALS = (  # with another city of the country, mostly a larger one
    "Brazil/Brasília/Rio de Janeiro|Brazil/Brasília/São Paulo|China/Beijing/Shanghai|India/New Delhi/Mumbai|"
    "Pakistan/Islamabad/Karachi|Nigeria/Abuja/Lagos|Morocco/Rabat/Casablanca|Switzerland/Bern/Zurich|"
    "New Zealand/Wellington/Auckland|South Africa/Pretoria/Johannesburg|Vietnam/Hanoi/Ho Chi Minh City|"
    "Kazakhstan/Astana/Almaty|Ecuador/Quito/Guayaquil|Syria/Damascus/Aleppo|the United States/Washington/New York|"
    "Scotland/Edinburgh/Glasgow|Italy/Rome/Milan|Germany/Berlin/Munich|Spain/Madrid/Barcelona|"
    "Israel/Jerusalem/Tel Aviv|Myanmar/Naypyidaw/Yangon|Tanzania/Dodoma/Dar es Salaam|Cameroon/Yaoundé/Douala|"
    "Belize/Belmopan/Belize City|Poland/Warsaw/Krakow|Portugal/Lisbon/Porto|Russia/Moscow/Saint Petersburg|"
    "Japan/Tokyo/Osaka|Egypt/Cairo/Alexandria"
)


def costs(model, ids):
    """The loss of each token but the first: (tokens − 1,)."""
    return -model(ids).logits[0, :-1].log_softmax(-1).gather(1, ids[0, 1:, None])[:, 0]


def test_one_step(says, values, printed, smollm2_pair):
    says(
        'data-text="The robot watered the sunflowers because they were"',
        "Bars of the eight most probable next tokens. The token “too” leads by far; “so”,"
        " “not” and “already” follow.",
        "SmolLM2, next token after “The robot watered the sunflowers because they were”.",
        "A decoder gives a probability to each possible next token, at every position.",
        "one row for each token, with one number for each of the {{"
        " decoder/next_token.vocabulary:,}} tokens of the vocabulary.",
        "The favorite is “{{ decoder/next_token.first }}”, with",
        "*Thirsty* has {{ decoder/next_token.thirsty_probability:.1%}} and place",
        "(Nothing stands in front of the text here, nor in the loops below that write;",
    )
    for idea in ("next_token", "generate", "cache"):
        assert "<|" not in source(f"{CHAPTER}/{idea}") and '"The robot watered the sunflowers because' in source(f"{CHAPTER}/{idea}")
    step = values(f"{CHAPTER}/next_token")
    assert "(1, 9, 49152)" in printed(f"{CHAPTER}/next_token")
    assert step.first == "too" and step.vocabulary == 49_152
    assert 0 < step.thirsty_probability < step.first_probability < 0.5
    assert step.rank > 8, "thirsty is not among the eight bars"
    assert f"place {step.rank}" in printed(f"{CHAPTER}/next_token")
    tokenizer, model = smollm2_pair
    text = SENTENCE.removesuffix(" thirsty.")
    assert f'text = "{text}"' in source("decoder/next_token") and ".topk(8)" in source("decoder/next_token")
    logits = model(tokenizer(text, return_tensors="pt").input_ids).logits[0]
    assert logits.log_softmax(-1).isfinite().all(), "each token, at every position"
    top = logits[-1].softmax(-1).topk(8)
    assert [tokenizer.decode(id) for id in top.indices[:4]] == [" too", " so", " not", " already"]
    assert top.values[0] > 2 * top.values[1], "by far"


def test_what_is_downloaded(says, smollm2_pair):
    says("Most are downloaded in [four bits](models.md#smollm2), and all are unpacked to four bytes.")
    lock = Path("snippets/models.toml").read_text("utf-8").split("[smollm2]")[1]
    size = int(lock.split("\nbytes = ")[1].split()[0])
    parameters = [*smollm2_pair[1].parameters()]
    assert 4 < 8 * size / sum(x.numel() for x in parameters) < 6, "bits for each, scales included"
    assert {x.element_size() for x in parameters} == {4}


def test_nothing_is_drawn(says, smollm2_pair):
    says(
        "On this page we always take the first place",
        "Greedy decoding always takes the likeliest token.",
        "On this page nothing was drawn, and much was [made up](#where-it-makes-things-up).",
    )
    for program in Path(f"snippets/{CHAPTER}").glob("*.py"):
        text = program.read_text("utf-8")
        assert "do_sample=True" not in text and "multinomial" not in text, program
    tokenizer, model = smollm2_pair
    assert not model.generation_config.do_sample, "so where nothing is said, too"
    ids = tokenizer("Ingredients:\n- 2 eggs\n-", return_tensors="pt").input_ids
    written = model.generate(ids, max_new_tokens=10)
    likeliest = model(written).logits[0, ids.shape[1] - 1 : -1].argmax(-1)
    assert torch.equal(written[0, ids.shape[1] :], likeliest)


def test_the_blocks_are_those_of_an_encoder(says, smollm2_pair):
    says(
        "The same kinds of parts as in an [encoder](encoder.md): an embedding table, then",
        "each with its residual connection and norm",
        "(In MiniLM the norm comes after each part, here before it;",
    )
    decoder, encoder = smollm2_pair[1].model, AutoModel.from_pretrained("models/minilm")
    for table in decoder.embed_tokens, encoder.embeddings.word_embeddings:
        assert isinstance(table, torch.nn.Embedding)
    assert {"self_attn", "mlp"} < dict(decoder.layers[3].named_children()).keys()
    assert {"attention", "intermediate"} < dict(encoder.encoder.layer[3].named_children()).keys()
    for layer in decoder.layers[3], encoder.encoder.layer[3]:
        norms = [x for x in layer.modules() if type(x).__name__.endswith("Norm")]
        assert len(norms) == 2
    # With both parts silent, a layer hands on what the residual connections carry.
    decoder, layer = copy.deepcopy(decoder), encoder.encoder.layer[3]
    for last in decoder.layers[3].self_attn.o_proj, decoder.layers[3].mlp.down_proj:
        last.weight.data.zero_()
    for last in layer.attention.output.dense, layer.output.dense:
        last.weight.data.zero_()
        last.bias.data.zero_()
    ids = torch.tensor([[5, 6, 7]])
    before, after = decoder(ids, output_hidden_states=True).hidden_states[3:5]
    assert torch.equal(before, after), "no norm stands behind the parts"
    order, layer_of = [], smollm2_pair[1].model.layers[3]
    hooks = [
        part.register_forward_hook(lambda *_, name=name: order.append(name))
        for name, part in layer_of.named_children()
    ]
    smollm2_pair[1](ids)
    for hook in hooks:
        hook.remove()
    assert order == ["input_layernorm", "self_attn", "post_attention_layernorm", "mlp"], "before it"
    before, after = encoder(ids, output_hidden_states=True).hidden_states[3:5]
    normed = layer.output.LayerNorm(layer.attention.output.LayerNorm(before))
    assert torch.allclose(normed, after, atol=1e-5)


def test_the_page_on_the_mask_has_what_is_promised(says):
    says("How the mask works, the same map beside an encoder's, and why it is not a [padding")
    page = Path("docs/masked_self_attention.md").read_text("utf-8")
    for place in ("## The smallest mask", "## In a real decoder", "## The other mask: padding"):
        assert f"\n{place}\n" in page
    assert "Above: MiniLM" in page and "Below: SmolLM2" in page


def test_the_mask_makes_each_row_a_prediction(says, smollm2_pair):
    says("The mask makes each of the nine rows a prediction of its own.")
    tokenizer, model = smollm2_pair
    text = SENTENCE.removesuffix(" thirsty.")
    ids = tokenizer(text, return_tensors="pt").input_ids
    masked = model(ids).logits[0]
    assert len(masked) == 9
    for n in range(1, 10):
        alone = model(ids[:, :n]).logits[0, -1]
        assert torch.allclose(alone, masked[n - 1], atol=1e-2)
    everything = torch.zeros(1, 1, 9, 9)  # added to the scores: nothing is hidden
    seeing = model(ids, attention_mask=everything).logits[0]
    assert (seeing - masked).abs().amax(dim=1)[:-1].min() > 1, "without it none is"


def test_what_others_found_is_cited(says):
    says(
        "One explanation: a row must sum to one, so a head that finds nothing to look for needs a"
        " place to put its weight, an [attention sink](glossary.md#attention-sink).[^sink]",
        "That is usually the whole objective with which a decoder learns from plain text. (Some add to"
        " it: DeepSeek-V3, of 2024, has a second loss, of less weight, for guessing the token after the"
        " next.[^mtp])",
        "often on pairs of a better and a worse answer, with another one; ours has had"
        " both.[^smollm2]",
        "Templates differ from model to model.[^templates]",
        "which is called retrieval-augmented generation.[^lewis]",
        "reordered so that both sides come before the gap.[^fim]",
        "Of pairs that were trained alike, up to a billion parameters, the encoders were better at labeling"
        " and searching, the decoders at writing.[^ettin]",
    )
    assert "SmolLM2-135M-Instruct" in Path("snippets/models.toml").read_text("utf-8")


def test_all_maps_are_triangles(says, values, maps):
    says(
        "every attention has a [causal mask](glossary.md#causal-mask), so no token looks to"
        " the right.",
        "Nine small attention maps, all of them triangles: the upper right half is empty.",
        "In most of them the first column is strong.",
        "the weight on later tokens is exactly zero in all {{ decoder/heads.heads }} heads of"
        " the model.",
        "And {{ decoder/heads.sinks }} heads give most of their weight to the first token, here *The*, on"
        " average over the rows from the third on; {{ decoder/heads.in_each_row }} of them in each of"
        " these rows.",
        "(With the token for the end of a text in front, it is that token, for"
        " {{ decoder/heads.fewest }} to {{ decoder/heads.most }} heads on",
    )
    assert "maps[:, :, 2:, 0]" in source("decoder/heads") and "others[:, :, 2:, 0]" in source("decoder/heads")
    assert 'tokenizer("The robot' in source("decoder/heads") and 'tokenizer("<|endoftext|>" +' in source("decoder/heads")
    heads = values(f"{CHAPTER}/heads")
    assert heads.heads == 270 and heads.future == 0
    assert heads.heads / 2 > heads.in_each_row > heads.heads / 3 and heads.sinks > heads.heads / 2
    assert heads.sentences == 24 and heads.fewest < heads.sinks < heads.most
    drawn = maps(f"{CHAPTER}/heads")
    assert len(drawn) == 9
    for one in drawn:
        weights = torch.tensor(one["values"])
        assert weights.triu(diagonal=1).eq(0).all()
        assert weights.sum(dim=1).tolist() == pytest.approx([1] * len(weights), abs=2e-3)
    first = [torch.tensor(one["values"])[1:, 0].mean() for one in drawn]
    assert sum(share > 0.4 for share in first) > len(drawn) / 2


def test_every_position(says, values, cells, smollm2_pair):
    says(
        "Every position predicts at once",
        "One pass gave {{ decoder/every_position.exercises }} exercises, and the model's"
        " first choice was right in",
        "A blind guess would give each token one in {{ decoder/next_token.vocabulary:,}}.",
        "*Watered* got far less than that",
        "(*Thirsty* has a little more here than the {{ decoder/next_token.thirsty_probability:.1%}} of"
        " [the first step](#one-step), where the sentence had no start.)",
        "The mean loss is {{ decoder/every_position.loss:.2f}}.",
        "The library computes the same number if you pass `labels=ids`:",
        "The log-probabilities differ by {{ decoder/every_position.slow_difference:.0e}},"
        " which is rounding: in numbers of eight bytes the difference falls below $10^{-9}$.",
        "So the parallel pass is no approximation.",
        "After *The robot* it would have said *{{ decoder/every_position.instead }}*.",
        "It is told *watered* all the same, and goes on from there.",
        "For the table it is {{ decoder/every_position.perplexity:.0f}}.",
        "The mean loss is least if each token gets the share with which it really follows.",
        "two tokens of eleven make up {{ decoder/every_position.dearest:.0%}} of the loss.",
        "one pass for each beginning gives [the same"
        " numbers](#every-position-predicts-at-once), up to rounding.",
        "Each row is computed as if the text [ended there](#every-position-predicts-at-once)",
    )
    found = values(f"{CHAPTER}/every_position")
    assert found.exercises == 11 and found.correct == 3
    assert found.difference < 1e-4
    assert found.slow_difference < 1e-2
    precise = copy.deepcopy(smollm2_pair[1]).double()  # with more digits the difference goes
    ids = smollm2_pair[0](START + SENTENCE, return_tensors="pt").input_ids
    whole = precise(ids).logits[0].log_softmax(-1)
    for n in range(1, 12):
        cut = precise(ids[:, :n]).logits[0, -1].log_softmax(-1)
        assert (whole[n - 1] - cut).abs().max() < 1e-9, "rounding"
    assert found.perplexity == pytest.approx(math.exp(found.loss), rel=1e-4)
    table = cells(f"{CHAPTER}/every_position")
    mean = sum(float(row[-1]) for row in table) / len(table)
    assert mean == pytest.approx(found.loss, abs=0.01)
    assert table[0][0] == "the start" and table[0][2] == "The"
    assert table[2][2] == "watered" and table[2][1] == found.instead
    blind = values(f"{CHAPTER}/next_token").vocabulary
    cost = {row[2]: int(row[3].removeprefix("1 in ").replace(",", "")) for row in table}
    assert cost["watered"] > 10 * blind, "far less than a blind guess gives"
    assert 1 < 1 / cost["thirsty"] / values(f"{CHAPTER}/next_token").thirsty_probability < 2
    assert table[5][1] == "." and table[5][2] == "flowers"
    follow = torch.tensor([0.7, 0.2, 0.1])  # how often three tokens follow, and what they cost
    cheapest = -(follow * follow.log()).sum()
    for given in ([0.9, 0.05, 0.05], [0.6, 0.25, 0.15], [0.998, 0.001, 0.001], [1 / 3] * 3):
        assert -(follow * torch.tensor(given).log()).sum() > cheapest + 0.01, "its own share is least"
    losses = sorted(float(row[-1]) for row in table)
    assert found.dearest == pytest.approx(sum(losses[-2:]) / sum(losses), abs=0.01)
    tokenizer, model = smollm2_pair
    ids = tokenizer(START + SENTENCE, return_tensors="pt").input_ids
    cross_entropy = torch.nn.functional.cross_entropy
    expected = cross_entropy(model(ids).logits[0, :-1], ids[0, 1:]).item()
    assert found.library == pytest.approx(expected, abs=1e-3)
    assert table[3][0] == "… watered", "told the right token all the same"
    assert sum(row[1] == row[2] for row in table) == found.correct


def test_what_stands_before_a_text(says, values, printed, smollm2_pair, cells):
    """The second token is dear without a start; whether the sink is why stays open."""
    says(
        "So something else can make it dear too. Whether the long state costs anything, these"
        " numbers do not show.",
        "The tokenizer of SmolLM2 puts nothing in front of a text by itself",
        "Then the first word stands in the first position, and no row predicts it.",
        "Compare the loss of the second token.",
        "Take {{ decoder/beginning.sentences }} everyday sentences and five ways to begin"
        " each.",
        "With nothing in front, the second token costs {{ decoder/beginning.no_start:.1f}} on"
        " average;",
        "and none of the sentences goes the other way.",
        "In the first position it is {{ decoder/beginning.times:.0f}} times as great as behind the"
        " word *and*: that token has become the [attention sink]",
        "So whoever compares losses or perplexities should put the same token in front of every text.",
        "of the sentence's first token after layer 24, as the median over the sentences.",
        "Behind the word *and*, the state is as short as in the other rows",
    )
    found = values(f"{CHAPTER}/beginning")
    assert "output.hidden_states[24]" in source("decoder/beginning") and "median(lengths[name])" in source("decoder/beginning")
    assert found.sentences == found.always == 24
    assert found.saved > 3 * found.error
    assert found.no_start - found.after_end == pytest.approx(found.saved, abs=0.01)
    table = {row[0]: row for row in cells(f"{CHAPTER}/beginning")}
    cost = {name: float(row[1]) for name, row in table.items()}
    for good in ("the end of a text", "a new line", "a period"):
        assert cost[good] == pytest.approx(found.after_end, abs=0.5)
    lengths = {name: int(row[3].replace(",", "")) for name, row in table.items()}
    behind = [length for name, length in lengths.items() if name != "nothing"]
    assert max(behind) < 1.2 * min(behind), "as short as in the other rows"
    assert lengths["nothing"] / lengths["the word *and*"] == pytest.approx(found.times, rel=0.02)
    # The control: out of the first position, and still dear.
    assert found.after_word > (found.no_start + found.after_end) / 2
    assert len(table) == 5, "ways to begin"
    assert cost["nothing"] == pytest.approx(found.no_start, abs=0.06)
    tokenizer, model = smollm2_pair
    ids = tokenizer("A text.", return_tensors="pt").input_ids
    assert tokenizer.decode(ids[0]) == "A text.", "nothing in front"
    assert len(costs(model, ids)) == ids.shape[1] - 1, "the first has no exercise"
    assert "| second token |" in printed(f"{CHAPTER}/beginning").splitlines()[0]


def test_perplexity(says, values, smollm2_pair):
    says(
        "the right tokens cost, on average, as much as if each had had one chance in ten",
        "The same words in a wrong order are the worst, per token",
        "This order is an extreme one: 20 others cost less, but each more than the Portuguese.",
        "Counting is easiest: {{ decoder/perplexity.counting:.0f}} choices on average.",
        "you see that the first words cost most, before there is a pattern.",
        "Our sentence has {{ decoder/perplexity.ours:.0f}}. That is dear but not strange: everyday"
        " sentences go up to {{ decoder/perplexity.highest:.0f}}. With *purple* in the place of"
        " *thirsty* it costs more.",
        "{{ decoder/perplexity.mixed:,.0f}}, where blind guessing over the whole vocabulary"
        " would have",
        "(Compare perplexities only between models with the same tokenizer: with longer tokens"
        " there are fewer, harder exercises.)",
        "The order of the *losses* does not. The order of the tokens decides [how probable each"
        " is]",
    )
    texts = values(f"{CHAPTER}/perplexity")
    order = [texts.counting, texts.tale, texts.ours, texts.purple,
             texts.portuguese, texts.mixed, texts.vocabulary]  # fmt: skip
    assert order == sorted(order)
    assert texts.middle < texts.ours < texts.highest, "dear, but others are dearer"
    assert texts.portuguese < texts.calmest < texts.usual_mix < texts.wildest < texts.mixed
    assert "range(20)" in source("decoder/perplexity")
    sentence = values(f"{CHAPTER}/every_position")
    assert texts.ours == pytest.approx(sentence.perplexity, rel=0.01)
    tokenizer, model = smollm2_pair
    text = f"{START}one, two, three, four, five, six, seven, eight, nine, ten"
    ids = tokenizer(text, return_tensors="pt").input_ids
    loss = costs(model, ids)
    assert loss.mean().exp().item() == pytest.approx(texts.counting, rel=0.02)
    assert loss[:3].sum() > loss[3:].sum(), "the first words cost most"
    assert loss.flip(0).mean().item() == pytest.approx(loss.mean().item()), "the order of the losses"
    # The same guesses in longer tokens: “sunflowers” and “thirsty.” are one each.
    pieces = costs(model, tokenizer(START + SENTENCE, return_tensors="pt").input_ids).tolist()
    words = [*pieces[:4], sum(pieces[4:6]), *pieces[6:9], sum(pieces[9:])]
    assert sum(words) == pytest.approx(sum(pieces)) and len(words) < len(pieces)
    assert math.exp(sum(words) / len(words)) > 2 * texts.ours


def test_labels(says, values, smollm2_pair):
    says(
        "A first loss near that of blind guessing (exercise 4) is a sign. (Weights that were not"
        " loaded give the same.)",
        "Nothing crashes; the loss is {{ decoder/labels.twice:.1f}} and not {{"
        " decoder/labels.right:.1f}}.",
        "they read the question, but only the tokens of the answer count.",
        "Then fewer tokens count, and in the example they were [easy ones]",
        "On {{ decoder/labels.others }} other sentences the mistake costs"
        " {{ decoder/labels.twice_mean:.1f}} on average.",
        "Asked for the token after the next, it does [about as badly as blind guessing]"
        "(#where-it-goes-wrong-labels); random weights do too.",
        "Compare the loss of the labels that were shifted twice.",
        "The loss of the first step is {{ decoder/labels.twice:.1f}}.",
        "The labels are shifted twice, or the weights were not loaded.",
    )
    labels = values(f"{CHAPTER}/labels")
    assert labels.answer_loss < labels.right < labels.twice / 3
    assert abs(labels.twice - math.log(49_152)) < 0.5, "as blind guessing"
    assert math.exp(labels.twice) > values(f"{CHAPTER}/perplexity").mixed
    assert labels.counted == 2
    assert labels.others == 24 and abs(labels.twice_mean - math.log(49_152)) < 1.5
    tokenizer, model = smollm2_pair
    for text in Path(f"snippets/{CHAPTER}/beginnings.txt").read_text("utf-8").splitlines()[::4]:
        ids = tokenizer(START + text, return_tensors="pt").input_ids
        twice = torch.cat([ids[:, 1:], torch.full((1, 1), -100)], dim=1)
        assert model(ids, labels=twice).loss > model(ids, labels=ids).loss + 3, text
    config = copy.deepcopy(model.config)
    config.num_hidden_layers = 2  # enough for weights that were not loaded
    unloaded = AutoModelForCausalLM.from_config(config)
    assert unloaded(ids, labels=ids).loss.item() == pytest.approx(math.log(49_152), abs=0.5)


def test_practice(says, values, maps, smollm2_pair):
    says(
        "(the last six of its 30 layers only, which saves work)",
        "In training it writes nothing.",
        "It reads [the right tokens](#every-position-predicts-at-once) and says what may follow"
        " each.",
        "After six steps *watered* is learned, while *The* and *robot*, which stand before"
        " it, are not.",
        "“flowers” after two, the first word last of all",
        "A map with a row for each second step and a column for each position.",
        "In the end each right token has more than half of the probability.",
        "The loss of another text rose from {{ decoder/practice.other_before:.2f}} to",
    )
    run = values(f"{CHAPTER}/practice")
    assert run.after < 1.5 < 4 < run.before
    assert run.written == SENTENCE
    assert run.other_after > run.other_before
    table = torch.tensor(maps(f"{CHAPTER}/practice")[0]["values"])  # (moments, positions)
    assert (table[-1] > table[0]).all()
    assert (table[2] > table[0]).all(), "all positions improve together"
    assert (table[-1] > 0.5).all(), "the first one too"
    assert table[1, 5] > 10 * table[1, 2] and table[1, 9] > 10 * table[1, 2]
    assert table[1, 5] > 0.9 and table[3, 2] > 0.9 > 0.5 > table[3, :2].max()
    assert table[-1].argmin() == 0, "the first word last of all"
    assert table.shape == (1 + run.steps // 2, 11)
    model = copy.deepcopy(smollm2_pair[1]).requires_grad_(False)
    assert len(model.model.layers) == 30
    model.model.layers[-6:].requires_grad_(True)
    states = model(torch.tensor([[5, 6, 7]]), output_hidden_states=True).hidden_states
    assert states[25].requires_grad and not states[24].requires_grad, "no work further down"
    assert "model.model.layers[-6:].requires_grad_(True)" in source("decoder/practice")
    training = source("decoder/practice").split("for step in range(steps + 1):")[1].split("\n\n")[0]
    assert "model(ids, labels=ids)" in training
    assert not any(word in training for word in ("generate", "argmax", "ids ="))


def test_the_loop_is_generate(says, values, printed, smollm2_pair):
    says(
        "Training is parallel, because the text is there.",
        "Writing is not: the next token cannot be read before it is chosen.",
        "Four lines, and the tokens are those of the library's `generate`.",
        "Here nobody forces the right token. The model reads its own “it”",
        "A mistake stays in the text, and everything after it is conditioned on the mistake.",
    )
    tokenizer, model = smollm2_pair
    calls = []
    hook = model.register_forward_hook(lambda *_: calls.append(1))
    ids = tokenizer(SENTENCE, return_tensors="pt").input_ids
    model(ids, labels=ids)
    assert len(calls) == 1, "all exercises in one pass, where the text is there"
    model.generate(ids[:, :7], max_new_tokens=8)
    hook.remove()
    assert len(calls) == 1 + 8, "and one for each token, where it is not"
    assert tokenizer.decode(ids[0, :7]) == SENTENCE.removesuffix(" they were thirsty.")
    chosen = model(ids[:, :7]).logits[0, -1].argmax()
    assert tokenizer.decode(chosen) == " it" and tokenizer.decode(ids[0, 7]) == " they"
    after_it = torch.cat([ids[0, :7], chosen[None]])[None]
    rows = [model(text).logits[0, -1].softmax(-1) for text in (after_it, ids[:, :8])]
    assert (rows[0] - rows[1]).abs().sum() > 0.5, "what follows depends on what was chosen"
    loop = source("decoder/generate").split("for step in range(8):\n")[1].split("\n\n")[0]
    assert 1 + len(loop.splitlines()) == 4 and "logits.argmax()" in loop
    assert values(f"{CHAPTER}/generate").same
    lines = printed(f"{CHAPTER}/generate").splitlines()
    assert lines[0].endswith("because it")
    assert all(new.split(" ", 1)[1].startswith(old.split(" ", 1)[1])
               for old, new in zip(lines[:8], lines[1:8]))  # fmt: skip


def test_only_keys_and_values_are_needed(says, smollm2_pair):
    says(
        "although the mask guarantees that [nothing in the past has changed]",
        "(An old query is not needed: it asked for its own token only.)",
        "The loop then passes only the new token.",
        "Run this one token through the layers.",
        "Its queries meet all the kept keys, and its own.",
        "Choose the second token from the one new row of logits.",
        "From then on each pass reads one position, and the kept keys and values stand for all"
        " the others.",
    )
    tokenizer, _ = smollm2_pair
    model = AutoModelForCausalLM.from_pretrained("models/smollm2", attn_implementation="eager")
    ids = tokenizer(SENTENCE, return_tensors="pt").input_ids
    before = model(ids[:, :-1], output_hidden_states=True)
    whole = model(ids, output_hidden_states=True)
    for old, new in zip(before.hidden_states, whole.hidden_states):
        assert torch.allclose(old, new[:, :-1], atol=1e-2, rtol=1e-3), "the past has not changed"
    kept = {name for name, held in vars(before.cache.layers[0]).items() if torch.is_tensor(held)}
    assert kept == {"keys", "values"}
    step = model(ids[:, -1:], cache=before.cache, output_attentions=True)
    assert step.logits.shape[1] == 1
    assert torch.allclose(step.logits[0, 0], whole.logits[0, -1], atol=1e-2)
    for weights in step.attentions:
        assert weights.shape[2:] == (1, ids.shape[1]), "the kept keys, and its own"
    assert "new = token if cached else ids" in source("decoder/cache")


def test_a_step_with_a_cache_computes_one_position(says, smollm2_pair):
    """Work is counted, time is not asserted."""
    says(
        "The one without a cache climbs steadily; the one with a cache stays nearly level.",
        "At {{ decoder/cache_step.length }} tokens the step without a cache costs",
        "A step with a cache computes one position, whatever the length.",
        "But no step is free: each must [read all the model's parameters]",
        "for one position as for ten.",
        "At 16 tokens, sixteen positions cost {{ decoder/cache_step.first_ratio_ms:.1f}} times"
        " as much as one.",
    )
    model, work = smollm2_pair[1], {}
    for length in (16, 128, 256):
        ids = torch.randint(49_152, (1, length))
        past = model(ids[:, :-1]).cache
        for cached, given in ((False, ids), (True, ids[:, -1:])):
            with FlopCounterMode(display=False) as counter, torch.no_grad():
                model(given, cache=past if cached else None)
            work[length, cached] = counter.get_total_flops()
    for length in (16, 128, 256):
        assert work[length, False] == pytest.approx(length * work[length, True], rel=0.05)
        assert work[length, True] == pytest.approx(work[16, True], rel=0.05), "level"
    assert "process_time" in source("decoder/cache_step")
    read = set()
    hooks = [
        part.register_forward_hook(lambda part, *_: read.update(part.parameters(recurse=False)))
        for part in model.modules()
    ]
    for positions in (1, 10):
        read.clear()
        model(torch.randint(49_152, (1, positions)))
        assert read == set(model.parameters()), positions
    for hook in hooks:
        hook.remove()


def test_cache_gives_the_same_from_less(says, values):
    says(
        "The same tokens, from {{ decoder/cache.with_positions }} computed positions and not",
        "The loop without a cache computed {{ decoder/cache.ratio_positions:.0f}} times the"
        " positions.",
    )
    says("kept during generation so that they are computed only once.", page="glossary")
    says("A cache saves work and changes nothing: so far that was true to the last token.")
    cache = values(f"{CHAPTER}/cache")
    assert cache.ratio_positions == cache.without_positions / cache.with_positions
    assert cache.same
    prompt, steps = 7, 24
    assert cache.tokens == prompt + steps
    assert cache.with_positions == prompt + steps - 1
    assert cache.without_positions == sum(prompt + step for step in range(steps))


def test_cache_size(says, values, smollm2_pair):
    says(
        "The formula gives what the library holds, to the byte: {{"
        " decoder/cache_size.kilobytes:.0f}} kilobytes per token.",
        "SmolLM2 can read {{ decoder/cache_size.longest:,}} tokens; their cache would take",
        "(And no key is ever rewritten: the last lines compare the keys with",
        "It would be {{ decoder/cache_size.groups }} times as much if the nine query heads"
        " had a key head each",
        "Each step reads all that is kept, so in longer texts the level curve rises too: at 256 tokens,"
        " where it ends, the cache has only {{ decoder/cache_size.shown_megabytes:.0f}} megabytes.",
    )
    size = values(f"{CHAPTER}/cache_size")
    assert size.equal and size.per_token == 46_080 and size.groups == 3
    assert size.change < 1e-4 * size.size
    assert size.full_megabytes == pytest.approx(46_080 * 8192 / 1e6)
    assert size.shown_megabytes == pytest.approx(46_080 * 256 / 1e6)
    assert values(f"{CHAPTER}/cache_step").length == 256, "the end of the curve"
    # What a step reads, beside the model: little where the curve ends, much in a full text.
    assert 20 * size.shown_megabytes < size.model_megabytes < 2 * size.full_megabytes
    config = smollm2_pair[1].config
    assert (config.num_attention_heads, config.num_key_value_heads) == (9, 3)
    assert size.longest == config.max_position_embeddings == 8192
    assert size.kilobytes == pytest.approx(size.per_token / 1000)


def test_continuation(says, values):
    says(
        "The sum and the powers of two are right.",
        "The story, the recipe and the letter go on as such texts do; there is no one right answer"
        " for them.",
        "(But a recipe that lists the same milk twice is odd.)",
    )
    text = values(f"{CHAPTER}/continuation")
    assert text.code.startswith("a + b") and text.powers.startswith("32, 64, 128,")
    assert text.story.startswith("girl") and text.letter.startswith("I am pleased to")
    assert text.recipe.count("1 cup whole milk") == 2


def test_few_shot(says, values, cells, smollm2_pair):
    says(
        "The capitals were in the parameters all the time, and another wording finds them too"
        " (*The capital of Norway is*); the examples made clear what is asked.",
        "the most natural next thing is a capital, or at least a famous city",
        "{{ decoder/few_shot.alone_right }} of {{ decoder/few_shot.questions }} are right"
        " alone,",
        "{{ decoder/few_shot.others_right }} after the colors, {{ decoder/few_shot.shown_right }}"
        " after the examples. So it is not the longer text that helps.",
        "none of the eight is among them.",
        "And for Spain the model names {{ decoder/few_shot.spain }}",
    )
    shots = values(f"{CHAPTER}/few_shot")
    assert shots.questions == 8 and shots.alone_right == 0
    assert 6 <= shots.shown_right < shots.questions
    assert shots.spain == "Barcelona"
    table = cells(f"{CHAPTER}/few_shot")
    right = sum(row[3].strip("` ") == row[4] for row in table)
    assert right == shots.shown_right
    assert shots.others_right == 0 and shots.others.count("\n") == shots.examples.count("\n")
    assert len(table) == 8 and not any(row[0].strip("`") in shots.examples for row in table)
    tokenizer, model = smollm2_pair
    texts = [f"{START}The capital of {row[0].strip('`:')} is" for row in table]
    batch = tokenizer(texts, return_tensors="pt", padding=True)
    new = model.generate(**batch, max_new_tokens=4)[:, batch.input_ids.shape[1] :]
    wordings = tokenizer.batch_decode(new)
    found = [row[4] in text for row, text in zip(table, wordings)]
    assert sum(found) >= shots.shown_right and found[4] and "Norway" in table[4][0], wordings


def test_chat_template(says, values, printed, smollm2_pair):
    says(
        "(After some other questions it is a line break.)",
        "The text stops where the assistant's turn has begun, so the most likely continuation"
        " is an answer.",
        "The {{ decoder/chat_template.question_tokens }} tokens of the question have become",
        "Without the template, the model's first token is `<|im_end|>`, the token that the"
        " template puts after every question.",
        "*system* (a text that you did not write: a [system text](glossary.md#system-text), put in"
        " front by the template if the chat has none of its own), *user*, *assistant*.",
    )
    says("so that the model goes on with an answer.", page="glossary")
    chat = values(f"{CHAPTER}/chat_template")
    text = printed(f"{CHAPTER}/chat_template")
    for role in ("system", "user", "assistant"):
        assert f"<|im_start|>{role}" in text
    assert chat.reply == "The capital of France is Paris." and chat.stop == "<|im_end|>"
    assert chat.raw == "<|im_end|>", "without the template it ends at once"
    assert chat.tokens > 3 * chat.question_tokens
    tokenizer, model = smollm2_pair
    others = "Who wrote Hamlet?", "What is a verb?", "How old is the moon?", "Why is the sky blue?", "Can you help me?", "What do cows drink?", "Where do penguins live?", "Who are you?"
    rows = [model(tokenizer(x, return_tensors="pt").input_ids).logits[0, -1] for x in others]
    assert {tokenizer.decode(row.argmax()) for row in rows} == {"<|im_end|>", "\n"}
    assert tokenizer("<|im_start|>").input_ids == [1]
    assert tokenizer("<|im_end|>").input_ids == [2]
    assert chat.seen.endswith("<|im_start|>assistant\n")
    assert "What is the capital of France?<|im_end|>" in chat.seen
    assert "You are a helpful" in chat.seen and "You are a helpful" not in source("decoder/chat_template")
    own = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Hello!"}]
    own = tokenizer.apply_chat_template(own, tokenize=False)
    assert "Be short." in own and "You are a helpful" not in own


def test_memory(says, values, printed, smollm2_pair, cells):
    says(
        "*Ada* rises to no more than {{ decoder/memory.lowest_sent:.1%}}.",
        "it gets the robot right: “{{ decoder/memory.robot_reply }}” To *What is my name?* it greets again,"
        " “{{ decoder/memory.reply }} …”, and to the third it answers in no language,"
        " “{{ decoder/memory.city_reply }} …”. In two of three, this small model has lost the thread after one turn.",
        "(of its first piece, for *Tilly*)",
        "Between two turns the model has no state (the cache is only saved work).",
        "Between turns nothing is remembered.",
        "No parameter changes, and between chats [nothing is kept]",
    )
    found = values(f"{CHAPTER}/memory")
    assert "Tilly" in printed(f"{CHAPTER}/memory")
    for *_, sent, alone in cells(f"{CHAPTER}/memory"):
        assert float(sent.strip("%")) > 10 * float(alone.strip("%"))
    ada = cells(f"{CHAPTER}/memory")[1]
    assert "Ada" in ada[0] and ada[1] == f"{found.lowest_sent:.1%}"
    assert found.lowest_sent < 0.1
    assert "Tilly" in found.robot_reply and "glad to meet you" in found.reply and "name is" not in found.reply
    assert "Lisbon" not in found.city_reply and "Est" in found.city_reply
    pieces = [len(smollm2_pair[0](name).input_ids) for name in (" Tilly", " Ada", " Lisbon")]
    assert pieces == [2, 1, 1]
    tokenizer, model = smollm2_pair
    asked = tokenizer("My name is", return_tensors="pt").input_ids
    before, held = model(asked).logits, copy.deepcopy(model.state_dict())
    model.generate(**tokenizer("My name is Ada. I live in", return_tensors="pt"), max_new_tokens=5)
    assert torch.equal(model(asked).logits, before), "nothing is remembered"
    assert all(torch.equal(held[name], now) for name, now in model.state_dict().items())


def test_questions(says, values, cells):
    says(
        "Seven are about things that we made up, so nothing in the parameters can help; three"
        " are general knowledge.",
        "Of the {{ decoder/questions.made_up }} made-up questions, {{"
        " decoder/questions.made_up_closed }} are right",
        "Of the {{ decoder/questions.general }} general ones, {{"
        " decoder/questions.general_closed }} and",
        "(Only the prompt with the passage asks for a few words.)",
        "The answers say more than the marks.",
        "With the first president's name in front of it, it names the second.",
        "Supply an answer that training never showed.",
    )
    asked = values(f"{CHAPTER}/questions")
    assert asked.total == 10
    assert asked.closed <= 3 and asked.given >= asked.closed + 4
    table = cells(f"{CHAPTER}/questions")
    assert sum(row[1].startswith("✓") for row in table) == asked.closed
    assert sum(row[2].startswith("✓") for row in table) == asked.given
    marks = [[cell.startswith("✓") for cell in row[1:]] for row in table]
    made_up, general = ([sum(x) for x in zip(*part)] for part in (marks[:7], marks[7:]))
    assert made_up == [asked.made_up_closed, asked.made_up_given] == [0, 5]
    assert general == [asked.general_closed, asked.general_given] == [2, 2], "nothing gained"
    assert all(row[1].startswith("✗") for row in table[:7]), "the made-up ones"
    assert "Latvia" in table[0][2], "Tartu is in Estonia"
    assert "person" in table[5][2] and "Adams" in table[8][2]
    assert table[7][1].startswith("✓"), "in a chat it knows when water boils"
    assert (asked.made_up, asked.general) == (7, 3)
    assert "prompts = [q for p, q, right in asked]\n" in source("decoder/questions")
    assert '[f"{p}\\n\\n{q} Answer in a few words."' in source("decoder/questions")


def test_beyond_the_passage(says, values, printed, smollm2_pair):
    says(
        "Not once does it say *not stated* ({{ decoder/beyond_passage.refused }} of 3): it"
        " gives the robot a color and a year.",
        "In the last line the invented passage wins against the true capital: here, what the passage says counted"
        " more than the parameters. (Not always: told in the same words that"
        " Norway moved to Bergen, it still says Oslo.)",
        "Guarantee that the answer says no more than the passage.",
        "So whatever chooses the passages must choose true ones.",
    )
    found = values(f"{CHAPTER}/beyond_passage")
    assert found.refused == 0
    assert "Lyon" in found.capital
    _, color, year, _ = printed(f"{CHAPTER}/beyond_passage").splitlines()
    assert "blue" in color and "20" in year
    asked = values(f"{CHAPTER}/questions")
    assert asked.made_up_given > asked.made_up_closed, "from good passages"
    assert "Paris" in values(f"{CHAPTER}/chat_template").reply, "without the bad passage"
    assert "If the passage does not say, answer: not stated." in source("decoder/beyond_passage")
    tokenizer, model = smollm2_pair
    told, [rule] = source("decoder/beyond_passage"), re.findall(r'rule = "(.*)"', source("decoder/beyond_passage"))
    text = "In 2031 France moved its capital. The capital of France is now Lyon."
    assert text in told
    asked = f"{text}\n\nWhat is the capital of France? {rule}".replace("France", "Norway").replace("Lyon", "Bergen")
    chat = tokenizer.apply_chat_template(
        [{"role": "user", "content": asked}], add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    written = model.generate(**chat, max_new_tokens=14)[0, chat["input_ids"].shape[1] :]
    assert "Oslo" in tokenizer.decode(written)


def test_made_up(says, values, cells, smollm2_pair):
    says(
        "The objective allows this.",
        "Nothing in the next-token loss says *true*.",
        "Learning from plain text rewards what usually follows, and [nothing in that loss says"
        " *true*]",
        "The later pairs of a better and a worse answer may, and one of these was false after"
        " them.",
        "In {{ decoder/made_up.wrong }} of {{ decoder/made_up.total }} the false answer is more"
        " probable:",
        "Kennedy has {{ decoder/made_up.kennedy:.0%}} and Washington",
        "Sydney, with {{ decoder/made_up.sydney:.0%}}, comes near Canberra, with",
        "a near tie, which slightly different weights could turn.",
        "In seven the true answer is the longer bar, for Canberra and Sydney only just; John F."
        " Kennedy beats George Washington, with both below a tenth.",
        "The last column shows how little can turn an answer.",
        "the same model on the same sentences prefers the false answer in",
        "Istanbul now leads Ankara, {{ decoder/made_up.istanbul_bare:.0%}} to"
        " {{ decoder/made_up.ankara_bare:.0%}}, and Sydney leads by a hair.",
        "The parameters are the same; only the token in front is missing. (On other capitals, about as many are"
        " false with it as without.)",
        "Behind the start token it prefers Ankara to Istanbul. Without that token [Istanbul leads]",
    )
    facts = values(f"{CHAPTER}/made_up")
    assert (facts.total, facts.wrong, facts.wrong_bare) == (8, 1, 4)
    assert 0.1 > facts.kennedy > 2 * facts.washington
    assert 0 < facts.canberra - facts.sydney < 0.1, "only just"
    assert 0 < facts.sydney_bare - facts.canberra_bare < 0.05, "by a hair"
    assert facts.istanbul_bare > 1.5 * facts.ankara_bare and facts.ankara > 1.2 * facts.istanbul
    table = cells(f"{CHAPTER}/made_up")
    bare = [[float(x.strip("% ")) for x in row[3].split("/")] for row in table]
    assert [false > true for true, false in bare] == [False] * 4 + [True] * 4
    assert bare[4] == pytest.approx([100 * facts.canberra_bare, 100 * facts.sydney_bare], abs=0.01)
    tokenizer, model = smollm2_pair
    for start, found in (("", facts.sydney_bare), (START, facts.sydney)):
        ids = tokenizer(f"{start}The capital of Australia is", return_tensors="pt").input_ids
        [sydney] = tokenizer(" Sydney").input_ids
        direct = model(ids).logits[0, -1].softmax(-1)[sydney].item()
        assert found == pytest.approx(direct, abs=1e-3)
    others = [pair.split("/") for pair in OTHER_CAPITALS.split("|")]
    assert not {country for country, *_ in others} & {"Australia", "Turkey", "Canada", "France"}
    counts = []  # of capitals that another city beats
    for start in (START, ""):
        begun = [(f"{start}The capital of {country} is", cities) for country, *cities in others]
        texts = [f"{x} {city}" for x, cities in begun for city in cities]
        batch = tokenizer(texts, return_tensors="pt", padding=True, padding_side="right")
        parts, ids = model(**batch).logits[:, :-1].log_softmax(-1), batch.input_ids[:, 1:, None]
        counted = batch.attention_mask[:, 1:].clone()
        for row, x in enumerate(x for x, cities in begun for _ in cities):
            counted[row, : len(tokenizer(x).input_ids) - 1] = 0  # the city's tokens alone
        sums = -(parts.gather(2, ids)[..., 0] * counted).sum(1).view(-1, 2)
        counts.append(sum(true > false for true, false in sums))
    assert abs(counts[0] - counts[1]) <= 2 and len(others) == 29 and min(counts) > 4, counts
    # The loss rewards what follows often, true or not.
    texts = (f"{START}The first president of the United States was {name}"
             for name in ("George Washington", "John F. Kennedy"))  # fmt: skip
    true, false = (costs(model, tokenizer(x, return_tensors="pt").input_ids).sum() for x in texts)
    assert false < true


def test_invented_countries(says, values, cells, smollm2_pair):
    says(
        "for three of the four invented countries in the table the model went on with a name",
        "A false answer can read just like a right one.",
        "For the three invented countries in the table that got a capital, only the [probabilities]",
        "Ask for the capitals of {{ decoder/nobody.count }} real countries and of as many that we"
        " invented.",
        "{{ decoder/nobody.right_mean:.0%}} on average for the {{ decoder/nobody.right_count }} right"
        " answers, {{ decoder/nobody.wrong_mean:.0%}} for the wrong ones about real countries,"
        " {{ decoder/nobody.invented_mean:.0%}} for the invented.",
        "And a high one is no proof: the capital of Brunei is not *Brunei*, whose first piece had"
        " {{ decoder/nobody.surest_wrong:.0%}}, where Lima, which is right, had"
        " {{ decoder/nobody.lowest_right:.0%}}.",
    )
    says(
        "Larger models than ours, when asked whether an answer of theirs is right, could say quite"
        " well how probable that is, in experiments of 2022.[^kadavath]"
    )
    found = values(f"{CHAPTER}/nobody")
    table = cells(f"{CHAPTER}/nobody")
    assert [row[1] for row in table[:4]] == ["Paris.", "Rome.", "Cairo.", "Lima."]
    named = [row[1] for row in table[4:] if row[1][0].isupper()]
    assert len(named) == 3 and table[7][1].startswith("not a place")
    assert all(text.removesuffix(".").isalpha() for text in named), "a name, and no doubt"
    assert found.count == 20 and len(table) == 8
    assert found.right_mean > 2 * found.wrong_mean > 4 * found.invented_mean
    assert found.surest_wrong > found.lowest_right > found.surest_invented
    assert table[3][2] == f"{found.lowest_right:.0%}", "Lima"
    assert all(float(row[2].strip("%")) < 100 * found.lowest_right for row in table[4:]), "lower"
    tokenizer, model = smollm2_pair
    chat = [{"role": "user", "content": "What is the capital of Brunei?"}]
    text = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    text = tokenizer(f"{text}The capital of Brunei is", return_tensors="pt")
    surest, first = model(**text).logits[0, -1].softmax(-1).max(-1)
    assert tokenizer.decode(first) == " Br" and " Brunei".startswith(" Br")
    assert surest.item() == pytest.approx(found.surest_wrong, abs=0.01)


def test_a_decoder_has_not_seen_the_right_side(says, smollm2_pair):
    says(
        "What a decoder cannot do: look right",
        "A decoder cannot: at the gap it has seen one word, *The*.",
        "An [encoder](encoder.md) sees both sides in one pass",
    )
    tokenizer, model = smollm2_pair
    encoder = AutoModel.from_pretrained("models/minilm")
    reader = AutoTokenizer.from_pretrained("models/minilm")
    rows, vectors = [], []
    for right in ("barked all night.", "purred on the sofa."):
        ids = tokenizer(f"The dog {right}", return_tensors="pt").input_ids
        rows.append(model(ids).logits[0, 0])
        given = reader(f"The [MASK] {right}", return_tensors="pt")
        vectors.append(encoder(**given).last_hidden_state[0, 2])
    assert torch.allclose(*rows, atol=1e-2)
    assert torch.cosine_similarity(*vectors, dim=0) < 0.98, "it has read the right side"


def test_look_right(says, values, cells, smollm2_pair):
    says(
        "this shows that it can mislead, not how often",
        "From the left alone, the likeliest of the words fits in {{"
        " decoder/look_right.left_right }} of",
        "By whole sentences it is {{ decoder/look_right.whole_right }} of",
        "to this model *was too hot to drink* is about as likely after *The sun*, with a"
        " log-probability of {{ decoder/look_right.after_sun:.1f}}, as after *The coffee*, with",
    )
    gaps = values(f"{CHAPTER}/look_right")
    assert gaps.total == 10 and gaps.whole_right == 9 and gaps.left_right <= 3
    missed = cells(f"{CHAPTER}/look_right")[1]
    assert "drink" in missed[0] and missed[1:] == ["sun", "sun"]
    tokenizer, model = smollm2_pair
    parts = {}
    for word in (" sun", " coffee"):
        text = f"{START}The{word} was too hot to drink."
        ids = tokenizer(text, return_tensors="pt").input_ids
        log_p = model(ids).logits[0, :-1].log_softmax(-1).gather(1, ids[0, 1:, None])[:, 0]
        parts[word] = log_p[1].item(), log_p[2:].sum().item()  # the word; what is right of it
    left, right = (a - b for a, b in zip(parts[" sun"], parts[" coffee"]))
    assert gaps.after_sun == pytest.approx(parts[" sun"][1], abs=0.02)
    assert gaps.after_coffee == pytest.approx(parts[" coffee"][1], abs=0.02)
    assert left > 3 * abs(right) and abs(right) < 1, "the left decides, the right is a near tie"


def test_exercises(says, values):
    says(
        "the probabilities one half, one quarter and one eighth.",
        "So the perplexity is {{ decoder/exercises.perplexity:.0f}}: the right tokens cost as"
        " much as if",
        "{{ decoder/exercises.with_cache }} and {{ decoder/exercises.without_cache:,}}:",
        "{{ decoder/exercises.work_ratio:.0f}} times as many.",
        "The last token is written but never read; so it is 149 and not 150.",
        "{{ decoder/exercises.text_gigabytes:.2f}} gigabytes, and {{ decoder/exercises.users"
        " }} texts.",
        "{{ decoder/exercises.blind_loss:.1f}} for SmolLM2.",
        "A model that has learned nothing gives each token the same probability.",
        "A server's memory is filled by conversations, not only by the model.",
    )
    answers = values(f"{CHAPTER}/exercises")
    assert answers.perplexity == pytest.approx(64 ** (1 / 3))
    assert answers.loss == pytest.approx(math.log(4))
    assert answers.with_cache == 149
    assert answers.without_cache == 50 * 100 + 49 * 50 // 2
    assert answers.cache_token == 131_072 and answers.users == 38
    assert answers.vocabulary == values(f"{CHAPTER}/next_token").vocabulary
    assert answers.blind_loss == pytest.approx(math.log(49_152))
    assert answers.work_ratio == pytest.approx(answers.without_cache / answers.with_cache)
    assert answers.text_gigabytes == pytest.approx(131_072 * 8000 / 1e9)
    assert answers.users * answers.text_gigabytes > 0.95 * 40, "the texts fill it"
    same = torch.zeros(answers.vocabulary).log_softmax(-1)
    assert -same[7].item() == pytest.approx(answers.blind_loss)


def test_the_questions(says, values, printed):
    says(
        "it can be sure of nine tokens and pay for one.",
        "One token that it held for nearly impossible costs the second model all it gained on"
        " nine.",
        "`= {{ decoder/turns.read:,}} ± 0`",
        "The first turn sends 40 tokens, and each later one 100 more than the one before",
        "Only 200 of these tokens are new questions.",
    )
    steady, bold = printed(f"{CHAPTER}/predict").splitlines()
    assert steady.endswith("sure of 0, perplexity 10.0")
    assert bold.endswith("sure of 9, perplexity 10.0")
    assert values(f"{CHAPTER}/turns").read == sum(100 * turn + 40 for turn in range(5))
    assert "questions: 200 tokens" in printed(f"{CHAPTER}/turns")


def test_another_first_word_spoils_the_cache_above_the_first_layer(says, smollm2_pair):
    says(
        "In the first layer nearly all, above it nothing.",
        "Both are made of the same hidden state, and [change together](#the-kv-cache).",
    )
    tokenizer, model = smollm2_pair
    ids = tokenizer(SENTENCE, return_tensors="pt").input_ids
    other = ids.clone()
    other[0, 0] = tokenizer.convert_tokens_to_ids("A")
    layers, others = (model(one).cache.layers for one in (ids, other))
    for kind in ("keys", "values"):
        gaps = [
            (getattr(a, kind) - getattr(b, kind)).abs().amax(dim=(0, 1, 3))  # (tokens,)
            for a, b in zip(layers, others)
        ]
        assert gaps[0][1:].max() < 1e-4 < gaps[0][0]
        assert all(gap.min() > 1e-3 for gap in gaps[1:])


class Alive(TorchDispatchMode):
    """Counts the bytes of the tensors that were made here and are not given back."""

    def __init__(self, there: list[torch.Tensor]):
        super().__init__()
        self.now = self.most = 0
        self.places = {tensor.untyped_storage().data_ptr() for tensor in there}

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        made = function(*args, **(kwargs or {}))
        for tensor in made if isinstance(made, (tuple, list)) else [made]:
            if isinstance(tensor, torch.Tensor):
                self.add(tensor.untyped_storage())
        return made

    def add(self, storage):
        place, size = storage.data_ptr(), storage.nbytes()
        if size and place not in self.places:
            self.places.add(place)
            self.now += size
            self.most = max(self.most, self.now)
            weakref.finalize(storage, self.gone, place, size)

    def gone(self, place, size):
        self.places.discard(place)
        self.now -= size


def test_what_larger_trainings_add(says, values):
    says(
        "[*Gradient checkpointing*](glossary.md#gradient-checkpointing) keeps only what enters each layer, and"
        " computes the rest a second time.[^chen]",
        "[*Mixed precision*](glossary.md#mixed-precision) computes most products with numbers of two bytes and"
        " keeps the parameters in four.[^micikevicius]",
        "The pieces give the gradient of the whole, up to rounding, and need a quarter of the kept numbers at a time.",
        "Checkpointing gives the same gradient and keeps {{ decoder/larger_trainings.fewer:.0f}} times less between"
        " the two passes; during the backward pass, what one layer computes again comes on top.",
        "Two bytes change the gradient by {{ decoder/larger_trainings.half_error:.1%}} of its length.",
        "For 8 texts they keep even more, {{ decoder/larger_trainings.half_kept:.0f}} MB and not"
        " {{ decoder/larger_trainings.whole_kept:.0f}}: {{ decoder/larger_trainings.fixed:.0f}} of them are two-byte"
        " copies of the weights, which do not grow with the batch. For 32 texts they keep less,"
        " {{ decoder/larger_trainings.many_half:.0f}} and not {{ decoder/larger_trainings.many_kept:.0f}}.",
    )
    left = values("decoder/larger_trainings")
    assert left.pieces_error < 1e-5 and left.again_error < 1e-6 and 1e-3 < left.half_error < 0.1
    assert left.quarter == pytest.approx(0.25, abs=0.01) and left.fewer > 4
    assert left.half_kept > left.whole_kept and left.many_half < left.many_kept
    # What is kept of the layers of such a model, and how often each of them is computed.
    config = AutoConfig.from_pretrained("models/smollm2", num_hidden_layers=4, vocab_size=1000)
    model = AutoModelForCausalLM.from_config(config).train()
    own = {parameter.data_ptr() for parameter in model.parameters()}
    ids, kept, computed, types = torch.randint(1000, (2, 16)), [], [], set()

    def keep(tensor):
        kept.extend([tuple(tensor.shape)] * (tensor.data_ptr() not in own))
        return tensor

    def train():
        kept.clear(), computed.clear()
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            hidden = model.model(ids).last_hidden_state
        hidden.sum().backward()
        return kept.count((2, 16, 576)), len(computed)

    for layer in model.model.layers:
        layer.mlp.register_forward_pre_hook(lambda *_: computed.append(1))
    usual = train()
    products = sum(x.weight.numel() for x in model.modules() if isinstance(x, torch.nn.Linear))
    assert left.fixed == pytest.approx(2 * products / 1e6, rel=0.01), "a copy of each weight"
    many, most = torch.randint(1000, (8, 32)), []  # as many texts and tokens as in the program
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    for checkpointed in (False, True):
        if checkpointed:
            model.activation_checkpointing_enable()
        there = [tensor for p in model.parameters() for tensor in (p, p.grad)]
        with Alive(there) as alive:
            loss = model(many, labels=many).loss
            between = alive.now / 1e6
            loss.backward()
        most.append(alive.most / 1e6 - between)
        expected = left.again_kept if checkpointed else left.whole_kept
        assert between == pytest.approx(expected, rel=0.03)
    a_layer = (left.whole_kept - left.again_kept) / 4
    assert most[1] - most[0] == pytest.approx(a_layer, rel=0.3), "and no more than one at a time"
    again = train()
    assert usual[1] == 4 and again[1] == 8, "each layer a second time"
    assert usual[0] > 6 * 4 and 4 <= again[0] <= 4 + 3, "four inputs, and of the last norm"
    assert len(kept) <= 4 + 6, "next to nothing else"
    model.activation_checkpointing_disable()
    for part in model.modules():
        if isinstance(part, torch.nn.Linear):
            part.register_forward_hook(lambda part, given, made: types.add(made.dtype))
    with torch.autocast("cpu", torch.bfloat16):
        model(ids, labels=ids).loss.backward()
    assert types == {torch.bfloat16}
    assert {p.dtype for p in model.parameters()} == {torch.float32}


def test_a_cache_in_two_bytes_writes_other_texts(says, values, printed, smollm2_pair):
    says(
        "Let SmolLM2 write {{ decoder/cache_bfloat16.written }} tokens for each of"
        " {{ decoder/cache_bfloat16.texts }} beginnings, with the cache and without it, in both kinds of numbers.",
        "With the cache, the products have other shapes, and"
        " [round differently](parallelism.md#where-it-breaks-equal-is-not-identical).",
        "That decides where the race is close: where a text parts, the two best logits are at most"
        " {{ decoder/cache_bfloat16.widest:.3f up}} apart, and in {{ decoder/cache_bfloat16.shared }} of the"
        " {{ decoder/cache_bfloat16.parting }} exactly equal; over all places the median is"
        " {{ decoder/cache_bfloat16.usual:.2f}}.",
        "In four bytes all are the same; in two bytes {{ decoder/cache_bfloat16.two_bytes }} of"
        " {{ decoder/cache_bfloat16.texts }}.",
        "From the first other token on the texts are two texts.",
    )
    left = values("decoder/cache_bfloat16")
    assert left.four_bytes == left.texts > left.two_bytes
    kept, again = (line.split(":", 1)[1] for line in printed("decoder/cache_bfloat16").splitlines()[3:5])
    assert kept.strip() != again.strip()
    assert left.texts >= 20 and left.parting == left.texts - left.two_bytes
    assert left.widest < left.usual / 3 and 0 < left.shared <= left.parting
    assert '"max_new_tokens": written' in source("decoder/cache_bfloat16")
    assert "(torch.float32, torch.bfloat16)" in source("decoder/cache_bfloat16")
    assert "use_cache=False" in source("decoder/cache_bfloat16")
    # One position with a cache, or all: the same logits but for their last digits.
    tokenizer, model = smollm2_pair
    ids = tokenizer(START + SENTENCE, return_tensors="pt").input_ids
    past = model(ids[:, :-1]).past_key_values
    one = model(ids[:, -1:], past_key_values=past).logits[0, -1]
    assert 0 < (one - model(ids).logits[0, -1]).abs().max() < 1e-3
    grouped = values("parallelism/rounding")
    assert grouped.four_bytes == 0 < grouped.two_bytes


def test_keys_of_the_questions_are_what_came_out(values, says):
    says(
        "- [x] The text is known, and the mask hides what comes later.",
        "- [x] The labels are shifted twice, or the weights were not loaded.",
        "- [x] In the first layer nearly all, above it nothing.",
        "- [x] Supply an answer that training never showed.",
        "- [x] Make the model say something false that it had right.",
        "- [x] No: the likeliest token can be the false one.",
    )
    every, labels = values("decoder/every_position"), values("decoder/labels")
    assert every.difference < 1e-3 and every.slow_difference < 1e-3, "each row as if the text ended"
    blind = values("decoder/exercises").blind_loss
    assert abs(labels.twice - blind) < 0.3 and labels.right < blind / 3
    # Keys of the first layer come from the embeddings; above, from what looked at the first word.
    torch.manual_seed(0)
    one = torch.randn(4, 8)
    other = one.clone()
    other[0] = torch.randn(8)
    mask = torch.full((4, 4), -torch.inf).triu(1)
    above = [(x @ x.T + mask).softmax(-1) @ x for x in (one, other)]
    assert one[1:].equal(other[1:]) and (above[0] - above[1]).abs().sum(-1).min() > 0
    asked = values("decoder/questions")
    assert asked.made_up_closed == 0 < asked.made_up_given
    assert "Lyon" in values("decoder/beyond_passage").capital and "Paris" not in values("decoder/beyond_passage").capital
    made_up = values("decoder/made_up")
    assert made_up.istanbul_bare > 1.5 * made_up.ankara_bare, "the likelier, and false"
