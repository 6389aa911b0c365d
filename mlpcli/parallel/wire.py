"""What joins processes that a launcher started together: messages of arrays, by MPI.

MPI's own sums come out differently from one library to the next, and add up in an order of their own. So
nothing here adds anything: messages are passed on, and whoever gets them adds up in an order that is ours.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Final, Protocol, TypeAlias

from mlpcli.arrays import Array
from mlpcli.errors import UsageError
from mlpcli.parallel.launcher import is_of_open_mpi

HasCome: TypeAlias = Callable[[], bool]
Counts: TypeAlias = Sequence[int]

EXTRA: Final = "pip install 'mlpcli[mpi]'"
LIBRARY: Final = "pip install mpich, or load the MPI library of this machine"
SAME: Final = "start them with the mpiexec of the very library that mpi4py was built for"
# mpi4py begins nothing as it is imported: it is asked first which library it has
UNBEGUN: Final = {"MPI4PY_RC_INITIALIZE": "no", "MPI4PY_RC_FINALIZE": "yes"}


class Wire(Protocol):
    """Messages among `size` processes, each of which calls the same methods in the same order.

    All arrays are contiguous, those of one message of one type; counts are of entries, by process.
    """

    rank: int
    size: int

    def broadcast(self, array: Array) -> None:
        """What process 0 has in the array, to all."""

    def begin_broadcast(self, array: Array) -> HasCome:
        """The same, without waiting for it."""

    def gather(self, mine: Array, everyones: Array) -> None:
        """The arrays of all, one after the other, to all."""

    def begin_gather(self, mine: Array, everyones: Array) -> HasCome:
        """The same, without waiting for it, in whatever else the processes are."""

    def gather_unequal(self, mine: Array, everyones: Array, counts: Counts) -> None:
        """The same of arrays that are not of one length."""

    def exchange(self, mine: Array, to: Counts, others: Array, of: Counts) -> None:
        """From each to each: so many entries of mine to every one, so many of every one's into `others`."""

    def send(self, array: Array, to: int) -> None:
        """An array to one other, who receives it."""

    def receive(self, array: Array, source: int) -> None:
        """What one other sends."""

    def begin_receive(self, array: Array, source: int) -> HasCome:
        """The same, without waiting for it."""

    def abort(self, code: int) -> None:
        """End all processes, whatever they are doing; the launcher ends with the code."""


class MpiWire:
    """Messages by mpi4py. Two communicators: what is said at the end does not meet what was under way."""

    def __init__(self, mpi: Any) -> None:
        self._all, self._at_the_end = mpi.COMM_WORLD, mpi.COMM_WORLD.Dup()
        self.rank, self.size = self._all.Get_rank(), self._all.Get_size()

    def broadcast(self, array: Array) -> None:
        """By MPI_Bcast."""
        self._all.Bcast(array, 0)

    def begin_broadcast(self, array: Array) -> HasCome:
        """By MPI_Ibcast."""
        return _test(self._all.Ibcast(array, 0))

    def gather(self, mine: Array, everyones: Array) -> None:
        """By MPI_Allgather."""
        self._all.Allgather(mine, everyones)

    def begin_gather(self, mine: Array, everyones: Array) -> HasCome:
        """By MPI_Iallgather."""
        return _test(self._at_the_end.Iallgather(mine, everyones))

    def gather_unequal(self, mine: Array, everyones: Array, counts: Counts) -> None:
        """By MPI_Allgatherv."""
        self._all.Allgatherv(mine, [everyones, list(counts)])

    def exchange(self, mine: Array, to: Counts, others: Array, of: Counts) -> None:
        """By MPI_Alltoallv."""
        self._all.Alltoallv([mine, list(to)], [others, list(of)])

    def send(self, array: Array, to: int) -> None:
        """By MPI_Send."""
        self._all.Send(array, to)

    def receive(self, array: Array, source: int) -> None:
        """By MPI_Recv."""
        self._all.Recv(array, source)

    def begin_receive(self, array: Array, source: int) -> HasCome:
        """By MPI_Irecv."""
        return _test(self._all.Irecv(array, source))

    def abort(self, code: int) -> None:
        """By MPI_Abort."""
        self._all.Abort(code)


def _test(request: Any) -> HasCome:
    return lambda: bool(request.Test())


def joined(expected: int, load: Callable[[str], Any] = import_module) -> Wire:
    """The messages among processes of which a launcher says that they are so many.

    UsageError where there is no mpi4py, or no library for it, or one that is not the launcher's.
    """
    os.environ |= UNBEGUN
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a launcher that is not the library's: it is looked for below
            mpi = load("mpi4py.MPI")
            _require_library(mpi)
            # one thread sends messages at a time: the library then need not lock anything
            mpi.Init_thread(mpi.THREAD_SERIALIZED)
    except ModuleNotFoundError:
        message = (
            f"a launcher started {expected} of these together, and mpi4py, by which they talk, is missing"
        )
        raise UsageError.of(message, hint=EXTRA) from None
    except (ImportError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError.of(f"mpi4py finds no MPI library: {reason}", hint=LIBRARY) from error
    wire = MpiWire(mpi)
    if wire.size != expected:
        message = (
            f"the launcher started {expected} processes together, and the MPI library of mpi4py "
            f"knows of {wire.size}"
        )
        raise UsageError.of(message, hint=SAME)
    return wire


def _require_library(mpi: Any) -> None:
    """UsageError for a library that would end the process under this launcher, with words of its own."""
    vendor = mpi.get_vendor()[0]
    if is_of_open_mpi() and vendor != "Open MPI":
        raise UsageError.of(f"the launcher is that of Open MPI, and mpi4py uses {vendor}", hint=SAME)
