"""What is seen while several networks train: how many are done, how far the others are, how good they are."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from mlpcli.terminal.console import Console
from mlpcli.terminal.progress import LONGEST_BAR, SHORTEST_BAR, bar, describe, duration
from mlpcli.terminal.screen import is_terminal, write
from mlpcli.training.callbacks import Epoch, Values


class Began(NamedTuple):
    """A network trains now: of so many epochs so many are past."""

    epochs: int
    past: int


class Worth(NamedTuple):
    """What a trained network is worth on the rows that validate it: its loss and metrics, or nothing."""

    values: Values


Message: TypeAlias = Began | Epoch | Worth | None
"""What is heard of a network: that it began, each epoch, that it has ended, and then what it is worth."""
Hear: TypeAlias = Callable[[int, Message], None]


@contextmanager
def members_progress(console: Console, names: Sequence[str]) -> Iterator[Hear]:
    """Who hears how far each network is, and shows it as fits where stderr goes."""
    if console.quiet:
        yield lambda _number, _message: None
        return
    shown = MembersProgress(console, names)
    if is_terminal(sys.stderr):
        with console.doing(shown.line(console.columns)):
            yield shown.hear_and_draw
    else:
        yield shown.hear_and_write


@dataclass(eq=False)
class MembersProgress:
    """What has been heard of the networks of these names."""

    console: Console
    names: Sequence[str]
    began: dict[int, Began] = field(default_factory=dict)
    last: dict[int, Epoch] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)
    start: float = field(default_factory=time.monotonic)

    def hear(self, number: int, message: Message) -> None:
        """Take in what one of them tells."""
        if isinstance(message, Began):
            self.began[number] = message
        elif message is None:
            self.ended.add(number)
        elif isinstance(message, Epoch):
            self.last[number] = message

    def hear_and_draw(self, number: int, message: Message) -> None:
        """And draw the line, unless it was drawn a moment ago."""
        self.hear(number, message)
        self.console.show(self.line, at_last=len(self.ended) == len(self.names))

    def hear_and_write(self, number: int, message: Message) -> None:
        """And write a line when one has ended."""
        self.hear(number, message)
        if message is None and number in self.last:
            epoch = self.last[number]
            write(sys.stderr, f"{self.names[number]}  epoch {epoch.epoch}  {describe(epoch)}\n")

    @property
    def done(self) -> float:
        """The share of all epochs that are past or will not be."""
        return sum(map(self._share, range(len(self.names)))) / len(self.names)

    def _share(self, number: int) -> float:
        if number in self.ended:
            return 1.0
        began, last = self.began.get(number), self.last.get(number)
        if began is None:
            return 0.0
        return (began.past if last is None else last.epoch) / began.epochs

    def line(self, columns: int) -> str:
        """How many networks are done, a bar, time left, and what the last one told."""
        what = self.names[0].partition(" ")[0]
        count = f"{len(self.ended)}/{len(self.names)} {what}s"
        left = self.time_left(time.monotonic())
        length = min(LONGEST_BAR, columns - len(count) - len(left) - 2)
        parts = [count, bar(self.done, length), left] if length >= SHORTEST_BAR else [count, left]
        line = " ".join(parts)
        newest = max(self.last.items(), key=lambda item: item[1].epoch, default=None)
        told = "" if newest is None else f"  {describe(newest[1])}"
        return line + told if len(line) + len(told) <= columns else line

    def time_left(self, now: float) -> str:
        """`1:02:03 left`, if what is left goes as fast as what was done."""
        past = sum(began.past / began.epochs for began in self.began.values()) / len(self.names)
        if self.done <= past:
            return "--:-- left"
        return duration((now - self.start) / (self.done - past) * (1 - self.done)) + " left"
