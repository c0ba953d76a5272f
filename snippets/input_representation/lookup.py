"""The embedding layer is a table: an id picks a row, and so does a one-hot vector."""

import torch
import torch.nn.functional as F
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm")
table = model.get_input_embeddings().weight.detach()  # (vocabulary, width)

ids = torch.tensor(tokenizer("The robot watered the robot").input_ids)
one_hot = F.one_hot(ids, num_classes=len(table)).float()  # (tokens, vocabulary)
product = one_hot @ table  # (tokens, width)
rows = table[ids]  # (tokens, width)

print("ids       ", ids.tolist())
print("one-hot   ", list(one_hot.shape), "times table", list(table.shape))
print("gives     ", list(product.shape))
layer = model.get_input_embeddings()(ids)  # (tokens, width)
same = torch.equal(product, rows) and torch.equal(rows, layer)
print("product = rows = the model's own layer:", same)
print("both robots get one row:", torch.equal(rows[2], rows[5]))

words, width = table.shape
in_table = table.numel()
share = in_table / model.num_parameters()
print(f"{words:,} × {width} = {in_table:,} parameters,")
print(f"{share:.0%} of the model")
