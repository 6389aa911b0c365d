"""What is told to a tracker of a training as it goes, message by message.

Each line is one: `{"point": {column: value}, "member": NUMBER}` for an epoch, where the number is that of one
of several networks or null; `{"run": DIRECTORY}` at the end. Where the lines end without that, the training
has failed or was stopped.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from mlpcli.tracking.record import Point, RunRecord, point_of, read_record
from mlpcli.tracking.tracker import Tracker, log_run

EVERY: Final = 1.0  # seconds: a tracker takes longer for many messages than for many points


class Follower:
    """Passes on what it is told, points that come fast several at a time; a run begins with its first one."""

    def __init__(self, tracker: Tracker, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._tracker = tracker
        self._name = name
        self._clock = clock
        self._told_at = -EVERY
        self._waiting: list[Point] = []
        self._has_begun = False
        self._seen: set[tuple[str, int]] = set()  # whose epochs: those of several networks by their prefix

    def follow(self, lines: Iterable[str]) -> str | None:
        """Where the run is, once it is complete; None where it came to no end."""
        try:
            for line in lines:
                message = json.loads(line)
                if "run" in message:
                    return self._completed(read_record(Path(message["run"])))
                self._take(point_of(message["point"], message.get("member")))
        except BaseException:
            self._abandon()
            raise
        if self._waiting:
            self._tell(self._waiting)
        self._abandon()
        return None

    def _take(self, point: Point) -> None:
        self._waiting.append(point)
        if self._clock() - self._told_at >= EVERY:
            self._tell(self._waiting)
            self._waiting = []
            self._told_at = self._clock()

    def _tell(self, points: Sequence[Point]) -> None:
        if not self._has_begun:
            self._tracker.begin(self._name)
            self._has_begun = True
        self._tracker.points(points)
        self._seen |= {(above(name), point.epoch) for point in points for name in point.values}

    def _completed(self, record: RunRecord) -> str:
        if not self._has_begun:
            return log_run(self._tracker, record)[0]
        self._tell([point for whole in record.points if (point := self._unseen(whole)).values])
        return self._tracker.complete(record)

    def _unseen(self, point: Point) -> Point:
        own = {
            name: value
            for name, value in point.values.items()
            if (above(name), point.epoch) not in self._seen
        }
        return Point(point.epoch, own)

    def _abandon(self) -> None:
        if self._has_begun:
            self._tracker.abandon()


def above(name: str) -> str:
    """What stands before the name of a column: `member_2`, or nothing."""
    return name.rpartition("/")[0]
