"""Scores by the values of a column, and by quarters of numbers."""

from __future__ import annotations

import numpy as np

from mlpcli.judging.groups import by_numbers, by_texts, scores_by
from mlpcli.training.predictions import Predictions

TRUTH = np.array([0, 0, 0, 1, 1, 1])
RIGHT_FOR_FOUR = Predictions("classification", TRUTH, np.array([0, 0, 1, 1, 1, 0]))


def test_each_text_is_a_group_the_largest_first() -> None:
    grouping = by_texts(np.array(["b", "a", "", "b", None, "b"], dtype=object))
    found = scores_by(RIGHT_FOR_FOUR, grouping, ["accuracy"])
    assert [(group.name, group.rows) for group in found.shown] == [("b", 3), ("(empty)", 2), ("a", 1)]
    assert [group.scores["accuracy"] for group in found.shown] == [2 / 3, 0.5, 1.0]
    assert found.remark == ""


def test_only_the_largest_are_shown() -> None:
    grouping = by_texts(np.array(["d", "b", "b", "c", "a", "a"], dtype=object))
    found = scores_by(RIGHT_FOR_FOUR, grouping, ["accuracy"], most=2)
    assert [group.name for group in found.shown] == ["a", "b"]
    assert found.remark == "2 of 4 values shown"


def test_few_numbers_are_groups_of_their_own_in_their_order() -> None:
    grouping = by_numbers(np.array([3, 1, 2.5, np.nan, 3, 1]))
    assert grouping.names == ["1", "2.5", "3", "(empty)"]
    assert grouping.group_of.tolist() == [2, 0, 1, 3, 2, 0]


def test_many_numbers_are_quarters() -> None:
    grouping = by_numbers(np.append(np.arange(1.0, 13.0), np.nan))
    assert grouping.names == ["up to 3.75", "3.75 to 6.5", "6.5 to 9.25", "above 9.25", "(empty)"]
    assert np.bincount(grouping.group_of).tolist() == [3, 3, 3, 3, 1]


def test_a_number_that_is_most_of_the_rows_makes_fewer_groups() -> None:
    numbers = np.append(np.zeros(100), np.arange(1.0, 12.0))
    grouping = by_numbers(numbers)
    assert grouping.names == ["up to 0", "above 0", "(empty)"]
    assert np.bincount(grouping.group_of).tolist() == [100, 11]


def test_a_metric_that_a_group_does_not_define_is_none() -> None:
    truth = np.array([[1.0], [2.0], [3.0]])
    predictions = Predictions("regression", truth, truth + 1)
    found = scores_by(predictions, by_texts(np.array(["a", "a", "b"], dtype=object)), ["r2", "mae"])
    assert [group.scores for group in found.shown] == [{"r2": -3.0, "mae": 1.0}, {"r2": None, "mae": 1.0}]


def test_a_column_without_any_number() -> None:
    assert by_numbers(np.full(3, np.nan)).group_of.tolist() == [0, 0, 0]
