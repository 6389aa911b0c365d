"""Rows with a network of known weights, or an estimator of scikit-learn's kind, ready to be explained."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Matrix
from mlpcli.data.category_feature import CategoryFeature
from mlpcli.data.encoder import InputEncoder
from mlpcli.data.number_feature import NumberFeature
from mlpcli.data.target import TargetEncoder
from mlpcli.explaining.unseen_rows import UnseenRows
from mlpcli.nn.activations import ActivationChoice
from mlpcli.sklearn.arrays import table_of_array
from mlpcli.sklearn.networks import TrainedNetworks
from mlpcli.training.decoder import OutputDecoder

Floats = npt.NDArray[np.float64]

IDENTITY = ActivationChoice("identity", {})
NUMBER = OutputDecoder(TargetEncoder("regression", ("y",), (), 1, np.zeros(1), np.ones(1)), 0.5, IDENTITY)


def numbers(*names: str) -> InputEncoder:
    """Columns of numbers that are inputs as they are."""
    return InputEncoder(tuple(NumberFeature(name, "none", "error", 0.0, 1.0, None) for name in names))


def categories(levels: int, *names: str) -> InputEncoder:
    """Columns of so many categories, an input for each: `0`, `1`, ..."""
    texts = tuple(map(str, range(levels)))
    return InputEncoder(tuple(CategoryFeature(name, "one_hot", "error", None, texts) for name in names))


def linear_rows(
    x: Floats, w: Floats, y: Floats | None = None, inputs: InputEncoder | None = None
) -> UnseenRows:
    """Rows x (n, inputs) of which x w is predicted, and is true where no `y` is given."""

    def scores(rows: Matrix) -> Matrix:
        return np.asarray(rows @ w[:, np.newaxis])

    encoder = inputs or numbers(*(f"x{index}" for index in range(x.shape[1])))
    truth = x @ w if y is None else y
    return UnseenRows(x, truth[:, np.newaxis], None, encoder, scores, x.shape[1])


def estimator_rows(networks: TrainedNetworks, X: Floats, truth: npt.NDArray[Any]) -> UnseenRows:
    """Rows of arrays as the single network of an estimator takes them, with their classes or numbers."""
    x = networks.inputs.encode(table_of_array(X), None, networks.inputs.zeros(len(X), networks.dtype)).x
    network = networks.members[0].with_scratch()
    return UnseenRows(x, truth, None, networks.inputs, network.scores, network.layout.size)
