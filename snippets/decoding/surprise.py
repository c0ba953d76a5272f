"""How probable is each token of a text by a human, and of a text by beam search?"""

from matplotlib import pyplot as plt
from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")

start = "It is a most extraordinary thing,"
human = (
    " but I never read a patent medicine advertisement without being impelled to the"
    " conclusion that I am suffering from the particular disease therein dealt with"
)
ids = tokenizer(start, return_tensors="pt").input_ids
steps = tokenizer(human, return_tensors="pt").input_ids.shape[1]
beam = model.generate(ids, num_beams=4, max_new_tokens=steps)[0, ids.shape[1] :]
beam = tokenizer.decode(beam)
print("beam:" + beam)

probabilities = []
for text in (human, beam):
    both = tokenizer(start + text, return_tensors="pt").input_ids
    p = model(both).logits[0, ids.shape[1] - 1 : -1].detach().softmax(-1)
    probabilities.append(p.gather(1, both[0, ids.shape[1] :, None])[:, 0])
human_p, beam_p = probabilities
human_middle, beam_middle = human_p.median().item(), beam_p.median().item()
print(f"median probability: human {human_middle:.3f}, beam {beam_middle:.3f}")

plt.plot(human_p, "o-", color=plots.WARM, linewidth=1.2, label="Jerome K. Jerome")
plt.plot(beam_p, "s--", color=plots.BLUE, linewidth=1.2, label="beam search, 4 beams")
plt.xlabel("token")
plt.ylabel("probability of the token")
plt.title("This writer surprises; this beam mostly does not")
plt.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
