"""A decoder that learned nothing but to copy: how many wanted pieces does it hit?"""

right = ["Eu", "sinto", "falta", "de", "você"]
given = {
    "not shifted, copies its own place": right,
    "shifted, copies its own place": ["(start)", *right[:-1]],
    "shifted, no mask, copies the next": right[:-1] + ["?"],
}
for name, copied in given.items():
    hits = sum(copy == wanted for copy, wanted in zip(copied, right))
    print(f"{name:34} {hits} of {len(right)}")
