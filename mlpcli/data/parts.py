"""The rows of the training file that train, validate and test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array, Indices
from mlpcli.config.load import Config
from mlpcli.config.spec import SplitColumn
from mlpcli.data.columns import sorted_texts
from mlpcli.data.roles import Roles
from mlpcli.data.split import Parts, split_by_fraction, split_sizes, too_few_rows
from mlpcli.data.table import Table
from mlpcli.errors import DataError, Place, Problem


@dataclass(frozen=True)
class Chosen:
    """The parts, and how many rows were dropped for missing cells before."""

    parts: Parts
    dropped: int


def choose_rows(config: Config, roles: Roles, task: str, table: Table) -> Chosen:
    """Rows that a split column names, then fractions of the others.

    Rows with a missing cell in a column whose policy is `drop` are dropped before, unless a split column
    claims them: those are kept, and reported like any missing cell without a policy.
    """
    data = config.spec.data
    test = _claimed(config, "test", table)
    validation = _claimed(config, "validation", table)
    if (test & validation).any():
        place = table.place(int((test & validation).argmax()))
        raise DataError(Problem("a row that is both validation and test", place))
    dropped = _to_drop(config, roles, table)
    pool = np.flatnonzero(~(test | validation | dropped))
    fractions = [part if isinstance(part, float) else 0.0 for part in (data.validation, data.test)]
    sizes = split_sizes(table.rows - int(dropped.sum()), *fractions)
    if len(pool) - sum(sizes) < 2:
        raise DataError(Problem(too_few_rows(len(pool), *sizes), Place(table.source)))
    drawn = split_by_fraction(pool, sizes, _strata(config, task, table, pool), config.spec.seed)
    parts = Parts(
        drawn.train,
        np.flatnonzero(validation) if validation.any() else drawn.validation,
        np.flatnonzero(test) if test.any() else drawn.test,
    )
    return Chosen(parts, int(dropped.sum()))


def _claimed(config: Config, part: str, table: Table) -> Array:
    """Which rows a split column gives to a part."""
    asked = getattr(config.spec.data, part)
    if not isinstance(asked, SplitColumn):
        return np.zeros(table.rows, dtype=bool)
    column = table.text(asked.column)
    claimed = column.where([asked.value])
    if not claimed.any():
        found = ", ".join(f"'{text}'" for text in list(column.counts())[:10])
        message = f"column '{asked.column}': no row holds '{asked.value}', the value of the {part} rows"
        raise DataError(Problem(message, Place(table.source), f"it holds: {found}"))
    return claimed


def _to_drop(config: Config, roles: Roles, table: Table) -> Array:
    default = config.spec.data.missing
    names = [name for name, spec in roles.features.items() if (spec.missing or default).policy == "drop"]
    names += roles.targets if default.policy == "drop" else ()
    dropped = np.zeros(table.rows, dtype=bool)
    for name in names:
        dropped |= table.missing(name)
    return dropped


def _strata(config: Config, task: str, table: Table, pool: Indices) -> Indices | None:
    asked = config.spec.data.stratify
    if task != "classification":
        if asked:
            raise config.problem(("data", "stratify"), f"expected false, as this is a {task}, found true")
        return None
    if asked is False:
        return None
    column = table.text(config.spec.data.target[0], pool)
    return column.recoded(sorted_texts(column.counts(), table.format.decimal))
