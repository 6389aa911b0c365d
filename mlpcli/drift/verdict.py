"""Whether a column has moved: an effect that matters, and more than chance shows with so many rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlpcli.drift.distances import Chance, chance, psi
from mlpcli.drift.tally import Tally

MATTERS = 0.1  # PSI, the usual bound of a small shift


@dataclass(frozen=True)
class ColumnDrift:
    """A column in new rows beside the training rows.

    `distance` in quartile ranges, None of categories and where there is no range; shares of the rows that
    lack a cell, before and now, and that have a category or a number beyond what training had.
    """

    psi: float
    chance: Chance
    distance: float | None
    missing_before: float
    missing: float
    unseen: float

    @property
    def moved(self) -> bool:
        """Whether PSI is above what matters, and above what chance alone shows."""
        return self.psi > max(MATTERS, self.chance.upper)


def drift_of(tally: Tally, columns: int) -> ColumnDrift:
    """The drift of one of so many columns that are looked at."""
    before, after = tally.bins
    trained, rows = (int(counts.sum()) or 1 for counts in (before, after))
    return ColumnDrift(
        psi(before, after),
        chance(before, after, columns),
        tally.distance,
        float(before[-1]) / trained,
        tally.missing / rows,
        tally.unseen / rows,
    )


def largest(drifts: Mapping[str, ColumnDrift]) -> float:
    """The largest PSI of all columns."""
    return max((one.psi for one in drifts.values()), default=0.0)
