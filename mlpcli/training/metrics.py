"""Every metric by its short name: where it applies, what it needs, which way is better, how it is computed.

`mlpcli.config` knows the names and their tasks on its own, so that a wrong config is found without NumPy; a
test holds the two tables together.

Values are scikit-learn's, with zero_division 0. One that is not a finite number is None: no rows or no
weight, a ranking metric where a class does not occur, r2 of a single row, an error beyond float64.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from mlpcli.config.activation_spec import PROBABILITIES
from mlpcli.config.choice_synonyms import METRICS_ELSEWHERE
from mlpcli.errors import Problem
from mlpcli.training import classification_metrics as by_class
from mlpcli.training import probability_metrics as by_probability
from mlpcli.training import regression_metrics as by_value
from mlpcli.training.calibration_error import ece
from mlpcli.training.predictions import Predictions

Needs = Literal["labels", "probabilities", "scores", "values"]

CLASSES: Final = frozenset({"classification"})
LABELS: Final = frozenset({"classification", "multilabel"})
NUMBERS: Final = frozenset({"regression"})


@dataclass(frozen=True)
class Metric:
    """One metric. `sklearn` is the function of `sklearn.metrics` with the same values, and its arguments;
    None where it has none.

    `instead` names what to use for more than two classes; where it is not empty, the metric is for two only.
    """

    tasks: frozenset[str]
    needs: Needs
    greater_is_better: bool
    function: Callable[[Predictions], float]
    sklearn: str | None
    instead: tuple[str, ...] = ()


METRICS: Final[dict[str, Metric]] = {
    "accuracy": Metric(LABELS, "labels", True, by_class.accuracy, "accuracy_score()"),
    "balanced_accuracy": Metric(
        CLASSES, "labels", True, by_class.balanced_accuracy, "balanced_accuracy_score()"
    ),
    "precision": Metric(
        CLASSES, "labels", True, by_class.precision, "precision_score(zero_division=0)", ("precision_macro",)
    ),
    "precision_macro": Metric(
        LABELS, "labels", True, by_class.precision_macro, "precision_score(average='macro', zero_division=0)"
    ),
    "recall": Metric(
        CLASSES, "labels", True, by_class.recall, "recall_score(zero_division=0)", ("recall_macro",)
    ),
    "recall_macro": Metric(
        LABELS, "labels", True, by_class.recall_macro, "recall_score(average='macro', zero_division=0)"
    ),
    "f1": Metric(
        CLASSES, "labels", True, by_class.f1, "f1_score(zero_division=0)", ("f1_macro", "f1_weighted")
    ),
    "f1_macro": Metric(
        LABELS, "labels", True, by_class.f1_macro, "f1_score(average='macro', zero_division=0)"
    ),
    "f1_weighted": Metric(
        LABELS, "labels", True, by_class.f1_weighted, "f1_score(average='weighted', zero_division=0)"
    ),
    "mcc": Metric(CLASSES, "labels", True, by_class.mcc, "matthews_corrcoef()"),
    "roc_auc": Metric(
        LABELS, "scores", True, by_probability.roc_auc, "roc_auc_score(multi_class='ovr', average='macro')"
    ),
    "average_precision": Metric(
        LABELS, "scores", True, by_probability.average_precision, "average_precision_score(average='macro')"
    ),
    "pr_auc": Metric(
        LABELS, "scores", True, by_probability.average_precision, "average_precision_score(average='macro')"
    ),
    "log_loss": Metric(CLASSES, "probabilities", False, by_probability.log_loss, "log_loss()"),
    "brier": Metric(CLASSES, "probabilities", False, by_probability.brier, "brier_score_loss()"),
    "ece": Metric(CLASSES, "probabilities", False, ece, None),
    "mae": Metric(NUMBERS, "values", False, by_value.mae, "mean_absolute_error()"),
    "mse": Metric(NUMBERS, "values", False, by_value.mse, "mean_squared_error()"),
    "rmse": Metric(NUMBERS, "values", False, by_value.rmse, "root_mean_squared_error()"),
    "mape": Metric(NUMBERS, "values", False, by_value.mape, "mean_absolute_percentage_error()"),
    "median_absolute_error": Metric(
        NUMBERS, "values", False, by_value.median_absolute_error, "median_absolute_error()"
    ),
    "r2": Metric(NUMBERS, "values", True, by_value.r2, "r2_score()"),
}


def compute(names: Iterable[str], predictions: Predictions) -> dict[str, float | None]:
    """The value of each named metric, None where it is not defined."""
    names = tuple(names)
    if not predictions.total_share > 0:
        return dict.fromkeys(names)
    # an overflow is a value that is not finite, hence None: nothing to warn about
    with np.errstate(all="ignore"):
        values = {name: METRICS[name].function(predictions) for name in names}
    return {name: value if np.isfinite(value) else None for name, value in values.items()}


def compute_by_target(
    names: Iterable[str], predictions: Predictions, targets: Sequence[str]
) -> dict[str, dict[str, float | None]]:
    """The values of each of several targets, or labels, which those of all of them average; {} of one."""
    if predictions.task == "classification" or len(targets) == 1:
        return {}
    names = tuple(names)
    return {name: compute(names, predictions.of_target(index)) for index, name in enumerate(targets)}


def default_metrics(task: str, n_classes: int) -> tuple[str, ...]:
    """The metrics of a run that names none: cheap enough for every epoch."""
    if task == "regression":
        return ("r2", "rmse", "mae")
    if task == "classification" and n_classes == 2:
        return ("accuracy", "f1_macro", "roc_auc")
    return ("accuracy", "f1_macro")


def objection(name: str, task: str, n_classes: int, output_activation: str) -> Problem | None:
    """Why the metric cannot be computed for such a model, or None where it can."""
    if name not in METRICS:
        return Problem(f"there is no metric '{name}'", hint=_suggestion(name.lower()) or _offer(task))
    metric = METRICS[name]
    if task not in metric.tasks:
        return Problem(f"metric '{name}' is not for {task}", hint=_offer(task))
    if metric.instead and n_classes > 2:
        return Problem(
            f"metric '{name}' is for two classes, the target has {n_classes}",
            hint=f"use {' or '.join(metric.instead)}",
        )
    if metric.needs == "probabilities" and output_activation not in PROBABILITIES:
        return Problem(
            f"metric '{name}' needs a sigmoid or softmax output, found {output_activation}",
            hint="only those give probabilities; train with cross_entropy or binary_cross_entropy",
        )
    return None


def greater_is_better(quantity: str) -> bool:
    """Whether more of a column of the history is better: `val_accuracy` yes, `val_loss` no."""
    name = quantity.removeprefix("val_")
    return name != "loss" and METRICS[name].greater_is_better


def _suggestion(name: str) -> str | None:
    if name in METRICS_ELSEWHERE:
        return f"it is called '{METRICS_ELSEWHERE[name]}' here"
    close = difflib.get_close_matches(name, METRICS, n=1)
    return f"did you mean '{close[0]}'?" if close else None


def _offer(task: str) -> str:
    return (
        f"metrics for {task}: {', '.join(name for name, metric in METRICS.items() if task in metric.tasks)}"
    )
