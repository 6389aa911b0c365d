"""What a cell of a DataFrame would be in a file: text for text, a number's or a boolean's own spelling."""

from __future__ import annotations

import datetime
import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from mlpcli.data.columns import number_of

NONE_HINT = "give None where there is no number"
TEXT_HINT = "give the column as texts, spelt as in the training data"


class UnusableCellError(Exception):
    """A cell that no file could hold, or that may be several things."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True)
class Spelling:
    """How a column is spelt in files: the texts that it may hold, as far as they are known, and its dates."""

    words: tuple[str, ...] = ()
    date_format: str | None = None


def text_of_cell(cell: Any, spelling: Spelling, decimal: str) -> str:
    """The text of a cell; the empty one where it is missing.

    A number or a boolean is spelt as the word that it is, if there is one: a file's `01`, `1.50` or `true`
    has lost its spelling on the way through a frame. Raises UnusableCellError.
    """
    words = spelling.words
    if isinstance(cell, str):
        return str(cell)
    if isinstance(cell, bool | np.bool_):
        return _word(str(cell), [word for word in words if word.casefold() == str(cell).casefold()])
    if isinstance(cell, datetime.date):
        return "" if cell is pd.NaT else _date(cell, spelling.date_format)
    if isinstance(cell, numbers.Real | Decimal):
        value = _value(cell)
        if np.isnan(value):
            return ""
        plain = _digits(cell, value).replace(".", decimal)
        return _word(plain, [word for word in words if number_of(word, decimal) == value])
    if cell is None or cell is pd.NA:
        return ""
    message = f"expected a text or a number, found something of type {type(cell).__name__}"
    raise UnusableCellError(message, TEXT_HINT)


def _value(number: numbers.Real | Decimal) -> float:
    if isinstance(number, Decimal) and number.is_nan():
        return np.nan  # float() refuses some of them
    try:
        return float(number)
    except OverflowError:
        kind, most = type(number).__name__, np.finfo(np.float64).max
        message = f"expected a number within ±{most:g}, found a larger {kind}"
        raise UnusableCellError(message, NONE_HINT) from None


def _digits(number: numbers.Real | Decimal, value: float) -> str:
    """As the number is written, or else its value: a fraction's own text is no number in a file."""
    if isinstance(number, np.generic):
        number = number.item()
    return str(number) if isinstance(number, int | float | np.floating | Decimal) else repr(value)


def _date(day: datetime.date, form: str | None) -> str:
    """As the column has its dates, else as ISO 8601 does, at midnight the day alone."""
    return day.strftime(form) if form else day.isoformat().replace("T", " ").removesuffix(" 00:00:00")


def _word(plain: str, same: Sequence[str]) -> str:
    """The word that a cell is; its plain text where no word is."""
    if len(same) > 1:
        shown = ", ".join(f"'{word}'" for word in same[:3])
        raise UnusableCellError(f"{plain} may be any of {shown}", TEXT_HINT)
    return same[0] if same else plain
