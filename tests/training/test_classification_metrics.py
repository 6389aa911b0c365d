"""The confusion matrix and the table by class against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix as by_sklearn
from sklearn.metrics import precision_recall_fscore_support

from mlpcli.training.classification_metrics import ClassRow, class_table, confusion_matrix
from mlpcli.training.predictions import Predictions

PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=20)
NAMES = ("a", "b", "c", "d")


def predicted_rows(pairs: list[tuple[int, int]], weights: list[float] | None = None) -> Predictions:
    truth, predicted = np.array(pairs, dtype=np.intp).T
    return Predictions(
        "classification", truth, predicted, weights=None if weights is None else np.array(weights)
    )


@given(PAIRS, st.booleans())
def test_both_tables_are_those_of_scikit_learn(pairs: list[tuple[int, int]], weighted: bool) -> None:
    weights = [1.0 + index / 2 for index in range(len(pairs))] if weighted else None
    predictions = predicted_rows(pairs, weights)
    common = {"labels": range(4), "sample_weight": weights}
    expected = by_sklearn(predictions.truth, predictions.predicted, **common)
    np.testing.assert_allclose(confusion_matrix(predictions, 4), expected, rtol=1e-12)
    columns = precision_recall_fscore_support(
        predictions.truth, predictions.predicted, zero_division=0, **common
    )
    table = class_table(predictions, NAMES)
    assert tuple(row.name for row in table) == NAMES
    found = [(row.precision, row.recall, row.f1, row.support) for row in table]
    np.testing.assert_allclose(found, np.array(columns).T, rtol=1e-12)


def test_counts_are_whole_numbers_where_rows_have_no_weights() -> None:
    cells = confusion_matrix(predicted_rows([(0, 1), (0, 1), (1, 1)]), 2)
    assert cells.tolist() == [[0, 2], [0, 1]]
    assert cells.dtype.kind == "i"


def test_a_multilabel_task_has_a_row_for_each_label() -> None:
    truth, predicted = np.array([[1, 0], [1, 1], [0, 1]]), np.array([[1, 1], [0, 1], [0, 0]])
    rows = class_table(Predictions("multilabel", truth, predicted), ["red", "blue"])
    assert rows == [
        ClassRow("red", 1.0, 0.5, pytest.approx(2 / 3), 2.0),
        ClassRow("blue", 0.5, 0.5, 0.5, 2.0),
    ]
