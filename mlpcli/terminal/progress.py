"""What is seen while a network trains: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlpcli.terminal.console import Console, is_terminal, number, write
from mlpcli.training.callbacks import Epoch, Observer

if TYPE_CHECKING:
    from rich.progress import Progress

PLAIN_LINES = 20  # about as many lines as a long run leaves in a log


def describe(epoch: Epoch) -> str:
    """The epoch in one line: `loss 0.1234  val_loss 0.2345  val_accuracy 0.9500  rate 0.001000`."""
    parts = [f"loss {number(epoch.loss)}"]
    if epoch.val_loss is not None:
        parts.append(f"val_loss {number(epoch.val_loss)}")
    name, value = next(iter((epoch.val_metrics or epoch.metrics).items()), (None, None))
    if name is not None:
        parts.append(f"{'val_' if epoch.val_metrics else ''}{name} {number(value)}")
    if epoch.learning_rate is not None:
        parts.append(f"rate {number(epoch.learning_rate)}")
    return "  ".join(parts)


@contextmanager
def progress(console: Console, epochs: int, done: int = 0) -> Iterator[Observer]:
    """An observer that shows every epoch, as fits where stderr goes; `done` epochs are past already."""
    if console.quiet:
        yield lambda _epoch: None
    elif is_terminal(sys.stderr):
        with _live(epochs, done) as observer:
            yield observer
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


@contextmanager
def _live(epochs: int, done: int) -> Iterator[Observer]:
    bar = _progress_bar()
    task = bar.add_task("epoch", total=epochs, completed=done, values="")
    shown, last = 0.0, None

    def observer(epoch: Epoch) -> None:
        nonlocal shown, last
        now, last = time.monotonic(), epoch
        if now - shown > 0.1:  # a redraw costs more than a small epoch
            shown = now
            bar.update(task, completed=epoch.epoch, values=describe(epoch))

    with bar:
        try:
            yield observer
        finally:
            if last is not None:
                bar.update(task, completed=last.epoch, values=describe(last))


def _progress_bar() -> Progress:
    from rich.console import Console as RichConsole
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("epoch"),
        MofNCompleteColumn(),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[values]}", markup=False),
        TimeRemainingColumn(compact=True),
        console=RichConsole(file=sys.stderr, highlight=False),
        refresh_per_second=8,
        transient=False,
    )
