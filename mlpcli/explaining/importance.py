"""Permutation importance: how much worse a metric gets when the cells of a column are shuffled among rows.

Breiman 2001, "Random Forests", section 10, on rows that did not train (Fisher, Rudin and Dominici 2019): of
metric M on rows with inputs x and truth y, where π shuffles the inputs B of a column,

    importance = ± (M(f(x), y) − M(f(x with x[:, B] ← x[π, B]), y)),   positive where shuffled rows are worse.

All inputs of a column move together, so nothing is encoded again, and every column has the same shuffles.
It says what the model uses: columns that say the same hide each other (`alike`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mlpcli.errors import DataError
from mlpcli.explaining.alike import Alike, alike_columns
from mlpcli.explaining.shuffling import Shuffled, searched
from mlpcli.explaining.unseen_rows import UnseenRows, sampled
from mlpcli.training.decoder import OutputDecoder

FEWEST_ROWS, FEWEST_REPEATS, FEWEST_COLUMNS = 200, 3, 100  # not to go below where work is saved


@dataclass(frozen=True)
class Effort:
    """How often each column is shuffled, by which seed, and on how many rows at the most.

    `most_products` is about how many multiplications all of it may take: rows are saved first, then repeats,
    then columns: `most_columns` are shuffled by themselves or with others.
    """

    repeats: int = 10
    seed: int = 0
    most_rows: int | None = None
    most_products: float | None = None
    most_columns: int | None = None

    def within(self, parts: Sequence[UnseenRows]) -> Effort:
        """The effort that is made for these rows."""
        rows = sum(len(part.x) for part in parts)
        used = min(rows, self.most_rows or rows)
        if self.most_products is None:
            return Effort(self.repeats, self.seed, used)
        of_rows = self.most_products / max(1, *(part.products for part in parts))
        passes = of_rows / len(parts[0].columns)
        used = min(used, max(FEWEST_ROWS, int(passes / self.repeats)))
        repeats = min(self.repeats, max(FEWEST_REPEATS, int(passes / used)))
        columns = max(FEWEST_COLUMNS, int(of_rows / (used * repeats)))
        return Effort(repeats, self.seed, used, most_columns=columns)


@dataclass(frozen=True)
class ColumnImportance:
    """How much worse the metric is without these columns, in its own units, repeat by repeat.

    None where it is not defined for the shuffled rows.
    """

    columns: tuple[str, ...]
    values: tuple[float | None, ...]

    @property
    def name(self) -> str:
        """What it is called: the columns."""
        return ", ".join(self.columns)

    @property
    def mean(self) -> float | None:
        """The mean of the repeats."""
        known = [value for value in self.values if value is not None]
        return float(np.mean(known)) if len(known) == len(self.values) else None

    @property
    def std(self) -> float | None:
        """Their standard deviation, that of a sample."""
        known = [value for value in self.values if value is not None]
        several = len(known) == len(self.values) > 1
        return float(np.std(known, ddof=1)) if several else None


@dataclass(frozen=True)
class Importances:
    """What each column is worth to a model on `rows` of `of_rows` rows; the most important one first.

    `value` is the metric with nothing shuffled; `alike` are columns that may hide each other. Of very many,
    `columns`, only those that matter most are told of.
    """

    metric: str
    value: float
    rows: int
    of_rows: int
    repeats: int
    seed: int
    each: tuple[ColumnImportance, ...]
    alike: tuple[Alike, ...]
    columns: int


def importances(
    parts: Sequence[UnseenRows],
    decoder: OutputDecoder,
    metric: str,
    effort: Effort,
    groups: Sequence[Sequence[str]] = (),
) -> Importances:
    """The importance of every column, those of a group together, on all parts as one.

    Of folds each network judges its own rows, which are shuffled among themselves. Raises DataError where
    the metric has no value on these rows.
    """
    effort = effort.within(parts)
    used = sampled(parts, effort.most_rows, effort.seed)
    shuffled = Shuffled.of(used, decoder, metric, effort.repeats, effort.seed)
    value = shuffled.value()
    if value is None:
        raise DataError.of(f"metric '{metric}' is not defined on these rows")
    grouped = list(_grouped(used[0].columns, groups))
    if effort.most_columns is None or len(grouped) <= effort.most_columns:
        losses = [(columns, shuffled.losses(columns, value)) for columns in grouped]
    else:
        losses = list(searched(shuffled, grouped, value, effort.most_columns))
    found = [ColumnImportance(columns, changes) for columns, changes in losses]
    order = sorted(found, key=lambda one: (one.mean is None, -(one.mean or 0.0)))
    rows, of_rows = (sum(len(part.x) for part in some) for some in (used, parts))
    return Importances(
        metric,
        value,
        rows,
        of_rows,
        effort.repeats,
        effort.seed,
        tuple(order),
        tuple(alike_columns(used, grouped)),
        len(grouped),
    )


def _grouped(columns: Iterable[str], groups: Sequence[Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """Every column once, alone or in its group, where the first of the group stands."""
    group_of = {name: tuple(group) for group in groups for name in group}
    return iter(dict.fromkeys(group_of.get(name, (name,)) for name in columns))


def shares(found: Importances) -> Mapping[str, float]:
    """The importance of each column relative to the largest one, from 0 to 1: how long its bar is."""
    largest = max((one.mean or 0.0 for one in found.each), default=0.0)
    return {one.name: max(0.0, (one.mean or 0.0) / largest) if largest > 0 else 0.0 for one in found.each}
