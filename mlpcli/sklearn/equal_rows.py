"""Rows that are equal, as one row with the sum of their weights: weights and repetitions are the same then.

Equal rows are found by a digest of 128 bits of each, so that no second copy of the rows is needed:

    h = Σ_j mix(b_j) · m_j   mod 2⁶⁴

over the 64-bit patterns b_j of a row's numbers, for two lists of odd numbers m_j. Rows whose digests are
equal are compared, and those of a chance agreement stay apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Indices, Matrix
from mlpcli.config.load import Config
from mlpcli.sklearn.arrays import Given
from mlpcli.tables.matrix_columns import in_double

BLOCK: Final = 1 << 16  # numbers that are looked at together
DIGESTS: Final = 2
SEED: Final = 20_240_131  # of the factors, which are always the same

Patterns = npt.NDArray[np.uint64]


def merged_for(config: Config, given: Given) -> Given:
    """The rows with equal ones merged, where a training sees all of them at once, and each by itself."""
    if config.spec.training.batch_size != "full" or _sees_other_rows(config):
        return given
    return merge_equal_rows(given)


def _sees_other_rows(config: Config) -> bool:
    """Whether what is made of a row depends on how often the others are there: by a layer, or by a fold."""
    model = config.spec.model
    by_rows = model.normalization is not None and model.normalization.over == "rows"
    return by_rows or model.init.name == "data_driven" or config.spec.folds is not None


def merge_equal_rows(given: Given) -> Given:
    """The rows that are different, in an order that depends on them alone, with the sums of their weights.

    Rows of weight 1 that are all different stay as they are.
    """
    digests = _digests(given)
    order = np.lexsort(digests)
    first = np.ones(len(order), dtype=bool)
    same = np.logical_and.reduce([digest[order][1:] == digest[order][:-1] for digest in digests])
    pairs = np.flatnonzero(same)
    first[1:][pairs[_are_equal(given, order[pairs], order[pairs + 1])]] = False
    if first.all() and given.repetitions is None:
        return given
    group = np.cumsum(first) - 1
    kept = order[first]
    # each sum in an order that does not depend on that of the rows, or its rounding would
    sorted_weights = np.lexsort([given.weights[order], group])
    weights = np.bincount(group[sorted_weights], given.weights[order][sorted_weights]).astype(np.float64)
    return replace(given, x=given.x[kept], y=given.y[kept], weights=weights, merged=True)


def _digests(given: Given) -> list[Patterns]:
    """The digests (n,) of every row."""
    width = given.x.shape[1] + given.y.shape[1]
    factors = np.random.default_rng(SEED).integers(1 << 63, size=(DIGESTS, width), dtype=np.uint64) * 2 + 1
    found = [np.empty(len(given.y), np.uint64) for _ in factors]
    for block, rows in _blocks(given):
        bits = rows.view(np.uint64)
        bits ^= bits >> np.uint64(32)  # the high half alone tells whole numbers apart
        for digest, factor in zip(found, factors, strict=True):
            mixed = bits * factor
            mixed ^= mixed >> np.uint64(29)
            digest[block] = mixed.sum(axis=1, dtype=np.uint64)
    return found


def _blocks(given: Given) -> Iterator[tuple[slice, Matrix]]:
    """Features and targets side by side, some rows at a time, in an array that may be written to."""
    count = len(given.y)
    step = max(1, BLOCK // (given.x.shape[1] + given.y.shape[1]))
    for start in range(0, count, step):
        block = slice(start, min(start + step, count))
        yield block, np.hstack([in_double(given.x[block]), given.y[block]], dtype=np.float64)


def _are_equal(given: Given, ones: Indices, others: Indices) -> npt.NDArray[np.bool_]:
    """Which rows are equal to the last bit, pair by pair."""
    equal = np.empty(len(ones), dtype=bool)
    step = max(1, BLOCK // (given.x.shape[1] + given.y.shape[1]))
    for start in range(0, len(ones), step):
        pairs = slice(start, start + step)
        x, z = (in_double(given.x[rows[pairs]]).view(np.uint64) for rows in (ones, others))
        same_y = given.y[ones[pairs]] == given.y[others[pairs]]
        equal[pairs] = (x == z).all(axis=1) & same_y.all(axis=1)
    return equal
