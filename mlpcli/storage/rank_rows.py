"""Encoded rows in the memory of processes that train together: each holds a stretch of every part.

The leading process has encoded them, span by span, and keeps none but its own. Where it looks at others
afterwards, or before the training, it asks those who hold them; while all train, rows move as they have need.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Final

import numpy as np

from mlpcli.arrays import Indices, Matrix
from mlpcli.memory import require
from mlpcli.parallel.ranks import Ranks
from mlpcli.parallel.shares import share
from mlpcli.storage.cache import Cache, Mode
from mlpcli.storage.rows import Rows, Sink

CHUNK: Final = 256  # rows that are held together: as many as one pass of a network scores
PIECE: Final = 1 << 24  # entries of a message
NUMBERS: Final = count()
MORE_PROCESSES: Final = "the more processes there are, on other machines, the fewer rows each holds"


def held_by(rows: int, ranks: Ranks) -> list[slice]:
    """Which of so many rows each process holds."""
    chunks = (share(-(-rows // CHUNK), rank, ranks.size) for rank in range(ranks.size))
    return [slice(*(min(end * CHUNK, rows) for end in (one.start, one.stop))) for one in chunks]


def pieces(rows: slice, columns: int) -> list[slice]:
    """A stretch of rows in messages that are not too long."""
    step = max(1, PIECE // max(1, columns))
    return [slice(start, min(start + step, rows.stop)) for start in range(rows.start, rows.stop, step)]


def common(one: slice, other: slice) -> slice:
    """The rows of two stretches that both have; none where it ends before it begins."""
    return slice(max(one.start, other.start), min(one.stop, other.stop))


@dataclass(frozen=True)
class Place:
    """Rows of one part as everybody knows them: their number among all such, how many, and of what."""

    number: int
    rows: int
    columns: int
    dtype: str

    def held(self, ranks: Ranks) -> Matrix:
        """Those of this process. MemoryLimitError where it has too little memory for them."""
        if self.number not in ranks.keeps:
            own = held_by(self.rows, ranks)[ranks.rank]
            shape = own.stop - own.start, self.columns
            what = f"the rows that process {ranks.rank} of {ranks.size} holds"
            require(shape[0] * shape[1] * np.dtype(self.dtype).itemsize, what, MORE_PROCESSES)
            ranks.keeps[self.number] = np.zeros(shape, self.dtype)
        return ranks.keeps[self.number]


@dataclass(frozen=True)
class PutOrder:
    """Take those of some rows that are to be held here; they follow."""

    place: Place
    rows: slice

    def carry_out(self, ranks: Ranks) -> None:
        """Each gets its own from the leader."""
        own = held_by(self.place.rows, ranks)[ranks.rank]
        held = self.place.held(ranks)
        for piece in pieces(common(own, self.rows), self.place.columns):
            ranks.wire.receive(held[piece.start - own.start : piece.stop - own.start], 0)


@dataclass(frozen=True)
class FetchOrder:
    """Send the leader those of some rows that are held here, in the order in which it asks."""

    place: Place
    rows: Indices

    def carry_out(self, ranks: Ranks) -> None:
        """Each sends what it has of them."""
        own, held = held_by(self.place.rows, ranks)[ranks.rank], self.place.held(ranks)
        wanted = self.rows[(own.start <= self.rows) & (self.rows < own.stop)] - own.start
        for piece in pieces(slice(0, len(wanted)), self.place.columns):
            ranks.wire.send(np.ascontiguousarray(held[wanted[piece]]), 0)


@dataclass(frozen=True, eq=False)
class RankRows:
    """The rows of a part for the leading process, wherever they are.

    To be asked while the others wait for orders: not while all train.
    """

    place: Place
    ranks: Ranks
    _lock: Lock = field(default_factory=Lock)

    @property
    def shape(self) -> tuple[int, int]:
        """All rows, and the columns of each."""
        return self.place.rows, self.place.columns

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """That of every process."""
        return np.dtype(self.place.dtype)

    @property
    def nbytes(self) -> int:
        """The size of the rows of all processes."""
        return self.place.rows * self.place.columns * self.dtype.itemsize

    def __len__(self) -> int:
        return self.place.rows

    def __getitem__(self, rows: slice, /) -> Matrix:
        """A copy."""
        order = np.arange(*rows.indices(len(self)))
        out: Matrix = np.empty((len(order), self.place.columns), self.dtype)
        self.gather(order, out)
        return out

    def gather(self, order: Indices, out: Matrix) -> None:
        """From those who hold them; one thread after the other."""
        own, *others = held_by(len(self), self.ranks)
        mine = order < own.stop
        out[mine] = self.place.held(self.ranks)[order[mine]]
        if mine.all():
            return
        with self._lock, self.ranks.ordered(FetchOrder(self.place, order)):
            for rank, stretch in enumerate(others, 1):
                places = np.flatnonzero((stretch.start <= order) & (order < stretch.stop))
                for piece in pieces(slice(0, len(places)), self.place.columns):
                    found: Matrix = np.empty((piece.stop - piece.start, self.place.columns), self.dtype)
                    self.ranks.wire.receive(found, rank)
                    out[places[piece]] = found

    @property
    def fetch(self) -> None:
        """None: a few rows cost as much each."""
        return None


class RankSink:
    """A sink whose rows go to those who are to hold them."""

    def __init__(self, place: Place, ranks: Ranks) -> None:
        self._place, self._ranks = place, ranks

    def room(self, first: int, last: int) -> Matrix:
        """Memory for these rows alone."""
        return np.zeros((last - first, self._place.columns), self._place.dtype)

    def put(self, first: int, x: Matrix) -> None:
        """To each its own."""
        rows = slice(first, first + len(x))
        own, *others = held_by(self._place.rows, self._ranks)
        mine = common(own, rows)
        if mine.start < mine.stop:
            self._place.held(self._ranks)[mine] = x[mine.start - first : mine.stop - first]
        if rows.stop <= own.stop:
            return
        with self._ranks.ordered(PutOrder(self._place, rows)):
            for rank, stretch in enumerate(others, 1):
                for piece in pieces(common(stretch, rows), self._place.columns):
                    part = np.ascontiguousarray(x[piece.start - first : piece.stop - first])
                    self._ranks.wire.send(part, rank)

    def rows(self) -> Rows:
        """Where they are."""
        return RankRows(self._place, self._ranks)


class CacheOfRanks(Cache):
    """Keeps the encoded rows in the memory of all processes together; the table is the leader's alone."""

    def __init__(self, mode: Mode, output: Path, ranks: Ranks) -> None:
        super().__init__(mode, output)
        self._ranks = ranks

    def holds(self, needed: int) -> bool:
        """Whether memory is the place of what all processes together need, each its part of it."""
        return super().holds(needed // self._ranks.size)

    def sinks(self, rows: Mapping[str, int], columns: int, dtype: str) -> Mapping[str, Sink]:
        """Sinks that pass the rows on."""
        return {
            part: RankSink(Place(next(NUMBERS), number, columns, dtype), self._ranks)
            for part, number in rows.items()
        }
