"""What an evaluation says to a person: tables of metrics, by class, by column, and of probabilities."""

from __future__ import annotations

from collections.abc import Sequence

from mlpcli.commands.calibration_lines import interval_line
from mlpcli.commands.evaluation_document import by_target, claim_of, class_rows
from mlpcli.commands.parts_table import target_table
from mlpcli.errors import clean
from mlpcli.judging.groups import Groups
from mlpcli.run.evaluating import Evaluation
from mlpcli.run.judgement import Judgement
from mlpcli.run.predictor import Model
from mlpcli.terminal.console import GAP, NARROW_GAP, counted, number, render, screen_columns
from mlpcli.terminal.screen import fits
from mlpcli.training.classification_metrics import confusion_matrix
from mlpcli.training.predictions import Predictions

WIDEST_MATRIX = 20  # classes; a confusion matrix of more is for --json


def report_lines(model: Model, evaluation: Evaluation, found: Judgement, *, curves: bool) -> list[str]:
    """Metrics, the table by class, the confusion matrix, and what was asked for; `curves` for a person are
    the bins of the probabilities."""
    predictions = evaluation.predictions
    blocks = [[counted(predictions.rows, "row") + _positive(model)], metric_lines(found)]
    if model.target.task == "regression":
        blocks.append(target_lines(model, predictions, found))
    blocks.append([interval_line(level, own) for level, own in evaluation.intervals.items()])
    blocks.append(class_lines(model, predictions))
    if model.target.task == "classification":
        blocks.append(matrix_lines(predictions, model.target.classes))
    blocks += [group_lines(name, groups) for name, groups in found.by.items()]
    if curves and found.bins:
        blocks.append(reliability_lines(model, found))
    return [line for block in blocks if block for line in ("", *block)][1:]


def metric_lines(found: Judgement) -> list[str]:
    """The metrics with their intervals, where these are known."""
    values = [
        (name, number(value)) for name, value in found.values.items() if not _is_twice(name, found.values)
    ]
    if found.confidence is None:
        return render(("metric", "value"), values).splitlines()
    ends = {name: f"{number(i.lower)} to {number(i.upper)}" for name, i in found.confidence.intervals.items()}
    rows = [(name, value, ends.get(name, "-")) for name, value in values]
    group, draws = found.confidence.group, f"{found.confidence.draws:,}"
    how = "rows" if group is None else f"the groups of '{clean(group)}'"
    lines = render(("metric", "value", "95 % interval"), rows).splitlines()
    return [*lines, f"intervals by {draws} bootstrap draws of {how}"]


def _is_twice(name: str, values: dict[str, float | None]) -> bool:
    """One value has two names; a person needs it once."""
    return name == "pr_auc" and "average_precision" in values


def target_lines(model: Model, predictions: Predictions, found: Judgement) -> list[str]:
    """The metrics of each of several targets."""
    own = by_target(model, predictions, found.values)
    rows = [(name, *map(number, values.values())) for name, values in own.items()]
    metrics = [name for name in found.values if name != "loss"]
    return target_table(("target", *metrics), rows, "--json", screen_columns()) if rows else []


def class_lines(model: Model, predictions: Predictions) -> list[str]:
    """Precision, recall and F1 of each class or label."""
    by_class = [
        (row.name, number(row.precision), number(row.recall), number(row.f1), shown(row.support))
        for row in class_rows(model, predictions)
    ]
    if not by_class:
        return []
    amount = "rows" if predictions.weights is None else "weight"
    what = "class" if model.target.task == "classification" else "label"
    return render((what, "precision", "recall", "f1", amount), by_class).splitlines()


def group_lines(name: str, groups: Groups) -> list[str]:
    """The metrics of each value of a column, and how many values are shown where that is not all."""
    metrics = list(groups.shown[0].scores)
    rows = [
        (one.name, f"{one.rows:,}", *(number(one.scores[metric]) for metric in metrics))
        for one in groups.shown
    ]
    lines = _table_of_groups((name, "rows", *metrics), rows)
    return [*lines, f"{groups.remark}, those with the most rows"] if groups.remark else lines


def _table_of_groups(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Numbers that do not fit go into another table below, which has the values and their rows again."""
    last = len(heads)
    while last > 3 and not fits(_some(heads, rows, last), screen_columns()):
        last -= 1
    lines = _some(heads, rows, last)
    if last == len(heads):
        return lines
    rest = [[*row[:2], *row[last:]] for row in rows]
    return [*lines, "", *_table_of_groups([*heads[:2], *heads[last:]], rest)]


def _some(heads: Sequence[str], rows: Sequence[Sequence[str]], last: int) -> list[str]:
    return render(heads[:last], [row[:last] for row in rows], NARROW_GAP).splitlines()


def reliability_lines(model: Model, found: Judgement) -> list[str]:
    """The bins of the probabilities: what was said, what came true, and what other such rows would show."""
    rows = [
        (
            f"{one.lower:.3f} to {one.upper:.3f}",
            f"{one.rows:,}",
            f"{one.probability:.3f}",
            f"{one.share:.3f}",
            f"{one.interval.lower:.3f} to {one.interval.upper:.3f}",
        )
        for one in found.bins
    ]
    heads = (f"probability of {clean(claim_of(model))}", "rows", "mean", "came true", "95 % interval")
    return render(heads, rows, NARROW_GAP).splitlines()


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
