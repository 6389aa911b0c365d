"""ROC and precision-recall curves, of one class or of each against the rest, with few enough points to draw.

A curve through thousands of thresholds looks the same through some of them. Points on a straight line are
left out, and of what remains those that move the line the most are kept (Ramer 1972, Douglas & Peucker 1973):
the points that are there are points of the curve.
"""

from __future__ import annotations

import heapq
from typing import Final, NamedTuple

import numpy as np

from mlpcli.arrays import Indices, Vector
from mlpcli.training.predictions import Predictions
from mlpcli.training.probability_metrics import (
    area_under_precision,
    area_under_roc,
    hits_and_false_alarms,
    one_against_rest,
)

MOST_POINTS: Final = 200
STRAIGHT: Final = 1e-12  # points nearer to a line than this are on it


class Curve(NamedTuple):
    """A line through `x`, `y`; a point is what comes of saying yes from its threshold on.

    Thresholds fall along the curve: probabilities, or scores where there are none. The first one is infinite,
    as yes is said to nothing there. `area` is that under all points.
    """

    x: Vector
    y: Vector
    thresholds: Vector
    area: float


def roc_curves(predictions: Predictions, most: int = MOST_POINTS) -> list[Curve | None]:
    """False positive rate (x) and true positive rate (y), as scikit-learn's `roc_curve` has them.

    Of two classes one curve, that of the positive one, else one for each class or label; None where the rows
    of a class, or the others, weigh nothing.
    """
    found: list[Curve | None] = []
    for hits, others, thresholds in _steps(predictions):
        if not (hits[-1] and others[-1]):
            found.append(None)
            continue
        x, y = others / others[-1], hits / hits[-1]
        kept = thinned(x, y, most)
        area = area_under_roc(hits[1:], others[1:])
        found.append(Curve(x[kept], y[kept], thresholds[kept], area))
    return found


def precision_recall_curves(predictions: Predictions, most: int = MOST_POINTS) -> list[Curve | None]:
    """Recall (x) and precision (y) from recall 0 on, as scikit-learn's `precision_recall_curve` has them.

    Likewise; None where the rows of a class weigh nothing.
    """
    found: list[Curve | None] = []
    for hits, others, thresholds in _steps(predictions):
        if not hits[-1]:
            found.append(None)
            continue
        flagged = hits + others
        x, y = hits / hits[-1], np.divide(hits, flagged, out=np.ones_like(hits), where=flagged > 0)
        kept = thinned(x, y, most)
        area = area_under_precision(hits[1:], others[1:])
        found.append(Curve(x[kept], y[kept], thresholds[kept], area))
    return found


def thinned(x: Vector, y: Vector, most: int) -> Indices:
    """Which points of a line to keep: both ends, and one after the other the one farthest from the line."""
    kept, last = {0, len(x) - 1}, len(x) - 1
    spans = [_farthest(x, y, 0, last)]
    while spans and len(kept) < most:
        distance, first, farthest, last = heapq.heappop(spans)
        if -distance <= STRAIGHT:
            break
        kept.add(farthest)
        heapq.heappush(spans, _farthest(x, y, first, farthest))
        heapq.heappush(spans, _farthest(x, y, farthest, last))
    return np.array(sorted(kept), np.intp)


def _farthest(x: Vector, y: Vector, first: int, last: int) -> tuple[float, int, int, int]:
    """Minus the distance of the point farthest from the chord between two others, and the three of them."""
    across, up = x[first : last + 1] - x[first], y[first : last + 1] - y[first]
    chord = float(np.hypot(across[-1], up[-1]))
    away = np.abs(across * up[-1] - up * across[-1]) / chord if chord > 0 else np.hypot(across, up)
    farthest = int(away.argmax())
    return -float(away[farthest]), first, first + farthest, last


def _steps(predictions: Predictions) -> list[tuple[Vector, Vector, Vector]]:
    """Of each two-class problem the weights at or above each threshold, beginning with nothing."""
    found = []
    shown = _shown(predictions)
    for index, (positive, rank) in enumerate(one_against_rest(predictions)):
        hits, others = hits_and_false_alarms(positive, rank, predictions.shares)
        value = rank if shown is None else shown[index]
        _, first_of_tie = np.unique(-rank, return_index=True)
        found.append((np.append(0.0, hits), np.append(0.0, others), np.append(np.inf, value[first_of_tie])))
    return found


def _shown(predictions: Predictions) -> list[Vector] | None:
    """The probabilities that the thresholds of each problem are; None where there are none."""
    scores = predictions.ranked
    if not scores.probabilistic:
        return None
    if predictions.task == "classification" and scores.columns <= 2:
        both = scores.of_both() if scores.columns == 1 else scores
        return [both.probability()[:, predictions.positive]]
    return list(scores.probability().T)
