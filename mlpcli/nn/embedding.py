"""Embeddings: categories as learnt vectors, looked up by their codes before the first layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mlpcli.arrays import Indices, Matrix
from mlpcli.nn.initializers import normal
from mlpcli.nn.layers import Entry, EvaluationSite, Site, Start


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


@dataclass(frozen=True)
class EmbeddingKind:
    """Tables of vectors, one for each column of codes: a layer of its own, before the first one."""

    columns: tuple[EmbeddedColumn, ...]

    def entries(self, _inputs: int, _outputs: int) -> Iterator[Entry]:
        """W (levels, width) of each column; its vectors are normal, and of length 1 on average."""
        for number, embedded in enumerate(self.columns):
            yield Entry(_table(number), embedded.shape, "weight", _unit_vectors(embedded), "weight")

    def training(self, site: Site) -> Iterator[Embedding]:
        """One step."""
        gradients = [site.gradients[_table(number)] for number in range(len(self.columns))]
        lookups = self._lookups(site)
        places = np.empty(max(lookup.values.size for lookup in lookups), np.intp)
        indices = [places[: one.values.size].reshape(one.values.shape) for one in lookups]
        yield Embedding(site.x, site.z, site.dz, lookups, gradients, indices)

    def evaluation(self, site: EvaluationSite) -> Iterator[EvaluationEmbedding]:
        """One step."""
        yield EvaluationEmbedding(site.x, site.z, self._lookups(site))

    def _lookups(self, site: Site | EvaluationSite) -> list[Lookup]:
        lookups = []
        for number, embedded in enumerate(self.columns):
            codes, values = np.empty(site.memory.rows, np.intp), site.memory.scratch(embedded.width)
            lookups.append(Lookup(embedded.column, site.arrays[_table(number)], codes, values))
        return lookups


def _table(number: int) -> str:
    return f"{number}.weight"


def _unit_vectors(embedded: EmbeddedColumn) -> Start:
    return lambda draws: normal(embedded.width**-0.5)(embedded.shape, draws.rng)


@dataclass
class Lookup:
    """One column of codes: v = W[code], and for a negative code the zero vector;  dW[c] = Σ dv over code c.

    W (levels, width), v and dv (rows, width) in `values` by turns.
    """

    column: int
    W: Matrix
    codes: Indices
    values: Matrix

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

    def learn(self, dv: Matrix, dW: Matrix, index: Indices) -> None:
        """dW ← the sums of dv over the rows of each code.

        `index` (rows, width) is memory for the places of all entries of dv in dW: adding at single entries is
        several times as fast as adding at rows.
        """
        np.copyto(self.values, dv)
        self._blank_unknown()
        np.multiply(self.codes[:, None], len(self.units), out=index)
        np.add(index, self.units, out=index)
        dW.fill(0.0)
        np.add.at(dW.reshape(-1), index.reshape(-1), self.values.reshape(-1))

    def _blank_unknown(self) -> None:
        if self.unknown.any():
            self.values[self.unknown] = 0.0


@dataclass
class Embedding:
    """h = x with every column of codes replaced by the vectors of its table, in the order of the columns.

    x (rows, columns), h (rows, inputs of the first layer). Guo & Berkhahn 2016. Each lookup has a gradient in
    `dW`, and in `indices` memory that they share.
    """

    derivative: ClassVar[str] = "nothing below it learns"
    gradients: ClassVar[Mapping[str, str]] = {
        "weight": "dW[c] = the sum of dh over the rows of code c, plus the penalties once",
    }

    x: Matrix
    h: Matrix
    dh: Matrix
    lookups: Sequence[Lookup]
    dW: Sequence[Matrix]
    indices: Sequence[Indices]

    def __post_init__(self) -> None:
        self.spans = list(_spans(self.lookups, self.h.shape[1]))
        places = {lookup.column: place for lookup, _, place in self.spans if lookup is not None}
        self.places = [places[lookup.column] for lookup in self.lookups]

    @property
    def output(self) -> tuple[Matrix, Matrix]:
        """h and dh."""
        return self.h, self.dh

    def forward(self) -> None:
        """h ← columns of x, or vectors in their places."""
        _replace_codes(self.spans, self.x, self.h)

    def backward(self) -> None:
        """dW of every table from dh; nothing below learns."""
        for lookup, dW, index, place in zip(self.lookups, self.dW, self.indices, self.places, strict=True):
            lookup.learn(self.dh[:, place], dW, index)


@dataclass
class EvaluationEmbedding:
    """h = x with vectors in the places of codes, where nothing is learnt; h is z."""

    x: Matrix
    z: Matrix
    lookups: Sequence[Lookup]

    def __post_init__(self) -> None:
        self.spans = list(_spans(self.lookups, self.z.shape[1]))

    def forward(self) -> None:
        """z ← columns of x, or vectors in their places."""
        _replace_codes(self.spans, self.x, self.z)


Span = tuple[Lookup | None, slice, slice]
"""A table, or a stretch of plain columns: its columns in x, and its place in h."""


def _replace_codes(spans: Sequence[Span], x: Matrix, h: Matrix) -> None:
    for lookup, columns, place in spans:
        if lookup is None:
            np.copyto(h[:, place], x[:, columns])
        else:
            lookup.read(x, h[:, place])


def _spans(lookups: Sequence[Lookup], width: int) -> Iterator[Span]:
    """From the first column of h to the last."""
    at = {lookup.column: lookup for lookup in lookups}
    column = start = 0
    while start < width:
        lookup = at.get(column)
        if lookup is not None:
            taken, given = 1, lookup.W.shape[1]
        else:
            after = [embedded for embedded in at if embedded > column]
            taken = given = min(after, default=column + width - start) - column
        yield lookup, slice(column, column + taken), slice(start, start + given)
        column, start = column + taken, start + given
