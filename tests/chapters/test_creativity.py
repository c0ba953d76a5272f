"""What the chapter on other materials claims, on the real models."""

import re
import wave
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import (
    AutoConfig,
    AutoFeatureExtractor,
    AutoModelForMaskedLM,
    AutoModelForSpeechSeq2Seq,
    AutoTokenizer,
    ViTConfig,
    ViTForImageClassification,
)

from snippets.shared.tic_tac_toe import LINES, judged, over, play, to_win

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
    says("So a tokenizer must at least not lose what the material needs.")
    lower = AutoTokenizer.from_pretrained("models/minilm").tokenize(caffeine.lower())
    assert english == lower, "the capitals are lost"
    says("(Pieces that were counted in molecules work too.[^chemberta])")


def test_signs_of_the_notation(says, printed):
    says(
        "In the notation [SMILES](glossary.md#smiles), an atom is a letter, or two as in `Cl`,"
        " `=` is a double bond, parentheses open a branch, and two equal digits close a ring.",
    )
    page = Path("docs/creativity.md").read_text("utf-8")
    reader = AutoTokenizer.from_pretrained("models/rxnmapper")
    assert reader.tokenize("CCl") == ["C", "Cl"], "two letters, one atom"
    assert "as in `[O-]`; all other hydrogen is left out.[^smiles]" in page, "its source"
    says("This chapter answers them for molecules, sound, pictures and a game.")
    for section in ("A molecule is", "A sound is", "A picture is", "A game is"):
        assert f"\n## {section} " in page


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
        "With that one atom taken out, none of the four gets more than {{"
        " creativity/swap_atom.none_best:.2f}}, and `[SeH]` is back.",
        "In the first four rows nearly the whole weight is on the element that stands on the left.",
        "The last row, where none stands there, is faint everywhere.",
        "You meet this token in the next output again, where nothing is left to copy.",
    )
    swap = values(f"{CHAPTER}/swap_atom")
    assert swap.least_copied > 0.95 and swap.none_best < 0.1
    [table] = maps(f"{CHAPTER}/swap_atom")
    assert torch.tensor(table["values"][:4]).argmax(dim=1).tolist() == [0, 1, 2, 3]
    assert "none on the left: [SeH]" in printed(f"{CHAPTER}/swap_atom")
    says(
        "The last two lines of the output try all pairs of two different elements.",
        "{{ creativity/swap_atom.first }} of 12 are right, whichever element leaves.",
        "{{ creativity/swap_atom.second }} of 12. Both misses have fluorine beside the nitrogen.",
    )
    assert (swap.first, swap.second) == (12, 10)
    said = printed(f"{CHAPTER}/swap_atom").splitlines()[-1]
    assert said == "missed: F and Cl, F and Br", "the first named is beside the nitrogen"
    assert "}c1ncccc1{" in Path("snippets/creativity/swap_atom.py").read_text("utf-8")


def test_without_head_6_the_atom_is_not_found(says, values, maps, printed):
    says(
        "Without head 6 the right element gets at most {{ creativity/cut_head.without_6:.3f}}, for"
        " each of the four.",
        "Without another head it stays the first choice in {{ creativity/cut_head.others_kept }} of"
        " 28 cases.",
        "In eight rows the right element has at least a third in each column; the row without head"
        " 6 is empty.",
    )
    says(
        "(And the model still works without head 6: it fills {{ creativity/cut_head.filled }} of the {{"
        " creativity/masked_atoms.gaps }} gaps above. Without another head it fills at least eight"
        " more.)"
    )
    cut = values(f"{CHAPTER}/cut_head")
    [table] = maps(f"{CHAPTER}/cut_head")
    weights = torch.tensor(table["values"])
    assert weights.shape == (9, 4) and table["rows"][6] == "head 6"
    assert weights[6].max().item() == pytest.approx(cut.without_6, abs=1e-3)
    assert cut.without_6 < 0.01, "lost in all four"
    assert torch.cat([weights[:6], weights[7:]]).min() > 1 / 3
    assert 24 <= cut.others_kept < 28
    assert printed(f"{CHAPTER}/cut_head").splitlines()[6].count("[SeH]") == 4


def test_without_head_6_the_model_still_works(values):
    tokenizer = AutoTokenizer.from_pretrained("models/rxnmapper")
    model = AutoModelForMaskedLM.from_pretrained("models/rxnmapper")
    layer = model.albert.encoder.albert_layer_groups[0].albert_layers[0]
    masked = values(f"{CHAPTER}/masked_atoms")
    ids = tokenizer(masked.reaction, return_tensors="pt").input_ids[0]
    hidden = ids.repeat(masked.gaps, 1)
    hidden[range(masked.gaps), range(1, masked.gaps + 1)] = tokenizer.mask_token_id
    filled = []
    with torch.no_grad():
        intact = layer.attention.dense.weight.clone()
        for head in range(-1, 8):  # none, and each
            layer.attention.dense.weight.copy_(intact)
            if head >= 0:
                layer.attention.dense.weight[:, head * 32 : (head + 1) * 32] = 0
            best = model(hidden).logits[range(masked.gaps), range(1, masked.gaps + 1)].argmax(-1)
            filled.append((best == ids[1:-1]).sum().item())
    without_6 = filled.pop(6)
    assert (filled[0], without_6) == (masked.right, values(f"{CHAPTER}/cut_head").filled)
    assert without_6 > masked.gaps / 2, "it still works"
    assert min(filled) == without_6 + 8, "the other heads are missed less"


def test_only_attention_carries_between_tokens(says):
    says("Between tokens only [attention](glossary.md#attention) carries anything")
    tokenizer = AutoTokenizer.from_pretrained("models/rxnmapper")
    model = AutoModelForMaskedLM.from_pretrained("models/rxnmapper")
    texts = [f"Fc1ncccc1{atom}.CC(C)S>>CC(C)Sc1ncccc1[MASK]" for atom in "FI"]
    batch = tokenizer(texts, return_tensors="pt")
    with torch.no_grad():
        with_attention = model(**batch).logits[:, -2]
        model.albert.encoder.albert_layer_groups[0].albert_layers[0].attention.dense.weight.zero_()
        without = model(**batch).logits[:, -2]
    assert not torch.allclose(*with_attention, atol=1)
    assert torch.allclose(*without, atol=1e-4), "the other tokens do not arrive"


def test_equal_arms_and_the_rule(says, printed):
    says(
        "The carbons `C 1` and `C 3` at the sulfur compound are two equal arms of one molecule.",
        "Nobody can tell them apart, so either answer counts.",
        "find the longest piece of text that both sides have, then the longest of the rest, and so on.",
        "The authors of RXNMapper found that one head does it, although nobody trained it for"
        " that.[^rxnmapper]",
        "it also uses the neighbors of atoms that are already mapped.[^rxnmapper]",
    )
    program = Path("snippets/creativity/atom_map.py").read_text("utf-8")
    assert ">>CC(C)S" in program, "from the middle carbon both arms read the same"
    assert "by_hand = [(18, 20), (19,), (18, 20), (21,)" in program
    names = {}
    rule = Path("snippets/creativity/atom_heads.py").read_text("utf-8")
    rule = rule[: rule.index("# Six reactions")].split("\n\n\n")[1]
    exec("from difflib import SequenceMatcher\n" + rule, names)
    assert names["by_pieces"]("xaby", "abyx") == {0: 1, 1: 2, 2: 3, 3: 0}


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
        "The column of head 6 is the strongest in every layer, from the second on far ahead.",
        "Head 6 leads in every layer, from the second on far ahead: the layers share their"
        " parameters",
        "The best cell of all the other heads gets {{ creativity/atom_heads.other_heads:.0%}}.",
        "That alone proves little: the rule, which only compares text, gets {{"
        " creativity/atom_heads.rule:.0%}}.",
        "But begun at another atom, the same molecules leave it {{"
        " creativity/atom_heads.turned_rule:.0%}}, and the head {{"
        " creativity/atom_heads.turned_authors:.0%}}.",
        "Both are asked again for {{ creativity/atom_heads.writings }} other ways to write the six"
        " products, each begun at another atom.",
        "we chose it among 96 on the very reactions that we score it on, and six are few.",
        "In layer 11, which the authors name, head 6 gets {{ creativity/atom_heads.authors:.0%}}.",
        "You picked the best of 96 heads on six reactions; it is right for {{"
        " creativity/atom_heads.best:.0%}} of the atoms.",
        "It will hardly fall to nothing: head 6 leads in every layer.",
        "It depends on the atom at which a product is begun, and head 6 does so much less.",
        "Most likely somewhat less.",
        "The best of many is partly the luckiest [on these reactions](#where-did-each-atom-go).",
        "The same, since its parameters do not change.",
        "You chose the head [because it did well](#where-did-each-atom-go) on the old ones.",
        "About as much as any other head.",
    )
    heads = values(f"{CHAPTER}/atom_heads")
    lines = Path("snippets/creativity/reactions.txt").read_text("utf-8").splitlines()
    assert heads.total == 56 and len(set(lines)) == 6 + heads.writings, "all are different"
    usual = {line.split(">>")[0]: line for line in lines[:6]}
    for anew in lines[6:]:  # the same molecules on the left, the same atoms on the right
        gold, same = (x.split()[1:] for x in (usual[anew.split(">>")[0]], anew))
        assert sorted(gold) == sorted(same)
        assert usual[anew.split(">>")[0]].split()[0] != anew.split()[0]
    assert heads.best_head == 6 and heads.best >= heads.authors > 0.8
    assert abs(heads.authors - heads.rule) < 0.1, "alone it proves little"
    assert heads.turned_authors > heads.turned_rule + 0.2
    assert heads.authors - heads.turned_authors < 0.5 * (heads.rule - heads.turned_rule)
    [share] = maps(f"{CHAPTER}/atom_heads")
    by_head = torch.tensor(share["values"])
    assert (by_head.argmax(dim=1) == 5).all(), "in every layer"
    two = by_head.topk(2, dim=1).values
    assert ((two[:, 0] - two[:, 1])[1:] > 0.15).all(), "far ahead from layer 2 on"
    lucky = by_head[by_head[:, 5].argmax(), 5]
    assert lucky > by_head[1:, 5].mean(), "the best of them lies above the others"
    assert by_head.shape == (12, 8), "96 heads"
    assert by_head.max().item() == pytest.approx(heads.best, abs=0.01)
    assert by_head[10, 5].item() == pytest.approx(heads.authors, abs=0.01), "layer 11, head 6"
    others = torch.cat([by_head[:, :5], by_head[:, 6:]], dim=1)
    assert others.max().item() == pytest.approx(heads.other_heads, abs=0.01), "the best of the others"


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
        "Every hundredth of a second, measure how strong each of 80 frequency bands is",
        "This is fixed arithmetic, with nothing to learn.",
        "The first step has [nothing to learn](#a-sound-is-a-row-of-moments); all that is"
        " special to sound is over after the second.",
        "would be [too long for attention](#check-yourself), whose weights grow with the square",
        "The second steps by two, so half of the moments remain.",
        "A token stands for {{ creativity/what_it_sees.token_ms:.0f}} ms of sound.",
        "Whisper always reads 30 seconds, so our clip fills {{ creativity/what_it_sees.real"
        " }} of",
        "Measure the strength of each frequency band, a hundred times a second.",
        "Two convolutions mix neighboring moments, and leave half of them.",
    )
    sees = values(f"{CHAPTER}/what_it_sees")
    assert (sees.tokens, sees.width, sees.token_ms) == (1500, 384, 20)
    says("{{ creativity/what_it_sees.token_ms:.0f }} ms of sound")
    assert sees.real == round(sees.seconds * 50)
    assert sees.samples == pytest.approx(16_000 * sees.seconds)
    assert sees.tokens * sees.token_ms == 30_000, "half a minute"
    shapes = printed(f"{CHAPTER}/what_it_sees")
    assert "(1, 80, 3000) bands" in shapes, "a hundred a second, for 30 seconds"
    assert "2: (1, 384, 1500)" in shapes, "half of the moments"
    whisper = AutoModelForSpeechSeq2Seq.from_pretrained("models/whisper").model.encoder
    own = {name for name, _ in whisper.named_children()}
    assert own == {"conv1", "conv2", "embed_positions", "layers", "layer_norm"}
    program = Path("snippets/creativity/what_it_sees.py").read_text("utf-8")
    assert "AutoFeatureExtractor" in program, "no model: the extractor has no parameters"
    assert values(f"{CHAPTER}/raw_sound").times == 320**2, "too long, with the square"


def test_what_whisper_writes(says, values, printed):
    says(
        "The second is “{{ creativity/what_it_writes.in_train }}” We do not know why",
        "The first says “Please open the window. It is very hot today.”, the second “The train"
        " leaves at seven.”",
        "With a hiss of half the voice's amplitude, {{ creativity/what_it_writes.found_in_hiss }}"
        " of the",
        "and *the* stands in the invented texts as well.",
        "The decoder is a [language model](glossary.md#language-model): where words must follow, it"
        " writes words.",
        "Its decoder writes text if it must, even when the sound says nothing.",
        "and out comes fluent English; for silence, “{{ creativity/what_it_writes.in_silence }}”, as for"
        " five other hisses that we made.",
        "For silence, Whisper writes “{{ creativity/what_it_writes.in_silence }}”.",
    )
    writes = values(f"{CHAPTER}/what_it_writes")
    assert writes.in_train != "The train leaves at seven."
    assert writes.found_in_hiss < writes.spoken / 2 and writes.spoken == 9
    told = printed(f"{CHAPTER}/what_it_writes").replace("\n    ", " ")
    found = re.findall(r"^(.*) \((.*), (.*)\): (.*)$", told, re.M)
    lines = {name: (float(none), float(mean), text) for name, none, mean, text in found}
    assert lines["window"][2] == "Please open the window. It is very hot today."
    for name in ("window, backward", "hiss alone"):
        assert len(lines[name][2].split()) > 5, "fluent English out of nothing"
        assert "the" in lines[name][2].split()
    assert "the" in writes.survivors.split(" and ")
    program = Path("snippets/creativity/what_it_writes.py").read_text("utf-8")
    assert "write(window + hiss / 2)" in program, "as loud as the voice, and half of it"
    assert writes.in_silence.strip(), "even silence becomes a word"
    says(
        "Nothing in the *text* marks it.",
        "The first number does: for silence the token for no speech gets {{"
        " creativity/what_it_writes.silent:.2f}}, for the hiss {{",
        "for the three clips with a voice that speaks forward at most {{",
        "For backward speech it gets {{ creativity/what_it_writes.back_silent:.2f}}.",
        "since the first alone was not enough (section 4.5 of their paper[^whisper]).",
        "Here this rule catches the hiss.",
        "It misses the backward voice by the first number, and silence by the second: its",
    )
    assert min(writes.silent, writes.hiss_silent) > 0.6 > writes.back_silent > 0.1
    assert writes.speech_silent < 0.1
    caught = [name for name, (none, mean, _) in lines.items() if none > 0.6 and mean < -1]
    assert caught == ["hiss alone"]
    assert lines["window, backward"][1] < -1 and writes.silence_mean > -1
    says("Every shorter clip is filled up to 30 seconds [with silence](#a-sound-is-a-row-of-moments)")
    assert values(f"{CHAPTER}/what_it_sees").tokens == 1500, "of any clip"


def read(clip: str) -> np.ndarray:
    """The numbers of a clip, from -1 to 1."""
    with wave.open(f"snippets/audio/{clip}.wav") as file:
        return np.frombuffer(file.readframes(file.getnframes()), "int16") / 32768


def test_left_to_choose_whisper_says_that_nobody_speaks(says):
    says(
        "And they must: the library sets the first token itself, and forbids some others.",
        "Left to choose each token, the model took *no speech* for the hiss and for silence, and"
        " ended. Only the backward voice kept its text. (The second clip, backward, became “(speaking"
        " in foreign language)”, whose first sign the library forbids.)",
        "The library [sets its first token](#a-sound-is-a-row-of-moments). Left to choose each"
        " token, the model says *no speech* and ends.",
    )
    tokenizer = AutoTokenizer.from_pretrained("models/whisper")
    model = AutoModelForSpeechSeq2Seq.from_pretrained("models/whisper")
    extractor = AutoFeatureExtractor.from_pretrained("models/whisper")
    voice, train = map(read, ("open_the_window", "train_at_seven"))
    hiss = np.random.default_rng(0).normal(size=len(voice)) * np.sqrt((voice**2).mean())
    found = []
    for sound in (np.zeros(48_000), hiss, voice[::-1].copy(), train[::-1].copy()):
        sound = extractor(sound, sampling_rate=16_000, return_tensors="pt").input_features
        library = model.generate(sound, return_dict_in_generate=True).sequences[0]
        ids = torch.tensor([[model.config.decoder_start_token_id]])
        with torch.no_grad():
            heard = model.model.encoder(sound)
            while ids[0, -1] != tokenizer.eos_token_id and ids.shape[1] < 40:
                row = model(encoder_outputs=heard, decoder_input_ids=ids).logits[0, -1]
                ids = torch.cat([ids, row.argmax().view(1, 1)], dim=1)
        found.append([tokenizer.decode(one[1:]) for one in (library, ids[0])])
    assert [library.startswith("<|notimestamps|>") for library, _ in found] == [True] * 4
    assert len(model.generation_config.suppress_tokens) > 50, "forbidden"
    assert [own for _, own in found[:2]] == ["<|nocaptions|><|endoftext|>"] * 2
    library, own = (text.removesuffix("<|endoftext|>") for text in found[2])
    assert own == library and len(own.split()) > 5, "the backward voice"
    assert "(speaking in foreign language)" in found[3][1] and "(" not in found[3][0]
    assert tokenizer.convert_tokens_to_ids("Ġ(") in model.generation_config.suppress_tokens
    for seed in range(1, 6):
        other = np.random.default_rng(seed).normal(size=len(voice)) * np.sqrt((voice**2).mean())
        other = extractor(other, sampling_rate=16_000, return_tensors="pt").input_features
        told = tokenizer.decode(model.generate(other)[0], skip_special_tokens=True)
        assert told.strip().lower() == "you", "a hiss as loud, from another seed"


def test_pictures_need_positions(says, values, maps, printed):
    says(
        "With positions, {{ creativity/patches.with_positions:.0%}} of 500 new pictures are right,"
        " in the worst of the three trainings.",
        "Without, {{ creativity/patches.without_positions:.0%}} in the best, and guessing among four"
        " gives a quarter.",
        "Then we train it again without positions, and all of it three times.",
        "Whether the square is in the upper half.",
        "It sees every patch, but not [the picture](#a-picture-is-a-grid-of-patches).",
        "Our toy task says nothing about photographs.",
        "Nothing: without positions it can only guess.",
        "Most are faint; a block of strong cells marks the square.",
    )
    patches = values(f"{CHAPTER}/patches")
    assert patches.with_positions > 0.9
    assert 0.1 < patches.without_positions < 0.4, "as by guessing: upper from lower neither"
    rows = printed(f"{CHAPTER}/patches").splitlines()[:2]
    assert [row.count("%") for row in rows] == [3, 3], "three trainings of each"
    shares = [[float(x) for x in re.findall(r"([\d.]+)%", row)] for row in rows]
    assert min(shares[0]) == pytest.approx(100 * patches.with_positions, abs=0.06)
    assert max(shares[1]) == pytest.approx(100 * patches.without_positions, abs=0.06)
    assert patches.tokens == 37 and patches.patch_numbers == 16
    [picture] = maps(f"{CHAPTER}/patches")
    cells = torch.tensor(picture["values"])
    rows, columns = (cells > (cells.min() + cells.max()) / 2).nonzero().T
    sides = [int(x.max() - x.min()) + 1 for x in (rows, columns)]
    assert max(sides) <= 3 and len(rows) > sides[0] * sides[1] / 2, "a block"
    assert (cells < cells.max() / 2).sum() > cells.numel() / 2, "most are faint"


def test_with_and_without_positions_all_else_is_equal(says):
    says(
        "In each pair all else is equal: the pictures, the first numbers of the other parameters,"
        " the batches.",
    )
    program = Path("snippets/creativity/patches.py").read_text("utf-8")
    loop = program.split("for seed, positions in product(range(3), (True, False)):\n")[1]
    assert loop.lstrip().startswith("torch.manual_seed(seed)"), "anew for each model"
    assert program.count("= draw(") == 2 and "draw(" not in loop, "drawn once, for all"
    config = ViTConfig(image_size=24, patch_size=4, num_channels=1, hidden_size=48,
                       num_hidden_layers=1, num_attention_heads=4)  # fmt: skip
    made = []
    for positions in (True, False):
        torch.manual_seed(0)
        model = ViTForImageClassification(config)
        if not positions:
            model.vit.embeddings.position_embeddings.data.zero_()
        made.append((model.state_dict(), torch.randint(3000, (32,))))
    (one, batch), (other, same) = made
    assert torch.equal(batch, same)
    unlike = {name for name in one if not torch.equal(one[name], other[name])}
    assert unlike == {"vit.embeddings.position_embeddings"}


def test_a_bag_of_patches(says):
    says(
        "Whether there is a square, or only noise.",
        "The bag holds [the same patches](#a-picture-is-a-grid-of-patches) before and after.",
        "take this as the reason why in 2020 theirs needed many more pictures than a"
        " convolutional network;[^vit] two months later a better training made do with one"
        " million.",
        "with one million.[^deit]",
    )
    torch.manual_seed(0)
    config = ViTConfig(image_size=24, patch_size=4, num_channels=1, hidden_size=48,
                       num_hidden_layers=2, num_attention_heads=4)  # fmt: skip
    model = ViTForImageClassification(config).eval()
    model.vit.embeddings.position_embeddings.data.zero_()
    picture = torch.rand(1, 1, 24, 24)
    swapped = picture.clone()
    swapped[..., :4, :4], swapped[..., 8:12, 16:20] = (
        picture[..., 8:12, 16:20], picture[..., :4, :4])  # fmt: skip
    with torch.no_grad():
        before, after, brighter = (model(x).logits for x in (picture, swapped, picture + 1))
    assert torch.allclose(before, after, atol=1e-6), "two patches exchanged"
    assert not torch.allclose(before, brighter, atol=1e-3), "what is in the bag it does see"


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
        "In one position, the first player has squares 0 and 1, the second has 4 and 8.",
        "A player who takes any free square by chance, and looks at no line, would be right in {{"
        " creativity/game.by_filling:.0%}} if he never stopped before the board is full; no other"
        " number of moves does better.",
        "The model, whose moves are spread over the free squares as well, must see when a line is"
        " complete, on a board that it was never shown.",
        "And it does not repeat what it read: {{ creativity/game.new }} of its 500 games are in none of"
        " the 10,000, and of these {{ creativity/game.right_new:.1%}} are right.",
        "One position proves little, so the last line of the output counts all {{"
        " creativity/game.seen }} positions of 500 new games in which just one square wins.",
        "On average that square gets {{ creativity/game.won:.2f}} times what chance would give it",
        "The model keeps the rules in {{ creativity/game.right_after:.1%}} of its games and shows"
        " no wish to win.",
        "on average it gets what chance would give it.",
        "each of the five free ones has roughly a fifth.",
        "More games of the same kind.",
        "The same holds for text.",
        "Chat models are [trained further](decoder.md#every-position-predicts-at-once), often on"
        " pairs of a better and a worse answer.",
        "The taken squares together get {{ creativity/game.on_taken:.3f}}.",
        "The winning square gets {{ creativity/game.on_winning:.2f}}, and a player by chance"
        " would give it a fifth.",
    )
    game = values(f"{CHAPTER}/game")
    assert game.free_before < 0.7 and game.free_after > 0.97
    assert game.right_before < 0.05 and game.right_after > 0.85
    assert game.on_taken < 0.03
    assert 400 < game.new <= 500 and game.right_new > 0.85, "not by heart"
    assert 0.1 < game.on_winning < 0.35, "it does not go for the win"
    assert game.won == pytest.approx(1, abs=0.05) and game.lowest < 1 < game.highest
    places = to_win(range(10000, 10500))
    assert len(places) == game.seen
    for moves, square in places[::50]:
        mine = {*moves[len(moves) % 2 :: 2], square}
        assert any(set(map(int, line)) <= mine for line in LINES) and square not in moves
    shares = [0.0] * 10
    for seed in range(10000):
        shares[len(play(seed))] += 1e-4
    assert game.by_length == pytest.approx(sum(x * x for x in shares))
    assert game.by_filling == pytest.approx(max(shares)) == pytest.approx(shares[9])
    assert game.by_length < game.by_filling < 0.4 < game.right_after
    says("often on pairs of a better and a worse answer, with another one", page="decoder")
    [board] = maps(f"{CHAPTER}/game")
    free = [p for n, p in enumerate(sum(board["values"], [])) if n not in (0, 1, 4, 8)]
    assert 0.15 < min(free) and max(free) < 0.3
    assert len(free) == 5, "by chance a fifth each"


def test_a_judge_of_games():
    good, twice, early = [0, 3, 1, 4, 2], [0, 3, 0, 4, 2], [0, 3, 1, 4, 2, 5]
    assert judged([[*good, 9, 9]], 9) == (1, 1)
    assert judged([[*twice, 9]], 9) == (0.8, 0)
    assert judged([[*early, 9], [*good, 9]], 9) == (1, 0.5)


def ester_with(more: str) -> int:
    """How many of the six atoms head 6 of layer 11 finds, with more molecules on the left."""
    tokenizer = AutoTokenizer.from_pretrained("models/rxnmapper")
    model = AutoModelForMaskedLM.from_pretrained("models/rxnmapper", attn_implementation="eager")
    batch = tokenizer(f"CC(=O)O.OCC{more}>>CC(=O)OCC", return_tensors="pt")
    tokens = tokenizer.convert_ids_to_tokens(batch.input_ids[0])
    atoms = [n for n, token in enumerate(tokens[1:-1], 1) if token.isalpha()]
    left = [n for n in atoms if n < tokens.index(">>")]
    with torch.no_grad():
        weights = model(**batch, output_attentions=True).attentions[10][0, 5]
    looks = weights[atoms[len(left) :]][:, left].argmax(dim=-1) + 1
    return sum(n in gold for n, gold in zip(looks.tolist(), ([1], [2], [3, 4], [5], [6], [7])))


def test_answers(says, values, printed):
    says(
        "Whisper's encoder makes 50 tokens per second.",
        "The string alone does not say so: with an oxygen of the acid in its place, it would be the"
        " same string.",
        "The second molecule keeps its own oxygen, atom 5.",
        "Half the side of a patch is four times as many patches, and attention grows with the"
        " square.",
        "Twice the sound costs {{ creativity/answer_scale.longer:.0f}} times the weights.",
        "Smaller patches cost {{ creativity/answer_scale.more:.1f}} times: detail is"
        " expensive.",
        "We do not know why. With a solvent or a strong acid in the line, it found at most 4.",
        "The head agrees on {{ creativity/answer_ester.agreed }} of {{"
        " creativity/answer_ester.atoms_asked }} atoms.",
    )
    answer = values(f"{CHAPTER}/answer_scale")
    assert answer.minute == 3000 and answer.photo == 197 and answer.finer == 785
    assert answer.longer == 4 and 15 < answer.more < 16
    ester = values(f"{CHAPTER}/answer_ester")
    assert (ester.agreed, ester.atoms_asked) == (3, 6)
    assert ester_with(".Cc1ccccc1") == 4, "a solvent"
    assert ester_with(".O=S(=O)(O)O") == 4, "a strong acid"
    assert max(map(ester_with, (".ClCCl", ".Cc1ccccc1.O=S(=O)(O)O"))) <= 4
    by_hand = printed(f"{CHAPTER}/answer_ester").splitlines()[1].split()[2:]
    assert by_hand[3] == "5" and by_hand[2] == "3/4"
    atoms = printed(f"{CHAPTER}/answer_ester").splitlines()[0].split()[1:]
    assert atoms[2] == atoms[3] == "O", "only the element stands in the string"
    by_head = printed(f"{CHAPTER}/answer_ester").splitlines()[-1].split()[2:]
    assert by_head[3] == "4", "it takes the oxygen of the acid"
    assert answer.tokens_a_second == 50
    assert answer.finer - 1 == 4 * (answer.photo - 1), "four times as many patches"
    assert answer.more == pytest.approx((answer.finer / answer.photo) ** 2)


def test_what_stays(says):
    says(
        "All these models came from one library, and each of their layers has the same parts:",
        "Their vectors are computed from numbers; the layers behind are the same.",
        "Sound and pictures have [no vocabulary](#what-changes-what-stays), only a computation.",
        "The layers [are the same](#what-changes-what-stays) for all materials.",
        "The 40 numbers times one matrix would do, as for [a patch]",
        "Nothing: print the numbers as text for a language model.",
        "Its layers never see a sentence.",
    )
    for idea, model in {
        "masked_atoms": "AutoModelForMaskedLM", "what_it_writes": "AutoModelForSpeechSeq2Seq",
        "patches": "ViTForImageClassification", "game": "GPT2LMHeadModel",
    }.items():  # fmt: skip
        program = Path(f"snippets/creativity/{idea}.py").read_text("utf-8")
        assert re.search(rf"^from transformers import .*\b{model}\b", program, re.M)
    config = ViTConfig(image_size=24, patch_size=4, num_channels=1, hidden_size=48,
                       num_hidden_layers=1, num_attention_heads=4)  # fmt: skip
    picture = ViTForImageClassification(config)
    whisper = AutoModelForSpeechSeq2Seq.from_pretrained("models/whisper").model.encoder
    assert not any(isinstance(part, torch.nn.Embedding) for part in picture.modules())
    tables = [part for part in whisper.modules() if isinstance(part, torch.nn.Embedding)]
    assert tables == [whisper.embed_positions], "no vocabulary: of places, not of tokens"
    for model in (picture, whisper, AutoModelForMaskedLM.from_pretrained("models/rxnmapper")):
        parts = " ".join(type(one).__name__ for one in model.modules())
        assert "Attention" in parts and "LayerNorm" in parts and parts.count("Linear") >= 6
    with torch.no_grad():
        states = torch.randn(1, 5, 384)
        assert whisper.layers[0](states, None)[0].shape[-1] == 384, "any vectors will do"


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
    assert heads.other_heads < heads.authors - 0.3, "no other head number comes near"
    sound = values(f"{CHAPTER}/raw_sound")
    assert sound.samples == 480_000 == 320 * sound.tokens


def test_keys_of_the_questions_are_what_came_out(values, says):
    says(
        "- [x] Whether there is a square, or only noise.",
        "- [x] Most likely somewhat less.",
        "- [x] Games of players who want to win.",
        "- [x] How an hour becomes a vector, and what comes out at the end.",
        "- [x] Its decoder writes text if it must, even when the sound says nothing.",
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
