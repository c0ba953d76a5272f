"""One draft in sixteen fits: how often does a round of sixteen find none?"""

fits = 1 / 16
none_fits = (1 - fits) ** 16
ten_for_nothing = none_fits**10
print(f"one round for nothing: {none_fits:.1%}")
print(f"ten rounds for nothing: {ten_for_nothing:.4%}")
