"""Which rows train, validate and test: by fractions, drawn or cut along a column, or by a column's values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array, Indices
from mlpcli.config.spec import DataSpec, Spec, SplitColumn
from mlpcli.data.blocks import Blocks, blocks_of, deal, require_blocks
from mlpcli.data.roles import Roles
from mlpcli.data.split_remarks import NOTHING, Remarks, remarks_on, unknown_classes
from mlpcli.errors import DataError, Place, Problem, SettingError
from mlpcli.rng import stream
from mlpcli.tables.columns import sorted_texts
from mlpcli.tables.spellings import merge
from mlpcli.tables.table import Table

TO_TRAIN = 2  # rows, at the least


@dataclass(frozen=True)
class Splits:
    """Row numbers of the three parts, each in the order of the file; `dropped` rows were left out before.

    `remarks` are what a person should know about it.
    """

    train: Indices
    validation: Indices
    test: Indices
    dropped: int = 0
    remarks: Remarks = NOTHING


def choose_rows(spec: Spec, roles: Roles, task: str, table: Table, least: int = TO_TRAIN) -> Splits:
    """Rows that a split column names, then fractions of the others, with at least so many to train on.

    Rows with a missing cell in a column whose policy is `drop` are dropped before. A split column claims its
    rows whatever their features lack, which is reported like any missing cell without a policy.
    """
    data = spec.data
    test = _claimed(data, "test", table)
    validation = _claimed(data, "validation", table)
    if (test & validation).any():
        place = table.place(int((test & validation).argmax()))
        raise DataError(Problem("a row that is both validation and test", place))
    claimed, unlabelled = test | validation, without_target(data, table)
    dropped = (_to_drop(data, roles, table) & ~claimed) | unlabelled
    pool = np.flatnonzero(~(claimed | dropped))
    sizes = split_sizes(table.rows - int(dropped.sum()), *_fractions(spec))
    if len(pool) - sum(sizes) < least:
        raise DataError(Problem(too_few_rows(len(pool), *sizes), Place(table.source)))
    drawn = _drawn(spec, task, table, pool, sizes)
    if len(drawn.train) < least:
        raise DataError(Problem(too_few_rows(len(drawn.train), 0, 0), Place(table.source)))
    if task == "classification":
        drawn = of_known_classes(table, data.target[0], drawn)
    return Splits(
        drawn.train,
        _held_out("validation", drawn.validation, validation, dropped, table),
        _held_out("test", drawn.test, test, dropped, table),
        int(dropped.sum()),
        remarks_on(data, table, drawn.train, claimed) + drawn.remarks,
    )


def _fractions(spec: Spec) -> tuple[float, float]:
    """The shares of the rows that are drawn to validate, which none are where each fold does, and to test."""
    validation, test = (
        part if isinstance(part, float) else 0.0 for part in (spec.data.validation, spec.data.test)
    )
    return (0.0 if spec.folds else validation), test


def _held_out(part: str, drawn: Indices, claimed: Array, dropped: Array, table: Table) -> Indices:
    """The rows of a part: those that a split column claims, else those that were drawn."""
    if not claimed.any():
        return drawn
    rows = np.flatnonzero(claimed & ~dropped)
    if not len(rows):
        raise DataError(Problem(f"no {part} row has a target", Place(table.source)))
    return rows


def of_known_classes(table: Table, target: str, drawn: Splits) -> Splits:
    """The parts without held-out rows of classes that no training row has: what is not learnt is not judged.

    Where shares of classes are kept this is about none; a cut between groups or moments may leave some.
    """
    column, decimal = table.text(target), table.notation.decimal
    if column.ordered:
        return drawn
    learnt = merge(column.take(drawn.train).counts(), decimal).counts
    known = (column.matched(list(learnt), decimal) >= 0) | column.where(table.notation.missing)
    if known.all():
        return drawn
    parts: dict[str, Indices] = {}
    warnings: list[str] = []
    for name in ("validation", "test"):
        rows: Indices = getattr(drawn, name)
        parts[name] = rows[known[rows]]
        unknown = column.codes[rows[~known[rows]]]
        if len(unknown):
            warnings.append(unknown_classes(target, name, [column.levels[code] for code in unknown]))
        if len(unknown) == len(rows) > 0:
            hint = "cut by another column, or with another seed"
            raise DataError(Problem(f"{warnings[-1]}: none is left", Place(table.source), hint))
    remarks = Remarks(warnings=tuple(warnings))
    return Splits(drawn.train, parts["validation"], parts["test"], remarks=remarks)


def _drawn(spec: Spec, task: str, table: Table, pool: Indices, sizes: tuple[int, int]) -> Splits:
    """The parts of the rows that no split column claims."""
    blocks = blocks_of(spec.data, table, pool) if any(sizes) else None
    if blocks is None:
        return split_by_fraction(pool, sizes, strata(spec.data, task, table, pool, sizes), spec.seed)
    require_blocks(blocks, 1 + sum(size > 0 for size in sizes), table.source)
    return split_by_blocks(pool, sizes, blocks, spec.seed)


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
    """Which rows lack a feature whose policy is `drop`."""
    return table.lacking(
        name for name, spec in roles.features.items() if (spec.missing or data.missing).policy == "drop"
    )


def without_target(data: DataSpec, table: Table) -> Array:
    """Which rows lack a target and are left out, in training and wherever the model is judged."""
    return table.lacking(data.target if data.missing.policy == "drop" else ())


def strata(data: DataSpec, task: str, table: Table, pool: Indices, sizes: tuple[int, int]) -> Indices | None:
    """What every part has in the shares of the whole: the classes; labels so rare that none might train."""
    asked = data.stratify
    if task != "classification":
        if asked:
            raise SettingError.of(("data", "stratify"), f"expected false, as this is a {task}, found true")
        return _rare_labels(data, table, pool, sum(sizes)) if task == "multilabel" else None
    if asked is False:
        return None
    column = table.text(data.target[0], pool)
    if column.ordered:
        return column.codes
    decimal = table.notation.decimal
    return column.matched(sorted_texts(merge(column.counts(), decimal).counts, decimal), decimal)


def _rare_labels(data: DataSpec, table: Table, pool: Indices, held_out: int) -> Indices | None:
    """Whether each row has the word that so few rows have that all of them could be held out."""
    columns = [table.text(name, pool) for name in data.target]
    words = {word for column in columns for word in column.counts()} - table.notation.missing
    for word in sorted(words):
        has: Array = np.any([column.where([word]) for column in columns], axis=0)
        if np.count_nonzero(has) <= held_out:
            return np.asarray(has, dtype=np.intp)
    return None


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


def split_by_blocks(rows: Indices, sizes: tuple[int, int], blocks: Blocks, seed: int) -> Splits:
    """Parts of `rows` of about `sizes` = (validation, test) rows, cut between blocks alone.

    Groups are shuffled once from the seed; test rows are dealt first, then validation. Moments are taken from
    the last one down, so that the test rows are the latest.
    """
    count = len(blocks.sizes)
    order = np.arange(count)[::-1] if blocks.forward else stream(seed, "split").permutation(count)
    wanted = [size for size in reversed(sizes) if size]
    dealt = deal(blocks, wanted, order)
    parts = [rows[np.isin(blocks.of_rows, chosen)] for chosen in dealt]
    nothing = rows[:0]
    n_validation, n_test = sizes
    return Splits(parts[-1], parts[-2] if n_validation else nothing, parts[0] if n_test else nothing)


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
