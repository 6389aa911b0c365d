"""Labelled rows of a file for the questions that a model is asked: encoded, sampled, none that trained it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.data.encoding import LabelledBatch
from mlpcli.errors import DataError, Place
from mlpcli.explaining.unseen_rows import UnseenRows
from mlpcli.rng import stream
from mlpcli.run.predictor import Model
from mlpcli.run.row_digests import Overlap


@dataclass(frozen=True, eq=False)
class Questioned:
    """Rows that a model is asked about, of `of_rows` that there are, of which so many trained it.

    None where the model does not know its training rows.
    """

    rows: UnseenRows
    of_rows: int
    training_rows: int | None


@dataclass(eq=False)
class _Kept:
    """The rows with the least keys of all that came by: a sample, however many there are."""

    most: int
    keys: Vector = field(default_factory=lambda: np.empty(0))
    rows: list[tuple[Matrix, Array, Vector | None]] = field(default_factory=list)

    def add(self, keys: Vector, x: Matrix, truth: Array, weights: Vector | None) -> None:
        self.keys = np.concatenate([self.keys, keys])
        self.rows.append((x, truth, weights))
        if len(self.keys) > 2 * self.most:
            self.cut()

    def cut(self) -> tuple[Matrix, Array, Vector | None]:
        """The rows in their order, without those that are too many."""
        x, truth = (np.concatenate([row[part] for row in self.rows]) for part in (0, 1))
        known = [weights for _, _, weights in self.rows if weights is not None]
        weights = np.concatenate(known) if known else None
        if len(self.keys) > self.most:
            chosen = np.sort(np.argpartition(self.keys, self.most)[: self.most])
            x, truth, self.keys = x[chosen], truth[chosen], self.keys[chosen]
            weights = None if weights is None else weights[chosen]
        self.rows = [(x, truth, weights)]
        return self.rows[0]


def questioned_rows(model: Model, batches: Iterable[LabelledBatch], most: int, seed: int) -> Questioned:
    """The labelled rows of batches, at most so many of them by chance, for this model.

    Raises DataError for cells that cannot be used, and where there is no row.
    """
    kept, rng, overlaps, of_rows = _Kept(most), stream(seed, "asked rows"), list[Overlap](), 0
    source = ""
    for batch in batches:
        source = batch.inputs.table.source
        if not len(batch.y):
            continue
        batch.inputs.require_good()
        of_rows += len(batch.y)
        kept.add(rng.random(len(batch.y)), batch.inputs.x, model.decoder.truth(batch.y), batch.sample_weights)
        if model.digests is not None:
            y = np.ascontiguousarray(model.loss.prepare(batch.y), model.dtype)
            overlaps.append(model.digests.overlap(batch.inputs, y, model.dtype))
    if not of_rows:
        raise DataError.of("no row has a target", Place(source))
    products = sum(member.network.layout.size for member in model.members)
    rows = UnseenRows(*kept.cut(), model.inputs, model.scores_of, products)
    overlap = sum(overlaps[1:], overlaps[0]) if overlaps else None
    return Questioned(rows, of_rows, None if overlap is None else overlap.training_rows)
