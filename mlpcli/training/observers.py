"""What watches a training: early stopping, which keeps the best weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mlpcli.arrays import Vector
from mlpcli.training.epoch import Epoch


@dataclass(eq=False)
class EarlyStopping:
    """Stops after `patience` epochs in which the monitored quantity was no better by more than `min_delta`.

    Keeps a copy of `theta` from the best epoch, the earliest among equals. A quantity that is not defined
    in an epoch is never better.
    """

    theta: Vector
    monitor: str
    greater_is_better: bool
    patience: int
    min_delta: float
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
            self.best, self.best_epoch, self.waited = value, epoch.epoch, 0
            np.copyto(self.best_theta, self.theta)
        else:
            self.waited += 1
        return self.waited >= self.patience

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
