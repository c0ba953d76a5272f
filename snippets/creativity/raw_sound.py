"""What attention would cost if each number of the sound were a token."""

samples = 30 * 16_000
tokens = 30 * 50  # what the spectrogram and the two convolutions leave
times = samples**2 // tokens**2
print(f"{samples:,} instead of {tokens:,} tokens: {times:,} times the weights")
