"""Rows that trained none of the networks that judge them, and which inputs a column of the table is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from mlpcli.arrays import Array, Indices, Matrix, Vector
from mlpcli.data.encoder import InputEncoder
from mlpcli.rng import stream
from mlpcli.storage.rows import Rows, taken, whole


@dataclass(frozen=True, eq=False)
class UnseenRows:
    """Encoded rows `x` (n, inputs), their truth as a decoder gives it, and the `weights` (n,) of the rows.

    `scores` says of any such rows what is predicted (n, outputs), as the decoder of all parts reads it.
    `inputs` is what encoded them, `products` about how many multiplications a row takes.
    """

    x: Rows
    truth: Array
    weights: Vector | None
    inputs: InputEncoder
    scores: Callable[[Matrix], Matrix]
    products: int = 0

    @cached_property
    def columns(self) -> Mapping[str, Indices]:
        """The inputs of each column of the table: levels, parts of a date, the indicator, of all networks."""
        return columns_of(self.inputs)

    @property
    def matrix(self) -> Matrix:
        """The rows as an array in memory, where few of them are."""
        return whole(self.x)

    def take(self, rows: Indices) -> UnseenRows:
        """Some of the rows."""
        weights = None if self.weights is None else self.weights[rows]
        return replace(self, x=taken(self.x, rows), truth=self.truth[rows], weights=weights)


def columns_of(inputs: InputEncoder) -> dict[str, Indices]:
    """The inputs of each column, in the order of the columns."""
    found: dict[str, list[int]] = {}
    start = 0
    for feature in inputs.features:
        end = start + len(feature.input_names)
        found.setdefault(feature.name, []).extend(range(start, end))
        start = end
    return {name: np.array(own, np.intp) for name, own in found.items()}


def sampled(parts: Sequence[UnseenRows], most: int | None, seed: int) -> list[UnseenRows]:
    """The parts with so many rows at the most, drawn from all of them; those that have some."""
    sizes = [len(part.x) for part in parts]
    total = sum(sizes)
    if most is None or total <= most:
        return [part for part in parts if len(part.x)]
    drawn = np.sort(stream(seed, "explained rows").choice(total, most, replace=False))
    bounds = np.searchsorted(drawn, np.cumsum([0, *sizes]))
    starts = np.cumsum([0, *sizes[:-1]])
    chosen = [
        drawn[first:last] - start for first, last, start in zip(bounds, bounds[1:], starts, strict=False)
    ]
    return [part.take(rows) for part, rows in zip(parts, chosen, strict=True) if len(rows)]
