"""The rules of tic-tac-toe, and games of two players who move by chance."""

import random

LINES = "012 345 678 036 147 258 048 246".split()  # squares 0 to 8, row by row


def over(moves: list[int]) -> bool:
    """Whether the last move filled a line or the board."""
    last = moves[(len(moves) - 1) % 2 :: 2]  # the squares of whoever moved last
    return len(moves) == 9 or any(set(map(int, line)) <= set(last) for line in LINES)


def play(seed: int) -> list[int]:
    """The squares of one random game, in the order in which they were taken."""
    moves, choose = [], random.Random(seed).choice
    while not over(moves):
        moves.append(choose([square for square in range(9) if square not in moves]))
    return moves
