"""The same training with an encoder layer and without any: who mixes the letters?"""

from snippets.from_scratch import train

shares, rights = {}, {}
print("row of the year   1st  2nd  3rd  4th   right")
for layers in (1, 0):
    train.CONFIG["encoder_layers"] = layers
    model, _, maps = train.train(600, (600,))
    strongest = maps[600][:4].max(dim=1).values  # (digits of the year,)
    shares[layers] = strongest.tolist()
    rights[layers] = train.score(model)
    row = "".join(f"{share:5.2f}" for share in strongest)
    print(f"{layers} encoder layers {row} {rights[layers]:7.1%}")
with_first, without_first = shares[1][0], shares[0][0]
with_last, without_last = shares[1][3], shares[0][3]
right_without = rights[0]
