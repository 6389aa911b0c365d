"""Partial dependence: what is predicted on average where all rows have the same cell in a column, or in two.

Friedman 2001, "Greedy function approximation", section 8.2: of rows x whose inputs B are those of the cell v,

    dependence(v) = mean over i of f(x_i with x_i[B] ← v),

and without the mean a line a row (individual conditional expectation, Goldstein et al. 2015). f are
probabilities, or numbers in the target's units. Where columns go together, some of the rows are like none
that there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from mlpcli.arrays import Array, Indices, Matrix, Vector
from mlpcli.explaining.grids import Grid
from mlpcli.explaining.unseen_rows import UnseenRows, sampled
from mlpcli.training.decoder import OutputDecoder

ENTRIES = 1 << 21  # of the inputs of several cells, which are asked about at once
MOST_LINES = 50


@dataclass(frozen=True)
class Asked:
    """How many rows are asked about at the most, and the seed by which they are drawn."""

    most_rows: int = 500
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Dependence:
    """What is predicted along the grids: `mean` (cells, outputs), of two columns (cells, cells, outputs).

    `lines` (rows, cells, outputs) of some rows each by itself; none of two columns. `outputs` are classes,
    labels or targets. On `rows` of `of_rows` rows.
    """

    grids: tuple[Grid, ...]
    outputs: tuple[str, ...]
    mean: Array
    lines: Array
    rows: int
    of_rows: int


def dependence(
    parts: Sequence[UnseenRows], decoder: OutputDecoder, grids: Sequence[Grid], asked: Asked
) -> Dependence:
    """The dependence on one column or two, over rows of all parts; those with weights count by these."""
    used = sampled(parts, asked.most_rows, asked.seed)
    along = np.concatenate([_along(part, decoder, grids) for part in used])
    known = [part.weights for part in used if part.weights is not None]
    weights: Vector | None = np.concatenate(known) if known and np.concatenate(known).any() else None
    shape = tuple(len(grid.cells) for grid in grids)
    mean = np.average(along, axis=0, weights=weights).reshape(*shape, -1)
    lines = along[: MOST_LINES if len(grids) == 1 else 0]
    rows, of_rows = (sum(len(part.x) for part in some) for some in (used, parts))
    return Dependence(tuple(grids), output_names(decoder), mean, lines, rows, of_rows)


def output_names(decoder: OutputDecoder) -> tuple[str, ...]:
    """What is predicted: the probability of each class, or of each label, or each target."""
    target = decoder.target
    if target.task != "classification":
        return target.columns
    return target.classes if decoder.probabilistic or target.outputs > 1 else target.classes[-1:]


def _along(part: UnseenRows, decoder: OutputDecoder, grids: Sequence[Grid]) -> Array:
    """The outputs (rows, cells, outputs), of two columns all pairs of their cells."""
    rows, width = part.matrix.shape
    inputs = np.concatenate([part.columns[grid.column] for grid in grids])
    cells = _cells(part, grids)
    several = max(1, ENTRIES // max(1, rows * width))
    some = (cells[start : start + several] for start in range(0, len(cells), several))
    return np.concatenate([_asked(part, decoder, inputs, own) for own in some], axis=1)


def _cells(part: UnseenRows, grids: Sequence[Grid]) -> Matrix:
    """The inputs (cells, inputs) of the columns together, for each cell or pair of cells."""
    blocks = [grid.block(part.inputs, part.matrix.dtype.name) for grid in grids]
    return np.stack([np.concatenate(pair) for pair in product(*blocks)])


def _asked(part: UnseenRows, decoder: OutputDecoder, inputs: Indices, cells: Matrix) -> Array:
    rows = len(part.x)
    x = np.tile(part.matrix, (len(cells), 1))
    x[:, inputs] = np.repeat(cells, rows, axis=0)
    with np.errstate(all="ignore"):
        scores = part.scores(x)
        probable = decoder.probability(scores)
        outputs = decoder.outputs(scores) if probable is None else probable
    return np.swapaxes(outputs.reshape(len(cells), rows, -1), 0, 1)
