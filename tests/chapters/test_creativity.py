"""What the chapter on other materials claims, on the real models."""

from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer

from snippets.shared.tic_tac_toe import over, play

CHAPTER = "creativity"


def test_only_the_chemical_tokenizer_keeps_atoms_apart(values, printed):
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


def test_masked_atoms(values, printed):
    masked = values(f"{CHAPTER}/masked_atoms")
    assert masked.gaps == 54 and masked.right >= 48
    text = printed(f"{CHAPTER}/masked_atoms")
    assert text.count("says [SeH]") == 3
    assert text.count("says") == masked.gaps - masked.right


def test_the_guess_follows_the_atom_on_the_left(values, maps):
    assert values(f"{CHAPTER}/swap_atom").least_copied > 0.95
    assert values(f"{CHAPTER}/swap_atom").blind_best < 0.1
    [table] = maps(f"{CHAPTER}/swap_atom")
    assert torch.tensor(table["values"][:4]).argmax(dim=1).tolist() == [0, 1, 2, 3]


def test_atom_map(values, maps):
    found = values(f"{CHAPTER}/atom_map")
    assert (found.correct, found.product_atoms, found.left_atoms) == (10, 11, 23)
    [head] = maps(f"{CHAPTER}/atom_map")
    looks = torch.tensor(head["values"]).argmax(dim=1).tolist()
    assert looks[4:] == list(range(6, 13)), "the ring is a diagonal"
    assert head["rows"][2] == "C 3" and head["columns"][looks[2]] == "S 21"
    assert min(looks) > 4, "no row looks at the solvent"


def test_one_head_maps_atoms(values, maps):
    heads = values(f"{CHAPTER}/atom_heads")
    assert heads.reactions == 6 and heads.total == 56
    assert heads.best_head == 6 and heads.best >= heads.authors > 0.8
    assert heads.other_heads < heads.rule < heads.authors
    [share] = maps(f"{CHAPTER}/atom_heads")
    by_head = torch.tensor(share["values"])
    assert (by_head.argmax(dim=1)[1:] == 5).all(), "from layer 2 on"


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


def test_what_whisper_sees(values):
    sees = values(f"{CHAPTER}/what_it_sees")
    assert (sees.tokens, sees.width, sees.token_ms) == (1500, 384, 20)
    assert sees.real == round(sees.seconds * 50)


def test_what_whisper_writes(values, printed):
    writes = values(f"{CHAPTER}/what_it_writes")
    assert writes.window_right
    assert writes.in_train != "The train leaves at seven."
    assert writes.found_in_hiss < writes.spoken / 2 and writes.spoken == 9
    lines = dict(x.split(": ", 1) for x in printed(f"{CHAPTER}/what_it_writes").splitlines())
    for name in ("window, backward", "hiss alone"):
        assert len(lines[name].split()) > 5, "fluent English out of nothing"
    assert writes.in_silence.strip(), "even silence becomes a word"


def test_pictures_need_positions(values):
    patches = values(f"{CHAPTER}/patches")
    assert patches.with_positions > 0.9
    assert 0.1 < patches.without_positions < 0.4
    assert patches.tokens == 37 and patches.patch_numbers == 16


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


def test_game(values, maps):
    game = values(f"{CHAPTER}/game")
    assert game.free_before < 0.7 and game.free_after > 0.97
    assert game.right_before < 0.05 and game.right_after > 0.85
    assert game.on_taken < 0.03
    assert 0.1 < game.on_winning < 0.35, "it does not go for the win"
    [board] = maps(f"{CHAPTER}/game")
    free = [p for n, p in enumerate(sum(board["values"], [])) if n not in (0, 1, 4, 8)]
    assert min(free) > 0.1


def test_answers(values, printed):
    answer = values(f"{CHAPTER}/answer_scale")
    assert answer.minute == 3000 and answer.photo == 197 and answer.finer == 785
    assert answer.longer == 4 and 15 < answer.more < 16
    ester = values(f"{CHAPTER}/answer_ester")
    assert (ester.agreed, ester.atoms_asked) == (3, 6)
    by_head = printed(f"{CHAPTER}/answer_ester").splitlines()[-1].split()[2:]
    assert by_head[3] == "4", "it takes the oxygen of the acid"


def test_the_questions(values, printed):
    chemical, english = printed(f"{CHAPTER}/predict").splitlines()
    assert chemical.endswith("False") and english.endswith("True")
    assert values(f"{CHAPTER}/raw_sound").times == 320**2
    heads = values(f"{CHAPTER}/atom_heads")
    assert heads.other_heads < heads.rule < heads.best, "no other head number comes near"
