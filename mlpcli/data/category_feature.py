"""An input column of categories, which the training rows or a list name: as 0 and 1, positions, or codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import pow
from typing import Any, NamedTuple

import numpy as np

from mlpcli.arrays import Array, Indices, Vector
from mlpcli.config.spec import EncodeSpec, MissingSpec
from mlpcli.data.feature import Found, Numbers, Stored, require_some
from mlpcli.data.scaling import SCALINGS
from mlpcli.tables.bad_cells import EXAMPLES, Fault, Unseen, missing_fault
from mlpcli.tables.columns import TextColumn, sorted_texts
from mlpcli.tables.spellings import Spelling, merge
from mlpcli.tables.table import Table, TrainingRows, Wanted

UNKNOWN = -1.0
WIDEST = 50  # vectors whose width is not given


@dataclass(frozen=True)
class CategoryFeature:
    """A fitted column. `fill` is the category that stands for a missing cell, None without one.

    `other` are the categories too rare for a level of their own: they share the last one, and where there
    is one, categories that training did not have go there too. With `embed` the network gets codes, and
    makes vectors of `units` numbers of them. `scaling` is what becomes of the columns of 0 and 1, and
    `numbers` are the center and the scale of each.
    """

    name: str
    encode: str
    missing: str
    fill: str | None
    categories: tuple[str, ...]
    other: tuple[str, ...] = ()
    units: int = 1
    scaling: str | None = None
    numbers: tuple[Numbers, ...] = ()

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
    def is_ordered(self) -> bool:
        """Whether its categories go from less to more."""
        return self.encode == "ordinal"

    @property
    def wanted(self) -> Wanted:
        """Its column, as texts."""
        return Wanted(texts=(self.name,))

    @property
    def spelling(self) -> Spelling:
        """Its categories, the rare ones too."""
        return Spelling((*self.categories, *self.other))

    @classmethod
    def fit(cls, name: str, encode: EncodeSpec, policy: MissingSpec, train: TrainingRows) -> CategoryFeature:
        """What fills the missing cells of training rows, then the categories with those filled.

        `mean` and `median` mean `most_frequent`; `category` makes the empty text a category of its own.
        """
        column, notation = train.table.text(name, train.rows), train.table.notation
        counts = column.counts()
        missing = column.missing_texts(notation, counts)
        absent = column.where(missing)
        require_some(name, absent, train.table)
        counts = {text: count for text, count in counts.items() if text not in missing}
        fill = fill_of(policy, counts)
        if fill is not None and absent.any():
            counts[fill] = counts.get(fill, 0) + int(np.count_nonzero(absent))
        counts = merge(counts, notation.decimal).counts
        found, least = sorted_texts(counts), encode.min_count or 0
        other = tuple(text for text in found if counts[text] < least)
        found = tuple(text for text in found if counts[text] >= least)
        if encode.categories is not None:
            own_level = ("",) if policy.policy == "category" and "" in counts else ()
            found = (*encode.categories, *own_level)
        width = encode.width if isinstance(encode.width, int) else units_for(len(found) + bool(other))
        units = width if encode.name == "embed" else 1
        feature = cls(name, encode.name, policy.policy, fill, found, other, units, encode.scaling)
        return replace(feature, numbers=tuple(feature._scaled(train)))

    def _scaled(self, train: TrainingRows) -> Iterator[Numbers]:
        """Center and scale of each column of 0 and 1 over training rows, where these are scaled."""
        if self.scaling is None:
            return
        levels = self.levels_of(train.table, train.rows).of_rows
        known, weights = levels[levels >= 0], train.repetitions
        counts = np.bincount(known, minlength=self.levels)
        ones = counts if weights is None else np.bincount(known, weights[levels >= 0], self.levels)
        total = len(levels) if weights is None else weights.sum()
        for count, one in zip(counts.tolist(), ones.tolist(), strict=True):
            there = np.array([count < len(levels), count > 0])
            both = np.array([0.0, 1.0])[there], np.array([total - one, one], dtype=np.float64)[there]
            yield *SCALINGS[self.scaling](*both), 0.0

    @classmethod
    def from_meta(cls, entry: Mapping[str, Any], stored: Stored) -> CategoryFeature:
        """The feature that `meta` described."""
        name, encode, missing, fill = (entry[key] for key in ("name", "encode", "missing", "fill"))
        categories, other = tuple(entry["categories"]), tuple(entry.get("other", ()))
        scaling = entry.get("scaling")
        feature = cls(name, encode, missing, fill, categories, other, entry.get("width", 1), scaling)
        scaled = () if scaling is None else feature.input_names
        return replace(feature, numbers=tuple(stored.numbers() for _ in scaled))

    def meta(self) -> dict[str, Any]:
        """What a model file says about it."""
        own: dict[str, Any] = {"other": list(self.other)} if self.other else {}
        if self.encode == "embed":
            own["width"] = self.units
        if self.scaling is not None:
            own["scaling"] = self.scaling
        entry = {"name": self.name, "encode": self.encode, "missing": self.missing, "fill": self.fill}
        return {**entry, "categories": list(self.categories), **own}

    def facts(self) -> dict[str, Any]:
        """Center and scale of its columns, where these are scaled: no other number is fitted."""
        scaled = [{"center": center, "scale": scale} for center, scale, _ in self.numbers]
        return {"scaled": scaled} if scaled else {}

    def is_constant(self, _table: Table, _rows: Indices) -> bool:
        """Whether there is a single level."""
        return self.levels == 1

    def write(self, table: Table, rows: Indices | None, out: Array) -> Found:
        """Write the encoded column into zeros, (rows, inputs): ones in their places, or positions.

        What is no category is all zeros, and the code −1, for which `embed` has the zero vector.
        """
        found = self.levels_of(table, rows)
        column, unseen, absent = found.column, found.unseen, found.absent
        faults = [missing_fault(self.name, absent)] if self.fill is None and absent.any() else []
        known = np.flatnonzero(found.of_rows >= 0)
        levels = found.of_rows[known]
        if self.encode == "one_hot":
            zeros, ones = self.ends()
            if self.scaling is not None:
                out[:] = zeros
                out[absent if faults else []] = 0.0
            out[known, levels] = ones[levels]
        else:
            out[:, 0] = UNKNOWN if self.encode == "embed" else 0.0
            out[known, 0] = levels
        if self.encode == "ordinal":
            return [*faults, *self._unlisted(column, unseen, absent)], []
        return faults, self._unseen(column, unseen)

    def ends(self) -> tuple[Vector, Vector]:
        """What a 0 and a 1 in each of the columns of `one_hot` are written as."""
        if self.scaling is None:
            return np.zeros(self.levels), np.ones(self.levels)
        after = SCALINGS[self.scaling].after or (lambda scaled, _: scaled)
        both = np.array([0.0, 1.0])
        ends = np.array([after((both - center) / scale, scale) for center, scale, _ in self.numbers])
        return ends[:, 0], ends[:, 1]

    def levels_of(self, table: Table, rows: Indices | None) -> Levels:
        """The level of each row."""
        column, notation, own = table.text(self.name, rows), table.notation, (*self.categories, *self.other)
        missing = column.missing_texts(notation, own)
        absent = column.where(missing)
        if self.fill is not None:
            column = filled(column, missing, self.fill)
        codes = column.matched(own, notation.decimal)
        unseen = codes < 0
        if self.fill is None:
            unseen &= ~absent
        if self.other:
            codes[unseen] = len(self.categories)
        return Levels(column, np.minimum(codes, len(self.categories), out=codes), unseen, absent)

    def _unlisted(self, column: TextColumn, unseen: Array, absent: Array) -> Iterator[Fault]:
        """What a list of all categories lacks has no place among them; nor need a missing cell have one."""
        unfilled, unlisted = unseen & absent, np.flatnonzero(unseen & ~absent)
        if unfilled.any():
            yield missing_fault(self.name, unfilled)
        if len(unlisted):
            text = column.levels[column.codes[unlisted[0]]]
            hint = "`categories` has to name all of them, in their order"
            reason, found = "expected a category of the list given for it", f", found '{text}'"
            yield Fault(self.name, reason, unlisted, hint, found)

    def _unseen(self, column: TextColumn, unseen: Array) -> list[Unseen]:
        rows = np.flatnonzero(unseen)
        if not len(rows):
            return []
        levels, first = np.unique(column.codes[rows], return_index=True)
        examples = [column.levels[level] for level in levels[np.argsort(first)][:EXAMPLES]]
        encoded = "other, as the rare ones" if self.other else "zeros"
        return [Unseen(self.name, len(rows), tuple(examples), rows, encoded)]


class Levels(NamedTuple):
    """A column, filled; each row's level, -1 for none; where the text is no category, and where none is."""

    column: TextColumn
    of_rows: Indices
    unseen: Array
    absent: Array


def filled(column: TextColumn, missing: frozenset[str], fill: str) -> TextColumn:
    """The column with every text that means missing replaced by `fill`."""
    return TextColumn(column.codes, tuple(fill if level in missing else level for level in column.levels))


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
