"""Columns of a table in a file: written block by block, read one column at a time, or some rows of it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeVar

import numpy as np

from mlpcli.arrays import Array, Indices, Vector
from mlpcli.storage.scratch_file import ScratchFile
from mlpcli.tables.columns import NO_CELLS, BadCells, NumberColumn, TextColumn
from mlpcli.tables.joined_columns import join_texts


class _Numbers(NamedTuple):
    """A block of a column of numbers: its rows, and from which byte on they are in the file.

    What cannot be used is in memory: one such cell ends a training.
    """

    start: int
    stop: int
    place: int
    bad: BadCells


class _Texts(NamedTuple):
    """A block of a column of texts: its rows, and from which byte on their codes are in the file.

    These are followed by the length of each level, and by the levels themselves.
    """

    start: int
    stop: int
    place: int
    levels: int
    size: int


Block = TypeVar("Block", _Numbers, _Texts)


@dataclass(eq=False)
class StoredColumns:
    """The columns of a table in a file of its own; the blocks of each follow each other."""

    file: ScratchFile
    numbers: dict[str, list[_Numbers]] = field(default_factory=dict)
    texts: dict[str, list[_Texts]] = field(default_factory=dict)

    def add_number(self, name: str, column: NumberColumn) -> None:
        """The next rows of a column of numbers."""
        blocks = self.numbers.setdefault(name, [])
        start, rows = _end(blocks), len(column.values)
        blocks.append(_Numbers(start, start + rows, self.file.append(column.values), column.bad))

    def add_text(self, name: str, column: TextColumn) -> None:
        """The next rows of a column of texts."""
        levels = [level.encode("utf-8", "surrogatepass") for level in column.levels]
        content = np.frombuffer(b"".join(levels), np.uint8)
        place = self.file.append(column.codes.astype(np.int32))
        self.file.append(np.fromiter(map(len, levels), np.int32, len(levels)))
        self.file.append(content)
        blocks = self.texts.setdefault(name, [])
        start, rows = _end(blocks), len(column.codes)
        blocks.append(_Texts(start, start + rows, place, len(levels), len(content)))

    def number(self, name: str, start: int, stop: int) -> NumberColumn:
        """Rows from `start` up to `stop` of a column of numbers."""
        values: Vector = np.empty(stop - start)
        bad = NO_CELLS
        for block in _overlapping(self.numbers[name], start, stop):
            first, last = max(start, block.start), min(stop, block.stop)
            self.file.read(
                block.place + values.itemsize * (first - block.start), values[first - start : last - start]
            )
            if len(block.bad):
                own = block.bad.between(first - block.start, last - block.start)
                bad += own.shifted(first - start)
        return NumberColumn(values, bad if len(bad) else NO_CELLS)

    def numbers_of(self, name: str, rows: Indices) -> NumberColumn:
        """Some rows, ascending, of a column of numbers, of which no more than a block need be there."""
        values: Vector = np.empty(len(rows))
        bad = NO_CELLS
        for block in self.numbers[name]:
            first, last = np.searchsorted(rows, [block.start, block.stop]).tolist()
            if first < last:
                some = self.number(name, block.start, block.stop).take(rows[first:last] - block.start)
                values[first:last] = some.values
                bad = bad + some.bad.shifted(first) if len(some.bad) else bad
        return NumberColumn(values, bad)

    def text_pieces(self, name: str, start: int, stop: int) -> Iterator[TextColumn]:
        """Rows from `start` up to `stop` of a column of texts, block by block."""
        for block in _overlapping(self.texts[name], start, stop):
            yield self._text(block, max(start, block.start), min(stop, block.stop))

    def text_blocks(self, name: str, rows: Indices) -> Iterator[tuple[int, TextColumn]]:
        """The blocks of a column of texts in which some of the rows are, each with its first row."""
        blocks = self.texts[name]
        places = np.searchsorted([block.stop for block in blocks], rows, side="right")
        for block in (blocks[place] for place in np.unique(places).tolist()):
            yield block.start, self._text(block, block.start, block.stop)

    def _text(self, block: _Texts, start: int, stop: int) -> TextColumn:
        codes, lengths = np.empty(stop - start, np.int32), np.empty(block.levels, np.int32)
        content = np.empty(block.size, np.uint8)
        self.file.read(block.place + codes.itemsize * (start - block.start), codes)
        after = block.place + codes.itemsize * (block.stop - block.start)
        self.file.read(after, lengths)
        self.file.read(after + lengths.nbytes, content)
        column = TextColumn(codes.astype(np.intp), tuple(_cut(content.tobytes(), lengths)))
        return column.trimmed() if len(column.levels) > len(codes) else column


def is_ascending(rows: Indices) -> bool:
    """Whether rows are in the order of the table, each as often as may be."""
    return bool((rows[1:] >= rows[:-1]).all())


def _end(blocks: Sequence[_Numbers] | Sequence[_Texts]) -> int:
    return blocks[-1].stop if blocks else 0


def _overlapping(blocks: Sequence[Block], start: int, stop: int) -> Iterator[Block]:
    """The blocks that hold some of the rows."""
    first = bisect_right(blocks, start, key=lambda block: block.stop)
    for block in blocks[first:]:
        if block.start >= stop:
            return
        yield block


def _cut(content: bytes, lengths: Array) -> Iterator[str]:
    start = 0
    for length in lengths.tolist():
        yield content[start : start + length].decode("utf-8", "surrogatepass")
        start += length


class StoredNumbers(Mapping[str, list[NumberColumn]]):
    """The columns of numbers of a table as it has them, each read as it is asked for, in one piece."""

    def __init__(self, columns: StoredColumns, rows: int) -> None:
        self._columns, self._rows = columns, rows

    def __getitem__(self, name: str) -> list[NumberColumn]:
        return [self._columns.number(name, 0, self._rows)]

    def __contains__(self, name: object) -> bool:
        return name in self._columns.numbers

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns.numbers)

    def __len__(self) -> int:
        return len(self._columns.numbers)

    def of_rows(self, name: str, rows: Indices) -> NumberColumn:
        """Some rows, ascending, of a column."""
        return self._columns.numbers_of(name, rows)

    def only(self, name: str) -> StoredNumbers:
        """One of the columns alone."""
        return StoredNumbers(replace(self._columns, numbers={name: self._columns.numbers[name]}), self._rows)

    @property
    def with_bad_cells(self) -> list[str]:
        """The columns that hold what is no number."""
        return [
            name for name, blocks in self._columns.numbers.items() if any(len(block.bad) for block in blocks)
        ]


class StoredTexts(Mapping[str, TextColumn]):
    """The columns of texts of a table, each read as it is asked for."""

    def __init__(self, columns: StoredColumns, rows: int) -> None:
        self._columns, self._rows = columns, rows

    def __getitem__(self, name: str) -> TextColumn:
        return join_texts(self.pieces(name), self._rows)

    def __contains__(self, name: object) -> bool:
        return name in self._columns.texts

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns.texts)

    def __len__(self) -> int:
        return len(self._columns.texts)

    def pieces(self, name: str, rows: Indices | None = None) -> Iterator[TextColumn]:
        """A column in pieces, top to bottom: all of it, or some rows, ascending; at least one piece."""
        if rows is None:
            yield from self._columns.text_pieces(name, 0, self._rows)
        elif not len(rows):
            yield TextColumn(np.empty(0, np.intp), ())
        else:
            for start, piece in self._columns.text_blocks(name, rows):
                first, last = np.searchsorted(rows, [start, start + len(piece.codes)])
                some = piece.take(rows[first:last] - start)
                yield some.trimmed() if len(some.levels) > len(some.codes) else some

    def only(self, name: str) -> StoredTexts:
        """One of the columns alone."""
        return StoredTexts(replace(self._columns, texts={name: self._columns.texts[name]}), self._rows)
