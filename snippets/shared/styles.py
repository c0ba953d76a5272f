"""A small grammar that makes pairs of sentences, one informal and one formal."""

import random
from itertools import product

Pair = tuple[str, str]  # informal, formal

PEOPLE = {"the boss": "the director", "my mom": "my mother", "the doc": "the doctor",
          "the kids": "the children", "the cops": "the officers"}  # fmt: skip
MANY = {"the kids", "the cops"}
ACTIONS = {"fix": "repair", "buy": "purchase", "check out": "examine",
           "toss": "discard", "ask for": "request"}  # fmt: skip
THINGS = {"the car": "the vehicle", "the pic": "the photograph",
          "the fridge": "the refrigerator", "the stuff": "the equipment"}  # fmt: skip
TIMES = {"": "", "asap": "as soon as possible", "tonight": "this evening",
         "now": "immediately"}  # fmt: skip
STATES = {"late": "late", "sick": "ill", "broke": "without money", "mad": "angry"}
GREETINGS = {"": "", "hey anna ,": "dear anna ,", "hey tom ,": "dear tom ,"}
# The last word of the informal sentence decides how the formal one begins.
ENDINGS = {".": "", ", sorry .": "I regret that", ", yay !": "I am pleased that"}
# "Get" and "a lot of" become one thing or another: the word after them decides.
GET = {"the joke": "understand", "the question": "understand", "the plan": "understand",
       "the letter": "receive", "the package": "receive",
       "the money": "receive"}  # fmt: skip
A_LOT = {"work": "much", "noise": "much", "time": "much",
         "problems": "many", "questions": "many", "tickets": "many"}  # fmt: skip


def sentences() -> dict[str, list[Pair]]:
    """All pairs of each kind, without greetings."""
    made = {kind: [] for kind in ("request", "plan", "get", "a lot", "state")}
    for action, thing, time in product(ACTIONS, THINGS, TIMES):
        low = f"{action} {thing} {time}".strip()
        high = f"{ACTIONS[action]} {THINGS[thing]} {TIMES[time]}".strip()
        made["request"].append((f"can you {low} ?", f"could you please {high} ?"))
        for who, name in PEOPLE.items():
            are = "are" if who in MANY else "is"
            made["plan"].append((f"{who} {are} gonna {low} .", f"{name} will {high} ."))
    for who, name in PEOPLE.items():
        many = who in MANY
        dont, do = ("don't", "do") if many else ("doesn't", "does")
        have_got, have = ("'ve got", "have") if many else ("'s got", "has")
        for thing, verb in GET.items():
            low, high = f"{who} {dont} get", f"{name} {do} not {verb}"
            made["get"].append((f"{low} {thing} .", f"{high} {thing} ."))
        for thing, amount in A_LOT.items():
            low, high = f"{who} {have_got} a lot of", f"{name} {have} {amount}"
            made["a lot"].append((f"{low} {thing} .", f"{high} {thing} ."))
        for (state, formal), (end, start) in product(STATES.items(), ENDINGS.items()):
            are = "are" if many else "is"
            low, high = f"{who} {are} {state} {end}", f"{start} {name} {are} {formal} ."
            made["state"].append((low, high.strip()))
    return made


def split(seed: int = 0) -> tuple[list[Pair], list[tuple[str, Pair]]]:
    """Training pairs, and held-out ones with their kind: a fifth of the sentences.

    Each stands three times, with each greeting. A sentence that is held out is never
    trained on under any greeting.
    """
    chance, train, test = random.Random(seed), [], []
    for kind, made in sentences().items():
        chance.shuffle(made)
        for place, (low, high) in enumerate(made):
            for hey, dear in GREETINGS.items():
                pair = f"{hey} {low}".strip(), f"{dear} {high}".strip()
                if place < len(made) // 5:
                    test.append((kind, pair))
                else:
                    train.append(pair)
    return train, test
