"""Many points counted in hexagons, the nearest center each: as a picture of too many dots is grey.

Centers are on two lattices, one in the middle of the other (Carr et al. 1987). Of a hexagon of width w with a
corner up the corners are r = w/√3 above and below, and the rows of centers 3r/2 apart.
"""

from __future__ import annotations

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.report.number_parts import Hexagons

ACROSS = 24  # hexagons side by side


def hexagons_of(x: Vector, y: Vector) -> Hexagons:
    """The hexagons that have a point of x, y (n,), both on the same scale, which is that of both axes."""
    low = min(x.min(), y.min())
    span = max(x.max(), y.max()) - low or 1.0
    width, corner = 1.0 / ACROSS, 1.0 / ACROSS / np.sqrt(3.0)
    u, v = (x - low) / span, (y - low) / span
    centers = np.stack(
        [_nearest(u, v, width, 3 * corner, at) for at in ((0.0, 0.0), (width / 2, 1.5 * corner))]
    )
    away = np.square(centers[:, :, 0] - u) + np.square(centers[:, :, 1] - v)
    nearest = np.where((away[0] <= away[1])[:, np.newaxis], centers[0], centers[1])
    places, rows = np.unique(np.round(nearest, 9), axis=0, return_counts=True)
    return Hexagons(
        x=tuple((low + span * places[:, 0]).tolist()),
        y=tuple((low + span * places[:, 1]).tolist()),
        rows=tuple(rows.tolist()),
        width=span * width,
        height=span * float(corner),
    )


def _nearest(u: Vector, v: Vector, across: float, up: float, start: tuple[float, float]) -> Vector:
    """The nearest centers (n, 2) of a lattice that begins at a place."""
    columns, rows = np.round((u - start[0]) / across), np.round((v - start[1]) / up)
    return np.stack([start[0] + columns * across, start[1] + rows * up], axis=1)
