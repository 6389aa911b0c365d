"""From settings to their data: read the files, split the rows, cut folds, fit on what trains, encode."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from mlpcli.arrays import Indices, Vector
from mlpcli.config.spec import DataSpec, Spec
from mlpcli.data.dataset import Prepared, encode_parts, fit_rows, parts_of
from mlpcli.data.decided import decided_features
from mlpcli.data.encoder import InputEncoder
from mlpcli.data.encoding import RowsOf
from mlpcli.data.folds import Fold, Folding, Folds, folds_of
from mlpcli.data.labels import Fitted
from mlpcli.data.observed import profiles_of
from mlpcli.data.roles import Roles, assign_roles, named_columns
from mlpcli.data.row_origins import PARTS, RowOrigins, origins_of
from mlpcli.data.sorted_rows import sorted_warnings
from mlpcli.data.split_remarks import Remarks, shared_groups
from mlpcli.data.splits import Splits, choose_rows, without_target
from mlpcli.data.task import decide_task
from mlpcli.data.training_files import InputFile, read_other_files, read_training_file
from mlpcli.data.weights import fit_weighting
from mlpcli.drift.profile import Profile
from mlpcli.errors import DataError, Place, Problem
from mlpcli.storage.cache import IN_MEMORY, Cache
from mlpcli.tables.reader import WholeFile
from mlpcli.tables.row_digest import TableDigest, with_numbers
from mlpcli.tables.table import Table

# what there is to note about the training rows of a table, by whoever has an eye for it
Look: TypeAlias = Callable[[Table, Roles, Indices], Iterable[str]]


# how the columns are distributed in some rows of a table
Observe: TypeAlias = Callable[[InputEncoder, Table, Indices], Mapping[str, Profile]]


def nothing_observed(_inputs: InputEncoder, _table: Table, _rows: Indices) -> Mapping[str, Profile]:
    """No profiles, where nobody keeps them."""
    return {}


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
    return gather(spec, files, look).encode(dtype)


@dataclass(frozen=True)
class Gathered:
    """The data of some settings, read, split, and fitted on all rows that train, before it is encoded.

    `parts` in the order of PARTS. With folds none validates yet: `folds` says which do. Each row of the
    training table counts in what is fitted as often as `repetitions` says. The `cache` is where encoded
    rows go. `observe` says how columns are distributed, for whoever compares other rows with these later.
    """

    spec: Spec
    roles: Roles
    parts: tuple[RowsOf, ...]
    fitted: Fitted
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    digests: Mapping[str, TableDigest]
    origins: RowOrigins
    folds: tuple[Fold, ...] = ()
    repetitions: Vector | None = None
    cache: Cache = IN_MEMORY
    observe: Observe = profiles_of

    @property
    def task(self) -> str:
        """The task."""
        return self.fitted.outcome.target.task

    def encode(self, dtype: str) -> Prepared:
        """All rows, which are given up. DataError naming the cells that cannot be used."""
        train = self.parts[0]
        profiles = self.observe(self.fitted.inputs, train.owner.table, train.rows)
        prepared = encode_parts(self.parts, self.fitted, dtype, self.cache.sinks)
        return replace(
            prepared,
            profiles=profiles,
            notes=(*self.notes, *prepared.notes),
            warnings=(*self.warnings, *sorted_warnings(self.spec, prepared.train.y)),
            digests=self.digests,
            origins=self.origins,
        )

    def kept(self) -> Gathered:
        """The same, whose rows may be given up while these stay: each table has another owner."""
        owners = {id(part.owner): part.owner.another() for part in self.parts}
        return replace(self, parts=tuple(replace(part, owner=owners[id(part.owner)]) for part in self.parts))

    def encode_fold(self, fold: Fold, dtype: str) -> Prepared:
        """The rows of a fold, and those that test: fitted anew on the rows that train in it. They are kept.

        Which encoding a column has, and which classes there are, all rows have decided.
        """
        train, *others = self.kept().parts
        parts = [replace(train, rows=fold.train), replace(train, name="validation", rows=fold.validation)]
        return self._encode_anew([*parts, *others], dtype)

    def encode_together(self, dtype: str) -> Prepared:
        """Training and validation rows, which are of one table, as rows that train, and the other parts.

        Fitted anew on them, but for encodings and classes, which the training rows alone have decided. They
        are kept.
        """
        train, *others = self.kept().parts
        validation = [part for part in others if part.name == "validation"]
        rows = np.sort(np.concatenate([part.rows for part in (train, *validation)]))
        parts = [replace(train, rows=rows), *(part for part in others if part.name != "validation")]
        prepared = self._encode_anew(parts, dtype)
        profiles = self.observe(prepared.inputs, self.parts[0].owner.table, rows)
        return replace(prepared, origins=self.origins, profiles=profiles)

    def _encode_anew(self, parts: Sequence[RowsOf], dtype: str) -> Prepared:
        decided = decided_features(self.fitted.inputs.features, self.roles.features)
        own = None if self.repetitions is None else self.repetitions[parts[0].rows]
        fitted = fit_rows(self.spec, replace(self.roles, features=decided), self.task, parts[0], own)
        fitted = self._with_all_classes(fitted, parts[0], own)
        prepared = encode_parts(parts, fitted, dtype, self.cache.sinks)
        return replace(prepared, digests=self.digests)

    def _with_all_classes(self, fitted: Fitted, train: RowsOf, repetitions: Vector | None) -> Fitted:
        if self.task == "regression":
            return fitted
        outcome = self.fitted.outcome
        weighting = fit_weighting(self.spec, outcome.target, train.owner.table, train.rows, repetitions)
        return replace(fitted, outcome=outcome, weighting=weighting)


def gather(
    spec: Spec, files: Mapping[str, InputFile], look: Look = nothing_seen, cache: Cache = IN_MEMORY
) -> Gathered:
    """The data of some settings before it is encoded; raises as `prepare` does, and OutputError."""
    file = read_training_file(spec, files["train"], cache)
    roles = assign_roles(spec.data, file.header)
    task = decide_task(spec, file.table)
    splits = choose_rows(spec, roles, task, file.table)
    cut = cut_into_folds(spec, task, file.table, splits.train)
    parts = parts_of(file.owner, splits)
    fitted = fit_rows(spec, roles, task, parts[0])
    others = read_other_files(spec.data, files, fitted.wanted, cache)
    parts += [labelled_rows(spec.data, part, it) for part, it in others.items()]
    whole = {"train": file, **others}
    notes = [*_notes(whole, splits), *_respelt(spec.data, whole, fitted), *_left_out(parts, others)]
    remarks = splits.remarks + Remarks(warnings=tuple(_shared_groups(spec.data.group, parts))) + cut.remarks
    return Gathered(
        spec,
        roles,
        tuple(sorted(parts, key=lambda part: PARTS.index(part.name))),
        fitted,
        (*notes, *look(file.table, roles, splits.train), *cut.remarks.notes),
        (*remarks.warnings, *(text for it in whole.values() for text in it.header.warnings)),
        {part: it.digest for part, it in whole.items()} | {"train": _digest(file, task, roles)},
        _origins(spec, task, whole, parts),
        cut.folds,
        cache=cache,
    )


def _digest(file: WholeFile, task: str, roles: Roles) -> TableDigest:
    """That of the training table, its targets as the task has them; the first rows may tell otherwise."""
    if task != "regression":
        return file.digest
    return with_numbers(file.digest, file.table, roles.targets)


def _origins(spec: Spec, task: str, files: Mapping[str, WholeFile], parts: Sequence[RowsOf]) -> RowOrigins:
    numbers = spec.data.target if task == "regression" else ()
    return origins_of(files, parts, numbers, trained_ones=spec.folds is not None)


def cut_into_folds(spec: Spec, task: str, table: Table, rows: Indices) -> Folds:
    """The folds that the settings want of rows; a note where a share of them was to validate besides."""
    if spec.folds is None or spec.ensemble is None:
        return Folds(())
    cut = folds_of(spec, task, table, rows, Folding(spec.folds, spec.ensemble.repeats))
    if spec.data.validation is None:
        return cut
    idle = "each fold validates in its turn: `validation` of `data` has no use"
    return replace(cut, remarks=cut.remarks + Remarks((idle,)))


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


def _notes(files: Mapping[str, WholeFile], splits: Splits) -> Iterator[str]:
    for file in files.values():
        yield from file.header.notes
    if splits.dropped:
        found = "row with missing cells is" if splits.dropped == 1 else "rows with missing cells are"
        yield f"{splits.dropped:,} {found} dropped"
    yield from splits.remarks.notes
