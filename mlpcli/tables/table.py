"""A table: typed columns of some rows, and where each row is."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate

import numpy as np

from mlpcli.arrays import Array, Indices, Vector
from mlpcli.errors import Place
from mlpcli.tables.columns import Notation, NumberColumn, TextColumn
from mlpcli.tables.joined_columns import join_numbers, join_texts
from mlpcli.tables.stored_columns import StoredNumbers, StoredTexts, is_ascending


@dataclass(frozen=True)
class Lines:
    """In which line of the file each row begins: row `rows[k]` in `lines[k]`, then one line a row.

    `word` is what messages call a line; `sources` say in which of several files each of these rows is.
    """

    rows: tuple[int, ...]
    lines: tuple[int, ...]
    word: str = "line"
    sources: tuple[str, ...] = ()

    def source_of(self, row: int) -> str | None:
        """The file that a row is in, where there are several."""
        return self.sources[bisect_right(self.rows, row) - 1] if self.sources else None

    def of(self, row: int) -> int:
        """The line, counted from 1, in which a row begins."""
        k = bisect_right(self.rows, row) - 1
        return self.lines[k] + row - self.rows[k]

    def after(self, rows: int) -> Lines:
        """Those of the rows that are left without so many at the front."""
        k = bisect_right(self.rows, rows)
        starts = (0, *(row - rows for row in self.rows[k:]))
        return Lines(starts, (self.of(rows), *self.lines[k:]), self.word, self.sources[k - 1 :])


NUMBERED = Lines((0,), (0,), word="row")  # rows of frames and arrays, counted as `.iloc` does


def join_lines(parts: Iterable[tuple[int, Lines]]) -> Lines:
    """The lines of rows in several blocks, each with the number of rows before it."""
    rows: list[int] = []
    lines: list[int] = []
    sources: list[str] = []
    word = Lines.word
    for before, part in parts:
        word = part.word
        for row, line in zip(part.rows, part.lines, strict=True):
            source = part.source_of(row)
            same = not sources or sources[-1] == source
            if not rows or not same or before + row - rows[-1] != line - lines[-1]:
                rows.append(before + row)
                lines.append(line)
                sources += [] if source is None else [source]
    return Lines(tuple(rows), tuple(lines), word, tuple(sources))


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

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, each once."""
        return tuple(dict.fromkeys((*self.numbers, *self.texts, *self.either)))


@dataclass(frozen=True)
class Table:
    """Some rows of a source: its columns, and where each row is; no `lines` where that would tell nobody.

    Columns of numbers, which may be many, stay in the pieces that they were read in until one is needed;
    all of them are in pieces of the same lengths. Columns in a file are read whenever one is asked for.
    """

    source: str
    rows: int
    lines: Lines | None
    notation: Notation
    numbers: Mapping[str, list[NumberColumn]] = field(default_factory=dict)
    texts: Mapping[str, TextColumn] = field(default_factory=dict)

    @classmethod
    def empty(cls, source: str, wanted: Wanted, notation: Notation) -> Table:
        """A table without rows, with the columns wanted."""
        numbers = {name: [NumberColumn(np.empty(0))] for name in (*wanted.numbers, *wanted.either)}
        texts = {name: TextColumn(np.empty(0, np.intp), ()) for name in wanted.texts}
        return cls(source, 0, None, notation, numbers, texts)

    def place(self, row: int) -> Place:
        """Where a row is."""
        if self.lines is None:
            return Place(self.source)
        return Place(self.lines.source_of(row) or self.source, self.lines.of(row))

    def spot(self, row: int) -> str:
        """Where a row is, in words: its line in a file of text, which file where there are several."""
        place = self.place(row)
        where = f"{Lines.word if self.lines is None else self.lines.word} {place.line}"
        return where if place.source == self.source else f"{where} of {place.source}"

    def number(self, name: str, rows: Indices | None = None) -> NumberColumn:
        """A column as numbers, all of it or some rows; also where it was read as text."""
        if name in self.numbers:
            if rows is not None and isinstance(self.numbers, StoredNumbers) and is_ascending(rows):
                return self.numbers.of_rows(name, rows)
            column = join_numbers(self.numbers[name])
            return column if rows is None else column.take(rows)
        parse = self.notation.decorations.get(name)
        if not isinstance(self.texts, StoredTexts):
            return self.text(name, rows).numbers(self.notation, parse)
        column = join_numbers([piece.numbers(self.notation, parse) for piece in self.texts.pieces(name)])
        return column if rows is None else column.take(rows)

    def text(self, name: str, rows: Indices | None = None) -> TextColumn:
        """A column as texts, all of it or some rows."""
        if rows is None:
            return self.texts[name]
        if not isinstance(self.texts, StoredTexts):
            return self.texts[name].take(rows)
        if is_ascending(rows):
            return join_texts(self.texts.pieces(name, rows), len(rows))
        order = np.argsort(rows, kind="stable")
        ordered = join_texts(self.texts.pieces(name, rows[order]), len(rows))
        return ordered.take(np.argsort(order, kind="stable"))

    def text_pieces(self, name: str, rows: Indices) -> Iterator[TextColumn]:
        """Some rows of a column as texts, top to bottom: in one piece, or block by block from a file.

        Of texts nearly all of which differ no more than a block need then be in memory.
        """
        if isinstance(self.texts, StoredTexts):
            yield from self.texts.pieces(name, rows)
        else:
            yield self.text(name, rows)

    def only(self, name: str) -> Table:
        """The same rows with one column alone, in one piece where it holds numbers."""
        if name in self.numbers and isinstance(self.numbers, StoredNumbers):
            return replace(self, numbers=self.numbers.only(name), texts={})
        if name in self.numbers:
            return replace(self, numbers={name: [self.number(name)]}, texts={})
        if isinstance(self.texts, StoredTexts):
            return replace(self, numbers={}, texts=self.texts.only(name))
        return replace(self, numbers={}, texts={name: self.texts[name]})

    def lacking(self, names: Iterable[str]) -> Array:
        """Which rows have no value in one of some columns."""
        lacking: Array = np.zeros(self.rows, dtype=bool)
        for name in names:
            lacking |= self.missing(name)
        return lacking

    def part(self, names: Iterable[str], rows: Indices) -> Table:
        """Some rows of some columns, without the levels that none of them has; where they are is not kept."""
        numbers, texts = {}, {}
        for name in names:
            if name in self.numbers:
                numbers[name] = [self.number(name, rows)]
            else:
                texts[name] = self.text(name, rows).trimmed()
        return Table(self.source, len(rows), None, self.notation, numbers, texts)

    def between(self, start: int, stop: int) -> Table:
        """The rows from `start` up to `stop`, which know where they are."""
        if (start, stop) == (0, self.rows):
            return self
        numbers = {name: [join_numbers(pieces).between(start, stop)] for name, pieces in self.numbers.items()}
        texts = {name: column.between(start, stop) for name, column in self.texts.items()}
        lines = None if self.lines is None else self.lines.after(start)
        return Table(self.source, stop - start, lines, self.notation, numbers, texts)

    def missing(self, name: str, words: Iterable[str] | None = None) -> Array:
        """Which rows have no value in a column.

        Of texts a number is also missing in other spellings where all `words` are numbers: those that the
        column may hold, else those that it holds.
        """
        if name in self.numbers:
            return self.number(name).missing
        if isinstance(self.texts, StoredTexts) and not len(self.notation.missing_numbers):
            return np.concatenate([piece.where(self.notation.missing) for piece in self.texts.pieces(name)])
        column = self.texts[name]
        return column.where(column.missing_texts(self.notation, column.levels if words is None else words))

    @property
    def with_bad_cells(self) -> list[str]:
        """The columns of numbers in which a cell is none."""
        if isinstance(self.numbers, StoredNumbers):
            return self.numbers.with_bad_cells
        return [name for name, pieces in self.numbers.items() if any(len(piece.bad) for piece in pieces)]

    @cached_property
    def bounds(self) -> list[int]:
        """The row in which each piece of the columns of numbers begins, and the end of the last."""
        pieces = next(iter(self.numbers.values()), None)
        if pieces is None:
            return [0, self.rows]
        return [0, *accumulate(len(piece.values) for piece in pieces)]


@dataclass(frozen=True)
class TrainingRows:
    """Rows of a table to fit on; `repetitions` is how often each counts in scales, once where it is None."""

    table: Table
    rows: Indices
    repetitions: Vector | None = None
