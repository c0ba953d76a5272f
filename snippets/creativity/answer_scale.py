"""Tokens and attention weights for a longer sound and for smaller patches."""

tokens_a_second = 50
minute = 60 * tokens_a_second
weights_30, weights_60 = (30 * tokens_a_second) ** 2, minute**2
photo = (224 // 16) ** 2 + 1  # 224 × 224 pixels, patches of 16 × 16, and [CLS]
finer = (224 // 8) ** 2 + 1
longer, more = weights_60 / weights_30, finer**2 / photo**2
print(f"sound: {minute:,} tokens a minute; weights × {longer:.0f} from 30 to 60 s")
print(f"picture: {photo} tokens; patches of 8 × 8: {finer}; weights × {more:.1f}")
