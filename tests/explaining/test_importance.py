"""Permutation importance is scikit-learn's, by the table's columns, and in simple cases as by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.inspection import permutation_importance

from mlpcli.data.encoder import InputEncoder
from mlpcli.errors import DataError
from mlpcli.explaining.alike import alike_columns, average_ranks, component
from mlpcli.explaining.importance import Effort, Importances, importances, shares
from mlpcli.explaining.unseen_rows import UnseenRows, sampled
from mlpcli.sklearn import MLPClassifier, MLPRegressor
from tests.support.explained_rows import NUMBER, Floats, categories, estimator_rows, linear_rows, numbers


def means(found: Importances) -> dict[str, float]:
    return {one.name: float(one.mean or 0.0) for one in found.each}


def rows_and_weights(seed: int, rows: int, columns: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, columns)) * rng.uniform(0.2, 3.0, columns), rng.normal(size=columns)


@pytest.fixture
def every_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shuffles of four rows are all 24 that there are, one after the other."""

    class Orders:
        def __init__(self) -> None:
            self.orders: Iterator[Any] = iter(permutations(range(4)))

        def permutation(self, _rows: int) -> npt.NDArray[np.intp]:
            return np.array(next(self.orders), np.intp)

    monkeypatch.setattr("mlpcli.explaining.shuffling.stream", lambda *_: Orders())


@pytest.mark.usefixtures("every_order")
def test_over_all_shuffles_a_linear_network_loses_twice_the_variance_of_its_term() -> None:
    """Mean over π of mean_i w²(x_i − x_π(i))² = 2 w² var(x), exactly; each column by itself."""
    x, w = np.array([[0.0, 1.0], [2.0, 5.0], [4.0, -1.0], [6.0, 3.0]]), np.array([0.5, 2.0])
    found = importances([linear_rows(x, w)], NUMBER, "mse", Effort(repeats=24))
    assert found.value == 0.0
    assert [one.name for one in found.each] == ["x1", "x0"]
    assert means(found) == pytest.approx({"x1": 2 * 4.0 * 5.0, "x0": 2 * 0.25 * 5.0}, rel=1e-12)


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_by_sampling_it_is_the_same_within_what_is_left_to_chance(seed: int) -> None:
    x, w = rows_and_weights(seed, 200, 3)
    noise = np.random.default_rng([seed, 1]).normal(size=200)
    found = importances([linear_rows(x, w, x @ w + noise)], NUMBER, "mse", Effort(100, seed))
    expected = 2 * w**2 * x.var(axis=0)
    # the noise is not independent of the shuffled term in these very rows: its covariance counts too
    expected += 2 * w * [np.cov(x[:, j], noise, ddof=0)[0, 1] for j in range(3)]
    for one in found.each:
        assert one.mean is not None and one.std is not None
        assert abs(one.mean - expected[int(one.name[1])]) < 6 * one.std / 10


def fitted(task: str) -> tuple[Any, Floats, npt.NDArray[Any]]:
    rng = np.random.default_rng(5)
    X = rng.normal(size=(300, 4))
    y = X[:, 0] ** 2 + X[:, 1] + 0.3 * X[:, 2] + 0.1 * rng.normal(size=300)
    kind, target = (MLPRegressor, y) if task == "regression" else (MLPClassifier, (y > 1).astype(int))
    return kind(layers=["auto", 8, "auto"], random_state=0).fit(X[:200], target[:200]), X, target


@pytest.mark.parametrize(
    ("task", "metric", "scoring"),
    [
        ("regression", "r2", "r2"),
        ("regression", "rmse", "neg_root_mean_squared_error"),
        ("classification", "accuracy", "accuracy"),
        ("classification", "log_loss", "neg_log_loss"),
    ],
)
def test_as_scikit_learn_has_it(task: str, metric: str, scoring: str) -> None:
    """Other shuffles of the same rows: the means agree as means of so many draws do."""
    model, X, y = fitted(task)
    truth = y[200:, np.newaxis] if task == "regression" else y[200:]
    rows = estimator_rows(model.networks_, X[200:], truth)
    found = importances([rows], model.networks_.decoder, metric, Effort(repeats=60))
    theirs = permutation_importance(model, X[200:], y[200:], scoring=scoring, n_repeats=60, random_state=1)
    for one in found.each:
        column = list(rows.columns).index(one.name)
        spread = np.hypot(one.std or 0.0, theirs.importances_std[column]) / np.sqrt(60)
        assert one.mean == pytest.approx(theirs.importances_mean[column], abs=5 * spread + 1e-12)
        assert one.std == pytest.approx(theirs.importances_std[column], rel=0.4, abs=1e-3)


def test_all_inputs_of_a_column_move_together() -> None:
    """Rows of a one-hot column stay rows of it, beside whatever rows they get."""
    rng, seen = np.random.default_rng(0), []
    x = np.hstack([np.eye(3)[rng.integers(3, size=30)], rng.normal(size=(30, 1))])
    inputs = InputEncoder((*categories(3, "a").features, *numbers("b").features))
    rows = linear_rows(x, np.ones(4), rng.normal(size=30), inputs)
    watched = replace(rows, scores=lambda given: seen.append(given.copy()) or rows.scores(given))
    importances([watched], NUMBER, "mse", Effort(repeats=5))
    of_a, of_b = (one.reshape(5, 30, 4) for one in seen[1:])
    for repeat in range(5):
        assert sorted(of_a[repeat, :, :3].tolist()) == sorted(x[:, :3].tolist())
        assert (of_a[repeat, :, :3] != x[:, :3]).any()
        assert (of_a[repeat, :, 3] == x[:, 3]).all() and (of_b[repeat, :, :3] == x[:, :3]).all()


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(1, 7))
def test_a_column_has_the_same_importance_whatever_stands_beside_it_and_how_many_at_once(
    seed: int, several: int
) -> None:
    x, w = rows_and_weights(seed, 20, 4)
    rows = linear_rows(x, w)
    back = linear_rows(x[:, ::-1], w[::-1], inputs=numbers("x3", "x2", "x1", "x0"))
    reordered = replace(back, truth=rows.truth, scores=lambda given: rows.scores(given[:, ::-1]))
    first = importances([rows], NUMBER, "rmse", Effort(6, seed))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mlpcli.explaining.shuffling.ENTRIES", several * x.size)
        second = importances([reordered], NUMBER, "rmse", Effort(6, seed))
    for one, other in zip(first.each, second.each, strict=True):
        assert one.name == other.name and one.values == pytest.approx(other.values, rel=1e-9, abs=1e-12)


def test_the_rows_of_a_fold_are_judged_by_its_own_network_and_shuffled_among_themselves() -> None:
    """Between the folds x is worlds apart, within one it is always the same: nothing is lost."""
    near, far = (linear_rows(np.full((10, 1), value), np.array([w])) for value, w in ((1.0, 1.0), (1e6, 2.0)))
    found = importances([near, far], NUMBER, "mse", Effort())
    assert (found.value, found.rows, found.of_rows) == (0.0, 20, 20)
    assert means(found) == {"x0": 0.0}
    # two parts with different rows are judged as one: the mean of the squares over all twenty
    parts = [linear_rows(np.arange(10.0)[:, np.newaxis] * scale, np.ones(1)) for scale in (1.0, 2.0)]
    alone = [importances([part], NUMBER, "mse", Effort(400)).each[0].mean for part in parts]
    both = importances(parts, NUMBER, "mse", Effort(400)).each[0].mean
    assert both == pytest.approx(np.mean(np.array(alone, float)), rel=0.1)


def test_columns_of_a_group_are_shuffled_as_one() -> None:
    """Of two equal columns whose difference is predicted neither matters with the other, both do alone."""
    x = np.repeat(np.random.default_rng(0).normal(size=(50, 1)), 2, axis=1)
    rows = linear_rows(x, np.array([1.0, -1.0]))
    found = importances([rows], NUMBER, "mse", Effort(), groups=[("x0", "x1")])
    assert [one.columns for one in found.each] == [("x0", "x1")]
    assert means(found) == {"x0, x1": pytest.approx(0.0, abs=1e-30)} and not found.alike
    single = importances([rows], NUMBER, "mse", Effort())
    assert min(means(single).values()) > 1.0
    assert [(pair.one, pair.other) for pair in single.alike] == [("x0", "x1")]


def test_a_metric_without_a_value_is_refused() -> None:
    rows = linear_rows(np.ones((1, 1)), np.ones(1))
    with pytest.raises(DataError, match="metric 'r2' is not defined on these rows"):
        importances([rows], NUMBER, "r2", Effort())


def test_shuffled_rows_without_a_value_leave_none() -> None:
    """A mean of squares beyond float64 is no number."""
    x = np.array([[1e200], [0.0], [-1e200], [1.0]])
    found = importances([linear_rows(x, np.ones(1))], NUMBER, "mse", Effort())
    assert (found.each[0].mean, found.each[0].std) == (None, None)
    assert shares(found) == {"x0": 0.0}


def test_bars_are_relative_to_the_largest() -> None:
    x, w = np.random.default_rng(0).normal(size=(500, 3)), np.array([2.0, 1.0, 0.0])
    drawn = shares(importances([linear_rows(x, w)], NUMBER, "mse", Effort()))
    assert drawn == {"x0": 1.0, "x1": pytest.approx(0.25, rel=0.2), "x2": 0.0}


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=5).filter(any), st.integers(1, 200), st.integers(0, 9)
)
def test_a_sample_has_so_many_different_rows_of_all_parts(sizes: list[int], most: int, seed: int) -> None:
    parts = [linear_rows(np.arange(n)[:, np.newaxis] + 100.0 * k, np.ones(1)) for k, n in enumerate(sizes)]
    taken = sampled(parts, most, seed)
    rows = np.concatenate([part.x[:, 0] for part in taken])
    everything = np.concatenate([part.x[:, 0] for part in parts])
    assert len(set(rows.tolist())) == len(rows) == min(most, sum(sizes))
    assert set(rows.tolist()) <= set(everything.tolist())
    assert all((part.truth[:, 0] == part.x[:, 0]).all() and len(part.x) for part in taken)


def test_work_is_saved_by_rows_and_then_by_repeats() -> None:
    parts = [linear_rows(np.zeros((5000, 10)), np.zeros(10))]  # ten columns, ten products a row

    def within(products: float) -> tuple[int, int | None]:
        effort = Effort(most_products=products).within(parts)
        return effort.repeats, effort.most_rows

    assert within(1e9) == (10, 5000)
    assert within(1e6) == (10, 1000)
    assert within(1e5) == (5, 200)
    assert within(1e3) == (3, 200)


def test_of_very_many_columns_those_that_matter_are_found() -> None:
    """By halves: three of 3,000, with no more measurements than were allowed, and two."""
    rng, passes = np.random.default_rng(0), []
    w = np.zeros(3000)
    w[[7, 1500, 2999]] = [3.0, 1.0, 2.0]
    rows = linear_rows(rng.normal(size=(40, 3000)), w)
    counted = replace(rows, scores=lambda given: passes.append(len(given)) or rows.scores(given))
    found = importances([counted], NUMBER, "mse", Effort(most_products=1.0))
    assert [one.name for one in found.each[:3]] == ["x7", "x2999", "x1500"]
    assert (found.columns, found.repeats) == (3000, 3) and len(found.each) < 100
    assert sum(passes) <= 40 * (1 + 3 * (100 + 2))
    everything = importances([rows], NUMBER, "mse", Effort(repeats=3))
    assert everything.columns == len(everything.each) == 3000
    by_name = {one.name: one.values for one in everything.each}
    for one in found.each[:3]:
        assert one.values == pytest.approx(by_name[one.name], rel=1e-9)


def only(parts: list[UnseenRows], groups: list[list[str]]) -> list[tuple[str, str, float]]:
    return [(pair.one, pair.other, pair.correlation) for pair in alike_columns(parts, groups)]


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_alike_is_what_spearman_says_above_nine_tenths(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first = rng.normal(size=60).round(1)
    second = np.exp(first + rng.normal(size=60) * rng.uniform(0.0, 0.6))
    x = np.stack([first, -second, rng.normal(size=60)], axis=1)
    expected = abs(float(spearmanr(first, second).statistic))
    found = only([linear_rows(x, np.ones(3))], [["x0"], ["x1"], ["x2"]])
    assert found == ([("x0", "x1", pytest.approx(expected, abs=1e-6))] if expected > 0.9 else [])


def test_columns_of_many_inputs_are_compared_by_what_varies_most() -> None:
    rng = np.random.default_rng(1)
    levels = rng.choice(4, size=200, p=[0.5, 0.3, 0.15, 0.05])
    x = np.hstack([np.eye(4)[levels], 3.0 * np.eye(4)[levels], np.eye(4)[rng.integers(4, size=200)]])
    rows = linear_rows(x, np.ones(12), inputs=categories(4, "a", "b", "c"))
    assert only([rows, rows], [["a"], ["b"], ["c"]]) == [("a", "b", pytest.approx(1.0, abs=1e-6))]
    assert only([rows], [["a", "b"], ["c"]]) == []
    assert only([rows.take(np.arange(9))], [["a"], ["b"], ["c"]]) == []  # alike by chance, or not


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_the_component_is_the_first_principal_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    block = rng.normal(size=(40, 3)) * [5.0, 1.0, 0.5] @ np.linalg.qr(rng.normal(size=(3, 3)))[0]
    centered = block - block.mean(axis=0)
    first = centered @ np.linalg.svd(centered)[2][0]
    assert abs(np.corrcoef(first, component(block))[0, 1]) == pytest.approx(1.0, abs=1e-4)


def test_equal_values_share_the_mean_of_their_ranks() -> None:
    assert average_ranks(np.array([3.0, 1.0, 3.0, 2.0])).tolist() == [3.5, 1.0, 3.5, 2.0]
