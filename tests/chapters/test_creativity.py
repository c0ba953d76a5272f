"""What the chapter on other materials claims, on the real models."""

from pathlib import Path

import pytest
import torch
from transformers import AutoConfig, AutoTokenizer

from snippets.shared.tic_tac_toe import over, play

CHAPTER = "creativity"


def test_only_the_chemical_tokenizer_keeps_atoms_apart(says, values, printed):
    says(
        "The chemical tokenizer has only {{ creativity/smiles.vocabulary }} tokens, and each"
        " of the {{ creativity/smiles.atoms }} atoms is one.",
    )
    smiles = values(f"{CHAPTER}/smiles")
    assert smiles.vocabulary == 591
    assert smiles.atoms == 14, "caffeine is C8 N4 O2"
    caffeine = "CN1C=NC2=C1C(=O)N(C(=O)N2C)C"
    chemical = AutoTokenizer.from_pretrained("models/rxnmapper").tokenize(caffeine)
    assert "".join(chemical) == caffeine and max(map(len, chemical)) == 1
    assert "CN" in AutoTokenizer.from_pretrained("models/smollm2").tokenize(caffeine)
    english = AutoTokenizer.from_pretrained("models/minilm").tokenize(caffeine)
    assert "".join(english) == "".join(english).lower()
    assert printed(f"{CHAPTER}/smiles").count("tokens of") == 3


def test_masked_atoms(says, values, printed):
    says(
        "(It is an ALBERT, so all its layers share one set of",
        "It finds {{ creativity/masked_atoms.right }} of {{ creativity/masked_atoms.gaps }}.",
    )
    masked = values(f"{CHAPTER}/masked_atoms")
    assert masked.gaps == 54 and masked.right >= 48
    text = printed(f"{CHAPTER}/masked_atoms")
    assert text.count("says [SeH]") == 3
    assert text.count("says") == masked.gaps - masked.right
    config = AutoConfig.from_pretrained("models/rxnmapper")
    assert (config.model_type, config.num_hidden_groups) == ("albert", 1), "one set for all"


def test_the_guess_follows_the_atom_on_the_left(says, values, maps, printed):
    says(
        "The guess follows the atom on the left each time, with a probability of at least",
        "Without the left side, none of the four gets more than {{"
        " creativity/swap_atom.blind_best:.2f}}, and `[SeH]` is back.",
    )
    assert values(f"{CHAPTER}/swap_atom").least_copied > 0.95
    assert values(f"{CHAPTER}/swap_atom").blind_best < 0.1
    [table] = maps(f"{CHAPTER}/swap_atom")
    assert torch.tensor(table["values"][:4]).argmax(dim=1).tolist() == [0, 1, 2, 3]
    assert "no left side: [SeH]" in printed(f"{CHAPTER}/swap_atom")


def test_atom_map(says, values, maps):
    says(
        "{{ creativity/atom_map.correct }} of {{ creativity/atom_map.product_atoms }} are as"
        " by hand.",
    )
    found = values(f"{CHAPTER}/atom_map")
    assert (found.correct, found.product_atoms, found.left_atoms) == (10, 11, 23)
    [head] = maps(f"{CHAPTER}/atom_map")
    looks = torch.tensor(head["values"]).argmax(dim=1).tolist()
    assert looks[4:] == list(range(6, 13)), "the ring is a diagonal"
    assert head["rows"][2] == "C 3" and head["columns"][looks[2]] == "S 21"
    assert min(looks) > 4, "no row looks at the solvent"


def test_one_head_maps_atoms(says, values, maps):
    says(
        "So we wrote down six, with the answer for each of {{ creativity/atom_heads.total }}"
        " atoms, and scored every head.",
        "The column of head 6 is the strongest in nearly every layer.",
        "Head 6 stands out, in each layer from the second on",
        "No other head gets beyond {{ creativity/atom_heads.other_heads:.0%}}, and the rule"
        " gets",
        "we chose it among 96 on the very reactions that we score it on, and six are few.",
        "Layer 11, which the authors name, gets {{ creativity/atom_heads.authors:.0%}}.",
        "You picked the best of 96 heads on six reactions; it is right for {{"
        " creativity/atom_heads.best:.0%}} of the atoms.",
        "It will hardly fall to nothing: head 6 is good in nearly every layer.",
    )
    heads = values(f"{CHAPTER}/atom_heads")
    assert heads.reactions == 6 and heads.total == 56
    assert heads.best_head == 6 and heads.best >= heads.authors > 0.8
    assert heads.other_heads < heads.rule < heads.authors
    [share] = maps(f"{CHAPTER}/atom_heads")
    by_head = torch.tensor(share["values"])
    assert (by_head.argmax(dim=1)[1:] == 5).all(), "from layer 2 on"
    assert by_head.shape == (12, 8), "96 heads"
    assert by_head.max().item() == pytest.approx(heads.best, abs=0.01)
    assert by_head[10, 5].item() == pytest.approx(heads.authors, abs=0.01), "layer 11, head 6"
    others = torch.cat([by_head[:, :5], by_head[:, 6:]], dim=1)
    assert others.max().item() == pytest.approx(heads.other_heads, abs=0.01)
    assert (by_head[:, 5] > heads.rule).sum() >= 9, "good in nearly every layer"


def test_reactions_are_well_formed():
    """The gold names, for each product atom, atoms of the same element on the left."""
    tokenizer = AutoTokenizer.from_pretrained("models/rxnmapper")
    lines = Path("snippets/creativity/reactions.txt").read_text("utf-8").splitlines()
    for line in lines:
        reaction, *gold = line.split()
        sides = [
            [t for t in tokenizer.tokenize(side) if any(map(str.isalpha, t))]
            for side in reaction.split(">>")
        ]
        assert len(gold) == len(sides[1])
        for atom, answers in zip(sides[1], gold):
            assert all(sides[0][int(n) - 1] == atom for n in answers.split("/"))
        first = [answers for answers in gold if "/" not in answers]
        assert len(first) == len(set(first)), "an atom goes to one place"


def test_what_whisper_sees(says, values, printed):
    says(
        "here 16,000 numbers a second.",
        "Every hundredth of a second, measure how strong each of 80 pitch bands is",
        "The second steps by two, so half of the moments remain.",
        "A token is {{ creativity/what_it_sees.token_ms:.0f}} ms of sound.",
        "Whisper always reads 30 seconds, so our clip fills {{ creativity/what_it_sees.real"
        " }} of",
        "Measure the strength of each pitch band, a hundred times a second.",
        "Two convolutions mix neighboring moments, and leave half of them.",
    )
    sees = values(f"{CHAPTER}/what_it_sees")
    assert (sees.tokens, sees.width, sees.token_ms) == (1500, 384, 20)
    assert sees.real == round(sees.seconds * 50)
    assert sees.samples == pytest.approx(16_000 * sees.seconds)
    assert sees.tokens * sees.token_ms == 30_000, "half a minute"
    shapes = printed(f"{CHAPTER}/what_it_sees")
    assert "(1, 80, 3000) bands" in shapes, "a hundred a second, for 30 seconds"
    assert "2: (1, 384, 1500)" in shapes, "half of the moments"


def test_what_whisper_writes(says, values, printed):
    says(
        "The second is “{{ creativity/what_it_writes.in_train }}” A robot's voice",
        "With a hiss half as loud as the voice, {{ creativity/what_it_writes.found_in_hiss }}"
        " of the",
        "For silence it writes “{{ creativity/what_it_writes.in_silence }}”.",
        "For silence, Whisper writes “{{ creativity/what_it_writes.in_silence }}”.",
    )
    writes = values(f"{CHAPTER}/what_it_writes")
    assert writes.window_right
    assert writes.in_train != "The train leaves at seven."
    assert writes.found_in_hiss < writes.spoken / 2 and writes.spoken == 9
    lines = dict(x.split(": ", 1) for x in printed(f"{CHAPTER}/what_it_writes").splitlines())
    for name in ("window, backward", "hiss alone"):
        assert len(lines[name].split()) > 5, "fluent English out of nothing"
    assert writes.in_silence.strip(), "even silence becomes a word"


def test_pictures_need_positions(says, values, maps):
    says(
        "With positions, {{ creativity/patches.with_positions:.0%}} of 500 new pictures are"
        " right.",
        "Without, {{ creativity/patches.without_positions:.0%}}, and guessing among four"
        " gives a quarter.",
        "Nothing: without positions it can only guess.",
        "Most are faint; a block of strong cells marks the square.",
    )
    patches = values(f"{CHAPTER}/patches")
    assert patches.with_positions > 0.9
    assert 0.1 < patches.without_positions < 0.4
    assert patches.tokens == 37 and patches.patch_numbers == 16
    [picture] = maps(f"{CHAPTER}/patches")
    cells = torch.tensor(picture["values"])
    rows, columns = (cells > (cells.min() + cells.max()) / 2).nonzero().T
    sides = [int(x.max() - x.min()) + 1 for x in (rows, columns)]
    assert max(sides) <= 3 and len(rows) > sides[0] * sides[1] / 2, "a block"
    assert (cells < cells.max() / 2).sum() > cells.numel() / 2, "most are faint"


@pytest.mark.parametrize(
    ("moves", "done"),
    [([], False), ([0, 3, 1, 4, 2], True), ([0, 3, 1, 4], False), ([0, 4, 1, 2, 5, 6], True)],
)
def test_rules(moves, done):
    assert over(moves) is done


def test_random_games_follow_the_rules():
    for seed in range(200):
        game = play(seed)
        assert len(set(game)) == len(game) and over(game)
        assert not any(over(game[:n]) for n in range(len(game)))


def test_game(says, values, maps):
    says(
        "Free squares rise from {{ creativity/game.free_before:.0%}} to",
        "Whole games without any error, and with the end in the right place, rise from",
        "The first player has squares 0 and 1, the second has 4 and 8.",
        "The taken squares together get {{ creativity/game.on_taken:.3f}}.",
        "The winning square gets {{ creativity/game.on_winning:.2f}}, and a player by chance"
        " would give it a fifth.",
    )
    game = values(f"{CHAPTER}/game")
    assert game.free_before < 0.7 and game.free_after > 0.97
    assert game.right_before < 0.05 and game.right_after > 0.85
    assert game.on_taken < 0.03
    assert 0.1 < game.on_winning < 0.35, "it does not go for the win"
    [board] = maps(f"{CHAPTER}/game")
    free = [p for n, p in enumerate(sum(board["values"], [])) if n not in (0, 1, 4, 8)]
    assert min(free) > 0.1
    assert len(free) == 5, "by chance a fifth each"


def test_answers(says, values, printed):
    says(
        "Whisper makes 50 tokens a second.",
        "Half the side of a patch is four times as many patches, and attention grows with the"
        " square.",
        "Twice the sound costs {{ creativity/answer_scale.longer:.0f}} times the weights.",
        "Smaller patches cost {{ creativity/answer_scale.more:.1f}} times: detail is"
        " expensive.",
        "The head agrees on {{ creativity/answer_ester.agreed }} of {{"
        " creativity/answer_ester.atoms_asked }} atoms.",
    )
    answer = values(f"{CHAPTER}/answer_scale")
    assert answer.minute == 3000 and answer.photo == 197 and answer.finer == 785
    assert answer.longer == 4 and 15 < answer.more < 16
    ester = values(f"{CHAPTER}/answer_ester")
    assert (ester.agreed, ester.atoms_asked) == (3, 6)
    by_head = printed(f"{CHAPTER}/answer_ester").splitlines()[-1].split()[2:]
    assert by_head[3] == "4", "it takes the oxygen of the acid"
    assert answer.tokens_a_second == 50
    assert answer.finer - 1 == 4 * (answer.photo - 1), "four times as many patches"
    assert answer.more == pytest.approx((answer.finer / answer.photo) ** 2)


def test_the_questions(says, values, printed):
    says(
        "Thirty seconds of sound are 480,000 numbers.",
        "`= {{ creativity/raw_sound.times:,}} ± 0`",
        "There would be 320 times as many tokens, because each token now stands for",
    )
    chemical, english = printed(f"{CHAPTER}/predict").splitlines()
    assert chemical.endswith("False") and english.endswith("True")
    assert values(f"{CHAPTER}/raw_sound").times == 320**2
    heads = values(f"{CHAPTER}/atom_heads")
    assert heads.other_heads < heads.rule < heads.best, "no other head number comes near"
    sound = values(f"{CHAPTER}/raw_sound")
    assert sound.samples == 480_000 == 320 * sound.tokens


def test_keys_of_the_questions_are_what_came_out(values, says):
    says(
        "- [x] Whether there is a square, or only noise.",
        "- [x] Most likely somewhat less.",
        "- [x] Games of players who want to win.",
        "- [x] How an hour becomes a vector, and what comes out at the end.",
        "- [x] Its decoder writes what is usual when the sound says nothing.",
    )
    patches = values("creativity/patches")
    assert patches.with_positions > 0.95 and patches.without_positions < 0.35
    # A bag of patches keeps the bright one, and no place.
    picture = torch.zeros(16)
    picture[5] = 1
    noise = torch.full((16,), 0.1)
    bag = picture[torch.randperm(16, generator=torch.Generator().manual_seed(0))]
    assert bag.sort().values.equal(picture.sort().values) and bag.max() > noise.max()
    heads = values("creativity/atom_heads")
    assert heads.best > heads.other_heads + 0.2 and heads.best > heads.authors
    game = values("creativity/game")
    assert game.free_after > 0.95 and game.on_winning < 0.3, "free squares, and not the winning one"
    sees = values("creativity/what_it_sees")
    assert sees.tokens == 1500 and values("creativity/patches").tokens == 37, "vectors, no vocabulary"
    writes = values("creativity/what_it_writes")
    assert writes.in_silence == "you", "words, where nothing was said"
