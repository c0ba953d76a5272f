"""A state that keeps a share of itself reads three texts of four numbers."""


def carry(text, keep):
    state = 0.0
    for number in text:
        state = keep * state + number
    return state


texts = [[8, 0, 0, 0], [0, 0, 0, 1], [1, 0, 0, 0]]
for keep in (0.5, 1.0):
    print(f"keep {keep}:", [carry(text, keep) for text in texts])
