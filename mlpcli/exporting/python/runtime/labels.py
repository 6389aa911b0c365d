"""What scores mean where several labels are predicted, each there or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlpcli.exporting.python.runtime.activations import Function
from mlpcli.exporting.python.runtime.arithmetic import require_finite


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
        self.words, self.function, self.probabilities = words, function, probabilities
        self.threshold, self.temperature = threshold, temperature
        kinds = ["prediction", "probability"] if probabilities else ["prediction"]
        self.names = [f"{column}_{kind}" for column in columns for kind in kinds]

    def read(self, scores: Sequence[float]) -> list[Any]:
        """A value for each of the names."""
        if self.temperature is not None:
            scores = [z / self.temperature for z in scores]
        found: list[Any] = []
        for output in require_finite(list(map(self.function, scores))):
            found.append(self.words[output >= self.threshold])
            found += [output] if self.probabilities else []
        return found
