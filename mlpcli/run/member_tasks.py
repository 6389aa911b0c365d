"""The networks of a run, trained one after the other, together, or side by side, and who is told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias, TypeVar

from mlpcli.parallel import threads
from mlpcli.parallel.crew import side_by_side
from mlpcli.parallel.pool import SerialPool
from mlpcli.run.member import TrainedMember, trained_members
from mlpcli.run.resources import Resources
from mlpcli.run.study import Member
from mlpcli.run.surroundings import Surroundings
from mlpcli.terminal.console import Console
from mlpcli.terminal.members_progress import Began, Hear, Worth
from mlpcli.training.callbacks import Epoch, Observer
from mlpcli.training.loop import StopRequested

Item = TypeVar("Item")
Numbered: TypeAlias = tuple[int, Member]


class Told(NamedTuple):
    """What came of a member, and the warnings on the way."""

    trained: TrainedMember
    warnings: list[str]


def train_members(
    members: Sequence[Member], around: Surroundings, resources: Resources, hear: Hear
) -> list[TrainedMember]:
    """All members in their order, in as many processes as there are; `hear` is told how far each is.

    Where they train together, each process has its share of them; else one as it has ended another.
    Raises what the training of one raises; InterruptedTaskError where a stop was asked for.
    """
    numbered = list(enumerate(members))
    most = min(resources.side_by_side, len(members))
    groups = shared_out(numbered, most if resources.together else len(members))
    tasks = [partial(_told, group, around, resources.parts) for group in groups]
    with threads.limited(1):  # of each process
        outcomes = side_by_side(tasks, most, lambda _task, told: hear(*told), around.stop_requested)
    return warned([told for outcome in outcomes for told in outcome], around.console)


def warned(found: Sequence[Told], console: Console) -> list[TrainedMember]:
    """What came of members, once the warnings on the way are told."""
    for warning in dict.fromkeys(warning for told in found for warning in told.warnings):
        console.warn(warning)
    return [told.trained for told in found]


def in_turn(
    members: Sequence[Numbered],
    around: Surroundings,
    parts: int,
    hear: Hear = lambda _number, _message: None,
) -> list[Told]:
    """Members one after the other, in this process, whose steps have so many parts."""
    with threads.limited(1):
        return [
            _told([member], around, parts, lambda told: hear(*told), around.stop_requested)[0]
            for member in members
        ]


def shared_out(items: Sequence[Item], number: int) -> list[Sequence[Item]]:
    """So many stretches of the items, as long as each other or by one longer."""
    bounds = [len(items) * part // number for part in range(number + 1)]
    return [items[start:stop] for start, stop in pairwise(bounds)]


def _told(
    group: Sequence[Numbered],
    around: Surroundings,
    parts: int,
    tell: Callable[[Any], None],
    stop_requested: StopRequested,
) -> list[Told]:
    """The task of members, whose steps have so many parts.

    Nothing of it is said here, and what is told has the number of one.
    """
    warnings: list[list[str]] = [[] for _ in group]
    surroundings = [
        replace(
            around,
            console=Console(quiet=True, warned=own),
            stop_requested=stop_requested,
            observing=_Telling(number, tell),
        )
        for (number, _), own in zip(group, warnings, strict=True)
    ]
    trained = trained_members([member for _, member in group], surroundings, SerialPool(parts))
    for (number, _), one in zip(group, trained, strict=True):
        tell((number, Worth(one.validation)))
    return [Told(*both) for both in zip(trained, warnings, strict=True)]


@dataclass(frozen=True)
class _Telling:
    """Passes on what an observer hears of the member of a number."""

    number: int
    tell: Callable[[Any], None]

    @contextmanager
    def __call__(self, epochs: int, past: int) -> Iterator[Observer]:
        self.tell((self.number, Began(epochs, past)))

        def observer(epoch: Epoch) -> None:
            self.tell((self.number, epoch))

        yield observer
        self.tell((self.number, None))
