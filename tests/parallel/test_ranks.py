"""Processes of a launcher: what the first one tells the others, and how all of them end."""

from __future__ import annotations

import errno
import signal
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NoReturn

import numpy as np
import pytest

from mlpcli.errors import DataError, ExitCode, UsageError
from mlpcli.parallel import ranks as processes
from mlpcli.parallel.crew import InterruptedTaskError
from mlpcli.parallel.ranks import EndedByAnotherError, Ranks, waited_for
from mlpcli.parallel.wire import MpiWire, joined
from mlpcli.signals import StoppedBySignal
from mlpcli.terminal import together
from mlpcli.terminal.together import ended_together
from tests.support.threads_as_ranks import Switchboard, ThreadWire, by_ranks

done: list[int] = []  # by whom an order was


class Noted:
    """An order that says who has carried it out."""

    def carry_out(self, ranks: Ranks) -> None:
        done.append(ranks.rank)


class Stopped:
    """An order in which all were asked to stop."""

    def carry_out(self, _ranks: Ranks) -> NoReturn:
        raise InterruptedTaskError


class Failing:
    """An order that all fail in."""

    def carry_out(self, _ranks: Ranks) -> NoReturn:
        raise DataError.of("all of them know this")


def failing(error: BaseException) -> Callable[[], NoReturn]:
    def fail() -> NoReturn:
        raise error

    return fail


def test_what_the_first_one_makes_all_have() -> None:
    made = by_ranks(3, lambda ranks: ranks.told(lambda: {"by": ranks.rank, "values": [0.1, None]}))
    assert made == [{"by": 0, "values": [0.1, None]}] * 3


def test_where_the_first_one_fails_the_others_do_not_wait() -> None:
    def told(ranks: Ranks) -> object:
        try:
            return ranks.told(failing(ValueError("x")))
        except (ValueError, EndedByAnotherError) as error:
            return type(error)

    assert by_ranks(2, told) == [ValueError, EndedByAnotherError]


def test_followers_do_what_is_ordered_until_they_are_dismissed() -> None:
    done.clear()

    def work(ranks: Ranks) -> None:
        if not ranks.leads:
            return ranks.follow()
        for _ in range(2):
            with ranks.ordered(Noted()):
                pass
        ranks.dismiss()
        return ranks.dismiss()  # once is enough

    by_ranks(3, work)
    assert sorted(done) == [1, 1, 2, 2]


def ending(number: int, *commands: Callable[[Ranks], int]) -> list[int]:
    """The exit codes of processes; the last command is that of all others."""

    def end(ranks: Ranks) -> int:
        command = commands[min(ranks.rank, len(commands) - 1)]
        return ended_together(ranks, lambda: command(ranks))

    return by_ranks(number, end)


def followed(ranks: Ranks) -> int:
    ranks.follow()
    return 0


def ordering(order: Any) -> Callable[[Ranks], int]:
    def lead(ranks: Ranks) -> int:
        with ranks.ordered(order):
            order.carry_out(ranks)
        return 0

    return lead


def test_all_end_with_the_code_of_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert ending(3, lambda _ranks: 10, followed) == [10, 10, 10]
    assert ending(3, lambda _ranks: 0, followed) == [0, 0, 0]
    assert ending(2, lambda _ranks: failing(DataError.of("only the first knows"))(), followed) == [4, 4]
    assert capsys.readouterr().err == "mlp: error: only the first knows\n"


def test_what_all_know_one_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert ending(3, ordering(Failing()), followed) == [4, 4, 4]
    assert capsys.readouterr().err == "mlp: error: all of them know this\n"


DISK_FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DataError.of("so"), ExitCode.DATA),
        (MemoryError(), ExitCode.MEMORY),
        (DISK_FULL, ExitCode.OUTPUT),
        (KeyError(), 1),
    ],
)
def test_another_says_what_it_alone_knows(
    error: Exception, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = failing(EndedByAnotherError())
    assert ending(3, lambda _: ended(), lambda _: ended(), lambda _: failing(error)()) == [code] * 3
    assert capsys.readouterr().err.startswith("mlp: error: ")


def test_those_who_were_asked_to_stop_say_by_what() -> None:
    def lead(ranks: Ranks) -> int:
        with ranks.ordered(Stopped()):
            raise StoppedBySignal(signal.SIGTERM)

    assert ending(2, lead, followed) == [143, 143]


@pytest.mark.parametrize("rank", [0, 1])
def test_where_the_others_do_not_come_all_are_ended(
    rank: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They may be in the middle of something that they cannot leave."""
    monkeypatch.setattr(together, "GRACE", 0.0)
    monkeypatch.setattr(processes, "LONGEST_NAP", 0.0)
    board = Switchboard(2)
    assert ended_together(Ranks(ThreadWire(board, rank)), failing(DataError.of("alone"))) == 4
    assert board.codes == [4]
    assert capsys.readouterr().err == "mlp: error: alone\n"


def test_a_long_wait_leaves_the_processor_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    now, naps = [0.0], list[float]()

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(processes, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=sleep))

    def come() -> bool:
        now[0] += 1e-4
        return now[0] > 1.0

    def never() -> bool:
        come()
        return False

    assert waited_for(come)
    assert max(naps) == processes.LONGEST_NAP
    assert not waited_for(never, 1.0)


class Mpi:
    """As much of mpi4py.MPI as says how many there are, once it has begun, and of which library it is."""

    THREAD_SERIALIZED = 2

    def __init__(self, size: int, vendor: str = "MPICH") -> None:
        world = SimpleNamespace(Get_rank=lambda: 0, Get_size=lambda: size, Dup=lambda: None)
        self.Init_thread = lambda _level: setattr(self, "COMM_WORLD", world)
        self._vendor = vendor

    def get_vendor(self) -> tuple[str, tuple[int, ...]]:
        return self._vendor, (5, 0, 2)


def test_the_library_has_to_know_of_as_many_as_the_launcher() -> None:
    assert isinstance(joined(4, lambda _name: Mpi(4)), MpiWire)
    with pytest.raises(
        UsageError, match=r"started 4 processes together, .* knows of 1\n.*mpiexec of the very"
    ):
        joined(4, lambda _name: Mpi(1))


def test_a_library_does_not_begin_under_the_launcher_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """MPICH would end every process, each with words of its own."""
    monkeypatch.setenv("OMPI_COMM_WORLD_RANK", "0")
    mpi = Mpi(4)
    with pytest.raises(
        UsageError, match=r"is that of Open MPI, and mpi4py uses MPICH\n.*mpiexec of the very"
    ):
        joined(4, lambda _name: mpi)
    assert not hasattr(mpi, "COMM_WORLD")
    assert isinstance(joined(4, lambda _name: Mpi(4, "Open MPI")), MpiWire)
    monkeypatch.setenv("PMI_RANK", "0")  # of a launcher inside of another
    assert isinstance(joined(4, lambda _name: mpi), MpiWire)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ModuleNotFoundError("mpi4py"), r"started 4 of these .* missing\nhint: pip install 'mlpcli\[mpi\]'"),
        (
            ImportError("libmpi.so.12: cannot open shared object file"),
            r"finds no MPI library: libmpi.so.12: cannot open .*\nhint: pip install mpich",
        ),
        (RuntimeError("cannot load MPI library\nlibmpi.so"), "no MPI library: cannot load MPI library\n"),
    ],
)
def test_what_is_missing_is_told_with_what_to_install(error: Exception, message: str) -> None:
    def load(_name: str) -> NoReturn:
        raise error

    with pytest.raises(UsageError, match=message):
        joined(4, load)


def test_messages_are_those_of_the_library() -> None:
    """Every kind of message, to itself: what the library gets is what was asked for."""
    calls: list[tuple[str, tuple[Any, ...]]] = []

    class Communicator:
        def __getattr__(self, name: str) -> Callable[..., Any]:
            def call(*arguments: Any) -> Any:
                calls.append((name, arguments))
                return {"Get_rank": 0, "Get_size": 1, "Dup": self}.get(name, SimpleNamespace(Test=lambda: 1))

            return call

    wire, a, b = MpiWire(SimpleNamespace(COMM_WORLD=Communicator())), np.zeros(1), np.ones(1)
    calls.clear()
    wire.broadcast(a)
    assert wire.begin_broadcast(a)()
    wire.gather(a, b)
    assert wire.begin_gather(a, b)()
    wire.gather_unequal(a, b, [1])
    wire.exchange(a, [1], b, [1])
    wire.send(a, 3)
    wire.receive(b, 3)
    assert wire.begin_receive(b, 3)()
    wire.abort(4)
    assert calls == [
        ("Bcast", (a, 0)),
        ("Ibcast", (a, 0)),
        ("Allgather", (a, b)),
        ("Iallgather", (a, b)),
        ("Allgatherv", (a, [b, [1]])),
        ("Alltoallv", ([a, [1]], [b, [1]])),
        ("Send", (a, 3)),
        ("Recv", (b, 3)),
        ("Irecv", (b, 3)),
        ("Abort", (4,)),
    ]
