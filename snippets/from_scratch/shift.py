"""Without the shift in training the loss falls to zero: the model learns to copy."""

from snippets.from_scratch.train import EXAMPLE, score, train, write

steps = 200
correct, correct_losses, _ = train(steps)
broken, broken_losses, _ = train(steps, shift=lambda target: target)

correct_loss, broken_loss = correct_losses[-1], broken_losses[-1]
correct_score, broken_score = score(correct), score(broken)
correct_text, broken_text = write(correct, [EXAMPLE])[0], write(broken, [EXAMPLE])[0]
print("| training | last loss | new dates right | writes |")
print("| --- | ---: | ---: | --- |")
print(f"| shifted | {correct_loss:.4f} | {correct_score:.1%} | `{correct_text}` |")
print(f"| not shifted | {broken_loss:.4f} | {broken_score:.1%} | `{broken_text}` |")
