"""How far both encoders are from the same sums computed with twice as many digits."""

from pathlib import Path

import matplotlib.pyplot as plt
import torch
from transformers import AutoModel, AutoTokenizer

from snippets import plots
from snippets.from_scratch import encoder

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/minilm")
library = AutoModel.from_pretrained("models/minilm")
ours = encoder.load("models/minilm")
sentences = Path("snippets/from_scratch/sentences.txt").read_text("utf-8").splitlines()
batch = tokenizer(sentences[::3], padding=True, return_tensors="pt")
real = batch.attention_mask.bool()  # (batch, tokens)

our_states = ours(batch.input_ids, batch.attention_mask)[0]
their_states = library(**batch, output_hidden_states=True).hidden_states
exact_states = ours.double()(batch.input_ids, batch.attention_mask)[0]
exact_theirs = library.double()(**batch, output_hidden_states=True).hidden_states


def far(states, where):
    return [(a - b).abs()[where].max().item() for a, b in zip(states, exact_states)]


ours_far, theirs_far = far(our_states, real), far(their_states, real)
our_error, their_error = max(ours_far), max(theirs_far)
we_are_nearer = sum(a < b for a, b in zip(ours_far, theirs_far))
in_double = max(far(exact_theirs, real))
at_padding, ours_at_padding = (max(far(x, ~real)) for x in (their_states, our_states))
print(f"from the exact sum: we {our_error:.1e}, the library {their_error:.1e}")
print(f"in double precision the two differ by at most {in_double:.0e}")
print(f"at padding, which nobody reads: we {ours_at_padding:.1e}, it {at_padding:.1e}")

axes = plt.figure(figsize=(4.4, 2.7)).add_subplot()
axes.semilogy(ours_far, "o-", color=plots.WARM, label="our encoder")
axes.semilogy(theirs_far, "s--", color=plots.COOL, label="the library")
axes.set(xlabel="after layer (0: embeddings)", ylabel="largest error")
axes.set_yticks([1e-6, 2e-6, 4e-6], ["1e-06", "2e-06", "4e-06"])
axes.set_yticks([], minor=True)
axes.set_title("Both round, about equally")
axes.legend()
