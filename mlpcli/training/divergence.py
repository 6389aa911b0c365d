"""Noticing numbers that are not finite before they become weights, and saying where they came up."""

from __future__ import annotations

from math import isfinite

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.errors import DivergedError, Problem
from mlpcli.nn.layout import Layout


def is_finite(vector: Vector) -> bool:
    """Whether every entry is finite: one dot product, and a second look only where that overflows."""
    return isfinite(vector.dot(vector)) or bool(np.isfinite(vector).all())


def first_bad(layout: Layout, vector: Vector) -> str | None:
    """The name of the first entry of `vector` that is not finite: `layers.1.weight[0, 5]`."""
    bad = np.flatnonzero(~np.isfinite(vector))
    return layout.locate(int(bad[0])) if bad.size else None


def diverged(where: str, what: str, rate: float | None) -> DivergedError:
    """The error that ends a run: where it was, what was not finite, what to try."""
    # quasi-Newton methods have no rate, and nothing to clip
    lower = "" if rate is None else f"a learning rate below {rate:g}, training.clip_norm: 1.0, or "
    hint = f"try {lower}features and targets that are scaled"
    return DivergedError(Problem(f"training diverged in {where}: {what}", hint=hint))
