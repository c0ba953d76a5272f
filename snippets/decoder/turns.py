"""How many tokens a chat model reads in five turns, when nothing is kept between."""

question, answer = 40, 60
chat = read = 0
for turn in range(5):
    chat += question
    read += chat  # the program sends the whole chat
    chat += answer
print(f"questions: {5 * question} tokens; read by the model: {read}")
