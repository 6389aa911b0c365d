"""What a run says of single rows: which part each was in, and what was predicted for those held out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mlpcli.arrays import Array, Indices, Matrix
from mlpcli.artifacts.atomic import Content
from mlpcli.calibration.said import Said
from mlpcli.data.row_origins import PLACES, FileRows
from mlpcli.run.experiment import Experiment
from mlpcli.run.member_scores import MemberScores, held_out_scores
from mlpcli.run.prediction import prediction_columns
from mlpcli.run.predictions_csv import Columns, table_content
from mlpcli.run.provenance import file_names
from mlpcli.run.row_intervals import RowIntervals, bad_rows
from mlpcli.run.study import Study

# as the config calls them, and as an experiment does
HELD_OUT = {"validation": "val", "calibration": "cal", "test": "test"}
BLOCK = 1 << 14  # rows that are texts in memory at the same time


@dataclass(frozen=True, eq=False)
class RowTable:
    """The rows of an experiment's files: their numbers, counted from 1 without the header, parts and ids.

    `files` are the files' names, where there are several: as the config has them if some are called the same.
    """

    experiment: Experiment
    files: Mapping[str, str]

    @classmethod
    def of(cls, experiment: Experiment) -> RowTable:
        """That of an experiment."""
        paths = file_names(experiment)
        names = {key: Path(path).name for key, path in paths.items()}
        shown = names if len(set(names.values())) == len(names) else paths
        return cls(experiment, shown if len(shown) > 1 else {})

    @property
    def ids(self) -> Sequence[str]:
        """The columns that are carried along."""
        return self.experiment.config.spec.data.id

    @property
    def own(self) -> tuple[str, ...]:
        """The columns that are no columns of the data."""
        return ("row", "part", "file") if self.files else ("row", "part")

    def names(self, after: Sequence[str] = ()) -> list[str]:
        """The first columns, where those of the names `after` follow."""
        return [*self.own, *(distinct("id", name, (*self.own, *after)) for name in self.ids)]

    def columns(self, file: FileRows, rows: Indices) -> list[Array]:
        """The first columns, for some rows of a file."""
        parts = np.array(PLACES, dtype=object)[file.places[rows]]
        shown = [np.full(len(rows), self.files[file.key], dtype=object)] if self.files else []
        nothing = np.full(len(rows), None, dtype=object)
        ids = [file.ids[name].take(rows) if name in file.ids else nothing for name in self.ids]
        return [rows + 1, parts, *shown, *ids]


def distinct(kind: str, name: str, others: Sequence[str]) -> str:
    """The name of a column of the data in a table that has others: `id.row` where one is called row."""
    return f"{kind}.{name}" if name in others else name


def splits_content(experiment: Experiment) -> Content:
    """What writes splits.csv: every row of every file with the part that it is in."""
    table = RowTable.of(experiment)

    def tables() -> Iterator[Columns]:
        for file in experiment.prepared.origins.files:
            for rows in _blocks(np.arange(len(file.places))):
                yield table.columns(file, rows)

    return table_content(table.names(), tables())


def holds_rows_out(experiment: Experiment) -> bool:
    """Whether any rows validate all networks, or test them: folds alone hold none out for good."""
    files = experiment.prepared.origins.files
    return any(len(file.rows_of(part)) for file in files for part in HELD_OUT)


def predictions_content(
    experiment: Experiment, scores: Mapping[str, Matrix], kept: Experiment, intervals: RowIntervals
) -> Content:
    """What writes predictions.csv: the rows held out with their targets and what `mlp predict` says.

    Rows that validate have their scores from the experiment's own networks, others from the `kept` ones.
    """
    table, decoder = RowTable.of(experiment), experiment.decoder
    columns = (*decoder.columns, *intervals.names(decoder))
    before = table.names(columns)
    targets = [distinct("target", name, (*before, *columns)) for name in decoder.target.columns]

    def tables() -> Iterator[Columns]:
        for part in HELD_OUT:
            judge = experiment if part == "validation" else kept
            for file in experiment.prepared.origins.files:
                start = 0
                for rows in _blocks(file.rows_of(part)):
                    which = slice(start, start := start + len(rows))
                    found = scores[HELD_OUT[part]][which]
                    truth = _truth(judge, part, which)
                    said = prediction_columns(judge.decoder, found, bad_rows(found))
                    around = intervals.of_part(Said(found, judge.decoder), HELD_OUT[part], which)
                    yield [*table.columns(file, rows), *truth, *said, *around]

    return table_content([*before, *targets, *columns], tables())


def _truth(experiment: Experiment, part: str, which: slice) -> list[Array]:
    """The targets of some rows of a part as the file has them."""
    numbers = experiment.prepared.origins.targets.get(part)
    if numbers is not None:
        return list(numbers[which].T)
    return _in_words(experiment, experiment.parts[HELD_OUT[part]].truth[which])


def _in_words(experiment: Experiment, truth: Array) -> list[Array]:
    """Classes or labels as the file has them, a column for each target."""
    words = np.array(experiment.decoder.target.classes, dtype=object)[truth]
    return list(words.T) if words.ndim > 1 else [words]


def out_of_fold_content(study: Study, members: Sequence[MemberScores], intervals: RowIntervals) -> Content:
    """What writes out_of_fold.csv: each row that validates, with what the member says that it validates."""
    experiment = study.whole
    table, decoder = RowTable.of(experiment), experiment.decoder
    columns = (*decoder.columns, *intervals.names(decoder))
    own = ["row", *(["file"] if table.files else []), "fold"]
    ids = [distinct("id", name, (*own, *columns)) for name in table.ids]
    before = [own[0], *own[1:-1], *ids, own[-1]]
    targets = [distinct("target", name, (*before, *columns)) for name in decoder.target.columns]
    (file,) = (one for one in experiment.prepared.origins.files if one.key == "train")
    found = held_out_scores(study, members)
    numbers = experiment.prepared.origins.targets.get("train")
    everything, truths = file.rows_of("train"), decoder.truth(experiment.prepared.train.y)

    def tables() -> Iterator[Columns]:
        for which in _blocks(np.arange(len(found.rows))):
            positions, scores = found.rows[which], found.scores[which]
            rows, _, *rest = table.columns(file, everything[positions])
            truth = _in_words(experiment, truths[positions]) if numbers is None else numbers[positions].T
            said = prediction_columns(decoder, scores, bad_rows(scores))
            around = intervals.out_of_fold(Said(scores, decoder))
            yield [rows, *rest, found.folds[which], *truth, *said, *around]

    return table_content([*before, *targets, *columns], tables())


def _blocks(rows: Indices) -> Iterator[Indices]:
    for start in range(0, len(rows), BLOCK):
        yield rows[start : start + BLOCK]
