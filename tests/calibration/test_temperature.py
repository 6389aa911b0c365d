"""A temperature is the one that other minimizers find, and is sane where there is no least loss."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from mlpcli.calibration.temperature import WIDEST, Temperature, fit_temperature
from mlpcli.nn.activations import ActivationChoice
from mlpcli.training.class_scores import ClassScores

Floats = npt.NDArray[np.float64]


def scores_of(z: npt.ArrayLike) -> ClassScores:
    """Scores of as many classes as there are columns, or of two by one."""
    matrix = np.atleast_2d(np.asarray(z))
    return ClassScores(matrix, ActivationChoice("sigmoid" if matrix.shape[1] == 1 else "softmax", {}))


def fitted(z: npt.ArrayLike, truth: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> Temperature:
    found = fit_temperature(
        scores_of(z), np.asarray(truth), None if weights is None else np.asarray(weights, float)
    )
    assert found is not None
    return found


def loss_at(beta: float, z: Floats, truth: npt.NDArray[np.intp], weights: Floats) -> float:
    both = np.hstack([np.zeros_like(z), z]) if z.shape[1] == 1 else z
    logs = log_softmax(beta * both, axis=1)
    return float(np.average(-logs[np.arange(len(z)), truth], weights=weights))


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 3, 7]), st.sampled_from([0.2, 1.0, 9.0]))
def test_it_is_where_scipy_finds_the_least_loss(seed: int, outputs: int, sureness: float) -> None:
    rng = np.random.default_rng(seed)
    rows, classes = 60, max(2, outputs)
    z = rng.normal(size=(rows, outputs)) * sureness
    both = np.hstack([np.zeros_like(z), z]) if outputs == 1 else z
    truth = (both + rng.gumbel(size=(rows, classes)) * 1.5).argmax(axis=1)
    weights = rng.uniform(0.1, 3, size=rows)
    best = minimize_scalar(
        lambda u: loss_at(np.exp(u), z, truth, weights),
        bounds=(-5, 5),
        method="bounded",
        options={"xatol": 1e-10},
    )
    found = fitted(z, truth, weights)
    assert found.before == pytest.approx(loss_at(1.0, z, truth, weights), rel=1e-12)
    assert found.after == pytest.approx(loss_at(1 / found.temperature, z, truth, weights), rel=1e-12)
    assert found.after <= found.before
    if abs(best.x) < 4.9:  # else the least loss is beyond what it was told to look at
        assert found.temperature == pytest.approx(np.exp(-best.x), rel=1e-4)
        assert found.after <= best.fun + 1e-12


def test_it_is_scikit_learn_s() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(400, 3))
    y = (x @ rng.normal(size=(3, 4)) + rng.gumbel(size=(400, 4))).argmax(axis=1)
    # on few rows without a penalty it is too sure of itself
    model = LogisticRegression(C=1e4, max_iter=5000).fit(x[:30], y[:30])
    theirs = CalibratedClassifierCV(FrozenEstimator(model), method="temperature", cv=2, ensemble=False)
    theirs.fit(x[30:], y[30:])
    z = model.decision_function(x[30:])
    found = fitted(z, y[30:])
    ours = scores_of(z / found.temperature).probability()
    assert np.abs(ours - theirs.predict_proba(x[30:])).max() < 1e-4
    assert found.temperature > 1.5
    assert found.after == pytest.approx(log_loss(y[30:], ours), rel=1e-9)


def test_labels_are_problems_of_two_classes_each() -> None:
    rng = np.random.default_rng(1)
    z = rng.normal(size=(50, 3)) * 4
    truth = (z + rng.logistic(size=z.shape) > 0).astype(np.intp)
    weights = rng.uniform(1, 2, size=50)
    found = fit_temperature(ClassScores(z, ActivationChoice("sigmoid", {})), truth, weights)
    assert found == fitted(z.reshape(-1, 1), truth.reshape(-1), np.repeat(weights, 3))


@pytest.mark.parametrize("rows", [1, 10, 1000])
def test_rows_that_are_all_right_let_it_be_as_sure_as_so_many_rows_can(rows: int) -> None:
    z = np.tile([[3.0, 0.0, -1.0]], (rows, 1))
    found = fitted(z, np.zeros(rows, np.intp))
    p = scores_of(z[:1] / found.temperature).probability()[0]
    if rows < 20:  # so few are no reason to be surer, and none to be less sure
        assert found == Temperature(1.0, found.before, found.before)
    else:  # what the score is on average: of so many rows their class's, of one more any class's
        assert p @ z[0] == pytest.approx((rows * 3.0 + z[0].mean()) / (rows + 1), rel=1e-9)
        assert found.after < found.before


def test_rows_that_are_all_wrong_make_all_classes_alike() -> None:
    found = fitted([[2.0], [-5.0]], [0, 1])
    assert found.temperature == pytest.approx(np.exp(WIDEST))
    assert found.after == pytest.approx(np.log(2), rel=1e-5)


def test_where_no_temperature_changes_anything_there_is_none_to_speak_of() -> None:
    assert fitted([[0.0, 0.0], [1.0, 1.0]], [0, 1]).temperature == 1.0


@pytest.mark.parametrize("largest", [3e38, 1e300])
def test_scores_without_measure_do_no_harm(largest: float) -> None:
    found = fitted([[largest, 0.0], [1.0, 0.0], [0.5, 0.0], [-largest, 0.0]], [0, 0, 1, 1])
    assert np.isfinite([found.temperature, found.after]).all()


def test_rows_without_weight_and_without_scores_do_not_count() -> None:
    z = [[0.5], [2.0], [1.0], [np.nan], [np.inf]]
    truth = [1, 1, 0, 0, 0]
    found = fitted(z, truth, [1, 1, 1, 1, 1])
    assert found == fitted(z[:3], truth[:3], [1, 1, 1])
    assert found == fitted(z[:3], truth[:3], [5e-324 * 8, 5e-324 * 8, 5e-324 * 8])
    assert fit_temperature(scores_of(z), np.array(truth), np.zeros(5)) is None
