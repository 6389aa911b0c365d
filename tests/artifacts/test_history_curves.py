"""The points that are drawn, and the axis that they are drawn against."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.artifacts.history import Row, Series, curves_of, thinned
from mlpcli.artifacts.loss_axis import LossAxis, loss_axis


def series_of(*losses: float) -> list[Series]:
    return [Series("train", tuple(enumerate(losses, start=1)))]


def test_a_curve_for_each_column_that_has_losses() -> None:
    rows: list[Row] = [
        {"epoch": 1, "loss": 0.5, "val_loss": 0.75, "learning_rate": 0.1},
        {"epoch": 2, "loss": 0.25, "val_loss": None, "learning_rate": None},
    ]
    assert curves_of(rows) == [
        Series("train", ((1, 0.5), (2, 0.25))),
        Series("validation", ((1, 0.75),)),
    ]
    assert [one.name for one in curves_of([{"epoch": 1, "loss": 0.5}])] == ["train"]
    assert curves_of([]) == []


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf, 1e251, None])
def test_a_loss_that_cannot_be_drawn_is_no_point(loss: float | None) -> None:
    assert curves_of([{"epoch": 1, "loss": 1.0}, {"epoch": 2, "loss": loss}]) == series_of(1.0)


def test_the_last_point_and_the_loss_of_an_epoch() -> None:
    (series,) = series_of(3.0, 2.0, 5.0)
    assert series.last == (3, 5.0)
    assert (series.at(2), series.at(4)) == (2.0, None)


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=300), st.integers(1, 20))
def test_thinning_keeps_ends_and_extremes_in_order(losses: list[float], columns: int) -> None:
    (series,) = series_of(*losses)
    kept = thinned(series.points, columns)
    assert len(kept) <= 4 * columns
    assert kept == sorted(set(kept))
    assert set(kept) <= set(series.points)
    assert (kept[0], kept[-1]) == (series.points[0], series.last)
    assert min(loss for _, loss in kept) == min(losses)
    assert max(loss for _, loss in kept) == max(losses)


def test_few_points_are_not_thinned() -> None:
    (series,) = series_of(*range(40))
    assert thinned(series.points, 10) == list(series.points)


@pytest.mark.parametrize(
    ("losses", "floor"),
    [
        ((1.0, 0.11), None),
        ((1.0, 0.1), 0.1),
        ((100.0, 1e-4), 1e-4),
        ((1.0, 0.01, 0.0), 0.01),
        ((1.0, 0.001, -0.001), None),
        ((0.0, 0.0), None),
        ((0.0, 1.0), None),
    ],
)
def test_the_axis_is_logarithmic_where_the_losses_ask_for_it(
    losses: tuple[float, ...], floor: float | None
) -> None:
    axis = loss_axis(series_of(*losses))
    assert axis.floor == floor
    assert axis.caption == ("loss" if floor is None else "loss (log scale)")


LOSSES = st.floats(-1e250, 1e250) | st.floats(0, 10) | st.floats(1e-250, 1e-240) | st.just(0.0)


@given(st.lists(LOSSES, min_size=1, max_size=8))
def test_every_loss_has_its_place_on_the_axis_in_order_with_ticks_between(losses: list[float]) -> None:
    rows: list[Row] = [{"epoch": epoch, "loss": loss} for epoch, loss in enumerate(losses, start=1)]
    series = curves_of(rows)
    axis = loss_axis(series)
    assert math.isfinite(axis.low)
    assert axis.low < axis.high < math.inf
    ordered = sorted(loss for _, loss in series[0].points)
    places = [axis.fraction(loss) for loss in ordered]
    assert places == sorted(places)
    assert 0 <= places[0] <= places[-1] <= 1
    assert 1 <= len(axis.ticks(8)) <= 8
    assert all(-1e-6 <= axis.fraction(tick) <= 1 + 1e-6 for tick in axis.ticks(8))


def test_losses_that_differ_in_the_eighth_digit_are_a_flat_line() -> None:
    axis = loss_axis(series_of(0.5, 0.50000001))
    assert (axis.low, axis.high) == pytest.approx((0.475, 0.525), rel=1e-6)


def test_zero_is_drawn_at_the_floor_of_a_logarithmic_axis() -> None:
    axis = LossAxis(0.001, 10.0, floor=0.01)
    assert axis.fraction(0.0) == axis.fraction(0.01) == pytest.approx(0.25)
    assert (axis.shown(0.0), axis.shown(2.0)) == (0.01, 2.0)
