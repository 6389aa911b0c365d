"""What a network's outputs mean: classes, probabilities, or numbers in the target's units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.config.activation_spec import PROBABILITIES
from mlpcli.config.loss_spec import LOSSES
from mlpcli.data.target import TargetEncoder
from mlpcli.training.predictions import Predictions


@dataclass(frozen=True, eq=False)
class OutputDecoder:
    """How to read outputs (n, outputs) of a network that was trained on a target.

    `threshold`: from which output on a class of one output, or a label, is predicted: 0.5, for a hinge's
    scores 0. `probabilistic`: whether outputs are probabilities.
    """

    target: TargetEncoder
    threshold: float
    probabilistic: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """What the columns of predictions are called, as `mlp predict` writes them."""
        target = self.target
        if target.task == "classification":
            of_classes = (f"probability_{name}" for name in target.classes) if self.probabilistic else ()
            return ("prediction", *of_classes)
        if len(target.columns) == 1 and target.task == "regression":
            return ("prediction",)
        kinds = ("prediction", "probability") if self.probabilistic else ("prediction",)
        return tuple(f"{name}_{kind}" for name in target.columns for kind in kinds)

    def predicted(self, outputs: Matrix) -> Array:
        """Class indices (n,), labels 0 or 1 (n, K), or numbers in the target's units (n, K), float64."""
        if self.target.task == "regression":
            return self.target.unscaled(outputs.astype(np.float64))
        if self.target.task == "multilabel":
            return (outputs >= self.threshold).astype(np.intp)
        return self.target.class_indices(outputs, self.threshold)

    def words(self, outputs: Matrix) -> Array:
        """The predictions as the file has its targets: (n, columns), texts or numbers."""
        return self.target.decode(outputs.astype(np.float64), self.threshold)

    def probability(self, outputs: Matrix) -> Matrix | None:
        """The probability of every class (n, C), of every label (n, K), or None."""
        if not self.probabilistic:
            return None
        wide = outputs.astype(np.float64)
        if self.target.task == "classification" and outputs.shape[1] == 1:
            return np.hstack([1.0 - wide, wide])
        return wide

    def truth(self, y: Matrix) -> Array:
        """What `predicted` should have been, from targets as the target encoder gives them (n, outputs)."""
        if self.target.task == "classification":
            return self.target.class_indices(y)
        return self.predicted(y) if self.target.task == "regression" else y.astype(np.intp)

    def predictions(self, outputs: Matrix, truth: Array, weights: Vector | None) -> Predictions:
        """Truth, as `truth` gives it, and prediction together, for the metrics."""
        score = None if self.target.task == "regression" else outputs.astype(np.float64)
        return Predictions(
            task=self.target.task,
            truth=truth,
            predicted=self.predicted(outputs),
            probability=self.probability(outputs),
            score=score,
            weights=weights,
            positive=self.target.positive,
        )


def decoder_of(target: TargetEncoder, loss: str, output_activation: str) -> OutputDecoder:
    """The meaning that goes with a target, a loss and an output activation."""
    probabilistic = target.task != "regression" and output_activation in PROBABILITIES
    return OutputDecoder(target, LOSSES[loss].threshold, probabilistic)
