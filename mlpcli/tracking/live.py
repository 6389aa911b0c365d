"""A tracker told of a training as it goes, by a process of its own, which the training never waits for.

Whatever the tracker does, slow down, hang, raise, crash, is that process's affair: what does not fit into the
pipe to it waits here, up to a limit, and what is beyond that is dropped, for the end tells all again. Then it
has a moment, and is ended where that is not enough.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Final

from mlpcli.training.callbacks import Epoch, Observer

GRACE: Final = 20.0  # seconds that a tracker has at the end: to import one takes up to five
STOPPING_GRACE: Final = 2.0  # where the training came to no end
SHORTEST: Final = 0.1  # seconds for one that has only to end
MOST_WAITING: Final = 1 << 20  # bytes of messages; some thousand epochs
ENTRANCE: Final = "mlpcli.cli.following"


@dataclass(frozen=True)
class Outcome:
    """Where a run is to be found, or why not."""

    where: str | None
    reason: str | None = None


def follower_command(tracker: str, name: str) -> list[str]:
    """What starts the process that speaks to a tracker about a run of this name."""
    return [sys.executable, "-P", "-m", ENTRANCE, tracker, name]


class LiveTracking:
    """The other process: started with the training, or at the end where nothing was trained."""

    def __init__(self, command: Sequence[str], said: IO[bytes], grace: float = GRACE) -> None:
        self._command = command
        self._grace = grace
        self._process: subprocess.Popen[bytes] | None = None
        self._waiting = bytearray()
        self._said = said  # a file, no pipe: nobody reads before the end
        self._failure: str | None = None

    @contextmanager
    def observing(self, _epochs: int, _past: int) -> Iterator[Observer]:
        """Pass on every epoch, as far as that takes no time."""
        self._start()
        yield self._observe

    def hear(self, number: int, message: object) -> None:
        """Pass on what one of several networks tells, where that is an epoch."""
        if isinstance(message, Epoch):
            self._start()
            self._observe(replace(message, member=number + 1))

    def finish(self, run: Path) -> Outcome:
        """Tell that the run is complete in a directory; wait for a moment until the tracker knows it."""
        self._start()
        until = time.monotonic() + self._grace
        self._waiting += _message({"run": str(run.resolve())})
        while self._process is not None and self._waiting and time.monotonic() < until:
            self._pass_on(until - time.monotonic())
        return self._end(until)

    def stop(self) -> None:
        """The training came to no end: the tracker is told, if it listens."""
        self._end(time.monotonic() + STOPPING_GRACE)

    def _observe(self, epoch: Epoch) -> None:
        message = _message({"point": epoch.row(), "member": epoch.member})
        if len(self._waiting) + len(message) <= MOST_WAITING:
            self._waiting += message
        self._pass_on(0.0)

    def _start(self) -> None:
        if self._process is not None or self._failure is not None:
            return
        # modules are those of this process; a stop that a terminal asks for is told, not sent
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=self._said,
                stderr=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            self._failure = f"its process could not be started: {error.strerror}"
            return
        os.set_blocking(self._input(), False)

    def _input(self) -> int:
        assert self._process is not None
        assert self._process.stdin is not None
        return self._process.stdin.fileno()

    def _pass_on(self, patience: float) -> None:
        """Write as much as the pipe takes, once it takes some."""
        if self._process is None or not self._waiting:
            return
        with suppress(BlockingIOError):
            try:
                if select.select([], [self._input()], [], max(0.0, patience))[1]:
                    del self._waiting[: os.write(self._input(), self._waiting)]
            except BrokenPipeError:  # it has ended: the end says why
                self._waiting.clear()

    def _end(self, until: float) -> Outcome:
        """Let the process end, or end it; what came of it."""
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return Outcome(None, self._failure)
        process.stdin.close()
        try:
            process.wait(max(SHORTEST, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return Outcome(None, f"it took longer than {self._grace:g} seconds")
        self._said.seek(0)
        last = next(iter(self._said.read().decode("utf-8", "replace").splitlines()[::-1]), "")
        if process.returncode:
            return Outcome(None, last or f"its process ended with {process.returncode}")
        return Outcome(last)


def _message(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content).encode() + b"\n"
