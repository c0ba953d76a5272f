"""The rooms of the book's scripts and who imports whom, read from the programs."""

import ast
from pathlib import Path

import matplotlib.pyplot as plt

from scripts.measure import house
from snippets import plots


def below(room: str) -> set[str]:
    """All rooms that can be reached from one."""
    return knows[room].union(*map(below, knows[room]))


scripts = Path("scripts/")
found = house.rooms(scripts.parent).items()
knows = {room: names for room, names in found if room.isalpha()}  # not the door
says = {"hooks": "The door to mkdocs, which hands each event on to a room."}
for room in knows.keys() - says:
    text = (scripts / room / "__init__.py").read_text("utf-8")
    says[room] = ast.get_docstring(ast.parse(text)).splitlines()[0]
level = {}
while rest := knows.keys() - level:  # a room stands above all that it imports
    ready = [room for room in rest if knows[room] <= level.keys()]
    level |= {room: len({level[k] for k in below(room)}) for room in ready}
users = {room: sum(room in below(other) for other in knows) for room in knows}
rooms = sorted(knows, key=lambda room: (-level[room], -users[room], room))
print("| room | what it does | imports |\n|---|---|---|")
for room in rooms:
    listed = ", ".join(f"`{known}`" for known in rooms if known in knows[room])
    print(f"| `{room}` | {says[room]} | {listed or 'no room'} |")

top = max(level.values())
ax = plt.figure(figsize=(4.4, 0.5 * top + 0.6)).add_subplot()
ax.set_axis_off()
boxes = {}
for room in rooms:
    x = sum(level[other] == level[room] for other in boxes)
    frame = {"boxstyle": "round,pad=0.4", "facecolor": "none", "linewidth": 1.2,
             "edgecolor": plots.COOL if room == "hooks" else plots.BLUE}  # fmt: skip
    boxes[room] = ax.text(x, level[room], room, ha="center", va="center", bbox=frame)
wide = max(text.get_position()[0] for text in boxes.values())
ax.set(xlim=(-0.5, wide + 0.5), ylim=(-0.4, top + 0.4))
for room in rooms:
    for known in sorted(knows[room].difference(*map(below, knows[room]))):
        look = {"arrowstyle": "-|>", "color": plots.MUTED, "linewidth": 1, "shrinkA": 0,
                "patchA": boxes[room].get_bbox_patch(), "shrinkB": 2,
                "patchB": boxes[known].get_bbox_patch()}  # fmt: skip
        ends = boxes[known].get_position(), boxes[room].get_position()
        ax.annotate("", *ends, arrowprops=look)
