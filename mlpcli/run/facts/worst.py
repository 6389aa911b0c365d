"""The rows that a run gets most wrong, with their cells as the file has them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlpcli.arrays import Array, Indices, Vector
from mlpcli.report.row_parts import Worst, WorstRow
from mlpcli.run.facts.case import Case
from mlpcli.run.facts.shortened import capped, cell, figure, name
from mlpcli.run.facts.source_rows import MOST_CELLS, SourceRows
from mlpcli.run.kept_rows import RowTable
from mlpcli.training.class_scores import ClassScores
from mlpcli.training.predictions import Predictions

MOST_ROWS, MOST_COLUMNS, MOST_TARGETS = 10, 8, 4
NO_CELLS = f"cells are shown of files that are still as they were, with up to {MOST_CELLS:,} cells"


def worst_of(case: Case, source: SourceRows | None, columns: Sequence[str]) -> Worst | None:
    """The worst rows, with their cells of the columns that are first; None where no row has an error."""
    errors, by = errors_of(case)
    known = np.flatnonzero(np.isfinite(errors))
    if not len(known):
        return None
    order = known[np.argsort(-errors[known], kind="stable")][:MOST_ROWS]
    shown = [column for column in columns if source is not None and column in source.columns][:MOST_COLUMNS]
    texts = {} if source is None else {column: source.texts(case.rows, column)[order] for column in shown}
    rows = [_row(case, place, row, errors, texts) for place, row in enumerate(order.tolist())]
    targets = [name(target) for target in case.whole.decoder.target.columns]
    return Worst(
        by=by,
        targets=capped(targets, MOST_TARGETS),
        columns=capped([name(column) for column in shown], MOST_COLUMNS, len(columns)),
        rows=capped(rows, MOST_ROWS, len(errors)),
        note=NO_CELLS if source is None else None,
    )


def errors_of(case: Case) -> tuple[Vector, str]:
    """How wrong each row is (n,), and by what, in words."""
    predictions = case.predictions
    with np.errstate(all="ignore"):
        if predictions.task == "regression":
            return _distances(case)
        if not predictions.ranked.probabilistic:
            wrong = predictions.truth != predictions.predicted
            count = wrong.sum(axis=1) if wrong.ndim > 1 else wrong
            return count.astype(
                np.float64
            ), "the number of labels that are wrong" if wrong.ndim > 1 else "being wrong"
        if predictions.task == "multilabel":
            odds = np.where(predictions.truth == 1, 1.0, -1.0) * predictions.odds.z.astype(np.float64)
            return _log_losses(odds).sum(axis=1), "the log losses of all labels together"
        return _log_losses(
            predictions.odds.log_odds_of(predictions.truth)
        ), "how little the true class was expected"


def _log_losses(odds: Array) -> Array:
    """−log p by the log-odds of what is true."""
    return np.maximum(-odds, 0.0) + np.log1p(np.exp(-np.abs(odds)))


def _distances(case: Case) -> tuple[Vector, str]:
    """The absolute error; of several targets the largest, each in deviations of the training rows' truth."""
    predictions = case.predictions
    away = np.abs(predictions.predicted - predictions.truth)
    if away.shape[1] == 1:
        return away[:, 0], "the absolute error"
    scale = case.whole.parts["train"].truth.std(axis=0)
    return (away / np.where(scale > 0, scale, 1.0)).max(
        axis=1
    ), "the largest error, in deviations of its target"


def _row(case: Case, place: int, row: int, errors: Vector, texts: dict[str, Array]) -> WorstRow:
    predictions, (number, file) = case.predictions, _origin(case, row)
    return WorstRow(
        row=number,
        file=file,
        truth=_words(case, predictions.truth[row]),
        predicted=_words(case, predictions.predicted[row]),
        error=float(f"{errors[row]:.6g}"),
        probability=_probability(predictions, row),
        cells=tuple(cell(column[place]) for column in texts.values()),
    )


def _origin(case: Case, row: int) -> tuple[int, str | None]:
    """The number of a row in its file, from 1, and the file where there are several."""
    shown = RowTable.of(case.whole).files
    for file, rows in case.rows:
        if row < len(rows):
            return int(rows[row]) + 1, name(shown[file.key]) if shown else None
        row -= len(rows)
    raise AssertionError("every row that judges is in a file")


def _words(case: Case, values: Array) -> tuple[str, ...]:
    """A class, labels or numbers as a person reads them."""
    target = case.whole.decoder.target
    several: Indices | Vector = np.atleast_1d(values)[:MOST_TARGETS]
    if target.task == "regression":
        return tuple(figure(value) for value in several.tolist())
    return tuple(cell(target.classes[index]) for index in several.tolist())


def _probability(predictions: Predictions, row: int) -> float | None:
    """That of the true class."""
    if predictions.task != "classification" or not predictions.ranked.probabilistic:
        return None
    alone = ClassScores(predictions.ranked.z[row : row + 1], predictions.ranked.output)
    odds = alone.log_odds_of(predictions.truth[row : row + 1])
    return float(f"{np.exp(-_log_losses(odds))[0]:.6g}")
