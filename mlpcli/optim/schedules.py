"""Schedules: the learning rate of every update, a curve after a warm-up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Protocol

from mlpcli.optim.moment import Moment
from mlpcli.optim.plateau import Direction, Plateau
from mlpcli.optim.rate_curves import CURVES, Curve


class Schedule:
    """A curve after a linear warm-up of so many epochs.

    While it warms up, update k of the K in those epochs has k/K of the curve's first rate. Then the curve
    begins, and counts its epochs from there, as in torch's SequentialLR. A plateau watches all the time.
    With `by_update` a curve by epoch counts updates for epochs.
    """

    def __init__(self, curve: Curve, warmup: int, by_update: bool = False) -> None:
        self._curve = curve
        self._warmup = warmup
        self._by_update = by_update

    @property
    def depends_on_epochs(self) -> bool:
        """Whether another number of epochs would have given other rates in the epochs so far."""
        return self._curve.depends_on_epochs

    def rate(self, epoch: int, update: int, updates: int, epochs: int) -> float:
        """The rate of update `update` of `updates` in epoch `epoch` of `epochs`, all counted from 1."""
        remaining = max(1, epochs - self._warmup)
        if epoch > self._warmup:
            now = Moment(epoch - self._warmup, update, updates, remaining)
            return self._curve.rate(now.by_update if self._by_update else now)
        progress = ((epoch - 1) * updates + update) / (self._warmup * updates)
        return progress * self._curve.rate(Moment(1, 1, updates, remaining))

    def observe(self, value: float) -> None:
        """Tell the monitored quantity at the end of an epoch; only a plateau listens."""
        if isinstance(self._curve, Plateau):
            self._curve.observe(value)

    def state(self) -> dict[str, float]:
        """What later rates depend on besides the moment, as plain numbers; most schedules have nothing."""
        return self._curve.state() if isinstance(self._curve, Plateau) else {}

    def restore(self, saved: Mapping[str, float]) -> None:
        """Go on from what `state` gave; raises KeyError where it is another schedule's."""
        if isinstance(self._curve, Plateau):
            self._curve.restore(saved)


class ScheduleChoice(Protocol):
    """A choice of a configuration: its name and warm-up, and its options as further attributes."""

    @property
    def name(self) -> str: ...

    @property
    def warmup(self) -> int: ...


def build(spec: ScheduleChoice, learning_rate: float, direction: Direction = "min") -> Schedule:
    """The schedule that `spec` names, from this rate; a plateau's quantity is better in this direction."""
    kind = CURVES[spec.name]
    given = {"learning_rate": learning_rate, "direction": direction}
    names = [field.name for field in fields(kind) if field.init]
    options: dict[str, Any] = {name: given[name] if name in given else getattr(spec, name) for name in names}
    return Schedule(kind(**options), spec.warmup, getattr(spec, "per", "epoch") == "update")
