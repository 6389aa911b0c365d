"""Outputs from scores, in double precision: what a network says is computed once more than what it learns.

A score of 20 and one of 30 are two different float32 numbers, and σ of both is 1; 1 − σ has lost all digits
long before. So forward passes end with the scores, and what follows them, the output activation, is computed
in float64, where a sum of probabilities is 1 but for its rounding.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mlpcli.arrays import Matrix
from mlpcli.config.loss_spec import LOSSES
from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.evaluation import CHUNK
from mlpcli.nn.layers import EvaluationSite
from mlpcli.nn.plan import Buffers
from mlpcli.nn.pointwise import ActivationKind


def output_step(output: ActivationChoice, loss: str) -> ActivationChoice | None:
    """The output activation that has to be a step of its own, or None: `loss` owns it, or identity."""
    return None if output.name in {LOSSES[loss].output_activation, "identity"} else output


def in_place(activation: ActivationChoice, z: Matrix) -> Callable[[], None]:
    """A call that puts φ(z) into `z` (rows, outputs)."""
    rows, outputs = z.shape
    site = EvaluationSite(z, z, {}, Buffers(rows, outputs, z.dtype))
    steps = tuple(ActivationKind(activation).evaluation(site))

    def activate() -> None:
        for step in steps:
            step.forward()

    return activate


def outputs_of(scores: Matrix, activation: ActivationChoice) -> Matrix:
    """φ of scores (rows, outputs), in float64.

    Always so many rows at a time: a row's outputs depend, to the last bit, on that row alone.
    """
    if activation.name == "identity":
        return scores.astype(np.float64)
    outputs = np.empty(scores.shape)
    z = np.zeros((CHUNK, scores.shape[1]))
    activate = in_place(activation, z)
    for start in range(0, len(scores), CHUNK):
        chunk = scores[start : start + CHUNK]
        z[: len(chunk)] = chunk
        activate()
        outputs[start : start + CHUNK] = z[: len(chunk)]
    return outputs
