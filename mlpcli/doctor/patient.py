"""What is looked over: an experiment before its first update, and what its table has shown."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from mlpcli.arrays import Indices
from mlpcli.config.load import Config
from mlpcli.data.gathering import prepare
from mlpcli.data.roles import Roles
from mlpcli.nn.network import Network
from mlpcli.rng import stream
from mlpcli.run.experiment import Experiment, checked_experiment, input_files
from mlpcli.run.limits import dtype_of
from mlpcli.storage.rows import taken
from mlpcli.survey.leaks import Leak, find_leaks
from mlpcli.tables.table import Table
from mlpcli.training.batches import Part

MOST: Final = 512  # rows that the network is looked at with


@dataclass(frozen=True, eq=False)
class Patient:
    """The experiment of a config, and the features that alone tell its target."""

    experiment: Experiment
    leaks: tuple[Leak, ...]

    @cached_property
    def some_rows(self) -> Part:
        """Training rows, drawn by the seed where there are many; in the order of the file."""
        part = self.experiment.training
        if len(part) <= MOST:
            return part
        rng = stream(self.experiment.config.spec.seed, "doctor")
        return rows_of(part, np.sort(rng.choice(len(part), MOST, replace=False)))

    def network(self) -> Network:
        """A network with the starting weights, to do with as one likes: its parameters are its own."""
        return copy(self.experiment.network)


def patient_of(config: Config, max_parameters: int) -> Patient:
    """The data read and the network built as `train` does.

    Raises ConfigError, DataError, MemoryLimitError.
    """
    found: list[Leak] = []

    def look(table: Table, roles: Roles, rows: Indices) -> Iterable[str]:
        found.extend(find_leaks(table, list(roles.features), roles.targets, rows))
        return ()

    with config.places():
        prepared = prepare(config.spec, input_files(config), dtype_of(config), look)
    return Patient(checked_experiment(config, prepared, max_parameters), tuple(found))


def rows_of(part: Part, rows: Indices) -> Part:
    """Some rows of a part."""
    return Part(taken(part.x, rows), part.y[rows], None if part.weights is None else part.weights[rows])
