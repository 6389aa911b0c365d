"""Trainers that take their updates together: the same bytes as one after the other, whatever happens."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mlpcli.errors import DivergedError
from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.losses import Loss
from mlpcli.optim.average import WeightAverage
from mlpcli.optim.moment import SHARES, Fading
from mlpcli.optim.rate_curves import Constant
from mlpcli.optim.rule import Factors
from mlpcli.optim.schedules import Schedule
from mlpcli.optim.stepper import Stepper
from mlpcli.training.batches import Batches, Part
from mlpcli.training.callbacks import EarlyStopping, Epoch, Values
from mlpcli.training.loop import InterruptedTrainingError, Trainer, fit
from mlpcli.training.together import Together, can_train_together, fit_together
from tests.support.contract import optimizer
from tests.support.network_cases import Case

pytestmark = pytest.mark.kernels

CLASSES = Case(Loss("cross_entropy"), (4, 16, 3), ActivationChoice("relu", {}), dtype=np.float32)
NUMBERS = Case(Loss("mse"), (4, 16, 2), ActivationChoice("selu", {}), dropout=0.2, dtype=np.float32)
ROWS = (50, 48, 50, 49)  # in batches of 16 the last has 2, 1 or none


class Judge:
    """The loss of the rows that train, as validation."""

    def __init__(self, network: Any, part: Part) -> None:
        self._network, self._part = network, part

    def metrics(self, _part: str) -> Values:
        return {"sum": float(self._network.theta.sum())}

    def loss_and_metrics(self, _part: str) -> tuple[float, Values]:
        raise AssertionError

    def validation(self) -> tuple[float | None, Values]:
        return self._network.evaluate(*self._part.arrays())[0], {}


def trainer(case: Case, number: int, rows: int, **changed: Any) -> Trainer:
    """One of several, with weights, rows, an order and masks of its own."""
    network = case.network()
    network.theta *= 1.0 + 0.1 * number
    network.rng.bit_generator.state = np.random.PCG64(number).state
    x, y, weights = replace(case, rows=rows).batch(seed=number)
    part = Part.of(x, y, weights[:, 0] if changed.pop("weighted", False) else None, network.dtype)
    rule = replace(
        optimizer(changed.pop("rule", "adamw"), weight_decay=0.01), factors=changed.pop("factors", ())
    )
    clip = changed.pop("clip", None)
    parts: dict[str, Any] = {
        "network": network,
        "batches": Batches(part, changed.pop("size", 16)),
        "stepper": Stepper(rule, network.theta, network.grad, network.layout.n_weights, clip),
        "schedule": Schedule(Constant(0.01), warmup=1),
        "evaluator": Judge(network, part),
        "epochs": 4,
        "shuffling": np.random.default_rng(number),
    }
    return Trainer(**{**parts, **changed})


def trainers(case: Case, rows: tuple[int, ...] = (48, 48, 48), **changed: Any) -> list[Trainer]:
    return [trainer(case, number, own, **changed) for number, own in enumerate(rows)]


def assert_same(found: list[Trainer], expected: list[Trainer]) -> None:
    for one, other in zip(found, expected, strict=True):
        assert one.history == other.history
        (arrays, state), (arrays_of_other, state_of_other) = one.state(), other.state()
        assert state == state_of_other
        assert arrays.keys() == arrays_of_other.keys()
        for name, array in arrays.items():
            np.testing.assert_array_equal(array, arrays_of_other[name], err_msg=name)


def factors(case: Case) -> tuple[Factors, ...]:
    """Biases at a tenth of the rate, weights at twice of it."""
    slots = case.network().layout.slots
    rates = {slot.name: 0.1 if slot.group == "bias" else 2.0 for slot in slots}
    return tuple(Factors(slot.start, slot.stop, rates[slot.name], 1.0) for slot in slots)


SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "weights": {"weighted": True},
    "file order": {"shuffling": None},
    "rates by kind": {"factors": factors(NUMBERS)},
    "fading": {"fading": Fading(SHARES["flat_cos"], SHARES["cosine"])},
    "momentum": {"rule": "sgd"},
    "numbers for all": {"rule": "nadam"},
    "a batch of all": {"size": 100},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_the_state_and_the_records_are_those_of_one_after_the_other(name: str) -> None:
    together, alone = trainers(NUMBERS, **SETTINGS[name]), trainers(NUMBERS, **SETTINGS[name])
    assert can_train_together(together)
    ended: list[int] = []
    fit_together(together, [()] * 3, ended=ended.append)
    assert ended == [0, 1, 2]
    for one in alone:
        fit(one)
    assert_same(together, alone)


@pytest.mark.parametrize("case", [CLASSES, NUMBERS, replace(CLASSES, dtype=np.float64)])
@pytest.mark.parametrize("rows", [ROWS[1:3], (50, 49, 50, 49)])
def test_a_last_batch_may_differ_but_not_the_number_of_batches(case: Case, rows: tuple[int, ...]) -> None:
    together, alone = trainers(case, rows), trainers(case, rows)
    assert can_train_together(together) == (rows != ROWS[1:3])
    fit_together(together, [()] * len(rows))  # one after the other where they cannot
    for one in alone:
        fit(one)
    assert_same(together, alone)


def test_one_that_is_stopped_leaves_and_the_others_go_on() -> None:
    def stopping(one: Trainer, patience: int | None) -> EarlyStopping:
        return EarlyStopping(one.network.state, "val_loss", True, patience, 0.0)  # a loss is never better so

    together, alone = trainers(NUMBERS), trainers(NUMBERS)
    asked = (None, 1, 2)
    watching = [stopping(one, patience) for one, patience in zip(together, asked, strict=True)]
    ended: list[int] = []
    fit_together(together, [(one,) for one in watching], ended=ended.append)
    assert ended == [1, 2, 0]
    for one, patience in zip(alone, asked, strict=True):
        fit(one, (stopping(one, patience),))
    assert [len(one.history) for one in together] == [4, 2, 3]
    assert_same(together, alone)


@pytest.mark.parametrize("company", [True, False])
def test_a_run_that_was_stopped_goes_on_to_the_same_bytes_alone_or_in_company(company: bool) -> None:
    asked = iter([False] * 4 + [True])  # in the second epoch, after two of three batches
    broken = trainers(NUMBERS)
    broken[0].stop_requested = lambda: next(asked)
    with pytest.raises(InterruptedTrainingError):
        fit_together(broken, [()] * 3)
    assert [one.batch for one in broken] == [2, 2, 2]
    resumed, whole = trainers(NUMBERS), trainers(NUMBERS)
    for one, left in zip(resumed, broken, strict=True):
        arrays, state = left.state()
        one.restore(arrays, state, left.history)
    if company:
        fit_together(resumed, [()] * 3)
    else:
        for one in resumed:
            fit(one)
    for one in whole:
        fit(one)
    assert_same(resumed, whole)


def test_those_who_are_further_wait_for_the_others_and_all_may_end_before_their_schedule() -> None:
    together, alone = trainers(NUMBERS, (48,) * 5), trainers(NUMBERS, (48,) * 5)
    for ahead in (1, 3, 4):
        fit(together[ahead], last=3 if ahead == 4 else 1)
    ended: list[int] = []
    fit_together(together, [()] * 5, 3, ended.append)
    assert ended == [0, 2, 1, 3, 4]
    for one in alone:
        fit(one, last=3)
    assert_same(together, alone)


def test_who_diverges_is_named_as_it_would_be_alone() -> None:
    together, alone = trainers(NUMBERS), trainers(NUMBERS)
    for one in (together[1], alone[1]):
        one.network.parameters["layers.1.weight"].fill(np.inf)
    with pytest.raises(DivergedError) as caught:
        fit_together(together, [()] * 3)
    with pytest.raises(DivergedError) as expected:
        fit(alone[1])
    assert str(caught.value) == str(expected.value)


def test_a_gradient_whose_square_overflows_is_no_divergence() -> None:
    """One look at all numbers together says infinity; each by itself is finite."""
    together, alone = trainers(CLASSES), trainers(CLASSES)
    for one in (*together, *alone):
        one.batches.part.x[:] *= np.float32(1e19)
        one.epochs = 1
    fit_together(together, [()] * 3)
    for one in alone:
        fit(one)
    assert_same(together, alone)


NOT_TOGETHER: dict[str, dict[str, Any]] = {
    "an average": {"average": WeightAverage(np.zeros(4, np.float32), 0.9)},
    "a rate that depends on them": {"schedule_monitor": "val_loss"},
    "a limit of the norm": {"clip": 1.0},
}


@pytest.mark.parametrize("name", NOT_TOGETHER)
def test_what_has_to_be_trained_alone_is_known_beforehand(name: str) -> None:
    assert not can_train_together(trainers(NUMBERS, **NOT_TOGETHER[name]))


def test_trainers_have_to_be_alike() -> None:
    def with_one(case: Case = NUMBERS, **changed: Any) -> bool:
        return can_train_together([*trainers(NUMBERS), trainer(case, 3, 48, **changed)])

    assert with_one()
    assert not can_train_together(trainers(NUMBERS)[:1])
    assert not with_one(replace(NUMBERS, widths=(4, 17, 2)))
    assert not with_one(replace(NUMBERS, loss=Loss("huber")))
    assert not with_one(replace(NUMBERS, dtype=np.float64))
    assert not with_one(size=24)
    assert not with_one(weighted=True)
    assert not with_one(rule="adam")
    assert not with_one(epochs=5)


def test_a_group_is_told_its_records_in_the_order_of_its_trainers() -> None:
    together, alone = trainers(NUMBERS, (49, 64, 60)), trainers(NUMBERS, (49, 64, 60))
    with np.errstate(all="ignore"):
        records: list[Epoch] = Together(together).run_epoch()
        assert records == [one.run_epoch() for one in alone]
