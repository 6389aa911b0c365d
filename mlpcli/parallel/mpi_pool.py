"""A pool whose workers are processes on one machine or several, joined by messages.

Every process runs the same program over weights of its own, which stay the same: gradients of the parts are
exchanged, and added up by all in the order of the parts, whatever library, network or number of processes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Final, Self, TypeVar

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Array, Vector
from mlpcli.errors import UsageError
from mlpcli.parallel.pool import Adder, Good, Job, SerialPool, Task, WorkerPool, aligned_share
from mlpcli.parallel.ranks import EndedByAnotherError, Ranks
from mlpcli.parallel.shares import share

T = TypeVar("T")

# entries of all parts' vectors together up to which everybody gets all of them in one message; beyond, each
# adds up a stretch of the entries, and passes on the sum: two messages, of fewer numbers
SHORT: Final = 1 << 16
FEW: Final = 2  # processes, among whom both ways pass on as many numbers
SIGNAL, FAILED, VALUES = 0, 1, 2  # where what is in a message


class MpiPool:
    """`size` workers, of whom each process has a stretch: some more than one, or where they are few none.

    With the values of a job goes whether anybody was asked to stop, or has failed: all hear of it after the
    same job, without a message more.
    """

    def __init__(self, size: int, ranks: Ranks) -> None:
        self.size, self._ranks, self._stop = size, ranks, ranks.stop
        self.leads = ranks.leads
        self._shares = [range(size)[share(size, rank, ranks.size)] for rank in range(ranks.size)]
        self.own = self._shares[ranks.rank]
        self._agreed = False

    @property
    def here(self) -> WorkerPool:
        """This process alone."""
        return SerialPool()

    def stop_requested(self) -> bool:
        """Whether all know that somebody was asked to stop."""
        return self._agreed

    def job(self, task: Task) -> Job:
        """Every process does its part, and all get the values."""
        message = np.zeros(VALUES + len(self._shares[0]))
        everyones = np.zeros((self._ranks.size, len(message)))
        values = [everyones[rank, VALUES : VALUES + len(own)] for rank, own in enumerate(self._shares)]

        def do(number: int) -> list[float]:
            failure: BaseException | None = None
            try:
                for place, worker in enumerate(self.own, VALUES):
                    message[place] = task(worker, number)
            except (Exception, MemoryError) as error:
                failure = error
            message[SIGNAL] = (self._stop() and self._stop.signal) or 0
            message[FAILED] = failure is not None
            self._ranks.wire.gather(message, everyones)
            if failure is not None:
                raise failure
            if everyones[:, FAILED].any():
                raise EndedByAnotherError
            self._agree_to_stop(int(everyones[:, SIGNAL].max()))
            return [float(value) for own in values for value in own]

        return do

    def _agree_to_stop(self, number: int) -> None:
        if number:
            self._agreed = True
            self._stop.agree(number)

    def zeros(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """Of this process: what others have to know is in messages."""
        return np.zeros(shape, dtype)

    def sees(self, _array: Array) -> bool:
        """A process's own workers do."""
        return True

    def adder(self, vectors: Sequence[Vector], total: Vector, good: Good) -> Adder:
        """By messages: of all vectors to all, or of a stretch of them to whoever adds it up."""
        is_short = self._ranks.size <= FEW or self.size * len(total) <= SHORT
        add_up = self._together(vectors, total) if is_short else self._by_stretches(vectors, total)

        def add() -> bool:
            add_up()
            return good(total)

        return add

    def _together(self, vectors: Sequence[Vector], total: Vector) -> Callable[[], None]:
        """Everybody gets all vectors, and adds them up."""
        entries, counts = len(total), [len(own) * len(total) for own in self._shares]
        mine = Outgoing(vectors, [slice(0, entries)], total.dtype)
        everyones = np.empty((self.size, entries), total.dtype)

        def add_up() -> None:
            self._ranks.wire.gather_unequal(mine.collected(), everyones, counts)
            add_in_order(everyones, total)

        return add_up

    def _by_stretches(self, vectors: Sequence[Vector], total: Vector) -> Callable[[], None]:
        """Each process gets a stretch of all vectors, adds it up, and gives the others the sum."""
        number, entries = self._ranks.size, len(total)
        stretches = [aligned_share(entries, rank, number) for rank in range(number)]
        lengths = [stretch.stop - stretch.start for stretch in stretches]
        mine, own = Outgoing(vectors, stretches, total.dtype), lengths[self._ranks.rank]
        parts, added = np.empty((self.size, own), total.dtype), np.empty(own, total.dtype)
        to = [len(self.own) * length for length in lengths]
        of = [len(theirs) * own for theirs in self._shares]

        def add_up() -> None:
            self._ranks.wire.exchange(mine.collected(), to, parts, of)
            add_in_order(parts, added)
            self._ranks.wire.gather_unequal(added, total, lengths)

        return add_up

    def told(self, make: Callable[[], T]) -> T:
        """In a message from the leader."""
        return self._ranks.told(make)

    def spread(self, array: Array) -> None:
        """In a message from the leader."""
        self._ranks.wire.broadcast(array)

    def require_same(self, array: Array, when: str) -> None:
        """By digests, of which everybody gets all."""
        digest = np.frombuffer(hashlib.blake2b(array.tobytes(), digest_size=16).digest(), np.uint8)
        others = (self._ranks.gathered(digest.copy()) != digest).any(axis=1)
        if others.any():
            message = (
                f"after {when} the weights of process {int(np.argmax(others))} are not those of this one"
            )
            hint = "start the processes on machines with the same type of processor and the same packages"
            raise UsageError.of(message, hint=hint)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        return None


class Outgoing:
    """Vectors as a message has them: of every stretch of the entries, that of each vector."""

    def __init__(self, vectors: Sequence[Vector], stretches: Sequence[slice], dtype: npt.DTypeLike) -> None:
        self._vectors, self._stretches = vectors, stretches
        entries = stretches[-1].stop if len(vectors) != 1 else 0
        self._room = np.empty(len(vectors) * entries, dtype)

    def collected(self) -> Vector:
        """The message: a single vector is one as it is."""
        if len(self._vectors) == 1:
            return self._vectors[0]
        start = 0
        for stretch in self._stretches:
            for vector in self._vectors:
                stop = start + stretch.stop - stretch.start
                np.copyto(self._room[start:stop], vector[stretch])
                start = stop
        return self._room


def add_in_order(parts: Array, total: Vector) -> None:
    """Σ of the rows (parts, entries), from the first one on, into `total` (entries,)."""
    np.copyto(total, parts[0])
    for part in parts[1:]:
        np.add(total, part, total)
