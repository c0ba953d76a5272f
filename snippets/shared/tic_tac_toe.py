"""The rules of tic-tac-toe, and games of two players who move by chance."""

import random
from collections.abc import Iterable

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


def judged(rows: list[list[int]], end: int) -> tuple[float, float]:
    """The share of moves to a free square, and of games that are right to the end."""
    free = moves = right = 0
    for row in rows:
        game = row[: row.index(end)] if end in row else row
        fresh = [move < 9 and move not in game[:n] for n, move in enumerate(game)]
        early = any(over(game[:n]) for n in range(1, len(game)))
        free, moves = free + sum(fresh), moves + len(game)
        right += bool(game) and all(fresh) and over(game) and not early
    return free / moves, right / len(rows)


def to_win(seeds: Iterable[int]) -> list[tuple[list[int], int]]:
    """The places of random games at which one square of several wins: moves, square."""
    found = []
    for game in map(play, seeds):
        for n in range(8):
            free = [square for square in range(9) if square not in game[:n]]
            wins = [square for square in free if over([*game[:n], square])]
            if n < len(game) and len(wins) == 1:
                found.append((game[:n], wins[0]))
    return found
