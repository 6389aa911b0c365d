"""Which columns a run's networks depend on, for its report: on few enough rows to be had at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mlpcli.errors import DataError
from mlpcli.explaining.importance import Effort, Importances, importances
from mlpcli.report.row_parts import ColumnImportance, Importance
from mlpcli.run.facts.case import Case
from mlpcli.run.facts.scores import finite
from mlpcli.run.facts.shortened import capped, name, sentence
from mlpcli.run.unseen import unseen_rows
from mlpcli.training.metrics import greater_is_better

# some tenths of a second; more columns or a larger network have fewer rows and repeats
EFFORT = Effort(repeats=5, seed=0, most_rows=2_000, most_products=2e9)
MOST_COLUMNS, MOST_ALIKE = 20, 5


def importance_of(case: Case) -> Importance | None:
    """The importance of each column by the main metric; None where no row is new, or it has no value."""
    unseen = unseen_rows(case.done, case.results.calibrated)
    if unseen is None or not unseen.rows:
        return None
    try:
        with np.errstate(all="ignore"):
            found = importances(unseen.parts, unseen.decoder, case.metrics[0], EFFORT)
    except DataError:
        return None
    columns = [
        ColumnImportance(column=name(one.name), mean=mean, std=finite(one.std) or 0.0)
        for one in found.each
        if (mean := finite(one.mean)) is not None
    ]
    return Importance(
        metric=found.metric,
        greater_is_better=greater_is_better(found.metric),
        whole=found.value,
        words=case.words(case.judge),
        rows=found.rows,
        of_rows=found.of_rows,
        repeats=found.repeats,
        columns=capped(columns, MOST_COLUMNS),
        notes=tuple(_notes(found)),
    )


def _notes(found: Importances) -> Iterator[str]:
    """The columns that say the same, of which each hides the other."""
    for pair in found.alike[:MOST_ALIKE]:
        both = f"'{name(pair.one)}' and '{name(pair.other)}' rank the rows alike ({pair.correlation:.2f})"
        yield sentence(f"{both}: each may stand in for the other, and neither looks as important as it is")
