"""Cells that come as Python values: what text each would be in a CSV, and which are numbers as they are."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import inf, isnan, nan
from types import NoneType
from typing import Any, ClassVar
from uuid import UUID

import numpy as np
import pandas as pd

from mlpcli.arrays import Array, Vector
from mlpcli.config.date_format import written_date
from mlpcli.tables.columns import BadCells, NumberColumn, TextColumn
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.decorated_numbers import decimal_of
from mlpcli.tables.shortest_numbers import as_written

NESTED_HINT = "a cell is one text, number or date: take the column apart, or leave it out (`exclude`)"


class Members(list[tuple[str, Any]]):
    """The members of a JSON object in their order, those that occur twice too."""


WORDS = {
    Members: "an object",
    bytes: "binary data",
    bytearray: "binary data",
    memoryview: "binary data",
    list: "a list",
    tuple: "a list",
    dict: "an object",
    datetime.timedelta: "a duration",
}


class NumberText(str):
    """A number as its text in the file has it, which keeps digits that a float would lose."""

    __slots__ = ()


class UnusableValueError(Exception):
    """A value that no cell of a CSV could hold; `row` is the first that has one."""

    def __init__(self, found: str, row: int = 0) -> None:
        super().__init__(found)
        self.found = found
        self.row = row


@dataclass(frozen=True)
class Writing:
    """How a column's values are written: the decimal mark of its numbers, and a float that is none."""

    mark: str = "."
    not_a_number: str = "nan"
    nan_is_missing: bool = False

    @classmethod
    def of(cls, name: str, form: CsvFormat) -> Writing:
        """That of a column, as the files are written."""
        parse = form.decorations.get(name)
        words = [*form.na_values, *form.own_na_values.get(name, ())]
        found = next((word for word in words if word.lower() == "nan"), None)
        mark = form.decimal if parse is None else decimal_of(parse, form.decimal)
        return cls(mark, found or "nan", found is not None)

    def text(self, value: object) -> str:
        """The text that a value would be in a CSV; raises UnusableValueError where it could not be there."""
        if type(value) is str:
            return value
        if value is None:
            return ""
        if isinstance(value, bool | np.bool_):
            return "true" if value else "false"
        if isinstance(value, NumberText | int | float | Decimal):
            missing = isinstance(value, float | Decimal) and isnan(value)
            return self.not_a_number if missing else str(value).replace(".", self.mark)
        if isinstance(value, datetime.date | datetime.time):
            return written_date(value, None)
        if isinstance(value, UUID):
            return str(value)
        raise UnusableValueError(WORDS.get(type(value), f"something of type {type(value).__name__}"))


@dataclass(frozen=True)
class PythonColumn:
    """Some rows of a column, as Python values; those of the types `numeric` are numbers."""

    values: Sequence[object]
    numeric: ClassVar[frozenset[type]] = frozenset((NumberText, int, float))

    def text(self, value: object, writing: Writing) -> str:
        """The text that a value would be in a CSV; raises UnusableValueError."""
        return writing.text(value)

    def texts(self, writing: Writing) -> TextColumn:
        """The texts that they would be in a CSV; raises UnusableValueError."""
        texts = self.values if {*map(type, self.values)} == {str} else self._written(writing)
        return text_column(np.array([*texts, ""], dtype=object)[:-1])

    def _written(self, writing: Writing) -> list[str]:
        found: list[str] = []
        try:
            found.extend(self.text(value, writing) for value in self.values)
        except UnusableValueError as error:
            raise UnusableValueError(error.found, len(found)) from error
        return found

    def numbers(self, writing: Writing, missing: Vector) -> NumberColumn | None:
        """The numbers that they are, where all are; None where some are none. `missing` ones are nothing."""
        kinds = {*map(type, self.values)}
        if kinds <= {NoneType} or not kinds <= self.numeric | {NoneType}:
            return None
        as_float: Callable[[Any], float] = _float if kinds & {int, NoneType} else float
        values = np.fromiter(map(as_float, self.values), np.float64, len(self.values))
        absent = np.isin(values, missing)
        if NoneType in kinds:
            absent |= np.array([value is None for value in self.values], bool)
        return native_numbers(values, absent, writing, lambda row: self.text(self.values[row], writing))


def singles(values: Sequence[Any], kind: Any = np.float32) -> list[float | None]:
    """Floats of fewer bits than 64, which have come as such of 64, as those that their texts are."""
    known = as_written(np.array([nan if value is None else value for value in values], kind)).tolist()
    return [None if value is None else number for value, number in zip(values, known, strict=True)]


def _float(value: Any) -> float:
    """A number of any size as a float; NaN for nothing."""
    try:
        return nan if value is None else float(value)
    except OverflowError:
        return inf if value > 0 else -inf


def native_numbers(
    values: Vector, absent: Array, writing: Writing, text_of: Callable[[int], str]
) -> NumberColumn:
    """A column of numbers that came as such: those that are not finite are bad cells, as in a CSV."""
    odd = ~np.isfinite(values)
    wrong = odd & ~absent
    if writing.nan_is_missing:
        wrong &= ~np.isnan(values)
    values = np.where(odd | absent, np.nan, values)
    rows = np.flatnonzero(wrong)
    if not len(rows):
        return NumberColumn(values)
    return NumberColumn(values, BadCells(rows, np.array([*map(text_of, rows.tolist())], dtype=object)))


def text_column(texts: Array) -> TextColumn:
    """Codes and levels of a column of texts, the levels in the order of first appearance."""
    # much faster than pandas' own categories, which it sorts and looks at for numbers
    codes, levels = pd.factorize(texts)
    return TextColumn(codes, tuple(levels.tolist()))
