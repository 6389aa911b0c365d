"""New rows of a column, counted in the bins of the training rows, block by block."""

from __future__ import annotations

import numpy as np

from mlpcli.arrays import Array, Indices
from mlpcli.drift.distances import Outside, joined_bins, wasserstein
from mlpcli.drift.profile import LevelProfile, NumberProfile, Profile, binned


class NumberTally:
    """Numbers between the quantiles of the training rows, and beyond their ends."""

    def __init__(self, profile: NumberProfile) -> None:
        self._profile = profile
        self._counts = np.zeros(len(profile.counts), np.intp)
        self._missing = 0
        self._outside = Outside()

    def add(self, values: Array) -> None:
        """Numbers (n,), NaN for a missing one."""
        known, edges, before = values[~np.isnan(values)], self._profile.edges, self._outside
        self._missing += len(values) - len(known)
        self._counts += binned(known, edges)
        low, high = edges[0] - known, known - edges[-1]
        beyond = float(low[low > 0].sum() + high[high > 0].sum())
        self._outside = Outside(
            before.below + int(np.count_nonzero(low > 0)),
            before.above + int(np.count_nonzero(high > 0)),
            before.beyond + beyond,
        )

    @property
    def bins(self) -> tuple[Indices, Indices]:
        """The counts of the training rows and of the new ones; the last bin is of missing cells."""
        trained = self._profile.counts
        pairs = ((trained, self._profile.missing), (self._counts, self._missing))
        before, after = (np.append(joined_bins(trained, counts), missing) for counts, missing in pairs)
        return before, after

    @property
    def missing(self) -> int:
        """How many rows have no number."""
        return self._missing

    @property
    def unseen(self) -> int:
        """How many numbers are below or above all of the training rows."""
        return self._outside.below + self._outside.above

    @property
    def distance(self) -> float | None:
        """How far the numbers have moved, in quartile ranges of the training rows; None where that is 0."""
        lower, _, upper = self._profile.quartiles
        if upper <= lower or not self._counts.any():
            return None
        return wasserstein(self._profile.edges, self._profile.counts, self._counts, self._outside) / (
            upper - lower
        )


class LevelTally:
    """Categories that the training rows had, and others."""

    def __init__(self, profile: LevelProfile) -> None:
        self._profile = profile
        self._counts = np.zeros(len(profile.counts), np.intp)
        self._missing = 0

    def add(self, codes: Array) -> None:
        """Levels (n,), −1 for a missing one, and one more than there are for what is none of them."""
        known = codes[codes >= 0].astype(np.intp)
        self._missing += len(codes) - len(known)
        self._counts += np.bincount(known, minlength=len(self._counts))

    @property
    def bins(self) -> tuple[Indices, Indices]:
        """The counts of training rows and of new ones; the last bins are of others, and of missing cells."""
        trained = self._profile.counts
        told = trained[:-1] > 0
        after = self._counts[:-1]
        others = self._counts[-1] + after[~told].sum()
        return (
            np.concatenate([trained[:-1][told], [trained[-1], self._profile.missing]]),
            np.concatenate([after[told], [others, self._missing]]),
        )

    @property
    def missing(self) -> int:
        """How many rows have no category."""
        return self._missing

    @property
    def unseen(self) -> int:
        """How many rows have a category that no training row had."""
        return int(self._counts[-1])

    @property
    def distance(self) -> None:
        """Categories are not apart by a distance."""
        return


Tally = NumberTally | LevelTally


def tally_of(profile: Profile) -> Tally:
    """What counts new rows of a column."""
    return NumberTally(profile) if isinstance(profile, NumberProfile) else LevelTally(profile)
