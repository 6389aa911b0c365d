"""The estimators keep every rule of scikit-learn, and train what `mlp train` trains."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

import mlpcli
from mlpcli import rng
from mlpcli.data.scaling import SCALINGS, weighted_robust

checks = pytest.importorskip("sklearn.utils.estimator_checks")
datasets = pytest.importorskip("sklearn.datasets")
selection = pytest.importorskip("sklearn.model_selection")
estimators = pytest.importorskip("mlpcli.sklearn")
arrays = pytest.importorskip("mlpcli.sklearn.arrays")
settings = pytest.importorskip("mlpcli.sklearn.settings")
base = pytest.importorskip("sklearn.base")

MLPClassifier, MLPRegressor = estimators.MLPClassifier, estimators.MLPRegressor
FEW = {"name": "lbfgs", "iterations": 20}


# what `optimizer` is by default, but that most of these tables are learnt long before 200 iterations
BRIEF = {"name": "lbfgs", "iterations": 40}


@checks.parametrize_with_checks([MLPClassifier(optimizer=BRIEF), MLPRegressor(optimizer=BRIEF)])
def test_every_check_of_scikit_learn(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.slow  # `python -m pytest -m slow tests/commands/test_sklearn.py`
@checks.parametrize_with_checks([MLPClassifier(), MLPRegressor()])
def test_every_check_of_scikit_learn_with_all_iterations(estimator: Any, check: Any) -> None:
    check(estimator)


def test_every_check_for_other_ways_to_train() -> None:
    """But that weights are repetitions: batches of so many rows are other batches then."""
    excused = {"check_sample_weight_equivalence_on_dense_data": "batches of rows"}
    brief = {"optimizer": "adam", "learning_rate": 0.02, "dtype": "float64", "layers": ("auto", 16, "auto")}
    deep = {"layers": ("auto", 16, 16, "auto"), "normalization": "layer_norm", "residual": True}
    for estimator in (MLPClassifier(**brief, loss="hinge"), MLPRegressor(**{**brief, **deep})):
        results = checks.check_estimator(
            estimator, expected_failed_checks=excused, on_skip=None, on_fail=None
        )
        failed = {r["check_name"]: r["exception"] for r in results if r["status"] == "failed"}
        assert not failed


@pytest.fixture
def iris() -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    x, y = datasets.load_iris(return_X_y=True)
    return x, np.array(["setosa", "versicolor", "virginica"])[y]


@pytest.mark.parametrize(
    ("optimizer", "training"),
    [
        (FEW, {}),
        ({"name": "adam", "learning_rate": 0.01}, {"epochs": 8, "batch_size": 16, "dtype": "float64"}),
        (
            {"name": "adam", "learning_rate": 0.05},
            {"epochs": 30, "dtype": "float64", "early_stopping": {"patience": 2}},
        ),
    ],
)
def test_a_classifier_is_what_mlp_train_trains(
    tmp_path: Path, iris: tuple[npt.NDArray[Any], Any], optimizer: Any, training: dict[str, Any]
) -> None:
    x, y = iris
    frame = pd.DataFrame(x, columns=list("abcd"))
    frame.assign(y=y).to_csv(tmp_path / "t.csv", index=False)
    share = 0.2 if training else None
    config = {
        "seed": 3,
        "data": {"train": tmp_path / "t.csv", "target": "y", "validation": share},
        "model": {"layers": ["auto", 8, "auto"]},
        "optimizer": optimizer,
        "training": training,
        "l2": 0.01,
    }
    run = mlpcli.train(config, output=tmp_path / "run")
    fitted = MLPClassifier(
        layers=("auto", 8, "auto"), optimizer=optimizer, validation=share, random_state=3, **training
    ).fit(x, y)
    expected = run.model.predict_proba(frame).to_numpy()
    np.testing.assert_allclose(fitted.predict_proba(x), expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(fitted.history_["loss"], run.history["loss"], rtol=1e-9)
    assert list(fitted.classes_) == list(run.model.classes)


@pytest.mark.parametrize("normalization", ["layer_norm", {"name": "batch_norm", "momentum": 0.2}])
def test_normalization_and_residual_are_those_of_mlp_train(
    tmp_path: Path, iris: tuple[npt.NDArray[Any], Any], normalization: Any
) -> None:
    """Also where all rows make a batch and some of them, as in iris, are equal."""
    x, y = iris
    frame = pd.DataFrame(x, columns=list("abcd"))
    frame.assign(y=y).to_csv(tmp_path / "t.csv", index=False)
    model = {"layers": ["auto", 6, 6, "auto"], "normalization": normalization, "residual": True}
    data = {"train": tmp_path / "t.csv", "target": "y"}
    run = mlpcli.train({"data": data, "model": model, "optimizer": FEW, "l2": 0.01}, output=tmp_path / "run")
    fitted = MLPClassifier(**model, optimizer=FEW, random_state=0).fit(x, y)
    expected = run.model.predict_proba(frame).to_numpy()
    np.testing.assert_allclose(fitted.predict_proba(x), expected, rtol=1e-6, atol=1e-9)


def test_what_stands_before_the_first_layer_is_that_of_mlp_train(
    tmp_path: Path, iris: tuple[npt.NDArray[Any], Any]
) -> None:
    """And starts by the rows as they are, equal ones too."""
    x, y = iris
    frame = pd.DataFrame(x, columns=list("abcd"))
    frame.assign(y=y).to_csv(tmp_path / "t.csv", index=False)
    model = {"layers": ["auto", 6, "auto"], "init": "data_driven", "scaling": True}
    model["numeric_embedding"] = {"name": "periodic", "frequencies": 3}
    data = {"train": tmp_path / "t.csv", "target": "y"}
    run = mlpcli.train({"data": data, "model": model, "optimizer": FEW, "l2": 0.01}, output=tmp_path / "run")
    fitted = MLPClassifier(**model, optimizer=FEW, random_state=0).fit(x, y)
    expected = run.model.predict_proba(frame).to_numpy()
    np.testing.assert_allclose(fitted.predict_proba(x), expected, rtol=1e-6, atol=1e-9)


def test_a_regressor_is_what_mlp_train_trains(tmp_path: Path) -> None:
    x, y = datasets.make_regression(60, 4, n_targets=2, random_state=0)
    weights = np.arange(60) % 3 + 1.0
    frame = pd.DataFrame(x, columns=list("abcd"))
    frame.assign(y=y[:, 0], z=y[:, 1], w=weights).to_csv(tmp_path / "t.csv", index=False)
    options = {"optimizer": FEW, "loss": {"name": "huber", "delta": 0.5}}
    data = {"train": tmp_path / "t.csv", "target": ["y", "z"], "target_scale": "none"}
    features = dict.fromkeys("abcd", "maxabs")
    config = {"data": {**data, "features": features, "weight": "w"}, "l2": 0.01, **options}
    run = mlpcli.train(config, output=tmp_path / "run")
    fitted = MLPRegressor(encode="maxabs", target_scale="none", random_state=0, **options)
    fitted.fit(x, y, sample_weight=weights)
    np.testing.assert_allclose(fitted.predict(x), run.model.predict(frame), rtol=1e-6, atol=1e-9)


ENSEMBLES: list[Any] = [3, {"folds": 3}, {"folds": 2, "repeats": 2}]
ADAM = {"optimizer": {"name": "adam", "learning_rate": 0.05}}


@pytest.mark.parametrize("ensemble", ENSEMBLES)
@pytest.mark.parametrize("optimizer", [FEW, ADAM["optimizer"]])
def test_an_ensemble_of_classifiers_is_what_mlp_train_trains(
    tmp_path: Path, iris: tuple[npt.NDArray[Any], Any], ensemble: Any, optimizer: Any
) -> None:
    """Of two classes too few rows are for both to be dealt evenly; some rows are equal."""
    x, y = iris[0][:131], iris[1][:131]
    frame = pd.DataFrame(x, columns=list("abcd"))
    frame.assign(y=y).to_csv(tmp_path / "t.csv", index=False)
    training = {} if optimizer is FEW else {"epochs": 4, "dtype": "float64"}
    both = {"class_weight": "balanced", "optimizer": optimizer, "l2": 0.01}
    config = {
        **both,
        "seed": 3,
        "data": {"train": tmp_path / "t.csv", "target": "y"},
        "model": {"layers": ["auto", 8, "auto"], "dropout": 0.0 if optimizer is FEW else 0.2},
        "training": {**training, "metrics": []},
        "ensemble": {"members": ensemble} if isinstance(ensemble, int) else ensemble,
    }
    run = mlpcli.train(config, output=tmp_path / "run")
    fitted = MLPClassifier(**config["model"], **both, **training, ensemble=ensemble, random_state=3)
    expected = run.model.predict_proba(frame).to_numpy()
    np.testing.assert_allclose(fitted.fit(x, y).predict_proba(x), expected, rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(fitted.predict(x), run.model.predict(frame))
    assert list(fitted.history_) == list(run.history)
    np.testing.assert_allclose(fitted.history_, run.history, rtol=1e-6, atol=1e-9)
    assert fitted.n_iter_ == run.history["epoch"].max() < len(fitted.history_)
    again = pickle.loads(pickle.dumps(base.clone(fitted).fit(x, y)))
    np.testing.assert_array_equal(again.predict_proba(x), fitted.predict_proba(x))


@pytest.mark.parametrize("ensemble", [None, {"folds": 3}])
def test_a_refit_is_what_mlp_train_trains_again(
    tmp_path: Path, iris: tuple[npt.NDArray[Any], Any], ensemble: Any
) -> None:
    x, y = iris[0][:131], iris[1][:131]
    frame = pd.DataFrame(x, columns=list("abcd"))
    frame.assign(y=y).to_csv(tmp_path / "t.csv", index=False)
    data = {"validation": 0.25} if ensemble is None else {}
    training = {"epochs": 9, "dtype": "float64", "refit": True, "early_stopping": {"patience": 1}}
    config = {
        "seed": 3,
        "data": {"train": tmp_path / "t.csv", "target": "y", **data},
        "optimizer": {"name": "adam", "learning_rate": 0.3},
        "l2": 0.01,
        "training": {**training, "metrics": []},
        "ensemble": ensemble,
    }
    run = mlpcli.train(config, output=tmp_path / "run")
    asked = {"optimizer": config["optimizer"], "ensemble": ensemble, "random_state": 3}
    fitted = MLPClassifier(**training, **data, **asked).fit(x, y)
    expected = run.model.predict_proba(frame).to_numpy()
    np.testing.assert_allclose(fitted.predict_proba(x), expected, rtol=1e-6, atol=1e-9)
    before = MLPClassifier(**{**training, "refit": False}, **data, **asked).fit(x, y)
    assert not np.allclose(before.predict_proba(x), expected)
    np.testing.assert_array_equal(before.history_, fitted.history_)


@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_an_ensemble_of_regressors_is_what_mlp_train_trains(tmp_path: Path, ensemble: Any) -> None:
    """Each fold has its own scales, and its own bounds."""
    x, y = datasets.make_regression(61, 4, n_targets=2, random_state=0)
    y = np.expm1(y / 100) + 1
    frame = pd.DataFrame(x, columns=list("abcd"))
    frame.assign(y=y[:, 0], z=y[:, 1]).to_csv(tmp_path / "t.csv", index=False)
    targets = {"target_transform": "log1p", "target_clip": True}
    data = {"train": tmp_path / "t.csv", "target": ["y", "z"], **targets}
    data["features"] = {name: {"encode": "piecewise_linear", "bins": 4} for name in "abcd"}
    model = {"layers": ["auto", 6, "auto"]}
    members = {"members": ensemble} if isinstance(ensemble, int) else ensemble
    config = {"data": data, "l2": 0.01, "model": model, "optimizer": FEW, "ensemble": members}
    run = mlpcli.train(config, output=tmp_path / "run")
    fitted = MLPRegressor(
        **model,
        **targets,
        encode={"name": "piecewise_linear", "bins": 4},
        optimizer=FEW,
        ensemble=ensemble,
        random_state=0,
    ).fit(x, y)
    np.testing.assert_allclose(fitted.predict(x), run.model.predict(frame), rtol=1e-6, atol=1e-9)


def test_labels_and_scores_are_averaged(iris: tuple[npt.NDArray[Any], Any]) -> None:
    """Oracle: the mean of what networks with the members' seeds say alone."""
    x, y = iris
    labels = np.column_stack([y == "setosa", x[:, 0] > 6]).astype(int)
    seeds = [rng.derived_seed(7, number) for number in range(2)]
    alone = [MLPClassifier(optimizer=FEW, random_state=seed).fit(x, labels) for seed in seeds]
    several = MLPClassifier(optimizer=FEW, ensemble=2, random_state=7).fit(x, labels)
    expected = np.mean([one.predict_proba(x) for one in alone], axis=0)
    np.testing.assert_allclose(several.predict_proba(x), expected, rtol=1e-9)
    hinges = [MLPClassifier(loss="hinge", optimizer=FEW, random_state=seed).fit(x, y) for seed in seeds]
    hinge = MLPClassifier(loss="hinge", optimizer=FEW, ensemble=2, random_state=7).fit(x, y)
    scores = hinge.decision_function(x)
    np.testing.assert_allclose(scores, np.mean([one.decision_function(x) for one in hinges], axis=0))
    np.testing.assert_array_equal(hinge.predict(x), hinge.classes_[scores.argmax(axis=1)])


def test_what_is_fitted_within_a_fold_counts_the_weights(iris: tuple[npt.NDArray[Any], Any]) -> None:
    """Oracle: the mean of each member's own training rows, each as often as it weighs."""
    x, y = iris
    weights = np.arange(150) % 4 + 0.5
    options = {"optimizer": FEW, "class_weight": "balanced", "random_state": 0, "ensemble": {"folds": 2}}
    fitted = MLPClassifier(**options).fit(x, y, weights)
    centers = np.array([feature.center for feature in fitted.networks_.inputs.features]).reshape(2, 4)
    plain = MLPClassifier(**options).fit(x, y)
    rows = [feature.center for feature in plain.networks_.inputs.features]
    # the same halves: plain means of both are the mean of all rows
    np.testing.assert_allclose(np.reshape(rows, (2, 4)).mean(axis=0), x.mean(axis=0), rtol=1e-12)
    config = settings.config_of_parameters(fitted.get_params(deep=False), (given := weighted(x, y, weights)))
    folds = arrays.gather_arrays(config.spec, given).folds
    expected = [np.average(x[fold.train], axis=0, weights=weights[fold.train]) for fold in folds]
    np.testing.assert_allclose(centers, expected, rtol=1e-12)


def weighted(x: npt.NDArray[Any], y: npt.NDArray[Any], weights: npt.NDArray[Any]) -> Any:
    classes, indices = np.unique(y, return_inverse=True)
    target = indices.reshape(-1, 1).astype(float)
    return arrays.Given("classification", x, target, weights, tuple(classes.tolist()))


def test_weights_are_repetitions_where_targets_are_scaled_and_classes_weighted() -> None:
    x, y = datasets.load_diabetes(return_X_y=True)
    x, y, weights = x[:60], y[:60], np.arange(60) % 4
    few = MLPRegressor(optimizer=FEW, random_state=0)
    repeated = few.fit(np.repeat(x, weights, axis=0), np.repeat(y, weights)).predict(x)
    np.testing.assert_allclose(few.fit(x, y, weights).predict(x), repeated, rtol=1e-7)
    # a weight of 0 is no row, also for the classes
    classes = np.where(weights == 0, "none", np.where(y > 100, "high", "low"))
    assert list(MLPClassifier(optimizer=FEW).fit(x, classes, weights).classes_) == ["high", "low"]


def test_what_is_fitted_for_scaling_counts_the_weights() -> None:
    """Oracle: scikit-learn's own scaler, and scaled rows left as they are; a penalty makes scales matter."""
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    x, y = datasets.load_diabetes(return_X_y=True)
    x, y, weights = np.column_stack([x[:60], np.full(60, 0.1)]), y[:60], np.arange(60) % 4 + 0.5
    options = {"optimizer": FEW, "l2": 0.05, "random_state": 0}
    scaler = preprocessing.StandardScaler().fit(x, sample_weight=weights)
    scale_y = preprocessing.StandardScaler().fit(y.reshape(-1, 1), sample_weight=weights)
    z = scale_y.transform(y.reshape(-1, 1))
    plain = MLPRegressor(encode="none", target_scale="none", **options)
    expected = plain.fit(scaler.transform(x), z, weights).predict(scaler.transform(x))
    found = MLPRegressor(**options).fit(x, y, weights).predict(x)
    np.testing.assert_allclose(found, scale_y.inverse_transform(expected).ravel(), rtol=1e-6)


ENCODINGS = {
    "standardize": "StandardScaler",
    "minmax": "MinMaxScaler",
    "maxabs": "MaxAbsScaler",
    "robust": "RobustScaler",
    "robust_clip": "RobustScaler",
    "log1p": "StandardScaler",
    "none": None,
}


@pytest.mark.parametrize("encode", ENCODINGS)
@pytest.mark.parametrize("weighted", [False, True])
def test_every_encoding_is_the_scaler_of_scikit_learn(
    iris: tuple[npt.NDArray[Any], Any], encode: str, weighted: bool
) -> None:
    """With weights it is that of the repeated rows; some rows of iris are equal, and count twice."""
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    x, y = iris
    x = np.column_stack([x, np.full(len(x), 0.1)])
    weights = np.arange(150) % 4 + 1 if weighted else np.ones(150, np.intp)
    fitted = MLPClassifier(encode=encode, optimizer=FEW, random_state=0).fit(x, y, weights)
    name = ENCODINGS[encode]
    scaler = getattr(preprocessing, name)() if name else preprocessing.FunctionTransformer()
    before = np.log1p(x) if encode == "log1p" else x
    expected = scaler.fit(np.repeat(before, weights, axis=0)).transform(before)
    if encode == "robust_clip":
        expected /= np.sqrt(1 + (expected / 3) ** 2)
    found = fitted.networks_.inputs.encode(arrays.table_of_array(x)).x
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_pieces_are_fitted_on_rows_as_often_as_they_weigh() -> None:
    x, y = datasets.load_diabetes(return_X_y=True)
    x, y, weights = x[:60], y[:60], np.arange(60) % 4
    few = MLPRegressor(encode="piecewise_linear", optimizer=FEW, random_state=0)
    repeated = few.fit(np.repeat(x, weights, axis=0), np.repeat(y, weights))
    expected, names = repeated.predict(x), repeated.networks_.inputs.names
    weighted = few.fit(x, y, weights)
    assert weighted.networks_.inputs.names == names and names[0] == "x0.bin1"
    np.testing.assert_allclose(weighted.predict(x), expected, rtol=1e-7)


def test_an_encoding_has_its_options(iris: tuple[npt.NDArray[Any], Any]) -> None:
    x, y = iris
    few = MLPClassifier(encode={"name": "piecewise_linear", "bins": 3}, optimizer=FEW).fit(x, y)
    assert few.networks_.inputs.names[:4] == ("x0.bin1", "x0.bin2", "x0.bin3", "x1.bin1")


def test_weights_that_are_no_repetitions_still_share_the_quantiles() -> None:
    """Equal ones, whatever they are, change nothing, and neither does a factor of small ones."""
    x, y = datasets.load_diabetes(return_X_y=True)
    x, y, weights = x[:60], y[:60], np.arange(60) % 4 + 0.5
    few = MLPRegressor(encode="robust", optimizer=FEW, random_state=0)
    plain, one_sixtieth = few.fit(x, y).networks_.inputs, np.full(60, 1 / 60)
    np.testing.assert_allclose(
        [f.numbers for f in few.fit(x, y, one_sixtieth).networks_.inputs.features],
        [f.numbers for f in plain.features],
        rtol=1e-9,
        atol=1e-12,
    )
    np.testing.assert_allclose(
        [f.numbers for f in few.fit(x, y, weights / 4).networks_.inputs.features],
        [f.numbers for f in few.fit(x, y, weights / 400).networks_.inputs.features],
        rtol=1e-9,
        atol=1e-12,
    )


@pytest.mark.parametrize("weights", [None, [2, 1, 2]])
def test_a_range_that_no_float_holds_is_the_largest_one(weights: Any) -> None:
    x = np.array([[-1.7e308], [0.0], [1.7e308]])
    fitted = MLPRegressor(encode="robust", optimizer=FEW).fit(x, [0.0, 1.0, 2.0], weights)
    found = fitted.networks_.inputs.encode(arrays.table_of_array(x)).x
    assert found[0, 0] < found[1, 0] < found[2, 0]


@pytest.mark.parametrize("weight", [0.1, 0.7, 1 / 60])
def test_rounding_of_weights_makes_no_scale(weight: float) -> None:
    """Where a quarter of the weights ends with the last of equal values, nothing of the next one counts."""
    for rows in range(5, 200, 4):
        values = np.repeat([0.0, 7.0], [3 * (rows - 1) // 4 + 1, rows // 4])
        assert weighted_robust(values, np.full(rows, weight)) == (0.0, 7.0)  # the range
        assert SCALINGS["robust"](values) == (0.0, 7.0)


def test_balanced_classes_weigh_the_same(iris: tuple[npt.NDArray[Any], Any]) -> None:
    x, y = (array[:110] for array in iris)
    few = {"optimizer": FEW, "random_state": 0, "encode": "none"}
    balanced = MLPClassifier(class_weight="balanced", **few).fit(x, y)
    counts = {"setosa": 50, "versicolor": 50, "virginica": 10}
    by_hand = MLPClassifier(class_weight={name: 110 / (3 * n) for name, n in counts.items()}, **few)
    np.testing.assert_allclose(balanced.predict_proba(x), by_hand.fit(x, y).predict_proba(x), rtol=1e-7)
    by_row = MLPClassifier(**few).fit(x, y, [110 / (3 * counts[name]) for name in y])
    np.testing.assert_allclose(balanced.predict_proba(x), by_row.predict_proba(x), rtol=1e-7)
    assert not np.allclose(balanced.predict_proba(x), MLPClassifier(**few).fit(x, y).predict_proba(x))


def test_several_targets_and_labels_have_their_shapes() -> None:
    x, y = datasets.make_multilabel_classification(80, 6, n_classes=3, random_state=0)
    labels = MLPClassifier(random_state=0).fit(x, y)
    assert labels.predict_proba(x).shape == labels.predict(x).shape == (80, 3)
    assert labels.score(x, y) > 0.9
    numbers = MLPRegressor(random_state=0).fit(x, y.astype(float))
    assert numbers.predict(x).shape == (80, 3)
    assert numbers.score(x, y) > 0.9


def test_class_weight_moves_the_boundary(iris: tuple[npt.NDArray[Any], Any]) -> None:
    x, y = iris
    few = {"optimizer": FEW, "l2": 0.05, "random_state": 0}
    plain = MLPClassifier(**few).fit(x, y)
    heavy = MLPClassifier(class_weight={"virginica": 50}, **few).fit(x, y)
    assert (heavy.predict(x) == "virginica").sum() > (plain.predict(x) == "virginica").sum()
    balanced = MLPClassifier(class_weight="balanced", **few).fit(x, y)
    np.testing.assert_allclose(balanced.predict_proba(x), plain.predict_proba(x), rtol=1e-7)


def test_balanced_counts_the_rows_that_train(tmp_path: Path) -> None:
    """As `mlp train` does: what is held out decides nothing."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(23, 3)), rng.permutation(np.repeat(["a", "b"], [5, 18]))
    frame = pd.DataFrame(x, columns=["x0", "x1", "x2"]).assign(y=y)
    frame.to_csv(tmp_path / "t.csv", index=False)
    both = {"class_weight": "balanced", "l2": 0.01, "optimizer": {"name": "adam", "learning_rate": 0.05}}
    data = {"train": tmp_path / "t.csv", "target": "y", "validation": 0.3}
    config = {**both, "data": data, "model": {"layers": ["auto", 8, "auto"]}, "seed": 3}
    run = mlpcli.train(config | {"training": {"dtype": np.float64, "epochs": 40}}, output=tmp_path / "run")
    ours = MLPClassifier(
        **both, layers=("auto", 8, "auto"), validation=0.3, random_state=3, dtype="float64", epochs=40
    )
    expected = run.model.predict_proba(frame).to_numpy()
    np.testing.assert_array_equal(ours.fit(x, y).predict_proba(x), expected)


def test_a_fit_that_fails_leaves_what_was_fitted(iris: tuple[npt.NDArray[Any], Any]) -> None:
    x, y = iris
    fitted = MLPClassifier(optimizer=FEW, random_state=0).fit(x, y)
    before = fitted.predict_proba(x)
    fitted.set_params(l2=-1)
    with pytest.raises(ValueError, match="l2"):
        fitted.fit(x[:, :2], y[::-1] == "setosa")
    assert (fitted.n_features_in_, len(fitted.classes_), fitted.l2) == (4, 3, -1)
    np.testing.assert_array_equal(fitted.predict_proba(x), before)


@pytest.mark.parametrize("labels", [(-1, 1), (1, 2), (0, 5)])
def test_labels_are_0_and_1(labels: tuple[int, int]) -> None:
    x, y = datasets.make_multilabel_classification(40, 4, n_classes=3, random_state=0)
    with pytest.raises(ValueError, match="expected labels of 0 and 1 for each row, found "):
        MLPClassifier().fit(x, np.where(y, *labels[::-1]))


def test_rows_that_cannot_be_counted_are_explained(iris: tuple[npt.NDArray[Any], Any]) -> None:
    x, y = iris
    with pytest.raises(ValueError, match="the sum of sample_weight is more than a number can hold"):
        MLPClassifier().fit(x, y, np.full(len(x), 1e307))
    with pytest.raises(ValueError, match="validation holds out every row of the class 'a'"):
        MLPClassifier(validation=0.4, optimizer="adam").fit(x[:5], list("abcde"))
    fitted = MLPClassifier(optimizer="adam", epochs=1).fit(x, y)
    with pytest.raises(ValueError, match="column 'x1': expected a number that can be scaled, found 1e"):
        fitted.predict_proba([[1, 1e39, 1, 1]])


@pytest.mark.parametrize(
    ("labels", "class_weight"),
    [
        (lambda y: y, {0: 2, 1: 3}),
        (lambda y: y, {0.0: 2, np.int64(1): 3}),
        (lambda y: y.astype(float), {0: 2, 1: 3}),
        (lambda y: y.astype(np.float32), {False: 2, True: 3}),
        (lambda y: y.astype(bool), {0: 2, 1: 3}),
        (lambda y: pd.Series(y, dtype="Int64"), {0: 2, 1: 3}),
        (lambda y: pd.Series(y, dtype="boolean"), {0: 2, True: 3}),
        (lambda y: pd.Series(y, dtype="category"), {0: 2, 1: 3}),
        (lambda y: np.array(["0", "1"])[y], {"0": 2, "1": 3}),
        (lambda y: np.array(["0", "1"])[y], {0: 2, 1: 3}),
        (lambda y: np.array(["0", "1"], dtype=object)[y], {np.str_("0"): 2, "1": 3}),
    ],
)
def test_classes_are_weighted_by_their_values(labels: Any, class_weight: Any) -> None:
    """Oracle: the weights that scikit-learn makes of the same classes and mapping."""
    class_weights = pytest.importorskip("sklearn.utils.class_weight")
    x, y = (array[:80] for array in datasets.load_breast_cancer(return_X_y=True))
    few = {"optimizer": FEW, "random_state": 0, "encode": "none"}
    fitted = MLPClassifier(class_weight=class_weight, **few).fit(x / x.max(axis=0), labels(y))
    by_row = class_weights.compute_sample_weight({0: 2, 1: 3}, y)
    expected = MLPClassifier(**few).fit(x / x.max(axis=0), y, by_row)
    np.testing.assert_allclose(
        fitted.predict_proba(x / x.max(axis=0)), expected.predict_proba(x / x.max(axis=0)), rtol=1e-7
    )


@pytest.mark.parametrize("wrong", ["0", 3, 0.5, None, (0,)])
def test_what_is_no_class_has_no_weight(wrong: Any) -> None:
    x, y = datasets.load_iris(return_X_y=True)
    with pytest.raises(ValueError) as caught:
        MLPClassifier(class_weight={wrong: 2}).fit(x, y)
    message = f"class_weight: there is no class {wrong!r}\nhint: there are 0, 1, 2"
    assert str(caught.value) == message


def test_no_weights_are_no_weights(iris: tuple[npt.NDArray[Any], Any]) -> None:
    few = {"optimizer": FEW, "random_state": 0}
    found = MLPClassifier(class_weight={}, **few).fit(*iris).predict_proba(iris[0])
    np.testing.assert_array_equal(found, MLPClassifier(**few).fit(*iris).predict_proba(iris[0]))


LAYERS = {
    "array": np.array([4, 8, 3]),
    "array of few bits": np.array([4, 8, 3], dtype=np.uint8),
    "NumPy's integers": (np.int64(4), np.int32(8), np.uint16(3)),
    "array of objects": np.array(["auto", 8, "auto"], dtype=object),
    "series": pd.Series([4, 8, 3]),
}


@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)
def test_layers_are_any_sequence(iris: tuple[npt.NDArray[Any], Any], layers: Any) -> None:
    few = {"optimizer": FEW, "random_state": 0}
    expected = MLPClassifier(layers=["auto", 8, "auto"], **few).fit(*iris).predict_proba(iris[0])
    found = MLPClassifier(layers=layers, **few).fit(*iris).predict_proba(iris[0])
    np.testing.assert_array_equal(found, expected)
    assert MLPClassifier(layers=range(4, 2, -1), dropout=np.zeros(0), optimizer=FEW).fit(*iris).n_iter_


def test_scores_that_people_expect_by_default() -> None:
    for estimator, data, least in (
        (MLPClassifier(random_state=0), datasets.load_iris, 0.93),
        (MLPClassifier(random_state=0), datasets.load_breast_cancer, 0.95),
    ):
        x, y = data(return_X_y=True)
        assert selection.cross_val_score(estimator, x, y, cv=3).mean() > least
    x, y = datasets.make_friedman1(300, random_state=0)
    assert selection.cross_val_score(MLPRegressor(random_state=0), x, y, cv=3).mean() > 0.9


def test_parameters_can_be_searched(iris: tuple[npt.NDArray[Any], Any]) -> None:
    grid = {"learning_rate": [1e-6, 0.05], "layers": [("auto", 8, "auto")]}
    model = MLPClassifier(optimizer="adam", epochs=20, random_state=0)
    found = selection.GridSearchCV(model, grid, cv=3).fit(*iris)
    assert found.best_params_["learning_rate"] == 0.05


def test_early_stopping_keeps_the_best_epoch(iris: tuple[npt.NDArray[Any], Any]) -> None:
    stopping = {"monitor": "val_accuracy", "patience": 3}
    fitted = MLPClassifier(
        optimizer="adam", learning_rate=0.05, validation=0.2, early_stopping=stopping, random_state=0
    ).fit(*iris)
    best = fitted.history_["val_accuracy"].idxmax()
    assert fitted.n_iter_ == len(fitted.history_) == best + 4
    assert list(fitted.history_)[:2] == ["epoch", "loss"]


def test_a_loss_without_probabilities_has_no_predict_proba(iris: tuple[npt.NDArray[Any], Any]) -> None:
    x, y = iris
    hinge = MLPClassifier(loss="hinge", optimizer=FEW, random_state=0).fit(x, y)
    assert hinge.score(x, y) > 0.9
    assert not hasattr(hinge, "predict_proba")
    assert not hasattr(MLPClassifier(loss={"name": "mse"}), "predict_proba")
    assert not hasattr(MLPClassifier(loss=["hinge"]), "predict_proba")
    sigmoid = MLPClassifier(loss="mse", activation=["relu", "relu", "sigmoid"], optimizer=FEW)
    assert sigmoid.fit(x, y).predict_proba(x).shape == (150, 3)


def test_a_hinge_has_scores(iris: tuple[npt.NDArray[Any], Any]) -> None:
    x, y = iris
    hinge = MLPClassifier(loss={"name": "hinge"}, optimizer=FEW, random_state=0)
    several = hinge.fit(x, y)
    scores = several.decision_function(x)
    assert scores.shape == (150, 3)
    np.testing.assert_array_equal(several.classes_[scores.argmax(axis=1)], several.predict(x))
    two = hinge.fit(x[:100], y[:100])
    margin = two.decision_function(x[:100])
    assert margin.shape == (100,)
    np.testing.assert_array_equal(np.where(margin >= 0, "versicolor", "setosa"), two.predict(x[:100]))
    assert (margin > 0).any() and (margin < 0).any()
    assert not hasattr(MLPClassifier(), "decision_function")
    assert not hasattr(MLPRegressor(), "decision_function")


def test_scores_of_a_hinge_serve_what_asks_for_them(iris: tuple[npt.NDArray[Any], Any]) -> None:
    multiclass = pytest.importorskip("sklearn.multiclass")
    x, y = iris
    hinge = MLPClassifier(loss="hinge", optimizer=FEW, random_state=0)
    areas = selection.cross_val_score(hinge, x[50:], y[50:] == "virginica", scoring="roc_auc", cv=3)
    assert areas.min() > 0.95
    each = multiclass.OneVsRestClassifier(hinge).fit(x, y)
    assert each.decision_function(x).shape == (150, 3)
    assert each.score(x, y) > 0.9


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"l2": -1}, "l2: expected a number of at least 0, found -1"),
        ({"normalization": "batchnorm"}, "hint: it is called `batch_norm` here"),
        ({"residual": "yes"}, "residual: expected true or false, found 'yes'"),
        ({"optimizer": "adm"}, "hint: did you mean `adam`?"),
        ({"learning_rate": 0.1}, "lbfgs has no option `learning_rate`"),
        ({"layers": ("auto", 8, 2)}, "expected 3, the output columns that the data has, found 2"),
        ({"encode": "quantile"}, "encode: expected one of standardize, minmax, maxabs"),
        ({"encode": {"encode": "minmax"}}, "encode: expected one of standardize, minmax, maxabs"),
        ({"encode": ["minmax"]}, "encode: expected one of standardize, minmax, maxabs"),
        ({"encode": {"name": "minmax", "bins": 3}}, "encode.bins: `bins` has no effect on minmax"),
        ({"encode": {"name": "piecewise_linear", "bins": 0}}, "encode.bins: expected a whole number from"),
        ({"ensemble": 1}, "ensemble.members: expected a whole number from 2 to 100, found 1"),
        ({"ensemble": True}, "ensemble: expected "),
        ({"ensemble": {}}, 'expected `members` or `folds`, found neither\nhint: for example `ensemble={"'),
        ({"ensemble": {"folds": 60}}, "the largest class: expected at least 60 rows, one for each fold"),
        ({"validation": "more.csv"}, "validation: expected a number above 0 and below 1, found 'more.csv'"),
        ({"validation": "0.2"}, "validation: expected a number above 0 and below 1, found '0.2'"),
        (
            {"validation": {"column": "part", "value": "v"}},
            "validation: expected a number above 0 and below 1, found {'column': 'part', 'value': 'v'}",
        ),
        ({"validation": True}, "validation: expected a number above 0 and below 1, found True"),
        ({"validation": 1}, "validation: expected a number above 0 and below 1, found 1"),
        (
            {"layers": {8}},
            "layers: expected texts, numbers, booleans, None, lists and mappings, found set",
        ),
        ({"layers": np.array([4, 8.5, 3])}, "layers.1: expected a whole number from 1 to "),
        ({"loss": ["hinge"]}, "loss: expected a loss, by name or as a mapping with `name`, found a list"),
        ({"epochs": 9}, "hint: set `iterations` of the optimizer instead"),
        ({"class_weight": {"rose": 2}}, "class_weight: there is no class 'rose'\nhint: there are 'setosa', "),
        ({"class_weight": np.ones(3)}, "class_weight: expected a mapping, found a list"),
        ({"class_weight": {"setosa": -1}}, "class_weight.setosa: expected a number of at least 0, found -1"),
        (
            {"early_stopping": {"patience": 3}},
            "needs validation rows, and `validation` is not set\nhint: for example `validation=0.2`",
        ),
        ({"calibration": "temperature"}, 'hint: for example `validation=0.2`, or `ensemble={"folds": 5}`'),
        ({"layers": [3]}, 'hint: `["auto", 16, "auto"]` has one hidden layer of 16'),
        ({"residual": True}, 'hint: `layers=["auto", 64, 64, "auto"]` has them'),
        ({"batch_size": 10}, 'lbfgs needs `batch_size="full"`, found 10'),
        ({"optimizer": "sgd", "learning_rate": 1e30, "loss": "mse"}, "1e+30, `clip_norm=1.0`, or features"),
        ({"random_state": -1}, "random_state: expected a whole number of at least 0, found -1"),
        ({"optimizer": "adam", "learning_rate": 0}, "learning_rate: expected a number above 0, found 0"),
        ({"optimizer": "adam", "epochs": 0}, "epochs: expected a whole number of at least 1, found 0"),
        ({"loss": "mse", "target_scale": "standardize"}, "target_scale"),
    ],
)
def test_a_wrong_parameter_is_explained(
    iris: tuple[npt.NDArray[Any], Any], parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError) as caught:
        MLPClassifier(**parameters).fit(*iris)
    told = str(caught.value)
    assert message in told
    # of no section, line or command that there is not
    assert not re.search(r"parameters:|mlp|(data|model|training)\.\w|`\w+: ", told), told


def test_weights_of_classes_are_for_classes() -> None:
    x, y = datasets.load_diabetes(return_X_y=True)
    hint = "class_weight: expected None, as this is a regression, found 'balanced'\nhint: .* `sample_weight`"
    with pytest.raises(ValueError, match=hint):
        MLPRegressor(class_weight="balanced").fit(x, y)
    assert MLPRegressor(class_weight={}, optimizer=FEW).fit(x, y).n_iter_


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_too_few_rows_to_validate_and_train_are_explained(optimizer: str) -> None:
    """In the words of `mlp train`; a test is none of fit's business."""
    x, y = np.arange(12.0).reshape(6, 2), np.arange(6)
    message = r"X: expected at least 8 rows \(6 to validate, 2 to train\), found 6"
    with pytest.raises(ValueError, match=message):
        MLPRegressor(validation=0.999, optimizer=optimizer).fit(x, y)
    with pytest.raises(ValueError, match=message):
        MLPClassifier(validation=0.999, optimizer=optimizer).fit(x, y % 2)
    fitted = MLPRegressor(validation=0.6, optimizer=optimizer).fit(x, y)
    assert fitted.history_["val_loss"].notna().all()


def test_a_network_that_is_too_large_is_refused_in_words_that_help() -> None:
    with pytest.raises(ValueError, match=r"hint: use smaller layers$"):
        MLPRegressor(layers=("auto", 10_000, 10_000, "auto")).fit(np.eye(3), np.arange(3))


def test_wrong_rows_are_explained(iris: tuple[npt.NDArray[Any], Any]) -> None:
    x, y = iris
    with pytest.raises(ValueError, match="only one class: 'setosa'"):
        MLPClassifier().fit(x[:20], y[:20])
    with pytest.raises(ValueError, match="several classes"):
        MLPClassifier().fit(x, np.column_stack([np.arange(150) % 3, np.arange(150) % 4]))
    with pytest.raises(ValueError, match="negative values in sample_weight"):
        MLPRegressor().fit(x, x[:, 0], -np.ones(150))
    with pytest.raises(ValueError, match=r"^X: column 'y0': expected a count of at least 0 for poisson"):
        MLPRegressor(loss="poisson").fit(x, x[:, 0] - x[:, 0].min() - 1.5)
    with pytest.raises(ValueError, match="zero"):
        MLPRegressor().fit(x, x[:, 0], np.zeros(150))


def test_without_scikit_learn_the_import_says_what_to_install() -> None:
    code = "import sys; sys.modules['sklearn'] = None; import mlpcli.sklearn"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "mlpcli.sklearn needs scikit-learn 1.6 or later: pip install 'scikit-learn>=1.6'" in done.stderr


def test_a_file_of_starting_weights_is_named(tmp_path: Path) -> None:
    x, y = np.eye(6), np.arange(6) % 3
    path = tmp_path / "w.npz"
    with pytest.raises(ValueError, match=f"cannot take weights from '{path}': could not open it"):
        MLPClassifier(init={"from": path}).fit(x, y)
    np.savez(path, **{"layers.0.weight": np.ones((2, 2)), "layers.0.bias": np.ones(2)})
    with pytest.raises(ValueError, match=f": expected .*, found .* in '{path}'"):
        MLPClassifier(init={"from": path}).fit(x, y)


def test_a_loss_of_another_name_leads_to_one_that_any_number_of_classes_may_have() -> None:
    x, y = np.eye(6), np.arange(6) % 3
    with pytest.raises(ValueError, match="it is called `cross_entropy` here; two classes"):
        MLPClassifier(loss="log_loss").fit(x, y)
    assert MLPClassifier(loss="cross_entropy").fit(x, y).predict_proba(x).shape == (6, 3)
