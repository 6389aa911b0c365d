"""`mlp evaluate`: what a model is worth on labelled rows, and whether it keeps what was promised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mlpcli.commands.assertions import Assertion, parse_assertions
from mlpcli.commands.evaluation_document import document_of
from mlpcli.commands.evaluation_report import report_lines
from mlpcli.errors import CheckFailedError, ExitCode, UsageError
from mlpcli.run.evaluating import Evaluation, evaluation_of
from mlpcli.run.judgement import Asked, judgement_of
from mlpcli.run.labelled_rows import group_column
from mlpcli.run.predictor import Model, open_model
from mlpcli.tables.patterns import open_input
from mlpcli.tables.source import ALL_THERE_IS, Chosen
from mlpcli.terminal.console import Console, counted, reading
from mlpcli.training.metrics import METRICS, default_metrics, objection
from mlpcli.training.unused_classes import ClassUse, unused_remark

FURTHER = ("pr_auc", "brier", "ece")  # metrics that every evaluation of classes has where it can
FEW_CLASSES = 20  # of more, the further ones take much time and memory


@dataclass(frozen=True)
class EvaluateOptions:
    """What the command line says besides the model and the input."""

    assertions: Sequence[str]
    json: bool
    expect_sha256: str | None
    threshold: float | None = None
    asked: Asked = field(default_factory=Asked)
    chosen: Chosen = ALL_THERE_IS


def evaluate(model_path: Path, source: str, options: EvaluateOptions, console: Console) -> ExitCode:
    """Judge a model on every row of `source`. Raises CheckFailedError where an assertion is missed."""
    assertions = parse_assertions(options.assertions)
    model = with_threshold(open_model(model_path, options.expect_sha256), options.threshold)
    names = metrics_of(model, assertions)
    with open_input(source, model.form, options.chosen) as reader, console.doing(reading(source)):
        by = [reader.header.own(name) or name for name in options.asked.by]
        asked = replace(options.asked, by=by, group=group_column(model, reader))
        ranked = asked.curves or any(METRICS[name].needs in RANKED for name in names if name != "loss")
        evaluation = evaluation_of(model, reader, asked.columns, console, ranked=ranked)
    with console.doing("judging"):
        found = judgement_of(evaluation, names, asked)
    if options.json:
        console.document(document_of(model, evaluation, found))
    else:
        console.lines(report_lines(model, evaluation, found, curves=asked.curves))
    for remark in remarks(model, evaluation):
        console.note(remark)
    missed = [problem for claim in assertions if (problem := claim.miss(found.values)) is not None]
    if missed:
        raise CheckFailedError(*missed)
    return ExitCode.DONE


RANKED = {"scores", "probabilities"}  # what metrics need where predictions alone do not do


def with_threshold(model: Model, threshold: float | None) -> Model:
    """The model with another threshold than its own; raises UsageError where it has no use for one."""
    if threshold is None:
        return model
    if model.target.positive_class is None or not model.decoder.probabilistic:
        message = "--threshold is for models that give probabilities of two classes"
        raise UsageError.of(message, None, "leave it out")
    return replace(model, decoder=replace(model.decoder, least=threshold))


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
    """The metrics that the model's training reported, those of the assertions, and the further ones.

    Raises UsageError for an assertion that is about no metric of such a model.
    """
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
    further = FURTHER if max(classes, len(model.target.columns)) <= FEW_CLASSES else ()
    fitting = (name for name in further if objection(name, task, classes, output) is None)
    return list(dict.fromkeys((*names, *fitting)))


def has_plain_loss(model: Model) -> bool:
    """Whether the model file tells how much a row counts in its loss, but for a weight of the row's own."""
    return model.file.meta.config.get("class_weight") is None
