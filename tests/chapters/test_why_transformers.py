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


def test_by_hand(values, printed):
    hand = values(f"{CHAPTER}/by_hand")
    assert hand.left_at_the_end == 0.5**9, "the state has halved nine times"
    assert hand.looked_up > 0.99
    carried = printed(f"{CHAPTER}/by_hand").splitlines()[0].split()[1:]
    assert len(carried) == 10 and carried[:4] == ["1.000", "0.500", "0.250", "0.125"]


def test_the_comparison_is_fair(values):
    lstm, transformer = parameters(Recurrent()), parameters(Transformer())
    assert lstm == pytest.approx(transformer, rel=0.02)
    assert lstm >= transformer, "the LSTM does not get less"
    recall = values(f"{CHAPTER}/recall")
    assert (recall.lstm_size, recall.transformer_size) == (lstm, transformer)
    assert (LENGTH, LETTERS) == (96, 16), "the page says so"


def test_neither_model_sees_a_later_letter():
    torch.manual_seed(0)
    ids = torch.randint(LETTERS, (1, LENGTH))
    changed = ids.clone()
    changed[0, 50:] = (ids[0, 50:] + 1) % LETTERS
    for model in (Recurrent(), Transformer()):
        before, after = model(ids), model(changed)
        assert torch.allclose(before[:, :50], after[:, :50], atol=1e-5)
        assert not torch.allclose(before[:, 50:], after[:, 50:], atol=1e-5)


def test_recall(values, says):
    """Bounds with room: three seeds differed by less than two points anywhere."""
    found = values(f"{CHAPTER}/recall")
    says(
        "while the Transformer has learned every distance up to 64 by then",
        "a text holds fewer answers at a longer distance: 94 at 2, and 32 at 64",
    )
    assert (LENGTH - 2, LENGTH - 64) == (94, 32), "places with a letter so far back"
    assert found.chance == 1 / 16
    assert found.transformer_lowest > 0.98, "at every distance"
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


def test_the_load_counts_and_not_the_room(values, says):
    """A wider state does not help; fewer or simpler letters on a way as long do."""
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


def test_names(values, printed):
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


def test_the_novel_has_none_of_the_names(printed):
    with open("snippets/why_transformers/alice.txt", encoding="utf-8") as file:
        novel = file.read()
    names = ("Otto", "Marta", "Ruth", "Jonas", "Clara", "Hugo", "robot")
    assert not any(name in novel for name in names)
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    assert len(tokenizer(novel).input_ids) >= 640


def test_long_look(values):
    found = values(f"{CHAPTER}/long_look")
    assert found.back > 320
    assert found.to_name > 0.7 and found.to_name + found.to_first > 0.9
    assert 0.05 < found.other_to_name < found.to_name / 2, "less, but not nothing"
    config = AutoModelForCausalLM.from_pretrained("models/smollm2").config
    assert (config.num_hidden_layers, config.num_attention_heads) == (30, 9)


def test_crowd(values, printed, says):
    found = values(f"{CHAPTER}/crowd")
    assert found.asked == 6
    assert found.a_name == 2 * found.asked, "every answer is a told name"
    assert 1 <= found.right_320 <= 3, "but few belong to the right person"
    assert found.right_320 <= found.right_40 <= 4, "near by it is little better"
    assert "| Jon |" in printed(f"{CHAPTER}/crowd"), "the page explains it"
    says("Five of the six answers after 320 tokens are the first name told or the last")
    late = [row[3] for row in cells(printed(f"{CHAPTER}/crowd"))]
    assert late.count("Otto") + late.count("Hugo") == 5


def test_the_count_behind_the_times(says):
    """How often a matrix is multiplied can be counted; no sentence rests on a clock alone."""
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


def test_speed_compares_equals(values):
    pairs = ((64, 84), (512, 667))
    for width, hidden in pairs:
        lstm = torch.nn.LSTM(width, hidden, device="meta")
        layer = torch.nn.TransformerEncoderLayer(width, 4, 4 * width, device="meta")
        assert parameters(lstm) == pytest.approx(parameters(layer), rel=0.02)
    found = values(f"{CHAPTER}/speed")
    assert (found.small_size, found.wide_size) == (49_984, 3_152_384)


def test_memory(values, printed):
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


def test_answers(values):
    found = values(f"{CHAPTER}/answers")
    assert found.steps_to_a_thousandth == 10
    assert found.share_a_step**1000 == pytest.approx(0.5)
    memory = values(f"{CHAPTER}/memory")
    assert found.crossing == 1280
    assert found.cache_a_token == memory.token_bytes
    assert found.state == memory.lstm_bytes
    assert found.times_larger == pytest.approx(8000 * 46080 / 138240)


def test_other_rates(values):
    found = values(f"{CHAPTER}/rates")
    assert found.lstm_chosen == found.lstm_best < 0.55, "the chapter's rate is the best"
    assert found.transformer_worst > 0.9 > found.lstm_best


def test_wider_gates(values):
    found = values(f"{CHAPTER}/wider")
    assert found.gradient_4 > 3 * found.gradient_2
    assert found.right_4 < found.right_2 + 0.03, "not better"
    assert found.right_0 < 0.09 < found.right_2 - 0.05, "PyTorch's start: guessing"


def test_two_texts_end_as_one_state(printed):
    halving, keeping = printed(f"{CHAPTER}/predict").splitlines()
    assert halving == "keep 0.5: [1.0, 1.0, 0.125]"
    assert keeping == "keep 1.0: [8.0, 1.0, 1.0]"
