"""The names of all metrics and the tasks that each is for; the values are computed in `mlpcli.training`."""

from __future__ import annotations

from typing import Literal, get_args

CLASSES = frozenset({"classification"})
LABELS = frozenset({"classification", "multilabel"})
NUMBERS = frozenset({"regression"})

MetricName = Literal[
    "accuracy",
    "balanced_accuracy",
    "precision",
    "precision_macro",
    "recall",
    "recall_macro",
    "f1",
    "f1_macro",
    "f1_weighted",
    "mcc",
    "roc_auc",
    "average_precision",
    "pr_auc",
    "log_loss",
    "brier",
    "ece",
    "mae",
    "mse",
    "rmse",
    "mape",
    "median_absolute_error",
    "r2",
]

METRIC_TASKS: dict[str, frozenset[str]] = {
    "accuracy": LABELS,
    "balanced_accuracy": CLASSES,
    "precision": CLASSES,
    "precision_macro": LABELS,
    "recall": CLASSES,
    "recall_macro": LABELS,
    "f1": CLASSES,
    "f1_macro": LABELS,
    "f1_weighted": LABELS,
    "mcc": CLASSES,
    "roc_auc": LABELS,
    "average_precision": LABELS,
    "pr_auc": LABELS,
    "log_loss": CLASSES,
    "brier": CLASSES,
    "ece": CLASSES,
    "mae": NUMBERS,
    "mse": NUMBERS,
    "rmse": NUMBERS,
    "mape": NUMBERS,
    "median_absolute_error": NUMBERS,
    "r2": NUMBERS,
}


def metrics_for(task: str) -> list[str]:
    """The names of the metrics that fit a task."""
    return [name for name in get_args(MetricName) if task in METRIC_TASKS[name]]
