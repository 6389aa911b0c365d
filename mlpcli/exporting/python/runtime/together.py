"""What several networks say together: the mean of their outputs, again as scores."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mlpcli.exporting.python.runtime.activations import Function
from mlpcli.exporting.python.runtime.arithmetic import exp, log, rounded
from mlpcli.exporting.python.runtime.units import Units


def log_sum_exp(z: Sequence[float]) -> float:
    """log of the sum of e^z."""
    largest = max(z)
    return largest + math.log(sum(exp(score - largest) for score in z))


def mean_softmax(each: Sequence[Sequence[float]]) -> list[float]:
    """The logarithm of the mean of softmax(z)."""
    shares = [[score - log_sum_exp(z) for score in z] for z in each]
    return [log_sum_exp(column) - math.log(len(each)) for column in zip(*shares)]


def mean_sigmoid(each: Sequence[Sequence[float]]) -> list[float]:
    """The log-odds of the mean of 1 / (1 + e^-z)."""

    def of_mean(column: Sequence[float], sign: float) -> float:
        return log_sum_exp([min(0.0, sign * z) - math.log1p(exp(-abs(z))) for z in column])

    return [of_mean(column, 1.0) - of_mean(column, -1.0) for column in zip(*each)]


class MeanNumbers:
    """The mean of what each says in the target's units; `function` makes outputs of scores.

    `logarithm`: where the function is the exponential the scores are the logarithms of the outputs.
    """

    def __init__(
        self, function: Function, members: Sequence[Units], whole: Units, logarithm: bool = False
    ) -> None:
        self.function, self.members, self.whole, self.logarithm = function, members, whole, logarithm

    def __call__(self, each: Sequence[Sequence[float]]) -> Sequence[float]:
        """The scores of that mean."""
        numbers = [units.numbers(list(map(self.function, z))) for units, z in zip(self.members, each)]
        mean = [sum(column) / len(numbers) for column in zip(*numbers)]
        outputs = self.whole.outputs(mean)
        return rounded([log(output) for output in outputs] if self.logarithm else outputs)
