"""A model on the labelled rows of an input: truth, predictions, loss, and columns to look at these by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import nan

import numpy as np

from mlpcli.calibration.coverage import coverages
from mlpcli.calibration.said import Known
from mlpcli.data.encoding import LabelledBatch, labelled_batches
from mlpcli.errors import DataError, Place
from mlpcli.nn.total_loss import total_loss
from mlpcli.run.column_digests import is_training_table
from mlpcli.run.labelled_rows import drops_unlabelled, labelling_of
from mlpcli.run.prediction import Tally
from mlpcli.run.predictor import Model
from mlpcli.run.row_digests import Overlap
from mlpcli.tables.columns import Notation, TextColumn
from mlpcli.tables.joined_columns import join_texts
from mlpcli.tables.reader import Reader
from mlpcli.tables.row_digest import RowDigest
from mlpcli.terminal.console import Console, counted
from mlpcli.terminal.progress import counting_rows
from mlpcli.training.predictions import Predictions, joined


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The rows of an input with their predictions and loss; `left_out` rows lack a target, where such may.

    `columns` are those of the rows that were asked for, in texts as `notation` has them.
    """

    predictions: Predictions
    loss: float | None
    overlap: Overlap | None  # with the training rows, where the model knows them
    is_training_file: bool
    left_out: int | None
    intervals: Mapping[str, Mapping[str, float]]
    columns: Mapping[str, TextColumn]
    notation: Notation


@dataclass(frozen=True, eq=False)
class JudgedBatch:
    """Some rows with their predictions, what they weigh, and the weighted sum of their losses."""

    predictions: Predictions
    weight: float
    loss: float
    overlap: Overlap | None
    intervals: Mapping[str, Mapping[str, float]]
    columns: Mapping[str, TextColumn]


def evaluation_of(
    model: Model, reader: Reader, by: Sequence[str], console: Console, *, ranked: bool
) -> Evaluation:
    """Truth, predictions and weights of all rows; raises DataError with the place of what cannot be used.

    `by` names columns to keep. Scores are kept where the rows are to be `ranked`: of many classes they are
    most of what there is.
    """
    tally, parts, left_out = Tally(), [], 0
    labelling = labelling_of(model, reader, by, console)
    digest = RowDigest()
    batches = labelled_batches(reader, model.inputs, model.dtype, labelling, digest)
    for batch in counting_rows(console, batches, lambda batch: len(batch.y)):
        left_out += batch.left_out
        if not len(batch.y):
            continue
        tally.add(batch.inputs)
        part = judged(model, batch, labelling.carried)
        parts.append(part if ranked else replace(part, predictions=replace(part.predictions, scores=None)))
    if not parts:
        message = "no row has a target" if left_out else "there are no rows after the header"
        raise DataError.of(message, Place(reader.header.source))
    console.notes(reader.last_notes)
    tally.tell(console)
    if left_out:
        console.note(f"{counted(left_out, 'row')} without a target left out")
    evaluation = _evaluation(model, parts, reader.notation, same=is_training_table(model, digest.digest()))
    return replace(evaluation, left_out=left_out if drops_unlabelled(model) else None)


def _evaluation(model: Model, parts: Sequence[JudgedBatch], notation: Notation, *, same: bool) -> Evaluation:
    predictions = joined([part.predictions for part in parts])
    total, weighs = (sum(getattr(part, name) for part in parts) for name in ("loss", "weight"))
    loss = total / weighs if weighs else nan
    if model.loss.reduction == "sum":
        loss *= predictions.rows
    overlap = _overlap(model, parts, same=same)
    return Evaluation(
        predictions,
        loss if np.isfinite(loss) else None,
        overlap,
        same,
        None,
        _coverage(parts),
        {name: _joined([part.columns[name] for part in parts]) for name in parts[0].columns},
        notation,
    )


def _joined(parts: Sequence[TextColumn]) -> TextColumn:
    """One column of the rows of all parts."""
    return join_texts(parts, sum(len(part.codes) for part in parts))


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


def judged(model: Model, batch: LabelledBatch, carried: Sequence[str]) -> JudgedBatch:
    """A batch with the model's predictions for it, and the texts of some columns."""
    decoder, weights = model.decoder, batch.sample_weights
    column = None if weights is None else weights[:, np.newaxis]
    y = np.ascontiguousarray(model.loss.prepare(batch.y), model.dtype)
    said, judged_rows = model.said(batch.inputs)
    judged_rows.require_good()
    with np.errstate(all="ignore"):
        loss = total_loss(model.loss, decoder.output, said.scores, y, column)
    weight = float(len(y) if weights is None else weights.sum())
    mean = loss / len(y) if model.loss.reduction == "sum" else loss
    total = mean * weight if weight else 0.0  # of rows without a weight there is no mean
    truth = decoder.truth(batch.y)
    predictions = decoder.predictions(said.scores, truth, weights)
    known = model.digests
    overlap = None if known is None else known.overlap(batch.inputs, y, model.dtype)
    intervals = {} if model.intervals is None else coverages(model.intervals, Known(said, truth, weights))
    table, rows = batch.inputs.table, batch.inputs.rows
    columns = {name: table.text(name, rows).trimmed() for name in carried}
    return JudgedBatch(predictions, weight, total, overlap, intervals, columns)
