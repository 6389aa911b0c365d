"""The two kinds of column, numbers and texts; which texts are numbers, and which stand for nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property, lru_cache
from itertools import compress, repeat, takewhile
from math import isfinite, isnan, nan

import numpy as np

from mlpcli.arrays import Array, Indices, Vector
from mlpcli.config.parse_spec import ParseSpec
from mlpcli.tables.decorated_numbers import decorated_numbers
from mlpcli.tables.spellings import amount_of, are_amounts, places_by_meaning

# what Python's float() and pandas both take for a number, and nothing that only one of them does
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_NOT_FINITE = re.compile(r"\s*[+-]?(nan|inf|infinity)\s*", re.ASCII | re.IGNORECASE)


class Kind(Enum):
    """What a cell's text is."""

    NUMBER = "a number"
    NOT_FINITE = "not finite"
    TEXT = "text"


def kind_of(text: str, decimal: str = ".") -> Kind:
    """What a text is: `1e400` and `nan` stand where a number should be, but are not finite ones."""
    if not isnan(number_of(text, decimal)):
        return Kind.NUMBER
    text = _with_point(text, decimal)  # too large a number, or the word for one
    return Kind.NOT_FINITE if _NUMBER.fullmatch(text) or _NOT_FINITE.fullmatch(text) else Kind.TEXT


def number_of(text: str, decimal: str = ".") -> float:
    """The number that a text is; NaN where it is none."""
    found = _NUMBER.fullmatch(_with_point(text, decimal))
    number = float(found[0]) if found else nan
    return number if isfinite(number) else nan


def _with_point(text: str, decimal: str) -> str:
    """With a decimal point, where the mark is another; points are no part of a number there."""
    return text if decimal == "." else text.replace(".", "?").replace(decimal, ".")


@dataclass(frozen=True)
class Notation:
    """How texts say numbers and nothing: the decimal mark, and the texts that mean that a cell is missing.

    `decorations` by column: what stands around and inside its numbers.
    """

    decimal: str = "."
    missing: frozenset[str] = frozenset(("",))
    decorations: Mapping[str, ParseSpec] = field(default_factory=dict)

    @cached_property
    def missing_numbers(self) -> Vector:
        """Those of the texts that are numbers: among numbers each means its value, however it is written."""
        numbers = (number_of(text, self.decimal) for text in sorted(self.missing))
        return np.array([number for number in numbers if not isnan(number)], dtype=np.float64)


@dataclass(frozen=True)
class BadCells:
    """Cells of a column that cannot be used: their rows, ascending, and their texts.

    `hold_text` where one of them is text and not just a number that is not finite.
    """

    rows: Indices = field(default_factory=lambda: np.empty(0, np.intp))
    texts: Array = field(default_factory=lambda: np.empty(0, object))
    hold_text: bool = False

    def __len__(self) -> int:
        return len(self.rows)

    def __add__(self, other: BadCells) -> BadCells:
        return BadCells(
            np.concatenate([self.rows, other.rows]),
            np.concatenate([self.texts, other.texts]),
            self.hold_text or other.hold_text,
        )

    def take(self, rows: Indices) -> BadCells:
        """Those of the cells that are in `rows`, counted along `rows`."""
        taken = np.flatnonzero(np.isin(rows, self.rows))
        return replace(self, rows=taken, texts=self.texts[np.searchsorted(self.rows, rows[taken])])

    def between(self, start: int, stop: int) -> BadCells:
        """Those of the cells that are in rows from `start` up to `stop`, counted from `start`."""
        first, last = np.searchsorted(self.rows, [start, stop])
        return replace(self, rows=self.rows[first:last] - start, texts=self.texts[first:last])

    def shifted(self, rows: int) -> BadCells:
        """The same cells where `rows` rows come before."""
        return replace(self, rows=self.rows + rows)


NO_CELLS = BadCells()


@dataclass(frozen=True)
class TextColumn:
    """Texts exactly as in the file: row i is `levels[codes[i]]`. A missing cell is still a text here.

    `ordered` where the levels are classes that were known before, in their own order, with or without rows.
    """

    codes: Indices
    levels: tuple[str, ...]
    ordered: bool = False

    def take(self, rows: Indices) -> TextColumn:
        """The column of these rows; levels that they lack stay."""
        return TextColumn(self.codes[rows], self.levels, self.ordered)

    def between(self, start: int, stop: int) -> TextColumn:
        """The rows from `start` up to `stop`, without levels that they lack where there are many."""
        column = TextColumn(self.codes[start:stop], self.levels, self.ordered)
        return column.trimmed() if len(self.levels) > stop - start else column

    def trimmed(self) -> TextColumn:
        """The same column without levels that no row holds."""
        used = np.bincount(self.codes, minlength=len(self.levels)) > 0
        if used.all():
            return self
        return TextColumn((np.cumsum(used) - 1)[self.codes], tuple(compress(self.levels, used.tolist())))

    def where(self, wanted: Iterable[str]) -> Array:
        """Which rows hold one of the texts wanted."""
        return (_places(self.levels, tuple(wanted)) >= 0)[self.codes]

    def counts(self) -> dict[str, int]:
        """How often each text occurs, the ones that do not left out."""
        counts = np.bincount(self.codes, minlength=len(self.levels))
        return {level: int(n) for level, n in zip(self.levels, counts, strict=True) if n}

    def texts(self) -> Array:
        """The texts, row by row, as an array of objects."""
        return np.array(self.levels, dtype=object)[self.codes]

    def missing_texts(self, notation: Notation, others: Iterable[str]) -> frozenset[str]:
        """The texts here that mean a missing cell: also by their value where all `others` are numbers."""
        numbers = set(notation.missing_numbers.tolist())
        if not numbers or not are_amounts((t for t in others if t not in notation.missing), notation.decimal):
            return notation.missing
        same = (level for level in self.levels if amount_of(level, notation.decimal) in numbers)
        return notation.missing.union(same)

    def matched(self, order: Sequence[str], decimal: str = ".") -> Indices:
        """For each row the position in `order` of its text, or else of the one that means the same; or -1."""
        order = tuple(order)
        places = _places(self.levels, order)
        unknown = np.flatnonzero(places < 0)
        if len(unknown):
            places = places.copy()
            places[unknown] = places_by_meaning((self.levels[i] for i in unknown.tolist()), order, decimal)
        return places[self.codes]

    def recoded(self, order: Sequence[str]) -> Indices:
        """For each row the position of its text in `order`; -1 where it is not there."""
        return _places(self.levels, tuple(order))[self.codes]

    def numbers(self, notation: Notation, parse: ParseSpec | None = None) -> NumberColumn:
        """The same column as numbers, decorated ones where `parse` says so."""
        decimal = notation.decimal
        numbers: Vector
        if parse is None:
            numbers = np.fromiter((number_of(level, decimal) for level in self.levels), np.float64)
        else:
            numbers = decorated_numbers(self.levels, parse, decimal)
        values = numbers[self.codes]
        absent = self.where(notation.missing) | np.isin(values, notation.missing_numbers)
        values[absent] = np.nan
        rows = np.flatnonzero(np.isnan(values) & ~absent)
        wrong = [self.levels[code] for code in np.unique(self.codes[rows])]
        hold_text = any(kind_of(level, decimal) is Kind.TEXT for level in wrong)
        return NumberColumn(values, BadCells(rows, self.take(rows).texts(), hold_text))


@lru_cache(maxsize=16)
def _places(levels: tuple[str, ...], order: tuple[str, ...]) -> Indices:
    """For each level its position in `order`, -1 where it is not there; asked for again with other rows."""
    position = dict(zip(order, range(len(order)), strict=True))
    return np.fromiter(map(position.get, levels, repeat(-1)), np.intp, len(levels))


@dataclass(frozen=True, slots=True)  # there are many, one for each column of each block
class NumberColumn:
    """Numbers, NaN where a cell is missing; also in the bad cells, which hold something else."""

    values: Vector
    bad: BadCells = NO_CELLS

    def take(self, rows: Indices) -> NumberColumn:
        """The column of these rows."""
        return NumberColumn(self.values[rows], self.bad.take(rows) if len(self.bad) else self.bad)

    def between(self, start: int, stop: int) -> NumberColumn:
        """The rows from `start` up to `stop`."""
        if (start, stop) == (0, len(self.values)):
            return self
        bad = self.bad.between(start, stop) if len(self.bad) else self.bad
        return NumberColumn(self.values[start:stop], bad)

    @property
    def known(self) -> Vector:
        """The numbers, in their order."""
        return self.values[~np.isnan(self.values)]

    @property
    def missing(self) -> Array:
        """Which rows have an empty cell."""
        empty = np.isnan(self.values)
        empty[self.bad.rows] = False
        return empty


def sorted_texts(texts: Iterable[str], decimal: str = ".") -> tuple[str, ...]:
    """Texts sorted: as numbers if all of them are numbers, otherwise as text."""
    found = list(texts)
    numbered = zip((number_of(text, decimal) for text in found), found, strict=True)
    numbers = list(takewhile(lambda pair: not isnan(pair[0]), numbered))
    return tuple(sorted(found) if len(numbers) < len(found) else (text for _, text in sorted(numbers)))
