"""What scores mean: classes, labels or numbers, for all rows at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlpcli.exporting.python.runtime.digits import as_single_tells
from mlpcli.exporting.python.vectorized.activations import Function, softmax
from mlpcli.exporting.python.vectorized.arrays import PRECISION, Array
from mlpcli.exporting.python.vectorized.units import Units


class Classes:
    """The class of each row, and the probability of each class where there is one.

    `function` makes outputs of scores, None where that is softmax. One output is that of the last of two
    classes, which is predicted from `threshold` on. With `least` it is the class `positive`, from that
    probability on. Otherwise it is the class of the largest score, of the largest output unless `by_scores`.
    """

    def __init__(
        self,
        classes: Sequence[str],
        function: Function | None,
        *,
        probabilities: bool,
        threshold: float = 0.5,
        temperature: float | None = None,
        least: float | None = None,
        positive: int = 1,
        by_scores: bool = True,
    ) -> None:
        self.classes = np.array(classes, dtype=object)
        self.function, self.probabilities = function or softmax, probabilities
        self.threshold, self.temperature = threshold, temperature or 1.0
        self.least, self.positive, self.by_scores = least, positive, by_scores
        of_each = [f"probability_{name}" for name in classes] if probabilities else []
        self.names = ["prediction", *of_each]

    def read(self, scores: Array) -> tuple[list[Array], Array]:
        """A column for each of the names, and the outputs of the network."""
        z = scores / self.temperature
        outputs = shares = self.function(z)
        if self.probabilities and outputs.shape[1] == 1:
            shares = np.hstack([self.function(-z), outputs])
        if self.least is not None:
            which = np.where(shares[:, self.positive] >= self.least, self.positive, 1 - self.positive)
        elif outputs.shape[1] == 1:
            which = (outputs[:, 0] >= self.threshold).astype(np.intp)
        else:
            which = (z if self.by_scores else outputs).argmax(axis=1)
        return [self.classes[which], *(shares.T if self.probabilities else ())], outputs


class Labels:
    """For each of some columns one of two words, the second from `threshold` on, and its probability."""

    def __init__(
        self,
        columns: Sequence[str],
        words: Sequence[str],
        function: Function,
        *,
        probabilities: bool,
        threshold: float = 0.5,
        temperature: float | None = None,
    ) -> None:
        self.words = np.array(words, dtype=object)
        self.function, self.probabilities = function, probabilities
        self.threshold, self.temperature = threshold, temperature or 1.0
        kinds = ["prediction", "probability"] if probabilities else ["prediction"]
        self.names = [f"{column}_{kind}" for column in columns for kind in kinds]

    def read(self, scores: Array) -> tuple[list[Array], Array]:
        """A column for each of the names, and the outputs of the network."""
        outputs = self.function(scores / self.temperature)
        found: list[Array] = []
        for column in outputs.T:
            found.append(self.words[(column >= self.threshold).astype(np.intp)])
            found += [column] if self.probabilities else []
        return found, outputs


class Amounts:
    """A number for each of some columns."""

    def __init__(self, columns: Sequence[str], function: Function, units: Units) -> None:
        self.function, self.units = function, units
        self.names = ["prediction"] if len(columns) == 1 else [f"{name}_prediction" for name in columns]

    def read(self, scores: Array) -> tuple[list[Array], Array]:
        """A column for each of the names, and the numbers with all their digits."""
        numbers = self.units.numbers(self.function(scores))
        if PRECISION == "d":
            return list(numbers.T), numbers
        lines = (
            values.tolist()
            for column in (numbers, *self.units.line_at(numbers))
            for values in [column.ravel()]
        )
        told = [as_single_tells(*line) for line in zip(*lines)]
        return list(self.units.bounded(np.array(told).reshape(numbers.shape)).T), numbers
