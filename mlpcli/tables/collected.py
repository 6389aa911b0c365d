"""The columns of a table while its blocks come: in memory, and in a file from where that is too small."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np

from mlpcli.arrays import Array, Indices
from mlpcli.memory import portion
from mlpcli.storage.cache import Cache
from mlpcli.tables.columns import Notation, NumberColumn, TextColumn
from mlpcli.tables.joined_columns import join_numbers, join_texts
from mlpcli.tables.owners import Owner, StoredOwner, TableOwner
from mlpcli.tables.packed_texts import PackedTexts, join_packed, packed
from mlpcli.tables.stored_columns import StoredColumns
from mlpcli.tables.table import Lines, Table, Wanted, join_lines

# bytes that come before it is looked at how much memory is left, or that are written together
BLOCK_BYTES: Final = (1 << 20, 1 << 24)
BLOCK_ROWS: Final = 1 << 16  # of a column of texts that are written together
OF_A_TEXT: Final = 60  # bytes that Python needs for a short text besides its characters


@dataclass(frozen=True)
class StoredTexts:
    """A column of texts in a file that is only carried along, as PackedTexts is one in memory."""

    columns: StoredColumns
    name: str

    def take(self, rows: Indices) -> Array:
        """The texts of these rows, as an array of objects."""
        found = np.empty(len(rows), dtype=object)
        for start, piece in self.columns.text_blocks(self.name, rows):
            own = (start <= rows) & (rows < start + len(piece.codes))
            found[own] = piece.take(rows[own] - start).texts()
        return found


Carried: TypeAlias = PackedTexts | StoredTexts
"""A column of texts that nothing is computed from."""


class Collected:
    """The columns of the blocks read so far. Those of numbers and of texts are `wanted`, others are carried.

    Of the wanted ones, those that have `turned` are texts though they might have been numbers.
    """

    def __init__(self, wanted: Wanted, carried: Sequence[str], cache: Cache) -> None:
        self.wanted = wanted
        self.rows = 0
        self.turned: list[str] = []
        self._numbers: dict[str, list[NumberColumn]] = {
            name: [] for name in (*wanted.numbers, *wanted.either)
        }
        self._texts: dict[str, list[TextColumn]] = {name: [] for name in wanted.texts}
        self._carried: dict[str, list[PackedTexts]] = {name: [] for name in carried}
        self._lines: list[tuple[int, Lines]] = []
        self._cache = cache
        self._held = self._looked_at = 0
        self._block = portion(8, *BLOCK_BYTES)
        self._stored: StoredColumns | None = None
        self._carried_along: StoredColumns | None = None

    def add(self, table: Table) -> None:
        """The next block. A column that may be either turns into texts at its first text."""
        for name in self.wanted.either:
            if table.number(name).bad.hold_text:
                self._turn(name)
        either = tuple(name for name in self.wanted.either if name in self._numbers)
        self.wanted = replace(self.wanted, either=either)
        for name, numbers in self._numbers.items():
            numbers += table.numbers[name]
        for name, texts in self._texts.items():
            texts.append(table.texts[name])
        for name in self._carried:
            self._carry(name, table.texts[name])
        if table.lines is not None:
            self._lines.append((self.rows, table.lines))
        self.rows += table.rows
        self._make_room(table)

    def add_texts(self, table: Table) -> None:
        """The next block of the columns that turned into texts."""
        for name in self.turned:
            self._texts.setdefault(name, []).append(table.texts[name])
        self._make_room(table)

    def carried(self) -> dict[str, Carried]:
        """The whole columns that are only carried."""
        if self._carried_along is not None:
            return {name: StoredTexts(self._carried_along, name) for name in self._carried}
        return {name: join_packed(pieces) for name, pieces in self._carried.items()}

    def owner(self, source: str, notation: Notation) -> Owner:
        """Who owns the whole table."""
        lines = join_lines(self._lines) if self._lines else None
        if self._stored is None:
            texts = {name: join_texts(parts, self.rows) for name, parts in self._texts.items()}
            return TableOwner(Table(source, self.rows, lines, notation, self._numbers, texts))
        self._store(self._stored)
        return StoredOwner(Table(source, self.rows, lines, notation), self._stored)

    def _turn(self, name: str) -> None:
        self.turned.append(name)
        del self._numbers[name]
        if self._stored is not None:
            self._stored.numbers.pop(name, None)

    def _carry(self, name: str, column: TextColumn) -> None:
        if self._carried_along is None:
            self._carried[name].append(packed(column))
        else:
            self._carried_along.add_text(name, column)

    def _make_room(self, table: Table) -> None:
        """Look at the memory that is left, or write what has come since, once that is enough."""
        self._held += bytes_of(table)
        if self._held - self._looked_at < self._block:
            return
        self._looked_at = self._held
        # encoded rows take about as much as their columns do, which are there meanwhile
        if self._stored is None and not self._cache.holds(self._held):
            self._begin_to_store()
        if self._stored is not None:
            self._store(self._stored)

    def _begin_to_store(self) -> None:
        file = self._cache.file()
        self._stored, self._carried_along = StoredColumns(file), StoredColumns(file)
        for name, pieces in self._carried.items():
            for piece in pieces:
                every = np.arange(len(piece))
                self._carried_along.add_text(name, TextColumn(every, tuple(piece.take(every))))
            pieces.clear()

    def _store(self, columns: StoredColumns) -> None:
        """Write what is in memory."""
        for name, numbers in self._numbers.items():
            if numbers:
                columns.add_number(name, join_numbers(numbers))
                numbers.clear()
        for name, texts in self._texts.items():
            for some in _together(texts, BLOCK_ROWS):
                columns.add_text(name, join_texts(some, sum(len(one.codes) for one in some)))
            texts.clear()


def _together(pieces: Sequence[TextColumn], rows: int) -> Iterator[list[TextColumn]]:
    """The pieces of a column, so many of them at a time that these are about so many rows."""
    some: list[TextColumn] = []
    for piece in pieces:
        some.append(piece)
        if sum(len(one.codes) for one in some) >= rows:
            yield some
            some = []
    if some:
        yield some


def bytes_of(table: Table) -> int:
    """About how much memory the columns of a block take."""
    numbers = sum(piece.values.nbytes for pieces in table.numbers.values() for piece in pieces)
    texts: Mapping[str, TextColumn] = table.texts
    levels = sum(OF_A_TEXT + len(level) for column in texts.values() for level in column.levels)
    return numbers + levels + sum(column.codes.nbytes for column in texts.values())
