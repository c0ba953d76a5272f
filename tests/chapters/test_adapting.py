"""The chapter on further training: labels, LoRA, preferences, rewards, and three ways to know."""

import math
import random
import re
from pathlib import Path

import pytest
import torch
from torch.nn.functional import cross_entropy, logsigmoid
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from snippets.shared import counting, facts, headlines
from snippets.shared.film_questions import TEST, TRAIN, FilmQuestions
from snippets.shared.last_layers import LastLayers, states_below
from snippets.shared.lora import LoRA, replace

CODE = Path("snippets/adapting")


@pytest.fixture(scope="module")
def tokenizer(book):
    return AutoTokenizer.from_pretrained("models/smollm2", pad_token="<|endoftext|>")


@pytest.fixture(scope="module")
def small():
    """A Llama of random numbers, small enough to try everything."""
    torch.manual_seed(0)
    config = AutoConfig.from_pretrained(
        "models/smollm2", num_hidden_layers=4, hidden_size=36, intermediate_size=48, head_dim=4, vocab_size=300
    )
    return AutoModelForCausalLM.from_config(config).float().eval()


class Below:
    """A model of which only the ids are asked: its last layers read nothing."""

    class model:  # noqa: N801
        layers, norm = [], None

        def __new__(cls, input_ids, **settings):
            return type("Run", (), {"last_hidden_state": torch.zeros(*input_ids.shape, 1)})


@pytest.fixture(scope="module")
def films(tokenizer):
    return FilmQuestions(Below, tokenizer)


def test_only_the_last_layers_learn(small, values, says):
    says(
        "So only the last two of SmolLM2's thirty layers learn.",
        "What they read is computed once and kept, since the layers below stay as they are.",
        "SmolLM2 has been through the first and the third of these [already]"
        "(decoder.md#every-position-predicts-at-once); here it learns something that it does not do yet.",
    )
    says(
        "on chats, with the same loss, and often on pairs of a better and a worse answer, with another one; ours "
        "has had both.[^smollm2]",
        page="decoder",
    )
    assert values("adapting/answers_only").before > 7 and values("adapting/ways").alone == 0
    batch = {"input_ids": torch.randint(300, (3, 9)), "attention_mask": torch.ones(3, 9).long()}
    states = states_below(small, batch)
    top = LastLayers(small)
    assert torch.allclose(top.head(top(states)), small(**batch).logits, atol=1e-6)
    asked = torch.rand(3, 9) < 0.3  # of these places alone
    assert torch.allclose(top.head(top(states, asked)), small(**batch).logits[asked], atol=1e-6)
    # Texts that are padded on the right: what stands behind them changes nothing.
    batch["attention_mask"][:, 6:] = 0
    padded = states_below(small, batch)
    batch["input_ids"] = batch["input_ids"][:, :6]
    batch["attention_mask"] = batch["attention_mask"][:, :6]
    assert torch.allclose(top.head(top(padded))[:, :6], small(**batch).logits, atol=1e-6)
    top.head(top(states)).sum().backward()
    assert all(weight.grad is not None for weight in top.layers.parameters())
    assert all(weight.grad is None for weight in small.model.layers.parameters())
    assert AutoConfig.from_pretrained("models/smollm2").num_hidden_layers == 30


def test_only_the_answer_counts(values, cells, tokenizer, films, says):
    says(
        "The label of a token is its id; the others get the label −100, which the loss leaves out.",
        "A common way is to let only the answer's tokens count.",
        "Training on requests with their answers is called [instruction tuning]"
        "(glossary.md#instruction-tuning); in 2021 it was shown that a large model so trained does better on "
        "kinds of request that were not in the training.[^flan]",
        "- In instruction tuning, often only the answer's tokens count; the label −100 leaves the others out.",
        "The mean over the two tokens of the answer is the library's loss. The tokens of the question have a "
        "loss, too, but it is not counted.",
        "The loss of an answer is the mean over its word and this token.",
    )
    run, rows = values("adapting/labels"), cells("adapting/labels")
    assert run.off < 1e-5 and abs(run.whole - run.library) > 1
    counted = [float(loss) for _, label, loss in rows if label != "-100"]
    labels = {row[0]: row[1] for row in rows}
    assert labels["`␣praise`"] == str(tokenizer.convert_tokens_to_ids("Ġpraise"))
    assert len(counted) == 2 and sum(counted) / 2 == pytest.approx(run.library, abs=0.01)
    assert all(float(loss) > 0.5 for _, label, loss in rows if label == "-100")
    kept = [tokenizer.decode(row[row != -100]) for row in films.answer]
    assert set(kept) == {" praise<|im_end|>", " blame<|im_end|>"}
    for part in (TRAIN, TEST):
        assert kept[part].count(" praise<|im_end|>") == 24 == len(kept[part]) / 2
    texts = [tokenizer.decode(row[row != -100]) for row in films.whole]
    assert len({text.split("\n")[0] for text in texts}) == 96, "no text twice"
    assert all(text.count("\nPraise or blame? Answer:") == 1 for text in texts)


def test_the_library_leaves_minus_100_out(small):
    """Its loss for such labels, held to the mean over the tokens that have one."""
    ids = torch.randint(300, (2, 8))
    labels = ids.clone()
    labels[0, :5] = labels[1, :3] = -100
    run = small(input_ids=ids, labels=labels)
    places = labels[:, 1:] != -100
    mine = cross_entropy(run.logits[:, :-1][places], labels[:, 1:][places])
    assert run.loss.item() == pytest.approx(mine.item(), abs=1e-6)


def test_the_question_takes_steps(values, cells, films, says):
    says(
        "Before the training the loss is {{ adapting/answers_only.before:.1f}}, and none of SmolLM2's first "
        "choices is one of the two words.",
        "After four steps the loss on new answers is {{ adapting/answers_only.half:.2f}} in the worse of the two "
        "runs where only the answer counts, and {{ adapting/answers_only.all_half:.2f}} in the better one where "
        "the question counts too.",
        "After ten steps the two are {{ adapting/answers_only.end:.2f}} and "
        "{{ adapting/answers_only.all_end:.2f}}.",
        "So with the question the same steps lower this loss less. In each text two tokens are the answer and "
        "about sixteen are the question, and all of them share one mean; whether that is the reason, we did not "
        "test.",
        "And after ten steps about as many labels are right: 35 and 33 of 48 where only the answer counts, 32 and 33 "
        "where the question counts too. (Guessing would get about 24.)",
        "After four steps and after ten, the pair for the answer alone is lower.",
        "Ours are long beside the answers, too, and few. But they compared scores on other tasks after the "
        "training, and we the loss of such answers in its first ten steps.",
        "That questions must never count.",
        "The model learns from 48 sentences, six at a time, and is tested on 48 others.",
        "Shi and others found in 2024 that letting them count often helps, above all with long requests and "
        "short answers, or with few examples.",
        "They put the gain down to less learning of the examples by heart.[^shi]",
    )
    run, rows = values("adapting/answers_only"), cells("adapting/answers_only")
    worse, better = ([[float(x) for x in row[2].split(",")] for row in rows[k::2]][1:] for k in (0, 1))
    assert [max(two) for two in worse] == [round(run.half, 2), round(run.end, 2)]
    assert [min(two) for two in better] == [round(run.all_half, 2), round(run.all_end, 2)]
    assert run.before > 7 and rows[0][3] == "0, 0" and rows[0][4] == "48, 48"
    assert run.half < run.all_half / 1.5 and run.end < run.all_end / 1.2
    for one, other in zip(rows[2::2], rows[3::2]):
        assert max(map(float, one[2].split(","))) < min(map(float, other[2].split(",")))
    assert [row[3] for row in rows[4:]] == ["35, 33", "32, 33"]
    asked = (films.whole != -100).sum(1) - 2 - 1  # without the answer and the start
    assert 15.5 < asked.float().mean() < 16.5 and (films.answer != -100).sum(1).unique().tolist() == [2]
    assert "step % 8 * 6 :][:6]" in (CODE / "answers_only.py").read_text("utf-8")


def test_lora_starts_as_nothing_and_merges(values, printed, small, says):
    says(
        "$A$ starts at random, and $B$ as zeros, so at the start nothing is changed (section 4.1 of the paper).",
        "At the start no logit differs at all.",
        "With random numbers in $B$, as if it had been trained, the merged matrices give the same logits as those with thin ones beside "
        "them, but for rounding.",
        "Where $W$ takes 576 numbers to 1,536, it is a matrix of 1,536 × 576; with rank 8, $A$ is 8 × 576 and $B$ "
        "is 1,536 × 8. $s$ is a fixed scale, here 2.",
        "So LoRA costs no time once it is merged; and as long as it is not, one model can serve many "
        "tasks, each with its own thin matrices.",
        "- LoRA adds a product of two thin matrices to a frozen one. It starts as nothing, and can be merged.",
        "Here it is put beside each matrix of SmolLM2's last two layers.",
    )
    run, one = values("adapting/lora"), LoRA(torch.nn.Linear(576, 1536, bias=False), rank=8)
    assert [x.weight.shape for x in (one.matrix, one.down, one.up)] == [(1536, 576), (8, 576), (1536, 8)]
    assert one.scale == 2 and "part.up.weight.data.normal_" in (CODE / "lora.py").read_text("utf-8")
    assert run.at_start == 0 and run.same_size
    assert run.moved > 0.1 and run.merged_off < 1e-3 * run.moved
    model = LastLayers(small)
    states = torch.randn(2, 5, 36)
    before = model(states)
    replace(model.layers, torch.nn.Linear, lambda matrix: LoRA(matrix, rank=2))
    assert sum(isinstance(part, LoRA) for part in model.modules()) == 14 == run.count
    assert torch.equal(model(states), before)
    for part in model.modules():
        if isinstance(part, LoRA):
            assert part.down.weight.any() and not part.up.weight.any()
            part.up.weight.data.normal_()
    beside = model(states)
    assert not torch.allclose(beside, before, atol=1e-2)
    replace(model.layers, LoRA, LoRA.merged)
    assert torch.allclose(model(states), beside, atol=1e-4)


def test_what_training_keeps_in_memory(small, says):
    says(
        "To train a model takes much more memory than to run it: each trained number has a "
        "[gradient](glossary.md#gradient), and the [optimizer](glossary.md#optimizer) AdamW keeps two "
        "more.",
        "[LoRA](glossary.md#lora) trains other, far fewer numbers.[^lora]",
    )
    top = LastLayers(small)
    replace(top.layers, torch.nn.Linear, lambda matrix: LoRA(matrix, rank=1))
    learning = [weight for weight in top.layers[0].mlp.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(learning)
    top(torch.randn(1, 4, 36)).sum().backward()
    optimizer.step()
    for weight in learning:
        kept = [x for x in optimizer.state[weight].values() if x.shape == weight.shape]
        assert weight.grad.shape == weight.shape and len(kept) == 2
    assert len(learning) == 6 and sum(x.numel() for x in learning) < 0.2 * sum(
        part.weight.numel() for part in small.model.layers[-2].mlp.modules() if isinstance(part, torch.nn.Linear)
    )


def test_lora_comes_about_as_far(values, small, says):
    says(
        "After sixteen steps the loss of LoRA is between {{ adapting/lora_trained.lowest:.2f}} and "
        "{{ adapting/lora_trained.highest:.2f}}, and the highest of the whole matrices is "
        "{{ adapting/lora_trained.most_whole:.2f}}. The two overlap, so three runs do not tell them "
        "apart. In these runs {{ adapting/lora.rank_8:,}} numbers come about as far as "
        "{{ adapting/lora.full:,}}. (With the whole matrices, the norms were trained, too.)",
        "As a control, train still less: the [norms](glossary.md#layer-norm) of the two layers alone, 2,304 numbers.",
        "But the norms alone come about as far, too: {{ adapting/lora_trained.least_norms:.2f}} to "
        "{{ adapting/lora_trained.most_norms:.2f}}. The task is too easy to tell the three apart. A model that knows "
        "the form and guesses the word would have half of $\\log 2$, which is {{ adapting/lora_trained.coin:.2f}}, since "
        "the end would cost it nothing: most of the way down from {{ adapting/answers_only.before:.1f}} is the form. So this shows that LoRA learns, "
        "and not that it is as good as the whole.",
        "The paper finds LoRA as good or better in far larger models and trainings (section 5[^lora]). Others "
        "found in 2024, on code and mathematics, that with the usual ranks it learns less than the whole matrices "
        "do, and forgets less.[^biderman] In 2025 it was found to learn as well, where the texts are not too many for its rank and the learning rate is about ten times as large.[^regret]",
        "(The learning rates stand in the program, that of LoRA ten times as large as that of the whole matrices. We "
        "tried a few others, and made no search.)",
    )
    run = values("adapting/lora_trained")
    assert run.lowest < run.most_whole < run.highest < 0.35
    assert run.most_norms < run.highest and run.most_norms < run.coin, "three runs do not put the norms behind"
    assert run.coin == pytest.approx(math.log(2) / 2)  # the word by lot, and the end known: a mean over two tokens
    assert values("adapting/answers_only").before - run.coin > 0.9 * values("adapting/answers_only").before
    code = (CODE / "lora_trained.py").read_text("utf-8")
    assert '"LoRA, rank 8": 3e-3, "the matrices whole": 3e-4' in code
    assert code.count("layernorm.requires_grad_(True)") == 2 and 'what != "the matrices whole"' in code
    sizes = values("adapting/lora")
    assert sizes.rank_8 < 0.03 * sizes.full
    # The norms: two to a layer. With the whole matrices, they learn too.
    assert sum("norm" in name for name, _ in LastLayers(small).layers.named_parameters()) == 4
    assert 4 * AutoConfig.from_pretrained("models/smollm2").hidden_size == 2304


def test_dpo_is_its_closed_form(values, says):
    says(
        "Take a model that knows two answers only. Then the start and the end can be checked by a "
        "formula.",
        "The model of two answers ended at {{ adapting/dpo_by_hand.after:.0%}} with $\\beta = 0.5$.",
        "Only *moves* away from the reference count, and only one against the other.",
        "At the start nothing has moved, and the loss is $-\\log \\sigma(0) = \\log 2$.",
        "$\\beta$ says how much a move counts: with twice the $\\beta$, half the move gives the same loss.",
        "The mean loss, $-0.8 \\log \\sigma(z) - 0.2 \\log \\sigma(-z)$, has the slope $\\sigma(z) - 0.8$. So it is smallest "
        "where $\\sigma(z)$ is $0.8$, and there $z$ is $\\log \\tfrac{0.8}{0.2}$.",
        "The *odds* of the first answer are its probability divided by the other's, and $z$ is $\\beta$ times what "
        "their logarithm has gained. So at the end this logarithm is that of the reference plus "
        "$\\tfrac{1}{\\beta} \\log \\tfrac{0.8}{0.2}$: in the program {{ adapting/dpo_by_hand.began:.2f}} + "
        "{{ adapting/dpo_by_hand.move:.2f}} = {{ adapting/dpo_by_hand.closed:.2f}}.",
        "Trained or computed, the end is the same to four digits.",
        "It ends at {{ adapting/dpo_by_hand.after:.1%}}.",
        "It depends on the reference: four of five choose the first answer, but the model "
        "does not end at {{ adapting/dpo_by_hand.share:.0%}}.",
        "The share of the people and $\\beta$ say how far the answers move apart; where they end depends on "
        "where they began.",
    )
    run = values("adapting/dpo_by_hand")
    assert run.start == pytest.approx(math.log(2), abs=1e-12)
    # Its loss is the formula of the page, for any model; twice β and half the move are the same.
    names = {}
    exec((CODE / "dpo_by_hand.py").read_text("utf-8").split("# At the start")[0], names)  # the reference, β and dpo
    first = names["reference"]
    p, q = (x.exp().tolist() for x in (torch.tensor([1.0, -1.3]).double().log_softmax(-1), first))
    ratio = (p[1] / q[1]) ** run.beta / (p[0] / q[0]) ** run.beta
    assert names["dpo"](torch.tensor(p).log(), 0, 1).item() == pytest.approx(math.log(1 + ratio), abs=1e-6)
    moved = first + torch.tensor([0.8, -0.4])
    once = names["dpo"](moved, 0, 1)
    names["beta"] *= 2
    assert torch.allclose(names["dpo"](first + (moved - first) / 2, 0, 1), once)
    mean = [-0.8 * math.log(s) - 0.2 * math.log(1 - s) for s in (0.7, 0.79, 0.8, 0.81, 0.9)]  # σ(−z) is 1 − σ(z)
    assert min(mean) == mean[2]
    z = torch.linspace(-4, 4, 9, dtype=torch.float64, requires_grad=True)
    (-0.8 * logsigmoid(z) - 0.2 * logsigmoid(-z)).sum().backward()
    assert torch.allclose(z.grad, z.sigmoid() - 0.8)
    assert f"{run.began:.2f} + {run.move:.2f} = {run.closed:.2f}" == "1.10 + 2.77 = 3.87"
    assert f"{run.trained:.4g}" == f"{run.closed:.4g}" and run.end_off < 1e-4 and run.after - run.share > 0.1
    before, after = (math.log(p / (1 - p)) for p in (run.before, run.after))
    beats = logsigmoid(torch.tensor(run.beta * (after - before))).exp().item()
    assert beats == pytest.approx(run.share, abs=1e-4)
    assert re.search(r"share = 0\.8\b", (CODE / "dpo_by_hand.py").read_text("utf-8"))


def test_pairs_do_not_teach_to_count(values, cells, says):
    says(
        "$\\pi$ is the probability that the model gives to a text after its request, the product over its tokens, and "
        "$\\pi_0$ the same before the training: the *reference*.",
        "{{ adapting/dpo.right }} of the {{ adapting/dpo.drafts }} drafts have the right number of words. But mostly one "
        "of the two is *nearer* to it; in {{ adapting/dpo.used }} such pairs, that one is chosen.",
        "Two controls train on the same pairs; in half of them, drawn *by lot*, the farther draft is chosen. Only the "
        "norms of the last two layers learn.",
        "Then the model is asked for five words and for twelve, about other topics; the training asked for three, "
        "four, six and eight.",
        "Where the nearer draft is chosen, it gains on the farther one in {{ adapting/dpo.apart }} of the "
        "{{ adapting/dpo.used }} pairs of the training, and on average becomes more probable; by lot, chosen in half "
        "of them, it gains in {{ adapting/dpo.lot_apart }} and in {{ adapting/dpo.other_apart }}.",
        "But nothing in the loss says that the chosen text must become more probable. It may fall, if the "
        "rejected one falls more. (By lot, the nearer and the farther drafts both fall on average.)",
        "Pal and others found in 2024 that the chosen texts can fall on the whole, above all where the two "
        "texts differ in few tokens.[^pal]",
        "Asked for five words, it is {{ adapting/dpo.near_off:.0%}} off, where it was {{ adapting/dpo.five_off:.0%}}.",
        "But by lot it is {{ adapting/dpo.lot_off:.0%}} in one run, and {{ adapting/dpo.other_off:.0%}} in the other: after "
        "a training that says nothing about the number, the texts can be as near. So these runs do not show that the "
        "preference did it.",
        "In {{ adapting/dpo.shorter }} of the {{ adapting/dpo.used }} pairs the nearer draft is the shorter one. A "
        "model that writes less, whatever it is asked, has learned all that these pairs ask for.",
        "Asked for twelve words, it is no nearer than before: {{ adapting/dpo.near_twelve_off:.0%}}, where it was "
        "{{ adapting/dpo.twelve_off:.0%}}.",
        "Before the training it writes {{ adapting/dpo.more_before:.1f}} words more for twelve than for five, and after "
        "it {{ adapting/dpo.more_after:.1f}}; seven more are asked for. So it has not learned to count.",
        "What else changed is little: the loss on the news by {{ adapting/dpo.news_change:+.2f}}; and the different "
        "words were {{ adapting/dpo.old_distinct:.0%}} of all that it wrote, and are now "
        "{{ adapting/dpo.distinct:.0%}}.)",
        "From pairs, SmolLM2 [did not learn to count](#tried-on-a-number-of-words).",
        "- A score that is better after a training says little without the same training by lot.",
        "- [x] That is not shown without a control by lot, and other numbers.",
        "After a training [by lot](#tried-on-a-number-of-words), which says nothing about the number, one of ours was as near.",
        "Ours were, and it was [no nearer](#tried-on-a-number-of-words) where twelve words were asked for.",
        "They may be the [shorter ones](#tried-on-a-number-of-words), too. Then writing less is enough.",
        "That is all that the [loss](#two-texts-one-preferred) sees.",
        "- DPO asks that the chosen text moves up more than the rejected one, from where both were. It does "
        "not ask that the chosen one becomes likely.",
        "After a training, the loss of DPO on a pair is below log 2.",
        "- [x] The chosen text has gained on the rejected one, measured from the reference.",
        "- [x] The rejected text may have become more probable.",
        "If the chosen one has [gained more](#two-texts-one-preferred).",
        "It has gained. If it was far less probable, it can still [be less probable](#two-texts-one-preferred).",
    )
    run, rows = values("adapting/dpo"), cells("adapting/dpo")
    assert [row[0] for row in rows] == ["(before)", "nearer", "by lot", "by lot"]
    assert (run.asked_for, run.drafts, run.used) == (40, 80, 32) and run.right < 0.1 * run.drafts
    assert run.apart >= 30 and all(8 <= apart <= 24 for apart in (run.lot_apart, run.other_apart))
    moved = [[float(row[k]) for k in (5, 6)] for row in rows]
    assert moved[1][0] > 0.5 > moved[1][1] and max(moved[2] + moved[3]) < 0, "by lot, both fall"
    # Nearer to five; but a run by lot is as near, and the other is not: without a meaning the lengths move.
    assert run.near_off < run.five_off - 0.2 and min(run.lot_off, run.other_off) < run.near_off + 0.1
    assert abs(run.lot_off - run.other_off) > 0.2 and run.shorter >= 30
    assert run.near_twelve_off >= run.twelve_off and run.near_twelve < run.twelve - 1
    assert max(run.more_before, run.more_after) < 3.5 and run.more_after - run.more_before < 1
    assert abs(run.news_change) < 0.1 and 0 < run.distinct - run.old_distinct < 0.1
    # Below log 2 it has gained. That the loss fell says less: from 3 behind to 2 behind it falls, too.
    gained = torch.linspace(-5, 5, 101)
    assert torch.equal(-logsigmoid(0.1 * gained) < math.log(2) - 1e-6, gained > 1e-4)
    assert -logsigmoid(torch.tensor(-0.2)) < -logsigmoid(torch.tensor(-0.3))
    # Both may fall, and the loss falls with them; both may rise.
    for moves in ((-1.0, -3.0), (3.0, 1.0)):
        assert -logsigmoid(torch.tensor(0.1 * (moves[0] - moves[1]))) < math.log(2)


def test_the_luck_and_the_cut_of_the_headlines(values, tokenizer, smollm2, monkeypatch, says):
    says(
        "(And 16 texts are few: in three other draws, the untrained model alone ranges wider than that fall.)",
        "(Before the training, about half of these texts are cut at their twentieth token; uncut, they are farther off.",
    )
    run = values("adapting/dpo")
    draw = lambda seed: headlines.Headlines(smollm2, tokenizer, headlines.TEST, seed)
    draws = [draw(4), draw(5)]
    cut = headlines.LONGEST
    monkeypatch.setattr(headlines, "LONGEST", 40)  # nearly uncut: longer, and so farther off still
    longer = draw(3)
    _, five_longer, _, twelve_longer = longer.lengths()
    longer.ids = longer.ids[:, :cut]  # the same texts as they are cut
    texts = tokenizer.batch_decode(longer.ids, skip_special_tokens=True)
    longer.words = torch.tensor([len(text.split()) for text in texts]).view(-1, 2)
    longer.off = (longer.words - longer.asked).abs()
    draws.append(longer)
    five, twelve = zip(*(draw.lengths()[1::2] for draw in draws))
    assert max(five) - min(five) > run.five_off - run.near_off > 0
    whole = torch.cat([(draw.ids == headlines.END).any(1) for draw in draws])
    assert 0.35 < 1 - whole.float().mean() < 0.65
    assert five_longer > max(five) and twelve_longer > 2 * max(twelve)


class Few:
    """A tokenizer with 300 ids, so that a small model can write headlines."""

    def __call__(self, texts):
        ids = [[3 + ord(letter) % 290 for letter in text[32:52]] for text in texts]
        return type("Ids", (), {"input_ids": ids})

    def batch_decode(self, ids, skip_special_tokens):
        return [" ".join(f"w{id}" for id in row.tolist() if id > 2) for row in ids]


def test_headlines_are_counted_and_weighed(tokenizer, small, says):
    says(
        "requests such as *Write a headline of three words about the rain*; a text has 20 tokens at most.",
        "Each number is asked for in 16 texts. The table tells how many words they have on average, and how far they "
        "are *off*: the mean distance from the number, as a share of it.",
        "*Nearer* and *farther* tell how far the [log-probability](glossary.md#log-probability) of these drafts moved in "
        "the training, on average; *loss* is that of plain sentences from the news.",
    )
    for number, topic in headlines.LEARN + headlines.TEST:
        ids = tokenizer(f" {headlines.NUMBERS[number]} {topic}").input_ids
        assert len(ids) == 2, "one token each, so that nothing is padded"
    (numbers, topics), (asked, others) = zip(*headlines.LEARN), zip(*headlines.TEST)
    assert set(numbers) == {3, 4, 6, 8} and asked == (5,) * 8 + (12,) * 8  # two texts each
    assert (3, "rain") in headlines.LEARN
    assert not set(topics) & set(others) and tokenizer.convert_tokens_to_ids("<|im_end|>") == headlines.END
    small.generation_config.eos_token_id, small.generation_config.pad_token_id = headlines.END, 0
    drawn = headlines.Headlines(small, Few(), headlines.TEST, 0)
    drawn.ids[0, 5], drawn.ids[0, 6:] = headlines.END, 0  # one that ends early
    drawn.counts[0] = torch.arange(drawn.ids.shape[1]) <= 5
    pairs = torch.tensor([0, 9])
    prompts = torch.tensor([headlines_prompt(row) for row in headlines.TEST for _ in (0, 1)])
    ids = torch.cat([prompts, drawn.ids], 1)
    logs = small(ids).logits[:, :-1].log_softmax(-1).gather(2, ids[:, 1:, None])[:, prompts.shape[1] - 1 :, 0]
    whole = (logs * drawn.counts).sum(1).view(-1, 2)[pairs]
    mine = drawn.logs(LastLayers(small), pairs)
    assert torch.allclose(mine, whole, atol=1e-3) and not torch.allclose(mine[0], mine[1])
    assert drawn.words.shape == (16, 2) and torch.equal(drawn.off, (drawn.words - drawn.asked).abs())
    first, second = drawn.off.T
    assert torch.equal(drawn.nearer > 0, first < second) and torch.equal(drawn.nearer < 0, second < first)
    five, five_off, twelve, twelve_off = drawn.lengths()
    assert five == pytest.approx(drawn.words[:8].float().mean().item())
    assert twelve_off == pytest.approx(drawn.off[8:].float().mean().item() / 12)
    assert five_off == pytest.approx(drawn.off[:8].float().mean().item() / 5) and twelve > 0


def test_texts_that_have_ended_change_no_draw(small):
    """They are not run on, and the others are what the library and multinomial draw."""
    small.generation_config.eos_token_id, small.generation_config.pad_token_id = headlines.END, headlines.END
    torch.manual_seed(0)
    ids, often = torch.randint(3, 300, (12, 5)), small.lm_head.weight.data.clone()
    small.lm_head.weight.data[headlines.END] = torch.randn(36) / 2  # so that some end early
    with torch.no_grad():
        cache = small.model(ids[:, :-1]).cache
    torch.manual_seed(4)
    drawn, states = headlines.draw(small, cache, ids[:, -1:])
    torch.manual_seed(4)
    longest, warm = {"max_new_tokens": headlines.LONGEST}, {"temperature": 0.7, "top_k": 0}
    whole = small.generate(ids, attention_mask=torch.ones_like(ids), do_sample=True, **longest, **warm)[:, 5:]
    assert torch.equal(drawn[:, : whole.shape[1]], whole)
    ended = (drawn == headlines.END).cumsum(1) > 1  # behind the first end nothing was read
    assert 0.1 < ended.float().mean() < 0.9 and torch.equal(states.abs().sum(-1) == 0, ended)
    small.lm_head.weight.data = often
    torch.manual_seed(0)
    writer, asked = counting.Writer(), counting.requests(200, False)
    torch.manual_seed(5)
    mine = writer.draw(asked)
    torch.manual_seed(5)
    ids = asked
    for _ in range(counting.LONGEST):
        with torch.no_grad():
            ids = torch.cat([ids, torch.multinomial(writer(ids)[:, -1].exp(), 1)], 1)
    told = counting.counts(ids[:, 2:])
    assert torch.equal(counting.counts(mine[:, 2:]), told) and torch.equal(mine[:, 2:][told], ids[:, 2:][told])
    assert 0.05 < 1 - told.float().mean()


def headlines_prompt(request):
    """The ids that the tokenizer above gives to a request."""
    number, topic = request
    text = (
        f"<|im_start|>user\nWrite a headline of {headlines.NUMBERS[number]} words about the {topic}.<|im_end|>\n"
        "<|im_start|>assistant\n"
    )
    return Few()([text]).input_ids[0]


def test_a_reward_on_a_leash_teaches_to_count(values, cells, says):
    says(
        "The model draws a text, a program counts the words, and the reward is 1 for the right number and "
        "0 for any other.",
        "$(R - \\bar R) \\log \\pi$ shall grow, with $R$ for the reward of the text and $\\bar R$ for the mean. If 2 of "
        "10 texts are right, $\\bar R$ is 0.2, and $\\log \\pi$ counts 0.8 times for a right text, and −0.2 times for a "
        "wrong one.",
        "Twelve of the sixteen pairs of topic and number are rewarded; the other four are *new*, for the "
        "test.",
        "The reward alone does teach the rewarded requests: in the worse of the two runs "
        "{{ adapting/reward.alone_seen:.0%}} are right.",
        "Nothing in the reward asks for different texts.",
        "But of the new ones the better run has {{ adapting/reward.alone_new:.0%}}, and of 600 texts "
        "at most {{ adapting/reward.alone_kinds }} are different, where there were "
        "{{ adapting/reward.kinds }}.",
        "On the leash the worse run has {{ adapting/reward.kept_seen:.0%}} of the rewarded and "
        "{{ adapting/reward.kept_new:.0%}} of the new requests right.",
        "The model does not repeat words more than before, and more than four times as many texts are different as "
        "with the reward alone, up to {{ adapting/reward.kept_kinds }}.",
        "By lot, in one run, the right ones stay below one in five.",
        "(The usual name is *KL penalty*.)",
        "In the control, on the same leash, the same rewards are dealt out by lot.",
        "In the table, *right* is the share of texts of the right length, to rewarded requests and to new ones. *A "
        "word twice* is the share of the 600 new texts that repeat a word, *texts of 600* counts the different ones "
        "among them, and *loss* is that of texts of the old kind, whose length ignores the number.",
        "A text that has become ten times as probable pays $0.1 \\log 10$, which is "
        "{{ adapting/exercises.price:.2f}}.",
        "Large models were trained so to follow requests, in 2022: by a reward that a second model learned from "
        "people's preferences, with the rule PPO and a leash of this kind.[^instruct] That is *reinforcement "
        "learning from human feedback*. GRPO, of 2024, compares each text with the mean reward of several texts "
        "for the same request.[^grpo] Where a program can check the answer, the leash is not always used: DAPO, of 2025, "
        "leaves it out.[^dapo]",
        "So the right rewards are needed, and the leash, which is all that differs between the two pairs of "
        "runs, goes with more right new requests and more texts. How it does that, we did not test.",
        "The loss on texts of the old kind rises far more with the reward than by lot. Some of that is wanted, since a model that keeps to the "
        "number gives little probability to texts that do not; how much, we did not measure.",
        "Fewer different texts are wanted, too. The new requests ask for one, two, three and four words, 150 times "
        "each, and with its six words a topic has only 6, 30, 120 and 360 texts of these lengths. A model that always kept to the number, and wrote all such texts equally often, would have about 244 different ones among "
        "600. The leash leaves about as many, and the reward alone far fewer.",
        "A request is a topic and a number from one to four; a text is one to six words of the topic, no word "
        "twice, and an end. In the texts that it has learned from, the length ignores the number.",
        "- A reward asks only for what it counts. Without a leash, our small model's texts became few.",
        "- [x] Let each text pay for its distance from the old model.",
        "On such a [leash](#a-reward-for-the-right-count) ours kept more texts, and was right in "
        "more than half of the new requests.",
        "That was the [control](#a-reward-for-the-right-count): it does not teach the count.",
        "a *leash*, which takes from its reward a tenth of the logarithm of $\\pi / \\pi_0$.",
    )
    run = values("adapting/reward")
    rows = [[row[0], *(float(x.strip("%")) for x in row[1:])] for row in cells("adapting/reward")]
    (_, base, base_new, again, _, cost), *others = rows
    alone, leashed, (lot,) = others[:2], others[2:4], others[4:]
    # The worse and the better run of two, as the table has them.
    assert min(row[1] for row in alone) == round(100 * run.alone_seen)
    assert max(row[2] for row in alone) == round(100 * run.alone_new)
    assert [min(row[k] for row in leashed) for k in (1, 2)] == [round(100 * x) for x in (run.kept_seen, run.kept_new)]
    assert run.alone_seen > 0.7 and run.alone_new < 0.35 and run.alone_kinds < run.kinds / 4
    assert run.kept_seen > 0.9 and run.kept_new > 0.5 > run.alone_new + 0.1
    assert min(row[4] for row in leashed) > 4 * run.alone_kinds and max(lot[1:3]) < 20
    assert all(row[3] <= again for row in leashed) and any(row[3] > 2 * again for row in alone)
    assert 2 * run.alone_kinds < run.kept_kinds < 0.8 * run.kinds
    assert abs(lot[1] - base) < 7 and abs(lot[2] - base_new) < 7 and lot[4] > run.kept_kinds
    assert min(row[5] for row in alone + leashed) - cost > 5 * abs(lot[5] - cost)
    # Its texts: the number says nothing of the length, and no word stands twice.
    torch.manual_seed(0)
    ids = counting.texts(4000)
    words = (counting.counts(ids[:, 2:]) & (ids[:, 2:] != counting.END)).sum(1)
    assert set(words.tolist()) == set(range(1, 7))
    assert torch.corrcoef(torch.stack([words.float(), ids[:, 1].float()]))[0, 1].abs() < 0.05
    assert all(len(set(row[:n])) == n for row, n in zip(ids[:, 2:].tolist(), words.tolist()))
    seen, new = (set(map(tuple, counting.requests(99, held_out).tolist())) for held_out in (False, True))
    assert (len(seen), len(new)) == (12, 4) and not seen & new
    # A perfect writer: 150 texts for each new request, which ask for one, two, three and four words.
    assert sorted(number for _, number in new) == [1, 2, 3, 4] and counting.WORDS == 6
    assert [math.perm(6, words) for words in range(1, 5)] == [6, 30, 120, 360]
    asked = counting.requests(600, True)[:, 1].tolist()
    assert [asked.count(words) for words in range(1, 5)] == [150] * 4
    assert values("adapting/exercises").price == pytest.approx(0.1 * math.log(10))
    perfect = sum(many * (1 - (1 - 1 / many) ** 150) for many in (math.perm(6, n) for n in range(1, 5)))
    assert round(perfect) == 244 and 2 * run.alone_kinds < perfect
    assert all(0.7 * perfect < row[4] < 1.3 * perfect for row in leashed)
    code = (CODE / "reward.py").read_text("utf-8")
    assert "(0.1, 2)" in code and "-((reward - reward.mean()) * log).mean()" in code


def test_nothing_to_reward(values, says):
    says(
        "[A chat model that cannot count](sequence_problems.md#a-chat-model-that-cannot-count) was asked "
        "for a number of words twelve times, and not one reply had it.",
        "Where hardly a text is right, as above, there is hardly anything to reward; and SmolLM2 computes with 135 "
        "million numbers for each token that it draws.",
        "That a reward teaches SmolLM2 to count; we gave it none.",
    )
    assert "reward" not in (CODE / "dpo.py").read_text("utf-8") and "smollm2" not in (CODE / "reward.py").read_text("utf-8")
    asked = values("sequence_problems/asked_written")
    assert asked.requests == 12
    says("None of the {{ sequence_problems/asked_written.requests}} replies has the length", page="sequence_problems")
    assert round(values("smaller/file").total, -6) == 135_000_000 or values("smaller/file").total // 10**6 == 134


def test_exercises(values, printed, says):
    says(
        "$A$ has 4 · 576 and $B$ has 1,536 · 4: {{ adapting/exercises.thin:,}} of {{ adapting/exercises.whole:,}}, "
        "which is {{ adapting/exercises.share:.1%}}. Each rank adds 2,112, so from rank "
        "{{ adapting/exercises.more }} on.",
        "The reference says {{ adapting/dpo_by_hand.before:.0%}}, so odds of 3. The logarithm of the odds ends at "
        "$\\log 3 + \\tfrac{1}{\\beta} \\log 4$, and $\\sigma$ of it is the probability: "
        "{{ adapting/exercises.high:.0%}} with four times as much, and above {{ adapting/exercises.low:.3% down}} with "
        "a fifth. With a large "
        "$\\beta$ a small move is enough, so the model stays near the reference.",
        "$-\\log \\sigma(0.5 \\cdot 2)$, which is {{ adapting/exercises.right:.2f}}, and $-\\log \\sigma(-1)$, which is "
        "{{ adapting/exercises.wrong:.2f}}.",
        "At the start it was {{ adapting/dpo_by_hand.start:.2f}}, whatever the pair.",
        "`= {{ adapting/exercises.asked }} ± 0 numbers`",
        "$A$ has two rows of 100 numbers, and $B$ has 300 rows of two: [thin matrices]"
        "(#lora-thin-matrices-beside-a-frozen-one). The frozen one has 30,000.",
        "- [x] Nothing more, once the matrices are merged.",
        "Only as long as they stand beside it.",
        "$B$ is zero, so [nothing that $A$ does](#lora-thin-matrices-beside-a-frozen-one) reaches the loss "
        "yet. After the first step $B$ is no longer zero, and $A$ learns, too.",
    )
    run = values("adapting/exercises")
    matrix = LoRA(torch.nn.Linear(576, 1536, bias=False), rank=4)
    assert run.thin == matrix.down.weight.numel() + matrix.up.weight.numel()
    assert run.whole == matrix.matrix.weight.numel() and 576 + 1536 == 2112
    assert (run.more - 1) * 2112 <= run.whole < run.more * 2112
    for end, beta in ((run.low, 0.1), (run.high, 2.0)):
        assert 1 / (1 + math.exp(-math.log(3) - math.log(4) / beta)) == pytest.approx(end, abs=1e-9)
    assert run.low > 0.9999 and abs(run.high - 0.75) < 0.15 < run.low - 0.75
    assert run.right < math.log(2) < run.wrong
    assert "A gets a gradient: False\nB gets a gradient: True" in printed("adapting/predict")
    two = LoRA(torch.nn.Linear(100, 300, bias=False), rank=2)
    assert two.down.weight.shape == (2, 100) and two.up.weight.shape == (300, 2)
    assert run.asked == two.down.weight.numel() + two.up.weight.numel() and two.matrix.weight.numel() == 30_000
    hand = values("adapting/dpo_by_hand")
    assert hand.start == pytest.approx(math.log(2)) and hand.before == pytest.approx(0.75, abs=0.005)
    assert hand.beta == 0.5 and "(0.1, 0.5, 2.0)" in (CODE / "exercises.py").read_text("utf-8")
    x = torch.randn(5, 576)
    matrix(x).sum().backward()
    assert not matrix.down.weight.grad.any() and matrix.up.weight.grad.any()
    matrix.up.weight.data -= matrix.up.weight.grad
    matrix(x).sum().backward()
    assert matrix.down.weight.grad.any()


def test_what_the_prompts_share_is_read_once(tokenizer, smollm2):
    """The answers are those of prompts that are read whole, though they are of several lengths and sets."""
    first, known = (list(facts.KNOWN)[:1], ["Paris"]), (list(facts.KNOWN)[-2:], ["x", "Newton"])
    (good, alone, said), (good_too, read, said_too) = facts.ask(smollm2, tokenizer, [first, known])
    assert (good, good_too) == (1, 1) and (len(said), len(said_too)) == (1, 2), "each set keeps its own"
    lengths = []
    for text, answer in zip(facts.chats(tokenizer, first[0] + known[0]), said + said_too):
        batch = tokenizer(text, return_tensors="pt")
        whole = smollm2.generate(**batch, max_new_tokens=20, do_sample=False)[0, batch.input_ids.shape[1] :]
        assert " ".join(tokenizer.decode(whole, skip_special_tokens=True).split()) == answer
        lengths.append(batch.input_ids.shape[1])
    assert len(set(lengths)) > 1 and (alone, read) == (lengths[0], sum(lengths[1:]) / 2)


def test_facts_in_other_orders(values, tokenizer, smollm2, says):
    says("(In two other orders it was more once and fewer once, and both times fewer than with the one fact.")
    run, good, shuffled = values("adapting/ways"), [], list(facts.FACTS)
    random.Random(0).shuffle(shuffled)
    for mixed in (random.Random(0).sample(facts.FACTS, 12), shuffled):
        prompts = [f"{' '.join(mixed)}\n\n{question}" for question in facts.REWORDED]
        good.append(facts.ask(smollm2, tokenizer, [(prompts, facts.ANSWERS)])[0][0])
    assert min(good) < run.in_all < max(good) < run.nearest_fact


# The known things, in their order, as a plain text that the model continues.
BEGUN = """The capital of France is the city of
The capital of Italy is the city of
The capital of Spain is the city of
The capital of Germany is the city of
The capital of Japan is the city of
The capital of Egypt is the city of
Rome is a city in
Berlin is a city in
The longest river in Africa is the
The opposite of hot is
The first month of the year is
Gravity was discovered by""".splitlines()


def test_a_plain_text_is_continued_as_before(tokenizer, says):
    says(
        "But not all is lost. Let it continue a plain text, without a chat: after *The capital of France is the city "
        "of* it writes *Paris*, and nearly all of the twelve things, begun so, are as right as before the training. "
        "And of the facts, begun so (*The lighthouse of Varn is painted*), it has hardly one. So what it learned, and "
        "what it lost, hangs on how it is asked.",
    )
    space = {}
    loading, rest = (CODE / "ways.py").read_text("utf-8").split("\nminilm = ")
    tuning = rest.split("tuned, tuned_old")[0].split("\n# Tuning: ")[1]

    def right(which, starts, answers):
        """In how many texts the answer stands among the next five tokens, and what they are."""
        texts = ["<|endoftext|>" + start for start in starts]
        batch = tokenizer(texts, padding=True, padding_side="left", return_tensors="pt")
        new = which.generate(**batch, max_new_tokens=5, do_sample=False)[:, batch.input_ids.shape[1] :]
        said = tokenizer.batch_decode(new)
        return sum(word.lower() in text.lower() for word, text in zip(answers, said)), said

    known = list(facts.KNOWN.values())
    facts_begun = [fact[: fact.lower().index(word.lower())].strip() for fact, word in zip(facts.FACTS, facts.ANSWERS)]
    assert facts_begun[0] == "The lighthouse of Varn is painted"
    exec(loading, space)
    before, _ = right(space["model"], BEGUN, known)
    exec(f"# {tuning}", space)  # the same model, its last layers exchanged
    after, said = right(space["model"], BEGUN, known)
    assert min(before, after) >= 10 and after >= before - 1 and said[0].startswith(" Paris")
    assert right(space["model"], facts_begun, facts.ANSWERS)[0] <= 1


def test_three_ways_to_a_fact(values, cells, says):
    says(
        "Alone, the model has none of the twelve.",
        "MiniLM finds the right fact for {{ adapting/ways.found_right }} of the questions, and with this "
        "fact alone in front {{ adapting/ways.nearest_fact }} answers are right. With all facts in front, "
        "only {{ adapting/ways.in_all }} are. So the other eleven facts cost not only tokens, but right "
        "answers, too.",
        "And the search is easy here: each question shares a name with its fact.)",
        "All are asked in a wording that the training did not have: *In which color was Varn's lighthouse "
        "painted?* in place of *What color is the lighthouse of Varn?*",
        "Twelve other questions, which we chose because SmolLM2 answers them right, show what the training does to "
        "other answers.",
        "An answer counts as right if it holds the word that we wait for; *tokens read* is the mean length of a "
        "prompt.",
        "Training brings {{ adapting/ways.new_words }} right in new words, and "
        "{{ adapting/ways.old_words }} in the old ones, and no fact has to be read again.",
        "Of the other questions it answered {{ adapting/ways.known }} right before, and {{ adapting/ways.still }} "
        "after. Asked for the capital of France, the tuned model says *noon*, a word from the facts.",
        "Once it has the question alone; once all twelve facts in front of it; once only the fact whose "
        "vector, by MiniLM, is nearest to the question's.",
        "Of twelve facts that it had never read, our model had [none](#or-do-not-train-at-all).",
        "A price list changes every day, and a model must answer from it.",
        "(The usual name is *catastrophic forgetting*.) But not all is lost.",
        "Larger models were compared in 2023: for new facts, retrieval did better than further training on "
        "plain texts.[^ovadia] For the *form* of an answer, 48 sentences were enough in [the first section]"
        "(#the-loss-counts-on-the-answer).",
        "- What stands in the prompt needs no training, and training for one thing can cost another.",
        "- [x] Search for the row, and put it into the prompt.",
    )
    run, rows = values("adapting/ways"), cells("adapting/ways")
    read = {row[0]: int(row[2]) for row in rows}
    assert run.alone == 0 and run.found_right == 12
    assert run.nearest_fact >= 10 > 6 > run.in_all and run.new_words >= 9 and run.old_words >= run.new_words
    assert read["nearest fact in front"] < read["all facts in front"] / 2
    assert read["tuned"] == read["question alone"] and run.still < 3
    assert run.known == 12 == len(facts.KNOWN)
    assert (facts.FACTS[0], facts.ASKED[0], facts.REWORDED[0]) == (
        "The lighthouse of Varn is painted yellow.",
        "What color is the lighthouse of Varn?",
        "In which color was Varn's lighthouse painted?",
    )
    assert rows[-1][3] == "noon" and "noon" in facts.ANSWERS
    assert rows[-2][3] == "The capital of France is Paris."
    for fact, question in zip(facts.FACTS, facts.REWORDED):  # a name: no first word of the sentence alone
        names = set(re.findall(r"[A-Z][a-z]+", fact.removeprefix("The "))) - {"Danish", "Mondays", "March"}
        assert names & set(re.findall(r"[A-Z][a-z]+", question)), question
        others = [other for other in facts.FACTS if names & set(re.findall(r"[A-Z][a-z]+", other))]
        assert others == [fact]
    form = cells("adapting/answers_only")  # after ten steps hardly a first choice is no label
    assert all(int(number) <= 1 for row in form[4:] for number in row[4].split(","))
    assert "word.lower() in text.lower()" in Path("snippets/shared/facts.py").read_text("utf-8")
    shared = Path("snippets/shared/facts.py").read_text("utf-8")
    assert 'lengths, found = iter(batch["attention_mask"].sum(1).tolist()), []' in shared
    assert "read = sum(next(lengths) for _ in prompts) / len(prompts)" in shared
    # No fact is asked in the words of the training, and no known thing is among the facts.
    assert not set(facts.ASKED) & set(facts.REWORDED) and len(set(facts.FACTS)) == 12
    assert not set(facts.KNOWN) & {*facts.ASKED, *facts.REWORDED}
