"""What the tests of several chapters share: the models, loaded as the snippets load them."""

from collections.abc import Iterator

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from snippets.shared.translator import Translator


@pytest.fixture
def no_grad() -> Iterator[None]:
    """A test without gradients; of a whole file: pytest.mark.usefixtures("no_grad")."""
    with torch.no_grad():
        yield


@pytest.fixture(scope="module")
def smollm2(book) -> PreTrainedModel:
    return AutoModelForCausalLM.from_pretrained("models/smollm2")


@pytest.fixture(scope="module")
def smollm2_eager(book) -> PreTrainedModel:
    """With the weights of its attention, for which it takes the slower way."""
    return AutoModelForCausalLM.from_pretrained("models/smollm2", attn_implementation="eager")


@pytest.fixture(scope="module")
def smollm2_pair(smollm2) -> tuple:
    """SmolLM2's tokenizer, which pads on the left as a text to be continued needs, and the model."""
    return AutoTokenizer.from_pretrained("models/smollm2", padding_side="left"), smollm2


@pytest.fixture(scope="module")
def translator(book) -> tuple:
    """The English–Portuguese translator: its tokenizer, and the model with its maps."""
    model = Translator.from_pretrained("models/en-pt", attn_implementation="eager")
    return AutoTokenizer.from_pretrained("models/en-pt"), model
