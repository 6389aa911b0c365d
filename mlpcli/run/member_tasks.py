"""The networks of a run, trained one after the other or side by side, and who is told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

from mlpcli.parallel import threads
from mlpcli.parallel.crew import side_by_side
from mlpcli.parallel.pool import SerialPool
from mlpcli.run.member import TrainedMember, trained_member
from mlpcli.run.study import Member
from mlpcli.run.surroundings import Surroundings
from mlpcli.terminal.console import Console
from mlpcli.terminal.members_progress import Began, Hear
from mlpcli.training.callbacks import Epoch, Observer
from mlpcli.training.loop import StopRequested


class Told(NamedTuple):
    """What came of a member, and the warnings on the way."""

    trained: TrainedMember
    warnings: list[str]


def train_members(
    members: Sequence[Member], around: Surroundings, most: int, hear: Hear
) -> list[TrainedMember]:
    """All members in their order, no more than `most` at a time; `hear` is told how far each is.

    Raises what the training of one raises; InterruptedTaskError where a stop was asked for.
    """
    tasks = [partial(_told, member, around) for member in members]
    with threads.limited(1):  # of each process
        found = side_by_side(tasks, most, hear, around.stop_requested)
    for warning in dict.fromkeys(warning for told in found for warning in told.warnings):
        around.console.warn(warning)
    return [told.trained for told in found]


def _told(
    member: Member, around: Surroundings, tell: Callable[[Any], None], stop_requested: StopRequested
) -> Told:
    """The task of a member: nothing of it is said here."""
    warnings: list[str] = []
    own = replace(
        around,
        console=Console(quiet=True, warned=warnings),
        stop_requested=stop_requested,
        observing=_Telling(tell),
        checkpoint=member.checkpoint,
    )
    return Told(trained_member(member, own, SerialPool()), warnings)


@dataclass(frozen=True)
class _Telling:
    """Passes on what an observer hears."""

    tell: Callable[[Any], None]

    @contextmanager
    def __call__(self, epochs: int, past: int) -> Iterator[Observer]:
        self.tell(Began(epochs, past))

        def observer(epoch: Epoch) -> None:
            self.tell(epoch)

        yield observer
        self.tell(None)
