"""What is seen while a network trains: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

from mlpcli.terminal.console import Console, counted, number
from mlpcli.terminal.screen import can_encode, is_terminal, write
from mlpcli.training.callbacks import Epoch, Observer

T = TypeVar("T")

PLAIN_LINES: Final = 20  # about as many lines as a long run leaves in a log
LONGEST_BAR, SHORTEST_BAR = 20, 5
SIGNS: Final = ("━", "─"), ("#", "-")  # of a bar: done, to do


def scores(epoch: Epoch) -> list[str]:
    """What the epoch came to, what matters most first: `loss 0.1234`, `val_loss 0.2345`, ..."""
    parts = [f"loss {number(epoch.loss)}"]
    if epoch.val_loss is not None:
        parts.append(f"val_loss {number(epoch.val_loss)}")
    name, value = next(iter((epoch.val_metrics or epoch.metrics).items()), (None, None))
    if name is not None:
        parts.append(f"{'val_' if epoch.val_metrics else ''}{name} {number(value)}")
    if epoch.learning_rate is not None:
        parts.append(f"rate {number(epoch.learning_rate)}")
    return parts


def describe(epoch: Epoch) -> str:
    """The epoch in one line: `loss 0.1234  val_loss 0.2345  val_accuracy 0.9500  rate 0.001000`."""
    return "  ".join(scores(epoch))


def counting_rows(console: Console, tables: Iterable[T], rows_of: Callable[[T], int]) -> Iterator[T]:
    """The tables as they come; a terminal shows how many rows have gone by."""
    rows = 0
    for table in tables:
        yield table
        rows += rows_of(table)
        console.show(partial(_row_count, rows))


def _row_count(rows: int, _columns: int) -> str:
    return counted(rows, "row")


def print_epoch(epoch: Epoch) -> None:
    """Write a line about an epoch to stdout, as those do who train in a notebook."""
    print(f"epoch {epoch.epoch}  {describe(epoch)}", flush=True)


@contextmanager
def progress(console: Console, epochs: int, done: int = 0) -> Iterator[Observer]:
    """An observer that shows every epoch, as fits where stderr goes; `done` epochs are past already."""
    if console.quiet:
        yield lambda _epoch: None
    elif is_terminal(sys.stderr):
        live = LiveProgress(epochs, done)
        with console.doing(live.line(None, console.columns)):
            yield live.observer(console)
    else:
        yield _plain(epochs)


def _plain(epochs: int) -> Observer:
    """One line an epoch, thinned: the first, the last, and every so many between."""
    every = max(1, epochs // PLAIN_LINES)
    width = len(str(epochs))

    def observer(epoch: Epoch) -> None:
        if epoch.epoch in {1, epochs} or epoch.epoch % every == 0:
            write(sys.stderr, f"epoch {epoch.epoch:>{width}}/{epochs}  {describe(epoch)}\n")

    return observer


@dataclass(frozen=True)
class LiveProgress:
    """How far a training is, in one line: it begins after `done` of its epochs, now."""

    epochs: int
    done: int
    began: float = field(default_factory=time.monotonic)

    def observer(self, console: Console) -> Observer:
        """What draws the line after an epoch, unless it was drawn a moment ago."""
        return lambda epoch: console.show(partial(self.line, epoch), at_last=epoch.epoch == self.epochs)

    def line(self, epoch: Epoch | None, columns: int) -> str:
        """Epoch, bar, time left, and as many scores as there is room for; a narrow one has no bar either."""
        past = self.done if epoch is None else epoch.epoch
        count = f"{past:>{len(str(self.epochs))}}/{self.epochs} epochs"
        left = self.time_left(past, time.monotonic())
        length = min(LONGEST_BAR, columns - len(count) - len(left) - 2)
        parts = [count, bar(past / self.epochs, length), left] if length >= SHORTEST_BAR else [count, left]
        line = " ".join(parts)
        for score in scores(epoch) if epoch else ():
            if len(line) + 2 + len(score) > columns:
                break
            line += f"  {score}"
        return line

    def time_left(self, past: int, now: float) -> str:
        """`1:02:03 left`, if the other epochs take as long as those since the beginning."""
        if past == self.done:
            return "--:-- left"
        return duration((now - self.began) / (past - self.done) * (self.epochs - past)) + " left"


def duration(time: float) -> str:
    """So many seconds as a clock shows them, the last one begun: `1:02:03`, `2:03`."""
    whole = math.ceil(time)
    hours, minutes, seconds = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def bar(share: float, length: int) -> str:
    """A bar of which a share is done."""
    done, rest = SIGNS[0 if can_encode(sys.stderr, "".join(SIGNS[0])) else 1]
    full = int(share * length)
    return done * full + rest * (length - full)
