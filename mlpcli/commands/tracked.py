"""`mlp train --track`: a tracker of experiments told of a training as it goes, on which nothing depends."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from mlpcli.run.training import Listener
from mlpcli.terminal.console import Console
from mlpcli.tracking.live import LiveTracking, follower_command
from mlpcli.tracking.tracker import require_tracker


class Tracking:
    """What `mlp train` tells a tracker: epochs by who listens, and the run once it is `done`."""

    def __init__(self, tracker: str, live: LiveTracking) -> None:
        # of networks that are trained again the history says nothing
        self.listeners = (Listener(live.observing, live.hear, hears_again=False),)
        self._tracker = tracker
        self._live = live
        self._run: Path | None = None

    def done(self, run: Path) -> None:
        """The run is complete in a directory."""
        self._run = run

    def end(self, console: Console) -> None:
        """Wait for a moment for the tracker; at the most one warning, whatever it does."""
        if self._run is None:
            self._live.stop()
            return
        with console.doing(f"telling {self._tracker}"):
            outcome = self._live.finish(self._run)
        if outcome.where is not None:
            console.note(f"{self._tracker} has it: {outcome.where}")
            return
        again = shlex.join(["mlp", "log", str(self._run), "--to", self._tracker])
        why = f"{self._tracker} has not taken the run: {outcome.reason}"
        console.warn(f"{why}; nothing is lost: `{again}` tells it once more")


class Untracked:
    """Where nobody is told."""

    listeners: tuple[Listener, ...] = ()

    def done(self, run: Path) -> None:
        """Nothing."""


@contextmanager
def tracked(tracker: str | None, name: str, console: Console) -> Iterator[Tracking | Untracked]:
    """Tell a tracker of what is trained meanwhile. Raises UsageError where its package is not there."""
    if tracker is None:
        yield Untracked()
        return
    require_tracker(tracker)
    with TemporaryFile() as said:
        tracking = Tracking(tracker, LiveTracking(follower_command(tracker, name), said))
        try:
            yield tracking
        finally:
            tracking.end(console)
