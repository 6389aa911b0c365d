"""What a report says of predicted numbers: predicted against true, how large errors are and to which side."""

from __future__ import annotations

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.report.number_parts import Histogram, Numbers, Quantile, TargetErrors
from mlpcli.run.facts.case import Case
from mlpcli.run.facts.coverages import coverages_of
from mlpcli.run.facts.hexagons import hexagons_of
from mlpcli.run.facts.shortened import capped, curve, drawn, name

MOST_TARGETS = 6
MOST_POINTS = 1_000  # more are counted in hexagons
BINS = 30
OUTER = 0.005  # the share of errors at each end that are in the outer bins, however far they are
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
LARGEST = 1e150  # what is beyond cannot be drawn


def numbers_of(case: Case) -> Numbers | None:
    """All of it; None where classes are predicted."""
    predictions = case.predictions
    if predictions.task != "regression":
        return None
    columns = case.whole.decoder.target.columns
    targets = [
        errors_of(name(column), predictions.truth[:, index], predictions.predicted[:, index])
        for index, column in enumerate(columns[:MOST_TARGETS])
    ]
    found = [target for target in targets if target is not None]
    return Numbers(targets=capped(found, MOST_TARGETS, len(columns)), coverages=tuple(coverages_of(case)))


def errors_of(target: str, truth: Vector, predicted: Vector) -> TargetErrors | None:
    """Predictions of one target beside the truth (n,); None where no row can be drawn."""
    usable = (np.abs(truth) < LARGEST) & (np.abs(predicted) < LARGEST)
    truth, predicted = truth[usable], predicted[usable]
    if not len(truth):
        return None
    errors, many = predicted - truth, len(truth) > MOST_POINTS
    quantiles = np.quantile(errors, SHARES).tolist()
    return TargetErrors(
        target=target,
        rows=len(truth),
        points=None if many else curve(truth, predicted),
        hexagons=hexagons_of(truth, predicted) if many else None,
        errors=histogram(errors),
        quantiles=tuple(Quantile(share=p, value=value) for p, value in zip(SHARES, quantiles, strict=True)),
        mean_error=float(errors.mean()),
    )


def histogram(errors: Vector) -> Histogram:
    """Errors counted between their outermost quantiles; what is beyond is in the outer bins."""
    low, high = np.quantile(errors, [OUTER, 1 - OUTER]).tolist()
    if not low < high:
        low, high = low - 0.5, high + 0.5
    bins = int(np.clip(2 * np.cbrt(len(errors)), 5, BINS))  # the rule of Rice
    edges = np.linspace(low, high, bins + 1)
    rows = np.bincount(np.clip(np.searchsorted(edges, errors, side="right") - 1, 0, bins - 1), minlength=bins)
    return Histogram(edges=drawn(edges), rows=tuple(rows.tolist()))
