"""The affine part of a layer for many changes at once: each changes one column of z = x W + b alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mlpcli.arrays import Array, Indices, Vector
from mlpcli.nn.affine import Affine


class Columns:
    """Moving W[i, j] or b[j] changes column j alone: that is computed again, by the layer's own step.

    One product does it for n changes: of x and a matrix (inputs, n) of n changed columns.
    """

    def __init__(self, affine: Affine, array: Array) -> None:
        self._affine = affine
        self._is_weight = array is affine.W
        affine.forward()
        self._z = affine.z.copy()

    def largest_input(self) -> Vector | None:
        """(inputs,): the largest number that each weight of a unit is multiplied by; None of a bias."""
        return np.abs(self._affine.x).max(axis=0) if self._is_weight else None

    def fill(self, z: Array, ks: Indices, values: Array) -> None:
        """z (n, rows, outputs) with entry `ks[n]` of the array set to `values[n]`."""
        affine, n = self._affine, np.arange(len(ks))
        rows, columns = np.divmod(ks, z.shape[2])
        W, b = affine.W[:, columns], None if affine.b is None else affine.b[columns]
        if self._is_weight:
            W[rows, n] = values
        elif b is not None:
            b[...] = values
        narrow = replace(affine, W=W, b=b, z=np.empty((z.shape[1], len(ks)), z.dtype))
        narrow.forward()
        z[...] = self._z
        z[n, :, columns] = narrow.z.T
