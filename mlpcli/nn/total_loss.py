"""The loss of many rows by their scores, in double precision, whoever computed these."""

from __future__ import annotations

from math import nan

import numpy as np

from mlpcli.arrays import Matrix
from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.evaluation import CHUNK
from mlpcli.nn.losses import Loss
from mlpcli.nn.outputs import in_place, output_step

IDENTITY = ActivationChoice("identity", {})


def total_loss(
    loss: Loss, output: ActivationChoice, scores: Matrix, y: Matrix, weights: Matrix | None
) -> float:
    """The loss of rows with these scores before the `output` activation, which stay as they are.

    The mean over rows is weighted, Σ w L / Σ w, whatever the unit of the weights: that of rows that all
    lose the same is what each loses. The sum is so many times the mean as there are rows. NaN where
    nothing weighs anything.
    """
    total, precision = 0.0, np.result_type(scores.dtype, np.float64)
    step = output_step(output, loss.name) or IDENTITY
    z = np.empty_like(scores[:0])
    for start in range(0, len(scores), CHUNK):
        rows = slice(start, start + CHUNK)
        if len(z) != len(y[rows]):  # the first chunk, and the last one where it is shorter
            z = np.empty(scores[rows].shape, precision)
            activate = in_place(step, z)
            of_chunk = loss.bind(z, loss.arranged(np.empty_like(z)))
        np.copyto(z, scores[rows])
        activate()
        of_rows = of_chunk(y[rows].astype(precision))
        total += (of_rows if weights is None else of_rows * weights[rows, 0]).sum().item()
    weight = float(len(scores)) if weights is None else weights.sum(dtype=np.float64).item()
    if not weight:
        return nan
    return total * (len(scores) / weight) if loss.reduction == "sum" else total / weight
