"""Schedules: torch's and scikit-learn's rates where they have the schedule, tables where they have not."""

from __future__ import annotations

import importlib.util
import json
import math
from types import SimpleNamespace
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.config.schedule_spec import CoslogSpec, ScheduleSpec
from mlpcli.optim.moment import SHARES, cosine, flat_cos
from mlpcli.optim.rate_curves import CURVES
from mlpcli.optim.schedules import Schedule, build

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")


def schedule(name: str, learning_rate: float = 0.1, direction: Any = "min", **options: Any) -> Schedule:
    return build(SimpleNamespace(name=name, **{"warmup": 0, **options}), learning_rate, direction)


def by_epoch(of: Schedule, epochs: int, updates: int = 3) -> list[float]:
    """The rate of the last update of every epoch, as the history has it."""
    return [of.rate(epoch, updates, updates, epochs) for epoch in range(1, epochs + 1)]


def by_update(of: Schedule, epochs: int, updates: int) -> list[float]:
    return [of.rate(e, u, updates, epochs) for e in range(1, epochs + 1) for u in range(1, updates + 1)]


TABLES = [
    ("constant", {}, [0.1, 0.1, 0.1, 0.1, 0.1]),
    ("step", {"every": 2, "factor": 0.5}, [0.1, 0.1, 0.05, 0.05, 0.025]),
    ("exponential", {"decay": 0.5}, [0.1, 0.05, 0.025, 0.0125, 0.00625]),
    ("inverse_scaling", {"power": 1.0}, [0.1, 0.05, 0.1 / 3, 0.025, 0.02]),
    (
        "inverse_scaling",
        {"power": 0.5},
        [0.1, 0.1 / math.sqrt(2), 0.1 / math.sqrt(3), 0.05, 0.1 / math.sqrt(5)],
    ),
    ("linear", {"final": 0.0}, [0.1, 0.075, 0.05, 0.025, 0.0]),
    ("linear", {"final": 0.02}, [0.1, 0.08, 0.06, 0.04, 0.02]),
    ("linear", {"final": 0.3}, [0.1, 0.15, 0.2, 0.25, 0.3]),
    ("cosine", {"final": 0.0}, [0.1, 0.05 + 0.05 / math.sqrt(2), 0.05, 0.05 - 0.05 / math.sqrt(2), 0.0]),
    ("cosine", {"final": 0.02}, [0.1, 0.06 + 0.04 / math.sqrt(2), 0.06, 0.06 - 0.04 / math.sqrt(2), 0.02]),
]


@pytest.mark.parametrize(("name", "options", "rates"), TABLES)
def test_rates_over_five_epochs(name: str, options: dict[str, float], rates: list[float]) -> None:
    of = schedule(name, **options)
    assert by_epoch(of, 5) == pytest.approx(rates, rel=1e-12, abs=1e-17)
    assert by_update(of, 5, 4) == [rate for rate in by_epoch(of, 5) for _ in range(4)], "per epoch"


def test_one_cycle_over_ten_updates() -> None:
    """Up in the updates 0 to 4, down in 4 to 9, half a cosine each."""
    of = schedule("one_cycle", peak=0.5, fraction_up=0.5, final=0.0)
    up = [0.1, 0.3 - 0.2 / math.sqrt(2), 0.3, 0.3 + 0.2 / math.sqrt(2)]
    down = [0.25 * (1 + math.cos(math.pi * k / 5)) for k in range(6)]
    assert by_update(of, 5, 2) == pytest.approx(up + down, rel=1e-12, abs=1e-17)
    assert by_update(of, 2, 5) == by_update(of, 5, 2), "only the number of updates counts"


def test_coslog_comes_back_to_0_after_every_cycle_each_twice_as_long_as_the_last() -> None:
    """Of fifteen fifteenths, the cycles take 1, 2, 4 and 8; half way, by the logarithm, is the peak."""
    rates = by_update(schedule("coslog", cycles=4), 5, 3 * 100)
    assert [k for k, rate in enumerate(rates) if rate < 1e-17] == [0, 100, 300, 700]
    tops = [k for k in range(1, 1499) if rates[k - 1] <= rates[k] > rates[k + 1]]
    assert tops == [round(100 * (2 ** (i + 0.5) - 1)) for i in range(4)]
    assert [rates[k] for k in tops] == pytest.approx([0.1] * 4, rel=1e-3)


def test_coslog_by_hand() -> None:
    """One cycle over four updates: ½(1 − cos(2π log₂(1 + k/4))); log₂ of 1, 1.25, 1.5 and 1.75."""
    rates = by_update(schedule("coslog", learning_rate=1.0, cycles=1), 2, 2)
    logs = (0.0, 0.321928094887, 0.584962500721, 0.807354922058)
    assert rates == pytest.approx([math.sin(math.pi * log) ** 2 for log in logs], rel=1e-9, abs=1e-17)


def test_flat_cos_stays_and_then_falls() -> None:
    of = schedule("flat_cos", final=0.02)
    falling = [0.02 + 0.08 * (1 + math.cos(math.pi * k / 4)) / 2 for k in range(4)]
    assert by_update(of, 4, 2) == pytest.approx([0.1] * 4 + falling, rel=1e-12)
    assert by_update(of, 2, 4) == by_update(of, 4, 2), "only the number of updates counts"


def test_shares_begin_with_all_and_fall_to_nothing() -> None:
    for name, share in SHARES.items():
        left = [share(k / 100) for k in range(101)]
        assert left[0] == 1.0
        assert left == sorted(left, reverse=True)
        assert left[-1] == (1.0 if name == "constant" else pytest.approx(0, abs=1e-16))
    assert cosine(1 / 3) == pytest.approx(0.75)
    assert [flat_cos(t) for t in (0.25, 0.5, 2 / 3)] == pytest.approx([1, 1, 0.75])


@pytest.mark.parametrize(("name", "options", "_rates"), TABLES[1:])
@pytest.mark.parametrize("warmup", [0, 2])
def test_by_update_is_by_epoch_with_an_update_in_each(
    name: str, options: dict[str, float], _rates: object, warmup: int
) -> None:
    """After the warm-up, which goes by epochs in any case."""
    of = schedule(name, **options, per="update", warmup=warmup)
    rates = by_update(of, 6 + warmup, 4)
    assert rates[4 * warmup :] == by_epoch(schedule(name, **options), 24, 1)
    assert rates[: 4 * warmup] == pytest.approx([0.1 * k / 8 for k in range(1, 4 * warmup + 1)])


@pytest.mark.parametrize("name", ["linear", "cosine"])
def test_a_single_epoch_has_the_rate_asked_for(name: str) -> None:
    assert by_epoch(schedule(name, final=0.0), 1) == [0.1]


@given(st.integers(1, 4), st.integers(1, 4), st.floats(0.01, 0.99))
def test_one_cycle_stays_within_its_bounds_however_short(
    epochs: int, updates: int, fraction_up: float
) -> None:
    rates = by_update(schedule("one_cycle", peak=0.5, fraction_up=fraction_up, final=0.01), epochs, updates)
    assert all(0.01 - 1e-12 <= rate <= 0.5 + 1e-12 for rate in rates)
    assert rates[-1] == pytest.approx(0.01) or len(rates) == 1


@pytest.mark.parametrize("name", ["step", "exponential"])
def test_a_rate_that_grows_beyond_all_bounds_is_infinite(name: str) -> None:
    assert by_epoch(schedule(name, every=1, factor=1e9, decay=1e9), 50)[-1] == math.inf


def test_warm_up_is_a_ramp_by_update_and_then_the_curve_begins() -> None:
    of = schedule("exponential", decay=0.5, warmup=2)
    ramp = [0.1 * k / 6 for k in range(1, 7)]
    assert by_update(of, 4, 3) == pytest.approx(ramp + [0.1] * 3 + [0.05] * 3, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("cosine", {"final": 0.02}),
        ("linear", {"final": 0.02}),
        ("one_cycle", {"peak": 0.3, "final": 0.02, "fraction_up": 0.5}),
    ],
)
def test_after_the_warm_up_the_curve_has_the_epochs_that_are_left(
    name: str, options: dict[str, float]
) -> None:
    warm, cold = schedule(name, warmup=3, **options), schedule(name, **options)
    assert by_update(warm, 10, 2)[6:] == by_update(cold, 7, 2)


@pytest.mark.parametrize("name", [name for name in CURVES if name != "coslog"])  # which has no warm-up
def test_a_run_that_ends_while_it_warms_up(name: str) -> None:
    of = schedule(
        name,
        warmup=4,
        every=1,
        factor=0.5,
        decay=0.5,
        power=1.0,
        final=0.0,
        peak=1.0,
        fraction_up=0.5,
        patience=3,
    )
    assert by_epoch(of, 2) == pytest.approx([0.025, 0.05])


def torch_rates(make: Any, learning_rate: float, steps: int) -> list[float]:
    import torch

    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=learning_rate)
    scheduler = make(torch.optim.lr_scheduler, optimizer)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


@needs_torch
@pytest.mark.parametrize(
    ("name", "options", "make"),
    [
        ("step", {"every": 3, "factor": 0.3}, lambda s, o: s.StepLR(o, 3, 0.3)),
        ("exponential", {"decay": 0.9}, lambda s, o: s.ExponentialLR(o, 0.9)),
        ("linear", {"final": 0.01}, lambda s, o: s.LinearLR(o, 1.0, 0.1, 19)),
        ("cosine", {"final": 0.01}, lambda s, o: s.CosineAnnealingLR(o, 19, 0.01)),
    ],
)
def test_by_epoch_as_torch(name: str, options: dict[str, Any], make: Any) -> None:
    assert by_epoch(schedule(name, **options), 20) == pytest.approx(torch_rates(make, 0.1, 20), rel=1e-9)


@needs_torch
@pytest.mark.parametrize("fraction_up", [0.1, 0.3, 0.75, 0.99])
def test_one_cycle_as_torch(fraction_up: float) -> None:
    def make(schedulers: Any, optimizer: Any) -> Any:
        # from 0.1 to the peak of 0.4, then to 0.1/50
        return schedulers.OneCycleLR(
            optimizer,
            0.4,
            total_steps=40,
            pct_start=fraction_up,
            div_factor=4.0,
            final_div_factor=50.0,
            cycle_momentum=False,
        )

    of = schedule("one_cycle", peak=0.4, fraction_up=fraction_up, final=0.002)
    assert by_update(of, 8, 5) == pytest.approx(torch_rates(make, 0.1, 40), rel=1e-9)


@needs_torch
@given(
    st.lists(st.sampled_from([1.0, 1.00005, 0.99995, 0.9998, 0.9, 1.2, 2.0, math.nan]), max_size=30),
    st.integers(0, 3),
    st.sampled_from(["min", "max"]),
)
def test_plateau_as_torch(values: list[float], patience: int, direction: Any) -> None:
    import torch

    optimizer = torch.optim.SGD(
        [torch.zeros(1, requires_grad=True)], lr=1e6
    )  # far above torch's smallest reduction
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, direction, 0.5, patience)
    of = schedule("plateau", 1e6, direction, factor=0.5, patience=patience)
    for value in values:
        scheduler.step(value)
        of.observe(value)
        assert of.rate(2, 1, 1, 9) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)


def observed(of: Schedule, values: list[float]) -> list[float]:
    """The rate after each of these values."""
    found = []
    for value in values:
        of.observe(value)
        found.append(of.rate(2, 1, 1, 9))
    return found


def test_plateau_reduces_after_more_than_patience_epochs() -> None:
    rates = observed(schedule("plateau", 1.0, factor=0.5, patience=2), [5, 4, 4, 4, 4, 4, 4, 4, 3, 3])
    assert rates == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]


def test_plateau_reads_its_quantity_in_its_direction() -> None:
    rising = [0.1, 0.2, 0.3, 0.4]
    assert observed(schedule("plateau", 1.0, "max", factor=0.5, patience=0), rising) == [1, 1, 1, 1]
    assert observed(schedule("plateau", 1.0, "min", factor=0.5, patience=0), rising) == [1, 0.5, 0.25, 0.125]


def test_plateau_below_zero_does_not_take_worse_for_better() -> None:
    """A coefficient of determination that falls from −1 to −1.00005, within 1e-4 of the best's size."""
    assert observed(schedule("plateau", 1.0, "max", factor=0.5, patience=0), [-1.0, -1.00005]) == [1, 0.5]


def test_plateau_takes_a_value_that_is_not_finite_for_a_bad_one() -> None:
    rates = observed(
        schedule("plateau", 1.0, factor=0.5, patience=0), [math.inf, 3.0, math.nan, 2.0, -math.inf]
    )
    assert rates == [0.5, 0.5, 0.25, 0.25, 0.125]


@given(st.lists(st.floats(0, 2), max_size=12), st.lists(st.floats(0, 2), max_size=12))
def test_plateau_goes_on_from_a_saved_state(before: list[float], after: list[float]) -> None:
    whole, resumed = (schedule("plateau", 0.1, factor=0.3, patience=1) for _ in range(2))
    observed(whole, before)
    resumed.restore(json.loads(json.dumps(whole.state(), allow_nan=False)))
    assert observed(resumed, after) == observed(whole, after)
    assert resumed.state() == whole.state()


def test_the_other_schedules_have_no_state_and_do_not_listen() -> None:
    of = schedule("exponential", decay=0.5)
    before = by_epoch(of, 5)
    of.observe(1.0)
    of.restore(of.state())
    assert of.state() == {} and by_epoch(of, 5) == before


@pytest.mark.parametrize("name", CURVES)
def test_depends_on_epochs_says_whether_more_epochs_change_the_past(name: str) -> None:
    of = schedule(
        name,
        every=2,
        factor=0.5,
        decay=0.5,
        power=1.0,
        final=0.0,
        peak=1.0,
        fraction_up=0.5,
        patience=3,
        cycles=2,
    )
    assert of.depends_on_epochs == (by_update(of, 20, 2)[:20] != by_update(of, 10, 2))


@pytest.mark.parametrize("spec", get_args(get_args(ScheduleSpec)[0]), ids=lambda spec: str(spec.__name__))
def test_every_schedule_of_the_spec_can_be_built(spec: Any) -> None:
    required = {"every": 2, "factor": 0.5, "decay": 0.5, "peak": 0.5, "monitor": "val_loss"}
    given_options = {name: required[name] for name, field in spec.model_fields.items() if field.is_required()}
    of = build(spec(**given_options), 0.1)
    assert all(type(rate) is float and np.isfinite(rate) for rate in by_update(of, 10, 2))
    assert of.rate(1, 1, 2, 10) == pytest.approx(0.0 if spec is CoslogSpec else 0.1)


def test_the_spec_has_every_schedule() -> None:
    names = {spec.model_fields["name"].default for spec in get_args(get_args(ScheduleSpec)[0])}
    assert names == set(CURVES)
