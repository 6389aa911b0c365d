"""Runs as TensorBoard reads them: a directory for each, and in it one for each part, whose tags are the same.

`train/` and `val/` have `loss` both, so that their curves lie over each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any, Final

from mlpcli.artifacts.history import VALIDATION_ROWS
from mlpcli.tracking.record import Point, RunRecord

DIRECTORY: Final = "tensorboard"  # in the working directory; an experiment is one below it
PARTS: Final = ("train", "val", "cal", "test")
MARK: Final = "mlp.sha256"  # in the directory of a run that is there to its end


def open_tracker(experiment: str | None) -> TensorboardTracker:
    """The tracker of the runs in a directory, which is made with the first run."""
    writer = import_module("tensorboardX").SummaryWriter
    return TensorboardTracker(Path(DIRECTORY, experiment or ""), writer)


class TensorboardTracker:
    """A run below a directory; `writer` makes what writes into one."""

    def __init__(self, above: Path, writer: Callable[[str], Any]) -> None:
        self._above = above
        self._writer = writer
        self._run = Path()
        self._writers: dict[str, Any] = {}

    def logged(self, sha256: str) -> str | None:
        """The directory whose mark says so."""
        marks = (mark for mark in sorted(self._above.glob(f"*/{MARK}")) if mark.read_text("utf-8") == sha256)
        return next((str(mark.parent) for mark in marks), None)

    def begin(self, name: str) -> None:
        """A directory of the name, or of the first of NAME-2, NAME-3, … that is not there yet."""
        self._above.mkdir(parents=True, exist_ok=True)
        for number in count(1):
            self._run = self._above / (name if number == 1 else f"{name}-{number}")
            with suppress(FileExistsError):
                self._run.mkdir()
                return

    def points(self, points: Sequence[Point]) -> None:
        """Scalars, whose step is the epoch."""
        for epoch, values in points:
            for name, value in values.items():
                part, tag = part_and_tag(name)
                self._of(part).add_scalar(tag, value, epoch)

    def complete(self, record: RunRecord) -> str:
        """Results as scalars `final/…` of their part, the settings as a text."""
        last = max((epoch for epoch, _ in record.points), default=0)
        for name, value in record.results.items():
            part, _, rest = name.partition(".")
            known = part in PARTS and rest
            self._of(part if known else "train").add_scalar(f"final/{rest if known else name}", value, last)
        settings = "".join(f"    {key}: {text}\n" for key, text in record.settings.items())
        self._of("train").add_text("settings", settings, 0)
        self._close()
        (self._run / MARK).write_text(record.sha256, "utf-8")
        return str(self._run)

    def abandon(self) -> None:
        """What there is stays, without the mark."""
        self._close()

    def _of(self, part: str) -> Any:
        if part not in self._writers:
            self._writers[part] = self._writer(str(self._run / part))
        return self._writers[part]

    def _close(self) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers = {}


def part_and_tag(column: str) -> tuple[str, str]:
    """`val_loss` is `loss` of the part `val`; `member_2/val_loss` is `member_2/loss` of it."""
    above, slash, name = column.rpartition("/")
    if name.startswith(VALIDATION_ROWS):
        return "val", above + slash + name.removeprefix(VALIDATION_ROWS)
    return "train", column
