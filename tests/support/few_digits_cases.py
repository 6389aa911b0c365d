"""Numbers scale · z + center of float32 scores z, for what shortens them in exports."""

from __future__ import annotations

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.training.few_digits import as_float32_tells


def few_digits_cases() -> tuple[Vector, Vector, Vector, Vector]:
    """Numbers, centers, scales, and what they are shortened to, each (n,)."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=2_000).astype(np.float32).astype(np.float64)
    scale = 10.0 ** rng.uniform(-9, 15, 2_000)
    center = scale * rng.choice([0.0, 1.0, -50.0, 1e4, 1e9], 2_000)
    tens = np.outer(10.0 ** np.arange(-13, 22), 1.0 + 1e-7 * np.arange(-3, 4)).ravel()
    ends = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-40, 1e300])
    numbers = np.concatenate([scale * z + center, tens, ends])
    more = np.ones(len(tens) + len(ends))
    centers, scales = np.concatenate([center, 0.0 * more]), np.concatenate([scale, more])
    with np.errstate(all="ignore"):
        told = as_float32_tells(numbers[np.newaxis], centers, scales)[0]
    return numbers, centers, scales, told
