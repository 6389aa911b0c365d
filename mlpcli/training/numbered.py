"""Batches by their numbers, wherever their rows come from: what whoever trains on them may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from mlpcli.arrays import Matrix

if TYPE_CHECKING:
    from mlpcli.training.batches import Part, Room


class Numbered(Protocol):
    """Batches by their numbers: x, y, weights."""

    def __getitem__(self, index: int, /) -> tuple[Matrix, Matrix, Matrix | None]: ...


class BatchesOfEpoch(Numbered, Protocol):
    """The training rows of an epoch, cut into batches; the last one may be smaller."""

    size: int
    rows: int

    @property
    def part(self) -> Part:
        """The rows in the order of the file."""

    def shuffle(self, rng: np.random.Generator) -> None:
        """A new order of the rows."""

    def settle(self, room: Room) -> None:
        """Let the rows of an epoch lie there from now on: as they are, and in every order to come."""

    def bring(self, index: int) -> None:
        """Have the rows of batch `index` where it is cut from; to be asked for before the batch itself."""

    def rows_of(self, index: int) -> int:
        """How many rows batch `index` has."""

    def __len__(self) -> int: ...
