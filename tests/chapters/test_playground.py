"""The playground: its figures are those of the chapters, and its advice works with the models."""

import re
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

FIGURE = re.compile(r"^!\[([^]]+)\]\(figures/([\w/]+)\.svg", re.M)
PROMPT = "The robot watered the sunflowers because"


def test_its_figures_are_those_of_the_chapters(says):
    """A chapter's tests hold what its figures show; here the same words stand."""
    says(
        "Bars of the eight most probable next tokens. The token “it” leads; “they”, “the” and “he” follow, "
        "close together.",
        "SmolLM2, next token after “The robot watered the sunflowers because”.",
        "The heavy path goes over the, robot, watered, the, sun, and starts at the third first token.",
        "“The robot watered the sunflowers because they were thirsty.” Columns: source; rows: translation.",
        "SmolLM2, three beams, after “The robot watered the sunflowers because”.",
        "Each box starts with an example of its chapter. Press its button, then change whatever you like.",
    )
    here = FIGURE.findall(Path("docs/playground.md").read_text("utf-8"))
    assert len(here) == 7
    for alt, figure in here:
        chapter = Path(f"docs/{figure.split('/')[0]}.md").read_text("utf-8")
        assert (alt, figure) in FIGURE.findall(chapter), figure


def test_a_low_top_p_is_greedy_for_this_draw(says):
    """The share of the first token is enough; after it, the same setting keeps several."""
    says(
        "Lower top-p until one token is left: now this draw is greedy. The next may have several tokens again, "
        "if the model is less sure there.",
        "Where two tokens are nearly equal, a text may go on otherwise.",
    )
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    model = AutoModelForCausalLM.from_pretrained("models/smollm2")
    ids = tokenizer(PROMPT, return_tensors="pt").input_ids
    with torch.no_grad():
        text = model.generate(ids, max_new_tokens=20, do_sample=False, pad_token_id=0)
        leaders = model(text).logits[0, ids.shape[1] - 1 : -1].softmax(-1).max(-1).values
    assert leaders[1:].min() < leaders[0] - 0.01, "the setting that keeps one token first"
    near = torch.tensor([15.0, 15.0 + 1e-3])
    assert near.argmax() != near.half().float().argmax()


def test_the_three_tokenizers_and_capital_letters(says):
    says("Then write the same word with and without a capital letter.")
    cut = {
        name: [AutoTokenizer.from_pretrained(f"models/{name}").tokenize(word) for word in ("sunflower", "Sunflower")]
        for name in ("minilm", "smollm2", "en-pt")
    }
    assert cut["minilm"][0] == cut["minilm"][1]
    assert cut["smollm2"][0] != cut["smollm2"][1] and cut["en-pt"][0] != cut["en-pt"][1]


def test_why_it_cannot_count(says):
    says("Why it cannot count: [sequence problems](sequence_problems.md#a-chat-model-that-cannot-count).")
    assert "\n## A chat model that cannot count" in Path("docs/sequence_problems.md").read_text("utf-8")
