"""Partial dependence is scikit-learn's; a grid has the quantiles and levels of the training rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.inspection import partial_dependence

from mlpcli.data.category_feature import CategoryFeature
from mlpcli.data.date_feature import DateFeature
from mlpcli.data.encoder import InputEncoder
from mlpcli.data.number_feature import NumberFeature
from mlpcli.drift.profile import LevelProfile, NumberProfile
from mlpcli.explaining.dependence import Asked, dependence
from mlpcli.explaining.grids import Grid, grid_of
from mlpcli.sklearn import MLPClassifier, MLPRegressor
from tests.support.explained_rows import NUMBER, Floats, categories, estimator_rows, linear_rows

EVERY = Asked(most_rows=10**6)


def grid(name: str, *cells: float) -> Grid:
    return Grid(name, cells, cells, (True,) * len(cells))


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_of_a_linear_network_it_is_a_line_through_the_mean_of_the_rest(seed: int, several: int) -> None:
    rng = np.random.default_rng(seed)
    x, w = rng.normal(size=(20, 3)), rng.normal(size=3)
    rows, cells = linear_rows(x, w), np.sort(rng.normal(size=5))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mlpcli.explaining.dependence.ENTRIES", several * x.size)
        one = dependence([rows], NUMBER, [grid("x1", *cells)], EVERY)
        two = dependence([rows], NUMBER, [grid("x1", *cells), grid("x0", 1.0, 2.0)], EVERY)
    rest = x @ (w * [1, 0, 1])
    np.testing.assert_allclose(one.mean[:, 0], w[1] * cells + rest.mean(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(one.lines[:, :, 0], rest[:, None] + w[1] * cells, rtol=1e-9, atol=1e-12)
    expected = (w[1] * cells)[:, None] + w[0] * np.array([1.0, 2.0]) + (x[:, 2] * w[2]).mean()
    np.testing.assert_allclose(two.mean[..., 0], expected, rtol=1e-9, atol=1e-12)
    assert (two.lines.size, one.outputs, one.rows, one.of_rows) == (0, ("y",), 20, 20)


@pytest.mark.parametrize("task", ["regression", "classification"])
def test_as_scikit_learn_has_it(task: str) -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(60, 3))
    y = X[:, 0] ** 2 + X[:, 1] * X[:, 2]
    target = y if task == "regression" else (y > 1).astype(int)
    kind = MLPRegressor if task == "regression" else MLPClassifier
    model = kind(layers=["auto", 6, "auto"], random_state=0).fit(X, target)
    rows = estimator_rows(model.networks_, X, target)
    names = list(rows.columns)
    cells = [np.linspace(-2, 2, 7), np.linspace(-1, 1, 4)]
    for chosen in ([0], [0, 2]):
        grids = [grid(names[column], *own) for column, own in zip(chosen, cells, strict=False)]
        found = dependence([rows], model.networks_.decoder, grids, EVERY)
        theirs = partial_dependence(
            model,
            X,
            chosen,
            custom_values=dict(zip(chosen, cells, strict=False)),
            kind="both",
            method="brute",
        )
        # scikit-learn has the positive class of two alone
        np.testing.assert_allclose(found.mean[..., -1], theirs["average"][0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        dependence([rows], model.networks_.decoder, [grid(names[0], *cells[0])], EVERY).lines[..., -1],
        partial_dependence(model, X, [0], custom_values={0: cells[0]}, kind="individual", method="brute")[
            "individual"
        ][0][:50],
        rtol=1e-5,
        atol=1e-6,
    )


def test_weights_and_parts_count() -> None:
    """Each part by its own network, each row by its weight; without any weight all rows are alike."""
    first, second = (linear_rows(np.array([[0.0, 1.0], [0.0, 3.0]]), np.array(w)) for w in ([1, 1], [2, 0]))

    def mean(*weights: list[float]) -> list[float]:
        parts = [replace(p, weights=np.array(w)) for p, w in zip((first, second), weights, strict=True)]
        return list(dependence(parts, NUMBER, [grid("x0", 0.0, 1.0)], EVERY).mean[:, 0])

    assert mean([1, 1], [1, 1]) == [1.0, 2.5]
    assert mean([1, 0], [0, 1]) == [0.5, 2.0]
    assert mean([0, 0], [0, 0]) == [1.0, 2.5]


def test_a_sample_of_the_rows_is_asked() -> None:
    x = np.arange(100.0)[:, np.newaxis]
    found = dependence([linear_rows(x, np.ones(1))], NUMBER, [grid("x0", 1.0)], Asked(10, 0))
    assert (found.rows, found.of_rows, found.mean.tolist()) == (10, 100, [[1.0]])


def numbers_of(values: Floats, policy: str = "error") -> Grid:
    feature = NumberFeature("a", "standardize", policy, 1.0, 2.0, 0.0 if policy == "median" else None)
    return grid_of(feature, NumberProfile.of(values))


def test_a_grid_of_numbers_has_every_twentieth_and_says_where_few_rows_are() -> None:
    found = numbers_of(np.arange(100.0))
    assert found.cells == (0.0, *np.arange(4.0, 100.0, 5.0))
    assert [place for place, usual in zip(found.places, found.usual, strict=True) if not usual] == [0.0, 99.0]
    assert numbers_of(np.array([1.0, 1.0, 2.0])).cells == (1.0, 2.0)


def test_a_missing_cell_is_asked_about_where_some_were_missing_and_one_may_be() -> None:
    some = np.array([1.0, np.nan, 2.0])
    assert numbers_of(some, "median").words == ("1", "2", "missing")
    assert numbers_of(some, "error").words == ("1", "2")
    assert numbers_of(some[:1], "median").words == ("1",)
    feature = NumberFeature("a", "standardize", "median", 1.0, 2.0, 5.0)
    block = grid_of(feature, NumberProfile.of(some)).block(InputEncoder((feature,)), "float64")
    assert block[:, 0].tolist() == [0.0, 0.5, 2.0]


def levels(feature: CategoryFeature, counts: list[int], missing: int = 0) -> Grid:
    return grid_of(feature, LevelProfile(np.array(counts), missing))


def test_a_grid_of_categories_has_the_most_frequent_ones_first() -> None:
    (feature,) = categories(3, "a").features
    assert isinstance(feature, CategoryFeature)
    found = levels(feature, [5, 0, 7, 4], missing=2)
    assert found.cells == ("2", "0")
    assert levels(replace(feature, missing="category", fill=""), [5, 0, 7, 4], 2).words[-1] == "missing"
    assert found.block(InputEncoder((feature,)), "float32").tolist() == [[0, 0, 1], [1, 0, 0]]
    assert levels(replace(feature, encode="ordinal"), [5, 6, 7, 0]).cells == ("0", "1", "2")
    many = replace(feature, categories=tuple(f"c{k}" for k in range(50)))
    assert len(levels(many, [9] * 50 + [0]).cells) == 20


def test_a_grid_of_dates_is_written_as_the_file_has_them() -> None:
    days = np.array([0.0, 31.0, 365.5])
    feature = DateFeature("a", "error", None, "%d.%m.%Y %H", ("year",), True, ((1970.0, 1.0, 0.0),))
    found = grid_of(feature, NumberProfile.of(days))
    assert found.cells == ("01.01.1970 00", "01.02.1970 00", "01.01.1971 12")
    assert found.block(InputEncoder((feature,)), "float64").tolist() == [[0.0], [0.0], [1.0]]
    assert grid_of(replace(feature, form=None), NumberProfile.of(days)).cells[:2] == (
        "1970-01-01",
        "1970-02-01",
    )
