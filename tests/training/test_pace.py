"""Saves take a small share of any run's time, by a clock that only epochs and saves move."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mlpcli.run.pace import PAUSE, REST, Pace

EPOCH = 0.001  # seconds


def saves_of(epochs: int, cost: Callable[[int], float]) -> tuple[int, float]:
    """How many saves a run of so many epochs has, and their share of its time; `cost` after n epochs."""
    now, saving, saves = 0.0, 0.0, 0
    pace = Pace(lambda: now)
    for epoch in range(1, epochs + 1):
        now += EPOCH
        if pace.allows(epoch):
            with pace.measured():
                now += cost(epoch)
            saving += cost(epoch)
            saves += 1
    return saves, saving / now


@pytest.mark.parametrize("epochs", [2_000, 20_000, 200_000])
def test_saves_that_grow_with_the_history_stay_a_small_share(epochs: int) -> None:
    """As in ray-project/ray#850: 5 microseconds for every epoch so far, which is 1 s after 200,000."""
    saves, share = saves_of(epochs, lambda epoch: 0.005 + 5e-6 * epoch)
    assert saves > 2
    assert share <= 1 / REST


def test_a_save_that_takes_longer_than_the_pause_is_followed_by_a_rest() -> None:
    """Measured from its start, the pause would be over at once."""
    saves, _ = saves_of(1_000, lambda _epoch: 2 * PAUSE)
    assert saves == 1


def test_saves_that_cost_nothing_come_after_every_pause() -> None:
    saves, _ = saves_of(1_000, lambda _epoch: 0.0)
    assert saves == pytest.approx(1_000 * EPOCH / PAUSE, abs=1)


def test_a_save_that_fails_is_followed_by_a_rest_too() -> None:
    now = 0.0
    pace = Pace(lambda: now)
    with pytest.raises(OSError, match="full"), pace.measured():
        now += 1.0
        raise OSError("full")
    now += REST - 0.1
    assert not pace.allows(1)
    now += 0.2
    assert pace.allows(2)


def test_all_who_train_together_save_after_the_same_epochs_and_rest_for_all() -> None:
    now = 0.0
    pace = Pace(lambda: now)
    for _member in range(3):
        assert pace.allows(1)
        with pace.measured():
            now += 1.0
    now += 3 * REST - 0.1
    assert [pace.allows(2) for _member in range(3)] == [False] * 3
    now += 0.2
    assert [pace.allows(3) for _member in range(3)] == [True] * 3
