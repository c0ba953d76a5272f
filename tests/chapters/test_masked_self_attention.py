"""What the chapter on masked self-attention claims, on the real models."""

import ast
import math
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch.nn.functional import cross_entropy, scaled_dot_product_attention
from transformers import (
    AttentionInterface,
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoTokenizer,
)

from snippets.shared import tiny_decoder

CHAPTER = "masked_self_attention"
SENTENCE = "The robot watered the sunflowers because they were thirsty."


def test_by_hand(says, values, maps):
    says(
        "In the middle row, without the mask, *were* gives {{"
        " masked_self_attention/by_hand.unmasked_were_thirsty:.2f}} of its weight to the future.",
        "Each has asked every token, itself too, and the answers are [scores](glossary.md#score): a"
        " matrix with a row for each [query](glossary.md#query), the token that looks, and a column"
        " for each [key](glossary.md#key), the token that is looked at.",
        "Then [softmax](glossary.md#softmax) does what it always does.",
        "With it, that weight is zero, and the other two have grown to",
        "The first token can see only itself, so all its weight stays there.",
    )
    hand = values(f"{CHAPTER}/by_hand")
    assert (hand.were_they, hand.were_were) == pytest.approx((1 / 4, 3 / 4))
    assert hand.unmasked_were_thirsty == pytest.approx(1 / 2)
    without, masked = (torch.tensor(one["values"]) for one in maps(f"{CHAPTER}/by_hand"))
    assert (without > 0).all()
    assert masked.triu(diagonal=1).eq(0).all()
    assert masked.sum(dim=1).tolist() == pytest.approx([1, 1, 1], abs=1e-3)
    assert masked[0].tolist() == [1, 0, 0], "the first token sees only itself"
    assert (masked[1, :2] > without[1, :2]).all(), "the other two have grown"
    whole = torch.tensor([[2.0, 1, 1], [1, 3, 4], [1, 1, 2]])  # shares of what is left
    assert torch.allclose(without, whole / whole.sum(1, keepdim=True), atol=1e-3)
    assert torch.allclose(masked, whole.tril() / whole.tril().sum(1, keepdim=True), atol=1e-3)


def test_a_learned_number_below_the_line(says):
    """In the library's code of gpt-oss."""
    says(
        "In gpt-oss, of 2025, each head adds a positive number, which it has learned, to the"
        " denominator,[^gptoss] so that a row sums to less than one.",
        "[^gptoss]: OpenAI, *gpt-oss-120b & gpt-oss-20b Model Card*, 2025.",
    )
    from transformers.models.gpt_oss.modeling_gpt_oss import eager_attention_forward

    torch.manual_seed(0)
    head = SimpleNamespace(num_key_value_groups=1, sinks=torch.tensor([-1.0, 2.0]), training=False)
    query, key, value = torch.randn(3, 1, 2, 5, 8)
    _, weights = eager_attention_forward(head, query, key, value, None, scaling=1.0)
    scores = (query @ key.mT).exp()
    below = scores.sum(dim=-1, keepdim=True) + head.sinks.exp()[:, None, None]
    assert torch.allclose(weights, scores / below, atol=1e-5)
    assert weights.sum(dim=-1).max() < 1


def test_one_line_equals_torch(says, values):
    says(
        "The largest weight above the diagonal is {{"
        " masked_self_attention/in_code.above_diagonal:.0f}}, exactly and not by rounding."
    )
    code = values(f"{CHAPTER}/in_code")
    assert code.difference < 1e-5
    assert code.above_diagonal == 0
    assert code.row_sum_error < 1e-5


def test_real_head(says, values, smollm2_eager):
    says(
        "leave the mask out in this one head, and it puts {{"
        " masked_self_attention/real_head.on_the_future:.0%}} of its weight on tokens that are"
        " not yet written (a mean over all tokens but the last, which has none after it).",
    )
    head = values(f"{CHAPTER}/real_head")
    assert head.difference < 1e-5
    assert 0.05 < head.on_the_future < 1
    assert smollm2_eager.config.num_hidden_layers == 30


def test_every_head_of_the_decoder_is_masked(says, smollm2_eager):
    says(
        "SmolLM2 does the same in each of its 30 layers.",
        "That follows from the mask and the softmax alone, whatever the weights of the model"
        " are.",
        "The first position hands on its own value, whatever its query asks:",
        "Such a head cannot exist in a decoder.",
        "It looks at them in every layer: that is what [the cache](#the-past-does-not-move) is"
        " kept for.",
        "But [self-attention](self_attention.md) lets every token look at every other token, so"
        " the answer stands in plain sight, one place to the right.",
        "One explanation: the row must sum to one even when a head has nothing to look for, and"
        " the first token is the one that every query can see. This is called an [attention"
        " sink](glossary.md#attention-sink).[^sink]",
    )
    tokenizer, model = AutoTokenizer.from_pretrained("models/smollm2"), smollm2_eager
    with torch.no_grad():
        outputs = model(**tokenizer(SENTENCE, return_tensors="pt"), output_attentions=True)
        encoder = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
        text = AutoTokenizer.from_pretrained("models/minilm")(SENTENCE, return_tensors="pt")
        both_sides = torch.stack(encoder(**text, output_attentions=True).attentions)
    assert both_sides.min() > 0, "each token looks at each, if only a little"
    maps = torch.stack(outputs.attentions)[:, 0]  # (layers, heads, tokens, tokens)
    assert maps.triu(diagonal=1).eq(0).all()
    assert maps[:, :, 0, 0].eq(1).all()
    assert torch.allclose(maps.sum(dim=-1), torch.ones(()), atol=1e-5)
    assert len(maps) == 30
    assert (maps[:, :, -1, :-1].sum(dim=-1).amax(dim=1) > 0.5).all(), "the old ones, in each layer"
    assert (maps[..., 0] > 0).all(), "the first token is seen by all"


def test_two_maps(says, values, maps):
    says(
        "MiniLM's head gives {{ masked_self_attention/two_maps.next_token:.0%}} of its weight"
        " to the next token, on average;",
        "SmolLM2's head gives {{ masked_self_attention/two_maps.they_to_flowers:.0%}} of the"
        " weight of *they* to the last",
        "in {{ masked_self_attention/two_maps.strongest_next }} of {{"
        " masked_self_attention/two_maps.with_next }} rows that is the strongest cell.",
        "The head of MiniLM has most of its strong cells directly right of the diagonal, and the"
        " others at the first token.",
        "“The robot watered the sunflowers because they were thirsty.”",
        "Over all heads and tokens of this sentence, MiniLM puts {{"
        " masked_self_attention/two_maps.minilm_later:.0%}} of its attention on later tokens",
        "Several rows of the lower map put most of their weight on the very first token.",
    )
    found = values(f"{CHAPTER}/two_maps")
    assert found.next_token > 0.5
    assert found.they_to_flowers > 0.8
    assert found.minilm_later > 0.1
    assert found.smollm2_later == 0
    encoder, decoder = maps(f"{CHAPTER}/two_maps")
    weights = torch.tensor(decoder["values"])
    on_the_first = weights[1:, 0] == weights[1:].max(dim=1).values
    assert on_the_first.sum() >= 4, "many rows rest on the first token"
    right = torch.tensor(encoder["values"]).diagonal(offset=1)
    assert right.mean().item() == pytest.approx(found.next_token, abs=1e-3)
    assert found.sentence == SENTENCE
    strongest = torch.tensor(encoder["values"])[:-1].argmax(dim=1)
    after = strongest == torch.arange(1, len(strongest) + 1)
    assert (after.sum(), len(after)) == (found.strongest_next, found.with_next)
    assert after.sum() > len(after) / 2 and (strongest[~after] == 0).all()
    assert (weights[1:, 0] > 0.5).sum() >= 3, "most of their weight, in several rows"


def test_the_past_does_not_move(says, values, maps, smollm2_eager):
    says(
        "whether its meaning did, a distance does not tell.",
        "[no more than rounding]",
        "If no token sees a later one, then a change at the end of a sentence cannot reach"
        " the beginning, through any number of layers.",
        "Of SmolLM2's 30 layers every fifth is drawn.",
        "In the decoder every column left of the changed word is empty.",
        "In the encoder the columns fill with color as the layers go on, that of the start"
        " token only in the last.",
        "In SmolLM2 the largest change before the new word is {{"
        " masked_self_attention/later_token.largest_decoder:.0f}}. That is no rounding to zero:"
        " no single bit differs.",
        "(SmolLM2's last row, layer 30, is read after its final norm.)",
        "In MiniLM every earlier token changes, by {{"
        " masked_self_attention/later_token.last_encoder:.0%}} after the last layer on"
        " average.",
        "With the mask, a later token never changes an earlier state.",
        "In a decoder the new word cannot reach the old states.",
        "In an encoder these change in every layer above the first.",
    )
    found = values(f"{CHAPTER}/later_token")
    assert found.largest_decoder == 0, "not one bit"
    assert found.smallest_encoder > 0, "every earlier token of the encoder moves"
    assert found.last_encoder > 0.05
    decoder, encoder = maps(f"{CHAPTER}/later_token")
    place = decoder["columns"].index("?")
    assert min(row[place] for row in decoder["values"]) > 0
    assert decoder["rows"] == ["embedding", *(f"layer {n}" for n in range(5, 31, 5))]
    tokenizer, model = AutoTokenizer.from_pretrained("models/smollm2"), smollm2_eager
    with torch.no_grad():
        last = model.model(**tokenizer(SENTENCE, return_tensors="pt"), output_hidden_states=True)
    assert torch.equal(last.hidden_states[30], last.last_hidden_state), "after the final norm"
    drawn = torch.tensor(encoder["values"])[:, : encoder["columns"].index("?")]
    assert drawn[0].eq(0).all() and (drawn[1:] > 0).all()
    assert (drawn[-1] > drawn[1]).all(), "the columns fill"
    assert drawn[-1, 0] > 0.2 > 0.05 > drawn[:-1, 0].max(), "the start token in the last"


def test_a_prefix_has_the_same_states(says, smollm2_eager):
    says(
        "One pass over a text of a thousand tokens is an exercise in guessing at each token but"
        " the last, because the state of each token is what it would be if the text ended there.",
        "It reads *The robot watered the sunflowers* in one go, and at every"
        " [token](glossary.md#token) it must name the token that follows.",
        "**In generation, no work twice.** A new token cannot change the keys and values of the"
        " old ones.",
        "In generation with a cache there is one query, the newest token, and a key for every"
        " token so far.",
    )
    tokenizer, model = AutoTokenizer.from_pretrained("models/smollm2"), smollm2_eager
    ids = tokenizer(SENTENCE, return_tensors="pt").input_ids
    with torch.no_grad():
        one, other = model(ids, use_cache=True), model(ids[:, :6], use_cache=True)
        assert torch.allclose(one.logits[0, :6], other.logits[0], atol=1e-3)
        assert one.logits.shape[1] == ids.shape[1], "at each token it names the next"
        for layer, prefix in zip(one.past_key_values.layers, other.past_key_values.layers):
            assert torch.allclose(layer.keys[:, :, :6], prefix.keys, atol=1e-3)
            assert torch.allclose(layer.values[:, :, :6], prefix.values, atol=1e-3)
        told = model(ids[:, 6:7], past_key_values=other.past_key_values, output_attentions=True)
    assert told.attentions[0].shape[-2:] == (1, 7), "one query, seven keys"
    answers = ids[0, 1:]  # what follows the last is not in the text
    assert len(answers) == ids.shape[1] - 1


def test_which_keys_may_be_kept_is_no_matter_of_size(says):
    says(
        "A decoder's keys and values are always smaller than an encoder's, so there is room for"
        " them.",
        "Their width is a choice of the design.",
    )
    whisper = AutoModel.from_pretrained("models/whisper")
    reads, writes = whisper.encoder.layers[0].self_attn, whisper.decoder.layers[0].self_attn
    assert reads.k_proj.weight.shape == writes.k_proj.weight.shape
    config = AutoConfig.from_pretrained("models/smollm2")
    assert config.num_key_value_heads < config.num_attention_heads, "here they are smaller"


def test_zeros_after_softmax(says, printed, values):
    says(
        "So a masked key adds nothing to the numerator of its own weight and nothing to the"
        " sum",
        "A good mask gives the same row both times.",
        "Its own weight is gone, but its score has moved the weights of all others: the"
        " second row is half of the first.",
        "Nothing: within a row, the weights keep their proportions.",
        "On paper that gives the same as −∞ before softmax.",
        "On a machine it fails when a forbidden score is large",
    )
    scores, future = torch.tensor([0.0, 1.0, 3.0]), torch.tensor([False, False, True])
    late = scores.softmax(0).masked_fill(future, 0)
    assert torch.allclose(late / late.sum(), scores.masked_fill(future, -torch.inf).softmax(0))
    lines = printed(f"{CHAPTER}/after_softmax").splitlines()
    before = [line for line in lines if line.startswith("  mask before")]
    after = [line for line in lines if line.startswith("  zero after")]
    assert len(set(before)) == 1, "the later token does not matter"
    assert len(set(after)) == 2, "the later token leaks"
    assert [line.split()[-1] for line in after] == ["0.50", "0.25"]
    assert values(f"{CHAPTER}/after_softmax").lost_row
    for line in before + after:
        first, second = map(float, line.split(":")[1].split()[:2])
        assert second == pytest.approx(3 * first), "the proportions stay"


def test_a_lost_row_needs_a_score_that_is_made_up(says):
    says(
        "(The 200 is made up: in SmolLM2, on two dozen sentences from the news, no forbidden score stands"
        " so far above the allowed ones that a row is lost.) With −∞ before softmax, no score can do this.",
    )
    furthest, worst, lost = [], [], 0

    def attention(module, query, key, value, mask, scaling, **more):
        nonlocal lost
        key, value = (x.repeat_interleave(3, dim=1) for x in (key, value))
        scores = query @ key.mT * scaling
        future = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(diagonal=1)
        masked = scores.masked_fill(future, -torch.inf)
        furthest.append((scores.amax(dim=-1) - masked.amax(dim=-1)).max())
        late = scores.softmax(dim=-1).masked_fill(future, 0)
        late = late / late.sum(dim=-1, keepdim=True)
        lost += late.isnan().any().item()
        worst.append((late - masked.softmax(dim=-1)).abs().max())
        return (masked.softmax(dim=-1) @ value).transpose(1, 2), None

    AttentionInterface.register("both ways", attention)
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    model = AutoModelForCausalLM.from_pretrained("models/smollm2", attn_implementation="both ways")
    rows = Path("models/rated-sentences/news.tsv").read_text("utf-8").splitlines()[:240:10]
    with torch.no_grad():
        for row in rows:
            model(**tokenizer(row.split("\t")[1], return_tensors="pt"))
    assert len(rows) == 24 and len(furthest) == 24 * 30
    assert 1 < max(furthest) < 60 and not lost and max(worst) < 1e-3
    scores = torch.tensor([0.0, 1.0, 1e30])
    assert scores.masked_fill(torch.tensor([False, False, True]), -torch.inf).softmax(0)[2] == 0


def test_three_rules(says, values, printed):
    says(
        "With either of the others, the future reaches the past ({{"
        " masked_self_attention/three_rules.after:.0%}} and",
        "(One sentence and one prompt: that the earlier states move more with zeros than with no mask is no rule.)",
        "It measures the same change as above, *thirsty* to *broken*, and the three likeliest"
        " next words of an easy prompt.",
        "Both of these rules show the model *more* than its mask.",
    )
    rules, above = values(f"{CHAPTER}/three_rules"), values(f"{CHAPTER}/later_token")
    assert above.one == f"{rules.sentence} thirsty." and "broken" in above.other
    words = [row.split("|")[3] for row in printed(f"{CHAPTER}/three_rules").splitlines()[2:]]
    assert all(row.count("“") == 3 for row in words)
    assert rules.before == 0
    assert rules.after > 0.05 and rules.none > 0.05
    good, *bad = printed(f"{CHAPTER}/three_rules").splitlines()[2:]
    assert "“Paris”" in good and len(bad) == 2
    assert not any("Paris" in line for line in bad)
    assert rules.after > rules.none, "zeros do more harm here"


def test_forgotten(says, values):
    says(
        "Without the mask our small decoder copied the answer",
        "By its training loss, the model without the mask is the better one by far:",
        "{{ masked_self_attention/forgotten.loss_leaking:.3f}} against {{"
        " masked_self_attention/forgotten.loss_masked:.3f}}.",
        "{{ masked_self_attention/forgotten.honest_leaking:.2f}} without the mask against",
        "so with the mask this loss is the lower of its two.",
        "so the cheater is worse than a blind guess.",
        "Shapes fit, the [loss](glossary.md#loss) falls, and it falls further than it should.",
        "By heart it is not: on a new text, the same 108 sentences in another order, with nothing"
        " cut off, the loss without the mask is {{"
        " masked_self_attention/forgotten.whole_leaking:.3f}}.",
        "Measure the loss on a text that it has never seen.",
        "A model that [copies from the right](#when-the-mask-is-forgotten) is just as good there,"
        " unless you cut the text off.",
        "Train longer, and see whether the text gets better.",
        "Its training loss says that it does so nearly without a fault.",
        "And it writes nonsense: in fifty texts, {{"
        " masked_self_attention/forgotten.words_leaking:.0%}} of its words",
    )
    run = values(f"{CHAPTER}/forgotten")
    assert run.loss_leaking < run.loss_masked / 5, "too good to be true"
    assert run.honest_masked < 0.5 < run.honest_leaking
    assert run.honest_leaking > run.blind_loss, "worse than a blind guess"
    assert run.words_masked > 0.7 and run.words_leaking < 0.5
    assert run.honest_masked < run.loss_masked, "the lower of its two"
    assert run.whole_leaking < 2 * run.loss_leaking < 0.05, "as good on new text"
    old, new = ({f"{one.rstrip('.')}" for one in tiny_decoder.sentences(n, seed).split(". ")}
                for n, seed in ((2000, 0), (100, 1)))  # fmt: skip
    assert new <= old and len(old) == 108, "the same sentences"
    assert "sentences(2000, seed=0)" in Path("snippets/shared/tiny_decoder.py").read_text("utf-8")
    assert run.whole_leaking < run.whole_masked / 5 < run.honest_leaking


def test_the_limit_is_chance(says, values, tiny, unseen):
    """What nobody can know: three, three, four and three choices a sentence."""
    says(
        "On new text, no model with the mask can do better on average.",
        "In training the first characters of a window, with nothing before them, cost most",
    )
    length = len(tiny_decoder.sentences(500, seed=0)) / 500
    floor = (3 * math.log(3) + math.log(4)) / length
    run = values(f"{CHAPTER}/forgotten")
    assert max(run.loss_leaking, run.whole_leaking) < floor
    assert floor < min(run.loss_masked, run.whole_masked)
    with torch.no_grad():
        logits = tiny[True](unseen[:, :-1])
    places = cross_entropy(logits.transpose(1, 2), unseen[:, 1:], reduction="none").mean(dim=0)
    assert places[:3].min() > places[8:].max(), "the first ones cost most"


@pytest.fixture(scope="module")
def tiny():
    """The small decoder with its mask and without."""
    return {masked: tiny_decoder.train(masked)[0] for masked in (True, False)}


@pytest.fixture(scope="module")
def unseen():
    """Windows of a text that is new to it, each with the character after it."""
    text = tiny_decoder.encode(tiny_decoder.sentences(200, seed=1))
    return text.unfold(0, tiny_decoder.CONTEXT + 1, 7)


def test_the_mask_is_the_only_difference(says, tiny, unseen):
    says(
        "Its text is made of sentences whose words are drawn by chance, so that you can tell real"
        " words from nonsense at a glance.",
        "With the mask it is a decoder layer: the mask is the only difference.",
        "We train it twice from the same start: once with the mask, once without.",
        "Training loss of a tiny character decoder, with and without the causal mask, from the"
        " same start.",
        "The words of the text are drawn by chance, so nobody can know whether a robot or a dog"
        " comes next.",
        "A sentence is one of $3 \\cdot 3 \\cdot 4 \\cdot 3 = 108$, and has about fifty characters.",
    )
    with_mask, without = (tiny_decoder.train(masked, steps=0)[0] for masked in (True, False))
    for one, other in zip(with_mask.parameters(), without.parameters(), strict=True):
        assert torch.equal(one, other)
    other = unseen[:1, :-1].clone()
    other[0, -1] = (other[0, -1] + 1) % len(tiny_decoder.LETTERS)
    with torch.no_grad():
        moved = [(tiny[m](unseen[:1, :-1]) - tiny[m](other))[0, :-1].abs().max() for m in (True, False)]
    assert moved[0] < 1e-5 < 0.1 < moved[1]
    text = tiny_decoder.sentences(3000, seed=5)
    made = {f"{one}." for one in text.split(". ")}
    assert len({one.rstrip(".") for one in made}) == 3 * 3 * 4 * 3 == 108
    assert 45 < len(text) / 3000 < 55 and math.log(108) == pytest.approx(4.7, abs=0.05)
    after = re.findall(r"The (\w+) ", text)
    assert all(abs(after.count(word) / len(after) - 1 / 3) < 0.05 for word in set(after))


def test_one_exercise_of_a_window_is_honest(says, values):
    says(
        "The cheater is trained on windows of {{ masked_self_attention/cheat.CONTEXT }} characters.",
        "At one position of each window it cannot cheat.",
        "When the model writes, there is nothing on the right.",
        "(The second line of the output is for exercise 4.)",
    )
    assert values(f"{CHAPTER}/cheat").CONTEXT == tiny_decoder.CONTEXT
    window = torch.arange(tiny_decoder.CONTEXT + 1)  # as in training: each place's own number
    inputs, targets = window[:-1], window[1:]
    assert [place for place, one in enumerate(targets) if one not in inputs] == [len(inputs) - 1]
    assert "model(ids[:, -CONTEXT:])[:, -1]" in Path("snippets/masked_self_attention/forgotten.py").read_text()


def test_the_cheater_writes_words_where_it_was_honest(says, values):
    says(
        "Where it had to be honest, {{ masked_self_attention/answer_corner.real_first:.0%}} of its"
        " words are real, and fewer, {{ masked_self_attention/answer_corner.real_next:.0%}}, when its"
        " window is full of what it wrote itself.",
        "Begun with a window that is nearly empty, it writes {{"
        " masked_self_attention/answer_corner.short_first:.0%}}: at those places it never had to"
        " guess.",
    )
    corner = values(f"{CHAPTER}/answer_corner")
    assert corner.real_first > 0.4 > corner.real_next > 5 * corner.short_first
    assert corner.short_first < 0.05 < corner.short_next


def test_cheat(says, values, maps, printed):
    says(
        "The tiny decoder without a mask: layer 1, the head that looks most at the next"
        " character.",
        "is honest, and the model learns much from it.",
        "Most rows have their strongest cell directly right of the diagonal, at the next"
        " character.",
        "in {{ masked_self_attention/cheat.strongest }} of {{ masked_self_attention/cheat.rows }}"
        " rows that is its strongest cell.",
        "A letter put in there becomes the choice in {{ masked_self_attention/cheat.copied:.0%}} of"
        " the texts, even where it makes no word.",
        "One put in a character later becomes it in {{ masked_self_attention/cheat.control:.0%}},"
        " about what chance gives one letter of 22.",
        "Head {{ masked_self_attention/cheat.head_number }} gives {{"
        " masked_self_attention/cheat.to_the_answer:.0%}} of its weight to the next character",
        "characters, its loss is {{ masked_self_attention/cheat.loss_at_the_end:.2f}}; cut"
        " off in the middle",
    )
    cheat = values(f"{CHAPTER}/cheat")
    blind = values(f"{CHAPTER}/forgotten").blind_loss
    assert cheat.loss_at_the_end < blind / 5 < blind < cheat.loss_in_the_middle
    assert cheat.to_the_answer > 0.5 > 5 * cheat.even_share
    assert cheat.loss_at_the_end < 1.5 < cheat.loss_in_the_middle
    [head] = maps(f"{CHAPTER}/cheat")
    strongest = torch.tensor(head["values"]).argmax(dim=1)[:-1]
    right = strongest == torch.arange(1, len(strongest) + 1)
    assert right.float().mean() > 0.7
    assert (cheat.strongest, cheat.rows) == (right.sum(), len(right))
    assert len(tiny_decoder.LETTERS) == 22
    chance = 1 / len(tiny_decoder.LETTERS)
    assert cheat.copied > 0.3 > 0.1 > cheat.control and abs(cheat.control - chance) < 0.03
    source = Path("snippets/masked_self_attention/cheat.py").read_text()
    assert "model.layers[0]" in source and "next_one.argmax()" in source
    assert printed(f"{CHAPTER}/cheat").splitlines()[1].startswith("loss with the text cut off")


def test_two_masks(says, maps, values, printed):
    says(
        "It depends on *who looks*, and it is the same for every text.",
        "It depends on the *text*, and it is the same for every query.",
        "Nobody should look at the filling. That is a second mask, the [padding"
        " mask](glossary.md#padding-mask), and it has a different shape.",
        "The causal mask is a triangle, the padding mask leaves whole columns out, and"
        " together they allow only what both allow.",
        "With left padding, {{ masked_self_attention/two_masks.empty_rows }} rows are empty",
        "Softmax over nothing is `nan`.",
        "in the next layer it is multiplied by a weight of zero, and that is `nan` too.",
        "The empty row then spreads evenly, and nobody reads it.",
    )
    stack = [torch.tensor(one["values"]) for one in maps(f"{CHAPTER}/two_masks")]
    for causal, padding, both in (stack[:3], stack[3:]):
        assert causal.triu(diagonal=1).eq(0).all() and causal.tril().sum() == 15
        assert (padding == padding[0]).all(), "whole columns"
        assert (both == causal * padding).all()
    assert values(f"{CHAPTER}/two_masks").empty_rows == 2
    assert printed(f"{CHAPTER}/two_masks").count("nan") == 5 + 2
    assert torch.equal(stack[0], stack[3]) and not torch.equal(stack[1], stack[4])
    *_, nothing, zero, smallest = printed(f"{CHAPTER}/two_masks").splitlines()
    assert nothing.count("nan") == 5 and zero.endswith("on a nan: nan")
    assert smallest.count("0.2") == 5, "spread evenly"
    for padding, words in ((stack[1], "··RRR"), (stack[4], "RRR··")):
        assert all(padding[:, place].any() == (word == "R") for place, word in enumerate(words))


def test_libraries_keep_empty_rows_from_nan(says):
    says(
        "Libraries therefore write the most negative number that a float can hold in place of −∞,"
        " or repair such rows.",
    )
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2", padding_side="left")
    model = AutoModelForCausalLM.from_pretrained("models/smollm2", attn_implementation="eager")
    batch, masks = tokenizer(["Yes", SENTENCE], padding=True, return_tensors="pt"), []
    model.model.layers[0].self_attn.register_forward_pre_hook(
        lambda module, args, given: masks.append(given["attention_mask"]), with_kwargs=True
    )
    with torch.no_grad():
        assert not model(**batch).logits.isnan().any()
    row = masks[0][0, 0, 0]  # of the first token, which is filling
    assert row.max() == row.min() == torch.finfo(torch.float32).min
    nothing = torch.zeros(2, 2, dtype=torch.bool)
    repaired = scaled_dot_product_attention(*torch.randn(3, 1, 2, 8), attn_mask=nothing)
    assert not repaired.isnan().any()


def test_padded_batch(says, values, printed):
    says(
        "With padding on the left a decoder needs both.",
        "With padding on the left a batch needs both.",
        "the causal mask already hides the filling from the real tokens; then read at the"
        " last",
        "Every prompt ends in the last column, so the next word is at the same place for all.",
        "That is why training can pad on the right; the loss must then leave out the filled"
        " places ([label −100](decoder.md#where-it-goes-wrong-labels)).",
        "The filling is later than the text, so the causal mask hides it already.",
        "Every prompt [ends there](#which-side-to-pad), and the mask keeps the filling out.",
        "The filling is later than the text, and the [causal mask](#which-side-to-pad) hides"
        " it.",
    )
    batch = values(f"{CHAPTER}/padded_batch")
    assert max(batch.left_masked, batch.right_real, batch.right_unmasked) < 0.001
    assert min(batch.left_unmasked, batch.right_last) > 1
    rows = [line.split("|") for line in printed(f"{CHAPTER}/padded_batch").splitlines()[2:]]
    words = [(row[4].strip(), row[5].strip()) for row in rows]
    alone, left, left_unmasked, last, last_real, unmasked = words
    assert alone == left == last_real == unmasked
    assert alone[0] == "Paris"
    assert left_unmasked[0] != alone[0] and left_unmasked[1] != alone[1]
    assert last[0] != alone[0] and last[1] != alone[1]
    torch.manual_seed(0)
    logits, labels = torch.randn(5, 7), torch.tensor([1, 2, 3, -100, -100])
    assert cross_entropy(logits, labels) == cross_entropy(logits[:3], labels[:3])
    assert "## Where it goes wrong: labels" in Path("docs/decoder.md").read_text("utf-8")


def test_positions(says, values):
    says(
        "counting from the text is right for both of these.",
        "say only how far apart two tokens are, nothing has changed.",
        "With learned positions, MiniLM's states change by {{"
        " masked_self_attention/positions.learned_moved:.0%}}",
        "For SmolLM2 both counts give the same, up to rounding.",
    )
    found = values(f"{CHAPTER}/positions")
    assert found.pads == 6, "the page says that the text starts at place 7"
    assert found.learned_moved > 0.1
    assert max(found.learned_fixed, found.rotary_moved, found.rotary_fixed) < 1e-4


def test_answers(says, values, printed):
    says(
        "with a window of 64, each layer reaches 63 tokens further back.",
        "The rest sums to 12, so the weights are one sixth, one half, one third and zero.",
        "{{ masked_self_attention/answer_window.share:.0%}} of the pairs are left.",
        "Some decoders let a token see only itself and a number of tokens before it, to save"
        " work.[^window]",
        "[^window]: Albert Q. Jiang and others, *Mistral 7B*, 2023.",
        "Change the mask so that each token sees 3 tokens, itself included.",
        "Take the causal mask and remove a second, lower triangle.",
        "The causal count grows with the square of the length, the window's count only with"
        " the length.",
    )
    row = values(f"{CHAPTER}/answer_row")
    expected = pytest.approx((1 / 6, 1 / 2, 1 / 3, 0))
    assert (row.first, row.second, row.third, row.fourth) == expected
    window = values(f"{CHAPTER}/answer_window")
    assert window.causal_pairs == 1000 * 1001 // 2
    assert window.window_pairs == sum(min(token, 64) for token in range(1, 1001))
    one = values(f"{CHAPTER}/answer_one_query")
    assert one.sees_only_the_first and one.wrong > 0.1 and one.right < 1e-5
    assert window.share == pytest.approx(window.window_pairs / window.causal_pairs)
    rows = [ast.literal_eval(row) for row in re.findall(r"\[[\d, ]+\]", printed(f"{CHAPTER}/answer_window"))]
    causal = torch.ones(6, 6).tril()
    assert torch.equal(torch.tensor(rows), (causal - causal.tril(-3)).long())
    assert [sum(row) for row in rows] == [1, 2, 3, 3, 3, 3]


def test_the_questions_predictions(says, values, printed):
    says(
        "`= {{ masked_self_attention/reach.reach }} ± 0`",
        "Each layer reaches two tokens further back than the layer below it.",
    )
    assert printed(f"{CHAPTER}/predict").strip() == "[10.0, 15.0, 20.0, 25.0]"
    reach = values(f"{CHAPTER}/reach")
    assert (reach.layer, reach.reach) == (4, 1 + 4 * 2)
    lines = printed(f"{CHAPTER}/reach").splitlines()
    assert [int(line.split()[-2]) for line in lines] == [3, 5, 7, 9]


def test_the_first_token_keeps_half_of_the_choices(says, values):
    says(
        "The second token in its place does not help",
        "So one more word is hardly the reason.",
        "Put another token before each text: a newline, the token `<|endoftext|>` with which SmolLM2"
        " was trained, a comma, the word *river*.",
        "Now this token keeps at least {{ masked_self_attention/needed.least_with_it:.0% down}} of the"
        " choices, whichever of the four it is (at the worst of the sentences, {{"
        " masked_self_attention/needed.lowest_with_it:.0%}}), and the first word keeps at most {{"
        " masked_self_attention/needed.most_with_word:.0% up}}.",
        "With all that we tried, it is the place that counts.",
        "Then give it one token more, in three ways: the fourth one back, the *first* of the text,"
        " or the second.",
        "(news from further back still comes, [layer by layer](#try-it))",
        "about half of the choices stay with the first token, and a fifth or a quarter without.",
        "from the eleventh token on, over {{ masked_self_attention/needed.used }} sentences of at least 15"
        " tokens from the news.",
        "Three tokens back keep {{ masked_self_attention/needed.three:.0%}} of the choices, a"
        " fourth makes it",
        "With the first token of the text in its place it is {{"
        " masked_self_attention/needed.with_first:.0%}} (at the worst",
    )
    left = values(f"{CHAPTER}/needed")
    assert left.used >= 10 and left.asked >= 200
    assert left.with_first > 2 * max(left.three, left.with_second)
    assert left.with_first > left.four + 0.15, "the same number of tokens seen"
    assert 0.4 < left.with_first < 0.65
    assert 0.15 < left.three < 0.22 < left.four < 0.28, "a fifth or a quarter"
    assert left.with_second < left.three + 0.05
    assert left.lowest_with_first > left.three, "at the worst of the sentences"
    assert left.least_with_it > 2 * left.most_with_word and left.most_with_word < left.four + 0.05
    assert abs(left.least_with_it - left.with_first) < 0.15, "the place counts, not the word"
    assert 0 < left.lowest_with_it <= left.least_with_it and left.START == 10
    source = Path("snippets/masked_self_attention/needed.py").read_text("utf-8")
    rules = ast.literal_eval(re.search(r"^rules = (\{.*?^\})", source, re.M | re.S)[1])
    seen = {}
    for name, (_, kept, window) in rules.items():
        query, key = torch.arange(20)[:, None], torch.arange(20)
        allowed = (key > query - window) | torch.isin(key, torch.tensor(kept))
        seen[name] = (allowed & (key <= query))[10:].sum(dim=1).unique().tolist()
    assert list(seen.values()) == [[4], [5], [5], [5]], "itself and three, then one more"


def test_true_has_two_meanings(says, values):
    says(
        "In `scaled_dot_product_attention`, `True` means “may be seen”.",
        "In `nn.MultiheadAttention` and `nn.Transformer`, `True` means “hidden”.",
        "With the wrong meaning the model sees its future and nothing else, and the shapes fit.",
        "The last token then sees nothing at all: here PyTorch makes its mixture zero, and with"
        " `need_weights=True` it is `nan`.",
        "On these pages, `future` and `gaps` in [the rewriter](encoder_decoder.md#the-model) are"
        " `True` where something is hidden, because they go to `nn.Transformer`.",
    )
    lower = torch.ones(5, 5, dtype=torch.bool).tril()
    layer = torch.nn.MultiheadAttention(8, 2, batch_first=True)
    x = torch.randn(1, 5, 8)
    nothing = scaled_dot_product_attention(x, x, x, attn_mask=~lower)[0, -1]
    assert not nothing.any() and not nothing.isnan().any()
    assert layer(x, x, x, attn_mask=lower)[0][0, -1].isnan().all()
    weights = layer(x, x, x, attn_mask=lower)[1][0].nan_to_num()  # with the wrong meaning
    assert weights.tril().eq(0).all() and (weights + lower > 0).all()
    rewriter = Path("snippets/shared/rewriter.py").read_text("utf-8")
    assert "self.transformer = nn.Transformer(" in rewriter and "tgt_mask=future" in rewriter
    assert rewriter.count("gaps = ") == rewriter.count("source == 0") == 2
    assert "key_padding_mask=gaps" in rewriter and ".triu(diagonal=1)" in rewriter
    left = values(f"{CHAPTER}/true_means")
    assert left.function_past == left.module_future == 0
    assert min(left.function_future, left.module_past) > 0.01
    past = torch.ones(3, 3, dtype=torch.bool).tril()
    model = torch.nn.Transformer(8, 2, 1, 1, 16, dropout=0.0, batch_first=True).eval()
    source, target = torch.randn(2, 1, 3, 8)
    other = target.clone()
    other[0, -1] += 1
    with torch.no_grad():
        hidden, seen = (
            (model(source, target, tgt_mask=m) - model(source, other, tgt_mask=m))[0, 0]
            for m in (~past, past)
        )
    assert hidden.abs().max() < 1e-6 < 1e-3 < seen.abs().max()


def test_a_mask_of_four_dimensions_goes_through_as_it_is(says, smollm2_eager):
    says(
        "(With four dimensions, as [above](#what-must-a-decoder-see), it goes to the attention function"
        " as it is. Numbers are added to the scores: 0 is seen, −∞ hidden. Of true and false, the fused"
        ' function hides what is `False`. With `attn_implementation="eager"` they are added as 1 and 0,'
        " which hides nothing, and no error tells you.)",
    )
    fused = AutoModelForCausalLM.from_pretrained("models/smollm2", attn_implementation="sdpa")
    ids = AutoTokenizer.from_pretrained("models/smollm2")(SENTENCE, return_tensors="pt").input_ids
    seen = torch.ones(1, 1, ids.shape[1], ids.shape[1], dtype=torch.bool).tril()
    numbers = torch.where(seen, 0.0, -torch.inf)
    with torch.no_grad():
        right = fused(ids).logits
        for model, mask in ((fused, seen), (fused, numbers), (smollm2_eager, numbers)):
            assert torch.allclose(model(ids, attention_mask=mask).logits, right, atol=1e-3)
        wrong = smollm2_eager(ids, attention_mask=seen, output_attentions=True)
    assert (wrong.logits - right).abs().max() > 1
    assert min(weights.triu(diagonal=1).sum() for weights in wrong.attentions) > 0, "the future is seen"


def test_keys_of_the_questions_are_what_came_out(values, says):
    says(
        "- [x] A later token's score has changed the size of the row.",
        "- [x] Change a later token, and look at an earlier output.",
        "- [x] Padding on the left, with the padding mask; read at the last place.",
        "- [x] Padding on the right, without the padding mask; read at each prompt's last token.",
        "- [x] In a decoder the new word cannot reach the old states.",
    )
    scores = torch.tensor([[1.0, 2.0, 0.0], [0.5, 1.0, 2.0], [1.0, 1.0, 1.0]])
    sums = []
    for later in (0.0, 3.0):
        scores[0, 2] = later
        sums.append(scores.softmax(-1).tril()[0].sum())
    assert sums[0] > 2 * sums[1], "the later score has changed the size of the row"
    later = values("masked_self_attention/later_token")
    assert later.largest_decoder < 1e-3 < later.mean_encoder and later.changed == 11
    batch = values("masked_self_attention/padded_batch")
    assert batch.left_masked < 1e-3 and batch.right_unmasked < 1e-3
    assert batch.left_unmasked > 1 and batch.right_last > 1
    forgotten = values("masked_self_attention/forgotten")
    assert forgotten.loss_leaking < forgotten.loss_masked and forgotten.honest_leaking > forgotten.honest_masked
    assert forgotten.whole_leaking < forgotten.whole_masked, "a new text does not tell"
