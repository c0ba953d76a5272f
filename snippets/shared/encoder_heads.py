"""MiniLM with heads put off, and its sentence vectors: shared helpers."""

from contextlib import contextmanager

import torch
from torch.nn.functional import normalize
from transformers import AutoModel, AutoTokenizer

HEADS, WIDTH = 12, 32  # of a layer; of what a head hands on


class Encoder:
    """MiniLM; a head that is off hands on its mean output over some texts, whatever it reads.

    Args:
        measured_on: Texts over whose tokens the means are taken.
    """

    def __init__(self, measured_on: list[str]):
        self.tokenizer = AutoTokenizer.from_pretrained("models/minilm")
        self.model = AutoModel.from_pretrained("models/minilm")
        found = []  # of each layer, in their order
        self._read(measured_on, lambda layer, parts, real: found.append(parts[real].mean(0)))
        self.means = torch.stack(found)  # (layers, heads, WIDTH)

    def states(self, texts: list[str], off: list[tuple[int, int]] = ()):
        """The last hidden states without these (layer, head), and which are no padding.

        Returns:
            (texts, tokens, 384) and (texts, tokens).
        """

        def replace(layer, parts, real):
            mine = [head for one, head in off if one == layer]
            parts[:, :, mine] = self.means[layer, mine]

        return self._read(texts, replace)

    def embed(self, texts: list[str], off: list[tuple[int, int]] = ()) -> torch.Tensor:
        """The mean of each text's states, of length 1: (texts, 384)."""
        states, real = self.states(texts, off)
        return normalize((states * real[..., None]).sum(1), dim=-1)

    @torch.no_grad()
    def _read(self, texts, change):
        """change(layer, parts, real) may change what the heads hand on, before W^O."""
        batch = self.tokenizer(texts, padding=True, return_tensors="pt")
        real = batch.attention_mask.bool()
        with self._hooked(lambda layer, parts: change(layer, parts, real)):
            return self.model(**batch).last_hidden_state, real

    @contextmanager
    def _hooked(self, change):
        def hook_for(layer):
            def hook(_, inputs):
                parts = inputs[0].unflatten(-1, (HEADS, WIDTH)).clone()
                change(layer, parts)  # (texts, tokens, heads, WIDTH)
                return (parts.flatten(-2),)

            return hook

        outs = [layer.attention.output.dense for layer in self.model.encoder.layer]
        hooks = [out.register_forward_pre_hook(hook_for(n)) for n, out in enumerate(outs)]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()
