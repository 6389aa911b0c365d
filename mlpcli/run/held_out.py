"""The rows of a run that its networks have not seen, read back from the files in its directory.

Of predictions.csv the rows that test or validate, of out_of_fold.csv all others: truth and prediction of
each, and which row of the data it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mlpcli.arrays import Array, Indices, Matrix
from mlpcli.errors import DataError
from mlpcli.nn.activations import ActivationChoice
from mlpcli.run.predictor import Model
from mlpcli.tables.csv_format import CsvFormat
from mlpcli.tables.patterns import open_input
from mlpcli.tables.reader import Reader
from mlpcli.tables.table import Table, Wanted
from mlpcli.training.class_scores import ClassScores
from mlpcli.training.predictions import Predictions, joined

OUT_OF_FOLD = "out of fold"
MADE_BY = "`mlp train` writes this file: train again, or take the run away"
LEAST = 1e-300  # a probability of 0 that has a logarithm


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Rows by their `keys` (n,), each once, the part that each was in, and what is known and was said of it.

    `classes` are those that the predictions count.
    """

    keys: Array
    parts: Array
    predictions: Predictions
    classes: tuple[str, ...]

    def of_rows(self, rows: Indices) -> HeldOut:
        """Some of them."""
        return HeldOut(self.keys[rows], self.parts[rows], self.predictions.of_rows(rows), self.classes)


def held_out_rows(run: Path, model: Model) -> HeldOut | None:
    """The rows that a run held out, of those with a prediction; None where it has no files of them.

    Raises DataError for a file that is not as `mlp train` writes it.
    """
    found, training = [], training_file(run)
    for name in ("predictions.csv", "out_of_fold.csv"):
        if (run / name).is_file():
            with open_input(run / name, CsvFormat()) as reader:
                found += list(_rows(reader, model, training))
    if not found:
        return None
    keys = np.concatenate([one.keys for one in found])
    whole = HeldOut(
        keys,
        np.concatenate([one.parts for one in found]),
        joined([one.predictions for one in found]),
        found[0].classes,
    )
    return whole.of_rows(np.sort(np.unique(keys, return_index=True)[1]))


@dataclass(frozen=True)
class _Columns:
    """Which columns of a file hold what: targets, predictions, probabilities, and `own` ones of texts.

    `training` is what the file with the training rows is called in them.
    """

    targets: tuple[str, ...]
    predictions: tuple[str, ...]
    probabilities: tuple[str, ...]
    own: tuple[str, ...]
    words: bool
    training: str | None

    @classmethod
    def of(cls, reader: Reader, model: Model, training: str | None) -> _Columns:
        """Those of a file that a run wrote; raises DataError where it lacks one."""
        said, target, names = model.decoder.columns, model.target, tuple(reader.header.names)
        reader.header.require(("row", *said))
        first = names.index(said[0])
        before = max(0, first - len(target.columns))
        predictions, probabilities = said, said[:0]
        if target.task == "classification":
            predictions, probabilities = said[:1], said[1:]
        elif target.task == "multilabel" and model.decoder.probabilistic:
            predictions, probabilities = said[::2], said[1::2]
        own = tuple(name for name in ("file", "part") if name in names[:before])
        words = target.task != "regression"
        return cls(names[before:first], predictions, probabilities, own, words, training)

    @property
    def wanted(self) -> Wanted:
        """What to read them as."""
        answers = (*self.targets, *self.predictions)
        numbers = ("row", *self.probabilities, *(() if self.words else answers))
        return Wanted(numbers, (*self.own, *(answers if self.words else ())))


def training_file(run: Path) -> str | None:
    """What the files of a run's rows call the one that trains, where they name files: its rows come first."""
    path = run / "splits.csv"
    if not path.is_file():
        return None
    with open_input(path, CsvFormat()) as reader:
        if "file" not in reader.header.names:
            return None
        first = next(reader.tables(Wanted(texts=("file",))))
        return str(first.text("file").texts()[0])


def _rows(reader: Reader, model: Model, training: str | None) -> Iterator[HeldOut]:
    columns = _Columns.of(reader, model, training)
    for table in reader.tables(columns.wanted):
        yield _block(table, columns, model)


def _block(table: Table, columns: _Columns, model: Model) -> HeldOut:
    """Some rows of a file, without those that have no prediction."""
    target = model.target
    read = _classes if columns.words else _numbers
    truth, predicted = (read(table, names, model) for names in (columns.targets, columns.predictions))
    both = np.hstack([truth, predicted])
    there = (both >= 0).all(axis=1) if columns.words else np.isfinite(both).all(axis=1)
    if target.task == "classification":
        truth, predicted = truth[:, 0], predicted[:, 0]
    probability = _numbers(table, columns.probabilities, model)
    scores = None if not columns.probabilities else _scores(probability, target.task)
    whole = Predictions(target.task, truth, predicted, scores, positive=target.positive)
    parts = table.text("part").texts() if "part" in columns.own else np.full(table.rows, OUT_OF_FOLD, object)
    return HeldOut(_keys(table, columns, model), parts, whole, target.classes).of_rows(np.flatnonzero(there))


def _classes(table: Table, names: Sequence[str], model: Model) -> Array:
    """The place of each class or label (n, columns), -1 where there is none."""
    return np.stack([table.text(name).recoded(model.target.classes) for name in names], axis=1)


def _numbers(table: Table, names: Sequence[str], _: Model) -> Matrix:
    """Numbers (n, columns), NaN where there is none; raises DataError for a cell that is none."""
    found = np.empty((table.rows, len(names)))
    for index, name in enumerate(names):
        column = table.number(name)
        if len(column.bad):
            text, place = column.bad.texts[0], table.place(int(column.bad.rows[0]))
            raise DataError.of(f"column '{name}': expected a number, found '{text}'", place, MADE_BY)
        found[:, index] = column.values
    return found


def _scores(probability: Matrix, task: str) -> ClassScores:
    """Scores that give these probabilities: of two classes, and of labels, their log-odds."""
    log = np.log(np.maximum(probability, LEAST))
    if task == "multilabel":
        return ClassScores(log - np.log(np.maximum(1 - probability, LEAST)), ActivationChoice("sigmoid", {}))
    if probability.shape[1] == 2:
        return ClassScores(log[:, 1:] - log[:, :1], ActivationChoice("sigmoid", {}))
    return ClassScores(log, ActivationChoice("softmax", {}))


def _keys(table: Table, columns: _Columns, model: Model) -> Array:
    """`17`, or `test.csv:17` of a row that is not in the training file."""
    rows = _numbers(table, ("row",), model)[:, 0]
    numbers = np.array([f"{row:.0f}" for row in rows], dtype=object)
    if "file" not in columns.own:
        return numbers
    files = table.text("file").texts()
    named = zip(files, numbers, strict=True)
    return np.array([row if file == columns.training else f"{file}:{row}" for file, row in named], object)
