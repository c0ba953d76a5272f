"""Does the model count? The probability of ending, after each sentence of one text."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
text = """Light from the sun holds all the colors together. It looks white before it
reaches the air. The air is full of very small molecules. They send light away in every
direction around them. Blue light is sent away more often than red. So blue light comes
to us from everywhere above. Red light goes on in a nearly straight line. We see it when
we look toward the sun. In the evening the path is much longer then. Most of the blue is
lost along the way. What is left over is orange and deep red. That is why the evening
sky looks so warm.""".replace("\n", " ")
ends = [place + 1 for place, letter in enumerate(text) if letter == "."]
words = [len(text[:end].split()) for end in ends]  # so far, at each sentence's end
asked = [10, 20, 50, 100]
table = []
for length in asked:
    question = f"In exactly {length} words, explain why the sky is blue."
    chat = [{"role": "user", "content": question}]
    prompt = tokenizer.apply_chat_template(
        chat, tokenize=False, add_generation_prompt=True
    )
    batch = tokenizer(prompt + text, return_tensors="pt", return_offsets_mapping=True)
    places = [end - len(prompt) for _, end in batch.pop("offset_mapping")[0].tolist()]
    with torch.no_grad():
        probabilities = model(**batch).logits[0].softmax(dim=-1)  # (tokens, vocabulary)
    stop = probabilities[:, tokenizer.eos_token_id]
    table.append([stop[places.index(end)].item() for end in ends])
    nearest = min(range(len(words)), key=lambda i: abs(words[i] - length))
    best = max(range(len(words)), key=lambda i: table[-1][i])
    print(
        f"asked for {length:3}: at word {words[nearest]:3} it would end with "
        f"{table[-1][nearest]:.3f}; most likely at word {words[best]}"
    )
ten_at_nine, fifty_at_fifty, ten_at_fifty = table[0][0], table[2][5], table[0][5]
at_fifty, early_ratio = words[5], table[0][0] / table[2][0]
rows = [f"asked {length}" for length in asked]
plots.heatmap(table, rows, words, "It ends by the story, not by a count")
