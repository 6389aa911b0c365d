"""A model as MLflow loads it: the model file alone, no pickle; its predictions are those of `mlp predict`.

MLflow finds `_load_pyfunc` by the name of this module, which the MLmodel file beside the model has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from mlpcli.api import TrainedModel, load


@dataclass(frozen=True, eq=False)
class ScoringModel:
    """What MLflow calls."""

    model: TrainedModel

    def predict(self, frame: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Predictions and probabilities of the rows, under the frame's index. There are no `params`."""
        del params
        return self.model.predictions(frame)


def _load_pyfunc(path: str) -> ScoringModel:
    """The model in a file."""
    return ScoringModel(load(path))
