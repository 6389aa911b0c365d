"""Two models on the same rows: what the rows can tell, and in which words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mlpcli.judging.bootstrap import Interval
from mlpcli.judging.paired import Difference, differences
from mlpcli.training.predictions import Predictions
from tests.training.test_metrics import classification, regression


def right_for(rows: np.ndarray, n: int) -> Predictions:
    predicted = np.zeros(n, np.intp)
    predicted[rows] = 1
    return Predictions("classification", np.ones(n, np.intp), predicted)


def test_worked_by_hand() -> None:
    """Of 100 rows the second is right for the same 80 as the first, and for ten more.

    Only these ten rows count: in a draw there are Binomial(100, 0.1) of them.
    """
    first, second = right_for(np.arange(80), 100), right_for(np.arange(90), 100)
    (found,) = differences(first, second, ["accuracy"], draws=4000)
    assert (found.first, found.second, found.rows) == (0.8, 0.9, 100)
    assert found.value == pytest.approx(0.1)
    assert (found.interval.lower, found.interval.upper) == pytest.approx((0.05, 0.16), abs=0.011)
    assert found.better == 1


def test_a_model_is_as_good_as_itself() -> None:
    predictions = classification(0, 3)
    for found in differences(predictions, predictions, ["accuracy", "log_loss", "roc_auc"]):
        assert found.interval == Interval(0.0, 0.0)
        assert found.better == 0


def test_less_of_an_error_is_better() -> None:
    worse = regression(0, 1)
    better = replace(worse, predicted=worse.truth + 0.01)
    (found,) = differences(worse, better, ["mae"])
    assert found.better == 1
    (turned,) = differences(better, worse, ["mae"])
    assert turned.better == -1
    assert (turned.interval.lower, turned.interval.upper) == pytest.approx(
        (-found.interval.upper, -found.interval.lower)
    )


def test_what_is_not_defined_of_one_is_left_out() -> None:
    two = classification(0, 2)
    alone = replace(two, truth=np.zeros(60, np.intp))
    assert [one.metric for one in differences(alone, alone, ["accuracy", "roc_auc"])] == ["accuracy"]


def test_the_words() -> None:
    found = Difference("accuracy", 0.9, 0.921, Interval(0.004, 0.039), 1500)
    assert found.verdict("a", "b") == "b is better: accuracy +0.021 [0.004, 0.039]"
    assert replace(found, interval=Interval(-0.01, 0.039)).verdict("a", "b") == (
        "no difference in accuracy that 1,500 rows could show"
    )
    loss = Difference("log_loss", 0.5, 0.6, Interval(0.02, 0.15), 150)
    assert loss.verdict("a", "b") == "a is better: log_loss -0.1 [-0.15, -0.02]"
