"""Recipes of the estimators are those of `mlp init`; what is fitted after weights is that of `mlp train`."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import yaml

import mlpcli
from tests.support.running import ok

pytest.importorskip("sklearn")
arrays = pytest.importorskip("mlpcli.sklearn.arrays")
estimators = pytest.importorskip("mlpcli.sklearn")
settings = pytest.importorskip("mlpcli.sklearn.settings")
base = pytest.importorskip("sklearn.base")

MLPClassifier, MLPRegressor = estimators.MLPClassifier, estimators.MLPRegressor
FEW = {"name": "lbfgs", "iterations": 20}
SMALL = {"layers": ["auto", 6, "auto"]}
Rows = tuple[npt.NDArray[Any], npt.NDArray[Any]]


def rows_of(count: int, task: str = "classification") -> Rows:
    """A number, one with a long tail, one that is mostly 0, one that is always 7; and what they say."""
    rng = np.random.default_rng(0)
    mostly = np.where(rng.random(count) < 0.8, 0, rng.integers(100, 20_000, count))
    x = np.column_stack([rng.normal(size=count), rng.lognormal(0, 2, count), mostly, np.full(count, 7.0)])
    score = x[:, 0] + np.log(x[:, 1]) / 2 + (mostly > 0) + rng.normal(size=count) / 2
    return x, score if task == "regression" else np.where(score > 0.4, "yes", "no")


def as_file(directory: Path, x: npt.NDArray[Any], y: npt.NDArray[Any]) -> pd.DataFrame:
    """The rows in a file, and as a frame without the target."""
    frame = pd.DataFrame(x, columns=[f"x{index}" for index in range(x.shape[1])])
    frame.assign(y0=y).to_csv(directory / "t.csv", index=False)
    return frame


def written(directory: Path, recipe: str, *options: str) -> dict[str, Any]:
    """What `mlp init` writes for them."""
    table, out = directory / "t.csv", directory / "c.yaml"
    ok("init", table, "--target", "y0", "--recipe", recipe, "-o", out, "--overwrite", "-q", *options)
    document: dict[str, Any] = yaml.safe_load(out.read_text())
    document["data"]["train"] = str(table)
    return document


def config_of(estimator: Any, x: npt.NDArray[Any], y: npt.NDArray[Any]) -> dict[str, Any]:
    """What an estimator would train."""
    classes = () if y.dtype.kind == "f" else tuple(np.unique(y).tolist())
    target = (y if not classes else np.unique(y, return_inverse=True)[1].astype(float)).reshape(-1, 1)
    task = "classification" if classes else "regression"
    given = arrays.Given(task, x, target, np.ones(len(x)), classes)
    document: dict[str, Any] = settings.config_of_parameters(estimator._chosen(), given).document
    return document


@pytest.mark.parametrize("recipe", ["quick", "strong", "best"])
@pytest.mark.parametrize("count", [90, 480, 600])
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_recipe_is_what_init_writes(tmp_path: Path, recipe: str, count: int, task: str) -> None:
    x, y = rows_of(count, task)
    as_file(tmp_path, x, y)
    expected = written(tmp_path, recipe)
    kind = MLPRegressor if task == "regression" else MLPClassifier
    found = config_of(kind(recipe=recipe, random_state=0), x, y)
    sections = ("model", "loss", "l2", "optimizer", "schedule", "ensemble", "calibration")
    assert {key: found.get(key) for key in sections} == {key: expected.get(key) for key in sections}
    for key in ("features", "validation"):
        assert found["data"].get(key) == expected["data"].get(key)
    assert list(found["data"]["features"]) == ["x0", "x1", "x2"]
    assert "test" not in found["data"]
    training = {key: value for key, value in expected["training"].items() if key != "metrics"}
    assert found["training"] == training | {"metrics": []}


@pytest.mark.parametrize(("recipe", "count"), [("quick", 120), ("strong", 300)])
def test_a_recipe_trains_what_mlp_train_trains(tmp_path: Path, recipe: str, count: int) -> None:
    """But for the rows that `quick` spares for a test, which are trained on."""
    x, y = rows_of(count)
    frame = as_file(tmp_path, x, y)
    config = written(tmp_path, recipe)
    config["data"].pop("test", None)
    config["training"] |= {"epochs": 3, "dtype": "float64"}
    run = mlpcli.train(config, output=tmp_path / "run")
    fitted = MLPClassifier(recipe=recipe, epochs=3, dtype="float64", random_state=0).fit(x, y)
    expected = run.model.predict_proba(frame).to_numpy()
    np.testing.assert_allclose(fitted.predict_proba(x), expected, rtol=1e-7, atol=1e-12)
    again = pickle.loads(pickle.dumps(base.clone(fitted).fit(x, y)))
    np.testing.assert_array_equal(again.predict_proba(x), fitted.predict_proba(x))
    temperature = fitted.networks_.decoder.temperature
    if recipe == "strong":
        assert temperature == pytest.approx(run.metrics["calibration"]["temperature"], rel=1e-6)
    else:
        assert temperature is None


def test_a_parameter_that_is_not_the_default_wins() -> None:
    x, y = rows_of(600)
    recipe = config_of(MLPClassifier(recipe="strong", random_state=4), x, y)
    given = {"learning_rate": 0.5, "epochs": 3, "encode": "minmax", "l2": 0.5, "dropout": 0.25}
    found = config_of(MLPClassifier(recipe="strong", random_state=4, **given), x, y)
    assert recipe["optimizer"] | {"learning_rate": 0.5} == found["optimizer"]
    assert found["training"] == recipe["training"] | {"epochs": 3}
    assert found["model"] == recipe["model"] | {"dropout": 0.25}
    assert (found["l2"], found["seed"], "l2" in recipe) == (0.5, 4, False)
    assert found["data"]["features"] == {arrays.EACH: {"encode": "minmax"}}
    sgd = config_of(MLPClassifier(recipe="strong", optimizer="sgd"), x, y)
    assert sgd["optimizer"] == "sgd"
    # layers as by default, but in another type, are meant
    layers = ["auto", 64, 32, "auto"]
    assert config_of(MLPClassifier(recipe="strong", layers=layers), x, y)["model"]["layers"] == layers


def test_other_networks_than_those_of_the_recipe_may_have_nothing_that_validates() -> None:
    x, y = rows_of(600)
    found = config_of(MLPClassifier(recipe="strong", ensemble=2), x, y)
    assert found["ensemble"] == {"members": 2}
    assert "calibration" not in found
    assert "early_stopping" not in found["training"]


def test_rows_with_weights_have_no_ranks() -> None:
    x, y = rows_of(600)
    target = np.unique(y, return_inverse=True)[1].astype(float).reshape(-1, 1)
    parameters = MLPClassifier(recipe="quick")._chosen()
    encodings = []
    for weights in (np.ones(600), np.full(600, 2.0)):
        given = arrays.Given("classification", x, target, weights, ("no", "yes"))
        encodings.append(settings.config_of_parameters(parameters, given).document["data"]["features"]["x1"])
    assert encodings == [{"encode": "quantile", "output": "normal"}, "standardize"]
    assert MLPClassifier(recipe="quick", epochs=1).fit(x, y, np.full(600, 2.0)).n_iter_ == 1


def test_very_many_columns_are_standardized_as_if_nothing_was_said_of_them() -> None:
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.lognormal(0, 2, (120, 201)), np.full(120, 7.0)])
    found = config_of(MLPRegressor(recipe="quick"), x, x[:, 0] + x[:, 1])
    assert found["data"]["features"] == {f"x{index}": "standardize" for index in range(201)}


def test_several_targets_and_labels_have_recipes() -> None:
    x, y = rows_of(150, "regression")
    numbers = np.column_stack([y, -y, x[:, 0]])
    assert MLPRegressor(recipe="quick", epochs=2).fit(x, numbers).predict(x).shape == (150, 3)
    labels = (numbers > 0).astype(int)
    assert MLPClassifier(recipe="quick", epochs=2).fit(x, labels).predict_proba(x).shape == (150, 3)


CHOSEN: list[tuple[dict[str, Any], Any]] = [
    ({}, 0.3),
    ({}, {"maximize": "f1"}),
    ({"ensemble": {"folds": 3}}, {"recall": 0.9}),
]


@pytest.mark.parametrize(("how", "threshold"), CHOSEN)
def test_what_is_fitted_after_the_weights_is_what_mlp_train_fits(
    tmp_path: Path, how: dict[str, Any], threshold: Any
) -> None:
    x, y = rows_of(200)
    frame = as_file(tmp_path, x, y)
    how = how or {"validation": 0.3}
    data = {"train": str(tmp_path / "t.csv"), "target": "y0", "validation": how.get("validation")}
    fits = {"calibration": "temperature", "threshold": threshold}
    data["features"] = dict.fromkeys(frame, "standardize")
    both = {**fits, "optimizer": FEW, "l2": 0.01}
    config = {"seed": 2, "data": data, "model": SMALL, "ensemble": how.get("ensemble"), **both}
    fitted = MLPClassifier(**how, **both, **SMALL, random_state=2)
    run = mlpcli.train(config, output=tmp_path / "run")
    expected = run.model.predict_proba(frame).to_numpy()
    np.testing.assert_allclose(fitted.fit(x, y).predict_proba(x), expected, rtol=1e-6, atol=1e-9)
    assert fitted.networks_.decoder.least == pytest.approx(run.metrics["threshold"])
    np.testing.assert_array_equal(fitted.predict(x), run.model.predict(frame))
    assert (fitted.predict(x) != fitted.classes_[fitted.predict_proba(x).argmax(axis=1)]).any()


def test_intervals_are_those_of_mlp_train(tmp_path: Path) -> None:
    x, y = rows_of(150, "regression")
    frame = as_file(tmp_path, x, y)
    data = {"train": str(tmp_path / "t.csv"), "target": "y0", "features": dict.fromkeys(frame, "standardize")}
    fits = {"ensemble": {"folds": 4}, "intervals": [0.9, 0.5], "optimizer": FEW, "l2": 0.01}
    run = mlpcli.train({"data": data, "model": SMALL, **fits}, output=tmp_path / "run")
    fitted = MLPRegressor(**SMALL, **fits, random_state=0).fit(x, y)
    for level in (0.9, 0.5):
        expected = run.model.predict_interval(frame, level).to_numpy()
        found = fitted.predict_interval(x, level)
        assert found.shape == (150, 2)
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)
    wide, narrow = fitted.predict_interval(x), fitted.predict_interval(x, level=0.5)
    assert ((wide[:, 0] <= narrow[:, 0]) & (narrow[:, 1] <= wide[:, 1])).all()
    both = MLPRegressor(**SMALL, **fits, random_state=0).fit(x, np.column_stack([y, -y]))
    assert both.predict_interval(x).shape == (150, 2, 2)


def test_sets_of_classes_are_those_of_mlp_train(tmp_path: Path) -> None:
    x, y = rows_of(150)
    y = np.where(x[:, 0] > 1, "maybe", y)
    frame = as_file(tmp_path, x, y)
    data = {"train": str(tmp_path / "t.csv"), "target": "y0", "features": dict.fromkeys(frame, "standardize")}
    training = {"refit": True, "epochs": 4, "dtype": "float64", "early_stopping": {"patience": 1}}
    fits = {"ensemble": {"folds": 4}, "intervals": 0.8, "calibration": "temperature"}
    both = {**fits, "optimizer": {"name": "adam", "learning_rate": 0.05}, "l2": 0.01}
    run = mlpcli.train({"data": data, "model": SMALL, "training": training, **both}, output=tmp_path / "run")
    fitted = MLPClassifier(**SMALL, **both, **training, random_state=0).fit(x, y)
    sets = fitted.predict_interval(x, 0.8)
    assert (sets.shape, sets.dtype) == ((150, 3), np.bool_)
    assert [frozenset(fitted.classes_[row]) for row in sets] == run.model.predict_interval(
        frame, 0.8
    ).tolist()
    assert 0 < sets.sum(axis=1).mean() < 3


def test_a_level_without_intervals_is_explained() -> None:
    x, y = rows_of(60, "regression")
    plain = MLPRegressor(optimizer=FEW, random_state=0).fit(x, y)
    assert not hasattr(plain, "predict_interval")
    with pytest.raises(ValueError, match=r"level: expected one that `intervals` had in fit \(none\)"):
        plain.set_params(intervals=[0.9]).predict_interval(x)
    fitted = plain.set_params(ensemble={"folds": 2}).fit(x, y)
    with pytest.raises(ValueError, match=r"`intervals` had in fit \(0.9\), found 0.8"):
        fitted.predict_interval(x, 0.8)


def test_a_threshold_that_cannot_be_reached_is_a_warning() -> None:
    x, y = rows_of(60)
    asked = MLPClassifier(optimizer="adam", epochs=1, validation=0.5, threshold={"precision": 1.0})
    with pytest.warns(UserWarning, match="no threshold gives the validation rows a precision of 1: the"):
        asked.fit(x[:, 3:], y)  # always the same number: every row has the same probability


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"recipe": "stron"}, "recipe: expected one of quick, strong, best, found 'stron'"),
        ({"recipe": ["best"]}, r"recipe: expected one of quick, strong, best, found \['best'\]"),
        ({"intervals": [0.9]}, 'intervals: need folds, .*\nhint: for example `ensemble={"folds": 5}`'),
        ({"intervals": [1.9], "ensemble": {"folds": 2}}, r"intervals\.0: expected a number above 0 and"),
        ({"calibration": "temperature"}, "needs validation rows, and `validation` is not set\nhint: for "),
        ({"threshold": {"maximize": "f1"}}, "a threshold with a goal needs validation rows, and `vali"),
        ({"threshold": 2}, "threshold: expected a number above 0 and below 1"),
        ({"calibration": "platt", "validation": 0.2}, "calibration: expected `temperature`, found 'platt'"),
        (
            {"intervals": [0.99], "ensemble": {"folds": 2}},
            "level 0.99 takes 99 rows that validate, found 60",
        ),
    ],
)
def test_a_wrong_parameter_is_explained(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MLPClassifier(**parameters).fit(*rows_of(60))


def test_where_there_is_nothing_to_learn_a_recipe_says_so() -> None:
    x, _ = rows_of(60)
    with pytest.raises(ValueError, match="X: column 'y0': the target is the same in every row"):
        MLPRegressor(recipe="quick").fit(x, np.ones(60))
