"""The parts of shared modules that a program uses: what they decide is what its outcome hangs on.

A comment in `plots.py`, or a function that a program does not call, changes nothing that it does.
So a stamp is made of syntax: of all that a module does when it is imported, and of those of its
functions and classes whose name stands anywhere in what is used already.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterable

WORD = re.compile(rb"[^\W\d]\w*|(?<=import )\*")
# A program with one of these may find a function without naming it, or read its text.
SEES_ALL = {"vars", "globals", "locals", "dir", "eval", "exec", "inspect", "import_module", "*",
            "__dict__", "__doc__", "__file__", "open_code", "getsource"}  # fmt: skip


class Part:
    """A statement of a module.

    A function or class without a decorator has a name: it does nothing until it is named.
    All else has none, and is used whenever the module is.
    """

    def __init__(self, node: ast.stmt, text: bytes):
        plain = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.decorator_list
        self.name, self.node, self.words = node.name if plain else "", node, _words(text)

    @functools.cached_property
    def syntax(self) -> str:
        """The statement without comments and docstrings."""
        for inner in ast.walk(self.node):
            if isinstance(inner, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(inner):
                inner.body = inner.body[1:]
        return ast.dump(self.node)


def used(program: bytes, modules: Iterable[bytes]) -> list[str] | None:
    """The syntax of what a program uses of the modules that it imports, whole statements.

    Args:
        program: its source.
        modules: those of all modules that it imports, and that these import.

    Returns:
        For each module a text; None where it cannot be told, so that every letter counts.
    """
    try:
        words = set(_words(program))
        of_all = [parts(module) for module in modules]
    except (SyntaxError, ValueError):
        return None
    waiting, taken, growing = [part for one in of_all for part in one], set(), True
    while growing:
        found = {part for part in waiting if not part.name or part.name in words}
        waiting = [part for part in waiting if part not in found]
        words.update(*(part.words for part in found))
        taken, growing = taken | found, bool(found)
    if words & SEES_ALL:
        return None
    # In the order of the module: it may matter.
    return ["\n".join(part.syntax for part in one if part in taken) for one in of_all]


@functools.lru_cache(maxsize=None)
def tree(source: bytes) -> ast.Module:
    """The syntax of a source text. Raises SyntaxError or ValueError."""
    return ast.parse(source)


@functools.lru_cache(maxsize=None)
def parts(source: bytes) -> tuple[Part, ...]:
    """The statements of a source text but its docstring."""
    lines, found = source.split(b"\n"), []
    for node in tree(source).body:
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            text = b"\n".join(lines[node.lineno - 1 : node.end_lineno])
            found.append(Part(node, text))
    return tuple(found)


@functools.lru_cache(maxsize=None)
def _words(text: bytes) -> frozenset[str]:
    """Every word in a text, in names or quotes or comments: by what a function could be found."""
    return frozenset(word.decode() for word in WORD.findall(text))
