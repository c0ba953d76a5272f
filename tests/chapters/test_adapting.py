"""The chapter on further training: labels, LoRA, preferences, rewards, and three ways to know."""

import math
import re
from pathlib import Path

import pytest
import torch
from torch.nn.functional import cross_entropy, logsigmoid
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from snippets.shared.film_questions import TEST, TRAIN, film_questions
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


def cells(text: str) -> list[list[str]]:
    """The rows of a printed table, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]


def test_only_the_last_layers_learn(small, says):
    says(
        "So only the last two of SmolLM2's thirty layers learn.",
        "What they read is computed once and kept, since the layers below stay as they are.",
    )
    batch = {"input_ids": torch.randint(300, (3, 9)), "attention_mask": torch.ones(3, 9).long()}
    states = states_below(small, batch)
    top = LastLayers(small)
    assert torch.allclose(top.head(top(states)), small(**batch).logits, atol=1e-6)
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


def test_only_the_answer_counts(values, printed, tokenizer, says):
    says(
        "The others get the label −100, which the loss leaves out.",
        "The mean over the two tokens of the answer is the library's loss. The tokens of the "
        "question do not cost nothing: they are only not counted.",
    )
    run, rows = values("adapting/labels"), cells(printed("adapting/labels"))
    assert run.off < 1e-5 and abs(run.whole - run.library) > 1
    counted = [float(loss) for _, label, loss in rows if label != "-100"]
    assert len(counted) == 2 and sum(counted) / 2 == pytest.approx(run.library, abs=0.01)
    assert all(float(loss) > 0.5 for _, label, loss in rows if label == "-100")
    batch, answer = film_questions(tokenizer)
    kept = [tokenizer.decode(row[row != -100]) for row in answer]
    assert set(kept) == {" praise<|im_end|>", " blame<|im_end|>"}
    for part in (TRAIN, TEST):
        assert kept[part].count(" praise<|im_end|>") == 24 == len(kept[part]) / 2
    texts = tokenizer.batch_decode(batch.input_ids)
    assert len({text.split("\n")[0] for text in texts}) == 96, "no text twice"


def test_the_library_leaves_minus_100_out(small):
    """Its loss for such labels, held to the mean over the tokens that have one."""
    ids = torch.randint(300, (2, 8))
    labels = ids.clone()
    labels[0, :5] = labels[1, :3] = -100
    run = small(input_ids=ids, labels=labels)
    places = labels[:, 1:] != -100
    mine = cross_entropy(run.logits[:, :-1][places], labels[:, 1:][places])
    assert run.loss.item() == pytest.approx(mine.item(), abs=1e-6)


def test_the_question_takes_steps(values, printed, tokenizer, says):
    says(
        "Before the training SmolLM2 does not answer at all: the loss is "
        "{{ adapting/answers_only.before:.1f}}, and none of its first choices is one of the two words.",
        "After four steps the loss on new answers is at most {{ adapting/answers_only.half:.2f up}} where "
        "only the answer counts, and at least {{ adapting/answers_only.all_half:.2f down}} where the question "
        "counts too.",
        "After ten steps they are {{ adapting/answers_only.end:.2f}} and "
        "{{ adapting/answers_only.all_end:.2f}}.",
        "So with the question the same steps bring less. In each text two tokens are the answer and "
        "about seventeen are the question, and all of them share one mean.",
        "The pair for the answer alone is lower from the second step on.",
        "Ours are long beside the answers, and the training is short.",
        "It learns from 48 sentences, six at a time, and is tested on 48 others.",
        "Shi and others found in 2024 that letting them count can help, on long requests with short "
        "answers and on few examples, where a model overfits.[^shi]",
    )
    run, rows = values("adapting/answers_only"), cells(printed("adapting/answers_only"))
    assert run.before > 7 and rows[0][3] == "0, 0" and rows[0][4] == "48, 48"
    assert run.half < run.all_half / 1.5 and run.end < run.all_end / 1.2
    for one, other in zip(rows[2::2], rows[3::2]):
        assert max(map(float, one[2].split(","))) < min(map(float, other[2].split(",")))
    batch, answer = film_questions(tokenizer)
    asked = batch.attention_mask.sum(1) - 2 - 1  # without the answer and the start
    assert 16 <= asked.float().mean() <= 17.5 and (answer != -100).sum(1).unique().tolist() == [2]
    assert "step % 8 * 6 :][:6]" in (CODE / "answers_only.py").read_text("utf-8")


def test_lora_starts_as_nothing_and_merges(values, printed, small, says):
    says(
        "$B$ starts as zeros, so at the start nothing is changed (section 4.1 of the paper).",
        "At the start no logit differs at all.",
        "After $B$ has changed, the merged matrices give the same logits as those with thin ones beside "
        "them, but for rounding.",
        "So LoRA costs no time once it is merged; and unmerged, one model can serve many tasks, each "
        "with its own thin matrices.",
        "Here it is put beside each matrix of SmolLM2's last two layers.",
    )
    run = values("adapting/lora")
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
            part.up.weight.data.normal_()
    beside = model(states)
    assert not torch.allclose(beside, before, atol=1e-2)
    replace(model.layers, LoRA, LoRA.merged)
    assert torch.allclose(model(states), beside, atol=1e-4)


def test_dpo_is_its_closed_form(values, says):
    says(
        "Only *moves* away from the reference count, and only one against the other.",
        "At the start nothing has moved, and the loss is $\\log \\sigma(0) = -\\log 2$, with the other "
        "sign.",
        "Where $\\sigma(\\dots)$ is $0.8$; so the logarithm of the odds is that of the reference plus "
        "$\\tfrac{1}{\\beta} \\log \\tfrac{0.8}{0.2}$.",
        "Trained or computed, the end is the same.",
        "It ends at {{ adapting/dpo_by_hand.after:.1%}}.",
        "Note that it depends on the reference: four of five choose the first answer, but the model "
        "does not end at {{ adapting/dpo_by_hand.share:.0%}}.",
        "The share of the people is the probability that one answer *beats* the other, by how far each "
        "has moved.",
    )
    run = values("adapting/dpo_by_hand")
    assert run.start == pytest.approx(math.log(2), abs=1e-12) and run.off < 1e-12
    assert run.end_off < 1e-4 and run.after - run.share > 0.1
    before, after = (math.log(p / (1 - p)) for p in (run.before, run.after))
    beats = logsigmoid(torch.tensor(run.beta * (after - before))).exp().item()
    assert beats == pytest.approx(run.share, abs=1e-4)
    assert re.search(r"share = 0\.8\b", (CODE / "dpo_by_hand.py").read_text("utf-8"))
