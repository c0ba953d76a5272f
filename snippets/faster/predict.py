"""A model writes 1 to 8. A draft guesses three numbers in each pass."""

written = [1, 2, 3, 4, 5, 6, 7, 8]  # what the model writes, one by one
draft = [1, 2, 9, 4, 5, 6, 9, 8]  # what the draft guesses at each place

passes, done = 0, 0
while done < 8:
    right = done
    while right < min(done + 3, 8) and draft[right] == written[right]:
        right += 1
    done = min(right + 1, 8)  # the right guesses, and one number of its own
    passes += 1
    print(written[:done])
print(passes, "passes")
