"""An input column of categories: their list is fitted on the training rows, unless it is given in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pow
from typing import Any

import numpy as np

from mlpcli.arrays import Array, Indices
from mlpcli.config.spec import EncodeSpec, MissingSpec
from mlpcli.data.columns import TextColumn, sorted_texts
from mlpcli.data.faults import EXAMPLES, Unseen, missing_fault
from mlpcli.data.feature import Fitted, Found
from mlpcli.data.table import Table, Wanted

UNKNOWN = -1.0
WIDEST = 50  # vectors whose width is not given


@dataclass(frozen=True)
class CategoryFeature:
    """A fitted column. `fill` is the category that stands for a missing cell, None without one.

    `other` are the categories too rare for a level of their own: they share the last one, and where there
    is one, categories that training did not have go there too. With `embed` the network gets codes, and
    makes vectors of `units` numbers of them.
    """

    name: str
    encode: str
    missing: str
    fill: str | None
    categories: tuple[str, ...]
    other: tuple[str, ...] = ()
    units: int = 1
    fitted: tuple[Fitted, ...] = ()

    @property
    def input_names(self) -> tuple[str, ...]:
        """What its inputs are called."""
        if self.encode != "one_hot":
            return (self.name,)
        names = tuple(f"{self.name}={category}" for category in self.categories)
        return (*names, f"{self.name}=other") if self.other else names

    @property
    def levels(self) -> int:
        """How many there are to be told apart."""
        return len(self.categories) + bool(self.other)

    @property
    def wanted(self) -> Wanted:
        """Its column, as texts."""
        return Wanted(texts=(self.name,))

    def meta(self) -> dict[str, Any]:
        """What a model file says about it."""
        own: dict[str, Any] = {"other": list(self.other)} if self.other else {}
        if self.encode == "embed":
            own["width"] = self.units
        entry = {"name": self.name, "encode": self.encode, "missing": self.missing, "fill": self.fill}
        return {**entry, "categories": list(self.categories), **own}

    def write(self, table: Table, rows: Indices | None, out: Array) -> Found:
        """Write the encoded column into zeros, (rows, inputs): ones in their places, or positions.

        What is no category is all zeros, and the code −1, for which `embed` has the zero vector.
        """
        column, missing = table.text(self.name, rows), table.format.missing
        faults = []
        absent = column.where(missing)
        if self.fill is not None:
            column = filled(column, missing, self.fill)
        elif absent.any():
            faults.append(missing_fault(self.name, absent))
        codes = column.recoded((*self.categories, *self.other))
        unseen = codes < 0
        if self.fill is None:
            unseen &= ~absent
        if self.other:
            codes[unseen] = len(self.categories)
        known = np.flatnonzero(codes >= 0)
        levels = np.minimum(codes[known], len(self.categories))
        if self.encode == "one_hot":
            out[known, levels] = 1.0
        else:
            out[:, 0] = UNKNOWN if self.encode == "embed" else 0.0
            out[known, 0] = levels
        return faults, self._unseen(column, unseen)

    def _unseen(self, column: TextColumn, unseen: Array) -> list[Unseen]:
        rows = np.flatnonzero(unseen)
        if not len(rows):
            return []
        levels, first = np.unique(column.codes[rows], return_index=True)
        examples = [column.levels[level] for level in levels[np.argsort(first)][:EXAMPLES]]
        encoded = "other, as the rare ones" if self.other else "zeros"
        return [Unseen(self.name, len(rows), tuple(examples), rows, encoded)]


def filled(column: TextColumn, missing: frozenset[str], fill: str) -> TextColumn:
    """The column with every text that means missing replaced by `fill`."""
    return TextColumn(column.codes, tuple(fill if level in missing else level for level in column.levels))


def fit_categories(
    name: str, encode: EncodeSpec, policy: MissingSpec, column: TextColumn, missing: frozenset[str]
) -> CategoryFeature:
    """Fit a column on training rows: what fills its missing cells, then the categories with those filled.

    `mean` and `median` mean `most_frequent`; `category` makes the empty text a category of its own.
    """
    counts = {text: count for text, count in column.counts().items() if text not in missing}
    fill = fill_of(policy, counts)
    absent = int(np.count_nonzero(column.where(missing)))
    if fill is not None and absent:
        counts[fill] = counts.get(fill, 0) + absent
    found = sorted_texts(counts)
    least = encode.min_count or 0
    other = tuple(text for text in found if counts[text] < least)
    found = tuple(text for text in found if counts[text] >= least)
    if encode.categories is not None:
        own_level = ("",) if policy.policy == "category" and "" in counts else ()
        found = (*encode.categories, *own_level)
    width = encode.width if isinstance(encode.width, int) else units_for(len(found) + bool(other))
    units = width if encode.name == "embed" else 1
    return CategoryFeature(name, encode.name, policy.policy, fill, found, other, units)


def units_for(levels: int) -> int:
    """How wide the vectors of an embedding are: 1.6 · levels^0.56, at most 50, a rule of thumb of fastai."""
    return min(WIDEST, round(1.6 * pow(levels, 0.56)))


def fill_of(policy: MissingSpec, counts: dict[str, int]) -> str | None:
    """The text that stands for a missing cell, where the other cells are the texts counted."""
    if policy.policy in {"mean", "median", "most_frequent"}:
        return _most_frequent(sorted_texts(counts), counts)
    return {"constant": policy.value, "category": ""}.get(policy.policy)


def _most_frequent(texts: Sequence[str], counts: dict[str, int]) -> str:
    """The text that occurs most often; the first in order of several."""
    return max(texts, key=lambda text: counts[text])
