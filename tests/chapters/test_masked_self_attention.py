"""What the chapter on masked self-attention claims, on the real models."""

import math

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

CHAPTER = "masked_self_attention"
SENTENCE = "The robot watered the sunflowers because they were thirsty."


@pytest.fixture(scope="module")
def smollm2():
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    model = AutoModelForCausalLM.from_pretrained(
        "models/smollm2", attn_implementation="eager"
    )
    return tokenizer, model


def test_by_hand(says, values, maps):
    says(
        "without the mask, *were* gives half of its weight to the future",
        "Without the mask, *were* gives {{"
        " masked_self_attention/by_hand.unmasked_were_thirsty:.2f}} to *thirsty*.",
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


def test_one_line_equals_torch(says, values):
    says("it is exactly {{ masked_self_attention/in_code.above_diagonal:.0f}}.")
    code = values(f"{CHAPTER}/in_code")
    assert code.difference < 1e-5
    assert code.above_diagonal == 0
    assert code.row_sum_error < 1e-5


def test_real_head(says, values, smollm2):
    says(
        "this head would put {{ masked_self_attention/real_head.on_the_future:.0%}} of its"
        " weight on tokens that are not yet written.",
    )
    head = values(f"{CHAPTER}/real_head")
    assert head.difference < 1e-5
    assert 0.05 < head.on_the_future < 1
    assert smollm2[1].config.num_hidden_layers == 30


def test_every_head_of_the_decoder_is_masked(says, smollm2):
    says(
        "SmolLM2 does the same in each of its 30 layers.",
        "That follows from the mask and the softmax alone, whatever the weights of the model"
        " are.",
        "The first position hands on its own value, whatever its query asks:",
        "Such a head cannot exist in a decoder.",
    )
    tokenizer, model = smollm2
    with torch.no_grad():
        outputs = model(**tokenizer(SENTENCE, return_tensors="pt"), output_attentions=True)
    maps = torch.stack(outputs.attentions)[:, 0]  # (layers, heads, tokens, tokens)
    assert maps.triu(diagonal=1).eq(0).all()
    assert maps[:, :, 0, 0].eq(1).all()
    assert torch.allclose(maps.sum(dim=-1), torch.ones(()), atol=1e-5)
    assert len(maps) == 30


def test_two_maps(says, values, maps):
    says(
        "MiniLM's head gives {{ masked_self_attention/two_maps.next_token:.0%}} of its weight"
        " to the next token, on average.",
        "SmolLM2's head gives {{ masked_self_attention/two_maps.they_to_flowers:.0%}} of the"
        " weight of *they* to the last",
        "Over all heads and tokens, MiniLM puts {{"
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
    assert (weights[1:, 0] > 0.5).sum() >= 3, "most of their weight, in several rows"


def test_the_past_does_not_move(says, values, maps):
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
        " masked_self_attention/later_token.largest_decoder:.0f}}",
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
    drawn = torch.tensor(encoder["values"])[:, : encoder["columns"].index("?")]
    assert drawn[0].eq(0).all() and (drawn[1:] > 0).all()
    assert (drawn[-1] > drawn[1]).all(), "the columns fill"
    assert drawn[-1, 0] > 0.2 > 0.05 > drawn[:-1, 0].max(), "the start token in the last"


def test_a_prefix_has_the_same_states(says, smollm2):
    says("because the state of each token is what it would be if the text ended there.")
    tokenizer, model = smollm2
    ids = tokenizer(SENTENCE, return_tensors="pt").input_ids
    with torch.no_grad():
        whole = model(ids).logits[0, :6]
        prefix = model(ids[:, :6]).logits[0]
    assert torch.allclose(whole, prefix, atol=1e-3)


def test_zeros_after_softmax(says, printed, values):
    says(
        "So a masked key adds nothing to the numerator of its own weight and nothing to the"
        " sum",
        "A good mask gives the same row both times.",
        "Its own weight is gone, but its score has moved the weights of all others: the"
        " second row is half of the first.",
        "Nothing: within a row, the weights keep their proportions.",
    )
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


def test_three_rules(says, values, printed):
    says(
        "With either of the others, the future reaches the past ({{"
        " masked_self_attention/three_rules.after:.0%}} and",
        "(That zeros do more harm here than no mask is true of this sentence; it is no rule.)",
    )
    rules = values(f"{CHAPTER}/three_rules")
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
        "And it writes nonsense: in fifty texts, {{"
        " masked_self_attention/forgotten.words_leaking:.0%}} of its words",
    )
    run = values(f"{CHAPTER}/forgotten")
    assert run.loss_leaking < run.loss_masked / 5, "too good to be true"
    assert run.honest_masked < 0.5 < run.honest_leaking
    assert run.honest_leaking > run.blind_loss, "worse than a blind guess"
    assert run.words_masked > 0.7 and run.words_leaking < 0.5
    assert run.honest_masked < run.loss_masked, "the lower of its two"


def test_the_limit_is_chance(says, values):
    """What nobody can know: three, three, four and three choices a sentence."""
    says("With the mask no model can do better on average.")
    from snippets.shared.tiny_decoder import sentences

    length = len(sentences(500, seed=0)) / 500
    floor = (3 * math.log(3) + math.log(4)) / length
    run = values(f"{CHAPTER}/forgotten")
    assert run.loss_leaking < floor < run.loss_masked


def test_cheat(says, values, maps):
    says(
        "is honest, and the model learns much from it.",
        "full of its own nonsense",
        "Nearly every row has its one strong cell directly right of the diagonal, at the next"
        " character.",
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
    assert right.float().mean() > 0.8, "nearly every row"


def test_two_masks(says, maps, values, printed):
    says(
        "It depends on *who looks*, and it is the same for every text.",
        "It depends on the *text*, and it is the same for every query.",
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


def test_padded_batch(says, values, printed):
    says(
        "With padding on the left a decoder needs both.",
        "With padding on the left a batch needs both.",
        "the causal mask already hides the filling from the real tokens; then read at the"
        " last",
        "Every prompt ends in the last column, so the next word is at the same place for all.",
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


def test_answers(says, values):
    says(
        "with a window of 64, each layer reaches 63 tokens further back.",
        "The rest sums to 12, so the weights are one sixth, one half, one third and zero.",
        "{{ masked_self_attention/answer_window.share:.0%}} of the pairs are left.",
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
        "about half of the choices stay with the first token, and a fifth without.",
        "over {{ masked_self_attention/needed.used }} sentences from the news.",
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
    assert 0.15 < left.three < left.four < 0.25, "a fifth"
    assert left.with_second < left.three + 0.05
    assert left.lowest_with_first > left.three, "at the worst of the sentences"


def test_true_has_two_meanings(says, values):
    says(
        "In `scaled_dot_product_attention`, `True` means “may be seen”.",
        "In `nn.MultiheadAttention` and `nn.Transformer`, `True` means “hidden”.",
    )
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
