"""Log-odds, rankings and losses of scores against fifty digits, where probabilities have lost theirs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mlpcli.nn.activations import ACTIVATIONS, INCREASING, ActivationChoice
from mlpcli.nn.losses import Loss
from mlpcli.nn.outputs import outputs_of
from mlpcli.training import class_scores
from mlpcli.training.class_scores import ClassScores
from mlpcli.training.metrics import compute
from mlpcli.training.predictions import Predictions
from mlpcli.training.probability_metrics import area_under_roc, hits_and_false_alarms
from tests.support.network_cases import Case

Values = npt.NDArray[Any]
SCORES = st.floats(-200, 200, width=32)


def scores_of(z: Values, output: str) -> ClassScores:
    return ClassScores(z, ActivationChoice(output, {}))


def exact_probabilities(row: Values, output: str) -> list[mpmath.mpf]:
    """To fifty digits and more: what is lost in 1 − p is not lost there."""
    z = [mpmath.mpf(float(score)) for score in row]
    if output == "sigmoid":
        return [1 / (1 + mpmath.exp(z[0])), 1 / (1 + mpmath.exp(-z[0]))]
    total = sum(mpmath.exp(score) for score in z)
    return [mpmath.exp(score) / total for score in z]


@given(arrays(np.float32, st.tuples(st.integers(1, 6), st.sampled_from([1, 2, 3, 9])), elements=SCORES))
def test_log_odds_losses_and_probabilities_have_all_digits(z: Values) -> None:
    output = "sigmoid" if z.shape[1] == 1 else "softmax"
    scores, truth = scores_of(z, output), np.arange(len(z)) % max(2, z.shape[1])
    probability = (scores.of_both() if output == "sigmoid" else scores).probability()
    odds = scores.log_odds_of(truth)
    loss = compute(["log_loss"], Predictions("classification", truth, truth, scores))["log_loss"]
    with mpmath.workdps(250):
        exact = [exact_probabilities(row, output) for row in z]
        for row, (p, label) in enumerate(zip(exact, truth, strict=True)):
            true = p[label]
            assert float(mpmath.log(true) - mpmath.log(1 - true)) == pytest.approx(
                odds[row], rel=1e-13, abs=1e-13
            )
            assert [float(one) for one in p] == pytest.approx(probability[row].tolist(), rel=1e-12)
        mean = -sum(mpmath.log(p[label]) for p, label in zip(exact, truth, strict=True)) / len(z)
        assert float(mean) == pytest.approx(loss, rel=1e-12)
    assert np.abs(probability.sum(axis=1) - 1).max() <= 1e-15


@given(arrays(np.float32, (12, 3), elements=SCORES), st.integers(0, 2))
def test_rows_rank_as_their_exact_probabilities_do(z: Values, column: int) -> None:
    ranked = scores_of(z, "softmax").order(column)
    with mpmath.workdps(250):
        exact = [exact_probabilities(row, "softmax")[column] for row in z]
        for i in range(len(z)):
            for j in range(i):
                if abs(mpmath.log(exact[i] / (1 - exact[i])) - mpmath.log(exact[j] / (1 - exact[j]))) > 1e-9:
                    assert (ranked[i] > ranked[j]) == (exact[i] > exact[j])


def test_a_ranking_does_not_depend_on_what_class_sorts_last() -> None:
    """Scores of which float32 makes the probabilities 1, 1 and 0."""
    z, truth = np.array([[31.0], [29.5], [-29.4]], np.float32), np.array([1, 0, 0])
    names = ["roc_auc", "average_precision", "log_loss", "brier"]
    values = compute(names, Predictions("classification", truth, truth, scores_of(z, "sigmoid")))
    turned = compute(names, Predictions("classification", 1 - truth, truth, scores_of(-z, "sigmoid")))
    assert values["roc_auc"] == turned["roc_auc"] == values["average_precision"] == 1.0
    assert values["log_loss"] == turned["log_loss"] == pytest.approx(29.5 / 3, rel=1e-12)
    both = np.hstack([np.zeros_like(z), z])
    softmax = compute(names, Predictions("classification", truth, truth, scores_of(both, "softmax")))
    assert softmax == pytest.approx(values, rel=1e-13)


def test_three_saturated_classes_rank_as_in_higher_precision() -> None:
    z = np.array([[20, 0, 0], [25, 0, 0], [30, 0, 1], [0, 18, 0], [0, 0, 19], [17, 1, 0]], np.float32)
    truth = np.array([1, 0, 0, 1, 2, 2])
    single = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    assert len(set(single[:, 0].tolist())) < len(z)  # what was ranked by ties where nothing ties
    found = compute(["roc_auc"], Predictions("classification", truth, truth, scores_of(z, "softmax")))[
        "roc_auc"
    ]
    with mpmath.workdps(60):
        exact = [exact_probabilities(row, "softmax") for row in z]
        areas = []
        for label in range(3):
            of, rest = (
                [p[label] for p, t in zip(exact, truth, strict=True) if bool(t == label) is it]
                for it in (True, False)
            )
            wins = [float(a > b) + 0.5 * (a == b) for a in of for b in rest]
            areas.append(sum(wins) / len(wins))
    assert found == pytest.approx(sum(areas) / 3, rel=1e-12)


@pytest.mark.parametrize("loss", ["binary_cross_entropy", "cross_entropy"])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0, 300.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_loss_is_the_loss(loss: str, scale: float, dtype: npt.DTypeLike) -> None:
    """Of networks that are right, wrong, or certain of either."""
    outputs = 1 if loss == "binary_cross_entropy" else 3
    case = Case(Loss(loss), (3, 4, outputs), rows=50, dtype=dtype)
    network, (x, y, _) = case.network(), case.batch()
    network.theta *= np.dtype(dtype).type(scale)
    total, z = network.evaluate(x, y)
    truth = y[:, 0].astype(np.intp) if outputs == 1 else y.argmax(axis=1)
    predictions = Predictions(
        "classification", truth, truth, ClassScores(z, network.architecture.activations[-1])
    )
    assert compute(["log_loss"], predictions)["log_loss"] == pytest.approx(total, rel=1e-12, abs=1e-15)


def test_a_brier_score_below_the_rounding_of_probabilities() -> None:
    z = np.array([[40.0], [-45.0]])
    truth = np.array([1, 0])
    exact = (np.exp(-80.0) + np.exp(-90.0)) / 2
    for scores in (scores_of(z, "sigmoid"), scores_of(np.hstack([-z / 2, z / 2]), "softmax")):
        found = compute(["brier"], Predictions("classification", truth, truth, scores))["brier"]
        assert found == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("activation", sorted(INCREASING - {"identity"}))
def test_outputs_that_grow_with_the_scores_rank_as_these(activation: str) -> None:
    """Where the outputs are long rounded to the same number."""
    z = np.array([[30.0], [20.0], [-200.0]], np.float32)
    assert scores_of(z, activation).order(0).tolist() == [30, 20, -200]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_what_is_said_to_grow_does(activation: str) -> None:
    """Where it has room: nowhere does one that is said to grow fall, or the others grow everywhere."""
    z = np.linspace(-4, 4, 401)[:, np.newaxis]
    steps = np.diff(outputs_of(z, ActivationChoice(activation, {}))[:, 0])
    assert (steps > 0).all() == (activation in INCREASING | {"leaky_relu"})


def test_an_output_that_does_not_grow_ranks_as_it_is() -> None:
    z = np.array([[-1.0], [-2.0], [1.0]])
    assert scores_of(z, "relu").order(0).tolist() == [0, 0, 1]


def test_blocks_of_rows_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    z = np.random.default_rng(0).normal(size=(500, 4)).astype(np.float32) * 9
    truth = np.arange(500) % 4
    predictions = Predictions("classification", truth, truth, scores_of(z, "softmax"))
    names = ["log_loss", "brier", "roc_auc"]
    whole = compute(names, predictions)
    monkeypatch.setattr(class_scores, "ENTRIES", 28)
    assert compute(names, replace(predictions, scores=scores_of(z, "softmax"))) == whole


@pytest.mark.parametrize("output", ["softmax", "sigmoid", "identity", "gelu"])
def test_rows_that_are_one_rank_as_if_each_were_there(output: str) -> None:
    one = np.array([0.3, -1.2, 0.7])
    for column in range(len(one)):
        alike = scores_of(np.broadcast_to(one, (9, 3)), output).order(column)
        assert alike.shape == (9,)
        assert np.array_equal(alike, scores_of(np.tile(one, (9, 1)), output).order(column))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=1, max_size=60))
def test_rows_without_weights_are_counted_as_rows_of_weight_one(rows: list[tuple[bool, int]]) -> None:
    positive, ranking = np.array([row[0] for row in rows]), np.array([float(row[1]) for row in rows])
    counted = hits_and_false_alarms(positive, ranking, None)
    weighed = hits_and_false_alarms(positive, ranking, np.ones(len(rows)))
    for one, other in zip(counted, weighed, strict=True):
        assert one.dtype == other.dtype
        assert np.array_equal(one, other)
    if positive.any() and not positive.all():
        both = np.trapezoid(*(np.append(0.0, side) for side in counted))
        assert area_under_roc(*counted) == both / (counted[0][-1] * counted[1][-1])
