"""The same training with an encoder layer and without any: who mixes the letters?"""

from snippets.from_scratch import train

means, sharpest, rights = {}, {}, {}
print("largest weight, row of the year   1st  2nd  3rd  4th")
for layers in (1, 0):
    train.CONFIG["encoder_layers"] = layers
    model, _, _ = train.train(600)
    rights[layers] = train.score(model)
    mean = train.look_at(model)[:4]  # (digits of the year, letters)
    heads = model.decoder.layers[0].encoder_attn.map[0, :, :4]  # (heads, 4, letters)
    means[layers] = mean.amax(dim=1).tolist()
    sharpest[layers] = heads.amax(dim=(0, 2)).tolist()
    print(f"{layers} encoder layers: {rights[layers]:.1%} of new dates right")
    for name, row in ("mean of four heads", means), ("sharpest of the four", sharpest):
        print(f"  {name:<30}", "".join(f"{share:5.2f}" for share in row[layers]))
with_first, without_first = sharpest[1][0], sharpest[0][0]
mean_with_first, mean_without_first = means[1][0], means[0][0]
right_without = rights[0]
