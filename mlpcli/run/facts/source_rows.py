"""The cells of a run's files as they stand there, read once more: a run keeps numbers, not texts.

Nothing is shown of files that are no longer what was trained on, of pipes, and of large tables, which would
take as long to read as before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from mlpcli.arrays import Array, Indices
from mlpcli.data.row_origins import FileRows
from mlpcli.data.training_files import format_of
from mlpcli.errors import MlpError, NotThereError
from mlpcli.run.experiment import Experiment, input_files
from mlpcli.run.facts.case import Case
from mlpcli.tables.reader import Reader, WholeFile, read_whole
from mlpcli.tables.row_digest import RowDigest, TableDigest
from mlpcli.tables.table import Wanted

MOST_CELLS = 1_000_000


@dataclass(frozen=True, eq=False)
class SourceRows:
    """The files of a run by the keys that name them, with the columns of its features as texts."""

    files: Mapping[str, WholeFile]
    train: Indices

    def texts(self, rows: Sequence[tuple[FileRows, Indices]], column: str) -> Array:
        """The cells of a column in rows of files, one after the other; empty where a file lacks it."""
        found = []
        for file, numbers in rows:
            table = self.files[file.key].table
            there = column in table.texts
            nothing = np.full(len(numbers), "", dtype=object)
            found.append(table.text(column, numbers).texts() if there else nothing)
        return np.concatenate(found)

    def numbers(self, rows: Sequence[tuple[FileRows, Indices]], column: str) -> Array:
        """The same as numbers, NaN where a cell has none."""
        return np.concatenate(
            [self.files[file.key].table.number(column, numbers).values for file, numbers in rows]
        )

    def missing(self, column: str) -> float:
        """The share of missing cells of a column in the training rows."""
        return float(self.files["train"].table.missing(column)[self.train].mean())

    @cached_property
    def columns(self) -> frozenset[str]:
        """The columns that there are."""
        return frozenset(self.files["train"].table.texts)


def source_rows(case: Case) -> SourceRows | None:
    """The rows of a run's files; None where they are not to be had."""
    experiment = case.whole
    prepared = experiment.prepared
    files = prepared.origins.files
    columns = _columns(experiment)
    if sum(len(file.places) for file in files) * len(columns) > MOST_CELLS:
        return None
    named = input_files(experiment.config)
    form = format_of(experiment.config.spec.data)
    found: dict[str, WholeFile] = {}
    try:
        for file in files:
            data = named[file.key].found()
            if not data.regular:
                return None
            found[file.key] = read_whole(data, form, lambda reader: _there(reader, columns))
    except (MlpError, NotThereError, OSError):
        return None
    if not all(_unchanged(file, prepared.digests[key]) for key, file in found.items()):
        return None
    (train,) = (file.rows_of("train") for file in files if file.key == "train")
    return SourceRows(found, train)


def _unchanged(file: WholeFile, known: TableDigest) -> bool:
    """Whether columns of texts are those that were read before, as texts or as the numbers that they are."""
    table, digest = file.table, RowDigest()
    numbers = {name: [table.number(name)] for name in table.texts if ("number", name) in known.columns}
    digest.add(replace(table, numbers=numbers))
    found = digest.digest()
    common = found.columns.keys() & known.columns.keys()
    return found.rows == known.rows and all(found.columns[key] == known.columns[key] for key in common)


def _columns(experiment: Experiment) -> tuple[str, ...]:
    """Those of the features, and that of the groups."""
    features = (feature.name for feature in experiment.prepared.inputs.features)
    group = experiment.config.spec.data.group
    return tuple(dict.fromkeys((*features, *([] if group is None else [group]))))


def _there(reader: Reader, columns: Sequence[str]) -> Wanted:
    return Wanted(texts=tuple(column for column in columns if reader.header.own(column) is not None))
