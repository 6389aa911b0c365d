"""What an evaluation says to a script: the document of `mlp evaluate --json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from typing import Any

from mlpcli.judging.curves import Curve
from mlpcli.judging.groups import Groups
from mlpcli.judging.reliability import ReliabilityBin
from mlpcli.run.evaluating import Evaluation
from mlpcli.run.judgement import Confidence, Judgement
from mlpcli.run.predictor import Model
from mlpcli.training.classification_metrics import ClassRow, class_table, confusion_matrix
from mlpcli.training.metrics import compute_by_target
from mlpcli.training.predictions import Predictions


def document_of(model: Model, evaluation: Evaluation, found: Judgement) -> dict[str, Any]:
    """Rows and metrics, for classes where they were right and wrong, and what else was asked for."""
    predictions = evaluation.predictions
    document: dict[str, Any] = {"rows": predictions.rows}
    if evaluation.left_out is not None:
        document["left_out"] = evaluation.left_out
    document["metrics"] = found.values
    if found.confidence is not None:
        document["ci"] = _confidence(found.confidence)
    if model.target.positive_class is not None:
        document["positive"] = model.target.positive_class
    if model.decoder.least is not None:
        document["threshold"] = model.decoder.least
    if evaluation.intervals:
        document["intervals"] = {level: dict(values) for level, values in evaluation.intervals.items()}
    if targets := by_target(model, predictions, found.values):
        document["targets"] = targets
    if evaluation.overlap is not None:
        document["training_rows"] = evaluation.overlap.training_rows
    if model.target.task != "regression":
        document["classes"] = [asdict(row) for row in class_rows(model, predictions)]
    if model.target.task == "classification":
        document["confusion_matrix"] = confusion_matrix(predictions, len(model.target.classes)).tolist()
    return {**document, **_more(model, found)}


def _more(model: Model, found: Judgement) -> dict[str, Any]:
    """The calibration, the scores by column and the curves, where there are any."""
    more: dict[str, Any] = {}
    if found.bins:
        more["calibration"] = {"of": claim_of(model), "bins": [_bin(one) for one in found.bins]}
    if found.by:
        more["by"] = {name: _groups(groups) for name, groups in found.by.items()}
    if found.roc:
        names = (model.target.positive_class,) if len(found.roc) == 1 else model.target.answers
        more["curves"] = {
            "roc": _curves(found.roc, names, ("fpr", "tpr")),
            "pr": _curves(found.precision_recall, names, ("recall", "precision")),
        }
    if found.roc and found.bins:
        points = ("probability", "share", "rows")
        more["curves"]["reliability"] = {key: [getattr(one, key) for one in found.bins] for key in points}
    return more


def claim_of(model: Model) -> str:
    """What the probabilities of the calibration are those of."""
    positive = model.target.positive_class
    return "the predicted class" if positive is None else positive


def _confidence(confidence: Confidence) -> dict[str, Any]:
    ends = {name: [one.lower, one.upper] for name, one in confidence.intervals.items()}
    group = {} if confidence.group is None else {"group": confidence.group}
    return {"level": 0.95, "draws": confidence.draws, **group, "metrics": ends}


def _bin(one: ReliabilityBin) -> dict[str, Any]:
    values = asdict(one)
    interval = values.pop("interval")
    return {**values, "share_lower": interval["lower"], "share_upper": interval["upper"]}


def _groups(groups: Groups) -> dict[str, Any]:
    shown = [{"value": one.name, "rows": one.rows, "metrics": one.scores} for one in groups.shown]
    return {"values": groups.values, "shown": shown}


def _curves(
    curves: Sequence[Curve | None], names: Sequence[str | None], axes: tuple[str, str]
) -> list[dict[str, Any]]:
    """A curve for each class; null in the place of an infinite threshold."""
    found: list[dict[str, Any]] = []
    for name, curve in zip(names, curves, strict=True):
        if curve is None:
            found.append({"class": name, axes[0]: [], axes[1]: [], "thresholds": [], "area": None})
            continue
        thresholds = [one if isfinite(one) else None for one in curve.thresholds.tolist()]
        points = {axes[0]: curve.x.tolist(), axes[1]: curve.y.tolist()}
        found.append({"class": name, **points, "thresholds": thresholds, "area": curve.area})
    return found


def class_rows(model: Model, predictions: Predictions) -> list[ClassRow]:
    """The table by class, or by label; none for a regression."""
    target = model.target
    if target.task == "regression":
        return []
    return class_table(predictions, target.classes if target.task == "classification" else target.columns)


def by_target(
    model: Model, predictions: Predictions, values: Mapping[str, float | None]
) -> dict[str, dict[str, float | None]]:
    """The metrics of each of several targets."""
    return compute_by_target([name for name in values if name != "loss"], predictions, model.target.columns)
