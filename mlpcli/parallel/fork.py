"""Forking this process, and what a child of it does first."""

from __future__ import annotations

import os
import signal
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from mlpcli.signals import STOPPING

OPEN_FILES: Final = Path("/proc/self/fd")
STREAMS: Final = frozenset({0, 1, 2})
FOR_CHILDREN: Final[set[int]] = set()
"""Files that children read too: whoever opens one says so here, until it is closed."""


def fork() -> int:
    """Fork: 0 in the child, which never sees a signal that asks to stop; its parent does, and decides.

    Raises OSError.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    process = -1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # there may be threads: those of BLAS, which sees to it itself
            process = os.fork()
    finally:
        if process != 0:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return process


class Fork(NamedTuple):
    """One side of a fork: the child's process, 0 in the child, and its ends of the pipes between the two."""

    process: int
    incoming: int
    outgoing: int


def fork_with_pipes() -> Fork | None:
    """Fork, with a pipe in each direction; None where the system has not that much to give.

    Neither side holds the other's ends, so that each sees when the other has gone.
    """
    ends: list[int] = []
    try:
        ends += os.pipe()
        ends += os.pipe()
        process = fork()
    except OSError:
        for end in ends:
            os.close(end)
        return None
    child_in, parent_out, parent_in, child_out = ends
    child, parent = Fork(process, child_in, child_out), Fork(process, parent_in, parent_out)
    mine, other = (child, parent) if process == 0 else (parent, child)
    os.close(other.incoming)
    os.close(other.outgoing)
    return mine


def silence(needed: set[int]) -> None:
    """In a child: let the standard streams lead nowhere, but for the files that it needs."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in STREAMS - needed:
        os.dup2(nowhere, stream)


def let_go(needed: set[int]) -> None:
    """In a child: close what it does not need, so that nobody waits for a pipe or a lock that it holds."""
    if not OPEN_FILES.exists():
        return  # nobody can tell which these are
    for file in {int(entry.name) for entry in OPEN_FILES.iterdir()} - needed - STREAMS - FOR_CHILDREN:
        with suppress(OSError):  # the listing's own file is closed already
            os.close(file)
