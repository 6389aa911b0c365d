"""`mlp evaluate`: what a model is worth on labelled rows, and whether it keeps what was promised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import nan
from pathlib import Path

import numpy as np

from mlpcli.calibration.coverage import coverages
from mlpcli.calibration.said import Known
from mlpcli.commands.assertions import Assertion, parse_assertions
from mlpcli.commands.evaluation_report import Evaluation, document_of, report_lines
from mlpcli.config.refusals import text_of
from mlpcli.data.encoding import LabelledBatch, Labelling, labelled_batches, open_input
from mlpcli.errors import CheckFailedError, DataError, ExitCode, Place, UsageError
from mlpcli.nn.total_loss import total_loss
from mlpcli.run.prediction import Tally
from mlpcli.run.predictor import Model, open_model
from mlpcli.run.row_digests import Overlap
from mlpcli.tables.reader import Reader
from mlpcli.terminal.console import Console, counted, reading
from mlpcli.terminal.progress import counting_rows
from mlpcli.training.metrics import METRICS, compute, default_metrics, objection
from mlpcli.training.predictions import Predictions, joined
from mlpcli.training.unused_classes import ClassUse, unused_remark


@dataclass(frozen=True)
class EvaluateOptions:
    """What the command line says besides the model and the input."""

    assertions: Sequence[str]
    json: bool
    expect_sha256: str | None


def evaluate(model_path: Path, source: str, options: EvaluateOptions, console: Console) -> ExitCode:
    """Judge a model on every row of `source`. Raises CheckFailedError where an assertion is missed."""
    assertions = parse_assertions(options.assertions)
    model = open_model(model_path, options.expect_sha256)
    names = metrics_of(model, assertions)
    with open_input(source, model.form) as reader, console.doing(reading(source)):
        evaluation = evaluation_of(model, reader, names, console)
    values = compute([name for name in names if name != "loss"], evaluation.predictions)
    if "loss" in names:
        values = {"loss": evaluation.loss, **values}
    if options.json:
        console.document(document_of(model, evaluation, values))
    else:
        console.lines(report_lines(model, evaluation, values))
    for remark in remarks(model, evaluation):
        console.note(remark)
    missed = [problem for claim in assertions if (problem := claim.miss(values)) is not None]
    if missed:
        raise CheckFailedError(*missed)
    return ExitCode.DONE


def remarks(model: Model, evaluation: Evaluation) -> Iterator[str]:
    """What the scores do not say by themselves."""
    overlap, predictions = evaluation.overlap, evaluation.predictions
    if overlap is not None and overlap.training_rows:
        yield overlap.remark(counted(overlap.rows, "row"), surely=evaluation.is_training_file)
    if predictions.task != "regression":
        answers = model.target.answers
        unused = ClassUse.of(predictions, len(answers)).unused(answers)
        if unused:
            yield unused_remark(unused)


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
            message = "the loss of a model that was trained with class weights depends on its training rows"
            raise UsageError.of(message, claim.place, "assert a metric")
        problem = objection(claim.metric, task, classes, output)
        if problem is not None:
            raise UsageError.of(problem.message, claim.place, problem.hint)
        names.append(claim.metric)
    return names


def has_plain_loss(model: Model) -> bool:
    """Whether the model file tells how much a row counts in its loss, but for a weight of the row's own."""
    return model.file.meta.config.get("class_weight") is None


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


def evaluation_of(model: Model, reader: Reader, names: Sequence[str], console: Console) -> Evaluation:
    """Truth, predictions and weights of all rows; raises DataError with the place of what cannot be used.

    Scores are kept where one of the metrics needs them: of many classes they are most of what there is.
    """
    ranked = any(METRICS[name].needs in {"scores", "probabilities"} for name in names if name != "loss")
    tally, parts, left_out = Tally(), [], 0
    batches = labelled_batches(reader, model.inputs, model.dtype, labelling_of(model, reader, console))
    for batch in counting_rows(console, batches, lambda batch: len(batch.y)):
        left_out += batch.left_out
        if not len(batch.y):
            continue
        tally.add(batch.inputs)
        part = judged(model, batch)
        parts.append(part if ranked else replace(part, predictions=replace(part.predictions, scores=None)))
    if not parts:
        message = "no row has a target" if left_out else "there are no rows after the header"
        raise DataError.of(message, Place(reader.header.source))
    console.notes(reader.last_notes)
    tally.tell(console)
    if left_out:
        console.note(f"{counted(left_out, 'row')} without a target left out")
    return _evaluation(model, reader, parts, left_out)


def _evaluation(model: Model, reader: Reader, parts: Sequence[JudgedBatch], left_out: int) -> Evaluation:
    predictions = joined([part.predictions for part in parts])
    total, weighs = (sum(getattr(part, name) for part in parts) for name in ("loss", "weight"))
    loss = total / weighs if weighs else nan
    if model.loss.reduction == "sum":
        loss *= predictions.rows
    same = reader.sha256 == model.file.meta.data.sha256
    overlap = _overlap(model, parts, same=same)
    return Evaluation(
        predictions,
        loss if np.isfinite(loss) else None,
        overlap,
        same,
        left_out if drops_unlabelled(model) else None,
        _coverage(parts),
    )


def _coverage(parts: Sequence[JudgedBatch]) -> dict[str, dict[str, float]]:
    """How the intervals of each level do on all rows: the mean of the parts by what these weigh."""
    heavy = [part for part in parts if part.weight > 0]
    if not heavy:
        return {}
    shares = np.array([part.weight for part in heavy]) / max(part.weight for part in heavy)
    return {
        level: {
            name: float(np.average([part.intervals[level][name] for part in heavy], weights=shares))
            for name in values
        }
        for level, values in heavy[0].intervals.items()
    }


def _overlap(model: Model, parts: Sequence[JudgedBatch], *, same: bool) -> Overlap | None:
    """How many rows of all parts are training rows: of the training file itself, those that trained."""
    if same:
        rows = sum(part.predictions.rows for part in parts)
        return Overlap(rows, rows, min(rows, model.file.meta.data.rows))
    known = [part.overlap for part in parts if part.overlap is not None]
    return sum(known[1:], known[0]) if known else None


def labelling_of(model: Model, reader: Reader, console: Console) -> Labelling:
    """What the rows of an input have besides the model's inputs."""
    weight = weight_column(model)
    console.notes(reader.header.notes)
    console.notes(reader.header.respelt((model.inputs.wanted + model.target.wanted).names))
    if weight is not None and reader.header.own(weight) is None:
        console.warn(f"there is no column '{weight}' of sample weights: every row counts 1")
        weight = None
    return Labelling(model.target, weight, drops_unlabelled(model))


@dataclass(frozen=True, eq=False)
class JudgedBatch:
    """Some rows with their predictions, what they weigh, and the weighted sum of their losses."""

    predictions: Predictions
    weight: float
    loss: float
    overlap: Overlap | None
    intervals: Mapping[str, Mapping[str, float]]


def judged(model: Model, batch: LabelledBatch) -> JudgedBatch:
    """A batch with the model's predictions for it."""
    decoder, weights = model.decoder, batch.sample_weights
    column = None if weights is None else weights[:, np.newaxis]
    y = np.ascontiguousarray(model.loss.prepare(batch.y), model.dtype)
    said, judged_rows = model.said(batch.inputs)
    judged_rows.require_good()
    with np.errstate(all="ignore"):
        loss = total_loss(model.loss, decoder.output, decoder.cooled(said.scores), y, column)
    weight = float(len(y) if weights is None else weights.sum())
    mean = loss / len(y) if model.loss.reduction == "sum" else loss
    total = mean * weight if weight else 0.0  # of rows without a weight there is no mean
    truth = decoder.truth(batch.y)
    predictions = decoder.predictions(said.scores, truth, weights)
    known = model.digests
    overlap = None if known is None else known.overlap(batch.inputs, y, model.dtype)
    intervals = {} if model.intervals is None else coverages(model.intervals, Known(said, truth, weights))
    return JudgedBatch(predictions, weight, total, overlap, intervals)
