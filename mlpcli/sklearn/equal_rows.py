"""Equal rows taken for one row that weighs as much as all of them, in an order that is their own.

Where every update sees all rows, nothing else changes: a weight of 2 and two equal rows are then the same to
the last bit, although rounding grows along the many iterations of lbfgs.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mlpcli.sklearn.arrays import Given


def merge_equal_rows(given: Given) -> Given:
    """The rows that are different, sorted, with the sums of their weights.

    Rows of weight 1 that are all different stay as they are.
    """
    rows = np.ascontiguousarray(np.hstack([given.x, given.y]))
    as_bytes = rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).ravel()
    _, first, inverse = np.unique(as_bytes, return_index=True, return_inverse=True)
    if len(first) == len(rows) and given.repetitions is None:
        return given
    # each sum in an order that does not depend on that of the rows, or its rounding would
    order = np.lexsort([given.weights, inverse])
    summed = np.bincount(inverse[order], given.weights[order])
    weights = summed.astype(np.float64)
    return replace(given, x=given.x[first], y=given.y[first], weights=weights, merged=True)
