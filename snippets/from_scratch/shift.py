"""Without the shift in training the loss falls to zero: the model learns to copy."""

from snippets.from_scratch import train

steps = 200
correct, correct_losses, _ = train.train(steps)
broken, broken_losses, _ = train.train(steps, shift=lambda target: target)

correct_loss, broken_loss = correct_losses[-1], broken_losses[-1]
correct_score, broken_score = train.score(correct), train.score(broken)
correct_text = train.write(correct, [train.EXAMPLE])[0]
broken_text = train.write(broken, [train.EXAMPLE])[0]
print("| training | last loss | new dates right | writes |")
print("| --- | ---: | ---: | --- |")
print(f"| shifted | {correct_loss:.4f} | {correct_score:.1%} | `{correct_text}` |")
print(f"| not shifted | {broken_loss:.4f} | {broken_score:.1%} | `{broken_text}` |")

# The broken one is fed with each of ten digits at the place of the first dash.
source = train.batch_of([train.EXAMPLE] * 10)
fed = train.batch_of([digit * 10 for digit in "0123456789"])
best = train.logits_for(broken, source, fed)[:, 4].argmax(dim=-1)
letters = ["pad", "start", *train.LETTERS]
at_dash = "".join(letters[number] for number in best)
