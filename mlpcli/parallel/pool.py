"""A crew: members that do the same task at once, each its own part of it."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Array

Task: TypeAlias = Callable[[int, int], float]
"""Takes the member, counted from 0, and a number; gives a number. What it changes is in shared memory."""
Job: TypeAlias = Callable[[int], list[float]]
"""A task for all members: takes the number, gives what each came to, when all have done it."""

WORTH_SHARING = 32_768  # entries for each member
LINE = 16  # entries of a cache line: operations on vectors that begin elsewhere take half as long again


class Crew(Protocol):
    """`size` members. What they write for each other lies in arrays from `zeros`, or from `shared_memory`.

    What a task raises is raised where the job was asked for, after all members have ended.
    """

    @property
    def size(self) -> int: ...

    def job(self, task: Task) -> Job:
        """Make a job of a task: before the first of all jobs is done."""

    def zeros(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """An array that all members see."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...


def share(n: int, member: int, size: int) -> slice:
    """A member's part of n things: no two differ by more than one, and the first is never the smaller."""
    return slice(-(-n * member // size), -(-n * (member + 1) // size))


def aligned_share(entries: int, member: int, size: int) -> slice:
    """A member's part of the entries of a vector, cut at the borders of cache lines."""
    lines = share(-(-entries // LINE), member, size)
    return slice(min(lines.start * LINE, entries), min(lines.stop * LINE, entries))


def members_for(entries: int, crew: Crew) -> Crew:
    """Who does elementwise work on so many entries: the crew, or where they are few a member alone."""
    return crew if entries >= crew.size * WORTH_SHARING else InTurn()


class InTurn:
    """Members that take turns here. Whatever the kind of a crew, the numbers are those of this one."""

    def __init__(self, size: int = 1) -> None:
        self.size = size

    def job(self, task: Task) -> Job:
        """Member after member."""
        if self.size == 1:
            return lambda number: [task(0, number)]
        members = range(self.size)
        return lambda number: [task(member, number) for member in members]

    def zeros(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """Of this process."""
        return np.zeros(shape, dtype)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        return None
