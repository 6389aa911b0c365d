"""Starting values that rows decide: every unit then has scores of variance 1, and a kink among the rows."""

from __future__ import annotations

from typing import Final

import numpy as np

from mlpcli.nn.affine import Affine
from mlpcli.nn.network import Network
from mlpcli.parallel.threads import limited
from mlpcli.storage.rows import Rows, taken, whole

ROWS: Final = 4_096  # of more, so many are drawn
MIXED: Final = 5  # rows whose scores a bias comes from
FLAT: Final = 1e-5  # of the terms of a unit's scores: what varies less may be rounding alone


def fit_to_rows(network: Network, x: Rows, rng: np.random.Generator) -> None:
    """Scale the weights that are there, and draw biases, by training rows `x` (rows, inputs).

    Layer by layer, the last one too: z = x W without a bias; every column of W is divided by the standard
    deviation of its unit's z over the rows; its bias becomes −Σ ω_k z_k over MIXED random rows, a random
    convex combination (ω_k exponential, divided by their sum); and the rows go on through what comes next,
    with nothing dropped out, and batch_norm by their own statistics. Units with the same z in every row
    keep what they have. Holzmüller et al. 2024 (arXiv 2407.04491), appendix A, with "he+5" biases of
    Steinwart 2019 (arXiv 1903.11482).

    The same rows and rng give the same numbers, whatever the number of threads. At most ROWS rows are seen.
    """
    if len(x) > ROWS:
        x = taken(x, np.sort(rng.choice(len(x), ROWS, replace=False)))
    plan = network.twin().training_plan(len(x))
    for mask in plan.masks:
        mask.fill(1.0)
    plan.take(whole(x))
    with limited(1), np.errstate(all="ignore"):  # what overflows is for the check on divergence
        for step in plan.steps:
            step.forward()
            if isinstance(step, Affine):
                _fit(step, rng)
                step.forward()


def _fit(affine: Affine, rng: np.random.Generator) -> None:
    """The weights and biases of a layer, from the scores in z of weights as they are and no biases."""
    z = affine.z.astype(np.float64)
    # of what z adds up: terms that cancel leave their rounding
    size = np.abs(affine.x).max(axis=0).astype(np.float64) @ np.abs(affine.W)
    spread = z.std(axis=0)
    varies = np.isfinite(spread) & (spread > FLAT * size)
    scale = np.where(varies, spread, 1.0)
    chosen = rng.integers(0, len(z), (MIXED, z.shape[1]))
    mixing = rng.exponential(size=chosen.shape)
    mixing /= mixing.sum(axis=0)
    affine.W[...] = affine.W / scale
    if affine.b is not None:
        means = (mixing * z[chosen, np.arange(z.shape[1])]).sum(axis=0)
        affine.b[...] = np.where(varies, -means / scale, 0.0)
