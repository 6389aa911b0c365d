"""From settings to matrices: read the files, split the rows, fit on training rows, encode every part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlpcli.arrays import Matrix, Vector
from mlpcli.config.spec import LossSpec, Spec
from mlpcli.data.bad_cells import Fault, Unseen
from mlpcli.data.encoder import InputEncoder
from mlpcli.data.encoding import HEAD, RowsOf, write_inputs
from mlpcli.data.fitting import fit_inputs
from mlpcli.data.reader import WholeFile
from mlpcli.data.roles import Roles, assign_roles, named_columns
from mlpcli.data.splits import Splits, choose_rows
from mlpcli.data.table import TableOwner, Wanted
from mlpcli.data.target import TargetEncoder
from mlpcli.data.task import Outcome, decide_task, fit_outcome
from mlpcli.data.training_files import InputFile, hash_of, read_other_file, read_training_file
from mlpcli.data.weights import Weighting, fit_weighting

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Dataset:
    """Encoded rows: inputs, targets as the loss sees them, weights in the loss and those of `data.weight`."""

    x: Matrix
    y: Matrix
    weights: Vector | None
    sample_weights: Vector | None


@dataclass(frozen=True)
class Prepared:
    """Everything that training needs of its data. `sha256` is over the bytes of the files, if there are any.

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
    sha256: str = ""


@dataclass(frozen=True)
class Fitted:
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


def prepare(spec: Spec, files: Mapping[str, InputFile], dtype: str = "float64") -> Prepared:
    """The data of some settings, checked, split and encoded; what is fitted is fitted on training rows alone.

    `files` by part, such as `train`. The inputs are in `dtype`, everything else in float64. Raises DataError;
    SettingError where the settings ask for what does not go with the data.
    """
    file = read_training_file(spec, files["train"])
    roles = assign_roles(spec.data, file.header)
    task = decide_task(spec, file.table)
    splits = choose_rows(spec, roles, task, file.table)
    parts = parts_of(file.owner, splits)
    fitted = fit_rows(spec, roles, task, parts[0])
    others = {
        part: read_other_file(spec.data, files[part], fitted.wanted)
        for part in ("validation", "test")
        if part in files
    }
    parts += [RowsOf(part, it.owner, np.arange(it.table.rows)) for part, it in others.items()]
    prepared = encode_parts(sorted(parts, key=lambda part: PARTS.index(part.name)), fitted, dtype)
    whole = [file, *others.values()]
    names = [[name for _, name in named_columns(spec.data)], *[fitted.wanted.names] * len(others)]
    respelt = [note for one, wanted in zip(whole, names, strict=True) for note in one.header.respelt(wanted)]
    notes = (*_notes(whole, splits), *respelt, *prepared.notes)
    return replace(prepared, notes=notes, sha256=hash_of(whole))


def parts_of(owner: TableOwner, splits: Splits) -> list[RowsOf]:
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


def encode_parts(parts: Sequence[RowsOf], fitted: Fitted, dtype: str) -> Prepared:
    """The parts, training first, with inputs in `dtype`. DataError naming the cells that cannot be used.

    The owners give up their tables.
    """
    inputs, outcome = fitted.inputs, fitted.outcome
    labels = _labels(parts, fitted)
    parts = parts[: len(labels)]
    x = {part.name: inputs.zeros(len(part.rows), dtype) for part in parts}
    head = np.empty((min(HEAD, len(parts[0].rows)), inputs.width))
    notes = list(fitted.notes)
    for name, found in write_inputs(parts, inputs, x, head).items():
        unseen = found.unseen(inputs)
        unlisted = [_unlisted(one) for one in unseen] if name == "train" else []
        own = labels[name]
        found.require_none([*own.faults, *found.faults(inputs), *own.negative, *unlisted])
        notes += [one.note(f"in the {name} rows") for one in unseen]
    datasets = {name: own.beside(x[name]) for name, own in labels.items()}
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
    )


@dataclass(frozen=True)
class _Labels:
    """The targets of a part, those that cannot be used, and the weights of its rows where all can."""

    y: Matrix
    faults: Sequence[Fault]
    negative: Sequence[Fault]
    weights: Vector | None = None
    sample_weights: Vector | None = None

    @property
    def usable(self) -> bool:
        """Whether all targets can be used."""
        return not self.faults and not self.negative

    def beside(self, x: Matrix) -> Dataset:
        """The inputs of the same rows with them."""
        return Dataset(x, self.y, self.weights, self.sample_weights)


def _labels(parts: Sequence[RowsOf], fitted: Fitted) -> dict[str, _Labels]:
    """Those of each part, down to the first with targets that cannot be used: the others are not told of."""
    labels: dict[str, _Labels] = {}
    for part in parts:
        labels[part.name] = _labels_of(part, fitted)
        if not labels[part.name].usable:
            break
    return labels


def _labels_of(part: RowsOf, fitted: Fitted) -> _Labels:
    table, rows, weighting = part.owner.table, part.rows, fitted.weighting
    encoded = fitted.outcome.target.encode(table, rows)
    faults = [fault.among(rows) for fault in encoded.faults]
    negative = [fault.among(rows) for fault in _negative(fitted.outcome, encoded.y)]
    labels = _Labels(encoded.y, faults, negative)
    if not labels.usable:
        return labels
    weights, own = weighting.of(table, rows), weighting.own(table, rows)
    return replace(labels, weights=weights, sample_weights=own)


def _unlisted(unseen: Unseen) -> Fault:
    """Training rows lack no category of their own, so this is one that a given list leaves out."""
    message = f"the category '{unseen.examples[0]}' is not in the list given for it"
    return Fault(unseen.column, message, unseen.rows, "add it to `categories`")


def _negative(outcome: Outcome, y: Matrix) -> Iterator[Fault]:
    """Where targets are counts, those below 0 have no likelihood."""
    if not outcome.loss.counts:
        return
    for name, column in zip(outcome.target.columns, y.T, strict=True):
        rows = np.flatnonzero(column < 0)
        if len(rows):
            message = f"expected a count of at least 0 for {outcome.loss.name}, found a negative number"
            yield Fault(name, message, rows)


def _notes(files: Sequence[WholeFile], splits: Splits) -> Iterator[str]:
    for file in files:
        yield from file.header.notes
    if splits.dropped:
        found = "row with missing cells is" if splits.dropped == 1 else "rows with missing cells are"
        yield f"{splits.dropped:,} {found} dropped"
