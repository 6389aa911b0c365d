"""How sure a metric is: the interval that holds it in so many of the samples that could have been drawn.

Percentile intervals (Efron & Tibshirani 1993, chapter 13). They say what other rows of the same kind would
change; what another training would change they do not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mlpcli.arrays import Array, Vector
from mlpcli.judging import class_draws as by_class
from mlpcli.judging import number_draws as by_value
from mlpcli.judging.drawn import Drawn, Sample
from mlpcli.judging.resampling import DRAWS, resampled_counts
from mlpcli.training.predictions import Predictions

LEVEL = 0.95
DEFINED = 0.5  # the least share of draws that must have a value

IN_DRAWS: Final[dict[str, Callable[[Drawn], Vector]]] = {
    "accuracy": by_class.accuracy,
    "balanced_accuracy": by_class.balanced_accuracy,
    "precision": by_class.precision,
    "precision_macro": by_class.precision_macro,
    "recall": by_class.recall,
    "recall_macro": by_class.recall_macro,
    "f1": by_class.f1,
    "f1_macro": by_class.f1_macro,
    "f1_weighted": by_class.f1_weighted,
    "mcc": by_class.mcc,
    "roc_auc": by_class.roc_auc,
    "average_precision": by_class.average_precision,
    "pr_auc": by_class.average_precision,
    "log_loss": by_class.log_loss,
    "brier": by_class.brier,
    "ece": by_class.ece,
    "mae": by_value.mae,
    "mse": by_value.mse,
    "rmse": by_value.rmse,
    "mape": by_value.mape,
    "median_absolute_error": by_value.median_absolute_error,
    "r2": by_value.r2,
}


@dataclass(frozen=True)
class Interval:
    """From where to where."""

    lower: float
    upper: float


def intervals(
    predictions: Predictions,
    names: Iterable[str],
    level: float = LEVEL,
    draws: int = DRAWS,
    groups: Array | None = None,
) -> dict[str, Interval]:
    """The interval of each metric; one that most draws leave undefined has none, nor has `loss`.

    `groups` (n,) names the group of each row, where rows of one value belong together. The same predictions
    have the same intervals.
    """
    found = in_draws([predictions], names, draws, groups)
    ends = {name: interval_of(values[0], level) for name, values in found.items()}
    return {name: interval for name, interval in ends.items() if interval is not None}


def in_draws(
    models: Sequence[Predictions], names: Iterable[str], draws: int = DRAWS, groups: Array | None = None
) -> dict[str, Array]:
    """Each metric of each model on the same draws of their rows: (models, draws)."""
    names = [name for name in dict.fromkeys(names) if name in IN_DRAWS]
    first = models[0]
    if not first.total_share > 0:
        return {}
    if first.task == "regression" and first.weights is not None:
        kept = first.weights > 0  # so that the others alone decide about units
        models = [model.of_rows(kept) for model in models]
        groups = None if groups is None else groups[kept]
    samples = [Sample(model) for model in models]
    found: dict[str, list[list[Vector]]] = {name: [] for name in names}
    for counts in resampled_counts(models[0].rows, draws, groups):
        drawn = [Drawn(sample, counts) for sample in samples]
        with np.errstate(all="ignore"):  # what is not finite is not defined
            for name, blocks in found.items():
                blocks.append([IN_DRAWS[name](one) for one in drawn])
    return {name: np.concatenate(blocks, axis=1) for name, blocks in found.items()}


def interval_of(values: Vector, level: float) -> Interval | None:
    """The quantiles (1 ± level)/2 of the draws that have a value; None where most have none."""
    defined = values[np.isfinite(values)]
    if len(defined) < DEFINED * len(values):
        return None
    lower, upper = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(lower), float(upper))
