"""Training several networks by processes that a launcher started together: each trains some of them alone.

Member i is trained by process i mod R, one after the other; more processes than members have nothing to do.
The leader makes every experiment and gives it to the one that trains it, which sends back what came of it.
Whoever fails, or is asked to stop, says so at once; the leader looks at every update, and tells the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from mlpcli.arrays import Array
from mlpcli.artifacts.atomic import bytes_content
from mlpcli.artifacts.sent_files import SentFiles
from mlpcli.errors import MlpError
from mlpcli.parallel.crew import InterruptedTaskError
from mlpcli.parallel.ranks import Ranks
from mlpcli.run.experiment import Experiment
from mlpcli.run.member_tasks import Numbered, Told, in_turn
from mlpcli.run.on_ranks import without_rows
from mlpcli.run.study import Member
from mlpcli.run.surroundings import Surroundings
from mlpcli.storage.rows import whole
from mlpcli.terminal.console import Console
from mlpcli.terminal.members_progress import Began, Hear, Worth

T = TypeVar("T")


@dataclass(frozen=True)
class SentMember:
    """A member for another process: its number, and its experiment with all rows."""

    number: int
    member: Member
    experiment: Experiment
    files: Mapping[str, bytes]

    @classmethod
    def of(cls, number: int, member: Member, around: Surroundings) -> SentMember:
        """Made now; with its checkpoint, where there is one."""
        made = member.make()
        parts = {
            name: replace(split, rows=replace(split.rows, x=whole(split.rows.x)))
            for name, split in made.parts.items()
        }
        bare = without_rows(made)
        prepared = replace(bare.prepared, train=replace(made.prepared.train, x=parts["train"].rows.x))
        names = [member.checkpoint] if around.run.has(member.checkpoint) else []
        files = {name: around.run.read(name) for name in names}
        told = replace(member, make=_nothing, fold=None)
        return cls(number, told, replace(bare, prepared=prepared, parts=parts), files)

    @property
    def numbered(self) -> Numbered:
        """As `in_turn` takes it."""
        return self.number, replace(self.member, make=lambda: self.experiment)


def _nothing() -> Experiment:
    raise AssertionError("the experiment was sent")


@dataclass(frozen=True)
class Outcome:
    """What a process came to: its members, or why it has none; the files that it would have written."""

    found: list[Told] | Exception
    files: Mapping[str, bytes]
    signal: int | None


@dataclass(frozen=True)
class MembersOrder:
    """Train the members that follow, and send what comes of them."""

    threads: int
    parts: int
    only_finish: bool

    def carry_out(self, ranks: Ranks) -> None:
        """Until all are trained, or somebody is asked to stop, or has failed."""
        given: list[SentMember] = ranks.received(0)
        run, flag = SentFiles({name: data for one in given for name, data in one.files.items()}), np.zeros(1)
        come = ranks.wire.begin_broadcast(flag)
        around = Surroundings(
            run,
            self.threads,
            Console(quiet=True, warned=[]),
            lambda: ranks.stop() or (come() and bool(flag[0])),
            only_finish=self.only_finish,
        )
        found = attempted(lambda: in_turn([one.numbered for one in given], around, self.parts))
        ranks.wire.send(ended_badly(found), 0)
        ranks.send(Outcome(found, run.written, ranks.stop.signal), 0)
        ranks.wait(come)


def members_by_ranks(
    members: Sequence[Member], around: Surroundings, parts: int, ranks: Ranks, hear: Hear
) -> list[Told]:
    """What came of all members, in their order; to be called by the leader, which trains its own.

    Raises what the training of one raises; InterruptedTaskError where a stop was asked for.
    """
    numbered = list(enumerate(members))
    with ranks.ordered(MembersOrder(around.threads, parts, around.only_finish)):
        for rank in range(1, ranks.size):
            ranks.send([SentMember.of(*one, around) for one in numbered[rank :: ranks.size]], rank)
        others = Others(ranks, around.stop_requested)
        watching = replace(around, stop_requested=others.stop_requested)
        own = attempted(lambda: in_turn(numbered[:: ranks.size], watching, parts, hear))
        flag = ended_badly(own)
        ranks.wait(lambda: bool(flag[0]) or others.stop_requested() or others.have_ended())
        flag[0] = max(flag[0], others.stop_requested())
        ranks.wait(ranks.wire.begin_broadcast(flag))
        ranks.wait(others.have_ended)
        outcomes = [Outcome(own, {}, None), *(ranks.received(rank) for rank in range(1, ranks.size))]
    found = _in_order(outcomes, around, ranks)
    for number, told in enumerate(found):
        if number % ranks.size:
            _tell(number, told, hear)
    return found


def _in_order(outcomes: Sequence[Outcome], around: Surroundings, ranks: Ranks) -> list[Told]:
    """What came of all members, by their numbers, once the files of other processes are written.

    Raises what the training of one has raised; that it was interrupted only where nothing else was.
    """
    for outcome in outcomes:
        for name, data in outcome.files.items():
            around.run.write(name, bytes_content(data))
        ranks.stop.agree(outcome.signal)
    failures = [one.found for one in outcomes if isinstance(one.found, Exception)]
    for failure in sorted(failures, key=lambda error: isinstance(error, InterruptedTaskError)):
        raise failure
    by_rank = [one.found for one in outcomes if isinstance(one.found, list)]
    count = sum(map(len, by_rank))
    return [by_rank[number % ranks.size][number // ranks.size] for number in range(count)]


class Others:
    """What the leader hears of the others while it trains: that one has ended, and whether badly.

    `stop_asked` is whether the leader itself was asked to stop.
    """

    def __init__(self, ranks: Ranks, stop_asked: Callable[[], bool]) -> None:
        self._stop_asked = stop_asked
        self._one_has_failed = False
        flags = [np.zeros(1) for _ in range(1, ranks.size)]
        self._expected = [(flag, ranks.wire.begin_receive(flag, rank)) for rank, flag in enumerate(flags, 1)]

    def have_ended(self) -> bool:
        """Whether all have said how they ended."""
        waited_for = []
        for flag, has_come in self._expected:
            if has_come():
                self._one_has_failed |= bool(flag[0])
            else:
                waited_for.append((flag, has_come))
        self._expected = waited_for
        return not waited_for

    def stop_requested(self) -> bool:
        """Whether all are to stop: the leader was asked to, or another has failed, or was asked to."""
        self.have_ended()
        return self._one_has_failed or self._stop_asked()


def ended_badly(found: object) -> Array:
    """A message: 1 where it is an exception."""
    return np.array([float(isinstance(found, Exception))])


def attempted(train: Callable[[], T]) -> T | Exception:
    """What it comes to, or what it raises that is to be raised in the leading process."""
    try:
        return train()
    except (MlpError, MemoryError, InterruptedTaskError) as error:
        return error


def _tell(number: int, told: Told, hear: Hear) -> None:
    """What is heard of a member that another process has trained, once it has ended: its new epochs."""
    fitted = told.trained.fitted
    hear(number, Began(len(fitted.history), fitted.past))
    for epoch in fitted.history[fitted.past :]:
        hear(number, epoch)
    hear(number, None)
    hear(number, Worth(told.trained.validation))
