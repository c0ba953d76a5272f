"""What the chapter on the inside of trained models claims, on the real models."""

import math
import random
import re
from pathlib import Path

import pytest
import torch
from programs import source
from transformers import AutoModel, AutoTokenizer

from snippets.shared import heads
from snippets.shared.encoder_heads import Encoder

CHAPTER = "inside"
EAGER = {"attn_implementation": "eager"}


pytestmark = pytest.mark.usefixtures("no_grad")


def share(cell):
    """0.49 of "49%"."""
    return float(cell.rstrip("%")) / 100


def test_off_is_the_mean_and_nothing_else(smollm2_eager):
    torch.manual_seed(1)
    ids = heads.repeated(2)
    with torch.no_grad():
        instead, _ = heads.mean_outputs(smollm2_eager, ids)
        whole = heads.losses(smollm2_eager, ids)
        with heads.off(smollm2_eager, [], instead):
            assert torch.equal(heads.losses(smollm2_eager, ids), whole), "none off, nothing changes"
        found = {}

        def keep(_, inputs):
            found["parts"] = inputs[0].unflatten(-1, (-1, 64))

        out = smollm2_eager.model.layers[3].self_attn.o_proj
        before = out.register_forward_pre_hook(keep)
        smollm2_eager(ids)
        own = found["parts"].clone()
        before.remove()
        with heads.off(smollm2_eager, [(3, 2)], instead):
            after = out.register_forward_pre_hook(keep)
            smollm2_eager(ids)
            after.remove()
        others = [head for head in range(9) if head != 2]
        assert torch.equal(found["parts"][:, :, others], own[:, :, others])
        assert torch.allclose(found["parts"][:, :, 2], instead[3, 2].expand(2, 51, 64))
        assert torch.allclose(own.mean(dim=(0, 1)), instead[3], atol=1e-5)
        assert torch.equal(heads.losses(smollm2_eager, ids), whole), "the hooks are gone"


def test_the_scores_are_those_of_the_library(smollm2_eager):
    torch.manual_seed(2)
    ids = heads.repeated(2)
    assert torch.equal(ids[:, 1:26], ids[:, 26:]) and (ids[:, 0] == 0).all()
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    assert tokenizer.convert_ids_to_tokens(0) == "<|endoftext|>"
    with torch.no_grad():
        behind, back = heads.look(smollm2_eager.model(ids, output_attentions=True))
        maps = smollm2_eager(ids, output_attentions=True).attentions[18][:, 6]
    cells = [maps[text, 26 + i, 2 + i].item() for text in range(2) for i in range(25)]
    assert behind.shape == back.shape == (30, 9)
    assert behind[18, 6].item() == pytest.approx(sum(cells) / 50, abs=1e-5)
    with torch.no_grad():
        loss = heads.losses(smollm2_eager, ids)
        own = smollm2_eager(ids, labels=ids).loss.item()
    assert loss.mean().item() == pytest.approx(own, abs=1e-3), "the library's own loss"


def test_what_others_found_is_cited(says):
    says(
        "It was tested: models of up to a billion numbers, trained with an attention whose rows need "
        "not sum to one, had no sinks.[^gu]",
        "In larger models, single numbers were cut in this way in 2024.[^massive]",
        "Elhage and others describe such a pair in a small model, in 2021; the lower one is called a "
        "*previous-token head*.[^elhage]",
        "One explanation is that a row must sum to one, so a head with nothing to take needs a "
        "place for its weight.[^sink]",
        "(The *tuned lens* of 2023 learns such a map, too, but so that the probabilities come near, not the "
        "state.[^tuned]) The control is a map learned on shuffled pairs: each state is paired with a last "
        "state that is drawn by lot.",
    )
    page = Path("docs/inside.md").read_text("utf-8")
    for note in ("sink", "gu", "massive", "olsson", "elhage", "lens", "tuned", "vig", "meng", "hewitt"):
        assert page.count(f"[^{note}]") >= 2 and f"\n[^{note}]: " in page
    assert "(known[-1], learned), (mixed, shuffled)" in source("inside/lens")


def mean_weights(model, tokenizer):
    """The weight on the start token in each layer, from the fifth row on: (30,)."""
    texts = Path("snippets/decoder/beginnings.txt").read_text("utf-8").splitlines()
    found = []
    for text in texts:
        ids = tokenizer("<|endoftext|>" + text, return_tensors="pt").input_ids
        with torch.no_grad():
            maps = torch.cat(model(ids, output_attentions=True).attentions)
        found.append(maps[:, :, 4:, 0].mean(dim=(1, 2)))
    return torch.stack(found).mean(dim=0)


def test_the_sink(says, values, cells, smollm2_eager):
    says(
        "Much of the attention goes to one place",
        "A weight is a mean over all heads and all rows from the fifth on.",
        "Below: length of the state that the layer reads there, the same in all texts.",
        "(The start token's states are the same in all texts, for nothing stands before it.)",
        "The texts are the {{ inside/sink.count }} beginnings of the decoder chapter, with nothing "
        "in front and with the start token `<|endoftext|>` in front.",
        "The weight is a quarter to a third in the first three layers, about half in layers 3 "
        "to 9, almost nothing at layer 11; then it goes up and down between four tenths and "
        "nine tenths, though the length hardly changes up to layer 28.",
        "With the start token in front, layers 3 to 9 give it {{ inside/sink.early:.0%}} of their weight, "
        "layers 12 to 29 {{ inside/sink.late:.0%}}.",
        "The first word, now in the second position, gets {{ inside/sink.word:.0%}} from layer 3 on.",
        "The *even share* is what the first position would get if each row gave all its positions the same.",
        "But length alone does not bring weight: each layer reads the state through its "
        "[norm](glossary.md#layer-norm), which takes the length away.",
        "[the whole model](architecture.md#two-layers-for-one-token) shows two layers that "
        "are needed for this one place.",
        "With nothing in front, the first word is the sink.",
        "In between, in layer 11, the first position gets {{ inside/sink.between:.0%}}, less than an even "
        "share, {{ inside/sink.even_share:.0%}}.",
        "There its state has a length of {{ inside/sink.long_between:.0f}}, and the others have {{ "
        "inside/sink.usual:.0f}}.",
        "- Behind a start token, from the fifth row on, averaged over heads and {{ "
        "inside/sink.count }} texts, the first position of SmolLM2 gets {{ "
        "inside/sink.early:.0%}} of the attention in layers 3 to 9 ({{ "
        "inside/sink.lowest_early:.0%}} in the lowest text) and {{ inside/sink.late:.0%}} in "
        "layers 12 to 29 ({{ inside/sink.lowest_late:.0%}} in the lowest layer). In layers 3 "
        "to 9 one number outweighs all others of its state; our cuts do not show that the heads look there because of it.",
    )
    assert "torch.cat(output.attentions)[:, :, 4:]" in source("inside/sink"), "from the fifth row on"
    sink = values("inside/sink")
    assert sink.count == 24
    assert 0.4 < sink.early < 0.6 < sink.late < 0.75
    assert 0.2 < sink.lowest_early < sink.early and 0.4 < sink.lowest_late < 0.5
    assert sink.between < sink.even_share < sink.lowest_early
    one_layer = values("architecture/one_layer")
    assert min(one_layer.first_2, one_layer.first_11) > 5
    norm, x = smollm2_eager.model.layers[4].input_layernorm, torch.randn(1, 576)
    with torch.no_grad():
        assert torch.allclose(norm(x), norm(1000 * x), atol=1e-3), "the length is gone"
    assert sink.between < 0.06 and sink.word < 0.05
    assert sink.usual < sink.long_between < 1.5 * sink.usual
    assert sink.long_early > 4 * sink.usual and sink.long_late > 20 * sink.long_early
    bare = [row for row in cells("inside/sink") if "nothing in front" in row[0]]
    behind = [row for row in cells("inside/sink") if "start token" in row[0]]
    assert behind[1][0].startswith("10–11") and share(behind[1][2]) <= 0.14
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    first = []
    for text in ("<|endoftext|>The rain", "<|endoftext|>My old friend"):
        ids = tokenizer(text, return_tensors="pt").input_ids
        with torch.no_grad():
            states = smollm2_eager.model(ids, output_hidden_states=True).hidden_states
        first.append(torch.cat(states)[:, 0])
    assert torch.allclose(*first, rtol=1e-3, atol=0.05), "the same first state"
    long = first[0][12:29].norm(dim=-1)
    assert long.max() < 1.02 * long.min(), "hardly changes"
    weights = mean_weights(smollm2_eager, tokenizer)
    assert 0.2 < weights[:3].min() and weights[:3].max() < 0.4
    assert weights[12:].min() < 0.45 and weights[12:].max() > 0.85
    assert share(bare[0][2]) > 0.5 > 5 * share(bare[0][3]) and share(bare[2][2]) > 0.6


def test_from_layer_3_on_the_number_does_not_stand_out(says):
    says(
        "But these changes begin before layer 0. Begun before layer 3, where the number has become large, they do not "
        "single it out: number 507 alone gets about a third, and two of the others, each alone, get more. A first state "
        "without number 507 gets more than a third, too. So these cuts do not show that the heads of layers 3 to 9 "
        "look there because of this number.",
    )
    space, code = {}, source("inside/sink_cut")
    exec(code.split("ways = {")[0], space)
    numbers = map(int, re.search(r"next_largest = ([\d, ]+)", code)[1].split(","))
    space["model"].layers = space["model"].layers[:10]

    def share_of_weight(change, layers=range(3, 10)):
        return space["weight"](change, layers)[:, 3:].mean().item()

    alone, without = (share_of_weight(space[name](507)) for name in ("all_but", "cut"))
    assert 0.29 < alone < 0.38 and without > 1 / 3
    others = [share_of_weight(space["all_but"](number)) for number in numbers]
    assert len(others) == 8 and sum(other > alone + 0.02 for other in others) == 2 and max(others) > 0.6
    # Above layer 3 the number is large; at the start it is not.
    with torch.no_grad():
        states = space["model"](space["batch"].input_ids[:1], output_hidden_states=True).hidden_states
    assert abs(states[3][0, 0, 507]) > 20 * abs(states[0][0, 0, 507])


def test_one_number_and_its_cuts(says, values, cells, smollm2_eager):
    says(
        "One number of it, number 507 of 576, holds nine tenths of its squared length or more, in layers 3 to "
        "9 and 12 to 28.",
        "Behind the norm it still holds six tenths or more.",
        "What reaches the heads is a state in which one number outweighs all others together.",
        "Make it zero, for the first position alone: before every layer, before the lowest "
        "three alone, or once, before layer 3.",
        "One moves the state before layer 3 as far as that cut does, in {{ inside/sink_cut.pushes }} random "
        "directions.",
        "The other turns the cut round: before every layer, all is zero *but* one number.",
        "That is number 507, or one of the eight next largest of layers 3 to 9.",
        "Cut before every layer, the weight in layers 3 to 9 falls from "
        "{{ inside/sink_cut.whole:.0%}} to {{ inside/sink_cut.everywhere:.0%}} (at most "
        "{{ inside/sink_cut.highest_cut:.0%}} in a text).",
        "Cut once, before layer 3, it is {{ inside/sink_cut.once:.0%}}; cut only before "
        "layers 0 to 2, {{ inside/sink_cut.below:.0%}}, for which we have no control.",
        "If its state is moved as far before layer 3 in a random direction, the first position gets {{ "
        "inside/sink_cut.least:.0%}} to {{ inside/sink_cut.most:.0%}}.",
        "So the fall to {{ inside/sink_cut.once:.0%}} says nothing of number 507: a push in another direction "
        "can do more. The cut turned round seems to say more.",
        "A first state of which only number 507 is left gets {{ inside/sink_cut.alone:.0%}}. One of "
        "which only one of the eight others is left gets {{ inside/sink_cut.most_other:.0%}} at most.",
        "In the later layers the number is not needed: layers 12 to 29 give {{ inside/sink_cut.cut_late:.0%}} of "
        "their weight to a first state without it.",
        "| cut one number | whether a weight rests on it | what the weight is good for | random "
        "directions, other numbers, other layers |",
    )
    cut, sink = values("inside/sink_cut"), values("inside/sink")
    assert cut.whole == pytest.approx(sink.early, abs=0.005)
    ways = [row[0] for row in cells("inside/sink_cut")]
    assert ways[1:4] == [
        "number 507",
        "number 507, before 0–2 alone",
        "number 507, before 3 alone",
    ]
    assert cut.everywhere < 0.1 and cut.highest_cut < 0.2
    assert cut.everywhere < cut.below / 2 and cut.below + 0.05 < cut.once < cut.whole
    assert cut.least < cut.once < cut.most and cut.pushes == 8, "within the control"
    assert cut.alone > cut.whole and 0 < cut.most_other < cut.whole / 2
    assert cut.cut_late > 0.45
    (alone,) = (row for row in cells("inside/sink_cut") if "all but number 507" in row[0])
    assert share(alone[3]) > 0.25, "in each text"
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    ids = tokenizer("<|endoftext|>The rain stopped in the night.", return_tensors="pt").input_ids
    with torch.no_grad():
        states = smollm2_eager.model(ids, output_hidden_states=True).hidden_states
    for layer in (5, 15, 25):
        largest = states[layer][0, 0].abs().topk(3)
        assert largest.indices[0] == 507 and largest.values[0] > 4 * largest.values[1]
    (line,) = (x for x in source("inside/sink_cut").splitlines() if x.startswith("next_largest"))
    eight = {int(number) for number in re.findall(r"\b\d{3}\b", line)}
    length = torch.stack([states[layer][0, 0].abs() for layer in range(3, 10)]).mean(dim=0)
    assert length.topk(9).indices.tolist()[0] == 507 and len(eight) == 8
    assert set(length.topk(9).indices.tolist()[1:]) == eight, "none is left out that is larger"
    share_of = lambda state: (state[507] ** 2 / state.square().sum()).item()
    for layer in (*range(3, 10), *range(12, 29)):
        state = states[layer][0, 0]
        normed = smollm2_eager.model.layers[layer].input_layernorm(state)
        assert share_of(state) > 0.9 and share_of(normed) > 0.6, layer
        assert normed.abs().topk(2).values[0] > 1.5 * normed.abs().topk(2).values[1]
    assert share_of(states[29][0, 0]) < 0.9 and share_of(states[11][0, 0]) < 0.5
    assert states[5].shape[-1] == 576


def test_the_second_time_it_knows(says, values):
    says(
        "Take {{ inside/repeat.length }} tokens by lot, with ids from {{ "
        "inside/repeat.lowest_id:,}} up to {{ inside/repeat.ids_end:,}}, and write them twice.",
        "In the first half it can only guess.",
        "(Its first token is not counted: nothing tells that the text begins again.)",
        "It goes from about sixteen to about thirteen in the first half and falls to about "
        "two within a few positions of the second.",
        "SmolLM2, mean loss at each position of twenty random texts written twice; the dotted line "
        "is where the second time begins.",
        "The [loss](glossary.md#loss) falls from {{ inside/repeat.first:.1f}} to "
        "{{ inside/repeat.second:.1f}}, and in none of the {{ inside/repeat.texts }} texts does "
        "the second half cost more than {{ inside/repeat.highest_second:.1f}}.",
        "(The first half costs more than a blind guess, {{ inside/repeat.blind:.1f}}. That is "
        "not because of the ids left out: with all of them it costs {{ "
        "inside/repeat.from_all:.1f}}. Why it does, we have not looked.)",
        "If the second half has the same tokens in another order, it costs "
        "{{ inside/repeat.shuffled:.1f}}.",
        "So the model copies in order.",
        "In the [first half](#random-tokens-twice) the model pays more than that.",
    )
    repeat = values("inside/repeat")
    assert repeat.texts == 20 and repeat.length == 25
    assert source("inside/repeat").count("[:, length + 1 :]") == 4
    assert 13.5 < repeat.first < 16 and 1.5 < repeat.second < 2.6
    assert repeat.highest_second < repeat.lowest_first / 2
    assert repeat.lowest_shuffled > 1.5 * repeat.highest_second, "in another order, each text"
    assert abs(repeat.from_all - repeat.first) < 0.5 and repeat.from_all > repeat.blind + 3
    assert (repeat.lowest_id, repeat.ids_end) == (1000, 48_000)
    assert repeat.lowest_first > repeat.blind == pytest.approx(math.log(49_152))


def test_few_heads_look_behind_the_copy(says, values, maps, smollm2_eager):
    says(
        "If a head does this, you can see it in its [map](glossary.md#attention-map): in the "
        "second half, each row is strong at the token behind the earlier copy.",
        "Nearly all cells are empty; the strong ones stand in layers 17 and 18, two more in layer 23, "
        "and fainter ones up to layer 24.",
        "SmolLM2, each head's mean weight on the token behind the earlier copy, on eight texts of "
        "random tokens written twice.",
        "Where the second half repeats nothing, they give that place "
        "{{ inside/scores.most_no_copy:.2f}} at most.",
        "In that paper it must also *raise* the token that it copies.",
        "Our score says only where it looks.",
        "{{ inside/scores.half_or_more }} heads give half of their weight or more, the best "
        "{{ inside/scores.best:.2f}}; the median head gives {{ inside/scores.median:.2f}}.",
        "None of them stands before layer {{ inside/scores.first_layer }}.",
        "It does nothing else.",
        "We have not looked at other texts: the score comes from [random "
        "tokens](#random-tokens-twice).",
        "That these heads do nothing else, or that they do this on real texts.",
    )
    scores = values("inside/scores")
    (drawn,) = maps("inside/scores")
    cells = torch.tensor(drawn["values"])  # (heads, layers)
    assert cells.shape == (9, 30) and scores.heads == 270
    assert (cells >= 0.5).sum() == scores.half_or_more < 15
    assert (cells < 0.1).float().mean() > 0.85, "nearly all"
    strongest = cells.flatten().topk(4).indices % 30
    assert set(strongest.tolist()) <= {17, 18} and scores.first_layer == 17
    strong = (cells.flatten().topk(scores.half_or_more).indices % 30).tolist()
    assert set(strong) == {17, 18, 23} and strong.count(23) == 2
    assert cells[:, 24].max() > 0.1, "a fainter one"
    assert scores.most_no_copy < 0.05 and "texts, length = 8, 25" in source("inside/scores")
    assert scores.median < 0.05 and scores.best > 0.85
    torch.manual_seed(5)
    with torch.no_grad():
        behind, _ = heads.look(smollm2_eager.model(heads.repeated(2), output_attentions=True))
    assert behind[18, 6] > 0.8 and (behind >= 0.5).sum() < 15, "on other tokens, too"


def test_heads_off(says, values, cells):
    says(
        "A head that is *off* hands on its mean output, whatever it reads.",
        "The best {{ inside/heads_off.number }} are chosen on four texts and tested on four "
        "others.",
        "Beside them stand sets of as many other heads:",
        "*random*: {{ inside/heads_off.lots }} sets by lot, from all layers;",
        "*early*: {{ inside/heads_off.draws }} sets from the first five layers;",
        "*same layers*: {{ inside/heads_off.draws }} sets from the layers of the best.",
        "Without the best eight heads the loss of the second half is far to the right.",
        "The dots of the random sets and of the same layers are all at the left; those of the "
        "early sets are spread over the whole width.",
        "SmolLM2, loss of the second half of four texts of random tokens written twice; a dot "
        "is one set of eight heads put off.",
        "Without the best {{ inside/heads_off.number }} the second half costs {{ "
        "inside/heads_off.without:.1f}} and not {{ inside/heads_off.whole:.1f}}.",
        "The first half costs no more than before.",
        "With heads by lot off, the second half costs {{ inside/heads_off.median:.1f}} at the median and {{ "
        "inside/heads_off.highest_chance:.1f}} at most; with others of the same layers off, {{ "
        "inside/heads_off.highest_near:.1f}} at most.",
        "(No set by lot holds head 0 of layer 16. With it a set would be no control, as you will "
        "see.)",
        "The early sets are another matter: from {{ inside/heads_off.lowest_early:.1f}} to "
        "{{ inside/heads_off.highest_early:.1f}}.",
        "One of them does more harm than the best eight.",
        "Harm alone does not say that a head copies: you need the look *and* the change.",
        "So the copying needs these heads, more than their neighbors.",
        "Without the best eight, the copied half costs several times as much; without one head below "
        "them, too.",
        "what an outcome suffers from",
        "Others may do the same work.",
        "as many others, by lot and from the same layers",
        "To find more induction heads than the score has found.",
        "They are drawn [by lot](#a-test-heads-off), so that they are of no special kind.",
        "- [x] To see what eight heads usually do.",
        "That the best do more harm is then [no matter of their number](#a-test-heads-off).",
    )
    off = values("inside/heads_off")
    assert off.number == 8 and off.draws == 5 and off.lots == 10 and off.with_head == 0
    assert "chosen_on, tested_on = repeated(4), repeated(4)" in source("inside/heads_off")
    table = {row[0]: [float(cell) for cell in row[1:]] for row in cells("inside/heads_off")}
    assert off.without > 3 * off.whole and off.highest_near < off.without / 2
    assert off.highest_chance < off.without / 2
    assert values("inside/chain").loss_without > 3 * values("inside/chain").loss_whole
    assert off.lowest_early < off.whole - 0.3 and off.whole < off.without < off.highest_early
    assert table["best 8"][1] < table["none"][1] + 0.05, "the first half costs no more"
    assert [table[name][0] for name in ("random", "early", "same layers")] == [10, 5, 5]
    for name in ("random", "early", "same layers"):
        assert table[name][2] < off.without, "their means"


def test_the_early_heads_harm_at_the_start_token_alone(says, values):
    says(
        "The three sets that do harm hold head 5 of layer 0, the two others do not.",
        "But all their harm is done at one place, the start token. Off there alone, they do about as much; off at all "
        "other tokens, none of the five costs more than all heads on, and the best eight as much as before.",
        "So the copying does not need these early heads where it happens. A mean in their place spoils the first "
        "state, to which [much of the attention goes](#much-of-the-attention-goes-to-one-place).",
    )
    space = {}
    exec(source("inside/heads_off").split("found = {}")[0], space)
    model, texts, instead = space["model"], space["tested_on"], space["instead"]
    off = values("inside/heads_off")

    def second(some, places):
        """Loss of the second half, and number 507 of the first state, with means at these places alone."""

        def hook_for(layer, head):
            def replace(_, inputs):
                inputs[0].unflatten(-1, (-1, 64))[:, places, head] = instead[layer, head]

            return model.model.layers[layer].self_attn.o_proj.register_forward_pre_hook(replace)

        hooks = [hook_for(*one) for one in some]
        run = model(texts, output_hidden_states=True)
        for hook in hooks:
            hook.remove()
        loss = heads.losses_of(run, texts)[:, heads.LENGTH + 1 :].mean().item()
        return loss, run.hidden_states[4][0, 0, 507].item()

    start, others = slice(0, 1), slice(1, None)
    _, whole_507 = second([], others)
    early, harmful = space["tried"]["early"], 0
    assert len(early) == 5
    for some in early:
        (everywhere, _), (at_start, spoiled), (elsewhere, _) = (second(some, x) for x in (slice(None), start, others))
        assert elsewhere < off.whole + 0.05, some
        if (0, 5) in some:
            harmful += 1
            assert min(everywhere, at_start) > 2 * off.whole and 0.8 < at_start / everywhere < 1.3
            assert spoiled < 0.6 * whole_507
        else:
            assert max(everywhere, at_start) < off.whole
    assert harmful == 3
    assert second(space["best"], others)[0] == pytest.approx(off.without, abs=0.2)


def apart(cosines):
    """The mean cosine of texts that do not belong together: of all cells beside the diagonal."""
    count = len(cosines)
    return ((cosines.sum() - cosines.trace()) / (count * count - count)).item()


def test_heads_off_in_an_encoder(says, values, cells, printed):
    says(
        "Take the sixteen [pairs that belong together](encoder.md#pairs-that-belong-together): each of the "
        "{{ inside/similar.texts }} sentences looks for its partner among the sixteen of the other side.",
        "A head that is off hands on its mean output, measured on twelve other sentences.",
        "MiniLM has six layers of twelve heads. Off are the twelve of one layer, or twelve or 48 by lot from all layers, "
        "or all 72.",
        "The first pair is *The robot watered the sunflowers because they were thirsty.* and *A machine gave the dry "
        "flowers something to drink.*",
        "In the table, *found* counts the partners in the worst of the sets. *Partners* and *others* are mean cosines of two "
        "sentences that belong together, and of two that do not; *highest* is the mean of *others* in the set where it "
        "is highest.",
        "Still {{ inside/similar.found_all_off }} of {{ inside/similar.texts }} sentences find their partner. "
        "So for these pairs the words by themselves are nearly enough, and the count says little about heads.",
        "Two sentences that do not belong together have on average {{ inside/similar.unlike_all_on:.2f}} with all heads on, "
        "and {{ inside/similar.unlike_all_off:.2f}} with all off.",
        "Without the heads of the last layer it is {{ inside/similar.unlike_last:.2f}}. Without those of another "
        "layer it is {{ inside/similar.unlike_other_layers:.2f}} at most, and without twelve by lot "
        "{{ inside/similar.unlike_12:.2f}} at most. (48 by lot reach {{ inside/similar.unlike_48:.2f}}.)",
        "So with means in their place, the last layer's heads matter more for these cosines than as many others. But MiniLM can tell the "
        "sentences apart without them: all {{ inside/similar.texts }} still find their partner.",
        "With all heads off, MiniLM still finds nearly all partners among sixteen easy pairs. But sentences that do not "
        "belong together have far higher cosines, and of single layers, means in place of the last one's heads raise them most.",
    )
    page, table = values("inside/similar"), cells("inside/similar")
    rows = {name: [float(one) for one in row] for name, *row in table}
    assert page.texts == 32 == page.found_all_on and 28 <= page.found_all_off < 32 == page.found_12
    assert min(rows["48 by lot"][1], page.found_48) >= 28 and [rows[f"{n} by lot"][0] for n in (12, 48)] == [8, 8]
    assert page.unlike_all_off > 5 * page.unlike_all_on
    assert page.unlike_last > 2 * max(page.unlike_other_layers, page.unlike_12) and page.unlike_other_layers > page.unlike_all_on
    assert page.unlike_48 > page.unlike_12
    # Without the last layer's heads the cosines of partners rise less than the others, and nobody is lost.
    found, partners, others, _ = (last - whole for last, whole in zip(rows["layer 5"][1:], rows["none"][1:]))
    assert found == 0 and 0.05 < partners < others - 0.05
    encoder = Encoder(Path("snippets/from_scratch/sentences.txt").read_text("utf-8").splitlines()[1:13])
    every = [divmod(place, 12) for place in range(72)]
    assert (len(encoder.means), len(encoder.means[0])) == (6, 12)
    lines = [line.split("\t") for line in Path("snippets/architecture/pairs.tsv").read_text("utf-8").splitlines()]
    assert all(f"*{text}*" in Path("docs/inside.md").read_text("utf-8") for text in lines[0]), "the first pair"
    # Of three sets, by another way: each sentence alone, without padding, each pair by itself.
    for name, off in (("none", []), ("layer 5", every[60:]), ("all 72", every)):
        one, other = (torch.cat([encoder.embed([text], off) for text in side]) for side in zip(*lines))
        cosines = torch.stack([torch.cosine_similarity(vector, other) for vector in one])
        found = sum(row.argmax() == n for side in (cosines, cosines.T) for n, row in enumerate(side))
        assert [found, cosines.diagonal().mean(), apart(cosines)] == pytest.approx(rows[name][1:4], abs=6e-3)
        said = ", ".join(f"{cosine:.2f}" for cosine in cosines[0, :3])
        assert name == "all 72" or {"none": page.three_all_on, "layer 5": page.three_last}[name] == said
    # The last layer stands out on sentences that nobody wrote for it, too: each against the others.
    news = Path("models/rated-sentences/news.tsv").read_text("utf-8").splitlines()[:960:40]
    news = [line.split("\t")[1] for line in news]
    draw = random.Random(5)
    sets = [every[12 * layer :][:12] for layer in range(6)] + [draw.sample(every, 12) for _ in range(8)]
    others = [apart(vectors @ vectors.T) for vectors in (encoder.embed(news, off) for off in sets)]
    last = others.pop(5)
    vectors = encoder.embed(news)
    assert len(news) == 24 and last > 1.5 * max(others) and last > 3 * apart(vectors @ vectors.T)


def test_without_the_last_layer_all_share_a_part(says):
    says(
        "What has grown is a part that all share: with the mean of the 32 vectors taken from each, the mean cosine of partners is about the same without these heads as with them.",
        "Nor that the last layer stands out however its heads are put off. A mean is the same for all sentences. If heads hand on what they have for another sentence instead, the cosines of others rise about as much for layer 2 as for the last.",
    )
    encoder = Encoder(Path("snippets/from_scratch/sentences.txt").read_text("utf-8").splitlines()[1:13])
    lines = Path("snippets/architecture/pairs.tsv").read_text("utf-8").splitlines()
    texts = [text for side in zip(*(line.split("\t") for line in lines)) for text in side]
    every = [divmod(place, 12) for place in range(72)]

    def alike(vectors):
        """Mean cosines of partners and of others."""
        vectors = torch.nn.functional.normalize(vectors, dim=-1)
        cosines = vectors[:16] @ vectors[16:].T
        return torch.tensor([cosines.diagonal().mean(), apart(cosines)])

    whole, last = encoder.embed(texts), encoder.embed(texts, every[60:])
    grown = alike(last) - alike(whole)
    centered = lambda vectors: alike(vectors - vectors.mean(dim=0))
    assert grown.min() > 0.1 and (centered(last) - centered(whole))[0].abs() < 0.02
    # Without all heads it falls, so it might have; that of others cannot say anything.
    off = [encoder.embed(texts, some) for some in (every, *(every[12 * n :][:12] for n in range(6)))]
    assert (centered(off[0]) - centered(whole))[0] < -0.05
    assert all(-0.08 < centered(vectors)[1] < -0.02 for vectors in (whole, *off))
    assert (last.mean(dim=0).norm() - whole.mean(dim=0).norm()) > 0.2

    def from_another(number, shift):
        """The heads of one layer hand on, token by token, what they have for another text."""

        def replace(layer, parts, real):
            if layer == number:
                lengths = real.sum(dim=1).roll(-shift)
                places = torch.arange(parts.shape[1]) % lengths[:, None]  # none is padding
                parts[:] = parts.roll(-shift, 0)[torch.arange(len(parts))[:, None], places]

        states, real = encoder._read(texts, replace)
        return alike((states * real[..., None]).sum(dim=1))[1]

    for shift in (1, 5, 8):
        two, five = from_another(2, shift), from_another(5, shift)
        assert min(two, five) > alike(whole)[1] + 0.03 and abs(two - five) < 0.02 < grown[1] / 5


def test_with_all_heads_off_no_token_hears_of_another(says):
    says("With all heads off, no token hears of another: the model reads each token by itself, at its place.")
    encoder = Encoder(["Rain fell all night."])
    every = [divmod(place, 12) for place in range(72)]
    texts = ["The dog saw the king.", "The dog saw the ball."]
    ids = encoder.tokenizer(texts, return_tensors="pt").input_ids
    differ = ids[0] != ids[1]
    assert differ.sum() == 1
    states = {name: encoder.states(texts, off)[0].diff(dim=0)[0].abs().amax(-1) for name, off in (("on", []), ("off", every))}
    assert states["off"][~differ].max() < 1e-5 and states["off"][differ] > 0.1
    assert states["on"][~differ].min() > 0.01


def test_the_chain_begins_one_back(says, values, printed, smollm2_eager, cells):
    says(
        "Of the heads below layer 17, take the three that look one back most.",
        "They are put off one by one, on four texts.",
        "(In the table, `(16, 0)` is head 0 of layer 16.)",
        "Watch the *weights* of the four best induction heads, which themselves stay on.",
        "Without head 0 of layer 16, their weight behind the copy falls from "
        "{{ inside/chain.whole:.2f}} to {{ inside/chain.without:.2f}}, and the loss rises to "
        "{{ inside/chain.loss_without:.1f}}.",
        "Without one of the other two, or both, the weight is {{ inside/chain.lowest_two:.2f}} at least.",
        "With three other heads of the same layers off it is {{ inside/chain.lowest_control:.2f}} at least.",
        "So of the three, only this one is needed.",
        "In the last two rows head 0 of layer 16 is off in one half of the text alone.",
        "Off in the first half alone, where the earlier copies stand, this head takes the weight "
        "down to {{ inside/chain.in_first:.2f}}.",
        "Off in the second half alone, where the upper heads look from, it leaves "
        "{{ inside/chain.in_second:.2f}}.",
        "Sets of eight are drawn from {{ inside/answers.others }} heads, and one of these is "
        "[head 0 of layer 16](#where-the-chain-begins).",
        "{{ inside/answers.off }} / {{ inside/answers.others }}, which is {{ "
        "inside/answers.holds:.1%}}; and {{ inside/answers.none_holds:.0%}} that none does. "
        "So sets by lot show what is usual, and can easily miss the one head that matters.",
    )
    chain = values("inside/chain")
    _, (first, *_), *_ = cells("inside/chain")
    chances = values("inside/answers")
    assert chances.others == 9 * 30 - chances.off == 262
    assert "heads[:8], heads[8:]" in source("inside/heads_off"), "the best are not drawn"
    assert chances.holds == 8 / 262 and 0.7 < chances.none_holds < 0.75
    assert chances.none_holds == pytest.approx((254 / 262) ** values("inside/heads_off").lots)
    assert "| one back [(11, 1), (2, 1)] |" in printed("inside/chain"), "both off"
    assert first == "one back [(16, 0)]", "whose weight and loss stand on the page"
    assert "chosen_on, tested_on, half = heads.repeated(4), heads.repeated(4)" in source("inside/chain")
    assert chain.whole > 0.7 and chain.without < 0.25
    assert min(chain.lowest_two, chain.lowest_control) > chain.whole - 0.1
    assert chain.loss_without > 2 * chain.loss_whole
    assert max(chain.highest_two_loss, chain.highest_control_loss) < 1.5 * chain.loss_whole
    assert chain.in_first < 0.3 < 0.6 < chain.in_second < chain.whole
    assert chain.loss_in_first > 2 * chain.loss_whole > 1.5 * chain.loss_in_second
    assert "one_off_at(rows)" in source("inside/chain") and "slice(half + 1)" in source("inside/chain")
    torch.manual_seed(7)
    with torch.no_grad():
        _, back = heads.look(smollm2_eager.model(heads.repeated(2), output_attentions=True))
    below = {divmod(place, 9) for place in back[:17].flatten().topk(3).indices.tolist()}
    assert (16, 0) in below, "on other texts, too"


def test_what_the_lower_head_hands_on_turns_the_upper_ones(says, smollm2_eager):
    says(
        "That fits a chain: the lower head tells each token what stood before it, and the upper ones look for that. "
        "Exchange what it hands on between places of the first half: on average, most of their weight goes where it "
        "went, and hardly any behind the copy. So it is, too, if nothing but their "
        "[keys](glossary.md#key) reads the exchange, straight from the residual stream. Read by their queries or values "
        "alone, it turns nothing; nor does an exchange of another head of that layer.",
    )
    torch.manual_seed(0)
    chosen_on, ids, model = heads.repeated(4), heads.repeated(4), smollm2_eager.model
    behind, _ = heads.look(smollm2_eager.model(chosen_on, output_attentions=True))
    best = [divmod(place, 9) for place in behind.flatten().topk(4).indices.tolist()]
    assert {layer for layer, _ in best} == {17, 18}
    states, every = model(ids, output_hidden_states=True).hidden_states[16], model.layers
    out, asked = every[16].self_attn.o_proj, torch.arange(heads.LENGTH + 1, 2 * heads.LENGTH)

    def weights(places, *hooked):
        """The best heads' mean weight behind the copy, and on the places: layers 16 to 18 run, with (part, hook)."""
        hooks = [part.register_forward_pre_hook(hook) for part, hook in hooked]
        model.layers = every[16:19]
        try:
            run = model(inputs_embeds=states, use_cache=False, output_attentions=True)
        finally:
            model.layers = every
            [hook.remove() for hook in hooks]
        maps = torch.stack([run.attentions[layer - 16][:, head] for layer, head in best])
        return [maps[..., asked, seen].mean().item() for seen in (asked - heads.LENGTH + 1, places)]

    own = []
    whole, _ = weights(asked, (out, lambda _, inputs: own.append(inputs[0].clone())))
    assert whole > 0.8
    for seed in range(2):
        order = torch.arange(ids.shape[1])
        torch.manual_seed(seed)
        order[2 : heads.LENGTH + 1] = 2 + torch.randperm(heads.LENGTH - 1)
        places = order.argsort()[asked - heads.LENGTH + 1]  # where what stood behind the copy went

        def exchanged(head):
            new, mine = own[0].clone(), slice(64 * head, 64 * head + 64)
            new[..., mine] = own[0][:, order][..., mine]
            return new

        def read_by(name, head):
            """Hooks: one matrix of layers 17 and 18 alone reads the exchange of this head of layer 16."""
            hooked, moved = [], (exchanged(head) - own[0]) @ out.weight.T
            for layer in every[17:19]:
                kept = {}
                hooked.append((layer, lambda _, inputs, kept=kept: kept.update(state=inputs[0])))
                turned = lambda _, inputs, kept=kept, norm=layer.input_layernorm: (norm(kept["state"] + moved),)
                hooked.append((getattr(layer.self_attn, name), turned))
            return hooked

        for hooked in ([(out, lambda _, inputs: (exchanged(0),))], read_by("k_proj", 0)):
            behind, there = weights(places, *hooked)
            assert behind < 0.1 and there > 0.5
        same = [read_by("q_proj", 0), read_by("v_proj", 0)]
        same += [[(out, lambda _, inputs, head=head: (exchanged(head),))] for head in range(1, 9)]
        for hooked in same:
            assert weights(places, *hooked)[0] > whole - 0.05


def test_the_lens(says, values, smollm2_eager):
    says(
        "Instead, here are {{ inside/lens.texts }} texts from the news, each cut after its eleventh token.",
        "A second lens first *learns* a [linear map](glossary.md#linear-map) for every fifth layer, "
        "on other texts.",
        "The *final first choice* is the token to which the whole model gives the highest logit.",
        "By the logit lens, the final choice leads for good after {{ inside/lens.stays_median }} of the 30 "
        "layers at the median.",
        "In {{ inside/lens.late:.0%}} of the texts it does so only after one of the last three, and in {{ "
        "inside/lens.only_last:.0%}} only after the very last.",
        "In {{ inside/lens.sure_texts }} of the texts the whole model gives its choice half of the "
        "probability or more.",
        "But most of these choices are unsure.",
        "There the median is {{ inside/lens.sure_median }} layers: on these texts, surer choices lead "
        "earlier, but late, too.",
        "The learned lens finds it in {{ inside/lens.learned_20:.0%}} of the texts after 20 layers, where the "
        "plain one finds it in {{ inside/lens.plain_20:.0%}}.",
        "But it finds it in {{ inside/lens.learned_0:.0%}} before the first layer already, where nothing has "
        "been computed.",
        "After 25 layers it is little ahead ({{ inside/lens.learned_25:.0%}} and {{ "
        "inside/lens.plain_25:.0%}}).",
        "After all 30, doing nothing would give every answer, and it has {{ inside/lens.learned_30:.0%}}.",
        "So our map, learned from {{ inside/lens.examples:,}} states, spoils some answers itself.",
        "The shuffled one never has more than {{ inside/lens.most_shuffled:.0%}}, so to know "
        "what last states usually look like is not enough.",
        "A lens that says nothing does not prove that nothing is there: the plain lens reads with "
        "the last layer's table, and a middle layer may write in another form.",
        "What a lens does not name [may still be there](#what-would-each-layer-say), in "
        "another form; this lens cannot tell.",
        "The last layer's table cannot read it there.",
        "The layers up to 20 can be left out without any harm.",
        "that nothing is there, or that it is used",
    )
    lens = values("inside/lens")
    assert lens.texts == 120 and lens.examples > 1000
    code = source("inside/lens")
    assert "tensor(starts[:120]), torch.tensor(starts[120:220])" in code and "range(0, 31, 5)" in code
    assert 25 <= lens.stays_median <= 30 and lens.late > lens.only_last > 0.2
    assert 20 <= lens.sure_texts < lens.texts / 2 and 20 < lens.sure_median < lens.stays_median
    # Paired, on the same texts: McNemar's z.
    more = (lens.learned_20 - lens.plain_20) * lens.texts
    assert more / math.sqrt(more + 2 * lens.only_plain_20) > 1.96
    assert 0.15 < lens.learned_0 < lens.learned_20 and lens.learned_30 < 0.95
    assert abs(lens.learned_25 - lens.plain_25) < 0.1
    assert lens.most_shuffled < 0.15 < lens.plain_20
    with torch.no_grad():
        output = smollm2_eager(torch.tensor([[0, 504, 2365]]), output_hidden_states=True)
        last = smollm2_eager.lm_head(output.hidden_states[-1])
    assert torch.equal(last, output.logits), "the last state is normed already"


def test_patching(says, values, maps):
    says(
        "We do it with {{ inside/patch.countries }} countries, each patched from the next one, "
        "before every fourth layer.",
        "A map with six rows and a column for every fourth layer.",
        "Up to layer 12, the country's state takes the answer with it in {{ inside/patch.lowest_early:.0%}} "
        "of the prompts.",
        "Before layer 28 it does so in {{ inside/patch.late:.0%}}.",
        "For the last token it is the opposite: {{ inside/patch.last_early:.0%}} at first and "
        "{{ inside/patch.last_late:.0%}} at the end ({{ inside/patch.turned }} of "
        "{{ inside/patch.countries }}; the other two become {{ inside/patch.missed }}: another "
        "city of Spain, and perhaps the beginning of *St. Petersburg*).",
        "(Before layer 0 the state is the exchanged word itself.)",
        "The row of the country is full or nearly so up to layer 20, and empty from layer 24 on; the "
        "row of the last token is empty up to layer 20, and nearly full from layer 24 on;",
        "So in these prompts the difference moves from one place to the other between layers 20 and "
        "24.",
        "The words between do not carry it, each by itself, before any layer that was tried "
        "({{ inside/patch.most_between:.0%}}).",
        "*Capital* stands before the country, so in the runs themselves its state is the same for "
        "all countries.",
        "Yet in the middle layers up to {{ inside/patch.wrong }} of the {{ "
        "inside/patch.countries }} answers follow it there.",
        "So a state can work at a place where the model never put it.",
        "These are {{ inside/patch.countries }} prompts of one form, all of which the model gets "
        "right.",
        "1. Run the first prompt and keep one state of one layer. 2. Put it into the chosen "
        "place in a run of the second prompt. 3. Let the layers above go on. 4. See which "
        "answer leads.",
    )
    patch = values("inside/patch")
    (drawn,) = maps("inside/patch")
    country, last, *between, wrong = drawn["values"]
    assert patch.countries == patch.right == 11 and list(map(int, drawn["columns"])) == [
        *range(0, 30, 4)
    ]
    assert min(country[:4]) > 0.8 and country[-1] == country[-2] == 0
    assert min(country[:6]) > 0.85 and max(country[6:]) == 0
    assert max(last[:6]) == 0 and min(last[6:]) > 0.7
    assert len(between) == 3 and max(map(max, between)) == patch.most_between == 0
    assert patch.wrong == round(11 * max(wrong)) and patch.turned == round(11 * last[-1]) < 11
    assert patch.missed == "Barcelona and St" and patch.turned == 9
    assert 0.2 < max(wrong) < 0.7 and wrong[0] == wrong[-1] == 0
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    texts = [f"<|endoftext|>The capital of {name} is" for name in ("France", "Italy")]
    ids = torch.tensor(tokenizer(texts).input_ids)
    assert tokenizer.decode(ids[0, 2]) == " capital" and tokenizer.decode(ids[0, 4]) == " France"
    with torch.no_grad():
        model = AutoModel.from_pretrained("models/smollm2")
        states = model(ids, output_hidden_states=True).hidden_states
    assert all(torch.allclose(one[0, 2], one[1, 2], atol=1e-2) for one in states[:-1])


def test_the_probe(says, values, cells):
    says(
        "So the word does not tell, and its place does only in part.",
        "There are three more checks, with nouns that were in none of the probe's sentences: *new words*, in the same "
        "two forms; *moved*, with *last night* in front; and a third form, *it was the dog that chased the king*.",
        "A second probe learns from sentences in which the nouns' places *vary*: in front stand none to three other words.",
        "All is done four times, with other nouns held back each time; the table shows means, for states after so many "
        "*layers*.",
        "A coin would be right in half of the cases.",
        "The control is at {{ inside/probe.lowest_control:.0%}} in every row: these probes *could* learn a list of "
        "twenty words by heart.",
        "Here such a list does not help them, for each noun stands on both sides about equally often.",
        "With fixed places the probe is right in {{ inside/probe.new_3:.0%}} of them after three layers "
        "({{ inside/probe.lowest_3:.0%}} at the lowest).",
        "Before the first layer it is right in {{ inside/probe.new_0:.0%}}, about what the place alone tells "
        "([exercise 3](#try-it)).",
        "After all six it has {{ inside/probe.task_6:.0%}} on its own words and {{ inside/probe.new_6:.0%}} on new "
        "ones: it has learned something about *these* words.",
        "After three layers, with two words in front, it is right in {{ inside/probe.moved_3:.0%}}, and in the third "
        "form in {{ inside/probe.cleft_3:.0%}}, less often than a coin. The probe whose places varied has "
        "{{ inside/probe.moved_varied:.0%}} and {{ inside/probe.cleft_varied:.0%}}. So the first one has learned in "
        "good part *where* the nouns stand.",
        "New words alone did not show that: the places must be new, too.",
        "a control task, new words, other places, a third form",
        "Half of the sentences are active.",
        "A noun in place 5 never does it, and one in place 7 always does.",
    )
    probe = values("inside/probe")
    assert [row[:2] for row in cells("inside/probe")] == [
        [places, layers] for places in ("fixed", "varied") for layers in "036"
    ]
    assert probe.lowest_control > 0.98 and probe.new_3 > 0.9 and probe.lowest_3 > 0.85
    assert probe.new_0 == pytest.approx(values("inside/answers").known_places, abs=0.06)
    assert probe.new_6 < probe.task_6 - 0.1 and "for split in range(4):" in source("inside/probe")
    # Places that vary in training bring both back.
    assert probe.moved_3 < probe.new_3 - 0.1 and probe.cleft_3 < 0.4
    assert probe.moved_varied > probe.moved_3 + 0.1 and probe.cleft_varied > max(0.55, probe.cleft_3 + 0.3)
    space = probe_program()
    words = space["nouns"]
    assert len(set(words)) == 30 and all(len(space["tokenizer"].tokenize(noun)) == 1 for noun in words)
    space["seed"](0)
    _, does, sides = space["sentences"](words[:20], 200, space["two"])
    assert does.float().mean() == 0.5, "one of two does it; which word, is drawn"
    assert abs(sides[does == 1].float().mean() - sides[does == 0].float().mean()) < 0.15
    assert len(space["two"]) == 2 and space["moved"] == [f"last night {form}" for form in space["two"]]
    assert [len(form.split("the {}")[0].split()) for form in space["varied"]] == 2 * [0, 1, 2, 3]
    tokenizer = space["tokenizer"]
    for text, places in (("the dog chased the king.", (2, 5)),
                         ("the dog was chased by the king.", (2, 7)),
                         ("it was the dog that chased the king.", (4, 8))):  # fmt: skip
        tokens = tokenizer.tokenize(text, add_special_tokens=True)
        assert [tokens[place] for place in places] == ["dog", "king"]


def probe_program():
    """The program of the probe, up to its run."""
    space = {}
    exec(source("inside/probe").split("found = []")[0], space)
    return space


def test_the_same_words_at_the_end_do_not_help_the_probe(says, values):
    says(
        "(If the other words stand at the end of its sentences, where they move no noun, it does no better.)",
    )
    space, probe = probe_program(), values("inside/probe")
    nouns, two, found = space["nouns"], space["two"], []
    behind = [f"{form[:-2]} {x} ." for form in two for x in ("", "now", "one day", "in the park")]
    for split in range(4):
        space["seed"](split), space["shuffle"](nouns)
        tests = [space["sentences"](nouns[20:], 100, space[name]) for name in ("moved", "third")]
        for forms in (behind, space["varied"]):
            x, does, _ = space["sentences"](nouns[:20], 300, forms)
            found.append([space["score"](x[1], does, z[1], right) for z, right, _ in tests])
    end, front = torch.tensor(found).view(4, 2, 2).unbind(dim=1)  # (splits, tests)
    assert (end.mean(dim=0) - torch.tensor([probe.moved_3, probe.cleft_3])).max() < 0.05
    assert (front > end + 0.1).all() and front[:, 1].min() > 0.5, "in each split"


def test_the_exercises(says, values):
    says(
        "A model knows that the next token is one of the {{ inside/repeat.length }} of the first "
        "half, and nothing more.",
        "Compare it with both halves of the [random texts](#random-tokens-twice).",
        "$\\ln 25$, which is {{ inside/answers.inside:.1f}}.",
        "The second half costs {{ inside/repeat.second:.1f}} on average (the dearest of the "
        "{{ inside/repeat.texts }} texts {{ inside/repeat.highest_second:.1f}}): less, so on "
        "average SmolLM2 knows more than *which* tokens there were.",
        "It uses their order: in another one they cost {{ inside/repeat.shuffled:.1f}}.",
        "even lots drawn for noise. That is why a probe is tested on examples that it has not "
        "seen. A [control task](#a-probe-and-its-control-task) is for what such a test does "
        "not find: a list of words helps on new sentences, too.",
        "`= {{ inside/answers.blind:.1f}} ± 0.1`",
    )
    answers, repeat = values("inside/answers"), values("inside/repeat")
    assert repeat.highest_second > answers.inside, "on average, and not in each text"
    assert answers.known_places == 0.75
    assert answers.inside == pytest.approx(math.log(25)) and repeat.second < answers.inside
    assert answers.blind == pytest.approx(math.log(49_152))
    torch.manual_seed(3)
    states, labels = torch.randn(100, 100), torch.randint(2, (100,)) * 2.0 - 1
    fitted = (states @ torch.linalg.solve(states, labels)).sign()
    assert (fitted == labels).float().mean() > 0.98


def test_keys_of_the_questions_are_what_came_out(says, values, smollm2_eager):
    says(
        "- [x] On these texts it looks at the token behind the earlier copy.",
        "- [x] To see what eight heads usually do. That the best do more harm is then [no "
        "matter of their number](#a-test-heads-off).",
        "- [x] The last layer's table cannot read it there.",
    )
    torch.manual_seed(11)
    ids = heads.repeated(2)
    with torch.no_grad():
        behind, _ = heads.look(smollm2_eager.model(ids, output_attentions=True))
        maps = smollm2_eager(ids, output_attentions=True).attentions[18][:, 6]
    # A high score is a high mean of these cells, and nothing else went into it.
    cells = maps[:, 26:51].diagonal(offset=2, dim1=1, dim2=2)
    assert behind[18, 6].item() == pytest.approx(cells[:, :25].mean().item(), abs=1e-5)
    off = values("inside/heads_off")
    assert off.highest_chance < off.without / 2, "eight heads do less, as a rule"
    assert off.highest_early > off.without, "but not any eight"
    lens = values("inside/lens")
    assert lens.plain_20 < 0.5, "that table does not name it in most texts"
