"""Learning rates by kind of parameter: stretches of the flat vector, and the numbers that step each."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Vector
from mlpcli.optim.rule import Factors, Optimizer
from mlpcli.parallel import shared_memory


class Parameters(Protocol):
    """Parameters that lie together: where, of what kind they are, how many inputs an output sums by them."""

    @property
    def start(self) -> int: ...

    @property
    def stop(self) -> int: ...

    @property
    def group(self) -> str: ...

    @property
    def fan_in(self) -> int: ...


def factors_of(parameters: Iterable[Parameters], rates: Any) -> tuple[Factors, ...]:
    """What `rates` has for the group of each: a number, or `fan_in`, which is 1/√n of n inputs.

    A number makes a rate of the group's own, by which it also decays. `fan_in` is another way to write a
    layer: in z = x W/√n with the rate η for W, what is stored is V = W/√n. Adam's step does not know the size
    of gradients, so V steps at η/√n; and W ← (1 − ηλ) W is V ← (1 − ηλ) V, the rate undivided.
    The division is that of Jacot et al. 2018 (arXiv 1806.07572).
    """
    found = []
    for one in parameters:
        factor = getattr(rates, one.group)
        pair = (1 / sqrt(one.fan_in), 1.0) if factor == "fan_in" else (factor, factor)
        found.append(Factors(one.start, one.stop, *pair))
    return tuple(found)


class Stretch(NamedTuple):
    """Neighbouring entries that the same formula steps by the same numbers."""

    decays: bool
    rate: float
    decay: float
    entries: slice


def stretches(optimizer: Optimizer, n_weights: int, size: int) -> list[Stretch]:
    """The vector, cut where the decay ends and where factors change: equal neighbours are one stretch.

    Entries that do not decay have one factor, whatever the other is.
    """
    decayed = n_weights if optimizer.decay.amount else 0
    found: list[Stretch] = []
    for start, stop, rate, decay in optimizer.factors or (Factors(0, size, 1.0, 1.0),):
        for kind, first, last in (
            ((True, rate, decay), start, min(stop, decayed)),
            ((False, rate, rate), max(start, decayed), stop),
        ):
            if first < last and found and found[-1][:3] == kind:
                found[-1] = Stretch(*kind, slice(found[-1].entries.start, last))
            elif first < last:
                found.append(Stretch(*kind, slice(first, last)))
    return found


class StepNumbers:
    """The decay's and the rule's coefficients of one step, a row for each pair of factors among stretches.

    In the precision of the parameters, where every worker sees them.
    """

    def __init__(self, optimizer: Optimizer, of: Iterable[Stretch], dtype: npt.DTypeLike) -> None:
        self._decay, self._coefficients = optimizer.decay.coefficient, optimizer.rule.coefficients
        width = 1 + len(self._coefficients(0.0, 1, optimizer.rule.start(np.zeros(0))))
        self._decays = optimizer.decay.amount > 0
        pairs = dict.fromkeys((one.rate, one.decay) for one in of)
        self._rows = [(*pair, shared_memory.zeros((width,), dtype)) for pair in pairs]

    def row(self, stretch: Stretch) -> Vector:
        """The numbers of a stretch."""
        return next(row for *pair, row in self._rows if pair == [stretch.rate, stretch.decay])

    def set(self, rate: float, decay: float, t: int, state: Any) -> None:
        """Make them those of step t, counted from 1, at this rate and with such a share of the decay."""
        c = self._coefficients(rate, t, state)
        for of_rate, of_decay, row in self._rows:
            shrink = self._decay(rate * of_decay, decay) if self._decays else 0.0
            row[:] = shrink, *(c if of_rate == 1 else c.times(of_rate))
