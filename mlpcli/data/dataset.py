"""Matrices from rows: what is fitted on training rows, and the parts of the data encoded by it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mlpcli.arrays import Matrix, Vector
from mlpcli.config.spec import LossSpec, Spec
from mlpcli.data.encoder import InputEncoder
from mlpcli.data.encoding import HEAD, RowsOf, write_inputs
from mlpcli.data.fitting import fit_inputs
from mlpcli.data.labels import Dataset, Fitted, labels_of
from mlpcli.data.roles import Roles
from mlpcli.data.row_origins import NO_ORIGINS, PARTS, RowOrigins
from mlpcli.data.splits import Splits
from mlpcli.data.target import TargetEncoder
from mlpcli.data.task import fit_outcome
from mlpcli.data.weights import fit_weighting
from mlpcli.drift.profile import Profile
from mlpcli.storage.rows import MakeSinks
from mlpcli.tables.owners import Owner
from mlpcli.tables.row_digest import TableDigest


@dataclass(frozen=True)
class Prepared:
    """Everything that training needs of its data. `digests` are those of the rows of its files, by part.

    `notes` are worth knowing, `warnings` of what may be wrong.

    `head` are the inputs of the first training rows before they took the precision of the training;
    `profiles` say of each column how it is distributed in all of them.
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
    warnings: tuple[str, ...] = ()
    digests: Mapping[str, TableDigest] = field(default_factory=dict)
    origins: RowOrigins = NO_ORIGINS
    calibration: Dataset | None = None
    profiles: Mapping[str, Profile] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """The sha256 of the rows of the only file; of those of several together."""
        each = [digest.sha256 for digest in self.digests.values()]
        return each[0] if len(each) == 1 else hashlib.sha256("".join(each).encode()).hexdigest()


def parts_of(owner: Owner, splits: Splits) -> list[RowsOf]:
    """The rows of a table that train, then those of the other parts that have some."""
    parts = [RowsOf(name, owner, getattr(splits, name)) for name in PARTS]
    return [part for part in parts if part.name == "train" or len(part.rows)]


def fit_rows(spec: Spec, roles: Roles, task: str, train: RowsOf, repetitions: Vector | None = None) -> Fitted:
    """Everything that is fitted, on the training rows, each of which counts as often as `repetitions` says.

    Raises DataError and SettingError.
    """
    table, rows = train.owner.table, train.rows
    inputs = fit_inputs(roles.features, spec.data.missing, table, rows, repetitions)
    outcome = fit_outcome(spec, task, table, rows, repetitions)
    weighting = fit_weighting(spec, outcome.target, table, rows, repetitions)
    return Fitted(inputs.encoder, outcome, weighting, (*inputs.notes, *outcome.notes))


def encode_parts(parts: Sequence[RowsOf], fitted: Fitted, dtype: str, sinks: MakeSinks) -> Prepared:
    """The parts, training first, with inputs in `dtype`. DataError naming the cells that cannot be used.

    The owners give up their tables.
    """
    inputs, outcome = fitted.inputs, fitted.outcome
    labels = labels_of(parts, fitted, dtype)
    parts = parts[: len(labels)]
    x = sinks({part.name: len(part.rows) for part in parts}, inputs.width, dtype)
    head = np.empty((min(HEAD, len(parts[0].rows)), inputs.width))
    notes = list(fitted.notes)
    for name, found in write_inputs(parts, inputs, x, head).items():
        unseen = found.unseen(inputs)
        own = labels[name]
        found.require_none([*own.faults, *found.faults(inputs), *own.negative])
        notes += [one.note(f"in the {name} rows") for one in unseen]
    datasets = {name: own.beside(x[name].rows()) for name, own in labels.items()}
    return Prepared(
        task=outcome.target.task,
        loss=outcome.loss,
        output_activation=outcome.output_activation,
        inputs=inputs,
        target=outcome.target,
        train=datasets["train"],
        validation=datasets.get("validation"),
        test=datasets.get("test"),
        head=head,
        notes=tuple(notes),
        calibration=datasets.get("calibration"),
    )
