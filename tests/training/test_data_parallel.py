"""Noticing numbers that are not finite: which vector, which entry, and no false alarm."""

from __future__ import annotations

import numpy as np
import pytest

from mlpcli.errors import ExitCode
from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.architecture import Architecture
from mlpcli.training.data_parallel import diverged, first_bad, is_finite

LAYOUT = Architecture((2, 3, 1), (ActivationChoice("tanh", {}),) * 2, True, (0.0,)).layout()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_numbers_are_finite_although_their_squares_are_not(dtype: type[np.floating]) -> None:
    vector = np.full(5, np.finfo(dtype).max, dtype)
    with np.errstate(over="ignore"):
        assert is_finite(vector)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    ("index", "name"), [(0, "layers.0.weight[0, 0]"), (5, "layers.0.weight[1, 2]"), (11, "layers.0.bias[2]")]
)
def test_the_first_bad_entry_is_named(value: float, index: int, name: str) -> None:
    vector = np.zeros(LAYOUT.size)
    assert is_finite(vector)
    assert first_bad(LAYOUT, vector) is None
    vector[index:] = value
    assert not is_finite(vector)
    assert first_bad(LAYOUT, vector) == name


@pytest.mark.parametrize("rate", [None, 0.0])
def test_where_there_is_no_rate_a_lower_one_is_no_advice(rate: float | None) -> None:
    assert str(diverged("epoch 1, batch 1", "the loss is not finite", rate)).splitlines()[1] == (
        "hint: try features and targets that are scaled"
    )


def test_the_error_says_where_what_and_what_to_try() -> None:
    error = diverged("epoch 2, batch 7", "the loss is not finite", 0.25)
    assert error.exit_code == ExitCode.DIVERGED
    assert str(error).splitlines() == [
        "mlp: error: training diverged in epoch 2, batch 7: the loss is not finite",
        "hint: try a learning rate below 0.25, training.clip_norm: 1.0, "
        "or features and targets that are scaled",
    ]
    assert "hint: try features and targets that are scaled" in str(diverged("the first iteration", "x", None))
