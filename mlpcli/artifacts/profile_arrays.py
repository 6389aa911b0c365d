"""What a model file keeps of how each column was distributed where it was trained, and its predictions there.

    profile.edges    (columns of numbers, bins + 1)   the least number, quantiles, the largest one
    profile.counts   (columns of numbers, bins)       the rows between these
    profile.levels   (levels of all columns,)         the rows of each level of a column, then of its others
    profile.missing  (columns,)                       the rows without a cell

in the order of the features, without indicators, and after them of what is predicted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Protocol

import numpy as np

from mlpcli.arrays import Array
from mlpcli.artifacts.feature_schema import (
    CategoricalFeature,
    EmbeddedFeature,
    Feature,
    IndicatorFeature,
)
from mlpcli.artifacts.npz import ArrayKind
from mlpcli.artifacts.source_file import FileFormatError
from mlpcli.drift.profile import BINS, LevelProfile, NumberProfile, Profile

EDGES, COUNTS, LEVELS, MISSING = (f"profile.{name}" for name in ("edges", "counts", "levels", "missing"))


class Predicted(Protocol):
    """What of a target says how its predictions are distributed."""

    @property
    def columns(self) -> Sequence[str]:
        """The columns that are predicted."""

    @property
    def classes(self) -> Sequence[str]:
        """The classes, or the words of labels; none of numbers."""

    @property
    def task(self) -> str:
        """What is predicted of them."""


def levels_of_features(features: Sequence[Feature]) -> Iterator[int | None]:
    """How many levels each column has; None where it has numbers."""
    for feature in features:
        if isinstance(feature, CategoricalFeature | EmbeddedFeature):
            yield len(feature.categories) + bool(feature.other)
        elif not isinstance(feature, IndicatorFeature):
            yield None


def levels_of_target(target: Predicted) -> list[int | None]:
    """The same of what is predicted: one column of classes, or one for each label or number."""
    if target.task == "classification":
        return [len(target.classes)]
    return [2 if target.task == "multilabel" else None for _ in target.columns]


def profile_kinds(levels: Sequence[int | None]) -> dict[str, ArrayKind]:
    """The arrays of columns that have so many levels each."""
    numbers = levels.count(None)
    total = sum(count + 1 for count in levels if count is not None)
    return {
        EDGES: ArrayKind("float64", (numbers, BINS + 1)),
        COUNTS: ArrayKind("int64", (numbers, BINS)),
        LEVELS: ArrayKind("int64", (total,)),
        MISSING: ArrayKind("int64", (len(levels),)),
    }


def profile_arrays(profiles: Sequence[Profile]) -> dict[str, Array]:
    """The arrays that say how columns are distributed."""
    numbers = [one for one in profiles if isinstance(one, NumberProfile)]
    counts = [one.counts for one in profiles if isinstance(one, LevelProfile)]
    return {
        EDGES: np.array([one.edges for one in numbers], np.float64).reshape(-1, BINS + 1),
        COUNTS: np.array([one.counts for one in numbers], np.int64).reshape(-1, BINS),
        LEVELS: np.concatenate([np.zeros(0, np.int64), *counts]).astype(np.int64),
        MISSING: np.array([one.missing for one in profiles], np.int64),
    }


def profiles_from(levels: Sequence[int | None], arrays: Mapping[str, Array]) -> Iterator[Profile]:
    """How each column is distributed, by the arrays of a file."""
    numbers = zip(arrays[EDGES], arrays[COUNTS], strict=True)
    widths = [count + 1 for count in levels if count is not None]
    stretches = zip(accumulate(widths[:-1], initial=0), widths, strict=False)
    for count, missing in zip(levels, arrays[MISSING].tolist(), strict=True):
        if count is None:
            edges, between = next(numbers)
            yield NumberProfile(edges, between, missing)
        else:
            start, width = next(stretches)
            yield LevelProfile(arrays[LEVELS][start : start + width], missing)


def check_profiles(
    levels: Sequence[int | None], predicted: int, rows: int, arrays: Mapping[str, Array]
) -> None:
    """Raise FileFormatError unless each column counts every row once, and none below 0.

    What is `predicted`, the last columns, may count fewer: of folds in time order some rows have no scores.
    """
    if not (arrays[EDGES][:, 1:] >= arrays[EDGES][:, :-1]).all():
        raise FileFormatError(f"{EDGES}: holds quantiles that go down")
    for name in (COUNTS, LEVELS, MISSING):
        # so that no sum of them can run over
        if (arrays[name] < 0).any() or (arrays[name] > rows).any():
            raise FileFormatError(f"{name}: holds a number of rows that cannot be one of {rows}")
    totals = [int(one.counts.sum()) + one.missing for one in profiles_from(levels, arrays)]
    features, outputs = totals[: len(totals) - predicted], totals[len(totals) - predicted :]
    if any(total != rows for total in features) or any(total > rows for total in outputs):
        raise FileFormatError(f"the profile of a column does not count {rows} rows")
