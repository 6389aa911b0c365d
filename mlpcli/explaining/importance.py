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

from mlpcli.arrays import Indices, Matrix
from mlpcli.errors import DataError
from mlpcli.explaining.alike import Alike, alike_columns
from mlpcli.explaining.unseen_rows import UnseenRows, sampled
from mlpcli.rng import stream
from mlpcli.training.decoder import OutputDecoder
from mlpcli.training.metrics import METRICS, compute

ENTRIES = 1 << 21  # of the inputs of several repeats, which are judged at once
FEWEST_ROWS, FEWEST_REPEATS = 200, 3  # not to go below where work is saved


@dataclass(frozen=True)
class Effort:
    """How often each column is shuffled, by which seed, and on how many rows at the most.

    `most_products` is about how many multiplications all of it may take: rows are saved first, then repeats.
    """

    repeats: int = 10
    seed: int = 0
    most_rows: int | None = None
    most_products: float | None = None

    def within(self, parts: Sequence[UnseenRows]) -> Effort:
        """The effort that is made for these rows."""
        rows = sum(len(part.x) for part in parts)
        used = min(rows, self.most_rows or rows)
        if self.most_products is None:
            return Effort(self.repeats, self.seed, used)
        passes = self.most_products / max(1, len(parts[0].columns) * max(part.products for part in parts))
        used = min(used, max(FEWEST_ROWS, int(passes / self.repeats)))
        repeats = min(self.repeats, max(FEWEST_REPEATS, int(passes / used)))
        return Effort(repeats, self.seed, used)


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

    `value` is the metric with nothing shuffled; `alike` are columns that may hide each other.
    """

    metric: str
    value: float
    rows: int
    of_rows: int
    repeats: int
    seed: int
    each: tuple[ColumnImportance, ...]
    alike: tuple[Alike, ...]


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
    shuffled = _Shuffled.of(used, decoder, metric, effort)
    value = shuffled.value()
    if value is None:
        raise DataError.of(f"metric '{metric}' is not defined on these rows")
    sign = 1.0 if METRICS[metric].greater_is_better else -1.0
    grouped = list(_grouped(used[0].columns, groups))
    found = []
    for columns in grouped:
        without = shuffled.values(columns)
        changes = (None if other is None else sign * (value - other) for other in without)
        found.append(ColumnImportance(columns, tuple(changes)))
    order = sorted(found, key=lambda one: (one.mean is None, -(one.mean or 0.0)))
    rows, of_rows = (sum(len(part.x) for part in some) for some in (used, parts))
    alike = tuple(alike_columns(used, grouped))
    return Importances(metric, value, rows, of_rows, effort.repeats, effort.seed, tuple(order), alike)


def _grouped(columns: Iterable[str], groups: Sequence[Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """Every column once, alone or in its group, where the first of the group stands."""
    group_of = {name: tuple(group) for group in groups for name in group}
    return iter(dict.fromkeys(group_of.get(name, (name,)) for name in columns))


@dataclass(frozen=True, eq=False)
class _Shuffled:
    """The parts, each with its shuffles: the places (repeats, n) that the cells of its rows come from."""

    parts: Sequence[UnseenRows]
    orders: Sequence[Indices]
    decoder: OutputDecoder
    metric: str

    @classmethod
    def of(
        cls, parts: Sequence[UnseenRows], decoder: OutputDecoder, metric: str, effort: Effort
    ) -> _Shuffled:
        rng = stream(effort.seed, "permutations")
        orders = [np.stack([rng.permutation(len(part.x)) for _ in range(effort.repeats)]) for part in parts]
        return cls(parts, orders, decoder, metric)

    def value(self) -> float | None:
        """The metric with nothing shuffled."""
        return self._judged([part.scores(part.x) for part in self.parts])

    def values(self, columns: Sequence[str]) -> list[float | None]:
        """The metric of each repeat, some columns shuffled."""
        of_parts = [
            _scores_without(part, np.concatenate([part.columns[name] for name in columns]), orders)
            for part, orders in zip(self.parts, self.orders, strict=True)
        ]
        return [self._judged(scores) for scores in zip(*of_parts, strict=True)]

    def _judged(self, scores: Sequence[Matrix]) -> float | None:
        truth = np.concatenate([part.truth for part in self.parts])
        known = [part.weights for part in self.parts if part.weights is not None]
        weights = np.concatenate(known) if known else None
        with np.errstate(all="ignore"):  # what is beyond float64 is no value of a metric
            predictions = self.decoder.predictions(np.concatenate(scores), truth, weights)
        return compute([self.metric], predictions)[self.metric]


def _scores_without(part: UnseenRows, inputs: Indices, orders: Indices) -> list[Matrix]:
    """The scores (n, outputs) of each repeat; as many as fit into ENTRIES of inputs at once."""
    rows, width = part.x.shape
    several = max(1, ENTRIES // max(1, rows * width))
    found: list[Matrix] = []
    for start in range(0, len(orders), several):
        some = orders[start : start + several]
        x = np.tile(part.x, (len(some), 1))
        x[:, inputs] = part.x[:, inputs][some.ravel()]
        with np.errstate(all="ignore"):
            found += np.split(part.scores(x), len(some))
    return found


def shares(found: Importances) -> Mapping[str, float]:
    """The importance of each column relative to the largest one, from 0 to 1: how long its bar is."""
    largest = max((one.mean or 0.0 for one in found.each), default=0.0)
    return {one.name: max(0.0, (one.mean or 0.0) / largest) if largest > 0 else 0.0 for one in found.each}
