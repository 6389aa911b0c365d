"""From settings to matrices: read the files, split the rows, fit on training rows, encode every part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from mlpcli.arrays import Indices, Matrix, Vector
from mlpcli.config.spec import DataSpec, LossSpec, Spec
from mlpcli.data.encoder import InputEncoder
from mlpcli.data.encoding import HEAD, RowsOf, write_inputs
from mlpcli.data.fitting import fit_inputs
from mlpcli.data.labels import Dataset, Fitted, labels_of
from mlpcli.data.roles import Roles, assign_roles, named_columns
from mlpcli.data.row_origins import NO_ORIGINS, PARTS, RowOrigins, origins_of
from mlpcli.data.split_remarks import shared_groups
from mlpcli.data.splits import Splits, choose_rows, without_target
from mlpcli.data.target import TargetEncoder
from mlpcli.data.task import decide_task, fit_outcome
from mlpcli.data.training_files import InputFile, hash_of, read_other_files, read_training_file
from mlpcli.data.weights import fit_weighting
from mlpcli.errors import DataError, Place, Problem
from mlpcli.tables.reader import WholeFile
from mlpcli.tables.table import Table, TableOwner

# what there is to note about the training rows of a table, by whoever has an eye for it
Look: TypeAlias = Callable[[Table, Roles, Indices], Iterable[str]]


@dataclass(frozen=True)
class Prepared:
    """Everything that training needs of its data. `sha256` is over the bytes of the files, if there are any.

    `notes` are worth knowing, `warnings` of what may be wrong.

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
    warnings: tuple[str, ...] = ()
    sha256: str = ""
    origins: RowOrigins = NO_ORIGINS


def nothing_seen(_table: Table, _roles: Roles, _rows: Indices) -> Iterable[str]:
    """No notes, where nobody looks."""
    return ()


def prepare(
    spec: Spec, files: Mapping[str, InputFile], dtype: str = "float64", look: Look = nothing_seen
) -> Prepared:
    """The data of some settings, checked, split and encoded; what is fitted is fitted on training rows alone.

    `files` by part, such as `train`. The inputs are in `dtype`, everything else in float64. `look` sees the
    table before it is given up. Raises DataError; SettingError where the settings ask for what does not go
    with the data.
    """
    file = read_training_file(spec, files["train"])
    roles = assign_roles(spec.data, file.header)
    task = decide_task(spec, file.table)
    splits = choose_rows(spec, roles, task, file.table)
    parts = parts_of(file.owner, splits)
    fitted = fit_rows(spec, roles, task, parts[0])
    others = read_other_files(spec.data, files, fitted.wanted)
    parts += [labelled_rows(spec.data, part, it) for part, it in others.items()]
    whole = {"train": file, **others}
    origins = origins_of(whole, parts, spec.data.target if task == "regression" else ())
    notes = [*_notes(whole, splits), *_respelt(spec.data, whole, fitted), *_left_out(parts, others)]
    notes += look(file.table, roles, splits.train)
    torn = tuple(_shared_groups(spec.data.group, parts))
    prepared = encode_parts(sorted(parts, key=lambda part: PARTS.index(part.name)), fitted, dtype)
    return replace(
        prepared,
        notes=(*notes, *prepared.notes),
        warnings=(*splits.remarks.warnings, *torn),
        sha256=hash_of(list(whole.values())),
        origins=origins,
    )


def parts_of(owner: TableOwner, splits: Splits) -> list[RowsOf]:
    """The rows of a table that train, then those of the other parts that have some."""
    parts = [RowsOf(name, owner, getattr(splits, name)) for name in PARTS]
    return [part for part in parts if part.name == "train" or len(part.rows)]


def labelled_rows(data: DataSpec, part: str, file: WholeFile) -> RowsOf:
    """The rows of a file that is a part of its own: those without a target are left out as training does."""
    rows = np.flatnonzero(~without_target(data, file.table))
    if not len(rows):
        raise DataError(Problem("no row has a target", Place(file.table.source)))
    return RowsOf(part, file.owner, rows)


def _left_out(parts: Sequence[RowsOf], files: Mapping[str, WholeFile]) -> Iterator[str]:
    """Notes about the rows of files that their parts have not."""
    for part in parts:
        table = part.owner.table
        count = table.rows - len(part.rows)
        if part.name in files and count:
            yield f"{table.source}: {count:,} {'row' if count == 1 else 'rows'} without a target left out"


def _shared_groups(group: str | None, parts: Sequence[RowsOf]) -> Iterator[str]:
    """Warnings about groups that train and are in the file of another part too."""
    train = parts[0]
    for part in parts[1:]:
        if group is not None and part.owner is not train.owner:
            yield from shared_groups(group, train.owner.table, train.rows, part.owner.table)


def _respelt(data: DataSpec, files: Mapping[str, WholeFile], fitted: Fitted) -> Iterator[str]:
    """Notes about columns that a file spells in another way than who wants them."""
    for part, file in files.items():
        named = [name for _, name in named_columns(data)]
        yield from file.header.respelt(named if part == "train" else fitted.wanted.names)


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
    labels = labels_of(parts, fitted, dtype)
    parts = parts[: len(labels)]
    x = {part.name: inputs.zeros(len(part.rows), dtype) for part in parts}
    head = np.empty((min(HEAD, len(parts[0].rows)), inputs.width))
    notes = list(fitted.notes)
    for name, found in write_inputs(parts, inputs, x, head).items():
        unseen = found.unseen(inputs)
        own = labels[name]
        found.require_none([*own.faults, *found.faults(inputs), *own.negative])
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


def _notes(files: Mapping[str, WholeFile], splits: Splits) -> Iterator[str]:
    for file in files.values():
        yield from file.header.notes
    if splits.dropped:
        found = "row with missing cells is" if splits.dropped == 1 else "rows with missing cells are"
        yield f"{splits.dropped:,} {found} dropped"
    yield from splits.remarks.notes
