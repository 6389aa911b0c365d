"""Intervals as columns; how often they hold the truth, and how wide they are."""

from __future__ import annotations

from math import nan

import numpy as np

from mlpcli.arrays import Array, Vector
from mlpcli.calibration.conformal import Intervals
from mlpcli.calibration.prediction_sets import words_of
from mlpcli.calibration.said import Known, Said
from mlpcli.training.decoder import OutputDecoder


def interval_names(decoder: OutputDecoder) -> tuple[str, ...]:
    """What the columns of intervals are called beside those of predictions."""
    if decoder.target.task == "classification":
        return ("prediction_set",)
    return tuple(f"{name}_{end}" for name in decoder.columns for end in ("lower", "upper"))


def interval_columns(intervals: Intervals, said: Said, level: float) -> list[Array]:
    """The columns of these names: for each target the lower and the upper ends, for classes their sets."""
    target = said.decoder.target
    if target.task == "classification":
        return [words_of(intervals.sets(said, level), target.classes)]
    lower, upper = intervals.bounds(said, level)
    return [end for pair in zip(lower.T, upper.T, strict=True) for end in pair]


def names_of_levels(intervals: Intervals, decoder: OutputDecoder) -> tuple[str, ...]:
    """The columns of every level; where there are several, each name ends with its level."""
    names = interval_names(decoder)
    if len(intervals.levels) == 1:
        return names
    return tuple(f"{name}_{level:g}" for level in intervals.levels for name in names)


def columns_of_levels(intervals: Intervals, said: Said) -> list[Array]:
    """The columns of these names."""
    return [column for level in intervals.levels for column in interval_columns(intervals, said, level)]


def coverages(intervals: Intervals, known: Known) -> dict[str, dict[str, float]]:
    """How the intervals of each level do, by the level as a text."""
    return {f"{level:g}": coverage(intervals, known, level) for level in intervals.levels}


def coverage(intervals: Intervals, known: Known, level: float) -> dict[str, float]:
    """The share of rows whose truth is held, by weight, and the mean width or size; NaN without any row.

    Of several targets the mean.
    """
    rows = known.usable
    if not len(rows.truth):
        return {"coverage": nan, _width_of(known): nan}
    if rows.said.decoder.target.task == "classification":
        inside = intervals.sets(rows.said, level)
        held, width = inside[np.arange(len(inside)), rows.truth], inside.sum(axis=1)
    else:
        lower, upper = intervals.bounds(rows.said, level)
        held = ((lower <= rows.truth) & (rows.truth <= upper)).mean(axis=1)
        with np.errstate(over="ignore"):
            width = (upper - lower).mean(axis=1)
    return {"coverage": _mean(held, rows.weights), _width_of(known): _mean(width, rows.weights)}


def _width_of(known: Known) -> str:
    return "mean_size" if known.said.decoder.target.task == "classification" else "mean_width"


def _mean(values: Array, weights: Vector | None) -> float:
    shares = None if weights is None else weights / weights.max()
    return float(np.average(values, weights=shares))
