"""A table: typed columns of some rows of a file, and how such files are written."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, pairwise
from pathlib import Path

from mlpcli.arrays import Array, Indices
from mlpcli.data.columns import NumberColumn, TextColumn, join_numbers
from mlpcli.data.structure import Lines
from mlpcli.errors import Place

SEPARATORS = {".csv": ",", ".tsv": "\t"}


@dataclass(frozen=True)
class CsvFormat:
    """How the files are written.

    Where no separator is stated it goes by a file's name, and is `otherwise` where that says nothing.
    """

    separator: str | None = None
    decimal: str = "."
    encoding: str = "utf-8"
    na_values: tuple[str, ...] = ()
    otherwise: str = ","

    def separator_of(self, name: str) -> str:
        """The separator of a file: a tab for .tsv and a comma for .csv, packed or not, if none is stated."""
        if self.separator is not None:
            return self.separator
        return SEPARATORS.get(Path(name.lower().removesuffix(".gz")).suffix, self.otherwise)

    @property
    def missing(self) -> frozenset[str]:
        """The texts that mean that a cell is missing."""
        return frozenset(("", *self.na_values))


@dataclass(frozen=True)
class Wanted:
    """The columns to read, and as what. One may be both number and text; cells decide about `either`."""

    numbers: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    either: tuple[str, ...] = ()

    def __add__(self, other: Wanted) -> Wanted:
        return Wanted(
            tuple(dict.fromkeys(self.numbers + other.numbers)),
            tuple(dict.fromkeys(self.texts + other.texts)),
            tuple(dict.fromkeys(self.either + other.either)),
        )


@dataclass(frozen=True)
class Table:
    """Some rows of a file: its columns, and where each row is.

    Columns of numbers, which may be many, stay in the pieces that they were read in until one is needed;
    all of them are in pieces of the same lengths.
    """

    source: str
    rows: int
    lines: Lines
    format: CsvFormat
    numbers: dict[str, list[NumberColumn]] = field(default_factory=dict)
    texts: dict[str, TextColumn] = field(default_factory=dict)

    def place(self, row: int) -> Place:
        """Where a row is."""
        return Place(self.source, self.lines.of(row))

    def number(self, name: str, rows: Indices | None = None) -> NumberColumn:
        """A column as numbers, all of it or some rows; also where it was read as text."""
        if name in self.numbers:
            column = join_numbers(self.numbers[name])
            return column if rows is None else column.take(rows)
        return self.text(name, rows).numbers(self.format.missing, self.format.decimal)

    def text(self, name: str, rows: Indices | None = None) -> TextColumn:
        """A column as texts, all of it or some rows."""
        column = self.texts[name]
        return column if rows is None else column.take(rows)

    def only(self, name: str) -> Table:
        """The same rows with one column alone, in one piece where it holds numbers."""
        if name in self.numbers:
            numbers, texts = {name: [self.number(name)]}, {}
        else:
            numbers, texts = {}, {name: self.texts[name]}
        return Table(self.source, self.rows, self.lines, self.format, numbers, texts)

    def spans(self, most: int) -> list[tuple[int, int]]:
        """Where to cut all rows, top to bottom, so that no more than `most` are together: start and stop.

        No span reaches over the end of a piece of the columns of numbers.
        """
        return [
            (start, min(start + most, end))
            for first, end in pairwise(self._bounds)
            for start in range(first, end, most)
        ]

    def between(self, start: int, stop: int) -> Table:
        """The rows of one span as a table, whose lines are those of all rows."""
        piece = bisect_right(self._bounds, start) - 1
        first = self._bounds[piece]
        numbers = {
            name: [pieces[piece].between(start - first, stop - first)]
            for name, pieces in self.numbers.items()
        }
        texts = {name: column.between(start, stop) for name, column in self.texts.items()}
        return Table(self.source, stop - start, self.lines, self.format, numbers, texts)

    def forget_from(self, row: int) -> None:
        """Let go of the numbers in the pieces that begin in a row or below it: they are not needed again."""
        kept = bisect_left(self._bounds, row, hi=len(self._bounds) - 1)
        for pieces in self.numbers.values():
            del pieces[kept:]

    @cached_property
    def _bounds(self) -> list[int]:
        """The row in which each piece of the columns of numbers begins, and the end of the last.

        Worked out once, when all of them are there.
        """
        pieces = next(iter(self.numbers.values()), None)
        if pieces is None:
            return [0, self.rows]
        return [0, *accumulate(len(piece.values) for piece in pieces)]

    def missing(self, name: str) -> Array:
        """Which rows have no value in a column."""
        if name in self.numbers:
            return self.number(name).missing
        return self.texts[name].where(self.format.missing)
