"""Who comes from scikit-learn's MLP finds our names, and can save and read what was fitted."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

import mlpcli

datasets = pytest.importorskip("sklearn.datasets")
base = pytest.importorskip("sklearn.base")
estimators = pytest.importorskip("mlpcli.sklearn")
names = pytest.importorskip("mlpcli.sklearn.names_elsewhere")

MLPClassifier, MLPRegressor = estimators.MLPClassifier, estimators.MLPRegressor
FEW = {"name": "lbfgs", "iterations": 5}


@pytest.fixture(scope="module")
def iris() -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    x, y = datasets.load_iris(return_X_y=True)
    return x, y


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("hidden_layer_sizes", 'write `layers=("auto", 64, 32, "auto")` for hidden_layer_sizes=(64, 32)'),
        ("alpha", "it is called `l2` here"),
        ("solver", "it is called `optimizer` here"),
        ("learning_rate_init", "it is called `learning_rate` here"),
        ("max_iter", "write `epochs`, or "),
        ("sample_weight", None),
        ("droput", "did you mean `dropout`?"),
    ],
)
def test_a_parameter_of_another_name_is_named(name: str, ours: str | None) -> None:
    told = f"MLPRegressor has no parameter `{name}`" + (f": {ours}" if ours else "")
    with pytest.raises(TypeError) as caught:
        MLPRegressor(**{name: 1})
    assert str(caught.value).startswith(told)
    with pytest.raises(ValueError) as refused:
        MLPRegressor().set_params(**{name: 1})
    assert str(refused.value) == str(caught.value)


def test_every_parameter_of_scikit_learns_mlp_leads_to_one_of_ours() -> None:
    """And what is written there, code or a name, is one that the constructor takes."""
    neural = pytest.importorskip("sklearn.neural_network")
    ours = MLPClassifier().get_params()
    theirs = {**neural.MLPClassifier().get_params(), **neural.MLPRegressor().get_params()}
    for name in theirs:
        hint = names.name_hint(name, ours)
        assert name in ours or hint, name
        for written in (part for part in (hint or "").split("`")[1::2] if "=" in part):
            assert eval(f"MLPClassifier({written})", {"MLPClassifier": MLPClassifier})


@pytest.mark.parametrize(
    ("parameters", "hint"),
    [
        ({"early_stopping": True}, 'for example `early_stopping={"patience": 10}` with `validation=0.1`'),
        ({"dropout": 0.1}, 'leave it out, or choose `optimizer="adam"`'),
        ({"batch_size": 8}, 'leave it out, or choose `optimizer="adam"`'),
        ({"clip_norm": 1.0}, 'leave it out, or choose `optimizer="adam"`'),
        ({"schedule": "cosine"}, 'leave it out, or choose `optimizer="adam"`'),
        ({"average": {"ema": 0.9}}, 'leave it out, or choose `optimizer="adam"`'),
        (
            {"epochs": 9},
            'set `iterations` of the optimizer instead, or choose `optimizer="adam"`',
        ),
        (
            {"learning_rate": 0.1},
            'known here: iterations, tolerance; `optimizer="adam"` has it',
        ),
    ],
)
def test_what_lbfgs_refuses_leads_to_adam(
    iris: tuple[npt.NDArray[Any], Any], parameters: dict[str, Any], hint: str
) -> None:
    with pytest.raises(ValueError) as caught:
        MLPClassifier(**parameters).fit(*iris)
    assert str(caught.value).endswith(f"hint: {hint}")
    if "early_stopping" not in parameters:
        adam = {"optimizer": "adam", "epochs": 1, **parameters}
        assert MLPClassifier(**adam).fit(*iris).n_iter_ == adam["epochs"]


def test_training_stops_by_its_own_loss(iris: tuple[npt.NDArray[Any], Any]) -> None:
    """As `tol` and `n_iter_no_change` stop scikit-learn's; the best weights are kept, no row is held out."""
    stopping = {"monitor": "loss", "patience": 3, "min_delta": 0.05}
    fitted = MLPClassifier(optimizer="adam", epochs=200, early_stopping=stopping, random_state=0).fit(*iris)
    losses = fitted.history_["loss"]
    assert fitted.n_iter_ == len(losses) < 200
    best = losses[:1].to_list()
    for loss in losses[1:]:
        best.append(loss if best[-1] - loss > 0.05 else best[-1])
    assert best[-1] == best[-4] < best[-5]
    with pytest.raises(ValueError, match=r"^early_stopping\.patience: expected a whole number of at least 1"):
        MLPClassifier(optimizer="adam", early_stopping={**stopping, "patience": 0}).fit(*iris)


def test_weights_of_classes_and_labels_do_not_go_together(iris: tuple[npt.NDArray[Any], Any]) -> None:
    """The tags say so, by which scikit-learn's checks and meta-estimators go."""
    utils = pytest.importorskip("sklearn.utils")
    balanced = MLPClassifier(class_weight="balanced")
    assert not utils.get_tags(balanced).classifier_tags.multi_label
    assert utils.get_tags(MLPClassifier()).classifier_tags.multi_label
    with pytest.raises(ValueError, match="class_weight: expected None, as this is a multilabel"):
        balanced.fit(iris[0], np.eye(3, dtype=int)[iris[1]])


def test_the_history_is_a_frame_and_what_is_kept_is_plain(iris: tuple[npt.NDArray[Any], Any]) -> None:
    with pytest.raises(AttributeError, match="history_ is there after fit"):
        _ = MLPClassifier().history_
    fitted = MLPClassifier(optimizer="adam", epochs=3, validation=0.2).fit(*iris)
    assert isinstance(fitted.history_, pd.DataFrame)
    assert fitted.history_["epoch"].tolist() == [1, 2, 3]
    again = pickle.loads(pickle.dumps(fitted))
    pd.testing.assert_frame_equal(again.history_, fitted.history_)
    assert not [value for value in vars(fitted.networks_).values() if isinstance(value, pd.DataFrame)]
    assert not hasattr(base.clone(fitted), "history_")


ADAM = {"optimizer": {"name": "adam", "learning_rate": 0.02}, "batch_size": 40, "random_state": 0}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"dropout": 0.3, "average": {"ema": 0.9}, "normalization": "batch_norm"},
        {"schedule": "cosine", "batch_size": 200, "dtype": "float64", "bias": False},
    ],
    ids=["plain", "state", "full"],
)
def test_epochs_one_by_one_are_those_of_a_fit(
    iris: tuple[npt.NDArray[Any], Any], settings: dict[str, Any]
) -> None:
    """To the last bit: optimizer, order of rows, dropout and average go on where they were, pickled too."""
    x, y = iris
    names = np.array(["a", "b", "c"])[y]
    whole = MLPClassifier(**{**ADAM, **settings}, epochs=4).fit(x, names)
    parts = MLPClassifier(**{**ADAM, **settings}, epochs=4)
    for _ in range(2):
        parts.partial_fit(x, names, classes=["c", "a", "b"])
    parts = pickle.loads(pickle.dumps(parts))
    parts.partial_fit(x, names).partial_fit(x, names)
    np.testing.assert_array_equal(parts.predict_proba(x), whole.predict_proba(x))
    pd.testing.assert_frame_equal(parts.history_, whole.history_)
    assert parts.n_iter_ == 4


def test_rows_that_come_bit_by_bit(iris: tuple[npt.NDArray[Any], Any]) -> None:
    """Batches of other sizes, classes that come later; the first rows have said how inputs are scaled."""
    x, y = iris
    order = np.random.default_rng(0).permutation(150)
    early = order[y[order] < 2]
    fitted = MLPClassifier(**ADAM).partial_fit(x[early[:60]], y[early[:60]], classes=[0, 1, 2])
    for count in range(61, 90):
        fitted.partial_fit(x[order[:count]], y[order[:count]])
    center = [feature.center for feature in fitted.networks_.inputs.features]
    np.testing.assert_allclose(center, x[early[:60]].mean(axis=0))
    assert fitted.score(x, y) > 0.9
    numbers = MLPRegressor(**ADAM)
    for _ in range(40):
        numbers.partial_fit(x[:, :3], x[:, 3], np.ones(150))
    assert numbers.score(x[:, :3], x[:, 3]) > 0.8
    labels = np.eye(3, dtype=int)[y]
    assert MLPClassifier(**ADAM).partial_fit(x, labels).partial_fit(x, labels).predict(x).shape == (150, 3)


def test_a_fit_goes_on_by_partial_fit(iris: tuple[npt.NDArray[Any], Any]) -> None:
    fitted = MLPClassifier(**ADAM, epochs=3).fit(*iris)
    weights = fitted.coefs_[0]
    fitted.set_params(learning_rate=1e-9).partial_fit(*iris)
    np.testing.assert_allclose(fitted.coefs_[0], weights, atol=1e-6)
    assert fitted.history_["epoch"].tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("settings", "given", "message"),
    [
        ({}, {}, "classes: the first call of partial_fit needs all that there will be"),
        ({}, {"classes": [0, 1]}, r"y: expected one of the classes \[0 1\], found np.int64\(2\)"),
        (
            {"ensemble": 3},
            {"classes": [0, 1, 2]},
            "sees some rows, and these need all of them: ensemble",
        ),
        ({"class_weight": "balanced"}, {"classes": [0, 1, 2]}, "need all of them: class_weight"),
        ({"epochs": 0}, {"classes": [0, 1, 2]}, "^epochs: expected a whole number of at least 1, found 0"),
    ],
)
def test_what_partial_fit_cannot_do_is_explained(
    iris: tuple[npt.NDArray[Any], Any], settings: dict[str, Any], given: dict[str, Any], message: str
) -> None:
    fitted = MLPClassifier(optimizer="adam", **settings)
    with pytest.raises(ValueError, match=message):
        fitted.partial_fit(*iris, **given)
    assert not hasattr(fitted, "networks_")


def test_partial_fit_asks_for_what_was_there_before(iris: tuple[npt.NDArray[Any], Any]) -> None:
    x, y = iris
    assert not hasattr(MLPClassifier(), "partial_fit")
    fitted = MLPClassifier(optimizer="adam").partial_fit(x, y, classes=[0, 1, 2])
    with pytest.raises(
        ValueError, match=r"classes: expected those of the first call, \[0 1 2\], found \[0 1\]"
    ):
        fitted.partial_fit(x, y, classes=[0, 1])
    with pytest.raises(ValueError, match="4 features"):
        fitted.partial_fit(x[:, :3], y)
    with pytest.raises(ValueError, match="the layers are not those of the network that is to go on"):
        fitted.set_params(layers=("auto", 5, "auto")).partial_fit(x, y)


@pytest.mark.parametrize("optimizer", [FEW, "adam"])
def test_a_warm_start_goes_on_from_the_weights(iris: tuple[npt.NDArray[Any], Any], optimizer: Any) -> None:
    x, y = iris
    few = {} if optimizer is FEW else {"epochs": 3}
    fitted = MLPClassifier(optimizer=optimizer, **few, warm_start=True, random_state=0).fit(x, y)
    before, center = fitted.loss_, fitted.networks_.inputs.features[0].center
    cold = base.clone(fitted).fit(x[20:] + 1, y[20:]).loss_curve_
    fitted.fit(x[20:], y[20:])
    assert fitted.loss_curve_[0] < 1.2 * before < cold[0]
    assert fitted.n_iter_ == len(fitted.history_) == len(cold)
    assert fitted.networks_.inputs.features[0].center == center
    with pytest.raises(ValueError, match="warm_start: expected y to have the classes of the fit before"):
        fitted.fit(x, y % 2)
    assert fitted.classes_.tolist() == [0, 1, 2]
    several = MLPClassifier(optimizer=FEW, ensemble=2, warm_start=True).fit(x, y)
    with pytest.raises(ValueError, match="warm_start is for a single network"):
        several.fit(x, y)


def test_parts_of_a_network_are_called_as_theirs(iris: tuple[npt.NDArray[Any], Any]) -> None:
    """Oracle: the outputs that they make by hand."""
    x, y = iris
    fitted = MLPClassifier(layers=("auto", 6, 5, "auto"), optimizer=FEW, random_state=0).fit(x, y)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    for weight, bias in zip(fitted.coefs_[:-1], fitted.intercepts_[:-1], strict=True):
        z = np.maximum(z @ weight + bias, 0.0)
    z = z @ fitted.coefs_[-1] + fitted.intercepts_[-1]
    expected = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(fitted.predict_proba(x), expected, rtol=1e-9)
    assert (fitted.n_layers_, fitted.n_outputs_, fitted.out_activation_) == (4, 3, "softmax")
    assert fitted.loss_curve_ == fitted.history_["loss"].tolist()
    assert fitted.loss_ == fitted.loss_curve_[-1] >= fitted.best_loss_ == min(fitted.loss_curve_)
    fitted.coefs_[0][:] = 0.0
    np.testing.assert_allclose(fitted.predict_proba(x), expected, rtol=1e-9)
    several = MLPClassifier(optimizer=FEW, ensemble=2).fit(x, y)
    for name in ("coefs_", "loss_", "n_layers_"):
        with pytest.raises(AttributeError, match=f"{name} is of one network|loss_curve_ is of one network"):
            getattr(several, name)
        assert not hasattr(MLPClassifier(), name)
    assert MLPClassifier(optimizer=FEW, bias=False).fit(x, y).intercepts_ == []


def test_logarithms_of_probabilities_have_all_digits(iris: tuple[npt.NDArray[Any], Any]) -> None:
    """Where probabilities are 0 or 1 too; of classes, of two, and of labels."""
    x, y = iris
    for target in (y, y > 0, np.eye(3, dtype=int)[y]):
        fitted = MLPClassifier(optimizer="adam", epochs=3, random_state=0).fit(x, target)
        probability, logarithm = fitted.predict_proba(x), fitted.predict_log_proba(x)
        np.testing.assert_allclose(logarithm, np.log(probability), rtol=1e-7)
        far = fitted.predict_log_proba(50 * x)
        assert np.isfinite(far).all()
        assert (far < 0).all()
    assert not hasattr(MLPClassifier(loss="hinge"), "predict_log_proba")


@pytest.mark.parametrize("kind", ["csr_matrix", "csr_array", "coo_array", "csc_matrix"])
def test_sparse_rows_are_the_same_rows(iris: tuple[npt.NDArray[Any], Any], kind: str) -> None:
    """To the last bit, with equal rows among them, weights, folds and a recipe."""
    sparse = pytest.importorskip("scipy.sparse")
    x, y = iris
    x = np.where(x > 2, x, 0.0)
    rows = getattr(sparse, kind)(x)
    weights = np.arange(150) % 3 + 1.0
    for settings in ({"optimizer": FEW}, {"optimizer": "adam", "epochs": 2, "ensemble": {"folds": 2}}):
        dense = MLPClassifier(**settings, random_state=0).fit(x, y, weights)
        fitted = MLPClassifier(**settings, random_state=0).fit(rows, y, weights)
        np.testing.assert_array_equal(fitted.predict_proba(rows), dense.predict_proba(x))
    quick = {"recipe": "quick", "epochs": 1, "random_state": 0}
    found = MLPRegressor(**quick).fit(rows, x[:, 0]).predict(rows)
    np.testing.assert_array_equal(found, MLPRegressor(**quick).fit(x, x[:, 0]).predict(x))
    partial = MLPRegressor(optimizer="adam").partial_fit(rows, x[:, 0])
    assert partial.predict(rows).shape == (150,)


@pytest.mark.parametrize("encode", ["standardize", "log1p", {"name": "piecewise_linear", "bins": 4}])
@pytest.mark.parametrize("optimizer", [FEW, "adam"])
def test_rows_of_single_precision_are_the_same_rows(
    iris: tuple[npt.NDArray[Any], Any], encode: Any, optimizer: Any
) -> None:
    """To the last bit, dense and sparse, with equal rows among them: it takes no copy in double precision."""
    sparse = pytest.importorskip("scipy.sparse")
    x, y = iris[0].astype(np.float32), iris[1]
    settings = {"encode": encode, "optimizer": optimizer, "random_state": 0}
    settings |= {"epochs": 2} if optimizer == "adam" else {}
    expected = MLPClassifier(**settings).fit(x.astype(np.float64), y).predict_proba(x.astype(np.float64))
    for rows in (x, sparse.csr_matrix(x), pd.DataFrame(x)):
        np.testing.assert_array_equal(MLPClassifier(**settings).fit(rows, y).predict_proba(rows), expected)


@pytest.fixture
def penguins() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    size = rng.normal(size=90)
    island = np.array(["Biscoe", "Dream", "Torgersen"])[rng.integers(3, size=90)]
    sex = np.where(rng.random(90) < 0.2, None, np.where(size > 0, "male", "female"))
    mass = 3 * size + (island == "Dream") + rng.normal(size=90) / 9
    return pd.DataFrame({"size": size, "island": island, "sex": sex, "mass": mass, "big": size > 1})


def test_columns_of_texts_are_one_hot_as_in_a_file(penguins: pd.DataFrame, tmp_path: Path) -> None:
    """Oracle: `mlp train` on the frame as a file, whose missing texts are a category of their own."""
    features: dict[str, Any] = dict.fromkeys(("size", "big"), "standardize")
    features |= {name: {"encode": "one_hot", "missing": "category"} for name in ("island", "sex")}
    data = {"train": penguins.astype({"big": int}), "target": "mass", "features": features}
    config = {"data": data, "optimizer": FEW, "l2": 0.01}
    run = mlpcli.train(config, output=tmp_path / "run")
    x, y = penguins.drop(columns="mass"), penguins["mass"]
    expected = run.model.predict(data["train"])
    frames: list[Any] = [x[["size", "big", "island", "sex"]]]
    if polars := pytest.importorskip("polars"):
        frames.append(polars.from_pandas(frames[0]))
    frames.append(frames[0].astype({"island": "category"}))
    for frame in frames:
        fitted = MLPRegressor(optimizer=FEW, random_state=0).fit(frame, y)
        np.testing.assert_allclose(fitted.predict(frame), expected, rtol=1e-6)
    assert fitted.n_features_in_ == 4
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(frames[0]), fitted.predict(frames[0]))


def test_a_column_that_is_neither_numbers_nor_texts_is_named(penguins: pd.DataFrame) -> None:
    x, y = penguins[["size", "island"]], penguins["mass"]
    days = pd.date_range("2024-01-01", periods=len(x))
    for strange, message in (
        (days, "column 'when' holds dates or times: make numbers of them"),
        (days.tz_localize("UTC"), "column 'when' holds dates"),
        ([["a"]] * len(x), "column 'when': expected texts or numbers, found list"),
        ([None, {}] * (len(x) // 2), "column 'when': expected texts or numbers, found dict"),
    ):
        with pytest.raises(ValueError, match=message):
            MLPRegressor(optimizer=FEW).fit(x.assign(when=strange), y)


def test_new_and_missing_cells_of_a_frame_with_texts_are_told(penguins: pd.DataFrame) -> None:
    x, y = penguins[["size", "island"]], penguins["mass"]
    fitted = MLPRegressor(optimizer=FEW, random_state=0).fit(x, y)
    new = x[:2].assign(island=["Atlantis", "Dream"])
    with pytest.warns(UserWarning, match="1 value of 'island' not seen in training, such as 'Atlantis'"):
        assert np.isfinite(fitted.predict(new)).all()
    with pytest.raises(ValueError, match="column 'size' contains NaN or infinity"):
        fitted.predict(new.assign(size=np.nan))
    with pytest.raises(ValueError, match="Feature names"):
        fitted.predict(new.rename(columns={"size": "mass"}))
    with pytest.raises(ValueError, match="X has 2 rows, and y has 90"):
        MLPRegressor().fit(x[:2], y)
    model = MLPClassifier(optimizer=FEW, recipe="quick", epochs=1)
    assert model.set_params(optimizer="adam").fit(x, y > 0).score(x, y > 0) > 0.4
    partial = (
        MLPClassifier(optimizer="adam").partial_fit(x, y > 0, classes=[False, True]).partial_fit(x, y > 0)
    )
    assert partial.predict_proba(x[:3]).shape == (3, 2)


def test_a_callback_hears_of_every_epoch_and_may_end_it(
    iris: tuple[npt.NDArray[Any], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    heard: list[Any] = []

    def callback(epoch: Any) -> Any:
        heard.append(epoch)
        return np.bool_(epoch.epoch == 4)

    fitted = MLPClassifier(optimizer="adam", validation=0.2, callback=callback, verbose=True).fit(*iris)
    assert [epoch.epoch for epoch in heard] == [1, 2, 3, 4]
    assert fitted.n_iter_ == 4
    assert [epoch.val_loss for epoch in heard] == fitted.history_["val_loss"].tolist()
    printed = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in printed] == ["epoch 1", "epoch 2", "epoch 3", "epoch 4"]
    assert "val_loss" in printed[0]
    assert base.clone(fitted).callback is callback

    class PrunedError(Exception):
        """What a search raises to end a trial."""

    def prune(_epoch: Any) -> None:
        raise PrunedError

    for optimizer in ("adam", FEW):
        fresh = MLPClassifier(optimizer=optimizer, callback=prune)
        with pytest.raises(PrunedError):
            fresh.fit(*iris)
        assert not hasattr(fresh, "networks_")


SAVED: list[Any] = [
    MLPClassifier(optimizer=FEW),
    MLPClassifier(optimizer="adam", epochs=1, ensemble={"folds": 3}, intervals=[0.5]),
    MLPRegressor(optimizer="adam", epochs=1, normalization="batch_norm", encode="log1p"),
]


@pytest.mark.parametrize("estimator", SAVED)
def test_skops_saves_what_was_fitted(iris: tuple[npt.NDArray[Any], Any], estimator: Any) -> None:
    """Every type that it asks to be trusted is one of ours: no frame, no function, nothing that runs."""
    skops = pytest.importorskip("skops.io")
    x, y = iris
    fitted = base.clone(estimator).fit(x, y)
    fitted.predict(x)
    saved = skops.dumps(fitted)
    types = skops.get_untrusted_types(data=saved)
    assert all(name.startswith("mlpcli.") and name.split(".")[-1][0].isupper() for name in types)
    again = skops.loads(saved, trusted=types)
    np.testing.assert_array_equal(again.predict(x), fitted.predict(x))
    pd.testing.assert_frame_equal(again.history_, fitted.history_)
