"""Settings of the training that suit the size of the data."""

from __future__ import annotations

from dataclasses import dataclass

from mlpcli.starter.task import Task

FEW_ROWS = 500  # below this a larger share of the rows has to say when to stop
FEWEST_ROWS = 50  # below this none is spared for a test
# nor to say when to stop: a regression is held back well enough by a penalty, and uses its few rows
FEWEST_WATCHED = {"regression": FEW_ROWS, "classification": 100, "multilabel": 100}
ENOUGH_PER_INPUT = 50  # rows for each input of a table that is not noise above all
VERY_FEW_ROWS = 200  # that train: those that say when to stop are too few to be relied on
UPDATES = 12_000  # of all epochs together


@dataclass(frozen=True)
class Parts:
    """Shares of the rows that validate and test; 0 is none."""

    validation: float
    test: float

    @property
    def training(self) -> float:
        """The share that trains."""
        return 1 - self.validation - self.test


@dataclass(frozen=True)
class Training:
    """Settings that suit the size of the data."""

    hidden: tuple[int, ...]
    dropout: float
    l2: float
    learning_rate: float
    batch_size: int
    epochs: int


def choose_parts(rows: int, task: Task) -> Parts:
    """How the rows are split."""
    watched = 0.1 if rows >= FEW_ROWS else 0.2
    return Parts(watched if rows >= FEWEST_WATCHED[task.name] else 0.0, 0.1 if rows >= FEWEST_ROWS else 0.0)


def choose_training(rows: int, parts: Parts, inputs: int, task: Task) -> Training:
    """Settings by the number of rows, those that tests/benchmarks/init_quality.py found good.

    Where rows are few, how much a network has to be held back depends on how many of them there are for each
    input, and on whether some can be spared to say when to stop.
    """
    few, training = rows < FEW_ROWS, max(1, round(rows * parts.training))
    enough = training >= ENOUGH_PER_INPUT * inputs
    batch_size = 1 << max(4, min(8, int(training / 64).bit_length() - 1))
    epochs = max(30, min(100 if few else 200, round(UPDATES * batch_size / training)))
    if task.name != "regression":
        l2 = penalty(training, parts, enough=enough) if few else 1e-3
        return Training((128, 64), 0.3 if few else 0.1, l2, 3e-3, batch_size, epochs)
    if few and enough:
        return Training((128, 64), 0.0, 3e-3, 3e-3, batch_size, epochs)
    return Training((128, 64), 0.0, 3e-2 if few else 3e-3, 1e-3, batch_size, epochs)


def penalty(training: int, parts: Parts, *, enough: bool) -> float:
    """The l2 that keeps a classification of few rows from being worse than a constant prediction."""
    if not parts.validation:
        return 0.1
    if enough:
        return 3e-3
    return 3e-2 if training < VERY_FEW_ROWS else 1e-2
