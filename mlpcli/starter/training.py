"""Settings of the training that suit the size of the data."""

from __future__ import annotations

from dataclasses import dataclass

from mlpcli.starter.task import Task

FEW_ROWS = 500  # below this each row is worth more in training than in validation
FEWEST_ROWS = 50  # below this none is spared for a test
ENOUGH_PER_INPUT = 50  # rows for each input of a regression that is not noise above all
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


def choose_parts(rows: int) -> Parts:
    """How the rows are split."""
    return Parts(0.1 if rows >= FEW_ROWS else 0.0, 0.1 if rows >= FEWEST_ROWS else 0.0)


def choose_training(rows: int, inputs: int, task: Task) -> Training:
    """Settings by the number of training rows, those that tests/benchmarks/init_quality.py found good.

    Where there are too few rows to validate, how much a network has to be held back depends on how many
    of them there are for each input.
    """
    few = rows < FEW_ROWS * choose_parts(FEW_ROWS).training
    batch_size = 1 << max(4, min(8, int(rows / 64).bit_length() - 1))
    epochs = max(30, min(100 if few else 200, round(UPDATES * batch_size / rows)))
    if task.name != "regression":
        return Training((128, 64), 0.1, 3e-3 if few else 1e-3, 3e-3, batch_size, epochs)
    if few and rows >= ENOUGH_PER_INPUT * inputs:
        return Training((128, 64), 0.0, 3e-3, 3e-3, batch_size, epochs)
    return Training((128, 64), 0.0, 3e-2 if few else 3e-3, 1e-3, batch_size, epochs)
