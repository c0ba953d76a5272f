"""The rows of the real table that point most nearly the same way as a token's row."""

import torch.nn.functional as F
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm")
table = model.get_input_embeddings().weight.detach()  # (vocabulary, width)
table = F.normalize(table, dim=1)  # length one: a dot product is then the cosine

found = {}
print("| Token | Nearest rows, with cosine |\n|---|---|")
for token in ["robot", "thirsty", "three", "water", "good", "bank", "##s"]:
    cosines = table @ table[tokenizer.convert_tokens_to_ids(token)]  # (vocabulary)
    near = cosines.topk(6).indices[1:].tolist()  # the nearest is the token itself
    names = tokenizer.convert_ids_to_tokens(near)
    found[token] = dict(zip(names, cosines[near].tolist()))
    shown = (f"`{name}` {cosine:.2f}" for name, cosine in found[token].items())
    print(f"| `{token}` | {' · '.join(shown)} |")

good_bad = found["good"].get("bad", 0.0)
robot_robots = found["robot"].get("robots", 0.0)
