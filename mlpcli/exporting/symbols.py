"""Names of a model's own for programming languages: what may be one, and how others are made one."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final

from mlpcli.errors import UsageError

SYMBOL: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
LONGEST: Final = 60


def symbol_of(asked: str | None, stem: str) -> str:
    """The name asked for, else one made of a file's name. Raises UsageError where no program can have it."""
    if asked is None:
        return mangled(stem)
    if not SYMBOL.fullmatch(asked):
        hint = "a letter, then letters, digits and _, at most 63 in all"
        raise UsageError.of(f"--name: expected a name for a program, found '{asked}'", None, hint)
    return asked


def mangled(text: str) -> str:
    """A text as a symbol: what no symbol may have becomes _, and x_ stands before what begins with none."""
    found = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")[:LONGEST]
    return found if SYMBOL.fullmatch(found) else f"x_{found}".rstrip("_")


def distinct(texts: Iterable[str], taken: Collection[str]) -> list[str]:
    """A symbol for each text, none twice, none of those that are taken; a number tells equal ones apart."""
    used = set(taken)
    symbols = []
    for text in texts:
        first = symbol = mangled(text)
        number = 2
        while symbol in used:
            symbol = f"{first}_{number}"
            number += 1
        used.add(symbol)
        symbols.append(symbol)
    return symbols
