"""Rows that several processes hold, each a stretch of them, and that come to whoever computes with them.

Every epoch has one order of all rows, the same in every process. Rows are small beside gradients: so many
batches at a time, each process sends the rows that it holds to those who have them in their parts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np

from mlpcli.arrays import Indices, Matrix
from mlpcli.memory import portion
from mlpcli.nn.network import Network
from mlpcli.parallel.pool import WorkerPool
from mlpcli.parallel.ranks import Ranks
from mlpcli.parallel.shares import share
from mlpcli.storage.rank_rows import Place, RankRows, held_by, pieces
from mlpcli.training.batches import Part, Room
from mlpcli.training.numbered import BatchesOfEpoch, Numbered
from mlpcli.training.orders import shuffle_all, shuffle_blocks

# of the rows of batches that are fetched at once, by all processes together: where memory is short, fewer
WINDOW_BYTES: Final = (1 << 20, 1 << 26)


@dataclass(frozen=True)
class RowKind:
    """What whoever is to receive rows has to know: how many there are, and the columns of x and y.

    `place` is where x is, if it is with those who are to hold it already.
    """

    rows: int
    inputs: int
    outputs: int
    has_weights: bool
    dtype: str
    place: Place | None

    @classmethod
    def of(cls, part: Part) -> RowKind:
        """That of the rows of a part."""
        (rows, inputs), outputs = part.x.shape, part.y.shape[1]
        place = part.x.place if isinstance(part.x, RankRows) else None
        return cls(rows, inputs, outputs, part.weights is not None, part.y.dtype.name, place)

    @property
    def width(self) -> int:
        """The columns of a row with all that belongs to it: x, y, and its weight where it has one."""
        return self.inputs + self.outputs + self.has_weights

    def room(self, rows: int) -> Room:
        """Room for so many rows; memory is taken where something is written."""
        weights = np.empty((rows, 1), self.dtype) if self.has_weights else None
        x, y = (np.empty((rows, columns), self.dtype) for columns in (self.inputs, self.outputs))
        return Room(x, y, weights)


@dataclass(frozen=True, eq=False)
class SpreadPart(Part):
    """A part of the data, of whose rows this process holds some, each with all that belongs to it.

    In the leading process x, y and weights are those of all rows; in others they are those `held`.
    """

    held: Room
    kind: RowKind
    ranks: Ranks

    @classmethod
    def given_out(cls, part: Part, ranks: Ranks) -> SpreadPart:
        """The rows of the leader, who sends each process what it is to hold and has not."""
        kind, (own, *others) = RowKind.of(part), held_by(len(part), ranks)
        for rank, stretch in enumerate(others, 1):
            for array in (None if kind.place else part.x, part.y, part.weights):
                if array is not None:
                    for piece in pieces(stretch, array.shape[1]):
                        ranks.wire.send(np.ascontiguousarray(array[piece]), rank)
        x = part.x[own] if kind.place is None else kind.place.held(ranks)
        held = Room(x, part.y[own], None if part.weights is None else part.weights[own])
        return cls(part.x, part.y, part.weights, held, kind, ranks)

    @classmethod
    def received(cls, kind: RowKind, ranks: Ranks) -> SpreadPart:
        """The rows of such a part that this process is to hold."""
        own = held_by(kind.rows, ranks)[ranks.rank]
        held = kind.room(own.stop - own.start)
        for array in (None if kind.place else held.x, held.y, held.weights):
            if array is not None:
                for piece in pieces(slice(0, len(array)), array.shape[1]):
                    ranks.wire.receive(array[piece], 0)
        if kind.place is not None:
            held = Room(kind.place.held(ranks), held.y, held.weights)
        return cls(*held.arrays(), held, kind, ranks)

    def batches(self, size: int, pool: WorkerPool, block: int | None = None) -> BatchesOfEpoch:
        """Batches that are fetched."""
        return SpreadBatches(self, size, pool.size, block)

    def as_one_batch(self, pool: WorkerPool) -> Numbered:
        """All rows as a batch that is fetched once."""
        batches = SpreadBatches(self, len(self), pool.size)
        batches.bring(0)
        return batches

    def __len__(self) -> int:
        return self.kind.rows


class SpreadBatches:
    """Batches of rows that several processes hold, in the place of `Batches`.

    Of a batch each process has the rows of its own workers alone; the others' are not to be read.
    """

    def __init__(self, part: SpreadPart, size: int, workers: int, block: int | None = None) -> None:
        self._part, self._workers, self._block = part, workers, block
        self.rows = len(part)
        self.size = min(size, self.rows)
        self._number = ceil(self.rows / self.size)
        self._ranks = part.ranks
        self._starts = np.array([stretch.start for stretch in held_by(self.rows, part.ranks)])
        self._order: Indices = np.arange(self.rows)
        a_batch = self.size * part.kind.width * np.dtype(part.kind.dtype).itemsize
        self._batches = max(1, window_bytes(part.ranks) // a_batch)  # of a window
        self._window = -1
        self._room = part.kind.room(min(self._batches * self.size, self.rows))

    @property
    def part(self) -> Part:
        """The rows in the order of the file."""
        return self._part

    def shuffle(self, rng: np.random.Generator) -> None:
        """A new order of the rows, the same in every process."""
        if self._block is None:
            shuffle_all(self._order, rng)
        else:
            shuffle_blocks(self._order, rng, self._block)
        self._window = -1

    def settle(self, _room: Room) -> None:
        """Trainings of several processes do not take their steps together with others."""
        raise AssertionError("a network of several processes trains alone")

    def bring(self, index: int) -> None:
        """Fetch the rows of batch `index`, and of some after it: all processes ask for it together."""
        window = index // self._batches
        if window != self._window:
            self._fetch(window)

    def __getitem__(self, index: int) -> tuple[Matrix, Matrix, Matrix | None]:
        """Batch `index` of this epoch: x, y, weights."""
        place = index % self._batches
        rows = slice(place * self.size, place * self.size + self.rows_of(index))
        x, y, weights = self._room.arrays()
        return x[rows], y[rows], None if weights is None else weights[rows]

    def rows_of(self, index: int) -> int:
        """How many rows batch `index` has."""
        return min(self.size, self.rows - index * self.size)

    def __len__(self) -> int:
        return self._number

    def _fetch(self, window: int) -> None:
        """Bring the rows of a window of batches to those who compute with them."""
        first = window * self._batches
        batches = range(first, min(first + self._batches, self._number))
        start = first * self.size
        wanted = [self._places(batches, rank) for rank in range(self._ranks.size)]
        holders = [self._holders(places) for places in wanted]
        mine, me = self._starts[self._ranks.rank], self._ranks.rank
        outgoing = [self._order[p][h == me] - mine for p, h in zip(wanted, holders, strict=True)]
        places, sources = wanted[me], holders[me]
        of = np.bincount(sources, minlength=self._ranks.size)
        where = places[np.argsort(sources, kind="stable")] - start
        for held, room in zip(self._part.held.arrays(), self._room.arrays(), strict=True):
            if held is not None and room is not None:
                columns = held.shape[1]
                incoming = np.empty((len(places), columns), held.dtype)
                to = [len(rows) * columns for rows in outgoing]
                counts = [int(count) * columns for count in of]
                self._ranks.wire.exchange(held[np.concatenate(outgoing)], to, incoming, counts)
                room[where] = incoming
        self._window = window

    def _places(self, batches: range, rank: int) -> Indices:
        """Where in the epoch the rows are that a process's workers have of some batches."""
        workers = range(self._workers)[share(self._workers, rank, self._ranks.size)]
        if not workers:
            return np.empty(0, np.intp)
        found = []
        for index in batches:
            rows, start = self.rows_of(index), index * self.size
            first, last = (share(rows, worker, self._workers) for worker in (workers[0], workers[-1]))
            found.append(np.arange(start + first.start, start + last.stop))
        return np.concatenate(found)

    def _holders(self, places: Indices) -> Indices:
        """The process that holds the row of each place."""
        return np.searchsorted(self._starts, self._order[places], side="right") - 1


def window_bytes(ranks: Ranks) -> int:
    """How long a window is, by the process with the least memory; to be asked for by all processes."""
    return int(ranks.gathered(np.array([portion(16, *WINDOW_BYTES)])).min())


def spread_scores(network: Network, parts: Mapping[str, SpreadPart]) -> Callable[[str], Matrix]:
    """The scores of the rows of a part, where they are; those of all rows in the leading process.

    To be asked for by all processes; elsewhere the result is what the process holds.
    """
    outputs = network.architecture.widths[-1]

    def compute(name: str) -> Matrix:
        part = parts[name]
        ranks, (own, *others) = part.ranks, held_by(len(part), part.ranks)
        scores = np.empty((len(part) if ranks.leads else len(part.held.y), outputs), network.dtype)
        network.scores_into(part.held.x, scores[own] if ranks.leads else scores)
        if not ranks.leads:
            for piece in pieces(slice(0, len(scores)), outputs):
                ranks.wire.send(scores[piece], 0)
            return scores
        for rank, stretch in enumerate(others, 1):
            for piece in pieces(stretch, outputs):
                ranks.wire.receive(scores[piece], rank)
        return scores

    return compute
