"""One sentence, made into the exercises of three kinds of pre-training."""

words = "The robot watered the sunflowers because they were thirsty .".split()
hidden = {2, 6}  # places to guess; real programs draw them
spans = [(2, 4), (7, 9)]  # from, and up to

gaps = ["[MASK]" if place in hidden else word for place, word in enumerate(words)]
print("fill gaps    reads ", *gaps)
print("             says  ", *(words[place] for place in sorted(hidden)))
print("next token   reads ", *words[:-1])
print("             says  ", *words[1:])

source, target, done = [], [], 0
for number, (begin, end) in enumerate(spans):
    mark = f"<{number}>"
    source += words[done:begin] + [mark]
    target += [mark] + words[begin:end]
    done = end
source += words[done:]
target += [f"<{len(spans)}>"]  # a last mark ends the answer
print("write spans  reads ", *source)
print("             says  ", *target)
in_gaps, in_text = len(hidden), len(words) - 1
in_spans = sum(end - begin for begin, end in spans)
