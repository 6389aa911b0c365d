"""What a tracker of experiments does for a run, and which trackers there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol

from mlpcli.errors import clean
from mlpcli.extras import require

if TYPE_CHECKING:
    from mlpcli.tracking.record import Point, RunRecord

# by the name on the command line: the package that it takes, and the module that speaks to it
TRACKERS: Final = {
    "mlflow": ("mlflow", "mlpcli.tracking.to_mlflow"),
    "wandb": ("wandb", "mlpcli.tracking.to_wandb"),
    "tensorboard": ("tensorboardX", "mlpcli.tracking.to_tensorboard"),
}


LINES, LONGEST = 3, 300  # of what an error says; characters


class Tracker(Protocol):
    """One run of an experiment: begun, told points, and completed or abandoned. Its calls raise anything."""

    def logged(self, sha256: str) -> str | None:
        """Where a run with this model was completed before."""

    def begin(self, name: str) -> None:
        """A new run."""

    def points(self, points: Sequence[Point]) -> None:
        """Values of curves."""

    def complete(self, record: RunRecord) -> str:
        """Settings, results, files and the hash, which says that all is there; where it is to be found."""

    def abandon(self) -> None:
        """The run came to no end."""


def require_tracker(name: str) -> None:
    """Raise UsageError, which says what to install, where the package of a tracker is not there."""
    package, _ = TRACKERS[name]
    require(package, f"logging to {name}")


def open_tracker(name: str, experiment: str | None) -> Tracker:
    """The tracker of this name, whose package is imported only here; None is its own usual experiment."""
    opened: Callable[[str | None], Tracker] = import_module(TRACKERS[name][1]).open_tracker
    return opened(experiment)


def reason_of(error: Exception) -> str:
    """What a tracker's error says in its first lines, as one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()][:LINES]
    return clean(": ".join([type(error).__name__, *([" ".join(lines)] if lines else [])]), LONGEST)


def log_run(tracker: Tracker, record: RunRecord) -> tuple[str, bool]:
    """Tell a tracker everything of a run, unless it knows it: where it is, and whether it was there."""
    where = tracker.logged(record.sha256)
    if where is not None:
        return where, True
    tracker.begin(record.name)
    try:
        tracker.points(record.points)
        return tracker.complete(record), False
    except BaseException:
        tracker.abandon()
        raise
