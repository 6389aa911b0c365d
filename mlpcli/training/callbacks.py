"""What a training tells after every epoch, and who listens: early stopping among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite, nan
from typing import Any

import numpy as np

from mlpcli.arrays import Vector

Values = Mapping[str, float | None]


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training rows came to; losses in the loss's own units, without penalties.

    A `val_loss` of None means that there are no validation rows, nan that it is not defined for them.
    For bfgs and lbfgs, which have no passes, one iteration; their rate is None. `member` is the number of
    its network, from 1, where a run has several and tells of all of them.
    """

    epoch: int
    loss: float
    learning_rate: float | None
    metrics: Values = field(default_factory=dict)
    val_loss: float | None = None
    val_metrics: Values = field(default_factory=dict)
    member: int | None = None

    def row(self) -> dict[str, float | int | None]:
        """The row of `history.csv`: epoch, loss, metrics, val_loss, val_ metrics, learning_rate.

        A validation loss that overflowed is None, as a metric without a value is.
        """
        validation: dict[str, float | None] = {}
        if self.val_loss is not None:
            validation = {"val_loss": self.val_loss if isfinite(self.val_loss) else None}
            validation |= {f"val_{name}": value for name, value in self.val_metrics.items()}
        return {
            "epoch": self.epoch,
            "loss": self.loss,
            **self.metrics,
            **validation,
            "learning_rate": self.learning_rate,
        }

    @classmethod
    def of_row(cls, row: Values) -> Epoch:
        """The record that `row` was made of."""
        fixed = {"epoch", "loss", "val_loss", "learning_rate"}
        scores = {name: value for name, value in row.items() if name not in fixed}
        has_validation = "val_loss" in row
        seen = {name: value for name, value in scores.items() if not name.startswith("val_")}
        held_out = {name[4:]: value for name, value in scores.items() if name.startswith("val_")}
        epoch, loss = row["epoch"], row["loss"]
        assert epoch is not None
        assert loss is not None
        val_loss = row["val_loss"] if has_validation else None
        if has_validation and val_loss is None:
            val_loss = nan
        return cls(int(epoch), loss, row["learning_rate"], seen, val_loss, held_out)

    def quantity(self, name: str) -> float | None:
        """One quantity by its column: `loss`, `val_loss`, `val_accuracy`."""
        value = self.row().get(name)
        return None if value is None else float(value)


Observer = Callable[[Epoch], bool | None]
"""Is told every epoch; True ends the training."""
Callback = Callable[[Epoch], object]
"""An observer of somebody else's: what is true of its answer ends the training, what it raises ends all."""


def observer_of(callback: Callback) -> Observer:
    """The observer that a callback is, whatever it answers with, such as NumPy's booleans.

    Raises TypeError for what cannot be called.
    """
    if not callable(callback):
        raise TypeError(f"callback: expected a function of an epoch, found {callback!r}")

    def observer(epoch: Epoch) -> bool:
        return bool(callback(epoch))

    return observer


@dataclass(eq=False)
class EarlyStopping:
    """Stops after `patience` epochs in which the monitored quantity was no better by more than `min_delta`.

    Keeps a copy of `theta` from the best epoch: of those that are equal the earliest, or with `keep_last`
    the latest, which is no better and does not make patience longer. Without `patience` it never stops. A
    quantity that is not defined in an epoch is never better.
    """

    theta: Vector
    monitor: str
    greater_is_better: bool
    patience: int | None
    min_delta: float
    keep_last: bool = False
    best: float | None = None
    best_epoch: int = 0
    waited: int = 0
    best_theta: Vector = field(init=False)

    def __post_init__(self) -> None:
        self.best_theta = self.theta.copy()

    def __call__(self, epoch: Epoch) -> bool:
        """Take in one epoch; True when patience is at its end."""
        value = epoch.quantity(self.monitor)
        if value is not None and self._is_better(value):
            self.best, self.waited = value, 0
            self._keep(epoch)
        else:
            self.waited += 1
            if self.keep_last and value is not None and value == self.best:
                self._keep(epoch)
        return not self.is_patient

    @property
    def is_patient(self) -> bool:
        """Whether it would go on; it may not where a run that it has stopped is taken up again."""
        return self.patience is None or self.waited < self.patience

    def _keep(self, epoch: Epoch) -> None:
        self.best_epoch = epoch.epoch
        np.copyto(self.best_theta, self.theta)

    def _is_better(self, value: float) -> bool:
        if not np.isfinite(value):
            return False
        if self.best is None:
            return True
        gain = value - self.best if self.greater_is_better else self.best - value
        return gain > self.min_delta

    def state(self) -> dict[str, float | int | None]:
        """What later verdicts depend on besides the best weights."""
        return {"best": self.best, "best_epoch": self.best_epoch, "waited": self.waited}

    def restore(self, best_theta: Vector, saved: Mapping[str, Any]) -> None:
        """Go on from what `state` gave, and from the weights kept with it."""
        np.copyto(self.best_theta, best_theta)
        self.best, self.best_epoch, self.waited = saved["best"], saved["best_epoch"], saved["waited"]

    def restore_best(self) -> None:
        """Put the best epoch's weights back; where no epoch had a value, the last ones stay."""
        if self.best is not None:
            np.copyto(self.theta, self.best_theta)
