"""From the config to matrices: read the files, split the rows, fit on training rows, encode every part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Matrix
from mlpcli.config.load import Config
from mlpcli.config.spec import LossSpec
from mlpcli.data.encoders import InputEncoder
from mlpcli.data.encoding import Dataset, Fitted, RowsOf, encode_parts
from mlpcli.data.fitting import fit_inputs
from mlpcli.data.outcome import fit_outcome
from mlpcli.data.parts import Chosen, choose_rows
from mlpcli.data.reader import WholeFile
from mlpcli.data.roles import Roles, assign_roles
from mlpcli.data.target import TargetEncoder
from mlpcli.data.task import decide_task
from mlpcli.data.training_files import hash_of, read_other_file, read_training_file
from mlpcli.data.weights import fit_weighting


@dataclass(frozen=True)
class Prepared:
    """Everything that training needs of its data. `sha256` is over the bytes of the files.

    `head` are the inputs of the first training rows before they took the precision of the training.
    """

    task: str
    loss: LossSpec
    output_activation: str
    inputs: InputEncoder
    target: TargetEncoder
    train: Dataset
    validation: Dataset | None
    test: Dataset | None
    head: Matrix
    notes: tuple[str, ...]
    sha256: str


def prepare(config: Config, dtype: str = "float64") -> Prepared:
    """The data of a config, checked, split and encoded; what is fitted is fitted on training rows alone.

    The inputs are in `dtype`, everything else in float64. Raises DataError; ConfigError where the config asks
    for what does not go with the data.
    """
    file = read_training_file(config)
    roles = assign_roles(config, file.header)
    task = decide_task(config, file.table)
    chosen = choose_rows(config, roles, task, file.table)
    train = RowsOf("train", file.table, chosen.parts.train)
    fitted = _fit(config, roles, task, train)
    others, files = _other_parts(config, file, chosen, fitted)
    encoded = encode_parts((train, *others), fitted, dtype)
    datasets = encoded.datasets
    return Prepared(
        task,
        fitted.outcome.loss,
        fitted.outcome.output_activation,
        fitted.inputs,
        fitted.outcome.target,
        datasets["train"],
        datasets.get("validation"),
        datasets.get("test"),
        encoded.head,
        (*_notes(files, chosen), *fitted.notes, *encoded.notes),
        hash_of(files),
    )


def _notes(files: Sequence[WholeFile], chosen: Chosen) -> Iterator[str]:
    for file in files:
        yield from file.header.notes
    if chosen.dropped:
        found = "row with missing cells is" if chosen.dropped == 1 else "rows with missing cells are"
        yield f"{chosen.dropped:,} {found} dropped"


def _fit(config: Config, roles: Roles, task: str, train: RowsOf) -> Fitted:
    """Everything that is fitted, on the training rows."""
    inputs = fit_inputs(roles.features, config.spec.data.missing, train.table, train.rows)
    outcome = fit_outcome(config, task, train.table, train.rows)
    weighting = fit_weighting(config, outcome.target, train.table, train.rows)
    return Fitted(inputs.encoder, outcome, weighting, (*inputs.notes, *outcome.notes))


def _other_parts(
    config: Config, file: WholeFile, chosen: Chosen, fitted: Fitted
) -> tuple[list[RowsOf], list[WholeFile]]:
    """Validation and test, where there are any, and all the files that rows come from."""
    parts, files = [], [file]
    for name, rows in (("validation", chosen.parts.validation), ("test", chosen.parts.test)):
        if isinstance(getattr(config.spec.data, name), str):
            other = read_other_file(config, name, fitted.wanted)
            files.append(other)
            parts.append(RowsOf(name, other.table, np.arange(other.table.rows)))
        elif len(rows):
            parts.append(RowsOf(name, file.table, rows))
    return parts, files
