"""Early stopping: which epoch is the best, when patience ends, and whose weights are kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.training.callbacks import EarlyStopping, Epoch

VALUES = st.lists(st.one_of(st.none(), st.integers(-3, 3).map(float)), min_size=1, max_size=12)


def watched(
    values: list[float | None],
    patience: int | None = 100,
    min_delta: float = 0.0,
    monitor: str = "val_loss",
    keep_last: bool = False,
) -> tuple[EarlyStopping, int]:
    """The observer after a run whose weights in epoch n are all n, and how many epochs it let pass."""
    theta = np.zeros(2)
    stopping = EarlyStopping(theta, monitor, monitor == "val_accuracy", patience, min_delta, keep_last)
    for number, value in enumerate(values, 1):
        theta.fill(number)
        epoch = Epoch(number, 1.0, 0.1, {}, value if monitor == "val_loss" else 1.0, {"accuracy": value})
        if monitor == "val_loss" and value is None:
            epoch = Epoch(number, 1.0, 0.1, {}, np.nan)
        if stopping(epoch):
            break
    stopping.restore_best()
    return stopping, number


def test_patience_counts_epochs_without_a_better_one() -> None:
    stopping, epochs = watched([5.0, 4.0, 4.5, 4.0, 4.1, 3.0], patience=3)
    assert (epochs, stopping.best, stopping.best_epoch) == (5, 4.0, 2)
    assert stopping.theta.tolist() == [2.0, 2.0]


def test_a_better_epoch_makes_it_patient_again() -> None:
    stopping, epochs = watched([5.0, 6.0, 4.0, 6.0, 3.0, 6.0], patience=2)
    assert (epochs, stopping.best_epoch, stopping.waited) == (6, 5, 1)


def test_better_means_by_more_than_min_delta() -> None:
    stopping, epochs = watched([5.0, 4.5, 4.0, 3.5], patience=2, min_delta=0.5)
    assert (epochs, stopping.best_epoch) == (4, 3)
    stopping, epochs = watched([5.0, 4.5, 4.0, 3.5], patience=2, min_delta=2.0)
    assert (epochs, stopping.best_epoch) == (3, 1)


def test_a_metric_has_its_own_direction() -> None:
    stopping, epochs = watched([0.1, 0.5, 0.4, 0.5], patience=2, monitor="val_accuracy")
    assert (epochs, stopping.best, stopping.best_epoch) == (4, 0.5, 2)


def test_an_undefined_quantity_is_never_better_and_never_the_best() -> None:
    stopping, epochs = watched([None, None, None], patience=2)
    assert (epochs, stopping.best, stopping.best_epoch) == (2, None, 0)
    assert stopping.theta.tolist() == [2.0, 2.0]
    stopping, _ = watched([None, 3.0, None])
    assert stopping.best_epoch == 2


@given(VALUES)
def test_the_best_is_the_earliest_smallest(values: list[float | None]) -> None:
    stopping, _ = watched(values)
    known = [value for value in values if value is not None]
    best = min(known) if known else None
    assert stopping.best == best
    assert stopping.best_epoch == (0 if best is None else 1 + values.index(best))
    assert stopping.theta.tolist() == [float(stopping.best_epoch or len(values))] * 2


@given(VALUES)
def test_the_last_of_equals_is_kept_where_asked_for(values: list[float | None]) -> None:
    stopping, _ = watched(values, keep_last=True)
    known = [value for value in values if value is not None]
    last = len(values) - values[::-1].index(min(known)) if known else 0
    assert stopping.best == min(known, default=None)
    assert stopping.best_epoch == last
    assert stopping.theta.tolist() == [float(last or len(values))] * 2


@given(VALUES, st.integers(1, 4), st.sampled_from([0.0, 1.0]))
def test_keeping_the_last_changes_nothing_but_whose_weights_these_are(
    values: list[float | None], patience: int, min_delta: float
) -> None:
    (first, epochs), (last, as_many) = (
        watched(values, patience, min_delta, keep_last=keep) for keep in (False, True)
    )
    assert epochs == as_many
    assert (first.best, first.waited) == (last.best, last.waited)
    assert last.best_epoch >= first.best_epoch
    if last.best_epoch:
        assert values[last.best_epoch - 1] == values[first.best_epoch - 1] == first.best


def test_without_patience_it_never_stops_and_keeps_the_best() -> None:
    stopping, epochs = watched([5.0, 1.0, *[2.0] * 200], patience=None)
    assert (epochs, stopping.best_epoch) == (202, 2)
    assert stopping.is_patient
    assert stopping.theta.tolist() == [2.0, 2.0]


@given(VALUES, st.integers(1, 4), st.booleans())
def test_it_goes_on_from_its_state(values: list[float | None], patience: int, keep: bool) -> None:
    """The same verdict on every epoch, with the state put into a new one between any two."""
    stopping = EarlyStopping(np.zeros(2), "val_accuracy", True, patience, 0.0, keep)
    twin = EarlyStopping(np.zeros(2), "val_accuracy", True, patience, 0.0, keep)
    for number, value in enumerate(values, 1):
        epoch = Epoch(number, 1.0, 0.1, {}, 1.0, {"accuracy": value})
        resumed = EarlyStopping(twin.theta, "val_accuracy", True, patience, 0.0, keep)
        resumed.restore(twin.best_theta, twin.state())
        twin = resumed
        for each in (stopping, twin):
            each.theta.fill(number)
        assert stopping(epoch) == twin(epoch)
    assert stopping.state() == twin.state()
    assert np.array_equal(stopping.best_theta, twin.best_theta)


@pytest.mark.parametrize("value", [np.nan, None])
def test_a_record_comes_back_from_its_row(value: float | None) -> None:
    for epoch in (
        Epoch(1, 0.5, 0.1, {"r2": value if value is None else 0.25}, 2.0, {"r2": None}),
        Epoch(2, 0.5, None, {}, None, {}),
    ):
        assert Epoch.of_row(epoch.row()) == epoch
    undefined = Epoch(3, 0.5, 0.1, {}, np.nan, {"r2": 1.0})
    again = Epoch.of_row(undefined.row())
    assert again.row() == undefined.row()
    assert again.quantity("val_loss") is None
    assert again.quantity("val_r2") == 1.0
