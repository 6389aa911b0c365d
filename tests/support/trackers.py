"""A tracker that remembers what it was told, or does what no tracker should."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mlpcli.tracking.record import Point, RunRecord


@dataclass
class Remembering:
    """Remembers its calls by name, and the points; `fails` in the call of that name."""

    known: str | None = None
    fails: str | None = None
    calls: list[str] = field(default_factory=list)
    told: list[Point] = field(default_factory=list)
    completed: RunRecord | None = None

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if self.fails == name:
            raise ConnectionError(f"no {name} today\nand more of it")

    def logged(self, sha256: str) -> str | None:
        """Where the run is that is `known`."""
        self._call("logged")
        return "there" if sha256 == self.known else None

    def begin(self, name: str) -> None:
        """Remembered with the name."""
        self._call("begin")
        self.calls[-1] += f" {name}"

    def points(self, points: Sequence[Point]) -> None:
        """Remembered."""
        self._call("points")
        self.told += points

    def complete(self, record: RunRecord) -> str:
        """Remembered."""
        self._call("complete")
        self.completed = record
        return "here"

    def abandon(self) -> None:
        """Remembered."""
        self._call("abandon")
