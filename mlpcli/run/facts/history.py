"""How the training went: the loss and a metric over the epochs, with as many points as a picture shows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlpcli.artifacts.history import Row, curves_of, first_metric, thinned
from mlpcli.report.score_parts import History, HistoryCurve, Series
from mlpcli.run.facts.case import Case
from mlpcli.run.facts.shortened import WORDS, curve
from mlpcli.training.metrics import greater_is_better

COLUMNS = 50  # of the picture, each with at most four points of a curve
PARTS = {"train": "train", "validation": "val"}  # as the series are called


def history_of(case: Case, rows: Sequence[Row]) -> History:
    """The curves of the epochs that are drawn, of several networks their mean."""
    fits = [member.fitted for member in case.done.members]
    metric = first_metric(rows)
    chosen = fits[0].chosen if len(fits) == 1 else None
    quantities = [what for what in ("loss", metric) if what is not None]
    found = [_quantity(rows, what) for what in quantities]
    return History(
        epochs=max(len(fitted.history) for fitted in fits),
        best_epoch=chosen,
        averaged=len(fits),
        curves=tuple(one for one in found if one.series),
    )


def _quantity(rows: Sequence[Row], what: str) -> HistoryCurve:
    series = []
    for one in curves_of(rows, what):
        part = PARTS[one.name]
        points = np.array(thinned(one.points, COLUMNS), dtype=np.float64)
        series.append(
            Series.model_validate(
                {"part": part, "words": WORDS[part], "curve": curve(*points.T).model_dump()}
            )
        )
    return HistoryCurve(metric=what, greater_is_better=greater_is_better(what), series=tuple(series))
