"""Every metric against scikit-learn's function and arguments as the metric itself states them."""

from __future__ import annotations

import ast
import gc
import weakref
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st
from sklearn.exceptions import UndefinedMetricWarning

from mlpcli.arrays import Matrix
from mlpcli.nn.activations import ActivationChoice
from mlpcli.training import regression_metrics, row_sums
from mlpcli.training.class_scores import ClassScores
from mlpcli.training.metrics import METRICS, compute, default_metrics, greater_is_better, objection
from mlpcli.training.predictions import Predictions

EXACT = {"rel": 1e-12, "abs": 1e-12}


def of_classes(probability: Matrix) -> ClassScores:
    """The scores of a softmax that gives these probabilities of every class."""
    return ClassScores(np.log(probability), ActivationChoice("softmax", {}))


def identity(scores: Matrix) -> ClassScores:
    return ClassScores(scores, ActivationChoice("identity", {}))


def of_labels(scores: Matrix) -> ClassScores:
    return ClassScores(scores, ActivationChoice("sigmoid", {}))


def classification(seed: int, classes: int, rows: int = 60, ties: int = 1000) -> Predictions:
    """Random rows in which every class occurs; probabilities in steps of 1/`ties` before normalising."""
    rng = np.random.default_rng(seed)
    raw = rng.integers(1, ties, size=(rows, classes)) / ties
    truth = rng.permutation(np.arange(rows) % classes)
    probability = raw / raw.sum(axis=1, keepdims=True)
    return Predictions("classification", truth, probability.argmax(axis=1), of_classes(probability))


def multilabel(seed: int, rows: int = 60) -> Predictions:
    rng = np.random.default_rng(seed)
    probability = rng.integers(0, 20, size=(rows, 3)) / 20
    truth = rng.integers(0, 2, size=(rows, 3))
    truth[0], truth[1] = 0, 1
    with np.errstate(divide="ignore"):
        scores = np.log(probability) - np.log1p(-probability)
    return Predictions("multilabel", truth, (probability >= 0.5).astype(np.intp), of_labels(scores))


def regression(seed: int, targets: int, rows: int = 31) -> Predictions:
    rng = np.random.default_rng(seed)
    truth = rng.normal(3, 2, size=(rows, targets))
    return Predictions("regression", truth, truth + rng.normal(0, 1, size=truth.shape))


PARTS = {
    "two classes": lambda seed: classification(seed, 2),
    "two classes, many ties": lambda seed: classification(seed, 2, ties=4),
    "five classes": lambda seed: classification(seed, 5),
    "labels": multilabel,
    "one target": lambda seed: regression(seed, 1),
    "three targets": lambda seed: regression(seed, 3, rows=40),
}

CASES = [
    (name, part)
    for part, make in PARTS.items()
    for name, metric in METRICS.items()
    if metric.sklearn is not None
    and make(0).task in metric.tasks
    and not (metric.instead and make(0).odds.columns > 2)
]


def by_sklearn(name: str, predictions: Predictions) -> float:
    """The value of the call that `Metric.sklearn` spells out."""
    spelt = METRICS[name].sklearn
    assert spelt is not None
    call = ast.parse(spelt, mode="eval").body
    assert isinstance(call, ast.Call)
    assert isinstance(call.func, ast.Name)
    options = {str(option.arg): ast.literal_eval(option.value) for option in call.keywords}
    given = predictions.predicted
    if METRICS[name].needs in {"probabilities", "scores"}:
        given = predictions.odds.probability()
        if predictions.task == "classification" and given.shape[1] == 2:
            given = given[:, 1]
    function = getattr(sklearn.metrics, call.func.id)
    return float(function(predictions.truth, given, sample_weight=predictions.weights, **options))


@pytest.mark.parametrize(("name", "part"), CASES)
@pytest.mark.parametrize("weighted", ["unweighted", "weighted", "some weights zero"])
def test_the_value_is_that_of_scikit_learn(name: str, part: str, weighted: str) -> None:
    for seed in range(4):
        predictions = PARTS[part](seed)
        rng = np.random.default_rng(100 + seed)
        if weighted != "unweighted":
            predictions = replace(predictions, weights=rng.uniform(0.1, 4, predictions.rows))
        if weighted == "some weights zero":
            predictions = replace(predictions, weights=np.floor(rng.uniform(0, 3, predictions.rows)))
        assert compute([name], predictions)[name] == pytest.approx(by_sklearn(name, predictions), **EXACT)


@given(
    rows=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 3)), min_size=1, max_size=12)
)
def test_classes_that_are_absent_are_left_out_of_averages_as_scikit_learn_does(
    rows: list[tuple[int, int, int]],
) -> None:
    truth, predicted, weights = (np.array(column, dtype=np.intp) for column in zip(*rows, strict=True))
    predictions = Predictions("classification", truth, predicted, weights=weights.astype(np.float64))
    for name in ("accuracy", "f1_macro", "f1_weighted", "precision_macro", "recall_macro"):
        assert compute([name], predictions)[name] == pytest.approx(by_sklearn(name, predictions), **EXACT)


@given(st.lists(st.tuples(st.booleans(), st.integers(-2, 2)), min_size=2, max_size=15))
def test_ranking_by_scores_where_there_are_no_probabilities(rows: list[tuple[bool, int]]) -> None:
    truth = np.array([1, 0] + [int(positive) for positive, _ in rows])
    score = np.array([0, 0] + [value for _, value in rows], dtype=np.float64)
    predictions = Predictions("classification", truth, (score > 0).astype(np.intp), identity(score[:, None]))
    values = compute(["roc_auc", "average_precision"], predictions)
    assert values["roc_auc"] == pytest.approx(sklearn.metrics.roc_auc_score(truth, score), **EXACT)
    assert values["average_precision"] == pytest.approx(
        sklearn.metrics.average_precision_score(truth, score), **EXACT
    )


UNDEFINED: dict[str, tuple[str, Predictions]] = {
    "roc_auc of one class": ("roc_auc", replace(classification(0, 2), truth=np.zeros(60, dtype=np.intp))),
    "roc_auc without one class of five": (
        "roc_auc",
        replace(classification(0, 5), truth=np.arange(60) % 4),
    ),
    "roc_auc where the other class has no weight": (
        "roc_auc",
        replace(classification(0, 2), weights=classification(0, 2).truth.astype(np.float64)),
    ),
    "average_precision without a positive row": (
        "average_precision",
        replace(classification(0, 2), truth=np.zeros(60, dtype=np.intp)),
    ),
    "r2 of one row": ("r2", regression(0, 1, rows=1)),
    "an error beyond float64": ("mse", replace(regression(0, 1), predicted=np.full((31, 1), 1e200))),
}


@pytest.mark.parametrize("case", UNDEFINED)
def test_a_value_that_is_not_defined_is_none_and_warns_of_nothing(case: str) -> None:
    name, predictions = UNDEFINED[case]
    assert compute([name], predictions) == {name: None}


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("empty", ["no rows", "no weight"])
def test_nothing_is_defined_without_rows_or_weight(name: str, empty: str) -> None:
    predictions = {"classification": classification(0, 2), "regression": regression(0, 1)}[
        "regression" if "regression" in METRICS[name].tasks else "classification"
    ]
    if empty == "no weight":
        predictions = replace(predictions, weights=np.zeros(predictions.rows))
    else:
        scores = None if predictions.scores is None else of_labels(predictions.scores.z[:0])
        predictions = Predictions(predictions.task, predictions.truth[:0], predictions.predicted[:0], scores)
    assert compute([name], predictions) == {name: None}


@pytest.mark.parametrize("name", ["roc_auc", "r2"])
def test_none_stands_where_scikit_learn_has_nan(name: str) -> None:
    predictions = UNDEFINED["roc_auc of one class" if name == "roc_auc" else "r2 of one row"][1]
    with pytest.warns(UndefinedMetricWarning):
        assert np.isnan(by_sklearn(name, predictions))


@pytest.mark.parametrize(("shift", "expected"), [(0.0, 1.0), (0.5, 0.0)])
@pytest.mark.parametrize("weights", [None, np.arange(1.0, 11.0)])
def test_r2_of_a_constant_target(shift: float, expected: float, weights: Any) -> None:
    truth = np.full((10, 1), 0.25)
    predictions = Predictions("regression", truth, truth + shift, weights=weights)
    assert by_sklearn("r2", predictions) == expected
    assert compute(["r2"], predictions) == {"r2": expected}


def test_r2_of_a_constant_target_whose_mean_is_rounded_is_no_astronomical_number() -> None:
    truth = np.full((3, 1), 0.1)
    assert np.average(truth, axis=0) != 0.1
    assert compute(["r2"], Predictions("regression", truth, truth + 0.5)) == {"r2": 0.0}


def test_no_prediction_right_and_only_one_class_predicted_are_zeros_not_warnings() -> None:
    predictions = Predictions("classification", np.array([0, 0, 0]), np.array([1, 1, 1]))
    names = ["accuracy", "balanced_accuracy", "precision", "recall", "f1", "f1_macro", "f1_weighted", "mcc"]
    assert compute(names, predictions) == dict.fromkeys(names, 0.0)


def test_the_positive_class_is_the_second_even_where_no_row_has_it() -> None:
    predictions = Predictions("classification", np.array([0, 0]), np.array([0, 0]))
    assert compute(["accuracy", "f1"], predictions) == {"accuracy": 1.0, "f1": 0.0}


def test_balanced_accuracy_leaves_out_a_class_that_is_only_predicted() -> None:
    predictions = Predictions("classification", np.array([0, 0, 1]), np.array([0, 2, 1]))
    assert compute(["balanced_accuracy"], predictions) == {"balanced_accuracy": 0.75}


def test_values_come_in_the_order_asked_for_as_plain_floats() -> None:
    values = compute(["mcc", "accuracy"], classification(0, 3))
    assert list(values) == ["mcc", "accuracy"]
    assert {type(value) for value in values.values()} == {float}


@pytest.mark.parametrize(
    ("task", "classes"), [("classification", 2), ("classification", 7), ("multilabel", 3), ("regression", 0)]
)
def test_default_metrics_apply_whatever_the_output(task: str, classes: int) -> None:
    names = default_metrics(task, classes)
    assert names
    assert [objection(name, task, classes, "identity") for name in names] == [None] * len(names)


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (
            ("f1", "classification", 3, "softmax"),
            "metric 'f1' is for two classes, the target has 3",
            "use f1_macro or f1_weighted",
        ),
        (
            ("recall", "classification", 4, "softmax"),
            "metric 'recall' is for two classes, the target has 4",
            "use recall_macro",
        ),
        (
            ("brier", "classification", 2, "identity"),
            "metric 'brier' needs a sigmoid or softmax output, found identity",
            "only those give probabilities; train with cross_entropy or binary_cross_entropy",
        ),
        (
            ("accuracy", "regression", 0, "identity"),
            "metric 'accuracy' is not for regression",
            "metrics for regression: mae, mse, rmse, mape, median_absolute_error, r2",
        ),
        (
            ("mcc", "multilabel", 3, "sigmoid"),
            "metric 'mcc' is not for multilabel",
            "metrics for multilabel: accuracy, precision_macro, recall_macro, f1_macro, f1_weighted, "
            "roc_auc, average_precision, pr_auc",
        ),
        (
            ("acuracy", "classification", 2, "sigmoid"),
            "there is no metric 'acuracy'",
            "did you mean 'accuracy'?",
        ),
        (
            ("quux", "regression", 0, "identity"),
            "there is no metric 'quux'",
            "metrics for regression: mae, mse, rmse, mape, median_absolute_error, r2",
        ),
    ],
)
def test_a_metric_that_does_not_fit_the_model_is_refused(
    arguments: tuple[str, str, int, str], message: str, hint: str
) -> None:
    problem = objection(*arguments)
    assert problem is not None
    assert (problem.message, problem.hint) == (message, hint)


def test_probabilities_are_needed_for_what_objection_says_and_nothing_else() -> None:
    predictions = replace(classification(0, 2), scores=identity(np.linspace(-1, 1, 60)[:, None]))
    for name, metric in METRICS.items():
        if "classification" not in metric.tasks:
            continue
        if objection(name, "classification", 2, "identity") is None:
            assert compute([name], predictions)[name] is not None
        else:
            with pytest.raises(ValueError, match=r"^the predictions hold no probabilities$"):
                compute([name], predictions)


def test_scores_are_needed_for_a_ranking() -> None:
    with pytest.raises(ValueError, match=r"^the predictions hold no scores$"):
        compute(["roc_auc"], replace(classification(0, 2), scores=None))


@pytest.mark.parametrize("name", METRICS)
def test_the_stated_direction_prefers_the_perfect_prediction(name: str) -> None:
    if "regression" in METRICS[name].tasks:
        predictions = regression(1, 2)
        perfect = replace(predictions, predicted=predictions.truth)
    else:
        predictions = classification(1, 2)
        certain = of_classes(np.eye(2)[predictions.truth] + 1e-300)
        perfect = replace(predictions, predicted=predictions.truth, scores=certain)
    best, usual = compute([name], perfect)[name], compute([name], predictions)[name]
    assert best is not None
    assert usual is not None
    assert (best > usual) == greater_is_better(f"val_{name}")
    assert best == pytest.approx(1.0 if greater_is_better(name) else 0.0, abs=1e-12)


@pytest.mark.parametrize("column", ["loss", "val_loss"])
def test_less_loss_is_better(column: str) -> None:
    assert greater_is_better(column) is False


def test_predictions_are_gone_with_whoever_has_them() -> None:
    """There may be very many rows: nothing waits until Python looks for what holds itself."""
    truth = np.arange(6.0).reshape(3, 2)
    gc.disable()
    try:
        for weights in (None, np.ones(3), np.array([1.0, 0.0, 2.0])):
            predictions = Predictions("regression", truth, truth + 1, weights=weights)
            compute(("r2", "mae"), predictions)
            left = weakref.ref(predictions)
            del predictions
            assert left() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("columns", [1, 2, 5])
def test_means_over_some_rows_at_a_time_are_those_of_all_to_the_bit(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_sums, "SPAN", 128)
    monkeypatch.setattr(regression_metrics, "SPAN", 128)
    for rows in (1, 128, 129, 1000, 4099):
        values = np.random.default_rng(rows).lognormal(sigma=9, size=(rows, columns))
        found = row_sums.mean_of_rows(lambda some, values=values: values[some], rows)
        assert found.tolist() == values.mean(axis=0).tolist()
        if rows > 1:
            away = values - values.mean(axis=0)
            expected = (1 - np.square(values - 1).mean(axis=0) / np.square(away).mean(axis=0)).mean()
            predictions = Predictions("regression", values, np.ones_like(values))
            assert compute(("r2",), predictions)["r2"] == pytest.approx(expected, rel=1e-9)
