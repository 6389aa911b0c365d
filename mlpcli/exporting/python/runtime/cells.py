"""Cells of a row: numbers and texts as the files have them that the model was trained on."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)


class UnusableError(ValueError):
    """A cell that the model cannot use, or a row for which its output is no finite number."""


def number_of(text: str, decimal: str) -> float:
    """The number that a text is; NaN where it is none."""
    if decimal != ".":
        text = text.replace(".", "?").replace(decimal, ".")
    number = float(text) if NUMBER.fullmatch(text) else math.nan
    return number if math.isfinite(number) else math.nan


def is_missing(cell: Any) -> bool:
    """Whether a program's cell holds nothing: None, any NaN, or what pandas has in its place."""
    try:
        return cell is None or bool(cell != cell)
    except TypeError:  # pandas.NA is neither the same as itself nor another
        return True


def as_number(cell: Any) -> float:
    """A program's number; one of single precision is the number that it prints as."""
    return float(str(cell) if type(cell).__name__ in {"float32", "float16"} else cell)


class NumberColumn:
    """A column of numbers. `blanks` are texts, `blank_numbers` numbers that mean a missing cell."""

    def __init__(
        self, name: str, decimal: str, blanks: Sequence[str], blank_numbers: Sequence[float] = ()
    ) -> None:
        self.name, self.decimal = name, decimal
        self.blanks, self.blank_numbers = frozenset(blanks), frozenset(blank_numbers)

    def parse(self, text: str) -> float:
        """The number that a text is; NaN where it is none."""
        return number_of(text, self.decimal)

    def read(self, cell: Any) -> float | None:
        """The number in a cell, None where it is missing."""
        if is_missing(cell) or (isinstance(cell, str) and cell in self.blanks):
            return None
        number = self.parse(cell) if isinstance(cell, str) else as_number(cell)
        if not math.isfinite(number):
            raise UnusableError(f"column '{self.name}': expected a number, found '{cell}'")
        return None if number in self.blank_numbers else number


class TextColumn:
    """A column of texts; likewise, `blank_numbers` in any spelling."""

    def __init__(
        self, name: str, decimal: str, blanks: Sequence[str], blank_numbers: Sequence[float] = ()
    ) -> None:
        self.name, self.decimal = name, decimal
        self.blanks, self.blank_numbers = frozenset(blanks), frozenset(blank_numbers)

    def read(self, cell: Any) -> str | None:
        """The text in a cell, None where it is missing."""
        if is_missing(cell):
            return None
        text = str(cell)
        if text in self.blanks:
            return None
        if self.blank_numbers and number_of(text, self.decimal) in self.blank_numbers:
            return None
        return text


def missing(column: str) -> UnusableError:
    """The error of an empty cell that nothing stands for."""
    return UnusableError(f"column '{column}': a missing value, and no policy for it")
