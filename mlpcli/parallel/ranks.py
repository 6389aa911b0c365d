"""Processes that a launcher started together, on one machine or several: the first leads, the others follow.

They do the same steps at the same time. The leader alone reads, writes and prints; what it finds out it tells
the others. Whoever fails tells the others where they meet; where they do not, it ends all.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, Protocol, TypeVar

import numpy as np

from mlpcli.arrays import Array, Matrix
from mlpcli.parallel.crew import InterruptedTaskError
from mlpcli.parallel.wire import HasCome, Wire
from mlpcli.signals import StopRequest, stop_on_signals

T = TypeVar("T")

FAILED: Final = -1  # in place of the length of what was to be told
SPIN: Final = 1e-3  # seconds of waiting busily, after which the processor is left to others
LONGEST_NAP: Final = 0.01
PIECE: Final = 1 << 28  # bytes of a message
GRACE: Final = 3.0  # seconds that the others have to come to their ends after one has failed


class Order(Protocol):
    """Something that a follower is to do, told with all that it has to know of it."""

    def carry_out(self, ranks: Ranks, /) -> None:
        """Do it."""


class EndedByAnotherError(Exception):
    """Another of the processes has failed, and says itself why."""


class Ranks:
    """This process among those that were started together, and what they say to each other."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.rank, self.size = wire.rank, wire.size
        self.leads = wire.rank == 0
        self.stop = StopRequest()  # made here or in another process: all agree on it
        self.keeps: dict[int, Matrix] = {}  # rows that this process holds, by a number that all know
        self._waiting = True  # whether the followers wait for an order

    def told(self, make: Callable[[], T]) -> T:
        """What the leader makes, in all processes. Raises what that raises; EndedByAnotherError elsewhere."""
        if not self.leads:
            value: T = self._heard()
            return value
        try:
            value = make()
        except BaseException:
            self._pass_on(np.array([FAILED]))
            raise
        self._tell(value)
        return value

    @contextmanager
    def ordered(self, order: Order) -> Iterator[None]:
        """Let all followers do what is ordered while the leader does its part of it, within.

        To be called by the leader, as long as they wait for it.
        """
        assert self._waiting, "they are in the middle of something else"
        self._tell(order)
        self._waiting = False
        yield
        self._waiting = True

    def follow(self) -> None:
        """Do what the leader orders, until it dismisses this process, or all were asked to stop.

        Raises what `carry_out` of an order raises.
        """
        with stop_on_signals(self.stop), suppress(InterruptedTaskError):
            while (order := self._heard()) is not None:
                order.carry_out(self)

    def dismiss(self) -> None:
        """There are no more orders; to be called by the leader, whatever has happened."""
        if self._waiting:
            self._tell(None)
            self._waiting = False

    def send(self, value: object, to: int) -> None:
        """Something to one other."""
        sent = pickled(value)
        self.wire.send(np.array([len(sent)]), to)
        for start in range(0, len(sent), PIECE):
            self.wire.send(sent[start : start + PIECE], to)

    def received(self, source: int) -> Any:
        """What one other sends, whenever it does."""
        length = np.zeros(1, np.int64)
        waited_for(self.wire.begin_receive(length, source))
        received = np.empty(length[0], np.uint8)
        for start in range(0, len(received), PIECE):
            self.wire.receive(received[start : start + PIECE], source)
        return pickle.loads(received.data)

    def wait(self, come: HasCome) -> None:
        """Wait for a message that takes its time."""
        waited_for(come)

    def gathered(self, mine: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Everybody's array of one length, a row each."""
        everyones = np.empty((self.size, *mine.shape), mine.dtype)
        self.wire.gather(mine, everyones)
        return everyones

    def end(self, code: int, grace: float | None) -> list[int] | None:
        """Everybody's exit code, once all have come to their ends; None where they have not after so long."""
        everyones = np.zeros(self.size, np.int64)
        come = self.wire.begin_gather(np.array([code], np.int64), everyones)
        return [int(one) for one in everyones] if waited_for(come, grace) else None

    def _tell(self, value: object) -> None:
        told = pickled(value)
        self._pass_on(np.array([len(told)]))
        self._pass_on(told)

    def _heard(self) -> Any:
        length = np.zeros(1, np.int64)
        self._pass_on(length)
        if length[0] == FAILED:
            raise EndedByAnotherError
        told = np.empty(length[0], np.uint8)
        self._pass_on(told)
        return pickle.loads(told.tobytes())

    def _pass_on(self, array: np.ndarray[Any, Any]) -> None:
        waited_for(self.wire.begin_broadcast(array))


def pickled(value: object) -> Array:
    """As bytes."""
    return np.frombuffer(pickle.dumps(value, pickle.HIGHEST_PROTOCOL), np.uint8).copy()


def waited_for(come: HasCome, most: float | None = None) -> bool:
    """Wait for a message: for a moment busily, then asleep most of the time; whether it came in time."""
    began, nap = time.monotonic(), SPIN
    while not come():
        waited = time.monotonic() - began
        if most is not None and waited > most:
            return False
        if waited > SPIN:
            time.sleep(nap)
            nap = min(2 * nap, LONGEST_NAP)
    return True
