"""Which rows train, validate and test: by fractions from the seed, or by the values of a column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array, Indices
from mlpcli.config.spec import DataSpec, Spec, SplitColumn
from mlpcli.data.columns import sorted_texts
from mlpcli.data.roles import Roles
from mlpcli.data.spellings import merge
from mlpcli.data.table import Table
from mlpcli.errors import DataError, Place, Problem, SettingError
from mlpcli.rng import stream

TO_TRAIN = 2  # rows, at the least


@dataclass(frozen=True)
class Splits:
    """Row numbers of the three parts, each in the order of the file; `dropped` rows were left out before."""

    train: Indices
    validation: Indices
    test: Indices
    dropped: int = 0


def choose_rows(spec: Spec, roles: Roles, task: str, table: Table, least: int = TO_TRAIN) -> Splits:
    """Rows that a split column names, then fractions of the others, with at least so many to train on.

    Rows with a missing cell in a column whose policy is `drop` are dropped before, unless a split column
    claims them: those are kept, and reported like any missing cell without a policy.
    """
    data = spec.data
    test = _claimed(data, "test", table)
    validation = _claimed(data, "validation", table)
    if (test & validation).any():
        place = table.place(int((test & validation).argmax()))
        raise DataError(Problem("a row that is both validation and test", place))
    dropped = _to_drop(data, roles, table)
    pool = np.flatnonzero(~(test | validation | dropped))
    fractions = [part if isinstance(part, float) else 0.0 for part in (data.validation, data.test)]
    sizes = split_sizes(table.rows - int(dropped.sum()), *fractions)
    if len(pool) - sum(sizes) < least:
        raise DataError(Problem(too_few_rows(len(pool), *sizes), Place(table.source)))
    drawn = split_by_fraction(pool, sizes, _strata(data, task, table, pool), spec.seed)
    return Splits(
        drawn.train,
        np.flatnonzero(validation) if validation.any() else drawn.validation,
        np.flatnonzero(test) if test.any() else drawn.test,
        int(dropped.sum()),
    )


def _claimed(data: DataSpec, part: str, table: Table) -> Array:
    """Which rows a split column gives to a part."""
    asked = getattr(data, part)
    if not isinstance(asked, SplitColumn):
        return np.zeros(table.rows, dtype=bool)
    column = table.text(asked.column)
    claimed: Array = column.matched([asked.value], table.notation.decimal) == 0
    if not claimed.any():
        found = ", ".join(f"'{text}'" for text in list(column.counts())[:10])
        message = f"column '{asked.column}': no row holds '{asked.value}', the value of the {part} rows"
        raise DataError(Problem(message, Place(table.source), f"it holds: {found}"))
    return claimed


def _to_drop(data: DataSpec, roles: Roles, table: Table) -> Array:
    default = data.missing
    names = [name for name, spec in roles.features.items() if (spec.missing or default).policy == "drop"]
    names += roles.targets if default.policy == "drop" else ()
    dropped = np.zeros(table.rows, dtype=bool)
    for name in names:
        dropped |= table.missing(name)
    return dropped


def _strata(data: DataSpec, task: str, table: Table, pool: Indices) -> Indices | None:
    asked = data.stratify
    if task != "classification":
        if asked:
            raise SettingError.of(("data", "stratify"), f"expected false, as this is a {task}, found true")
        return None
    if asked is False:
        return None
    column = table.text(data.target[0], pool)
    if column.ordered:
        return column.codes
    decimal = table.notation.decimal
    return column.matched(sorted_texts(merge(column.counts(), decimal).counts, decimal), decimal)


def split_sizes(rows: int, validation: float, test: float) -> tuple[int, int]:
    """How many rows validate and how many test: the fraction rounded, at least 1; 0 where it is 0."""
    n_test = max(1, round(test * rows)) if test else 0
    n_validation = max(1, round(validation * rows)) if validation else 0
    return n_validation, n_test


def too_few_rows(rows: int, validation: int, test: int) -> str:
    """What is wrong where so many rows are too few for these parts and two to train on."""
    parts = {"validate": validation, "test": test, "train": TO_TRAIN}
    needed = ", ".join(f"{count} to {part}" for part, count in parts.items() if count)
    return f"expected at least {sum(parts.values())} rows ({needed}), found {rows}"


def split_by_fraction(rows: Indices, sizes: tuple[int, int], classes: Indices | None, seed: int) -> Splits:
    """Parts of `rows` with `sizes` = (validation, test), drawn by one shuffle from the seed.

    With the class of each row, every part has the classes in the shares of the whole.
    """
    n_validation, n_test = sizes
    groups = np.zeros(len(rows), dtype=np.intp) if classes is None else classes
    order = stream(seed, "split").permutation(len(rows))
    members = [order[groups[order] == group] for group in range(groups.max(initial=0) + 1)]
    counts = np.array([len(group) for group in members])
    test = shares(n_test, counts, counts)
    validation = shares(n_validation, counts, counts - test)
    chosen: dict[str, list[Indices]] = {"test": [], "validation": [], "train": []}
    for group, t, v in zip(members, test, validation, strict=True):
        chosen["test"].append(group[:t])
        chosen["validation"].append(group[t : t + v])
        chosen["train"].append(group[t + v :])
    found = {part: rows[np.sort(np.concatenate(groups))] for part, groups in chosen.items()}
    return Splits(found["train"], found["validation"], found["test"])


def shares(total: int, counts: Array, available: Array) -> Indices:
    """`total` seats for classes by the largest remainder of their exact shares; of several equal, the first.

    A class keeps its last row for training where another class can give one instead.
    """
    exact = total * counts / max(1, counts.sum())
    limit = np.maximum(available - 1, 0) if total <= np.maximum(available - 1, 0).sum() else available
    seats: Indices = np.minimum(np.floor(exact).astype(np.intp), limit)
    while seats.sum() < total:
        remainder = np.where(seats < limit, exact - seats, -np.inf)
        seats[int(remainder.argmax())] += 1
    return seats
