"""`mlp evaluate`: what a model is worth on labelled rows, and whether it keeps what was promised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.commands.assertions import Assertion, parse_assertions
from mlpcli.config.refusals import text_of
from mlpcli.data.bad_cells import overflow_faults
from mlpcli.data.encoding import LabelledBatch, Labelling, labelled_batches, open_input
from mlpcli.data.reader import Reader
from mlpcli.errors import CheckFailedError, DataError, ExitCode, Place, UsageError, clean
from mlpcli.run.prediction import Tally
from mlpcli.run.predictor import Model, open_model
from mlpcli.terminal.console import Console, counted, number, render
from mlpcli.training.classification_metrics import ClassRow, class_table, confusion_matrix
from mlpcli.training.metrics import compute, default_metrics, objection
from mlpcli.training.predictions import Predictions

WIDEST_MATRIX = 20  # classes; a confusion matrix of more is for --json


@dataclass(frozen=True)
class EvaluateOptions:
    """What the command line says besides the model and the input."""

    assertions: Sequence[str]
    json: bool
    expect_sha256: str | None


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The rows of an input with their predictions, and the loss where it is the one of the training.

    `left_out` rows have no target.
    """

    predictions: Predictions
    loss: float | None
    left_out: int


def evaluate(model_path: Path, source: str, options: EvaluateOptions, console: Console) -> ExitCode:
    """Judge a model on every row of `source`. Raises CheckFailedError where an assertion is missed."""
    assertions = parse_assertions(options.assertions)
    model = open_model(model_path, options.expect_sha256)
    names = metrics_of(model, assertions)
    with open_input(source, model.form) as reader:
        evaluation = evaluation_of(model, reader, console)
    values = compute([name for name in names if name != "loss"], evaluation.predictions)
    if "loss" in names:
        values = {"loss": evaluation.loss, **values}
    if options.json:
        console.document(document_of(model, evaluation, values))
    else:
        console.lines(report_lines(model, evaluation.predictions, values))
    missed = [problem for claim in assertions if (problem := claim.miss(values)) is not None]
    if missed:
        raise CheckFailedError(*missed)
    return ExitCode.DONE


def metrics_of(model: Model, assertions: Sequence[Assertion]) -> list[str]:
    """The metrics that the model's training reported, and those of the assertions; raises UsageError."""
    task, classes = model.target.task, len(model.target.classes)
    output = model.file.meta.architecture.activations[-1].name
    reported = model.file.meta.metrics.get("train") or default_metrics(task, classes)
    names = [name for name in reported if objection(name, task, classes, output) is None]
    if has_plain_loss(model):
        names.insert(0, "loss")
    for claim in assertions:
        if claim.metric in names:
            continue
        if claim.metric == "loss":
            message = "the loss of a model that was trained with weights depends on its training rows"
            raise UsageError.of(message, claim.place, "assert a metric")
        problem = objection(claim.metric, task, classes, output)
        if problem is not None:
            raise UsageError.of(problem.message, claim.place, problem.hint)
        names.append(claim.metric)
    return names


def has_plain_loss(model: Model) -> bool:
    """Whether every row counted 1 in the model's loss, so that the loss of other rows compares with it."""
    return weight_column(model) is None and model.file.meta.config.get("class_weight") is None


def weight_column(model: Model) -> str | None:
    """The column of sample weights that the model was trained with."""
    weight = data_setting(model, "weight")
    return None if weight is None else text_of(weight)


def drops_unlabelled(model: Model) -> bool:
    """Whether the model's training left rows without a target out."""
    policy = data_setting(model, "missing")
    return "drop" in (policy, policy.get("policy") if isinstance(policy, dict) else None)


def data_setting(model: Model, key: str) -> object:
    """What the model's config says about its data; None where it says nothing."""
    data = model.file.meta.config.get("data")
    return data.get(key) if isinstance(data, dict) else None


def evaluation_of(model: Model, reader: Reader, console: Console) -> Evaluation:
    """Truth, predictions and weights of all rows; raises DataError with the place of what cannot be used."""
    tally, parts, left_out = Tally(), [], 0
    for batch in labelled_batches(reader, model.inputs, model.dtype, labelling_of(model, reader, console)):
        left_out += batch.left_out
        if len(batch.y):
            tally.add(batch.inputs)
            parts.append(judged(model, batch))
    if not parts:
        message = "no row has a target" if left_out else "there are no rows after the header"
        raise DataError.of(message, Place(reader.header.source))
    tally.tell(console)
    if left_out:
        console.note(f"{counted(left_out, 'row')} without a target left out")
    truth, outputs = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("truth", "outputs")
    )
    weights = [part.weights for part in parts if part.weights is not None]
    predictions = model.decoder.predictions(outputs, truth, np.concatenate(weights) if weights else None)
    loss = sum(part.loss for part in parts) / (
        1 if model.network.loss.reduction == "sum" else predictions.rows
    )
    return Evaluation(predictions, loss if np.isfinite(loss) else None, left_out)


def labelling_of(model: Model, reader: Reader, console: Console) -> Labelling:
    """What the rows of an input have besides the model's inputs."""
    weight = weight_column(model)
    if weight is not None and weight not in reader.header.names:
        console.warn(f"there is no column '{weight}' of sample weights: every row counts 1")
        weight = None
    return Labelling(model.target, weight, drops_unlabelled(model))


@dataclass(frozen=True, eq=False)
class JudgedBatch:
    """Some rows: what is true, what the network puts out, their weights, the sum of their losses."""

    truth: Array
    outputs: Matrix
    weights: Vector | None
    loss: float


def judged(model: Model, batch: LabelledBatch) -> JudgedBatch:
    """A batch with the model's outputs for it."""
    network = model.network
    y = np.ascontiguousarray(network.loss.prepare(batch.y), network.dtype)
    with np.errstate(all="ignore"):
        loss, outputs = network.evaluate(batch.inputs.x, y)
    replace(batch.inputs, faults=overflow_faults(outputs)).require_good()
    total = loss if network.loss.reduction == "sum" else loss * len(y)
    return JudgedBatch(model.decoder.truth(batch.y), outputs, batch.sample_weights, total)


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
    if drops_unlabelled(model):
        document["left_out"] = evaluation.left_out
    document["metrics"] = values
    positive = model.target.positive_class
    if positive is not None:
        document["positive"] = positive
    if model.target.task != "regression":
        document["classes"] = [asdict(row) for row in class_rows(model, predictions)]
    if model.target.task == "classification":
        document["confusion_matrix"] = confusion_matrix(predictions, len(model.target.classes)).tolist()
    return document


def report_lines(model: Model, predictions: Predictions, values: dict[str, float | None]) -> list[str]:
    """The same for a person: metrics, the table by class, the confusion matrix."""
    positive = model.target.positive_class
    named = "" if positive is None else f"; the positive class is {clean(positive)}"
    lines = [counted(predictions.rows, "row") + named, ""]
    lines += render(
        ("metric", "value"), [(name, number(value)) for name, value in values.items()]
    ).splitlines()
    by_class = [
        (row.name, number(row.precision), number(row.recall), number(row.f1), shown(row.support))
        for row in class_rows(model, predictions)
    ]
    if by_class:
        amount = "rows" if predictions.weights is None else "weight"
        what = "class" if model.target.task == "classification" else "label"
        lines += ["", *render((what, "precision", "recall", "f1", amount), by_class).splitlines()]
    if model.target.task == "classification":
        lines += ["", *matrix_lines(predictions, model.target.classes)]
    return lines


def matrix_lines(predictions: Predictions, classes: Sequence[str]) -> list[str]:
    """The confusion matrix, unless it is too wide to be read."""
    if len(classes) > WIDEST_MATRIX:
        return [f"confusion matrix: with {len(classes)} classes only in --json"]
    cells = confusion_matrix(predictions, len(classes)).tolist()
    rows = [(name, *map(shown, row)) for name, row in zip(classes, cells, strict=True)]
    return render(("true \\ predicted", *classes), rows).splitlines()


def shown(amount: float) -> str:
    """A number of rows, or their weight."""
    return f"{int(amount):,}" if amount == int(amount) else number(amount)
