"""The labels of one question with its answer, and the loss that the library makes."""

from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2").requires_grad_(False)

question = "<|endoftext|>A masterpiece.\nPraise or blame? Answer:"
batch = tokenizer(question + " praise<|im_end|>", return_tensors="pt")
labels = batch.input_ids.clone()
asked = len(tokenizer(question).input_ids)
labels[:, :asked] = -100  # the loss leaves these out

run = model(**batch, labels=labels)
logs = run.logits[0, :-1].log_softmax(-1)  # each place guesses the next token
each = -logs[range(len(logs)), batch.input_ids[0, 1:]]
print("| token | label | loss |\n|---|--:|--:|")
tokens = tokenizer.convert_ids_to_tokens(batch.input_ids[0])
tokens = [token.replace("Ġ", "␣").replace("Ċ", "⏎") for token in tokens]
for token, label, loss in zip(tokens[1:], labels[0, 1:].tolist(), each):
    print("| `{}` | {} | {:.2f} |".format(token.replace("|", "\\|"), label, loss))
answer = each[asked - 1 :].mean().item()
whole, library = each.mean().item(), run.loss.item()
off = abs(answer - library)
print(f"\nMean of the answer's tokens {answer:.4f}, of all {whole:.4f}.")
print(f"The library's loss: {library:.4f}.")
