"""Twelve requests for an exact number of words, and how many words come back."""

import matplotlib.pyplot as plt
from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/smollm2", padding_side="left")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
topics = ["why the sky is blue", "how rain forms", "what a robot is"]
lengths = [10, 20, 50, 100]
chats = [
    [{"role": "user", "content": f"In exactly {length} words, explain {topic}."}]
    for topic in topics
    for length in lengths
]
batch = tokenizer.apply_chat_template(
    chats, add_generation_prompt=True, padding=True, return_tensors="pt",
    return_dict=True,
)  # fmt: skip
ids = model.generate(**batch, do_sample=False, max_new_tokens=130)
ids = ids[:, batch.input_ids.shape[1] :]  # (12, new tokens)
replies = tokenizer.batch_decode(ids, skip_special_tokens=True)
written = [len(text.split()) for text in replies]
ended = (ids == tokenizer.eos_token_id).any(dim=1).tolist()
counts = dict(zip(topics, [written[:4], written[4:8], written[8:]]))
print("| asked for |", " | ".join(map(str, lengths)), "|\n|---|---|---|---|---|")
for number, (topic, row) in enumerate(counts.items()):
    marks = ["" if done else " so far" for done in ended[4 * number : 4 * number + 4]]
    print(f"| {topic} |", " | ".join(f"{n}{mark}" for n, mark in zip(row, marks)), "|")
exact = sum(count == length for count, length in zip(written, lengths * 3))
requests, unfinished, longest = len(written), ended.count(False), max(written)
sky_twenty, sky_fifty, robot_ten, robot_fifty = (written[i] for i in (1, 2, 8, 10))

ax = plt.figure(figsize=(4.4, 3.4)).add_subplot()
ax.plot([0, 115], [0, 115], "--", color=plots.MUTED, linewidth=1)
ax.text(80, 71, "as asked", color=plots.MUTED, rotation=42, ha="center", va="center")
looks = zip(["o-", "s-", "^-"], [plots.WARM, plots.COOL, plots.BLUE])
for (topic, row), (look, color) in zip(counts.items(), looks):
    ax.plot(lengths, row, look, color=color, linewidth=1, label=topic)
for number in range(requests):
    if not ended[number]:  # we stopped it: the true point lies higher
        at = lengths[number % 4], written[number]
        ax.annotate("stopped", at, (-6, 3), textcoords="offset points", ha="right")
ax.set(xlabel="words asked for", ylabel="words written", xticks=lengths, ylim=(0, 120))
ax.set_title("No line follows the diagonal")
ax.legend(loc="upper left")
