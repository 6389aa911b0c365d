"""From the config to matrices: read the files, split the rows, fit on training rows, encode every part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Indices, Matrix, Vector
from mlpcli.config.load import Config
from mlpcli.config.spec import LossSpec
from mlpcli.data.encoders import InputEncoder
from mlpcli.data.faults import Fault, Unseen, require_none
from mlpcli.data.fitting import fit_inputs
from mlpcli.data.outcome import Outcome, fit_outcome
from mlpcli.data.parts import Chosen, choose_rows
from mlpcli.data.reader import WholeFile
from mlpcli.data.roles import Roles, assign_roles
from mlpcli.data.table import Table, Wanted
from mlpcli.data.target import TargetEncoder
from mlpcli.data.task import decide_task
from mlpcli.data.training_files import hash_of, read_other_file, read_training_file
from mlpcli.data.weights import Weighting, fit_weighting


@dataclass(frozen=True)
class Dataset:
    """Encoded rows: inputs, targets as the loss sees them, weights in the loss and those of `data.weight`."""

    x: Matrix
    y: Matrix
    weights: Vector | None
    sample_weights: Vector | None


@dataclass(frozen=True)
class Prepared:
    """Everything that training needs of its data. `sha256` is over the bytes of the files."""

    task: str
    loss: LossSpec
    output_activation: str
    inputs: InputEncoder
    target: TargetEncoder
    train: Dataset
    validation: Dataset | None
    test: Dataset | None
    notes: tuple[str, ...]
    sha256: str


@dataclass(frozen=True)
class _Part:
    """Some rows of one of the files."""

    name: str
    table: Table
    rows: Indices


@dataclass(frozen=True)
class _Fitted:
    """What the training rows decided."""

    inputs: InputEncoder
    outcome: Outcome
    weighting: Weighting
    notes: tuple[str, ...]

    @property
    def wanted(self) -> Wanted:
        """The columns that a file of other rows must have."""
        weight = () if self.weighting.column is None else (self.weighting.column,)
        return self.inputs.wanted + self.outcome.target.wanted + Wanted(numbers=weight)


def prepare(config: Config) -> Prepared:
    """The data of a config, checked, split and encoded; what is fitted is fitted on training rows alone.

    Raises DataError; ConfigError where the config asks for what does not go with the data.
    """
    file = read_training_file(config)
    roles = assign_roles(config, file.header)
    task = decide_task(config, file.table)
    chosen = choose_rows(config, roles, task, file.table)
    train = _Part("train", file.table, chosen.parts.train)
    fitted = _fit(config, roles, task, train)
    others, files = _other_parts(config, file, chosen, fitted)
    encoded = {part.name: _encoded(part, fitted) for part in (train, *others)}
    datasets = {name: dataset for name, (dataset, _) in encoded.items()}
    notes = [note for one in files for note in one.header.notes]
    if chosen.dropped:
        notes.append(f"{chosen.dropped:,} rows with missing cells are dropped")
    return Prepared(
        task,
        fitted.outcome.loss,
        fitted.outcome.output_activation,
        fitted.inputs,
        fitted.outcome.target,
        datasets["train"],
        datasets.get("validation"),
        datasets.get("test"),
        (*notes, *fitted.notes, *(note for _, found in encoded.values() for note in found)),
        hash_of(files),
    )


def _fit(config: Config, roles: Roles, task: str, train: _Part) -> _Fitted:
    """Everything that is fitted, on the training rows."""
    inputs = fit_inputs(roles.features, config.spec.data.missing, train.table, train.rows)
    outcome = fit_outcome(config, task, train.table, train.rows)
    weighting = fit_weighting(config, outcome.target, train.table, train.rows)
    return _Fitted(inputs.encoder, outcome, weighting, (*inputs.notes, *outcome.notes))


def _other_parts(
    config: Config, file: WholeFile, chosen: Chosen, fitted: _Fitted
) -> tuple[list[_Part], list[WholeFile]]:
    """Validation and test, where there are any, and all the files that rows come from."""
    parts, files = [], [file]
    for name, rows in (("validation", chosen.parts.validation), ("test", chosen.parts.test)):
        if isinstance(getattr(config.spec.data, name), str):
            other = read_other_file(config, name, fitted.wanted)
            files.append(other)
            parts.append(_Part(name, other.table, np.arange(other.table.rows)))
        elif len(rows):
            parts.append(_Part(name, file.table, rows))
    return parts, files


def _encoded(part: _Part, fitted: _Fitted) -> tuple[Dataset, list[str]]:
    """A part as matrices, and notes about it. DataError naming the cells that cannot be used."""
    table, rows = part.table, part.rows
    inputs = fitted.inputs.encode(table, rows)
    target = fitted.outcome.target.encode(table, rows)
    faults = [*target.faults, *inputs.faults, *_negative(fitted.outcome, target.y)]
    notes = []
    if part.name == "train":
        faults += [_unlisted(unseen) for unseen in inputs.unseen]
    else:
        notes = [unseen.note(f"in the {part.name} rows") for unseen in inputs.unseen]
    require_none((fault.among(rows) for fault in faults), table)
    weighting = fitted.weighting
    return Dataset(inputs.x, target.y, weighting.of(table, rows), weighting.own(table, rows)), notes


def _unlisted(unseen: Unseen) -> Fault:
    """Training rows lack no category of their own, so this is one that a given list leaves out."""
    message = f"the category '{unseen.examples[0]}' is not in the list given for it"
    return Fault(unseen.column, message, unseen.rows, "add it to `categories`")


def _negative(outcome: Outcome, y: Matrix) -> Iterator[Fault]:
    """Poisson is for counts: targets below 0 have no likelihood."""
    if outcome.loss.name != "poisson":
        return
    for name, column in zip(outcome.target.columns, y.T, strict=True):
        rows = np.flatnonzero(column < 0)
        if len(rows):
            yield Fault(name, "expected a count of at least 0 for poisson, found a negative number", rows)
