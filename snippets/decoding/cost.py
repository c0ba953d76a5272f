"""What each method costs: calls of the model, and token positions that it computes."""

from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
inputs = tokenizer("The robot watered the sunflowers because", return_tensors="pt")
seen = []
model.model.embed_tokens.register_forward_hook(
    lambda module, given, embedded: seen.append(given[0].shape)  # (texts, tokens)
)

methods = {
    "greedy": {},
    "greedy, no cache": {"use_cache": False},
    "sampling, any filter": {"do_sample": True, "top_k": 0, "top_p": 0.9},
    "4 beams": {"num_beams": 4},
    "8 beams": {"num_beams": 8},
}
print("| method | model calls | texts in a call | positions computed |")
print("|---|--:|--:|--:|")
positions = []
for name, settings in methods.items():
    seen.clear()
    model.generate(**inputs, max_new_tokens=8, min_new_tokens=8, **settings)
    positions.append(sum(texts * tokens for texts, tokens in seen))
    print(f"| {name} | {len(seen)} | {seen[-1][0]} | {positions[-1]} |")
calls = len(seen)
greedy_positions, uncached_positions, _, four_positions, eight_positions = positions
