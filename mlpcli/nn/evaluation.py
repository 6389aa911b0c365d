"""Forward passes outside training, in which a row's outputs depend on nothing but the row.

What a BLAS promises of a product is its value to rounding, and it adds up in tiles: two rows are treated
alike to the last bit only where they lie alike in these. Found in OpenBLAS 0.3.31, in its kernels for
Prescott, Nehalem, Sandybridge, Haswell (Zen's too) and SkylakeX (Cooperlake's and Sapphire Rapids's too), in
float32 and float64:

- Rows that vector registers run along are alike, whatever the width, where the registers are full: so arrays
  here have unit after unit (zᵀ = Wᵀ xᵀ), and the rows are a multiple of 16, the longest register. Along the
  other dimension tiles have 2 to 24 rows, and the last one, which is shorter, has its own code.
- Haswell's `sgemm` begins and ends a block of rows with a tile of 8 that adds up even and odd terms apart.
  So the rows have a margin on both sides, which nobody reads. A block has at least 320 rows: there is one.
- A product with a single column is another routine. Where it works row by row its sums depend, in the older
  kernels, on how a row is aligned; unit by unit they do not.
- Threads of BLAS divide the rows, and each part is a block: a pass has one thread, and others other chunks.
- Shortcuts for small products are chosen by the shape, which is the same for all rows: or there are two
  shapes, a short one for few rows of a wide network, and every product takes the same way in both. In
  OpenBLAS the shortcuts are for at most 10⁶ multiplications.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Final

import numpy as np

from mlpcli.arrays import Matrix
from mlpcli.nn.plan import EvaluationPlan
from mlpcli.parallel.shares import share
from mlpcli.parallel.threads import limited

CHUNK: Final = 256  # rows of a pass that are somebody's
MARGIN: Final = 8  # rows before them, and after them
ROWS: Final = CHUNK + 2 * MARGIN
FEW: Final = 16  # rows of a short pass that are somebody's
SHORTCUT: Final = 10**6  # multiplications of a product for which there may be a shortcut
WORTH: Final = 100_000  # multiplications for a row from which on a short pass is worth its memory


class Evaluation:
    """Runs plans of ROWS rows, whose arrays have unit after unit, over any number of rows.

    `plan` makes one; each worker has its own. `products` are the multiplications for a row of each matrix
    product, where these are all that there are.
    """

    def __init__(self, plan: Callable[[int], EvaluationPlan], products: Sequence[int] = ()) -> None:
        self._plan = plan
        self._passes: list[_Pass] = []
        self._has_short_pass = is_worth_a_short_pass(products)
        self._short_pass: _Pass | None = None

    def scores(self, x: Matrix, out: Matrix, workers: int = 1) -> None:
        """The scores (rows, outputs) of `x` (rows, inputs) into `out`, by so many threads at once."""
        if self._has_short_pass and len(x) <= FEW:
            self._short_pass = self._short_pass or _Pass(self._plan(FEW + 2 * MARGIN), FEW)
            with limited(1):
                self._short_pass.scores(x, out)
            return
        self._passes += [_Pass(self._plan(ROWS), CHUNK) for _ in range(len(self._passes), workers)]
        with limited(1):
            if workers == 1:
                self._passes[0].scores(x, out)
            else:
                self._at_once(x, out, workers)

    def _at_once(self, x: Matrix, out: Matrix, workers: int) -> None:
        parts = [rows_of(len(x), worker, workers) for worker in range(workers)]
        with ThreadPoolExecutor(workers) as pool:
            done = [
                pool.submit(copy_context().run, one.scores, x[rows], out[rows])
                for one, rows in zip(self._passes, parts, strict=False)
            ]
        for part in done:
            part.result()


def is_worth_a_short_pass(products: Sequence[int]) -> bool:
    """Whether a pass over few rows saves much, and none of its products may take another way."""
    alike = all(ROWS * size <= SHORTCUT or (FEW + 2 * MARGIN) * size > SHORTCUT for size in products)
    return sum(products) >= WORTH and alike


def rows_of(rows: int, worker: int, workers: int) -> slice:
    """A worker's part of the rows, cut between chunks."""
    chunks = share(-(-rows // CHUNK), worker, workers)
    return slice(chunks.start * CHUNK, min(chunks.stop * CHUNK, rows))


class _Pass:
    """One plan, and where its rows, `chunk` of them, are between the margins."""

    def __init__(self, plan: EvaluationPlan, chunk: int) -> None:
        self._plan, self._chunk = plan, chunk
        rows = slice(MARGIN, MARGIN + chunk)
        self._x, self._scores = plan.x[rows], plan.scores[rows]
        plan.x.fill(0.0)
        self._taken = 0  # rows behind which all are zero

    def scores(self, x: Matrix, out: Matrix) -> None:
        """Chunk after chunk; what is missing to the last one is zero."""
        for start in range(0, len(x), self._chunk):
            chunk = x[start : start + self._chunk]
            rows = len(chunk)
            np.copyto(self._x[:rows], chunk)
            self._x[rows : self._taken] = 0.0
            self._taken = rows
            self._plan.run()
            out[start : start + rows] = self._scores[:rows]
