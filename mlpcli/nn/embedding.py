"""Embeddings: categories as learnt vectors, looked up by their codes before the first layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Indices, Matrix


@dataclass(frozen=True)
class EmbeddedColumn:
    """Which column of the inputs holds codes, how many there are, and how wide their vectors are."""

    column: int
    levels: int
    width: int

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of the table."""
        return self.levels, self.width


@dataclass
class Lookup:
    """One column of codes: v = W[code], and for a negative code the zero vector;  dW[c] = Σ dv over code c.

    W (levels, width), v and dv (rows, width) in `values` by turns. `index` is memory for the places of all
    entries of dv in dW: adding at single entries is several times as fast as adding at rows.
    """

    column: int
    W: Matrix
    dW: Matrix
    codes: Indices
    values: Matrix
    index: Indices | None

    def __post_init__(self) -> None:
        self.unknown = np.empty(self.codes.shape, np.bool_)
        self.units = np.arange(self.W.shape[1])

    def read(self, x: Matrix, out: Matrix) -> None:
        """out ← the vectors of the codes in their column of x."""
        np.copyto(self.codes, x.real[:, self.column], casting="unsafe")
        np.minimum(self.codes, len(self.W) - 1, out=self.codes)
        np.less(self.codes, 0, out=self.unknown)
        np.take(self.W, self.codes, axis=0, out=self.values, mode="clip")
        self._blank_unknown()
        np.copyto(out, self.values)

    def learn(self, dv: Matrix) -> None:
        """dW ← the sums of dv over the rows of each code."""
        assert self.index is not None  # an evaluation plan, which has none, is never run backward
        np.copyto(self.values, dv)
        self._blank_unknown()
        np.multiply(self.codes[:, None], len(self.units), out=self.index)
        np.add(self.index, self.units, out=self.index)
        self.dW.fill(0.0)
        np.add.at(self.dW.reshape(-1), self.index.reshape(-1), self.values.reshape(-1))

    def _blank_unknown(self) -> None:
        if self.unknown.any():
            self.values[self.unknown] = 0.0


@dataclass
class Embedding:
    """h = x with every column of codes replaced by the vectors of its table, in the order of the columns.

    x (rows, columns), h (rows, inputs of the first layer). Guo & Berkhahn 2016.
    """

    x: Matrix
    h: Matrix
    dh: Matrix
    lookups: Sequence[Lookup]

    def __post_init__(self) -> None:
        self.spans = list(_spans({lookup.column: lookup for lookup in self.lookups}, self.h.shape[1]))

    @property
    def output(self) -> tuple[Matrix, Matrix]:
        """h and dh."""
        return self.h, self.dh

    def forward(self) -> None:
        """h ← columns of x, or vectors in their places."""
        for lookup, columns, place in self.spans:
            if lookup is None:
                np.copyto(self.h[:, place], self.x[:, columns])
            else:
                lookup.read(self.x, self.h[:, place])

    def backward(self) -> None:
        """dW of every table from dh; nothing below learns."""
        for lookup, _, place in self.spans:
            if lookup is not None:
                lookup.learn(self.dh[:, place])


def _spans(lookups: dict[int, Lookup], width: int) -> Iterator[tuple[Lookup | None, slice, slice]]:
    """Each table, or stretch of plain columns: its columns in x, and its place in h."""
    column = start = 0
    while start < width:
        lookup = lookups.get(column)
        if lookup is not None:
            taken, given = 1, lookup.W.shape[1]
        else:
            after = [embedded for embedded in lookups if embedded > column]
            taken = given = min(after, default=column + width - start) - column
        yield lookup, slice(column, column + taken), slice(start, start + given)
        column, start = column + taken, start + given
