"""Which rows train and validate each member of an ensemble: folds by class, by group, or forward in time."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from mlpcli.arrays import Array, Indices
from mlpcli.config.spec import Spec
from mlpcli.data.blocks import Blocks, blocks_of, deal
from mlpcli.data.classes import classes_in
from mlpcli.data.part_sizes import TO_TRAIN
from mlpcli.data.split_remarks import NOTHING, Remarks
from mlpcli.data.splits import Splits, of_known_classes, strata
from mlpcli.errors import DataError, Place, Problem, SettingError
from mlpcli.rng import stream
from mlpcli.tables.table import Table

SHOWN = 3  # classes in a note
FEWER = "ask for fewer folds"


@dataclass(frozen=True)
class Folding:
    """How often the rows are parted, and into how many folds each time."""

    folds: int
    repeats: int = 1


@dataclass(frozen=True)
class Fold:
    """Row numbers of a table that train and that validate, each in the order of the file."""

    train: Indices
    validation: Indices


@dataclass(frozen=True)
class Folds:
    """The folds of the first parting, then those of the next; `remarks` are worth knowing."""

    folds: tuple[Fold, ...]
    remarks: Remarks = NOTHING


def folds_of(spec: Spec, task: str, table: Table, pool: Indices, folding: Folding) -> Folds:
    """The folds of some rows of a table: `pool`, ascending, which are those that do not test.

    - Plain: every row validates once in each parting; the sizes of folds differ by one at most.
    - Classes, unless `stratify` is false: so do the rows of each class in the folds. The only row of a class
      trains in every fold, and validates in none.
    - `group`: every group validates once; no two folds differ by more rows than the largest group has.
    - `order`: with k folds the rows are cut into k + 1 stretches of about as many rows, between moments.
      Fold i trains on the first i and validates on the next; the first validates in none.

    Decided by the seed alone: more partings change none of the first. Raises DataError where there are too
    few rows, groups, moments or rows of classes; SettingError where time is to be parted more than once.
    """
    rng = stream(spec.seed, "folds")
    blocks = blocks_of(spec.data, table, pool)
    if blocks is None:
        classes = _strata(spec, task, table, pool, folding.folds)
        drawn = [_by_class(classes, folding.folds, rng) for _ in range(folding.repeats)]
    elif blocks.forward:
        _require_time(blocks, folding, table.source)
        drawn = [_stretches(blocks, folding.folds)]
    else:
        _require(f"column '{blocks.column}'", len(blocks.sizes), folding.folds, "groups", table.source)
        drawn = [_by_group(blocks, folding.folds, rng) for _ in range(folding.repeats)]
    forward = blocks is not None and blocks.forward
    cut = [fold for numbers in drawn for fold in _parted(pool, numbers, folding.folds, forward)]
    _require_rows(cut, table.source)
    if task != "classification":
        return Folds(tuple(cut))
    known, warnings = _of_known_classes(table, spec.data.target[0], cut)
    return Folds(known, Remarks(tuple(_small(spec, table, pool, folding.folds)), warnings))


def _strata(spec: Spec, task: str, table: Table, pool: Indices, folds: int) -> Indices:
    """The class of each row whose shares every fold has; one class of all rows where there are none.

    DataError for fewer rows than folds, or no class with as many.
    """
    _require("", len(pool), folds, "rows", table.source)
    most = -(-len(pool) // folds)
    found = strata(spec.data, task, table, pool, (most, 0))
    if found is None:
        return np.zeros(len(pool), dtype=np.intp)
    if task == "classification":
        largest = int(np.bincount(found).max())
        _require(f"column '{spec.data.target[0]}': the largest class", largest, folds, "rows", table.source)
    return found


def _require(what: str, found: int, least: int, of: str, source: str) -> None:
    """Raise DataError where there are too few of what folds are made of."""
    if found < least:
        before = f"{what}: " if what else ""
        message = f"{before}expected at least {least} {of}, one for each fold, found {found}"
        raise DataError(Problem(message, Place(source), FEWER))


def _require_rows(folds: list[Fold], source: str) -> None:
    """Raise DataError unless every fold has rows to train on and to validate."""
    trains = min(len(fold.train) for fold in folds)
    judges = min(len(fold.validation) for fold in folds)
    if trains < TO_TRAIN or not judges:
        message = f"expected at least {TO_TRAIN} rows to train on and 1 to validate in every fold"
        raise DataError(Problem(f"{message}, found {trains} and {judges}", Place(source), "add rows"))


def _require_time(blocks: Blocks, folding: Folding, source: str) -> None:
    if folding.repeats > 1:
        message = f"expected 1, as rows are in order of `{blocks.column}`, found {folding.repeats}"
        raise SettingError.of(("ensemble", "repeats"), message, "time can be cut in one way only")
    found, least = len(blocks.sizes), folding.folds + 1
    if found < least:
        message = f"expected at least {least} moments, one to train on and one for each fold, found {found}"
        raise DataError(Problem(f"column '{blocks.column}': {message}", Place(source), FEWER))


def _by_class(classes: Indices, folds: int, rng: np.random.Generator) -> Indices:
    """The fold in which each row validates, -1 for one that is alone in its class.

    The rows in a random order, sorted by class, are dealt to the folds in turn: neither the rows of a class
    nor those of all folds differ by more than one (as scikit-learn's StratifiedKFold).
    """
    order = rng.permutation(len(classes))
    order = order[np.argsort(classes[order], kind="stable")]
    order = order[np.bincount(classes)[classes[order]] > 1]
    numbers = np.full(len(classes), -1, dtype=np.intp)
    numbers[order] = np.arange(len(order)) % folds
    return numbers


def _by_group(blocks: Blocks, folds: int, rng: np.random.Generator) -> Indices:
    """The fold in which each row validates: groups go, about the largest first, where the fewest rows are.

    A group's place in that order is by its rows times a number drawn from ½ to 1, so that partings differ.
    """
    order = np.argsort(-blocks.sizes * rng.uniform(0.5, 1.0, len(blocks.sizes)), kind="stable")
    held = [(0, fold) for fold in range(folds)]
    numbers = np.empty(len(order), dtype=np.intp)
    for block, rows in zip(order.tolist(), blocks.sizes[order].tolist(), strict=True):
        so_far, fold = held[0]
        heapq.heapreplace(held, (so_far + rows, fold))
        numbers[block] = fold
    return numbers[blocks.of_rows]


def _stretches(blocks: Blocks, folds: int) -> Indices:
    """The fold in which each row validates, the earliest first, -1 for the first stretch.

    Of n rows that are all of other moments, n // (folds + 1) each (as scikit-learn's TimeSeriesSplit).
    """
    wanted = [len(blocks.of_rows) // (folds + 1)] * folds
    numbers = np.full(len(blocks.sizes), -1, dtype=np.intp)
    for back, chosen in enumerate(deal(blocks, wanted, np.arange(len(numbers))[::-1])[:folds], 1):
        numbers[chosen] = folds - back
    return numbers[blocks.of_rows]


def _parted(pool: Indices, numbers: Indices, folds: int, forward: bool) -> Iterator[Fold]:
    """The folds, from the one in which each row validates: all others train, or the earlier ones."""
    for fold in range(folds):
        train: Array = numbers < fold if forward else numbers != fold
        yield Fold(pool[train], pool[numbers == fold])


def _of_known_classes(
    table: Table, target: str, folds: list[Fold]
) -> tuple[tuple[Fold, ...], tuple[str, ...]]:
    """The folds without validation rows of classes that do not train there, and warnings of these."""
    known: list[Fold] = []
    warnings: list[str] = []
    for number, fold in enumerate(folds, 1):
        splits = of_known_classes(table, target, Splits(fold.train, fold.validation, fold.train[:0]))
        known.append(replace(fold, validation=splits.validation))
        warnings += [f"fold {number}: {warning}" for warning in splits.remarks.warnings]
    return tuple(known), tuple(warnings)


def _small(spec: Spec, table: Table, pool: Indices, folds: int) -> Iterator[str]:
    """A note about classes with fewer rows than there are folds, where folds have the shares of classes."""
    data = spec.data
    if data.stratify is False or data.group is not None or data.order is not None:
        return
    counts: Mapping[str, int] = classes_in(table, (data.target[0],), pool).counts
    small = {name: count for name, count in counts.items() if count < folds}
    if small:
        shown = ", ".join(f"'{name}' {count}" for name, count in list(small.items())[:SHOWN])
        more = f" and {len(small) - SHOWN:,} more" if len(small) > SHOWN else ""
        what = "a class has" if len(small) == 1 else f"{len(small):,} classes have"
        alone = "; the only row of a class trains in every fold" if 1 in small.values() else ""
        yield f"column '{data.target[0]}': {what} fewer rows than the {folds} folds: {shown}{more}{alone}"
