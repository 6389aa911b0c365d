"""What an evaluation says: as one document, or as tables for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from mlpcli.commands.calibration_lines import interval_line
from mlpcli.commands.parts_table import target_table
from mlpcli.errors import clean
from mlpcli.run.predictor import Model
from mlpcli.run.row_digests import Overlap
from mlpcli.terminal.console import GAP, NARROW_GAP, counted, number, render, screen_columns
from mlpcli.terminal.screen import fits
from mlpcli.training.classification_metrics import ClassRow, class_table, confusion_matrix
from mlpcli.training.metrics import compute_by_target
from mlpcli.training.predictions import Predictions

WIDEST_MATRIX = 20  # classes; a confusion matrix of more is for --json


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The rows of an input with their predictions and loss; `left_out` rows lack a target, where such may."""

    predictions: Predictions
    loss: float | None
    overlap: Overlap | None  # with the training rows, where the model knows them
    is_training_file: bool
    left_out: int | None = None
    intervals: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def class_rows(model: Model, predictions: Predictions) -> list[ClassRow]:
    """The table by class, or by label; none for a regression."""
    target = model.target
    if target.task == "regression":
        return []
    return class_table(predictions, target.classes if target.task == "classification" else target.columns)


def document_of(model: Model, evaluation: Evaluation, values: dict[str, float | None]) -> dict[str, Any]:
    """The JSON document: rows and metrics, and for classes where they were right and wrong."""
    predictions = evaluation.predictions
    document: dict[str, Any] = {"rows": predictions.rows}
    if evaluation.left_out is not None:
        document["left_out"] = evaluation.left_out
    document["metrics"] = values
    if model.target.positive_class is not None:
        document["positive"] = model.target.positive_class
    if model.decoder.least is not None:
        document["threshold"] = model.decoder.least
    if evaluation.intervals:
        document["intervals"] = {level: dict(values) for level, values in evaluation.intervals.items()}
    if targets := by_target(model, predictions, values):
        document["targets"] = targets
    if evaluation.overlap is not None:
        document["training_rows"] = evaluation.overlap.training_rows
    if model.target.task != "regression":
        document["classes"] = [asdict(row) for row in class_rows(model, predictions)]
    if model.target.task == "classification":
        document["confusion_matrix"] = confusion_matrix(predictions, len(model.target.classes)).tolist()
    return document


def by_target(
    model: Model, predictions: Predictions, values: dict[str, float | None]
) -> dict[str, dict[str, float | None]]:
    """The metrics of each of several targets."""
    return compute_by_target([name for name in values if name != "loss"], predictions, model.target.columns)


def report_lines(model: Model, evaluation: Evaluation, values: dict[str, float | None]) -> list[str]:
    """The same for a person: metrics, the table by class, the confusion matrix."""
    predictions = evaluation.predictions
    lines = [counted(predictions.rows, "row") + _positive(model), ""]
    lines += render(
        ("metric", "value"), [(name, number(value)) for name, value in values.items()]
    ).splitlines()
    if model.target.task == "regression":
        rows = [
            (name, *map(number, own.values())) for name, own in by_target(model, predictions, values).items()
        ]
        metrics = [name for name in values if name != "loss"]
        lines += ["", *target_table(("target", *metrics), rows, "--json", screen_columns())] if rows else []
    by_class = [
        (row.name, number(row.precision), number(row.recall), number(row.f1), shown(row.support))
        for row in class_rows(model, predictions)
    ]
    if evaluation.intervals:
        lines += ["", *(interval_line(level, own) for level, own in evaluation.intervals.items())]
    if by_class:
        amount = "rows" if predictions.weights is None else "weight"
        what = "class" if model.target.task == "classification" else "label"
        lines += ["", *render((what, "precision", "recall", "f1", amount), by_class).splitlines()]
    if model.target.task == "classification":
        lines += ["", *matrix_lines(predictions, model.target.classes)]
    return lines


def _positive(model: Model) -> str:
    """The positive class of two, and from which probability on it is predicted where that is not 0.5."""
    positive, least = model.target.positive_class, model.decoder.least
    named = "" if positive is None else f"; the positive class is {clean(positive)}"
    return named if least is None else f"{named}, from a probability of {least:g} on"


def matrix_lines(predictions: Predictions, classes: Sequence[str]) -> list[str]:
    """The confusion matrix, unless it is too wide to be read."""
    cells = confusion_matrix(predictions, len(classes)).tolist()
    numbers = [str(number) for number in range(1, len(classes) + 1)]
    numbered = [f"{number} {name}" for number, name in zip(numbers, classes, strict=True)]
    for names, heads, gap in ((classes, classes, GAP), (numbered, numbers, NARROW_GAP)):
        rows = [(name, *map(shown, row)) for name, row in zip(names, cells, strict=True)]
        table = render(("true \\ predicted", *heads), rows, gap).splitlines()
        if len(classes) <= WIDEST_MATRIX and fits(table, screen_columns()):
            return table
    return [f"confusion matrix: with {len(classes)} classes only in --json"]


def shown(amount: float) -> str:
    """A number of rows, or their weight."""
    return f"{int(amount):,}" if amount == int(amount) else number(amount)
