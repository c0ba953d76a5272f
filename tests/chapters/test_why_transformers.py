"""What the chapter on why one uses Transformers claims: memory, speed and cost."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets.shared.recall import LENGTH, LETTERS, Recurrent, Transformer, train

CHAPTER = "why_transformers"
PAGE = "docs/why_transformers.md"


def parameters(model) -> int:
    return sum(p.numel() for p in model.parameters())


def cells(table: str) -> list[list[str]]:
    """The rows of a printed Markdown table, without its head."""
    rows = [line.strip("|").split("|") for line in table.splitlines()[2:]]
    return [[cell.strip() for cell in row] for row in rows]


def test_by_hand(values, printed, says):
    says(
        "The state has halved nine times:",
        "{{ why_transformers/by_hand.left_at_the_end:.3f}} of the one is left.",
        "At each step the state keeps half of itself and adds the new number.",
        "The look back finds {{ why_transformers/by_hand.looked_up:.3f}}",
    )
    hand = values(f"{CHAPTER}/by_hand")
    assert hand.left_at_the_end == 0.5**9, "the state has halved nine times"
    assert hand.looked_up > 0.99
    carried = printed(f"{CHAPTER}/by_hand").splitlines()[0].split()[1:]
    assert len(carried) == 10 and carried[:4] == ["1.000", "0.500", "0.250", "0.125"]


def test_the_comparison_is_fair(values, says):
    says(
        "One LSTM layer and one Transformer layer learn it, with {{ "
        "why_transformers/recall.lstm_size:,}} and {{ "
        "why_transformers/recall.transformer_size:,}}",
        "There are 16 letters, so guessing is right once in sixteen times.",
        "`bias_ih_l0` holds four groups of 96 numbers; the second group belongs to "
        "the keeping gates.",
        "The LSTM gets the start that experts advise: its keeping gates begin nearly open.",
    )
    lstm, transformer = parameters(Recurrent()), parameters(Transformer())
    assert lstm == pytest.approx(transformer, rel=0.02)
    assert lstm >= transformer, "the LSTM does not get less"
    recall = values(f"{CHAPTER}/recall")
    assert (recall.lstm_size, recall.transformer_size) == (lstm, transformer)
    assert (LENGTH, LETTERS) == (96, 16), "the page says so"
    assert recall.chance == 1 / 16
    says("(An LSTM's state is two such lists of equal length:")
    _, (memory, shown) = Recurrent().lstm(torch.zeros(1, 1, 48))
    assert memory.shape == shown.shape
    groups = Recurrent().lstm.bias_ih_l0.detach().view(4, 96)
    assert (groups[1].sigmoid() > 0.85).all(), "nearly open"
    assert (groups[[0, 2, 3]].sigmoid() < 0.6).all(), "these alone"


def test_neither_model_sees_a_later_letter(says):
    says(
        "(This form looks only backwards, as a model that writes must.",
    )
    torch.manual_seed(0)
    ids = torch.randint(LETTERS, (1, LENGTH))
    changed = ids.clone()
    changed[0, 50:] = (ids[0, 50:] + 1) % LETTERS
    for model in (Recurrent(), Transformer()):
        before, after = model(ids), model(changed)
        assert torch.allclose(before[:, :50], after[:, :50], atol=1e-5)
        assert not torch.allclose(before[:, 50:], after[:, 50:], atol=1e-5)


def test_recall(values, says, printed):
    """Bounds with room: three seeds differed by less than two points anywhere."""
    says(
        "The Transformer stays at the top for every distance up to 64.",
        "The LSTM starts there, falls below half at 8 steps and reaches guessing at 64.",
        "With four times the training it falls later.",
        "At 8 the LSTM is right {{ why_transformers/recall.lstm_8:.0%}} of the time, "
        "at 16 {{ why_transformers/recall.lstm_16:.0%}}, and at 64 it guesses.",
        "The lowest point of the Transformer's line is {{ "
        "why_transformers/recall.transformer_lowest:.0%}}.",
        "With four times the steps it reaches {{ "
        "why_transformers/recall.longer_8:.0%}} at distance 8, but {{ "
        "why_transformers/recall.longer_16:.0%}} at 16 and {{ "
        "why_transformers/recall.longer_32:.0%}} at 32.",
        "(For both, a text holds fewer answers at a longer distance:",
        "With equal size and equal training, the Transformer recalls a letter from "
        "64 steps back, where the LSTM only guesses.",
        "With four times the training it [reached further](#a-test-of-memory)",
    )
    found = values(f"{CHAPTER}/recall")
    says(
        "while the Transformer has learned every distance up to 64 by then",
        "a text holds fewer answers at a longer distance: 94 at 2, and 32 at 64",
    )
    assert (LENGTH - 2, LENGTH - 64) == (94, 32), "places with a letter so far back"
    assert found.chance == 1 / 16
    assert found.transformer_lowest > 0.98, "at every distance"
    lstm = printed(f"{CHAPTER}/recall").splitlines()[3].split()
    assert lstm[0] == "2:" and int(lstm[1].removesuffix("%")) > 95, "the LSTM starts there"
    assert found.lstm_4 > 0.95, "a short way is no trouble"
    assert 0.35 < found.lstm_8 < 0.5, "below half at 8"
    assert 0.15 < found.lstm_16 < found.lstm_8 - 0.1
    assert 0.1 < found.lstm_32 < found.lstm_16 - 0.03
    assert found.lstm_64 < 0.09, "it guesses"
    assert found.longer_8 > 0.8 > 0.5 > found.longer_16 > found.lstm_16 + 0.05
    assert found.longer_16 - 0.1 > found.longer_32 > found.lstm_32 + 0.02


def test_another_seed_says_the_same():
    torch.manual_seed(5)
    assert train(Transformer(), 64, seed=5) > 0.95
    torch.manual_seed(5)
    assert train(Recurrent(), 64, seed=5) < 0.1


def test_gradient(values, says):
    says(
        "The LSTM whose gates begin half open falls as a straight line to far below a billionth.",
        "{{ why_transformers/gradient.plain:.0e}} is left after 64.",
        "Gates that begin nearly open repair much of it:",
        "{{ why_transformers/gradient.gentle:.2f}} is left.",
        "From there it is nearly level:",
        "Not divided, 64 steps back, the repaired LSTM has {{ "
        "why_transformers/gradient.far_gentle:.3f}} and the Transformer {{ "
        "why_transformers/gradient.far_look:.3f}}.",
        "The gradient has not vanished, and yet this LSTM only guesses at that distance.",
        "After training it still only guesses there.",
        "Ours still only guesses when that is repaired at the start.",
    )
    found = values(f"{CHAPTER}/gradient")
    assert found.plain < 1e-10, "no optimizer can use that"
    assert 1e-3 < found.look < found.gentle < 0.3, "as a share of that at the last letter"
    says(
        "Before training that is about the same",
        "{{ why_transformers/gradient.gentle_falls:.0f}} times as much.",
        "So vanishing is hardly the whole explanation.",
        "With gates that begin half open, the middle of PyTorch's own start",
        "Before training, the repaired LSTM has about as large a gradient from 64 steps back",
    )
    assert 0.5 < found.far_gentle / found.far_look < 2, "not divided, about as large"
    assert 10 < found.gentle_falls, "nearer letters still count far more"
    assert found.look_level < 3, "the Transformer's line is level from 1 to 64 steps"
    assert values(f"{CHAPTER}/recall").lstm_64 < 0.09, "and yet it guesses"


def test_the_load_counts_and_not_the_room(values, says):
    """A wider state does not help; fewer or simpler letters on a way as long do."""
    says(
        "with eight it gets at least {{ why_transformers/crowding.eight_low:.0%}}, "
        "with four {{ why_transformers/crowding.four_low:.0%}}, after the same 16 "
        "steps",
        "With fewer or simpler letters on the same way it [does better](#is-the-state-too-full).",
    )
    says(
        "A state four times as wide did not help in these 300 steps",
        "Letters that carry less helped",
        "two letters and four among blanks helped about equally: both bring it about half",
        "where the LSTM unchanged gets a fifth",
        "So the load counts; more room alone did not help.",
        "In 300 steps a wider state did not help ours; fewer or simpler letters did.",
    )
    found = values(f"{CHAPTER}/crowding")
    recall = values(f"{CHAPTER}/recall")
    assert found.nothing == pytest.approx(recall.lstm_16, abs=0.05), "the chapter's own LSTM"
    assert abs(found.wide - found.nothing) < 0.05
    assert 0.6 < found.two_low <= found.two_letters < 0.85, "a guess is right half of the time"
    assert found.nothing + 0.05 < found.eight_low <= found.eight_held < found.four_low - 0.05

    def above(share: float, guess: float = 1 / LETTERS) -> float:
        """0 at guessing, 1 without a mistake."""
        return (share - guess) / (1 - guess)

    assert 0.15 < above(found.nothing) < 0.25, "a fifth"
    simpler = (above(found.two_low, 1 / 2) + above(found.two_letters, 1 / 2)) / 2
    fewer = (above(found.four_low) + above(found.four_held)) / 2
    assert 0.42 < min(simpler, fewer) <= max(simpler, fewer) < 0.58, "about half"
    assert abs(simpler - fewer) < 0.1, "about equally"


def test_another_seed_and_rate_say_that_it_is_not_the_room():
    """A wide state that learns more slowly, in case the rate was too high for it."""
    torch.manual_seed(5)
    model = Recurrent()
    model.lstm = torch.nn.LSTM(48, 384, batch_first=True)
    model.head = torch.nn.Linear(384, LETTERS)
    torch.nn.init.constant_(model.lstm.bias_ih_l0.data[384:768], 2.0)
    assert train(model, 16, rate=2e-3, seed=5) < 0.4


def test_keep(values, printed, says):
    """On four seeds the LSTM got all of them, at ten times the length as well."""
    says(
        "The LSTM is right {{ why_transformers/keep.lstm:.0%}} of the time, 95 steps "
        "after the capital.",
        "On texts ten times as long as any that it practiced on, it gets {{ "
        "why_transformers/keep.lstm_longer:.0%}}.",
        "Our Transformer learns the task as well, but on the longer texts it cannot even try.",
        "It has a vector for each of 96 positions, and none for the 97th.",
        "One thing that it can tell to be important, an LSTM keeps well, even on "
        "texts longer than it ever practiced on.",
        "Then both must do it on texts ten times as long.",
    )
    found = values(f"{CHAPTER}/keep")
    assert min(found.lstm, found.transformer) > 0.97
    assert found.lstm_longer > 0.95 and found.times_longer == 10
    assert found.steps_kept == LENGTH - 1 == 95
    says(
        "If the keeping gate is at 1, such a rule does not depend on the length.",
        "the one that keeps must [stay at 1](#try-it), or very nearly.",
    )
    assert 0.999 < values(f"{CHAPTER}/answers").share_a_step < 1, "very nearly is not enough"
    assert found.transformer_stops
    assert "no vector for position 97" in printed(f"{CHAPTER}/keep")


def test_names(values, printed, says):
    says(
        "Across the longest distance the names get between {{ "
        "why_transformers/names.farthest_low:.0%}} and {{ "
        "why_transformers/names.farthest_high:.0%}}.",
        "In {{ why_transformers/names.right }} of the {{ "
        "why_transformers/names.asked }} cells of the first four rows, the told name "
        "is the likeliest continuation of all.",
        "Without the early sentence, Otto has a probability of {{ "
        "why_transformers/names.untold:.6f}}.",
        "One sentence, 640 tokens back, made it {{ "
        "why_transformers/names.times_likelier:,.0f}} times as likely.",
        "Otto was hardly expected [before it had been "
        "told](#a-real-model-looks-back), and after one sentence it was likely.",
    )
    found = values(f"{CHAPTER}/names")
    rows = cells(printed(f"{CHAPTER}/names"))
    assert len(rows) == 5 and found.asked == 20
    assert found.right >= 18, "the told name is the likeliest"
    told = [[float(cell) for cell in row[1:]] for row in rows[:4]]
    assert min(map(min, told)) > 0.1
    assert max(float(cell) for cell in rows[4][1:]) < 1e-3
    assert found.times_likelier > 1000
    steady = [row == sorted(row) for row in told]
    assert not any(steady), "the rows go up and down"
    farthest = [row[0] for row in told]
    assert (min(farthest), max(farthest)) == pytest.approx(
        (found.farthest_low, found.farthest_high), abs=0.006
    )
    assert float(rows[4][1]) == pytest.approx(found.untold, abs=1e-6)
    assert found.times_likelier == pytest.approx(found.told_otto / found.untold)
    assert found.told_otto == pytest.approx(farthest[0], abs=0.006)


def test_the_novel_has_none_of_the_names(printed, says):
    says(
        "in which nobody has that name.",
    )
    with open("snippets/why_transformers/alice.txt", encoding="utf-8") as file:
        novel = file.read()
    names = ("Otto", "Marta", "Ruth", "Jonas", "Clara", "Hugo", "robot")
    assert not any(name in novel for name in names)
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    assert len(tokenizer(novel).input_ids) >= 640


def test_long_look(values, says):
    says(
        "Everything between, more than three hundred tokens of the novel, has almost none.",
        "The head puts {{ why_transformers/long_look.to_name:.0%}} of its weight on "
        "one token, {{ why_transformers/long_look.back }} steps back, and almost "
        "nothing on the novel.",
        "The short line beside it ({{ why_transformers/long_look.to_first:.0%}}) is "
        "the first token of all",
        "{{ why_transformers/long_look.other_to_name:.0%}} goes there: less, but not nothing.",
    )
    found = values(f"{CHAPTER}/long_look")
    assert found.back > 320
    assert found.to_name > 0.7 and found.to_name + found.to_first > 0.9
    assert 0.05 < found.other_to_name < found.to_name / 2, "less, but not nothing"
    config = AutoModelForCausalLM.from_pretrained("models/smollm2").config
    assert (config.num_hidden_layers, config.num_attention_heads) == (30, 9)
    assert 0.03 < found.to_first < found.to_name / 4, "the short line"


def test_crowd(values, printed, says):
    says(
        "Every answer is one of the six names (“Jon” begins Jonas)",
        "But after 320 tokens only {{ why_transformers/crowd.right_320 }} of {{ "
        "why_transformers/crowd.asked }} belong to the right person, and after 40 "
        "only {{ why_transformers/crowd.right_40 }}.",
        "in the last column, most of the probability goes to words that are none of the six names.",
        "It always answers with one of the six.",
        "SmolLM2 gives {{ why_transformers/crowd.right_40 }} of them back right "
        "after 40 tokens, and {{ why_transformers/crowd.right_320 }} after 320.",
    )
    found = values(f"{CHAPTER}/crowd")
    assert found.asked == 6
    assert found.a_name == 2 * found.asked, "every answer is a told name"
    assert 1 <= found.right_320 <= 3, "but few belong to the right person"
    assert found.right_320 <= found.right_40 <= 4, "near by it is little better"
    assert "| Jon |" in printed(f"{CHAPTER}/crowd"), "the page explains it"
    says("Five of the six answers after 320 tokens are the first name told or the last")
    late = [row[3] for row in cells(printed(f"{CHAPTER}/crowd"))]
    assert late.count("Otto") + late.count("Hugo") == 5
    told = [float(row[4]) for row in cells(printed(f"{CHAPTER}/crowd"))]
    assert max(told) < 0.5, "most of the probability goes elsewhere"


def test_the_count_behind_the_times(says):
    """How often a matrix is multiplied can be counted; no sentence rests on a clock alone."""
    says(
        "The LSTM multiplies its state with a matrix 512 times;",
    )
    says(
        "The LSTM multiplies its state with a matrix once for each token",
        "512 small products for 512 tokens",
        "now it is 64 products, each with eight states",
        "its short texts cost more time for each token. Why, we have not taken apart.",
        "In the LSTM the matrix for the state is used once for each token; only the one for the",
    )
    with open(PAGE, encoding="utf-8") as file:
        text = file.read()
    for wide_claim in ("at every length", "several times as long", "fastest memory"):
        assert wide_claim not in text, "what a busy machine, or another, breaks"
    lstm = torch.nn.LSTM(8, 8, batch_first=True)
    layer = torch.nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True)
    for texts, tokens in ((1, 512), (8, 64)):
        words = torch.randn(texts, tokens, 8)
        # One product more: that of all tokens' own vectors, which waits for nothing.
        assert products(lstm, words) == tokens + 1
        assert products(layer, words) == 4, "queries to values, their mix, and twice forward"


def products(layer, words) -> int:
    """How many products with a parameter matrix PyTorch's own code does for one pass."""

    class Count(TorchDispatchMode):
        found = 0

        def __torch_dispatch__(self, call, types, args=(), kwargs=None):
            self.found += call.overloadpacket in (torch.ops.aten.mm, torch.ops.aten.addmm)
            return call(*args, **(kwargs or {}))

    with torch.backends.mkldnn.flags(enabled=False), Count() as count:
        layer(words)
    return count.found


def test_speed_compares_equals(values, says):
    says(
        "for one LSTM layer and one Transformer layer with about the same number of parameters.",
    )
    pairs = ((64, 84), (512, 667))
    for width, hidden in pairs:
        lstm = torch.nn.LSTM(width, hidden, device="meta")
        layer = torch.nn.TransformerEncoderLayer(width, 4, 4 * width, device="meta")
        assert parameters(lstm) == pytest.approx(parameters(layer), rel=0.02)
    found = values(f"{CHAPTER}/speed")
    assert (found.small_size, found.wide_size) == (49_984, 3_152_384)


def test_memory(values, printed, says):
    says(
        "**The maps** grow to four times their size.",
        "**The cache** doubles: each token adds {{ why_transformers/memory.token_bytes:,}} bytes.",
        "**The LSTM's state**, two vectors in each layer, stays as it is, at {{ "
        "why_transformers/memory.lstm_bytes:,}} bytes.",
        "The cache of SmolLM2 takes {{ why_transformers/memory.token_bytes:,}} bytes per token.",
        "A map has a weight for each *pair* of tokens, so it becomes four times as large:",
        "a memory that grows with every token.",
        "The state has a fixed size and never grows.",
        "keeps two vectors for each token it has read, in each layer:",
    )
    found = values(f"{CHAPTER}/memory")
    config = AutoModelForCausalLM.from_pretrained("models/smollm2").config
    layers, width = config.num_hidden_layers, config.hidden_size
    head = width // config.num_attention_heads
    assert found.token_bytes == layers * 2 * config.num_key_value_heads * head * 4
    assert found.lstm_bytes == layers * 2 * width * 4
    at = found.first_larger
    assert found.token_bytes * (at - 1) <= found.lstm_bytes < found.token_bytes * at
    rows = cells(printed(f"{CHAPTER}/memory"))
    table = [[float(cell.removesuffix(" MB")) for cell in row[1:]] for row in rows]
    for one, two in zip(table, table[1:]):
        assert two[0] == pytest.approx(4 * one[0], rel=0.02), "four times"
        assert two[1] == pytest.approx(2 * one[1], rel=0.01), "doubles"
        assert two[2] == one[2], "stays"
    assert table[3][0] < table[3][1] and table[4][0] > table[4][1], "they cross between"


def test_answers(values, says):
    says(
        "After {{ why_transformers/answers.steps_to_a_thousandth }} steps, since $2^{10} = 1024$.",
        "To keep half over 1,000 steps, each must keep the thousandth root of one half",
        "They are equal when $4 \\cdot 9\\,n^2 = 46080\\,n$: at {{ "
        "why_transformers/answers.crossing:,}} tokens",
        "At 8,000 tokens the cache takes {{ "
        "why_transformers/answers.cache_megabytes:.0f}} MB, {{ "
        "why_transformers/answers.times_larger:,.0f}} times the LSTM's state.",
        "`= {{ why_transformers/answers.crossing:,}} ± 0`",
        "the maps of one layer {{ why_transformers/answers.map_a_pair}} bytes per pair of tokens.",
    )
    found = values(f"{CHAPTER}/answers")
    assert found.steps_to_a_thousandth == 10
    assert found.share_a_step**1000 == pytest.approx(0.5)
    memory = values(f"{CHAPTER}/memory")
    assert found.crossing == 1280
    assert found.cache_a_token == memory.token_bytes
    assert found.state == memory.lstm_bytes
    assert found.times_larger == pytest.approx(8000 * 46080 / 138240)
    assert found.map_a_pair == 4 * 9 and found.map_a_pair * 1280 == 46080
    assert found.cache_megabytes == pytest.approx(8000 * 46080 / 1e6)


def test_other_rates(values, says):
    says(
        "The rate of the chapter is the best of the three for the LSTM, and the "
        "Transformer hardly minds which it gets: its lowest result",
    )
    found = values(f"{CHAPTER}/rates")
    assert found.lstm_chosen == found.lstm_best < 0.55, "the chapter's rate is the best"
    assert found.transformer_worst > 0.9 > found.lstm_best


def test_wider_gates(values, says):
    says(
        "From 2 to 4 the gradient at 64 steps becomes larger still, but the answers "
        "do not become better.",
        "the gradient grows and [the answers do not get better](#try-it).",
        "Trained from this start, the LSTM only guesses even at distance 16 (exercise 4).",
    )
    found = values(f"{CHAPTER}/wider")
    assert found.gradient_4 > 3 * found.gradient_2
    assert found.right_4 < found.right_2 + 0.03, "not better"
    assert found.right_0 < 0.09 < found.right_2 - 0.05, "PyTorch's start: guessing"


def test_two_texts_end_as_one_state(printed):
    halving, keeping = printed(f"{CHAPTER}/predict").splitlines()
    assert halving == "keep 0.5: [1.0, 1.0, 0.125]"
    assert keeping == "keep 1.0: [8.0, 1.0, 1.0]"
