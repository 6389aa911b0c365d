"""The training loop: what an epoch is, who hears of it, and how it ends early, badly, or half way."""

from __future__ import annotations

import copy
import itertools
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import pytest

from mlpcli.errors import DivergedError
from mlpcli.nn.losses import Loss
from mlpcli.nn.network import Network
from mlpcli.optim.average import WeightAverage
from mlpcli.optim.moment import Fading
from mlpcli.optim.rate_curves import Constant
from mlpcli.optim.schedules import Schedule
from mlpcli.optim.stepper import Stepper
from mlpcli.rng import stream
from mlpcli.training.batches import Batches, Part
from mlpcli.training.callbacks import Epoch, Values
from mlpcli.training.loop import InterruptedTrainingError, Trainer, fit
from tests.support.contract import optimizer
from tests.support.network_cases import BATCH_NORM, Case

MSE = Loss("mse")
ROWS, SIZE = 10, 4


class Falling(Schedule):
    """A schedule that keeps what it was asked and told."""

    def __init__(self) -> None:
        super().__init__(Constant(0.1), warmup=0)
        self.asked: list[tuple[int, int, int, int]] = []
        self.told: list[float] = []

    def rate(self, epoch: int, update: int, updates: int, epochs: int) -> float:
        self.asked.append((epoch, update, updates, epochs))
        return 0.1 / len(self.asked)

    def observe(self, value: float) -> None:
        self.told.append(value)


class Judged:
    """Always of the same opinion."""

    def metrics(self, _part: str) -> Values:
        return {"r2": 0.5}

    def loss_and_metrics(self, _part: str) -> tuple[float, Values]:
        raise AssertionError  # the loss of an epoch is that of its batches

    def validation(self) -> tuple[float | None, Values]:
        return 2.0, {"r2": None}


def trainer(size: int = SIZE, **changed: Any) -> Trainer:
    """Three epochs over ten rows in batches of four."""
    normalization = changed.pop("normalization", None)
    case = Case(MSE, widths=(3, 2, 1), rows=ROWS, dtype=np.float64, normalization=normalization)
    network = case.network()
    x, y, weights = case.batch()
    part = Part.of(x, y, weights[:, 0], network.dtype)
    parts: dict[str, Any] = {
        "network": network,
        "batches": Batches(part, size),
        "stepper": Stepper(optimizer("sgd"), network.theta, network.grad, network.layout.n_weights),
        "schedule": Schedule(Constant(0.1), warmup=0),
        "evaluator": Judged(),
        "epochs": 3,
    }
    return Trainer(**{**parts, **changed})


def test_an_epoch_is_every_row_once_and_its_loss_the_row_weighted_mean() -> None:
    """Batches of 4, 4 and 2, each loss from before its own update."""
    found, twin = trainer(epochs=1), trainer()
    fit(found)
    network, total = twin.network, 0.0
    for index, rows in enumerate((4, 4, 2)):
        x, y, weights = twin.batches[index]
        assert len(x) == rows
        total += rows * network.loss_and_grad(x, y, weights)
        network.theta -= 0.1 * network.grad
    assert found.history[0].loss == pytest.approx(total / ROWS, rel=1e-14)
    assert found.network.theta == pytest.approx(network.theta, rel=1e-13)


def test_the_record_of_an_epoch_has_what_the_judge_says_and_the_last_rate() -> None:
    run = trainer(schedule=Falling(), epochs=2)
    assert not fit(run)
    assert [epoch.epoch for epoch in run.history] == [1, 2]
    first = run.history[0]
    assert (first.metrics, first.val_loss, first.val_metrics) == ({"r2": 0.5}, 2.0, {"r2": None})
    assert [epoch.learning_rate for epoch in run.history] == [0.1 / 3, 0.1 / 6]


def test_the_schedule_is_asked_for_every_update_and_told_what_it_monitors() -> None:
    schedule = Falling()
    fit(trainer(schedule=schedule, schedule_monitor="val_loss", epochs=2))
    assert schedule.asked == [(epoch, update, 3, 2) for epoch in (1, 2) for update in (1, 2, 3)]
    assert schedule.told == [2.0, 2.0]


def test_every_update_has_what_schedules_leave_of_dropout_and_decay() -> None:
    """Nine updates, k/9 of the way: the share of a half way down, to the network and to the stepper."""
    seen: list[tuple[float, float]] = []
    run = trainer(fading=Fading(lambda t: 1 - t / 2, lambda t: 1 - t))
    step = run.stepper.step

    def spy(rate: float, decay: float) -> None:
        seen.append((run.network.dropout_share.item(), decay))
        step(rate, decay)

    with patch.object(run.stepper, "step", spy):
        fit(run)
    np.testing.assert_allclose(seen, [(1 - k / 18, 1 - k / 9) for k in range(9)])


def averaged(decay: float = 0.6, **changed: Any) -> Trainer:
    """A trainer of a network with running statistics that averages its weights."""
    run = trainer(normalization=BATCH_NORM, **changed)
    run.average = WeightAverage(run.network.state, decay)
    return run


def test_an_epoch_is_judged_by_the_mean_of_the_weights_and_training_goes_on_with_the_weights() -> None:
    """E by its formula beside an ordinary training, which sees the same batches."""
    plain, run = trainer(normalization=BATCH_NORM), averaged()
    judged: list[Values] = []

    class Judge(Judged):
        def metrics(self, part: str) -> Values:
            judged.append(run.network.state.copy())
            return super().metrics(part)

    run.evaluator = Judge()
    mean, t, expected = plain.network.state.copy(), 0, []
    for _ in range(3):
        for index in range(3):
            t += 1
            plain.update(index)
            d = min(0.6, (1 + t) / (10 + t))
            mean = d * mean + (1 - d) * plain.network.state
        plain.finish_epoch()
        expected.append(mean)
    assert not fit(run)
    np.testing.assert_allclose(judged, expected, rtol=1e-12)
    assert run.average is not None
    np.testing.assert_array_equal(run.average.theta, plain.network.state)
    np.testing.assert_array_equal(run.network.state, run.average.mean)
    assert [one.loss for one in run.history] == [one.loss for one in plain.history]
    assert not np.array_equal(run.average.mean[-2:], run.average.theta[-2:]), "the statistics too"


def test_a_monitored_quantity_without_a_value_is_nan() -> None:
    schedule = Falling()
    fit(trainer(schedule=schedule, schedule_monitor="val_r2", epochs=1))
    assert np.isnan(schedule.told).tolist() == [True]


def test_a_schedule_without_a_monitor_hears_nothing() -> None:
    schedule = Falling()
    fit(trainer(schedule=schedule))
    assert schedule.told == []


def test_every_observer_hears_of_every_epoch_also_of_the_last() -> None:
    heard: list[tuple[str, int]] = []

    def first(epoch: Epoch) -> bool:
        heard.append(("first", epoch.epoch))
        return epoch.epoch == 2

    def second(epoch: Epoch) -> None:
        heard.append(("second", epoch.epoch))

    assert fit(trainer(epochs=5), [first, second])
    assert heard == [("first", 1), ("second", 1), ("first", 2), ("second", 2)]


def test_nothing_is_left_to_do_where_all_epochs_are_done() -> None:
    run = trainer()
    fit(run)
    before = run.network.theta.copy()
    assert not fit(run)
    assert np.array_equal(run.network.theta, before)
    assert len(run.history) == 3


@pytest.mark.parametrize("updates", range(1, 10))
def test_half_an_epoch_is_gone_on_with_to_the_same_bits(updates: int) -> None:
    """Stopped after any update; everything it needs is in `state`, as a checkpoint keeps it."""
    whole = trainer(shuffling=stream(1, "shuffling"))
    fit(whole)
    asked = itertools.count(1)
    stopped = trainer(shuffling=stream(1, "shuffling"), stop_requested=lambda: next(asked) == updates)
    with pytest.raises(InterruptedTrainingError):
        fit(stopped)
    assert len(stopped.history) == (updates - 1) // 3
    arrays, state = copy.deepcopy(stopped.state())
    resumed = trainer(shuffling=stream(99, "shuffling"))
    resumed.restore(arrays, state, stopped.history)
    fit(resumed)
    assert np.array_equal(resumed.network.theta, whole.network.theta)
    assert resumed.history == whole.history


# --- divergence ---------------------------------------------------------------------------------------------


def test_a_gradient_that_is_not_finite_changes_no_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    run, calls = trainer(), itertools.count(1)
    right = Network.loss_and_grad

    def wrong(network: Network, x: Any, y: Any, weights: Any) -> float:
        loss = right(network, x, y, weights)
        if next(calls) == 5:
            network.gradients["layers.1.weight"][1, 0] = np.inf
        return loss

    monkeypatch.setattr(Network, "loss_and_grad", wrong)
    reached: list[npt.NDArray[Any]] = []
    step = run.stepper.step
    monkeypatch.setattr(
        run.stepper, "step", lambda *given: (step(*given), reached.append(run.network.theta.copy()))
    )
    with pytest.raises(DivergedError) as error:
        fit(run)
    assert str(error.value).startswith(
        "mlp: error: training diverged in epoch 2, batch 2: "
        "the gradient of layers.1.weight[1, 0] is not finite (loss "
    )
    assert "hint: try a learning rate below 0.1, training.clip_norm: 1.0, " in str(error.value)
    assert len(reached) == 4
    assert np.array_equal(run.network.theta, reached[-1])


def test_a_loss_that_is_not_finite_ends_the_run_too(monkeypatch: pytest.MonkeyPatch) -> None:
    run = trainer()
    monkeypatch.setattr(Network, "loss_and_grad", lambda *_: np.nan)
    with pytest.raises(DivergedError, match="epoch 1, batch 1: the loss is not finite"):
        fit(run)
    assert run.history == []


@pytest.mark.parametrize("stopped", [False, True])
def test_weights_that_are_not_finite_are_never_recorded_nor_saved(
    monkeypatch: pytest.MonkeyPatch, stopped: bool
) -> None:
    run = trainer(size=ROWS, stop_requested=lambda: stopped)
    monkeypatch.setattr(run.stepper, "step", lambda *_given: run.network.theta.fill(-np.inf))
    with pytest.raises(DivergedError, match=r"epoch 1, batch 1: weight layers\.0\.weight\[0, 0\] is not"):
        fit(run)
    assert run.history == []
