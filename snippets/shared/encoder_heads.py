"""MiniLM's sentence vectors, with heads put off: shared helpers."""

from contextlib import contextmanager

import torch
from torch.nn.functional import normalize
from transformers import AutoModel, AutoTokenizer

LAYERS, HEADS, WIDTH = 6, 12, 32  # WIDTH: of what a head hands on


class Encoder:
    """MiniLM; a head that is off hands on its mean output over some texts, whatever it reads.

    Args:
        measured_on: Texts over whose tokens the means are taken.
    """

    def __init__(self, measured_on: list[str]):
        self.tokenizer = AutoTokenizer.from_pretrained("models/minilm")
        self.model = AutoModel.from_pretrained("models/minilm")
        found = []  # of each layer, in their order

        def add(layer, parts, real):
            found.append(parts[real].mean(0))

        with self._hooked(add):
            self._read(measured_on)
        self.means = torch.stack(found)  # (layers, heads, WIDTH)

    def embed(self, texts: list[str], off: list[tuple[int, int]] = ()) -> torch.Tensor:
        """A vector of length 1 for each text, without these (layer, head): (texts, 384)."""

        def replace(layer, parts, real):
            mine = [head for one, head in off if one == layer]
            parts[:, :, mine] = self.means[layer, mine]

        with self._hooked(replace):
            return self._read(texts)

    @torch.no_grad()
    def _read(self, texts):
        batch = self.tokenizer(texts, padding=True, return_tensors="pt")
        self._real = batch.attention_mask.bool()  # what is not padding
        states = self.model(**batch).last_hidden_state  # (texts, tokens, 384)
        return normalize((states * self._real[..., None]).sum(1), dim=-1)

    @contextmanager
    def _hooked(self, change):
        """Within: change(layer, parts, real) gets what the heads hand on, before W^O."""

        def hook_for(layer):
            def hook(_, inputs):
                parts = inputs[0].unflatten(-1, (HEADS, WIDTH)).clone()
                change(layer, parts, self._real)  # parts: (texts, tokens, heads, WIDTH)
                return (parts.flatten(-2),)

            return hook

        outs = [layer.attention.output.dense for layer in self.model.encoder.layer]
        hooks = [out.register_forward_pre_hook(hook_for(n)) for n, out in enumerate(outs)]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()
