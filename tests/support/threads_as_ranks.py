"""Processes of a launcher, played by threads of this one: the same messages, without an MPI library."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from queue import Queue
from typing import Any, TypeVar
from unittest.mock import patch

import numpy as np
import numpy.typing as npt

from mlpcli.cli import together
from mlpcli.parallel.ranks import Ranks
from mlpcli.terminal.together import ended_together
from tests.support.running import Done, mlp

Values = npt.NDArray[Any]
T = TypeVar("T")
PATIENCE = 60.0


class Switchboard:
    """Where the messages of `size` threads meet."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.codes: list[int] = []  # with which somebody has ended all
        self._meeting = threading.Barrier(size, timeout=PATIENCE)
        self._brought: list[Any] = [None] * size
        self._begun: defaultdict[tuple[str, int], dict[int, Values]] = defaultdict(dict)
        self._mail: defaultdict[tuple[int, int], Queue[Values]] = defaultdict(Queue)

    def meet(self, rank: int, thing: Any) -> list[Any]:
        """What everybody brings, once all are there."""
        self._brought[rank] = thing
        self._meeting.wait()
        brought = list(self._brought)
        self._meeting.wait()
        return brought

    def begin(self, what: str, number: int, rank: int, array: Values) -> dict[int, Values]:
        """Bring something without waiting: what has been brought, as it comes."""
        self._begun[what, number][rank] = array.copy()
        return self._begun[what, number]

    def mail(self, source: int, to: int) -> Queue[Values]:
        """What is under way from one to another."""
        return self._mail[source, to]

    def hang_up(self, code: int) -> None:
        """End all who wait."""
        self.codes.append(code)
        self._meeting.abort()


class ThreadWire:
    """One thread's end."""

    def __init__(self, board: Switchboard, rank: int) -> None:
        self.board, self.rank, self.size = board, rank, board.size
        self._count: defaultdict[str, int] = defaultdict(int)

    def broadcast(self, array: Values) -> None:
        np.copyto(array, self.board.meet(self.rank, array.copy())[0])

    def begin_broadcast(self, array: Values) -> Callable[[], bool]:
        begun = self._begin("broadcast", array)

        def come() -> bool:
            if 0 in begun:
                np.copyto(array, begun[0])
            return 0 in begun

        return come

    def gather(self, mine: Values, everyones: Values) -> None:
        np.copyto(everyones, np.concatenate(self.board.meet(self.rank, mine.copy())).reshape(everyones.shape))

    def begin_gather(self, mine: Values, everyones: Values) -> Callable[[], bool]:
        begun = self._begin("gather", mine)

        def come() -> bool:
            if len(begun) == self.size:
                np.copyto(everyones, np.concatenate([begun[rank] for rank in range(self.size)]))
            return len(begun) == self.size

        return come

    def gather_unequal(self, mine: Values, everyones: Values, counts: Sequence[int]) -> None:
        assert mine.size == counts[self.rank]
        assert everyones.size == sum(counts)
        brought = self.board.meet(self.rank, mine.ravel().copy())
        np.copyto(everyones, np.concatenate(brought).reshape(everyones.shape))

    def exchange(self, mine: Values, to: Sequence[int], others: Values, of: Sequence[int]) -> None:
        assert mine.size == sum(to)
        pieces = np.split(mine.ravel().copy(), np.cumsum(to)[:-1])
        come = [brought[self.rank] for brought in self.board.meet(self.rank, pieces)]
        assert [len(piece) for piece in come] == list(of)
        np.copyto(others, np.concatenate(come).reshape(others.shape))

    def send(self, array: Values, to: int) -> None:
        self.board.mail(self.rank, to).put(array.copy())

    def receive(self, array: Values, source: int) -> None:
        np.copyto(array, self.board.mail(source, self.rank).get(timeout=PATIENCE))

    def begin_receive(self, array: Values, source: int) -> Callable[[], bool]:
        mail = self.board.mail(source, self.rank)

        def come() -> bool:
            if mail.empty():
                return False
            np.copyto(array, mail.get())
            return True

        return come

    def abort(self, code: int) -> None:
        self.board.hang_up(code)

    def _begin(self, what: str, array: Values) -> dict[int, Values]:
        self._count[what] += 1
        return self.board.begin(what, self._count[what], self.rank, array)


def by_ranks(size: int, do: Callable[[Ranks], T]) -> list[T]:
    """What each of so many processes comes to; the first is this thread. Raises what the first one raises."""
    board = Switchboard(size)
    with ThreadPoolExecutor(max(1, size - 1)) as pool:
        every = [Ranks(ThreadWire(board, rank)) for rank in range(size)]
        others = [pool.submit(copy_context().run, do, ranks) for ranks in every[1:]]
        first = do(every[0])
        return [first, *(other.result() for other in others)]


def mlp_by_ranks(number: int, *arguments: object) -> tuple[Done, list[int]]:
    """Run a command as the first of so many processes that train together; how it and all others ended."""
    board = Switchboard(number)
    launched, wire = patch.object(together, "rank_and_size", lambda: (0, number)), ThreadWire(board, 0)
    with ThreadPoolExecutor(number) as pool, launched, patch("mlpcli.parallel.wire.joined", lambda _: wire):
        others = [pool.submit(followed, Ranks(ThreadWire(board, rank))) for rank in range(1, number)]
        done = mlp(*arguments)
        return done, [other.result() for other in others]


def followed(ranks: Ranks) -> int:
    """What another process than the first does."""

    def follow() -> int:
        ranks.follow()
        return 0

    return ended_together(ranks, follow)
