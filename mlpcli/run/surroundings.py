"""What surrounds the training of one network: where its state is left, and who is told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TypeAlias

from mlpcli.artifacts.run_directory import RunDirectory
from mlpcli.artifacts.run_files import CHECKPOINT
from mlpcli.terminal.console import Console
from mlpcli.training.callbacks import Epoch, Observer
from mlpcli.training.loop import StopRequested

Observing: TypeAlias = Callable[[int, int], AbstractContextManager[Observer]]
"""Whoever watches: of so many epochs so many are past."""


def unseen(_epochs: int, _past: int) -> AbstractContextManager[Observer]:
    """Where nobody watches."""
    return nullcontext(lambda _epoch: None)


def watched_by(*watchers: Observing) -> Observing:
    """All of them, each told of every epoch; one is enough to end the training."""

    @contextmanager
    def observing(epochs: int, past: int) -> Iterator[Observer]:
        with ExitStack() as stack:
            observers = [stack.enter_context(watcher(epochs, past)) for watcher in watchers]

            def tell(epoch: Epoch) -> bool:
                verdicts = [observer(epoch) for observer in observers]
                return any(verdicts)

            yield tell

    return observing


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Where a network's training leaves its state, and who is told of it.

    `only_finish` takes a stopped training as it is: no update more. `most_epochs` ends one that has as many,
    though its schedule goes on to more.
    """

    run: RunDirectory
    threads: int
    console: Console
    stop_requested: StopRequested
    observing: Observing = unseen
    checkpoint: str = CHECKPOINT
    only_finish: bool = False
    most_epochs: int | None = None
