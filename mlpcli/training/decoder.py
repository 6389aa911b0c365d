"""What a network's scores mean: classes, probabilities, or numbers in the target's units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array, Matrix, Vector
from mlpcli.config.activation_spec import PROBABILITIES
from mlpcli.config.loss_spec import LOSSES
from mlpcli.data.target import TargetEncoder
from mlpcli.nn.activations import INCREASING, ActivationChoice
from mlpcli.nn.outputs import outputs_of
from mlpcli.training.class_scores import ClassScores
from mlpcli.training.few_digits import as_float32_tells
from mlpcli.training.predictions import Predictions

LARGEST = float(np.finfo(np.float64).max)


@dataclass(frozen=True, eq=False)
class OutputDecoder:
    """How to read scores (n, outputs) of a network that was trained on a target.

    `output` makes outputs of them; `threshold`: from which output on a class of one output, or a label, is
    predicted: 0.5, for a hinge's scores 0. Fitted after the weights are `temperature`, by which scores are
    divided before they are anything else, and `least`, from which probability on the positive class of two is
    predicted, in place of the threshold.
    """

    target: TargetEncoder
    threshold: float
    output: ActivationChoice
    temperature: float | None = None
    least: float | None = None

    @property
    def probabilistic(self) -> bool:
        """Whether outputs are probabilities."""
        return self.target.task != "regression" and self.output.name in PROBABILITIES

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

    def cooled(self, scores: Matrix) -> Matrix:
        """The scores at the temperature, in float64; as they are where there is none."""
        return scores if self.temperature is None else scores.astype(np.float64) / self.temperature

    def outputs(self, scores: Matrix) -> Matrix:
        """What the network puts out (n, outputs): probabilities, or numbers in the target's units."""
        outputs = outputs_of(self.cooled(scores), self.output)
        return self.target.predicted(outputs) if self.target.task == "regression" else outputs

    def predicted(self, scores: Matrix) -> Array:
        """Class indices (n,), labels 0 or 1 (n, K), or numbers in the target's units (n, K), float64."""
        if self.target.task == "regression":
            return self.outputs(scores)
        if self.least is not None:
            positive = self.target.positive
            reached = self.probability_of_each(scores)[:, positive] >= self.least
            return np.where(reached, positive, 1 - positive)
        if self.target.task == "classification" and scores.shape[1] > 1:
            # the largest score has the largest output, which may be rounded to that of the next one
            ordered = self.output.name in INCREASING | {"softmax"}
            outputs = scores if ordered else self.outputs(scores)
            return np.asarray(outputs.argmax(axis=1), dtype=np.intp)
        there = (self.outputs(scores) >= self.threshold).astype(np.intp)
        return there[:, 0] if self.target.task == "classification" else there

    def words(self, scores: Matrix) -> Array:
        """The predictions as the file has its targets: (n, columns), texts or numbers.

        Numbers of a float32 network have no more digits than float32 tells apart.
        """
        predicted = self.predicted(scores)
        if self.target.task == "regression" and scores.dtype == np.float32:
            with np.errstate(all="ignore"):  # rows without a finite output have a fault already
                line = self.target.line_at(predicted)
            return self.target.bounded(as_float32_tells(predicted, *line))
        return predicted if self.target.task == "regression" else self.target.decode(predicted)

    def probability(self, scores: Matrix) -> Matrix | None:
        """The probability of every class (n, C), of every label (n, K), or None."""
        return self.probability_of_each(scores) if self.probabilistic else None

    def probability_of_each(self, scores: Matrix) -> Matrix:
        """The same of outputs that are probabilities."""
        return self._of_each(scores).probability()

    def log_probability_of_each(self, scores: Matrix) -> Matrix:
        """The logarithms of these, as far below 0 as float64 goes."""
        return self._of_each(scores).log_probability()

    def _of_each(self, scores: Matrix) -> ClassScores:
        """A column of scores for every class, for every label."""
        given = self.class_scores(scores)
        both = self.target.task == "classification" and given.columns == 1
        return given.of_both() if both else given

    def class_scores(self, scores: Matrix) -> ClassScores:
        """The scores of classes, or of labels, at the temperature."""
        return ClassScores(self.cooled(scores), self.output)

    def truth(self, y: Matrix) -> Array:
        """What `predicted` should have been, from targets as the target encoder gives them (n, outputs)."""
        if self.target.task == "classification":
            return self.target.class_indices(y)
        return (
            self._finite(self.target.unscaled(y)) if self.target.task == "regression" else y.astype(np.intp)
        )

    def predictions(self, scores: Matrix, truth: Array, weights: Vector | None) -> Predictions:
        """Truth, as `truth` gives it, and prediction together, for the metrics."""
        predicted = self.predicted(scores)
        return Predictions(
            task=self.target.task,
            truth=truth,
            predicted=self._finite(predicted) if self.target.task == "regression" else predicted,
            scores=None if self.target.task == "regression" else self.class_scores(scores),
            weights=weights,
            positive=self.target.positive,
        )

    def _finite(self, numbers: Matrix) -> Matrix:
        """Numbers for the metrics: one that a transform made infinite is the largest that there is."""
        return numbers if self.target.transform is None else np.clip(numbers, -LARGEST, LARGEST)


def decoder_of(target: TargetEncoder, loss: str, output: ActivationChoice) -> OutputDecoder:
    """The meaning that goes with a target, a loss and an output activation."""
    return OutputDecoder(target, LOSSES[loss].threshold, output)
