"""Which rows train and which do not: by fractions, drawn or cut along a column, or by a column's values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np

from mlpcli.arrays import Array, Indices
from mlpcli.config.spec import DataSpec, Spec, SplitColumn
from mlpcli.data.blocks import Blocks, blocks_of, deal, require_blocks
from mlpcli.data.part_sizes import DEALT, HELD_OUT, TO_TRAIN, shares, split_sizes, too_few_rows
from mlpcli.data.roles import Roles
from mlpcli.data.split_remarks import NOTHING, Remarks, remarks_on, unknown_classes
from mlpcli.errors import DataError, Place, Problem, SettingError
from mlpcli.rng import stream
from mlpcli.tables.columns import sorted_texts
from mlpcli.tables.spellings import merge
from mlpcli.tables.table import Table


def _none() -> Indices:
    return np.empty(0, dtype=np.intp)


@dataclass(frozen=True)
class Splits:
    """Row numbers of the parts, each in the order of the file; `dropped` rows were left out before.

    `remarks` are what a person should know about it.
    """

    train: Indices
    validation: Indices
    test: Indices
    dropped: int = 0
    remarks: Remarks = NOTHING
    calibration: Indices = field(default_factory=_none)


def choose_rows(spec: Spec, roles: Roles, task: str, table: Table, least: int = TO_TRAIN) -> Splits:
    """Rows that a split column names, then fractions of the others, with at least so many to train on.

    Rows with a missing cell in a column whose policy is `drop` are dropped before. A split column claims its
    rows whatever their features lack, which is reported like any missing cell without a policy.
    """
    data = spec.data
    claims = {part: _claimed(data, part, table) for part in HELD_OUT}
    _require_apart(claims, table)
    claimed, unlabelled = np.any(list(claims.values()), axis=0), without_target(data, table)
    dropped = (_to_drop(data, roles, table) & ~claimed) | unlabelled
    pool = np.flatnonzero(~(claimed | dropped))
    sizes = split_sizes(table.rows - int(dropped.sum()), *_fractions(spec))
    if len(pool) - sum(sizes) < least:
        raise DataError(Problem(too_few_rows(len(pool), *sizes), Place(table.source)))
    drawn = _drawn(spec, task, table, pool, sizes)
    if len(drawn.train) < least:
        raise DataError(Problem(too_few_rows(len(drawn.train)), Place(table.source)))
    if task == "classification":
        drawn = of_known_classes(table, data.target[0], drawn)
    held_out = {
        part: _held_out(part, getattr(drawn, part), claim, dropped, table) for part, claim in claims.items()
    }
    remarks = remarks_on(data, table, drawn.train, claimed) + drawn.remarks
    return replace(_of_parts(held_out, drawn.train), dropped=int(dropped.sum()), remarks=remarks)


def _of_parts(parts: Mapping[str, Indices], train: Indices) -> Splits:
    return Splits(train, parts["validation"], parts["test"], calibration=parts["calibration"])


def _require_apart(claims: Mapping[str, Array], table: Table) -> None:
    """Raise DataError for a row that is to be in two parts."""
    for one, other in combinations(claims, 2):
        both = claims[one] & claims[other]
        if both.any():
            place = table.place(int(both.argmax()))
            raise DataError(Problem(f"a row that is both {one} and {other}", place))


def _fractions(spec: Spec) -> list[float]:
    """The shares of the rows that are drawn for each part: none validate where each fold does."""
    parts = {**spec.data.parts, **({"validation": None} if spec.folds else {})}
    return [part if isinstance(part, float) else 0.0 for part in map(parts.get, HELD_OUT)]


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
    for name in HELD_OUT:
        rows: Indices = getattr(drawn, name)
        parts[name] = rows[known[rows]]
        unknown = column.codes[rows[~known[rows]]]
        if len(unknown):
            warnings.append(unknown_classes(target, name, [column.levels[code] for code in unknown]))
        if len(unknown) == len(rows) > 0:
            hint = "cut by another column, or with another seed"
            raise DataError(Problem(f"{warnings[-1]}: none is left", Place(table.source), hint))
    remarks = Remarks(warnings=tuple(warnings))
    return replace(_of_parts(parts, drawn.train), remarks=remarks)


def _drawn(spec: Spec, task: str, table: Table, pool: Indices, sizes: Sequence[int]) -> Splits:
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


def strata(data: DataSpec, task: str, table: Table, pool: Indices, sizes: Sequence[int]) -> Indices | None:
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


def split_by_fraction(rows: Indices, sizes: Sequence[int], classes: Indices | None, seed: int) -> Splits:
    """Parts of `rows` with `sizes` as HELD_OUT, drawn by one shuffle from the seed.

    With the class of each row, every part has the classes in the shares of the whole.
    """
    wanted = dict(zip(HELD_OUT, sizes, strict=False))
    members = _shuffled_members(len(rows), classes, seed)
    counts = np.array([len(group) for group in members])
    taken, found = np.zeros_like(counts), {}
    for part in DEALT:
        own = shares(wanted.get(part, 0), counts, counts - taken)
        found[part] = [group[t : t + n] for group, t, n in zip(members, taken, own, strict=True)]
        taken = taken + own
    left = [group[t:] for group, t in zip(members, taken, strict=True)]
    in_order = {part: _in_order(rows, groups) for part, groups in found.items()}
    return _of_parts(in_order, _in_order(rows, left))


def _shuffled_members(count: int, classes: Indices | None, seed: int) -> list[Indices]:
    """The places of the rows of each class in the order of one shuffle: of all rows without classes."""
    # as `permutation` has them; there may be very many
    order: Indices = np.arange(count, dtype=np.int32 if count < 2**31 else np.intp)
    stream(seed, "split").shuffle(order)
    if classes is None:
        return [order]
    shuffled = classes[order]
    return [order[shuffled == group] for group in range(classes.max(initial=0) + 1)]


def _in_order(rows: Indices, places: Sequence[Indices]) -> Indices:
    """The rows at some places, ascending; there may be very many."""
    chosen = np.concatenate(places)
    chosen.sort()
    return rows[chosen]


def split_by_blocks(rows: Indices, sizes: Sequence[int], blocks: Blocks, seed: int) -> Splits:
    """Parts of `rows` of about so many rows, as HELD_OUT, cut between blocks alone.

    Groups are shuffled once from the seed, and dealt to the parts as DEALT says. Moments are taken from the
    last one down, so that the test rows are the latest.
    """
    count = len(blocks.sizes)
    order = np.arange(count)[::-1] if blocks.forward else stream(seed, "split").permutation(count)
    asked = dict(zip(HELD_OUT, sizes, strict=False))
    wanted = {part: asked[part] for part in DEALT if asked.get(part)}
    dealt = deal(blocks, list(wanted.values()), order)
    *parts, train = (rows[np.isin(blocks.of_rows, chosen)] for chosen in dealt)
    found = dict.fromkeys(HELD_OUT, rows[:0]) | dict(zip(wanted, parts, strict=True))
    return _of_parts(found, train)
