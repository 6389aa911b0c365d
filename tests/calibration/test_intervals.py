"""Intervals and prediction sets are MAPIE's, those worked by hand, and hold what their level says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.calibration.intervals import LARGEST, bounds_by_folds, errors_of, smallest
from mlpcli.calibration.prediction_sets import misfit, misfits, sets_by_folds, words_of
from mlpcli.config.levels import rank, require_rows, rows_needed
from mlpcli.errors import DataError
from mlpcli.nn.activations import ActivationChoice
from mlpcli.training.class_scores import ClassScores

MAPIE: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).parents[1].joinpath("reference", "intervals.json").read_text("utf-8")
)


def column(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    return np.asarray(values, float)[:, np.newaxis]


def softmax(scores: npt.ArrayLike) -> ClassScores:
    return ClassScores(np.asarray(scores), ActivationChoice("softmax", {}))


def test_split_intervals_are_mapie_s() -> None:
    given = MAPIE["split"]
    errors, new = errors_of(column(given["truth"]), column(given["predicted"])), np.array(given["new"])
    for level, bounds in given["bounds"].items():
        width = smallest(errors, float(level))
        assert np.stack([new - width, new + width], axis=1) == pytest.approx(np.array(bounds), rel=1e-12)


def test_intervals_by_folds_are_mapie_s() -> None:
    given = MAPIE["folds"]
    pairs = zip(given["truth"], given["predicted"], strict=True)
    errors = [np.sort(np.abs(np.subtract(truth, predicted))) for truth, predicted in pairs]
    for level, bounds in given["bounds"].items():
        found = bounds_by_folds([np.array(one) for one in given["new"]], errors, float(level))
        assert np.stack(found, axis=1) == pytest.approx(np.array(bounds), rel=1e-12)


def test_prediction_sets_are_mapie_s() -> None:
    given = MAPIE["sets"]
    known = misfit(softmax(given["scores"]), np.array(given["truth"]))
    for level, sets in given["sets"].items():
        found = misfits(softmax(given["new"]), 3) <= smallest(column(known), float(level))
        assert found.astype(int).tolist() == sets


def test_by_hand() -> None:
    """Nine rows with errors from 1 to 9: 0.9 takes the ninth, 0.8 the eighth, 0.5 the fifth."""
    errors = column([3, 1, 2, 9, 8, 7, 4, 5, 6])
    assert [smallest(errors, level).tolist() for level in (0.9, 0.8, 0.5)] == [[9], [8], [5]]
    assert rank(0.07, 99) == 7  # 0.07 · 100 is above 7 in floating point
    assert [rows_needed(level) for level in (0.5, 0.8, 0.9, 0.95, 0.99)] == [1, 4, 9, 19, 99]
    with pytest.raises(DataError) as caught:
        require_rows([0.8, 0.9, 0.95], 8, "calibration rows")
    assert [problem.message for problem in caught.value.problems] == [
        "intervals: level 0.9 takes 9 calibration rows, found 8",
        "intervals: level 0.95 takes 19 calibration rows, found 8",
    ]
    require_rows([0.9], 9, "calibration rows")


def test_two_targets_have_their_own_widths_and_errors_stay_finite() -> None:
    truth = np.array([[0.0, 1e308], [1.0, 0.0]])
    errors = errors_of(truth, np.array([[3.0, -1e308], [1.0, 5.0]]))
    assert errors.tolist() == [[3.0, LARGEST], [0.0, 5.0]]
    assert smallest(errors, 0.5).tolist() == [3.0, LARGEST]


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.5, 0.8, 0.9]), st.sampled_from([0.0, 1.0, 1e6]))
def test_by_folds_it_is_the_sorted_list_of_all_rows(seed: int, level: float, apart: float) -> None:
    rng = np.random.default_rng(seed)
    errors = [np.sort(rng.exponential(size=size).round(1)) for size in (5, 4, 4)]
    predicted = [rng.normal(size=6) * apart for _ in errors]
    lower, upper = bounds_by_folds(predicted, errors, level)
    rows, n = range(6), 13
    for row in rows:
        below = sorted(one[row] - s for one, of in zip(predicted, errors, strict=True) for s in of)
        above = sorted(one[row] + s for one, of in zip(predicted, errors, strict=True) for s in of)
        at = int(np.floor((1 - level) * (n + 1) + 1e-9)) - 1, int(np.ceil(level * (n + 1) - 1e-9)) - 1
        assert [lower[row], upper[row]] == pytest.approx([below[at[0]], above[at[1]]], rel=1e-12, abs=1e-12)


def test_no_rows_have_no_intervals() -> None:
    assert [len(end) for end in bounds_by_folds([np.empty(0)], [np.ones(9)], 0.9)] == [0, 0]
    assert words_of(np.empty((0, 2), bool), ["a", "b"]).tolist() == []


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.3, 0.8, 0.9]))
def test_sets_by_folds_are_those_of_the_paper(seed: int, level: float) -> None:
    rng = np.random.default_rng(seed)
    known = [np.sort(rng.normal(size=size).round(1)) for size in (7, 6)]
    found = [rng.normal(size=(5, 3)).round(1) for _ in known]
    below = sum((s < of_model).astype(int) for of_model, fold in zip(found, known, strict=True) for s in fold)
    assert (sets_by_folds(found, known, level) == (below < level * 14 - 1e-9)).all()


def test_misfits_tell_apart_what_probabilities_do_not() -> None:
    scores = softmax([[50.0, 0.0], [60.0, 0.0]])
    first, second = misfit(scores, np.array([0, 0]))
    assert second < first
    both = misfits(ClassScores(np.array([[2.0]]), ActivationChoice("sigmoid", {})), 2)
    assert both.tolist() == [[2.0, -2.0]]


def test_sets_are_written_so_that_names_can_be_told_apart() -> None:
    sets = np.array([[True, True, False], [False, False, False], [True, False, True]])
    assert words_of(sets, ["a|b", "c", "d\\"]).tolist() == ["a\\|b|c", "", "a\\|b|d\\\\"]


def coverage(level: float, rows: int, draws: int) -> tuple[float, float]:
    """The shares of new numbers and classes that are held, one new row in each of so many draws."""
    rng, held = np.random.default_rng(7), np.zeros(2)
    for _ in range(draws):
        errors = np.abs(rng.standard_t(3, size=rows + 1))
        held[0] += errors[-1] <= smallest(column(errors[:-1]), level)[0]
        z = rng.normal(size=(rows + 1, 3)) * 2
        truth = (z + 3 * rng.gumbel(size=z.shape)).argmax(axis=1)
        found = misfit(softmax(z), truth)
        held[1] += found[-1] <= smallest(column(found[:-1]), level)[0]
    return float(held[0] / draws), float(held[1] / draws)


@pytest.mark.parametrize(("level", "rows"), [(0.8, 9), (0.9, 19), (0.9, 50), (0.95, 30)])
def test_a_thousand_draws_are_covered_as_the_level_says(level: float, rows: int) -> None:
    """From the level to 1/(n + 1) above it, each but for three standard deviations of a thousand draws."""
    draws = 1000
    noise = 3 * np.sqrt(level * (1 - level) / draws)
    for share in coverage(level, rows, draws):
        assert level - noise <= share <= level + 1 / (rows + 1) + noise
