"""Who sees whom: change one token, and see which vectors of each family move."""

import torch
from transformers import AutoModel

from snippets.shared.translator import Translator

minilm = AutoModel.from_pretrained("models/minilm")
smollm2 = AutoModel.from_pretrained("models/smollm2")
translator = Translator.from_pretrained("models/en-pt").model
ids = torch.tensor([[101, 102, 103, 104, 105]])  # any five tokens, read by all three
last_changed, first_changed = ids.clone(), ids.clone()
last_changed[0, -1] = first_changed[0, 0] = 200


def moved(run, before, after, place):
    """Whether the vector at `place` differs between two inputs."""
    with torch.no_grad():
        change = (run(before) - run(after))[0, place].abs().max()
    return bool(change > 1e-4)


def write(target, source=ids):
    return translator(source, decoder_input_ids=target).last_hidden_state


runs = {
    "encoder (MiniLM)": lambda x: minilm(x).last_hidden_state,
    "decoder (SmolLM2)": lambda x: smollm2(x).last_hidden_state,
    "encoder–decoder (en-pt): its encoder": lambda x: translator.encoder(x)[0],
    "encoder–decoder (en-pt): its decoder": write,
}
print("| a token's vector depends on | earlier tokens | later tokens |\n|---|---|---|")
sees = {}
for name, run in runs.items():
    earlier = moved(run, ids, first_changed, -1)
    later = moved(run, ids, last_changed, 0)
    sees[name] = (earlier, later)
    print(f"| {name} | {'yes' if earlier else 'no'} | {'yes' if later else 'no'} |")

encoder_sees_later = sees["encoder (MiniLM)"][1]
decoder_sees_later = sees["decoder (SmolLM2)"][1]
writer_sees_later = sees["encoder–decoder (en-pt): its decoder"][1]
writer_sees_source = moved(lambda source: write(ids, source), ids, last_changed, 0)
print(f"\nThe first written token's vector depends on the last token of the source: "
      f"**{'yes' if writer_sees_source else 'no'}**")  # fmt: skip
