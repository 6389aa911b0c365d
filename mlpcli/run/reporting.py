"""The report of a finished run: everything that its page shows, as one document."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlpcli import __version__
from mlpcli.arrays import Array
from mlpcli.artifacts.history import Row
from mlpcli.report.document import VERSION, ReportDocument
from mlpcli.run.facts.case import Case
from mlpcli.run.facts.classes import classes_of
from mlpcli.run.facts.config import config_of
from mlpcli.run.facts.data import data_of, leaks_of
from mlpcli.run.facts.groups import groups_of
from mlpcli.run.facts.history import history_of
from mlpcli.run.facts.importance import importance_of
from mlpcli.run.facts.network import network_of
from mlpcli.run.facts.numbers import numbers_of
from mlpcli.run.facts.scores import Intervals, folds_of, parts_of, targets_of
from mlpcli.run.facts.shortened import name
from mlpcli.run.facts.source_rows import SourceRows, source_rows
from mlpcli.run.facts.summary import summary_of
from mlpcli.run.facts.surface import surface_of
from mlpcli.run.facts.worst import worst_of
from mlpcli.run.provenance import versions
from mlpcli.run.results import Results
from mlpcli.run.trained_study import TrainedStudy


def document_of(done: TrainedStudy, results: Results, rows: Sequence[Row]) -> ReportDocument:
    """Everything that the page of a run shows."""
    with np.errstate(all="ignore"):  # rows far outside of the training data may overflow
        return _document(Case(done, results), rows)


def _document(case: Case, rows: Sequence[Row]) -> ReportDocument:
    source, importance, classes = source_rows(case), importance_of(case), classes_of(case)
    columns = _ordered(case, [] if importance is None else [one.column for one in importance.columns.shown])
    found = Intervals.found(case, _together(case, source))
    reliability = None if classes is None else classes.reliability
    return ReportDocument(
        format="mlp-report",
        version=VERSION,
        mlp=__version__,
        name=name(case.whole.config.path.stem),
        summary=summary_of(case, found, reliability, list(leaks_of(case))),
        parts=tuple(parts_of(case, found)),
        targets=targets_of(case),
        folds=tuple(folds_of(case)),
        history=history_of(case, rows),
        classes=classes,
        numbers=numbers_of(case),
        groups=groups_of(case, source, columns),
        importance=importance,
        worst=worst_of(case, source, columns),
        data=data_of(case, source),
        network=network_of(case),
        surface=surface_of(case, source),
        config=config_of(case.whole),
        versions=versions(),
    )


def _ordered(case: Case, important: Sequence[str]) -> list[str]:
    """The columns of the table, the most important ones first."""
    columns = dict.fromkeys(feature.name for feature in case.whole.prepared.inputs.features)
    place = {column: number for number, column in enumerate(important)}
    return sorted(columns, key=lambda column: place.get(name(column), len(place)))


def _together(case: Case, source: SourceRows | None) -> Array | None:
    """The group of each row that judges the run, where rows of a group belong together and are known."""
    group = case.whole.config.spec.data.group
    if group is None or source is None or group not in source.columns:
        return None
    return source.texts(case.rows, group)
