"""What predictions on test rows are worth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST = 1e-7  # a probability counts as at least this, so that one row cannot decide


def of_classes(
    classes: NDArray[np.str_], probability: NDArray[np.float64], target: NDArray[np.str_]
) -> dict[str, float]:
    """Error, the share of wrong rows, and log loss, the mean of -log p of the true class (natural, in nats).

    `probability` is (rows, classes). A class that training did not have has probability 0.
    """
    error = float(np.mean(classes[probability.argmax(axis=1)] != target))
    column = {name: index for index, name in enumerate(classes.tolist())}
    true = [
        row[column[name]] if name in column else 0.0 for row, name in zip(probability, target, strict=True)
    ]
    return {"error": error, "log_loss": float(-np.log(np.clip(true, LEAST, 1.0)).mean())}


def of_numbers(prediction: NDArray[np.float64], target: NDArray[np.float64]) -> dict[str, float]:
    """Error: the root mean square error over the standard deviation of the test rows' target."""
    return {"error": float(np.sqrt(np.mean((prediction - target) ** 2)) / target.std())}
