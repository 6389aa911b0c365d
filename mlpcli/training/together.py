"""Trainers of small networks that take their updates together: the same bytes as one after the other, sooner.

What one trainer's update would be is the update of all (`nn.stack`, one optimizer over all their numbers).
Each keeps what is its own: rows and their order, dropout masks, records, and whatever judges an epoch. At the
end of an epoch, and where a stop was asked for, every trainer is what it would be alone, state and all: it
can be saved, be taken up again by itself or in other company, or leave.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from math import isfinite

import numpy as np

from mlpcli.arrays import Matrix
from mlpcli.nn.stack import Rows, Stack, can_be_stacked
from mlpcli.optim.rule import Optimizer
from mlpcli.optim.stepper import Stepper
from mlpcli.training.batches import Room
from mlpcli.training.callbacks import Epoch, Observer
from mlpcli.training.data_parallel import is_finite
from mlpcli.training.loop import InterruptedTrainingError, Trainer


def can_train_together(trainers: Sequence[Trainer]) -> bool:
    """Whether trainers of one config, as they now are, can take their updates together.

    Their networks are alike and of parts that can be stacked, with as many batches of the same size (the last
    may differ) of rows in memory; their rates do not depend on how they do, as those of `plateau`; nothing
    looks at a whole gradient, as a limit of its norm, or at more than an update's weights, as their average.
    """
    first, *others = trainers
    if not others or first.average is not None or first.schedule_monitor is not None or first.stepper.clips:
        return False
    if first.pool.size > 1 or not all(trainer.batches.part.is_in_memory for trainer in trainers):
        return False
    return can_be_stacked(first.network.architecture) and all(_like(one) == _like(first) for one in others)


def _like(trainer: Trainer) -> tuple[object, ...]:
    """What has to be the same."""
    network, batches = trainer.network, trainer.batches
    weights = batches.part.weights is None
    of_network = network.architecture, network.loss.spec, network.penalty, network.dtype
    of_batches = len(batches), batches.size if len(batches) > 1 else 0, weights
    done = len(trainer.history), trainer.batch, trainer.stepper.t, trainer.epochs
    return of_network, of_batches, done, trainer.stepper.optimizer, trainer.fading


class Together:
    """Trainers that fit `can_train_together`, of which those with as many rows of a batch are one step."""

    def __init__(self, trainers: Sequence[Trainer]) -> None:
        self.trainers = tuple(trainers)
        # those with as many rows are neighbours
        self._sorted = sorted(self.trainers, key=lambda trainer: -trainer.batches.rows)
        self._first = self._sorted[0]
        self._stack = stack = Stack([trainer.network for trainer in self._sorted])
        optimizer = _for_members(self._first.stepper.optimizer, len(self._sorted))
        self._stepper = Stepper(optimizer, stack.theta, stack.grad, stack.n_weights)
        self._stepper.t = self._first.stepper.t
        for name, array in self._stepper.arrays.items():
            own = [trainer.stepper.arrays[name] for trainer in self._sorted]
            if array.ndim == 1:
                stack.collect(own, array)
            else:
                np.copyto(array, own[0])
        self._x, self._y, self._weights = self._rooms()

    def _rooms(self) -> tuple[Matrix, Matrix, Matrix | None]:
        """Room for the rows of all, (members, rows, columns), into which each puts its own."""
        number = len(self._sorted)
        x, y, weights = (
            None if array is None else np.zeros((number, *array.shape), array.dtype)
            for array in self._first.batches.part.arrays()
        )
        assert x is not None
        assert y is not None
        for member, trainer in enumerate(self._sorted):
            rows = slice(trainer.batches.rows)
            own = None if weights is None else weights[member, rows]
            trainer.batches.settle(Room(x[member, rows], y[member, rows], own))
        return x, y, weights

    def run_epoch(self) -> list[Epoch]:
        """The updates of one epoch, or what is left of it, and each trainer's record.

        Raises DivergedError, of the first member where that is so, and InterruptedTrainingError after the
        batch in which a stop was asked for.
        """
        for trainer in self._sorted:
            trainer.begin_epoch()
        for index in range(self._first.batch, len(self._first.batches)):
            self._update(index)
            if self._first.stop_requested():
                self._settle()
                for trainer in self.trainers:
                    trainer.require_finite()
                raise InterruptedTrainingError
        self._settle()
        return [trainer.finish_epoch() for trainer in self.trainers]

    def _update(self, index: int) -> None:
        """One batch of each: losses and gradients, checked before they change a weight, then a step."""
        first = self._first
        decay = first.set_rates(index)
        losses = self._stack.loss_and_grad(self._parts(index))
        if not (isfinite(sum(losses)) and is_finite(self._stack.grad)):
            self._refuse(index, losses)
        self._stepper.step(first.rate, decay)
        for trainer, loss in zip(self._sorted, losses, strict=True):
            trainer.rate = first.rate
            trainer.count(index, loss)

    def _parts(self, index: int) -> list[Rows]:
        """Batch `index` of all, those of as many rows in one."""
        parts: list[Rows] = []
        start, first = index * self._first.batches.size, 0
        for rows, alike in groupby(self._sorted, lambda trainer: trainer.batches.rows_of(index)):
            number = sum(1 for _ in alike)
            where = slice(first, first + number), slice(start, start + rows)
            parts.append(
                (self._x[where], self._y[where], None if self._weights is None else self._weights[where])
            )
            first += number
        return parts

    def _refuse(self, index: int, losses: Sequence[float]) -> None:
        """Raise DivergedError of the first one whose loss or gradient is not finite, if any really is."""
        self._settle()
        self._stack.distribute(self._stack.grad, (trainer.network.grad for trainer in self._sorted))
        for trainer, loss in zip(self._sorted, losses, strict=True):
            if not (isfinite(loss) and is_finite(trainer.network.grad)):
                trainer.rate = self._first.rate
                raise trainer.divergence(index, loss)

    def _settle(self) -> None:
        """Make every trainer what it would be alone."""
        self._stack.give()
        for name, array in self._stepper.arrays.items():
            own = [trainer.stepper.arrays[name] for trainer in self._sorted]
            if array.ndim == 1:
                self._stack.distribute(array, own)
            else:
                for one in own:
                    np.copyto(one, array)
        for trainer in self._sorted:
            trainer.stepper.t = self._stepper.t


def _for_members(optimizer: Optimizer, number: int) -> Optimizer:
    """The optimizer of a stack's vector, in which every array lies so many times."""
    factors = (one._replace(start=number * one.start, stop=number * one.stop) for one in optimizer.factors)
    return replace(optimizer, factors=tuple(factors))


def fit_together(
    trainers: Sequence[Trainer],
    observers: Sequence[Iterable[Observer]],
    last: int | None = None,
    ended: Callable[[int], None] = lambda _number: None,
) -> None:
    """Train until every trainer's epochs are done, or the `last` one, or one of its observers says stop.

    Each has observers of its own, who see its epochs in their order, and at its end `ended` is told its
    number. One that ends leaves; the others go on together. Those that are further than others, or cannot be
    in a stack, wait for them.
    """
    watching = [tuple(own) for own in observers]
    with np.errstate(all="ignore"):  # overflow is looked for where it matters, in the updates
        left = list(range(len(trainers)))
        while left:
            first = trainers[left[0]]
            company = [n for n in left if n == left[0] or can_train_together([first, trainers[n]])]
            done = _fit_until_one_ends([trainers[n] for n in company], [watching[n] for n in company], last)
            for number in (company[n] for n in done):
                left.remove(number)
                ended(number)


def _fit_until_one_ends(
    trainers: Sequence[Trainer], watching: Sequence[tuple[Observer, ...]], last: int | None
) -> list[int]:
    """The same trainers for as long as none ends; which ones then have, in their order."""
    first, *others = trainers
    group = Together(trainers) if others else None
    ending: set[int] = set()
    while not ending and len(first.history) < (first.epochs if last is None else last):
        records = group.run_epoch() if group else [first.run_epoch()]
        for number, (own, record) in enumerate(zip(watching, records, strict=True)):
            answers = [observer(record) for observer in own]
            if any(answers):
                ending.add(number)
    return sorted(ending) or list(range(len(trainers)))
