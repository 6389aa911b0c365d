"""The memory that losses and links work in: made once for scores of one shape, so that no step allocates.

Why it is more than an array: a row of scores is short, and NumPy works through many short rows slowly, since
every inner loop has but a few entries. Sums over a row are therefore products with a vector, and what needs
maxima over rows works on copies that lie output after output, where the inner loop is along the rows. Where
copies cost more than they save (few rows, or many outputs) there are none. The formulas know nothing of it:
they see scores, targets and a number for each row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.kernels.in_place import bind_but_one
from mlpcli.kernels.kernel import Kernel

FEW = 64  # outputs
MANY = 24  # rows; for fewer, copies cost more than they save


def by_output(matrix: Matrix) -> Matrix:
    """The memory of a matrix (rows, outputs), seen as another one that has output after output.

    That is for many short rows; else it is the matrix itself. Of a stack of matrices, each by itself.
    """
    *stack, rows, outputs = matrix.shape
    if rows <= MANY or not 1 < outputs <= FEW:
        return matrix
    return matrix.reshape(*stack, outputs, rows).swapaxes(-1, -2)


def rearranged(matrix: Matrix, copy: Matrix | None) -> Matrix:
    """A copy of the matrix there, or where there is no place for one the matrix itself."""
    if copy is None:
        return matrix
    np.copyto(copy, matrix)
    return copy


Product: TypeAlias = Callable[[Array, Array, Array], Any]
"""Of a matrix, or each of a stack of them, and a vector, into the third array."""


def product_of(matrix: Array) -> Product:
    """That of arrays like this one; a stack's matrices each have the very sums that they have alone."""
    # the arrays' own method: a third of a microsecond faster, of a step of thirty
    return np.ndarray.dot if matrix.ndim == 2 else np.matmul


class Workspace(NamedTuple):
    """Memory to work in beside scores (rows, outputs), or a stack of such; what is in it is lost.

    `scratch` has the shape of the scores. Where `by_output` would have these otherwise, `s` and `t` are for
    such copies of scores and targets; `s` has the memory of `scratch`. There is a number for each row, seen
    as `row` (rows,) and as `column` (rows, 1), and another one. `ones` (outputs,) stay what they are: their
    `product` with a matrix is the fastest sum over a row.
    """

    scratch: Matrix
    s: Matrix | None
    t: Matrix | None
    row: Vector
    column: Matrix
    other_row: Vector
    other_column: Matrix
    ones: Vector
    product: Product

    @classmethod
    def like(cls, scores: Matrix) -> Workspace:
        """New memory for scores like these."""
        *rows, outputs = scores.shape
        scratch = np.empty((*rows, outputs), scores.dtype)
        s = by_output(scratch)
        t = None if s is scratch else np.empty_like(s)
        copies = (None if t is None else s), t
        row, other_row = (np.empty(rows, scores.dtype) for _ in range(2))
        ones = np.ones(outputs, scores.dtype)
        columns = row[..., None], other_row[..., None]
        return cls(scratch, *copies, row, columns[0], other_row, columns[1], ones, product_of(scores))


RowLosses: TypeAlias = Callable[[Matrix], Vector]
"""Bound to scores z and to dz: from targets (rows, outputs) to the loss of each row, (rows,).

It leaves ∂(row's loss)/∂z in dz; what was in z is lost.
"""

Term: TypeAlias = Callable[..., tuple[Any, Any]]
"""`f(z, y, **options)`: a term of one score and one target, and its derivative by the score."""

Bind: TypeAlias = Callable[..., RowLosses]
"""`bind(z, dz, **options)`."""


def sum_of(term: Term) -> Bind:
    """Binds a loss that adds a term up over the outputs of a row."""

    def bind(z: Matrix, dz: Matrix, **options: float) -> RowLosses:
        return _bind_term(term, options, 1.0, (z, dz))

    return bind


def mean_of(term: Term) -> Bind:
    """Binds a loss that averages a term over the outputs of a row."""

    def bind(z: Matrix, dz: Matrix, **options: float) -> RowLosses:
        return _bind_term(term, options, 1.0 / z.shape[-1], (z, dz))

    return bind


def _bind_term(
    term: Term, options: dict[str, float], per_output: float, to: tuple[Matrix, Matrix]
) -> RowLosses:
    """row ← per_output · Σ terms,  dz ← per_output · their derivatives; the terms take the place of z."""

    def formula(z: Array, y: Array) -> dict[str, Array]:
        value, slope = term(z, y, **options)
        return {"z": value, "dz": slope * per_output}

    z, dz = to
    kernel = Kernel(formula, ("z", "y"))
    scratch = [np.empty_like(z) for _ in range(kernel.temporaries)]
    evaluate = bind_but_one(kernel, {"z": z, "dz": dz}, "y", scratch)
    row, factors = np.empty(z.shape[:-1], z.dtype), np.full(z.shape[-1], per_output, z.dtype)
    product = product_of(z)

    def of_rows(y: Matrix) -> Vector:
        evaluate(y)
        product(z, factors, row)
        return row

    return of_rows


def by_row(formula: Callable[[Matrix, Matrix, Matrix, Workspace], None]) -> Bind:
    """Binds a loss that compares the scores of a row: a formula that leaves its own in `work.row`."""

    def bind(z: Matrix, dz: Matrix, **_options: float) -> RowLosses:
        work = Workspace.like(z)

        def of_rows(y: Matrix) -> Vector:
            formula(z, y, dz, work)
            return work.row

        return of_rows

    return bind
