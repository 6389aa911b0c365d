"""What scores mean where a class is predicted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlpcli.exporting.python.runtime.activations import Function, softmax
from mlpcli.exporting.python.runtime.arithmetic import require_finite


class Classes:
    """The class of a row, and the probability of each where there is one.

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
        self.classes, self.function, self.probabilities = classes, function, probabilities
        self.threshold, self.temperature = threshold, temperature
        self.least, self.positive, self.by_scores = least, positive, by_scores
        of_each = [f"probability_{name}" for name in classes] if probabilities else []
        self.names = ["prediction", *of_each]

    def read(self, scores: Sequence[float]) -> list[Any]:
        """A value for each of the names."""
        if self.temperature is not None:
            scores = [z / self.temperature for z in scores]
        outputs = require_finite(self.outputs(scores))
        shares: Sequence[float] = []
        if self.probabilities:
            shares = outputs if len(outputs) > 1 else self.outputs([-scores[0], scores[0]])
        return [self.classes[self.index(scores, outputs, shares)], *shares]

    def outputs(self, scores: Sequence[float]) -> list[float]:
        """Those of the network."""
        return softmax(scores) if self.function is None else list(map(self.function, scores))

    def index(self, scores: Sequence[float], outputs: Sequence[float], shares: Sequence[float]) -> int:
        """Which class is predicted."""
        if self.least is not None:
            return self.positive if shares[self.positive] >= self.least else 1 - self.positive
        if len(outputs) == 1:
            return int(outputs[0] >= self.threshold)
        by = list(scores if self.by_scores else outputs)
        return by.index(max(by))
