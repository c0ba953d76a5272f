"""The small translators of the Firefox browser, as a model of the library.

Standard, and used as it is from `MarianMTModel`: the encoder, the cross-attention, the
feed-forward blocks, the layer norms, and `generate` with its greedy and beam search.
Not standard: the decoder does not attend to its own past. In that place stands a
*simpler simple recurrent unit* (SSRU; Kim et al., 2019, "From Research to Production
and Back"). It was put there for speed: self-attention looks back at every earlier
token, while this unit carries one vector on, so that each new word costs the same.
So there are no `decoder_attentions` here, and `cross_attentions` are the usual ones.
"""

import torch
from torch import nn
from transformers import MarianMTModel

NOT_GIVEN = object()  # None says that nothing is to be kept


class SSRU(nn.Module):
    """A running average whose weights depend on each input; it stands for attention."""

    def __init__(self, width, layer):
        super().__init__()
        self.layer = layer
        self.forget = nn.Linear(width, width)
        self.candidate = nn.Linear(width, width, bias=False)

    # All that the library hands over is named. Where a version hands over another thing,
    # or the cache under another name, there is an error: without its state the unit
    # writes nonsense. The mask is for attention alone, and the wishes for outputs too.
    def forward(
        self, hidden_states, attention_mask=None, cache=NOT_GIVEN,
        past_key_values=NOT_GIVEN, output_attentions=None, output_hidden_states=None,
    ):  # fmt: skip
        if cache is NOT_GIVEN:
            cache = past_key_values  # its name before version 5.24
        if cache is NOT_GIVEN:
            raise TypeError("SSRU got no cache, and so forgets what was written")
        forget = torch.sigmoid(self.forget(hidden_states))  # (batch, tokens, width)
        news = (1 - forget) * self.candidate(hidden_states)  # (batch, tokens, width)
        if cache is not None:
            cache = cache.self_attention_cache
        state = self.last_state(cache)
        states = []
        for token in range(hidden_states.shape[1]):
            state = forget[:, token] * state + news[:, token]  # (batch, width)
            states.append(state)
        states = torch.stack(states, dim=1)  # (batch, tokens, width)
        if cache is not None:  # made for keys and values, so it takes the states twice
            cache.update(states[:, None], states[:, None], self.layer)
        return torch.relu(states), None  # None: there are no attention weights

    def last_state(self, cache):
        """The state after the tokens seen so far; zero before the first one."""
        if cache is None or cache.get_seq_length(self.layer) == 0:
            return 0.0
        return cache.layers[self.layer].keys[:, 0, -1]  # (batch, width)


class Translator(MarianMTModel):
    """`Translator.from_pretrained("models/en-pt")`: Marian with SSRU in its decoder."""

    _keys_to_ignore_on_save = None  # its position tables differ from the library's

    def __init__(self, config):
        super().__init__(config)
        for index, layer in enumerate(self.model.decoder.layers):
            layer.self_attn = SSRU(config.d_model, index)
        self.post_init()
