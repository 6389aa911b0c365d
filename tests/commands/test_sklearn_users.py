"""Who comes from scikit-learn's MLP finds our names, and can save and read what was fitted."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

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
    for name in set(theirs) - {"verbose", "warm_start"}:
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
